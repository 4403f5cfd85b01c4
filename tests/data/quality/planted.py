"""Clean real bars, defects planted in them by a seed, and how many of these `check` finds.

A planter gives the bars with defects and the opens of the bars that are wrong; for a defect of the whole series that
is its first bar. What is flagged beyond them is false, even where the real bars are to blame.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import ara.data
from ara.data import SCHEMAS, Kind
from ara.data.quality import check
from ara.market import symbols
from ara.market.bars import Basis
from ara.market.calendar import calendar
from ara.market.hours import spans
from ara.market.instrument import Instrument
from ara.market.timeframe import DAY, Timeframe

SAMPLE = Path(ara.data.__file__).parent / "sample" / "sample.parquet"
MARKET = os.environ.get("ARA_MARKET_DATA", "")
UNFINISHED = datetime(2020, 1, 17, tzinfo=UTC)
PRICES = ("open", "high", "low", "close")


@dataclass(frozen=True)
class Base:
    """Real bars of one instrument."""

    file: str
    bars_symbol: str
    instrument: Instrument
    timeframe: Timeframe
    bars: pl.DataFrame


@dataclass(frozen=True)
class Planted:
    """Bars with a defect, where it is, and what else `check` is told."""

    bars: pl.DataFrame
    at: frozenset[datetime]
    told: dict[str, Any] = field(default_factory=dict)


@dataclass
class Count:
    """Planted, found of them, and flagged without having been planted."""

    planted: int = 0
    found: int = 0
    false: int = 0

    @property
    def recall(self) -> float:
        return self.found / self.planted if self.planted else 1.0

    @property
    def precision(self) -> float:
        return self.found / (self.found + self.false) if self.found + self.false else 1.0


def bases(path: Path) -> Iterator[Base]:
    """Give every instrument's bars in a file of the form of the sample."""
    name = path.name
    timeframe = Timeframe.parse("1h" if "hourly" in name else "1m" if "1min" in name else "1d")
    for (symbol,), rows in pl.read_parquet(path).group_by("symbol", maintain_order=True):
        kind = "crypto" if "crypto" in name or "-USD" in str(symbol) else "forex" if "fx_" in name else "stock"
        try:
            instrument = symbols.resolve(str(symbol))
        except ara.errors.UnknownSymbolError:
            instrument = symbols.guess(str(symbol), kind)
        if instrument.calendar == "24/7" and path == SAMPLE:
            rows = rows.filter(pl.col("ts") != UNFINISHED)
        times = spans(rows["ts"], calendar(instrument.calendar), timeframe)
        bars = rows.with_columns(times).rename({"adj_close": "adjusted"})
        wanted = ("at", "known_at", *PRICES, "volume", "adjusted")
        yield Base(name, str(symbol), instrument, timeframe, bars.select(wanted))


def daily(base: Base) -> bool:
    return base.timeframe == DAY


def places(base: Base, random: np.random.Generator, count: int, *, apart: int = 15, edge: int = 130) -> list[int]:
    """Give some bars that are well apart from each other and from both ends."""
    slots = np.arange(edge, len(base.bars) - edge, apart)
    return sorted(random.choice(slots, min(count, len(slots)), replace=False).tolist())


def array(base: Base) -> np.ndarray:
    return base.bars.select(PRICES).to_numpy().T.copy()


def prices(base: Base, values: np.ndarray, **columns: Any) -> pl.DataFrame:
    return base.bars.with_columns(*(pl.Series(n, v) for n, v in zip(PRICES, values, strict=True)), **columns)


def opens(base: Base, rows: list[int]) -> frozenset[datetime]:
    return frozenset(base.bars["at"].gather(rows).to_list())


def usual(base: Base) -> float:
    change = np.abs(np.diff(np.log(base.bars["close"].to_numpy())))
    return float(np.median(change[change > 0])) * 1.4826


def missing(base: Base, random: np.random.Generator) -> Planted | None:
    if not daily(base) and base.instrument.calendar != "24/7":
        return None
    rows = places(base, random, 5)
    at = opens(base, rows)
    return Planted(base.bars.filter(~pl.col("at").is_in(list(at))), at)


def off_calendar(base: Base, random: np.random.Generator) -> Planted | None:
    if base.instrument.calendar == "24/7" or not daily(base):
        return None
    label = base.bars["at"].dt.convert_time_zone(base.instrument.timezone).dt.weekday()
    fridays = np.flatnonzero((label == (4 if base.instrument.calendar == "forex" else 5)).to_numpy())
    rows = random.choice(fridays, 5, replace=False).tolist()
    step = pl.col("at", "known_at") + timedelta(days=1)
    copies = base.bars[rows].with_columns(step)
    return Planted(pl.concat([base.bars, copies]), frozenset(copies["at"].to_list()))


