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
from ara.errors import CancelledError, HistoryError, ModelError, words_of
from ara.models.fits import fit_until, refits
from ara.models.form import is_formed
from ara.models.inputs import attached
from ara.models.model import Fitted, Model, described, is_calibrated, is_stateful
from ara.models.months import REFITS
from ara.models.panel import Panel, Rows
from ara.models.quantiles import LEVELS, Quantiles
from ara.models.reasons import Told, of_model
from ara.models.registry.loading import Artefact, load_artefact
from ara.prediction.confidence import confidence, usual_move
from ara.prediction.unfinished import Parts
from ara.workers import Progress

__all__ = ["ENGINE", "Answer", "Recipe", "compute", "family", "platform_facts", "served"]

ENGINE: Final = "3"
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
    made
        The family itself, where it is not registered under its name.
    refit
        How often it is fitted: at the first instant of each `month`, `quarter` or `year`.
    """

    model: str = "ewma_t"
    seed: int = 0
    artefact: Artefact | None = None
    made: Model | None = None
    refit: str = "month"

    def described(self) -> Mapping[str, Any]:
        """Give what a lineage says of it: family and parameters, or family and the trained model's id."""
        if self.artefact is not None:
            return {self.model: self.artefact.described}
        often = {} if self.refit == "month" else {"refit": self.refit}
        return {self.model: {**described(family(self)), **often}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What `compute` says of each row.

    Parameters
    ----------
    quantiles
        Of the log return to each horizon.
    p_up, confidence, usual_move
        `[row, horizon]`: the chance of a rise, the chance to end within the usual move, and that move (log).
    states, notes
        Of a model that weighs others: ids of the states that answered, one for each refit in order of time; and what
        has to be said of a model, such as members or a form that could not be had.
    told
        Why the last row's bands are so wide and where its medians lie; None where that was not asked, or can't be told.
    untold
        Why it can't.
    lost
        One line where calibration failed and the answer is that of before it; empty else.
    held
        Whether bands that were narrower than those of the baseline were made as wide.
    """

    quantiles: Quantiles
    p_up: NDArray[np.float64]
    confidence: NDArray[np.float64]
    usual_move: NDArray[np.float64]
    states: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    told: Told | None = None
    untold: str = ""
    lost: tuple[str, ...] = ()
    held: bool = False


def compute(
    panel: Panel,
    rows: Rows,
    recipe: Recipe,
    *,
    why: bool = False,
    spare: bool = False,
    bare: bool = False,
    parts: Parts | None = None,
    watch: Callable[[Progress], bool] | None = None,
) -> Answer:
    """Answer for each of the rows from what was known at it, and from nothing else.

    The model is refitted at the first UTC instant of each month, or as the recipe says, on what was known then. A
    trained model is not, and refuses origins of before its last bar: it knows what came after them. With `why`, the
    last row is explained too. With `spare`, an ensemble whose calibration fails answers without it, and says so;
    with `bare` it does so whether or not it fails, as a forecast is replayed that was given so. The quantiles of each
    refit are put with `parts` as soon as they are there.
    """
    model = family(recipe)
    panel = attached(panel, model)
    values = np.full((len(rows), len(panel.horizons), len(LEVELS)), np.nan)
    done, states, notes, lost = 0, [], dict[str, None](), dict[str, None]()
    for moment, places in refits(panel.known_at[rows], every=REFITS[recipe.refit]):
        fitted = served(panel, rows, recipe.artefact) or fit_until(model, panel, moment, seed=recipe.seed)
        values[places], failed = _answered(recipe.model, fitted, panel, rows[places], spare=spare, bare=bare)
        lost |= dict.fromkeys(failed)
        if parts is not None:
            parts.keep(moment, values[places])
        states += [fitted.state.id] if is_stateful(fitted) else []
        notes |= dict.fromkeys(fitted.notes if is_stateful(fitted) or is_formed(fitted) else ())
        done += len(places)
        if watch is not None and not watch(Progress(done=done, total=len(rows), words="forecasting")):
            raise CancelledError("the forecasts were cancelled")
    told, untold = None, ""
    if why and len(rows):
        told, untold = _explained(recipe.model, fitted, panel, int(rows[-1]), values[-1])
    usual = usual_move(panel, rows)
    _refuse_gaps(panel, rows, np.concatenate((values, usual[:, :, None]), axis=2), recipe.model)
    quantiles = Quantiles(horizons=panel.horizons, values=values)
    return Answer(
        quantiles=quantiles,
        p_up=quantiles.above(0.0),
        confidence=confidence(quantiles, usual),
        usual_move=usual,
        states=tuple(states),
        notes=tuple(notes),
        told=told,
        untold=untold,
        lost=tuple(lost),
    )


def _answered(
    name: str, fitted: Fitted, panel: Panel, rows: Rows, *, spare: bool, bare: bool
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Give a model's quantiles; where its calibration fails and it may be spared, those of before it, and a line."""
    if not (spare and is_calibrated(fitted)):
        return fitted.predict(panel, rows).values, ()
    if bare:
        return fitted.bare(panel, rows).values, (_uncalibrated(name, "as then"),)
    values, said = np.array(np.nan), "it gave no finite bands"
    failure: Exception | None = None
    try:
        values = fitted.predict(panel, rows).values
    except Exception as error:  # noqa: BLE001 - whatever fails of it, what is before it may still answer
        failure, said = error, words_of(error)
    if np.isfinite(values).all():
        return values, ()
    try:
        raw = fitted.bare(panel, rows).values
    except Exception as error:  # noqa: BLE001 - the first to fail is the reason
        raise failure or error from None
    if np.isfinite(raw).all():
        return raw, (_uncalibrated(name, said),)
    if failure is not None:
        raise failure
    return values, ()


def _uncalibrated(name: str, words: str) -> str:
    return f"the calibration of {name} failed ({words.rstrip('.')}): its bands are not calibrated"


def _explained(
    name: str, fitted: Fitted, panel: Panel, row: int, values: NDArray[np.float64]
) -> tuple[Told | None, str]:
    """Say why the answer is as it is, or why that can't be said: the answer itself stands."""
    try:
        with np.errstate(divide="ignore", invalid="ignore"):
            return of_model(name, fitted, panel, row, values=values), ""
    except Exception as error:  # noqa: BLE001 - whatever goes wrong, the forecast itself stands
        return None, words_of(error)


def served(panel: Panel, rows: Rows, artefact: Artefact | None) -> Fitted | None:
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


def family(recipe: Recipe) -> Model:
    """Give the family of a recipe, with its parameters."""
    made: Model = recipe.made or plugins.load("models", recipe.model)()
    return made


def _refuse_gaps(panel: Panel, rows: Rows, values: NDArray[np.float64], name: str) -> None:
    """Raise for the first row without an answer, or a move to hold it against: no hard day is left out in silence."""
    missing = np.flatnonzero(~np.isfinite(values).all(axis=(1, 2)))
    if not len(missing):
        return
    row = int(rows[missing[0]])
    symbol = panel.symbols[panel.series[row]]
    bars = row - int(np.searchsorted(panel.series, panel.series[row])) + 1
    raise HistoryError(
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
