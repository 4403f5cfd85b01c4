"""`ara predict --crypto` and `--forex`: insist on the class of an instrument."""

from typing import TYPE_CHECKING, Final

from ara.errors import UnknownSymbolError, ValidationError

if TYPE_CHECKING:
    from ara.market.instrument import Instrument

__all__ = ["insisted"]

_KINDS: Final = {
    "stock": "a stock",
    "etf": "an exchange-traded fund",
    "index": "an index",
    "crypto": "a crypto currency",
    "forex": "a currency pair",
    "option": "an option",
}


def insisted(symbol: str, asset_class: str) -> str:
    """Give the symbol if its instrument is of that class; a coin alone (`BTC`) means its price in dollars."""
    instrument = _found(symbol, asset_class)
    if instrument.asset_class != asset_class:
        raise ValidationError(
            f"{instrument.symbol} ({instrument.name}) is {_KINDS[instrument.asset_class]}, not {_KINDS[asset_class]}.",
            hint=f"Leave out --{asset_class}.",
        )
    return instrument.symbol


def _found(symbol: str, asset_class: str) -> "Instrument":
    from ara.market import symbols

    try:
        return symbols.resolve(symbol)
    except UnknownSymbolError:
        if asset_class != "crypto" or not symbol.isalnum():
            raise
        try:
            return symbols.resolve(f"{symbol}-USD")
        except UnknownSymbolError:
            pass
        raise
