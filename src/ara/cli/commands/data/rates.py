"""Rates between currencies in `ara data`: which words mean them, and how they are fetched and read."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from ara.cli.commands.data.asked import Failure
from ara.errors import AraError, DataProviderError, UnknownSymbolError, ValidationError

if TYPE_CHECKING:
    import polars as pl

    from ara.cli.screen import Screen
    from ara.data.bar_store import BarStore
    from ara.data.feed import MarketData
    from ara.data.rates import BroughtRates
    from ara.market.timeframe import Timeframe
    from ara.settings import Settings

__all__ = [
    "EURO",
    "are_kept",
    "brought",
    "kept_rates",
    "means_rates",
    "no_use",
    "parted",
    "rate_sources",
    "serves",
    "show_rates",
    "table_of",
    "why_rates",
]

EURO = "EUR"
"""The word for all rates of the euro."""


def means_rates(word: str) -> bool:
    """Say whether a word means the euro's rates, and no instrument."""
    return word.strip().upper() == EURO


def parted(market: "MarketData", words: Sequence[str], provider: str | None) -> tuple[list[str], list[str]]:
    """Part the words that mean rates from those that mean instruments: a pair does where its source has rates alone."""
    rated = [word for word in words if means_rates(word) or (provider and _rate_of(market, word, provider))]
    return rated, [word for word in words if word not in rated]


def _rate_of(market: "MarketData", word: str, provider: str) -> bool:
    from ara.market.symbols import split_pair

    try:
        split_pair(word)
    except AraError:
        return False
    return serves(market, provider, bars=False) and not serves(market, provider, bars=True)


def serves(market: "MarketData", provider: str, *, bars: bool) -> bool:
    """Say whether a source has bars, or rates."""
    from ara.data.provider import Kind

    return (Kind.BARS if bars else Kind.RATES) in market.sources.get(provider).offers


def rate_sources(market: "MarketData", settings: "Settings", provider: str | None) -> list[str]:
    """Give whom to ask for rates: the one that is named, or those of the settings that have some."""
    from ara.data.rates import serving

    if provider:
        return [provider]
    return serving(market.sources, (*settings.data.providers, *settings.data.online))


async def brought(
    market: "MarketData",
    s: "Screen",
    words: Sequence[str],
    *,
    provider: str | None,
    step: "Timeframe",
    failures: list[Failure],
    asked: Mapping[str, Any],
) -> "list[BroughtRates]":
    """Fetch the rates that the words mean, in one request; what fails is noted and stops nothing else."""
    from ara.clock import SystemClock
    from ara.data.rates import bring_rates

    if not words:
        return []
    try:
        if str(step) != "1d":
            raise ValidationError(f"Rates are set once a day; --timeframe is {step}.", hint="Leave out --timeframe.")
        names = rate_sources(market, s.settings(), provider)
        told = await bring_rates(market.sources, market.store, clock=SystemClock(), names=names, **asked)
    except AraError as error:
        failures.append(Failure(symbol=words[0].strip().upper(), error=error))
        return []
    lacking = ((word, _lacking(word, told)) for word in words)
    failures += [Failure(symbol=word, error=fault) for word, fault in lacking if fault is not None]
    return [told]


def _lacking(word: str, told: "BroughtRates") -> UnknownSymbolError | None:
    """Say where a pair's currencies have no rates in what is kept."""
    from ara.market.symbols import split_pair

    known = {told.base, *told.currencies}
    missing = [] if means_rates(word) else [code for code in split_pair(word) if code not in known]
    if not missing:
        return None
    return UnknownSymbolError(
        f"{told.source} has no rates of {missing[0]}, so none of {word.strip().upper()}.",
        hint=f"It has the euro in {' '.join(told.currencies)}.",
        symbol=word.strip().upper(),
    )


def are_kept(market: "MarketData") -> bool:
    """Say whether any rates are kept."""
    from ara.data.provider import Kind

    return not market.store.facts(Kind.RATES, EURO).is_empty()


