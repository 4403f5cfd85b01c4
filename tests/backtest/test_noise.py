"""Strategies that know nothing: how many of 200 look like skill before and after deflation, on real bars."""

import textwrap
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from ara.backtest.beside import beside
from ara.backtest.checks import made_up
from ara.backtest.engine import play
from ara.backtest.result import per_year
from ara.data.feed import MarketData
from ara.data.traded import as_of
from ara.performance.inputs import returns_of
from ara.performance.luck import significance
from ara.testing import desk
from ara.trading import Costs, Planned, Tape

PAGE = Path(__file__).parents[2] / "docs" / "evidence" / "noise.md"
SYMBOLS = ("AAPL", "SPY", "EURUSD", "KO")
COUNT, SURE, START = 200, 0.95, datetime(2015, 1, 1, tzinfo=UTC)

HEAD = """# 200 strategies that know nothing

Each of {count} strategies throws dice: it is in the market or out of it, every third also short, and changes its mind
with a chance of 1 in 5 to 1 in 40 a bar. They are tested on bars from {first} on, without costs, which would only
make them look worse. How many of them look like skill, at 95 %?

- alone: the Sharpe ratio is above 0, as if that strategy were the only one tried
- deflated: it is above what luck gives the best of {count}
- beyond the market: the same of what was earned beyond being in the market as much as on average
- random entry: 95 % of the same positions at other times did worse; one in twenty will by chance

{words}

Measured by `pytest -m slow tests/backtest/test_noise.py`.

| instrument | held, Sharpe | alone | deflated | beyond the market, alone | deflated | random entry |
|---|---|---|---|---|---|---|
"""


class Noise(Planned):
    """Throws dice."""

    def __init__(self, seed):
        super().__init__()
        self.seed = seed

    def plan(self, tape):
        random = np.random.default_rng([self.seed, 99])
        change = random.random(len(tape)) < 1 / random.integers(5, 41)
        change[0] = True
        sides = random.choice([-1.0, 0.0, 1.0] if self.seed % 3 == 0 else [0.0, 1.0], len(tape))
        return sides[np.maximum.accumulate(np.where(change, np.arange(len(tape)), 0))]


def claims(tape, count, start=None):
    """Count who looks like skill: alone, deflated, beyond the market alone and deflated, and by random entry."""
    tapes, yearly = {tape.instrument.symbol: tape}, per_year({tape.instrument.symbol: tape})
    found = np.zeros(5, int)
    for seed in range(count):
        done = play(Noise(seed), tapes, cash=Decimal(1_000_000), costs=Costs.none(), start=start)
        equity = np.array([done.exchange.book.start, *done.equity], float)
        stands = beside(done, per_year=yearly, seed=seed)
        for place, returns in ((0, returns_of(equity)), (2, np.maximum(stands.active, -1.0))):
            for more, trials in ((0, 1), (1, count)):
                proof = significance(returns, per_year=yearly, trials=trials, draws=0)
                found[place + more] += (proof.deflated or 0.0) > SURE
        found[4] += (stands.random.p or 1.0) <= 1 - SURE
    return found


def test_dice_on_a_walk_without_a_drift_claim_no_skill():
    found = claims(made_up(400, seed=3)["ONE"], 20)
    assert found[1] == found[3] == 0


@pytest.mark.slow
async def test_two_hundred_that_know_nothing_are_written_down():
    rows, alone, held, beyond = [], [], [], []
    async with desk() as opened, MarketData(opened) as market:
        pasts = {name: await as_of(market, await market.instrument(name)) for name in SYMBOLS}
    for symbol, past in pasts.items():
        tape = Tape.of(past.bars, split=past.split, dividend=past.dividend, lot=Decimal("0.000001"))
        found = claims(tape, COUNT, START)
        first = int(np.searchsorted(np.array(tape.known), int(START.timestamp() * 1e6)))
        moves = np.diff(tape.close[first - 1 :]) / tape.close[first - 1 : -1]
        ratio = moves.mean() / moves.std(ddof=1) * per_year({symbol: tape}) ** 0.5
        shares = [f"{one / COUNT:.1%}" for one in found]
        rows.append(f"| {symbol} | {ratio:.2f} | " + " | ".join(shares) + " |")
        alone.append(found[0])
        held.append(found[1])
        beyond.append(found[3])
        print(rows[-1], flush=True)
    assert max(*held, *beyond) <= 0.05 * COUNT
    words = textwrap.fill(
        f"After deflation at most {max(held) / COUNT:.1%} claim skill, and beyond the market "
        f"{max(beyond) / COUNT:.1%}; 5 % are allowed. Alone up to {max(alone) / COUNT:.1%} do: where holding earned "
        "much, dice that hold half of the time earn something too, which is no skill. That is why `ara backtest` tells "
        "both.",
        110,
    )
    head = HEAD.format(count=COUNT, first=f"{START:%Y-%m-%d}", words=words)
    PAGE.write_text(head + "\n".join(rows) + "\n", encoding="utf-8")
