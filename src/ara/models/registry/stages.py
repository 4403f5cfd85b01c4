"""How a model rises and goes: deploy, roll back, archive, delete. Each is one change of the store, or none."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from ara.errors import AraError, IntegrityError, StageError, ValidationError
from ara.models.registry.card import BASELINE, Kept, ModelCard, Seat, Stage
from ara.models.registry.registry import Registry
from ara.models.registry.shipped import refuse_shipped
from ara.performance.trials import Look, Trials
from ara.store import revision

__all__ = [
    "Change",
    "Cleaned",
    "Verdict",
    "archive",
    "champion_before",
    "cited",
    "clean",
    "delete",
    "deploy",
    "judge",
    "rivals",
    "rollback",
    "shadow",
    "verdict_of",
]

_LEVEL = 0.05
_HELD = 31  # 0.8 ** 31 is below 0.001: a band that holds so many outcomes, all of them, is no band of 80 %


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a model may answer: does it beat the baseline on bars that it did not know?

    Parameters
    ----------
    beats
        It does, on at least one horizon, with a chance of error below 5 % after all horizons that were tried and all
        looks at these bars, is surely worse on none, better on the mean of all, and its 80 % band misses sometimes.
    better, worse
        Horizons, in bars, on which it surely is.
    words
        The same as a sentence.
    """

    beats: bool
    better: tuple[int, ...]
    worse: tuple[int, ...]
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of champions.

    Parameters
    ----------
    kept
        The model that answers for its family now.
    before
        The one that did; None for none.
    verdict
        How it did against the baseline.
    """

    kept: Kept
    before: Kept | None
    verdict: Verdict

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "schema": 1,
            "model": self.kept.as_dict(),
            "before": None if self.before is None else self.before.as_dict(),
            "beats_baseline": self.verdict.beats,
            "verdict": self.verdict.words,
        }


def judge(card: ModelCard, looks: int) -> Verdict:
    """Judge a card's scores, given how often its hold-out was looked at by anybody until now.

    The level of 5 % is shared among all looks and horizons (Bonferroni): what is tried often enough wins once by luck.
    """
    if card.family == BASELINE:
        return Verdict(beats=False, better=(), worse=(), words="it is the baseline itself")
    if not card.scores:
        return Verdict(beats=False, better=(), worse=(), words="it was never held against the baseline")
    level = _LEVEL / (max(looks, 1) * len(card.scores))
    better = tuple(one.horizon for one in card.scores if one.skill > 0 and one.p < level)
    worse = tuple(one.horizon for one in card.scores if one.high is not None and one.high < 0)
    counted = f"{looks} looks at its hold-out" if looks > 1 else "one look at its hold-out"
    if worse:
        return Verdict(beats=False, better=better, worse=worse, words=f"it is worse than {BASELINE} {_over(worse)}")
    if not better:
        words = f"it is not surely better than {BASELINE} on any horizon, after {counted}"
        return Verdict(beats=False, better=(), worse=(), words=words)
    words = f"it is better than {BASELINE} {_over(better)}, after {counted}"
    wide = tuple(one.horizon for one in card.scores if one.inside_80 >= 1 and one.days >= _HELD * one.horizon)
    if wide:
        words += f", but its 80 % band held every outcome {_over(wide)}"
        return Verdict(beats=False, better=better, worse=(), words=words)
    if sum(one.skill for one in card.scores) <= 0:
        words += ", but worse on the mean of all horizons"
        return Verdict(beats=False, better=better, worse=(), words=words)
    return Verdict(beats=True, better=better, worse=(), words=words)


def _over(horizons: tuple[int, ...]) -> str:
    names = [str(one) for one in horizons]
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return f"over {listed} {'bar' if names == ['1'] else 'bars'}"


async def verdict_of(registry: Registry, card: ModelCard) -> Verdict:
    """Judge a model by its card and by all looks at its hold-out until now, whoever took them."""
    held = card.holdout
    look = Look(number=0, used=0, limit=0)
    if held is not None:
        look = await Trials(registry.desk).looked(card.symbols, held.first, held.last)
    return judge(card, max(look.number, held.look if held else 0))


async def deploy(registry: Registry, kept: Kept, *, force: bool = False) -> Change:
    """Make a model the champion of its family; the one before is archived and can be rolled back to.

    Raises
    ------
    StageError
        It does not beat the baseline, and `force` is False.
    IntegrityError
        It is not as it was written.
    """
    refuse_shipped(kept, "deployed")
    verdict = await verdict_of(registry, kept.card)
    if not verdict.beats and not force:
        raise StageError(
            f"{kept.name} is not deployed: {verdict.words}.",
            hint=f"See its scores: ara models show {kept.id[:8]}. To deploy it nevertheless: --force",
            model=kept.id,
        )
    await registry.artefact(kept)
    before = await _crown(registry, kept.id, family=kept.family, back=False)
    return Change(kept=await _again(registry, kept), before=before, verdict=verdict)


async def rollback(registry: Registry, family: str) -> Change:
    """Give a family's place back to the champion before, the last one that is still whole."""
    if await registry.seat(family) is None:
        raise ValidationError(f"There is no model of the family {family!r:.60}.", hint="See: ara models list")
    kept = await champion_before(registry, family)
    if kept is None:
        raise StageError(
            f"{family} has no earlier champion that is whole.",
            hint=f"Deploy another: ara models list {family}. To go without: ara models archive {family} --force",
        )
    before = await _crown(registry, kept.id, family=family, back=True)
    return Change(kept=await _again(registry, kept), before=before, verdict=await verdict_of(registry, kept.card))


