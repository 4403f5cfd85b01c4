"""Rule about splits: those that nobody told of, and those that did not happen."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara.data.quality.moves import Moves
from ara.data.quality.report import Severity
from ara.data.quality.series import Finding, Floats, Series
from ara.market.bars import Basis
from ara.market.instrument import AssetClass
from ara.market.timeframe import DAY_LENGTH

__all__ = ["ratios", "split"]

_SHARES: Final = (AssetClass.STOCK, AssetClass.ETF)
_WHOLE: Final = (2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20, 25, 30, 40, 50)
_RATIOS: Final = np.log(np.array([1.5, *_WHOLE]))
_FAR: Final = 8.0
_NEAR: Final = 0.03
_NEARER: Final = 0.045
_QUIET: Final = 4.0
_QUIETER: Final = 3.0
_TRADED: Final = 5.0
_PLAIN: Final = float(np.log(3.5))
_STEP: Final = 0.15
_SAME: Final = 0.1
_DAYS: Final = 4 * DAY_LENGTH


def split(
    series: Series, m: Moves, *, actions: pl.DataFrame | None = None, basis: Basis | None = None
) -> Iterator[Finding]:
    """Find falls and rises of shares by the ratio of a split that nobody told of, and told splits without such a move.

    The open must be in line with the ratio and the session itself quiet, and where the ratio is 3 or less, the money
    traded ordinary: a crash has none of these. A split is told by `actions` or by a step of the adjusted close against
    the close. In prices that are adjusted for splits, one that `actions` tell of leaves no move and is in order.
    """
    if len(m) < 2 or series.instrument.asset_class not in _SHARES:
        return
    ratio = ratios(m)
    told = _told(m, actions)
    stepped = _steps(m)
    with np.errstate(invalid="ignore"):
        explained = (ratio != 0) & (_agree(ratio, told) | _agree(ratio, stepped))
    yield from _unknown(series, m, np.where(explained, 0.0, ratio))
    due = told if basis in (None, Basis.RAW) else np.zeros(len(m))
    yield from _invented(series, m, np.where(np.abs(stepped) > _STEP, stepped, due), ratio, basis=basis)
    if explained.any() and not ((ratio != 0) & ~explained).any():
        at = m.at[explained]
        yield Finding(
            rule="split",
            severity=Severity.INFO,
            at=at,
            words=series.since(
                at, "split is known, and the close falls by it", "splits are known, and the close falls by them"
            ),
            single=f"a split {_said(ratio[explained][0])} is known, and the close falls by it",
        )


def _unknown(series: Series, m: Moves, ratio: Floats) -> Iterator[Finding]:
    place = np.flatnonzero(ratio)
    if len(place):
        at = m.at[place]
        shown = ", ".join(dict.fromkeys(_said(value) for value in ratio[place]))
        singular, plural = "move looks like a split that nobody told of", "moves look like splits that nobody told of"
        yield Finding(
            rule="split",
            severity=Severity.WARNING,
            at=at,
            words=f"{series.since(at, singular, plural)} ({shown})",
            single="the price moves by the ratio of a split, and none is known",
        )


def _invented(series: Series, m: Moves, told: Floats, ratio: Floats, *, basis: Basis | None) -> Iterator[Finding]:
    """Find told splits without a move. Where none has one and nobody says the basis, the bars are adjusted already."""
    with np.errstate(invalid="ignore"):
        due = np.abs(told) > _STEP
        absent = due & (np.abs(m.gap + told) > 0.6 * np.abs(told)) & ~_agree(told, ratio)
    stepped = np.abs(_steps(m)) > _STEP
    if basis is None and (absent == due).all() and not stepped.any():
        return
    if absent.any():
        at = m.at[absent]
        singular, plural = (
            "split is told of without a move of the price",
            "splits are told of without a move of the price",
        )
        yield Finding(
            rule="split",
            severity=Severity.ERROR,
            at=at,
            words=series.since(at, singular, plural),
            single="a split is told of, and the price does not move by it",
        )


def ratios(m: Moves) -> Floats:
    """Give for each bar the logarithm of new shares for an old one, judged by its price alone; 0 for no split."""
    size = np.abs(m.gap)
    place = np.abs(size[:, None] - _RATIOS).argmin(axis=1)
    nearest = _RATIOS[place]
    with np.errstate(invalid="ignore", divide="ignore"):
        traded = np.nan_to_num(m.volume * m.close / m.money, nan=1.0, posinf=1.0)
        small = nearest < np.log(1.9)
        busy = (nearest < _PLAIN) & (traded > np.where(small, _TRADED / 2, _TRADED))
        calm = np.abs(m.change - m.gap) < np.where(small, _QUIETER, _QUIET) * m.sigma
        near = np.abs(size - nearest) < np.where(small, _NEARER, np.fmax(_NEAR, 2 * m.sigma))
        likely = (size > _FAR * m.sigma) & near & calm & ~busy
    likely &= ~_returns(m)
    return np.where(likely, -np.sign(m.gap) * nearest, 0.0)


def _returns(m: Moves) -> NDArray[np.bool_]:
    """Say of each move whether one of the same size goes back within a quarter of a year."""
    with np.errstate(invalid="ignore"):
        large = np.flatnonzero((np.abs(m.gap) > _FAR * m.sigma) & (np.abs(m.gap) > np.log(1.4)))
    back = np.zeros(len(m), bool)
    for one, other in pairwise(large.tolist()):
        if other - one <= 60 and abs(m.gap[one] + m.gap[other]) < 0.1 * abs(m.gap[one]):
            back[[one, other]] = True
    return back


def _steps(m: Moves) -> Floats:
    """Give by how much the logarithm of adjusted close over close rises at each bar."""
    with np.errstate(invalid="ignore", divide="ignore"):
        factor = np.log(m.adjusted / m.close)
    steps: Floats = np.nan_to_num(np.diff(factor, prepend=np.nan), nan=0.0, posinf=0.0, neginf=0.0)
    return steps


def _told(m: Moves, actions: pl.DataFrame | None) -> Floats:
    """Give the logarithm of the split that is told of at each bar; 0 for none."""
    told = np.zeros(len(m))
    if actions is None or not len(m):
        return told
    splits = actions.filter(pl.col("action") == "split", pl.col("value") > 0)
    for at, value in zip(splits["at"].cast(pl.Int64), splits["value"], strict=True):
        place = int(np.searchsorted(m.at, at))
        if 0 < place < len(m) and m.at[place] - at < _DAYS:
            told[place] = np.log(value)
    return told


def _agree(ratio: Floats, told: Floats) -> NDArray[np.bool_]:
    """Say where a split is told of at the bar or a neighbour of it; sources differ by a day."""
    agreed: NDArray[np.bool_] = np.zeros(len(ratio), bool)
    for moved in (told, np.roll(told, 1), np.roll(told, -1)):
        agreed |= np.abs(ratio - moved) < _SAME
    return agreed


def _said(ratio: float) -> str:
    size = float(np.exp(abs(ratio)))
    old = 1 if abs(size - round(size)) < 1e-6 else 2
    new = round(size * old)
    return f"{new}:{old}" if ratio > 0 else f"{old}:{new}"
