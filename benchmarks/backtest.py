"""What back-tests cost: the event engine and the sweep, beside a plain loop of machine code over the same bars.

All in processor time, the least of several runs, both sides in turn.

- `events_per_s`: bars a second of the event engine, two means that cross with a stop and all default costs; promised
  100,000
- `events_over_loop`: the same over the plain loop that does it without an engine
- `sweep_1000_s`: 1,000 combinations over 2,500 bars with plans, costs, Sharpe ratio and drawdown; promised 0.106, a
  fifth of what vectorbt took on such bars
- `sweep_over_loop`: the same over the plain loop for as many
- `replay_share`: processor time of the three replays over that of the run, on top of it
- `fifty_instruments_s`: 50 instruments together over 2,500 bars; promised 2
- `sweep_10000_mb`: memory that a sweep of 10,000 combinations takes on top, at its peak (Linux)
- `first_call_s`: the 1,000 combinations in a new process that has nothing compiled; promised 3

Where `ARA_BENCH` names a folder with `backtest.py` of the speed comparisons, and `ARA_PEERS` one with environments
`vbt`, `bt` and `nautilus` in which it runs, ratios to vectorbt, backtesting.py and NautilusTrader are given too: above
1 Ara is faster.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.backtest.checks import made_up
from ara.backtest.engine import play
from ara.backtest.sweep import sweep, traded
from ara.trading import Costs, Planned, Tape
from benchmarks.measure import ROOT, show

__all__ = ["Cross", "figures"]

_BARS: Final = 2_500
_GRID: Final = {"quick": list(range(5, 45)), "slow": list(range(50, 175, 5))}
_CASH: Final = Decimal(10_000)


class Cross(Planned):
    """Holds while a quick mean lies above a slow one."""

    def __init__(self, quick: int = 10, slow: int = 30, *, stop: float = 0.08) -> None:
        super().__init__(stop=stop)
        self.quick, self.slow = quick, slow

    def plan(self, tape: Tape) -> NDArray[np.float64]:
        """Give 1 or 0 by the means; NaN before there are both."""
        quick, slow = tape.mean(self.quick), tape.mean(self.slow)
        return np.where(np.isnan(slow), np.nan, quick > slow)


def _loop(opens: Any, lows: Any, closes: Any, quick: Any, slow: Any, fee: float, ends: Any) -> None:
    """Trade crossing exponential means with a stop for every pair of them: no book, no rounding, no orders."""
    for k in range(len(quick)):
        a, b = 2 / (quick[k] + 1), 2 / (slow[k] + 1)
        fast = late = closes[0]
        cash, held, sign, stop, peak, deepest = 1e4, 0.0, 0, 0.0, 0.0, 0.0
        for i in range(len(closes)):
            if sign == 1 and held == 0:
                held, cash, stop = cash * (1 - fee) / opens[i], 0.0, opens[i] * 0.92
            elif sign == -1 and held > 0:
                cash, held = held * opens[i] * (1 - fee), 0.0
            if held > 0 and lows[i] <= stop:
                cash, held = held * min(opens[i], stop) * (1 - fee), 0.0
            fast += a * (closes[i] - fast)
            late += b * (closes[i] - late)
            sign = 1 if fast > late else -1
            owned = cash + held * closes[i]
            peak = max(peak, owned)
            deepest = max(deepest, 1 - owned / peak)
        ends[k] = owned + deepest


def figures() -> dict[str, float]:
    """Measure all of them."""
    from numba import njit

    loop = njit(_loop)
    tape = made_up(_BARS)["ONE"]
    lines = tape.prices[0], tape.prices[2], tape.prices[3]
    pairs = np.array([(quick, slow) for quick in _GRID["quick"] for slow in _GRID["slow"]], np.float64)
    one, many = pairs[:1], pairs

    def plain(chosen: NDArray[np.float64]) -> Callable[[], object]:
        return lambda: loop(*lines, chosen[:, 0].copy(), chosen[:, 1].copy(), 0.001, np.empty(len(chosen)))

    def events() -> object:
        return play(Cross(), {"ONE": made_up(_BARS)["ONE"]}, cash=_CASH, costs=Costs())

    def swept() -> float:
        return sweep(Cross, _GRID, made_up(_BARS)["ONE"], cuts=0).seconds

    traded(Cross(), tape, machine=True)
    least = _least({"one": plain(one), "many": plain(many), "made": lambda: made_up(_BARS), "events": events})
    engine = least["events"] - least["made"]
    seconds = min(swept() for _ in range(3))
    return {
        **_peers(_BARS / engine, seconds),
        "events_per_s": _BARS / engine,
        "events_over_loop": engine / least["one"],
        "sweep_1000_s": seconds,
        "sweep_over_loop": seconds / least["many"],
        "replay_share": _replays(),
        "fifty_instruments_s": _fifty(),
        "sweep_10000_mb": _memory(),
        "first_call_s": _first(),
    }


def _least(sides: dict[str, Callable[[], object]], runs: int = 5) -> dict[str, float]:
    found = dict.fromkeys(sides, float("inf"))
    for turn in range(runs + 1):
        for name, side in sides.items():
            begin = time.process_time()
            side()
            if turn:
                found[name] = min(found[name], time.process_time() - begin)
    return found


def _replays() -> float:
    from ara.backtest import run

    tapes = {"ONE": made_up(_BARS)["ONE"]}
    found = _least({"with": lambda: run(Cross, tapes), "without": lambda: run(Cross, tapes, cuts=0)}, 3)
    return found["with"] / found["without"] - 1


def _fifty() -> float:
    first = made_up(_BARS)["ONE"]
    tapes = {}
    for number in range(50):
        instrument = replace(first.instrument, symbol=f"S{number}")
        tapes[instrument.symbol] = replace(first, instrument=instrument)
    return _least({"fifty": lambda: play(Cross(), tapes, cash=Decimal(1_000_000), costs=Costs())}, 2)["fifty"]


def _peers(events: float, swept: float) -> dict[str, float]:
    """Run the others on as many bars and combinations, each in its own environment; nothing where there is none."""
    bench, peers = (Path(os.environ.get(name, "")) for name in ("ARA_BENCH", "ARA_PEERS"))
    asked: dict[str, tuple[str, str, Callable[[float], float]]] = {
        "vbt": ("sweep_faster_than_vectorbt", f"vectorbt_1000x{_BARS}.cpu_min", lambda ms: ms / 1000 / swept),
        "bt": ("events_faster_than_backtesting_py", f"backtesting_py_single_{_BARS}.cpu_min",
               lambda ms: events * ms / 1000 / _BARS),
        "nautilus": ("events_faster_than_nautilus", "nautilus_cpu", lambda rate: events / rate),
    }  # fmt: skip
    found: dict[str, float] = {}
    for name, (figure, line, ratio) in asked.items():
        python = peers / name / "bin" / "python"
        if not os.environ.get("ARA_PEERS") or not python.exists() or not (bench / "backtest.py").exists():
            continue
        told = subprocess.run(
            [python, "backtest.py", str(_BARS), "1000", name], cwd=bench, capture_output=True, text=True, check=True
        ).stdout
        value = next(one.split("=")[1].split()[0] for one in told.splitlines() if one.startswith(f"{line}="))
        found[figure] = ratio(float(value))
    return found


_MANY = (
    "import re; from pathlib import Path; from benchmarks.backtest import Cross;"
    "from ara.backtest.checks import made_up;"
    "from ara.backtest.sweep import sweep; tape = made_up(2500)['ONE'];"
    "from ara.backtest.sweep import traded; traded(Cross(), tape);"
    "held = lambda name: int(re.search(name + r':\\s+(\\d+) kB', Path('/proc/self/status').read_text())[1]) / 1024;"
    "Path('/proc/self/clear_refs').write_text('5');"  # the peak counts anew: what the compiler took is no sweep's
    "before = held('VmRSS');"
    "sweep(Cross, {'quick': list(range(5, 105)), 'slow': list(range(110, 210))}, tape, cuts=0);"
    "print(held('VmHWM') - before)"
)


def _memory() -> float:
    done = subprocess.run([sys.executable, "-c", _MANY], cwd=ROOT, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


_ONCE = (
    "from benchmarks.backtest import Cross, _GRID; from ara.backtest.checks import made_up;"
    "from ara.backtest.sweep import sweep; sweep(Cross, _GRID, made_up(2500)['ONE'], cuts=0)"
)


def _first() -> float:
    with tempfile.TemporaryDirectory() as empty:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [sys.executable, "-c", _ONCE], cwd=ROOT, check=True,
            env={**os.environ, "NUMBA_CACHE_DIR": empty},
        )  # fmt: skip
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    show(figures())
