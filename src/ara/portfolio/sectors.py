"""The sectors of instruments, as they were known at a moment."""

from collections.abc import Sequence
from datetime import datetime

from ara.data.feed import MarketData
from ara.data.provider import Kind
from ara.market.bars import Bars

__all__ = ["sectors_of"]


def sectors_of(market: MarketData, bars: Sequence[Bars], moment: datetime) -> dict[str, str]:
    """Give the sector of each that was known at the moment, by what its sources said of it last."""
    found: dict[str, str] = {}
    for one in bars:
        rows = market.store.facts(Kind.FACTS, one.instrument.symbol, known_by=moment).sort("known_at")
        told = [value for field, value in rows.select("field", "value").iter_rows() if field == "sector" and value]
        found.update({one.instrument.symbol: told[-1]} if told else {})
    return found
