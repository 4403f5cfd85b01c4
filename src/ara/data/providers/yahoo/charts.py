"""From Yahoo's charts to frames."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import polars as pl

from ara.data.provider import BARS, SCHEMAS, Kind
from ara.data.providers.rows import bars, counted, dated, number, numbers, paid, prices, ratio
from ara.data.providers.yahoo.messages import Chart, Meta
from ara.errors import ShapeError
from ara.market.calendar import calendar
from ara.market.hours import labels, spans
from ara.market.instrument import AssetClass, Instrument
from ara.market.timeframe import DAY, Timeframe, Unit

__all__ = ["actions", "bars_of", "instants", "quote", "weeks"]

_SOURCE: Final = "yahoo"
_SINCE: Final = datetime(1927, 1, 1, tzinfo=UTC)
_NONE: Final = frozenset({0, -1})
_SETTLED: Final = {Unit.DAY: timedelta(hours=1)}
_DELAYED: Final = timedelta(minutes=20)
_COLUMNS: Final = ("open", "high", "low", "close", "volume")


def bars_of(chart: Chart, instrument: Instrument, timeframe: Timeframe, now: datetime) -> pl.DataFrame:
    """Give the bars of a chart, the open one among them.

    A daily stamp is the session's open, midnight, or for the running day the last trade: its date in the exchange's own
    zone is the label. Yahoo's currencies trade from midnight to midnight of London, later than the session of that date
    ends, and are known at that midnight.
    """
    opened = _told(chart.timestamp, field="timestamp")
    columns = _columns(chart)
    if not instrument.below_zero:
        prices(columns["close"], source=_SOURCE, zero=False)
    if timeframe == DAY:
        zone = chart.meta.exchange_timezone_name
        stamps = dated(opened, zone, source=_SOURCE)
        ends = zone if instrument.asset_class is AssetClass.FOREX else ""
        found = bars(stamps, columns, instrument, timeframe, source=_SOURCE, now=now, zone=ends)
    else:
        stamps = _on_grid(opened, timeframe)
        found = bars(stamps, columns, instrument, timeframe, source=_SOURCE, now=now)
        found = _without_bell(found, instrument)
    return _settled(found, chart.meta, timeframe, now)


def instants(stamps: Sequence[int], *, field: str) -> pl.Series:
    """Give Yahoo's stamps, seconds since 1970, as UTC instants; ShapeError that quotes one that none can be."""
    return counted(stamps, "seconds", since=_SINCE, source=_SOURCE, field=field)


def weeks(days: pl.DataFrame, instrument: Instrument) -> pl.DataFrame:
    """Give the weeks that daily bars make, each known when its last session is."""
    hours = calendar(instrument.calendar)
    monday = labels(days["at"], hours).dt.truncate("1w").alias("week")
    grouped = days.with_columns(monday).group_by("week", maintain_order=True)
    merged = grouped.agg(
        pl.col("at", "open").first(),
        pl.col("known_at", "close", "adjusted").last(),
        pl.col("learned_at").min(),
        pl.col("high").max(),
        pl.col("low").min(),
        pl.col("volume").sum(),
    )
    week = Timeframe(1, Unit.WEEK)
    ends = [week.closes(at, hours) for at in merged["at"]]
    ended = pl.Series("ended", ends, BARS["known_at"])
    return merged.with_columns(known_at=pl.max_horizontal("known_at", ended)).select(BARS.names())


def actions(chart: Chart, instrument: Instrument, now: datetime) -> pl.DataFrame:
    """Give the splits and dividends of a chart; Yahoo divides a dividend by the splits after it."""
    cash = [one for one in chart.events.dividends.values() if one.amount]
    splits = list(chart.events.splits.values())
    days = [*(one.date for one in cash), *(one.date for one in splits)]
    stamps = _told(days, field="events.date")
    dates = dated(stamps, chart.meta.exchange_timezone_name, source=_SOURCE)
    at = spans(dates, calendar(instrument.calendar))["at"]
    amounts = [paid(one.amount, source=_SOURCE, field="events.dividends.amount") for one in cash]
    ratios = [ratio(one.numerator, one.denominator, source=_SOURCE, field="events.splits") for one in splits]
    currency = chart.meta.currency or instrument.currency
    frame = pl.DataFrame(
        {
            "at": at,
            "action": ["dividend"] * len(cash) + ["split"] * len(ratios),
            "value": [*amounts, *ratios],
            "currency": [currency] * len(cash) + [""] * len(ratios),
            "basis": ["split"] * len(cash) + ["raw"] * len(ratios),
        },
        schema_overrides={"value": pl.Float64(), "action": pl.String(), "currency": pl.String(), "basis": pl.String()},
    )
    learned = pl.lit(now, BARS["at"])
    whole = frame.with_columns(known_at=pl.min_horizontal("at", learned), learned_at=learned)
    return whole.sort("at", "action").select(SCHEMAS[Kind.ACTIONS].names())


