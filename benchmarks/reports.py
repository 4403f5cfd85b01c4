"""What reports cost to write: ten years of days, fifty thousand hours, fifty thousand days, as a page, on paper.

`html_s`, `pdf_s` and `xlsx_s` (a workbook) are of ten years of days, `html_50000_s` and `pdf_50000_s` of 50,000 hours,
`html_50000_days_s` and `pdf_50000_days_s` of as many days, each made and written; `html_mb`, `html_50000_mb` and
`html_50000_days_mb` what the pages weigh. `pdf_over_charts`: the PDF beside the same charts by matplotlib alone, a
picture each. Processor time, the least of two, imports left out.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ara.reports import Report, Track, track_report
from benchmarks.measure import show

__all__ = ["figures"]

_RUNS = 2


def figures() -> dict[str, float]:
    """Measure each, made and written, once its parts are imported."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)

        def written(bars: int, unit: str, ending: str) -> Callable[[], object]:
            return lambda: _report(bars, unit).write(place / f"{bars}{unit}.{ending}")

        for ending in ("html", "pdf", "xlsx"):
            written(300, "D", ending)()
        found = {f"{ending}_s": _least(written(2500, "D", ending)) for ending in ("html", "pdf", "xlsx")}
        found |= {f"{ending}_50000_s": _least(written(50_000, "h", ending)) for ending in ("html", "pdf")}
        found |= {f"{ending}_50000_days_s": _least(written(50_000, "D", ending)) for ending in ("html", "pdf")}
        for name, file in (("", "2500D"), ("_50000", "50000h"), ("_50000_days", "50000D")):
            found[f"html{name}_mb"] = (place / f"{file}.html").stat().st_size / 1e6
    days = _report(2500, "D")
    found["pdf_over_charts"] = found["pdf_s"] / _least(lambda: _drawn(days))
    return found


def _report(bars: int, unit: str) -> Report:
    dice = np.random.default_rng(0)
    first = np.datetime64("1850-01-03" if bars > 5000 else "2011-01-03")
    at = (first + np.arange(bars).astype(f"timedelta64[{unit}]")).astype("datetime64[us]")
    mine, other = dice.normal(0.0003, 0.01, (2, bars)) / (5 if unit == "h" else 1)
    per_year = 252.0 if unit == "D" else 8760.0
    return track_report(Track(name="mine", at=at, per_year=per_year, returns=mine, other=other, other_name="other"))


def _drawn(report: Report) -> None:
    for section in report.sections:
        for chart in section.charts:
            chart.png()


def _least(work: Callable[[], object]) -> float:
    found = []
    for _ in range(_RUNS):
        before = time.process_time()
        work()
        found.append(time.process_time() - before)
    return min(found)


if __name__ == "__main__":
    show(figures())
