"""Weights against closed forms and an independent optimiser; limits that hold, and give way in their order."""

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from ara.errors import PortfolioError, ValidationError
from ara.portfolio import Limits
from ara.portfolio import optimise as o
from ara.portfolio.optimise.solution import settled


def market(seed=0, width=6, bars=200):
    dice = np.random.default_rng(seed)
    common = dice.standard_normal((bars, 2)) @ dice.standard_normal((2, width)) * 0.006
    returns = common + dice.standard_normal((bars, width)) * dice.uniform(0.005, 0.02, width) + 0.0003
    return returns, returns.mean(axis=0), np.cov(returns, rowvar=False)


def slsqp(goal, count, constraints=(), highest=1.0):
    whole = {"type": "eq", "fun": lambda w: w.sum() - 1}
    found = minimize(
        goal, np.full(count, 1 / count), bounds=[(0, highest)] * count, constraints=[whole, *constraints],
        method="SLSQP", options={"ftol": 1e-14, "maxiter": 500},
    )  # fmt: skip
    return found.x


def deviation(weights, covariance):
    return float(weights @ covariance @ weights) ** 0.5


def test_least_volatility_is_the_closed_form_where_all_signs_are_allowed():
    _, _, covariance = market()
    inverse = np.linalg.solve(covariance, np.ones(6))
    found = o.minimum_volatility(covariance, limits=Limits(lowest=-10, highest=10))
    assert found.weights == pytest.approx(inverse / inverse.sum(), abs=1e-5)
    assert found.relaxed == ()


def test_optima_are_those_of_another_optimiser():
    _, mean, covariance = market(3)
    for highest in (1.0, 0.3):
        limits = Limits(highest=highest)
        calm = slsqp(lambda w: 1e4 * w @ covariance @ w, 6, highest=highest)
        assert o.minimum_volatility(covariance, limits=limits).weights == pytest.approx(calm, abs=2e-3)
        sharp = slsqp(lambda w: -(w @ mean) / deviation(w, covariance), 6, highest=highest)
        found = o.maximum_sharpe(mean, covariance, limits=limits).weights
        assert found @ mean / deviation(found, covariance) >= sharp @ mean / deviation(sharp, covariance) - 1e-7
        mixed = slsqp(lambda w: -1e4 * (w @ mean - 4 * w @ covariance @ w), 6, highest=highest)
        found = o.mean_variance(mean, covariance, aversion=8, limits=limits).weights
        assert found @ mean - 4 * found @ covariance @ found >= mixed @ mean - 4 * mixed @ covariance @ mixed - 1e-9


def test_targets_are_met_or_it_is_said():
    _, mean, covariance = market(1)
    low = o.minimum_volatility(covariance).weights
    wanted = (low @ mean + mean.max()) / 2
    earned = o.mean_variance(mean, covariance, target_return=wanted)
    assert earned.weights @ mean == pytest.approx(wanted, rel=1e-5)
    calm = o.mean_variance(mean, covariance, target_volatility=deviation(earned.weights, covariance))
    assert calm.weights @ mean == pytest.approx(wanted, rel=1e-4)
    most = o.mean_variance(mean, covariance, target_return=mean.max() * 2)
    assert most.weights @ mean == pytest.approx(mean.max(), rel=1e-5)
    assert "can't be expected" in most.relaxed[0]
    least = o.mean_variance(mean, covariance, target_volatility=1e-5)
    assert least.weights == pytest.approx(low, abs=1e-4)
    assert "can't be had" in least.relaxed[0]


def test_the_frontier_rises():
    _, mean, covariance = market(2)
    points = o.frontier(mean, covariance, points=8)
    earned = [float(one.weights @ mean) for one in points]
    varied = [deviation(one.weights, covariance) for one in points]
    assert np.diff(earned) == pytest.approx(np.full(7, (earned[-1] - earned[0]) / 7), rel=1e-3)
    assert (np.diff(varied) > 0).all()
    flat = o.frontier(np.full(6, 0.001), covariance, points=3)
    assert len(flat) == 3


def test_nothing_worth_more_than_cash_gives_least_volatility_and_says_so():
    _, mean, covariance = market()
    found = o.maximum_sharpe(mean, covariance, free=1.0)
    assert found.weights == pytest.approx(o.minimum_volatility(covariance).weights)
    assert "earn more than cash" in found.relaxed[0]


