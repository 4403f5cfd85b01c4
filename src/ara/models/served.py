"""Every saved model, in one class: a graph, the residuals around it, and the baseline for where it has no answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ara import plugins
from ara.errors import ModelError
from ara.models import saved
from ara.models.families.ewma_t import FittedEwmaT
from ara.models.form import Form
from ara.models.graphs.parts import Parts
from ara.models.graphs.precision import lighter
from ara.models.graphs.session import fell, run, runs_on, signature
from ara.models.head import Head, features_id, read_head
from ara.models.model import Fitted
from ara.models.panel import Panel, Rows
from ara.models.quantiles import LEVELS, Quantiles

__all__ = ["Served"]

_Floats: TypeAlias = NDArray[np.float64]
_BATCH: Final = 4096
_ANSWERS: Final[Mapping[str, tuple[str, ...]]] = {"shape": ("location", "log_scale"), "quantiles": ("quantiles",)}
_KINDS: Final[Mapping[str, str]] = {"half": "fp16", "int8": "int8"}
_WIDEST: Final = 30.0
_AGAIN: Final = "Take the model from a back-up, or fit it again."


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Served:
    """A fitted model as it is served: onnxruntime and numpy are all that it needs. Make one by `of`, or by `load`.

    Parameters
    ----------
    head
        What the model is: its features in their order, its horizons, what its graph gives.
    graph
        The ONNX graph.
    sha256
        Of the graph.
    residuals
        By asset class, `""` for any other: `[horizon, level]`, in units of the graph's scale where it gives a shape,
        else added to its quantiles.
    plain
        The `ewma_t` that answers a row whose features are all unknown, or where the graph's answer is not finite.
    packed
        What the graph was made of, as the file that is kept of it; empty for networks.
    device
        What runs the graph: one of `ara.models.form.PLACES`.
    said
        What its form has to say: what of it could not be had.
    """

    head: Head
    graph: bytes
    sha256: str
    residuals: Mapping[str, _Floats]
    plain: FittedEwmaT
    packed: bytes = b""
    device: str = "cpu"
    said: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        *,
        head: Head,
        graph: bytes,
        residuals: Mapping[str, Sequence[Sequence[float]]],
        plain: FittedEwmaT,
        parts: Parts | None = None,
        device: str = "cpu",
    ) -> "Served":
        """Make one, or say which of its parts do not fit each other; `parts` are what the graph was made of."""
        if parts is not None and parts.width != len(head.names):
            raise ModelError(f"the parts see {parts.width} features, the head names {len(head.names)}")
        packed = b"" if parts is None else saved.packed(parts)
        return cls(
            head=head, graph=graph, sha256=sha256(graph).hexdigest(), residuals=_arrays(residuals), plain=plain,
            packed=packed, device=device,
        )  # fmt: skip

    def __post_init__(self) -> None:
        _refuse_unlike(self)

    def with_graph(self, graph: bytes) -> "Served":
        """Give the same model with another form of its graph, such as one of `ara.models.graphs.precision`."""
        return replace(self, graph=graph, sha256=sha256(graph).hexdigest())

    def in_form(self, form: Form) -> "Served":
        """Give the same model answering in another form, or in full on the processor, and a note that says why."""
        made, notes = self, []
        if form.precision != "exact":
            try:
                made = self.with_graph(lighter(self.graph, _KINDS[form.precision]))
            except ModelError as error:
                notes.append(f"{self.head.family} answers in full precision: {error.message}")
        found = runs_on(made.graph, made.sha256, form.device)
        fallen = fell(made.sha256, form.device)
        if found != form.device != "auto" and not fallen:
            notes.append(f"{self.head.family} runs on {found}: onnxruntime has no {form.device} here")
        return replace(made, device=form.device if found != "cpu" or fallen else "cpu", said=tuple(notes))

    @property
    def notes(self) -> tuple[str, ...]:
        """What has to be said beside its answers: a form that could not be had, or a device that failed."""
        if not fell(self.sha256, self.device):
            return self.said
        return (*self.said, f"{self.head.family} answers by the processor: its device ({self.device}) failed")

    @property
    def parts(self) -> Parts | None:
        """What the graph was made of, from which Shapley values come; None for networks."""
        return saved.unpacked(self.packed) if self.packed else None

    def predict(self, panel: Panel, rows: Rows) -> Quantiles:
        """Give the quantiles of the log return from each row to each of the panel's horizons.

        Raises
        ------
        ModelError
            The panel has other features than the model was fitted on, or in another order, or horizons that the model
            does not know.
        """
        self.refuse_other(panel)
        places = self._places(panel.horizons)
        found = self._run(panel, rows, _ANSWERS[self.head.gives])
        values = self._spread(found, panel, rows, places)
        values *= panel.scale[rows][:, :, None]
        values = np.maximum.accumulate(values, axis=2)
        seen = np.isfinite(panel.x[rows]).any(axis=1)
        left = np.flatnonzero(~(np.isfinite(values).all(axis=(1, 2)) & seen))
        if len(left):
            values[left] = self.plain.predict(panel, rows[left]).values
        return Quantiles(horizons=panel.horizons, values=values)

    def outputs(self, panel: Panel, rows: Rows) -> dict[str, NDArray[Any]]:
        """Give all that the graph says of the rows, by name: also embeddings, attention and such, where it has them."""
        self.refuse_other(panel)
        return self._run(panel, rows, ())

    def save(self, folder: Path) -> None:
        """Write `head.json`, `params.json`, `graph.onnx`, `parts.npz` where there are parts, and `files.json`."""
        params = saved.Params.of(self.residuals, self.plain)
        saved.write(folder, self.head, params, graph=self.graph, packed=self.packed)

    @staticmethod
    def load(folder: Path, *, device: str = "cpu") -> Fitted:
        """Read any saved model: one with a graph as a `Served`, any other by its family's own `load`.

        Nothing in the files can run: numbers, names and a graph of arithmetic is all that is read.
        """
        head = read_head(folder)
        if not head.gives:
            family: Any = plugins.load("models", head.family)
            with plugins.guest(f"Reading the {head.family} in {folder}", error=ModelError, hint=_AGAIN):
                other: Fitted = family.load(folder)
            return other
        head, params, graph, packed = saved.read(folder)
        return Served(
            head=head, graph=graph, sha256=sha256(graph).hexdigest(), residuals=_arrays(params.residuals),
            plain=FittedEwmaT(decay=params.decay, shapes=params.shapes), packed=packed, device=device,
        )  # fmt: skip

    def refuse_other(self, panel: Panel) -> None:
        """Raise unless the panel has the features of the fit, in their order."""
        names, own = panel.names, self.head.names
        if names == own and panel.x.shape[1] == len(own):
            return
        missing = [name for name in own if name not in names]
        strange = [name for name in names if name not in own]
        if missing:
            what = f"it lacks {_few(missing)}"
        elif strange:
            what = f"it has also {_few(strange)}"
        else:
            first = next((i for i, pair in enumerate(zip(names, own, strict=False)) if pair[0] != pair[1]), 0)
            what = f"they are in another order: feature {first + 1} is {names[first]}, not {own[first]}"
        raise ModelError(
            f"the panel does not have the features that this {self.head.family} was fitted on: {what}",
            hint="Make the panel's features by the recipe of the model's family: ara.models.inputs.attached.",
            features=self.head.features,
        )

    def _places(self, horizons: Sequence[int]) -> Rows:
        strange = [horizon for horizon in horizons if horizon not in self.head.horizons]
        if strange:
            known = ", ".join(map(str, self.head.horizons))
            raise ModelError(
                f"this {self.head.family} knows no horizon of {_few([str(one) for one in strange])} bars",
                hint=f"It was fitted for {known}; ask for some of these, or fit it for others.",
            )
        return np.array([self.head.horizons.index(horizon) for horizon in horizons], np.int64)

    def _run(self, panel: Panel, rows: Rows, names: Sequence[str]) -> dict[str, NDArray[Any]]:
        """Run the graph in batches; windows one by one on a CPU, so that a row's last bits don't hang on the others."""
        window, size, device = self.head.window, _BATCH, "cpu" if fell(self.sha256, self.device) else self.device
        if window:
            size = 1 if device == "cpu" else max(1, (64 << 20) // (4 * window * max(len(panel.names), 1)))
        parts = []
        for first in range(0, max(len(rows), 1), size):
            some = rows[first : first + size]
            x = panel.windows(some, window) if window else panel.x[some]
            parts.append(run(self.graph, self.sha256, np.ascontiguousarray(x), names=names, device=device))
        if device != "cpu" and fell(self.sha256, device):
            return self._run(panel, rows, names)  # all of it by the processor, as it is answered there
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _spread(self, found: Mapping[str, NDArray[Any]], panel: Panel, rows: Rows, places: Rows) -> _Floats:
        """Give `[row, horizon, level]` in units of the panel's scale."""
        around = self._around(panel, rows)[:, places]
        if self.head.gives == "quantiles":
            return np.asarray(found["quantiles"].astype(np.float64)[:, places] + around)
        location, log_scale = (found[name].astype(np.float64)[:, places, None] for name in _ANSWERS["shape"])
        return np.asarray(location + np.exp(np.minimum(log_scale, _WIDEST)) * around)

    def _around(self, panel: Panel, rows: Rows) -> _Floats:
        """Give the residuals `[row, horizon, level]` of each row's class."""
        none = np.zeros((len(self.head.horizons), len(LEVELS)))
        usual = self.residuals.get("", none)
        kinds = [self.residuals.get(kind, usual) for kind in panel.groups]
        return np.stack(kinds)[panel.group[rows]] if kinds else np.empty((0, *usual.shape))


