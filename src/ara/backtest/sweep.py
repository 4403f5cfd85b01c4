"""The sweep: thousands of combinations of parameters on one instrument, and how lucky the best of them is."""

import itertools
import math
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara.backtest.asking import planned
from ara.backtest.choosing import maker
from ara.backtest.engine import Watch
from ara.backtest.floor import Floor, played
from ara.backtest.going_on import Glance, Outlook, Told, file_of, scene_of
from ara.backtest.kept import Kept
from ara.backtest.layout import WHY
from ara.backtest.patience import USUAL
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

__all__ = ["MOST", "Sweep", "Trade", "combinations", "size_of", "sweep", "traded", "try_part"]

MOST: Final = 100_000
"""The most combinations of one sweep."""

_STEP: Final = 64
_CHUNKS: Final = 16
_MEASURES: Final = ("total", "sharpe", "drawdown", "fills", "fees", "equity")

_Parts = NDArray[np.float64]

_Row = dict[str, Any]
_Rows = tuple[list[_Row], float]

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
        Processor time of the combinations that were tried now, not before.
    """

    trials: pl.DataFrame
    best: Result
    proof: Significance
    seconds: float


def combinations(grid: Mapping[str, Sequence[Any]]) -> Iterator[dict[str, Any]]:
    """Give each combination of a grid's values, the last name's values changing fastest."""
    for values in itertools.product(*grid.values()):
        yield dict(zip(grid, values, strict=True))


def size_of(grid: Mapping[str, Sequence[Any]]) -> int:
    """Give how many combinations a grid has, none of which is listed for it; an empty grid has none.

    Raises
    ------
    ValidationError
        A parameter has no value.
    """
    empty = [name for name, values in grid.items() if not len(values)]
    if empty:
        raise ValidationError(
            f"the grid has no value of {empty[0]!r:.40}", hint="Give it one or more, or leave it out of the grid."
        )
    return math.prod(map(len, grid.values())) if grid else 0


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
    kept: Path | None = None,
    watch: Watch | None = None,
    told: Told | None = None,
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
    kept
        A folder that remembers what was tried of the last sweeps: who was stopped asks the same again and goes on from
        there. They follow from the file in which the strategy's class stands; a changed one is tried anew.
    watch
        Told how many combinations of how many are done; False stops the work.
    told
        Told once how many combinations are left and how many seconds they will take, when enough are done to say so.

    Raises
    ------
    ValidationError
        The grid is empty or too large, or the strategy can't be planned.
    BacktestError
        There is nothing to play, or the numbers are too large to be counted.
    """
    count = size_of(grid)
    if not 1 <= count <= MOST:
        raise ValidationError(f"the grid has {count} combinations; a sweep has 1 to {MOST}")
    paid, played = costs or Costs(), tape if end is None else tape.until(int(end.timestamp() * 1_000_000))
    asked: dict[str, Any] = {"tape": played, "cash": Decimal(cash), "costs": paid, "start": start, "patience": patience}
    if there(on) and not isinstance(make, Made):
        raise ValidationError("only a strategy that was found by its name is tried on a cluster")
    tried = list(combinations(grid))
    with Kept(_file(kept, make, tried, asked), "trials", most=MOST) as memory:
        table = _Table(tried, memory, watch=watch, told=told)
        try:
            _fill(make, table, asked, (workers, on, address))
        except KeyboardInterrupt:
            table.glance.now()  # who watches is told how many are kept
            raise
    make, whole = maker(make), pl.DataFrame(table.whole(), infer_schema_length=None)
    trials = whole.sort("sharpe", "total", descending=True, nulls_last=True)
    chosen = {key: trials[key][0] for key in grid}
    best = run(
        lambda: make(**chosen), {tape.instrument.symbol: tape}, name=name, parameters=chosen, cash=cash, costs=paid,
        start=start, end=end, cuts=cuts, patience=patience,
    )  # fmt: skip
    return Sweep(trials=trials, best=best, proof=_proof(best, trials), seconds=table.seconds)