def test_costs_keep_what_is_held():
    _, mean, covariance = market(4)
    held = np.full(6, 1 / 6)
    limits = Limits(held=held)
    free = o.mean_variance(mean, covariance, aversion=5, limits=limits).weights
    some = o.mean_variance(mean, covariance, aversion=5, limits=limits, costs=2e-4).weights
    dear = o.mean_variance(mean, covariance, aversion=5, limits=limits, costs=1.0).weights
    moved = [float(np.abs(one - held).sum()) for one in (free, some, dear)]
    assert moved[0] > moved[1] > 0
    assert moved[2] == pytest.approx(0, abs=1e-5)
    sharp = o.maximum_sharpe(mean, covariance, limits=limits, costs=mean.max() / 20).weights
    free = o.maximum_sharpe(mean, covariance, limits=limits).weights
    assert np.abs(sharp - held).sum() < np.abs(free - held).sum()


def test_worst_days_lose_least():
    returns, mean, _ = market(5, bars=120)

    def beyond(weights):
        worst = np.sort(returns @ weights)[:6]
        return -worst.mean()

    found = o.mean_cvar(returns, level=0.95).weights
    dice = np.random.default_rng(0)
    assert beyond(found) <= min(beyond(one) for one in dice.dirichlet(np.ones(6), 300)) + 1e-9
    wanted = float(mean.max() * 0.7 + mean.mean() * 0.3)
    assert o.mean_cvar(returns, target_return=wanted).weights @ mean >= wanted - 1e-9
    most = o.mean_cvar(returns, target_return=1.0)
    assert most.weights @ mean == pytest.approx(mean.max(), rel=1e-5)
    assert "can't be expected" in most.relaxed[0]


def test_kelly_bets_the_known_share_of_a_coin_that_is_not_fair():
    coin = np.array([[1.0]] * 12 + [[-1.0]] * 8)
    assert o.kelly(coin, fraction=1.0).weights == pytest.approx([0.2], abs=1e-5)
    assert o.kelly(coin).weights == pytest.approx([0.1], abs=1e-5)
    assert o.kelly(-coin, fraction=1.0).weights == pytest.approx([0.0], abs=1e-5)
    short = o.kelly(-coin, fraction=1.0, limits=Limits(lowest=-1.0))
    assert short.weights == pytest.approx([-0.2], abs=1e-4)


def test_each_brings_the_same_risk_or_its_budget():
    _, _, covariance = market(6)
    found = o.risk_parity(covariance).weights
    assert found * (covariance @ found) == pytest.approx(np.full(6, found @ covariance @ found / 6), rel=1e-8)
    budget = np.array([3.0, 1, 1, 1, 1, 1])
    found = o.risk_parity(covariance, budget=budget).weights
    assert found * (covariance @ found) / (found @ covariance @ found) == pytest.approx(budget / 8, rel=1e-8)
    even = o.inverse_volatility(np.diag([1.0, 4.0, 0.0])).weights
    assert even == pytest.approx([2 / 3, 1 / 3, 0])
    assert o.risk_parity(covariance, limits=Limits(highest=0.2)).weights.max() <= 0.2 + 1e-6


def test_hierarchy_splits_two_groups_by_their_variance():
    block = np.array([[1.0, 0.9], [0.9, 1.0]])
    covariance = np.block([[block, np.zeros((2, 2))], [np.zeros((2, 2)), 4 * block]])
    assert o.hrp(covariance).weights == pytest.approx([0.4, 0.4, 0.1, 0.1])
    turned = covariance[np.ix_([0, 2, 1, 3], [0, 2, 1, 3])]
    assert o.hrp(turned).weights == pytest.approx([0.4, 0.1, 0.4, 0.1])


def test_views_move_means_by_how_sure_they_are():
    _, _, covariance = market(7)
    prior = o.equilibrium(covariance, np.full(6, 1 / 6))
    pick = np.eye(6)[:1]
    for sure in (0.0, 0.25, 0.5, 1.0):
        doubt = o.idzorek(covariance, pick, np.array([sure]))
        found = o.black_litterman(covariance, prior, pick, np.array([0.01]), doubt)
        assert found.expected[0] == pytest.approx(prior[0] + sure * (0.01 - prior[0]), rel=1e-4)
    assert np.linalg.eigvalsh(found.covariance)[0] > 0
    unmoved = o.Posterior(expected=prior, covariance=covariance).weights(2.5)
    assert unmoved == pytest.approx(np.full(6, 1 / 6))
    assert o.market_aversion(np.array([0.01, -0.01, 0.02, 0.0]), per_year=1) == pytest.approx(
        0.005 / 1.6667e-4, rel=1e-3
    )


def test_limits_hold():
    _, mean, covariance = market(8)
    group = ("a", "a", "b", "b", "c", "c")
    limits = Limits(
        highest=0.4,
        group=group,
        groups={"a": (0.3, 0.5), "c": (0.0, 0.2)},
        held=np.full(6, 1 / 6),
        turnover=0.5,
        most=5,
    )
    for found in (
        o.minimum_volatility(covariance, limits=limits),
        o.maximum_sharpe(mean, covariance, limits=limits),
        o.hrp(covariance, limits=limits),
    ):
        w = found.weights
        assert w.sum() == pytest.approx(1)
        assert w.max() <= 0.4 + 1e-5
        assert 0.3 - 1e-5 <= w[:2].sum() <= 0.5 + 1e-5
        assert w[4:].sum() <= 0.2 + 1e-5
        assert np.abs(w - 1 / 6).sum() <= 0.5 + 1e-4
        assert (w > 1e-6).sum() <= 5
        assert found.relaxed == ()


