"""What being wrong costs: how often one has to be right so that wins pay for losses, and how often one was."""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ara.performance.inputs import checked

__all__ = ["Wrong", "wrong"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """The cost of being wrong; None where nothing was won, or nothing lost.

    No chance stands beside it: trades of one book overlap, and the break-even share is found from the same trades. How
    much is luck is told by `significance` and by random entry.

    Parameters
    ----------
    count
        Trades, or bars, that won or lost.
    win_rate
        Share of them that won.
    average_win, average_loss
        Mean of those that won, and of those that lost (below 0), after costs.
    break_even
        The share that has to win with wins and losses of these sizes: -loss / (win - loss).
    cost
        Mean costs of one; None where they aren't known.
    free_break_even
        The share that would have to win if nothing cost anything, of the same wins and losses: what lost by its costs
        alone still counts as lost. Never above `break_even` where no cost is below 0; None where costs aren't known.
    """

    count: int
    win_rate: float | None
    average_win: float | None
    average_loss: float | None
    break_even: float | None
    cost: float | None
    free_break_even: float | None

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return asdict(self)


def wrong(gains: ArrayLike, costs: ArrayLike | None = None) -> Wrong:
    """Tell what being wrong costs, from what each trade or bar brought.

    Parameters
    ----------
    gains
        After costs, in money or as shares.
    costs
        Of each, in the same unit and already taken off its gain; None where nobody knows.
    """
    array = checked(gains, what="gains", least=-math.inf)
    paid = None if costs is None else checked(costs, what="costs", least=-math.inf)
    won, lost = array[array > 0], array[array < 0]
    count = len(won) + len(lost)
    return Wrong(
        count=count,
        win_rate=len(won) / count if count else None,
        average_win=float(won.mean()) if len(won) else None,
        average_loss=float(lost.mean()) if len(lost) else None,
        break_even=_even(won, lost),
        cost=float(paid.mean()) if paid is not None and len(paid) else None,
        free_break_even=None if paid is None or len(paid) != len(array) else _even(*_free(array, paid)),
    )


def _free(gains: NDArray[np.float64], costs: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give what won and what lost, without costs; sorted anew, small losses turn to wins and more would have to win."""
    before = gains + costs
    return before[gains > 0], before[gains < 0]


def _even(won: NDArray[np.float64], lost: NDArray[np.float64]) -> float | None:
    if not len(won) or not len(lost):
        return None
    win, loss = float(won.mean()), min(float(lost.mean()), 0.0)
    return -loss / (win - loss) if win > 0 else None
