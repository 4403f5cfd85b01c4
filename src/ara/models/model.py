"""The seam where models plug in: a panel in, quantiles out; fitting returns something that never changes."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, field, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Final, Protocol, TypeAlias, TypeGuard, TypeVar, runtime_checkable

from numpy.typing import NDArray

from ara.errors import ModelError
from ara.lineage import canonical
from ara.models.panel import Panel, Rows
from ara.models.quantiles import Quantiles
from ara.workers import Progress

__all__ = [
    "Calibrated", "Fitted", "Identified", "Model", "Native", "Resuming", "Stateful", "Twofold", "described",
    "is_calibrated", "is_stateful", "later", "parameters", "refuse_outside",
]  # fmt: skip

_ValueT = TypeVar("_ValueT")

_LATER: Final = "later"

Native: TypeAlias = Callable[[Panel, Rows], Mapping[str, NDArray[Any]]]
"""Answers rows as the library that learned computes it: the outputs of the served graph, by their names in it."""


@runtime_checkable
class Fitted(Protocol):
    """A model after fitting. Immutable: the same panel and rows give the same quantiles, whenever asked."""

    def predict(self, panel: Panel, rows: Rows) -> Quantiles:
        """Give the quantiles of the log return from each row to each of the panel's horizons.

        A row's answer may depend on that row and on rows known no later, of any series; on nothing else.
        """
        ...

    def save(self, folder: Path) -> None:
        """Write the served form (`head.json`, and `params.json` or `graph.onnx`) into an empty folder."""
        ...


class Identified(Protocol):
    """What is named by its content."""

    @property
    def id(self) -> str:
        """Its sha256."""
        ...


@runtime_checkable
class Stateful(Fitted, Protocol):
    """A fitted model that weighs others: lineages cite what it had learned of them."""

    @property
    def state(self) -> Identified:
        """Weights and calibration as they were at the fit."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What has to be said beside its answers, such as members that are missing."""
        ...


@runtime_checkable
class Calibrated(Fitted, Protocol):
    """A fitted model whose answers are calibrated, and which can answer without that."""

    def bare(self, panel: Panel, rows: Rows) -> Quantiles:
        """Answer as `Fitted.predict` does, before calibration."""
        ...


def is_stateful(fitted: Fitted) -> TypeGuard[Stateful]:
    """Say whether it is `Stateful`: to ask the protocol takes as long as the arithmetic of a small model."""
    return hasattr(fitted, "state") and hasattr(fitted, "notes")


def is_calibrated(fitted: Fitted) -> TypeGuard[Calibrated]:
    """Say whether it is `Calibrated`, as quickly."""
    return hasattr(fitted, "bare")


@runtime_checkable
class Model(Protocol):
    """A family of models, with its parameters; registered under the entry points `ara.models`."""

    family: ClassVar[str]

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
        """Fit on the rows `train`, stopping early by `valid`; the panel holds nothing from after the cut.

        `start` is an earlier fit to go on from, for a family whose `goes_on` is True; `watch` is told of progress and
        answers False when the work is to stop.
        """
        ...

    @classmethod
    def load(cls, folder: Path) -> Fitted:
        """Read what `Fitted.save` wrote."""
        ...


@runtime_checkable
class Resuming(Protocol):
    """A family whose fits keep checkpoints, so that one that was stopped goes on with the same result."""

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
    ) -> Fitted:
        """Fit as `Model.fit` does, from the checkpoint in the folder where there is one of the same fit."""
        ...


@runtime_checkable
class Twofold(Protocol):
    """A family that is served in another form than its library's own, so that the two can be compared."""

    def twofold(
        self, panel: Panel, train: Rows, valid: Rows, *, seed: int, watch: Callable[[Progress], bool]
    ) -> tuple[Fitted, Native]:
        """Fit as `Model.fit` does, and give beside it what answers in the library's own form."""
        ...


def described(model: Model) -> Mapping[str, Any]:
    """Give a model's family and parameters as JSON values: what tells it from any other in lineages and caches.

    A parameter that came `later` is left out while it is as it comes, so that what was made before it has the same name
    still. Of a family of another package, `code` is the digest of its code as it was when it was first asked for.
    """
    params = {name: value for name, value in parameters(model).items() if not _as_it_came(model, name, value)}
    try:
        canonical(params)
    except (TypeError, ValueError) as error:
        raise ModelError(
            f"the parameters of {model.family} can't be written as JSON: {error}",
            hint="Keep numbers, strings, booleans and lists of them as a model's parameters.",
        ) from error
    code = _code(type(model))
    return {"family": model.family, "params": params, **({"code": code} if code else {})}


def later(default: _ValueT) -> _ValueT:
    """Give the field of a dataclass for a parameter that a family got after forecasts had been made with it."""
    made: _ValueT = field(default=default, metadata={_LATER: True})
    return made


def refuse_outside(model: Model, name: str, low: float, high: float) -> None:
    """Raise if a parameter of a model is not within `low` to `high`; NaN is not."""
    value = getattr(model, name)
    if not low <= value <= high:
        raise ModelError(
            f"{model.family} can't be had with {name} = {value:g}", hint=f"Choose {name} from {low:g} to {high:g}."
        )


def parameters(model: Any) -> dict[str, Any]:
    """Give all parameters of a model by name, those that came later too."""
    if is_dataclass(model):
        return {one.name: getattr(model, one.name) for one in fields(model)}
    return dict(getattr(model, "__dict__", {}))


def _as_it_came(model: Any, name: str, value: Any) -> bool:
    known = {one.name: one for one in fields(model)} if is_dataclass(model) else {}
    own = known.get(name)
    return own is not None and _LATER in own.metadata and own.default is not MISSING and own.default == value


@cache
def _code(kind: type) -> str:
    """Give the digest of a stranger's code; empty for Ara's own, which its version tells."""
    if kind.__module__.partition(".")[0] == "ara":
        return ""
    from ara import plugins
    from ara.features.fingerprint import code_of

    place = f"{kind.__module__}:{kind.__qualname__}"
    source = (f"{one.distribution} {one.version}" for one in plugins.offers("models") if one.target == place)
    return code_of([kind], next(source, ""))
