"""Strategies of strangers: what is wrong with them is said by name, bar and remedy, and what they did is kept."""

from decimal import Decimal

import numpy as np
import pytest

from ara.backtest import run
from ara.backtest.checks import made_up
from ara.backtest.folds import Rules
from ara.backtest.sweep import sweep
from ara.backtest.walk_forward import walk
from ara.errors import StrategyError, ValidationError
from ara.trading import Costs, Planned, Signal, Tape
from tests.trading.conftest import bars_of

ONE = {"ONE": made_up(60)["ONE"]}


def deciding(said):
    class Strange:
        def decide(self, view):
            return said(view)

    return Strange


def planning(said):
    class Strange(Planned):
        def plan(self, tape):
            return said(tape)

    return Strange


def signal(**more):
    return lambda _: Signal(**{"symbol": "ONE", "size": 1.0, **more})


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (signal(size=None), "size of the signal for ONE is None; it is a number"),
        (signal(size="1"), "size of the signal for ONE is '1', str"),
        (signal(size=True), "size of the signal for ONE is True, bool"),
        (signal(size=Decimal("0.5")), "is Decimal('0.5'), Decimal; it is a number"),
        (signal(size=np.array([1.0, 2.0])), "is array([1., 2.]), ndarray"),
        (signal(size=np.float64("nan")), "size of the signal for ONE is nan; its numbers are finite"),
        (signal(size=1e300), "size of the signal for ONE is 1e+300; it is 1,000,000 at the most"),
        (signal(size=-1.1e6), "is -1.1e+06; it is 1,000,000 at the most"),
        (signal(limit="5"), "limit of the signal for ONE is '5', str"),
        (signal(stop_share=None), "stop_share of the signal for ONE is None"),
        (signal(valid="never"), "valid of the signal for ONE is 'never'; there are gtc, day, ioc, fok"),
        (signal(symbol=None), "a signal is for NoneType, not for a symbol"),
        (signal(symbol="ZZZ"), "it wants 'ZZZ', and there are ONE"),
        (lambda _: ["buy"], "it gave list with str in it, not signals"),
        (lambda _: "buy", "it gave str, not signals"),
        (lambda _: {"ONE": 1}, "it gave dict, not signals"),
        (lambda _: (1 / 0 for _ in range(1)), "ZeroDivisionError"),
        (lambda _: (Signal(symbol="ONE", size=1.0) for _ in iter(int, 1)), "more than 10,000 signals at once"),
    ],
)
def test_what_is_no_signal_is_named_with_strategy_and_bar(said, words):
    with pytest.raises(StrategyError) as told:
        run(deciding(said), ONE)
    assert told.value.message.startswith("the strategy Strange failed at 2018-01-02 00:00 UTC: ")
    assert words in told.value.message
    assert "--help" not in told.value.hint


@pytest.mark.parametrize("made", [list, tuple, set, lambda signals: (one for one in signals)])
def test_signals_may_come_in_any_form(made):
    class One:
        def decide(self, view):
            return made([Signal(symbol="ONE", size=np.float32(0.5), valid="day")])

    found = run(One, ONE, cuts=1)
    assert (len(found.fills), found.strategy) == (1, "One")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (lambda tape: np.array(["1"] * len(tape)), "an array of <U1; there are 60 bars"),
        (lambda tape: np.array([None] * len(tape)), "an array of object"),
        (lambda tape: np.ones(3), "an array of shape (3,)"),
        (lambda tape: [1.0] * len(tape), "is list; there are 60 bars"),
        (lambda tape: np.where(np.arange(len(tape)) == 9, -np.inf, 1.0), "is -inf at 2018-01-11 00:00 UTC"),
        (
            lambda tape: np.full(len(tape), -1e300),
            "is -1e+300 at 2018-01-02 00:00 UTC; sizes are 1,000,000 at the most",
        ),
        (lambda tape: 1 / 0, "ZeroDivisionError"),
    ],
)
def test_what_is_no_plan_is_named_by_both_engines(said, words):
    with pytest.raises(StrategyError, match="the strategy Strange failed to prepare") as told:
        run(planning(said), ONE)
    assert words in told.value.message
    with pytest.raises(StrategyError, match="the strategy Strange failed to plan") as told:
        sweep(planning(said), {"stop": [0.0, 0.1]}, ONE["ONE"])
    assert words in told.value.message


