"""Pairs as Coinbase spells them: as Ara does, `BTC-USD`."""

import re
from typing import Final

from ara.errors import UnknownSymbolError

__all__ = ["code", "symbol"]

_PAIR: Final = re.compile(r"[A-Z0-9]{1,16}-[A-Z0-9]{2,16}")


def code(symbol: str) -> str:
    """Give Coinbase's spelling of a pair; UnknownSymbolError for what is none."""
    if not _PAIR.fullmatch(symbol):
        raise UnknownSymbolError(
            f"coinbase has pairs of a coin and its price's currency, such as BTC-USD; {symbol} is none.", symbol=symbol
        )
    return symbol


def symbol(code: str) -> str:
    """Give Ara's spelling of one of Coinbase's; UnknownSymbolError for what is no pair, such as a future."""
    if not _PAIR.fullmatch(code):
        raise UnknownSymbolError(f"{code[:24]!r} is no pair of coinbase.", symbol=code[:24])
    return code
