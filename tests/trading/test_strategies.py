"""The strategies that come with Ara: what each wants, on prices made for it."""

import math

import numpy as np
import pytest

from ara.backtest import run
from ara.backtest.checks import check_strategy, made_up
from ara.errors import StrategyError, ValidationError
from ara.models.regimes import STATES
from ara.trading import Costs, Signal, Tape
from ara.trading.strategies import (
    BuyAndHold,
    ForecastFollowing,
    MeanReversion,
    Momentum,
    Pairs,
    RegimeSwitching,
    made,
)
from tests.trading.conftest import bars_of


def tape_of(*closes):
    return Tape.of(bars_of([(close,) * 4 for close in closes]))


def told(plan):
    return [None if np.isnan(one) else one for one in plan]


def test_buy_and_hold_holds():
    assert told(BuyAndHold().plan(tape_of(10, 9))) == [1, 1]


def test_momentum_follows_what_rose():
    tape = tape_of(10, 11, 12, 9, 8, 12)
    assert told(Momentum(2).plan(tape)) == [None, None, 1, 0, 0, 1]
    assert told(Momentum(2, short=True).plan(tape)) == [None, None, 1, -1, -1, 1]
    assert told(Momentum(9).plan(tape)) == [None] * 6
    with pytest.raises(ValidationError, match="window is 0"):
        Momentum(0)


def test_mean_reversion_buys_far_below_and_sells_at_the_mean():
    tape = tape_of(10, 10.1, 10, 9, 9.5, 10.5, 11.5, 10, 10)
    assert told(MeanReversion(3, entry=1.2).plan(tape)) == [None, None, None, 1, 0, 0, 0, None, None]
    both = MeanReversion(3, entry=1.2, short=True).plan(tape)
    assert told(both) == [0, 0, 0, 1, 0, -1, -1, 0, 0]
    assert told(MeanReversion(3).plan(tape_of(5, 5, 5, 5))) == [None] * 4
    for wrong in ({"window": 1}, {"entry": 0.0}):
        with pytest.raises(ValidationError):
            MeanReversion(**wrong)


def test_pairs_are_neutral_and_come_back():
    found = run(lambda: Pairs(40, entry=1.5), made_up(200), costs=Costs.none())
    bought = found.fill_frame().filter(found.fill_frame()["side"] == "buy")
    assert set(bought["symbol"]) == {"ONE", "TWO"}
    assert "together again" in set(found.fill_frame()["why"])
    assert max(found.frame["exposure"]) < 1.2
    with pytest.raises(StrategyError, match="two instruments, not 1"):
        run(Pairs, {"ONE": made_up(30)["ONE"]})
    with pytest.raises(ValidationError, match="window is 3 or more"):
        Pairs(2)


def test_regimes_call_for_rules_of_their_own():
    tape = made_up(40)["ONE"]
    chances = np.full((40, len(STATES)), np.nan)
    chances[10:] = 0.1
    for place, state in enumerate(("bull", "sideways", "bear", "high volatility", "bull")):
        chances[10 + 6 * place : 16 + 6 * place, STATES.index(state)] = 0.7 if place < 4 else 0.4
    tape.kept("regimes", lambda one: chances)
    plan = RegimeSwitching(window=5, entry=1.0).plan(tape)
    assert np.isnan(plan[:10]).all()
    assert np.isnan(plan[34:]).all()
    assert (plan[10:16] == 1).all()
    assert (plan[22:34] == 0).all()
    sideways = MeanReversion(5, entry=1.0).plan(tape)[16:22]
    assert np.array_equal(plan[16:22], sideways, equal_nan=True)
    for wrong in (math.nan, -0.1, 1.1):
        with pytest.raises(ValidationError, match="a chance, from 0 to 1"):
            RegimeSwitching(wrong)


def test_forecasts_are_followed_by_odds_and_volatility():
    tape = made_up(560)["ONE"]
    follow = ForecastFollowing("ewma_t", volatility=0.1)
    plan = follow.plan(tape)
    assert np.isnan(plan[:500]).all()
    assert set(np.unique(plan[500:])) <= {round(part / 10, 1) for part in range(11)}
    rises, sigma = tape.kept(("forecast", "ewma_t", 5), follow._forecast)
    assert (
        (plan[500:] == 0) == ((rises[500:] < 0.5) | (np.round(0.1 / (sigma[500:] * np.sqrt(252 / 5)), 1) == 0))
    ).all()
    all_in = ForecastFollowing("ewma_t", odds=0.49, volatility=0.0, short=True).plan(tape)[500:]
    assert set(np.unique(all_in)) <= {-1.0, 0.0, 1.0}
    for wrong in ({"horizon": 31}, {"odds": 1.0}):
        with pytest.raises(ValidationError, match="horizon is 1 to 30"):
            ForecastFollowing(**wrong)
    for wrong in ({"volatility": math.nan}, {"volatility": -0.1}, {"most": 0.0}, {"most": math.inf}, {"days": 0}):
        with pytest.raises(ValidationError, match="the first is 0 or more, the others are above 0"):
            ForecastFollowing(**wrong)


def test_strategies_are_made_by_name():
    found = made("momentum", {"window": "30", "short": "yes", "stop": "0.1"})
    strategy = found()
    assert (strategy.window, strategy.short, strategy.stop) == (30, True, 0.1)
    assert found.described() == {"window": 30, "short": True, "stop": 0.1, "target": 0.0, "trail": 0.0}
    assert found() is not strategy
    assert made("buy_hold").name == "buy_and_hold"


def test_a_strategy_that_breaks_a_promise_is_told_which():
    class Last:
        def prepare(self, tapes):
            self.end = {symbol: tape.close[-1] for symbol, tape in tapes.items()}

        def decide(self, view):
            return Signal(symbol="ONE", size=1.0 if self.end["ONE"] > 50 else 0.5)

    class Breaks:
        def decide(self, view):
            raise RuntimeError("broken")

    outcome = {check.name: check for check in check_strategy(Last)}
    assert not outcome["sees no future"].ok
    assert "saw the future" in outcome["sees no future"].words
    (only,) = check_strategy(Breaks)
    assert (only.ok, "RuntimeError: broken" in only.words) == (False, True)
