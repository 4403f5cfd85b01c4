"""Where the name of a point stands, so that neighbours don't write over each other."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.reports.charts.marks import Points

__all__ = ["corners"]

_CORNERS: Final = {"top right": (1, 1), "bottom right": (1, -1), "top left": (-1, 1), "bottom left": (-1, -1)}
_LETTER, _LINE, _DOT = 0.011, 0.055, 0.012
_OUT: Final = 1.03

_Box = tuple[float, float, float, float]


def corners(mark: Points) -> list[str]:
    """Give the corner of each point at which its name covers the fewest names and points."""
    x, y = _share(np.asarray(mark.x, np.float64)), _share(np.asarray(mark.y, np.float64))
    taken: list[_Box] = [(a - _DOT, b - _DOT, a + _DOT, b + _DOT) for a, b in zip(x, y, strict=True)]
    out: list[str] = []
    for place, text in enumerate(mark.texts):
        boxes = {name: _box(float(x[place]), float(y[place]), text, *to) for name, to in _CORNERS.items()}
        best = min(boxes, key=lambda name: _cost(boxes[name], taken))
        taken.append(boxes[best])
        out.append(best)
    return out


def _share(values: NDArray[np.float64]) -> NDArray[np.float64]:
    known = values[np.isfinite(values)]
    if not len(known) or known.max() <= known.min():
        return np.where(np.isfinite(values), 0.5, np.nan)
    return np.asarray((values - known.min()) / (known.max() - known.min()), np.float64)


def _box(x: float, y: float, text: str, right: int, up: int) -> _Box:
    wide, near = _LETTER * len(text), 0.9 * _DOT
    left = x + near if right > 0 else x - near - wide
    low = y + near if up > 0 else y - near - _LINE
    return left, low, left + wide, low + _LINE


def _cost(box: _Box, taken: list[_Box]) -> int:
    return sum(_meet(box, other) for other in taken) + 2 * (box[2] > _OUT) + 2 * (box[0] < 1 - _OUT)


def _meet(one: _Box, other: _Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
