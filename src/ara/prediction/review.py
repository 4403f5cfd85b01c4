"""What follows from how champions did: train anew, replace, put challengers away, roll back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Final, Literal, TypeAlias

from ara.data.feed import MarketData
from ara.desk import Desk
from ara.errors import IntegrityError, ModelError, StoreError
from ara.market.bars import Bars
from ara.market.timeframe import Timeframe
from ara.models import court
from ara.models.registry import stages
from ara.models.registry.card import Kept, Stage
from ara.models.registry.registry import Registry
from ara.prediction.compute import Recipe
from ara.prediction.standing import OLD, Standing, contest, made, standing
from ara.prediction.training import Lesson, Outcome, bars_for, train_model
from ara.workers import Progress

__all__ = ["Deed", "Review", "Trial", "review", "verdicts"]

_HELD: Final = 0.2

Deed: TypeAlias = Literal["none", "train", "replace", "dismiss", "roll back", "wait"]
"""What a review does: nothing; train a challenger; let it replace the champion; put challengers away that lost, or
could not win in time; bring the champion before back; or wait for evidence between champion and challengers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A challenger before the court.

    Parameters
    ----------
    kept
        The challenger, or the champion before.
    deed
        What follows for it: `replace`, `roll back`, `dismiss` or `wait`.
    words
        Why.
    verdict
        What the court said; None while there is no day that both saw.
    """

    kept: Kept
    deed: Deed
    words: str
    verdict: court.Verdict | None


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
    other
        The challenger that replaces it or of which most is known, or the champion before that comes back.
    trials
        Of all that were held against the champion.
    done
        Whether it was done.
    start
        Name of the model that a training went on from; empty where it began anew, or none was done.
    """

    standing: Standing
    deed: Deed
    words: str
    other: Kept | None = None
    trials: tuple[Trial, ...] = ()
    done: bool = False
    start: str = ""

    @property
    def verdict(self) -> court.Verdict | None:
        """What the court said of `other`; None where none was to be compared."""
        found = (one.verdict for one in self.trials if self.other is not None and one.kept.id == self.other.id)
        return next(found, None)


