"""Parts of the risk sum to the whole, whatever is held; and how widely it is spread."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ara.errors import ValidationError
from ara.risk import contributions, currency_risk, liquidity, spread


def _market(seed, width=4, bars=300):
    dice = np.random.default_rng(seed)
    returns = (dice.standard_normal((bars, 1)) + dice.standard_normal((bars, width))) * 0.01
    return dice.standard_normal(width), returns, np.cov(returns, rowvar=False)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31))
def test_parts_sum_to_the_whole(seed):
    weights, returns, covariance = _market(seed)
    for words in (
        {"covariance": covariance},
        {"covariance": covariance, "measure": "var", "level": 0.99},
        {"returns": returns, "measure": "cvar"},
    ):
        found = contributions(weights, **words)
        assert found.component.sum() == pytest.approx(found.total, rel=1e-9)
        assert found.component == pytest.approx(weights * found.marginal, rel=1e-9)


def test_totals_are_the_measures():
    weights, returns, covariance = _market(1)
    assert contributions(weights, covariance=covariance).total == pytest.approx((returns @ weights).std(ddof=1))
    whole = returns @ weights
    worst = whole[whole <= np.quantile(whole, 0.05)]
    assert contributions(weights, returns=returns, measure="cvar").total == pytest.approx(-worst.mean())
    wide, near = (contributions(weights, covariance=covariance, measure=m).total for m in ("var", "volatility"))
    assert wide / near == pytest.approx(1.6448536, rel=1e-6)


def test_the_margin_is_the_slope():
    weights, _, covariance = _market(2)
    found, step = contributions(weights, covariance=covariance), np.array([1e-6, 0, 0, 0])
    grown = contributions(weights + step, covariance=covariance).total
    assert (grown - found.total) / 1e-6 == pytest.approx(found.marginal[0], rel=1e-4)


def test_nothing_that_moves_has_no_parts():
    found = contributions(np.ones(2), covariance=np.zeros((2, 2)))
    assert found.total == 0
    assert (found.component == 0).all()
    assert np.isnan(found.share).all()


def test_contributions_say_what_they_need():
    with pytest.raises(ValidationError, match="'cvar' can't"):
        contributions(np.ones(2), covariance=np.eye(2), measure="cvar")
    with pytest.raises(ValidationError, match="'luck' can't"):
        contributions(np.ones(2), covariance=np.eye(2), measure="luck")
    with pytest.raises(ValidationError, match="negative direction"):
        contributions(np.array([1.0, -1.0]), covariance=np.array([[1.0, 2], [2, 1]]))


def test_four_alike_are_four_and_one_is_one():
    even = spread(np.full(4, 0.25), np.eye(4))
    assert (even.holdings, even.bets, even.largest) == pytest.approx((4, 4, 0.25))
    assert even.diversification == pytest.approx(2)
    alone = spread(np.array([1.0, 0, 0, 0]), np.eye(4))
    assert (alone.holdings, alone.bets, alone.diversification) == pytest.approx((1, 1, 1))
    still = spread(np.ones(2), np.zeros((2, 2)))
    assert (still.bets, still.diversification) == (None, None)
    with pytest.raises(ValidationError, match="Nothing is held"):
        spread(np.zeros(2), np.eye(2))


def test_currencies_bring_their_part_and_a_hedge_takes_it_away():
    dice = np.random.default_rng(0)
    own = dice.standard_normal((4000, 2)) * 0.01
    rate = dice.standard_normal(4000) * 0.01
    found = currency_risk([0.5, 0.5], own, ["USD", "EUR"], {"EUR": rate}, home="USD")
    assert found.exposure == {"EUR": 0.5}
    assert found.volatility**2 == pytest.approx(0.0001 * (0.25 + 0.25 + 0.25), rel=0.05)
    assert found.hedged**2 == pytest.approx(0.0001 * 0.5, rel=0.05)
    assert found.contribution["EUR"] == pytest.approx(found.volatility / 3, rel=0.1)
    assert found.best_hedge["EUR"] == pytest.approx(1, abs=0.06)
    against = currency_risk(
        [0.5, 0.5], np.column_stack([own[:, 0], -2 * rate]), ["USD", "EUR"], {"EUR": rate}, home="USD"
    )
    assert against.best_hedge["EUR"] == pytest.approx(-1, abs=0.06)
    assert against.as_dict()["currencies"]["EUR"]["contribution"] < 0
    home = currency_risk([0.5, 0.5], own, ["USD", "USD"], {}, home="USD")
    assert home.volatility == pytest.approx(home.hedged)
    with pytest.raises(ValidationError, match="no rate of JPY"):
        currency_risk([1.0], own[:, :1], ["JPY"], {}, home="USD")


def test_selling_takes_days_and_costs_more_where_little_is_traded():
    quick = liquidity("A", 1e6, traded=1e8, volatility=0.02, spread=0.0004)
    slow = liquidity("B", -1e8, traded=1e7, volatility=0.02)
    assert quick.days == pytest.approx(0.1)
    assert quick.cost == pytest.approx(0.0002 + 0.02 * 0.1)
    assert slow.days == pytest.approx(100)
    assert slow.cost == pytest.approx(0.02 * 0.1**0.5)
    assert liquidity("C", 1.0, traded=0, volatility=0.1).days is None
    assert liquidity("C", 0.0, traded=0, volatility=0.1).as_dict()["days_to_sell"] == 0
    for wrong in ({"share": 0.0}, {"share": 1.5}, {"volatility": -1.0}, {"traded": float("nan")}):
        with pytest.raises(ValidationError):
            liquidity("D", 1.0, **{"traded": 1.0, "volatility": 0.1} | wrong)
