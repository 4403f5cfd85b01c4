"""The sweep: thousands of combinations of parameters on one instrument, and how lucky the best of them is."""

import itertools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara.backtest.asking import planned
from ara.backtest.choosing import maker
from ara.backtest.engine import Watch
from ara.backtest.floor import Floor
from ara.backtest.layout import WHY
from ara.backtest.patience import USUAL, waiting
from ara.backtest.result import Result
from ara.backtest.run import CUTS, run
from ara.backtest.spreading import HERE, Place, named, parts_of, spread, there
from ara.errors import CancelledError, ValidationError
from ara.performance.inputs import returns_of
from ara.performance.luck import Significance, significance
from ara.trading.costs import Costs
from ara.trading.strategies.making import Made, made
from ara.trading.strategy import Planned
from ara.trading.tape import Tape

__all__ = ["MOST", "Sweep", "Trade", "combinations", "sweep", "traded", "try_part"]

MOST: Final = 100_000
"""The most combinations of one sweep."""

_STEP: Final = 64

_Parts = NDArray[np.float64]

_Rows = tuple[list[dict[str, Any]], float]

Trade = tuple[int, int, int, int, str]
"""One fill: number of its bar, lots (below 0 sold), price in ticks, fee in units, and what it was for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """All combinations, and the best of them tested in full.

    Parameters
    ----------
    trials
        A row for each combination, the best Sharpe ratio first: its parameters, and `total`, `sharpe`, `drawdown`,
        `fills`, `fees`, `equity`; null where a measure is not defined.
    best
        The best one, played again by the event engine and replayed on shorter bars.
    proof
        What its Sharpe ratio proves after that many trials, by how far the trials' ratios lie apart.
    seconds
        Processor time of all combinations.
    """

    trials: pl.DataFrame
    best: Result
    proof: Significance
    seconds: float


def combinations(grid: Mapping[str, Sequence[Any]]) -> Iterator[dict[str, Any]]:
    """Give each combination of a grid's values, the last name's values changing fastest."""
    for values in itertools.product(*grid.values()):
        yield dict(zip(grid, values, strict=True))


def sweep(
    make: Callable[..., Planned],
    grid: Mapping[str, Sequence[Any]],
    tape: Tape,
    *,
    name: str = "",
    cash: Decimal | int = 10_000,
    costs: Costs | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    cuts: int = CUTS,
    patience: float = USUAL,
    workers: int = 1,
    on: str = HERE,
    address: str = "",
    watch: Watch | None = None,
) -> Sweep:
    """Play every combination of parameters on one instrument, by a loop of machine code that trades as `run` does.

    Parameters
    ----------
    make
        Makes the strategy from parameters; one whose wish follows from the bars alone. One that
        `ara.trading.strategies.made` gave can be tried in processes and on a cluster.
    grid
        The values of each parameter to try.
    tape
        The instrument's past.
    name
        What the strategy is called.
    cash, costs, start, end, cuts, patience
        As in `run`.
    workers, on, address
        As in `ara.backtest.walk_forward.walk`.
    watch
        Told how many combinations of how many are done; False stops the work.

    Raises
    ------
    ValidationError
        The grid is empty or too large, or the strategy can't be planned.
    BacktestError
        There is nothing to play, or the numbers are too large to be counted.
    """
    count = int(np.prod([len(values) for values in grid.values()])) if grid else 0
    if not 1 <= count <= MOST:
        raise ValidationError(f"the grid has {count} combinations; a sweep has 1 to {MOST}")
    paid, played = costs or Costs(), tape if end is None else tape.until(int(end.timestamp() * 1_000_000))
    asked: dict[str, Any] = {"tape": played, "cash": Decimal(cash), "costs": paid, "start": start, "patience": patience}
    if there(on) and not isinstance(make, Made):
        raise ValidationError("only a strategy that was found by its name is tried on a cluster")
    if there(on) or (workers > 1 and isinstance(make, Made)):
        rows, seconds = _spread(make, list(combinations(grid)), asked, (workers, on, address), watch)
    else:
        rows, seconds = _tried(maker(make), list(combinations(grid)), watch=watch, **asked)
    make = maker(make)
    trials = pl.DataFrame(rows, infer_schema_length=None).sort("sharpe", "total", descending=True, nulls_last=True)
    chosen = {key: trials[key][0] for key in grid}
    best = run(
        lambda: make(**chosen), {tape.instrument.symbol: tape}, name=name, parameters=chosen, cash=cash, costs=paid,
        start=start, end=end, cuts=cuts, patience=patience,
    )  # fmt: skip
    return Sweep(trials=trials, best=best, proof=_proof(best, trials), seconds=seconds)


def try_part(
    *,
    name: str,
    parameters: dict[str, Any],
    part: list[dict[str, Any]],
    tape: Tape,
    cash: Decimal,
    costs: Costs,
    start: datetime | None,
    patience: float,
) -> tuple[list[dict[str, Any]], float]:
    """Give the rows of some combinations and their seconds; what a process is asked for, the strategy by its name."""
    return _tried(
        maker(made(name, parameters)), part, tape=tape, cash=cash, costs=costs, start=start, patience=patience
    )


def _tried(
    make: Callable[..., Planned],
    part: Sequence[Mapping[str, Any]],
    *,
    tape: Tape,
    cash: Decimal,
    costs: Costs,
    start: datetime | None,
    patience: float,
    watch: Watch | None = None,
) -> _Rows:
    floor = Floor(tape, cash, costs, start, plays=len(part))
    begin, rows = time.process_time(), []
    with waiting(patience) as patient:
        watched = make if patient is None else patient.watching(make)
        for number, chosen in enumerate(part):
            rows.append({**chosen, **floor.tried(watched, chosen)})
            if watch is not None and not number % _STEP and not watch(number, len(part)):
                raise CancelledError("the sweep was cancelled")
    return rows, time.process_time() - begin


def _spread(
    make: Any, tried: Sequence[Mapping[str, Any]], asked: Mapping[str, Any], place: Place, watch: Watch | None
) -> _Rows:
    """Try all combinations in several processes or on a cluster, and give them in their order."""
    found: dict[int, _Rows] = {}

    def parts(count: int) -> list[dict[str, Any]]:
        given = {"name": named(make), "parameters": dict(make.parameters), **asked}
        return [{**given, "part": part} for part in parts_of(tried, count)]

    def heard(number: int, answer: _Rows) -> None:
        found[number] = answer
        if watch is not None and not watch(sum(len(rows) for rows, _ in found.values()), len(tried)):
            raise CancelledError("the sweep was cancelled")

    spread(try_part, parts, place, heard)
    each = [found[number] for number in sorted(found)]
    return [row for rows, _ in each for row in rows], sum(seconds for _, seconds in each)


def traded(
    strategy: Planned, tape: Tape, *, cash: Decimal | int = 10_000, costs: Costs | None = None, machine: bool = True
) -> tuple[list[Trade], _Parts]:
    """Give the fills of one strategy by the sweep's loop, and what was owned at each bar, in units.

    Parameters
    ----------
    strategy, tape, cash, costs
        As in `sweep`.
    machine
        Whether to run the loop as machine code; as it stands it does the same, slowly.
    """
    floor = Floor(tape, Decimal(cash), costs or Costs(), None, machine=machine)
    log = np.zeros((2 * len(tape) + 2, 5), np.int64)
    done = floor.play(strategy, planned(strategy, tape), log)
    rows = log[: done.fills].tolist()
    return [(bar, lots, price, fee, WHY[why]) for bar, lots, price, fee, why in rows], floor.equity


def _proof(best: Result, trials: pl.DataFrame) -> Significance:
    ratios = trials["sharpe"].drop_nulls().to_numpy()
    equity = np.concatenate(([float(best.cash)], best.frame["equity"].to_numpy()))
    spread = float(ratios.std(ddof=1)) if len(ratios) > 1 else None
    return significance(
        returns_of(np.maximum(equity, 0.0)), per_year=best.per_year, trials=trials.height, spread=spread or None
    )
