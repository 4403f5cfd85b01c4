"""The one way from a panel to an answer: `ara predict` is one row of it, `ara forecast` and back-tests are many."""

import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara import plugins
from ara.errors import CancelledError, ModelError
from ara.models.fits import fit_until, refits
from ara.models.inputs import attached
from ara.models.model import Fitted, Model, Stateful, described
from ara.models.panel import Panel, Rows
from ara.models.quantiles import LEVELS, Quantiles
from ara.models.registry.loading import Artefact, load_artefact
from ara.prediction.confidence import confidence, usual_move
from ara.prediction.explain import volatility_ratio
from ara.workers import Progress

__all__ = ["ENGINE", "Answer", "Recipe", "compute", "platform_facts"]

ENGINE: Final = "1"
"""Version of the arithmetic, part of every lineage: raised whenever the same input would give other figures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Which model answers.

    Parameters
    ----------
    model
        Name under which it is registered.
    seed
        Seed of all that is random in it.
    artefact
        A trained model of that family, which answers in place of fits; None to fit what was known.
    """

    model: str = "ewma_t"
    seed: int = 0
    artefact: Artefact | None = None

    def described(self) -> Mapping[str, Any]:
        """Give what a lineage says of it: family and parameters, or family and the trained model's id."""
        if self.artefact is not None:
            return {self.model: self.artefact.described}
        return {self.model: described(_model(self.model))}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What `compute` says of each row.

    Parameters
    ----------
    quantiles
        Of the log return to each horizon.
    p_up, confidence, usual_move
        `[row, horizon]`: the chance of a rise, the chance to end within the usual move, and that move (log).
    volatility_ratio
        `[row]`: volatility over its own median of a year; NaN where there is no year yet.
    states, notes
        Of a model that weighs others: ids of the states that answered, one for each refit in order of time, and what
        has to be said of it.
    """

    quantiles: Quantiles
    p_up: NDArray[np.float64]
    confidence: NDArray[np.float64]
    usual_move: NDArray[np.float64]
    volatility_ratio: NDArray[np.float64]
    states: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def compute(panel: Panel, rows: Rows, recipe: Recipe, *, watch: Callable[[Progress], bool] | None = None) -> Answer:
    """Answer for each of the rows from what was known at it, and from nothing else.

    The model is refitted at the first UTC instant of each month, on what was known then. A trained model is not, and
    refuses origins of before its last bar: it knows what came after them.
    """
    model = _model(recipe.model)
    panel = attached(panel, model)
    values = np.full((len(rows), len(panel.horizons), len(LEVELS)), np.nan)
    done, states, notes = 0, [], dict[str, None]()
    for moment, places in refits(panel.known_at[rows]):
        fitted = _served(panel, rows, recipe.artefact) or fit_until(model, panel, moment, seed=recipe.seed)
        values[places] = fitted.predict(panel, rows[places]).values
        states += [fitted.state.id] if isinstance(fitted, Stateful) else []
        notes |= dict.fromkeys(fitted.notes if isinstance(fitted, Stateful) else ())
        done += len(places)
        if watch is not None and not watch(Progress(done=done, total=len(rows), words="forecasting")):
            raise CancelledError("the forecasts were cancelled")
    _refuse_gaps(panel, rows, values, recipe.model)
    quantiles = Quantiles(horizons=panel.horizons, values=values)
    usual = usual_move(panel, rows)
    return Answer(
        quantiles=quantiles,
        p_up=quantiles.above(0.0),
        confidence=confidence(quantiles, usual),
        usual_move=usual,
        volatility_ratio=volatility_ratio(panel, rows),
        states=tuple(states),
        notes=tuple(notes),
    )


def _served(panel: Panel, rows: Rows, artefact: Artefact | None) -> Fitted | None:
    """Give a trained model, unless it knows what came after one of the rows."""
    if artefact is None:
        return None
    early = rows[panel.known_at[rows] < artefact.trained_to]
    if len(early):
        symbol = panel.symbols[panel.series[early[0]]]
        raise ModelError(
            f"the model {artefact.id[:8]} knows bars up to {artefact.until:%Y-%m-%d %H:%M} UTC; "
            f"{len(early)} of {len(rows)} origins are earlier, the first of {symbol}",
            hint=f"Name the family to have it fitted on what was known at each: --model {artefact.family}",
            rows=len(early),
        )
    return load_artefact(artefact)


def _model(name: str) -> Model:
    made: Model = plugins.load("models", name)()
    return made


def _refuse_gaps(panel: Panel, rows: Rows, values: NDArray[np.float64], name: str) -> None:
    """Raise for the first row without an answer: no hard day is left out in silence."""
    missing = np.flatnonzero(~np.isfinite(values).all(axis=(1, 2)))
    if not len(missing):
        return
    row = int(rows[missing[0]])
    symbol = panel.symbols[panel.series[row]]
    bars = row - int(np.searchsorted(panel.series, panel.series[row])) + 1
    raise ModelError(
        f"{name} can't forecast {symbol}: at that moment it has {bars} bars, which is too few",
        hint="Give it more history: ewma_t needs 21 bars before the first origin.",
        symbol=symbol,
        bars=bars,
        rows=len(missing),
    )


@cache
def platform_facts() -> Mapping[str, str]:
    """Give the wheel versions and the SIMD level, on which the last bits of a figure depend."""
    features: Mapping[str, bool] = import_module("numpy._core._multiarray_umath").__cpu_features__
    wide = ("AVX512_SKX", "AVX512F", "AVX2", "FMA3", "SSE42", "ASIMD", "NEON")
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "polars": pl.__version__,
        "machine": platform.machine(),
        "simd": next((name for name in wide if features.get(name)), "none"),
    }
