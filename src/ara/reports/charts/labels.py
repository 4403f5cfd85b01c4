"""Where the name of a point stands, so that names don't write over each other, over points, or over the axis."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.reports.charts.marks import Axis, Column, Line, Panel, Points

__all__ = ["corners"]

_CORNERS: Final = {"top right": (1, 1), "bottom right": (1, -1), "top left": (-1, 1), "bottom left": (-1, -1)}
_LETTER, _LINE, _DOT = 0.011, 0.055, 0.012
_OUT: Final = 1.03
_ALONG: Final = 200
_NAME, _PART, _EDGE = 8, 1, 40

_Box = tuple[float, float, float, float]
_Taken = list[tuple[_Box, int]]
_Ends = tuple[float, float]


def corners(panel: Panel, letters: tuple[float, float] = (1.0, 1.0)) -> dict[int, list[str]]:
    """Give, by the place of a mark in its panel, the corner of each of its points at which its name covers least.

    The names of all marks are placed together, in the order of the marks; a line counts as its points do. `letters` is
    how much wider and higher a letter is, beside the panel, than in a panel of the usual size.
    """
    texts = {place: mark for place, mark in enumerate(panel.marks) if isinstance(mark, Points) and mark.texts}
    if not texts:
        return {}
    seen = [mark for mark in panel.marks if isinstance(mark, Points | Line)]
    x, y = (_ends(axis, [getattr(mark, side) for mark in seen]) for axis, side in ((panel.x, "x"), (panel.y, "y")))
    taken = [one for mark in seen for one in _dots(mark, x, y)]
    out: dict[int, list[str]] = {}
    for place, mark in texts.items():
        spots = zip(_share(mark.x, x), _share(mark.y, y), mark.texts, strict=True)
        out[place] = [_best(float(a), float(b), text, letters, taken) for a, b, text in spots]
    return out


def _best(x: float, y: float, text: str, letters: tuple[float, float], taken: _Taken) -> str:
    size = letters[0] * _LETTER * len(text), letters[1] * _LINE
    boxes = {name: _box(x, y, size, *to) for name, to in _CORNERS.items()}
    best = min(boxes, key=lambda name: _cost(boxes[name], taken))
    taken.append((boxes[best], _NAME))
    return best


def _ends(axis: Axis, columns: list[Column]) -> _Ends:
    """Give where an axis begins and ends, as far as its points tell."""
    known = np.concatenate([np.asarray(column, np.float64) for column in columns])
    known = known[np.isfinite(known)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)
    return low if axis.low is None else axis.low, high if axis.high is None else axis.high


def _share(values: Column, ends: _Ends) -> NDArray[np.float64]:
    found = np.asarray(values, np.float64)
    if ends[1] <= ends[0]:
        return np.where(np.isfinite(found), 0.5, np.nan)
    return np.asarray((found - ends[0]) / (ends[1] - ends[0]), np.float64)


def _dots(mark: Points | Line, x: _Ends, y: _Ends) -> _Taken:
    """Give what a mark covers, and how much that weighs: its points, or places along its line."""
    a, b = _share(mark.x, x), _share(mark.y, y)
    half, weight = _DOT, _NAME
    if isinstance(mark, Line):
        along, places = np.linspace(0, len(a) - 1, _ALONG), np.arange(len(a))
        a, b, half, weight = np.interp(along, places, a), np.interp(along, places, b), 0.0, _PART
    return [((left - half, low - half, left + half, low + half), weight) for left, low in zip(a, b, strict=True)]


def _box(x: float, y: float, size: tuple[float, float], right: int, up: int) -> _Box:
    near = 0.9 * _DOT
    left = x + near if right > 0 else x - near - size[0]
    low = y + near if up > 0 else y - near - size[1]
    return left, low, left + size[0], low + size[1]


def _cost(box: _Box, taken: _Taken) -> int:
    """Weigh what a name would cover; most of all the axis beyond an edge."""
    out = (box[2] > _OUT) + (box[0] < 1 - _OUT)
    return sum(weight * _meet(box, other) for other, weight in taken) + _EDGE * out


def _meet(one: _Box, other: _Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
