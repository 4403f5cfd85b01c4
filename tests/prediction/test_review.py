from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from ara.data.feed import MarketData
from ara.desk import Desk
from ara.errors import IntegrityError, ModelError
from ara.models import court
from ara.models.registry import Registry, Stage, stages
from ara.performance.trials import Trials
from ara.prediction import standing as standings
from ara.prediction.compute import compute
from ara.prediction.review import review, verdicts
from ara.prediction.training import Lesson, bars_for, train_model
from ara.settings import Settings
from ara.testing import FakeClock


@pytest.fixture
def clock():
    return FakeClock(datetime(2019, 7, 1, 12, tzinfo=UTC))


@pytest.fixture
def desk_of(clock, tmp_path, workers):
    @asynccontextmanager
    async def opened():
        settings = Settings.load({"home": str(tmp_path / "home"), "log.level": "error"}, environ={})
        async with Desk.open(settings, clock=clock, workers=workers) as desk:
            yield desk

    return opened


async def trained(desk, family="har_t", symbols=("AAPL",), **asked):
    async with MarketData(desk) as market:
        bars = await bars_for(market, symbols, as_of=desk.clock.now())
    told = {"params": {}, "days": 2, "validate": False, **asked}
    return (await train_model(desk, bars, Lesson(family=family, **told))).kept


async def crowned(desk, family="har_t", **asked):
    kept = await trained(desk, family, **asked)
    await stages.deploy(Registry(desk), kept, force=True)
    return kept


async def stages_of(desk):
    return {one.name: one.stage.value for one in await Registry(desk).all()}


async def test_a_champion_is_watched_trained_anew_and_replaced_by_evidence_alone(desk_of, clock):
    async with desk_of() as desk:
        await crowned(desk, validate=True)
        clock.set(datetime(2019, 7, 20, 12, tzinfo=UTC))
        young = await review(desk, "har_t")
        assert (young.deed, young.standing.reasons) == ("none", ())
        assert 10 <= young.standing.days <= 14

        clock.set(datetime(2020, 5, 4, 12, tzinfo=UTC))
        seen = await review(desk, "har_t")
        assert (seen.deed, seen.done) == ("train", False)
        assert seen.standing.held < 0.75
        assert seen.standing.coverage >= 40
        assert await stages_of(desk) == {"har_t@1": "champion"}
        done = await review(desk, "har_t", act=True)
        assert done.done
        assert done.standing.lost
        assert done.words.endswith("It began anew: the champion failed, so nothing of it was taken over")
        assert await stages_of(desk) == {"har_t@1": "champion", "har_t@2": "shadow"}
        one, two = [await Registry(desk).find(name) for name in ("har_t@1", "har_t@2")]
        assert one.card.settings["days"] == two.card.settings["days"] == 2
        assert two.card.settings["hold_out"] == one.card.settings["hold_out"] == 0.2

        clock.set(datetime(2020, 5, 25, 12, tzinfo=UTC))
        early = await review(desk, "har_t", act=True, old=timedelta(days=400))
        assert (early.deed, early.verdict.decision) == ("wait", "undecided")
        assert not verdicts(desk).exists()

        clock.set(datetime(2021, 4, 1, 12, tzinfo=UTC))
        last = await review(desk, "har_t", act=True, old=timedelta(days=400))
        assert (last.deed, last.done) == ("replace", True)
        assert last.verdict.evidence >= 40
        assert last.verdict.level == court.LEVEL / 2
        assert last.verdict.first > two.card.made_at
        assert await stages_of(desk) == {"har_t@1": "archived", "har_t@2": "champion"}
        (kept,) = verdicts(desk).iterdir()
        assert court.read_verdict(kept) == last.verdict
        assert (await review(desk, "har_t")).deed != "roll back"


async def test_days_before_a_model_was_made_prove_nothing(desk_of, clock):
    async with desk_of() as desk:
        kept = await trained(desk)
        clock.set(datetime(2021, 3, 1, 12, tzinfo=UTC))
        later = await trained(desk, params={})
        for one in (kept, later):
            await stages.deploy(Registry(desk), one, force=True)
        async with MarketData(desk) as market:
            bars = await bars_for(market, ("AAPL",), as_of=datetime(2019, 6, 1, tzinfo=UTC))
        backdated = (await train_model(desk, bars, Lesson(family="har_t", params={}, days=2, validate=False))).kept
        await stages.deploy(Registry(desk), backdated, force=True)
        seen = await review(desk, "har_t")
        assert seen.standing.kept.id == backdated.id
        assert (seen.standing.days, seen.standing.better) == (0, None)
        assert seen.verdict is None


