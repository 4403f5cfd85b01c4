"""What the figures of forecasts betray by themselves, beside what became of them."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import rankdata

from ara.evidence.forecasts import COLUMNS
from ara.evidence.leaks.outcome import Finding

__all__ = ["copies", "illusions", "likeness", "outcomes", "too_good"]

_Array = NDArray[np.float64]

_FEWEST: Final = 40
_GOOD, _WIDTH_GOOD, _SOME, _SURE = 0.5, 0.8, 0.3, 4.0
_ONLY: Final = 3.0
_SAME, _SLOPE = 0.99, 0.1
_HELD, _BOLD, _BRIER = 0.5, 0.15, 0.27
_LOW, _MIDDLE, _HIGH = (COLUMNS.index(name) for name in ("q0.1", "q0.5", "q0.9"))


def outcomes(told: pl.DataFrame, bars: pl.DataFrame) -> pl.DataFrame:
    """Put beside forecasts what the bars say.

    `close`, `last` (log return of the origin's bar), `y` (log return to the horizon), `next` (of the first bar after)
    and `later` (of the one after that); null where there is none.
    """
    log = pl.col("close").log()
    moves = bars.select(
        pl.col("symbol").cast(pl.String),
        pl.col("ts").alias("instant"),
        "close",
        last=log - log.shift(1).over("symbol"),
        next=log.shift(-1).over("symbol") - log,
        later=log.shift(-2).over("symbol") - log.shift(-1).over("symbol"),
        **{f"y{h}": log.shift(-h).over("symbol") - log for h in told["horizon"].unique().to_list()},
    )
    beside = told.join(moves, on=["symbol", "instant"], how="left", maintain_order="left")
    reached = pl.lit(None, pl.Float64)
    for horizon in told["horizon"].unique().to_list():
        reached = pl.when(pl.col("horizon") == horizon).then(pl.col(f"y{horizon}")).otherwise(reached)
    return beside.with_columns(y=reached)


def likeness(table: pl.DataFrame, against: str) -> tuple[float, float, int]:
    """Give the correlation of what is said of the direction with a column, its t, and of how many forecasts.

    Said is the median over the width, or the chance of a rise, whichever goes along more. Returns are scaled by symbol.
    """
    best = (0.0, 0.0, 0)
    for said in _directions(table):
        y = table[against].to_numpy() / _usual(table, against)
        known = np.isfinite(said) & np.isfinite(y)
        count = int(known.sum())
        if count < _FEWEST or np.ptp(said[known]) < 1e-9 or np.ptp(y[known]) < 1e-12:
            continue
        found = float(np.corrcoef(said[known], np.clip(y[known], -3, 3))[0, 1])
        if abs(found) > abs(best[0]):
            best = found, found * float(np.sqrt(max(count - 2, 1) / max(1 - found**2, 1e-12))), count
    return best


def too_good(table: pl.DataFrame) -> Iterator[Finding]:
    """Find forecasts of one bar that go along with that bar as nothing honest does, or with it and no other."""
    first = table.filter(pl.col("horizon") == 1)
    near, sure, count = likeness(first, "next")
    after, _, _ = likeness(first, "later")
    detail = f"its direction and the next bar's move, {count} forecasts; once a bar is skipped {after:.2f}"
    if near > _GOOD:
        yield _said("same_bar", "correlation", near, _GOOD, count, detail)
    if near > _SOME and sure > _SURE and abs(after) < near / _ONLY:
        yield _said("skip", "correlation", near, after, count, detail)
    wide = _widths(first)
    if wide > _WIDTH_GOOD:
        yield _said("same_bar", "correlation", wide, _WIDTH_GOOD, first.height, "the width of its band and the size")


def _said(rule: str, column: str, was: float, now: float, count: int, detail: str) -> Finding:
    return Finding(rule=rule, column=column, was=was, now=now, size=was, count=count, detail=detail, horizon=1)


def copies(table: pl.DataFrame) -> Iterator[Finding]:
    """Find forecasts that are the move of the last bar once more, or that bar's own beginning."""
    first = table.filter(pl.col("horizon") == 1)
    middle = (first["q0.5"] / first["close"]).log().to_numpy()
    last = first["last"].to_numpy().astype(float)
    known = np.isfinite(middle) & np.isfinite(last)
    if known.sum() < _FEWEST or min(np.ptp(middle[known]), np.ptp(last[known])) < 1e-9:
        return
    same = float(np.corrcoef(middle[known], last[known])[0, 1])
    slope = float(np.polyfit(last[known], middle[known], 1)[0])
    if abs(same) > _SAME and abs(abs(slope) - 1) < _SLOPE:
        words = "its median's move and that of the bar before"
        yield _said("copy", "correlation", same, 0.0, int(known.sum()), words)


def illusions(table: pl.DataFrame) -> Iterator[Finding]:
    """Find, in a market where nothing can be known, what is right all the same and what is far too sure of itself."""
    near, sure, count = likeness(table.filter(pl.col("horizon") == 1), "next")
    if near > _SOME and sure > _SURE:
        yield _said("permuted", "correlation", near, 0.0, count, "its direction and the next bar's move")
    for (horizon,), own in table.group_by(["horizon"], maintain_order=True):
        known = own.filter(pl.col("y").is_not_null())
        if known.height < _FEWEST:
            continue
        price = known["close"].to_numpy() * np.exp(known["y"].to_numpy())
        bands = known.select(COLUMNS).to_numpy()
        held = float(((price >= bands[:, _LOW]) & (price <= bands[:, _HIGH])).mean())
        bold = known["p_up"].to_numpy()
        brier = float(np.mean((bold - (known["y"].to_numpy() > 0)) ** 2))
        brave = float(np.abs(bold - 0.5).mean())
        if held < _HELD:
            column, was, now = "share in 80 % bands", held, 0.8
        elif brave > _BOLD and brier > _BRIER:
            column, was, now = "Brier", brier, 0.25
        else:
            continue
        yield Finding(
            rule="random_split",
            column=column,
            was=was,
            now=now,
            size=abs(was - now),
            count=known.height,
            horizon=int(str(horizon)),
        )


def _directions(table: pl.DataFrame) -> tuple[_Array, _Array]:
    bands = np.log(table.select(COLUMNS).to_numpy() / table["close"].to_numpy()[:, None])
    with np.errstate(divide="ignore", invalid="ignore"):
        leaning = bands[:, _MIDDLE] / (bands[:, _HIGH] - bands[:, _LOW])
    return np.asarray(leaning), table["p_up"].to_numpy() - 0.5


def _usual(table: pl.DataFrame, column: str) -> _Array:
    size = table.select(pl.col(column).std().over("symbol")).to_series().to_numpy().astype(float)
    return np.where(size > 0, size, np.nan)


def _widths(table: pl.DataFrame) -> float:
    """Give the mean over symbols of the rank correlation of the band's width with the size of the next move."""
    found = []
    for _, own in table.group_by(["symbol"], maintain_order=True):
        width = np.log(own["q0.9"].to_numpy() / own["q0.1"].to_numpy())
        size = np.abs(own["next"].to_numpy().astype(float))
        known = np.isfinite(width) & np.isfinite(size)
        if known.sum() >= _FEWEST and np.ptp(width[known]) > 1e-9 and np.ptp(size[known]) > 0:
            found.append(np.corrcoef(rankdata(width[known]), rankdata(size[known]))[0, 1])
    return float(np.mean(found)) if found else 0.0