def _fill(make: Callable[..., Any], table: "_Table", asked: Mapping[str, Any], place: Place) -> None:
    """Try what is not known from before: here, in several processes, or on a cluster."""
    if table.todo and (there(place[1]) or (place[0] > 1 and isinstance(make, Made))):
        _spread(make, table, asked, place)
    elif table.todo:
        with closing(_tried(maker(make), table.left(), asked)) as rows:
            for number, (row, seconds) in zip(table.todo, rows, strict=True):
                table.heard([number], [row], seconds)


class _Table:
    """The rows of a sweep as they come, those that are known from before among them."""

    def __init__(
        self, tried: Sequence[Mapping[str, Any]], memory: Kept, *, watch: Watch | None, told: Told | None
    ) -> None:
        self._tried, self._memory, self._watch, self._outlook = tried, memory, watch, Outlook(told, len(tried))
        self._rows: dict[int, _Row] = {}
        for number in range(len(tried)):
            known = memory.get(str(number))
            if known is not None and len(known) == len(_MEASURES):
                self._rows[number] = dict(zip(_MEASURES, known, strict=True))
        self.todo = [number for number in range(len(tried)) if number not in self._rows]
        self.seconds, self._before = 0.0, len(self._rows)
        self.glance = Glance(self._go_on)

    def left(self) -> list[dict[str, Any]]:
        """Give the combinations that are to be tried."""
        return [dict(self._tried[number]) for number in self.todo]

    def heard(self, numbers: Sequence[int], rows: Sequence[_Row], seconds: float) -> None:
        """Take in some rows, remember them, and say how far it is."""
        for number, row in zip(numbers, rows, strict=True):
            self._rows[number] = row
            self._memory.put(str(number), [row[name] for name in _MEASURES])
        self.seconds += seconds
        done, total = len(self._rows), len(self._tried)
        self._outlook.heard(done)
        tick = len(numbers) > 1 or done == total or not (done - self._before - 1) % _STEP
        if tick:
            self.glance.now()
        else:
            self.glance()

    def _go_on(self) -> None:
        done, total = len(self._rows), len(self._tried)
        if self._watch is not None and not self._watch(done, total):
            raise CancelledError(
                f"the sweep was cancelled after {done} of {total} combinations", hint="Ask again to go on from there."
            )

    def whole(self) -> list[_Row]:
        """Give all rows in their order, each with its combination."""
        return [{**one, **self._rows[number]} for number, one in enumerate(self._tried)]


def _file(
    folder: Path | None, make: Callable[..., Any], tried: Sequence[Mapping[str, Any]], asked: Mapping[str, Any]
) -> Path | None:
    """Give the file of a sweep, named by all that its rows follow from."""
    tape = asked["tape"]
    grid = [repr(sorted(one.items())) for one in tried]
    return file_of(folder, make, {"grid": grid, **scene_of({tape.instrument.symbol: tape}, asked)})


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
    make = maker(made(name, parameters))
    scene = {"tape": tape, "cash": cash, "costs": costs, "start": start, "patience": patience}
    each = list(_tried(make, part, scene))
    rows = [{**one, **row} for one, (row, _) in zip(part, each, strict=True)]
    return rows, sum(seconds for _, seconds in each)


def _tried(
    make: Callable[..., Planned], part: Sequence[Mapping[str, Any]], scene: Mapping[str, Any]
) -> Generator[tuple[_Row, float]]:
    """Give the row of each combination, and the seconds of processor that it took."""
    begin = time.process_time()
    with closing(played(make, part, **scene)) as plays:
        for _, row in plays:
            yield row, time.process_time() - begin
            begin = time.process_time()


def _spread(make: Any, table: _Table, asked: Mapping[str, Any], place: Place) -> None:
    """Try what is left in several processes or on a cluster."""
    pieces: list[list[int]] = []
    left = dict(zip(table.todo, table.left(), strict=True))

    def parts(count: int) -> list[dict[str, Any]]:
        pieces.extend(parts_of(table.todo, count, chunks=_CHUNKS))
        given = {"name": named(make), "parameters": dict(make.parameters), **asked}
        return [{**given, "part": [left[number] for number in part]} for part in pieces]

    def heard(number: int, answer: _Rows) -> None:
        table.heard(pieces[number], *answer)

    spread(try_part, parts, place, heard, going=table.glance.now)


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
