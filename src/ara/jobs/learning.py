"""Trainings, tunings and reviews, done by a job."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, TypeAlias

from ara.data.feed import MarketData
from ara.desk import Desk
from ara.errors import AraError, ModelError
from ara.jobs.work import Review, Train, Tune
from ara.market.bars import Bars
from ara.models.registry import Registry, Stage
from ara.models.registry.card import Kept
from ara.models.registry.stages import shadow
from ara.prediction.training import bars_for, train_model
from ara.prediction.tuning import tune_model
from ara.workers import Progress

__all__ = ["learn", "review_all", "tune"]

_Watch: TypeAlias = Callable[[Progress], bool]


async def learn(desk: Desk, work: Train, *, watch: _Watch) -> dict[str, Any]:
    """Train a family and give what JSON says of the model."""
    bars = await _bars(desk, work.symbols, work.lesson.period)
    outcome = await train_model(desk, bars, work.lesson, watch=watch)
    return {"model": outcome.kept.name, "id": outcome.kept.id, "new": outcome.new, "words": outcome.words}


async def tune(desk: Desk, work: Tune, *, watch: _Watch) -> dict[str, Any]:
    """Tune a family and give what JSON says of the study and its winner."""
    bars = await _bars(desk, work.symbols, work.quest.lesson.period)
    tuned, outcome = await tune_model(desk, bars, work.quest, watch=watch)
    kept: Kept | None = None if outcome is None else outcome.kept
    if work.shadow and outcome is not None and outcome.new:
        kept = await shadow(Registry(desk), outcome.kept)
    winner = tuned.winner
    return {
        "study": tuned.study,
        "trials": len(tuned.tried),
        "winner": None if winner is None else {"number": winner.number, "params": dict(winner.params)},
        "ratio": None if winner is None else winner.ratio,
        "model": None if kept is None else kept.name,
        "stage": None if kept is None else kept.stage.value,
    }


async def review_all(desk: Desk, work: Review, *, watch: _Watch) -> dict[str, Any]:
    """Review each; what goes wrong with one keeps no other from being looked at."""
    families = work.families or tuple(one.family for one in await Registry(desk).all(stage=Stage.CHAMPION))
    if not families:
        raise ModelError("There is no champion to look at.", hint="Train one: ara models train AAPL --model har_t")
    told: list[dict[str, Any]] = []
    failed: list[AraError] = []
    for family in dict.fromkeys(families):
        try:
            told.append(await _reviewed(desk, work, family, watch))
        except AraError as error:
            failed.append(error)
            told.append({"family": family, "error": error.message})
    if len(failed) == len(told):
        raise failed[0]
    return {"reviews": told}


async def _reviewed(desk: Desk, work: Review, family: str, watch: _Watch) -> dict[str, Any]:
    from ara.jobs.again import review_and_tell, review_or_tune

    old, job = timedelta(days=work.days), None
    if work.tune:
        found, job = await review_or_tune(desk, family, old=old, watch=watch)
    else:
        found = await review_and_tell(desk, family, old=old, watch=watch)
    return {
        "family": family,
        "champion": found.standing.kept.name,
        "deed": "tune" if job else found.deed,
        "words": found.words,
        "done": found.done,
        "job": None if job is None else job.number,
    }


async def _bars(desk: Desk, symbols: Sequence[str], period: str) -> list[Bars]:
    async with MarketData(desk) as market:
        return await bars_for(market, symbols, period=period, as_of=desk.clock.now())