@pytest.mark.parametrize(
    ("limits", "gave"),
    [
        (Limits(highest=0.1), ("highest",)),
        (Limits(lowest=0.3), ("lowest",)),
        (Limits(held=np.array([1.0, 0, 0, 0, 0, 0]), turnover=0.1, highest=0.5), ("turnover",)),
        (Limits(group=("a",) * 6, groups={"a": (0.0, 0.5)}), ("groups",)),
        (Limits(lowest=0.1, most=3), ("number",)),
        (Limits(highest=0.2, most=3), ("number",)),
        (Limits(highest=0.1, group=("a",) * 6, groups={"a": (0.0, 0.2)}), ("groups", "highest")),
    ],
)
def test_limits_that_nothing_meets_give_way_in_their_order_and_it_is_said(limits, gave):
    _, _, covariance = market(9)
    found = o.minimum_volatility(covariance, limits=limits)
    assert found.weights.sum() == pytest.approx(1)
    assert len(found.relaxed) == len(gave)
    for words, name in zip(found.relaxed, gave, strict=True):
        assert name in words
    if gave == ("highest",):
        assert found.weights == pytest.approx(np.full(6, 1 / 6), abs=1e-4)
    if gave == ("turnover",):
        assert np.abs(found.weights - limits.held).sum() == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize(
    ("limits", "by", "kept"),
    [
        (Limits(lowest=np.array([0.5, 0.6, 0, 0, 0, 0])), 0.05, "long"),
        (Limits(highest=np.array([0.2, 0.3, 0.1, 0, 0.1, 0.1])), 0.04, "out"),
        (Limits(lowest=np.array([0.7, 0.6, -0.1, 0, 0, 0])), 0.2 / 3, "long"),
        (Limits(highest=0.0), 1 / 6, ""),
        (Limits(lowest=0.0, highest=1.0, invested=-0.6), 0.1, ""),
    ],
)
def test_who_may_not_be_short_or_not_hold_at_all_still_may_not_when_limits_give_way(limits, by, kept):
    _, _, covariance = market(9)
    found = o.minimum_volatility(covariance, limits=limits)
    assert found.weights.sum() == pytest.approx(limits.invested, abs=1e-5)
    assert float(found.relaxed[-1].split(" by ")[1].split(",")[0]) == pytest.approx(by, abs=1e-4)
    if kept == "long":
        assert min(found.weights[3:]) >= -1e-9
    if kept == "out":
        assert found.weights[3] <= 1e-9


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 8), st.floats(0.05, 1.0), st.sampled_from(["least", "sharp", "hrp"]))
def test_there_is_always_an_answer(seed, width, highest, how):
    _, mean, covariance = market(seed, width, bars=12)
    covariance = np.atleast_2d(covariance)
    if width > 2:
        covariance[1] = covariance[0]  # no longer symmetric, no longer valid
        covariance[:, 1] = covariance[:, 0]
        covariance[2, 2] = 0.0
    limits = Limits(highest=highest)
    found = {
        "least": lambda: o.minimum_volatility(covariance, limits=limits),
        "sharp": lambda: o.maximum_sharpe(mean, covariance, limits=limits),
        "hrp": lambda: o.hrp(covariance, limits=limits),
    }[how]()
    assert np.isfinite(found.weights).all()
    assert found.weights.sum() == pytest.approx(1, abs=1e-4)
    if highest * width < 1 - 1e-6:
        assert found.relaxed


def test_numbers_that_defeat_the_solver_give_equal_parts_and_say_so():
    found = settled(4, Limits(highest=np.array([0.1, 1.0, 1.0, 1.0])), lambda _: None)
    assert found.weights == pytest.approx([0.1, 0.3, 0.3, 0.3], abs=1e-5)
    assert "equal parts, as near as the limits" in found.relaxed[0]
    none = settled(4, Limits(highest=0.1), lambda _: None)
    assert none.weights == pytest.approx(np.full(4, 0.25))
    assert "no limit is met" in none.relaxed[0]


def test_a_covariance_that_is_none_is_repaired_for_limits_too():
    _, _, covariance = market(0, 5, bars=12)
    covariance[1], covariance[2, 2] = covariance[0], 0.0
    covariance[:, 1] = covariance[:, 0]
    for choose in (o.hrp, o.risk_parity, o.inverse_volatility, o.minimum_volatility):
        found = choose(covariance, limits=Limits(highest=0.4))
        assert found.relaxed == ()
        assert found.weights.max() <= 0.4 + 1e-6


