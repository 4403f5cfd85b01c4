"""The record of shipped models: what may be called, what `sure` was worth, and by which outcomes."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
import polars as pl
import pytest

from ara.errors import IntegrityError
from ara.prediction import PredictionEngine, outlook
from ara.prediction import record as room
from ara.prediction.record import HORIZONS, Judged, Record, Told, record
from ara.testing import desk
from tools import record as tool

ROOT = Path(__file__).resolve().parents[2]
EARLY, LATE = datetime(2019, 1, 1, tzinfo=UTC), datetime(2020, 1, 1, tzinfo=UTC)


def told(until, horizon, adjusted, kind="stocks"):
    figures = {"brier": 0.24, "half": 0.25, "usual": 0.245, "rose": 0.5, "p": adjusted / 2, "adjusted": adjusted}
    return Told(until=until, kind=kind, horizon=horizon, forecasts=1000, days=100, **figures)


def judged(until, low, high, forecasts, inside, horizon=1):
    facts = {"until": until, "horizon": horizon, "low": low, "high": high, "stated": (low + high) / 2}
    return Judged(forecasts=forecasts, inside=inside, **facts)


@pytest.fixture
def made():
    lines = (told(EARLY, 1, 0.9), told(LATE, 1, 0.01), told(LATE, 5, 0.08), told(LATE, 1, 0.9, kind="coins"))
    bins = (judged(EARLY, 0.5, 0.8, 10, 5), judged(LATE, 0.5, 0.8, 100, 74), judged(LATE, 0.8, 1.0, 0, 0))
    return Record(id="x", models=("m",), sample="s", told=lines, judged=bins)


@pytest.mark.parametrize(("p_up", "side"), [(0.53, "up"), (0.47, "down"), (0.5, "")])
def test_a_direction_is_called_only_on_significant_skill(made, p_up, side):
    now = made.direction("stocks", 1, p_up, at=LATE)
    assert (now.called, now.p, now.tests, now.until) == (side, 0.01, 3, LATE)
    assert made.direction("coins", 1, p_up, at=LATE).called == ""
    assert made.direction("stocks", 5, p_up, at=LATE).called == ""


def test_only_outcomes_known_at_the_moment_count(made):
    before = made.direction("stocks", 1, 0.6, at=datetime(2019, 12, 31, 23, 59, tzinfo=UTC))
    assert (before.called, before.until, before.tests) == ("", EARLY, 1)
    assert made.direction("stocks", 1, 0.6, at=datetime(2018, 12, 31, tzinfo=UTC)) is None
    assert made.receipt(1, 0.6, at=EARLY).forecasts == 10
    assert made.receipt(1, 0.6, at=datetime(2018, 12, 31, tzinfo=UTC)) is None


@pytest.mark.parametrize(("horizon", "near"), [(1, 1), (2, 1), (3, 5), (30, 5)])
def test_a_horizon_is_judged_by_the_nearest(made, horizon, near):
    assert made.direction("stocks", horizon, 0.6, at=LATE).horizon == near


def test_a_receipt_has_the_interval_of_wilson(made):
    got = made.receipt(1, 0.5, at=LATE)
    assert (got.low, got.high, got.forecasts, got.inside, got.share) == (0.5, 0.8, 100, 74, 0.74)
    assert got.stated == 0.65
    assert (got.least, got.most) == (pytest.approx(0.6463, abs=1e-4), pytest.approx(0.8160, abs=1e-4))
    assert made.receipt(1, 0.8, at=LATE) is None, "none was ever so sure"


def test_the_file_fits_the_code():
    assert list(tool.check(ROOT)) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"models": ["other"]}, "other models"),
        ({"sample": "other"}, "another sample"),
        ({"told": []}, "was changed"),
        (None, "can't be read"),
    ],
)
def test_a_file_that_does_not_is_found(tmp_path, change, words):
    for name in ("src/ara/prediction", "src/ara/models"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "src/ara/models/shipped").symlink_to(ROOT / "src/ara/models/shipped")
    whole = json.loads((ROOT / "src/ara/prediction/record.json").read_text())
    text = "{" if change is None else json.dumps(whole | change)
    (tmp_path / "src/ara/prediction/record.json").write_text(text)
    assert any(words in one.words for one in tool.check(tmp_path))


def test_what_is_shipped_claims_no_direction_and_is_right_about_being_sure():
    kept = record()
    last = max(one.until for one in kept.told)
    now = [one for one in kept.told if one.until == last]
    assert {one.horizon for one in now} == set(HORIZONS)
    assert all(one.adjusted >= one.p for one in now)
    assert not [one for one in now if one.adjusted < 0.05]
    for one in kept.judged:
        if one.until == last and one.horizon == 1 and one.forecasts > 500 and one.low:
            assert abs(one.inside / one.forecasts - (one.low + one.high) / 2) < 0.04


def test_the_usual_rate_knows_only_outcomes_that_were_known():
    class Series:
        y = np.tile(np.array([[1.0], [-1.0], [1.0]]), (200, 1))
        horizons = (3,)

    rows = np.array([90, 300, 599])
    got = tool._usual(Series, rows, 0)
    assert np.isnan(got[0])
    rises = Series.y[:298, 0] > 0
    assert got[1] == pytest.approx(rises.mean())
    other = np.where(np.arange(600)[:, None] > 297, -Series.y, Series.y)
    Series.y = other
    assert tool._usual(Series, rows, 0)[1] == pytest.approx(rises.mean())


def test_a_line_beats_both_rivals_or_none():
    random = np.random.default_rng(0)
    up = (random.random(4000) < 0.7).astype(float)
    own = pl.DataFrame({"up": up, "day": np.arange(4000) * 86_400_000_000, "p_up": 0.7, "usual": 0.7 + 0.0 * up})
    assert tool._line(own, LATE, "stocks", 1).p > 0.4, "no better than the usual rate"
    skilled = own.with_columns(p_up=pl.Series(0.7 + 0.1 * (up - 0.7)))
    assert tool._line(skilled, LATE, "stocks", 1).p < 0.001


async def test_a_forecast_cites_the_record_and_does_without_a_damaged_one(monkeypatch):
    async with desk() as one:
        whole = await PredictionEngine(one).predict("AAPL", days=2)
        assert whole.lineage.models["fast"]["record"] == record().id
        first = whole.days[0]
        assert asdict(first.receipt)["low"] <= first.confidence < first.receipt.high
        assert (first.direction.kind, first.direction.horizon, first.direction.called) == ("stocks", 1, "")
        assert first.direction.until <= whole.as_of
        own = await PredictionEngine(one).predict("AAPL", days=2, model="har_t")
        assert (own.days[0].direction, own.days[0].receipt, own.warnings) == (None, None, ())

        def lost():
            raise IntegrityError("The record of past forecasts can't be read: gone.")

        monkeypatch.setattr(outlook, "record", lost)
        bare = await PredictionEngine(one).predict("AAPL", days=1)
        assert bare.warnings == ("The record of past forecasts can't be read: gone.",)
        assert (bare.days[0].direction, bare.days[0].quantiles) == (None, whole.days[0].quantiles)


def test_a_damaged_file_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(room, "files", lambda _: tmp_path)
    for text in (None, "{", msgspec.json.encode({"id": 1}).decode()):
        if text is not None:
            (tmp_path / "record.json").write_text(text)
        record.cache_clear()
        with pytest.raises(IntegrityError, match="can't be read"):
            record()
    record.cache_clear()


def test_what_was_stated_lies_within_its_bin_and_little_is_not_held_against_much():
    for one in record().judged:
        assert one.low <= one.stated < one.high if one.forecasts else one.stated == 0
    newest = max(one.until for one in record().judged)
    low = [one for one in record().judged if one.until == newest and one.high <= 0.5]
    assert {(one.low, one.high) for one in low} == {(0.0, 0.3), (0.3, 0.4), (0.4, 0.5)}
