"""Scores that somebody changed, and forecasts that are gone: neither is taken for what the ledger says."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import datetime

import pytest

from ara.desk import Desk
from ara.market.timeframe import WEEK
from ara.prediction import Ledger, PredictionEngine, follows, rescoring
from ara.prediction.receipts import vouchers
from ara.prediction.rescoring import rescored
from ara.prediction.scoring import score
from ara.prediction.verified import verified
from ara.settings import Settings
from ara.store.scores import forecasts, scores
from ara.testing import desk


@pytest.fixture
def settings(tmp_path):
    return Settings.load({"home": str(tmp_path), "log.level": "error"}, environ={}, folder=tmp_path)


async def filled(one):
    """Keep and score three forecasts, six outcomes, of days and of weeks."""
    engine = PredictionEngine(one)
    for symbol, days, more in (("AAPL", 3, {}), ("SPY", 2, {}), ("AAPL", 1, {"timeframe": WEEK})):
        await engine.predict(symbol, days=days, as_of="2020-02-20", model="ewma_t", **more)
    assert (await score(one)).came_due == 6


async def changed(one, **values):
    await one.store.tables.execute(scores.update().where(scores.c.symbol == "AAPL", scores.c.day == 1).values(**values))


async def test_scores_as_they_were_kept_follow_from_entries_and_bars():
    async with desk() as one:
        nothing = await rescored(one)
        await filled(one)
        found = await verified(one)
        bare = await verified(one, scores=False)
    assert (nothing.ok, nothing.scores) == (True, 0)
    assert (found.ok, found.scores.scores, found.scores.from_bars) == (True, 6, 6)
    assert (bare.ok, bare.scores, bare.as_dict()["scores"]) == (True, None, None)


async def test_figures_made_better_are_named(monkeypatch):
    monkeypatch.setattr(rescoring, "_NAMED", 4)
    async with desk() as one:
        await filled(one)
        better = {"inside_80": True, "inside_95": True, "crps": scores.c.crps * 0.5}
        await one.store.tables.execute(scores.update().values(**better))
        found = await verified(one)
    assert (found.ok, found.problem, found.chain.ok) == (False, "scores", True)
    assert (found.scores.disagree, found.scores.orphans, len(found.scores.wrong)) == (6, 0, 4)
    assert "6 of 6 do not follow from entries and bars" in found.words
    assert all("crps" in wrong.columns for wrong in found.scores.wrong)
    kept, due = found.scores.wrong[0].columns["crps"]
    assert kept == pytest.approx(due / 2)
    told = found.as_dict()["scores"]["wrong"][0]
    assert told["columns"]["crps"] == {"kept": kept, "follows": due}


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *(("inside_50", True), ("inside_usual", True), ("up", None), ("median_error", 0.0), ("p_up", 0.9)),
        *(("confidence", 0.99), ("close", 1.0), ("outcome", 320.0), ("outcome", -1.0), ("outcome", float("inf"))),
        *(("live", True), ("model", "fast"), ("symbol", "KO"), ("horizon", 2)),
    ],
)
async def test_each_column_is_computed_again(column, value):
    async with desk() as one:
        await PredictionEngine(one).predict("AAPL", days=1, as_of="2020-02-21", model="ewma_t")
        await score(one)
        await changed(one, **{column: value})
        found = await rescored(one)
    assert (found.ok, found.disagree) == (False, 1)
    assert column in found.wrong[0].columns
    assert f"{column} " in found.words


async def test_the_error_of_the_baseline_is_computed_again():
    async with desk() as one:
        engine = PredictionEngine(one)
        for symbol, model in (("AAPL", "hist"), ("SPY", "ewma_t")):
            await engine.predict(symbol, days=2, as_of="2020-02-20", model=model)
        await score(one)
        sound = await rescored(one)
        await one.store.tables.execute(scores.update().values(baseline_crps=0.05))
        found = await rescored(one)
        await one.store.tables.execute(scores.update().values(baseline_crps=None))
        left_out = await rescored(one)
    assert (sound.ok, sound.from_bars, sound.baselines) == (True, 4, 2)
    assert (found.disagree, {name for wrong in found.wrong for name in wrong.columns}) == (4, {"baseline_crps"})
    dues = {wrong.symbol: wrong.columns["baseline_crps"][1] for wrong in found.wrong}
    assert dues["SPY"] is None
    assert 0 < dues["AAPL"] < 0.5
    assert [wrong.symbol for wrong in left_out.wrong] == ["AAPL", "AAPL"]


async def test_another_version_of_the_arithmetic_may_have_made_another_baseline(monkeypatch):
    async with desk() as one:
        await PredictionEngine(one).predict("AAPL", days=1, as_of="2020-02-20", model="hist")
        await score(one)
        monkeypatch.setattr(follows, "ENGINE", "none")
        await changed(one, baseline_crps=0.05)
        found = await rescored(one)
    assert (found.ok, found.from_bars, found.baselines) == (True, 1, 0)


async def test_an_outcome_whose_bars_are_not_at_hand_is_said_to_be_unseen(monkeypatch):
    async with desk() as one:
        await filled(one)

        async def none(*_, **__):
            return None

        monkeypatch.setattr(follows.AtHand, "_bars", none)
        found = await rescored(one)
    assert (found.ok, found.scores, found.checked, found.from_bars, found.baselines) == (True, 6, 6, 0, 0)


async def test_bars_that_were_corrected_since_count_as_they_were_when_it_was_scored(monkeypatch):
    async with desk() as one:
        await PredictionEngine(one).predict("AAPL", days=2, as_of="2020-02-20", model="hist")
        await score(one)
        whole, asked = follows.AtHand._bars, []

        async def corrected(self, forecast, learned, *, as_of=None):
            found = await whole(self, forecast, learned, as_of=as_of)
            asked.append((learned is None, as_of is None))
            closes = found.frame["close"]
            return found if learned else replace(found, frame=found.frame.with_columns(closes**1.01))

        monkeypatch.setattr(follows.AtHand, "_bars", corrected)
        found = await rescored(one)
        await changed(one, baseline_crps=0.05, outcome=300.0)
        forged = await rescored(one)
    assert (found.ok, found.from_bars, found.baselines) == (True, 2, 2)
    assert sorted(asked[:4]) == [(False, False), (False, True), (True, False), (True, True)]
    assert {"outcome", "baseline_crps"} <= set(forged.wrong[0].columns)


@pytest.mark.parametrize("at", ["2020-02-20T12:00:00+00:00", "2020-02-21T12:00:00+00:00"])
async def test_what_was_scored_before_its_outcome_was_public_is_named(at):
    async with desk() as one:
        await PredictionEngine(one).predict("AAPL", days=1, as_of="2020-02-20", model="ewma_t")
        await score(one)
        await one.store.tables.execute(scores.update().values(scored_at=datetime.fromisoformat(at)))
        found = await rescored(one)
    assert (found.disagree, "scored_at" in found.wrong[0].columns) == (1, True)


async def test_scores_that_were_taken_out_are_missed():
    async with desk() as one:
        await filled(one)
        bad = (scores.c.symbol == "AAPL", scores.c.day == 3)
        await one.store.tables.execute(scores.delete().where(*bad))
        found = await verified(one)
        await one.store.tables.execute(scores.delete().where(scores.c.symbol == "AAPL"))
        await one.store.tables.execute(forecasts.delete().where(forecasts.c.sequence == 1))
        hidden = await rescored(one)
        await one.store.tables.execute(forecasts.update().values(scored_at=None))
        await one.store.tables.execute(scores.delete())
        unseen = await rescored(one)
    assert (found.problem, found.scores.missing, found.scores.disagree) == ("scores", 1, 0)
    assert "1 score is gone" in found.words
    assert (hidden.ok, hidden.missing, hidden.checked) == (False, 2, 2)
    assert (unseen.scores, unseen.missing) == (0, 1)


async def test_of_many_forecasts_some_are_drawn_unless_all_are_asked_for(monkeypatch):
    monkeypatch.setattr(rescoring, "_BATCH", 2)
    async with desk() as one:
        await filled(one)
        drawn = {(await rescored(one, most=1)).checked for _ in range(60)}
        every = await rescored(one, most=None)
        await one.store.tables.execute(forecasts.delete())
        loose = [await rescored(one, most=most) for most in (1, None)]
    assert drawn <= {1, 2, 3}
    assert len(drawn) > 1
    assert (every.checked, every.scores, every.ok) == (6, 6, True)
    assert ([each.ok for each in loose], loose[1].checked) == ([True, True], 6)


async def test_scores_of_no_forecast_are_counted():
    async with desk() as one:
        await filled(one)
        rows = await one.store.tables.execute(scores.select().where(scores.c.symbol == "SPY", scores.c.day == 1))
        strange = [{**rows[0], "forecast_id": "f" * 64}, {**rows[0], "day": 9}]
        await one.store.tables.insert(scores, strange)
        found = await verified(one)
        (kept,) = [each for each in await Ledger(one).list() if len(each.forecast.days) == 2]
        assert await Ledger(one).lengths(["f" * 64, kept.id]) == {kept.id: "1d"}
    assert (found.problem, found.scores.orphans, found.scores.disagree) == ("scores", 2, 0)
    assert "2 of 8 are of no forecast that the ledger holds." in found.words


@pytest.mark.parametrize(("left", "words"), [("forecasts", "scoring read entry 3"), ("scores", "6 scores of theirs")])
async def test_a_ledger_that_was_thrown_away_is_not_taken_for_an_empty_one(settings, tmp_path, left, words):
    async with Desk.open(settings) as one:
        assert (await verified(one)).ok
        await filled(one)
    with closing(sqlite3.connect(tmp_path / "ara.db")) as database:
        database.execute("delete from entries where stream = 'ledger'")
        if left == "scores":
            database.execute("delete from forecasts")
        database.commit()
    (tmp_path / "heads" / "ledger.json").unlink()
    async with Desk.open(settings) as one:
        found = await verified(one)
        assert (await Ledger(one).verify()).problem == "gone"
        assert (found.ok, found.problem, found.entries, found.scores) == (False, "gone", 0, None)
        assert "Forecasts were kept and are gone" in found.words
        assert words in found.words
        await PredictionEngine(one).predict("BTC-USD", days=1, as_of="2020-02-20", model="ewma_t")
        assert not (await verified(one)).ok


async def test_a_receipt_counts_forecasts_of_bars_as_long_alone():
    async with desk() as one:
        engine = PredictionEngine(one)
        day = await engine.keep("AAPL", days=1, as_of="2020-02-20", model="ewma_t")
        week = await engine.keep("AAPL", days=1, as_of="2020-02-20", model="ewma_t", timeframe=WEEK)
        await score(one)
        await one.store.tables.execute(scores.update().values(live=True))
        counted = [(await vouchers(one, kept, near=1.0))[0].live for kept in (day, week)]
        assert [(await vouchers(one, kept, near=0.0))[0].live for kept in (day, week)] == [0, 0]
    assert counted == [1, 1]
