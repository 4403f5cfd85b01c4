"""The members' fits on one panel: each made once, the costly ones seldom and in a second process where there is one."""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ara.errors import CancelledError, WorkerError
from ara.lineage import digest
from ara.models.ensemble.laid_out import laid_out, lay_out
from ara.models.ensemble.members import COSTLY, DEAR, anchor, member
from ara.models.ensemble.resting import lay_down, taken_up
from ara.models.ensemble.stages import Stage, asked, beside, grown, quarters
from ara.models.families.pooled.features import let_go
from ara.models.fits import Chains, fits_until, keep, kept
from ara.models.model import Fitted, Model, described
from ara.models.months import DAY
from ara.models.panel import Panel
from ara.workers import Progress
from ara.workers.beside import Beside, Errand

__all__ = ["Fitting", "fit_into"]

_WORTH: Final = 40_000
_COST: Final = 8
_stages: Final = Chains[tuple[Stage, ...]](4)

_Task: TypeAlias = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitting:
    """Fits of the members on one panel; only rows that are `scored` are fitted to.

    Parameters
    ----------
    models
        By name of the member.
    panel
        One bar ahead is its first horizon.
    scored
        `[row]`: whether its outcome may be learned from.
    seed
        Of all that is random.
    watch
        Told of progress; False ends the work with `CancelledError`.
    folder
        Where costly fits are laid down, and found again after the work was stopped; None for nowhere.
    """

    models: Mapping[str, Model]
    panel: Panel
    scored: NDArray[np.bool_]
    seed: int
    watch: Callable[[Progress], bool]
    folder: Path | None = None
    _made: dict[_Task, Fitted] = field(default_factory=dict)

    def stages(self, moment: int) -> tuple[Stage, ...]:
        """Give the months before a moment, going on from the last ones that were made on the same past."""
        if not self.scored.all():
            return grown((), self.panel, moment, self._asked([*self.models], (), moment))
        kind = digest([[described(model) for model in self.models.values()], self.seed])
        before = _stages.latest(self.panel, moment, kind=kind) or ()
        made = grown(before, self.panel, moment, self._ahead(before, moment))
        _stages.keep(self.panel, moment, made, kind=kind)
        return made

    def at(self, moment: int) -> Sequence[Fitted]:
        """Give the members as they answer in the month that begins at a moment; none where nothing was known then."""
        return self._some([*self.models], moment)

    def _some(self, names: Sequence[str], moment: int) -> Sequence[Fitted]:
        if not (self.panel.known_at <= moment).any():
            return ()
        return [self._fitted(name, anchor(moment) if name in COSTLY else moment) for name in names]

    def _asked(self, names: Sequence[str], before: Sequence[Stage], moment: int) -> tuple[Stage, ...]:
        """Ask some members for the months that nobody was asked for before."""
        dear = [self.models[name].family in DEAR for name in names]
        return asked(before, self.panel, moment, lambda quarter: self._some(names, quarter), dear=dear)

    def _fitted(self, name: str, moment: int) -> Fitted:
        if (name, moment) not in self._made:
            self._made[name, moment] = self._fit(name, moment, self.watch)
        return self._made[name, moment]

    def _fit(self, name: str, moment: int, watch: Callable[[Progress], bool]) -> Fitted:
        model = self.models[name]
        if self.scored.all():
            return fits_until((model,), self.panel, moment, seed=self.seed, watch=watch)[0]
        past = self.panel.until(moment)
        rows = np.flatnonzero(self.scored[self.panel.known_at <= moment])
        return model.fit(past, rows, rows[:0], seed=self.seed, watch=watch)

    def _ahead(self, before: Sequence[Stage], moment: int) -> list[Stage]:
        """Make all fits that the last months and the moment want, and ask for those months that are not in `before`.

        The light members are fitted and asked while a second process is at the costly fits, newest first; then this
        one takes its part of them.
        """
        moments = [*quarters(before, self.panel, moment), moment]
        known = [one for one in moments if (self.panel.known_at <= one).any()]
        light = [name for name in self.models if name not in COSTLY]
        tasks = self._costly(sorted({anchor(one) for one in known}, reverse=True))
        told = _Told(self.watch, steps=len(known) + _COST * len(tasks))
        with self._handed(tasks) as errands:
            self._light(light, known, told)
            if errands:  # two processes hold more than one, and what is asked now looks at few rows
                let_go()
            said = self._asked(light, before, moment)
            for number, task in enumerate(reversed(tasks), 1):
                told.begins(f"{task[0]} as of {_month(task[1])}, fit {number} of {len(tasks)}")
                made = self._made[task] = self._fetched(task, errands.get(task), told)
                if self.folder is not None:
                    past = self.panel.until(task[1])
                    lay_down(self.folder, self.models[task[0]], past, made, seed=self.seed)
                told.ended(_COST)
        costly = [name for name in self.models if name in COSTLY]
        if not costly:
            return [*said]
        order = [(light + costly).index(name) for name in self.models]
        more = self._asked(costly, before, moment)
        return [beside(one, other, order) for one, other in zip(said, more, strict=True)]

    def _light(self, names: Sequence[str], moments: Sequence[int], told: "_Told") -> None:
        for moment in moments:
            told.begins(f"all but the costly members in {_month(moment)}")
            past = self.panel.until(moment)
            fits = fits_until([self.models[name] for name in names], past, moment, seed=self.seed, watch=told)
            self._made.update({(name, moment): one for name, one in zip(names, fits, strict=True)})
            told.ended(1)

    def _costly(self, moments: Sequence[int]) -> list[_Task]:
        """Give the costly fits that are still to be made, those of the last members first.

        The second process begins with these, and this one helps from the other end: so only one imports the library
        of a kind, as far as that goes.
        """
        names = [name for name in [*self.models][::-1] if name in COSTLY]
        missing = set[_Task]()
        for moment in moments if names else ():
            past = self.panel.until(moment)
            missing |= {(name, moment) for name in names if not self._there(self.models[name], past)}
        return [(name, moment) for name in names for moment in moments if (name, moment) in missing]

    def _there(self, model: Model, past: Panel) -> bool:
        """Tell whether a costly fit was made before, in this process or one that was stopped."""
        if kept(model, past, seed=self.seed) is not None:
            return True
        return self.folder is not None and taken_up(self.folder, model, past, seed=self.seed)

    @contextmanager
    def _handed(self, tasks: Sequence[_Task]) -> Iterator[dict[_Task, tuple[Errand, Path]]]:
        """Hand costly fits over to a second process, in their order, if they are worth its start."""
        if len(tasks) < 2 or _cores() < 2 or len(self.panel) * len(tasks) < _WORTH:
            yield {}
            return
        with TemporaryDirectory() as name, Beside() as other:
            folders = {task: Path(name, str(place)) for place, task in enumerate(tasks)}
            try:
                lay_out(self.panel, Path(name))
            except OSError:  # of a full disk: all is made here
                folders = {}
            yield {
                task: (other.submit(fit_into, name, *task, self.seed, str(folder)), folder)
                for task, folder in folders.items()
            }

    def _fetched(self, task: _Task, handed: tuple[Errand, Path] | None, told: "_Told") -> Fitted:
        """Give a costly fit from the second process, or make it here if nobody has begun it."""
        name, moment = task
        if handed is not None and not handed[0].taken_back():
            errand, folder = handed
            try:
                errand.result(lambda: told(errand.said))
            except WorkerError:
                return self._fit(name, moment, told)
            model = self.models[name]
            made = type(model).load(folder)
            keep(model, self.panel.until(moment), made, seed=self.seed)
            return made
        return self._fit(name, moment, told)


