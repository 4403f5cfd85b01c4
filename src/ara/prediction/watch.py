"""A forecast again at each closed bar, for as long as is asked: gathered, computed and kept as every other one."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeAlias

from ara.data.feed import MarketData
from ara.data.provider import Kind, Provider, fetches
from ara.desk import Desk
from ara.errors import AraError, DataProviderError, ValidationError
from ara.market.instrument import Instrument
from ara.prediction.asking import Ready, Wish, gathered, kept, made
from ara.prediction.fallback import Budget
from ara.prediction.ledger import Kept
from ara.prediction.many import Missed

__all__ = ["Heard", "Trouble", "watch"]

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


Heard: TypeAlias = Kept | Trouble | Missed
"""What a watch tells: a forecast, a trouble that may pass, or an instrument that can't be watched."""


async def watch(
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
        Seconds until a source that failed is asked again, twice as long each time, a minute at most.
    """
    heard: asyncio.Queue[Heard | Exception | None] = asyncio.Queue()

    async def follow(symbol: str) -> None:
        end: Missed | Exception | None = None
        try:
            async with aclosing(_Watch(desk, market, symbol, wish, pause).run()) as told:
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


class _Watch:
    """One instrument.

    Parameters
    ----------
    desk, market, symbol, wish, pause
        As for `watch`.
    """

    def __init__(self, desk: Desk, market: MarketData, symbol: str, wish: Wish, pause: float) -> None:
        self._desk = desk
        self._market = market
        self._symbol = symbol
        self._wish = wish
        self._pause = pause
        self._given = wish.asks.given
        self._last: datetime | None = None

    async def run(self) -> AsyncGenerator[Kept | Trouble, None]:
        """Give the first forecast, or raise why there is none; then one for each closed bar, and each trouble."""
        instrument = await self._market.instrument(self._symbol)
        self._source(instrument)
        try:
            await self._update(instrument)
        except AraError as error:
            yield Trouble(symbol=self._symbol, error=error, seconds=0.0)
        yield await self._forecast()
        failures = 0
        while True:
            try:
                async with aclosing(self._followed(instrument)) as told:
                    async for one in told:
                        failures = 0
                        yield one
                raise DataProviderError(f"The live bars of {instrument.symbol} have ended.")
            except ValidationError:
                raise
            except AraError as error:
                seconds = min(self._pause * 2**failures, _LONGEST)
                failures = min(failures + 1, 10)
                yield Trouble(symbol=self._symbol, error=error, seconds=seconds)
                await asyncio.sleep(seconds)

    async def _followed(self, instrument: Instrument) -> AsyncGenerator[Kept, None]:
        """Give a forecast for each bar that closes after the last, until the source fails."""
        from ara.data.live import closed

        clock, timeframe = self._desk.clock, self._wish.timeframe
        bars = closed(self._source(instrument), [instrument], timeframe, clock=clock, since=self._last)
        async with aclosing(bars) as frames:
            async for frame in frames:
                until: datetime = frame["known_at"].max()  # type: ignore[assignment]
                if self._last is None or until > self._last:
                    yield await self._after(until, instrument)

    async def _after(self, until: datetime, instrument: Instrument) -> Kept:
        """Forecast once the bar that ended at a moment is among what is kept: a source's past may lag its stream."""
        for turn in range(_TRIES):
            await asyncio.sleep(turn * self._pause)
            await self._update(instrument)
            one, wish = await self._gathered()
            if _newest(one) >= until:
                return await self._kept(one, wish)
        ended = f"{until:%Y-%m-%d %H:%M} UTC"
        raise DataProviderError(
            f"The bar of {instrument.symbol} that ended at {ended} is not in its source's past yet."
        )

    async def _forecast(self) -> Kept:
        return await self._kept(*await self._gathered())

    async def _gathered(self) -> tuple[Ready, Wish]:
        now = self._desk.clock.now()
        wish = replace(self._wish, asks=replace(self._wish.asks, as_of=now, now=now))
        return await gathered(self._desk, self._market, self._symbol, wish, budget=self._budget()), wish

    async def _kept(self, one: Ready, wish: Wish) -> Kept:
        (entry,) = await kept(self._desk, [one], [await made(self._desk, one, wish, budget=self._budget())])
        self._last = _newest(one)
        return entry

    def _budget(self) -> Budget:
        return Budget(self._desk.settings.prediction.seconds)

    def _source(self, instrument: Instrument) -> Provider:
        """Give whose live bars are followed: the healthiest that has some."""
        sources = self._market.sources if self._given else self._market.online
        for name in sources.live(instrument):
            provider = sources.get(name)
            if Kind.BARS in provider.offers and (self._given or fetches(provider)):
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

        async for outcome in self._market.collector.update([instrument], self._wish.timeframe):
            if isinstance(outcome, Failed):
                raise outcome.error


def _newest(one: Ready) -> datetime:
    newest: datetime = one.found.bars.frame["known_at"][-1]
    return newest
