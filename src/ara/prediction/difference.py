"""What moved one forecast to another: one cause replaced at a time, so that the moves add up to the whole."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, Literal, TypeAlias

import numpy as np

from ara.data.feed import MarketData
from ara.desk import Desk
from ara.errors import AraError, ModelError, ValidationError
from ara.lineage import canonical
from ara.prediction.forecast import Day, Forecast
from ara.prediction.ledger import Kept, Ledger
from ara.prediction.replay import Made, recalled

__all__ = ["CAUSES", "Cause", "Change", "Step", "change"]

Cause: TypeAlias = Literal["data", "features", "model", "settings"]
"""What a forecast follows from."""

CAUSES: Final[tuple[Cause, ...]] = ("data", "features", "model", "settings")
"""In the order in which they are replaced."""

_BANDS: Final = ("price", "low", "high", "p_up", "confidence")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What replacing one cause did to the forecast of one target.

    Parameters
    ----------
    causes
        What was replaced; more than one only where they can't be taken apart.
    price, low, high
        By how much the price and the ends of its 80 % band moved, in the instrument's currency.
    p_up, confidence
        By how much these probabilities moved.
    words
        What of it is another now.
    """

    causes: tuple[Cause, ...]
    price: float
    low: float
    high: float
    p_up: float
    confidence: float
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """From one forecast to another of the same instrument.

    Parameters
    ----------
    before, after
        The two.
    target
        Label of the bar that is compared: the last that both speak of.
    steps
        One for each cause that differs, in the order in which they were replaced; their moves sum to `total`.
    total
        From the first to the second, whole.
    """

    before: Kept
    after: Kept
    target: date
    steps: tuple[Step, ...]
    total: Step

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON has it."""
        return {
            "before": self.before.id,
            "after": self.after.id,
            "symbol": self.before.forecast.instrument.symbol,
            "target": self.target.isoformat(),
            "order": list(CAUSES),
            "steps": [_told(one) for one in self.steps],
            "total": _told(self.total),
        }


async def change(desk: Desk, one: str, two: str) -> Change:
    """Say what moved a forecast to another: of the same instrument and length of bar, both of this ledger.

    Both are replayed, and between them data, features, model and settings are replaced one after the other, so that
    each move is that of one cause alone and all of them add up. Features are chosen by the model and come with it.
    Where a model may not answer for the other's data, since it knows what came later, both are replaced in one step.

    Parameters
    ----------
    desk
        The desk of the process.
    one, two
        The first characters of their ids.

    Raises
    ------
    ValidationError
        They are of different instruments or lengths of bar, or speak of no common bar.
    ModelError
        One of them can't be replayed.
    """
    ledger = Ledger(desk)
    before, after = await ledger.show(one), await ledger.show(two)
    _refuse_unlike(before.forecast, after.forecast)
    async with MarketData(desk) as market:
        first, last = [await _made(desk, market, kept) for kept in (before, after)]
    states = await desk.workers.run(_between, first, last, before.forecast, after.forecast)
    target = _target([told for _, told in states])
    days = [_day(told, target) for _, told in states]
    steps = [
        _step(states[place + 1][0], days[place], days[place + 1], before.forecast, after.forecast)
        for place in range(len(states) - 1)
    ]
    total = _step((), days[0], days[-1], before.forecast, after.forecast)
    return Change(before=before, after=after, target=target, steps=tuple(steps), total=total)


async def _made(desk: Desk, market: MarketData, kept: Kept) -> Made:
    """Put a forecast together again, and see that it is the one that was kept."""
    try:
        made = await recalled(desk, market, kept)
        told = await desk.workers.run(made.forecast)
    except AraError as error:
        raise ModelError(
            f"{kept.id[:6]} can't be computed again: {error.message}", hint=f"See: ara replay {kept.id[:6]}"
        ) from error
    if told.id != kept.id:
        raise ModelError(f"{kept.id[:6]} comes out as another forecast now", hint=f"See: ara replay {kept.id[:6]}")
    return made


def _refuse_unlike(one: Forecast, two: Forecast) -> None:
    names = [told.instrument.symbol for told in (one, two)]
    if names[0] != names[1]:
        raise ValidationError(
            f"one forecast is of {names[0]}, the other of {names[1]}", hint="Compare two of one instrument."
        )
    lengths = [str(told.timeframe) for told in (one, two)]
    if lengths[0] != lengths[1]:
        raise ValidationError(
            f"one forecast is over bars of {lengths[0]}, the other of {lengths[1]}",
            hint="Compare two with bars of one length.",
        )


def _differs(one: Forecast, two: Forecast) -> dict[Cause, bool]:
    a, b = one.lineage, two.lineage
    settings = canonical([a.settings, a.seed, a.engine]) != canonical([b.settings, b.seed, b.engine])
    return {
        "data": a.data != b.data,
        "features": a.features != b.features,
        "model": canonical(a.models) != canonical(b.models),
        "settings": settings,
    }


def _between(first: Made, last: Made, before: Forecast, after: Forecast) -> list[tuple[tuple[Cause, ...], Forecast]]:
    """Give the forecasts on the way from the first to the last, each with what was replaced to come there."""
    differs = _differs(before, after)
    moves: dict[Cause, Callable[[Made], Made]] = {
        "data": lambda made: replace(made, bars=last.bars, context=last.context),
        "features": lambda made: made,  # they come with the model
        "model": lambda made: replace(made, recipe=replace(last.recipe, seed=made.recipe.seed)),
        "settings": lambda _: last,
    }
    states: list[tuple[tuple[Cause, ...], Forecast]] = [((), before)]
    now, held, causes = first, list[Cause](), [cause for cause in CAUSES if differs[cause]]
    for cause in causes:
        now = moves[cause](now)
        held.append(cause)
        if cause == causes[-1]:
            states.append((tuple(held), after))
        elif cause != "features":
            with suppress(ModelError):  # a model that knows what came later is replaced in one step with what follows
                states.append((tuple(held), now.forecast()))
                held = []
    return states


def _target(states: Sequence[Forecast]) -> date:
    shared = set.intersection(*({day.date for day in told.days} for told in states))
    if not shared:
        raise ValidationError(
            "the two forecasts speak of no bar in common", hint="Compare two whose days overlap: ara ledger list"
        )
    return max(shared)


def _day(told: Forecast, target: date) -> Day:
    return next(day for day in told.days if day.date == target)


def _step(causes: tuple[Cause, ...], was: Day, now: Day, before: Forecast, after: Forecast) -> Step:
    moved = {name: new - old for name, old, new in zip(_BANDS, _figures(was), _figures(now), strict=True)}
    words = "; ".join(_words(cause, before, after) for cause in causes)
    return Step(causes=causes, words=words, **moved)


def _figures(day: Day) -> tuple[float, ...]:
    return (day.price, *day.band_80, day.p_up, day.confidence)


def _words(cause: Cause, before: Forecast, after: Forecast) -> str:
    if cause == "data":
        if before.as_of == after.as_of:
            return "bars of the same days, corrected or learned since"
        move = float(np.log(after.close / before.close))
        return f"bars up to {after.last} instead of {before.last}, the close moved by {move:+.2%}".replace("%", " %")
    if cause == "features":
        return "other features"
    if cause == "model":
        names = (_model(before), _model(after))
        return f"{names[1]} instead of {names[0]}"
    return _settings(before, after)


def _model(told: Forecast) -> str:
    artefact = told.lineage.models.get(told.model, {}).get("artefact", "")
    return f"{told.model} {artefact[:8]}" if artefact else f"{told.model}, fitted"


def _settings(before: Forecast, after: Forecast) -> str:
    a, b = ({**told.lineage.settings, "seed": told.lineage.seed} for told in (before, after))
    keys = [key for key in {**a, **b} if a.get(key) != b.get(key)]
    return ", ".join(f"{key} {b.get(key, 'none')} instead of {a.get(key, 'none')}" for key in keys) or "the arithmetic"


def _told(step: Step) -> dict[str, Any]:
    return {"causes": list(step.causes), **{name: getattr(step, name) for name in _BANDS}, "words": step.words}
