"""Both engines give the same trades to the last unit, and the best of many is told from luck."""

from decimal import Decimal
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ara.backtest.checks import made_up
from ara.backtest.engine import play
from ara.backtest.floor import Floor
from ara.backtest.kernel import measuring, playing
from ara.backtest.skipping import Skipping, measured
from ara.backtest.sweep import combinations, sweep, traded
from ara.data.feed import MarketData
from ara.data.traded import as_of
from ara.errors import BacktestError, CancelledError, ForesightError, StrategyError, ValidationError
from ara.performance.returns import measure
from ara.testing import desk
from ara.trading import Costs, Planned, Side, Slippage, Tape
from ara.trading.strategies import Momentum, Pairs
from tests.trading.conftest import bars_of


class Whims(Planned):
    """Wants something else now and then, whatever the market does."""

    def __init__(self, seed=0, *, often=0.2, sizes=(-1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0), **more):
        super().__init__(**more)
        self.seed, self.often, self.sizes = seed, often, sizes

    def plan(self, tape):
        random = np.random.default_rng(self.seed)
        wants, sizes = random.random(len(tape)) < self.often, random.choice(self.sizes, len(tape))
        return np.where(wants, sizes, np.nan)


def shares(most):
    return st.one_of(st.just(0.0), st.floats(0.01, most))


STRATEGIES = st.builds(
    Whims,
    st.integers(0, 2**32 - 1),
    often=st.floats(0.02, 0.5),
    stop=shares(0.1),
    target=shares(0.2),
    trail=shares(0.1),
)
COSTS = st.builds(
    Costs,
    commission=st.sampled_from([0.0, 0.0005, 0.01]), per_unit=st.sampled_from([0.0, 0.005]),
    least=st.sampled_from([0.0, 1.0]), spread=st.sampled_from([0.0, 0.001]), slippage=st.sampled_from(list(Slippage)),
    impact=st.sampled_from([0.0, 0.3]), volume=st.sampled_from([0.0, 1e-6, 0.1]), borrow=st.sampled_from([0.0, 0.05]),
    leverage=st.sampled_from([0.5, 1.0, 2.0]), maintenance=st.sampled_from([0.0, 0.25, 0.6]),
)  # fmt: skip


def by_events(strategy, tape, costs):
    """Give the event engine's fills and equity as the sweep tells its own."""
    run = play(strategy, {tape.instrument.symbol: tape}, cash=Decimal(10_000), costs=costs)
    assert run.failure is None
    place = {at: number for number, at in enumerate(tape.at)}
    unit = run.exchange.book.unit
    fills = []
    for one in run.exchange.fills:
        lots = int(one.quantity / tape.lot) * (1 if one.side is Side.BUY else -1)
        bar = place[round(one.at.timestamp() * 1_000_000)]
        fills.append((bar, lots, int(one.price / tape.tick), int(one.fee / unit), one.why))
    return fills, run.equity


def rough(seed, count=80):
    """A market with gaps, halts, splits and dividends."""
    random = np.random.default_rng(seed)
    close = np.round(50 * np.exp(np.cumsum(random.normal(0, 0.06, count))), 2)
    opened = np.round(close * np.exp(random.normal(0, 0.04, count)), 2)
    high = np.round(np.maximum(opened, close) * (1 + random.uniform(0, 0.05, count)), 2)
    low = np.round(np.minimum(opened, close) * (1 - random.uniform(0, 0.05, count)), 2)
    volume = np.where(random.random(count) < 0.1, 0, random.integers(20, 5000, count))
    split = np.where(random.random(count) < 0.04, random.choice([0.25, 0.5, 1.5, 2, 7], count), 1.0)
    dividend = np.where(random.random(count) < 0.05, random.uniform(0, 1, count), 0.0)
    split[0], dividend[0] = 1.0, 0.0
    return Tape.of(bars_of(list(zip(opened, high, low, close, volume, strict=True))), split=split, dividend=dividend)


@pytest.fixture(scope="module")
def markets():
    return [rough(seed) for seed in range(8)]


