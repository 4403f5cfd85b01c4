"""Other pasts and futures of the same bars, and the origins that are asked of them."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara.errors import AuditError
from ara.features.audit import swaps

__all__ = [
    "around", "cut", "mixed", "origins", "picks", "poisoned", "renamed", "reordered", "swapped", "touched", "walked",
]  # fmt: skip

_PRICES: Final = ("open", "high", "low", "close")
_TOLD: Final = (*_PRICES, "volume")
_BEGIN, _SPARE = 0.7, 30
_FEWEST: Final = 120
_LATE: Final = timedelta(days=7)
_LOUD: Final = 0.5


def picks(bars: pl.DataFrame, count: int) -> list[datetime]:
    """Give moments of the last third of the bars, ascending, on which most symbols have a bar.

    Raises
    ------
    AuditError
        There are too few bars.
    """
    days = bars.group_by("ts").agg(pl.len().alias("n")).sort("ts")
    usual = days.filter(pl.col("n") >= max(1.0, 0.75 * float(days["n"].max() or 0)))["ts"]  # type: ignore[arg-type]
    if len(usual) < _FEWEST + _SPARE:
        words = f"there are bars of {len(usual)} days; an audit needs {_FEWEST + _SPARE} at least"
        raise AuditError(words, hint="Name a file with more bars of an instrument.")
    places = np.linspace(len(usual) * _BEGIN, len(usual) - _SPARE, count).astype(int)
    return [usual[int(place)] for place in np.unique(places)]


def origins(bars: pl.DataFrame, moment: datetime, horizons: Sequence[int]) -> pl.DataFrame:
    """Give the newest bar of each symbol at a moment, for each horizon; symbols with too few bars are left out."""
    newest = (
        bars.filter(pl.col("ts") <= moment)
        .group_by("symbol", maintain_order=True)
        .agg(pl.col("ts").last(), pl.len().alias("n"))
        .filter((pl.col("n") >= _FEWEST) & (pl.col("ts") > moment - _LATE))
    )
    return _asked(newest, horizons)


def around(bars: pl.DataFrame, moment: datetime, side: int, horizons: Sequence[int]) -> pl.DataFrame:
    """Give as many bars before and after a moment as `side` says, of each symbol and for each horizon."""
    parts = []
    for _, own in _each(bars):
        middle = own["ts"].search_sorted(moment, side="right") - 1
        first, end = max(_FEWEST - 1, middle - side), min(own.height - max(horizons), middle + side)
        parts.append(own[first : max(first, end)])
    return _asked(pl.concat(parts), horizons)


def _asked(rows: pl.DataFrame, horizons: Sequence[int]) -> pl.DataFrame:
    wanted = rows.select(pl.col("symbol").cast(pl.String), origin=pl.col("ts"), instant=pl.col("ts"))
    over = pl.DataFrame({"horizon": list(horizons)}, schema={"horizon": pl.Int64})
    return wanted.join(over, how="cross", maintain_order="left_right")


def cut(bars: pl.DataFrame, moment: datetime) -> pl.DataFrame:
    """Give the bars up to a moment."""
    return bars.filter(pl.col("ts") <= moment)


def mixed(bars: pl.DataFrame, moment: datetime, random: np.random.Generator) -> pl.DataFrame:
    """Give the same bars, but those of after a moment in another order, across symbols and days."""
    later = pl.Series(bars["ts"] > moment)
    places = np.flatnonzero(later.to_numpy())
    order = np.arange(bars.height)
    order[places] = random.permutation(places)
    told = bars.select(_TOLD)[order.tolist()]
    return bars.with_columns(told.get_columns())


def poisoned(bars: pl.DataFrame, moment: datetime, random: np.random.Generator) -> pl.DataFrame:
    """Give the same bars, but each of after a moment at a price of its own: times a log-normal number."""
    factor = np.where(bars["ts"] > moment, random.lognormal(_LOUD, _LOUD, bars.height), 1.0)
    return bars.with_columns(pl.col(_PRICES) * pl.Series(factor))


def touched(bars: pl.DataFrame, asked: pl.DataFrame, share: float) -> pl.DataFrame:
    """Give the same bars, but the bar of each origin higher by a share."""
    rows = asked.select("symbol", ts="instant").unique().with_columns(touched=True)
    beside = bars.join(rows, on=["symbol", "ts"], how="left", maintain_order="left")
    more = pl.when(beside["touched"].fill_null(value=False)).then(1 + share).otherwise(1.0)
    return beside.with_columns(pl.col(_PRICES) * more).drop("touched")


def swapped(bars: pl.DataFrame, moments: pl.Series) -> pl.DataFrame:
    """Give the same moves, but those of the bars at these moments have changed places with those after them."""
    return pl.concat(
        [swaps.swapped(own, np.flatnonzero(own["ts"].is_in(moments.implode()).to_numpy())) for _, own in _each(bars)]
    )


def renamed(*frames: pl.DataFrame) -> list[pl.DataFrame]:
    """Give frames with symbols that nobody has heard, in the same order, and other ones each time."""
    unheard = "".join(chr(ord("A") + int(one, 16)) for one in uuid4().hex[:8])
    return [one.with_columns(symbol=unheard + pl.col("symbol").cast(pl.String)) for one in frames]


def reordered(bars: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    """Give a market of the same moves in another order, in which nothing of the next bar can be known."""
    return pl.concat([walked(own, random.permutation(own.height - 1) + 1) for _, own in _each(bars)])


def walked(own: pl.DataFrame, order: NDArray[np.int64]) -> pl.DataFrame:
    """Give one symbol's bars with the moves of these rows (none of them 0), one after the other."""
    logs = np.log(own.select(_PRICES).to_numpy())
    moves = logs[order] - logs[order - 1, 3][:, None]
    close = logs[0, 3] + np.concatenate(([0.0], np.cumsum(moves[:, 3])[:-1]))
    prices = np.exp(np.vstack([logs[:1], moves + close[:, None]]))
    told = {name: pl.Series(prices[:, place]) for place, name in enumerate(_PRICES)}
    rows = np.concatenate(([0], order)).tolist()
    return own.with_columns(**told, volume=own["volume"][rows])


def _each(bars: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    for (symbol,), own in bars.group_by(["symbol"], maintain_order=True):
        yield str(symbol), own
