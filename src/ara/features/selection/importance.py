"""What a fitted estimator loses without a feature, on rows that it has not seen."""

from collections.abc import Sequence
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from ara.errors import FeatureEngineeringError
from ara.features.selection.folds import Fold
from ara.plugins import guest

__all__ = ["Estimator", "Predictor", "judged", "score"]

_SHIFTS: Final = 3
_WHO: Final = "The estimator"
_HINT: Final = (
    "It needs fit(x, y), which gives what has predict(x), a number for each row. x is NaN where a value is missing."
)

_Array = NDArray[np.float64]


class Predictor(Protocol):
    """What has learned."""

    def predict(self, x: _Array) -> _Array:
        """Give a forecast, a number, for each row; x may hold NaN, as in `fit`."""
        ...


class Estimator(Protocol):
    """What learns; fitting gives something new and changes nothing in the estimator."""

    def fit(self, x: _Array, y: _Array) -> Predictor:
        """Learn from rows of features and their targets.

        A feature that has no value in a row is NaN there: fill it, in `predict` too, if what learns can't take that.
        """
        ...


def score(forecast: _Array, y: _Array, level: float) -> float:
    """Give the share of the squared error of a constant that a forecast saves; below 0 it adds to it.

    1 - sum (y - f)^2 / sum (y - level)^2

    Parameters
    ----------
    forecast, y
        For the same rows.
    level
        The constant: the mean that was known before them.
    """
    whole = float(((y - level) ** 2).sum())
    return 1.0 - float(((y - forecast) ** 2).sum()) / whole if whole > 0 else 0.0


def judged(
    estimator: Estimator, x: _Array, y: _Array, parts: Sequence[Fold], random: np.random.Generator
) -> tuple[float, _Array]:
    """Fit in each fold, and give the mean score on what follows, and what it loses where a feature is displaced.

    A feature is displaced by moving its column on by a random number of rows, in a circle: its own memory stays, and
    what it says of the target goes.

    Parameters
    ----------
    estimator
        What learns.
    x, y
        All rows; each fold learns from its own.
    parts
        The folds.
    random
        Where chance comes from.
    """
    scores, losses = [], np.zeros((len(parts), x.shape[1]))
    for row, part in enumerate(parts):
        with guest(_WHO, error=FeatureEngineeringError, hint=_HINT):
            fitted = estimator.fit(x[part.train], y[part.train])
        level = float(y[part.train].mean())
        tested, target = x[part.test], y[part.test]
        own = score(_told(fitted, tested), target, level)
        scores.append(own)
        size = len(target)
        for place in range(x.shape[1]):
            moved = tested.copy()
            for shift in random.integers(max(size // 4, 1), max(size - size // 4, 2), _SHIFTS).tolist():
                moved[:, place] = np.roll(tested[:, place], shift)
                losses[row, place] += (own - score(_told(fitted, moved), target, level)) / _SHIFTS
    return float(np.mean(scores)), np.asarray(losses.mean(axis=0))


def _told(fitted: Predictor, x: _Array) -> _Array:
    """Give a stranger's forecasts, of which there must be one for each row."""
    with guest(_WHO, error=FeatureEngineeringError, hint=_HINT):
        found = np.asarray(fitted.predict(x))
        if found.dtype.kind not in "fiub":
            raise TypeError(f"it forecasts {found.dtype}")
    if found.shape != (len(x),):
        words = f"{_WHO} gave forecasts of shape {found.shape} for {len(x)} rows; give one for each."
        raise FeatureEngineeringError(words, hint=_HINT)
    numbers = found.astype(np.float64)
    if not np.isfinite(numbers).all():
        raise FeatureEngineeringError(f"{_WHO} forecast {numbers[~np.isfinite(numbers)][0]}; give numbers.", hint=_HINT)
    return numbers
