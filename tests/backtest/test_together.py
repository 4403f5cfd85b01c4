"""Several instruments in one bar: what one may buy is told by closes that were known when the bar opened."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from ara.backtest import run
from ara.backtest.engine import play
from ara.trading import Costs, Signal, Tape
from tests.trading.conftest import SHARE, bars_of

CALM = [(10, 10, 10, 10)] * 4
LEAPS = [(10, 10, 10, 10), (10, 10, 10, 10), (10, 100, 10, 100), (100, 100, 100, 100)]
SPLITS = [(10, 10, 10, 10), (10, 10, 10, 10), (1, 1, 1, 1), (1, 1, 1, 1)]
DOUBLE = Costs.none()
DOUBLE = replace(DOUBLE, leverage=2.0)


def tape(symbol, rows, **more):
    return Tape.of(bars_of(rows, instrument=replace(SHARE, symbol=symbol)), **more)


class Turns:
    """Half of it in A at the first close, and far more than there is in B at the second."""

    def decide(self, view):
        bar = view.index("A")
        if bar > 1:
            return None
        return Signal(symbol="A", size=0.5) if bar == 0 else Signal(symbol="B", size=100.0)


def bought(first, order):
    tapes = {"A": first, "B": tape("B", CALM)}
    done = play(Turns(), {name: tapes[name] for name in order}, cash=Decimal(1000), costs=DOUBLE)
    assert done.failure is None
    return [(one.symbol, int(one.quantity)) for one in done.exchange.fills]


@pytest.mark.parametrize("order", ["AB", "BA"])
@pytest.mark.parametrize(
    "first",
    [
        tape("A", CALM),
        tape("A", LEAPS),
        tape("A", SPLITS, split=np.array([1.0, 1.0, 10.0, 1.0])),
    ],
)
def test_the_close_of_another_in_the_same_bar_buys_nothing(first, order):
    found = bought(first, order)
    assert found == [("A", 50), ("B", 150)]


def test_who_is_named_first_gets_the_cash_and_the_id_tells_rules_of_several():
    class Both:
        def decide(self, view):
            return [Signal(symbol=one, size=1.0) for one in ("A", "B")] if view.index("A") == 0 else None

    tapes = {"A": tape("A", CALM), "B": tape("B", CALM)}
    for order in ("AB", "BA"):
        found = run(Both, {name: tapes[name] for name in order}, cash=1000, costs=Costs.none(), cuts=0)
        assert [one.symbol for one in found.fills] == [order[0]]
        assert found.lineage.engine == "backtest 3"
