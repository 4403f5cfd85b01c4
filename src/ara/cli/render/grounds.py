"""What a forecast stands on, in words: how old its bars are, and how good."""

from collections.abc import Mapping
from datetime import date
from math import floor
from typing import Final

from ara.cli.render.numbers import ago, long_day
from ara.cli.words import clean
from ara.prediction.forecast import Forecast

__all__ = ["age", "grade"]

_FRESH_DAYS: Final = 4
_NEAR: Final = 1e-9


def age(forecast: Forecast, today: date, *, asked: bool) -> str:
    """Say how old the bars are and how to renew them; nothing where they are as new as can be.

    Where the reader asked for that moment, only the sample says so.
    """
    update = f"ara data update {clean(forecast.instrument.symbol)}"
    if forecast.source == "sample":
        said = f"From the bundled sample, {ago(forecast.last, today)}"
        return f"{said}, as asked." if asked else f"{said}. For today: {update}"
    if asked or not _old(forecast, today):
        return ""
    return f"The last close is {ago(forecast.last, today).removesuffix(' ago')} old. To renew it: {update}"


def grade(forecast: Forecast, today: date, *, asked: bool) -> str:
    """Give the source of the bars and the worst that is known of their quality, never rounded up.

    That is the quality of the newest ones, times the grade of what they lack as a whole, where it is below the mean of
    the last ones: the figure by which the bands are wider.
    """
    worst = _as_a_whole(forecast.lineage.settings)
    said = f"{clean(forecast.source)}, quality {_cut(min(worst, forecast.quality))}"
    if _cut(worst) < _cut(forecast.quality):
        said += f" with what is missing or in doubt, {_cut(forecast.quality)} by its bars alone"
    if asked or not _old(forecast, today):
        return said
    return f"{said}; up to {long_day(forecast.last)}, nothing since"


def _old(forecast: Forecast, today: date) -> bool:
    return (today - forecast.last).days > _FRESH_DAYS


def _as_a_whole(settings: Mapping[str, object]) -> float:
    told = settings.get("quality", 1.0)
    return float(told) if isinstance(told, int | float) else 1.0


def _cut(quality: float) -> str:
    """Give two digits, rounded down: what is not without fault must not look like it."""
    return f"{floor(100 * quality + _NEAR) / 100:.2f}"
