"""Training many families one after the other: none costs another its model, and what was stopped goes on."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec

from ara.desk import Desk
from ara.errors import AraError, CancelledError
from ara.lineage import digest
from ara.market.bars import Bars
from ara.models.panel import Panel
from ara.models.registry.card import BASELINE, Kept
from ara.models.registry.registry import Registry
from ara.models.registry.resuming import forget, room
from ara.prediction.compute import ENGINE, platform_facts
from ara.prediction.judging import Judging
from ara.prediction.training import Lesson, Outcome, train_model
from ara.store.files import make_folder
from ara.whole import write
from ara.workers import Progress

__all__ = ["Attempt", "train_models"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A family that was to be trained.

    Parameters
    ----------
    lesson
        How.
    outcome, error
        What became of it; one of them is None.
    resumed
        Whether it was trained before the command was stopped, and not again.
    """

    lesson: Lesson
    outcome: Outcome | None = None
    error: AraError | None = None
    resumed: bool = False


class _Done(msgspec.Struct, frozen=True, kw_only=True):
    """What was finished of a course, by family: the model's id, whether it was new, and why it was not judged."""

    models: dict[str, tuple[str, bool, str]] = {}


async def train_models(
    desk: Desk,
    bars: Sequence[Bars],
    lessons: Sequence[Lesson],
    *,
    watch: Callable[[Progress], bool] | None = None,
) -> list[Attempt]:
    """Train each in turn, in a process of its own; one that fails, also by its process dying, costs no other anything.

    Where this was stopped by Ctrl-C or a kill, the same call goes on: families that were done are given as they are,
    as long as their models are whole, and networks go on from their last checkpoint. Once all were tried, nothing is
    remembered, and the next call trains anew.

    All that are judged share one look at the hold-out, and the chance of error (`Judging`).
    """
    registry = Registry(desk)
    folder = room(registry.shelf.folder, f"course-{_key(desk, bars, lessons)}")
    done, found = await desk.workers.run(_read, folder), list[Attempt]()
    there = {one: await _whole(registry, done.models.get(one)) for one in {each.family for each in lessons}}
    judging = Judging(desk, _rivals([one for one in lessons if there[one.family] is None]))
    for place, lesson in enumerate(lessons, start=1):
        earlier = there[lesson.family]
        if earlier is not None:
            _, new, words = done.models[lesson.family]
            found.append(Attempt(lesson=lesson, outcome=Outcome(kept=earlier, new=new, words=words), resumed=True))
            continue
        hear = _numbered(watch, place, len(lessons)) if watch else None
        try:
            outcome = await train_model(desk, bars, lesson, watch=hear, judging=judging)
        except CancelledError:
            raise
        except AraError as error:
            found.append(Attempt(lesson=lesson, error=error))
            continue
        found.append(Attempt(lesson=lesson, outcome=outcome))
        there[lesson.family] = outcome.kept
        done = _Done(models={**done.models, lesson.family: (outcome.kept.id, outcome.new, outcome.words)})
        if len(lessons) > 1:
            await desk.workers.run(_note, folder, done)
    await desk.workers.run(forget, folder)
    return found


def _rivals(lessons: Sequence[Lesson]) -> int:
    """Give how many are judged; the baseline can't win, so it takes no chance from the others."""
    return max(len({one.family for one in lessons if one.validate} - {BASELINE}), 1)


def _key(desk: Desk, bars: Sequence[Bars], lessons: Sequence[Lesson]) -> str:
    """Give what tells one course from another: the bars, how it is taught, and by what."""
    taught = [{**asdict(one), "start": one.start.id if one.start else ""} for one in lessons]
    return digest([ENGINE, dict(platform_facts()), desk.seed, Panel.build(bars, (1,)).digest(), taught])


async def _whole(registry: Registry, done: tuple[str, bool, str] | None) -> Kept | None:
    """Give the model that was trained before, if it is still there and as it was written."""
    kept = await registry.desk.store.get(Kept, done[0]) if done else None
    return kept if kept is not None and (await registry.verified(kept)).ok else None


def _numbered(watch: Callable[[Progress], bool], place: int, count: int) -> Callable[[Progress], bool]:
    """Say of progress which of how many families it is."""

    def hear(one: Progress) -> bool:
        words = f"{place} of {count}: {one.words}" if count > 1 else one.words
        return watch(Progress(done=one.done, total=one.total, words=words))

    return hear


def _read(folder: Path) -> _Done:
    """Read what was done; what can't be read is nothing."""
    try:
        return msgspec.json.decode((folder / "done.json").read_bytes(), type=_Done)
    except (OSError, msgspec.MsgspecError):
        return _Done()


def _note(folder: Path, done: _Done) -> None:
    """Remember what was done; where that can't be written, the work goes on without."""
    try:
        make_folder(folder)
        write(folder / "done.json", msgspec.json.encode(done))
    except OSError:
        return
