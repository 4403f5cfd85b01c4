"""Whether the best of many is better than what it is held against, though it was picked, by two tests."""

from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError
from ara.performance.snooping import reality_check, spa

__all__ = ["Beating", "beating"]

_Array = NDArray[np.float64]

_SURE: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Beating:
    """What two tests say of the best of many beside a benchmark.

    Parameters
    ----------
    trials
        How many were tried.
    best
        Which of them gained most beyond the benchmark.
    gain
        By how much in the mean of a bar: of returns, or of returns over their own deviation.
    p, low, high
        Chance of a best like this where none is better, by Hansen's test of superior predictive ability, and its
        bounds.
    reality_check
        The same chance by White's test, which poor trials make blind.
    """

    trials: int
    best: int
    gain: float
    p: float
    low: float
    high: float
    reality_check: float

    @property
    def told(self) -> bool:
        """Whether the best is better than the benchmark with 95 %."""
        return self.p <= _SURE

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return asdict(self)


def beating(returns: _Array, benchmark: _Array, *, scaled: bool = False, seed: int = 0) -> Beating:
    """Test whether the best of many is better than a benchmark, given that the best was picked.

    Parameters
    ----------
    returns, benchmark
        `[bar, trial]`, and `[bar]`, over the same bars: all finite, ten bars or more.
    scaled
        Whether each is divided by its own deviation over all bars first, so that none is better for being bolder.
    seed
        Of the draws, the same for both tests.

    References
    ----------
    H. White (2000), A Reality Check for Data Snooping, Econometrica 68; P. Hansen (2005), A Test for Superior
    Predictive Ability, Journal of Business & Economic Statistics 23.
    """
    if returns.ndim != 2 or benchmark.shape != returns.shape[:1]:
        raise ValidationError(
            f"Returns {returns.shape} and those of a benchmark {benchmark.shape} are not of the same bars.",
            hint="Give [bar, trial] and [bar].",
        )
    table = np.column_stack([returns, benchmark])
    if scaled:
        deviation = table.std(axis=0)
        table = table / np.where(deviation > 0, deviation, 1.0)
    gains = table[:, :-1] - table[:, -1:]
    found, white = spa(gains, seed=seed), reality_check(gains, seed=seed)
    return Beating(
        trials=gains.shape[1], best=found.best, gain=found.gain, p=found.p, low=found.low, high=found.high,
        reality_check=white.p,
    )  # fmt: skip