async def test_without_newer_bars_nothing_is_trained_and_no_look_is_spent(desk_of, clock):
    clock.set(datetime(2021, 4, 2, 12, tzinfo=UTC))
    async with desk_of() as desk:
        kept = await crowned(desk, validate=True)
        clock.set(datetime(2026, 1, 1, tzinfo=UTC))
        for _ in range(3):
            seen = await review(desk, "har_t", act=True)
            assert (seen.deed, seen.done) == ("none", False)
        held = kept.card.holdout
        assert (await Trials(desk).looked(kept.card.symbols, held.first, held.last)).number == 1


async def test_a_shadow_that_loses_is_put_away_and_one_that_cannot_win_gives_way(desk_of, clock):
    async with desk_of() as desk:
        await crowned(desk, "drift", params={"decay": 0.94})
        clock.set(datetime(2019, 10, 1, 12, tzinfo=UTC))
        bad = await trained(desk, "drift", params={"decay": 0.2})
        await stages.shadow(Registry(desk), bad)
        clock.set(datetime(2021, 1, 4, 12, tzinfo=UTC))
        lost = await review(desk, "drift", act=True, old=timedelta(days=10_000))
        assert (lost.deed, lost.done, lost.verdict.decision) == ("dismiss", True, "keep")
        assert await stages_of(desk) == {"drift@1": "champion", "drift@2": "archived"}

        same = await trained(desk, "drift", params={"decay": 0.94})
        await stages.shadow(Registry(desk), same)
        clock.set(datetime(2021, 3, 1, 12, tzinfo=UTC))
        assert (await review(desk, "drift", old=timedelta(days=400))).deed == "wait"
        late = await review(desk, "drift", old=timedelta(days=30))
        assert late.deed == "dismiss"
        assert "could not win in 30 days" in late.words


async def test_the_one_before_comes_back_by_evidence(desk_of, clock):
    async with desk_of() as desk:
        good = await trained(desk, "drift", params={"decay": 0.94})
        bad = await trained(desk, "drift", params={"decay": 0.2})
        for one in (good, bad):
            await stages.deploy(Registry(desk), one, force=True)
        clock.set(datetime(2021, 4, 1, 12, tzinfo=UTC))
        seen = await review(desk, "drift")
        assert (seen.deed, seen.other.id) == ("roll back", good.id)
        assert (await review(desk, "drift", act=True)).done
        assert (await Registry(desk).champion("drift")).id == good.id


async def test_several_challengers_are_judged_at_once_and_share_the_level(desk_of, clock):
    async with desk_of() as desk:
        registry = Registry(desk)
        await crowned(desk, "drift", params={"decay": 0.2})
        clock.set(datetime(2019, 10, 1, 12, tzinfo=UTC))
        shadows = []
        for decay in (0.15, 0.94, 0.1):
            clock.set(clock.now() + timedelta(hours=1))
            shadows.append(await stages.shadow(registry, await trained(desk, "drift", params={"decay": decay})))
        clock.set(datetime(2019, 10, 2, 12, tzinfo=UTC))
        early = await review(desk, "drift")
        assert (early.deed, early.verdict) == ("wait", None)
        assert (await registry.seat("drift")).rivals == ()
        await review(desk, "drift", act=True)
        order = tuple(one.id for one in shadows)
        assert (await registry.seat("drift")).rivals == order

        clock.set(datetime(2021, 4, 1, 12, tzinfo=UTC))
        never = timedelta(days=10_000)
        seen = await review(desk, "drift", old=never)
        assert [one.verdict.level for one in seen.trials] == [court.share(place) for place in (1, 2, 3)]
        assert {one.kept.name: one.deed for one in seen.trials} == {
            "drift@2": "dismiss",
            "drift@3": "replace",
            "drift@4": "dismiss",
        }
        assert (seen.deed, seen.other.name) == ("replace", "drift@3")
        done = await review(desk, "drift", act=True, old=never)
        assert done.done
        assert await stages_of(desk) == {
            "drift@1": "archived",
            "drift@2": "archived",
            "drift@3": "champion",
            "drift@4": "archived",
        }
        assert len(list(verdicts(desk).iterdir())) == 3
        assert (await registry.seat("drift")).rivals == ()


async def test_a_challenger_that_is_as_old_as_the_champion_is_judged_too(desk_of, clock):
    async with desk_of() as desk:
        await crowned(desk, "drift", params={"decay": 0.2})
        await stages.shadow(Registry(desk), await trained(desk, "drift", params={"decay": 0.94}))
        clock.set(datetime(2021, 4, 1, 12, tzinfo=UTC))
        seen = await review(desk, "drift", old=timedelta(days=10_000))
        assert (seen.deed, seen.other.name) == ("replace", "drift@2")


NETWORK = {"params": {"epochs": 1, "window": 3}, "validate": True}


