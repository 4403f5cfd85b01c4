"""Training with the desk's data: bars in, a model in the registry out."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import polars as pl

from ara.data.feed import MarketData
from ara.desk import Desk
from ara.errors import ModelError, ValidationError, WorkerError
from ara.lineage import digest
from ara.market.bars import Bars
from ara.market.span import span
from ara.market.timeframe import DAY, Timeframe
from ara.models.networks.cluster import KEPT
from ara.models.panel import Panel, instant
from ara.models.ray import lost
from ara.models.registry.card import HoldOut, Kept
from ara.models.registry.hold_out import Held, held_out
from ara.models.registry.making import make
from ara.models.registry.registry import Registry
from ara.models.registry.resuming import forget, room
from ara.models.registry.training import Plan, Trained, refuse_start, train
from ara.prediction.compute import ENGINE, platform_facts
from ara.prediction.judging import Judging
from ara.workers import Progress

__all__ = ["Lesson", "Outcome", "bars_for", "train_model"]

_SHARES: Final = (0.05, 0.5)
_SHAPE: Final = ("members", "size", "window")


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
    start
        A model of the family to go on from, where the family can; None to begin anew.
    tuned
        `start`, which was trained on others or on older bars, is itself trained further, also where it is judged: the
        hold-out begins behind all that it knows. Else it was trained on the same instruments, and what is judged goes
        on from a fit like it that is made before the hold-out.
    workers
        Workers of a Ray cluster that train a network together; 0 for one process of this machine.
    """

    family: str
    params: dict[str, Any]
    days: int
    share: float = 0.2
    validate: bool = True
    tested: bool = False
    period: str = ""
    start: Kept | None = None
    tuned: bool = False
    workers: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What training gave.

    Parameters
    ----------
    kept, new
        The model, and whether it is new.
    words
        Why it was not judged; empty where it was.
    start
        Name of the model that it went on from; empty where it began anew.
    anew
        Why it began anew though it was to go on; empty where it was not.
    """

    kept: Kept
    new: bool
    words: str
    start: str = ""
    anew: str = ""


async def bars_for(
    market: MarketData,
    symbols: Sequence[str],
    *,
    period: str = "",
    timeframe: Timeframe = DAY,
    as_of: datetime | None = None,
) -> list[Bars]:
    """Give the bars to train on: of each instrument once, the last `period` (`5y`, `18m`, `250d`), all if empty."""
    length = span(period)
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
        first = bars.frame["at"][-1] - length if length else bars.frame["at"][0]
        found[instrument.symbol] = replace(bars, frame=bars.frame.filter(pl.col("at") >= first))
    return list(found.values())


async def train_model(
    desk: Desk,
    bars: Sequence[Bars],
    lesson: Lesson,
    *,
    watch: Callable[[Progress], bool] | None = None,
    judging: Judging | None = None,
) -> Outcome:
    """Train a family in a process of its own, and keep it as a candidate with its scores and this desk's signature.

    A look at the hold-out is counted before it is taken; with `judging` it is that of several models together. Where
    it was looked at too often, none is taken or counted, and the model is kept without scores.
    """
    if not _SHARES[0] <= lesson.share <= _SHARES[1]:
        raise ValidationError(
            f"The hold-out is {lesson.share:g} of the days.", hint=f"Allowed is {_SHARES[0]:g} to {_SHARES[1]:g}."
        )
    make(lesson.family, lesson.params, together=lesson.workers > 0)
    after = _tuned_from(lesson) if lesson.tuned else 0
    panel = Panel.build(bars, range(1, lesson.days + 1))
    registry = Registry(desk)
    held = held_out(panel, lesson.share, after=after) if lesson.validate else None
    holdout, words = None, "it was not judged, as asked"
    if held is not None:
        holdout, words = await _counted(judging or Judging(desk), panel, held, lesson)
    plan = await _plan(registry, panel, lesson, cut=None if holdout is None or held is None else held.cut)
    with registry.shelf.part() as part:
        try:
            trained = await desk.workers.run(train, panel, plan, str(part), where="process", watch=watch)
        except ModelError as error:
            if "device" not in error.context:  # where a device is missing, the same lesson goes on without it
                await desk.workers.run(forget, Path(plan.room))
            raise
        except WorkerError as error:
            if lesson.workers and "exit_code" in error.context:  # Ray ends a process that has lost its cluster
                raise lost(error, hint=KEPT) from error
            raise
        kept, new = await registry.add(part, _facts(bars, lesson, plan, trained, holdout))
    await desk.workers.run(forget, Path(plan.room))
    start = lesson.start.name if lesson.start and not trained.anew else ""
    return Outcome(kept=kept, new=new, words=words, start=start, anew=trained.anew)


def _tuned_from(lesson: Lesson) -> int:
    """Give up to when the model that is to be tuned knows bars; an error where it can't be."""
    start = lesson.start
    if start is None:
        raise ValidationError("There is no model to tune.", hint="Name one that was trained: ara models list")
    refuse_start(lesson.family)
    if start.family != lesson.family:
        raise ValidationError(
            f"{start.name} is no {lesson.family}, so {lesson.family} can't go on from it.",
            hint=f"Leave out --model: it is a {start.family}.",
        )
    for name in _SHAPE:
        had, wanted = start.card.params.get(name), lesson.params.get(name, start.card.params.get(name))
        if str(had) != str(wanted):
            raise ValidationError(f"{start.name} has {name} {had}, which can't be changed by training it further.")
    if start.card.horizons and max(start.card.horizons) != lesson.days:
        raise ValidationError(
            f"{start.name} answers for 1 to {max(start.card.horizons)} bars ahead, not for {lesson.days}.",
            hint="Leave out --days: what goes on from it answers for the same.",
        )
    return instant(start.card.trained_to)


