"""When an order is filled, and at which price: the rules of the simulated exchange, one by one."""

from decimal import Decimal

import numpy as np
import pytest

from ara.errors import ValidationError
from ara.trading import Costs, Order, Protection, Side, Slippage, Valid
from ara.trading.arithmetic import fee, reached, wanted

FLAT = (100, 100, 100, 100)
WIDE = (100, 110, 90, 100)


@pytest.mark.parametrize(
    ("kind", "side", "limit", "stop", "when", "price"),
    [
        (0, 1, 0, 0, 1, 100), (0, -1, 0, 0, 1, 100),
        (1, 1, 101, 0, 1, 100), (1, 1, 100, 0, 1, 100), (1, 1, 95, 0, 2, 95), (1, 1, 90, 0, 2, 90), (1, 1, 89, 0, 0, 0),
        (1, -1, 99, 0, 1, 100), (1, -1, 105, 0, 2, 105), (1, -1, 111, 0, 0, 0),
        (2, 1, 0, 99, 1, 100), (2, 1, 0, 105, 2, 105), (2, 1, 0, 111, 0, 0),
        (2, -1, 0, 101, 1, 100), (2, -1, 0, 95, 2, 95), (2, -1, 0, 89, 0, 0),
        (3, 1, 106, 105, 2, 105), (3, 1, 104, 105, 0, 0), (3, 1, 95, 99, 2, 95), (3, 1, 101, 99, 1, 100),
        (3, -1, 94, 95, 2, 95), (3, -1, 96, 95, 0, 0),
    ],
)  # fmt: skip
def test_a_bar_reaches_an_order(kind, side, limit, stop, when, price):
    assert reached(kind, side, limit, stop, 100, 110, 90) == (when, price)


def test_an_order_waits_for_the_next_open(floor):
    f = floor([FLAT, (102, 103, 101, 103), FLAT]).bar().order(10)
    assert f.fills == []
    assert f.bar().fills == [("", 10, 102.0, 1)]
    assert (f.book.cash, f.book.equity) == (Decimal(10_000) - 1020, Decimal(10_000) + 10)


def test_a_stop_comes_before_a_target_in_one_bar(floor):
    f = floor([FLAT, FLAT, WIDE]).bar().order(10, protection=Protection(stop=Decimal(95), target=Decimal(105))).bar(2)
    assert f.fills[1:] == [("stop", -10, 95.0, 2)]
    assert f.pit.guard is None


@pytest.mark.parametrize(
    ("rows", "fills"),
    [
        ([FLAT, FLAT, (92, 96, 90, 95)], [("stop", -10, 92.0, 2)]),
        ([FLAT, FLAT, (108, 109, 90, 100)], [("target", -10, 108.0, 2)]),
        ([FLAT, FLAT, (100, 106, 96, 100)], [("target", -10, 105.0, 2)]),
        ([FLAT, (100, 104, 94, 100), FLAT], [("stop", -10, 95.0, 1)]),
        ([FLAT, (100, 105, 96, 100), FLAT], [("target", -10, 105.0, 1)]),
    ],
)
def test_gaps_fill_at_the_open_and_brackets_live_from_the_entry(floor, rows, fills):
    f = floor(rows).bar().order(10, protection=Protection(stop=Decimal(95), target=Decimal(105))).bar(2)
    assert f.fills[1:] == fills


def test_what_is_entered_within_a_bar_may_be_stopped_in_it_but_not_reach_its_target(floor):
    bracket = Protection(stop=Decimal(91), target=Decimal(105))
    f = floor([FLAT, (100, 110, 92, 100), (100, 106, 99, 100)]).bar()
    f.order(10, kind="limit", limit=95, protection=bracket).bar()
    assert f.fills == [("", 10, 95.0, 1)]
    assert f.bar().fills[1:] == [("target", -10, 105.0, 2)]
    f = floor([FLAT, WIDE]).bar().order(10, kind="limit", limit=95, protection=bracket).bar()
    assert f.fills == [("", 10, 95.0, 1), ("stop", -10, 91.0, 1)]


