"""Factor models: those of skfolio, closed forms, limits of exposure; limits as a document; how many are held."""

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from ara.errors import ValidationError
from ara.portfolio import Limits, Plan, Sum, allocate, constrained, factor_model
from ara.portfolio.optimise import kelly, maximum_sharpe, mean_variance, minimum_volatility
from tests.portfolio.test_allocation import moves

THEIRS = json.loads((Path(__file__).parent / "payloads" / "factor_model.json").read_text())


def model(seed=3, bars=300):
    dice = np.random.default_rng(seed)
    led = dice.normal(0.0005, 0.01, (bars, 2))
    truth = np.array([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0], [1.5, -0.5]])
    return factor_model(led @ truth.T + dice.normal(0, 0.002, (bars, 4)), led, ("F", "G")), truth


def test_it_is_that_of_skfolio_but_for_the_alphas_of_the_past():
    ours = factor_model(np.array(THEIRS["returns"]), np.array(THEIRS["factors"]), ("f", "g"))
    assert ours.loadings == pytest.approx(np.array(THEIRS["loadings"]), rel=1e-9)
    assert ours.covariance == pytest.approx(np.array(THEIRS["covariance"]), rel=1e-9)
    assert ours.alpha == pytest.approx(np.array(THEIRS["intercepts"]), rel=1e-7)
    assert ours.expected + ours.alpha == pytest.approx(np.array(THEIRS["mu"]), rel=1e-9)


def test_exposures_are_found_and_variances_stay():
    found, truth = model()
    assert found.loadings == pytest.approx(truth, abs=0.06)
    assert (found.explained > 0.9).all()
    weights = np.full(4, 0.25)
    assert found.exposure(weights) == pytest.approx({"F": 0.75, "G": 0.25}, abs=0.05)
    told = found.as_dict(weights)
    assert 0 < told["own_share"] < 0.1
    assert found.as_dict(np.zeros(4))["own_share"] is None


def test_a_factor_twice_shares_what_it_explains_and_one_that_stands_still_says_nothing():
    dice = np.random.default_rng(1)
    led = dice.normal(0, 0.01, (200, 1))
    twice = factor_model(led * 2, np.column_stack([led, led, np.zeros(200)]), ("a", "b", "c"))
    assert twice.loadings[0] == pytest.approx([1, 1, 0])
    assert np.linalg.eigvalsh(twice.covariance)[0] >= -1e-18


@pytest.mark.parametrize("method", ["mean_variance", "minimum_volatility", "maximum_sharpe", "kelly", "hrp", "equal"])
def test_exposures_stay_within_their_limits(method):
    found, _ = model()
    dice = np.random.default_rng(3)
    past = moves(width=4, days=300)
    past.returns[:] = dice.normal(0.0005, 0.01, (300, 2)) @ found.loadings.T + dice.normal(0, 0.002, (300, 4))
    limits = Limits(sums=(found.limit("F", least=0.3, most=0.4), found.limit("G", most=0.9)))
    got = allocate(past, Plan(method=method), limits=limits, expected=found.expected, covariance=found.covariance)
    assert got.relaxed == ()
    weights = np.array(list(got.weights.values())) * (2 if method == "kelly" else 1)
    assert 0.3 - 1e-4 <= found.exposure(weights)["F"] <= 0.4 + 1e-4
    assert found.exposure(weights)["G"] <= 0.9 + 1e-4


def test_exposures_give_way_before_groups_and_it_is_said():
    found, _ = model()
    group = Sum(name="mine", loads=np.array([1.0, 1, 0, 0]), least=0.5)
    limits = Limits(sums=(found.limit("F", most=-0.2), group))
    got = minimum_volatility(found.covariance, limits=limits)
    assert len(got.relaxed) == 1
    assert got.relaxed[0].startswith("the limits of exposures gave way by")
    assert got.weights[:2].sum() >= 0.5 - 1e-5
    assert "mine at least 0.5" in got.limits.binding(got.weights)
    both = minimum_volatility(
        found.covariance, limits=Limits(highest=0.5, sums=(Sum(name="a", loads=np.eye(4)[0], least=0.8),))
    )
    assert both.relaxed[0].startswith("the limits of groups gave way by 0.3")
    lost = Limits(sums=limits.sums).without("exposures")
    assert [one.name for one in lost.rows()] == ["mine"]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: factor_model(np.zeros((99, 2)), np.zeros((99, 2)), ("a", "a")), "1 names|2 names"),
        (lambda: factor_model(np.zeros((99, 2)), np.zeros((98, 1)), ("a",)), "of the same bars"),
        (lambda: factor_model(np.zeros((59, 2)), np.zeros((59, 1)), ("a",)), "59 bars; 1 factors need 60"),
        (lambda: model()[0].limit("H"), "no factor 'H'"),
        (lambda: Limits(sums=(Sum(name="x", loads=np.ones(3)),)).check(2), "loads of x are not of 2"),
        (lambda: Limits(sums=(Sum(name="x", loads=np.ones(2), least=1, most=0),)).check(2), "x has the least 1 above"),
    ],
)
def test_what_is_wrong_with_factors(call, words):
    with pytest.raises(ValidationError, match=words):
        call()


