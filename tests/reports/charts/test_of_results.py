"""Charts of real results say what the results say."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from ara.backtest import run
from ara.backtest.checks import made_up
from ara.backtest.folds import Rules
from ara.backtest.walk_forward import walk
from ara.errors import ValidationError
from ara.features.patterns.pattern import Pattern
from ara.lineage import Lineage
from ara.market.bars import SCHEMA, Bars, Basis
from ara.market.instrument import AssetClass, Instrument
from ara.market.timeframe import DAY
from ara.models.quantiles import LEVELS
from ara.portfolio import Plan, allocate
from ara.prediction.forecast import Day, Forecast
from ara.reports import charts
from ara.reports.charts import ticks
from ara.risk import SCENARIOS, Moves, contributions, stress
from ara.trading.strategies import Momentum

TAPES = made_up(420)


@pytest.fixture(scope="module")
def result():
    return run(lambda: Momentum(window=20), {"ONE": TAPES["ONE"]}, name="momentum", cash=10_000, cuts=0)


@pytest.fixture(scope="module")
def bars():
    tape = TAPES["ONE"]
    import polars as pl

    at = [datetime(2018, 1, 1, tzinfo=UTC) + timedelta(days=day) for day in range(420)]
    known = [one + timedelta(days=1) for one in at]
    close = tape.close
    frame = pl.DataFrame(
        {
            "at": at, "known_at": known, "learned_at": known, "open": close, "high": close * 1.01, "low": close * 0.99,
            "close": close, "volume": 1.0, "source": "made up", "quality": 1.0, "imputed": False, "votes": 1,
        },
        schema=SCHEMA,
    )  # fmt: skip
    return Bars(instrument=tape.instrument, timeframe=DAY, basis=Basis.SPLIT, frame=frame)


def test_a_back_test(result, bars):
    equity = charts.equity(result)
    assert equity.footer.lineage == result.lineage.id
    assert equity.columns["equity"][-1] == result.equity
    assert f"{abs(100 * result.measures.total):.1f} %" in equity.title
    table = charts.months(result).columns
    assert np.prod(1 + np.array(table["total"])) == pytest.approx(1 + result.measures.total)
    moving = charts.rolling(result, window=100)
    assert len(moving.columns["sharpe"]) == result.frame.height - 99
    whole = charts.rolling(result, window=result.frame.height)
    assert whole.columns["sharpe"][0] == pytest.approx(result.measures.sharpe)
    deals = charts.trades(result, bars)
    assert len(deals.columns["gain"]) == len(result.trips)
    assert deals.columns["gain"].sum() == pytest.approx(sum(trip.gain for trip in result.trips))
    with pytest.raises(ValidationError, match="was not traded"):
        charts.trades(run(Momentum, {"TWO": TAPES["TWO"]}, cuts=0), bars)


def test_a_walk_forward():
    found = walk(
        Momentum, {"window": [5, 15]}, {"ONE": TAPES["ONE"]}, rules=Rules(window=60, every=60), name="momentum", cuts=0
    )
    chart = charts.walked(found)
    assert list(chart.columns["learned"]) == pytest.approx(
        [np.nan if fold.sharpe is None else fold.sharpe for fold in found.folds], nan_ok=True
    )
    assert f"Sharpe ratio of {found.learned:.2f}" in chart.title
    assert len(chart.columns["earned"]) == len(found.folds)
    step = found.folds[1]
    own = found.result.frame.filter((found.result.frame["at"] >= step.first) & (found.result.frame["at"] <= step.last))
    before = found.result.frame.filter(found.result.frame["at"] < step.first)["equity"][-1]
    moved = np.diff(np.concatenate([[before], own["equity"]])) / np.concatenate([[before], own["equity"]])[:-1]
    ratio = moved.mean() / moved.std(ddof=1) * found.result.per_year**0.5
    assert chart.columns["earned"][1] == pytest.approx(ratio)


def test_candles_of_bars_note_patterns_where_they_became_known(bars):
    seen = Pattern(
        name="cdl_doji", family="candle", direction="neutral", began=400, completed=405, known_at=410, points=(),
        quality=0.5,
    )  # fmt: skip
    chart = charts.candles(bars, last=60, patterns=[seen])
    assert chart.footer.source == "made up"
    texts = [one for one in chart.figure()["data"] if one.get("mode") == "text"]
    assert texts[0]["text"] == ["doji"]
    assert "diamond" in [one["marker"].get("symbol") for one in chart.figure()["data"] if "marker" in one]
    assert texts[0]["x"] == [410 - 360]
    assert "1 of 1 patterns named" in chart.words
    empty = Bars(instrument=bars.instrument, timeframe=DAY, basis=Basis.SPLIT, frame=bars.frame.head(0))
    with pytest.raises(ValidationError, match="has no bars"):
        charts.candles(empty)


def test_a_forecast(bars):
    instrument = Instrument(
        symbol="ABC", name="Abc", asset_class=AssetClass.STOCK, venue="NASDAQ", currency="USD", calendar="us_equity",
        timezone="America/New_York", tick=Decimal("0.01"), lot=Decimal(1),
    )  # fmt: skip
    quantiles = tuple(0.01 * (level - 0.5) for level in LEVELS)
    days = tuple(
        Day(
            number=number, date=date(2021, 4, number), at=datetime(2021, 4, number, 20, tzinfo=UTC), close=100.0,
            quantiles=quantiles, p_up=0.5, confidence=0.8, usual_move=0.02,
        )
        for number in (1, 2)
    )  # fmt: skip
    given = Forecast(
        instrument=instrument, as_of=datetime(2021, 3, 31, 20, tzinfo=UTC), last=date(2021, 3, 31), close=100.0,
        model="ewma_t", days=days, source="sample", quality=1.0,
        lineage=Lineage(data="ab" * 32, models={}, engine="1", platform={}),
    )  # fmt: skip
    alone = charts.forecast(given)
    assert alone.columns["close"][0] == 100.0
    assert alone.columns["low_80"][-1] == pytest.approx(given.days[-1].band_80[0])
    assert alone.columns["high_95"][-1] == pytest.approx(given.days[-1].band_95[1])
    assert alone.footer.lineage == given.id
    behind = charts.forecast(given, at=[date(2021, 3, 30), date(2021, 3, 31)], closes=[99.0, 100.0], actual=[100.1])
    assert "1 of 1 closes that came" in behind.words
    with pytest.raises(ValidationError, match="no days"):
        charts.forecast(Forecast(**{**{name: getattr(given, name) for name in given.__slots__}, "days": ()}))


def test_portfolios_and_their_risk():
    draws = np.random.default_rng(3).normal(0.0004, 0.01, (300, 3)) * [1, 2, 3]
    days = tuple(date(2020, 1, 1) + timedelta(days=day) for day in range(300))
    moves = Moves(symbols=("A", "B", "C"), dates=days, returns=draws, per_year=252.0)
    found = allocate(moves, Plan(method="hrp"))
    chart = charts.composition(found)
    assert dict(zip(chart.columns["name"], chart.columns["weight"], strict=True)) == pytest.approx(dict(found.weights))
    assert charts.composition(found, form="ring").figure()["data"][0]["type"] == "pie"
    parts_of = {
        "A is all, 100.0 %": {"A": 1.0},
        "A is the largest of 2 parts, 60.0 %": {"A": 0.6, "B": 0.4},
        "A and B are the largest of 3 parts, 40.0 % each": {"A": 0.4, "B": 0.4, "C": 0.2},
        "A and 2 others are the largest of 4 parts, 30.0 % each": {"A": 0.3, "B": 0.3, "C": 0.3, "D": 0.1},
        "All 3 parts are alike, 33.3 % each": dict.fromkeys("ABC", 1 / 3),
    }
    assert [charts.composition_of(weights).title for weights in parts_of.values()] == list(parts_of)
    parts = contributions(np.array([0.5, 0.3, 0.2]), measure="volatility", covariance=np.cov(draws, rowvar=False))
    risk = charts.contributions(parts, {"A": 0.5, "B": 0.3, "C": 0.2}, per_year=252)
    assert sorted(risk.columns["risk_share"]) == pytest.approx(sorted(parts.share))
    assert f"{100 * parts.total * 252**0.5:.1f} % a year" in risk.words
    ties = charts.correlations(moves, days=100)
    names = list(ties.columns["symbol"])
    assert ties.columns["B"][names.index("A")] == pytest.approx(np.corrcoef(draws[-100:], rowvar=False)[0, 1])
    with pytest.raises(ValidationError, match="two instruments"):
        charts.correlations(moves.only(["A"]))
    crises = charts.scenarios([stress({"SPY": 1.0}, one, {}) for one in SCENARIOS.values()])
    assert crises.columns["change"][0] == min(one.moves.get("SPY", 0.0) for one in SCENARIOS.values())


def test_many_holdings_are_put_together():
    weights = {f"N{number:02}": 1 / 60 for number in range(60)}
    chart = charts.composition_of(weights)
    assert "31 others" in chart.terminal(80)
    assert len(chart.columns["name"]) == 60
    ring = charts.composition_of({"A": 0.6, "B": 0.36, "C": 0.02, "D": 0.02}, form="ring").figure()["data"][0]
    assert ring["labels"] == ["A", "B", "2 others"]
    assert ring["values"] == [60.0, 36.0, 4.0]


@pytest.mark.parametrize("step", [0.25, 2.5, 0.025, 0.2, 5.0, 2_500_000.0, 25.0])
def test_marks_of_an_axis_say_where_they_stand(step):
    units = {"M": 1e6, "B": 1e9}
    for place in range(1, 8):
        text = ticks.number(place * step, step).replace(",", "")
        assert float(text.rstrip("MB")) * units.get(text[-1], 1) == pytest.approx(place * step, rel=1e-9)