def fit_into(place: str, name: str, moment: int, seed: int, folder: str, *, watch: Callable[[Progress], bool]) -> None:
    """Fit a member on what was known at a moment, and write it into a new folder; `place` has the panel."""
    fitted = fits_until((member(name),), laid_out(place), moment, seed=seed, watch=watch)[0]
    Path(folder).mkdir()
    fitted.save(Path(folder))


class _Told:
    """Passes progress on: which fit of how many, what it says itself, and how long the rest will take."""

    def __init__(self, watch: Callable[[Progress], bool], *, steps: int) -> None:
        self._watch, self._steps = watch, steps
        self._done, self._words = 0, ""
        self._begin = time.monotonic()

    def begins(self, words: str) -> None:
        """Name what is fitted now."""
        self._words = words
        self._tell("")

    def ended(self, steps: int) -> None:
        """Count what was fitted."""
        self._done += steps

    def __call__(self, progress: Progress) -> bool:
        """Pass on what a fit says."""
        return self._tell(progress.words and f", {progress.words}")

    def _tell(self, more: str) -> bool:
        left = ""
        if self._done:
            spent = time.monotonic() - self._begin
            left = f"; about {spent / self._done * (self._steps - self._done):.0f} s left for all"
        if not self._watch(Progress(done=self._done, total=self._steps, words=f"{self._words}{more}{left}")):
            raise CancelledError("the fit was stopped")
        return True


def _month(moment: int) -> str:
    return str(np.datetime64(moment // DAY, "D"))[:7]


def _cores() -> int:
    """Count the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