async def test_a_network_that_is_only_old_goes_on_from_the_champion(desk_of, clock):
    async with desk_of() as desk:
        registry = Registry(desk)
        first = await crowned(desk, "gru", **NETWORK)
        clock.set(datetime(2019, 9, 2, 12, tzinfo=UTC))
        heard = []
        seen = await review(desk, "gru", act=True, old=timedelta(days=60), watch=lambda p: not heard.append(p.words))
        assert (seen.deed, seen.done, seen.start) == ("train", True, first.name)
        assert seen.words.endswith(f"It went on from {first.name}")
        second = await registry.find("gru@2")
        assert second.card.lineage["start"] == first.id
        assert second.card.holdout.cut < first.card.trained_to < second.card.trained_to
        assert [one.horizon for one in second.card.scores] == [1]
        began = [words.partition(": ")[0] for words in heard]
        assert list(dict.fromkeys(began)) == [
            "gru as it was before its hold-out",
            "gru before its hold-out",
            "judging gru",
            "gru on all bars",
        ]
        assert not list(registry.shelf.folder.glob(".part-*"))


async def test_a_tuned_champion_is_tuned_anew_from_what_it_was_tuned_from(desk_of, clock):
    async with desk_of() as desk:
        registry, day = Registry(desk), clock.now()
        clock.set(datetime(2018, 1, 2, 12, tzinfo=UTC))
        first = await trained(desk, "gru", symbols=("AAPL", "MSFT"), params=NETWORK["params"])
        clock.set(day)
        second = await crowned(desk, "gru", start=first, tuned=True, **NETWORK)
        clock.set(datetime(2019, 9, 2, 12, tzinfo=UTC))
        seen = await review(desk, "gru", act=True, old=timedelta(days=60))
        third = await registry.find("gru@3")
        assert (seen.start, third.card.lineage["start"]) == (first.name, first.id)
        assert third.card.settings["tuned"]
        assert first.card.trained_to < third.card.holdout.cut < second.card.trained_to < third.card.trained_to
        assert third.card.scores
        for one in (await registry.find(first.id), third):
            await stages.delete(registry, await stages.archive(registry, one))
        again = await review(desk, "gru", act=True, old=timedelta(days=60))
        assert (again.deed, again.start) == ("train", "")
        assert again.words.endswith("what the champion was tuned from is not here any more")


async def test_a_family_without_a_way_on_begins_anew(desk_of, clock):
    async with desk_of() as desk:
        await crowned(desk, "ewma_t")
        clock.set(datetime(2019, 9, 2, 12, tzinfo=UTC))
        seen = await review(desk, "ewma_t", act=True, old=timedelta(days=60))
        assert (seen.deed, seen.start) == ("train", "")
        assert seen.words.endswith("It began anew: ewma_t can't go on from an earlier fit")
        assert "start" not in (await Registry(desk).find("ewma_t@2")).card.lineage


async def test_a_damaged_champion_gives_way_and_a_damaged_one_before_is_passed_over(desk_of, clock):
    async with desk_of() as desk:
        registry = Registry(desk)
        first = await crowned(desk, "ewma_t")
        clock.set(datetime(2019, 9, 1, 12, tzinfo=UTC))
        second = await crowned(desk, "ewma_t")

        def spoil(kept):
            path = registry.shelf.place(kept.id) / "params.json"
            path.chmod(0o600)
            path.write_bytes(path.read_bytes() + b" ")

        spoil(second)
        seen = await review(desk, "ewma_t")
        assert (seen.deed, seen.other.id) == ("roll back", first.id)
        assert "not as it was written" in seen.words
        done = await review(desk, "ewma_t", act=True)
        assert done.done
        assert (await registry.champion("ewma_t")).id == first.id
        spoil(first)
        with pytest.raises(IntegrityError):
            await review(desk, "ewma_t")


async def test_a_pooled_challenger_is_asked_with_all_its_instruments(desk_of, clock, monkeypatch):
    asked = []
    monkeypatch.setattr(standings, "compute", lambda panel, *rest: asked.append(panel.symbols) or compute(panel, *rest))
    async with desk_of() as desk:
        await crowned(desk, "pooled_har", symbols=("AAPL",))
        clock.set(datetime(2019, 9, 1, 12, tzinfo=UTC))
        wide = await trained(desk, "pooled_har", symbols=("AAPL", "MSFT", "SPY"))
        await stages.shadow(Registry(desk), wide)
        clock.set(datetime(2019, 12, 1, 12, tzinfo=UTC))
        seen = await review(desk, "pooled_har", old=timedelta(days=400))
        assert seen.other.id == wide.id
        assert seen.verdict.days == pytest.approx(43, abs=3)
        assert asked == [("AAPL",), ("AAPL",), ("AAPL",), ("AAPL", "MSFT", "SPY")]


async def test_where_there_is_no_champion_it_is_said(desk_of):
    async with desk_of() as desk:
        with pytest.raises(ModelError, match="no champion"):
            await review(desk, "har_t")
        kept = await trained(desk, "ewma_t")
        assert kept.stage is Stage.CANDIDATE
        assert msgspec.json.encode(kept.card.settings)