@given(STRATEGIES, COSTS, st.integers(0, 7))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_the_sweep_trades_as_the_event_engine(markets, strategy, costs, number):
    tape = markets[number]
    fills, equity = traded(strategy, tape, costs=costs, machine=False)
    wanted, owned = by_events(strategy, tape, costs)
    assert fills == wanted
    assert equity.tolist() == owned


@pytest.mark.slow
async def test_machine_code_trades_the_same_on_two_hundred_strategies_and_real_bars():
    tapes = []
    async with desk() as opened, MarketData(opened) as market:
        for symbol in ("AAPL", "SPY", "EURUSD", "KO"):
            past = await as_of(market, await market.instrument(symbol))
            tapes.append(Tape.of(past.bars, split=past.split, dividend=past.dividend))
    filled = []

    @given(STRATEGIES, COSTS, st.integers(0, 3))
    @settings(max_examples=200, deadline=None, derandomize=True)
    def same(strategy, costs, number):
        fills, equity = traded(strategy, tapes[number], costs=costs)
        wanted, owned = by_events(strategy, tapes[number], costs)
        assert fills == wanted
        assert equity.tolist() == owned
        filled.append(len(fills))

    same()
    assert sum(filled) > 10_000


def test_a_grid_is_tried_whole_and_the_best_played_again():
    tape = made_up(250)["ONE"]
    told = []
    grid = {"window": [10, 20, 40], "short": [False, True], "stop": [0.0, 0.05]}
    found = sweep(Momentum, grid, tape, name="momentum", watch=lambda done, total: not told.append((done, total)))
    assert found.trials.height == len(list(combinations(grid))) == 12
    assert (told[0], told[-1]) == ((1, 12), (12, 12))
    best, first = found.best, found.trials.row(0, named=True)
    assert (best.strategy, best.parameters) == ("momentum", {name: first[name] for name in grid})
    assert len(best.replay.cuts) == 48
    assert first["sharpe"] == pytest.approx(best.measures.sharpe, rel=1e-9) == found.trials["sharpe"].max()
    assert first["drawdown"] == pytest.approx(best.measures.drawdown, rel=1e-9)
    assert first["total"] == pytest.approx(best.measures.total, rel=1e-9)
    assert (first["fills"], first["fees"]) == (len(best.fills), pytest.approx(float(best.fees)))
    assert found.proof.trials == 12
    assert found.proof.deflated < found.proof.probabilistic


def test_noise_shows_no_skill_once_all_trials_count():
    tape = made_up(500)["TWO"]
    found = sweep(Whims, {"seed": list(range(30)), "sizes": [(-1.0, 0.0, 1.0)]}, tape, costs=Costs.none(), cuts=0)
    assert found.proof.probabilistic > 0.9
    assert found.proof.deflated < 0.9


def test_who_sees_the_future_wins_the_sweep_and_is_stopped():
    class Seer(Planned):
        def __init__(self, ahead=0):
            super().__init__()
            self.ahead = ahead

        def plan(self, tape):
            later = np.roll(tape.close, -self.ahead)
            return (later > tape.close).astype(float)

    with pytest.raises(ForesightError, match="saw the future"):
        sweep(Seer, {"ahead": [0, 1]}, made_up(120)["ONE"])


def test_measures_of_who_lost_all_and_of_who_never_traded():
    rows = [(10, 10, 10, 10)] * 3 + [(50, 50, 50, 50)] * 3
    found = sweep(
        lambda size: Whims(1, often=1.0, sizes=(size,)), {"size": [0.0, -1.0]}, Tape.of(bars_of(rows)),
        costs=Costs.none(), cuts=0,
    )  # fmt: skip
    by_size = {row["size"]: row for row in found.trials.to_dicts()}
    assert by_size[-1.0]["total"] == by_size[-1.0]["drawdown"] == pytest.approx(-1.0)
    assert (by_size[0.0]["sharpe"], by_size[0.0]["fills"], by_size[0.0]["drawdown"]) == (None, 0, 0.0)
    returns = np.array([0, 0, 0, -1.0, 0, 0])
    assert by_size[-1.0]["sharpe"] == pytest.approx(measure(returns, per_year=365).sharpe)


