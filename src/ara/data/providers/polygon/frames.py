"""From Polygon's answers to frames."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import polars as pl

from ara.data.provider import BARS, SCHEMAS, Kind
from ara.data.providers.polygon.messages import Aggregate, CoinMinute, CurrencyMinute, Minute, Quote, Trade
from ara.data.providers.polygon.reference import Contract, Details, Dividend, OptionSnapshot, OptionTermsSent, Split
from ara.data.providers.rows import bars, counted, dated, days, facts, number, numbers, paid, prices, ratio, volumes
from ara.market.calendar import calendar
from ara.market.hours import spans
from ara.market.instrument import AssetClass, Instrument
from ara.market.timeframe import DAY, Timeframe

__all__ = ["actions", "bars_of", "chain", "details", "listed", "minutes", "quotes", "trades"]

_SOURCE: Final = "polygon"
_SINCE: Final = datetime(1990, 1, 1, tzinfo=UTC)
_PRICES: Final = ("open", "high", "low", "close")
_ROUND_THE_CLOCK: Final = frozenset({AssetClass.CRYPTO, AssetClass.FOREX})
_DIVISIONS: Final = (
    (999, "Agriculture, Forestry and Fishing"),
    (1499, "Mining"),
    (1799, "Construction"),
    (3999, "Manufacturing"),
    (4999, "Transportation, Communications and Utilities"),
    (5199, "Wholesale Trade"),
    (5999, "Retail Trade"),
    (6799, "Finance, Insurance and Real Estate"),
    (8999, "Services"),
    (9999, "Public Administration"),
)


def bars_of(found: Sequence[Aggregate], instrument: Instrument, timeframe: Timeframe, now: datetime) -> pl.DataFrame:
    """Give bars, the open one among them.

    A daily bar's date is New York's for what is listed there, and UTC's for coins and currencies, whose day ends at
    midnight UTC, hours after the session of currencies.
    """
    opened = _instants([one.t for one in found], "milliseconds", "results.t")
    around = instrument.asset_class in _ROUND_THE_CLOCK
    if timeframe == DAY:
        opened = dated(opened, "UTC" if around else "America/New_York", source=_SOURCE)
    ends = "UTC" if instrument.asset_class is AssetClass.FOREX and timeframe == DAY else ""
    return bars(opened, _columns(found), instrument, timeframe, source=_SOURCE, now=now, zone=ends, zero=False)


def minutes(found: Sequence[tuple[str, Minute | CoinMinute | CurrencyMinute]], now: datetime) -> pl.DataFrame:
    """Give the bars of a stream with their symbols, by time; they are closed, whatever this machine's clock says."""
    at = _instants([one.s for _, one in found], "milliseconds", "s")
    known = _instants([one.e for _, one in found], "milliseconds", "e")
    columns = _columns([one for _, one in found])
    for name in _PRICES:
        prices(columns[name], source=_SOURCE, zero=False)
    volumes(columns["volume"], source=_SOURCE)
    times = {"symbol": [symbol for symbol, _ in found], "at": at, "known_at": known}
    absent = pl.lit(None, pl.Float64).alias("adjusted")
    learned = pl.max_horizontal("known_at", pl.lit(now, BARS["at"])).alias("learned_at")
    frame = pl.DataFrame({**times, **columns}).with_columns(learned, absent)
    return frame.select("symbol", *BARS.names()).sort("at", "symbol")


def trades(found: Sequence[Trade], now: datetime) -> pl.DataFrame:
    """Give trades as the tape lists them; Polygon doesn't say who took them."""
    ordered = sorted(found, key=lambda one: (_when(one), one.sequence_number or 0))
    at = _instants([_when(one) for one in ordered], "nanoseconds", "results.sip_timestamp")
    columns = {
        "price": numbers([one.price for one in ordered], source=_SOURCE, field="results.price"),
        "size": numbers([one.size for one in ordered], source=_SOURCE, field="results.size"),
        "side": [None] * len(ordered),
        "trade_id": [one.id for one in ordered],
    }
    return pl.DataFrame({**_moment(at, now), **columns}, schema=SCHEMAS[Kind.TRADES])


def quotes(found: Sequence[Quote], now: datetime) -> pl.DataFrame:
    """Give the best bids and asks; their sizes are in round lots, as published."""
    ordered = sorted(found, key=lambda one: (_when(one), one.sequence_number or 0))
    at = _instants([_when(one) for one in ordered], "nanoseconds", "results.sip_timestamp")
    names = {"bid": "bid_price", "ask": "ask_price", "bid_size": "bid_size", "ask_size": "ask_size"}
    columns = {
        ours: numbers([getattr(one, theirs) for one in ordered], source=_SOURCE, field=f"results.{theirs}")
        for ours, theirs in names.items()
    }
    rows = {**_moment(at, now), **columns, "last": [None] * len(ordered)}
    return pl.DataFrame(rows, schema=SCHEMAS[Kind.QUOTES])


