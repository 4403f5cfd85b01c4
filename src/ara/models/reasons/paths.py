"""Networks taken apart by integrated gradients: what each input adds on the way from a usual window to the one seen."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from ara.errors import ModelError
from ara.models.graphs.session import run
from ara.models.panel import Panel
from ara.models.quantiles import LEVELS
from ara.models.reasons.told import log_width, sampled
from ara.models.served import Served

__all__ = ["Path", "attention", "integrated"]

_Array = NDArray[np.float64]

_LOW, _TOP = (LEVELS.index(level) for level in (0.1, 0.9))
_STEPS: Final = (8, 16, 32)
_CLOSE: Final = 2e-3
_BATCH: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Path:
    """What each block of inputs adds to the log of the 80 % band's width, in units of the panel's scale.

    Parameters
    ----------
    names
        Of the blocks: features, or bars back from the row ("0" is its own).
    parts
        `[block, horizon]`.
    whole
        `[horizon]`: what the network gives the row, less what it gives the usual window.
    """

    names: tuple[str, ...]
    parts: _Array
    whole: _Array

    @property
    def gap(self) -> float:
        """How far the parts are from summing to the whole, the largest over all horizons."""
        return float(np.abs(self.parts.sum(axis=0) - self.whole).max())


def integrated(served: Served, panel: Panel, row: int, *, by: Literal["feature", "bar"] = "feature") -> Path:
    """Give integrated gradients of a network's width, from its mean window of the last 250 bars to the row's.

    The gradient along a block of inputs is a difference of the served graph's own answers to both sides, so that what
    is explained is what answers, in its precision, and PyTorch is not needed. Steps are doubled until the parts sum to
    the whole within 0.002. Inputs that are unknown in either window do not move, and add nothing.

    Parameters
    ----------
    served
        A network: a saved model that looks at windows.
    panel, row
        With the features that it needs.
    by
        Whether a block is a feature over all bars, or a bar with all its features.

    References
    ----------
    M. Sundararajan, A. Taly and Q. Yan (2017), Axiomatic attribution for deep networks, ICML: completeness.

    Raises
    ------
    ModelError
        It has no window, or its parts do not sum to the whole.
    """
    served.refuse_other(panel)
    if not served.head.window:
        raise ModelError(f"this {served.head.family} looks at one bar, not at a window: it is no network")
    windows = panel.windows(sampled(panel, row), served.head.window).astype(np.float64)
    known = np.isfinite(windows)
    usual = np.where(known, windows, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    seen = windows[-1]
    begin = np.where(known[-1], usual, seen)
    away = np.where(known[-1], seen - usual, 0.0)
    blocks = _blocks(away, by)
    ends = _widths(served, panel, row, np.stack([begin, seen]))
    found = None
    for steps in _STEPS:
        parts = _summed(served, panel, row, begin, away, blocks, steps)
        found = Path(names=_names(panel, served.head.window, by), parts=parts, whole=ends[1] - ends[0])
        if found.gap <= _CLOSE:
            return found
    gap = f"{found.gap:.3f}" if found else "nothing"
    raise ModelError(f"the parts of this {served.head.family} do not sum to what it answers: {gap} is left")


def attention(served: Served, panel: Panel, row: int) -> _Array | None:
    """Give how much a network looked at each bar of its window, oldest first; they sum to 1. None where it has none.

    The mean over heads and horizons of what the graph itself says. It is where the network looked, not what moved it:
    for that ask `integrated`.
    """
    told = served.outputs(panel, np.array([row])).get("attention")
    if told is None:
        return None
    weights = np.asarray(told, np.float64).reshape(-1, told.shape[-1]).mean(axis=0)
    return np.asarray(weights / weights.sum())


def _blocks(away: _Array, by: str) -> _Array:
    """Give `[block, window, feature]`: the way that each block goes."""
    window, width = away.shape
    if by == "feature":
        return np.asarray(np.eye(width)[:, None, :] * away[None])
    return np.asarray(np.eye(window)[::-1, :, None] * away[None])


def _names(panel: Panel, window: int, by: str) -> tuple[str, ...]:
    return tuple(panel.names) if by == "feature" else tuple(str(back) for back in range(window))


def _summed(served: Served, panel: Panel, row: int, begin: _Array, away: _Array, blocks: _Array, steps: int) -> _Array:
    """Give `[block, horizon]`: differences of the answers beside the middle of each step, added up."""
    out = np.zeros((len(blocks), len(panel.horizons)))
    moving = np.flatnonzero(blocks.any(axis=(1, 2)))
    for step in range(steps):
        middle = begin + (step + 0.5) / steps * away
        side = blocks[moving] * (0.5 / steps)
        up = _widths(served, panel, row, middle + side)
        out[moving] += up - _widths(served, panel, row, middle - side)
    return out


def _widths(served: Served, panel: Panel, row: int, windows: _Array) -> _Array:
    """Give `[window, horizon]`: log of the width of the 80 % band over the panel's scale."""
    head = served.head
    places = [head.horizons.index(horizon) for horizon in panel.horizons]
    kind = panel.groups[panel.group[row]]
    none = np.zeros((len(head.horizons), len(LEVELS)))
    around = served.residuals.get(kind, served.residuals.get("", none))[places]
    wanted = "quantiles" if head.gives == "quantiles" else "log_scale"
    x = np.ascontiguousarray(windows, np.float32)
    parts = [
        run(served.graph, served.sha256, x[first : first + _BATCH], names=(wanted,), device=served.device)[wanted]
        for first in range(0, len(x), _BATCH)
    ]
    told = np.concatenate([*parts, np.empty((0, *parts[0].shape[1:]))] if parts else [none[None][:0]])[:, places]
    if wanted == "quantiles":
        return log_width(np.maximum.accumulate(told + around, axis=-1))
    return np.asarray(told + np.log(around[:, _TOP] - around[:, _LOW]))
