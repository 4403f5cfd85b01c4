"""What a strategy may see and say, and what is made of it."""

import math
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from ara.errors import BacktestError, StrategyError, ValidationError
from ara.trading import Costs, Exchange, Kind, Planned, Signal, Tape, View, turn
from tests.trading.conftest import bars_of

ROWS = [(10, 11, 9, 10), (10, 12, 10, 12), (12, 13, 11, 11)]


class Says:
    def __init__(self, said):
        self.said = said

    def decide(self, view):
        if isinstance(self.said, BaseException):
            raise self.said
        return self.said


@pytest.fixture
def scene():
    exchange = Exchange({"ACME": Tape.of(bars_of(ROWS))}, Decimal(1000), costs=Costs.none())
    pit = exchange.pits["ACME"]
    for _ in range(2):
        pit.play()
    pit.fresh = True
    view = View(exchange.pits, exchange.book)
    view.now = pit.tape.known[1]
    return exchange, view


def test_a_view_ends_with_the_last_closed_bar(scene):
    _, view = scene
    assert (view.price(), view.index(), view.fresh(), view.symbols) == (12.0, 1, True, ("ACME",))
    assert view.history(10).tolist() == [10.0, 12.0]
    assert view.history(1, "high", "ACME").tolist() == [12.0]
    assert (view.cash, view.equity, view.quantity()) == (1000, 1000, 0)
    assert view.moment.isoformat() == "2020-01-03T00:00:00+00:00"
    with pytest.raises(ValidationError, match="no 'mid'"):
        view.history(1, "mid")
    with pytest.raises(ValidationError, match="'OTHER' is not traded"):
        view.price("OTHER")


def test_history_is_comparable_across_splits_and_dividends():
    rows = [(10, 10, 10, 10), (5, 5, 5, 5), (4.5, 4.5, 4.5, 4.5)]
    tape = Tape.of(bars_of(rows), split=np.array([1, 2, 1.0]), dividend=np.array([0, 0, 0.5]))
    exchange = Exchange({"ACME": tape}, Decimal(1000), costs=Costs.none())
    view = View(exchange.pits, exchange.book)
    assert math.isnan(view.price())
    assert view.history(3).tolist() == []
    seen = []
    for _ in rows:
        exchange.pits["ACME"].play()
        seen.append(view.history(3).round(9).tolist())
    assert seen == [[10.0], [5.0, 5.0], [4.5, 4.5, 4.5]]


def test_a_wish_becomes_an_order_once(scene):
    exchange, view = scene
    wish = Signal(symbol="ACME", size=0.5, limit=11.0, why="cheap")
    (ticket,) = turn(Says(wish), view, exchange.book)
    order = ticket.order
    assert (order.kind, order.limit, order.quantity, order.why) == (Kind.LIMIT, Decimal("11.00"), 41, "cheap")
    exchange.take(ticket, given=view.now)
    assert list(turn(Says([wish]), view, exchange.book)) == []
    again = Signal(symbol="ACME", size=0.5, limit=11.0, again=True)
    assert len(list(turn(Says(again), view, exchange.book))) == 1
    assert list(turn(Says(None), view, exchange.book)) == []


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (ZeroDivisionError("by zero"), "ZeroDivisionError: by zero"),
        (SystemExit(0), "SystemExit: 0"),
        ("buy", "it gave str, not signals"),
        ([1], "it gave list with int in it, not signals"),
        (Signal(symbol="OTHER", size=1.0), "it wants 'OTHER'"),
    ],
)
def test_a_strategy_that_fails_is_named(scene, said, words):
    exchange, view = scene
    with pytest.raises(StrategyError, match="the strategy Says failed at 2020-01-03 00:00 UTC: ") as told:
        list(turn(Says(said), view, exchange.book))
    assert words in told.value.message


@pytest.mark.parametrize(
    "wrong",
    [
        {"size": math.nan},
        {"size": 1.0, "stop": math.inf},
        {"size": 1.0, "trail": 1.0},
        {"size": 1.0, "target_share": -1},
    ],
)
def test_signals_hold_numbers_that_make_sense(wrong):
    with pytest.raises(ValidationError, match=f"{list(wrong)[-1]} of "):
        Signal(symbol="ACME", **wrong)


def test_a_plan_is_told_where_it_changes():
    class Steps(Planned):
        def plan(self, tape):
            return np.array([math.nan, 1.0, 1.0, 0.0])

    exchange = Exchange({"ACME": Tape.of(bars_of([*ROWS, ROWS[0]]))}, Decimal(1000), costs=Costs.none())
    view, steps, told = View(exchange.pits, exchange.book), Steps(stop=0.1), []
    steps.prepare({"ACME": exchange.pits["ACME"].tape})
    assert steps.decide(view) is None
    for _ in range(4):
        exchange.pits["ACME"].play()
        exchange.pits["ACME"].fresh = True
        for ticket in turn(steps, view, exchange.book):
            exchange.take(ticket, given=0)
            told.append((view.index(), ticket.signal.size, ticket.signal.stop_share))
    assert told == [(1, 1.0, 0.1), (3, 0.0, 0.1)]


def test_tapes_need_prices_that_can_be_counted():
    with pytest.raises(BacktestError, match="no bar of ACME"):
        Tape.of(bars_of([]))
    with pytest.raises(BacktestError, match="has no price"):
        Tape.of(bars_of([(1, 1, 1, math.nan)]))
    with pytest.raises(BacktestError, match="too large"):
        Tape.of(bars_of([(1, 1, 1, 1), (1e15, 1e15, 1e15, 1e15)]))
    with pytest.raises(ValidationError, match="the lot is 0"):
        Tape.of(bars_of(ROWS), lot=Decimal(0))
    cheap = Tape.of(bars_of([(0.0123, 0.0123, 0.0123, 0.0123)]))
    assert cheap.closes[0] * cheap.tick == Decimal("0.0123")


def test_nothing_is_bought_where_prices_are_below_zero(floor):
    f = floor([(-5, -5, -5, -5), (-5, -5, -5, -5)]).bar()
    view = View(f.exchange.pits, f.book)
    (ticket,) = turn(Says(Signal(symbol="ACME", size=1.0)), view, f.book)
    assert ticket.order is None


def test_a_tape_made_of_another_remembers_nothing_of_it():
    tape = Tape.of(bars_of([(10, 11, 9, 10), (10, 12, 9, 12), (12, 13, 11, 11)]))
    assert tape.mean(2).tolist()[1:] == [11.0, 11.5]
    other = replace(tape, prices=tape.prices * 2)
    assert other.mean(2).tolist()[1:] == [22.0, 23.0]
    assert tape.mean(2).tolist()[1:] == [11.0, 11.5]
