"""Mean reversion: what fell far comes back."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError
from ara.trading.strategy import Planned
from ara.trading.tape import Tape

__all__ = ["MeanReversion"]


class MeanReversion(Planned):
    """Buy what lies far below its mean, and sell it once it has come back.

    Parameters
    ----------
    window
        Bars of the mean and of the deviation; larger: slower.
    entry
        Deviations below the mean at which to buy; larger: rarer.
    leave
        Deviations below the mean at which to sell; 0 is the mean.
    short
        Whether to be short of what lies as far above its mean.
    stop, target, trail
        As in `Planned`.
    """

    name: ClassVar[str] = "mean_reversion"

    def __init__(
        self,
        window: int = 20,
        *,
        entry: float = 2.0,
        leave: float = 0.0,
        short: bool = False,
        stop: float = 0.0,
        target: float = 0.0,
        trail: float = 0.0,
    ) -> None:
        super().__init__(stop=stop, target=target, trail=trail)
        if window < 2:
            raise ValidationError(f"mean reversion's window is {window}; it is 2 or more")
        if not entry > leave:
            raise ValidationError(f"mean reversion enters at {entry} and leaves at {leave}; it enters farther out")
        self.window, self.entry, self.leave, self.short = window, entry, leave, short

    def plan(self, tape: Tape) -> NDArray[np.float64]:
        """Give 1 far below the mean, 0 back at it, -1 far above it if asked; NaN between."""
        distance = tape.kept(("distance", self.window), lambda one: _distance(one, self.window))
        if self.short:
            return _both_sides(distance, self.entry, self.leave)
        found = np.where(distance <= -self.entry, 1.0, np.nan)
        found[distance >= -self.leave] = 0.0
        return found


def _both_sides(distance: NDArray[np.float64], entry: float, leave: float) -> NDArray[np.float64]:
    """Give the side to be on at each bar, which follows from where it was entered."""
    found, side = np.zeros(len(distance)), 0.0
    for place, apart in enumerate(distance.tolist()):
        if abs(apart) >= entry:
            side = -1.0 if apart > 0 else 1.0
        elif side * apart >= -leave:
            side = 0.0
        found[place] = side
    return found


def _distance(tape: Tape, window: int) -> NDArray[np.float64]:
    """Give how many deviations each close lies from the mean of the last ones; NaN where it has no deviation."""
    found = np.full(len(tape), np.nan)
    if window <= len(tape):
        windows = np.lib.stride_tricks.sliding_window_view(tape.close, window)
        spread = windows.std(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            apart = (windows[:, -1] - windows.mean(axis=1)) / spread
        found[window - 1 :] = np.where(spread > 0, apart, np.nan)
    return found
