"""Each currency against the dollar, as far as its bars are at hand."""

from datetime import datetime
from typing import Final

from ara.data.feed import MarketData
from ara.errors import AraError
from ara.market.bars import Bars
from ara.market.symbols import guess

__all__ = ["pair"]

_DOLLAR: Final = "USD"


async def pair(market: MarketData, code: str, learned: datetime | None = None) -> list[Bars]:
    """Give the bars of a currency against the dollar, none where there are none; nobody is asked for them.

    Parameters
    ----------
    market
        Whose bars.
    code
        Of the currency.
    learned
        Only bars that Ara had received then.
    """
    for symbol in (f"{code}{_DOLLAR}", f"{_DOLLAR}{code}") if code != _DOLLAR else ():
        try:
            return [await market.bars(guess(symbol, "forex"), learned=learned)]
        except AraError:
            continue
    return []
