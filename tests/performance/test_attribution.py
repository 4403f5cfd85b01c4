"""The parts add up to the whole, and are what the books say."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ara.errors import ValidationError
from ara.performance.attribution import brinson, by_decision, by_factor

SLOPES = (0.0016005288464644993, 0.5110921006335137, -0.19741014579431376)
ERRORS = (0.00042394266297541704, 0.006541269600174423, 0.004854238991979066)
EXPLAINED = 0.9911783706661422
GENERATOR = np.random.Generator(np.random.PCG64(4))


def test_one_bar_by_hand():
    found = brinson([0.4, 0.6], [0.2, 0.0], benchmark_weights=[0.5, 0.5], benchmark_returns=[0.1, 0.02])
    assert found.allocation == pytest.approx([-0.1 * (0.1 - 0.06), 0.1 * (0.02 - 0.06)])
    assert found.selection == pytest.approx([0.5 * 0.1, 0.5 * -0.02])
    assert found.interaction == pytest.approx([-0.1 * 0.1, 0.1 * -0.02])
    assert found.total == pytest.approx(0.08 - 0.06)
    plain = brinson(
        [0.4, 0.6],
        [0.2, 0.0],
        benchmark_weights=[0.5, 0.5],
        benchmark_returns=[0.1, 0.02],
        fachler=False,
        interaction=False,
    )
    assert plain.allocation == pytest.approx([-0.1 * 0.1, 0.1 * 0.02])
    assert plain.selection == pytest.approx([0.4 * 0.1, 0.6 * -0.02])
    assert plain.total == pytest.approx(found.total)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 6), st.integers(2, 5), st.integers(0, 1000), st.booleans(), st.booleans())
def test_bars_are_linked_to_the_compounded_difference(bars, segments, seed, fachler, apart):
    generator = np.random.Generator(np.random.PCG64(seed))
    w, v = generator.dirichlet(np.ones(segments), (2, bars))
    r, s = generator.normal(0, 0.05, (2, bars, segments))
    found = brinson(w, r, benchmark_weights=v, benchmark_returns=s, fachler=fachler, interaction=apart)
    mine, other = (np.prod(1 + (a * b).sum(axis=1)) - 1 for a, b in ((w, r), (v, s)))
    assert found.total == pytest.approx(mine - other, abs=1e-12)
    same = brinson(v, s, benchmark_weights=v, benchmark_returns=s)
    assert same.total == pytest.approx(0, abs=1e-15)


def test_slopes_and_errors_are_those_of_statsmodels():
    # statsmodels 0.15.0: OLS(...).fit(cov_type="HAC", cov_kwds={"maxlags": 3, "use_correction": True})
    bars = np.arange(60)
    factors = np.column_stack((np.sin(bars), np.cos(bars * 0.7)))
    returns = 0.5 * factors[:, 0] * 0.1 - 0.02 * factors[:, 1] + 0.001 + 0.005 * np.sin(bars**1.5)
    found = by_factor(returns, factors * 0.1, per_year=252, names=("market", "size"), lag=3)
    assert found.names == ("market", "size")
    assert found.betas == pytest.approx(SLOPES[1:])
    assert found.alpha == pytest.approx(SLOPES[0] * 252)
    assert found.errors == pytest.approx(ERRORS[1:])
    assert found.alpha_error == pytest.approx(ERRORS[0] * 252)
    assert found.t == pytest.approx(found.betas / found.errors)
    assert found.explained == pytest.approx(EXPLAINED)
    assert found.alpha + found.contributions.sum() == pytest.approx(returns.mean() * 252)


def test_a_factor_alone_explains_itself():
    moves = GENERATOR.normal(0, 0.01, 50)
    found = by_factor(moves * 2, moves, per_year=12)
    assert (found.names, found.betas[0]) == (("1",), pytest.approx(2))
    assert found.explained == pytest.approx(1)
    assert by_factor(np.zeros(50), moves, per_year=12).explained == 0.0


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 8), st.integers(1, 5), st.integers(0, 1000))
def test_decisions_add_up_to_the_return_after_costs(bars, instruments, seed):
    generator = np.random.Generator(np.random.PCG64(seed))
    weights = generator.normal(0, 0.5, (bars, instruments)) * (generator.random((bars, instruments)) > 0.3)
    returns, costs = generator.normal(0, 0.02, (bars, instruments)), generator.random(bars) * 0.001
    found = by_decision(weights, returns, costs=costs)
    parts = found.market + found.timing + found.selection + found.sizing + found.cost
    assert parts == pytest.approx((weights * returns).sum(axis=1) - costs)
    assert found.totals()["total"] == pytest.approx(parts.sum())


def test_each_decision_alone():
    returns = np.array([[0.02, -0.01], [-0.03, 0.01], [0.01, 0.03]])
    even = by_decision(np.full((3, 2), 0.5), returns).totals()
    assert even == {
        "market": pytest.approx(returns.mean() * 3),
        "total": pytest.approx(returns.mean() * 3),
    } | dict.fromkeys(("timing", "selection", "sizing", "cost"), pytest.approx(0))
    timed = by_decision(np.array([[0.5, 0.5], [0, 0], [0.5, 0.5]]), returns).totals()
    assert timed["timing"] == pytest.approx((0.005 + 0.02) / 3 + 0.01 * 2 / 3)
    assert (timed["selection"], timed["sizing"]) == (pytest.approx(0), pytest.approx(0))
    chosen = by_decision(np.array([[1.0, 0], [0, 1.0], [0, 1.0]]), returns).totals()
    assert (chosen["selection"], chosen["sizing"]) == (pytest.approx(0.015 + 0.02 + 0.01), pytest.approx(0))
    sized = by_decision(np.array([[0.75, 0.25]] * 3), returns, costs=0.001).totals()
    assert (sized["selection"], sized["cost"]) == (pytest.approx(0), pytest.approx(-0.003))
    assert sized["sizing"] == pytest.approx(0.25 * (returns[:, 0] - returns[:, 1]).sum())


@pytest.mark.parametrize(
    "call",
    [
        lambda: brinson([0.5, 0.4], [0, 0], benchmark_weights=[0.5, 0.5], benchmark_returns=[0, 0]),
        lambda: brinson([1.0], [0, 0], benchmark_weights=[0.5, 0.5], benchmark_returns=[0, 0]),
        lambda: brinson([1.0], [-1.0], benchmark_weights=[1.0], benchmark_returns=[0]),
        lambda: by_factor(np.zeros(4), np.zeros((4, 2)), per_year=12),
        lambda: by_factor(np.arange(9) / 100, np.ones(9), per_year=12),
        lambda: by_factor(np.arange(9) / 100, np.arange(9), per_year=12, names=("a", "b")),
        lambda: by_factor(np.arange(9) / 100, np.arange(9), per_year=12, lag=9),
        lambda: by_decision([[0.1]], [[0.1, 0.2]]),
        lambda: by_decision([[0.1]], [[0.1]], costs=-0.1),
    ],
)
def test_bad_input_is_refused(call):
    with pytest.raises(ValidationError):
        call()
