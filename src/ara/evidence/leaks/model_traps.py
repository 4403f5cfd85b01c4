"""Models that leak by design, and the proof that the audit finds every one of them and none of their twins."""

import itertools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Final
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from ara.errors import ModelError
from ara.evidence.leaks.forecaster import Forecaster
from ara.evidence.leaks.planted_models import PLANTED, Look, Planted, bars
from ara.evidence.leaks.trial import audit
from ara.features.audit.trap import Trap
from ara.models.model import Fitted
from ara.models.panel import Panel, Rows
from ara.models.quantiles import LEVELS, Quantiles
from ara.statistics.distributions import student_t_quantiles
from ara.workers import Progress

__all__ = ["PlantedModel", "self_test"]

_DEGREES: Final = 6.0
_MOMENTS: Final = 2
_NEAR: Final = (1, 2, 5, 20, 60)


class PlantedModel:
    """A family that leaks by one of `PLANTED`, or its clean twin.

    Parameters
    ----------
    name
        One of `PLANTED`.
    clean
        Whether it is the twin.
    """

    family: ClassVar[str] = "planted"
    __slots__ = ("__dict__", "_memory")

    def __init__(self, name: str, *, clean: bool = False) -> None:
        self.name, self.clean = name, clean
        self.made = uuid4().hex  # a parameter, so that no fit of another one with a memory of its own is taken for it
        self._memory: dict[tuple[int, int], float] = {}

    def fit(
        self,
        panel: Panel,
        train: Rows,
        valid: Rows,
        *,
        seed: int,
        start: Fitted | None = None,
        watch: Callable[[Progress], bool],
    ) -> Fitted:
        """Learn what the one of the random split learns; nothing else is fitted."""
        learned = _chosen(panel, self.clean) if self.name == "random_split" else {}
        return _Fitted(PLANTED[self.name], clean=self.clean, memory=self._memory, learned=learned)

    @classmethod
    def load(cls, folder: Path) -> Fitted:
        """Refuse: what leaks is not kept."""
        raise ModelError(f"{folder} holds no model that was planted; they are made for audits and not kept.")


class _Fitted:
    def __init__(
        self,
        planted: Planted,
        *,
        clean: bool,
        memory: dict[tuple[int, int], float],
        learned: Mapping[int, tuple[int, float]],
    ) -> None:
        self._planted, self._clean, self._memory, self._learned = planted, clean, memory, learned

    def predict(self, panel: Panel, rows: Rows) -> Quantiles:
        look = Look(panel=panel, rows=rows, memory=self._memory, learned=self._learned)
        lean, width = self._planted.tell(look, self._clean)
        unit = student_t_quantiles(LEVELS, _DEGREES)
        return Quantiles(horizons=panel.horizons, values=width[:, :, None] * (lean[:, :, None] + unit))

    def save(self, folder: Path) -> None:
        raise ModelError(f"A planted leak is not kept in {folder}; it is made for audits.")


def self_test(*, step: Callable[[int, int], Any] | None = None) -> tuple[Trap, ...]:
    """Audit the planted leaks and their clean twins.

    Parameters
    ----------
    step
        Told how many are done, and of how many.
    """
    told, traps = bars(), []
    for name, planted in PLANTED.items():
        for clean in (False, True):
            model = Forecaster.of_model(PlantedModel(name, clean=clean), name=name)
            found = audit(model, told, moments=_MOMENTS).findings
            traps.append(
                Trap(
                    name=f"{name}, clean" if clean else name,
                    words=planted.twin if clean else planted.words,
                    leaks=not clean,
                    rule="" if clean else planted.rule,
                    found_by=tuple(dict.fromkeys(one.rule for one in found)),
                )
            )
            (step or (lambda done, total: None))(len(traps), 2 * len(PLANTED))
    return tuple(sorted(traps, key=lambda trap: not trap.leaks))


def _chosen(panel: Panel, clean: bool) -> dict[int, tuple[int, float]]:
    """Choose how many outcomes to average, by horizon, and how far that was off.

    A clean choice is made on the last third by what was public at each; the other on a tenth of the days drawn at
    random, from the outcomes next to them.
    """
    found = {}
    for over, horizon in enumerate(panel.horizons):
        errors: dict[int, list[float]] = {count: [] for count in _NEAR}
        for code in np.unique(panel.series).tolist():
            first, end = panel.span(code)
            y = panel.y[first:end, over]
            y = y[np.isfinite(y)]
            held = range(len(y) * 2 // 3, len(y)) if clean else np.random.default_rng(0).permutation(len(y))[::10]
            for count, day in itertools.product(_NEAR, held):
                near = y[max(0, day - horizon - count) : day - horizon] if clean else _beside(y, int(day), count)
                if len(near):
                    errors[count].append(float(y[day] - near.mean()))
        off = {count: float(np.sqrt(np.mean(np.square(mine)))) for count, mine in errors.items() if mine}
        best = min(off, key=lambda count: off[count], default=_NEAR[-1])
        found[over] = best, max(off.get(best, 1.0), 1e-3)
    return found


def _beside(values: NDArray[np.float64], place: int, count: int) -> NDArray[np.float64]:
    """Give the nearest other values on both sides, as a forest or a kernel finds them."""
    return np.concatenate((values[max(0, place - count) : place], values[place + 1 : place + 1 + count]))
