"""How often replays find a strategy that looks ahead at one bar in N, decoys and all: written down as it is."""

import textwrap
from decimal import Decimal
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from ara.backtest import run
from ara.backtest.checks import made_up
from ara.backtest.engine import play
from ara.backtest.moments import drawn
from ara.backtest.replay import replayed
from ara.errors import ForesightError, StrategyError
from ara.trading import Costs, Planned, Signal

PAGE = Path(__file__).parents[2] / "docs" / "evidence" / "foresight.md"
BARS, RARE, TRIED = 2500, (1, 5, 20, 50, 200), 40

HEAD = """# Who looks ahead seldom

A strategy holds above its mean of five bars, and at one bar in N looks at the next close instead; ten decoys want more
than it ever does else. How often is it found, of {tried} such strategies on {bars:,} made-up bars? By the replays that
every `ara backtest` makes, and by those of `ara audit strategy`: where its plan is compared bar by bar, and where it
has to be played again.

{words}

Measured by `pytest -m slow tests/evidence/test_strategy_power.py`.

| looks ahead at one bar in | planned, back-test | planned, audit | played, back-test | played, audit |
|---|---|---|---|---|
"""


class Peek(Planned):
    """Holds above a mean, and at one bar in so many looks at the next; decoys want half more than it ever does else."""

    def __init__(self, rare, seed, decoys=0):
        super().__init__()
        self.rare, self.seed, self.decoys = rare, seed, decoys

    def plan(self, tape):
        close, mean = tape.close, tape.mean(5)
        random = np.random.default_rng(self.seed)
        looks = random.random(BARS)[: len(tape)] < 1 / self.rare
        found = np.where(looks, np.append(np.diff(close) > 0, False), close > mean).astype(float)
        for place in random.integers(5, BARS, self.decoys):
            found[place : place + 1] = 1.5
        return np.where(np.isnan(mean), np.nan, found)


class Seldom(Planned):
    """Holds, but of a few bars; at two of them it looks ahead, and decoys want the most and the least elsewhere."""

    def __init__(self, seed, decoys=52):
        super().__init__()
        self.seed, self.decoys = seed, decoys

    def plan(self, tape):
        random = np.random.default_rng(self.seed)
        places = random.permutation(np.arange(10, 990, 10))
        found = np.full(len(tape), np.nan)
        for number, place in enumerate(places[: self.decoys]):
            found[place : place + 1] = (1.5, -1.5)[number % 2]
        for place in places[self.decoys : self.decoys + 2]:
            found[place : place + 1] = 0.75 if place + 1 < len(tape) else 0.25
        return found


class Played:
    """The same as a strategy that is asked bar by bar."""

    def __init__(self, plan):
        self.inner_plan = plan

    def prepare(self, tapes):
        self.sizes = self.inner_plan.plan(tapes["ONE"]).tolist()

    def decide(self, view):
        size = self.sizes[view.index()]
        return None if size != size else Signal(symbol="ONE", size=size)


def is_found(make, tapes, cuts, seed):
    done = play(make(), tapes, cash=Decimal(10_000_000), costs=Costs.none())
    assert done.failure is None
    try:
        replayed(
            make,
            tapes,
            done,
            name="mine",
            cash=Decimal(10_000_000),
            costs=Costs.none(),
            start=None,
            cuts=cuts,
            seed=seed,
        )
    except ForesightError:
        return True
    return False


def test_decoys_do_not_draw_the_replays_away():
    tapes = {"ONE": made_up(1000)["ONE"]}
    by_default = sum(is_found(partial(Seldom, seed), tapes, 3, seed) for seed in range(10))
    assert by_default >= 6  # 48 replays, of which 36 fall on its 54 decisions
    assert all(is_found(partial(Seldom, seed), tapes, 8, seed) for seed in range(3))  # more than it has decisions
    assert is_found(lambda: Played(Seldom(1)), tapes, 40, 1)


def test_moments_are_where_it_acted_and_follow_from_the_seed():
    tapes = {"ONE": made_up(1000)["ONE"]}
    done = play(Seldom(3), tapes, cash=Decimal(10_000_000), costs=Costs.none())
    acted = {one[0] for one in done.decisions}
    found = drawn(done, 40, 5)
    assert found == drawn(done, 40, 5) != drawn(done, 40, 6)
    assert len(found) == len(set(found)) == 40
    assert done.moments[-1] not in found
    assert sum(one in acted for one in found) >= 30
    early = drawn(done, 40, 5, early=True)
    assert max(early) <= done.moments[(len(done.moments)) // 8 + done.moments.index(min(acted))]
    assert drawn(done, 5000, 5) == done.moments[:-1]


def test_a_stop_that_knows_the_whole_past_is_found_and_a_fickle_plan_is_named():
    class Wide(Planned):
        def plan(self, tape):
            self.stop = float(tape.close.min() / tape.close.max() / 2)
            return np.ones(len(tape))

    class Fickle(Planned):
        def plan(self, tape):
            return np.random.default_rng().random(len(tape))

    tapes = {"ONE": made_up(200)["ONE"]}
    with pytest.raises(ForesightError, match=r"saw the future: .* it had the stop, target and trail"):
        run_of(Wide, tapes)
    with pytest.raises(StrategyError, match="decides otherwise each time"):
        run_of(Fickle, tapes)


def run_of(kind, tapes):
    return run(kind, tapes, cash=1_000_000, costs=Costs.none())


@pytest.mark.slow
def test_the_power_of_replays_is_written_down_as_it_is():
    tapes, shares = {"ONE": made_up(BARS)["ONE"]}, {}
    for rare in RARE:
        counts = []
        for wrapped in (False, True):
            for cuts in (3, 64):
                tried = TRIED if not wrapped else TRIED // 4
                made = [partial(Peek, rare, seed, 10) for seed in range(tried)]
                hits = sum(
                    is_found(partial(_wrapped, one) if wrapped else one, tapes, cuts, seed)
                    for seed, one in enumerate(made)
                )
                counts.append(hits / tried)
        shares[rare] = counts
        print(rare, counts, flush=True)
    assert min(shares[1]) == 1.0
    assert min(shares[5][1], shares[20][1], shares[50][1]) >= 0.95
    seldom = shares[RARE[-1]]
    words = textwrap.fill(
        f"A look at one bar in {RARE[-1]} is found in {seldom[0]:.0%} of the planned ones by a back-test and in "
        f"{seldom[1]:.0%} by the audit; of the played ones in {seldom[2]:.0%} and {seldom[3]:.0%} (of {TRIED // 4}). "
        "So a pass is no sign of foresight, and no proof that there is none. `--cuts` asks for more; what a strategy "
        "brings with it, such as a file of later prices, no replay can see.",
        116,
    )
    rows = [f"| {rare} | " + " | ".join(f"{one:.0%}" for one in counts) + " |" for rare, counts in shares.items()]
    PAGE.write_text(HEAD.format(tried=TRIED, bars=BARS, words=words) + "\n".join(rows) + "\n", encoding="utf-8")


def _wrapped(plan):
    return Played(plan())
