"""Rows, payloads and facts for the tests of what keeps them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from ara.clock import SystemClock
from ara.data.bar_store import ROWS
from ara.data.lake import Lake

FIRST = datetime(2020, 1, 2, 14, 30, tzinfo=UTC)
LEARNED = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A payload as `ara.data.access` gives it."""

    body: bytes
    source: str = "yahoo"
    url: str = "https://venue.example/chart/AAPL"
    at: datetime = LEARNED
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest()


def bars(
    symbol: str = "AAPL",
    count: int = 5,
    *,
    first: datetime = FIRST,
    step: timedelta = timedelta(days=1),
    learned: datetime = LEARNED,
    close: float = 100.0,
    source: str = "yahoo",
    timeframe: str = "1d",
    asset_class: str = "stock",
    **others: object,
) -> pl.DataFrame:
    """Give rows of one series: closes that rise by one a bar."""
    at = [first + step * number for number in range(count)]
    frame = pl.DataFrame({"at": pl.Series(at, dtype=ROWS["at"])}).with_row_index("number")
    close_at = pl.col("number").cast(pl.Float64) + close
    values = {
        "symbol": symbol,
        "asset_class": asset_class,
        "timeframe": timeframe,
        "source": source,
        "learned_at": learned,
        "volume": 1_000.0,
        "adjusted": None,
        "basis": "split",
        "quality": 1.0,
        "imputed": False,
        "fetch": "",
    } | others
    known = [moment + timedelta(hours=6.5) for moment in at]
    return frame.with_columns(
        pl.Series("known_at", known, dtype=ROWS["known_at"]),
        open=close_at - 0.5,
        high=close_at + 1,
        low=close_at - 1,
        close=close_at,
        **{name: pl.lit(value, ROWS[name]) for name, value in values.items()},
    ).select(pl.col(name).cast(kind) for name, kind in ROWS.items())


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """A lake with nothing in it."""
    return Lake.at(tmp_path / "lake", clock=SystemClock())
