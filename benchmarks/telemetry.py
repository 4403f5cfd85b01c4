"""What telemetry costs when it is off: a stage against an empty `with` of the standard library, and a count."""

import time
from collections.abc import Callable
from contextlib import nullcontext

from ara.settings import Settings
from ara.telemetry import Telemetry
from benchmarks.measure import show

__all__ = ["figures"]

_CALLS = 100_000
_RUNS = 9


def figures() -> dict[str, float]:
    """Measure: microseconds of a stage and of a count, and the stage's time over that of `with nullcontext()`."""
    telemetry = Telemetry.open(Settings(home="."))

    def floor() -> None:
        for _ in range(_CALLS):
            with nullcontext():
                pass

    def stage() -> None:
        for _ in range(_CALLS):
            with telemetry.stage("features", symbol="AAPL"):
                pass

    def count() -> None:
        for _ in range(_CALLS):
            telemetry.counter("forecasts").add(1, model="ewma_t")

    least = _cpu_microseconds(floor, stage, count)
    return {
        "off_stage_us": least[stage],
        "off_count_us": least[count],
        "off_stage_over_nullcontext": least[stage] / least[floor],
    }


def _cpu_microseconds(*loops: Callable[[], None]) -> dict[Callable[[], None], float]:
    """Give the processor time of one call in each loop: the least of the runs, the loops taking turns."""
    least = dict.fromkeys(loops, float("inf"))
    for _ in range(_RUNS):
        for loop in loops:
            begun = time.process_time()
            loop()
            least[loop] = min(least[loop], 1e6 * (time.process_time() - begun) / _CALLS)
    return least


if __name__ == "__main__":
    show(figures())
