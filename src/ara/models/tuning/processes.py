"""Trials by several processes of this machine: the same trials in the same order, however fast each of them is."""

import time
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ara import plugins
from ara.errors import AraError, CancelledError, ConfigurationError, WorkerError
from ara.models.model import Model
from ara.models.tuning.course import Course
from ara.models.tuning.objective import Objective
from ara.models.tuning.trial import bounds, ended
from ara.workers import Progress
from ara.workers.beside import Beside, Errand

if TYPE_CHECKING:
    from optuna.trial import Trial

__all__ = ["Judged", "judge", "try_by_processes"]

_TRIES: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a process found of one set of parameters.

    Parameters
    ----------
    ratios
        Of the blocks that were seen.
    seconds
        It took.
    latency
        Milliseconds of one origin; None where it is no goal, or the trial was stopped.
    words
        Why it failed; empty where it did not.
    """

    ratios: tuple[float, ...]
    seconds: float
    latency: float | None = None
    words: str = ""


@dataclass(slots=True, kw_only=True)
class _Made:
    """A trial that is being made: where, by which errand, and from what."""

    trial: "Trial"
    params: dict[str, Any]
    bounds: tuple[float, ...]
    place: int
    errand: Errand
    tries: int = 0


@dataclass(slots=True, kw_only=True)
class _Line:
    """The trials that are being made, in the order in which they were begun; in that order they are kept too.

    A trial is begun when all but the last `processes - 1` before it are kept, whether or not others ended sooner. So
    what is known when it is chosen depends on nothing but its number.
    """

    course: Course
    processes: list[Beside]
    made: deque[_Made] = field(default_factory=deque)
    going: bool = True

    def fill(self) -> None:
        """Begin trials until each process has one."""
        while self.going and len(self.made) < len(self.processes):
            plan, number = self.course.plan, self.course.done + len(self.made)
            if self.course.late or number >= plan.trials:
                return
            taken = {one.place for one in self.made}
            place = next(place for place in range(len(self.processes)) if place not in taken)
            trial, params = self.course.ask(number)
            known = ended(self.course.study)[: max(0, number - len(self.processes) + 1)]
            limits = bounds(known, plan, of=len(self.course.objective.blocks.starts))
            errand = self._sent(place, params, limits)
            self.made.append(_Made(trial=trial, params=params, bounds=limits, place=place, errand=errand))

    def keep(self) -> None:
        """Wait for the oldest trial and keep what came of it; one whose process dies is made again."""
        one, self.going = self.made[0], self._goes()
        if not self.going:
            return
        try:
            judged = one.errand.result(self._goes)
        except CancelledError:
            self.going = False
            return
        except WorkerError as error:
            one.tries += 1
            if one.tries <= _TRIES:
                one.errand = self._sent(one.place, one.params, one.bounds)
                return
            judged = Judged(ratios=(), seconds=0.0, words=f"its process died {one.tries} times: {error.message}")
        self.made.popleft()
        if judged.words:
            self.course.fail(one.trial, judged.words)
            return
        for place in range(len(judged.ratios) if len(self.course.plan.goals) == 1 else 0):
            one.trial.report(float(np.mean(judged.ratios[: place + 1])), place)
        self.course.settle(one.trial, ratios=judged.ratios, latency=judged.latency, seconds=judged.seconds)

    def leave(self) -> None:
        """Put in line again what is being made, in its order."""
        for one in self.made:
            with suppress(ValueError):
                self.course.give_up(one.trial)
        self.made.clear()

    def _sent(self, place: int, params: dict[str, Any], limits: tuple[float, ...]) -> Errand:
        objective, plan = self.course.objective, self.course.plan
        latency = len(plan.goals) > 1
        return self.processes[place].submit(judge, objective, plan.family, params, limits, latency=latency)

    def _goes(self) -> bool:
        return self.course.watch(self.course.told(f", {len(self.made)} at once"))


def try_by_processes(course: Course) -> None:
    """Make the trials that are missing by several processes of this machine.

    The same number of processes makes the same trials; another number makes others, since each knows less of those
    that are made beside it. A trial whose process dies is made again.
    """
    with ExitStack() as stack:
        processes = [stack.enter_context(Beside()) for _ in range(min(course.plan.processes, course.plan.trials))]
        line = _Line(course=course, processes=processes)
        try:
            line.fill()
            while line.made and line.going:
                line.keep()
                line.fill()
        finally:
            line.leave()


def judge(
    objective: Objective,
    family: str,
    params: dict[str, Any],
    limits: tuple[float, ...],
    *,
    latency: bool,
    watch: Callable[[Progress], bool],
) -> Judged:
    """Judge one set of parameters, in a process of its own; it ends where it does worse than the limits allow."""
    begin, going = time.monotonic(), True

    def each(ratios: tuple[float, ...]) -> bool:
        nonlocal going
        means = [float(np.mean(ratios[: place + 1])) for place in range(len(ratios))]
        going = watch(Progress(done=len(ratios), total=len(objective.blocks.starts)))
        return going and not min(means) > limits[len(ratios) - 1]

    try:
        kind = plugins.load("models", family)
        model: Model = kind(**params)
        ratios = objective.ratios(model, each=each)
        taken = objective.latency(model) if latency and going else None
    except (CancelledError, ConfigurationError):
        raise
    except (AraError, ValueError, ArithmeticError, MemoryError) as error:
        return Judged(ratios=(), seconds=time.monotonic() - begin, words=str(error) or type(error).__name__)
    return Judged(ratios=ratios, seconds=time.monotonic() - begin, latency=taken)
