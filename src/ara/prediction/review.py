"""How trained models do on bars that came after their training, and what follows: train anew, replace, roll back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal, TypeAlias

import numpy as np
import polars as pl

from ara.data.feed import MarketData
from ara.desk import Desk
from ara.errors import IntegrityError, ModelError, StoreError
from ara.market.bars import Bars
from ara.market.timeframe import Timeframe
from ara.models import court
from ara.models.panel import Panel, instant
from ara.models.quantiles import LEVELS
from ara.models.registry import stages
from ara.models.registry.card import BASELINE, Kept, Stage
from ara.models.registry.registry import Registry
from ara.performance import inside
from ara.prediction.compute import Recipe, compute
from ara.prediction.training import Lesson, bars_for, train_model
from ara.statistics.betting import wealth
from ara.workers import Progress

__all__ = ["OLD", "Deed", "Review", "Standing", "contest", "review", "standing", "verdicts"]

OLD: Final = timedelta(days=92)
"""A champion older than this is trained anew."""

_SHARE, _MISSED = 0.8, 0.2
_HELD: Final = 0.2
_ENOUGH: Final = 1 / court.LEVEL
_DAY: Final = 86_400_000_000
_HORIZON: Final = 1

Deed: TypeAlias = Literal["none", "train", "replace", "dismiss", "roll back", "wait"]
"""What a review does: nothing; train a challenger; let it replace the champion; put a challenger away that lost, or
could not win in time; bring the champion before back; or wait for evidence between champion and challenger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a trained model did since it was made, one bar ahead.

    Only days after its making count: whoever made it may have looked at all before.

    Parameters
    ----------
    kept
        The model.
    age
        Of the last bar that it knows, against the last bar that there is now.
    days, forecasts
        How many days came since it was made, and forecasts on them.
    better
        How much better than `ewma_t` it was, as a share of that; None without a day.
    held
        Share of outcomes inside its 80 % band; None without a day.
    against
        Evidence that `ewma_t` is the better one; 20 decides.
    coverage
        Evidence that its band does not hold what it promises, the larger of two sides; so 40 decides.
    reasons
        Why it should be trained anew; empty where it should not.
    """

    kept: Kept
    age: timedelta
    days: int
    forecasts: int
    better: float | None
    held: float | None
    against: float
    coverage: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What was found of a family's champion, and what was done or would be.

    Parameters
    ----------
    standing
        Of the champion.
    deed
        What follows.
    words
        Why.
    verdict
        What the court said between two models; None where none was to be compared.
    other
        The challenger, or the champion before that comes back.
    done
        Whether it was done.
    """

    standing: Standing
    deed: Deed
    words: str
    verdict: court.Verdict | None = None
    other: Kept | None = None
    done: bool = False


def standing(bars: Sequence[Bars], kept: Kept, recipe: Recipe, *, old: timedelta = OLD) -> Standing:
    """Judge a trained model by the bars after its making.

    Evidence is that of bets on each day, so it may be looked at as often as one likes (`ara.models.court`).

    Parameters
    ----------
    bars
        Of the instruments that it was trained on.
    kept, recipe
        The model, and how it answers.
    old
        From which age on it is trained anew.
    """
    newest = max(one.frame["known_at"][-1] for one in bars)
    age = max(newest - kept.card.trained_to, timedelta())
    reasons = [f"bars of {age.days} days came since its training"] if age >= old else []
    mine = _answers(bars, kept, recipe, since=_made(kept))
    if not mine.height:
        return Standing(
            kept=kept, age=age, days=0, forecasts=0, better=None, held=None, against=1.0, coverage=1.0,
            reasons=tuple(reasons),
        )  # fmt: skip
    plain = _answers(bars, kept, Recipe(model=BASELINE, seed=recipe.seed), since=_made(kept))
    values, happened = mine["values"].to_numpy(), mine["happened"].to_numpy()
    days = court.by_day(values, plain["values"].to_numpy(), happened, mine["day"])
    verdict = court.judge(days, champion=kept.name, challenger=BASELINE)
    ours, theirs = float(days["champion"].mean() or 0.0), float(days["challenger"].mean() or 0.0)  # type: ignore[arg-type]
    hit = inside(values, happened, LEVELS, _SHARE)
    missed = pl.DataFrame({"at": mine["day"], "missed": ~hit}).group_by("at").agg(pl.col("missed").mean()).sort("at")
    gains = missed["missed"].to_numpy() - _MISSED
    coverage = max(float(wealth(side).max(initial=1.0)) for side in (gains, -gains))
    if verdict.decision == "replace":
        reasons.append(f"since it was made {BASELINE} is surely better")
    if coverage >= 2 * _ENOUGH:
        reasons.append(f"its 80 % band held {hit.mean():.0%} since it was made, which is no chance")
    return Standing(
        kept=kept, age=age, days=days.height, forecasts=mine.height, better=1 - ours / theirs if theirs > 0 else 0.0,
        held=float(hit.mean()), against=verdict.evidence, coverage=coverage, reasons=tuple(reasons),
    )  # fmt: skip


