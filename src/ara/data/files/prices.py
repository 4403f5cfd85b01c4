"""Rows whose prices are none: infinite, not above zero, or beyond what a price can be."""

from typing import Final

import polars as pl

from ara.data.files.columns import PRICES
from ara.data.files.refusals import Refused
from ara.market.symbols import guess

__all__ = ["LEAST", "MOST", "possible"]

LEAST: Final = 1e-15
"""The least that a price can be: a millionth of the least unit that the cheapest coins are traded in."""

MOST: Final = 1e15
"""The most that a price can be: far above a coin in the weakest currency, and within what a float tells exactly."""

_EXAMPLES: Final = 5
_NO_NUMBER: Final = "is no finite number"


def possible(rows: pl.DataFrame, name: str) -> tuple[pl.DataFrame, list[Refused]]:
    """Give the rows of a piece, in `FRAME`, whose prices can be some, and a report of the others.

    Parameters
    ----------
    rows
        As they stand in the file; an open, a high or a low may be missing.
    name
        The table, for the report.
    """
    rows = rows.with_columns(below=_below_zero(rows))
    wrong = pl.lit(None, pl.String)
    for role in ("close", *(one for one in PRICES if one != "close")):
        value = pl.col(role)
        wrong = pl.coalesce(
            wrong,
            pl.when(~value.is_finite()).then(pl.lit(f"its {role} {_NO_NUMBER}")),
            pl.when((value <= 0) & ~pl.col("below")).then(pl.lit(f"its {role} is not above 0")),
            pl.when((value.abs() > MOST) | ((value.abs() < LEAST) & ~(pl.col("below") & (value == 0)))).then(
                pl.lit(f"its {role} is beyond what a price can be ({LEAST:g} to {MOST:g})")
            ),
        )
    for role, words in (("volume", "volume"), ("adjusted", "adjusted close")):
        wrong = pl.coalesce(wrong, pl.when(~pl.col(role).is_finite()).then(pl.lit(f"its {words} {_NO_NUMBER}")))
    judged = rows.with_columns(wrong.alias("wrong"))
    bad = judged.filter(pl.col("wrong").is_not_null())
    if bad.is_empty():
        return rows.drop("below"), []
    reports = [
        Refused(file=name, reason=str(reason), count=own.height, rows=tuple(own["row"].sort().head(_EXAMPLES)))
        for (reason,), own in bad.group_by("wrong", maintain_order=True)
    ]
    return judged.filter(pl.col("wrong").is_null()).drop("wrong", "below"), reports


def _below_zero(rows: pl.DataFrame) -> pl.Series:
    """Say of each row whether the price of its instrument may be zero or less."""
    told = rows.select("symbol", "asset_class").unique()
    may = [guess(symbol, said or "").below_zero for symbol, said in told.iter_rows()]
    if not any(may):
        return pl.repeat(value=False, n=len(rows), eager=True, dtype=pl.Boolean)
    table = told.with_columns(below=pl.Series(may))
    joined = rows.select("symbol", "asset_class").join(
        table, on=["symbol", "asset_class"], how="left", nulls_equal=True, maintain_order="left"
    )
    return joined["below"]
