"""Books always balance: what is owned follows from the fills, the fees and what came and went beside them."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ara.trading import Costs, Exchange, Order, Protection, Side, Signal, Slippage, Tape, View
from ara.trading.turn import turn
from tests.trading.conftest import SHARE, bars_of


class Whims:
    """Wants something else whenever it is told to."""

    def __init__(self, wishes):
        self.wishes = wishes

    def decide(self, view):
        return self.wishes.get(view.index())


@st.composite
def scenes(draw):
    count = draw(st.integers(5, 25))
    seed = draw(st.integers(0, 2**32 - 1))
    random = np.random.default_rng(seed)
    close = np.round(50 * np.exp(np.cumsum(random.normal(0, 0.08, count))), 2)
    opened = np.round(close * np.exp(random.normal(0, 0.03, count)), 2)
    high = np.round(np.maximum(opened, close) * (1 + random.uniform(0, 0.05, count)), 2)
    low = np.round(np.minimum(opened, close) * (1 - random.uniform(0, 0.05, count)), 2)
    volume = random.integers(0, 3000, count)
    split = np.where(random.random(count) < 0.08, random.choice([0.5, 1.5, 2, 3], count), 1.0)
    dividend = np.where(random.random(count) < 0.1, 0.37, 0.0)
    wishes = {}
    for place in np.flatnonzero(random.random(count) < 0.5):
        more = random.choice(["", "limit", "trigger", "bracket", "trail"])
        price = float(np.round(close[place] * random.uniform(0.95, 1.05), 2))
        given_ = {"limit": {"limit": price}, "trigger": {"trigger": price}, "trail": {"trail": 0.05}, "": {},
                  "bracket": {"stop_share": 0.04, "target_share": 0.06}}[more]  # fmt: skip
        wishes[int(place)] = Signal(symbol="ACME", size=float(random.choice([-1.5, -1, 0, 0.5, 1, 2])), **given_)
    costs = Costs(
        commission=draw(st.sampled_from([0.0, 0.001])), least=draw(st.sampled_from([0.0, 1.0])), spread=0.001,
        slippage=draw(st.sampled_from(list(Slippage))), leverage=draw(st.sampled_from([1.0, 2.0])),
        volume=draw(st.sampled_from([0.0, 0.1])),
    )  # fmt: skip
    bars = bars_of(list(zip(opened, high, low, close, volume, strict=True)))
    return Tape.of(bars, split=split, dividend=dividend), Whims(wishes), costs


@given(scenes())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_cash_positions_and_fees_make_the_equity_at_each_step(scene):
    tape, strategy, costs = scene
    exchange = Exchange({"ACME": tape}, Decimal(10_000), costs=costs)
    book, pit = exchange.book, exchange.pits["ACME"]
    view = View(exchange.pits, book)
    for place, now in enumerate(tape.known):
        exchange.charge(now)
        pit.play()
        pit.fresh = True
        owned = exchange.marked(now)
        paid = sum((one.fee for one in exchange.fills), Decimal(0))
        spent = sum(
            (one.price * one.quantity * (1 if one.side is Side.BUY else -1) for one in exchange.fills), Decimal(0)
        )
        cash = Decimal(10_000) - spent - paid + sum((one.amount for one in book.entries), Decimal(0))
        assert (book.cash, book.fees) == (cash, paid)
        assert book.equity == owned * book.unit == cash + sum((one.value for one in book.positions), Decimal(0))
        assert pit.last * tape.tick == Decimal(str(round(tape.closes[place] * 0.01, 2)))
        view.now = now
        for ticket in turn(strategy, view, book):
            exchange.take(ticket, given=now)


def test_units_are_as_fine_as_every_instrument_needs():
    tape = Tape.of(bars_of([(10, 10, 10, 10)] * 3), lot=Decimal("0.001"))
    book = Exchange({"ACME": tape}, Decimal(100), costs=Costs.none()).book
    assert book.unit == Decimal("0.00001")
    assert (book.step, book.holdings["ACME"].worth) == (1000, 1)
    assert SHARE.lot == 1


def test_protection_can_be_given_to_what_is_held_already(floor):
    f = floor([(100, 100, 100, 100), (100, 100, 100, 100), (100, 101, 96, 97)]).bar().order(100).bar()
    signal = Signal(symbol="ACME", size=1.0, stop=98.0)
    view = View(f.exchange.pits, f.book)
    view.now = f.now
    tickets = list(turn(Whims({1: signal}), view, f.book))
    assert (tickets[0].order, tickets[0].protection) == (None, Protection(stop=Decimal("98.0")))
    f.exchange.take(tickets[0], given=f.now)
    assert f.bar().fills[1:] == [("stop", -100, 98.0, 2)]


def test_what_is_given_after_a_bar_opened_waits_for_the_next(floor):
    f = floor([(100, 100, 100, 100), (101, 101, 101, 101), (102, 102, 102, 102)]).bar()
    order = Order(id="late", symbol="ACME", side=Side.BUY, quantity=Decimal(1))
    f.exchange.send(order, given=f.tape.at[1] + 1)
    assert f.bar(2).fills == [("", 1, 102.0, 2)]


def test_leverage_counts_what_is_held_of_all_instruments():
    rows = [(10, 10, 10, 10)] * 3
    other = replace(SHARE, symbol="OTHER")
    tapes = {"ACME": Tape.of(bars_of(rows)), "OTHER": Tape.of(bars_of(rows, instrument=other))}
    exchange = Exchange(tapes, Decimal(1000), costs=Costs.none())
    for symbol in tapes:
        order = Order(id=symbol, symbol=symbol, side=Side.SELL, quantity=Decimal(80))
        exchange.send(order, given=tapes[symbol].at[0])
        exchange.pits[symbol].play()
    assert [one.quantity for one in exchange.book.positions] == [Decimal(-80), Decimal(-20)]
    assert exchange.cut == 1