def actions(
    dividends: Sequence[Dividend], splits: Sequence[Split], instrument: Instrument, now: datetime
) -> pl.DataFrame:
    """Give splits and dividends as paid, known when the day of their declaration is over where it is told."""
    hours = calendar(instrument.calendar)
    dividends = [one for one in dividends if one.cash_amount]
    field = "results.ex_dividend_date"
    dates = days([one.ex_dividend_date for one in dividends], source=_SOURCE, field=field).append(
        days([one.execution_date for one in splits], source=_SOURCE, field=field)
    )
    declared = [one.declaration_date for one in dividends] + [None] * len(splits)
    evening = (pl.Series("declared", declared, pl.String).str.to_date("%Y-%m-%d", strict=False)) + timedelta(days=1)
    told = evening.cast(pl.Datetime("us")).dt.replace_time_zone(hours.zone).dt.convert_time_zone("UTC")
    amounts = [paid(one.cash_amount, source=_SOURCE, field="results.cash_amount") for one in dividends]
    field = "results.split_from"
    ratios = [ratio(one.split_to, one.split_from, source=_SOURCE, field=field) for one in splits]
    frame = pl.DataFrame(
        {
            "at": spans(dates, hours)["at"],
            "told": told,
            "learned_at": pl.Series([now] * len(dates), dtype=BARS["at"]),
            "action": pl.Series(["dividend"] * len(dividends) + ["split"] * len(splits), dtype=pl.String),
            "value": pl.Series([*amounts, *ratios], dtype=pl.Float64),
            "currency": pl.Series(
                [one.currency or instrument.currency for one in dividends] + [""] * len(splits), dtype=pl.String
            ),
            "basis": pl.Series(["raw"] * len(dates), dtype=pl.String),
        }
    )
    known = pl.min_horizontal("at", "told", "learned_at").alias("known_at")
    return frame.with_columns(known).sort("at", "action").select(SCHEMAS[Kind.ACTIONS].names())


def details(found: Details, now: datetime) -> pl.DataFrame:
    """Give name, industry and sector; the sector is the division that holds the SIC code."""
    code = found.sic_code or ""
    number_ = int(code) if code.isdecimal() else 10_000
    sector = next((words for last, words in _DIVISIONS if number_ <= last), None)
    return facts({"name": found.name, "sector": sector, "industry": found.sic_description}, now)


def chain(found: Sequence[OptionSnapshot], now: datetime) -> pl.DataFrame:
    """Give every contract of a chain with its terms and its last prices."""
    return _contracts(
        [
            _terms(one.details, now)
            | {
                "bid": _float(one.last_quote.bid, "last_quote.bid"),
                "ask": _float(one.last_quote.ask, "last_quote.ask"),
                "last": _float(one.last_trade.price or one.day.close, "last_trade.price"),
                "volume": _float(one.day.volume, "day.volume"),
                "open_interest": _float(one.open_interest, "open_interest"),
                "implied_volatility": _float(one.implied_volatility, "implied_volatility"),
            }
            for one in found
        ]
    )


def listed(found: Sequence[Contract], now: datetime) -> pl.DataFrame:
    """Give every contract of a chain with its terms alone."""
    return _contracts([_terms(one, now) for one in found])


def _contracts(rows: list[dict[str, Any]]) -> pl.DataFrame:
    frame = pl.DataFrame([row for row in rows if row["right"] != "other"], schema=SCHEMAS[Kind.OPTIONS])
    return frame.unique("contract", keep="first").sort("expiry", "strike", "right")


def _terms(one: OptionTermsSent | Contract, now: datetime) -> dict[str, Any]:
    field = "expiration_date"
    return {
        **dict.fromkeys(("at", "known_at", "learned_at"), now),
        "contract": one.ticker.removeprefix("O:"),
        "expiry": days([one.expiration_date], source=_SOURCE, field=field)[0],
        "strike": _float(one.strike_price, "strike_price"),
        "right": one.contract_type,
        "multiplier": _float(one.shares_per_contract, "shares_per_contract"),
    }


def _columns(found: Sequence[Aggregate | Minute | CoinMinute | CurrencyMinute]) -> dict[str, pl.Series]:
    names = {"open": "o", "high": "h", "low": "low", "close": "c", "volume": "v"}
    return {
        ours: numbers([getattr(one, theirs) for one in found], source=_SOURCE, field=f"results.{theirs}").alias(ours)
        for ours, theirs in names.items()
    }


def _instants(stamps: Sequence[int], unit: str, field: str) -> pl.Series:
    return counted(stamps, unit, since=_SINCE, source=_SOURCE, field=field)


def _when(one: Trade | Quote) -> int:
    return one.sip_timestamp or one.participant_timestamp


def _moment(at: pl.Series, now: datetime) -> dict[str, Any]:
    return {"at": at, "known_at": at, "learned_at": [now] * len(at)}


def _float(value: Decimal | None, field: str) -> float | None:
    return None if value is None else number(value, source=_SOURCE, field=f"results.{field}")
