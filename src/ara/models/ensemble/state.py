"""What an ensemble learned up to one moment: plain numbers, never changed, named by their content."""

from collections.abc import Sequence
from functools import cached_property

import msgspec
import numpy as np
from numpy.typing import NDArray

from ara.lineage import digest
from ara.models.calibration import Surprise
from ara.models.ensemble.mixing import mixed

__all__ = ["ALL", "ClassState", "State"]

ALL = ""
"""Name of all classes taken together, which answers for a class that is not known."""


class ClassState(msgspec.Struct, frozen=True, kw_only=True):
    """What was learned of one class.

    Parameters
    ----------
    weights
        `[horizon][member]`, which add up to 1.
    skill, error
        `[horizon][member]`: 1 - CRPS over the baseline's on days that were not fitted to, and its standard error;
        both 0 where there were too few days.
    months
        `[horizon]`: months of forecasts, older ones counting less.
    stretches
        `[horizon][regime]`: log of the factor for the bands in calm, usual and wild times; between these, what lies
        between.
    centre
        `[horizon]`: logit of the class's own chance of a rise.
    surprise
        How much its returns surprised of late; None where there were none.
    """

    weights: tuple[tuple[float, ...], ...]
    skill: tuple[tuple[float, ...], ...]
    error: tuple[tuple[float, ...], ...]
    months: tuple[float, ...]
    stretches: tuple[tuple[float, ...], ...]
    centre: tuple[float, ...]
    surprise: Surprise | None = None

    def counted(self, columns: Sequence[int]) -> NDArray[np.bool_]:
        """Give `[member]`: whether it counts for anything over some of the horizons."""
        return np.asarray(np.array([self.weights[column] for column in columns]).sum(axis=0) > 0)

    def mixed(
        self,
        said: Sequence[NDArray[np.floating]],
        standing: NDArray[np.float64],
        columns: Sequence[int],
        *,
        middle: int,
    ) -> NDArray[np.float64]:
        """Mix what members said, `[member][n, H, level]`, over the horizons at these columns.

        `standing` `[n]` is where the volatility of each row stood among those of its series' last two years, -0.5 to
        0.5; weights that are the same in all states do not look at it.
        """
        return mixed(said, [self.weights[column] for column in columns], middle=middle)


class State(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """Weights, calibration and what is left open, at one moment.

    Parameters
    ----------
    at
        The moment, microseconds since 1970 UTC.
    seen
        When the newest row that it knows was known.
    members
        Names of the members, in the order of the weights.
    horizons
        In bars; 1 is the first.
    classes
        By name; `ALL` is always there.
    absent
        Names of members that could not be had, because what they are fitted by is not installed.
    open
        By symbol: when the last bar was known, and the median and half the width of the 80 % band that were forecast
        for the next one.
    usual
        By symbol, `[horizon]`: mean of the log of half the width of its 80 % bands over the last months, those of three
        months before counting half as much; none where there were too few.
    """

    at: int
    seen: int
    members: tuple[str, ...]
    horizons: tuple[int, ...]
    classes: dict[str, ClassState]
    open: dict[str, tuple[int, float, float]]
    absent: tuple[str, ...] = ()
    usual: dict[str, tuple[float, ...]] = {}

    @cached_property
    def id(self) -> str:
        """The sha256 of its canonical JSON, which lineages cite."""
        return digest(msgspec.to_builtins(self))

    def of(self, kind: str) -> ClassState:
        """Give what is known of a class; of one that it has not met, what is known of all."""
        return self.classes.get(kind, self.classes[ALL])
