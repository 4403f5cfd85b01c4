"""What Alpha Vantage sends, field by field; its decimals come as text and are exact."""

from decimal import Decimal

import msgspec

__all__ = ["Bar", "ExchangeRate", "GlobalQuote", "Match", "Overview"]


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """One row of any series; which fields there are depends on the series."""

    open: Decimal = msgspec.field(name="1. open")
    high: Decimal = msgspec.field(name="2. high")
    low: Decimal = msgspec.field(name="3. low")
    close: Decimal = msgspec.field(name="4. close")
    plain_volume: Decimal | None = msgspec.field(name="5. volume", default=None)
    adjusted: Decimal | None = msgspec.field(name="5. adjusted close", default=None)
    volume_beside: Decimal | None = msgspec.field(name="6. volume", default=None)
    dividend: Decimal | None = msgspec.field(name="7. dividend amount", default=None)
    split: Decimal | None = msgspec.field(name="8. split coefficient", default=None)

    @property
    def volume(self) -> Decimal | None:
        """The volume, whose number depends on what stands before it."""
        return self.plain_volume if self.volume_beside is None else self.volume_beside


class GlobalQuote(msgspec.Struct, frozen=True, kw_only=True):
    """The newest day of a stock."""

    symbol: str = msgspec.field(name="01. symbol")
    open: Decimal = msgspec.field(name="02. open")
    high: Decimal = msgspec.field(name="03. high")
    low: Decimal = msgspec.field(name="04. low")
    price: Decimal = msgspec.field(name="05. price")
    volume: Decimal = msgspec.field(name="06. volume")
    day: str = msgspec.field(name="07. latest trading day")
    previous_close: Decimal | None = msgspec.field(name="08. previous close", default=None)
    change: Decimal | None = msgspec.field(name="09. change", default=None)
    change_percent: str | None = msgspec.field(name="10. change percent", default=None)


class ExchangeRate(msgspec.Struct, frozen=True, kw_only=True):
    """The newest rate of two currencies, or of a coin in one."""

    base: str = msgspec.field(name="1. From_Currency Code")
    quote: str = msgspec.field(name="3. To_Currency Code")
    rate: Decimal = msgspec.field(name="5. Exchange Rate")
    refreshed: str = msgspec.field(name="6. Last Refreshed")
    zone: str = msgspec.field(name="7. Time Zone")
    bid: str = msgspec.field(name="8. Bid Price", default="-")
    ask: str = msgspec.field(name="9. Ask Price", default="-")


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """An instrument that a search found."""

    symbol: str = msgspec.field(name="1. symbol")
    name: str = msgspec.field(name="2. name", default="")
    type: str = msgspec.field(name="3. type", default="")
    region: str = msgspec.field(name="4. region", default="")
    currency: str = msgspec.field(name="8. currency", default="")


class Overview(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """What a company is and does; empty for a fund."""

    symbol: str | None = None
    name: str | None = None
    sector: str | None = None
    industry: str | None = None
