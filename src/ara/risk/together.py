"""How several instruments move together: every two, what changed, who comes first, and groups."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError
from ara.risk.moves import Moves
from ara.risk.ties import Change, Lead, changed, clusters, interval, lead
from ara.statistics import correlation, covariance

__all__ = ["WINDOW", "Ties", "together"]

WINDOW: Final = range(7, 366)
"""How many last days may count."""

_Couple = tuple[int, int]
_SURE: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ties:
    """How several instruments move together; a couple is two places in `moves.symbols`.

    Parameters
    ----------
    moves
        Their returns, on the days that all have.
    window
        How many last days count.
    own, shrunk
        `[instrument, instrument]`: correlations as they are, and shrunk.
    changes
        Whether the correlation of each two differs from the one before; None with too few days.
    leads
        Who comes first, where one does.
    groups
        Who belongs together, the largest first.
    """

    moves: Moves
    window: int
    own: NDArray[np.float64]
    shrunk: NDArray[np.float64]
    changes: Mapping[_Couple, Change | None]
    leads: Mapping[_Couple, Lead]
    groups: Sequence[Sequence[int]]

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON has it."""
        names = self.moves.symbols
        return {
            "schema": 1,
            "symbols": list(names),
            "window": self.window,
            "date": self.moves.dates[-1].isoformat(),
            "pairs": [self._couple(pair) for pair in self.changes],
            "clusters": [[names[place] for place in group] for group in self.groups],
        }

    def _couple(self, pair: _Couple) -> dict[str, Any]:
        own, change, first = float(self.own[pair]), self.changes[pair], self.leads.get(pair)
        low, high = interval(own, self.window)
        return {
            "first": self.moves.symbols[pair[0]],
            "second": self.moves.symbols[pair[1]],
            "correlation": own,
            "low": low,
            "high": high,
            "shrunk": float(self.shrunk[pair]),
            "change": change.as_dict() if change else None,
            "lead": first.as_dict() if first else None,
        }


def together(moves: Moves, window: int = 90) -> Ties:
    """Tell how closely instruments move together over the last days, 7 to 365.

    Each change is held against chance among as many pairs as there are.
    """
    recent = moves.last(window)
    if len(recent) < WINDOW.start:
        raise ValidationError(f"There are {len(recent)} days in common; {WINDOW.start} are needed.")
    couples = list(combinations(range(len(moves.symbols)), 2))
    each = {pair: (moves.returns[:, pair[0]], moves.returns[:, pair[1]]) for pair in couples}
    shrunk = correlation(covariance(recent.returns))
    return Ties(
        moves=moves,
        window=len(recent),
        own=correlation(covariance(recent.returns, "sample")),
        shrunk=shrunk,
        changes={pair: changed(*both, len(recent), p=_SURE / len(couples)) for pair, both in each.items()},
        leads={pair: found for pair, both in each.items() if (found := lead(*both))},
        groups=clusters(shrunk),
    )
