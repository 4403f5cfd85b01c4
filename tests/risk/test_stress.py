"""Scenarios: what holdings do in them, files of one's own, and the moves that would lose so much."""

import math
from datetime import date
from importlib.resources import files

import numpy as np
import polars as pl
import pytest

from ara.errors import ValidationError
from ara.risk import FACTORS, SCENARIOS, Moves, Scenario, read_scenarios, reverse_stress, stress


def _past(own, factor, names=("X", "SPY")):
    return Moves(
        symbols=names, dates=(date(2020, 1, 1),) * len(own), returns=np.column_stack([own, factor]), per_year=252
    )


@pytest.fixture(scope="module")
def factor():
    return np.random.default_rng(0).standard_normal(500) * 0.01


CRASH = Scenario(name="crash", words="", moves={"SPY": -0.3, "XAUUSD": 0.1})


def test_a_holding_that_is_named_moves_as_it_is_said(factor):
    found = stress({"SPY": 0.6, "XAUUSD": 0.4}, CRASH, {})
    assert [one.move for one in found.holdings] == [-0.3, 0.1]
    assert found.change == pytest.approx(-0.14)
    assert found.unexplained == ()


def test_another_follows_the_factor_it_is_tied_to_most_closely(factor):
    own = np.expm1(1.5 * np.log1p(factor))
    gold = np.random.default_rng(1).standard_normal(500) * 0.01 + 0.3 * factor
    pasts = {("X", "SPY"): _past(own, factor), ("X", "XAUUSD"): _past(own, gold, ("X", "XAUUSD"))}
    (found,) = stress({"X": 1.0}, CRASH, pasts).holdings
    assert (found.factor, found.beta, found.correlation) == ("SPY", pytest.approx(1.5), pytest.approx(1))
    assert found.move == pytest.approx(0.7**1.5 - 1)


def test_nobody_loses_more_than_all(factor):
    found = stress({"X": 1.0}, CRASH, {("X", "SPY"): _past(np.clip(factor * 9, -0.9, 9), factor)})
    assert -1 < found.change < -0.9


def test_what_nothing_explains_stands_still_and_is_named(factor):
    alone = np.zeros(500)
    short = _past(factor[:30], factor[:30])
    for pasts in ({}, {("X", "SPY"): short}, {("X", "SPY"): _past(alone, factor)}):
        found = stress({"X": 0.5, "SPY": 0.5}, CRASH, pasts)
        assert found.unexplained == ("X",)
        assert found.change == pytest.approx(-0.15)
    assert found.as_dict()["holdings"][0]["factor"] is None


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [("covid_2020", (2020, 2, 19), (2020, 3, 23)), ("franc_2015", (2015, 1, 14), (2015, 1, 15))],
)
def test_the_crises_are_what_the_sample_shows(name, first, last):
    frame = pl.read_parquet(str(files("ara.data") / "sample" / "sample.parquet"))
    checked = 0
    for symbol, move in SCENARIOS[name].moves.items():
        close = frame.filter(pl.col("symbol") == symbol).sort("ts")
        close = close.filter(pl.col("ts").dt.date().is_between(date(*first), date(*last)))["close"]
        if len(close) > 1:
            assert close[-1] / close[0] - 1 == pytest.approx(move, abs=0.005), symbol  # prices: some without dividends
            checked += 1
    assert checked >= 4


def test_every_crisis_is_whole():
    assert set(SCENARIOS) == {
        "crash_1987", "dotcom_2000", "crisis_2008", "covid_2020", "rates_2022", "crypto_2022", "franc_2015",
    }  # fmt: skip
    for name, one in SCENARIOS.items():
        assert one.name == name
        assert one.words
        assert all(-1 < move < 1 for move in one.moves.values())
        assert set(one.moves) <= set(FACTORS)


def test_own_scenarios_are_read(tmp_path):
    file = tmp_path / "own.yaml"
    file.write_text(
        "oil:\n  words: Oil doubles\n  moves: {SPY: -0.2, eurusd: -5 %}\nplain:\n  moves:\n    BTC-USD: 1.5\n"
    )
    oil, plain = read_scenarios(file)
    assert (oil.name, oil.words, dict(oil.moves)) == ("oil", "Oil doubles", {"SPY": -0.2, "EURUSD": -0.05})
    assert (plain.words, dict(plain.moves)) == ("plain", {"BTC-USD": 1.5})
    file.write_text('{"oil": {"moves": {"SPY": -0.2}}}')
    assert dict(read_scenarios(file)[0].moves) == {"SPY": -0.2}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no scenario"),
        ("oil: -0.2\n", "line 1: 'oil' has no moves"),
        ("oil:\n  words: none\n", "'oil' has no moves"),
        ("oil:\n  moves: {}\n", "'oil' has no moves"),
        ("oil:\n  shocks: {SPY: -0.2}\n", "'shocks' is not known"),
        ("oil:\n  moves: {SPY: -1}\n", "move of 'SPY' is '-1'"),
        ("oil:\n  moves: {SPY: much}\n", "move of 'SPY' is 'much'"),
        ("oil:\n  moves: {SPY: nan}\n", "move of 'SPY' is 'nan'"),
        ("oil:\n  moves: {SPY: [1]}\n", "move of 'SPY'"),
        ("".join(f"s{i}: {{moves: {{A: 0}}}}\n" for i in range(201)), "201 scenarios"),
    ],
)
def test_a_file_that_says_something_else_is_refused_by_its_line(tmp_path, text, said):
    file = tmp_path / "own.yaml"
    file.write_text(text)
    with pytest.raises(ValidationError, match=said):
        read_scenarios(file)
    with pytest.raises(ValidationError, match="no file"):
        read_scenarios(tmp_path / "gone.yaml")


def test_the_likeliest_way_to_lose_is_nearest_by_the_covariance():
    covariance = np.array([[4.0, 1], [1, 1]]) * 1e-4
    weights = np.array([0.5, 0.5])
    found = reverse_stress(weights, covariance, loss=0.1, horizon=4)
    assert weights @ found.moves == pytest.approx(-0.1)
    inverse = np.linalg.inv(covariance * 4)
    nearest = found.moves @ inverse @ found.moves
    assert nearest == pytest.approx(found.deviations**2)
    other = found.moves + np.array([0.01, -0.01])
    assert other @ inverse @ other > nearest
    assert found.chance == pytest.approx(0.5 * (1 - math.erf(found.deviations / 2**0.5)))


def test_no_way_to_lose_is_said():
    with pytest.raises(ValidationError, match="does not move"):
        reverse_stress([1.0], np.zeros((1, 1)), loss=0.1)
    for words in ({"loss": 0.0}, {"loss": 0.1, "horizon": 0}):
        with pytest.raises(ValidationError):
            reverse_stress([1.0], np.ones((1, 1)), **words)
