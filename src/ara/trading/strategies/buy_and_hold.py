"""Buy and hold."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ara.trading.strategy import Planned
from ara.trading.tape import Tape

__all__ = ["BuyAndHold"]


class BuyAndHold(Planned):
    """Buy at the first open and keep it: what every other strategy stands beside."""

    name: ClassVar[str] = "buy_and_hold"

    def plan(self, tape: Tape) -> NDArray[np.float64]:
        """Give 1 at every bar."""
        return np.ones(len(tape))
