"""What happens seldom: a sweep goes over to the compiled loop, a split leaves odd lots, an order is taken back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numba
import numpy as np
import polars as pl
import pytest

from ara.backtest import floor, run
from ara.backtest.checks import check_strategy, made_up
from ara.backtest.result import per_year
from ara.backtest.sweep import sweep, traded
from ara.backtest.walk_forward import walk
from ara.data.currency import Rates
from ara.errors import BacktestError, StrategyError
from ara.market.timeframe import WEEK
from ara.trading import Costs, Planned, Signal, Tape, rated
from ara.trading.strategies import BuyAndHold, Momentum
from tests.trading.conftest import SHARE, bars_of

ONE = {"ONE": made_up(120)["ONE"]}


class Sized(Planned):
    """Holds as much as it is told, bar by bar."""

    sizes: tuple[float, ...] = ()

    def plan(self, tape):
        return np.array(self.sizes[: len(tape)], np.float64)


def sized(*given, **more):
    return type("Given", (Sized,), {"sizes": given, **more})


@pytest.fixture
def interpreted(monkeypatch):
    """The loop that is compiled, as Python: what it does is what is tested, not the compiler."""
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)
    floor._machine.cache_clear()
    yield
    floor._machine.cache_clear()


@pytest.mark.usefixtures("interpreted")
def test_a_sweep_that_goes_over_to_the_compiled_loop_finds_what_the_other_finds(monkeypatch):
    grid = {"window": [5, 20], "short": [False, True], "trail": [0.0, 0.03]}
    plain = sweep(Momentum, grid, ONE["ONE"], cuts=0).trials
    assert floor._machine.cache_info().currsize == 0
    monkeypatch.setattr(floor, "_MANY", 10)
    over = sweep(Momentum, grid, ONE["ONE"], cuts=0).trials
    assert floor._machine.cache_info().currsize == 1
    exact = ["window", "short", "trail", "fills", "fees", "equity"]
    assert over.select(exact).equals(plain.select(exact))
    for name in ("total", "sharpe", "drawdown"):
        assert over[name].to_list() == pytest.approx(plain[name].to_list(), rel=1e-9)
    again = sweep(Momentum, grid, ONE["ONE"], cuts=0).trials  # compiled already: from the first combination on
    assert again.equals(over)


@pytest.mark.usefixtures("interpreted")
def test_the_compiled_loop_says_when_an_account_can_not_be_counted():
    tape = Tape.of(bars_of([(price,) * 4 for price in (10, 11, 12, 40, 90)]))
    with pytest.raises(BacktestError, match="too large to be counted"):
        traded(Momentum(1), tape, cash=3 * 10**14, costs=Costs.none(), machine=True)


@pytest.mark.parametrize("ratio", [0.5, 1.5, 0.1])
def test_what_round_trips_brought_is_what_the_account_gained_through_splits_of_odd_lots(ratio):
    random = np.random.default_rng(5)
    closes = np.round(20 * np.exp(np.cumsum(random.normal(0, 0.03, 40))), 2)
    split = np.ones(40)
    split[20] = ratio
    closes = np.round(np.where(np.arange(40) < 20, closes, closes / ratio), 2)
    tape = Tape.of(bars_of([(one, one, one, one) for one in closes]), split=split)
    sizes = [1.0] * 35 + [0.0] * 5
    found = run(sized(*sizes), {"ACME": tape}, cash=10_007, costs=Costs.none(), cuts=0)
    assert found.positions == () or all(not one.quantity for one in found.positions)
    assert sum(one.gain for one in found.trips) == pytest.approx(found.equity - 10_007, abs=1e-6)
    assert len(found.trips) == (1 if (found.fills[0].quantity * Decimal(str(ratio))) % 1 == 0 else 2)


def test_a_week_is_a_fifty_second_of_a_year():
    frame = bars_of([(10, 11, 9, 10)] * 30).frame.with_columns(
        at=pl.Series([datetime(2020, 1, 6, tzinfo=UTC) + timedelta(weeks=one) for one in range(30)]),
        known_at=pl.Series([datetime(2020, 1, 13, tzinfo=UTC) + timedelta(weeks=one) for one in range(30)]),
    )
    weeks = Tape.of(replace(bars_of([(10, 11, 9, 10)]), timeframe=WEEK, frame=frame))
    assert per_year({"ACME": weeks}) == 52


def test_an_order_that_was_taken_back_before_there_was_trade_is_the_reason():
    rows = [(10, 10, 10, 10), (10, 10, 10, 10, 0), (10, 10, 10, 10, 0), (10, 10, 10, 10), (10, 10, 10, 10)]
    found = run(sized(1.0, 1.0, 0.0, 0.0, 0.0), {"ACME": Tape.of(bars_of(rows))}, cuts=0)
    assert found.notes[0].endswith("the order for ACME was taken back before it could be filled")


def test_too_little_for_a_share_abroad_is_said_in_its_currency():
    share = replace(SHARE, symbol="TOYO", currency="JPY", tick=Decimal("0.1"))
    pair = replace(SHARE, symbol="USDJPY", currency="JPY", tick=Decimal("0.001"))
    rates = Rates.of_bars([bars_of([(100.0,) * 4] * 8, instrument=pair)])
    tape = Tape.of(bars_of([(2000.0,) * 4] * 6, instrument=share, begin=datetime(2020, 1, 2, tzinfo=UTC)))
    found = run(BuyAndHold, rated({"TOYO": tape}, "USD", rates), cash=15, cuts=0)
    assert "1 of 15.00 buys less than one lot of 1 TOYO at 2,000.00" in found.notes[0]
    assert not any("nothing was traded" in one for one in run(BuyAndHold, rated({"TOYO": tape}, "USD", rates), cash=25,
                                                              cuts=0).notes)  # fmt: skip


class NeedsMany:
    """Wants what it was prepared for, and fails where that was little."""

    def prepare(self, tapes):
        self.bars = max(map(len, tapes.values()))

    def decide(self, view):
        if self.bars < 100:
            raise RuntimeError("too few")
        return Signal(symbol=view.symbols[0], size=1.0)


class PlansMany(Planned):
    """The same with a plan."""

    def plan(self, tape):
        if len(tape) < 100:
            raise RuntimeError("too few")
        return np.ones(len(tape))


@pytest.mark.parametrize("kind", [NeedsMany, PlansMany])
def test_who_fails_on_fewer_bars_is_told_by_the_replay(kind):
    with pytest.raises(StrategyError, match=f"the strategy {kind.__name__} .*RuntimeError: too few"):
        run(kind, ONE)
    assert run(kind, ONE, cuts=0).equity > 0


class NoFirst:
    """Fails at a bar that has no other before it, if it knows of no later one."""

    def prepare(self, tapes):
        self.bars = max(map(len, tapes.values()))

    def decide(self, view):
        if self.bars == 1:
            raise RuntimeError("alone")


def test_a_check_with_one_bar_says_what_it_raised():
    told = {one.name: one for one in check_strategy(NoFirst)}
    assert told["decides at every bar"].ok
    assert "RuntimeError: alone" in told["decides alike with one bar alone"].words


def test_a_walk_that_ends_before_its_bars_is_refused():
    with pytest.raises(BacktestError, match="there is no bar by 2001-01-01"):
        walk(Momentum, {"window": [5]}, ONE, end=datetime(2001, 1, 1, tzinfo=UTC))
