"""What happens when a link of a forecast fails or is late: the next one answers, less sure, and it is said."""

import asyncio
import logging
from collections.abc import Awaitable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal, TypeVar

from ara import plugins
from ara.data.feed import MarketData
from ara.desk import Desk
from ara.errors import (
    AraError,
    CancelledError,
    DataProviderError,
    HistoryError,
    IntegrityError,
    StoreError,
    WorkerError,
    words_of,
)
from ara.market.bars import Bars
from ara.market.instrument import Instrument
from ara.market.timeframe import Timeframe
from ara.models.registry.card import BASELINE
from ara.models.registry.registry import Registry
from ara.models.registry.serving import champion_for
from ara.prediction.chosen import AUTO, BEST, Asked, beside
from ara.prediction.compute import Recipe
from ara.prediction.forecast import Forecast
from ara.prediction.outlook import outlook
from ara.prediction.widening import HELD, is_held

__all__ = [
    "SINGLE",
    "Asks",
    "Budget",
    "Seen",
    "answered",
    "failures",
    "named_within",
    "others_within",
    "said",
    "seen",
    "where",
]

SINGLE: Final = "har_t"
"""The single model that answers where the ensemble can't, fitted on the instrument's own bars."""

_log = logging.getLogger("ara.prediction")

_T = TypeVar("_T")

_OUTAGES: Final = ("not brought up to date", "no live source answered")
_QUICK: Final = frozenset(
    {BASELINE, SINGLE, "har_fhs", "hist", "fhs", "garch_t", "gjr_t", "drift", "weekday", "pooled_har", "ridge"}
)
_DATA: Final = 0.1
_LAST: Final = 0.1
_UNTOLD: Final = "the reasons took too long: the bands stand without"
_MORE: Final = "Give it more time by the setting prediction.seconds, or name another source: data.providers."


class Budget:
    """The seconds that one forecast may take, counted from now.

    Parameters
    ----------
    seconds
        In all.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = asyncio.get_running_loop().time() + seconds

    @property
    def left(self) -> float:
        """What is left of them; 0 at the end."""
        return max(self._end - asyncio.get_running_loop().time(), 0.0)

    async def last(self, work: Awaitable[_T]) -> _T:
        """Await the last thing that is tried: for what is left, and for a tenth of them where nothing is.

        Raises
        ------
        TimeoutError
            It was late.
        """
        return await _by(work, max(self.left, _LAST * self.seconds))

    async def within(self, work: Awaitable[_T], share: float = 1.0) -> _T:
        """Await something for a share of what is left; what is late is cancelled, and not waited for.

        Raises
        ------
        TimeoutError
            It was late.
        """
        return await _by(work, share * self.left)


async def _by(work: Awaitable[_T], seconds: float) -> _T:
    task = asyncio.ensure_future(work)
    task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
    try:
        await asyncio.wait({task}, timeout=seconds)
    finally:
        if not task.done():
            task.cancel()
    if not task.done():
        raise TimeoutError
    return task.result()


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Bars, and what of their sources failed.

    Parameters
    ----------
    bars
        What is known.
    degraded
        One line for each source that failed or was late; empty where all is as it should be.
    """

    bars: Bars
    degraded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asks:
    """What of the bars is asked for.

    Parameters
    ----------
    as_of, learned
        Only what was public, and what Ara had received, by then; all it has, if `learned` is None.
    now
        The present instant.
    given
        Whether the sources were handed in; else those of the settings are asked, and what they gave before is kept.
    """

    as_of: datetime
    learned: datetime | None
    now: datetime
    given: bool


async def named_within(market: MarketData, symbol: str, *, budget: Budget) -> Instrument:
    """Give the instrument that a text means; DataProviderError where the sources that may know it take too long."""
    try:
        return await budget.within(market.instrument(symbol), _DATA)
    except TimeoutError:
        raise DataProviderError(f"no source said in time what {symbol!r:.60} is", hint=_MORE) from None


async def others_within(
    market: MarketData, asked: Asked, bars: Bars, *, learned: datetime | None, budget: Budget
) -> list[Bars]:
    """Give the bars of the other instruments that the model looks at; none of them where that takes too long."""
    try:
        return await budget.within(beside(market, asked.choice.context, bars, learned=learned), _DATA)
    except TimeoutError:
        return []


async def seen(market: MarketData, instrument: Instrument, timeframe: Timeframe, asks: Asks, *, budget: Budget) -> Seen:
    """Give the bars, brought up to date where that can be had in a tenth of the time; else those that are kept.

    Raises
    ------
    DataProviderError
        Nothing is kept, and no source answered in time.
    """
    late = f"no source of {instrument.symbol} answered within {budget.seconds * _DATA:g} s"
    try:
        bars = await budget.within(market.bars(instrument, timeframe, as_of=asks.as_of, learned=asks.learned), _DATA)
    except TimeoutError:
        kept = market.bars(instrument, timeframe, as_of=asks.as_of, learned=asks.learned or asks.now)
        try:
            bars = await (budget.within(kept) if asks.given else kept)
        except (DataProviderError, TimeoutError):
            raise DataProviderError(f"{late}, and no bar of it is kept", hint=_MORE) from None
        return Seen(bars=bars, degraded=(f"{late}: the bars that are kept were taken",))
    out = tuple(note for note in bars.notes if note.startswith(_OUTAGES))
    rest = tuple(note for note in bars.notes if note not in out)
    return Seen(bars=replace(bars, notes=rest) if out else bars, degraded=out)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Link:
    recipe: Recipe
    context: tuple[Bars, ...] = ()
    passed: str = ""  # what is damaged, so that this one was chosen


