"""The panel as an ensemble looks at it: always with the next bar among its horizons."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ara.models.families.pooled.features import standing
from ara.models.months import month_after, month_of
from ara.models.panel import Panel, Rows
from ara.statistics.ranges import range_variance

__all__ = ["alone", "closed", "next_alone", "ranges_after", "standings", "states", "with_next"]

_NEVER = np.iinfo(np.int64).max
_THIRDS = (-1 / 6, 1 / 6)
_LATELY = 2
_alone: list[tuple[Panel, int, Panel, int]] = []


def with_next(panel: Panel) -> Panel:
    """Give the panel with one bar ahead as its first horizon: what tells soonest whether forecasts hold."""
    if 1 in panel.horizons:
        return panel
    scale = panel.scale[:, :1] / np.sqrt(panel.horizons[0])
    y, y_known = np.full(scale.shape, np.nan), np.full(scale.shape, _NEVER)
    follows = np.flatnonzero(panel.series[1:] == panel.series[:-1])
    known = follows[np.isfinite(panel.bars[follows + 1, 3])]
    y[known, 0] = panel.bars[known + 1, 3] / scale[known, 0]
    y_known[known, 0] = panel.known_at[known + 1]
    return replace(
        panel,
        horizons=(1, *panel.horizons),
        scale=np.concatenate((scale, panel.scale), axis=1),
        y=np.concatenate((y, panel.y), axis=1),
        y_known=np.concatenate((y_known, panel.y_known), axis=1),
    )


def next_alone(panel: Panel) -> Panel:
    """Give the panel with its first horizon alone."""
    cut = {name: getattr(panel, name)[:, :1] for name in ("scale", "y", "y_known")}
    return replace(panel, horizons=panel.horizons[:1], **cut)


def alone(panel: Panel, code: int) -> tuple[Panel, int]:
    """Give one series by itself, and the row of the panel at which it begins; the members ask for it in turn."""
    for known, place, own, begin in tuple(_alone):
        if known is panel and place == code:
            return own, begin
    first, end = panel.span(code)
    names = ("at", "known_at", "group", "bars", "volume", "x", "scale", "y", "y_known")
    cut = {name: getattr(panel, name)[first:end] for name in names}
    series = np.zeros(end - first, np.int32)
    own = replace(panel, symbols=(panel.symbols[code],), series=series, **cut)
    _alone.insert(0, (panel, code, own, first))
    del _alone[_LATELY:]
    return own, first


def ranges_after(panel: Panel, rows: Rows) -> NDArray[np.float64]:
    """Give the volatility that the range of the bar after each row tells; the series has to have that bar."""
    return np.asarray(np.sqrt(range_variance(panel.bars[rows + 1])))


def states(panel: Panel, rows: Rows) -> NDArray[np.int64]:
    """Give the state of volatility of rows: 0 calm, 1 between, 2 wild, by the thirds of the series' last two years."""
    return np.asarray(np.searchsorted(_THIRDS, standings(panel, rows), side="right"), np.int64)


def standings(panel: Panel, rows: Rows) -> NDArray[np.float64]:
    """Give where the volatility of rows stands among those of the series' last two years: -0.5 lowest, 0.5 highest."""
    return standing(panel, rows)


def closed(panel: Panel) -> int:
    """Give the first month of which the panel knows nothing, or of which it knows its first instant alone."""
    last = int(panel.known_at.max()) if len(panel) else 0
    return last if last == month_of(last) else month_after(last)
