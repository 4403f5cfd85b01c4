"""A champion whose skill fell is tuned anew, by a job."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final

from ara import plugins
from ara.alerts.news import reviewed
from ara.desk import Desk
from ara.errors import ValidationError
from ara.jobs.job import Job
from ara.jobs.queue import Queue
from ara.jobs.work import Tune
from ara.models.space import space
from ara.models.tuning import Plan
from ara.prediction.review import Review, review
from ara.prediction.training import Lesson
from ara.prediction.tuning import Quest
from ara.workers import Progress

__all__ = ["TRIALS", "review_and_tell", "review_or_tune", "tune_again"]

TRIALS: Final = 20
"""How many trials a champion is given that is tuned anew."""

_HELD: Final = 0.2


async def tune_again(desk: Desk, found: Review) -> Job | None:
    """Put a job into the queue that tunes a champion anew, on its own instruments; None where there is nothing to tune.

    The winner goes into the champion's shadow and replaces it only by the court's verdict. Where such a job waits or
    runs already, that one is given.
    """
    champion = found.standing.kept
    try:
        space(plugins.load("models", champion.family)())
    except ValidationError:
        return None
    card, settings = champion.card, champion.card.settings
    lesson = Lesson(
        family=card.family, params=dict(card.params), days=int(settings.get("days", max(card.horizons))),
        share=float(settings.get("hold_out", 0.0)) or _HELD, period=str(settings.get("period", "")),
    )  # fmt: skip
    plan = Plan(family=card.family, cut=0, trials=TRIALS, storage="")
    work = Tune(symbols=card.symbols, quest=Quest(lesson=lesson, plan=plan), shadow=True)
    return await Queue(desk).add(work, once=True)


async def review_or_tune(
    desk: Desk, family: str, *, old: timedelta, watch: Callable[[Progress], bool] | None = None
) -> tuple[Review, Job | None]:
    """Review a family's champion and do what follows; where it is to be trained anew, have it tuned by a job instead.

    Parameters
    ----------
    desk
        The desk of the process.
    family
        Whose champion.
    old
        From which age on it is trained anew.
    watch
        Hears of progress.
    """
    found = await review(desk, family, old=old, watch=watch)
    if found.deed in {"none", "wait"}:
        return found, None
    job = await tune_again(desk, found) if found.deed == "train" else None
    if job is not None:
        return replace(found, done=True), job
    return await review_and_tell(desk, family, old=old, watch=watch), None


async def review_and_tell(
    desk: Desk, family: str, *, old: timedelta, watch: Callable[[Progress], bool] | None = None
) -> Review:
    """Review a family's champion, do what follows, and tell those who want to know; parameters as `review_or_tune`."""
    found = await review(desk, family, act=True, old=old, watch=watch)
    await reviewed(desk, found)
    return found
