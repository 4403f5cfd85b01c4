"""Forecasts of many instruments: read, computed on every core and kept block by block, as each would be alone.

An instrument is answered by the function, and from the bars, that answer it when it is asked alone, so a forecast has
the same id and the same bytes either way. Its neighbours share what is costly: a model that is open, processes that run
already, and one durable step of the ledger for a block.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from ara.data.feed import MarketData
from ara.desk import Desk
from ara.errors import AraError, CancelledError
from ara.market.bars import Bars
from ara.prediction.asking import Ready, Wish, gathered, kept, made
from ara.prediction.compute import Recipe
from ara.prediction.fallback import Budget, failures, said, where
from ara.prediction.forecast import Forecast
from ara.prediction.ledger import Kept
from ara.prediction.outlook import outlook

__all__ = ["BLOCK", "Missed", "Question", "many", "outlooks"]

BLOCK: Final = 64
"""Instruments that are in memory at once; as many again are read, or kept, meanwhile."""

_PART: Final = 8
_TURNS: Final = 4
_CROWD: Final = 40
_READERS: Final = 8

_Place: TypeAlias = Literal["thread", "process"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """An instrument without a forecast.

    Parameters
    ----------
    symbol
        As it was asked for.
    error
        Why there is none.
    """

    symbol: str
    error: AraError


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What `outlook` is asked of one of many; its parameters.

    Parameters
    ----------
    bars, days, recipe, context, failed, why, stand_in
        As `outlook` takes them.
    """

    bars: Bars
    days: int
    recipe: Recipe
    context: tuple[Bars, ...] = ()
    failed: int = 0
    why: bool = True
    stand_in: bool = False


def outlooks(questions: list[Question]) -> list[Forecast | None]:
    """Answer each by `outlook`; None where it fails, which costs no other anything and is looked at by itself."""
    return [_outlook(one) for one in questions]


def _outlook(one: Question) -> Forecast | None:
    try:
        return outlook(
            one.bars, one.days, one.recipe, context=one.context, failed=one.failed, why=one.why, stand_in=one.stand_in
        )
    except Exception:  # noqa: BLE001 - it is asked again, alone, by the chain that knows what may stand in for what
        return None


async def many(
    desk: Desk, market: MarketData, symbols: Sequence[str], wish: Wish
) -> AsyncGenerator[Kept | Missed, None]:
    """Forecast instruments and keep the forecasts; give each in its order once its block is durable.

    Memory follows the size of a block, not the number of instruments: what was given is not held.

    Parameters
    ----------
    desk, market
        Of the process, and where the bars come from.
    symbols
        Of the instruments.
    wish
        What is asked of each.
    """
    blocks = deque(symbols[first : first + BLOCK] for first in range(0, len(symbols), BLOCK))
    work = _Work(desk, market, wish, crowd=len(symbols) > _CROWD)
    reading = asyncio.ensure_future(work.gather(blocks[0])) if blocks else None
    telling: asyncio.Task[list[_Answer]] | None = None
    told: tuple[Sequence[str], list[_Answer]] | None = None
    try:
        while reading is not None or told is not None:
            if reading is not None and (told is None or reading.done()):
                telling = asyncio.ensure_future(work.tell(await reading))
            if told is not None:  # while the next ones are computed
                for symbol, one in zip(told[0], await work.keep(told[1]), strict=True):
                    yield Missed(symbol=symbol, error=one) if isinstance(one, AraError) else one
                told = None
            if telling is not None:
                block = blocks.popleft()
                reading = asyncio.ensure_future(work.gather(blocks[0])) if blocks else None
                told, telling = (block, await telling), None
    finally:
        left = [task for task in (reading, telling) if task is not None]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


_Answer: TypeAlias = tuple[Ready, Forecast] | AraError


