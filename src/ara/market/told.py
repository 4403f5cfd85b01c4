"""Bars as JSON values, as every door tells them."""

import math
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import polars as pl

from ara.market.bars import Bars
from ara.market.calendar import calendar

__all__ = ["bars_document", "rows"]


def bars_document(bars: Bars, most: int) -> dict[str, Any]:
    """Give the newest bars, the oldest of them first, under what is to be known of their series."""
    one = bars.instrument
    return {
        "schema": 1,
        "symbol": one.symbol,
        "name": one.name,
        "currency": one.currency,
        "timeframe": str(bars.timeframe),
        "basis": bars.basis.value,
        "splits": bars.splits,
        "dividends": bars.dividends,
        "count": len(bars),
        "notes": list(bars.notes),
        "bars": list(rows(bars, bars.frame.tail(most))),
    }


def rows(bars: Bars, frame: pl.DataFrame) -> Iterable[dict[str, Any]]:
    """Give rows of bars, each with its date by the instrument's calendar."""
    sessions = calendar(bars.instrument.calendar)
    for row in frame.iter_rows(named=True):
        yield {"date": sessions.dated(row["at"]).isoformat(), **{name: _plain(value) for name, value in row.items()}}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return None if isinstance(value, float) and not math.isfinite(value) else value
