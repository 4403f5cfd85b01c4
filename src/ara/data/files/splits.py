"""Whether the prices of a table step where splits are known: if they don't, they were adjusted before they came."""

import math
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import polars as pl

from ara.market.calendar import calendar
from ara.market.symbols import guess

__all__ = ["Steps", "steps"]

_VISIBLE: Final = 0.28
_NEAR: Final = timedelta(days=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """How the closes of a table behave at known splits.

    Parameters
    ----------
    stepped
        At how many splits the close steps as the split says.
    level
        At how many it goes on as if there had been none.
    example
        The last of the latter, in words.
    """

    stepped: int
    level: int
    example: str

    @property
    def adjusted(self) -> bool:
        """Whether the prices are those of after the splits."""
        return self.level > self.stepped


def steps(rows: pl.LazyFrame, actions: pl.DataFrame) -> Steps:
    """Compare closes with splits that a day's move can't hide (4:3 and more, either way).

    Parameters
    ----------
    rows
        `symbol`, `ts` and `close`, in any order; a midnight is the label of a session.
    actions
        `symbol` and the columns of the kind `ACTIONS`.
    """
    large = (pl.col("action") == "split") & (pl.col("value") > 0) & (pl.col("value").log().abs() > _VISIBLE)
    splits = actions.filter(large).unique(["symbol", "at"], keep="last").sort("symbol", "at")
    stepped = level = 0
    example = ""
    for (symbol,), own in splits.group_by("symbol", maintain_order=True):
        name = str(symbol)
        venue = calendar(guess(name).calendar)
        days = _days(rows, name)
        for at, value in own.select("at", "value").iter_rows():
            moved = _moved(days, venue.dated(at))
            if moved is None:
                continue
            if abs(moved - math.log(value)) < abs(moved):
                stepped += 1
            else:
                level, example = level + 1, f"{value:g}:1 split of {name} on {venue.dated(at)}"
    return Steps(stepped=stepped, level=level, example=example)


def _days(rows: pl.LazyFrame, symbol: str) -> pl.DataFrame:
    mine = rows.filter((pl.col("symbol") == symbol) & (pl.col("close") > 0)).select("ts", "close")
    last = mine.sort("ts").group_by(pl.col("ts").dt.date().alias("day"), maintain_order=True)
    return last.agg(pl.col("close").first().alias("first"), pl.col("close").last().alias("last")).collect()


def _moved(days: pl.DataFrame, ex: date) -> float | None:
    """Give the log of the last close before a split over the first after it; None where either is far or missing."""
    before = days.filter((pl.col("day") < ex) & (pl.col("day") >= ex - _NEAR)).tail(1)
    after = days.filter((pl.col("day") >= ex) & (pl.col("day") <= ex + _NEAR)).head(1)
    if before.is_empty() or after.is_empty():
        return None
    return math.log(before["last"][0] / after["first"][0])
