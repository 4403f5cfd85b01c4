"""Momentum: what rose goes on rising."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError
from ara.trading.strategy import Planned
from ara.trading.tape import Tape

__all__ = ["Momentum"]


class Momentum(Planned):
    """Hold what has risen over the last bars.

    Time-series momentum: T. J. Moskowitz, Y. H. Ooi and L. H. Pedersen (2012), Time series momentum, Journal of
    Financial Economics 104.

    Parameters
    ----------
    window
        Bars over which the return is looked at; larger: slower.
    short
        Whether to be short of what has fallen.
    stop, target, trail
        As in `Planned`.
    """

    name: ClassVar[str] = "momentum"

    def __init__(
        self,
        window: int = 120,
        *,
        short: bool = False,
        stop: float = 0.0,
        target: float = 0.0,
        trail: float = 0.0,
    ) -> None:
        super().__init__(stop=stop, target=target, trail=trail)
        if window < 1:
            raise ValidationError(f"momentum's window is {window}; it is 1 or more")
        self.window, self.short = window, short

    def plan(self, tape: Tape) -> NDArray[np.float64]:
        """Give 1 where the close is above that of `window` bars ago, else 0 or -1; NaN before there is one."""
        close = tape.close
        found = np.full(len(close), np.nan)
        rose = close[self.window :] > close[: max(len(close) - self.window, 0)]
        found[self.window :] = np.where(rose, 1.0, -1.0 if self.short else 0.0)
        return found
