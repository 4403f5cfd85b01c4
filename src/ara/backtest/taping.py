"""The past of instruments as a back-test plays it, from what a desk's sources have."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from ara.data.currency import Rates
from ara.data.dollars import missing, pair
from ara.data.feed import MarketData
from ara.data.traded import as_of
from ara.errors import BacktestError
from ara.market.codes import QUOTES
from ara.market.instrument import AssetClass
from ara.market.money import CODES, Currency
from ara.trading import rated
from ara.trading.tape import Tape

__all__ = ["book_of", "in_currency", "named_once", "tapes_of"]


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

    Of instruments some of which are priced in a coin, such as USDT, the first that is not says the currency. Rates are
    closes of currency pairs and of coins against the dollar, as they were known: those among the instruments, else
    those at hand.

    Raises
    ------
    BacktestError
        One is priced in a coin, of which no rate is known, and the book is in something else.
    ValidationError
        There is no such currency.
    """
    own = book_of(tapes, currency)
    others = sorted({tape.instrument.currency for tape in tapes.values()} - {own})
    if not others:
        return dict(tapes)
    traded = [one.bars() for one in tapes.values() if _is_rate(one, {own, *others})]
    there = {one.instrument.symbol for one in traded}
    found = [bars for code in (*others, own) for bars in await pair(market, code)]
    closes = [*traded, *(one for one in found if one.instrument.symbol not in there)]
    rates = Rates.of_bars(closes)
    for code in (own, *others):
        if code not in CODES and code not in rates.currencies:
            priced = next(
                (f"{one} is priced" for one in tapes if tapes[one].instrument.currency == code), "the book is"
            )
            raise BacktestError(
                f"{priced} in {code}, of which no rate in {others[0] if code == own else own} is known",
                hint=f"{missing(code)}. Or test it without the others, or BTC-USD for BTC-USDT.",
            )
    return rated(tapes, own, rates)


def book_of(tapes: Mapping[str, Tape], currency: str = "") -> str:
    """Give the code of the currency in which a book of tapes is kept: the one named, else as `in_currency` says."""
    codes = [tape.instrument.currency for tape in tapes.values()]
    if not currency:
        return next((code for code in codes if code in CODES), codes[0])
    code = currency.strip().upper()
    return code if code in QUOTES else Currency(currency).code


def _is_rate(tape: Tape, codes: Collection[str]) -> bool:
    """Say whether closes of a tape are rates of one of the currencies: of a currency pair, or of a coin in dollars."""
    base, dash, quote = tape.instrument.symbol.rpartition("-")
    if tape.instrument.asset_class is AssetClass.FOREX:
        return not dash
    return base in codes and base not in CODES and quote in CODES


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
