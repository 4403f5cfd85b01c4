"""How trained models do on bars that came after their training, and what follows: train anew, replace, roll back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara.data.feed import MarketData
from ara.desk import Desk
from ara.errors import ModelError
from ara.market.bars import Bars
from ara.market.timeframe import Timeframe
from ara.models import court
from ara.models.panel import Panel, Rows, instant
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

_Array = NDArray[np.float64]

OLD: Final = timedelta(days=92)
"""A champion older than this is trained anew."""

_SHARE, _MISSED = 0.8, 0.2
_ENOUGH: Final = 1 / court.LEVEL
_DAY: Final = 86_400_000_000
_HORIZON: Final = 1

Deed: TypeAlias = Literal["none", "train", "replace", "roll back", "wait"]
"""What a review does: nothing; train a challenger; let it replace the champion; bring the one before back; or wait
until the evidence decides between champion and challenger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a trained model did on bars that it did not know when it was trained, one bar ahead.

    Parameters
    ----------
    kept
        The model.
    age
        Since the last bar that it knows.
    days, forecasts
        How many days there are since, and forecasts on them.
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


def standing(bars: Sequence[Bars], kept: Kept, recipe: Recipe, *, now: datetime, old: timedelta = OLD) -> Standing:
    """Judge a trained model by the bars after its last one: its forecasts of them could not know what came.

    Evidence is that of bets on each day, so it may be looked at as often as one likes (`ara.models.court`).

    Parameters
    ----------
    bars
        Of the instruments that it was trained on.
    kept, recipe
        The model, and how it answers.
    now
        The time.
    old
        From which age on it is trained anew.
    """
    panel = Panel.build(bars, (_HORIZON,))
    rows = _since(panel, kept.card.trained_to)
    age = now - kept.card.trained_to
    reasons = [f"it is {age.days} days old"] if age >= old else []
    if not len(rows):
        return Standing(
            kept=kept, age=age, days=0, forecasts=0, better=None, held=None, against=1.0, coverage=1.0,
            reasons=tuple(reasons),
        )  # fmt: skip
    mine, plain = _quantiles(panel, rows, recipe), _quantiles(panel, rows, Recipe(model=BASELINE, seed=recipe.seed))
    happened, at = _outcome(panel, rows), _days(panel, rows)
    days = court.by_day(mine, plain, happened, at)
    verdict = court.judge(days, champion=kept.name, challenger=BASELINE)
    ours, theirs = float(days["champion"].mean() or 0.0), float(days["challenger"].mean() or 0.0)  # type: ignore[arg-type]
    hit = inside(mine, happened, LEVELS, _SHARE)
    missed = pl.DataFrame({"at": at, "missed": ~hit}).group_by("at").agg(pl.col("missed").mean()).sort("at")
    gains = missed["missed"].to_numpy() - _MISSED
    coverage = max(float(wealth(side).max(initial=1.0)) for side in (gains, -gains))
    if verdict.decision == "replace":
        reasons.append(f"since its training {BASELINE} is surely better")
    if coverage >= 2 * _ENOUGH:
        reasons.append(f"its 80 % band held {hit.mean():.0%} since its training, which is no chance")
    return Standing(
        kept=kept, age=age, days=days.height, forecasts=len(rows), better=1 - ours / theirs if theirs > 0 else 0.0,
        held=float(hit.mean()), against=verdict.evidence, coverage=coverage, reasons=tuple(reasons),
    )  # fmt: skip


def contest(
    bars: Sequence[Bars], champion: Kept, challenger: Kept, recipes: tuple[Recipe, Recipe]
) -> court.Verdict | None:
    """Let the court judge two trained models by the days that neither knew; None while there is no such day."""
    panel = Panel.build(bars, (_HORIZON,))
    rows = _since(panel, max(champion.card.trained_to, challenger.card.trained_to))
    if not len(rows):
        return None
    one, two = (_quantiles(panel, rows, recipe) for recipe in recipes)
    days = court.by_day(one, two, _outcome(panel, rows), _days(panel, rows))
    return court.judge(days, champion=champion.name, challenger=challenger.name)


