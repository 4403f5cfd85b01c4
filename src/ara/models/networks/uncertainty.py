"""What networks don't know: forecasts widened by how far dropout, seeds or kinds of networks disagree."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import ModelError
from ara.models.form import Form, Formed, in_form
from ara.models.head import Head, features_id, read_head, write_head
from ara.models.inputs import attached
from ara.models.model import Fitted
from ara.models.networks.family import BiLstm, CnnLstm, Gru, Network, SeqToSeq, Transformer, needed
from ara.models.panel import Panel, Rows
from ara.models.quantiles import LEVELS, Quantiles
from ara.models.space import Space
from ara.workers import Progress

if TYPE_CHECKING:
    from ara.models.served import Served

__all__ = ["FittedNetworks", "NetworkEnsemble", "dropout_quantiles", "widened"]

_Array = NDArray[np.float64]

_KINDS: Final[dict[str, type[Network]]] = {one.family: one for one in (BiLstm, CnnLstm, Gru, SeqToSeq, Transformer)}
_MIDDLE: Final = LEVELS.index(0.5)
_LOW, _HIGH = LEVELS.index(0.15), LEVELS.index(0.85)
_UNIT: Final = 1.0364
_PASSES: Final = 30
_MANY: Final = 64
_APART: Final = 1009


def widened(members: _Array) -> _Array:
    """Give the mean of several forecasts `[member, row, horizon, level]`, wider the more their medians disagree.

    The variance of a mixture is that within its members and that between them. So the mean's steps away from its median
    are stretched by the root of 1 + between / within; the width within is that of the central 70 %, as of a normal.
    """
    mean = members.mean(axis=0)
    between = members[..., _MIDDLE].var(axis=0)
    within = ((mean[..., _HIGH] - mean[..., _LOW]) / (2 * _UNIT)) ** 2
    ratio = np.divide(between, within, out=np.zeros_like(between), where=within > 0)
    middle = mean[..., _MIDDLE, None]
    return np.asarray(middle + np.sqrt(1 + ratio)[..., None] * (mean - middle))


def dropout_quantiles(
    model: Network, served: "Served", panel: Panel, rows: Rows, *, seed: int, passes: int = _PASSES
) -> Quantiles:
    """Ask a network many times, each time without other parts of it, and widen its answer by the disagreement.

    Parameters
    ----------
    model
        The family with the size that the network was trained in.
    served
        The network, as `fit` gave it.
    panel, rows
        As in `Fitted.predict`; the panel has the network's features.
    seed
        Of what is dropped.
    passes
        How often it is asked, 2 to 1,000. Torch is needed.

    References
    ----------
    Y. Gal and Z. Ghahramani (2016), Dropout as a Bayesian approximation, ICML.
    """
    if not 2 <= passes <= 1000:
        raise ModelError(f"a network can't be asked {passes} times", hint="Choose 2 to 1,000 passes.")
    needed()
    from ara.models.networks.dropped import dropped

    plain = served.predict(panel, rows)
    whole, members = dropped(model, served, panel, rows, seed=seed, passes=passes)
    places = [served.head.horizons.index(horizon) for horizon in panel.horizons]
    change = (widened(members) - whole)[:, places] * panel.scale[rows][:, :, None]
    known = np.asarray(np.isfinite(panel.x[rows]).any(axis=1))[:, None, None] & np.isfinite(change)
    values = plain.values + np.where(known, change, 0.0)
    return Quantiles(horizons=panel.horizons, values=np.maximum.accumulate(values, axis=2))


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedNetworks:
    """Several networks that answer as one.

    Parameters
    ----------
    members
        The networks.
    """

    members: tuple[Fitted, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """What its members have to say beside their answers, each thing once."""
        return tuple(dict.fromkeys(note for one in self.members if isinstance(one, Formed) for note in one.notes))

    def in_form(self, form: Form) -> "FittedNetworks":
        """Give the same networks answering in another form."""
        return FittedNetworks(members=tuple(in_form(one, form) for one in self.members))

    def predict(self, panel: Panel, rows: Rows) -> Quantiles:
        """Give the mean of the members' quantiles, widened by their disagreement."""
        told = np.stack([one.predict(panel, rows).values for one in self.members])
        values = np.maximum.accumulate(widened(told), axis=2)
        return Quantiles(horizons=panel.horizons, values=values)

    def save(self, folder: Path) -> None:
        """Write each member into a folder of its own, and `head.json`."""
        heads = []
        for place, one in enumerate(self.members):
            own = folder / f"member-{place}"
            own.mkdir()
            one.save(own)
            heads.append(read_head(own))
        names, first = heads[0].names, heads[0]
        write_head(
            folder,
            Head(
                family=NetworkEnsemble.family,
                levels=LEVELS,
                horizons=first.horizons,
                features=features_id(names),
                names=names,
                seed=first.seed,
                trained_to=first.trained_to,
                extra={"members": float(len(heads))},
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkEnsemble:
    """`networks`: several networks, each from a seed of its own, that answer as one and admit where they disagree.

    Members of one family make a seed ensemble; members of several make a deep ensemble.

    Parameters
    ----------
    members
        Families of networks, 2 to 64 of them.
    size, window, epochs
        As in `Network`, for all members.

    References
    ----------
    B. Lakshminarayanan, A. Pritzel and C. Blundell (2017), Simple and scalable predictive uncertainty estimation using
    deep ensembles, NeurIPS.
    """

    members: tuple[str, ...] = ("gru", "gru", "gru")
    size: str = "tiny"
    window: int = 20
    epochs: int = 12
    family: ClassVar[str] = "networks"
    inputs: ClassVar[str] = Network.inputs
    goes_on: ClassVar[bool] = True
    tunable: ClassVar[Space] = {name: Network.tunable[name] for name in ("size", "window", "epochs")}

    def __post_init__(self) -> None:
        if not 2 <= len(self.members) <= _MANY:
            raise ModelError(f"networks can't be had with {len(self.members)} members", hint=f"Choose 2 to {_MANY}.")
        unknown = [name for name in self.members if name not in _KINDS]
        if unknown:
            raise ModelError(f"{unknown[0]!r} is no network", hint=f"There are {', '.join(sorted(_KINDS))}.")
        self._each()

    def fit(
        self,
        panel: Panel,
        train: Rows,
        valid: Rows,
        *,
        seed: int,
        start: Fitted | None = None,
        watch: Callable[[Progress], bool],
    ) -> FittedNetworks:
        """Train each member on the same rows; `start`, an ensemble of the same members, is trained further."""
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
    ) -> FittedNetworks:
        """Train as `fit` does, with the checkpoints of each member in a folder of its own."""
        before: tuple[Fitted | None, ...] = (None,) * len(self.members)
        if start is not None:
            if not isinstance(start, FittedNetworks) or len(start.members) != len(self.members):
                raise ModelError(
                    "networks can only go on from networks with as many members", start=type(start).__name__
                )
            before = start.members
        panel = attached(panel, self)
        found = []
        for place, (name, model, one) in enumerate(zip(self.members, self._each(), before, strict=True)):
            own = seed * _APART + place
            hear = self._within(watch, place, name)
            room = folder / f"member-{place}" if folder else None
            found.append(model.trained(panel, train, valid, seed=own, start=one, watch=hear, folder=room))
        return FittedNetworks(members=tuple(found))

    @classmethod
    def load(cls, folder: Path) -> FittedNetworks:
        """Read what `FittedNetworks.save` wrote; torch is not needed."""
        from ara.models.served import Served

        head = read_head(folder, cls.family)
        count = int(head.extra.get("members", 0))
        if not 2 <= count <= _MANY:
            raise ModelError(f"{folder} holds networks with {count} members")
        return FittedNetworks(members=tuple(Served.load(folder / f"member-{place}") for place in range(count)))

    def _each(self) -> list[Network]:
        """Give the members before training; ModelError where one can't be had so."""
        return [_KINDS[name](size=self.size, window=self.window, epochs=self.epochs) for name in self.members]

    def _within(self, watch: Callable[[Progress], bool], place: int, name: str) -> Callable[[Progress], bool]:
        """Tell of one member's progress as a part of the whole."""
        count = len(self.members)

        def told(one: Progress) -> bool:
            words = f"{name}, {place + 1} of {count}: {one.words}"
            return watch(Progress(done=place * one.total + one.done, total=count * one.total, words=words))

        return told
