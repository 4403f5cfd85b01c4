"""What a tear sheet says: whether there is skill, where the money went, and what was known when."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from ara.errors import ValidationError
from ara.performance.luck import significance
from ara.reports import Track, allocation_report, backtest_report, track_report
from ara.reports.tearsheet_past import beyond_luck, meaning
from ara.reports.tearsheet_track import bands, excess, histories, regimes
from ara.trading import Costs
from tests.reports.files.conftest import Always, Never, minutes, played, tape


def track(returns, other=None, **more):
    at = np.datetime64("2020-01-01", "us") + np.arange(len(returns)) * np.timedelta64(1, "D")
    given = {"per_year": 252.0, "other_name": "" if other is None else "SPY", **more}
    return Track(name="mine", at=at, returns=np.asarray(returns), other=other, **given)


def noise(seed, count=1000, mean=0.0):
    return np.random.default_rng(seed).normal(mean, 0.01, count)


def words(report):
    return " ".join(report.finding)


def rows(report, name):
    return next(one for one in report.tables if one.name == name).rows()


def test_a_lead_beyond_luck_is_said_to_be_one():
    other = noise(1)
    (said, _) = beyond_luck(track(other + noise(2, mean=0.002), other), {})
    assert said.startswith("It led SPY beyond luck: the chance that the lead is luck is under 0.1 %")


def test_the_more_was_tried_the_more_is_luck():
    other = noise(1)
    mine = other + noise(5, mean=0.0008)
    (once, _), (often, _) = (beyond_luck(track(mine, other, trials=trials), {}) for trials in (1, 1000))
    assert "beyond luck:" in once
    assert "not beyond luck" in often


def test_less_than_the_other_is_no_skill():
    other = noise(1, mean=0.001)
    (said, _) = beyond_luck(track(other + noise(2, mean=-0.001), other), {})
    assert said.startswith("No skill is shown: SPY brought as much or more")


def test_holding_is_no_skill():
    report = backtest_report(played(Always, costs=Costs.none()))
    assert "there is nothing here that skill could explain" in words(report)


def test_noise_after_deflation_shows_no_skill():
    found = [excess(track(noise(seed), noise(seed + 500), trials=20)).deflated for seed in range(60)]
    assert sum(one >= 0.95 for one in found) <= 3


def test_nothing_traded_is_said():
    report = backtest_report(played(Never))
    assert "It never traded." in report.finding
    assert rows(report, "trades") == []
    assert rows(report, "costs")[-1]["amount"] == 0


@pytest.mark.parametrize("count", [1, 2, 3, 12])
def test_few_bars_are_no_fault(count, tmp_path):
    report = backtest_report(played(Always, {"ACME": tape(count)}))
    for kind in ("csv", "json", "html", "xlsx"):
        report.write(tmp_path / f"out.{kind}")
    assert len(rows(report, "equity")) == count


def test_no_bar_is_refused(result):
    with pytest.raises(ValidationError, match="no bar"):
        backtest_report(replace(result, frame=result.frame.head(0)))


def test_looks_that_burnt_the_bars_are_told(result):
    assert "41 times, too often" in words(backtest_report(result, looks=41, burnt=True))


def test_costs_are_those_of_the_fills(result, report):
    paid = {row["cost"]: row["amount"] for row in rows(report, "costs")}
    assert paid["commission"] == float(result.fees) > 0
    moved = {
        fill.order_id: abs(fill.quantity) * fill.price for fill in result.fills
    }  # market orders move by spread and impact
    share = 0.5 * result.costs.spread + result.costs.impact
    assert paid["spread and slippage"] == pytest.approx(float(sum(moved.values())) * share, rel=0.25)
    assert paid["borrowing of what was sold short"] > 0
    assert paid["all together"] == pytest.approx(sum(list(paid.values())[:-1]))


def test_without_costs_nothing_slips():
    free = played(costs=Costs.none())
    assert free.fills
    assert sum(one.slipped for one in free.fills) == 0


def test_years_add_up_to_all(result, report):
    years = [row["total"] for row in rows(report, "years")]
    assert np.prod([1 + one for one in years]) - 1 == pytest.approx(result.measures.total)
    months = [value for row in rows(report, "months") for key, value in row.items() if key not in ("year", "total")]
    assert np.prod([1 + one for one in months if one is not None]) - 1 == pytest.approx(result.measures.total)


def test_bars_of_a_day_make_one_return():
    run = played(tapes={"ACME": minutes(800)}, cuts=0)
    report = backtest_report(run)
    assert len(rows(report, "equity")) == 800
    assert rows(report, "equity")[0]["at"].startswith("2024-01-02T")
    years = [row["total"] for row in rows(report, "years")]
    assert np.prod([1 + one for one in years]) - 1 == pytest.approx(run.measures.total)


def test_intervals_hold_the_figure_and_follow_from_the_seed():
    mine = track(noise(3, mean=0.0005), noise(4))
    first, again = bands(mine), bands(mine)
    assert first == again
    assert first["sharpe"][0] < mine.measures().sharpe < first["sharpe"][1]
    own = significance(mine.returns, per_year=252).interval
    assert first["sharpe"] == pytest.approx((own.low, own.high), abs=0.25)


def test_of_centuries_fewer_histories_are_drawn_and_the_report_says_how_many():
    assert [histories(count) for count in (1, 2500, 20_000, 25_000, 50_000, 10_000_000)] == [
        500,
        500,
        500,
        400,
        200,
        100,
    ]
    short = track_report(track(noise(3)))
    assert any("500 histories drawn anew" in words for words in short.meaning)
    long = meaning(track(noise(3, 25_000)), intervals=True)
    assert any("400 histories drawn anew" in words for words in long)


def test_regimes_are_known_the_bar_before():
    market = noise(7, 600)
    told = regimes(track(market))
    bent = market.copy()
    bent[400:] = 0.5
    assert regimes(track(bent))[:401] == told[:401]
    assert told[:200] == [""] * 200
    assert regimes(track(bent))[420].startswith("rising")


def test_without_a_benchmark_it_stands_alone():
    report = track_report(track(noise(3)), facts=[("Made again by", "ara performance x.csv")])
    assert report.title.startswith("mine ")
    assert len(report.finding) == 1
    assert ("Made again by", "ara performance x.csv") in report.facts


def test_an_allocation_is_told(tmp_path):
    from ara.portfolio import Plan, allocate
    from ara.risk import aligned
    from tests.reports.files.conftest import bars

    moves = aligned([bars(300, seed, f"S{seed}", datetime(2020, 1, 1, tzinfo=UTC)) for seed in range(3)])
    found = allocate(moves, Plan(method="minimum_volatility"))
    report = allocation_report(found, moves, frontier=[(0.1, 0.02), (0.2, 0.04)], source="test")
    assert report.title.startswith("Hold ")
    assert sum(row["weight"] for row in rows(report, "weights")) == pytest.approx(1)
    assert len(rows(report, "frontier")) == 2
    for kind in ("csv", "json", "xlsx", "html"):
        assert report.write(tmp_path / f"out.{kind}")