async def champion_before(registry: Registry, family: str) -> Kept | None:
    """Give a family's champion before, the last one that is still whole."""
    seat = await registry.seat(family)
    for id in reversed(seat.before if seat else ()):
        kept = await registry.desk.store.get(Kept, id)
        if kept is None:
            continue
        try:
            await registry.artefact(kept)
        except AraError:
            continue
        return kept
    return None


async def _crown(registry: Registry, id: str, *, family: str, back: bool) -> Kept | None:
    """Change the champion in one transaction: the place, the one that comes and the one that goes."""
    store = registry.desk.store
    async with store.tx():
        seat = await _seat(registry, family)
        mine, old = await store.get(Kept, id), await store.get(Kept, seat.champion)
        if mine is None:
            raise StageError(f"The model {id[:8]} was deleted meanwhile.", hint="See: ara models list")
        now = registry.later(seat.changed_at)
        if seat.champion != id:
            earlier = tuple(one for one in seat.before if one != id)
            if seat.champion and not back:
                earlier += (seat.champion,)
            await _staged(registry, mine, Stage.CHAMPION, now)
            if old is not None:
                await _staged(registry, old, Stage.ARCHIVED, now)
            fresh = msgspec.structs.replace(seat, champion=id, before=earlier, rivals=(), changed_at=now)
            await store.put(fresh, replaces=revision(seat))
    return old if old is not None and old.id != id else None


async def _seat(registry: Registry, family: str) -> Seat:
    seat = await registry.seat(family)
    if seat is None:
        seat = Seat(id=family, changed_at=registry.desk.clock.now())
        await registry.desk.store.add(seat)
    return seat


async def _staged(registry: Registry, kept: Kept, stage: Stage, now: datetime) -> None:
    fresh = msgspec.structs.replace(kept, stage=stage, changed_at=max(now, kept.changed_at))
    await registry.desk.store.put(fresh, replaces=revision(kept))


async def _again(registry: Registry, kept: Kept) -> Kept:
    return await registry.desk.store.get(Kept, kept.id) or kept


async def rivals(registry: Registry, family: str, others: Sequence[Kept], *, keep: bool) -> tuple[str, ...]:
    """Give the ids of all that were held against a family's champion, in the order in which they came.

    Parameters
    ----------
    registry, family
        Whose champion.
    others
        Those that are held against it now; who is new among them comes after all before, the longest there first.
    keep
        Whether the order is kept from now on, as it must be where it decides anything.
    """
    store = registry.desk.store
    async with store.tx() if keep else nullcontext():
        seat = await registry.seat(family)
        came = seat.rivals if seat else ()
        new = sorted((one.changed_at, one.id) for one in others if one.id not in came)
        order = (*came, *(id for _, id in new))
        if keep and new and seat:
            await store.put(msgspec.structs.replace(seat, rivals=order), replaces=revision(seat))
    return order


async def shadow(registry: Registry, kept: Kept) -> Kept:
    """Put a candidate into the shadow of its champion."""
    refuse_shipped(kept, "put into a shadow")
    await registry.artefact(kept)
    async with registry.desk.store.tx():
        now = await _again(registry, kept)
        if now.stage is Stage.CHAMPION:
            raise ValidationError(f"{kept.name} is the champion.", hint="Another must be deployed in its place first.")
        await _staged(registry, now, Stage.SHADOW, registry.later(now.changed_at))
    return await _again(registry, kept)