def kept_rates(store: "BarStore", query: str = "") -> "pl.DataFrame":
    """Give all rates that are kept, where a currency among them or their source matches the query."""
    from ara.data.provider import Kind

    rows = store.facts(Kind.RATES)
    wanted = query.strip().casefold()
    words = {EURO.casefold(), *rows["source"].unique()} if rows.height else set()
    return rows if any(wanted in word for word in words) else rows.clear()


def no_use(options: Sequence[str]) -> None:
    """Refuse the options that were given and say nothing about rates."""
    if options:
        raise ValidationError(
            f"{' and '.join(options)} has no use with rates."
            if len(options) == 1
            else f"{' and '.join(options)} have no use with rates.",
            hint="Rates are set once a day, as they are: leave it out.",
        )


def show_rates(s: "Screen", pair: str, *, most: int, by: datetime | None, received: datetime | None) -> None:
    """Show the newest rate of each currency, or the newest rates of one pair, as they were known."""
    from ara.cli.commands.data.asked import with_market
    from ara.cli.render import rates as render
    from ara.clock import SystemClock
    from ara.market.symbols import normalise

    symbol, now = normalise(pair), SystemClock().now()
    public = now if by is None else min(by, now)

    async def ask(market: "MarketData") -> "pl.DataFrame":
        return await table_of(market, symbol, by=public, received=received)

    with s.progress("Reading"):
        rows = with_market(s, ask)
    today, each = now.date(), means_rates(pair)
    s.result(
        render.rates_document(rows, symbol, most, last_each=each),
        lambda: (
            render.newest(rows, most, s, today=today) if each else render.of_pair(rows, symbol, most, s, today=today)
        ),
    )


def why_rates(s: "Screen", on: date, *, by: datetime | None, received: datetime | None) -> None:
    """Tell where the rates of one day come from: who set and published them, when they came, who was asked."""
    from ara.cli.commands.data.asked import with_market
    from ara.cli.render import rates as render
    from ara.data.provenance import fetches
    from ara.data.provider import Kind

    async def ask(market: "MarketData") -> "tuple[pl.DataFrame, pl.DataFrame]":
        rows = await table_of(market, EURO, by=by, received=received)
        return rows, await asyncio.to_thread(market.store.facts, Kind.FACTS, EURO, learned_by=received)

    with s.progress("Reading"):
        rows, facts = with_market(s, ask)
    days = rows["at"].dt.date()
    mine = rows.filter(days == on)
    if mine.is_empty():
        beside = [*days.filter(days < on).sort().tail(1), *days.filter(days > on).sort().head(1)]
        near = [day.isoformat() for day in beside]
        raise DataProviderError(
            f"No rates of {on} are kept; those beside it are of {' and '.join(near)}.",
            hint="Rates are set on working days. Bring them up to date: ara data update EUR",
        )
    asked = fetches(facts)
    s.result(render.why_document(mine, asked), lambda: render.why(mine, asked, s))


async def table_of(
    market: "MarketData", pair: str, *, by: datetime | None, received: datetime | None
) -> "pl.DataFrame":
    """Give what a pair was worth each time rates became known; of `EUR` all kept rates as they stand.

    Raises
    ------
    DataProviderError
        None are kept, or none leads from one currency of the pair to the other.
    """
    import polars as pl

    from ara.data.currency import Rates
    from ara.data.provider import SCHEMAS, Kind
    from ara.market.symbols import split_pair

    rows = await asyncio.to_thread(market.store.facts, Kind.RATES, EURO, known_by=by, learned_by=received)
    if rows.is_empty():
        then = f" as of {by:%Y-%m-%d %H:%M} UTC" if by and are_kept(market) else ""
        raise DataProviderError(f"No rates are kept{then}.", hint=f"Fetch the euro's: ara data fetch {EURO}")
    if means_rates(pair):
        return rows.sort("at", "quote", "source")
    base, quote = split_pair(pair)
    days = rows.group_by("at").agg(pl.col("known_at", "learned_at").max(), pl.col("source").first(), rate=pl.lit(1.0))
    worth = Rates(rows.select(SCHEMAS[Kind.RATES].names())).convert
    told = worth(days.sort("known_at"), base, to=quote, columns=["rate"], gaps=True)
    return told.with_columns(base=pl.lit(base), quote=pl.lit(quote)).drop_nulls("rate")