def _arrays(residuals: Mapping[str, Sequence[Sequence[float]]]) -> dict[str, _Floats]:
    try:
        return {kind: np.array(rows, np.float64) for kind, rows in residuals.items()}
    except (ValueError, TypeError) as error:
        raise ModelError(f"the residuals are not tables of numbers: {error}") from error


def _few(names: Sequence[str]) -> str:
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"


def _refuse_unlike(served: Served) -> None:
    """Raise if head, graph and residuals do not belong together."""
    head = served.head
    if head.gives not in _ANSWERS or head.levels != LEVELS or not head.horizons:
        raise ModelError(f"the head of this {head.family} has no horizons, other levels, or gives {head.gives!r}")
    if not head.names or head.features != features_id(head.names) or len(set(head.names)) != len(head.names):
        raise ModelError(f"the head of this {head.family} names features that are not those of its id")
    count = len(head.horizons)
    for kind, rows in served.residuals.items():
        if rows.shape != (count, len(LEVELS)) or not np.isfinite(rows).all():
            raise ModelError(f"the residuals of {kind or 'any class'} are not {count} x {len(LEVELS)} finite numbers")
    if head.gives == "shape" and "" not in served.residuals:
        raise ModelError("residuals for any other class are missing: give them under the name ''")
    shape, outputs = signature(served.graph, served.sha256)
    tail = (head.window, len(head.names)) if head.window else (len(head.names),)
    if len(shape) != len(tail) + 1 or any(isinstance(a, int) and a != b for a, b in zip(shape[1:], tail, strict=True)):
        raise ModelError(f"the graph takes features of the shape {list(shape)}, not [N, {', '.join(map(str, tail))}]")
    for name in _ANSWERS[head.gives]:
        if name not in outputs:
            raise ModelError(f"the graph has no output {name}; it has {', '.join(outputs)}")
