"""Symbols as Yahoo spells them, and the way back."""

import re
from dataclasses import replace
from typing import Final

from ara.data.providers.yahoo.messages import Found
from ara.errors import ValidationError
from ara.market.instrument import AssetClass, Instrument
from ara.market.symbols import guess, known, normalise

__all__ = ["CLASSES", "found_instrument", "same", "spelled"]

CLASSES: Final = frozenset(
    {AssetClass.STOCK, AssetClass.ETF, AssetClass.INDEX, AssetClass.CRYPTO, AssetClass.FOREX, AssetClass.OPTION}
)
"""What Yahoo has."""

_TYPES: Final = {
    "EQUITY": "stock",
    "ETF": "etf",
    "INDEX": "index",
    "CRYPTOCURRENCY": "crypto",
    "CURRENCY": "forex",
    "FUTURE": "forex",
}

_SHARES: Final = re.compile(r"([A-Z]+)[.-]([AB])")  # one-letter endings beyond these are exchanges: VOD.L, SAP.F


def spelled(instrument: Instrument) -> str:
    """Give Yahoo's symbol: `BRK-B` for `BRK.B`, `EURUSD=X` for `EURUSD`, else Ara's own."""
    symbol = instrument.symbol
    if instrument.asset_class is AssetClass.FOREX:
        return symbol if symbol.endswith(("=F", "=X")) else f"{symbol}=X"
    shares = _SHARES.fullmatch(symbol)
    if shares and instrument.asset_class is AssetClass.STOCK:
        return f"{shares[1]}-{shares[2]}"
    return symbol


def same(symbol: str, instrument: Instrument) -> bool:
    """Say whether a symbol of an answer is that of the instrument that was asked for."""
    if symbol.upper() == spelled(instrument):
        return True
    try:
        return normalise(symbol) == instrument.symbol
    except ValidationError:
        return False


def found_instrument(found: Found) -> Instrument | None:
    """Give the instrument of one line of a search; None where Ara has no class for it."""
    kind = _TYPES.get(found.quote_type.upper())
    if kind is None:
        return None
    shares = _SHARES.fullmatch(found.symbol) if kind == "stock" else None
    try:
        one = guess(f"{shares[1]}.{shares[2]}" if shares else found.symbol, kind)
    except ValidationError:
        return None
    if one in known():
        return one
    name = found.longname or found.shortname or one.name
    return replace(one, name=name, venue=found.exchange_shown or found.exchange or one.venue)
