"""Several currencies in one back-test: the book's, and the rates between it and those of the instruments."""

from typing import TYPE_CHECKING

from ara.cli.screen import Screen

if TYPE_CHECKING:
    from ara.trading import Tape

__all__ = ["abroad"]


def abroad(s: Screen, tapes: "dict[str, Tape]", currency: str) -> "dict[str, Tape]":
    """Give tapes for a book in a currency; `in_currency` says which where none is named."""
    from ara.backtest.taping import book_of

    others = {tape.instrument.currency for tape in tapes.values()} - {book_of(tapes, currency)}
    return s.run(_rated(s, tapes, currency)) if others else tapes


async def _rated(s: Screen, tapes: "dict[str, Tape]", currency: str) -> "dict[str, Tape]":
    from ara.backtest.taping import in_currency
    from ara.data.feed import MarketData
    from ara.desk import Desk

    async with Desk.open(s.settings()) as desk, MarketData(desk) as market:
        return await in_currency(market, tapes, currency)
