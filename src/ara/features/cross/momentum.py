"""Momentum of the market and of groups, and the place of each instrument among all."""

from typing import Final

import numpy as np

from ara.features.cross.feature import Matrix, panel_feature
from ara.features.cross.matrices import (
    ALL,
    GAP,
    across,
    moved,
    ranks,
    returns,
    scores,
    shifted,
    spreads,
    window_of,
)
from ara.features.indicator import Param

__all__ = [
    "cross_momentum",
    "cross_reversal",
    "cross_volatility",
    "market_momentum",
    "rank_stability",
    "sector_momentum",
    "sector_relative",
    "sector_strength",
]

_WINDOW: Final = {"window": window_of(120, "Bars over which moves are compared; more of them are slower.", low=1)}
_SECTORS: Final = "T. J. Moskowitz, M. Grinblatt (1999), Do Industries Explain Momentum, J. Finance 54:4"
_WINNERS: Final = "N. Jegadeesh, S. Titman (1993), Returns to Buying Winners and Selling Losers, J. Finance 48:1"
_PLACES: Final = {"rank": (0.0, 1.0), "score": ALL}
_SKIP: Final = Param(
    default=20, low=0, high=250, whole=True, words="Newest bars that are left out, as short runs tend to be taken back."
)


def _recent(window: int) -> int:
    return window + 1 + GAP


def _by_group(values: Matrix, groups: tuple[str, ...]) -> Matrix:
    """Give, for each series, the mean of the known values of its group."""
    out = np.full_like(values, np.nan)
    labels = np.array(groups, dtype=object)
    for label in dict.fromkeys(groups):
        members = labels == label
        out[:, members] = across(values[:, members], fewest=1)[0][:, None]
    return out


@panel_feature(
    inputs=["close"],
    params=_WINDOW,
    warmup=lambda window: window,
    memory=_recent,
    bounds=ALL,
    formula="mean over i of ln(C[i] / C[i, t-n])",
    reference="T. J. Moskowitz, Y. H. Ooi, L. H. Pedersen (2012), Time Series Momentum, J. Financial Economics 104:2",
    words="The mean log move of all instruments over the window: above 0 the tide rises.",
    shared=True,
)
def market_momentum(close: Matrix, *, window: int) -> Matrix:
    """Give the mean log move of all."""
    return across(moved(close, window))[0]


@panel_feature(
    inputs=["close"],
    params=_WINDOW,
    warmup=lambda window: window,
    memory=_recent,
    bounds=ALL,
    formula="mean over j in the group of i of ln(C[j] / C[j, t-n])",
    reference=_SECTORS,
    words="The mean log move of its group over the window: above 0 its kind is rising.",
    grouped=True,
)
def sector_momentum(close: Matrix, *, window: int, groups: tuple[str, ...]) -> Matrix:
    """Give the mean log move of each series' group, itself among them."""
    return _by_group(moved(close, window), groups)


@panel_feature(
    inputs=["close"],
    params=_WINDOW,
    warmup=lambda window: window,
    memory=_recent,
    bounds=ALL,
    formula="sector_momentum - mean of sector_momentum over the groups",
    reference=_SECTORS,
    words="How far its group runs ahead of the other groups, each weighing the same; 0 where there is one group.",
    grouped=True,
)
def sector_strength(close: Matrix, *, window: int, groups: tuple[str, ...]) -> Matrix:
    """Give the momentum of each series' group less the mean of all groups'."""
    found = _by_group(moved(close, window), groups)
    firsts = [groups.index(label) for label in dict.fromkeys(groups)]
    return np.asarray(found - across(found[:, firsts], fewest=1)[0][:, None])


@panel_feature(
    inputs=["close"],
    params=_WINDOW,
    warmup=lambda window: window,
    memory=_recent,
    bounds=ALL,
    formula="ln(C[i] / C[i, t-n]) - sector_momentum",
    reference=_SECTORS,
    words="How far it runs ahead of its own group: above 0 it is a leader among its kind.",
    grouped=True,
)
def sector_relative(close: Matrix, *, window: int, groups: tuple[str, ...]) -> Matrix:
    """Give each series' log move less the mean of its group's."""
    found = moved(close, window)
    return np.asarray(found - _by_group(found, groups))


