"""Streams of an exchange put in order: every bar once and in its turn, every trade once, what was missed filled in."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Final

import polars as pl

from ara.clock import Clock
from ara.data.providers.exchange import MINUTE, Bar, Trade, told_frame, trade_frame
from ara.data.providers.rows import named

__all__ = ["BarTape", "TradeTape"]

_SPAN: Final = MINUTE.span


class BarTape:
    """Makes minute bars of an exchange's messages.

    For each symbol a bar goes out as often as it is told of, open, and once more when it is closed; none is given
    after a later one. A bar is closed when the exchange says so, or, where it never does, when a later one begins.
    Bars of which no message came are asked for.

    Parameters
    ----------
    past
        Asks for the closed bars of a symbol from a time to before another, as `history` gives them.
    clock
        Gives the time of receipt.
    source
        The provider's name.
    flags
        Whether the exchange says of a bar that it is closed.
    """

    def __init__(
        self,
        past: Callable[[str, datetime, datetime], Awaitable[pl.DataFrame]],
        *,
        clock: Clock,
        source: str,
        flags: bool,
    ) -> None:
        self._past = past
        self._clock = clock
        self._source = source
        self._flags = flags
        self._due: dict[str, datetime] = {}
        self._running: dict[str, Bar] = {}

    async def follow(
        self, lines: AsyncGenerator[bytes, None], read: Callable[[bytes], Iterable[Bar]]
    ) -> AsyncGenerator[pl.DataFrame, None]:
        """Give frames with `symbol` and the columns `BARS`, one for each message that tells of something new."""
        async with aclosing(lines):
            async for raw in lines:
                for frame in await (self._reopened() if not raw else self.told(read(raw))):
                    yield frame

    def begin(self, symbol: str, at: datetime) -> None:
        """Say which bar of a symbol is the first that is owed, though nothing was told of it."""
        self._due.setdefault(symbol, at)

    async def told(self, bars: Iterable[Bar]) -> list[pl.DataFrame]:
        """Give what may go out now that some bars were told of."""
        frames: list[pl.DataFrame] = []
        ready: list[Bar] = []
        for bar in bars:
            due = self._due.setdefault(bar.symbol, bar.at)
            if bar.at < due:
                continue
            if bar.at > due:
                ready += self._ended(bar)
                if self._due[bar.symbol] < bar.at:
                    if ready:
                        frames.append(self._frame(ready))
                        ready = []
                    frames += await self._fill(bar.symbol, bar.at)
                    self._due[bar.symbol] = bar.at
            if not self._is_older(bar):
                ready.append(bar)
                self._stand(bar)
        return [*frames, self._frame(ready)] if ready else frames

    def _ended(self, bar: Bar) -> list[Bar]:
        """Give the bar that this later one shows to be closed, where nothing else would."""
        last = self._running.pop(bar.symbol, None)
        if last is None or self._flags:
            return []
        self._due[bar.symbol] = last.at + _SPAN
        return [last._replace(closed=True)]

    def _is_older(self, bar: Bar) -> bool:
        """Say whether a bar that runs was told of before with more in it: messages may come in a wrong order."""
        last = self._running.get(bar.symbol)
        return last is not None and not bar.closed and bar.volume < last.volume

    def _stand(self, bar: Bar) -> None:
        if bar.closed:
            self._running.pop(bar.symbol, None)
            self._due[bar.symbol] = bar.at + _SPAN
        else:
            self._running[bar.symbol] = bar

    async def _reopened(self) -> list[pl.DataFrame]:
        """Ask for what closed while nobody listened; a bar that ran then may have gone on unseen."""
        self._running.clear()
        now = self._clock.now()
        return [frame for symbol in tuple(self._due) for frame in await self._fill(symbol, now)]

    async def _fill(self, symbol: str, end: datetime) -> list[pl.DataFrame]:
        due = self._due[symbol]
        if due >= end:
            return []
        frame = (await self._past(symbol, due, end)).filter(pl.col("learned_at") >= pl.col("known_at"))
        if frame.is_empty():
            return []
        self._due[symbol] = frame["at"][-1] + _SPAN
        return [named(frame, symbol)]

    def _frame(self, bars: Sequence[Bar]) -> pl.DataFrame:
        return told_frame(bars, now=self._clock.now(), source=self._source)


class TradeTape:
    """Gives every trade of an exchange once, in the order of their ids, which grow by one; those missed are asked for.

    Parameters
    ----------
    past
        Asks for the trades of a symbol from one time to before another.
    clock
        Gives the time of receipt.
    source
        The provider's name.
    """

    def __init__(
        self,
        past: Callable[[str, datetime, datetime], Awaitable[pl.DataFrame]],
        *,
        clock: Clock,
        source: str,
    ) -> None:
        self._past = past
        self._clock = clock
        self._source = source
        self._last: dict[str, Trade] = {}

    async def follow(
        self, lines: AsyncGenerator[bytes, None], read: Callable[[bytes], Iterable[Trade]]
    ) -> AsyncGenerator[pl.DataFrame, None]:
        """Give frames with `symbol` and the columns of `TRADES`, one for each message that tells of something new."""
        async with aclosing(lines):
            async for raw in lines:
                for frame in await (self._reopened() if not raw else self._told(read(raw))):
                    yield frame

    async def _reopened(self) -> list[pl.DataFrame]:
        now = self._clock.now()
        return [frame for last in tuple(self._last.values()) for frame in await self._fill(last, now, None)]

    async def _told(self, trades: Iterable[Trade]) -> list[pl.DataFrame]:
        frames: list[pl.DataFrame] = []
        ready: list[Trade] = []
        for trade in trades:
            last = self._last.get(trade.symbol, trade._replace(id=trade.id - 1))
            if trade.id <= last.id:
                continue
            if trade.id > last.id + 1:
                if ready:
                    frames.append(self._frame(ready))
                    ready = []
                frames += await self._fill(last, trade.at, trade.id)
            ready.append(trade)
            self._last[trade.symbol] = trade
        return [*frames, self._frame(ready)] if ready else frames

    async def _fill(self, last: Trade, end: datetime, before: int | None) -> list[pl.DataFrame]:
        """Ask for the trades after the last, up to the one that is there."""
        until = end + _SPAN  # trades of the same instant too
        frame = await self._past(last.symbol, last.at, until)
        ids = pl.col("trade_id").cast(pl.Int64)
        kept = frame.filter(ids > last.id if before is None else ids.is_between(last.id, before, closed="none"))
        if kept.is_empty():
            return []
        newest = kept.row(-1, named=True)
        self._last[last.symbol] = last._replace(at=newest["at"], id=int(newest["trade_id"]))
        return [named(kept, last.symbol)]

    def _frame(self, trades: Sequence[Trade]) -> pl.DataFrame:
        return trade_frame(trades, now=self._clock.now(), source=self._source, symbol=True)
