"""What Yahoo sends, field by field; decimals are exact, and columns the floats that Yahoo itself writes out."""

from decimal import Decimal

import msgspec

__all__ = [
    "AdjustedCloses",
    "Answer",
    "Chart",
    "ChartAnswer",
    "Contract",
    "Dividend",
    "Events",
    "Expiry",
    "Fault",
    "Found",
    "Indicators",
    "Meta",
    "OptionsAnswer",
    "OptionsOf",
    "Period",
    "Periods",
    "Prices",
    "Profile",
    "ProfileAnswer",
    "ProfileOf",
    "ProfileResult",
    "Search",
    "Split",
]


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """Why there is no result."""

    code: str = ""
    description: str | None = None


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of trading of one day: seconds since 1970 UTC, and the zone's distance from UTC in seconds."""

    start: int
    end: int
    timezone: str = ""
    gmtoffset: int = 0


class Periods(msgspec.Struct, frozen=True, kw_only=True):
    """The running or last trading day."""

    regular: Period
    pre: Period | None = None
    post: Period | None = None


class Meta(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a series is of, and its last price; times are seconds since 1970 UTC."""

    symbol: str
    currency: str | None = None
    exchange_name: str | None = None
    full_exchange_name: str | None = None
    instrument_type: str | None = None
    first_trade_date: int | None = None
    regular_market_time: int | None = None
    has_pre_post_market_data: bool | None = None
    gmtoffset: int = 0
    timezone: str | None = None
    exchange_timezone_name: str = "UTC"
    regular_market_price: Decimal | None = None
    fifty_two_week_high: Decimal | None = None
    fifty_two_week_low: Decimal | None = None
    regular_market_day_high: Decimal | None = None
    regular_market_day_low: Decimal | None = None
    regular_market_volume: int | None = None
    long_name: str | None = None
    short_name: str | None = None
    chart_previous_close: Decimal | None = None
    previous_close: Decimal | None = None
    price_hint: int | None = None
    current_trading_period: Periods | None = None
    data_granularity: str | None = None
    range: str | None = None
    valid_ranges: list[str] = msgspec.field(default_factory=list)


class Dividend(msgspec.Struct, frozen=True, kw_only=True):
    """Cash for one share, divided by all later splits; the date is the open of the first session without it."""

    amount: Decimal
    date: int


class Split(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """So many new shares for so many old ones."""

    date: int
    numerator: Decimal
    denominator: Decimal
    split_ratio: str = ""


class Events(msgspec.Struct, frozen=True, kw_only=True):
    """Dividends and splits by their date as text."""

    dividends: dict[str, Dividend] = msgspec.field(default_factory=dict)
    splits: dict[str, Split] = msgspec.field(default_factory=dict)


class Prices(msgspec.Struct, frozen=True, kw_only=True):
    """Columns, one value a stamp, each the float nearest to what is written; null where nothing traded."""

    open: list[float | None] = msgspec.field(default_factory=list)
    high: list[float | None] = msgspec.field(default_factory=list)
    low: list[float | None] = msgspec.field(default_factory=list)
    close: list[float | None] = msgspec.field(default_factory=list)
    volume: list[float | None] = msgspec.field(default_factory=list)


class AdjustedCloses(msgspec.Struct, frozen=True, kw_only=True):
    """Closes after all splits and dividends."""

    adjclose: list[float | None] = msgspec.field(default_factory=list)


class Indicators(msgspec.Struct, frozen=True, kw_only=True):
    """The columns of a series."""

    quote: list[Prices] = msgspec.field(default_factory=list)
    adjclose: list[AdjustedCloses] = msgspec.field(default_factory=list)


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """One series of bars."""

    meta: Meta
    indicators: Indicators
    timestamp: list[int] = msgspec.field(default_factory=list)
    events: Events = msgspec.field(default_factory=Events)


class ChartAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Series or a fault."""

    result: list[Chart] | None = None
    error: Fault | None = None


class Contract(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One listed option and its last prices; times are seconds since 1970 UTC."""

    contract_symbol: str
    strike: Decimal
    expiration: int
    currency: str | None = None
    last_price: Decimal | None = None
    change: Decimal | None = None
    percent_change: Decimal | None = None
    volume: int | None = None
    open_interest: int | None = None
    bid: Decimal | None = None
    ask: Decimal | None = None
    contract_size: str | None = None
    last_trade_date: int | None = None
    implied_volatility: Decimal | None = None
    in_the_money: bool | None = None


class Expiry(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The options that end on one day."""

    expiration_date: int
    calls: list[Contract] = msgspec.field(default_factory=list)
    puts: list[Contract] = msgspec.field(default_factory=list)


class OptionsOf(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The days on which options of an underlying end, and those of one day."""

    underlying_symbol: str
    expiration_dates: list[int] = msgspec.field(default_factory=list)
    options: list[Expiry] = msgspec.field(default_factory=list)


class OptionsAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Options or a fault."""

    result: list[OptionsOf] | None = None
    error: Fault | None = None


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """What a company does."""

    sector: str | None = None
    industry: str | None = None


class ProfileOf(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One company's modules."""

    asset_profile: Profile | None = None


class ProfileResult(msgspec.Struct, frozen=True, kw_only=True):
    """Companies or a fault."""

    result: list[ProfileOf] | None = None
    error: Fault | None = None


class ProfileAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The answer about companies."""

    quote_summary: ProfileResult


class Answer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Any answer with bars or options."""

    chart: ChartAnswer = msgspec.field(default_factory=ChartAnswer)
    option_chain: OptionsAnswer = msgspec.field(default_factory=OptionsAnswer)


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """An instrument that a search found."""

    symbol: str
    quote_type: str = msgspec.field(name="quoteType", default="")
    longname: str | None = None
    shortname: str | None = None
    exchange: str | None = None
    exchange_shown: str | None = msgspec.field(name="exchDisp", default=None)
    sector: str | None = None
    industry: str | None = None


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """What a search found, best first."""

    quotes: list[Found] = msgspec.field(default_factory=list)
