"""Where the name of a point stands, so that neighbours don't write over each other."""

from typing import Final

import numpy as np

from ara.reports.charts.marks import Points

__all__ = ["corners"]

_CORNERS: Final = ("top right", "bottom left", "bottom right", "top left")
_NEAR: Final = (0.1, 0.06)


def corners(mark: Points) -> list[str]:
    """Give the corner of each point at which its name stands: the first that no near neighbour has taken."""
    x, y = (np.asarray(one, np.float64) for one in (mark.x, mark.y))
    wide, high = (max(float(np.ptp(one[np.isfinite(one)])) if np.isfinite(one).any() else 0.0, 1e-12) for one in (x, y))
    out: list[str] = []
    for place in range(len(x)):
        near = [
            out[other]
            for other in range(place)
            if abs(x[other] - x[place]) < _NEAR[0] * wide and abs(y[other] - y[place]) < _NEAR[1] * high
        ]
        out.append(next((corner for corner in _CORNERS if corner not in near), _CORNERS[0]))
    return out