def test_few_holdings_are_near_the_best_that_trying_all_finds():
    dice = np.random.default_rng(99)
    for _ in range(4):
        loads = dice.normal(0, 1, (8, 3))
        matrix = loads @ loads.T + np.diag(dice.uniform(0.2, 2, 8))
        got = minimum_volatility(matrix, limits=Limits(most=3))
        assert (got.weights > 1e-6).sum() <= 3
        assert got.relaxed == ()
        each = (Limits().only(np.isin(np.arange(8), kept)) for kept in combinations(range(8), 3))
        tried = [minimum_volatility(matrix, limits=one).weights for one in each]
        best = min(float(one @ matrix @ one) for one in tried)
        assert float(got.weights @ matrix @ got.weights) <= best * 1.05


def test_every_goal_takes_sums_and_a_number_of_holdings():
    found, _ = model()
    group = Sum(name="first", loads=np.array([1.0, 0, 0, 0]), most=0.2)
    limits = Limits(most=3, sums=(group,))
    dice = np.random.default_rng(0)
    returns = dice.normal(0.001, 0.01, (200, 4))
    for got in (
        mean_variance(found.expected, found.covariance, aversion=5.0, limits=limits),
        maximum_sharpe(found.expected, found.covariance, limits=limits),
        kelly(returns, fraction=1.0, limits=limits),
    ):
        assert got.weights[0] <= 0.2 + 1e-5
        assert (np.abs(got.weights) > 1e-6).sum() <= 3


CLASSES = {"A": "stock", "B": "stock", "C": "crypto"}


def test_a_document_says_all_limits():
    said = {
        "min_weight": 0.05, "max": "60%", "most": 3, "turnover": 0.5, "bounds": {"a": [0.1, 0.2], "B": 0.3},
        "classes": {"CRYPTO": 0.1}, "sectors": {"energy": [0.1, 0.4]},
        "groups": {"pair": {"symbols": ["A", "c"], "max": 0.5}},
    }  # fmt: skip
    sectors = {"A": "Energy", "B": "Technology", "C": "Energy"}
    found = constrained(said, "ABC", classes=CLASSES, sectors=sectors, held=np.zeros(3), spelled=str.upper)
    assert found.lowest.tolist() == [0.1, 0.0, 0.05]
    assert found.highest.tolist() == [0.2, 0.3, 0.6]
    assert (found.most, found.turnover, found.invested) == (3, 0.5, 1.0)
    assert [(one.name, one.loads.tolist(), one.least, one.most) for one in found.rows()] == [
        ("crypto", [0, 0, 1], 0, 0.1), ("Energy", [1, 0, 1], 0.1, 0.4), ("pair", [1, 0, 1], 0, 0.5),
    ]  # fmt: skip
    assert constrained({}, "ABC").highest.tolist() == [1, 1, 1]
    exposed = constrained({"exposures": {"G": [-0.1, 0.1]}}, "ABCD", factors=model()[0])
    assert [(one.kind, one.least) for one in exposed.rows()] == [("exposures", -0.1)]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ([], "a JSON object"),
        ({"maximum": 1}, "no 'maximum'"),
        ({"max": "much"}, "max is 'much'"),
        ({"max": True}, "max is 'True'"),
        ({"min": None}, "min is 'None'"),
        ({"max": float("nan")}, "max is 'nan'"),
        ({"most": 1.5}, "whole number"),
        ({"bounds": [1]}, "it is an object"),
        ({"bounds": {"Z": 1}}, "Z is not among"),
        ({"bounds": {"A": [0.1]}}, "there are 1 bounds"),
        ({"classes": {"forex": 1}}, "None of the instruments is of the class 'forex'"),
        ({"sectors": {"Energy": 1}}, "The sector of A is not known"),
        ({"groups": {"x": {"symbols": []}}}, "'x' names no symbols"),
        ({"groups": {"x": {"symbols": ["A"], "most": 1}}}, "'x' has no 'most'"),
        ({"exposures": {"F": 1}}, "Exposures need factors"),
    ],
)
def test_what_a_document_may_not_say(said, words):
    with pytest.raises(ValidationError, match=words):
        constrained(said, "ABC", classes=CLASSES)
