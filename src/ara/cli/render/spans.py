"""How the bars of a forecast are named: days and weeks by their sessions, shorter ones by the time of their close."""

from collections.abc import Callable
from datetime import tzinfo

from ara.cli.render.numbers import day, long_day
from ara.market.timeframe import DAY, WEEK
from ara.prediction.forecast import Day, Forecast

__all__ = ["ahead", "closed", "moment", "word"]


def word(forecast: Forecast) -> str:
    """Give what one of its bars is called: a day, a week, a bar."""
    return forecast.timeframe.word


def ahead(count: int, name: str) -> str:
    """Give `1 day`, `3 weeks`, `2 bars`."""
    return f"1 {name}" if count == 1 else f"{count} {name}s"


def closed(forecast: Forecast, zone: tzinfo | None) -> str:
    """Say whose close the last one is: `on Wed 31 Mar 2021`, `of the week of Mon 10 Feb 2020`, or at which time."""
    if forecast.timeframe == WEEK:
        return f"of the week of {long_day(forecast.last)}"
    if forecast.timeframe == DAY:
        return f"on {long_day(forecast.last)}"
    at = forecast.as_of.astimezone(zone)
    return f"on {long_day(at.date())}, {at:%H:%M %Z}"


def moment(forecast: Forecast, zone: tzinfo | None) -> Callable[[Day], str]:
    """Give what names a target: the session's date, a week's first; of shorter bars the close's time, with its zone."""
    if forecast.timeframe.span >= DAY.span:
        return lambda entry: day(entry.date)
    return lambda entry: f"{day(entry.at.astimezone(zone).date())} {entry.at.astimezone(zone):%H:%M %Z}"
