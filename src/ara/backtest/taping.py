"""The past of instruments as a back-test plays it, from what a desk's sources have."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from ara.data.currency import Rates
from ara.data.dollars import pair
from ara.data.feed import MarketData
from ara.data.traded import as_of
from ara.errors import BacktestError
from ara.market.instrument import AssetClass
from ara.market.money import CODES, Currency
from ara.trading import rated
from ara.trading.tape import Tape

__all__ = ["in_currency", "named_once", "tapes_of"]


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


async def in_currency(market: MarketData, tapes: Mapping[str, Tape], currency: str = "") -> dict[str, Tape]:
    """Give tapes for a book in a currency, that of the first instrument where none is named.

    Rates are closes of currency pairs, as they were known: those among the instruments, else those at hand, against the
    dollar.

    Raises
    ------
    BacktestError
        One is priced in a coin, of which no rate is known, and the book is in something else.
    ValidationError
        There is no such currency.
    """
    own = Currency(currency).code if currency else next(iter(tapes.values())).instrument.currency
    others = sorted({tape.instrument.currency for tape in tapes.values()} - {own})
    if not others:
        return dict(tapes)
    coin = next((code for code in (own, *others) if code not in CODES), None)
    if coin is not None:
        priced = next(symbol for symbol, tape in tapes.items() if tape.instrument.currency == coin)
        raise BacktestError(
            f"{priced} is priced in {coin}, of which no rate in {others[0] if coin == own else own} is known",
            hint="Test it without the others, or one that is priced as they are, such as BTC-USD for BTC-USDT.",
        )
    traded = [one.bars() for one in tapes.values() if one.instrument.asset_class is AssetClass.FOREX]
    there = {one.instrument.symbol for one in traded}
    found = [bars for code in (*others, own) for bars in await pair(market, code)]
    rates = Rates.of_bars([*traded, *(one for one in found if one.instrument.symbol not in there)])
    return rated(tapes, own, rates)


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
