"""Instruments looked at again at each closed bar, for as long as is asked: forecasts, and whatever else bars tell."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Generic, TypeAlias, TypeVar

from ara.data.feed import MarketData
from ara.data.provider import Provider, fetches
from ara.desk import Desk
from ara.errors import AraError, DataProviderError, MissingKeyError, ValidationError
from ara.market.bars import Bars
from ara.market.instrument import Instrument
from ara.market.timeframe import Timeframe
from ara.prediction.asking import Wish, gathered, kept, made
from ara.prediction.fallback import Budget
from ara.prediction.ledger import Kept
from ara.prediction.many import Missed

__all__ = ["Heard", "Look", "Trouble", "each_bar", "watch"]

_T = TypeVar("_T")

_TRIES: Final = 5
_LONGEST: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What stands between a watched instrument and its next bar; it is watched on.

    Parameters
    ----------
    symbol
        As it was asked for.
    error
        What went wrong.
    seconds
        After which it is tried again.
    """

    symbol: str
    error: AraError
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Look(Generic[_T]):
    """Bars of an instrument that were gathered just now.

    Parameters
    ----------
    bars
        Its own.
    tell
        What tells of them; not asked where the bar that is waited for is not among them yet.
    """

    bars: Bars
    tell: Callable[[], Awaitable[_T]]

    @property
    def newest(self) -> datetime:
        """When the last of the bars was public."""
        moment: datetime = self.bars.frame["known_at"][-1]
        return moment


Heard: TypeAlias = Kept | Trouble | Missed
"""What a watch tells: a forecast, a trouble that may pass, or an instrument that can't be watched."""


def watch(
    desk: Desk, market: MarketData, symbols: Sequence[str], wish: Wish, *, pause: float = 1.0
) -> AsyncGenerator[Heard, None]:
    """Forecast instruments, and each again whenever a bar of it has closed; ends when none of them can be watched.

    A bar is brought into the store before it is forecast from, so that a replay finds it there.

    Parameters
    ----------
    desk, market
        Of the process, and where the bars come from.
    symbols
        Of the instruments.
    wish
        What is asked of each; the moment is always the present one.
    pause
        As for `each_bar`.
    """

    async def look(symbol: str) -> Look[Kept]:
        now = desk.clock.now()
        mine = replace(wish, asks=replace(wish.asks, as_of=now, now=now))
        one = await gathered(desk, market, symbol, mine, budget=_budget(desk))

        async def tell() -> Kept:
            (entry,) = await kept(desk, [one], [await made(desk, one, mine, budget=_budget(desk))])
            return entry

        return Look(bars=one.found.bars, tell=tell)

    return each_bar(desk, market, symbols, look, timeframe=wish.timeframe, given=wish.asks.given, pause=pause)


def _budget(desk: Desk) -> Budget:
    return Budget(desk.settings.prediction.seconds)


