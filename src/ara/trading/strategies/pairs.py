"""Pairs: two instruments that move together come back to each other."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError
from ara.trading.strategy import Signal, View

__all__ = ["Pairs"]


class Pairs:
    """Buy the one of two instruments that fell behind and be short of the other, until they are together again.

    E. Gatev, W. N. Goetzmann and K. G. Rouwenhorst (2006), Pairs trading, Review of Financial Studies 19; with the
    hedge ratio of a regression of log prices.

    Parameters
    ----------
    window
        Bars of the regression.
    entry
        Deviations of the distance at which to begin; larger: rarer.
    leave
        Deviations at which to end.
    size
        The share of the equity on each side.
    """

    name: ClassVar[str] = "pairs"

    def __init__(self, window: int = 60, *, entry: float = 2.0, leave: float = 0.5, size: float = 0.5) -> None:
        if window < 3 or not 0 <= leave < entry:
            raise ValidationError(
                f"pairs has the window {window}, entry {entry} and leave {leave}; the window is 3 or more, and it "
                "leaves nearer than it enters"
            )
        self.window, self.entry, self.leave, self.size = window, entry, leave, size

    def decide(self, view: View) -> list[Signal] | None:
        """Say which side to be on, where the distance calls for it."""
        if len(view.symbols) != 2:
            raise ValidationError(f"pairs trades two instruments, not {len(view.symbols)}")
        one, other = view.symbols
        if not (view.fresh(one) and view.fresh(other)):
            return None
        first, second = view.history(self.window, "close", one), view.history(self.window, "close", other)
        if min(len(first), len(second)) < self.window or min(first.min(), second.min()) <= 0:
            return None
        distance = _distance(np.log(first), np.log(second))
        if abs(distance) >= self.entry:
            side = -self.size if distance > 0 else self.size
            why = f"{abs(distance):.1f} deviations apart"
            return [Signal(symbol=one, size=side, why=why), Signal(symbol=other, size=-side, why=why)]
        if abs(distance) <= self.leave:
            return [Signal(symbol=symbol, size=0.0, why="together again") for symbol in (one, other)]
        return None


def _distance(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Give the last residual of a regression of the first on the second, in deviations of all residuals."""
    away = second - second.mean()
    spread = float((away * away).sum())
    slope = float((away * (first - first.mean())).sum()) / spread if spread > 0 else 0.0
    rest = first - first.mean() - slope * away
    deviation = float(rest.std())
    return float(rest[-1]) / deviation if deviation > 1e-12 else 0.0