def quote(meta: Meta, now: datetime) -> pl.DataFrame:
    """Give the last price of a chart; bid and ask are not in it."""
    if meta.regular_market_price is None or meta.regular_market_time is None:
        return pl.DataFrame(schema=SCHEMAS[Kind.QUOTES])
    at = instants([meta.regular_market_time], field="meta.regularMarketTime")[0]
    last = number(meta.regular_market_price, source=_SOURCE, field="meta.regularMarketPrice")
    return pl.DataFrame([{"at": at, "known_at": at, "learned_at": now, "last": last}], schema=SCHEMAS[Kind.QUOTES])


def _told(stamps: Sequence[int], *, field: str) -> pl.Series:
    """Give the stamps of rows, none of which may be what programs write where they know no time."""
    for stamp in _NONE.intersection(stamps):
        words = f"yahoo sends the time {stamp} in {field}, which stands for none."
        raise ShapeError(words, source=_SOURCE, field=field)
    return instants(stamps, field=field)


def _columns(chart: Chart) -> dict[str, pl.Series]:
    found = chart.indicators.quote[0] if chart.indicators.quote else None
    adjusted = chart.indicators.adjclose[0].adjclose if chart.indicators.adjclose else []
    given = {name: getattr(found, name, []) for name in _COLUMNS} | {"adjusted": adjusted}
    return {name: _column(name, values, len(chart.timestamp)) for name, values in given.items()}


def _column(name: str, values: Sequence[float | None], rows: int) -> pl.Series:
    field = f"indicators.{name}"
    if not values and name in {"volume", "adjusted"}:
        values = [None] * rows
    if len(values) != rows:
        raise ShapeError(f"yahoo sends {rows} times and {len(values)} values in {field}.", source=_SOURCE, field=field)
    return numbers(values, source=_SOURCE, field=field).alias(name)


def _on_grid(opened: pl.Series, timeframe: Timeframe) -> pl.Series:
    """Put the running bar, which is stamped with the last trade, where it opened."""
    if len(opened) < 2:
        return opened
    step = timeframe.span // timedelta(microseconds=1)
    since = (opened - opened[0]).dt.total_microseconds()
    floored: pl.Series = opened[0] + (since // step * step).cast(pl.Duration("us"))
    return floored.rename(opened.name)


def _without_bell(found: pl.DataFrame, instrument: Instrument) -> pl.DataFrame:
    """Leave out the row that Yahoo adds at the closing bell: it repeats the last price and nothing traded in it."""
    hours = calendar(instrument.calendar)
    if hours.closing - hours.opening >= timedelta(days=1):
        return found
    bell = spans(labels(found["at"] - timedelta(microseconds=1), hours), hours)["known_at"]
    return found.filter((found["at"] != bell) | (found["volume"].fill_null(0) > 0))


def _settled(found: pl.DataFrame, meta: Meta, timeframe: Timeframe, now: datetime) -> pl.DataFrame:
    """Mark the last bar as open where its end has passed but the last trade that Yahoo shows lies before it."""
    settled = now - _SETTLED.get(timeframe.unit, _DELAYED)
    if meta.regular_market_time is None or found.is_empty() or found["known_at"][-1] <= settled:
        return found
    traded = instants([meta.regular_market_time], field="meta.regularMarketTime")[0]
    recent = pl.col("known_at") > settled
    late = recent & (pl.col("known_at") > traded)
    learned = pl.min_horizontal("learned_at", pl.lit(traded, BARS["at"]))
    return found.with_columns(learned_at=pl.when(late).then(learned).otherwise("learned_at"))
