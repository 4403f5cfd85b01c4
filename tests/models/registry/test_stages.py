import msgspec
import numpy as np
import pytest

from ara.errors import IntegrityError, ModelError, ValidationError
from ara.lineage import canonical
from ara.models.quantiles import LEVELS
from ara.models.registry import Kept, Score, Stage, stages
from ara.models.registry.stages import judge
from ara.performance import compared, crps
from ara.statistics import student_t_quantiles
from tests.models.registry.conftest import cite, score, trained


async def stage(registry, kept):
    return (await registry.desk.store.get(Kept, kept.id)).stage


async def test_the_champion_changes_and_comes_back(registry, panel):
    one, two, three = [await trained(registry, panel, seed=seed) for seed in range(3)]
    assert (await stages.deploy(registry, one)).before is None
    change = await stages.deploy(registry, two)
    assert (change.kept.stage, change.before.id, change.verdict.beats) == (Stage.CHAMPION, one.id, True)
    assert await stage(registry, one) is Stage.ARCHIVED
    assert (await stages.deploy(registry, two)).before is None
    await stages.deploy(registry, three)
    assert (await registry.find("har_t")).id == three.id
    back = await stages.rollback(registry, "har_t")
    assert (back.kept.id, back.before.id) == (two.id, three.id)
    assert (await stages.rollback(registry, "har_t")).kept.id == one.id
    assert [await stage(registry, kept) for kept in (one, two, three)] == [
        Stage.CHAMPION, Stage.ARCHIVED, Stage.ARCHIVED,
    ]  # fmt: skip
    with pytest.raises(ModelError, match="no earlier champion"):
        await stages.rollback(registry, "har_t")
    with pytest.raises(ValidationError, match="no model of the family"):
        await stages.rollback(registry, "drift")


async def test_a_rollback_passes_over_what_is_damaged_or_gone(registry, panel):
    made = [await trained(registry, panel, seed=seed) for seed in range(4)]
    for kept in made:
        await stages.deploy(registry, kept)
    (registry.shelf.place(made[2].id) / "params.json").write_bytes(b"{}")
    await stages.delete(registry, made[1])
    assert (await stages.rollback(registry, "har_t")).kept.id == made[0].id


async def test_what_does_not_beat_the_baseline_is_refused_unless_forced(registry, panel):
    weak = await trained(registry, panel, scores=(score(1, skill=0.01, p=0.2, low=-0.01),))
    with pytest.raises(ModelError, match="not surely better than ewma_t on any horizon, after one look") as caught:
        await stages.deploy(registry, weak)
    assert "--force" in caught.value.hint
    assert (await registry.seat("har_t")).champion == ""
    assert not (await stages.deploy(registry, weak, force=True)).verdict.beats


async def test_a_damaged_model_is_never_deployed(registry, panel):
    kept = await trained(registry, panel)
    (registry.shelf.place(kept.id) / "head.json").write_bytes(b"{}")
    with pytest.raises(IntegrityError, match=r"head\.json was changed"):
        await stages.deploy(registry, kept, force=True)
    assert await registry.champion("har_t") is None


async def test_a_band_that_holds_everything_is_no_pass(registry, panel):
    kept = await trained(registry, panel)
    for horizon, beats in ((5, False), (21, True)):
        scores = (msgspec.structs.replace(score(horizon), inside_80=1.0),)
        found = judge(msgspec.structs.replace(kept.card, scores=scores), 1)
        assert (found.beats, "its 80 % band held every outcome" in found.words) == (beats, not beats)


@pytest.mark.parametrize(
    ("scores", "looks", "beats", "words"),
    [
        ((), 1, False, "never held against"),
        ((score(1, p=0.04),), 1, True, "better than ewma_t over 1 bar, after one look"),
        ((score(1, p=0.04),), 2, False, "not surely better than ewma_t on any horizon, after 2 looks"),
        ((score(1, p=0.04), score(5, p=0.04)), 1, False, "not surely better than ewma_t on any horizon"),
        ((score(1, p=0.024), score(5, p=0.04)), 1, True, "better than ewma_t over 1 bar, after one look"),
        ((score(1), score(5, skill=-0.1, p=1, low=-0.2, high=-0.05)), 1, False, "worse than ewma_t over 5 bars"),
        ((score(1), score(5), score(21)), 1, True, "over 1, 5 and 21 bars"),
        ((score(1), score(5, skill=-0.1, p=0.9, high=0.01)), 1, False, "but worse on the mean of all horizons"),
        ((score(1, skill=0.2, p=1.0),), 1, False, "not surely better"),
    ],
)
async def test_the_verdict_allows_for_every_look(registry, panel, scores, looks, beats, words):
    kept = await trained(registry, panel, scores=scores)
    found = judge(kept.card, looks)
    assert (found.beats, words in found.words) == (beats, True), found.words


