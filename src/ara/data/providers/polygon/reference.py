"""What Polygon sends of instruments, companies and markets, field by field; decimals are exact."""

from decimal import Decimal
from typing import Literal

import msgspec

from ara.data.providers.polygon.messages import Answer

__all__ = [
    "Article",
    "Contract",
    "Contracts",
    "DayOfOption",
    "Details",
    "DetailsAnswer",
    "Dividend",
    "Dividends",
    "Exchanges",
    "Holiday",
    "LastQuote",
    "LastTrade",
    "Markets",
    "News",
    "OpenClose",
    "OptionSnapshot",
    "OptionSnapshots",
    "OptionTermsSent",
    "Publisher",
    "Session",
    "Split",
    "Splits",
    "Ticker",
    "Tickers",
]


class Dividend(msgspec.Struct, frozen=True, kw_only=True):
    """Cash for one share as it is paid; dates as text."""

    ticker: str
    cash_amount: Decimal
    ex_dividend_date: str
    currency: str | None = None
    declaration_date: str | None = None
    record_date: str | None = None
    pay_date: str | None = None
    dividend_type: str | None = None
    frequency: int | None = None


class Dividends(Answer, frozen=True, kw_only=True):
    """A page of dividends."""

    results: list[Dividend] = msgspec.field(default_factory=list)


class Split(msgspec.Struct, frozen=True, kw_only=True):
    """So many new shares (`split_to`) for so many old ones (`split_from`)."""

    ticker: str
    execution_date: str
    split_from: Decimal
    split_to: Decimal


class Splits(Answer, frozen=True, kw_only=True):
    """A page of splits."""

    results: list[Split] = msgspec.field(default_factory=list)


class Ticker(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the list of all that Polygon has."""

    ticker: str
    name: str = ""
    market: str = ""
    locale: str = ""
    type: str | None = None
    active: bool | None = None
    primary_exchange: str | None = None
    currency_name: str | None = None
    currency_symbol: str | None = None
    base_currency_symbol: str | None = None


class Tickers(Answer, frozen=True, kw_only=True):
    """A page of that list."""

    results: list[Ticker] = msgspec.field(default_factory=list)


class Details(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one instrument; its branch by the code of the SEC (SIC)."""

    ticker: str
    name: str = ""
    sic_code: str | None = None
    sic_description: str | None = None
    list_date: str | None = None
    delisted_utc: str | None = None


class DetailsAnswer(Answer, frozen=True, kw_only=True):
    """That, in its envelope."""

    results: Details


class Contract(msgspec.Struct, frozen=True, kw_only=True):
    """A listed option and its terms."""

    ticker: str
    underlying_ticker: str
    expiration_date: str
    strike_price: Decimal
    contract_type: Literal["call", "put", "other"]
    shares_per_contract: Decimal = Decimal(100)
    exercise_style: str | None = None
    primary_exchange: str | None = None
    cfi: str | None = None


class Contracts(Answer, frozen=True, kw_only=True):
    """A page of options."""

    results: list[Contract] = msgspec.field(default_factory=list)


class OptionTermsSent(msgspec.Struct, frozen=True, kw_only=True):
    """The terms within a snapshot."""

    ticker: str
    expiration_date: str
    strike_price: Decimal
    contract_type: Literal["call", "put", "other"]
    shares_per_contract: Decimal = Decimal(100)
    exercise_style: str | None = None


class DayOfOption(msgspec.Struct, frozen=True, kw_only=True):
    """The running day of an option; time in nanoseconds."""

    open: Decimal | None = None
    high: Decimal | None = None
    low: Decimal | None = None
    close: Decimal | None = None
    previous_close: Decimal | None = None
    volume: Decimal | None = None
    vwap: Decimal | None = None
    last_updated: int | None = None


class LastQuote(msgspec.Struct, frozen=True, kw_only=True):
    """The last bid and ask of an option; time in nanoseconds."""

    bid: Decimal | None = None
    ask: Decimal | None = None
    bid_size: Decimal | None = None
    ask_size: Decimal | None = None
    last_updated: int | None = None


class LastTrade(msgspec.Struct, frozen=True, kw_only=True):
    """The last trade of an option; time in nanoseconds."""

    price: Decimal | None = None
    size: Decimal | None = None
    sip_timestamp: int | None = None


class OptionSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """One option and all that is known of it now."""

    details: OptionTermsSent
    day: DayOfOption = msgspec.field(default_factory=DayOfOption)
    last_quote: LastQuote = msgspec.field(default_factory=LastQuote)
    last_trade: LastTrade = msgspec.field(default_factory=LastTrade)
    implied_volatility: Decimal | None = None
    open_interest: Decimal | None = None
    greeks: dict[str, Decimal] = msgspec.field(default_factory=dict)


class OptionSnapshots(Answer, frozen=True, kw_only=True):
    """A page of a chain."""

    results: list[OptionSnapshot] = msgspec.field(default_factory=list)


class OpenClose(msgspec.Struct, frozen=True, kw_only=True):
    """Open and close of one day, and the prices before the bell and after it."""

    status: str
    day: str = msgspec.field(name="from")
    symbol: str
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    after_hours: Decimal | None = msgspec.field(name="afterHours", default=None)
    pre_market: Decimal | None = msgspec.field(name="preMarket", default=None)


class Exchanges(msgspec.Struct, frozen=True, kw_only=True):
    """Which exchanges are open."""

    nyse: str = ""
    nasdaq: str = ""
    otc: str = ""


class Markets(msgspec.Struct, frozen=True, kw_only=True):
    """Which markets of currencies are open."""

    fx: str = ""
    crypto: str = ""


class Session(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which markets are open now."""

    market: str
    server_time: str
    early_hours: bool = False
    after_hours: bool = False
    exchanges: Exchanges = msgspec.field(default_factory=Exchanges)
    currencies: Markets = msgspec.field(default_factory=Markets)


class Holiday(msgspec.Struct, frozen=True, kw_only=True):
    """A day on which an exchange is closed, or closes early."""

    exchange: str
    name: str
    date: str
    status: str
    open: str | None = None
    close: str | None = None


class Publisher(msgspec.Struct, frozen=True, kw_only=True):
    """Who published an article."""

    name: str
    homepage_url: str | None = None
    logo_url: str | None = None
    favicon_url: str | None = None


class Article(msgspec.Struct, frozen=True, kw_only=True):
    """An article and the instruments that it is about."""

    id: str
    publisher: Publisher
    title: str
    published_utc: str
    author: str | None = None
    article_url: str | None = None
    amp_url: str | None = None
    image_url: str | None = None
    description: str | None = None
    tickers: list[str] = msgspec.field(default_factory=list)


class News(Answer, frozen=True, kw_only=True):
    """A page of articles."""

    results: list[Article] = msgspec.field(default_factory=list)
