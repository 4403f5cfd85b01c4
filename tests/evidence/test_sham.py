"""Placebo markets under a strategy: same returns in another order, and who works there is named."""

import numpy as np
import pytest

from ara.backtest.checks import made_up
from ara.errors import CancelledError, StrategyError, ValidationError
from ara.evidence.sham import on_placebos, placebo_tapes
from ara.trading import Costs, Planned
from ara.trading.strategies import BuyAndHold, MeanReversion, Momentum

TAPES = made_up(260)
ONE = {"ONE": TAPES["ONE"]}


class Knows(Planned):
    """Sees tomorrow."""

    def plan(self, tape):
        return np.append((np.diff(tape.close) > 0).astype(float), 0.0)


@pytest.mark.parametrize("number", [0, 1])
def test_a_placebo_has_the_same_days_and_the_same_mean(number):
    made = placebo_tapes(TAPES, number)
    for symbol, tape in made.items():
        real = TAPES[symbol]
        assert (tape.at, tape.known, tape.lot) == (real.at, real.known, real.lot)
        assert tape.closes != real.closes
        assert (np.array(tape.highs) >= np.array(tape.closes)).all()
        if number == 0:
            assert np.sort(tape.returns()) == pytest.approx(np.sort(real.returns()), abs=1e-3)
    assert placebo_tapes(TAPES, number)["ONE"].closes == made["ONE"].closes
    assert placebo_tapes(TAPES, number, seed=9)["ONE"].closes != made["ONE"].closes


def test_who_works_where_nothing_can_is_flagged():
    told = on_placebos(Knows, ONE, markets=6, costs=Costs.none())
    assert told.worked == 6
    assert told.flagged
    assert told.p > 0.1
    assert told.as_dict()["markets"] == 6


def test_who_knows_nothing_is_not():
    told = on_placebos(lambda: Momentum(10), ONE, markets=8)
    assert not told.flagged
    assert told.low <= told.median <= told.high
    assert 0 < told.p <= 1
    assert not on_placebos(lambda: MeanReversion(10), TAPES, markets=2).flagged
    assert on_placebos(lambda: Momentum(500), ONE, markets=2).p is None


def test_it_is_bounded_and_told():
    with pytest.raises(ValidationError, match="2 to 10,000"):
        on_placebos(BuyAndHold, ONE, markets=1)
    with pytest.raises(CancelledError, match="after 1 of 3"):
        on_placebos(BuyAndHold, ONE, markets=3, watch=lambda done, total: False)

    class Breaks:
        def decide(self, view):
            raise KeyError("x")

    with pytest.raises(StrategyError):
        on_placebos(Breaks, ONE, markets=3)