def contest(
    bars: Sequence[Bars], champion: Kept, challenger: Kept, recipes: tuple[Recipe, Recipe]
) -> court.Verdict | None:
    """Let the court judge two trained models by days after both were made; None while there is no such day.

    Each is asked with the bars of all instruments that it was trained on, as `ara predict` asks it; what both answer
    for is compared.
    """
    since = max(_made(champion), _made(challenger))
    one, two = (
        _answers(bars, kept, recipe, since=since) for kept, recipe in zip((champion, challenger), recipes, strict=True)
    )
    both = one.join(two, on=("symbol", "known_at"), suffix="_2").sort("known_at", "symbol")
    if not both.height:
        return None
    ours, theirs = (both[name].to_numpy() for name in ("values", "values_2"))
    days = court.by_day(ours, theirs, both["happened"].to_numpy(), both["day"])
    return court.judge(days, champion=champion.name, challenger=challenger.name)


def _made(kept: Kept) -> datetime:
    """Give from when on nobody can have chosen a model by what came: its making, and the last bar it knows."""
    return max(kept.card.trained_to, kept.card.made_at)


def _answers(bars: Sequence[Bars], kept: Kept, recipe: Recipe, *, since: datetime) -> pl.DataFrame:
    """Give `symbol, known_at, day, values, happened` of each row after a moment whose outcome is known."""
    own = [one for one in bars if one.instrument.symbol in kept.card.symbols]
    panel = Panel.build(own, (_HORIZON,))
    known = np.isfinite(panel.y[:, 0]) & (panel.scale[:, 0] > 0)
    rows = np.flatnonzero((panel.known_at > instant(since)) & known)
    values = compute(panel, rows, recipe).quantiles.values[:, 0] if len(rows) else np.empty((0, len(LEVELS)))
    return pl.DataFrame(
        {
            "symbol": pl.Series([panel.symbols[code] for code in panel.series[rows]], dtype=pl.String),
            "known_at": panel.known_at[rows],
            "day": pl.Series(panel.known_at[rows] // _DAY * _DAY, dtype=pl.Int64).cast(pl.Datetime("us", "UTC")),
            "values": pl.Series(values, dtype=pl.Array(pl.Float64, len(LEVELS))),
            "happened": panel.y[rows, 0] * panel.scale[rows, 0],
        }
    )


async def review(
    desk: Desk,
    family: str,
    *,
    act: bool = False,
    old: timedelta = OLD,
    watch: Callable[[Progress], bool] | None = None,
) -> Review:
    """Look at a family's champion, and do what follows if `act` says so.

    A champion that lost its edge, whose band no longer holds, or that is old is trained anew by the same recipe on the
    same instruments, if there are newer bars; the new one goes into the shadow. A shadow replaces the champion, is put
    away, and the champion before comes back only by the court's verdict, which is kept as a file in the folder
    `verdicts` of Ara's home. A champion that is damaged gives way to the one before.

    Raises
    ------
    ModelError
        The family has no champion.
    IntegrityError
        The champion is damaged, and there is no whole one before it.
    """
    registry = Registry(desk)
    champion = await registry.champion(family)
    if champion is None:
        raise ModelError(
            f"{family} has no champion to look at.", hint="Deploy one first: ara models deploy. See: ara models list"
        )
    earlier = await stages.champion_before(registry, family)
    try:
        recipe = await _recipe(registry, champion)
    except (IntegrityError, StoreError) as error:
        if earlier is None:
            raise
        found = _damaged(champion, error.message)
        made = Review(standing=found, deed="roll back", words=error.message, other=earlier)
        return await _acted(desk, registry, made, (), act=act, watch=watch)
    shadows = [one for one in await registry.all(family=family, stage=Stage.SHADOW) if _alike(one, champion)]
    newer = [one for one in shadows if one.card.trained_to > champion.card.trained_to]
    challenger = max(newer, key=lambda one: one.card.trained_to, default=None)
    bars = await _bars(desk, [one for one in (champion, earlier, challenger) if one is not None])
    found = await desk.workers.run(standing, bars, champion, recipe, old=old)
    made = await _follows(desk, registry, found, bars, earlier=earlier, challenger=challenger, old=old)
    return await _acted(desk, registry, made, bars, act=act, watch=watch)


async def _follows(
    desk: Desk,
    registry: Registry,
    found: Standing,
    bars: Sequence[Bars],
    *,
    earlier: Kept | None,
    challenger: Kept | None,
    old: timedelta,
) -> Review:
    """Say what follows, and why."""
    champion = found.kept
    if earlier is not None and _alike(earlier, champion):
        verdict = await _judged(desk, registry, bars, champion, earlier)
        if verdict is not None and verdict.decision == "replace":
            return Review(standing=found, deed="roll back", words=verdict.words, verdict=verdict, other=earlier)
    if challenger is not None:
        verdict = await _judged(desk, registry, bars, champion, challenger)
        words = verdict.words if verdict else f"{challenger.name} has not seen a new day yet"
        decision = verdict.decision if verdict else "undecided"
        newest = max(one.frame["known_at"][-1] for one in bars)
        late = newest - challenger.card.trained_to >= old
        deed: Deed = "replace" if decision == "replace" else "dismiss" if decision == "keep" or late else "wait"
        if deed == "dismiss" and decision == "undecided":
            words = f"{words} It could not win in {old.days} days"
        return Review(standing=found, deed=deed, words=words, verdict=verdict, other=challenger)
    if found.reasons and found.age > timedelta():
        return Review(standing=found, deed="train", words="; ".join(found.reasons))
    words = "; ".join(found.reasons) or "nothing speaks against it"
    return Review(
        standing=found, deed="none", words=f"{words}, but there are no newer bars" if found.reasons else words
    )


async def _bars(desk: Desk, models: Sequence[Kept]) -> list[Bars]:
    symbols = dict.fromkeys(symbol for one in models for symbol in one.card.symbols)
    async with MarketData(desk) as market:
        step = Timeframe.parse(models[0].card.timeframe)
        return await bars_for(market, tuple(symbols), timeframe=step, as_of=desk.clock.now())


async def _acted(
    desk: Desk,
    registry: Registry,
    made: Review,
    bars: Sequence[Bars],
    *,
    act: bool,
    watch: Callable[[Progress], bool] | None,
) -> Review:
    if not act or made.deed in {"none", "wait"}:
        return made
    if made.verdict is not None:
        await desk.workers.run(court.write_verdict, made.verdict, verdicts(desk))
    champion = made.standing.kept
    other = made.other
    match made.deed:
        case "roll back":
            other = (await stages.rollback(registry, champion.family)).kept
        case "replace":
            assert other is not None  # noqa: S101 - a replacement has somebody who comes
            other = (await stages.deploy(registry, other, force=True)).kept
        case "dismiss":
            assert other is not None  # noqa: S101 - somebody is put away
            other = await stages.archive(registry, other)
        case _:
            own = [one for one in bars if one.instrument.symbol in champion.card.symbols]
            outcome = await train_model(desk, own, _again(champion), watch=watch)
            other = await stages.shadow(registry, outcome.kept) if outcome.new else outcome.kept
    return replace(made, other=other, done=True)


def _again(champion: Kept) -> Lesson:
    """Give the lesson by which a model was trained."""
    card, settings = champion.card, champion.card.settings
    share = float(settings.get("hold_out", 0.0))
    return Lesson(
        family=card.family, params=dict(card.params), days=int(settings.get("days", max(card.horizons))),
        share=share or _HELD, validate=share > 0, tested=bool(settings.get("tested", False)),
        period=str(settings.get("period", "")),
    )  # fmt: skip


def _damaged(champion: Kept, words: str) -> Standing:
    return Standing(
        kept=champion, age=timedelta(), days=0, forecasts=0, better=None, held=None, against=1.0, coverage=1.0,
        reasons=(words,),
    )  # fmt: skip


def verdicts(desk: Desk) -> Path:
    """Give the folder of verdicts."""
    return Path(desk.settings.home) / "verdicts"


async def _judged(
    desk: Desk, registry: Registry, bars: Sequence[Bars], champion: Kept, other: Kept
) -> court.Verdict | None:
    recipes = (await _recipe(registry, champion), await _recipe(registry, other))
    return await desk.workers.run(contest, bars, champion, other, recipes)


async def _recipe(registry: Registry, kept: Kept) -> Recipe:
    return Recipe(model=kept.family, seed=registry.desk.seed, artefact=await registry.artefact(kept))


def _alike(one: Kept, two: Kept) -> bool:
    """Tell whether two models answer for the same: only then do their scores say which is better."""
    return set(two.card.symbols) <= set(one.card.symbols) and one.card.timeframe == two.card.timeframe
