"""How odd a row is, told by an isolation forest: not what will happen, but whether the like was seen before."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import ClassVar, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from ara.errors import ModelError
from ara.models.graphs import Output, Parts
from ara.models.graphs.estimators import from_isolation
from ara.models.graphs.session import run, signature
from ara.models.head import Head, features_id, read_head, write_head
from ara.models.learning.frame import limits
from ara.models.learning.libraries import library
from ara.models.panel import Panel, Rows

__all__ = ["SHARES", "Oddity"]

SHARES: Final = (*(place / 100 for place in range(99)), *(0.99 + place / 1000 for place in range(10)), 1.0)
"""The shares of known rows whose scores are kept; closer to each other where the odd ones begin."""

_GRAPH, _PARAMS = "graph.onnx", "params.json"
_ENOUGH: Final = 100
_ROWS: Final = 256


class _Params(msgspec.Struct, frozen=True, kw_only=True):
    usual: tuple[float, ...]
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Oddity:
    """An isolation forest on the features that learners see, and how odd the rows were that it was made of.

    Trees split at random until a row stands alone; what stands alone early is unlike the rest. It forecasts nothing: it
    is no model of `ara.models`, but says of an origin how far its features lie from all that models were fitted on.

    Parameters
    ----------
    head
        Its features in their order.
    graph
        ONNX: the score, 0 to 1, high for what is unlike the rest, as output `anomaly`.
    usual
        Scores of the rows it was fitted on at `SHARES`, ascending.

    References
    ----------
    F. T. Liu, K. M. Ting and Z.-H. Zhou (2008), Isolation forest, ICDM.
    """

    head: Head
    graph: bytes
    usual: tuple[float, ...]
    family: ClassVar[str] = "isolation_forest"
    inputs: ClassVar[str] = "pooled"

    @classmethod
    def fit(cls, panel: Panel, rows: Rows, *, seed: int, trees: int = 100) -> "Oddity":
        """Grow a forest on those of the rows that have features (see `ara.models.inputs.attached`).

        Raises
        ------
        ModelError
            Fewer than 100 of them have, or scikit-learn is not installed.
        """
        mine = rows[np.isfinite(panel.x[rows]).any(axis=1)] if panel.names else rows[:0]
        if len(mine) < _ENOUGH:
            raise ModelError(
                f"{len(mine)} rows with features are too few to tell what is odd",
                hint=f"Give {_ENOUGH} at the least, with features attached: ara.models.inputs.attached.",
            )
        inputs = limits(panel.x[mine], linear=False)
        x = inputs.filled(panel.x[mine])
        forest = library("sklearn.ensemble").IsolationForest(
            n_estimators=trees, max_samples=min(_ROWS, len(x)), random_state=seed, n_jobs=1
        )
        output = Output(regressors=(from_isolation(forest.fit(x)),), halved=True)
        graph = Parts(width=len(panel.names), outputs={"anomaly": output}, inputs=inputs).graph()
        known = np.sort(_scores(graph, panel.x[mine]))
        head = Head(
            family=cls.family,
            levels=(),
            names=panel.names,
            features=features_id(panel.names),
            seed=seed,
            trained_to=int(panel.known_at[mine].max()),
        )
        return cls(head=head, graph=graph, usual=tuple(np.quantile(known, SHARES).tolist()))

    def score(self, panel: Panel, rows: Rows) -> NDArray[np.float64]:
        """Give the score of each row, 0 to 1, about 0.5 for an ordinary one; NaN where it has no features."""
        if panel.names != self.head.names:
            raise ModelError(
                f"the panel does not have the {len(self.head.names)} features, in their order, that oddity is told by",
                hint="Make them by ara.models.inputs.attached.",
                features=self.head.features,
            )
        x = panel.x[rows]
        return np.where(np.isfinite(x).any(axis=1), _scores(self.graph, x), np.nan)

    def rank(self, panel: Panel, rows: Rows) -> NDArray[np.float64]:
        """Give the share of the rows it was fitted on that were less odd than each row; NaN without features."""
        return np.asarray(np.interp(self.score(panel, rows), self.usual, SHARES))

    def odd(self, panel: Panel, rows: Rows, *, beyond: float = 0.995) -> NDArray[np.bool_]:
        """Say which rows are odder than this share of the known ones; a row without features is not said to be odd."""
        return np.asarray(self.rank(panel, rows) > beyond)

    def save(self, folder: Path) -> None:
        """Write `graph.onnx`, `params.json` and `head.json`."""
        (folder / _GRAPH).write_bytes(self.graph)
        params = _Params(usual=self.usual, sha256=sha256(self.graph).hexdigest())
        (folder / _PARAMS).write_bytes(msgspec.json.encode(params, order="deterministic"))
        write_head(folder, self.head)

    @classmethod
    def load(cls, folder: Path) -> "Oddity":
        """Read what `save` wrote; a graph that is not the one that was saved is refused."""
        head = read_head(folder, cls.family)
        try:
            params = msgspec.json.decode((folder / _PARAMS).read_bytes(), type=_Params)
            graph = (folder / _GRAPH).read_bytes()
        except OSError as error:
            raise ModelError(f"the model in {folder} is not whole: {error.strerror}") from error
        except msgspec.MsgspecError as error:
            raise ModelError(f"{folder / _PARAMS} is damaged: {error}") from error
        if sha256(graph).hexdigest() != params.sha256 or len(params.usual) != len(SHARES):
            raise ModelError(f"the model in {folder} is damaged: its graph or its scores are not those that were saved")
        signature(graph, params.sha256)
        return cls(head=head, graph=graph, usual=params.usual)


def _scores(graph: bytes, x: NDArray[np.float32]) -> NDArray[np.float64]:
    found = run(graph, sha256(graph).hexdigest(), np.ascontiguousarray(x), names=("anomaly",))["anomaly"]
    return np.asarray(found[:, 0], np.float64)
