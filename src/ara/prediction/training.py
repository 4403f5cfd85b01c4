"""Training with the desk's data: bars in, a model in the registry out."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import polars as pl

from ara.data.feed import MarketData
from ara.desk import Desk
from ara.errors import ValidationError
from ara.market.bars import Bars
from ara.market.timeframe import DAY, Timeframe
from ara.models.panel import Panel
from ara.models.registry.card import HoldOut, Kept
from ara.models.registry.registry import Registry
from ara.models.registry.training import Held, Plan, Trained, held_out, make, train
from ara.performance.trials import Trials
from ara.prediction.compute import ENGINE, platform_facts
from ara.workers import Progress

__all__ = ["Lesson", "Outcome", "bars_for", "train_model"]

_PERIOD: Final = re.compile(r"([1-9][0-9]{0,3})\s*(d|w|m|mo|y)")
_DAYS: Final = {"d": 1, "w": 7, "m": 30.4375, "mo": 30.4375, "y": 365.25}
_SHARES: Final = (0.05, 0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """How to train.

    Parameters
    ----------
    family
        Under which the model is registered.
    params
        Parameters of the family that differ from its own.
    days
        Bars ahead, from 1 to this many.
    share
        Of the days that are held out to judge by.
    validate
        Whether to judge it.
    tested
        Keep the fit that was judged, instead of one that knows the hold-out too.
    period
        As it was asked for; for the card.
    """

    family: str
    params: dict[str, Any]
    days: int
    share: float = 0.2
    validate: bool = True
    tested: bool = False
    period: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What training gave: the model, whether it is new, and why it was not judged where it was not."""

    kept: Kept
    new: bool
    words: str


async def bars_for(
    market: MarketData,
    symbols: Sequence[str],
    *,
    period: str = "",
    timeframe: Timeframe = DAY,
    as_of: datetime | None = None,
) -> list[Bars]:
    """Give the bars to train on: of each instrument once, the last `period` (`5y`, `18m`, `250d`), all if empty."""
    span = _span(period)
    found: dict[str, Bars] = {}
    for symbol in symbols:
        instrument = await market.instrument(symbol)
        if instrument.symbol in found:
            continue
        bars = await market.bars(instrument, timeframe, as_of=as_of)
        if not len(bars):
            raise ValidationError(
                f"{instrument.symbol} has no bars to learn from.",
                hint=f"Fetch some: ara data fetch {instrument.symbol}",
            )
        first = bars.frame["at"][-1] - span if span else bars.frame["at"][0]
        found[instrument.symbol] = replace(bars, frame=bars.frame.filter(pl.col("at") >= first))
    return list(found.values())


def _span(period: str) -> timedelta | None:
    text = period.strip().lower()
    if text in {"", "max", "all"}:
        return None
    match = _PERIOD.fullmatch(text)
    if match is None:
        raise ValidationError(f"The period is {period!r:.40}.", hint="Write 5y, 18m, 26w, 250d or max.")
    return timedelta(days=float(int(match[1]) * _DAYS[match[2]]))


async def train_model(
    desk: Desk, bars: Sequence[Bars], lesson: Lesson, *, watch: Callable[[Progress], bool] | None = None
) -> Outcome:
    """Train a family in a process of its own, and keep it as a candidate with its scores and this desk's signature.

    A look at the hold-out is counted before it is taken. Where it was looked at too often, the model is kept without
    scores.
    """
    if not _SHARES[0] <= lesson.share <= _SHARES[1]:
        raise ValidationError(
            f"The hold-out is {lesson.share:g} of the days.", hint=f"Allowed is {_SHARES[0]:g} to {_SHARES[1]:g}."
        )
    make(lesson.family, lesson.params)
    panel = Panel.build(bars, range(1, lesson.days + 1))
    registry = Registry(desk)
    held = held_out(panel, lesson.share) if lesson.validate else None
    holdout, words = None, "it was not judged, as asked"
    if held is not None:
        holdout, words = await _counted(desk, panel, held, lesson)
    plan = Plan(
        family=lesson.family,
        params=lesson.params,
        seed=desk.seed,
        cut=None if holdout is None or held is None else held.cut,
        tested=lesson.tested,
    )
    with registry.shelf.part() as part:
        trained = await desk.workers.run(train, panel, plan, str(part), where="process", watch=watch)
        kept, new = await registry.add(part, _facts(bars, lesson, plan, trained, holdout))
    return Outcome(kept=kept, new=new, words=words)


async def _counted(desk: Desk, panel: Panel, held: Held, lesson: Lesson) -> tuple[HoldOut | None, str]:
    """Count a look at the hold-out; gives None, and why, where it proves nothing any more."""
    first, last = (_moment(one) for one in (held.first, held.last))
    look = await Trials(desk).look(panel.symbols, first, last, what=f"train {lesson.family}")
    if look.burnt:
        return None, (
            f"it was not judged: its hold-out was looked at {look.number} times, {look.limit} are allowed; "
            "newer bars or other instruments make a fresh one"
        )
    return HoldOut(cut=_moment(held.cut), first=first, last=last, look=look.number), ""


def _facts(
    bars: Sequence[Bars], lesson: Lesson, plan: Plan, trained: Trained, holdout: HoldOut | None
) -> dict[str, Any]:
    kinds = [one.instrument.asset_class.value for one in bars]
    return {
        "family": lesson.family,
        "params": trained.params,
        "settings": {
            "period": lesson.period,
            "days": lesson.days,
            "hold_out": lesson.share if plan.cut is not None else 0.0,
            "tested": lesson.tested,
            "bars": sum(len(one) for one in bars),
        },
        "features": trained.features,
        "data": trained.data,
        "first": _moment(trained.first),
        "trained_to": _moment(trained.trained_to),
        "symbols": tuple(sorted(one.instrument.symbol for one in bars)),
        "groups": {kind: kinds.count(kind) for kind in sorted(set(kinds))},
        "pooled": trained.pooled,
        "timeframe": str(bars[0].timeframe),
        "horizons": trained.horizons,
        "seed": plan.seed,
        "scores": tuple(trained.scores),
        "holdout": holdout,
        "lineage": {"engine": ENGINE, "platform": dict(platform_facts())},
        "seconds": round(trained.seconds, 3),
    }


def _moment(microseconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
