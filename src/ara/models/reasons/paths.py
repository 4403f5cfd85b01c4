"""Networks taken apart by integrated gradients: what each input adds on the way from a usual window to the one seen."""

from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from ara.errors import ModelError
from ara.models.graphs.session import run
from ara.models.panel import Panel
from ara.models.quantiles import LEVELS
from ara.models.reasons.told import log_width, sampled
from ara.models.served import Served

__all__ = ["Look", "Path", "attention", "integrated", "looks", "relative_widths"]

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
    ends = relative_widths(served, panel, row, np.stack([begin, seen]))
    found = None
    for steps in _STEPS:
        parts = _summed(served, panel, row, begin, away, blocks, steps)
        found = Path(names=_names(panel, served.head.window, by), parts=parts, whole=ends[1] - ends[0])
        if found.gap <= _CLOSE:
            return found
    gap = f"{found.gap:.3f}" if found else "nothing"
    raise ModelError(f"the parts of this {served.head.family} do not sum to what it answers: {gap} is left")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Look:
    """Where a network looked.

    Parameters
    ----------
    names
        Of who looked: heads, counted from 1, horizons (`5 ahead`), or `all`.
    weights
        `[who, bar]`: how much each looked at each bar of the window, oldest first; each row sums to 1.
    """

    names: tuple[str, ...]
    weights: _Array

    @property
    def mean(self) -> _Array:
        """Give how much all of them together looked at each bar, oldest first; it sums to 1."""
        whole = self.weights.mean(axis=0)
        return np.asarray(whole / whole.sum())


def looks(served: Served, panel: Panel, row: int) -> Look | None:
    """Give the attention map of a network for a row, as the graph itself says it; None where it has none.

    It is where the network looked, not what moved it: for that ask `integrated`.
    """
    told = served.outputs(panel, np.array([row])).get("attention")
    if told is None:
        return None
    weights = np.asarray(told[0], np.float64)
    weights = weights.reshape(-1, weights.shape[-1])
    weights /= weights.sum(axis=1, keepdims=True)
    count, horizons = len(weights), served.head.horizons
    if count == 1:
        return Look(names=("all",), weights=weights)
    if served.head.family == "seq2seq" and count == len(horizons):
        places = [horizons.index(horizon) for horizon in panel.horizons]
        return Look(names=tuple(f"{horizon} ahead" for horizon in panel.horizons), weights=weights[places])
    return Look(names=tuple(f"head {number}" for number in range(1, count + 1)), weights=weights)


def attention(served: Served, panel: Panel, row: int) -> _Array | None:
    """Give how much a network looked at each bar of its window, oldest first; they sum to 1. None where it has none.

    The mean over heads and horizons of what `looks` gives.
    """
    found = looks(served, panel, row)
    return None if found is None else found.mean


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
        up = relative_widths(served, panel, row, middle + side)
        out[moving] += up - relative_widths(served, panel, row, middle - side)
    return out


def relative_widths(served: Served, panel: Panel, row: int, seen: NDArray[Any]) -> _Array:
    """Give `[n, horizon]`: log of the width of the 80 % band over the panel's scale, of what a row might have seen.

    `seen` is `[n, feature]`, or `[n, window, feature]` of a network; its class is the row's.
    """
    head = served.head
    places = [head.horizons.index(horizon) for horizon in panel.horizons]
    kind = panel.groups[panel.group[row]]
    none = np.zeros((len(head.horizons), len(LEVELS)))
    around = served.residuals.get(kind, served.residuals.get("", none))[places]
    wanted = "quantiles" if head.gives == "quantiles" else "log_scale"
    x = np.ascontiguousarray(seen, np.float32)
    parts = [
        run(served.graph, served.sha256, x[first : first + _BATCH], names=(wanted,), device=served.device)[wanted]
        for first in range(0, len(x), _BATCH)
    ]
    told = np.concatenate([*parts, np.empty((0, *parts[0].shape[1:]))] if parts else [none[None][:0]])[:, places]
    if wanted == "quantiles":
        return log_width(np.maximum.accumulate(told + around, axis=-1))
    return np.asarray(told + np.log(around[:, _TOP] - around[:, _LOW]))
