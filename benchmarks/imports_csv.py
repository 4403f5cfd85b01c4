"""What importing a CSV file costs: time over a bare read and write, and the memory that a file of any size takes.

`import_csv_over_copy`: `import_path` of some 20 MB of CSV into a new lake (read, judged, scored, kept, with the file
itself), over polars reading the same file and writing it as Parquet; processor time of whole processes, taking turns.
`import_csv_growth`: the most memory of importing a file of four times the size, over that of the file itself.

`python -m benchmarks.imports_csv --full` imports a file of 1 GB of one series and one of 70, and prints seconds and MB.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.measure import ROOT, cpu_seconds, show

__all__ = ["figures"]

_ROWS = 200_000
_IMPORT = (
    "import resource, sys, tempfile; from pathlib import Path; from ara.clock import SystemClock;"
    "from ara.data.imports import import_path; from ara.data.lake import Lake\n"
    "with tempfile.TemporaryDirectory(dir=sys.argv[2]) as folder:\n"
    "    clock = SystemClock(); lake = Lake.at(Path(folder), clock=clock)\n"
    "    done = import_path(lake, Path(sys.argv[1]), clock=clock)\n"
    "    used = resource.getrusage(resource.RUSAGE_SELF)\n"
    "    print(done.rows, used.ru_maxrss / 1024, used.ru_utime + used.ru_stime)\n"
)
_COPY = (
    "import sys, tempfile; import polars as pl\n"
    "with tempfile.TemporaryDirectory(dir=sys.argv[2]) as folder:\n"
    "    pl.read_csv(sys.argv[1], try_parse_dates=True).write_parquet(folder + '/copy.parquet')\n"
)


def figures() -> dict[str, float]:
    """Measure both ratios on files small enough for every build."""
    with _folder() as name:
        folder = Path(name)
        small, large = folder / "small.csv", folder / "large.csv"
        _write(small, size=20 << 20, many=True)
        _write(large, size=80 << 20, many=True)
        commands = {
            "import": (sys.executable, "-c", _IMPORT, str(small), name),
            "copy": (sys.executable, "-c", _COPY, str(small), name),
        }
        seconds = cpu_seconds(commands, runs=3)
        growth = _imported(large, name)[0] / _imported(small, name)[0]
    return {"import_csv_over_copy": seconds["import"] / seconds["copy"], "import_csv_growth": growth}


def _folder() -> tempfile.TemporaryDirectory[str]:
    place = ROOT / ".benchmarks"
    place.mkdir(exist_ok=True)
    return tempfile.TemporaryDirectory(dir=place)


def _write(path: Path, *, size: int, many: bool) -> None:
    """Write minutes of one coin, or 200,000 minutes of each of many, until the file has a size."""
    random = np.random.default_rng(0)
    with path.open("wb") as file:
        file.write(b"symbol,timestamp,open,high,low,close,volume\n")
        part = 0
        while file.tell() < size:
            close = 100 * np.exp(np.cumsum(random.normal(0, 0.0005, _ROWS)))
            opened = close * (1 + random.normal(0, 0.0002, _ROWS))
            start = np.datetime64("1996-01-01T00:00", "ms") + np.timedelta64(0 if many else part * _ROWS * 60_000, "ms")
            columns = {
                "symbol": [f"S{part:03}-USD" if many else "BTC-USD"] * _ROWS,
                "timestamp": start + (np.arange(_ROWS) * 60_000).astype("timedelta64[ms]"),
                "open": opened.round(4),
                "high": (np.maximum(opened, close) * 1.0003).round(4),
                "low": (np.minimum(opened, close) * 0.9997).round(4),
                "close": close.round(4),
                "volume": random.integers(1, 1_000_000, _ROWS),
            }
            pl.DataFrame(columns).write_csv(file, include_header=False, datetime_format="%Y-%m-%d %H:%M:%S")
            part += 1


def _imported(path: Path, folder: str) -> tuple[float, float]:
    """Give the most memory, in MB, and the processor seconds of importing a file."""
    command = (sys.executable, "-c", _IMPORT, str(path), folder)
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    _, peak, seconds = done.stdout.split()
    return float(peak), float(seconds)


def _full() -> dict[str, float]:
    found: dict[str, float] = {}
    with _folder() as name:
        for shape in ("one", "many"):
            path = Path(name) / f"{shape}.csv"
            _write(path, size=1_000_000_000, many=shape == "many")
            found[f"import_1gb_{shape}_peak_mb"], found[f"import_1gb_{shape}_cpu_s"] = _imported(path, name)
            path.unlink()
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--full", action="store_true", help="files of 1 GB, in seconds and MB")
    show(_full() if parser.parse_args().full else figures())
