from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from ara.clock import FixedClock
from ara.data.feed import MarketData
from ara.errors import ValidationError
from ara.market import symbols
from ara.models import LEVELS
from ara.performance import crps
from ara.prediction import Ledger, PredictionEngine
from ara.prediction.scoring import _report, score
from ara.testing import FakeClock, desk


async def test_what_is_not_due_is_not_scored() -> None:
    async with desk() as one:
        await PredictionEngine(one).predict("AAPL", days=5)
        report = await score(one)
    assert (report.came_due, report.scored, report.rows) == (0, 0, ())
    assert report.chance == 1


async def test_an_outcome_is_scored_once_by_hand_checkable_figures() -> None:
    async with desk() as one:
        forecast = await PredictionEngine(one).predict("AAPL", days=3, as_of="2020-08-27")
        report = await score(one)
        again = await score(one)
        frame = (await MarketData(one).bars(symbols.resolve("AAPL"))).frame
    assert report.came_due == 3
    assert (again.came_due, again.scored) == (0, 3)
    close = frame.filter(pl.col("known_at") >= forecast.as_of)["close"].to_numpy()
    for number, row in enumerate(report.rows, 1):
        y = np.log(close[number] / close[0])  # over the 4:1 split of 31 August: no fall
        day = forecast.days[number - 1]
        assert row["outcome"] == pytest.approx(forecast.close * np.exp(y))
        assert row["crps"] == pytest.approx(crps(np.array([day.quantiles]), np.array([y]), LEVELS)[0])
        assert row["inside_80"] == (day.band_80[0] <= row["outcome"] <= day.band_80[1])
        assert row["inside_usual"] == (abs(y) <= day.usual_move)
        assert row["up"] == (y > 0)
        assert abs(y) < 0.1
        assert row["live"] is False
    assert report.expected_80 == pytest.approx(2.4)
    assert report.replayed == 3


async def test_a_forecast_made_before_its_outcome_counts_as_live() -> None:
    clock = FakeClock(datetime(2019, 5, 1, 22, tzinfo=UTC))
    async with desk(clock=clock) as one:
        await PredictionEngine(one).predict("SPY", days=2)
        assert (await score(one)).came_due == 0
        clock.set(datetime(2019, 5, 2, 20, tzinfo=UTC))
        first = await score(one)
        clock.set(datetime(2019, 5, 3, 20, tzinfo=UTC))
        second = await score(one)
    assert [(r.came_due, r.live, r.replayed, r.scored) for r in (first, second)] == [(1, 1, 0, 1), (1, 1, 0, 2)]


async def test_only_the_symbols_asked_for_are_scored() -> None:
    async with desk() as one:
        for symbol in ("AAPL", "KO", "BTC-USD"):
            await PredictionEngine(one).predict(symbol, days=1, as_of="2017-06-01")
        assert (await score(one, ("ko", "btc/usd"))).came_due == 2
        report = await score(one)
        assert (report.came_due, report.scored) == (1, 3)
        assert (await score(one, ("KO",))).scored == 1
        with pytest.raises(ValidationError, match="no forecast of NOPE"):
            await score(one, ("NOPE",))


async def test_no_change_is_not_compared_with_itself() -> None:
    async with desk() as one:
        await PredictionEngine(one).predict("AAPL", days=10, as_of="2018-03-01", model="ewma_t")
        report = await score(one)
    assert (report.came_due, report.compared, report.better) == (10, 0, 0)
    assert [row["baseline_crps"] for row in report.rows] == [None] * 10


async def test_over_years_the_bands_hold_what_they_promise() -> None:
    async with desk(clock=FixedClock(datetime(2026, 1, 1, tzinfo=UTC))) as one:
        engine = PredictionEngine(one)
        bars = (await MarketData(one).bars(symbols.resolve("SPY"))).frame
        for moment in bars["known_at"][600:3000:24]:
            await engine.predict("SPY", days=1, as_of=moment)
        report = await score(one)
    assert report.came_due == 100
    assert 0.7 * 100 <= report.inside_80 <= 0.9 * 100
    usual = np.mean([row["inside_usual"] for row in report.rows])
    said = np.mean([row["confidence"] for row in report.rows])
    assert usual == pytest.approx(said, abs=0.09)


async def test_another_model_stands_beside_the_baseline() -> None:
    async with desk() as one:
        forecast = await PredictionEngine(one).predict("AAPL", days=3, as_of="2019-03-01", model="ewma_t")
        days = tuple(replace(d, quantiles=tuple(q + 0.02 for q in d.quantiles)) for d in forecast.days)
        lineage = replace(forecast.lineage, models={"bold": {}})
        bold = replace(forecast, model="bold", days=days, lineage=lineage)
        await Ledger(one).append(bold)
        report = await score(one)
    rows = {(row["model"], row["day"]): row for row in report.rows}
    assert len(rows) == 6
    for day in (1, 2, 3):
        assert rows["bold", day]["baseline_crps"] == pytest.approx(rows["ewma_t", day]["crps"])
        assert rows["ewma_t", day]["baseline_crps"] is None
    assert report.compared == 3
    up = sum(abs(row["median_error"]) < abs(np.log(row["outcome"] / row["close"])) for row in report.rows)
    assert report.better == up
    assert 0 < report.chance <= 1


async def test_what_can_not_be_scored_is_said_and_holds_up_nothing_else() -> None:
    async with desk() as one:
        engine = PredictionEngine(one)
        known = await engine.predict("AAPL", days=2, as_of="2019-03-01")
        await engine.predict("KO", days=2, as_of="2016-03-01")
        odd = replace(known.instrument, symbol="GONE")
        lineage = replace(known.lineage, settings={**known.lineage.settings, "symbol": "GONE"})
        await Ledger(one).append(replace(known, instrument=odd, lineage=lineage))
        moved = replace(known.lineage, data="0" * 64)
        await Ledger(one).append(replace(known, as_of=known.as_of + timedelta(minutes=1), lineage=moved))
        report = await score(one)
    assert report.came_due == 4
    assert list(report.failed) == ["GONE"]
    assert "GONE" in report.failed["GONE"]


def test_what_overlaps_is_one_throw_of_a_coin() -> None:
    first = datetime(2020, 1, 6, tzinfo=UTC)

    def row(symbol: str, began: int, ended: int, error: float) -> dict[str, object]:
        span = {"as_of": first + timedelta(days=began), "target_at": first + timedelta(days=ended)}
        told = {"live": True, "inside_80": True, "close": 100.0, "outcome": 101.0, "median_error": error}
        return {"symbol": symbol, **span, **told}

    week = [row(f"S{one}", day, day + 1, 0.001) for day in range(5) for one in range(20)]
    report = _report(week, {}, [True] * 100)
    assert (report.better, report.compared, report.apart) == (100, 100, 5)
    assert report.chance == pytest.approx(1 / 32)
    month = [row("S", 0, end, 0.001 if end % 2 else 0.5) for end in range(1, 22)]
    report = _report(month, {}, [True] * 21)
    assert (report.better, report.compared, report.apart, report.chance) == (11, 21, 1, 1.0)
    none = _report([row("S", 0, 1, float(np.log(1.01)))], {}, [True])
    assert (none.compared, none.apart, none.chance) == (0, 0, 1.0)