async def review(
    desk: Desk,
    family: str,
    *,
    act: bool = False,
    old: timedelta = OLD,
    as_of: datetime | None = None,
    watch: Callable[[Progress], bool] | None = None,
) -> Review:
    """Look at a family's champion, and do what follows if `act` says so.

    A champion that lost its edge, whose band no longer holds, or that is old is trained anew by the same recipe on the
    same instruments; the new one goes into the shadow. A shadow replaces the champion, and the champion before comes
    back, only by the court's verdict, which is kept as a file in the folder `verdicts` of Ara's home.

    Raises
    ------
    ModelError
        The family has no champion.
    """
    registry = Registry(desk)
    champion = await registry.champion(family)
    if champion is None:
        raise ModelError(
            f"{family} has no champion to look at.", hint="Deploy one first: ara models deploy. See: ara models list"
        )
    card = champion.card
    async with MarketData(desk) as market:
        bars = await bars_for(market, card.symbols, timeframe=Timeframe.parse(card.timeframe), as_of=as_of)
    recipe = await _recipe(registry, champion)
    now = as_of or desk.clock.now()
    found = await desk.workers.run(standing, bars, champion, recipe, now=now, old=old)
    earlier = await _before(registry, family)
    shadows = [one for one in await registry.all(family=family, stage=Stage.SHADOW) if _alike(one, champion)]
    if earlier is not None and _alike(earlier, champion):
        verdict = await _judged(desk, registry, bars, champion, earlier)
        if verdict is not None and verdict.decision == "replace":
            made = Review(standing=found, deed="roll back", words=verdict.words, verdict=verdict, other=earlier)
            return await _acted(desk, registry, made, bars, act=act, watch=watch)
    if shadows:
        challenger = max(shadows, key=lambda one: one.card.trained_to)
        verdict = await _judged(desk, registry, bars, champion, challenger)
        decided = verdict is not None and verdict.decision == "replace"
        words = verdict.words if verdict else f"{challenger.name} has not seen a new day yet"
        made = Review(
            standing=found, deed="replace" if decided else "wait", words=words, verdict=verdict, other=challenger
        )
        return await _acted(desk, registry, made, bars, act=act, watch=watch)
    deed: Deed = "train" if found.reasons else "none"
    words = "; ".join(found.reasons) or "nothing speaks against it"
    return await _acted(desk, registry, Review(standing=found, deed=deed, words=words), bars, act=act, watch=watch)


async def _acted(
    desk: Desk,
    registry: Registry,
    made: Review,
    bars: Sequence[Bars],
    *,
    act: bool,
    watch: Callable[[Progress], bool] | None,
) -> Review:
    if made.verdict is not None and made.verdict.decision != "undecided" and act:
        await desk.workers.run(court.write_verdict, made.verdict, verdicts(desk))
    if not act or made.deed in {"none", "wait"}:
        return made
    champion = made.standing.kept
    match made.deed:
        case "roll back":
            other = (await stages.rollback(registry, champion.family)).kept
        case "replace":
            assert made.other is not None  # noqa: S101 - a replacement has somebody who comes
            other = (await stages.deploy(registry, made.other, force=True)).kept
        case _:
            card = champion.card
            lesson = Lesson(
                family=card.family, params=dict(card.params), days=max(card.horizons),
                period=str(card.settings.get("period", "")),
            )  # fmt: skip
            outcome = await train_model(desk, bars, lesson, watch=watch)
            other = await stages.shadow(registry, outcome.kept) if outcome.new else outcome.kept
    return replace(made, other=other, done=True)


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


async def _before(registry: Registry, family: str) -> Kept | None:
    """Give the champion before, where it is still whole."""
    seat = await registry.seat(family)
    for id in reversed(seat.before if seat else ()):
        kept = await registry.desk.store.get(Kept, id)
        if kept is not None:
            return kept
    return None


def _alike(one: Kept, two: Kept) -> bool:
    """Tell whether two models answer for the same: only then do their scores say which is better."""
    return set(two.card.symbols) <= set(one.card.symbols) and one.card.timeframe == two.card.timeframe


def _since(panel: Panel, moment: datetime) -> Rows:
    """Give the rows after a moment whose outcome is known and whose scale is."""
    later = panel.known_at > instant(moment)
    return np.flatnonzero(later & np.isfinite(panel.y[:, 0]) & np.isfinite(panel.scale[:, 0]))


def _quantiles(panel: Panel, rows: Rows, recipe: Recipe) -> _Array:
    return compute(panel, rows, recipe).quantiles.values[:, 0]


def _outcome(panel: Panel, rows: Rows) -> _Array:
    return np.asarray(panel.y[rows, 0] * panel.scale[rows, 0])


def _days(panel: Panel, rows: Rows) -> pl.Series:
    return pl.Series(panel.known_at[rows] // _DAY * _DAY).cast(pl.Datetime("us", "UTC"))