async def _plan(registry: Registry, panel: Panel, lesson: Lesson, *, cut: int | None) -> Plan:
    """Say what to train; the same lesson on the same bars has the same room for checkpoints, on any device."""
    start = await registry.artefact(lesson.start) if lesson.start else None
    plan = Plan(
        family=lesson.family,
        params=lesson.params,
        seed=registry.desk.seed,
        cut=cut,
        tested=lesson.tested,
        start=str(start.folder) if start else "",
        known=start.trained_to if start else 0,
        tuned=lesson.tuned,
        workers=lesson.workers,
    )
    taught = asdict(plan) | {"params": {name: value for name, value in plan.params.items() if name != "device"}}
    key = digest([ENGINE, panel.digest(), taught, dict(platform_facts())])
    address = registry.desk.settings.workers.ray if lesson.workers else ""
    return replace(plan, room=str(room(registry.shelf.folder, key)), address=address)


async def _counted(judging: Judging, panel: Panel, held: Held, lesson: Lesson) -> tuple[HoldOut | None, str]:
    """Count a look at the hold-out; gives None, and why, where it proves nothing any more."""
    first, last = (_moment(one) for one in (held.first, held.last))
    look, allowed = await judging.look(tuple(panel.symbols), first, last, what=f"train {lesson.family}")
    if not allowed:
        return None, (
            "it was not judged: its hold-out was looked at as often as the setting models.looks allows, "
            f"which is {look.limit}; newer bars or other instruments make a fresh one"
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
            **({"workers": lesson.workers} if lesson.workers else {}),
            **({"tuned": True} if lesson.tuned else {}),
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
        "lineage": {
            "engine": ENGINE,
            "platform": dict(platform_facts()),
            **({"start": lesson.start.id} if lesson.start and not trained.anew else {}),
            **({"code": trained.code} if trained.code else {}),
            **({"plain": True} if trained.plain else {}),
        },
        "seconds": round(trained.seconds, 3),
    }


def _moment(microseconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