@panel_feature(
    inputs=["close"],
    params={"window": window_of(250, "Bars over which the move is taken, the skipped ones among them."), "skip": _SKIP},
    outputs=["rank", "score"],
    warmup=lambda window, skip: max(window, skip + 1),
    memory=lambda window, skip: max(window, skip + 1) + 1 + GAP,
    bounds=_PLACES,
    formula="rank and z-score across i of ln(C[i, t-s] / C[i, t-n])",
    reference=_WINNERS,
    words="Its place among all by the year without the last month: 1 the strongest, 0 the weakest; score: in sd.",
)
def cross_momentum(close: Matrix, *, window: int, skip: int) -> tuple[Matrix, Matrix]:
    """Give the place of each series' momentum among all."""
    found = shifted(moved(close, max(window, skip + 1) - skip), skip)
    return ranks(found), scores(found)


@panel_feature(
    inputs=["close"],
    params={"window": window_of(60)},
    outputs=["rank", "score"],
    warmup=lambda window: window,
    memory=_recent,
    bounds=_PLACES,
    formula="rank and z-score across i of sd(r[i]) over n bars",
    reference="A. Ang, R. J. Hodrick, Y. Xing, X. Zhang (2006), The Cross-Section of Volatility, J. Finance 61:1",
    words="Its place among all by how much it moves: 1 the wildest, 0 the calmest; score: in sd.",
)
def cross_volatility(close: Matrix, *, window: int) -> tuple[Matrix, Matrix]:
    """Give the place of each series' volatility among all."""
    found = spreads(returns(close), window)
    return ranks(found), scores(found)


@panel_feature(
    inputs=["close"],
    params={"window": window_of(5, "Bars over which the move is taken.", low=1)},
    outputs=["rank", "score"],
    warmup=lambda window: window,
    memory=_recent,
    bounds=_PLACES,
    formula="rank and z-score across i of -ln(C[i] / C[i, t-n])",
    reference="B. N. Lehmann (1990), Fads, Martingales, and Market Efficiency, Quarterly Journal of Economics 105:1",
    words="Its place among all by how much it has just fallen: 1 fell the most, and losers of a week tend to recover.",
)
def cross_reversal(close: Matrix, *, window: int) -> tuple[Matrix, Matrix]:
    """Give the place of each series' latest fall among all."""
    found = -moved(close, window)
    return ranks(found), scores(found)


@panel_feature(
    inputs=["close"],
    params={"window": window_of(120, "Bars over which moves are ranked, and before which they were ranked before.")},
    warmup=lambda window: 2 * window,
    memory=lambda window: 2 * window + 1 + GAP,
    bounds=(-1.0, 1.0),
    formula="correlation across i of the ranks of ln(C[i] / C[i, t-n]) now and n bars ago",
    reference="C. Spearman (1904), The Proof and Measurement of Association, American Journal of Psychology 15:1",
    words="1 the strong of the last window are those of the one before, -1 they changed places; 0 no order lasts.",
    shared=True,
)
def rank_stability(close: Matrix, *, window: int) -> Matrix:
    """Give how much the order of momentum is that of the window before; 0 where all are equal."""
    now, before = moved(close, window), shifted(moved(close, window), window)
    both = np.isfinite(now) & np.isfinite(before)
    first, second = (ranks(np.where(both, one, np.nan)) for one in (now, before))
    (mean_x, sd_x), (mean_y, sd_y) = across(first), across(second)
    together = across((first - mean_x[:, None]) * (second - mean_y[:, None]))[0]
    scale = sd_x * sd_y
    return np.where(scale > 0, np.clip(together / scale, -1.0, 1.0), 0.0 * scale)