def world(random: np.random.Generator, horizons: tuple[int, ...], bars: int) -> tuple[Score, ...]:
    """Give the scores of one of two forecasters that err alike: one leans up when the other leans down, slowly."""
    path = np.concatenate(([0.0], np.cumsum(random.standard_t(5, bars + max(horizons)) / np.sqrt(5 / 3))))
    pushes, lean = 0.24 * random.standard_normal(bars), np.zeros(bars)
    for i in range(1, bars):
        lean[i] = 0.97 * lean[i - 1] + pushes[i]
    shape, found = student_t_quantiles(LEVELS, 30), []
    for horizon in horizons:
        rows = bars - horizon + 1
        y = (path[horizon : horizon + rows] - path[:rows]) / np.sqrt(horizon)
        up, down = (crps(side * 0.15 * lean[:rows, None] + shape, y, LEVELS) for side in (1, -1))
        one = compared(up, down, np.arange(rows), horizon=horizon)
        found.append(score(horizon, skill=one.skill, p=one.p, low=one.low, high=one.high))
    return tuple(found)


@pytest.mark.parametrize("bars", [251, 600])
async def test_of_models_that_are_no_better_five_percent_are_let_in_at_most(registry, panel, bars):
    kept, random = await trained(registry, panel), np.random.default_rng(3)
    worlds = [msgspec.structs.replace(kept.card, scores=world(random, (1, 5, 10, 21), bars)) for _ in range(200)]
    assert sum(judge(card, 1).beats for card in worlds) <= 0.06 * len(worlds)


async def test_the_baseline_does_not_beat_itself(registry, panel):
    kept = await trained(registry, panel, "ewma_t")
    assert judge(kept.card, 1).words == "it is the baseline itself"


async def test_the_shadow_and_the_archive(registry, panel):
    kept = await trained(registry, panel)
    assert (await stages.shadow(registry, kept)).stage is Stage.SHADOW
    await stages.deploy(registry, kept)
    with pytest.raises(ValidationError, match="is the champion"):
        await stages.shadow(registry, kept)
    with pytest.raises(ModelError, match="is the champion"):
        await stages.archive(registry, kept)
    assert (await stages.archive(registry, kept, force=True)).stage is Stage.ARCHIVED
    assert await registry.champion("har_t") is None
    assert (await stages.rollback(registry, "har_t")).kept.id == kept.id


async def test_nothing_that_the_ledger_needs_is_removed(registry, panel):
    champion, needed, free = [await trained(registry, panel, seed=seed) for seed in range(3)]
    await stages.deploy(registry, champion)
    await cite(registry.desk, needed)
    for kept in (needed, free):
        await stages.archive(registry, kept)
    with pytest.raises(ModelError, match="made forecasts that are in the ledger"):
        await stages.delete(registry, needed)
    with pytest.raises(ModelError, match="is the champion"):
        await stages.delete(registry, champion)
    done = await stages.clean(registry)
    assert ([one.id for one in done.removed], [one.id for one in done.needed]) == ([free.id], [needed.id])
    assert registry.shelf.ids() == {champion.id, needed.id}
    await registry.desk.store.log("ledger").append([canonical([1])])
    with pytest.raises(IntegrityError, match="nobody knows which models it needs"):
        await stages.clean(registry)


async def test_a_clean_up_takes_what_was_left_unfinished_and_spares_what_is_in_use(registry, panel):
    kept = await trained(registry, panel)
    folder = registry.shelf.folder
    (folder / ".part-0123").mkdir()
    (folder / ".gone-0123").mkdir()
    (folder / ("f" * 64)).mkdir()
    with registry.shelf.part() as busy:
        assert (await stages.clean(registry)).leftovers == 3
        assert busy.exists()
    assert registry.shelf.ids() == {kept.id}
    (folder / ("f" * 64)).mkdir()
    with registry.shelf.using():
        assert (await stages.clean(registry)).leftovers == 0
    assert (await stages.clean(registry)).leftovers == 1


async def test_a_deleted_model_leaves_no_trace_in_its_family(registry, panel):
    one, two = [await trained(registry, panel, seed=seed) for seed in range(2)]
    await stages.deploy(registry, one)
    await stages.deploy(registry, two)
    await stages.delete(registry, one)
    assert (await registry.seat("har_t")).before == ()
    assert not registry.shelf.place(one.id).exists()
    with pytest.raises(ModelError, match="was deleted meanwhile"):
        await stages._crown(registry, one.id, family="har_t", back=False)
