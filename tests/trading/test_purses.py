"""Several currencies in one book: every purse balances, and so does the whole, at rates that were known then."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ara.backtest import run
from ara.backtest.sweep import sweep
from ara.data.currency import Rates
from ara.errors import BacktestError, ValidationError
from ara.evidence.sham import on_placebos
from ara.market.instrument import AssetClass
from ara.trading import Costs, Exchange, Flow, Planned, Side, Signal, Tape, View, rated
from ara.trading.strategies import BuyAndHold
from ara.trading.turn import turn
from tests.trading.conftest import SHARE, bars_of

KINDS = {
    "HOME": ("USD", AssetClass.STOCK), "TOYO": ("JPY", AssetClass.STOCK), "SWISS": ("CHF", AssetClass.STOCK),
    "EURJPY": ("JPY", AssetClass.FOREX),
}  # fmt: skip


def instrument(symbol):
    currency, kind = KINDS[symbol]
    return replace(SHARE, symbol=symbol, currency=currency, asset_class=kind)


def pair(symbol, closes, begin=datetime(2019, 12, 31, tzinfo=UTC)):
    """Daily closes of a pair, the first of them known as the first bar opens."""
    made = replace(SHARE, symbol=symbol, asset_class=AssetClass.FOREX, currency=symbol[3:], tick=Decimal("0.00001"))
    return bars_of([(one, one, one, one) for one in closes], instrument=made, begin=begin)


def flat(symbol, closes, **more):
    rows = [(one, one, one, one) for one in closes]
    return Tape.of(bars_of(rows, instrument=instrument(symbol)), **more)


class Whims:
    def __init__(self, wishes):
        self.wishes = wishes

    def decide(self, view):
        return self.wishes.get(len(view.history(10**6)) - 1)


@st.composite
def scenes(draw):
    count, random = draw(st.integers(4, 16)), np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    tapes = {}
    for symbol in KINDS:
        close = np.round(80 * np.exp(np.cumsum(random.normal(0, 0.06, count))), 2)
        opened = np.round(close * np.exp(random.normal(0, 0.02, count)), 2)
        rows = list(zip(opened, np.maximum(opened, close) + 1, np.minimum(opened, close) - 1, close, strict=True))
        paid = np.where(random.random(count) < 0.2, 0.37, 0.0) if symbol != "EURJPY" else None
        split = np.where(random.random(count) < 0.1, 2.0, 1.0) if symbol == "TOYO" else None
        tapes[symbol] = Tape.of(bars_of(rows, instrument=instrument(symbol)), dividend=paid, split=split)
    yen, franc = (np.exp(np.cumsum(random.normal(0, 0.03, count + 1))) for _ in range(2))
    rates = Rates.of_bars([pair("USDJPY", np.round(110 * yen, 3)), pair("CHFUSD", np.round(1.1 * franc, 5))])
    wishes = {
        place: [Signal(symbol=one, size=float(random.choice([-0.6, 0, 0.3, 0.9])), stop_share=0.05)
                for one in KINDS if random.random() < 0.5]
        for place in range(count)
    }  # fmt: skip
    costs = Costs(
        commission=draw(st.sampled_from([0.0, 0.001])), conversion=draw(st.sampled_from([0.0, 0.003])),
        leverage=draw(st.sampled_from([1.0, 3.0])), least=draw(st.sampled_from([0.0, 2.0])),
    )  # fmt: skip
    return rated(tapes, "USD", rates), rates, wishes, costs


def value(rates, code, now):
    return 1.0 if code == "USD" else rates.rate(code, "USD", as_of=datetime(1970, 1, 1, tzinfo=UTC) + now)


def purse_of(exchange, code):
    """What fills, entries and changes of money put into a purse, from nothing but what was written down."""
    book, money = exchange.book, Decimal(100_000) if code == "USD" else Decimal(0)
    for one in exchange.fills:
        if KINDS[one.symbol][0] == code:
            money -= one.price * one.quantity * (1 if one.side is Side.BUY else -1) + one.fee
    for entry in book.entries:
        if entry.flow is not Flow.CONVERSION and (entry.currency or "USD") == code:
            money += entry.amount
    for one in book.exchanged:
        money += one.amount if one.currency == code else -one.paid if code == "USD" else 0
    return money


@given(scenes())
@settings(max_examples=25, deadline=None, derandomize=True)
def test_every_purse_and_the_whole_balance_at_each_step(scene):
    tapes, rates, wishes, costs = scene
    exchange = Exchange(tapes, Decimal(100_000), costs=costs)
    book = exchange.book
    view = View(exchange.pits, book)
    strategy, before, brought = Whims(wishes), None, 0.0
    for now in tapes["HOME"].known:
        exchange.charge(now)
        for pit in exchange.pits.values():
            pit.play()
            pit.fresh = True
        owned = exchange.marked(now) * book.unit
        assert purse_of(exchange, "USD") == book.money * book.unit
        whole = float(book.money * book.unit)
        for code, purse in book.purses.items():
            assert purse_of(exchange, code) == purse.money * purse.unit
            worth = value(rates, code, timedelta(microseconds=now))
            held = sum((one.value for one in book.positions if KINDS[one.symbol][0] == code), Decimal(0))
            whole += float(purse.money * purse.unit + held) * worth
        whole += sum(float(one.value) for one in book.positions if KINDS[one.symbol][0] == "USD")
        assert float(owned) == pytest.approx(whole, abs=0.05)
        assert not any(
            purse.money for code, purse in book.purses.items() if not (code == "JPY" and exchange.pits["EURJPY"].held)
        )  # what is paid for at once leaves nothing behind
        before, brought = float(owned), float(book.currencies_brought)
        view.now = now
        for ticket in turn(strategy, view, book):
            exchange.take(ticket, given=now)
    assert math.isfinite(before)
    assert math.isfinite(brought)


def test_a_share_abroad_is_paid_at_the_rate_known_at_the_open_and_moves_with_it():
    yen = rated(
        {"TOYO": flat("TOYO", [1000.0] * 4)}, "USD", Rates.of_bars([pair("USDJPY", [100.0, 100, 125, 125, 80])])
    )
    found = run(BuyAndHold, yen, cash=10_000, costs=Costs.none(), cuts=0)
    (fill,) = found.fills
    assert (fill.quantity, float(fill.rate)) == (1000, 0.01)  # decided at 100 yen for a dollar, and opened at it
    assert found.frame["equity"].to_list() == pytest.approx([10_000, 8_000, 8_000, 12_500])
    assert found.brought == {"JPY": pytest.approx(2_500)}
    assert found.currency == "USD"
    assert found.beside.decisions["total"] == pytest.approx(-0.2 + 0.5625)
    assert found.beside.decisions["cost"] == pytest.approx(0)


def test_what_a_currency_pair_gained_is_changed_when_it_is_closed():
    class Once(Planned):
        def plan(self, tape):
            return np.array([1.0, 1.0, 0.0, 0.0, 0.0])

    tapes = rated(
        {"EURJPY": flat("EURJPY", [120.0, 120, 132, 132, 132])}, "USD",
        Rates.of_bars([pair("USDJPY", [100.0, 100, 100, 110, 110, 110])]),
    )  # fmt: skip
    found = run(Once, tapes, cash=12_000, costs=Costs.none(), cuts=0)
    assert [float(one.quantity) for one in found.fills] == [10_000, 10_000]
    gained = 10_000 * 12 / 110  # 120,000 yen, at the rate of the day on which it was closed
    assert found.equity == pytest.approx(12_000 + gained, abs=0.02)
    assert found.trades.count == 1
    assert found.frame["equity"].to_list()[1] == 12_000  # bought, owed in yen: the dollar's rate alone moves nothing


def test_changing_money_costs_and_is_written_down():
    tapes = rated({"TOYO": flat("TOYO", [1000.0] * 3)}, "USD", Rates.of_bars([pair("USDJPY", [100.0] * 4)]))
    found = run(BuyAndHold, tapes, cash=10_000, costs=replace(Costs.none(), conversion=0.01), cuts=0)
    costs = [one for one in found.entries if one.flow is Flow.CONVERSION]
    assert [float(one.amount) for one in costs] == [pytest.approx(-100.0, abs=0.011)]
    assert found.equity == pytest.approx(9_900, abs=0.02)
    assert run(BuyAndHold, tapes, cash=10_000, costs=Costs.none(), cuts=0).lineage.id != found.lineage.id


def test_what_is_missing_is_named():
    tapes = {"TOYO": flat("TOYO", [1000.0] * 6), "HOME": flat("HOME", [10.0] * 6)}
    with pytest.raises(ValidationError, match="trade in JPY and USD; a book is kept in one currency"):
        run(BuyAndHold, tapes)
    with pytest.raises(BacktestError, match="no rates from JPY to USD") as told:
        rated(tapes, "USD", Rates.of_bars([pair("EURUSD", [1.1] * 3)]))
    assert "JPYUSD or USDJPY" in told.value.hint
    late = rated(tapes, "USD", Rates.of_bars([pair("USDJPY", [100.0] * 3, begin=datetime(2020, 1, 3, tzinfo=UTC))]))
    with pytest.raises(BacktestError, match="no rate of JPYUSD was known on 2020-01-02"):
        run(BuyAndHold, late)
    found = run(BuyAndHold, late, start=datetime(2020, 1, 4, tzinfo=UTC))
    assert len(found.fills) == 2
    with pytest.raises(BacktestError, match="no rate of JPYUSD or USDJPY was known at any"):
        rated(tapes, "USD", Rates.of_bars([pair("USDJPY", [100.0], begin=datetime(2021, 1, 1, tzinfo=UTC))]))


def test_rates_are_cut_with_the_bars_and_the_sweep_says_what_it_can_not():
    tape = rated({"TOYO": flat("TOYO", [1000.0] * 6)}, "USD", Rates.of_bars([pair("USDJPY", [100.0] * 7)]))["TOYO"]
    cut = tape.until(tape.known[2])
    assert cut.rated.known[-1] == tape.known[2]
    assert cut.digest() != replace(cut, rated=None).digest()
    with pytest.raises(ValidationError, match="TOYO trades in JPY, not in USD"):
        sweep(BuyAndHold, {"stop": [0.0, 0.1]}, tape)


def test_placebo_markets_keep_the_rates():
    random = np.random.default_rng(3)
    closes = np.round(1000 * np.exp(np.cumsum(random.normal(0, 0.01, 300))), 2)
    moved = Rates.of_bars([pair("USDJPY", np.round(100 * np.exp(np.cumsum(random.normal(0, 0.005, 301))), 3))])
    tapes = rated({"TOYO": flat("TOYO", closes.tolist())}, "USD", moved)
    found = on_placebos(BuyAndHold, tapes, markets=2)
    assert found.markets == 2
    assert found.median is not None
