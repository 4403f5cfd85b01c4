"""The past of instruments as a back-test plays it, from what a desk's sources have."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from ara.data.feed import MarketData
from ara.data.traded import as_of
from ara.trading.tape import Tape

__all__ = ["named_once", "tapes_of"]


async def tapes_of(market: MarketData, symbols: Sequence[str], *, lot: Decimal | None = None) -> dict[str, Tape]:
    """Give the past of instruments by symbol, at the prices of their days, with what is public now.

    Parameters
    ----------
    market
        Whose bars.
    symbols
        In any usual spelling. Of one that is named more than once there is one tape, and a note says so.
    lot
        Smallest step of a quantity; the instrument's own if None.
    """
    found: dict[str, Tape] = {}
    named = [await market.instrument(symbol) for symbol in symbols]
    for instrument in named:
        if instrument.symbol in found:
            continue
        past = await as_of(market, instrument)
        found[instrument.symbol] = Tape.of(past.bars, split=past.split, dividend=past.dividend, lot=lot)
    return named_once(found, [instrument.symbol for instrument in named])


def named_once(tapes: Mapping[str, Tape], named: Sequence[str]) -> dict[str, Tape]:
    """Give the tapes; the first of those that were named more than once tells in a note which they are."""
    found = dict(tapes)
    again = [symbol for symbol in tapes if named.count(symbol) > 1]
    if not again:
        return found
    told = f"{again[0]} is" if len(again) == 1 else f"{', '.join(again[:-1])} and {again[-1]} are"
    note = f"{told} named more than once: {'it is' if len(again) == 1 else 'each is'} traded once"
    found[again[0]] = replace(found[again[0]], notes=(*found[again[0]].notes, note))
    return found