def duplicate(base: Base, random: np.random.Generator) -> Planted:
    rows = places(base, random, 6)
    copies = base.bars[rows]
    other = pl.Series("close", copies["close"].to_numpy() * np.where(np.arange(len(rows)) % 2, 1.0, 1.01))
    return Planted(
        pl.concat([base.bars, copies.with_columns(other)]).sample(fraction=1, shuffle=True, seed=1), opens(base, rows)
    )


def impossible(base: Base, random: np.random.Generator) -> Planted:
    rows, values = places(base, random, 6), array(base)
    for number, row in enumerate(rows):
        opened, _, _, close = values[:, row]
        if number % 2:
            values[1, row] = max(opened, close) * (1 - random.uniform(0.0005, 0.02))
        else:
            values[2, row] = min(opened, close) * (1 + random.uniform(0.0005, 0.02))
    return Planted(prices(base, values), opens(base, rows))


def nonpositive(base: Base, random: np.random.Generator) -> Planted:
    rows, values = places(base, random, 6), array(base)
    for number, row in enumerate(rows):
        values[random.integers(4), row] = (0.0, -1.0, np.nan, np.inf, -np.inf, 0.0)[number]
    return Planted(prices(base, values), opens(base, rows))


def stale(base: Base, random: np.random.Generator) -> Planted:
    rows, values, wrong = places(base, random, 3, apart=60), array(base), []
    for row in rows:
        length = int(random.integers(6, 15))
        stretch = slice(row, row + length)
        values[:, stretch] = values[3, row - 1] if random.random() < 0.5 else values[:, row - 1 : row]
        wrong.extend(range(row, row + length))
    volume = base.bars["volume"].to_numpy().copy()
    if base.instrument.asset_class in ("stock", "etf", "crypto") and (volume > 0).mean() > 0.99:
        idle = places(base, random, 2, apart=60)
        volume[idle] = 0.0
        wrong.extend(set(idle) - set(wrong))
    return Planted(prices(base, values, volume=pl.Series(volume)), opens(base, wrong))


def outlier(base: Base, random: np.random.Generator, *, sizes: tuple[float, float] = (1.4, 3.0)) -> Planted:
    """One bar, its close or a high or low is wrong by a factor that knows nothing of how the bars usually move."""
    rows, values = places(base, random, 6), array(base)
    for number, row in enumerate(rows):
        far = drawn(random, sizes)
        if number % 3 == 0:
            values[:, row] *= far
        elif number % 3 == 1:
            values[3, row] *= far
            values[1, row], values[2, row] = values[:, row].max(), values[:, row].min()
        elif far > 1:
            values[1, row] = max(values[0, row], values[3, row]) * far
        else:
            values[2, row] = min(values[0, row], values[3, row]) * far
    return Planted(prices(base, values), opens(base, rows))


def drawn(random: np.random.Generator, sizes: tuple[float, float]) -> float:
    """Draw a factor, evenly by its logarithm, or one over it."""
    return float(np.exp(random.choice([-1, 1]) * random.uniform(*np.log(sizes))))


def unit(base: Base, random: np.random.Generator, *, sizes: tuple[float, float] | None = None) -> Planted:
    """A power of ten from 100 on, or as often another currency's factor, for 2 to 40 bars."""
    rows, values, wrong = places(base, random, 2, apart=120), array(base), []
    for row in rows:
        factor = drawn(random, sizes or (1.4, 2.0))
        if sizes is None and random.random() < 0.5:
            factor = float(random.choice([100, 0.01, 1000, 0.001]))
        length = int(random.integers(2, 41))
        values[:, row : row + length] *= factor
        wrong.extend(range(row, row + length))
    return Planted(prices(base, values), opens(base, wrong))


RATIOS = (2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 20.0, 1 / 2, 1 / 5, 1 / 10, 1 / 20, 1.5)


