"""What a forecast is made of, gathered before the mathematics, and how it is kept after it: for one, many, or live."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ara.data.feed import MarketData
from ara.data.scarce import origins, scarce
from ara.desk import Desk
from ara.errors import ModelError, ValidationError
from ara.market.bars import Bars
from ara.market.symbols import normalise, recognised
from ara.market.timeframe import Timeframe
from ara.prediction.chosen import Asked, choose
from ara.prediction.fallback import Asks, Budget, Seen, answered, named_within, others_within, seen
from ara.prediction.forecast import Forecast
from ara.prediction.ledger import Kept, Ledger

__all__ = ["Ready", "Wish", "distinct", "gathered", "kept", "made", "ready"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked of an instrument.

    Parameters
    ----------
    days
        Bars ahead.
    asks
        From which moment, and with what knowledge.
    timeframe
        Length of a bar.
    name
        Of the model that is asked.
    why
        Whether the forecast is explained.
    """

    days: int
    asks: Asks
    timeframe: Timeframe
    name: str
    why: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """All that one forecast needs: nothing more is waited for.

    Parameters
    ----------
    found
        Bars of the instrument.
    asked
        The model.
    context
        Bars of others that it looks at.
    """

    found: Seen
    asked: Asked
    context: tuple[Bars, ...] = ()


def distinct(symbols: Iterable[str]) -> list[str]:
    """Give each instrument once, in its first spelling and place; what is no symbol stays, to be refused by itself."""
    first = dict[str, str]()
    for text in symbols:
        try:
            meant = recognised(text)
            first.setdefault(normalise(text) if meant is None else meant.symbol, text)
        except ValidationError:
            first.setdefault(text, text)
    return list(first.values())


async def gathered(desk: Desk, market: MarketData, symbol: str, wish: Wish, *, budget: Budget) -> Ready:
    """Find the instrument, its bars, the model and what that looks at.

    Raises
    ------
    AraError
        There is no such instrument, or nobody has bars of it.
    """
    with desk.telemetry.stage("data"):
        instrument = await named_within(market, symbol, budget=budget)
        found = await seen(market, instrument, wish.timeframe, wish.asks, budget=budget)
    return await ready(desk, market, found, wish, budget=budget)


async def ready(desk: Desk, market: MarketData, found: Seen, wish: Wish, *, budget: Budget) -> Ready:
    """Choose the model for bars that are there, and get what else it looks at."""
    asked = await choose(desk, wish.name, found.bars, days=wish.days)
    context = await others_within(market, asked, found.bars, learned=wish.asks.learned, budget=budget)
    return Ready(found=found, asked=asked, context=tuple(context))


async def made(desk: Desk, one: Ready, wish: Wish, *, budget: Budget) -> Forecast:
    """Compute the forecast; where a link of the chain fails, the next one answers."""
    with desk.telemetry.stage("compute"):
        try:
            return await answered(
                desk, one.found, wish.days, one.asked, one.context, name=wish.name, budget=budget, why=wish.why
            )
        except ModelError as error:
            raise _explained(error, one.found.bars) from error


async def kept(desk: Desk, ready: Sequence[Ready], forecasts: Sequence[Forecast]) -> list[Kept]:
    """Keep forecasts, all in one step, and give each with its place in the ledger and what is to be said of it."""
    with desk.telemetry.stage("ledger"):
        entries = await Ledger(desk).append_all(forecasts)
    return [_said(*three) for three in zip(entries, ready, forecasts, strict=True)]


def _said(entry: Kept, one: Ready, forecast: Forecast) -> Kept:
    """Say of a kept forecast what this one had to be: an entry with the same id may be from before."""
    old = entry.forecast
    said = one.asked.told(old, one.context) if forecast.model == one.asked.recipe.model else old
    return replace(entry, forecast=replace(said, degraded=tuple(dict.fromkeys(said.degraded + forecast.degraded))))


def _explained(error: ModelError, bars: Bars) -> ModelError:
    """Say of a forecast that failed for want of bars where those come from, and how to get more."""
    if "bars" not in error.context:
        return error
    sources, symbol = bars.frame["source"], bars.instrument.symbol
    words = next((note for note in bars.notes if note.startswith("only ")), "") or scarce(
        symbol, len(bars), sources=sources
    )
    message = f"{error.message}. They come from {' and '.join(origins(sources))}."
    return type(error)(message, hint=f"{words[:1].upper()}{words[1:]}. {error.hint}", **error.context)
