"""Several currencies in one back-test: the book's, and the rates between it and those of the instruments."""

from typing import TYPE_CHECKING

from ara.cli.screen import Screen

if TYPE_CHECKING:
    from ara.data.currency import Rates
    from ara.trading import Tape

__all__ = ["abroad"]


def abroad(s: Screen, tapes: "dict[str, Tape]", currency: str) -> "dict[str, Tape]":
    """Give tapes for a book in a currency, that of the first instrument where none is named.

    Rates are closes of currency pairs, as they were known: those among the instruments, else those at hand, against the
    dollar.
    """
    from ara.market.money import Currency
    from ara.trading import rated

    own = Currency(currency).code if currency else next(iter(tapes.values())).instrument.currency
    others = sorted({tape.instrument.currency for tape in tapes.values()} - {own})
    return rated(tapes, own, s.run(_rates(s, tapes, [*others, own]))) if others else tapes


async def _rates(s: Screen, tapes: "dict[str, Tape]", codes: list[str]) -> "Rates":
    from ara.cli.money import pair
    from ara.data.currency import Rates
    from ara.data.feed import MarketData
    from ara.desk import Desk
    from ara.market.instrument import AssetClass

    traded = [one.bars() for one in tapes.values() if one.instrument.asset_class is AssetClass.FOREX]
    there = {one.instrument.symbol for one in traded}
    async with Desk.open(s.settings()) as desk, MarketData(desk) as market:
        found = [bars for code in codes for bars in await pair(market, code, None)]
    return Rates.of_bars([*traded, *(one for one in found if one.instrument.symbol not in there)])
