"""A saved model asked in another process, which has never seen what it was trained by."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from ara.models.model import Fitted
from ara.models.panel import Panel, Rows
from ara.workers.beside import Beside
from ara.workers.call import find, name_of

__all__ = ["TRAINED_BY", "Elsewhere", "answered"]

TRAINED_BY: Final = (
    "catboost", "lightgbm", "onnx", "onnxmltools", "onnxscript", "optuna", "pandas", "ray", "safetensors", "scipy",
    "skl2onnx", "sklearn", "statsforecast", "torch", "xgboost",
)  # fmt: skip
"""Libraries that an installation of the core alone does not have; Ara's own families answer without them."""


class Elsewhere:
    """Another process, started when it is first asked and kept for whoever asks next. Use it as a context."""

    def __init__(self) -> None:
        self._beside = Beside()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._beside.__exit__()

    def answer(self, family: type, fitted: Fitted, panel: Panel, rows: Rows) -> NDArray[np.float64]:
        """Save a model, have it loaded there by its family, and give its quantiles `[row, horizon, level]`.

        For a family of Ara's own the process has no library of `TRAINED_BY`; what a stranger's needs is not known.

        Raises
        ------
        ValidationError
            No other process can import the family: it stands in a script, or inside of a function.
        """
        place = name_of(family)
        with tempfile.TemporaryDirectory() as folder:
            fitted.save(Path(folder))
            bare = family.__module__.partition(".")[0] == "ara"
            errand = self._beside.submit(answered, place, folder, panel, rows, bare=bare)
            return np.asarray(errand.result(lambda: True), np.float64)


def answered(family: str, folder: Path, panel: Panel, rows: NDArray[np.int64], *, bare: bool) -> NDArray[np.float64]:
    """Load a model by its family, named as `module:class`, and give its quantiles; `bare` hides what trains models."""
    with _hidden(TRAINED_BY if bare else ()):
        kind: Any = find(family)
        fitted: Fitted = kind.load(folder)
        return fitted.predict(panel, rows).values


@contextmanager
def _hidden(names: tuple[str, ...]) -> Iterator[None]:
    """Let imports of some libraries fail as where they are not installed."""
    there: dict[str, Any] = {name: sys.modules[name] for name in names if name in sys.modules}
    sys.modules.update(dict.fromkeys(names))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in names:
            del sys.modules[name]
        sys.modules.update(there)
