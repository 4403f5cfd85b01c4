"""What indicators cost: the registry over TA-Lib's own functions, bars one by one, long histories.

All in processor time, the least of several runs, both sides in turn; the registry beside TA-Lib on other bars than the
run before, so that nothing of that is still known.

- `registry_over_talib`: every indicator and candlestick of the registry that TA-Lib has under the same name or one of
  ours for it, over these functions called directly, each with its own defaults; promised 1.5
- `plain_over_talib`, `candles_over_talib`: the two halves of it
- `all_over_talib`: all of the five families over TA-Lib's whole set but the six functions that no price fits; promised
  3 for 200 of them, which is `per_200_over_talib` and met; all of them take more
- `new_bar_per_200_ms`: one more bar for all of them in one stream, as many as 200 of them take; promised 2
- `new_bar_long_over_short`: one more bar after 100,000 over after 1,000, for those that remember all bars and three
  that don't; promised 1.2
- `bars_100k_over_1k`: all of them over a hundred times the bars; promised 120
- `patterns_ms`, `spectral_ms`: the budgets apart, 1,000 bars; promised 60 and 100
- `classic_over_registry`: pandas-ta-classic over the registry for what both have, where it is installed; promised 20
- `panel_of_50_s`, `panel_of_50_peak_mb`: `ara-default` of 50 shares over 2,500 daily bars by two processes, as on two
  cores: the slower one's processor time with its start, and the memory of both; promised 10 and 1,000
- `predict_loads_count`: modules of numba, its compiler and TA-Lib that a cold `ara predict` loads; promised none
- `first_call_s`: all of them over 1,000 bars in a new process that has nothing compiled; promised 3
"""

import inspect
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from importlib import import_module
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara.features import Indicator, catalogue
from ara.features.aliases import ALIASES
from ara.features.stream import Stream
from ara.market.bars import SCHEMA, Bars, Basis
from ara.market.calendar import calendar
from ara.market.hours import spans
from ara.market.symbols import guess
from ara.market.timeframe import DAY
from benchmarks.measure import ROOT, show

__all__ = ["figures", "shares"]

_Bars = dict[str, NDArray[np.float64]]

_FAMILIES: Final = ("momentum", "statistical", "trend", "volatility", "volume")
_NEW: Final = 400
_OWN_CANDLES: Final = {"candle_bias", "cdl_big_candle", "cdl_four_price_doji", "cdl_star"}
_NO_PRICE_FITS: Final = {"ACOS", "ASIN", "COSH", "SINH", "EXP", "TAN"}
_CLASSIC: Final = {
    "sma": "sma", "ema": "ema", "wma": "wma", "rsi": "rsi", "cci": "cci", "williams_r": "willr", "atr": "atr",
    "adx": "adx", "mfi": "mfi", "mom": "mom", "roc": "roc", "aroon": "aroon", "macd": "macd", "stoch": "stoch",
    "bollinger": "bbands", "keltner": "kc", "donchian": "donchian", "supertrend": "supertrend", "hma": "hma",
    "kama": "kama", "parabolic_sar": "psar", "zscore": "zscore", "skew": "skew", "kurtosis": "kurtosis",
    "entropy": "entropy", "cmf": "cmf", "obv": "obv", "vortex": "vortex", "tsi": "tsi", "kst": "kst",
}  # fmt: skip


def figures() -> dict[str, float]:
    """Measure ratios and times; what rests on a package that isn't there is left out."""
    bars, long = _bars(1_000), _bars(100_000)
    ours = {name: one for family in _FAMILIES for name, one in catalogue.families()[family].items()}
    floor = _talib(bars)
    whole: dict[str, Callable[[int], object]] = {
        "talib": lambda _: [one(*given) for one, given in floor.values()],
        "all": lambda _: [one.compute(bars) for one in ours.values()],
    }
    took = _beside_talib(ours) | _least(whole, runs=40)
    far = _least({"all": lambda _: [one.compute(long) for one in ours.values()]}, runs=3)["all"]
    kept = [name for name, one in ours.items() if one.memory() is None] + ["sma", "rsi", "atr"]
    short_bar, long_bar = (_new_bar(kept, _bars(count + _NEW)) for count in (1_000, 100_000))
    return {
        "registry_over_talib": (took["same"] + took["candles"]) / (took["plain"] + took["shapes"]),
        "plain_over_talib": took["same"] / took["plain"],
        "candles_over_talib": took["candles"] / took["shapes"],
        "all_over_talib": took["all"] / took["talib"],
        "per_200_over_talib": took["all"] / len(ours) * 200 / took["talib"],
        "all_ms": took["all"] * 1000,
        "bars_100k_over_1k": far / took["all"],
        "new_bar_per_200_ms": _new_bar(list(ours), _bars(1_000 + _NEW)) / len(ours) * 200 * 1000,
        "new_bar_long_over_short": long_bar / short_bar,
        **_budgets(bars),
        **_classic(bars, ours),
        **_panel(),
        "predict_loads_count": _loaded_by_predict(),
        "first_call_s": _first_call(),
    }


