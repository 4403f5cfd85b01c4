"""Strategies that never come back, and bars that are odd: stopped, and said in words."""

import signal
import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from ara.backtest import run
from ara.backtest.checks import made_up
from ara.backtest.patience import Patience, waiting
from ara.errors import StrategyError
from ara.trading import Costs, Planned, Signal, Tape
from ara.trading.strategies import BuyAndHold, Pairs
from tests.trading.conftest import SHARE, bars_of

ONE = {"ONE": made_up(60)["ONE"]}


def forever():
    while True:
        try:
            while True:
                pass
        except Exception:  # noqa: BLE001 - what is tested
            pass


class Sleeper:
    """Decides once, and then never again."""

    def decide(self, view):
        if view.index() == 20:
            forever()
        return Signal(symbol="ONE", size=1.0)


class Planner(Planned):
    def plan(self, tape):
        forever()


def test_one_that_never_returns_is_stopped_and_what_was_done_is_told():
    with pytest.raises(StrategyError, match=r"the strategy Sleeper failed at 2018-01-22 .* within 0.2 s") as told:
        run(Sleeper, ONE, patience=0.2)
    assert (told.value.context["bars"], told.value.context["fills"]) == (21, 1)
    assert "Until then: 21 bars, 1 fill," in told.value.hint
    assert "--time-limit" in told.value.hint
    assert signal.getsignal(signal.SIGALRM) is signal.SIG_DFL
    with pytest.raises(StrategyError, match="Planner failed to prepare: it gave no answer"):
        run(Planner, ONE, patience=0.2)


@dataclass(frozen=True)
class Frozen:
    """Never comes back, and can't be changed."""

    size: float = 1.0

    def decide(self, view):
        forever()


class Slotted:
    """Never comes back from its second decision, and takes no other attribute."""

    __slots__ = ("size",)

    def __init__(self, size=1.0):
        self.size = size

    def prepare(self, tapes):
        self.size = len(tapes) / 2

    def decide(self, view):
        if view.index() == 1:
            forever()
        return Signal(symbol="ONE", size=self.size)


@pytest.mark.parametrize(("kind", "bars"), [(Frozen, 0), (Slotted, 1)])
def test_strategies_that_take_no_attribute_have_the_limit_too(kind, bars):
    with pytest.raises(StrategyError, match=rf"the strategy {kind.__name__} failed at .* within 0\.2 s") as told:
        run(kind, ONE, patience=0.2)
    assert (told.value.context["bars"], told.value.context["fills"]) == (bars + 1, bars)


def test_work_that_goes_on_is_not_stopped_however_long_it_takes():
    patience = Patience(1.0)
    for _ in range(5):
        patience.turns += 1
        patience.inside = True
        patience.tick()
    with pytest.raises(BaseException, match="time is up"):
        patience.tick()
    patience.inside = False
    patience.tick()


def test_where_nobody_can_be_called_back_there_is_no_limit():
    found = []

    def elsewhere():
        with waiting(5.0) as patient:
            found.append(patient)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    with waiting(0) as patient:
        found.append(patient)
    before = signal.signal(signal.SIGALRM, lambda *_: None)
    try:
        with waiting(5.0) as patient:
            found.append(patient)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert found == [None, None, None]


def test_holes_ends_and_breaks_of_the_bars_are_named():
    rows = [(10.0, 11.0, 9.0, 10.0)] * 300
    before, after = bars_of(rows[:150]), bars_of(rows[150:], begin=datetime(2020, 9, 8, tzinfo=UTC))
    gap = Tape.of(replace(before, frame=pl.concat([before.frame, after.frame])))
    said = "ACME: no bar from 2020-05-30 to 2020-09-09; what was held went through it unseen"
    assert said in run(BuyAndHold, {"ACME": gap}, cuts=0).notes
    split = Tape.of(bars_of([*rows[:200], *[(2.5, 2.6, 2.4, 2.5)] * 100]))
    said = (
        "ACME: it opened at 0.25 times the close before once, on 2020-07-20; if that was a split, these bars were not"
    )
    assert any(one.startswith(said) for one in run(BuyAndHold, {"ACME": split}, cuts=0).notes)
    other = Tape.of(bars_of(rows, instrument=replace(SHARE, symbol="OTHER")))
    notes = run(BuyAndHold, {"ACME": Tape.of(bars_of(rows[:120])), "OTHER": other}, cuts=0).notes
    assert any("ACME: its bars end on 2020-04-30; what was held was sold at the last close" in one for one in notes)
    assert not any("OTHER" in one for one in notes)
    late = Tape.of(bars_of(rows[:90], instrument=replace(SHARE, symbol="LATE"), begin=datetime(2020, 6, 1, tzinfo=UTC)))
    notes = run(BuyAndHold, {"ACME": Tape.of(bars_of(rows)), "LATE": late}, cuts=0).notes
    assert "LATE: its bars begin on 2020-06-02; before that it was not traded" in notes


def test_an_instrument_without_a_bar_in_the_range_is_named():
    rows = [(10.0, 11.0, 9.0, 10.0)] * 200
    tape, ends = Tape.of(bars_of(rows)), datetime(2020, 5, 1, tzinfo=UTC)
    late = Tape.of(bars_of(rows, instrument=replace(SHARE, symbol="LATE"), begin=datetime(2020, 6, 1, tzinfo=UTC)))
    found = run(BuyAndHold, {"ACME": tape, "LATE": late}, end=ends, cuts=0)
    assert found.symbols == ("ACME",)
    assert "LATE: no bar from 2020-01-02 to 2020-05-01; it was not traded" in found.notes
    early = Tape.of(bars_of(rows[:50], instrument=replace(SHARE, symbol="EARLY")))
    found = run(BuyAndHold, {"ACME": tape, "EARLY": early}, start=datetime(2020, 4, 1, tzinfo=UTC), cuts=0)
    assert any(one.startswith("EARLY: no bar from 2020-04-01 to 2020-07-19; it was not") for one in found.notes)
    with pytest.raises(StrategyError, match="two instruments") as failed:
        run(Pairs, {"ACME": tape, "LATE": late}, end=ends, cuts=0)
    assert failed.value.hint.endswith("No bar by the end of that range: LATE.")


def test_odd_bars_are_named():
    rows = [(10, 11, 9, 10), (10, 8, 9, 10), (10, 11, 9, 12), (10, 11, 9, 10, 0), (-1, 1, -2, 0.5), (10, 11, 9, 10)]
    found = run(BuyAndHold, {"ACME": Tape.of(bars_of(rows))}, cuts=0, costs=Costs.none())
    notes = "\n".join(found.notes)
    assert "ACME: 1 bar has a high below its low, first on 2020-01-03" in notes
    assert "ACME: 1 bar closes or opens outside its range, first on 2020-01-04" in notes
    assert "ACME: 1 bar has no volume, first on 2020-01-05; nothing was filled there" in notes
    assert "ACME: 1 bar has a price of 0 or less, first on 2020-01-06" in notes
    assert np.isfinite(found.equity)
    many = run(BuyAndHold, {"ACME": Tape.of(bars_of([(10, 11, 9, 10, 0)] * 3))}, cuts=0)
    assert any("3 bars have no volume" in note for note in many.notes)
    assert not any("bar" in note for note in run(BuyAndHold, ONE).notes)
