"""Pairs as Kraken spells them: `XBTUSD` (also `XXBTZUSD`) in its REST answers, `BTC/USD` on its socket."""

import re
from typing import Final

from ara.errors import UnknownSymbolError

__all__ = ["asset", "code", "symbol", "wire"]

_OURS: Final = {"XBT": "BTC", "XDG": "DOGE", "LUNA": "LUNC", "LUNA2": "LUNA"}
_THEIRS: Final = {ours: theirs for theirs, ours in _OURS.items()}
_USUAL: Final = frozenset({"BTC", "DOGE"})
_OLD: Final = frozenset(
    (
        *("XETC", "XETH", "XLTC", "XMLN", "XREP", "XXBT", "XXDG", "XXLM", "XXMR", "XXRP", "XZEC"),
        *("ZAUD", "ZCAD", "ZCHF", "ZEUR", "ZGBP", "ZJPY", "ZUSD"),
    )
)
_QUOTES: Final = (
    *("USDT", "USDC", "USDG", "USDQ", "USDR", "USD1", "RLUSD", "EURT", "EURC", "PYUSD", "DAI"),
    *("XBT", "ETH", "USD", "EUR", "GBP", "CAD", "AUD", "JPY", "CHF", "DOT", "SOL"),
)
_OLD_PAIR: Final = re.compile(r"(X[A-Z]{3})([XZ][A-Z]{3})")


def asset(code: str) -> str:
    """Give Ara's code of one of Kraken's assets: `BTC` for `XXBT` and `XBT`, `USD` for `ZUSD`."""
    short = code[1:] if code in _OLD else code
    return _OURS.get(short, short)


def code(symbol: str) -> str:
    """Give Kraken's spelling of a pair for its REST side; UnknownSymbolError for what is none."""
    base, currency = _parts(symbol)
    return f"{_THEIRS.get(base, base)}{_THEIRS.get(currency, currency)}"


def wire(symbol: str) -> str:
    """Give Kraken's spelling of a pair for its socket, which has `BTC` and `DOGE` for `XBT` and `XDG`."""
    base, currency = (part if part in _USUAL else _THEIRS.get(part, part) for part in _parts(symbol))
    return f"{base}/{currency}"


def symbol(code: str) -> str:
    """Give Ara's spelling of a pair that Kraken spells in any of its ways.

    `XXBTZUSD`, `XBTUSD`, `XBT/USD` and `BTC/USD` are all `BTC-USD`.
    """
    left, slash, right = code.partition("/")
    if slash and left and right:
        return f"{asset(left)}-{asset(right)}"
    old = _OLD_PAIR.fullmatch(code)
    if old and old[1] in _OLD and old[2] in _OLD:
        return f"{asset(old[1])}-{asset(old[2])}"
    for currency in _QUOTES:
        base = code.removesuffix(currency)
        if base and base != code:
            return f"{asset(base)}-{asset(currency)}"
    raise UnknownSymbolError(f"{code[:24]!r} is no pair of kraken: it ends in no currency.", symbol=code[:24])


def _parts(symbol: str) -> tuple[str, str]:
    base, dash, currency = symbol.partition("-")
    if not (base and dash and currency):
        raise UnknownSymbolError(
            f"kraken has pairs of a coin and its price's currency, such as BTC-USD; {symbol} is none.", symbol=symbol
        )
    return base, currency
