"""Portfolios as strategies: brought back to their weights, found from the past alone, whatever ends on the way."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from ara.backtest import run
from ara.backtest.allocated import Optimised, Portfolio
from ara.backtest.checks import made_up
from ara.backtest.engine import play
from ara.backtest.holdings import holdings
from ara.errors import StrategyError, ValidationError
from ara.portfolio import Limits, Plan
from ara.portfolio.allocation import weighed
from ara.trading import Costs

TAPES = made_up(300)


def shares(strategy, tapes=TAPES):
    done = play(strategy, tapes, cash=Decimal(10_000_000), costs=Costs(volume=0))
    return holdings(done).weights[:, 0], done


def test_alike_means_alike_after_each_trade():
    held, done = shares(Portfolio(every=20))
    assert len({fill.at for fill in done.exchange.fills}) > 20
    after = held[3::20]
    assert after == pytest.approx(np.full_like(after, 0.5), abs=0.02)
    assert held.sum(axis=1).max() <= 1.01


def test_weights_are_those_of_the_optimiser_on_bars_before():
    held, _ = shares(Optimised("minimum_volatility", 100, every=50))
    closes = np.column_stack([tape.close for tape in TAPES.values()])
    moves = closes[1:] / closes[:-1] - 1
    for bar in (100, 150, 200):
        wanted = weighed(
            moves[max(bar - 100, 0) : bar], Plan(method="minimum_volatility"), limits=Limits(), per_year=365.0
        ).weights  # fmt: skip
        assert held[bar + 3] == pytest.approx(wanted, abs=0.03)


def test_it_sees_no_future_and_most_is_kept():
    found = run(lambda: Optimised("hrp", 60, most=0.55), TAPES, name="optimised", cash=1_000_000, cuts=6)
    assert len(found.replay.cuts) == 24
    held, _ = shares(Optimised("minimum_volatility", 60, most=0.55))
    assert held[80:].max() < 0.6


def test_what_ends_is_left_out_and_the_rest_goes_on():
    short = {"ONE": TAPES["ONE"], "TWO": TAPES["TWO"].until(TAPES["TWO"].known[150])}
    held, done = shares(Portfolio(every=20), short)
    assert [fill.why for fill in done.exchange.fills if fill.symbol == "TWO"][-1] == "delisted"
    assert held[-1] == pytest.approx([1.0, 0.0], abs=0.02)
    late, _ = shares(Optimised("hrp", 60, every=20), short)
    assert late[-1] == pytest.approx([1.0, 0.0], abs=0.02)


@pytest.mark.parametrize(
    ("asked", "words"),
    [({"method": "best"}, "no method 'best'"), ({"window": 5}, "60 and a share"), ({"most": 0.0}, "largest weight 0")],
)
def test_what_can_not_be_is_refused(asked, words):
    with pytest.raises(ValidationError, match=words):
        Optimised(**asked)
    with pytest.raises(ValidationError, match="2 or more"):
        Portfolio(every=1)


def test_an_optimiser_that_fails_says_when():
    still = replace(TAPES["ONE"], prices=np.full_like(TAPES["ONE"].prices, 10.0))
    with pytest.raises(StrategyError, match="failed at"):
        run(lambda: Optimised(covariance="none"), {"ONE": still, "TWO": TAPES["TWO"]}, cuts=0)
