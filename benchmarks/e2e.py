"""A whole `ara predict AAPL`, cold, against the least that any program must pay for the same data.

The floor starts Python, imports NumPy and Polars, reads AAPL's bars from the bundled sample and takes one quantile.
Where `ARA_BENCH` names a folder with `e2e_floor.py`, and what that imports is installed, the ratio to it is given too:
it adds TA-Lib and five models on ONNX Runtime, which Ara does not use yet.
"""

import importlib.util
import os
import re
import subprocess
import sys
import tempfile
from importlib.resources import files
from pathlib import Path

from benchmarks.measure import cpu_seconds, show

__all__ = ["figures"]

_RUNS = 7
_FLOOR = """
import sys
import numpy as np
import polars as pl
bars = pl.read_parquet(sys.argv[1]).filter(pl.col("symbol") == "AAPL")
returns = np.diff(np.log(bars["close"].to_numpy()))
print(np.quantile(returns, 0.9))
"""
_PEER = ("talib", "onnxruntime", "lightgbm", "onnxmltools")


def figures() -> dict[str, float]:
    """Measure: processor time of the command, over the floor's."""
    python = sys.executable
    sample = str(files("ara.data") / "sample" / "sample.parquet")
    predict = (python, "-m", "ara", "predict", "AAPL")
    with tempfile.TemporaryDirectory() as home:
        used = {"ARA_HOME": home, "HOME": home}
        commands = {"floor": (python, "-c", _FLOOR, sample), "predict": predict, "interpreter": (python, "-c", "pass")}
        least = cpu_seconds(commands, runs=_RUNS, environment=used)
    out = {"predict_over_floor": least["predict"] / least["floor"]}
    if (peer := _peer()) is not None:
        out["predict_over_e2e_floor"] = least["predict"] / (peer + least["interpreter"])
    return out


def _peer() -> float | None:
    """Give the cold processor seconds of `e2e_floor.py`, the least of three, where it can be run."""
    folder = os.environ.get("ARA_BENCH")
    if folder is None or not all(map(importlib.util.find_spec, _PEER)):
        return None
    seconds = []
    for _ in range(4):
        command = (sys.executable, str(Path(folder) / "e2e_floor.py"), "2500", "1")
        printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        found = re.search(r"cold_total=.* cpu=(\d+)", printed)
        if found is None:
            sys.exit(f"e2e_floor.py printed no cold_total: {printed}")
        seconds.append(int(found[1]) / 1e3)
    return min(seconds[1:])


if __name__ == "__main__":
    show(figures())