class _Work:
    """What blocks share.

    Parameters
    ----------
    desk, market, wish
        As for `many`.
    crowd
        Whether there are so many that processes of their own are worth their start.
    """

    def __init__(self, desk: Desk, market: MarketData, wish: Wish, *, crowd: bool) -> None:
        self._desk = desk
        self._market = market
        self._wish = wish
        self._crowd = crowd
        self._readers = asyncio.Semaphore(_READERS)

    async def gather(self, symbols: Sequence[str]) -> list[Ready | AraError]:
        """Get what each needs, or the reason why it can't be had."""
        return list(await asyncio.gather(*map(self._gathered, symbols)))

    async def tell(self, found: Sequence[Ready | AraError]) -> list[_Answer]:
        """Compute; an error stands where a forecast can't be made."""
        told = iter(await self._told([one for one in found if isinstance(one, Ready)]))
        return [one if isinstance(one, AraError) else _answer(one, next(told)) for one in found]

    async def keep(self, answers: Sequence[_Answer]) -> list[Kept | AraError]:
        """Keep what was told, all in one step; an error stands where there is nothing, or nothing could be kept."""
        pairs = [one for one in answers if not isinstance(one, AraError)]
        try:
            entries = iter(await kept(self._desk, [one for one, _ in pairs], [forecast for _, forecast in pairs]))
        except AraError as error:
            return [one if isinstance(one, AraError) else error for one in answers]
        return [one if isinstance(one, AraError) else next(entries) for one in answers]

    async def _gathered(self, symbol: str) -> Ready | AraError:
        async with self._readers:
            try:
                return await gathered(self._desk, self._market, symbol, self._wish, budget=self._budget())
            except AraError as error:
                return error

    async def _told(self, ready: Sequence[Ready]) -> list[Forecast | AraError]:
        with self._desk.telemetry.stage("compute"):
            first = await self._computed(ready)
        out: list[Forecast | AraError] = []
        for one, forecast in zip(ready, first, strict=True):
            if forecast is None:
                out.append(await self._alone(one))
            else:
                out.append(said(one.asked.told(forecast, one.context), one.found.degraded))
        return out

    async def _alone(self, one: Ready) -> Forecast | AraError:
        try:
            return await made(self._desk, one, self._wish, budget=self._budget())
        except CancelledError:
            raise
        except AraError as error:
            return error

    async def _computed(self, ready: Sequence[Ready]) -> list[Forecast | None]:
        """Compute in a thread here and, for a crowd, in processes beside it: whoever is free takes the next few."""
        out: list[Forecast | None] = [None] * len(ready)
        quick, apart = deque[list[int]](), deque[list[int]]()
        for parts, place in ((quick, "thread"), (apart, "process")):
            mine = [k for k, one in enumerate(ready) if where(one.asked.recipe) == place]
            parts.extend(_parts(mine, turns=_TURNS if self._crowd or place == "process" else 1))

        async def lane(place: _Place, *turns: deque[list[int]]) -> None:
            for parts in turns:
                while parts:
                    part = parts.popleft()
                    for k, forecast in zip(part, await self._part([ready[k] for k in part], place), strict=True):
                        out[k] = forecast

        beside = self._desk.settings.workers.processes if self._crowd or apart else 0
        lanes = [lane("process", apart, *([quick] if self._crowd else [])) for _ in range(beside)]
        await asyncio.gather(lane("thread", quick), *lanes)
        return out

    async def _part(self, some: Sequence[Ready], place: _Place) -> Sequence[Forecast | None]:
        wish = self._wish
        questions = [
            Question(
                bars=one.found.bars,
                days=wish.days,
                recipe=one.asked.recipe,
                context=one.context,
                failed=failures(one.found, one.asked),
                why=wish.why,
                stand_in=one.asked.choice.broken,
            )
            for one in some
        ]
        budget = Budget(len(some) * self._desk.settings.prediction.seconds)
        try:
            return await budget.within(self._desk.workers.run(outlooks, questions, where=place))
        except CancelledError:
            raise
        except (AraError, TimeoutError):
            return [None] * len(some)

    def _budget(self) -> Budget:
        return Budget(self._desk.settings.prediction.seconds)


def _answer(one: Ready, forecast: Forecast | AraError) -> _Answer:
    return forecast if isinstance(forecast, AraError) else (one, forecast)


def _parts(places: list[int], *, turns: int) -> list[list[int]]:
    """Cut into parts that are asked at once, smaller ones at the end where several take `turns` at them.

    So nobody waits long for the last; where one takes them all, each part more only costs its start.
    """
    parts = []
    while places:
        size = max(min(_PART, len(places) // turns), 1)
        parts.append(places[:size])
        places = places[size:]
    return parts