def _beside_talib(ours: Mapping[str, Indicator]) -> dict[str, float]:
    """Give the least seconds of TA-Lib's functions and of the registry's indicators that are called like them."""
    given = [_bars(1_000, seed=seed) for seed in (7, 8)]
    floor = [_talib(bars) for bars in given]
    names = {theirs: ALIASES.get(theirs.lower(), theirs.lower()) for theirs in floor[0]}
    same = [ours[name] for name in dict.fromkeys(names.values()) if name in ours]
    candles = [one for name, one in catalogue.families()["candles"].items() if name not in _OWN_CANDLES]
    plain = [[call for theirs, call in calls.items() if names[theirs] in ours] for calls in floor]
    shapes = [[call for theirs, call in calls.items() if theirs.startswith("CDL")] for calls in floor]
    pairs: dict[str, Callable[[int], object]] = {
        "plain": lambda turn: [one(*told) for one, told in plain[turn % 2]],
        "same": lambda turn: [one.compute(given[turn % 2]) for one in same],
        "shapes": lambda turn: [one(*told) for one, told in shapes[turn % 2]],
        "candles": lambda turn: [one.compute(given[turn % 2]) for one in candles],
    }
    return _least(pairs, runs=40)


def _least(work: Mapping[str, Callable[[int], object]], *, runs: int) -> dict[str, float]:
    """Give the least seconds of each; what is timed is told which turn it is."""
    least = dict.fromkeys(work, float("inf"))
    for turn in range(runs + 1):
        for name, one in work.items():
            begin = time.process_time()
            one(turn)
            if turn:
                least[name] = min(least[name], time.process_time() - begin)
    return least


def _bars(count: int, *, seed: int = 7) -> _Bars:
    """Give a walk with fat tails: prices, volumes, sessions of seven bars, another instrument's close."""
    random = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(0.01 * random.standard_t(5, count) / np.sqrt(count / 1_000)))
    opened = close * np.exp(random.normal(0, 0.003, count))
    reach = np.abs(random.normal(0, 0.004, (2, count)))
    return {
        "open": opened,
        "high": np.maximum(opened, close) * (1 + reach[0]),
        "low": np.minimum(opened, close) * (1 - reach[1]),
        "close": close,
        "volume": np.floor(random.lognormal(12, 0.5, count)),
        "session": np.floor(np.arange(count) / 7),
        "other": 50 * np.exp(np.cumsum(random.normal(0, 0.01 / np.sqrt(count / 1_000), count))),
    }


def _talib(bars: _Bars) -> dict[str, tuple[Any, list[NDArray[np.float64]]]]:
    """Give TA-Lib's functions, by its own wrapper as users call them, with their inputs."""
    import talib
    from talib.abstract import Function  # type: ignore[attr-defined]

    found = {}
    for name in talib.get_functions():  # type: ignore[no-untyped-call]
        given: list[NDArray[np.float64]] = []
        for kind, names in Function(name).info["input_names"].items():
            given += (
                [bars[one] for one in names] if kind == "prices" else [bars["open" if kind == "price1" else "close"]]
            )
        if name == "MAVP":
            given = [bars["close"], np.full(len(bars["close"]), 10.0)]
        if name not in _NO_PRICE_FITS:
            found[name] = (getattr(talib, name), given)
    return found


def _new_bar(names: list[str], bars: _Bars) -> float:
    """Give the least seconds for one more bar after all but the last few hundred."""
    stream = Stream(names)
    rows = [dict(zip(bars, map(float, row), strict=True)) for row in zip(*bars.values(), strict=True)]
    least = float("inf")
    for number, row in enumerate(rows):
        begin = time.process_time()
        stream.push(row)
        if number >= len(rows) - _NEW:
            least = min(least, time.process_time() - begin)
    return least