def test_shorts_are_protected_the_other_way(floor):
    bracket = Protection(stop_share=0.05, target_share=0.1)
    assert floor([FLAT, FLAT, WIDE]).bar().order(-10, protection=bracket).bar(2).fills[1:] == [("stop", 10, 105.0, 2)]
    low = (100, 101, 90, 95)
    assert floor([FLAT, FLAT, low]).bar().order(-10, protection=bracket).bar(2).fills[1:] == [("target", 10, 90.0, 2)]


def test_a_trailing_stop_follows_finished_bars_alone(floor):
    rows = [FLAT, (100, 120, 99, 119), (119, 121, 110, 111), (111, 112, 100, 101)]
    f = floor(rows).bar().order(10, protection=Protection(trail=0.1)).bar(3)
    assert f.fills[1:] == [("stop", -10, 108.9, 3)]
    f = floor(rows).bar().order(10).bar().order(-10, kind="trailing", trail=0.1).bar(2)
    assert f.fills[1:] == [("", -10, 108.9, 3)]


def test_a_stop_limit_waits_as_a_limit_once_its_stop_was_reached(floor):
    f = floor([FLAT, (100, 106, 99, 105), (104, 105, 101, 102)]).bar()
    f.order(10, kind="stop_limit", stop=105, limit=103).bar()
    assert f.fills == []
    assert f.bar().fills == [("", 10, 103.0, 2)]


def test_volume_fills_in_parts_and_a_halt_nothing(floor):
    rows = [FLAT, (100, 100, 100, 100, 30), (100, 100, 100, 100, 0), (101, 101, 101, 101, 1000)]
    f = floor(rows, costs=Costs(commission=0, spread=0, impact=0, volume=0.1)).bar().order(10).bar(3)
    assert f.fills == [("", 3, 100.0, 1), ("", 7, 101.0, 3)]


def test_a_stop_that_volume_holds_up_goes_on_at_the_next_opens(floor):
    rows = [FLAT, FLAT, (94, 94, 94, 94, 40), (97, 111, 96, 98, 1000)]
    f = floor(rows, costs=Costs(commission=0, spread=0, impact=0, volume=0.1)).bar()
    f.order(10, protection=Protection(stop=Decimal(95), target=Decimal(110))).bar(3)
    assert f.fills[1:] == [("stop", -4, 94.0, 2), ("stop", -6, 97.0, 3)]


@pytest.mark.parametrize(
    ("valid", "fills"),
    [
        (Valid.GTC, [3, 7]), (Valid.IOC, [3]), (Valid.FOK, []), (Valid.DAY, [3]),
    ],
)  # fmt: skip
def test_time_in_force(floor, valid, fills):
    rows = [FLAT, (100, 100, 100, 100, 30), (100, 100, 100, 100, 1000)]
    f = floor(rows, costs=Costs(commission=0, spread=0, impact=0, volume=0.1)).bar().order(10, valid=valid).bar(2)
    assert [quantity for _, quantity, *_ in f.fills] == fills


def test_costs_are_paid_and_slippage_goes_against_the_trader(floor):
    costs = Costs(commission=0.001, least=2, spread=0.002, impact=0.001, volume=0)
    f = floor([FLAT, FLAT, FLAT], costs=costs).bar().order(10).bar().order(-10).bar()
    assert f.fills == [("", 10, 100.2, 1), ("", -10, 99.8, 2)]
    assert [one.fee for one in f.exchange.fills] == [Decimal(2), Decimal(2)]
    assert f.book.equity == Decimal(10_000) - 8
    limited = floor([FLAT, FLAT], costs=costs).bar().order(10, kind="limit", limit=100).bar()
    assert limited.fills == [("", 10, 100.0, 1)]


def test_slippage_grows_with_volatility_and_size(floor):
    rows = [(100 + day % 2,) * 4 for day in range(30)]
    paid = {}
    for rule in Slippage:
        for size in (1, 50):
            costs = Costs(commission=0, spread=0, slippage=rule, impact=1, volume=0, leverage=100)
            f = floor([(*row, 1000) for row in rows], costs=costs).bar(25).order(size)
            paid[rule, size] = f.bar().fills[0][2] - rows[25][0] if rule is not Slippage.FIXED else 0
    assert paid[Slippage.VOLATILITY, 1] == paid[Slippage.VOLATILITY, 50] == pytest.approx(101 * np.log(1.01), abs=0.02)
    assert 0 < paid[Slippage.SQUARE_ROOT, 1] < paid[Slippage.SQUARE_ROOT, 50] < paid[Slippage.VOLATILITY, 1]