def test_returns_that_are_all_zero_have_an_answer():
    still = np.zeros((4, 4))
    for found in (o.minimum_volatility(still), o.risk_parity(still), o.hrp(still), o.inverse_volatility(still)):
        assert found.weights.sum() == pytest.approx(1)
    assert o.maximum_sharpe(np.zeros(4), still).weights.sum() == pytest.approx(1)
    assert o.mean_cvar(np.zeros((20, 2))).weights.sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda m, c: o.minimum_volatility(c, limits=Limits(lowest=0.5, highest=0.1)), "above the highest"),
        (lambda m, c: o.minimum_volatility(c, limits=Limits(highest=np.ones(3))), "not of 6"),
        (lambda m, c: o.minimum_volatility(c, limits=Limits(highest=np.inf)), "no number"),
        (lambda m, c: o.minimum_volatility(c, limits=Limits(turnover=0.1)), "what is held"),
        (lambda m, c: o.minimum_volatility(c, limits=Limits(held=np.ones(6), turnover=-1.0)), "turnover is -1"),
        (lambda m, c: o.minimum_volatility(c, limits=Limits(most=0)), "At most 0"),
        (lambda m, c: o.minimum_volatility(c, limits=Limits(groups={"a": (0, 1)})), "0 groups"),
        (lambda m, c: o.minimum_volatility(c, limits=Limits(group="aaaaaa", groups={"a": (1, 0)})), "group a"),
        (lambda m, c: o.minimum_volatility(np.full((6, 6), np.nan)), "NaN"),
        (lambda m, c: o.mean_variance(m, c, target_return=0.1, target_volatility=0.1), "both"),
        (lambda m, c: o.mean_variance(m, c, aversion=0), "aversion is 0"),
        (lambda m, c: o.mean_variance(m, c, target_volatility=-1.0), "target of volatility"),
        (lambda m, c: o.mean_variance(m[:3], c), "3 instruments"),
        (lambda m, c: o.maximum_sharpe(m, c, even=-1.0), "even is -1"),
        (lambda m, c: o.frontier(m, c, points=1), "1 points"),
        (lambda m, c: o.mean_cvar(np.zeros((3, 2))), "3 bars"),
        (lambda m, c: o.mean_cvar(np.full((30, 2), np.nan)), "without gaps"),
        (lambda m, c: o.mean_cvar(np.zeros((30, 2)), level=1.0), "level is 1"),
        (lambda m, c: o.kelly(np.zeros((30, 2)), fraction=0), "fraction is 0"),
        (lambda m, c: o.risk_parity(c, budget=np.zeros(6)), "above 0"),
        (lambda m, c: o.hrp(np.zeros((2, 3))), "square"),
        (lambda m, c: o.black_litterman(c, m, np.eye(6), m[:2], m[:2]), "2 views"),
        (lambda m, c: o.black_litterman(c[:0, :0], m[:0], np.eye(0), m[:0], m[:0]), "no instrument"),
        (lambda m, c: o.black_litterman(c, m, np.eye(6), m, m, tau=0), "tau"),
        (lambda m, c: o.idzorek(c, np.eye(6), np.full(6, 2.0)), "confidence"),
        (lambda m, c: o.market_aversion(np.zeros(5), per_year=252), "does not move"),
    ],
)
def test_what_is_wrong_is_said(ask, said):
    _, mean, covariance = market()
    with pytest.raises(ValidationError, match=said):
        ask(mean, covariance)


def test_a_missing_solver_is_said_and_what_needs_none_still_works(monkeypatch):
    _, _, covariance = market()
    monkeypatch.setitem(sys.modules, "clarabel", None)
    with pytest.raises(PortfolioError, match="clarabel, which is not installed") as caught:
        o.minimum_volatility(covariance)
    assert "ara-ai[portfolio]" in caught.value.hint
    assert o.hrp(covariance).weights.sum() == pytest.approx(1)
    assert o.risk_parity(covariance).weights.sum() == pytest.approx(1)


def test_binding_limits_are_named():
    limits = Limits(
        lowest=0.1, highest=0.5, group=("a", "b", "b"), groups={"b": (0.0, 0.5), "a": (0.5, 0.9)},
        held=np.array([0.0, 0.5, 0.5]), turnover=1.0, most=3,
    )  # fmt: skip
    found = limits.binding(np.array([0.5, 0.4, 0.1]), ("X", "Y", "Z"))
    assert found == (
        "X at most 0.5",
        "Z at least 0.1",
        "b at most 0.5",
        "a at least 0.5",
        "turnover at most 1",
        "at most 3 holdings",
    )
    assert Limits().binding(np.array([0.5, 0.5])) == ()
