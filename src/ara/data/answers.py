"""What sources answer, checked before it is believed."""

import logging
from datetime import UTC, datetime, timedelta

import polars as pl

from ara.data import compose
from ara.data.provider import BARS, SCHEMAS, Kind, Provider
from ara.errors import DataProviderError
from ara.market.bars import Basis
from ara.market.instrument import Instrument
from ara.market.timeframe import Timeframe

__all__ = ["actions", "bars", "facts", "payable", "rates", "wrong"]

_log = logging.getLogger("ara.data")


async def bars(
    provider: Provider, instrument: Instrument, timeframe: Timeframe, *, start: datetime, end: datetime
) -> pl.DataFrame:
    """Ask a source for its bars with `start <= at < end`, made of shorter ones where it has none of that length.

    Those that were received before they closed are left out.

    Raises
    ------
    DataProviderError
        It has no bars, or its answer is none.
    """
    name, symbol = provider.name, instrument.symbol
    if Kind.BARS not in provider.offers:
        raise DataProviderError(f"The source {name} has no bars.")
    frame = await compose.ask(provider, instrument, timeframe, start=start, end=end)
    why = wrong(frame)
    if why:
        raise DataProviderError(f"The source {name} gave bars of {symbol} that can't be used: {why}.", symbol=symbol)
    closed = frame["learned_at"] >= frame["known_at"]
    return frame if closed.all(ignore_nulls=False) else frame.filter(closed)


async def actions(
    provider: Provider, instrument: Instrument, timeframe: Timeframe, *, start: datetime, now: datetime
) -> pl.DataFrame:
    """Ask a source for splits and dividends from a moment until now, headed by a row that says it was asked.

    Later actions than the bars in hand are needed too: a source that adjusts had applied them when it answered.
    """
    frame = await _other(provider, Kind.ACTIONS, instrument, timeframe, start=start, end=now)
    head = {"at": start, "known_at": now, "learned_at": now, "action": "asked", "value": 0.0, "currency": ""}
    asked = pl.DataFrame([head | {"basis": "raw"}], schema=SCHEMAS[Kind.ACTIONS])
    return pl.concat([asked, frame])


def payable(actions: pl.DataFrame, bars: pl.DataFrame, basis: Basis, *, whose: str) -> pl.DataFrame:
    """Leave out dividends that are no less than the close before them, and say so: nobody pays more than there is.

    Parameters
    ----------
    actions, bars
        A source's answers, the bars ascending. Dividends in another basis than that of the bars are not judged.
    basis
        What the bars are adjusted for.
    whose
        Source and symbol, for the log.
    """
    closes = bars.filter(pl.col("close") > 0).select("at", before="close")
    placed = actions.with_row_index("place").sort("at")
    judged = placed.join_asof(closes, on="at", strategy="backward", allow_exact_matches=False)
    wrong = judged.filter(
        pl.col("action") == "dividend", pl.col("basis") == basis.value, pl.col("value") >= pl.col("before")
    )
    for row in wrong.iter_rows(named=True):
        day, told = f"{row['at']:%Y-%m-%d}", (row["value"], row["before"])
        _log.warning("%s: the dividend of %s is left out: %g, and the close before it %g", whose, day, *told)
    return actions if wrong.is_empty() else placed.join(wrong, on="place", how="anti").sort("place").drop("place")


async def facts(provider: Provider, instrument: Instrument, timeframe: Timeframe, *, now: datetime) -> pl.DataFrame:
    """Ask a source for all that it says of an instrument: name, sector, industry."""
    return await _other(
        provider, Kind.FACTS, instrument, timeframe, start=datetime(1970, 1, 1, tzinfo=UTC), end=now + timedelta(days=1)
    )


async def rates(
    provider: Provider, base: Instrument, timeframe: Timeframe, *, start: datetime, end: datetime
) -> pl.DataFrame:
    """Ask a source for its rates of a currency with `start <= at < end`.

    Raises
    ------
    DataProviderError
        It has no rates, or its answer is none.
    """
    if Kind.RATES not in provider.offers:
        raise DataProviderError(f"The source {provider.name} has no rates.", hint="The source ecb has: --provider ecb")
    frame = await _other(provider, Kind.RATES, base, timeframe, start=start, end=end)
    sound = pl.all_horizontal(pl.all().is_not_null()) & pl.col("rate").is_finite() & (pl.col("rate") > 0)
    wrong = frame.filter(~sound | (pl.col("base") != base.symbol))
    if wrong.height:
        raise DataProviderError(
            f"The source {provider.name} gave rates of {base.symbol} that can't be used: {wrong.row(0, named=True)}.",
            symbol=base.symbol,
        )
    return frame


async def _other(
    provider: Provider, kind: Kind, instrument: Instrument, timeframe: Timeframe, *, start: datetime, end: datetime
) -> pl.DataFrame:
    frame = await provider.history(kind, instrument, timeframe, start=start, end=end)
    if frame.schema != SCHEMAS[kind]:
        raise DataProviderError(
            f"The source {provider.name} gave {kind} of {instrument.symbol} with the columns {_columns(frame.schema)};"
            f" they are {_columns(SCHEMAS[kind])}.",
            symbol=instrument.symbol,
        )
    return frame


def wrong(frame: pl.DataFrame) -> str:
    """Say why a frame is no table of bars in time's order; empty where it is one."""
    if frame.schema != BARS:
        return f"the columns are {_columns(frame.schema)}"
    at, known = frame["at"], frame["known_at"]
    times = at.to_numpy()
    if at.has_nulls() or not (times[1:] > times[:-1]).all():
        return "the column at does not ascend"
    if not known.has_nulls() and (known >= at).all():
        return ""
    early = (known < at).fill_null(value=True)
    return f"the bar of {frame.filter(early)['at'][0]} was known before it began"


def _columns(schema: pl.Schema) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in schema.items())