@pytest.mark.parametrize(
    ("make", "grid", "more", "error", "words"),
    [
        (Momentum, {}, {}, ValidationError, "0 combinations"),
        (Momentum, {"window": []}, {}, ValidationError, "no value of 'window'"),
        (Momentum, {"window": [5] * 400, "stop": [0.1] * 400}, {}, ValidationError, "160000 combinations"),
        (Pairs, {"window": [30]}, {}, ValidationError, "decides by what is held"),
        (
            Momentum,
            {"window": [5], "stop": [0.1, 1.0]},
            {},
            ValidationError,
            "the stop of Momentum is 1.0; it is",
        ),
        (
            Momentum,
            {"window": [5], "trail": [-0.1]},
            {},
            ValidationError,
            "the trail of Momentum is -0.1; it is",
        ),
        (Momentum, {"target": [2.0, np.inf]}, {}, ValidationError, "target of Momentum is inf; .* not below 0"),
        (Momentum, {"window": [5]}, {"cash": Decimal("0.001")}, ValidationError, "0.001 USD is nothing to begin with"),
        (Momentum, {"window": [5]}, {"cash": 10**15}, BacktestError, "too large to be counted"),
        (Momentum, {"window": [5]}, {"watch": lambda done, total: False}, CancelledError, "cancelled"),
    ],
)
def test_what_can_t_be_swept_is_refused(make, grid, more, error, words):
    with pytest.raises(error, match=words):
        sweep(make, grid, made_up(60)["ONE"], **more)


def test_an_account_that_grows_too_large_to_be_counted_is_told():
    tape = Tape.of(bars_of([(price,) * 4 for price in (10, 11, 12, 40, 90)]))
    with pytest.raises(BacktestError, match="too large to be counted"):
        sweep(Momentum, {"window": [1]}, tape, cash=3 * 10**14, costs=Costs.none())


def test_plans_have_a_size_for_each_bar():
    class Wrong(Planned):
        def plan(self, tape):
            return np.full(len(tape), np.inf)

    with pytest.raises(StrategyError, match="its plan of ONE is inf"):
        sweep(lambda one: Wrong(), {"one": [1]}, made_up(60)["ONE"])


@given(STRATEGIES, COSTS, st.integers(0, 7), st.integers(0, 40))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_what_is_marked_at_once_is_marked_as_bar_by_bar(markets, strategy, costs, number, first):
    tape = markets[number]
    floor = Floor(tape, Decimal(10_000), costs, None)
    plan, stop = floor.planned(strategy, {}), len(tape) - 15
    ends = []
    plain = partial(playing, *floor._lines)
    for loop, size in ((plain, measuring), (Skipping(*floor._lines), measured)):
        floor._play = lambda *given, loop=loop: loop(*given) or 0
        log = np.zeros((2 * len(tape) + 2, 5), np.int64)
        done = floor.play(strategy, plan, log, first=first, stop=stop)
        found = np.zeros(4)
        size(floor.equity[:stop], first, floor.cash, found)
        ends.append((done, log.tolist(), floor.equity[first:stop].tolist(), floor._gross[first:stop].tolist(), found))
    assert ends[0][:4] == ends[1][:4]
    assert ends[0][4].tolist() == ends[1][4].tolist()


def test_all_that_is_lost_measures_alike():
    equity, cash = np.array([100.0, 50.0, -10.0, 30.0, 40.0]), 100.0
    found = [np.zeros(4), np.zeros(4)]
    measuring(equity, 0, cash, found[0])
    measured(equity, 0, cash, found[1])
    assert found[0].tolist() == found[1].tolist()


@pytest.mark.slow
def test_a_long_sweep_goes_over_to_machine_code_and_finds_the_same():
    tape = made_up(400)["ONE"]
    grid = {"window": list(range(5, 95)), "short": [True], "trail": [number / 1000 for number in range(10, 40)]}
    found = sweep(Momentum, grid, tape, cuts=0).trials
    some = sweep(Momentum, {**grid, "trail": [0.02]}, tape, cuts=0).trials
    both = found.join(some, on=["window", "trail"], how="inner")
    assert both.height == 90
    for name in ("equity", "sharpe", "drawdown", "total"):
        assert both[name].to_list() == both[f"{name}_right"].to_list()