async def archive(registry: Registry, kept: Kept, *, force: bool = False) -> Kept:
    """Put a model away; it is kept. A champion only by `force`: its family is then fitted anew for each forecast."""
    refuse_shipped(kept, "archived")
    store = registry.desk.store
    async with store.tx():
        now, seat = await _again(registry, kept), await _seat(registry, kept.family)
        if seat.champion == kept.id:
            if not force:
                raise StageError(
                    f"{kept.name} is the champion of {kept.family}.",
                    hint="Deploy another in its place, or archive it with --force: the family is then fitted anew.",
                )
            at = registry.later(seat.changed_at)
            before = (*seat.before, kept.id)
            fresh = msgspec.structs.replace(seat, champion="", before=before, rivals=(), changed_at=at)
            await store.put(fresh, replaces=revision(seat))
        await _staged(registry, now, Stage.ARCHIVED, registry.later(now.changed_at))
    return await _again(registry, kept)


class _Lineage(msgspec.Struct, frozen=True):
    models: dict[str, Any] = {}


class _Document(msgspec.Struct, frozen=True):
    lineage: _Lineage = _Lineage()


async def cited(registry: Registry) -> set[str]:
    """Give the ids of all models that a forecast in the ledger was made with."""
    found: set[str] = set()
    async for entry in registry.desk.store.log("ledger").read():
        try:
            document = msgspec.json.decode(entry.body, type=_Document)
        except msgspec.MsgspecError as error:
            raise IntegrityError(
                f"entry {entry.sequence} of the ledger can't be read, so nobody knows which models it needs",
                hint="Nothing was removed. See: ara ledger verify",
            ) from error
        found |= {str(one["artefact"]) for one in document.lineage.models.values() if _names_one(one)}
    return found


def _names_one(described: Any) -> bool:
    return isinstance(described, dict) and "artefact" in described


async def delete(registry: Registry, kept: Kept) -> None:
    """Remove a model for good; never a champion, and never one that a kept forecast was made with."""
    refuse_shipped(kept, "removed")
    needed = await cited(registry)
    if kept.id in needed:
        raise StageError(
            f"{kept.name} ({kept.id[:8]}) made forecasts that are in the ledger, so it is kept.",
            hint=f"Put it away instead: ara models archive {kept.id[:8]}",
        )
    await _remove(registry, kept)


async def _remove(registry: Registry, kept: Kept) -> None:
    store = registry.desk.store
    async with store.tx():
        seat = await _seat(registry, kept.family)
        if seat.champion == kept.id:
            raise StageError(
                f"{kept.name} is the champion of {kept.family}.",
                hint="Deploy another in its place, or archive it first.",
            )
        if kept.id in seat.before:
            left = tuple(one for one in seat.before if one != kept.id)
            await store.put(msgspec.structs.replace(seat, before=left), replaces=revision(seat))
        await store.remove(Kept, kept.id)
    await _drop(registry, kept.id)


async def _drop(registry: Registry, id: str) -> bool:
    """Remove a folder that no document names; it stays for the next clean-up where somebody is taking models in."""
    with registry.shelf.using(alone=True) as mine:
        if not mine or await registry.desk.store.get(Kept, id) is not None:
            return False
        await registry.desk.workers.run(registry.shelf.drop, id)
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """What a clean-up removed, what it left because the ledger needs it, and how many unfinished folders it found."""

    removed: tuple[Kept, ...]
    needed: tuple[Kept, ...]
    leftovers: int


async def clean(registry: Registry) -> Cleaned:
    """Remove archived models that no kept forecast was made with, and what killed processes left."""
    needed = await cited(registry)
    archived = await registry.all(stage=Stage.ARCHIVED)
    removed = [one for one in archived if one.id not in needed]
    for kept in removed:
        await _remove(registry, kept)
    run = registry.desk.workers.run
    leftovers = await run(registry.shelf.tidy)
    known = {one.id for one in await registry.all()}
    for id in sorted(await run(registry.shelf.ids) - known - needed):
        leftovers += await _drop(registry, id)
    spared = tuple(one for one in archived if one.id in needed)
    return Cleaned(removed=tuple(removed), needed=spared, leftovers=leftovers)