def split(base: Base, random: np.random.Generator, *, among: tuple[float, ...] = RATIOS) -> Planted | None:
    """An untold split; one that is told of and did not happen; or one that adjusted prices rightly don't show."""
    if base.instrument.asset_class not in ("stock", "etf"):
        return None
    row = places(base, random, 1)[0]
    ratio = float(random.choice(among))
    values, kind = array(base), random.random() if among is RATIOS else 1.0
    if kind < 0.4:
        told = {"actions": stated(base, row, ratio), "basis": Basis.RAW if kind < 0.2 else Basis.SPLIT}
        bars = base.bars.with_columns(adjusted=pl.lit(None, pl.Float64))
        return Planted(bars, opens(base, [row]) if kind < 0.2 else frozenset(), told)
    if kind < 0.6:
        factor = np.where(np.arange(len(base.bars)) < row, 1 / ratio, 1.0)
        return Planted(base.bars.with_columns(adjusted=pl.Series(values[3] * factor)), opens(base, [row]))
    values[:, :row] *= ratio
    volume = base.bars["volume"].to_numpy().copy()
    volume[:row] /= ratio
    return Planted(
        prices(base, values, volume=pl.Series(volume), adjusted=pl.lit(None, pl.Float64)), opens(base, [row])
    )


def stated(base: Base, row: int, ratio: float) -> pl.DataFrame:
    """Give the fact of a split at a bar."""
    at = base.bars["at"][row]
    row_of = {"at": at, "known_at": at, "learned_at": at, "action": "split", "value": ratio, "currency": ""}
    return pl.DataFrame([{**row_of, "basis": "raw"}], schema=SCHEMAS[Kind.ACTIONS])


def reuse(base: Base, random: np.random.Generator, other: Base) -> Planted | None:
    """Another instrument's bars follow after a pause of weeks, under the same calendar."""
    row = places(base, random, 1)[0]
    pause = int(random.integers(10, 60))
    length = min(len(base.bars) - row - pause, len(other.bars))
    if length < 100:
        return None
    start = int(random.integers(0, len(other.bars) - length + 1))
    tail = base.bars[row + pause : row + pause + length].select("at", "known_at")
    values = other.bars[start : start + length].select(*PRICES, "volume", "adjusted")
    bars = pl.concat([base.bars[:row], pl.concat([tail, values], how="horizontal")])
    return Planted(bars, frozenset([tail["at"][0]]))


def paused(base: Base, random: np.random.Generator) -> Planted:
    """The same company trades on after a pause of weeks: no defect but the bars that are missing."""
    row, pause = places(base, random, 1)[0], int(random.integers(10, 60))
    return Planted(pl.concat([base.bars[:row], base.bars[row + pause :]]), frozenset())


def partial(base: Base, random: np.random.Generator, *, part: float | None = None) -> Planted | None:
    """A last bar received before its end; or with so much of its own volume, and the root of it of its moves."""
    last, values = len(base.bars) - 1, array(base)
    opened = values[0, last]
    traded = bool((base.bars["volume"].to_numpy()[-600:] > 0).all()) and base.bars["volume"].null_count() == 0
    if part is not None and not (traded and daily(base)):
        return None
    if part is None and (random.random() < 0.5 or not traded):
        learned = base.bars["known_at"].to_list()
        learned[last] = base.bars["at"][last] + timedelta(minutes=10)
        return Planted(base.bars.with_columns(learned_at=pl.Series(learned)), opens(base, [last]))
    share = random.uniform(0.01, 0.1) if part is None else part
    values[:, last] = opened + (values[:, last] - opened) * np.sqrt(share)
    volume = base.bars["volume"].to_numpy().copy()
    volume[last] *= share
    return Planted(prices(base, values, volume=pl.Series(volume)), opens(base, [last]))


def witness(base: Base, random: np.random.Generator) -> pl.DataFrame:
    """Give what another source would say: the same to a twentieth of the usual change."""
    noise = np.exp(random.normal(0, 0.05 * usual(base), len(base.bars)))
    return prices(base, array(base) * noise)


def shift(base: Base, random: np.random.Generator) -> Planted:
    columns = (*PRICES, "volume", "adjusted")
    moved = base.bars.with_columns(pl.col(columns).shift(random.choice([1, -1]))).drop_nulls("close")
    return Planted(moved, frozenset([moved["at"][0]]), {"others": {"other": witness(base, random)}})


def disagree(base: Base, random: np.random.Generator, *, sizes: tuple[float, float] = (1.03, 1.2)) -> Planted:
    rows, values = places(base, random, 6), array(base)
    for row in rows:
        values[:, row] *= drawn(random, sizes)
    return Planted(prices(base, values), opens(base, rows), {"others": {"other": witness(base, random)}})


def same_bar(base: Base, random: np.random.Generator) -> Planted:
    """The close stands at the bar's begin, as in one source of forex; or the bar stretches to the next close."""
    values = array(base)[:, 1:]
    before = array(base)[3, :-1]
    if random.random() < 0.5:
        values[0] = values[3] = before
    else:
        following = np.append(values[3, 1:], values[3, -1])
        values[1], values[2] = np.maximum(values[1], following), np.minimum(values[2], following)
    values[1], values[2] = values.max(axis=0), values.min(axis=0)
    bars = base.bars[1:].with_columns(*(pl.Series(n, v) for n, v in zip(PRICES, values, strict=True)))
    return Planted(bars, frozenset([bars["at"][0]]))


