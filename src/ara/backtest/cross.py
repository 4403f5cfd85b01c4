"""Combinatorial purged cross-validation of a grid: what choosing the best is worth, over many pasts instead of one."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.backtest.engine import Watch
from ara.backtest.floor import Floor
from ara.backtest.patience import USUAL, waiting
from ara.backtest.result import per_year
from ara.backtest.sweep import combinations
from ara.errors import CancelledError, ValidationError
from ara.performance.inputs import returns_of
from ara.performance.luck import Overfitting, pbo
from ara.performance.splits import combinatorial
from ara.trading.costs import Costs
from ara.trading.strategy import Planned
from ara.trading.tape import Tape

__all__ = ["MOST", "Crossed", "cross"]

MOST: Final = 2_000
"""The most combinations of parameters of one cross-validation."""

_BLOCKS: Final = 16

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossed:
    """What choosing by one part of the past is worth in another, over many ways to part it.

    Parameters
    ----------
    combinations
        Combinations of parameters.
    groups, judged, splits
        Stretches of time, how many of them are judged at once, and how many choices of them there are.
    paths
        The Sharpe ratio of a year of each whole past that is put together of judged parts.
    learned
        The mean Sharpe ratio of what was chosen, on the bars that chose it.
    often
        How many splits chose each combination that any chose, the commonest first.
    overfitting
        The probability of back-test overfitting, by halving the bars in every way; None with too few bars.
    """

    combinations: int
    groups: int
    judged: int
    splits: int
    paths: tuple[float, ...]
    learned: float
    often: tuple[tuple[Mapping[str, Any], int], ...]
    overfitting: Overfitting | None

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "combinations": self.combinations, "groups": self.groups, "judged": self.judged, "splits": self.splits,
            "paths": list(self.paths), "learned_sharpe": self.learned,
            "chosen": [{"parameters": dict(one), "splits": count} for one, count in self.often],
            "pbo": None if self.overfitting is None else asdict(self.overfitting),
        }  # fmt: skip


def cross(
    make: Callable[..., Planned],
    grid: Mapping[str, Sequence[Any]],
    tape: Tape,
    *,
    groups: int = 6,
    judged: int = 2,
    purge: int = 1,
    embargo: int = 5,
    cash: Decimal | int = 10_000,
    costs: Costs | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    patience: float = USUAL,
    watch: Watch | None = None,
) -> Crossed:
    """Choose the best of a grid by every choice of groups of time, and judge it on the others.

    Each combination is played once over all bars. A bar's row is its return; bars whose positions reach into a part
    that is judged are purged, and an embargo follows each.

    Parameters
    ----------
    make, grid, tape, cash, costs, start, end
        As in `ara.backtest.sweep.sweep`.
    groups, judged
        Stretches of time, and how many of them are judged at once: 6 and 2 give 15 splits and 5 pasts.
    purge
        Bars after which the return that a wish led to is known.
    embargo
        Bars left out behind each judged part.
    patience
        As in `ara.backtest.run`.
    watch
        Told how many combinations of how many are done; False stops the work.

    References
    ----------
    López de Prado (2018), Advances in Financial Machine Learning, chapter 12; Bailey, Borwein, López de Prado and Zhu
    (2017), The Probability of Backtest Overfitting, Journal of Computational Finance 20.
    """
    tried = list(combinations(grid)) if grid else []
    if not 2 <= len(tried) <= MOST:
        raise ValidationError(f"the grid has {len(tried)} combinations; 2 to {MOST:,} are cross-validated")
    if purge < 0:
        raise ValidationError(f"{purge} bars can't be purged")
    played = tape if end is None else tape.until(int(end.timestamp() * 1_000_000))
    with waiting(patience) as patient:
        watched = make if patient is None else patient.watching(make)
        table = _table(watched, tried, played, Decimal(cash), costs or Costs(), start, watch)
    at = np.arange(len(table))
    cut = combinatorial(at, at + purge, groups=groups, judged=judged, embargo=embargo)
    root = math.sqrt(per_year({played.instrument.symbol: played}, played.known))
    chosen, learned = [], []
    for split in cut.splits:
        ratios = _ratios(table[split.train]) * root
        chosen.append(int(ratios.argmax()))
        learned.append(float(ratios.max()))
    paths = []
    for path in cut.paths:
        parts = [table[rows, chosen[split]] for rows, split in zip(cut.groups, path.tolist(), strict=True)]
        paths.append(float(_ratios(np.concatenate(parts)[:, None])[0]) * root)
    often = sorted(((tried[one], chosen.count(one)) for one in set(chosen)), key=lambda pair: -pair[1])
    blocks = min(_BLOCKS, len(table) // 4 * 2)
    return Crossed(
        combinations=len(tried), groups=groups, judged=judged, splits=len(cut.splits), paths=tuple(paths),
        learned=float(np.mean(learned)), often=tuple(often),
        overfitting=pbo(table, per_year=root * root, blocks=blocks) if blocks >= 2 else None,
    )  # fmt: skip


def _table(
    make: Callable[..., Planned],
    tried: Sequence[Mapping[str, Any]],
    tape: Tape,
    cash: Decimal,
    costs: Costs,
    start: datetime | None,
    watch: Watch | None,
) -> _Array:
    """Give the returns `[bar, combination]`."""
    floor = Floor(tape, cash, costs, start, plays=len(tried))
    columns = []
    for number, one in enumerate(tried):
        floor.tried(make, one)
        columns.append(returns_of(np.concatenate(([floor.cash], np.maximum(floor.equity[floor.first :], 0.0)))))
        if watch is not None and not watch(number + 1, len(tried)):
            raise CancelledError(f"the cross-validation was cancelled after {number + 1} of {len(tried)} combinations")
    return np.column_stack(columns)


def _ratios(returns: _Array) -> _Array:
    """Give the Sharpe ratio of a bar of each column; 0 where nothing moves."""
    spread = returns.std(axis=0, ddof=1)
    alike = spread <= 1e-12 * np.abs(returns).max(axis=0)
    found: _Array = np.where(alike, 0.0, returns.mean(axis=0) / np.where(alike, 1.0, spread))
    return found
