"""From Alpha Vantage's series to frames."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import polars as pl

from ara.data.access.wire import decimal
from ara.data.provider import BARS, SCHEMAS, Kind
from ara.data.providers.alpha_vantage.answers import Series
from ara.data.providers.alpha_vantage.messages import Bar, ExchangeRate, GlobalQuote
from ara.data.providers.rows import bars, days, number, numbers
from ara.errors import ShapeError
from ara.market.calendar import calendar
from ara.market.hours import spans
from ara.market.instrument import AssetClass, Instrument
from ara.market.timeframe import DAY, Timeframe

__all__ = ["actions", "bars_of", "day_of", "last_price", "rate"]

_SOURCE: Final = "alpha_vantage"
_STAMP: Final = "%Y-%m-%d %H:%M:%S"


def bars_of(found: Series, instrument: Instrument, timeframe: Timeframe, now: datetime) -> pl.DataFrame:
    """Give the bars of a series, the open one among them; a daily stamp is a date, a shorter one local time."""
    rows = list(found.rows.values())
    ends = ""
    if timeframe == DAY:
        stamps = days([stamp[:10] for stamp in found.rows], source=_SOURCE, field="Time Series")
        ends = found.zone if instrument.asset_class is AssetClass.FOREX else ""
    else:
        stamps = _instants(list(found.rows), found.zone)
    return bars(stamps, _columns(rows), instrument, timeframe, source=_SOURCE, now=now, zone=ends, zero=False)


def day_of(found: GlobalQuote, instrument: Instrument, now: datetime) -> pl.DataFrame:
    """Give the day of a quote as a bar, which is open as long as its session."""
    row = Bar(open=found.open, high=found.high, low=found.low, close=found.price, plain_volume=found.volume)
    stamps = days([found.day], source=_SOURCE, field="07. latest trading day")
    return bars(stamps, _columns([row]), instrument, DAY, source=_SOURCE, now=now, zero=False)


def last_price(found: GlobalQuote, instrument: Instrument, now: datetime) -> pl.DataFrame:
    """Give the last price of a stock: of now while its session runs, else of the session's end."""
    bell = day_of(found, instrument, now)["known_at"][0]
    at = min(bell, now)
    last = number(found.price, source=_SOURCE, field="05. price")
    return pl.DataFrame([{"at": at, "known_at": at, "learned_at": now, "last": last}], schema=SCHEMAS[Kind.QUOTES])


def rate(found: ExchangeRate, now: datetime) -> pl.DataFrame:
    """Give the newest rate of a pair."""
    at = _instants([found.refreshed], found.zone)[0]
    row: dict[str, Any] = {
        "at": at,
        "known_at": at,
        "learned_at": now,
        "bid": _optional(found.bid, "8. Bid Price"),
        "ask": _optional(found.ask, "9. Ask Price"),
        "last": number(found.rate, source=_SOURCE, field="5. Exchange Rate"),
    }
    return pl.DataFrame([row], schema=SCHEMAS[Kind.QUOTES])


def actions(found: Series, instrument: Instrument, now: datetime) -> pl.DataFrame:
    """Give the splits and dividends that stand in an adjusted series, dividends as paid."""
    stamps = days(found.rows, source=_SOURCE, field="Time Series")
    at = spans(stamps, calendar(instrument.calendar))["at"]
    rows = []
    for moment, bar in zip(at, found.rows.values(), strict=True):
        if bar.dividend:
            rows.append((moment, "dividend", _value(bar.dividend, "7. dividend amount"), instrument.currency))
        if bar.split and (shares := _value(bar.split, "8. split coefficient")) != 1:
            rows.append((moment, "split", shares, ""))
    schema = {"at": BARS["at"], "action": pl.String(), "value": pl.Float64(), "currency": pl.String()}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    learned = pl.lit(now, BARS["at"])
    whole = frame.with_columns(
        known_at=pl.min_horizontal("at", learned), learned_at=learned, basis=pl.lit("raw", pl.String)
    )
    return whole.sort("at", "action").select(SCHEMAS[Kind.ACTIONS].names())


def _columns(rows: Sequence[Bar]) -> dict[str, pl.Series]:
    names = ("open", "high", "low", "close", "volume", "adjusted")
    return {name: numbers([getattr(one, name) for one in rows], source=_SOURCE, field=name) for name in names}


def _instants(stamps: list[str], zone: str) -> pl.Series:
    column = pl.Series("stamp", stamps, pl.String)
    wall = column.str.to_datetime(_STAMP, time_unit="us", strict=False)
    if wall.null_count():
        first = column.filter(wall.is_null())[0][:24]
        raise ShapeError(f"alpha_vantage sends the time {first!r} in Time Series.", source=_SOURCE, field="Time Series")
    try:
        there = wall.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    except pl.exceptions.PolarsError:
        raise ShapeError(
            f"alpha_vantage states the time zone {zone[:40]!r}.", source=_SOURCE, field="Time Zone"
        ) from None
    if there.null_count():
        first = column.filter(there.is_null())[0]
        raise ShapeError(f"alpha_vantage sends {first}, an hour that {zone} skips.", source=_SOURCE, field="Time Zone")
    return there.dt.convert_time_zone("UTC")


def _value(exact: Decimal, field: str) -> float:
    found = number(exact, source=_SOURCE, field=field)
    if found <= 0:
        raise ShapeError(f"alpha_vantage sends {exact} in {field}.", source=_SOURCE, field=field)
    return found


def _optional(text: str, field: str) -> float | None:
    if text.strip() in {"", "-"}:
        return None
    found = decimal(text)
    if found is None:
        raise ShapeError(f"alpha_vantage sends {text[:24]!r} in {field}.", source=_SOURCE, field=field)
    return number(found, source=_SOURCE, field=field)
