"""Which model answers: the champion of a family where it may, else one that is shipped, else a fit."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from ara.errors import IntegrityError, ModelError, StoreError
from ara.market.instrument import Instrument
from ara.models.registry.card import Kept, Stage
from ara.models.registry.loading import Artefact
from ara.models.registry.registry import Registry

__all__ = ["KIN", "Choice", "champion_for", "context_of", "named", "unfit"]

KIN: Final = 5
"""Instruments of a class that a pooled model must have met before it answers for another one of that class."""

_OLD: Final = timedelta(days=366)


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
        Why the champion, or a model that came with the package, does not answer though there is one, or how old that
        is; empty where there is nothing to say.
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
    registry: Registry,
    family: str,
    instrument: Instrument,
    *,
    timeframe: str,
    days: int,
    origin: datetime,
    instead: str = "",
) -> Choice:
    """Choose for a family: its champion, where that is whole and may answer, else a shipped model, else a fit.

    Where none may and `instead` names another family, that one is to be asked: the words say so. Where one is damaged
    or not trusted, the family is fitted all the same: what has to be made good is worth the while.
    """
    kept = await registry.champion(family)
    reason = unfit(kept, instrument, timeframe=timeframe, days=days, origin=origin) if kept else ""
    why = Choice(words=f"{reason}: ") if reason else Choice()
    if kept and not reason:
        try:
            return Choice(artefact=await registry.artefact(kept), context=context_of(kept, instrument))
        except (IntegrityError, StoreError) as error:
            why = Choice(words=f"{error.message} ", broken=True)
    try:
        return await _shipped(
            registry, family, instrument, timeframe=timeframe, days=days, origin=origin, why=why, instead=instead
        )
    except (IntegrityError, StoreError) as error:  # nothing that is shipped can be trusted then
        return Choice(words=f"{why.words}{error.message} {family} was fitted anew instead.", broken=True)


async def _shipped(
    registry: Registry,
    family: str,
    instrument: Instrument,
    *,
    timeframe: str,
    days: int,
    origin: datetime,
    why: Choice,
    instead: str,
) -> Choice:
    """Choose the newest whole one of those that came with the package and may answer; it looks at nothing else.

    `why` tells why the champion did not answer; what was done instead follows its words.
    """
    fitted = f"{instead} answered instead" if instead else f"{family} was fitted anew on what was known then"
    fitted = f"{family} was fitted anew instead." if why.broken else fitted
    there = registry.shipped(family=family)
    if not there:
        return replace(why, words=why.words and why.words + fitted)
    told = {one.id: unfit(one, instrument, timeframe=timeframe, days=days, origin=origin) for one in there}
    may = [one for one in there if not told[one.id]]
    if not may:
        nearest = next((one for one in there if one.card.trained_to <= origin), there[-1])
        return replace(why, words=(why.words or f"{told[nearest.id]}: ") + fitted)
    kept, artefact, passed = await _whole(registry, may)
    if passed:
        why = Choice(words=f"{why.words}{passed} ", broken=True)
    if kept is None:
        return replace(why, words=f"{why.words}{family} was fitted anew instead.")
    answered = f"{kept.name} answered, which came with Ara"
    if why.words:
        return replace(why, artefact=artefact, words=why.words + answered + ("." if why.broken else ""))
    if origin - kept.card.trained_to > _OLD:
        own = f"ara models train {instrument.symbol} --model {family}"
        return Choice(
            artefact=artefact, words=f"{answered} and knows bars up to {kept.card.trained_to:%Y-%m-%d}; newer: {own}"
        )
    return Choice(artefact=artefact)


async def _whole(registry: Registry, may: Sequence[Kept]) -> tuple[Kept | None, Artefact | None, str]:
    """Give the first of shipped models whose archive is as it was, and name in a sentence those before it that aren't.

    The manifest tells of each archive by its own hash, so one that was changed says nothing of the others.
    """
    errors: list[IntegrityError | StoreError] = []
    for kept in may:
        try:
            artefact = await registry.artefact(kept)
        except (IntegrityError, StoreError) as error:
            errors.append(error)
            continue
        return kept, artefact, _passed(errors)
    return None, None, _passed(errors)


def _passed(errors: Sequence[IntegrityError | StoreError]) -> str:
    if len(errors) < 2:
        return "".join(error.message for error in errors)
    files = dict.fromkeys(str(error.context["file"]) if "file" in error.context else error.message for error in errors)
    return f"The shipped models were changed or can't be read: {', '.join(files)}."


async def named(
    registry: Registry, kept: Kept, instrument: Instrument, *, timeframe: str, days: int, origin: datetime
) -> Choice:
    """Choose the very model that was named; ModelError where it can't answer, IntegrityError where it is damaged."""
    reason = unfit(kept, instrument, timeframe=timeframe, days=days, origin=origin)
    if reason:
        raise ModelError(f"{reason}.", hint=f"Name the family to have it fitted anew: --model {kept.family}")
    return Choice(artefact=await registry.artefact(kept), context=context_of(kept, instrument))


def context_of(kept: Kept, instrument: Instrument) -> tuple[str, ...]:
    """Give the other instruments that a model looks at when it answers for one."""
    card = kept.card
    if kept.stage is Stage.SHIPPED:
        return ()
    return tuple(one for one in card.symbols if one != instrument.symbol) if card.pooled else ()