def test_what_can_not_be_made_or_decides_nothing_is_named():
    class NoDecide:
        pass

    class Broken:
        def __init__(self, window=3):
            raise KeyError("window")

    with pytest.raises(StrategyError, match="the strategy NoDecide has no method decide"):
        run(NoDecide, ONE)
    with pytest.raises(StrategyError, match="the strategy Broken can't be made: KeyError: 'window'"):
        run(Broken, ONE)
    with pytest.raises(StrategyError, match="the strategy Broken can't be made with window 5: KeyError"):
        sweep(Broken, {"window": [5, 6]}, ONE["ONE"])
    with pytest.raises(ValidationError, match="made by its class or a function, not by NoDecide"):
        run(NoDecide(), ONE)


class Breaks:
    """Buys, and fails at a bar."""

    def __init__(self, bar=30):
        self.bar = bar

    def decide(self, view):
        if view.index() == self.bar:
            raise OSError("no file")
        return Signal(symbol="ONE", size=1.0)


def test_what_was_done_until_a_failure_is_given_before_it_is_raised():
    kept = []
    with pytest.raises(StrategyError, match="OSError: no file"):
        run(Breaks, ONE, partial=kept.append)
    (found,) = kept
    assert (found.frame.height, len(found.fills), found.replay) == (31, 1, None)
    assert found.equity == float(found.frame["equity"][-1])
    assert any(note.startswith("partial: the strategy Breaks failed at 2018-02-01") for note in found.notes)
    kept.clear()
    with pytest.raises(StrategyError):
        walk(Breaks, {}, ONE, rules=Rules(window=10, every=10), partial=kept.append)
    assert kept[0].frame.height == 21


class Endless(Planned):
    def __init__(self, window=3):
        super().__init__()

    def plan(self, tape):
        while True:
            pass


class Thinker:
    def __init__(self, window=3):
        self.window = window

    def decide(self, view):
        if view.index() == 9:
            while True:  # without a call: coverage's own lock would be held for ever
                pass


def test_a_sweep_and_a_walk_stop_who_never_comes_back():
    grid = {"window": [3, 4]}
    with pytest.raises(StrategyError, match=r"within 0.2 s"):
        sweep(Endless, grid, ONE["ONE"], patience=0.2)
    for kind in (Endless, Thinker):
        with pytest.raises(StrategyError, match=r"within 0.2 s"):
            walk(kind, grid, ONE, rules=Rules(window=20, every=10), patience=0.2)
    with pytest.raises(StrategyError, match=r"within 0.2 s"):
        walk(Endless, {}, ONE, rules=Rules(window=20, every=10), patience=0.2)


@pytest.mark.parametrize(
    ("said", "more", "words"),
    [
        (lambda view: None, {}, "the strategy gave no signal in 60 bars"),
        (signal(size=0.0), {}, "its one signal wanted to hold nothing"),
        (signal(size=0.001), {}, "0.001 of 10,000.00 buys less than one lot of 1 ONE"),
        (signal(), {"cash": 20}, "1 of 20.00 buys less than one lot of 1 ONE"),
        (signal(limit=0.01), {}, "no later bar of ONE reached the price that it asked for"),
        (signal(), {"costs": Costs(volume=1e-9)}, "0% of each bar's volume of ONE is less than one lot"),
        (signal(size=0.2), {"costs": Costs(least=1e6)}, "the order for ONE could not be afforded"),
        (lambda view: signal()(view) if view.index() == 59 else None, {}, "came at the last bar"),
    ],
)  # fmt: skip
def test_a_back_test_without_a_trade_says_why(said, more, words):
    found = run(deciding(said), ONE, cuts=0, **more)
    assert not found.fills
    assert found.notes[0].startswith("nothing was traded")
    assert words in found.notes[0]


def test_no_volume_is_a_reason_and_a_trade_needs_none():
    still = Tape.of(bars_of([(10, 11, 9, 10, 0)] * 5))
    held = deciding(lambda view: Signal(symbol="ACME", size=1.0))
    assert "no later bar of ACME has any volume" in run(held, {"ACME": still}, cuts=0).notes[0]
    assert not any("nothing was traded" in note for note in run(deciding(signal()), ONE, cuts=0).notes)
