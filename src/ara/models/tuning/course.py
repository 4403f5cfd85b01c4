"""A study under way: what it tries, on what, until when, and who hears of it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ara.models.model import Model
from ara.models.space import Space
from ara.models.tuning.objective import Objective
from ara.models.tuning.plan import Plan
from ara.models.tuning.trial import ask, best, count, fail, give_up, settle
from ara.workers import Progress

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import Trial

__all__ = ["Course"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A study under way.

    Parameters
    ----------
    optuna
        The library.
    study
        The trials that are kept.
    objective
        What judges parameters.
    first
        The family as it comes.
    ranges
        Its parameters that may be tried, and where they may lie.
    plan
        What was asked for.
    watch
        Hears of each trial; False ends the work.
    begin
        When the work began, by the monotonic clock, in seconds.
    """

    optuna: ModuleType
    study: "Study"
    objective: Objective
    first: Model
    ranges: Space
    plan: Plan
    watch: Callable[[Progress], bool]
    begin: float = field(default_factory=time.monotonic)

    @property
    def done(self) -> int:
        """How many trials are made."""
        return count(self.study)

    @property
    def late(self) -> bool:
        """Whether the plan's time is over; never before a first trial is made."""
        return bool(self.plan.seconds and time.monotonic() - self.begin >= self.plan.seconds and self.done)

    def ask(self, number: int) -> "tuple[Trial, dict[str, Any]]":
        """Begin the trial of that number, and give what it is to try."""
        return ask(self.optuna, self.study, self.first, self.ranges, self.plan, number)

    def told(self, how: str = "") -> Progress:
        """Say which trial is being made, and the best so far."""
        done = self.done
        words = f"trial {done + 1} of {self.plan.trials}{how}{best(self.study, self.plan)}"
        return Progress(done=done, total=self.plan.trials, words=words)

    def fail(self, trial: "Trial", words: str) -> None:
        """Keep that a trial could not be judged, and why."""
        fail(self.optuna, self.study, trial, words)

    def give_up(self, trial: "Trial") -> None:
        """Put a trial that was stopped in line again."""
        give_up(self.optuna, self.study, trial)

    def settle(self, trial: "Trial", *, ratios: tuple[float, ...], latency: float | None, seconds: float) -> None:
        """Keep what a trial gave."""
        settle(
            self.optuna, self.study, trial, self.plan, ratios=ratios, latency=latency, seconds=seconds,
            of=len(self.objective.blocks.starts),
        )  # fmt: skip