def test_nobody_buys_more_than_he_can_pay(floor):
    f = floor([FLAT, (125, 125, 125, 125)], costs=Costs(commission=0.001, spread=0, impact=0, volume=0))
    f.bar().order(100).bar()
    assert f.fills == [("", 79, 125.0, 1)]
    assert f.book.cash >= 0
    assert f.exchange.cut == 1


def test_leverage_shorts_and_a_margin_call(floor):
    costs = Costs(commission=0, spread=0, impact=0, borrow=0, volume=0, leverage=2, financing=0.365)
    f = floor([FLAT, FLAT, FLAT, (55, 55, 55, 55), (54, 54, 54, 54)], costs=costs).bar().order(200).bar()
    assert (f.fills[0][1], f.book.cash) == (200, Decimal(-10_000))
    assert f.bar().book.cash == Decimal(-10_010)
    f.bar()
    assert len(f.exchange.calls) == 1
    assert f.bar().fills[1:] == [("margin call", -200, 54.0, 4)]
    short = floor([FLAT, FLAT, (170,) * 4, (171,) * 4], costs=Costs(commission=0, spread=0, impact=0, borrow=0.365))
    assert short.bar().order(-100).bar(3).fills[1:] == [("margin call", 100, 171.0, 3)]
    assert short.book.entries[0].amount == Decimal(-10)


def test_splits_and_dividends_reach_the_book_and_what_is_open(floor):
    split, dividend = np.array([1, 1, 2, 1.5, 1]), np.array([0, 0, 0, 0, 0.5])
    rows = [FLAT, FLAT, (50, 50, 50, 50), (33, 33.5, 33, 33.3), (30, 33, 30, 31)]
    f = floor(rows, split=split, dividend=dividend).bar().order(11, protection=Protection(stop=Decimal(93)))
    f.bar(3)
    assert (f.pit.held, f.book.entries) == (33, [])
    f.bar()
    assert f.fills[1:] == [("stop", -33, 30.0, 4)]
    assert f.book.entries[-1].amount == Decimal("16.50")
    odd = floor([FLAT, FLAT, (67, 67, 67, 67)], split=np.array([1, 1, 1.5])).bar().order(3).bar(2)
    assert (odd.pit.held, odd.book.entries[0].amount) == (4, Decimal("33.50"))


def test_orders_that_make_no_sense_are_refused():
    for wrong in ({"quantity": Decimal(0)}, {"limit": Decimal(1)}, {"kind": "stop"}, {"quantity": Decimal("NaN")}):
        with pytest.raises((ValidationError, ValueError)):
            Order(**{"id": "x", "symbol": "ACME", "side": Side.BUY, "quantity": Decimal(1), **wrong})
    with pytest.raises(ValidationError, match="leverage"):
        Costs(leverage=0)
    with pytest.raises(ValidationError, match="slippage"):
        Costs(slippage="none")
    with pytest.raises(ValidationError, match="commission"):
        Costs(commission=float("nan"))


def test_sending_twice_is_sending_once(floor):
    f = floor([FLAT, FLAT]).bar().order(10)
    f.count -= 1
    assert f.order(10).bar().fills == [("", 10, 100.0, 1)]


def test_fees_round_up_and_nothing_is_bought_for_nothing():
    assert fee(10, 10_000, 1, 0.0005, 0.0, 0.0, 1) == 50
    assert fee(1, 101, 1, 0.0005, 0.0, 0.0, 1) == 1
    assert fee(1, 101, 1, 0.0005, 0.0, 0.0, 100) == 100
    assert fee(0, 101, 1, 0.0005, 0.0, 9.0, 1) == 0
    assert wanted(10_000, 1.0, 0, 1) == wanted(-5, 1.0, 10, 1) == 0
    assert wanted(10_000, -0.5, 30, 1) == -166
