"""The currency that amounts are shown in: `--currency` or `data.currency`, by the rates known then."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ara.cli.render.data_table import instant
from ara.errors import AraError

if TYPE_CHECKING:
    import polars as pl

    from ara.cli.screen import Screen
    from ara.data.currency import Preference, Rate, Rates
    from ara.desk import Desk
    from ara.market.bars import Bars
    from ara.market.instrument import Instrument
    from ara.prediction.forecast import Forecast

__all__ = ["OPTION", "Converted", "Purse", "converted", "in_currency", "purse", "shown_document"]

OPTION = Annotated[
    str,
    typer.Option("--currency", metavar="CODE", help="Show amounts in this currency, by the rate of their time"),
]
"""The option of every command that shows amounts of money."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """Bars in a chosen currency, and what is to be said of them; no frame where they stay as they are.

    Parameters
    ----------
    frame
        The bars.
    words
        Which rates were used, or why none were.
    rate
        That of the last bar.
    """

    frame: "pl.DataFrame | None" = None
    words: str = ""
    rate: "Rate | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Purse:
    """A wanted currency, and the rates that lead to it: those that are kept, then the closes of currency pairs.

    Parameters
    ----------
    wanted
        The currency.
    rates
        Each with words for where it comes from; the first that knows a rate is believed.
    """

    wanted: "Preference"
    rates: "Sequence[tuple[Rates, str]]"

    @property
    def code(self) -> str:
        """The wanted currency's code."""
        return self.wanted.currency.code

    def rate(self, one: "Instrument", as_of: datetime) -> "tuple[Rate | None, str]":
        """Give the rate from an instrument's currency as it was known at an instant, and what is to be said of it.

        No rate and no words where its prices need none; no rate but words where none was known.
        """
        if not self.wanted.wanted(one):
            return None, ""
        for rates, source in self.rates:
            try:
                found = rates.found(one.currency, self.code, as_of=as_of)
            except AraError:
                continue
            return found, f"In {self.code}, by {_said(found)} ({source}). It is traded in {one.currency}."
        return None, self._none(one, as_of)

    def frame(self, seen: "Bars", most: int) -> "Converted":
        """Give the newest bars with each price by the rate of its own time, and what is to be said of them."""
        one, frame = seen.instrument, seen.frame.tail(most)
        if not self.wanted.wanted(one):
            return Converted()
        for rates, source in self.rates:
            try:
                told = rates.convert(frame, one.currency, to=self.code, columns=["open", "high", "low", "close"])
                last = rates.found(one.currency, self.code, as_of=frame["known_at"][-1])
            except AraError:
                continue
            said = f"In {self.code}, each bar by the rate known at its close, the last {_said(last)} ({source})."
            return Converted(frame=told, words=said, rate=last)
        return Converted(words=self._none(one, frame["known_at"][0]))

    def _none(self, one: "Instrument", as_of: datetime) -> str:
        way = f"no rate from {one.currency} to {self.code} is known for {as_of:%Y-%m-%d}"
        return f"In {one.currency}: {way}. Fetch the euro's: ara data fetch EUR"


def _said(rate: "Rate") -> str:
    return f"1 {rate.base} = {rate.value:,.6g} {rate.quote} of {rate.known_at:%Y-%m-%d}"


def shown_document(rate: "Rate") -> dict[str, Any]:
    """Give the rate that amounts were shown by as JSON values."""
    return {"currency": rate.quote, "rate": rate.value, "rate_known_at": instant(rate.known_at), "over": list(rate.way)}


def in_currency(one: "Instrument", code: str) -> "Instrument":
    """Give an instrument priced in another currency, in its usual steps; one that had finer ones keeps these."""
    from ara.market.money import Currency

    old, new = (Decimal(1).scaleb(-Currency(each).digits) for each in (one.currency, code))
    return replace(one, currency=code, tick=new if one.tick >= old else min(one.tick, new))


def converted(forecast: "Forecast", rate: "Rate") -> "Forecast":
    """Give a forecast for the eye, its prices by one rate: returns and probabilities are what they were."""
    days = tuple(replace(day, close=day.close * rate.value) for day in forecast.days)
    one = in_currency(forecast.instrument, rate.quote)
    return replace(forecast, instrument=one, close=forecast.close * rate.value, days=days)


async def purse(
    s: "Screen", desk: "Desk", option: str, *, codes: Iterable[str], learned: datetime | None = None
) -> Purse | None:
    """Give the purse of the chosen currency; None where none was chosen.

    Parameters
    ----------
    s, desk
        Their settings say the currency where the option doesn't, and where rates are kept.
    option
        What `--currency` says; empty where it wasn't given.
    codes
        Currencies of what is shown.
    learned
        Only rates that Ara had received then.
    """
    import asyncio

    from ara.data.currency import Preference, Rates
    from ara.data.dollars import pair
    from ara.data.feed import MarketData
    from ara.data.provider import SCHEMAS, Kind
    from ara.market.money import Currency

    wanted = Preference(currency=Currency(option)) if option else Preference.chosen(s.settings())
    if wanted is None:
        return None
    others = sorted({*codes} - {wanted.currency.code})
    if not others:
        return Purse(wanted=wanted, rates=())
    async with MarketData(desk, providers=["sample"]) as market:
        kept = await asyncio.to_thread(market.store.facts, Kind.RATES, learned_by=learned)
        pairs = [bars for code in (*others, wanted.currency.code) for bars in await pair(market, code, learned)]
    told, closes = (sorted(set(each)) for each in (kept["source"], (one.frame["source"][-1] for one in pairs)))
    published = kept.select(SCHEMAS[Kind.RATES].names())
    rates = ((Rates(published), ", ".join(told)), (Rates.of_bars(pairs), f"closes of {', '.join(closes)}"))
    return Purse(wanted=wanted, rates=rates)
