"""How the ledger's forecasts did, group by group, by figures that can be checked by hand."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from ara.prediction import PredictionEngine
from ara.prediction.accuracy import GROUPS, accuracy, grouped
from ara.prediction.record import wilson
from ara.prediction.scoring import score
from ara.testing import FakeClock, desk

START = datetime(2020, 1, 30, 21, tzinfo=UTC)


def outcome(day, **rest):
    return {
        "forecast_id": "a", "timeframe": "1d", "symbol": "AAPL",
        "asset_class": "stock", "model": "fast", "horizon": 1, "regime": "calm",
        "as_of": START + timedelta(days=day - rest.get("horizon", 1)),
        "target_at": START + timedelta(days=day), "live": True, "inside_80": True, "inside_usual": True,
        "confidence": 0.8, "p_up": 0.6, "up": True, "crps": 0.9, "baseline_crps": 1.0, **rest,
    }  # fmt: skip


def test_each_group_has_its_rows_and_shares_their_intervals():
    rows = [
        outcome(0),
        outcome(0, symbol="BTC-USD", asset_class="crypto", inside_80=False, up=False),
        outcome(1, horizon=5, regime="wild", confidence=0.6, inside_usual=False),
        outcome(3, model="ewma_t", baseline_crps=None, p_up=0.5, live=False),
    ]
    found = {(one.group, one.name): one for one in grouped(rows)}
    assert list(dict.fromkeys(group for group, _ in found)) == list(GROUPS)
    whole = found["all", "all"]
    assert (whole.outcomes, whole.days, whole.apart, whole.live) == (4, 3, 2, 3)
    assert whole.inside_80 == pytest.approx(0.75)
    assert (whole.inside_80_low, whole.inside_80_high) == pytest.approx(wilson(0.75 * 2, 2))
    assert (whole.sure, whole.usual) == pytest.approx((0.75, 0.75))
    assert whole.up == pytest.approx(2 / 3)
    assert found["asset", "AAPL"].outcomes == 3
    assert found["class", "crypto"].inside_80 == 0.0
    assert (found["horizon", "1"].outcomes, found["horizon", "5"].outcomes) == (3, 1)
    assert found["regime", "wild"].usual == 0.0
    assert [name for group, name in found if group == "month"] == ["2020-01", "2020-02"]
    still = found["model", "ewma_t"]
    assert (still.up, still.up_low, still.skill, still.skill_low) == (None, None, None, None)


def test_horizons_of_bars_of_different_lengths_stand_apart():
    rows = [
        outcome(0, inside_80=False),
        outcome(1, timeframe="1w"),
        outcome(2, timeframe="1h"),
        outcome(2, timeframe="4h", horizon=3, symbol="SPY"),
        outcome(3, horizon=10),
        outcome(3, horizon=10, symbol="0700.HK"),
    ]
    found = [one for one in grouped(rows) if one.group == "horizon"]
    assert [(one.timeframe, one.name) for one in found] == [
        ("1h", "1"), ("4h", "3"), ("1d", "1"), ("1d", "10"), ("1w", "1"),
    ]  # fmt: skip
    assert [one.inside_80 for one in found] == [1.0, 1.0, 0.0, 1.0, 1.0]
    assert {(one.name, one.timeframe) for one in grouped(rows) if one.group == "asset"} == {
        ("AAPL", None), ("SPY", "4h"), ("0700.HK", "1d"),
    }  # fmt: skip
    assert found[0].as_dict()["timeframe"] == "1h"


def test_skill_is_the_mean_over_days_and_its_interval_two_errors_wide():
    rows = [outcome(day, crps=value, baseline_crps=base) for day, value, base in ((0, 1, 2), (0, 3, 2), (1, 1, 2))]
    (found, *_) = grouped(rows)
    days = np.array([0.0, 1.0]) / 2.0
    assert found.skill == pytest.approx(days.mean())
    assert found.skill_high - found.skill == pytest.approx(1.959963984540054 * days.std(ddof=1) / np.sqrt(2))
    assert found.skill - found.skill_low == pytest.approx(found.skill_high - found.skill)
    (alone, *_) = grouped(rows[:2])
    assert alone.apart == 1
    assert alone.skill is None
    (still, *_) = grouped([outcome(day, crps=0.0, baseline_crps=0.0) for day in range(3)])
    assert still.skill is None


def test_months_that_overlap_are_few():
    random = np.random.default_rng(4)
    errors = random.uniform(0.8, 1.0, 210)
    rows = [outcome(day, horizon=21, crps=errors[day], inside_80=day % 5 > 0) for day in range(210)]
    (whole, *_) = grouped(rows)
    assert (whole.outcomes, whole.days, whole.apart) == (210, 210, 10)
    assert (whole.inside_80_low, whole.inside_80_high) == pytest.approx(wilson(8, 10))
    (daily, *_) = grouped([{**row, "as_of": row["target_at"] - timedelta(days=1)} for row in rows])
    assert daily.apart == 210
    assert whole.skill == daily.skill
    assert whole.skill_high - whole.skill == pytest.approx((daily.skill_high - daily.skill) * np.sqrt(21))


async def test_only_what_was_forecast_before_counts_unless_asked():
    clock = FakeClock(datetime(2019, 5, 1, 22, tzinfo=UTC))
    async with desk(clock=clock) as one:
        engine = PredictionEngine(one)
        live = await engine.predict("SPY", days=2)
        await engine.predict("AAPL", days=3, as_of="2018-06-04")
        clock.set(datetime(2019, 5, 10, 20, tzinfo=UTC))
        await score(one)
        found = await accuracy(one)
        every = await accuracy(one, replayed=True)
    assert (found.live, found.replayed, found.counted) == (2, 3, False)
    assert {row.name for row in found.rows if row.group == "asset"} == {"SPY"}
    assert {row.name for row in every.rows if row.group == "asset"} == {"SPY", "AAPL"}
    (regime,) = [row.name for row in found.rows if row.group == "regime"]
    assert regime == live.regime["state"]
    assert next(row for row in every.rows if row.group == "all").outcomes == 5


async def test_an_empty_ledger_has_nothing_to_report():
    async with desk() as one:
        found = await accuracy(one)
    assert (found.rows, found.live, found.replayed) == ((), 0, 0)
