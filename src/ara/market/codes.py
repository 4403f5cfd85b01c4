"""Codes of currencies, metals and coins."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import msgspec

from ara.market.money import CODES

__all__ = ["COINS", "CURRENCIES", "MINOR", "QUOTES"]

CURRENCIES: Final = frozenset(CODES)
"""Codes of ISO 4217 that are traded against each other; spot metals are among them."""

COINS: Final[Mapping[str, str]] = MappingProxyType(
    msgspec.json.decode(Path(__file__).with_name("coins.json").read_bytes(), type=dict[str, str])
)
"""Coins and their names by their codes. They are recognised without a separator, `BTCUSD` is `BTC-USD`, and by name."""

QUOTES: Final = (
    *("FDUSD", "USDT", "USDC", "TUSD", "BUSD", "DAI", "USD", "EUR", "GBP", "JPY"),
    *("AUD", "CAD", "CHF", "BRL", "TRY", "BTC", "ETH", "BNB"),
)
"""What coins are priced in, longer codes before those that end them."""

MINOR: Final[Mapping[str, tuple[str, int]]] = MappingProxyType(
    {"GBX": ("GBP", 100), "GBp": ("GBP", 100), "ILA": ("ILS", 100), "ZAC": ("ZAR", 100), "ZAc": ("ZAR", 100)}
)
"""Parts in which venues quote their shares: the currency, and how many parts make one of it.

London's shares stand in pence, `GBp`: a price of 7150 is 71.50 GBP. A source divides by that number, so that an
instrument's prices are in the currency it states.
"""
