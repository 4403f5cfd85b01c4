"""What can be forecast and traded."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

__all__ = ["AssetClass", "Instrument", "OptionTerms", "Right"]


class AssetClass(StrEnum):
    """Kinds of instruments. Spot metals against a currency are `forex`: they trade the same week."""

    STOCK = "stock"
    ETF = "etf"
    INDEX = "index"
    CRYPTO = "crypto"
    FOREX = "forex"
    OPTION = "option"


class Right(StrEnum):
    """What an option gives its holder."""

    CALL = "call"
    PUT = "put"


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionTerms:
    """Terms of a listed option: underlying's symbol, last day, strike, right, units per contract."""

    underlying: str
    expiry: date
    strike: Decimal
    right: Right
    multiplier: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """One thing that has a price.

    Parameters
    ----------
    symbol
        Ara's spelling: `AAPL`, `BTC-USD`, `EURUSD`, `^GSPC`.
    name
        As people call it.
    asset_class
        Kind of instrument.
    venue
        Where it trades: `NASDAQ`, `NYSE`, `crypto`, `forex`.
    currency
        ISO code (or coin) of its price.
    calendar
        Name of its trading calendar: `XNYS`, `forex`, `24/7`.
    timezone
        IANA zone of its venue; labels of daily bars are dates there.
    tick
        Smallest step of the price.
    lot
        Smallest step of the quantity.
    option
        The terms, if it is an option.
    """

    symbol: str
    name: str
    asset_class: AssetClass
    venue: str
    currency: str
    calendar: str
    timezone: str
    tick: Decimal
    lot: Decimal
    option: OptionTerms | None = None

    @property
    def below_zero(self) -> bool:
        """Whether its price may be zero or less: that of a future, such as oil, or of an index, such as a yield."""
        return self.symbol.endswith("=F") or self.asset_class in (AssetClass.INDEX, AssetClass.OPTION)
