"""Evidence that may be looked at every day: the wealth of one who bets on it, and never more than he has."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["bounded", "wealth"]

_Array = NDArray[np.float64]

_BOLDEST: Final = 0.5
_VARIANCE: Final = 0.25
_FIRST: Final = 20
_WIDE: Final = 4.0


def wealth(gains: _Array) -> _Array:
    """Give the wealth, 1 at first, after each bet that gains are above 0 on average.

    Each bet is a share of the wealth, 0 to a half, chosen from the gains before it. If each gain's mean, given all
    before it, is 0 or less, the wealth is a supermartingale: the chance that it ever reaches k is 1 / k at most,
    however often one looks and whenever one stops. So 20 refutes that hypothesis at 5 %.

    Parameters
    ----------
    gains
        In the order of time, within -1 to 1.

    References
    ----------
    J. Ville (1939) for the bound; I. Waudby-Smith and A. Ramdas (2024), Estimating means of bounded random variables by
    betting, Journal of the Royal Statistical Society B 86, for the share.
    """
    if not np.isfinite(gains).all() or (np.abs(gains) > 1).any():
        raise ValueError("gains must lie within -1 to 1: only then is the wealth a bound on chance")
    before = np.arange(1, len(gains) + 1)
    total = np.concatenate(([0.0], np.cumsum(gains)[:-1]))
    squares = np.concatenate(([0.0], np.cumsum(gains**2)[:-1]))
    mean = total / before
    spread = (_VARIANCE + squares) / before
    share = np.clip(mean / spread, 0.0, _BOLDEST)
    return np.asarray(np.exp(np.cumsum(np.log1p(share * gains))))


def bounded(differences: _Array) -> tuple[_Array, int]:
    """Bring differences of any size within -1 to 1, by what was usual before each of them.

    Each is divided by four times the median size of those before it, and cut at -1 and 1. The first 20, whose usual
    size is not known yet, are left out.

    Returns
    -------
    gains, skipped
        The bounded differences and how many were left out before the first.
    """
    sizes, gains = np.abs(differences), np.zeros(max(len(differences) - _FIRST, 0))
    for place in range(_FIRST, len(differences)):
        usual = _WIDE * float(np.median(sizes[:place]))
        if usual > 0:
            gains[place - _FIRST] = min(max(differences[place] / usual, -1.0), 1.0)
    return gains, min(_FIRST, len(differences))