async def review(
    desk: Desk,
    family: str,
    *,
    act: bool = False,
    old: timedelta = OLD,
    watch: Callable[[Progress], bool] | None = None,
) -> Review:
    """Look at a family's champion, and do what follows if `act` says so.

    A champion that lost its edge, whose band no longer holds, whose outcomes drifted, or that is old is trained anew by
    the same recipe on the same instruments, if there are newer bars; the new one goes into the shadow. One that is only
    old is gone on from, where its family can. A shadow
    replaces the champion, is put away, and the champion before comes back only by the court's verdict, which is kept as
    a file in the folder `verdicts` of Ara's home; all of them share the court's level. A champion that is damaged gives
    way to the one before.

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
        way = Review(standing=found, deed="roll back", words=error.message, other=earlier)
        return await _acted(desk, registry, way, (), act=act, watch=watch)
    shadows = await registry.all(family=family, stage=Stage.SHADOW)
    rivals = [one for one in (earlier, *shadows) if one is not None and _alike(one, champion)]
    order = await stages.rivals(registry, family, rivals, keep=act)
    bars = await _bars(desk, [champion, *rivals])
    found = await desk.workers.run(standing, bars, champion, recipe, old=old)
    trials = []
    for rival in sorted(rivals, key=lambda one: order.index(one.id)):
        level = court.share(order.index(rival.id) + 1)
        trials.append(await _trial(registry, bars, champion, rival, level=level, old=old))
    return await _acted(desk, registry, _follows(found, trials), bars, act=act, watch=watch)


async def _trial(
    registry: Registry, bars: Sequence[Bars], champion: Kept, rival: Kept, *, level: float, old: timedelta
) -> Trial:
    """Hold a rival against the champion; one that could not win in time is put away, so that a newer one may try."""
    recipes = (await _recipe(registry, champion), await _recipe(registry, rival))
    verdict = await registry.desk.workers.run(contest, bars, champion, rival, recipes, level=level)
    words = verdict.words if verdict else f"{rival.name} has not seen a new day yet"
    decision = verdict.decision if verdict else "undecided"
    if rival.stage is not Stage.SHADOW:
        return Trial(kept=rival, deed="roll back" if decision == "replace" else "wait", words=words, verdict=verdict)
    late = max(one.frame["known_at"][-1] for one in bars) - max(made(champion), made(rival)) >= old
    if decision == "undecided" and late:
        return Trial(kept=rival, deed="dismiss", words=f"{words} It could not win in {old.days} days", verdict=verdict)
    deeds: dict[court.Decision, Deed] = {"replace": "replace", "keep": "dismiss", "undecided": "wait"}
    return Trial(kept=rival, deed=deeds[decision], words=words, verdict=verdict)


def _follows(found: Standing, trials: Sequence[Trial]) -> Review:
    """Say what follows, and why: the champion before comes first, then the challenger with the most evidence."""
    for deed in ("roll back", "replace", "dismiss", "wait"):
        called = [one for one in trials if one.deed == deed and (deed != "wait" or one.kept.stage is Stage.SHADOW)]
        if called:
            first = max(called, key=_weight)
            words = " ".join(one.words for one in called) if deed == "dismiss" else first.words
            return Review(standing=found, deed=first.deed, words=words, other=first.kept, trials=tuple(trials))
    words = "; ".join(found.reasons) or "nothing speaks against it"
    if found.reasons and found.age > timedelta():
        return Review(standing=found, deed="train", words=words, trials=tuple(trials))
    words = f"{words}, but there are no newer bars" if found.reasons else words
    return Review(standing=found, deed="none", words=words, trials=tuple(trials))


def _weight(trial: Trial) -> float:
    """Give the evidence for a challenger as a share of what it needs."""
    return trial.verdict.evidence * trial.verdict.level if trial.verdict else 0.0


async def _bars(desk: Desk, models: Sequence[Kept]) -> list[Bars]:
    symbols = dict.fromkeys(symbol for one in models for symbol in one.card.symbols)
    async with MarketData(desk) as market:
        step = Timeframe.parse(models[0].card.timeframe)
        return await bars_for(market, tuple(symbols), timeframe=step, as_of=desk.clock.now())


async def _acted(
    desk: Desk,
    registry: Registry,
    found: Review,
    bars: Sequence[Bars],
    *,
    act: bool,
    watch: Callable[[Progress], bool] | None,
) -> Review:
    if not act or found.deed in {"none", "wait"}:
        return found
    champion, other = found.standing.kept, found.other
    decided = [one for one in found.trials if one.deed in {found.deed, "dismiss"}]
    for one in decided:
        if one.verdict is not None:
            await desk.workers.run(court.write_verdict, one.verdict, verdicts(desk))
    if found.deed == "roll back":
        other = (await stages.rollback(registry, champion.family)).kept
    elif found.deed == "replace":
        assert other is not None  # noqa: S101 - a replacement has somebody who comes
        other = (await stages.deploy(registry, other, force=True)).kept
    elif found.deed == "train":
        own = [one for one in bars if one.instrument.symbol in champion.card.symbols]
        lesson = await _lesson(registry, champion, lost=found.standing.lost)
        outcome = await train_model(desk, own, lesson, watch=watch)
        other = await stages.shadow(registry, outcome.kept) if outcome.new else outcome.kept
        found = replace(found, words=f"{found.words}. {_how(champion, outcome)}", start=outcome.start)
    for one in decided:
        if one.deed == "dismiss":
            await stages.archive(registry, one.kept)
    return replace(found, other=other, done=True)


def _how(champion: Kept, outcome: Outcome) -> str:
    """Say whether a training went on from the champion, or why it began anew."""
    if outcome.start:
        return f"It went on from {outcome.start}"
    if champion.card.settings.get("tuned"):
        return "It began anew: what the champion was tuned from is not here any more"
    return f"It began anew: {outcome.anew or 'the champion failed, so nothing of it was taken over'}"


async def _lesson(registry: Registry, champion: Kept, *, lost: bool) -> Lesson:
    """Give how a champion is trained anew: from itself, unless it failed; a tuned one from what it was tuned from."""
    again, tuned = _again(champion), bool(champion.card.settings.get("tuned"))
    if not tuned:
        return replace(again, start=None if lost else champion)
    start = await registry.desk.store.get(Kept, str(champion.card.lineage.get("start")))
    return again if start is None else replace(again, start=start, tuned=True)


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
        drift=1.0, lost=True, reasons=(words,),
    )  # fmt: skip


def verdicts(desk: Desk) -> Path:
    """Give the folder of verdicts."""
    return Path(desk.settings.home) / "verdicts"


async def _recipe(registry: Registry, kept: Kept) -> Recipe:
    return Recipe(model=kept.family, seed=registry.desk.seed, artefact=await registry.artefact(kept))


def _alike(one: Kept, two: Kept) -> bool:
    """Tell whether two models answer for the same: only then do their scores say which is better."""
    return set(two.card.symbols) <= set(one.card.symbols) and one.card.timeframe == two.card.timeframe
