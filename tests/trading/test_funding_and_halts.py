"""Funding of perpetual coins, and bars in which nobody traded."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ara.backtest import run
from ara.backtest.engine import play
from ara.backtest.folds import Rules
from ara.backtest.sweep import sweep, traded
from ara.backtest.walk_forward import walk
from ara.errors import ValidationError
from ara.market.instrument import AssetClass
from ara.trading import Costs, Exchange, Flow, Planned, Side, Signal, Tape, View, turn
from ara.trading.funding import dues, facts, funded
from ara.trading.strategies import Momentum
from tests.trading.conftest import SHARE, bars_of

COIN = replace(
    SHARE, symbol="COIN", asset_class=AssetClass.CRYPTO, venue="crypto", tick=Decimal("0.01"), lot=Decimal("0.001")
)
HOUR = 3_600_000_000
FLAT = [(100, 100, 100, 100)] * 4


class Hold(Planned):
    def __init__(self, size=1.0, **more):
        super().__init__(**more)
        self.size = size

    def plan(self, tape):
        return np.full(len(tape), self.size)


def coin(rows, **more):
    return Tape.of(bars_of(rows, instrument=COIN), **more)


def paid(tape, size=1.0, *, costs=None, **more):
    found = play(Hold(size, **more), {"COIN": tape}, cash=Decimal(10_000), costs=costs or Costs.none())
    assert found.failure is None
    return [(one.flow, float(one.amount)) for one in found.exchange.book.entries], found


@pytest.mark.parametrize(("size", "rate", "amount"), [(1, 0.001, -30), (-1, 0.001, 30), (1, -0.001, 30), (0, 0.1, 0)])
def test_who_is_long_pays_three_times_a_day(size, rate, amount):
    entries, found = paid(coin(FLAT), size, costs=replace(Costs.none(), funding=rate))
    assert entries == [(Flow.FUNDING, amount)] * (3 if amount else 0)
    assert found.equity[-1] * found.exchange.book.unit == 10_000 + 3 * amount
    assert paid(coin(FLAT), size)[0] == []


def test_only_coins_pay_a_stated_rate():
    assert not funded(Tape.of(bars_of(FLAT)), Costs(funding=0.001))
    assert dues(Tape.of(bars_of(FLAT)), Costs(funding=0.001)) is None
    assert funded(coin(FLAT), Costs(funding=-0.001))
    assert not funded(coin(FLAT), Costs())


def test_what_is_known_takes_the_place_of_what_is_stated():
    begin = coin(FLAT).at[0]
    told = facts([begin + 30 * HOUR, begin + 50 * HOUR, begin + 96 * HOUR], [0.001, -0.002, 0.003])
    tape = coin(FLAT, funding=told)
    assert paid(tape, costs=replace(Costs.none(), funding=0.5))[0] == [
        (Flow.FUNDING, -10), (Flow.FUNDING, 20), (Flow.FUNDING, -30)
    ]  # fmt: skip
    assert tape.digest() != coin(FLAT).digest()
    short = tape.until(tape.known[1])
    assert short.funding[1].tolist() == [0.001]
    assert paid(short, costs=replace(Costs.none(), funding=0.5))[0] == [(Flow.FUNDING, -10)]
    assert tape.until(0).funding[1].tolist() == []


def test_what_falls_due_between_bars_is_paid_by_who_held_then():
    rows = bars_of([*FLAT, *FLAT], instrument=COIN)
    gap = replace(rows, frame=rows.frame.filter(~pl.col("at").dt.day().is_in([3, 4])))
    entries, _ = paid(Tape.of(gap), costs=replace(Costs.none(), funding=0.001))
    assert [amount for _, amount in entries[:4]] == [-30, -60, -30, -30]


def test_of_a_bar_in_which_a_position_was_closed_the_worse_counts():
    rows = [*FLAT[:2], (100, 100, 80, 100), (100, 100, 100, 100)]
    for rate, amounts in ((0.001, [-30, -30]), (-0.001, [30])):
        entries, found = paid(coin(rows), costs=replace(Costs.none(), funding=rate), stop=0.1)
        assert [one.why for one in found.exchange.fills] == ["", "stop"]
        assert [amount for _, amount in entries] == amounts


@pytest.mark.parametrize(
    ("at", "rate", "words"),
    [([1, 1], [0, 0], "ascend"), ([1, 2], [0], "ascend"), ([1], [2], "rate of funding is 2"), ([1], [np.nan], "nan")],
)
def test_what_is_no_funding_is_refused(at, rate, words):
    with pytest.raises(ValidationError, match=words):
        facts(at, rate)
    with pytest.raises(ValidationError, match="funding is -2"):
        Costs(funding=-2)


def ways(seed, count=60):
    random = np.random.default_rng(seed)
    close = np.round(50 * np.exp(np.cumsum(random.normal(0, 0.05, count))), 2)
    high, low = np.round(close * 1.03, 2), np.round(close * 0.97, 2)
    opened = np.round(close * np.exp(random.normal(0, 0.02, count)), 2)
    return list(zip(opened, np.maximum(high, opened), np.minimum(low, opened), close, strict=True)), random


@given(st.integers(0, 2**32 - 1), st.sampled_from([-0.003, 0.0, 0.0001, 0.01]), st.sampled_from([1.0, 2.0]))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_books_with_funding_and_halts_balance_at_each_step(seed, rate, leverage):
    rows, random = ways(seed)
    tape = coin(rows, halted=random.random(len(rows)) < 0.2)
    costs = Costs(funding=rate, leverage=leverage, volume=0)
    exchange = Exchange({"COIN": tape}, Decimal(10_000), costs=costs)
    book, pit, known = exchange.book, exchange.pits["COIN"], dues(tape, costs)
    wants = Hold(float(random.choice([-1.0, 0.5, 1.5])), stop=0.05)
    wants.prepare({"COIN": tape})
    view = View(exchange.pits, book)
    for place, now in enumerate(tape.known):
        filled, before, told = len(exchange.fills), pit.held, len(book.entries)
        exchange.charge(now)
        pit.play()
        pit.fresh = True
        exchange.marked(now)
        signed = [one.price * one.quantity * (1 if one.side is Side.BUY else -1) for one in exchange.fills]
        fees = sum((one.fee for one in exchange.fills), Decimal(0))
        flows = sum((one.amount for one in book.entries), Decimal(0))
        assert book.cash == 10_000 - sum(signed, Decimal(0)) - fees + flows
        assert book.equity == book.cash + pit.held * tape.lot * pit.last * tape.tick
        if tape.volume[place] == 0:
            assert len(exchange.fills) == filled
        due = [-one.amount for one in book.entries[told:] if one.flow is Flow.FUNDING]
        if known is not None and before == pit.held and len(exchange.fills) == filled:
            exact = float(before * tape.lot * tape.closes[place] * tape.tick) * known[1][place]
            assert float(sum(due, Decimal(0))) == pytest.approx(exact, abs=0.0101)
        view.now = now
        for signal in wants.decide(view) or []:
            for ticket in turn(_Says(signal), view, book):
                exchange.take(ticket, given=now)


class _Says:
    def __init__(self, signal):
        self.signal = signal

    def decide(self, view):
        return self.signal


def test_the_sweep_refuses_what_it_does_not_know_and_a_walk_goes_by_the_engine():
    rows, _ = ways(3)
    tape, costs = coin(rows), Costs(funding=0.001)
    with pytest.raises(ValidationError, match="knows nothing of funding, and COIN has some"):
        sweep(Momentum, {"window": [5]}, tape, costs=costs)
    with pytest.raises(ValidationError, match="knows nothing of funding"):
        traded(Hold(), tape, costs=costs, machine=False)
    rules = Rules(window=20, every=10)
    found = walk(Momentum, {"window": [2, 5]}, {"COIN": tape}, rules=rules, costs=costs)
    assert any(one.flow is Flow.FUNDING for one in found.result.entries)


def test_funding_is_in_the_costs_and_in_the_lineage():
    tape = coin(ways(5)[0])
    free, charged = (run(Hold, {"COIN": tape}, costs=Costs(funding=rate), cuts=0) for rate in (0.0, 0.001))
    assert free.lineage.id != charged.lineage.id
    assert "funding" not in free.lineage.settings["costs"]
    assert charged.as_dict()["costs"]["funding"] == 0.001
    assert charged.equity < free.equity
    assert charged.beside.decisions["cost"] < free.beside.decisions["cost"] - 0.1


def still(rows, *, instrument=SHARE, **more):
    return Tape.of(bars_of(rows, instrument=instrument), **more)


def test_orders_wait_for_the_end_of_a_halt():
    rows = [(100, 100, 100, 100), (90, 90, 90, 90), (95, 96, 94, 95), (97, 97, 97, 97)]
    tape = still(rows, halted=np.array([False, True, False, False]))

    class Once:
        def __init__(self, **more):
            self.more = more

        def decide(self, view):
            seen.append(view.halted())
            return Signal(symbol="ACME", size=1.0, **self.more)

    for more in ({}, {"valid": "ioc"}, {"valid": "day"}, {"limit": 95.0}):
        seen = []
        fills = play(Once(**more), {"ACME": tape}, cash=Decimal(1000), costs=Costs.none()).exchange.fills
        assert [(one.at, float(one.price)) for one in fills] == [(datetime(2020, 1, 3, tzinfo=UTC), 95.0)]
        assert seen == [False, True, False, False]


def test_a_stop_is_not_filled_in_a_halt_but_after_it():
    rows = [*FLAT[:2], (70, 70, 70, 70), (60, 60, 60, 60)]
    tape = still(rows, halted=np.arange(4) == 2)
    found = play(Hold(stop=0.1), {"ACME": tape}, cash=Decimal(1000), costs=Costs.none())
    assert [(one.why, float(one.price)) for one in found.exchange.fills] == [("", 100.0), ("stop", 60.0)]
    assert found.equity[2] * found.exchange.book.unit == 700


def test_nobody_is_filled_at_what_was_imputed_nor_where_a_halt_is_said():
    bars = bars_of(FLAT, instrument=replace(SHARE, asset_class=AssetClass.FOREX), volume=0.0)
    assert Tape.of(bars).volume == [-1] * 4
    made = replace(bars, frame=bars.frame.with_columns(imputed=pl.Series([False, True, False, False])))
    assert Tape.of(made, halted=np.array([True, False, False, False])).volume == [0, 0, -1, -1]
    with pytest.raises(ValidationError, match=r"halted is of shape \(2,\); there are 4 bars"):
        Tape.of(bars, halted=np.array([True, False]))


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None, derandomize=True)
def test_the_sweep_trades_around_halts_as_the_event_engine(seed):
    rows, random = ways(seed)
    tape = still(rows, halted=random.random(len(rows)) < 0.3)
    size = float(random.choice([-0.5, 0.7, 1.0]))
    found = play(Hold(size, stop=0.04, trail=0.06), {"ACME": tape}, cash=Decimal(10_000), costs=Costs())
    fills, equity = traded(Hold(size, stop=0.04, trail=0.06), tape, costs=Costs(), machine=False)
    assert equity.tolist() == found.equity
    at = [datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=bar) for bar, *_ in fills]
    assert at == [one.at for one in found.exchange.fills]
    assert all(tape.volume[bar] != 0 for bar, *_ in fills)
