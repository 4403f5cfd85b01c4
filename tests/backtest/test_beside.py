"""What stands beside a back-test: parts that add up to the last digit, other times, and mixes."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ara.backtest import run
from ara.backtest.beside import decisions, mixed, timing, usual_mix
from ara.backtest.checks import made_up
from ara.backtest.engine import play
from ara.backtest.holdings import holdings
from ara.errors import ValidationError
from ara.market.instrument import AssetClass
from ara.trading import Costs, Planned, Signal, Tape
from ara.trading.strategies import BuyAndHold, MeanReversion, Momentum
from ara.trading.tape import instant
from tests.trading.conftest import bars_of

TAPES = made_up(320)
ONE = {"ONE": TAPES["ONE"]}


class Limits:
    """Trades inside bars: limits, stops at prices, targets."""

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)

    def decide(self, view):
        price = view.price()
        if self.random.random() < 0.6:
            return None
        size = float(self.random.choice([-1.0, 0.0, 0.5, 1.0]))
        return Signal(symbol="ONE", size=size, limit=price * self.random.uniform(0.99, 1.01), stop_share=0.02,
                      target_share=0.03)  # fmt: skip


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000), st.booleans())
def test_without_costs_what_was_held_times_what_it_met_is_what_was_earned(seed, many):
    strategy = MeanReversion(10, entry=0.5, short=True, stop=0.02, target=0.03) if many else Limits(seed)
    done = play(strategy, TAPES if many else ONE, cash=Decimal(1_000_000), costs=Costs.none())
    assert done.exchange.fills
    assert holdings(done).costs == pytest.approx(0.0, abs=2e-6)


def test_costs_are_all_that_was_paid():
    costs = Costs(financing=0, borrow=0)
    done = play(Momentum(20, stop=0.02), ONE, cash=Decimal(1_000_000), costs=costs)
    unit = float(done.exchange.book.unit)
    before = dict(zip(done.moments, [done.exchange.book.start, *done.equity], strict=False))
    tape = TAPES["ONE"]
    known = {at: tape.known[number] for number, at in enumerate(tape.at)}
    paid = sum(
        float(one.fee + one.slipped) / (before[known[round(one.at.timestamp() * 1e6)]] * unit)
        for one in done.exchange.fills
    )
    found, active = decisions(holdings(done))
    assert active.sum() == pytest.approx(found["total"] - found["market"])
    assert found["cost"] == pytest.approx(-paid, rel=1e-6)
    assert found["selection"] == found["sizing"] == pytest.approx(0.0, abs=1e-12)
    earned = np.diff(np.array([done.exchange.book.start, *done.equity]) * unit) / (
        np.array([done.exchange.book.start, *done.equity[:-1]]) * unit
    )
    assert found["total"] == pytest.approx(earned.sum())


def test_splits_and_dividends_are_no_costs():
    rows = [(10, 10, 10, 10)] * 3 + [(20, 20, 20, 20)] * 3 + [(5, 5, 5, 5)] * 3
    split, dividend = np.ones(9), np.zeros(9)
    split[6], dividend[4] = 4.0, 1.0

    class Hold(Planned):
        def plan(self, tape):
            return np.ones(len(tape))

    tape = Tape.of(bars_of(rows), split=split, dividend=dividend)
    done = play(Hold(), {"ACME": tape}, cash=Decimal(10_000), costs=Costs.none())
    assert holdings(done).costs == pytest.approx(0.0, abs=1e-12)
    assert holdings(done).earned[4] == pytest.approx(0.05)


def test_timing_is_told_from_being_invested():
    class Seer(Planned):
        def plan(self, tape):
            return np.append((np.diff(tape.close) > 0).astype(float), 0.0)

    seen = timing(holdings(play(Seer(), ONE, cash=Decimal(10_000), costs=Costs.none())), per_year=252)
    blind = timing(holdings(play(Momentum(30), ONE, cash=Decimal(10_000), costs=Costs())), per_year=252)
    assert seen.p == pytest.approx(1 / (1 + seen.draws))
    assert blind.p > 0.05
    assert blind.low < blind.mean < blind.high
    nothing = timing(holdings(play(Momentum(400), ONE, cash=Decimal(10_000), costs=Costs())), per_year=252)
    assert (nothing.p, nothing.draws) == (None, 0)


def test_the_result_carries_them_as_json():
    found = run(Momentum, TAPES, name="momentum", cuts=0, mix={"ONE": 0.6, "TWO": 0.4}).as_dict()
    assert found["mix"]["weights"] == {"ONE": 0.6, "TWO": 0.4}
    assert set(found["random_entry"]) == {"sharpe", "mean", "low", "high", "p", "draws"}
    parts = found["decisions"]
    assert sum(parts[name] for name in ("market", "timing", "selection", "sizing", "cost")) == pytest.approx(
        parts["total"]
    )


def test_a_mix_of_one_is_buying_and_holding_it():
    done = play(BuyAndHold(), ONE, cash=Decimal(1_000_000), costs=Costs.none())
    made = mixed({"ONE": 1.0}, ONE, done.moments, cash=Decimal(1_000_000), costs=Costs.none(), per_year=252)
    held = run(BuyAndHold, ONE, cash=1_000_000, costs=Costs.none(), cuts=0)
    assert made.measures.total == pytest.approx(held.measures.total, abs=1e-3)
    assert held.as_dict()["mix"] is None


@pytest.mark.parametrize(
    ("weights", "words"),
    [({"ONE": 0.5}, "sum to 1"), ({"ONE": 1.5, "TWO": -0.5}, "above 0"), ({"THREE": 1.0}, "names THREE")],
)
def test_what_is_no_mix_is_refused(weights, words):
    with pytest.raises(ValidationError, match=words):
        run(Momentum, TAPES, cuts=0, mix=weights)


def test_sixty_forty_stands_beside_where_there_is_a_bond_fund():
    fund = replace(TAPES["TWO"].instrument, name="Long Treasury Bond Fund", asset_class=AssetClass.ETF)
    both = {"ONE": TAPES["ONE"], "TWO": replace(TAPES["TWO"], instrument=fund)}
    assert usual_mix(both) == {"ONE": 0.6, "TWO": 0.4}
    assert usual_mix(TAPES) == {}
    assert run(Momentum, both, cuts=0).beside.mix.weights == {"ONE": 0.6, "TWO": 0.4}


def test_what_has_no_bar_at_a_moment_is_held_through_it():
    tape = TAPES["TWO"]
    later = replace(
        tape, at=[one + 3_600_000_000 for one in tape.at], known=[one + 3_600_000_000 for one in tape.known]
    )
    done = play(BuyAndHold(), {"ONE": TAPES["ONE"], "TWO": later}, cash=Decimal(1_000_000), costs=Costs.none())
    held = holdings(done)
    assert held.costs == pytest.approx(0.0, abs=1e-9)
    assert held.weights[10:].sum(axis=2) == pytest.approx(np.ones_like(held.weights[10:].sum(axis=2)), abs=0.1)
    assert decisions(held)[0]["timing"] == pytest.approx(0.0, abs=0.03)


def test_what_ended_before_the_start_is_no_trouble():
    ended = {"ONE": TAPES["ONE"], "TWO": TAPES["TWO"].until(TAPES["TWO"].known[50])}
    found = run(BuyAndHold, ended, cuts=0, start=instant(TAPES["ONE"].known[100]))
    assert found.beside.decisions["total"] != 0
