"""Why the band is as wide as it is."""

import numpy as np
from numpy.typing import NDArray

from ara.features.indicators.volatility import ewma
from ara.models.panel import Panel, Rows
from ara.prediction.forecast import Factor

__all__ = ["factors", "volatility_ratio"]


def volatility_ratio(panel: Panel, rows: Rows) -> NDArray[np.float64]:
    """Give `[row]`: volatility at the row over its own median of the last 250 bars; NaN before there are so many."""
    out = np.full(len(rows), np.nan)
    owner = panel.series[rows]
    for code in np.unique(owner):
        mine = np.flatnonzero(owner == code)
        first, end = np.searchsorted(panel.series, (code, code + 1))
        close = np.exp(np.nancumsum(panel.bars[first:end, 3]))
        (ratio,) = ewma.volatility_ratio.compute({"close": close})
        out[mine] = ratio[rows[mine] - first]
    return out


def factors(ratio: float) -> tuple[Factor, ...]:
    """Give the reasons for the band's width, in words; none where there is no year of history."""
    if not np.isfinite(ratio):
        return ()
    share = ratio - 1
    words = f"volatility is {ratio:.2f}x its year's median ({share:+.0%} on the band)".replace("%", " %")
    return (Factor(name="volatility_ratio", value=float(ratio), contribution=float(share), description=words),)
