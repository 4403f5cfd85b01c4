"""Which model answers: the champion of a family where it may, else a fit of what was known."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ara.errors import IntegrityError, ModelError, StoreError
from ara.market.instrument import Instrument
from ara.models.registry.card import Kept
from ara.models.registry.loading import Artefact
from ara.models.registry.registry import Registry

__all__ = ["KIN", "Choice", "champion_for", "named", "unfit"]

KIN: Final = 5
"""Instruments of a class that a pooled model must have met before it answers for another one of that class."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which model answers.

    Parameters
    ----------
    artefact
        A trained model; None for a fit of what was known.
    context
        Other instruments whose bars it looks at too.
    words
        Why the champion does not answer though there is one; empty where it does, or there is none.
    broken
        Whether that is because it is damaged or not trusted.
    """

    artefact: Artefact | None = None
    context: tuple[str, ...] = ()
    words: str = ""
    broken: bool = False


def unfit(kept: Kept, instrument: Instrument, *, timeframe: str, days: int, origin: datetime) -> str:
    """Say why a model can't answer for an instrument at an origin; empty where it can."""
    card, symbol = kept.card, instrument.symbol
    if card.timeframe != timeframe:
        return f"{kept.name} was trained on bars of {card.timeframe}"
    kind = instrument.asset_class.value
    if symbol not in card.symbols and not (card.pooled and card.groups.get(kind, 0) >= KIN):
        return f"{kept.name} was not trained on {symbol}" + (f" nor on {KIN} of its class" if card.pooled else "")
    missing = [day for day in range(1, days + 1) if day not in card.horizons]
    if missing:
        return f"{kept.name} was not trained to look {missing[0]} bars ahead"
    if origin < card.trained_to:
        return f"{kept.name} knows bars up to {card.trained_to:%Y-%m-%d %H:%M} UTC, after the moment of the forecast"
    return ""


async def champion_for(
    registry: Registry, family: str, instrument: Instrument, *, timeframe: str, days: int, origin: datetime
) -> Choice:
    """Choose for a family: its champion, where there is one that is whole and may answer."""
    kept = await registry.champion(family)
    if kept is None:
        return Choice()
    reason = unfit(kept, instrument, timeframe=timeframe, days=days, origin=origin)
    if reason:
        return Choice(words=f"{reason}: {family} was fitted anew on what was known then")
    try:
        artefact = await registry.artefact(kept)
    except (IntegrityError, StoreError) as error:
        return Choice(words=f"{error.message} {family} was fitted anew instead.", broken=True)
    return Choice(artefact=artefact, context=_context(kept, instrument))


async def named(
    registry: Registry, kept: Kept, instrument: Instrument, *, timeframe: str, days: int, origin: datetime
) -> Choice:
    """Choose the very model that was named; ModelError where it can't answer, IntegrityError where it is damaged."""
    reason = unfit(kept, instrument, timeframe=timeframe, days=days, origin=origin)
    if reason:
        raise ModelError(f"{reason}.", hint=f"Name the family to have it fitted anew: --model {kept.family}")
    return Choice(artefact=await registry.artefact(kept), context=_context(kept, instrument))


def _context(kept: Kept, instrument: Instrument) -> tuple[str, ...]:
    card = kept.card
    return tuple(one for one in card.symbols if one != instrument.symbol) if card.pooled else ()
