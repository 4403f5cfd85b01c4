"""Each currency against the dollar, as far as its bars are at hand."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

import polars as pl

from ara.data.feed import MarketData
from ara.errors import AraError
from ara.market.bars import Bars
from ara.market.instrument import AssetClass
from ara.market.money import CODES
from ara.market.symbols import guess

__all__ = ["in_dollars", "missing", "pair", "told_in"]

_DOLLAR: Final = "USD"
_PRICES: Final = ("open", "high", "low", "close")
_NO_AMOUNTS: Final = frozenset({AssetClass.FOREX, AssetClass.INDEX})  # their prices are nobody's money
_OLDEST: Final = "10d"  # how long a rate may stand for the present


async def pair(market: MarketData, code: str, learned: datetime | None = None) -> list[Bars]:
    """Give the bars of a currency or coin against the dollar, none where there are none; nobody is asked for them.

    Parameters
    ----------
    market
        Whose bars.
    code
        Of the currency, or of the coin that others are priced in, such as USDT.
    learned
        Only bars that Ara had received then.
    """
    if code == _DOLLAR:
        return []
    spelled = (f"{code}{_DOLLAR}", f"{_DOLLAR}{code}") if code in CODES else (f"{code}-{_DOLLAR}",)
    for symbol in spelled:
        try:
            return [await market.bars(guess(symbol, "forex" if code in CODES else "crypto"), learned=learned)]
        except AraError:
            continue
    return []


async def in_dollars(market: MarketData, bars: Sequence[Bars], *, as_of: datetime | None = None) -> list[Bars]:
    """Give bars that stand beside others in dollars in dollars too, where they are priced in a coin such as USDT.

    Each bar is converted by the close of `USDT-USD` that was known with it; bars from before the first are left out.
    Where none is known, or none for the last bar, they stay as they are: a coin is never taken for a dollar.

    Parameters
    ----------
    market
        Where the rates come from.
    bars
        Of all instruments that are looked at together.
    as_of
        Only rates that were public then.
    """
    codes = {one.instrument.currency for one in bars}
    rates: dict[str, Bars] = {}
    for code in sorted(codes - CODES.keys()) if _DOLLAR in codes else ():
        try:
            rates[code] = await market.bars(guess(f"{code}-{_DOLLAR}", "crypto"), as_of=as_of)
        except AraError:
            continue
    return [_converted(one, rates.get(one.instrument.currency)) for one in bars]


def _converted(one: Bars, rate: Bars | None) -> Bars:
    if rate is None:
        return one
    known = rate.frame.select("known_at", rate="close").filter(pl.col("rate") > 0).sort("known_at")
    frame = one.frame.join_asof(known, on="known_at", strategy="backward", tolerance=_OLDEST)
    if not len(frame) or frame["rate"][-1] is None:
        return one
    frame = frame.filter(pl.col("rate").is_not_null()).with_columns(pl.col(name) * pl.col("rate") for name in _PRICES)
    return replace(one, instrument=replace(one.instrument, currency=_DOLLAR), frame=frame.drop("rate"))


def told_in(bars: Sequence[Bars]) -> list[str]:
    """Say which of the bars were converted by `in_dollars`, and which could not be."""
    found, lacking, own = dict[str, list[str]](), dict[str, list[str]](), dict[str, list[str]]()
    dollars = any(one.instrument.currency == _DOLLAR for one in bars)
    for one in bars:
        code, quote = one.instrument.currency, one.instrument.symbol.rpartition("-")[2]
        if code == _DOLLAR and quote != code and guess(one.instrument.symbol).currency == quote not in CODES:
            found.setdefault(quote, []).append(one.instrument.symbol)
        elif dollars and code not in CODES:
            lacking.setdefault(code, []).append(one.instrument.symbol)
        elif code != _DOLLAR and one.instrument.asset_class not in _NO_AMOUNTS and dollars:
            own.setdefault(code, []).append(one.instrument.symbol)
    words = [f"{_listed(names)} told in dollars, by the closes of {code}-{_DOLLAR}." for code, names in found.items()]
    for code, names in lacking.items():
        words.append(
            f"{_listed(names)} priced in {code}; returns are those in {code}, not in dollars. {missing(code)}."
        )
    for code, names in own.items():
        words.append(
            f"{_listed(names)} priced in {code}; what the rate of {code} to the dollar does is not in returns."
        )
    return words


def missing(code: str) -> str:
    """Say how to get the closes of a coin in dollars."""
    rate = f"{code}-{_DOLLAR}"
    way = f"ara data fetch {rate}, or ara data import FILE --symbol {rate}"
    return f"No close of {rate} is at hand for the last day: {way}"


def _listed(names: Sequence[str]) -> str:
    return f"{names[0]} is" if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]} are"
