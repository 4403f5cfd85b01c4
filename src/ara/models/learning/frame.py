"""What all families of learners share: from a panel with features to the served form."""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ClassVar, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from ara.errors import ModelError
from ara.models.families.ewma_t import EwmaT, FittedEwmaT
from ara.models.graphs import Inputs, Linear, Output, Parts
from ara.models.head import Head, features_id, read_head
from ara.models.inputs import attached
from ara.models.learning.learner import learn
from ara.models.learning.targets import Targets, targets
from ara.models.learning.work import Fit, enough
from ara.models.model import Native
from ara.models.panel import Panel, Rows
from ara.models.quantiles import LEVELS
from ara.models.served import Served
from ara.workers import Progress

__all__ = ["Answering", "LearnedModel", "limits"]

_X = NDArray[np.float32] | NDArray[np.float64]

_DEVIATIONS = 6.0


class Answering(Protocol):
    """What was learned, as far as it goes into the served form."""

    @property
    def residuals(self) -> Mapping[str, list[list[float]]]:
        """By asset class, `""` for any other: `[horizon][level]`."""
        ...

    @property
    def facts(self) -> Mapping[str, float]:
        """Figures for the model's card."""
        ...

    def graphed(self) -> Mapping[str, Output]:
        """Give the outputs of the graph."""
        ...

    def outputs(self, x: _X) -> Mapping[str, NDArray[np.float64]]:
        """Give the same outputs as the libraries that learned compute them."""
        ...


class LearnedModel:
    """A family that learns from features of all series at once; a subclass says how one regressor is made.

    Two regressors per horizon forecast the location of the return over the panel's scale, and the log of its own scale.
    Rows are parted into blocks of time, and each block forecast by what was learned outside of it, a week apart: these
    forecasts tell how much of the location is believed, and which shape is left by asset class.
    """

    __slots__ = ()

    family: ClassVar[str]
    inputs: ClassVar[str] = "pooled"
    gives: ClassVar[str] = "shape"
    linear: ClassVar[bool] = False

    @abstractmethod
    def begin(self, x: _X, *, seed: int) -> Fit:
        """Take the features of all rows of a refit, without gaps, and give what learns a target at some of them."""

    def fit(
        self,
        panel: Panel,
        train: Rows,
        valid: Rows,
        *,
        seed: int,
        start: object | None = None,
        watch: Callable[[Progress], bool],
    ) -> Served:
        """Learn from the rows of all series; with too little history the answer is that of `ewma_t`."""
        return self.twofold(panel, train, valid, seed=seed, watch=watch)[0]

    def twofold(
        self, panel: Panel, train: Rows, valid: Rows, *, seed: int, watch: Callable[[Progress], bool]
    ) -> tuple[Served, Native]:
        """Learn as `fit` does, and give beside the served form the regressors as their libraries have them."""
        panel = attached(panel, self)
        rows = np.union1d(train, valid)
        plain = EwmaT().fit(panel, train, valid, seed=seed, watch=lambda _: True)
        seen = targets(panel, rows)
        inputs = limits(panel.x[seen.rows], linear=self.linear)
        learned: Answering | None = None
        if enough(seen, panel.horizons):
            learned = self.learn(panel, seen, self._prepared(inputs, panel, seen.rows), seed=seed, watch=watch)

        def native(other: Panel, asked: Rows) -> Mapping[str, NDArray[np.float64]]:
            return learned.outputs(self._prepared(inputs, other, asked)) if learned else {}

        return self._served(panel, learned, inputs, plain, seed=seed, rows=rows), native

    def _prepared(self, inputs: Inputs, panel: Panel, rows: Rows) -> _X:
        """Give the features of rows as the regressors see them: without gaps, and within bounds for linear ones."""
        filled = inputs.filled(panel.x[rows])
        return inputs.bounded(filled) if self.linear else filled

    def learn(self, panel: Panel, seen: Targets, x: _X, *, seed: int, watch: Callable[[Progress], bool]) -> Answering:
        """Learn from the rows `seen`, whose features are `x`."""
        return learn(panel, seen, x, self.begin(x, seed=seed), watch=watch, words=f"fitting {self.family}")

    def _served(
        self, panel: Panel, learned: Answering | None, inputs: Inputs, plain: FittedEwmaT, *, seed: int, rows: Rows
    ) -> Served:
        parts = _parts(panel, learned, inputs, self.gives)
        head = Head(
            family=self.family,
            levels=LEVELS,
            horizons=panel.horizons,
            names=panel.names,
            features=features_id(panel.names),
            gives=self.gives,
            seed=seed,
            trained_to=int(panel.known_at[rows].max()) if len(rows) else 0,
            extra=dict(learned.facts) if learned else {},
        )
        residuals = learned.residuals if learned else {"": [list(LEVELS) for _ in panel.horizons]}
        return Served.of(head=head, graph=parts.graph(), residuals=residuals, plain=plain, parts=parts)

    @classmethod
    def load(cls, folder: Path) -> Served:
        """Read what `Served.save` wrote of this family."""
        if not read_head(folder, cls.family).gives:
            raise ModelError(f"the model in {folder} is damaged: its head says of no graph what it gives")
        return cast(Served, Served.load(folder))


def limits(x: NDArray[np.float32], *, linear: bool) -> Inputs:
    """Give what fills the gaps of features, and for linear models the bounds beyond which they see no further."""
    known = np.isfinite(x)
    some = known.any(axis=0)
    medians = np.zeros(x.shape[1], np.float32)
    if some.any():
        medians[some] = np.nanmedian(np.where(known, x, np.nan)[:, some], axis=0)
    if not linear or not len(x):
        return Inputs(medians=medians)
    whole = np.where(known, x, medians).astype(np.float64)
    middle, reach = whole.mean(axis=0), _DEVIATIONS * whole.std(axis=0)
    return Inputs(medians=medians, low=middle - reach, high=middle + reach)


def _parts(panel: Panel, learned: Answering | None, inputs: Inputs, gives: str) -> Parts:
    """Give the graph's parts; one that knows nothing answers NaN, so that each row is answered by `ewma_t`."""
    width = len(panel.names)
    if learned is not None:
        return Parts(width=width, outputs=learned.graphed(), inputs=inputs)
    nothing, count = Linear.of(np.zeros(width), 0.0), len(panel.horizons)
    shape = (count, len(LEVELS)) if gives == "quantiles" else ()
    size = count * len(LEVELS) if shape else count
    silent = Output(regressors=(nothing,), blend=np.zeros((1, size)), shift=np.full(size, np.nan), shape=shape)
    names = ("quantiles",) if shape else ("location", "log_scale")
    return Parts(width=width, outputs=dict.fromkeys(names, silent), inputs=inputs)