def where(recipe: Recipe) -> Literal["thread", "process"]:
    """Say where a recipe is answered: what others wrote, and what may take long, where it can be stopped."""
    if recipe.artefact is None and recipe.model not in _QUICK:
        return "process"
    return "thread" if _own(recipe.model) else "process"


def failures(found: Seen, asked: Asked) -> int:
    """Count the links of the chain that failed before a model was asked: sources, and a champion that is damaged."""
    return len(found.degraded) + asked.choice.broken


def said(forecast: Forecast, told: Sequence[str]) -> Forecast:
    """Give a forecast with what was told of its chain before what itself says of it, each line once."""
    return replace(forecast, degraded=tuple(dict.fromkeys((*told, *forecast.degraded))))


def _own(name: str) -> bool:
    return any(offer.own for offer in plugins.offers("models") if offer.name == name)


async def answered(
    desk: Desk,
    found: Seen,
    days: int,
    asked: Asked,
    context: Sequence[Bars],
    *,
    name: str,
    budget: Budget,
    why: bool = True,
) -> Forecast:
    """Forecast by the model that was chosen; where it breaks or is late, by the next one that can answer.

    The order: the model that was chosen, `fast` as it came with Ara, `har_t` fitted on the instrument's bars, and
    `ewma_t`, which is never cut short: where its reasons take too long, it answers without. A model that was asked for
    by name and says why it can't answer is not replaced.

    Parameters
    ----------
    desk
        The desk of the process.
    found, context
        Bars of the instrument, and those of others that the model looks at.
    days
        Bars ahead.
    asked, name
        The choice, and by which name it was asked for.
    budget
        The time there is.
    why
        Whether it is explained.
    """
    told = list(found.degraded)
    failed = failures(found, asked)
    link, first = _Link(recipe=asked.recipe, context=tuple(context)), None
    tried: set[str] = set()
    while True:
        tried.add(link.recipe.model)
        try:
            stands = first is not None or asked.choice.broken
            forecast = await _ask(desk, link, found.bars, days, failed, stand_in=stands, budget=budget, why=why)
        except (AraError, TimeoutError, ArithmeticError, LookupError, TypeError, ValueError, RuntimeError) as error:
            if _final(error, name, first=first is None):
                raise
            if first is None and asked.choice.broken:
                told.append(asked.choice.words)
            first = first or error
            following = await _next(desk, tried, found.bars, days)
            if following is None:
                raise first from error
            told += [following.passed] * bool(following.passed)
            told.append(_words(link.recipe.model, following.recipe.model, error, budget))
            _log.warning("%s of %s", told[-1], found.bars.instrument.symbol)
            failed, link = failed + 1 + bool(following.passed), following
            continue
        if first and is_held(forecast):
            told[-1] += f"; its bands are {HELD}"
        return said(forecast if first else asked.told(forecast, context), told)


async def _ask(
    desk: Desk, link: _Link, bars: Bars, days: int, failed: int, *, stand_in: bool, budget: Budget, why: bool
) -> Forecast:
    def work(place: Literal["thread", "process"], without: Collection[str] = ()) -> Awaitable[Forecast]:
        return desk.workers.run(
            outlook, bars, days, link.recipe, context=list(link.context), failed=failed, why=why, without=without,
            stand_in=stand_in, where=place,
        )  # fmt: skip

    if link.recipe.model != BASELINE:
        if not budget.left:  # what can't be waited for is not begun
            raise TimeoutError
        return await budget.within(work(where(link.recipe)))
    try:
        return await budget.last(work(where(link.recipe)))
    except TimeoutError:  # nothing of the baseline itself can hang, but what is told of it; threads that hang are lost
        forecast = await work("process", ["reasons", "regime"])
        return replace(forecast, degraded=(*forecast.degraded[:-1], _UNTOLD))


def _final(error: BaseException, name: str, *, first: bool) -> bool:
    """Say whether a failure is the answer: bars that tell too little, and a refusal of the model that was named."""
    if isinstance(error, CancelledError | HistoryError) or (isinstance(error, AraError) and "bars" in error.context):
        return True
    broken = not isinstance(error, AraError) or isinstance(error, IntegrityError | WorkerError)
    return first and name != AUTO and not broken


async def _next(desk: Desk, tried: set[str], bars: Bars, days: int) -> _Link | None:
    """Give the next link that has not been tried; None after the last."""
    if BEST not in tried:
        tried.add(BEST)
        origin: datetime = bars.frame["known_at"][-1]
        try:
            choice = await champion_for(
                Registry(desk), BEST, bars.instrument, timeframe=str(bars.timeframe), days=days, origin=origin
            )
        except (IntegrityError, StoreError):
            choice = None
        if choice and choice.artefact and not choice.context:
            passed = choice.words if choice.broken else ""
            return _Link(recipe=Recipe(model=BEST, seed=desk.seed, artefact=choice.artefact), passed=passed)
    for model in (SINGLE, BASELINE):
        if model not in tried:
            return _Link(recipe=Recipe(model=model, seed=desk.seed))
    return None


def _words(model: str, other: str, error: BaseException, budget: Budget) -> str:
    if isinstance(error, TimeoutError):
        return f"{model} did not answer in the {budget.seconds:g} s that a forecast has: {other} answered instead"
    said = words_of(error)
    said = said.rpartition("in a worker process: ")[2].rstrip(".")
    return f"{model} failed ({said}): {other} answered instead"
