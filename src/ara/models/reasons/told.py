"""What one model says of one row's width and centre, taken apart into sums of what it saw."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.models.model import Fitted
from ara.models.panel import Panel, Rows
from ara.models.quantiles import LEVELS

__all__ = ["SPANS", "USUAL", "Told", "added", "log_mean", "log_width", "middle", "past", "plain", "ratio", "sampled"]

_Array = NDArray[np.float64]

USUAL: Final = 250
"""Bars over which what is usual is taken: the row's own and those before it."""

SPANS: Final = {"last": 1, "week": 5, "month": 25, "half_year": 125}
"""Stretches of bars that reasons name, and the bars up to the row by which each is measured."""

_LOW, _MIDDLE, _TOP = (LEVELS.index(level) for level in (0.1, 0.5, 0.9))
_SAMPLED: Final = 25
_NEAR: Final = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One row's band and median as sums.

    Parameters
    ----------
    width
        `[H]`: log of the width of the 80 % band, in log returns.
    parts
        By what was seen, `[H]`: how much of it comes from there, in logs, against a usual bar; `usual` is what is left.
    centre
        By what was seen, `[H]`: what moves the median away from no change, in log returns; they sum to it.
    values
        By what was seen, `[H]`: a figure that tells how it stood.
    drawn
        Whether the split into parts comes of orders drawn at random; their sum is exact either way.
    """

    width: _Array
    parts: Mapping[str, _Array]
    centre: Mapping[str, _Array] = field(default_factory=dict)
    values: Mapping[str, _Array] = field(default_factory=dict)
    drawn: bool = False

    @property
    def usual(self) -> _Array:
        """Log of the width `[H]` that the same fit gives a bar of which all that it sees is as usual."""
        return np.asarray(self.width - sum(self.parts.values(), np.zeros_like(self.width)))


def log_mean(a: _Array, b: _Array) -> _Array:
    """Give the logarithmic mean (a - b) / ln(a / b) of positive numbers; a itself where both are the same.

    It turns the differences of a sum's terms into shares of the log of its change, without a rest.

    References
    ----------
    B. W. Ang (2005), The LMDI approach to decomposition analysis, Energy Policy 33.
    """
    log = np.log(a / b)
    return np.where(np.abs(log) > _NEAR, (a - b) / np.where(np.abs(log) > _NEAR, log, 1.0), (a + b) / 2)


def ratio(change: _Array, over: _Array, slope: _Array) -> _Array:
    """Give how much of a change passes through a function: change / over, or its slope where nothing changed."""
    return np.where(np.abs(over) > _NEAR, change / np.where(np.abs(over) > _NEAR, over, 1.0), slope)


def added(parts: Iterable[tuple[str, _Array]]) -> dict[str, _Array]:
    """Add up the parts of each name; names whose parts are all 0 are left out."""
    out: dict[str, _Array] = {}
    for name, part in parts:
        out[name] = out[name] + part if name in out else np.asarray(part, float)
    return {name: part for name, part in out.items() if np.count_nonzero(part)}


def log_width(values: _Array) -> _Array:
    """Give the log of the width of the 80 % band from quantiles `[..., level]`."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.log(values[..., _TOP] - values[..., _LOW]))


def middle(values: _Array) -> _Array:
    """Give the median from quantiles `[..., level]`."""
    return np.asarray(values[..., _MIDDLE])


def past(panel: Panel, row: int, *, count: int = USUAL) -> Rows:
    """Give the row and those before it in its series, `count` at most."""
    first, _ = panel.span(int(panel.series[row]))
    return np.arange(max(first, row + 1 - count), row + 1)


def sampled(panel: Panel, row: int) -> Rows:
    """Give every tenth of the last 250 bars up to the row, the row last."""
    return past(panel, row)[::-1][:: USUAL // _SAMPLED][::-1]


def plain(name: str, fitted: Fitted, panel: Panel, row: int) -> Told:
    """Tell of a model whose inside is not known: how its band differs from its mean over a sample of its last year.

    Every tenth bar is asked for. A bar for which it has no answer doesn't count.
    """
    rows = sampled(panel, row)
    values = fitted.predict(panel, rows).values
    widths = log_width(values)
    told = np.where(np.isfinite(widths), widths, np.nan)
    count = np.isfinite(told).sum(axis=0)
    mean = np.nansum(told, axis=0) / np.maximum(count, 1)
    return Told(width=widths[-1], parts={name: widths[-1] - mean}, centre=added([(name, middle(values[-1]))]))
