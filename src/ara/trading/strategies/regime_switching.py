"""Regime switching: another rule in each state of the market."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError
from ara.models.regimes import STATES, measured, regimes
from ara.trading.strategies.mean_reversion import MeanReversion
from ara.trading.strategy import Planned
from ara.trading.tape import Tape

__all__ = ["RegimeSwitching"]


class RegimeSwitching(Planned):
    """Hold in a bull market, buy what fell far in a sideways one, and hold nothing in a bear market or a wild one.

    The states are those of `ara market regime`: filtered, so that each bar's is told by what was known then.

    Parameters
    ----------
    sure
        How probable the likeliest state has to be for a change; larger: fewer changes.
    window, entry
        Of the mean reversion of sideways markets.
    stop, target, trail
        As in `Planned`.
    """

    name: ClassVar[str] = "regime_switching"
    costly: ClassVar[bool] = True

    def __init__(
        self,
        sure: float = 0.6,
        *,
        window: int = 20,
        entry: float = 2.0,
        stop: float = 0.0,
        target: float = 0.0,
        trail: float = 0.0,
    ) -> None:
        super().__init__(stop=stop, target=target, trail=trail)
        if not 0 <= sure <= 1:
            raise ValidationError(f"regime_switching is sure from {sure} on; it is a chance, from 0 to 1")
        self.sure = sure
        self._sideways = MeanReversion(window, entry=entry)

    def plan(self, tape: Tape) -> NDArray[np.float64]:
        """Give what the state of each bar calls for; NaN while none is known or none is sure."""
        chances: NDArray[np.float64] = tape.kept("regimes", lambda one: regimes(measured(one.bars())).probabilities)
        known = np.isfinite(chances[:, 0])
        filled = np.where(known[:, None], chances, 0.0)
        state, sure = filled.argmax(axis=1), known & (filled.max(axis=1) >= self.sure)
        found = np.full(len(tape), np.nan)
        found[sure & (state == STATES.index("bull"))] = 1.0
        found[sure & ((state == STATES.index("bear")) | (state == STATES.index("high volatility")))] = 0.0
        sideways = sure & (state == STATES.index("sideways"))
        found[sideways] = self._sideways.plan(tape)[sideways]
        return found
