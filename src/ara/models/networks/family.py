"""The networks as families: their sizes and settings. Light: torch is imported when one is fitted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from ara.errors import ModelError
from ara.models.model import Fitted, Native, refuse_outside
from ara.models.panel import Panel, Rows
from ara.models.space import Choice, Range, Space
from ara.models.training.plan import Plan
from ara.workers import Progress

if TYPE_CHECKING:
    from ara.models.networks.layers import Forecaster
    from ara.models.networks.sight import Sight
    from ara.models.served import Served

__all__ = ["SIZES", "BiLstm", "CnnLstm", "Gru", "Network", "SeqToSeq", "Transformer", "needed"]

SIZES: Final[Mapping[str, tuple[int, int]]] = {"tiny": (16, 1), "small": (32, 2), "medium": (64, 3), "large": (128, 6)}
"""Width and depth of each size; a transformer is twice as wide."""

_NEEDED: Final = ("torch", "onnx", "safetensors")
_LARGEST: Final = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Network(Plan):
    """A network over windows of the panel's features, pooled over all series, trained as its `Plan` says.

    It learns the quantiles of y, the return over the panel's scale, at all horizons together, by pinball loss. The last
    fifth of the days is kept apart to stop by, unless rows for that are given. On the same rows each horizon's median
    must show that it foretells: what its slope does not bear out is taken back, and on noise all of it is.

    Parameters
    ----------
    size
        `tiny`, `small`, `medium` or `large`.
    window
        Bars it looks at, the origin's own included.
    drop
        Rate of its dropout.
    """

    size: str = "tiny"
    window: int = 20
    drop: float = 0.1
    family: ClassVar[str]
    inputs: ClassVar[str] = "pooled"
    goes_on: ClassVar[bool] = True
    tunable: ClassVar[Space] = {
        "size": Choice(among=("tiny", "small")),
        "window": Range(low=5, high=60, log=True),
        "drop": Range(low=0.0, high=0.5),
        "rate": Range(low=3e-4, high=1e-2, log=True),
        "decay": Range(low=1e-4, high=0.1, log=True),
        "epochs": Range(low=2, high=24, log=True),
    }

    def __post_init__(self) -> None:
        Plan.__post_init__(self)
        if self.size not in SIZES:
            raise ModelError(f"{self.family} has no size {self.size!r}", hint=f"There are {', '.join(SIZES)}.")
        refuse_outside(self, "window", 2, 1024)
        refuse_outside(self, "drop", 0.0, 0.9)

    def network(self, sight: "Sight") -> "Forecaster":
        """Give the network before training, for features and targets like these."""
        raise TypeError(f"{type(self).__name__} does not say what its network is")

    def shares(self) -> Mapping[str, float]:
        """Give the weight in the loss of each output that has one."""
        return {"quantiles": 1.0}

    def fit(
        self,
        panel: Panel,
        train: Rows,
        valid: Rows,
        *,
        seed: int,
        start: Fitted | None = None,
        watch: Callable[[Progress], bool],
    ) -> "Served":
        """Train on the rows `train` and stop by `valid`; `start`, a network of the same kind, is trained further."""
        return self.trained(panel, train, valid, seed=seed, start=start, watch=watch)

    def trained(
        self,
        panel: Panel,
        train: Rows,
        valid: Rows,
        *,
        seed: int,
        start: Fitted | None = None,
        watch: Callable[[Progress], bool],
        folder: Path | None = None,
    ) -> "Served":
        """Train as `fit` does, with checkpoints in a folder: after a kill the same call goes on from the last.

        Raises
        ------
        PluginError
            PyTorch is not installed.
        ModelError
            The network can't be trained so, or `start` is not one to go on from.
        """
        needed()
        from ara.models.networks.fit import fitted

        return fitted(self, panel, train, valid, seed=seed, start=start, watch=watch, folder=folder)

    def twofold(
        self, panel: Panel, train: Rows, valid: Rows, *, seed: int, watch: Callable[[Progress], bool]
    ) -> "tuple[Served, Native]":
        """Train as `fit` does, and give beside the served form the network as PyTorch has it."""
        needed()
        from ara.models.networks.fit import twofold

        return twofold(self, panel, train, valid, seed=seed, start=None, watch=watch, folder=None)

    @classmethod
    def load(cls, folder: Path) -> Fitted:
        """Read what `Served.save` wrote; torch is not needed."""
        from ara.models.served import Served

        return Served.load(folder)

    def _sized(self, sight: "Sight") -> dict[str, Any]:
        width, depth = SIZES[self.size]
        return {
            "centre": sight.centre,
            "spread": sight.spread,
            "usual": sight.usual,
            "width": width,
            "depth": depth,
            "drop": self.drop,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Transformer(Network):
    """`transformer`: attention of eight heads over the window, on several scales of time; see `FinancialTransformer`.

    Parameters
    ----------
    size, window, drop
        As in `Network`.
    """

    family: ClassVar[str] = "transformer"

    def network(self, sight: "Sight") -> "Forecaster":
        """Give the network before training."""
        from ara.models.networks.transformer import FinancialTransformer

        sized = self._sized(sight)
        return FinancialTransformer(**(sized | {"width": 2 * sized["width"], "length": self.window}))


@dataclass(frozen=True, slots=True, kw_only=True)
class CnnLstm(Network):
    """`cnn_lstm`: convolutions, a bidirectional LSTM and cross-attention; see `CNNLSTM`.

    Its loss is joint: quantiles, the direction (sell, hold or buy: the lowest, middle or highest third of returns, as a
    normal distribution has them) and the volatility, each with its share.

    Parameters
    ----------
    direction, volatility
        Shares of these two beside 1 for the quantiles, 0 to 100.
    """

    direction: float = 0.1
    volatility: float = 0.1
    family: ClassVar[str] = "cnn_lstm"

    def __post_init__(self) -> None:
        Network.__post_init__(self)
        refuse_outside(self, "direction", 0.0, _LARGEST)
        refuse_outside(self, "volatility", 0.0, _LARGEST)

    def network(self, sight: "Sight") -> "Forecaster":
        """Give the network before training."""
        from ara.models.networks.cnn_lstm import CNNLSTM

        return CNNLSTM(**self._sized(sight))

    def shares(self) -> Mapping[str, float]:
        """Give the weight in the loss of each of the three."""
        return {"quantiles": 1.0, "direction": self.direction, "volatility": self.volatility}


@dataclass(frozen=True, slots=True, kw_only=True)
class SeqToSeq(Network):
    """`seq2seq`: an encoder of the window and a decoder that steps over the horizons; see `Seq2Seq`."""

    family: ClassVar[str] = "seq2seq"

    def network(self, sight: "Sight") -> "Forecaster":
        """Give the network before training."""
        from ara.models.networks.recurrent import Seq2Seq

        return Seq2Seq(**self._sized(sight))


@dataclass(frozen=True, slots=True, kw_only=True)
class BiLstm(Network):
    """`bilstm`: LSTMs both ways with skip connections, variational dropout and attention; see `BiLSTM`."""

    family: ClassVar[str] = "bilstm"

    def network(self, sight: "Sight") -> "Forecaster":
        """Give the network before training."""
        from ara.models.networks.recurrent import BiLSTM

        return BiLSTM(**self._sized(sight))


@dataclass(frozen=True, slots=True, kw_only=True)
class Gru(Network):
    """`gru`: gated recurrent units, the smallest of the networks; see `GRUNetwork`."""

    family: ClassVar[str] = "gru"

    def network(self, sight: "Sight") -> "Forecaster":
        """Give the network before training."""
        from ara.models.networks.recurrent import GRUNetwork

        return GRUNetwork(**self._sized(sight))


def needed() -> None:
    """Raise, with the pip line, if what trains networks is not installed."""
    import importlib.util

    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise ModelError(f"networks need {missing[0]}, which is not installed", hint="pip install 'ara-ai[deep]'")