async def each_bar(
    desk: Desk,
    market: MarketData,
    symbols: Sequence[str],
    look: Callable[[str], Awaitable[Look[_T]]],
    *,
    timeframe: Timeframe,
    given: bool = False,
    pause: float = 1.0,
) -> AsyncGenerator[_T | Trouble | Missed, None]:
    """Look at instruments, and at each again whenever a bar of it has closed; ends when none of them can be watched.

    Parameters
    ----------
    desk, market
        Of the process, and where the bars come from.
    symbols
        Of the instruments.
    look
        Gathers the bars of an instrument as they are at present.
    timeframe
        Length of the bars that are waited for.
    given
        Whether the caller gave the market its sources: no others are asked then, and what they say is not kept.
    pause
        Seconds until a source that failed is asked again, twice as long each time, a minute at most.
    """
    heard: asyncio.Queue[_T | Trouble | Missed | Exception | None] = asyncio.Queue()

    async def follow(symbol: str) -> None:
        end: Missed | Exception | None = None
        try:
            one_watch = _Watch(desk, market, symbol, look, timeframe, given=given, pause=pause)
            async with aclosing(one_watch.run()) as told:
                async for one in told:
                    await heard.put(one)
                    await heard.join()  # what is told was read before the next is looked for
        except AraError as error:
            end = Missed(symbol=symbol, error=error)
        except Exception as error:  # noqa: BLE001 - raised again where the caller is
            end = error
        if end is not None:
            await heard.put(end)
        await heard.put(None)

    tasks = [asyncio.create_task(follow(symbol)) for symbol in symbols]
    left = len(tasks)
    try:
        while left:
            one = await heard.get()
            if isinstance(one, Exception):
                raise one
            if one is None:
                left -= 1
            else:
                yield one
            heard.task_done()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Watch(Generic[_T]):
    """One instrument.

    Parameters
    ----------
    desk, market, symbol, look, timeframe, given, pause
        As for `each_bar`.
    """

    def __init__(
        self,
        desk: Desk,
        market: MarketData,
        symbol: str,
        look: Callable[[str], Awaitable[Look[_T]]],
        timeframe: Timeframe,
        *,
        given: bool,
        pause: float,
    ) -> None:
        self._desk = desk
        self._market = market
        self._symbol = symbol
        self._look = look
        self._timeframe = timeframe
        self._pause = pause
        self._given = given
        self._last: datetime | None = None

    async def run(self) -> AsyncGenerator[_T | Trouble, None]:
        """Give the first answer, or raise why there is none; then one for each closed bar, and each trouble."""
        instrument = await self._market.instrument(self._symbol)
        self._source(instrument)
        try:
            await self._update(instrument)
        except MissingKeyError:  # no waiting brings it
            raise
        except AraError as error:
            yield Trouble(symbol=self._symbol, error=error, seconds=0.0)
        yield await self._told(await self._look(self._symbol))
        failures = 0
        while True:
            try:
                async with aclosing(self._followed(instrument)) as told:
                    async for one in told:
                        failures = 0
                        yield one
                raise DataProviderError(f"The live bars of {instrument.symbol} have ended.")
            except (ValidationError, MissingKeyError):
                raise
            except AraError as error:
                seconds = min(self._pause * 2**failures, _LONGEST)
                failures = min(failures + 1, 10)
                yield Trouble(symbol=self._symbol, error=error, seconds=seconds)
                await asyncio.sleep(seconds)

    async def _followed(self, instrument: Instrument) -> AsyncGenerator[_T, None]:
        """Give an answer for each bar that closes after the last, until the source fails."""
        from ara.data.live import closed

        clock = self._desk.clock
        bars = closed(self._source(instrument), [instrument], self._timeframe, clock=clock, since=self._last)
        async with aclosing(bars) as frames:
            async for frame in frames:
                until: datetime = frame["known_at"].max()  # type: ignore[assignment]
                if self._last is None or until > self._last:
                    yield await self._after(until, instrument)

    async def _after(self, until: datetime, instrument: Instrument) -> _T:
        """Answer once the bar that ended at a moment is among what is kept: a source's past may lag its stream."""
        for turn in range(_TRIES):
            await asyncio.sleep(turn * self._pause)
            await self._update(instrument)
            one = await self._look(self._symbol)
            if one.newest >= until:
                return await self._told(one)
        ended = f"{until:%Y-%m-%d %H:%M} UTC"
        raise DataProviderError(
            f"The bar of {instrument.symbol} that ended at {ended} is not in its source's past yet."
        )

    async def _told(self, one: Look[_T]) -> _T:
        answer = await one.tell()
        self._last = one.newest
        return answer

    def _source(self, instrument: Instrument) -> Provider:
        """Give whose live bars are followed: the healthiest that has some, and needs no key that nobody gave."""
        sources = self._market.sources if self._given else self._market.online
        for provider in sources.followed(instrument):
            if self._given or fetches(provider):
                return provider
        raise DataProviderError(
            f"no live source has bars of {instrument.symbol}",
            hint="Name one that has: data.providers, or data.online. What there is: ara data sources",
        )

    async def _update(self, instrument: Instrument) -> None:
        """Bring what is kept up to date."""
        if self._given:
            return
        from ara.data.fetched import Failed

        async for outcome in self._market.collector.update([instrument], self._timeframe):
            if isinstance(outcome, Failed):
                raise outcome.error
