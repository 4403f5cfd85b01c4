"""`fused`: a learner that sees beside its features the vector in which a `cnn_lstm` brings a window together."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Final, cast

import numpy as np
from numpy.typing import NDArray

from ara import plugins
from ara.errors import ModelError
from ara.models.form import Form, in_form
from ara.models.head import Head, features_id, read_head, write_head
from ara.models.inputs import attached
from ara.models.learning.frame import LearnedModel
from ara.models.model import Fitted, refuse_outside
from ara.models.months import DAY, month_of
from ara.models.networks.family import CnnLstm
from ara.models.panel import Panel, Rows
from ara.models.quantiles import LEVELS, Quantiles
from ara.models.served import Served
from ara.models.space import Choice, Range, Space
from ara.workers import Progress

__all__ = ["FittedFused", "Fused", "fused_vectors", "with_fused"]

_OUTPUT: Final = "embedding"
_NETWORK, _LEARNER = "network", "learner"


def fused_vectors(network: Served, panel: Panel, rows: Rows) -> NDArray[np.float32]:
    """Give the fused vector `[n, 256]` of a `cnn_lstm` for rows that it learned nothing of.

    Parameters
    ----------
    network
        As `CnnLstm.fit` gave it, or loaded.
    panel
        With the network's features.
    rows
        Known no earlier than all that the network knows: of earlier ones it has seen what became of them, and whoever
        learned from its view of them would believe it too much.

    Raises
    ------
    ModelError
        A row is too early, or the network has no such vector.
    """
    early = rows[panel.known_at[rows] < network.head.trained_to]
    if len(early):
        raise ModelError(
            f"the network has seen what became of {len(early)} of {len(rows)} rows: it knows all up to its last bar",
            hint="Ask for rows that were known later, or fit it on panel.until(t) of an earlier t.",
            rows=len(early),
        )
    return _vectors(network, panel, rows)


def with_fused(network: Served, panel: Panel) -> Panel:
    """Give the panel with the fused vector beside its features, for any learner; NaN in rows that are too early."""
    late = np.flatnonzero(panel.known_at >= network.head.trained_to)
    return _widened(network, panel, late)


def _widened(network: Served, panel: Panel, rows: Rows) -> Panel:
    """Give the panel with the vectors of some rows beside its features."""
    seen = _vectors(network, panel, rows)
    x = np.full((len(panel), seen.shape[1]), np.nan, np.float32)
    x[rows] = seen
    names = tuple(f"fused_{place}" for place in range(seen.shape[1]))
    return replace(panel, names=(*panel.names, *names), x=np.concatenate([panel.x, x], axis=1))


def _vectors(network: Served, panel: Panel, rows: Rows) -> NDArray[np.float32]:
    told = network.outputs(panel, rows if len(rows) else np.zeros(1, np.int64))  # a graph can't be asked for no rows
    if _OUTPUT not in told:
        raise ModelError(f"a {network.head.family} has no fused vector", hint="Give a cnn_lstm.")
    seen: NDArray[np.float32] = told[_OUTPUT][: len(rows)].astype(np.float32)
    seen[~np.isfinite(panel.x[rows]).any(axis=1)] = np.nan
    return seen


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FittedFused:
    """A learner, and the network whose vector it sees.

    Parameters
    ----------
    network
        It learned from the older days; None where there were too few of them, and the learner sees its features alone.
    learner
        It learned from the newer ones.
    """

    network: Served | None
    learner: Served

    @property
    def notes(self) -> tuple[str, ...]:
        """What its parts have to say beside their answers, each thing once."""
        return tuple(dict.fromkeys(note for one in (self.network, self.learner) if one for note in one.notes))

    def in_form(self, form: Form) -> "FittedFused":
        """Give the same, its graphs answering in another form."""
        network = None if self.network is None else cast("Served", in_form(self.network, form))
        return FittedFused(network=network, learner=cast("Served", in_form(self.learner, form)))

    def predict(self, panel: Panel, rows: Rows) -> Quantiles:
        """Give the learner's quantiles; of rows that the network knows the end of, it does not see the network's."""
        if self.network is not None:
            late = rows[panel.known_at[rows] >= self.network.head.trained_to]
            panel = _widened(self.network, panel, np.unique(late))
        return self.learner.predict(panel, rows)

    def save(self, folder: Path) -> None:
        """Write the network and the learner into folders of their own, and `head.json`."""
        for name, one in ((_NETWORK, self.network), (_LEARNER, self.learner)):
            if one is not None:
                (folder / name).mkdir()
                one.save(folder / name)
        told = self.learner.head
        names = told.names if self.network is None else self.network.head.names
        write_head(
            folder,
            Head(
                family=Fused.family,
                levels=LEVELS,
                horizons=told.horizons,
                features=features_id(names),
                names=names,
                seed=told.seed,
                trained_to=told.trained_to,
                extra={"network": float(self.network is not None)},
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fused:
    """`fused`: a `cnn_lstm` learns from the older days, and a learner from the newer ones, with its vector as features.

    The days are parted at the first UTC instant of a month. The learner sees no row of before it: of those the network
    has seen what became of them.

    Parameters
    ----------
    learner
        The family that learns from both: one of those that learn from features.
    share
        Of the days that the network learns from.
    size, window, epochs
        As in `Network`.
    """

    learner: str = "lightgbm"
    share: float = 0.5
    size: str = "tiny"
    window: int = 20
    epochs: int = 12
    family: ClassVar[str] = "fused"
    inputs: ClassVar[str] = CnnLstm.inputs
    tunable: ClassVar[Space] = {
        "learner": Choice(among=("lightgbm", "ridge", "extra_trees")),
        "share": Range(low=0.2, high=0.8),
        **{name: CnnLstm.tunable[name] for name in ("size", "window", "epochs")},
    }

    def __post_init__(self) -> None:
        refuse_outside(self, "share", 0.1, 0.9)
        self._seeing()

    def fit(
        self,
        panel: Panel,
        train: Rows,
        valid: Rows,
        *,
        seed: int,
        start: object | None = None,
        watch: Callable[[Progress], bool],
    ) -> FittedFused:
        """Train the network on the older days, then the learner on the newer; `valid` only adds rows."""
        return self.trained(panel, train, valid, seed=seed, watch=watch)

    def trained(
        self,
        panel: Panel,
        train: Rows,
        valid: Rows,
        *,
        seed: int,
        start: object | None = None,
        watch: Callable[[Progress], bool],
        folder: Path | None = None,
    ) -> FittedFused:
        """Fit as `fit` does, with the network's checkpoints in a folder."""
        kind = plugins.load("models", self.learner)
        if not (isinstance(kind, type) and issubclass(kind, LearnedModel)):
            raise ModelError(f"{self.learner} does not learn from features", hint="Such as lightgbm or ridge do.")
        panel, rows = attached(panel, self), np.union1d(train, valid)
        network = self._network(panel, rows, seed=seed, watch=watch, folder=folder)
        if network is not None:
            rows = rows[panel.known_at[rows] >= network.head.trained_to]
            panel = _widened(network, panel, rows)
        return FittedFused(network=network, learner=kind().fit(panel, rows, rows[:0], seed=seed, watch=watch))

    def _seeing(self) -> CnnLstm:
        """Give the network before training; ModelError where it can't be had so."""
        return CnnLstm(size=self.size, window=self.window, epochs=self.epochs)

    def _network(
        self, panel: Panel, rows: Rows, *, seed: int, watch: Callable[[Progress], bool], folder: Path | None
    ) -> Served | None:
        """Train the network on what was known when its share of the days was over; None where that is too little."""
        model = self._seeing()
        days = np.unique(panel.known_at[rows] // DAY)
        if not len(days):
            return None
        moment = month_of(int(days[int((len(days) - 1) * self.share)]) * DAY)
        past = panel.until(moment)
        older = rows[panel.known_at[rows] <= moment]
        places = np.cumsum(panel.known_at <= moment)[older] - 1
        if not len(places):
            return None
        made = model.trained(past, places, places[:0], seed=seed, watch=watch, folder=folder)
        return made if "steps" in made.head.extra else None

    @classmethod
    def load(cls, folder: Path) -> FittedFused:
        """Read what `FittedFused.save` wrote; neither torch nor the learner's library is needed."""
        head = read_head(folder, cls.family)
        network: Fitted | None = Served.load(folder / _NETWORK) if head.extra.get("network") else None
        learner = Served.load(folder / _LEARNER)
        if not isinstance(learner, Served) or not (network is None or isinstance(network, Served)):
            raise ModelError(f"the model in {folder} is damaged: its parts are no graphs")
        return FittedFused(network=network, learner=learner)
