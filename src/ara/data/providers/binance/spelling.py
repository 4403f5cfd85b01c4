"""Pairs as Binance spells them: `BTCUSDT` for `BTC-USDT`."""

from typing import Final

from ara.errors import UnknownSymbolError

__all__ = ["QUOTES", "code", "symbol"]

QUOTES: Final = (
    *("USDT", "FDUSD", "USDC", "TUSD", "BUSD", "USDP", "USD1", "AEUR", "EURI", "DAI"),
    *("BTC", "ETH", "BNB", "XRP", "TRX", "DOGE", "DOT", "SOL"),
    *("EUR", "GBP", "TRY", "BRL", "ARS", "JPY", "MXN", "PLN", "RON", "UAH", "ZAR", "CZK", "COP", "AUD", "RUB", "NGN"),
    "USD",
)
"""What Binance prices coins in, longer codes before those that end them."""


def code(symbol: str) -> str:
    """Give Binance's spelling of a pair; UnknownSymbolError for what is none."""
    base, dash, currency = symbol.partition("-")
    if not (base.isalnum() and dash and currency.isalnum()):
        raise UnknownSymbolError(
            f"binance has pairs of a coin and its price's currency, such as BTC-USDT; {symbol} is none.", symbol=symbol
        )
    return f"{base}{currency}"


def symbol(code: str) -> str:
    """Give Ara's spelling of one of Binance's; UnknownSymbolError where it ends in no currency that Binance has."""
    for currency in QUOTES:
        base = code.removesuffix(currency)
        if base and base != code:
            return f"{base}-{currency}"
    raise UnknownSymbolError(f"{code[:24]!r} is no pair of binance: it ends in no currency.", symbol=code[:24])
