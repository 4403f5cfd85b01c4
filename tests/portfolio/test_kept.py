"""Rules of trading back: what is paid is the cost of what is turned over, nothing is known too early, lots add up."""

from datetime import date, timedelta

import numpy as np
import pytest

from ara.errors import ValidationError
from ara.portfolio import Triggers, kept, read_rule
from ara.risk import Moves


def moves(days=400, width=3, seed=0, size=0.012):
    dice = np.random.default_rng(seed)
    return Moves(
        symbols=tuple("ABCDEFG"[:width]),
        dates=tuple(date(2020, 1, 1) + timedelta(days=one) for one in range(days)),
        returns=dice.normal(0.0005, size, (days, width)),
        per_year=365,
    )


WEIGHTS = (0.5, 0.3, 0.2)


def test_never_is_what_was_bought_and_each_day_is_what_is_put_right():
    mine = moves()
    never, daily = kept(mine, WEIGHTS, ["never", "1"])
    grown = (np.array(WEIGHTS) * np.cumprod(1 + mine.returns, axis=0)).sum(axis=1)
    assert np.cumprod(1 + never.returns) == pytest.approx(grown, rel=1e-6)
    assert (never.trades, never.turnover, never.costs, never.gains) == (0, 0, 0, {"fifo": 0, "hifo": 0})
    assert daily.returns[2:] == pytest.approx((mine.returns @ np.array(WEIGHTS))[2:], abs=1e-8)  # a day has passed
    assert daily.tracking == pytest.approx(0, abs=1e-4)
    assert never.tracking > daily.tracking
    assert never.farthest > daily.farthest > 0


def test_costs_are_paid_on_what_is_turned_over_alone():
    mine = moves()
    (free,), (paid,) = (kept(mine, WEIGHTS, ["month"], cost=cost) for cost in (0.0, 0.01))
    assert free.trades == paid.trades == 13
    assert paid.costs == pytest.approx(paid.turnover * 0.01)
    lost = np.log(np.prod(1 + free.returns) / np.prod(1 + paid.returns))
    assert lost == pytest.approx(paid.costs * len(mine) / 365, rel=0.02)


def test_a_threshold_lets_no_weight_off_by_more_than_a_day_can_move_it():
    (found,) = kept(moves(), WEIGHTS, ["2%"])
    assert 0.02 < found.farthest < 0.04
    assert 0 < found.trades < 100


def test_a_rule_knows_nothing_of_what_comes():
    mine, rules = moves(), ["month", "3%", "1.5x", "week+2%"]
    changed = mine.returns.copy()
    changed[300:] = np.random.default_rng(9).normal(0, 0.05, changed[300:].shape)
    other = Moves(symbols=mine.symbols, dates=mine.dates, returns=changed, per_year=365)
    for one, two in zip(kept(mine, WEIGHTS, rules, cost=0.001), kept(other, WEIGHTS, rules, cost=0.001), strict=True):
        assert (one.returns[:300] == two.returns[:300]).all()


def test_volatility_is_due_once_for_each_stretch():
    calm = moves(days=700, size=0.005)
    returns = calm.returns.copy()
    returns[400:440] *= 6
    wild = Moves(symbols=calm.symbols, dates=calm.dates, returns=returns, per_year=365)
    (found,) = kept(wild, WEIGHTS, ["3x"])
    assert 1 <= found.trades <= 6  # of some 300 closes that are wild or calm


def test_lots_that_cost_most_realise_no_more_than_the_oldest_where_prices_rise():
    rising = Moves(
        symbols=("A", "B"), dates=moves(days=300).dates, per_year=365,
        returns=np.tile([[0.002, 0.0], [0.0, 0.002]], (150, 1)),
    )  # fmt: skip
    (found,) = kept(rising, (0.5, 0.5), ["1"])
    assert 0 < found.gains["hifo"] < found.gains["fifo"]


def test_what_is_lost_is_lost():
    ruin = moves(days=100, width=1)
    ruin.returns[50] = -1.0
    (found,) = kept(ruin, (1.0,), ["week"])
    assert found.measures.total == -1
    assert (found.returns[51:] == 0).all()


def test_rules_are_read():
    assert read_rule("never") is None
    assert read_rule("month+5%") == Triggers(every="month", threshold=0.05)
    assert read_rule("30 + 1.5x") == Triggers(every="30", volatility=1.5)
    for wrong in ("", "often", "x", "%", "5%+6%", "-5%", "1x", "month+"):
        with pytest.raises(ValidationError):
            read_rule(wrong)
    for weights in ((0.5, -0.5, 1.0), (1.0,), (0, 0, 0), (np.nan, 0, 1)):
        with pytest.raises(ValidationError, match="weights are not"):
            kept(moves(), weights)
