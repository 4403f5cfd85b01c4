"""What a job can do: tune, train, or review champions."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, TypeAlias

import msgspec

from ara import plugins
from ara.data.feed import MarketData
from ara.desk import Desk
from ara.errors import AraError, ModelError, ValidationError
from ara.market.bars import Bars
from ara.models.registry import Registry, Stage
from ara.models.registry.card import Kept
from ara.models.registry.stages import shadow
from ara.models.registry.training import make
from ara.models.space import space
from ara.prediction.review import review
from ara.prediction.training import Lesson, bars_for, train_model
from ara.prediction.tuning import Quest, tune_model
from ara.workers import Progress

__all__ = ["Review", "Train", "Tune", "Work", "at_once", "check", "do", "words"]

_Watch: TypeAlias = Callable[[Progress], bool]


class Train(msgspec.Struct, frozen=True, kw_only=True, tag="train", tag_field="what"):
    """Train a family, as `ara models train` does.

    Parameters
    ----------
    symbols
        Whose bars to learn from.
    lesson
        How.
    """

    symbols: tuple[str, ...]
    lesson: Lesson


class Tune(msgspec.Struct, frozen=True, kw_only=True, tag="tune", tag_field="what"):
    """Tune a family, as `ara tune run` does.

    Parameters
    ----------
    symbols
        Whose bars to learn from.
    quest
        What to look for.
    shadow
        Put the winner into the shadow of the champion, so that the court may judge between them.
    """

    symbols: tuple[str, ...]
    quest: Quest
    shadow: bool = False


class Review(msgspec.Struct, frozen=True, kw_only=True, tag="review", tag_field="what"):
    """Review champions and do what follows, as `ara models review --act` does.

    Parameters
    ----------
    families
        Whose champions; all if none.
    days
        Train a champion anew from this age on.
    tune
        Where a champion is to be trained anew, tune it instead, by another job.
    """

    families: tuple[str, ...] = ()
    days: int = 92
    tune: bool = False


Work: TypeAlias = Train | Tune | Review
"""What a job can do."""


def words(work: Work) -> str:
    """Say in a line what a job does."""
    match work:
        case Train(symbols=symbols, lesson=lesson):
            place = f" by {lesson.workers} workers on Ray" if lesson.workers else ""
            return f"train {lesson.family} on {_some(symbols)}{place}"
        case Tune(symbols=symbols, quest=quest):
            place = " on Ray" if quest.plan.on == "ray" else ""
            return f"tune {quest.plan.family} on {_some(symbols)}, {quest.plan.trials} trials{place}"
        case Review(families=families):
            return f"review {', '.join(families) or 'all champions'}"


def check(work: Work) -> None:
    """Refuse work that could only fail: a family that is unknown or has nothing to tune, no instrument."""
    match work:
        case Train(lesson=lesson):
            make(lesson.family, lesson.params, together=lesson.workers > 0)
        case Tune(quest=quest):
            space(plugins.load("models", quest.plan.family)())
        case Review():
            return
    if not work.symbols:
        raise ValidationError("There is no instrument to learn from.", hint="Name one: AAPL")


def at_once(work: Work) -> int:
    """Give how many processes of this machine compute at once when the work is done."""
    return work.quest.plan.processes if isinstance(work, Tune) else 1


async def do(desk: Desk, work: Work, *, watch: _Watch) -> dict[str, Any]:
    """Do the work and give what JSON says of its result."""
    match work:
        case Train():
            bars = await _bars(desk, work.symbols, work.lesson.period)
            outcome = await train_model(desk, bars, work.lesson, watch=watch)
            return {"model": outcome.kept.name, "id": outcome.kept.id, "new": outcome.new, "words": outcome.words}
        case Tune():
            return await _tune(desk, work, watch)
        case Review():
            return await _review(desk, work, watch)


async def _tune(desk: Desk, work: Tune, watch: _Watch) -> dict[str, Any]:
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


async def _review(desk: Desk, work: Review, watch: _Watch) -> dict[str, Any]:
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
    from ara.jobs.again import review_or_tune

    old, job = timedelta(days=work.days), None
    if work.tune:
        found, job = await review_or_tune(desk, family, old=old, watch=watch)
    else:
        found = await review(desk, family, act=True, old=old, watch=watch)
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


def _some(symbols: Sequence[str]) -> str:
    shown = " ".join(symbols[:3])
    return shown if len(symbols) <= 3 else f"{shown} and {len(symbols) - 3} more"
