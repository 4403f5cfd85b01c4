"""Many instruments at once: in batches that bound the memory, and aligned without looking ahead."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol

import polars as pl

from ara.data.reasons import too_early
from ara.errors import AraError, NoBarsError, ValidationError
from ara.market.bars import Bars
from ara.market.instrument import Instrument
from ara.market.timeframe import DAY, Timeframe

__all__ = ["ALIGNED", "SIZE", "Market", "align", "every", "many"]

SIZE: Final = 50
"""Instruments of an ordinary batch."""

_AT_ONCE: Final = 8
_ON: Final = ("known_at", "learned_at")

ALIGNED: Final = ("open", "high", "low", "close", "volume")
"""Columns of bars that `align` gives of each instrument, unless it is told others."""


class Market(Protocol):
    """Gives the bars of one instrument; `ara.data.feed.MarketData` does."""

    async def bars(
        self,
        instrument: Instrument,
        timeframe: Timeframe = ...,
        *,
        as_of: datetime | None = ...,
        learned: datetime | None = ...,
    ) -> Bars:
        """Give the closed bars that were public at a moment."""
        ...


async def many(
    market: Market,
    instruments: Sequence[Instrument],
    timeframe: Timeframe = DAY,
    *,
    as_of: datetime | None = None,
    size: int = SIZE,
    at_once: int = _AT_ONCE,
    failed: Callable[[Instrument, AraError], object] | None = None,
) -> AsyncIterator[dict[str, Bars]]:
    """Give the bars of many instruments, a batch at a time.

    No batch is held here when the next one is asked for, so memory follows `size`, not the number of instruments. An
    instrument that fails is left out of its batch; it stops no other.

    Parameters
    ----------
    market
        Where the bars come from.
    instruments
        Whose; one that is named twice is given once.
    timeframe
        Length of a bar.
    as_of
        Only bars whose close was public then; now, if None. It is the same moment for all where it is given.
    size
        Instruments of a batch, at least 1.
    at_once
        How many are asked for at the same time, at least 1.
    failed
        Told each instrument that could not be had, and why; if None, the first failure is raised.

    Yields
    ------
    dict[str, Bars]
        By symbol, in the order of `instruments`.
    """
    if size < 1 or at_once < 1:
        raise ValidationError(f"size is {size} and at_once {at_once}; both are at least 1.")
    wanted = list({one.symbol: one for one in instruments}.values())
    gate = asyncio.Semaphore(at_once)

    async def ask(one: Instrument) -> Bars | None:
        async with gate:
            try:
                return await market.bars(one, timeframe, as_of=as_of)
            except AraError as error:
                if failed is None:
                    raise
                failed(one, error)
                return None

    for begin in range(0, len(wanted), size):
        batch = wanted[begin : begin + size]
        async with asyncio.TaskGroup() as group:
            asked = [group.create_task(_alone(ask(one))) for one in batch]
        outcomes = [task.result() for task in asked]
        for outcome in outcomes:
            if isinstance(outcome, AraError):
                raise outcome
        found = {one.symbol: bars for one, bars in zip(batch, outcomes, strict=True) if isinstance(bars, Bars)}
        del asked, outcomes
        yield found
        del found


async def _alone(asking: Awaitable[Bars | None]) -> Bars | AraError | None:
    """Let a failure wait until its batch is over, so that it arrives alone and not as a group."""
    try:
        return await asking
    except AraError as error:
        return error


async def every(market: Market, instruments: Sequence[Instrument], *, as_of: datetime, said: str = "") -> list[Bars]:
    """Give the daily bars of all of these instruments, for what has no meaning where one is missing.

    Parameters
    ----------
    market
        Where the bars come from.
    instruments
        Whose; one that is named twice is given once.
    as_of
        Only bars whose close was public then.
    said
        The moment as it was asked for, where that is not how it is to be told.

    Raises
    ------
    NoBarsError
        Some begin later: which, from when on each has bars, and from when on all have.
    """
    late: dict[str, AraError] = {}
    found: list[Bars] = []
    wanted = list({one.symbol: one for one in instruments}.values())
    for one in wanted:
        try:
            found.append(await market.bars(one, as_of=as_of))
        except NoBarsError as error:
            if "begins" not in error.context:
                raise
            late[one.symbol] = error
    if late:
        raise too_early(late, len(wanted), said=said or f"{as_of:%Y-%m-%d %H:%M} UTC")
    return found


def align(bars: Mapping[str, Bars], on: str = "known_at", *, columns: Sequence[str] = ALIGNED) -> pl.DataFrame:
    """Put the bars of several instruments side by side, each as far as it was known by then.

    There is a row for every instant at which a bar of any of them became known. It holds of each instrument the last
    bar that was known by that instant. Nothing is matched by date: on the same date New York closes hours before a
    coin's day ends, so beside New York's close stands the coin's bar of the day before.

    Parameters
    ----------
    bars
        By symbol; whatever their calendars and timeframes are.
    on
        `known_at`, when a close was public, or `learned_at`, when Ara had received it (never before it was public).
    columns
        Of `ara.market.bars.SCHEMA`, to give of each instrument.

    Returns
    -------
    pl.DataFrame
        `known_at` (or `learned_at`), UTC, ascending, each once; then for each symbol its columns as `SYMBOL close`,
        and `SYMBOL age`, how long its bar had been known. Null where nothing was known of it yet.
    """
    if on not in _ON:
        raise ValidationError(f"on is {on!r}; it is {' or '.join(_ON)}.")
    known = {symbol: _known(one, on, columns) for symbol, one in bars.items()}
    if not known:
        return pl.DataFrame(schema={on: pl.Datetime("us", "UTC")})
    frame = pl.concat([one.select(on) for one in known.values()]).unique().sort(on)
    for symbol, one in known.items():
        named = one.rename({name: f"{symbol} {name}" for name in columns}).with_columns(__since=pl.col(on))
        joined = frame.join_asof(named.set_sorted(on), on=on, strategy="backward")
        frame = joined.with_columns((pl.col(on) - pl.col("__since")).alias(f"{symbol} age")).drop("__since")
    return frame


def _known(bars: Bars, on: str, columns: Sequence[str]) -> pl.DataFrame:
    """Give the bars in the order in which they became known; of two known at once, the one that opened last."""
    moment = pl.col("known_at") if on == "known_at" else pl.max_horizontal("known_at", "learned_at")
    ordered = bars.frame.select("at", moment.alias(on), *(name for name in columns if name not in {"at", on}))
    latest = ordered.sort(on, "at").filter(pl.col("at") == pl.col("at").cum_max())
    return latest.unique(subset=on, keep="last", maintain_order=True).select(on, *columns)