def generated(base: Base, random: np.random.Generator) -> Planted:
    """Walks of constant volatility under the real times, with the ways of making the rest that generators have."""
    count = len(base.bars)
    close = float(base.bars["close"][0]) * np.exp(np.cumsum(random.normal(0.0002, usual(base), count)))
    opened = np.append(close[0], close[:-1])
    if random.random() < 0.5:
        opened = opened * np.exp(random.normal(0, 0.2 * usual(base), count))
    spread = np.abs(random.normal(0, 0.5 * usual(base), (2, count)))
    high, low = np.maximum(opened, close) * np.exp(spread[0]), np.minimum(opened, close) * np.exp(-spread[1])
    volume = random.integers(1_000_000, 5_000_000, count).astype(float)
    bars = prices(
        base, np.stack((opened, high, low, close)), volume=pl.Series(volume), adjusted=pl.lit(None, pl.Float64)
    )
    return Planted(bars, frozenset([bars["at"][0]]))


PLANTERS: dict[str, Callable[..., Planted | None]] = {
    planter.__name__: planter
    for planter in (
        missing,
        off_calendar,
        duplicate,
        impossible,
        nonpositive,
        stale,
        outlier,
        unit,
        split,
        reuse,
        partial,
        shift,
        disagree,
        same_bar,
        generated,
    )
}


def flagged(planted: Planted, base: Base, rule: str) -> set[datetime]:
    """Give the opens of the bars that a rule flags."""
    report = check(planted.bars, base.instrument, base.timeframe, **planted.told)
    told = [issue for issue in report.issues if issue.rule == rule and issue.severity != "info"]
    if rule in SERIES:
        return {issue.at for issue in told}
    return {at for issue in told for at in issue.times}


REAL = {"missing", "impossible", "split"}
"""Rules whose findings in the real bars are known to be right, so that they are not counted as false."""

SERIES = {"shift", "same_bar", "generated"}
"""Rules that are about a series as a whole: its first bar stands for it."""

WHOLE = {"shift", "same_bar", "generated", "reuse", "partial"}
"""Rules that may speak once for a series, and must be silent on the clean one."""


def exam(rule: str, among: list[Base], *, seeds: int = 1, misses: list[str] | None = None) -> Count:
    """Plant a defect in each series, look for it there, and for what is not there in the clean one."""
    total = Count()
    for seed in range(seeds):
        random = np.random.default_rng([seed, *rule.encode()])
        for number, base in enumerate(among):
            planted = _planted(rule, among, number, random) if len(base.bars) >= 300 else None
            if planted is None:
                continue
            found = flagged(planted, base, rule) - (_known(base, rule) - planted.at)
            total.planted += len(planted.at)
            total.found += len(found & planted.at)
            total.false += len(found - planted.at)
            if rule == "reuse":
                total.false += len(flagged(paused(base, random), base, rule))
            if rule in WHOLE and not seed:
                told = {key: {name: witness(base, random) for name in value} for key, value in planted.told.items()}
                total.false += len(flagged(Planted(base.bars, frozenset(), told), base, rule))
            if misses is not None and found != planted.at:
                lost, false = sorted(map(str, planted.at - found)), sorted(map(str, found - planted.at))
                misses.append(f"{base.file} {base.instrument.symbol} missed {lost[:6]} false {false[:6]}")
    return total


def _planted(rule: str, among: list[Base], number: int, random: np.random.Generator) -> Planted | None:
    base = among[number]
    if rule != "reuse":
        return PLANTERS[rule](base, random)
    others = [other for other in among[number + 1 :] + among[:number] if unlike(base, other)]
    return reuse(base, random, others[0]) if others else None


def _known(base: Base, rule: str) -> set[datetime]:
    if rule not in REAL:
        return set()
    bars = base.bars.with_columns(adjusted=pl.lit(None, pl.Float64)) if rule == "split" else base.bars
    return flagged(Planted(bars, frozenset()), base, rule)


def unlike(one: Base, other: Base) -> bool:
    """Say whether two instruments of one calendar differ in what is traded."""
    if one.instrument.calendar != other.instrument.calendar or one.timeframe != other.timeframe:
        return False
    if (one.bars["volume"].fill_null(0) == 0).any() or (other.bars["volume"].fill_null(0) == 0).any():
        return False
    money = [float((b.bars["volume"] * b.bars["close"]).median()) for b in (one, other)]
    return max(money) > 8 * min(money)
