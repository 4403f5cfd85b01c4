"""Bars in the place of missing ones: found where they are made of what came after, left in peace where of what was."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import ara.data
from ara.evidence.leaks.bars_tell import tell

SAMPLE = Path(ara.data.__file__).parent / "sample" / "sample.parquet"
PRICES = ["open", "high", "low", "close"]


@pytest.fixture(scope="module")
def real():
    bars = pl.read_parquet(SAMPLE).filter(pl.col("symbol").is_in(["AAPL", "SPY", "EURUSD"])).sort("symbol", "ts")
    return {str(symbol): own for (symbol,), own in bars.group_by(["symbol"], maintain_order=True)}


def holes(count, longest):
    """Give which bars are missing: about one in thirty, up to so many in a row."""
    random, missing, place = np.random.default_rng(3), np.zeros(count, bool), 5
    while place < count - 10:
        width = int(random.integers(1, longest + 1))
        missing[place : place + width] = True
        place += width + 3 + int(random.integers(0, 50))
    return missing


class Gap:
    """What lies around each missing bar."""

    def __init__(self, own, missing):
        self.prices = own.select(PRICES).to_numpy().astype(float)
        count, self.row = len(missing), np.flatnonzero(missing)
        place, time = np.arange(count), own["ts"].dt.epoch("s").to_numpy().astype(float)
        before = np.maximum.accumulate(np.where(missing, -1, place))[missing]
        after = np.minimum.accumulate(np.where(missing, count, place)[::-1])[::-1][missing]
        self.step = (self.row - before) / (after - before)
        self.time = (time[self.row] - time[before]) / (time[after] - time[before])
        self.before, self.after, self.own = self.prices[before], self.prices[after], self.prices[self.row]
        self.second = self.prices[before - 1]

    @property
    def last(self):
        return self.before[:, 3]

    @property
    def then(self):
        return self.after[:, 3]

    @property
    def opens(self):
        return self.after[:, 0]

    def closed(self, close):
        """Keep the bars, put closes in, and let high and low make room."""
        made = np.column_stack([self.own[:, :3], close])
        made[:, 1], made[:, 2] = made.max(axis=1), made.min(axis=1)
        return made


def single(price):
    return np.column_stack([price] * 4)


def bare(first, close):
    return np.column_stack([first, np.maximum(first, close), np.minimum(first, close), close])


def line(gap, end):
    return gap.last + gap.step * (end - gap.last)


AHEAD = {
    "single, next open": ("filled", lambda g: single(g.opens)),
    "single, next close": ("filled", lambda g: single(g.then)),
    "last close to next open": ("filled", lambda g: bare(g.last, g.opens)),
    "last close to next close": ("filled", lambda g: bare(g.last, g.then)),
    "single, on a line": ("drawn", lambda g: single(line(g, g.then))),
    "single, on a line in time": ("drawn", lambda g: single(g.last + g.time * (g.then - g.last))),
    "single, on a line to the next open": ("drawn", lambda g: single(line(g, g.opens))),
    "on a line": ("drawn", lambda g: bare(g.last, line(g, g.then))),
    "four lines of ratios": ("drawn", lambda g: g.before * (g.after / g.before) ** g.step[:, None]),
}
BEHIND = {
    "the last bar": lambda g: g.before,
    "single, last close": lambda g: single(g.last),
    "single, half of the last two": lambda g: single((g.last + g.second[:, 3]) / 2),
    "own bars": lambda g: g.own,
    "open of the last close": lambda g: np.column_stack([g.last, g.own.max(axis=1), g.own.min(axis=1), g.own[:, 3]]),
    "single, own close": lambda g: single(g.own[:, 3]),
}


def told(own, change, *, longest=1, idle=False):
    missing = holes(own.height, longest)
    gap = Gap(own, missing)
    gap.prices[gap.row] = change(gap)
    made = own.with_columns(pl.Series(name, gap.prices[:, place]) for place, name in enumerate(PRICES))
    traded = made["volume"].cast(pl.Float64).fill_null(0.0).to_numpy().copy()
    if idle:
        traded[missing] = 0
    return {(one.rule, one.detail) for one in tell("X", made.with_columns(volume=pl.Series(traded)))}


@pytest.mark.parametrize("idle", [False, True])
@pytest.mark.parametrize("longest", [1, 3])
@pytest.mark.parametrize("way", AHEAD)
def test_gaps_filled_from_ahead_are_found(real, way, longest, idle):
    rule, change = AHEAD[way]
    for own in real.values():
        found = told(own, change, longest=longest, idle=idle)
        assert rule in {name for name, _ in found}


@pytest.mark.parametrize("idle", [False, True])
@pytest.mark.parametrize("way", BEHIND)
def test_gaps_filled_from_behind_are_left_in_peace(real, way, idle):
    assert [told(own, BEHIND[way], longest=3, idle=idle) for own in real.values()] == [set()] * 3


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("filled", lambda g: g.closed(g.opens)),
        ("drawn", lambda g: g.closed((g.last + g.then) / 2)),
        ("drawn", lambda g: g.closed(np.round((g.last + g.then) / 2, 2))),
    ],
)
def test_closes_that_were_put_into_bars_of_their_own_are_found(real, rule, change):
    (found,) = told(real["AAPL"], change)
    assert found[0] == rule


def thin(seed, tick, *, trades, repeats):
    """Give bars of a market with few trades, coarse prices, and opens that some sources take from the last close."""
    random, last, rows = np.random.default_rng(seed), None, []
    log, day = np.log(50), datetime(2015, 1, 1, tzinfo=UTC)
    for number in range(700):
        log += random.normal(0, 0.01)
        made = log + np.cumsum(random.normal(0, 0.01, random.poisson(trades)))
        prices = [max(tick, round(float(np.exp(one)) / tick) * tick) for one in made]
        if not prices and last is None:
            continue
        log, volume = (made[-1] if prices else log), 100.0 * len(prices)
        prices = prices or [last]
        first = last if last is not None and repeats(rows) else prices[0]
        at = day + timedelta(days=number)
        rows.append((at, first, max(first, *prices), min(first, *prices), prices[-1], volume))
        last = prices[-1]
    return pl.DataFrame(rows, schema=["ts", *PRICES, "volume"], orient="row")


@pytest.mark.parametrize("trades", [1.5, 4, 30])
@pytest.mark.parametrize("tick", [0.0001, 0.05, 0.5])
def test_markets_with_few_trades_and_coarse_prices_are_left_in_peace(trades, tick):
    ways = {
        "first trade": lambda rows: False,
        "last close": lambda rows: True,
        "last close after a single price": lambda rows: rows[-1][2] == rows[-1][3],
    }
    found = {way: list(tell("X", thin(5, tick, trades=trades, repeats=one))) for way, one in ways.items()}
    gaps = {way: [one.detail for one in some if one.rule in {"filled", "drawn"}] for way, some in found.items()}
    assert [words for some in gaps.values() for words in some] == []
