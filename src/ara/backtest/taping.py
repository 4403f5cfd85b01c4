"""The past of instruments as a back-test plays it, from what a desk's sources have."""

from collections.abc import Sequence
from decimal import Decimal

from ara.data.feed import MarketData
from ara.data.traded import as_of
from ara.trading.tape import Tape

__all__ = ["tapes_of"]


async def tapes_of(market: MarketData, symbols: Sequence[str], *, lot: Decimal | None = None) -> dict[str, Tape]:
    """Give the past of instruments by symbol, at the prices of their days, with what is public now.

    Parameters
    ----------
    market
        Whose bars.
    symbols
        In any usual spelling.
    lot
        Smallest step of a quantity; the instrument's own if None.
    """
    found = {}
    for symbol in symbols:
        instrument = await market.instrument(symbol)
        past = await as_of(market, instrument)
        found[instrument.symbol] = Tape.of(past.bars, split=past.split, dividend=past.dividend, lot=lot)
    return found
