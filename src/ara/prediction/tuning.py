"""Tuning with the desk's data: bars in, a study that is kept and a candidate in the registry out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from ara.desk import Desk
from ara.errors import WorkerError
from ara.market.bars import Bars
from ara.models.panel import Panel
from ara.models.ray import lost
from ara.models.registry.hold_out import held_out
from ara.models.tuning import Blocks, Plan, Tuned, history, studies, tune
from ara.performance.trials import Trials
from ara.prediction.training import Lesson, Outcome, train_model
from ara.settings import Settings
from ara.workers import Progress

__all__ = ["Quest", "kept_studies", "kept_study", "studies_url", "tune_model"]

_PLAIN = ("postgresql://", "postgres://")


@dataclass(frozen=True, slots=True, kw_only=True)
class Quest:
    """What to look for.

    Parameters
    ----------
    lesson
        How the winner is trained; its hold-out is what no trial sees.
    plan
        How to try; `cut` and `storage` are filled in.
    keep
        Whether the winner is trained, judged by the hold-out and kept as a candidate.
    """

    lesson: Lesson
    plan: Plan
    keep: bool = True


def studies_url(settings: Settings) -> str:
    """Give the URL of the database that keeps the studies."""
    asked = settings.models.studies
    for plain in _PLAIN:
        if asked.startswith(plain):
            return f"postgresql+psycopg://{asked.removeprefix(plain)}"
    if asked:
        return asked
    folder = Path(settings.home)
    folder.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{folder / 'studies.db'}"


async def tune_model(
    desk: Desk, bars: Sequence[Bars], quest: Quest, *, watch: Callable[[Progress], bool] | None = None
) -> tuple[Tuned, Outcome | None]:
    """Tune a family in a process of its own; train the winner, and keep it as a candidate.

    No trial sees the hold-out: it is looked at once, by the winner, and that look is counted. So is each trial, as a
    look at the days before by which trials are judged.
    """
    panel = Panel.build(bars, range(1, quest.lesson.days + 1))
    cut = held_out(panel, quest.lesson.share, needed=True).cut
    await _counted(desk, panel, cut, quest.plan)
    plan = replace(
        quest.plan, cut=cut, storage=studies_url(desk.settings), seed=desk.seed, address=desk.settings.workers.ray
    )
    try:
        found: Tuned = await desk.workers.run(tune, panel, plan, where="process", watch=watch)
    except WorkerError as error:
        if plan.on == "ray" and "exit_code" in error.context:  # Ray ends a process that has lost its cluster
            raise lost(error) from error
        raise
    if not quest.keep or found.winner is None:
        return found, None
    lesson = replace(quest.lesson, params={**quest.lesson.params, **found.winner.params})
    return found, await train_model(desk, bars, lesson, watch=watch)


async def _counted(desk: Desk, panel: Panel, cut: int, plan: Plan) -> None:
    """Count each trial as a look at the days that it is judged by: a later hold-out that covers them proves less."""
    blocks = Blocks.of(panel.until(cut), plan.blocks)
    first, last = (datetime.fromtimestamp(one / 1e6, UTC) for one in (blocks.starts[0], cut))
    await Trials(desk).look(panel.symbols, first, last, what=f"tune {plan.family}", times=plan.trials)


async def kept_studies(desk: Desk) -> tuple[Tuned, ...]:
    """Give all studies that are kept."""
    return await desk.workers.run(studies, studies_url(desk.settings))


async def kept_study(desk: Desk, name: str) -> Tuned:
    """Give one study, by its name or its beginning."""
    return await desk.workers.run(history, studies_url(desk.settings), name)
