"""What makes a forecast surer or less sure than an ordinary day: parts that sum to the difference."""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.models.quantiles import LEVELS, Quantiles
from ara.models.reasons import Told
from ara.prediction.forecast import Factor

__all__ = ["ORDINARY", "sureness"]

_Array = NDArray[np.float64]

ORDINARY: Final = 0.8
"""The confidence of an ordinary day."""

_FROM: Final[Mapping[str, str]] = {
    "age": "data", "agreement": "agreement", "bands": "past", "failed": "data", "held": "data", "quality": "data",
    "state": "regime", "surprise": "regime",
}  # fmt: skip
_ORDER: Final = ("horizon", "market", "regime", "past", "agreement", "data")
_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "market": ("it and its market move less than usual", "it and its market move more than usual"),
    "regime": (
        "such a state of its market, and its last surprises, called for narrower bands",
        "such a state of its market, and its last surprises, called for wider bands",
    ),
    "past": (
        "its own bands held more than they promised of late",
        "its own bands held less than they promised of late",
    ),
    "agreement": ("its models agree more than usual", "its models disagree more than usual"),
    "data": ("the data", "the data and what had to be done without"),
}
"""Where the part makes the band narrower, or leaves it, and where it makes it wider."""
_MIDDLE: Final = LEVELS.index(0.5)
_NEAR: Final = 1e-9
_STEP: Final = 1e-4


def sureness(told: Told, quantiles: Quantiles, usual: _Array) -> list[tuple[Factor, ...]]:
    """Give, for each horizon, the parts of the confidence; their contributions sum to its difference from 0.8.

    `horizon` is what a usual bar would have over so many bars, less 0.8; all other parts share the difference to it by
    their shares in the log of the band's width. The value of each is the factor that it makes of the band.

    Parameters
    ----------
    told
        Why the bands are so wide.
    quantiles
        One row, as it is told to the reader.
    usual
        `[H]`: the usual moves, as logs.
    """
    parts = dict.fromkeys(_ORDER[1:], np.zeros_like(told.width))
    for name, part in told.parts.items():
        group = _FROM.get(name, "market")
        parts[group] = parts[group] + part
    moved = sum(parts.values(), np.zeros_like(told.width))
    now, plain, above, below = _within(
        quantiles, usual, np.stack((0.0 * moved, -moved, moved * 0 + _STEP, moved * 0 - _STEP))
    )
    slope = (above - below) / (2 * _STEP)
    large = np.abs(moved) > _NEAR
    unit = np.where(large, (now - plain) / np.where(large, moved, 1.0), slope)
    found = []
    for place, horizon in enumerate(quantiles.horizons):
        bars = "1 bar" if horizon == 1 else f"{horizon} bars"
        rows = [
            (
                "horizon",
                plain[place],
                now[place] - ORDINARY,
                f"over {bars} a usual bar of it has {plain[place]:.2f}, not 0.80",
            )
        ]
        rows += [
            (name, np.exp(part[place]), unit[place] * part[place], _WORDS[name][int(part[place] > 0)])
            for name, part in parts.items()
        ]
        if "consistency" in told.values:
            alike = told.values["consistency"][place]
            rows.append(("consistency", alike, 0.0, "how alike its models' reasons are; it moves nothing by itself"))
        rest = now[place] - ORDINARY - sum(part for _, _, part, _ in rows[1:])
        rows[0] = (*rows[0][:2], rest, rows[0][3])
        found.append(
            tuple(
                Factor(name=name, value=float(value), contribution=float(part), description=words)
                for name, value, part, words in rows
            )
        )
    return found


def _within(quantiles: Quantiles, usual: _Array, logs: _Array) -> _Array:
    """Give the confidence `[n, H]` of the first row, its bands stretched around the median by each of these logs."""
    middle = quantiles.values[:1, :, _MIDDLE, None]
    values = middle + (quantiles.values[:1] - middle) * np.exp(logs)[:, :, None]
    return Quantiles(horizons=quantiles.horizons, values=values).within(usual[None])