def _budgets(bars: _Bars) -> dict[str, float]:
    """Give milliseconds of all patterns and of the spectral family."""
    from ara.features.patterns import charts, elliott, harmonics

    families = catalogue.families()
    high, low, close = bars["high"], bars["low"], bars["close"]
    found = _least(
        {
            "patterns": lambda _: (
                [one.compute(bars) for one in families["candles"].values()],
                charts.find(high, low, close),
                harmonics.find(high, low, close),
                elliott.find(high, low, close),
            ),
            "spectral": lambda _: [one.compute(bars) for one in families["spectral"].values()],
        },
        runs=3,
    )
    return {f"{name}_ms": seconds * 1000 for name, seconds in found.items()}


def _classic(bars: _Bars, ours: Mapping[str, Indicator]) -> dict[str, float]:
    try:
        pd, classic = (import_module(name) for name in ("pandas", "pandas_ta_classic"))
    except ImportError:
        return {}
    when = pd.date_range("2020-01-01", periods=len(bars["close"]), freq="D")
    columns = {name: pd.Series(values, when) for name, values in bars.items()}
    columns["open_"] = columns.pop("open")
    given = []
    for name, theirs in _CLASSIC.items():
        wanted = inspect.signature(getattr(classic, theirs)).parameters
        given.append((ours[name], getattr(classic, theirs), {one: columns[one] for one in wanted if one in columns}))
    found = _least(
        {
            "classic": lambda _: [theirs(**inputs) for _, theirs, inputs in given],
            "registry": lambda _: [one.compute(bars) for one, _, _ in given],
        },
        runs=2,
    )
    return {"classic_over_registry": found["classic"] / found["registry"]}


def _first_call() -> float:
    """Give the processor seconds of a process that computes every indicator of the families, nothing compiled yet."""
    words = "from benchmarks import features as f; from ara.features import catalogue as c; b = f._bars(1000)\n"
    words += "for name in f._FAMILIES:\n  for one in c.families()[name].values(): one.compute(b)"
    with tempfile.TemporaryDirectory() as folder:
        begin = os.times()
        subprocess.run(
            [sys.executable, "-c", words], cwd=ROOT, check=True, env={**os.environ, "NUMBA_CACHE_DIR": folder}
        )
        end = os.times()
    return end.children_user + end.children_system - begin.children_user - begin.children_system


_HALF: Final = """
import resource, sys
from benchmarks.features import shares
from ara.features import sets
from ara.features.build import build_panel
own = shares(int(sys.argv[1]), 25)
assert sum(len(block) for block in build_panel(sets.get("ara-default"), own, others={"market": own["S0"]})) == 62500
used = resource.getrusage(resource.RUSAGE_SELF)
most = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))  # maxrss is its parent's where more
print(used.ru_utime + used.ru_stime, int(most.split()[1]) / 1024)
"""


def shares(first: int, count: int) -> dict[str, Bars]:
    """Make 2,500 daily bars of so many shares, by symbol; numbers are what the walk is made of."""
    days = pl.Series("ts", calendar("XNYS").sessions(date(2010, 1, 4), date(2019, 12, 31))[:2_500])
    hours = spans(days, calendar("XNYS"))
    found = {}
    for number in range(first, first + count):
        prices = pl.DataFrame({name: values for name, values in _bars(2_500, seed=number).items() if name in SCHEMA})
        frame = pl.concat([hours, prices], how="horizontal").with_columns(
            learned_at=pl.col("known_at"), source=pl.lit("made"), quality=1.0, imputed=False, votes=pl.lit(1, pl.Int64)
        )
        frame = frame.select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())
        share = replace(guess("AAPL", "stock"), symbol=f"S{number - first}")
        found[share.symbol] = Bars(instrument=share, timeframe=DAY, basis=Basis.SPLIT, frame=frame)
    return found


def _panel() -> dict[str, float]:
    """Give the seconds of the slower half of the panel, and both halves' memory."""
    halves = []
    for first in (0, 25):
        command = [sys.executable, "-c", _HALF, str(first)]
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        halves.append(tuple(map(float, done.stdout.split())))
    return {"panel_of_50_s": max(one[0] for one in halves), "panel_of_50_peak_mb": sum(one[1] for one in halves)}


def _loaded_by_predict() -> float:
    """Count what of the machinery of features is loaded by a forecast in a new process."""
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-X", "importtime", "-m", "ara", "predict", "AAPL"]
        done = subprocess.run(
            command, check=True, capture_output=True, text=True, env={**os.environ, "ARA_HOME": home, "HOME": home}
        )
    names = [line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines() if line.startswith("import time:")]
    assert "ara.prediction" in names, "the forecast itself was not seen"
    heavy = ("numba", "llvmlite", "talib")
    return float(sum(name.startswith(heavy) for name in names))


if __name__ == "__main__":
    show(figures())
