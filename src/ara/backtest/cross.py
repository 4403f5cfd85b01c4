"""Combinatorial purged cross-validation of a grid: what choosing the best is worth, over many pasts instead of one."""

import math
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.backtest.choosing import maker
from ara.backtest.engine import Watch
from ara.backtest.floor import played
from ara.backtest.going_on import Answers, KeptColumns, file_of, scene_of
from ara.backtest.patience import USUAL
from ara.backtest.result import per_year
from ara.backtest.spreading import HERE, Place, named, parts_of, spread, there
from ara.backtest.sweep import combinations, size_of
from ara.errors import ValidationError
from ara.performance.inputs import returns_of
from ara.performance.luck import Overfitting, pbo
from ara.performance.picked import Beating, beating
from ara.performance.splits import Combinations, combinatorial
from ara.trading.costs import Costs
from ara.trading.strategies.buy_and_hold import BuyAndHold
from ara.trading.strategies.making import Made, made
from ara.trading.strategy import Planned
from ara.trading.tape import Tape

__all__ = ["MOST", "Crossed", "cross", "cross_part", "crossable"]

MOST: Final = 2_000
"""The most combinations of parameters of one cross-validation."""

_BLOCKS: Final = 16
_LEAST: Final = 3  # bars by which a choice has a spread
_TESTED: Final = 10  # bars of which draws say something
_JUDGED: Final = 2
_PURGE: Final = 1
_EMBARGO: Final = 5
_FILES: Final = 2

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
    held
        Whether the best of all combinations earned more than buying and holding with the same costs, though it was
        picked; None with too few bars.
    """

    combinations: int
    groups: int
    judged: int
    splits: int
    paths: tuple[float, ...]
    learned: float
    often: tuple[tuple[Mapping[str, Any], int], ...]
    overfitting: Overfitting | None
    held: Beating | None

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "combinations": self.combinations, "groups": self.groups, "judged": self.judged, "splits": self.splits,
            "paths": list(self.paths), "learned_sharpe": self.learned,
            "chosen": [{"parameters": dict(one), "splits": count} for one, count in self.often],
            "pbo": None if self.overfitting is None else asdict(self.overfitting),
            "beats_holding": None if self.held is None else self.held.as_dict(),
        }  # fmt: skip


def cross(
    make: Callable[..., Planned],
    grid: Mapping[str, Sequence[Any]],
    tape: Tape,
    *,
    groups: int = 6,
    judged: int = _JUDGED,
    purge: int = _PURGE,
    embargo: int = _EMBARGO,
    cash: Decimal | int = 10_000,
    costs: Costs | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    patience: float = USUAL,
    workers: int = 1,
    on: str = HERE,
    address: str = "",
    kept: Path | None = None,
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
    workers, on, address
        As in `ara.backtest.walk_forward.walk`.
    kept
        As in `ara.backtest.sweep.sweep`: a folder that remembers the returns of what was played, of the last two.
    watch
        Told how many combinations of how many are done; False stops the work.

    References
    ----------
    López de Prado (2018), Advances in Financial Machine Learning, chapter 12; Bailey, Borwein, López de Prado and Zhu
    (2017), The Probability of Backtest Overfitting, Journal of Computational Finance 20.
    """
    played = tape if end is None else tape.until(int(end.timestamp() * 1_000_000))
    tried, cut = _parted(grid, played, start, groups=groups, judged=judged, purge=purge, embargo=embargo)
    scene: dict[str, Any] = {
        "tape": played, "cash": Decimal(cash), "costs": costs or Costs(), "start": start, "patience": patience
    }  # fmt: skip
    table = _table(make, tried, scene, (workers, on, address), watch, kept)
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
        held=beating(table, next(_returns(BuyAndHold, [{}], scene))) if len(table) >= _TESTED else None,
    )  # fmt: skip


def crossable(
    grid: Mapping[str, Sequence[Any]],
    tape: Tape,
    *,
    groups: int,
    start: datetime | None = None,
    end: datetime | None = None,
) -> None:
    """Refuse what `cross` would refuse, before anything is played.

    Raises
    ------
    ValidationError
        There are too few combinations or bars, or too many.
    """
    played = tape if end is None else tape.until(int(end.timestamp() * 1_000_000))
    _parted(grid, played, start, groups=groups, judged=_JUDGED, purge=_PURGE, embargo=_EMBARGO)


def _parted(
    grid: Mapping[str, Sequence[Any]], tape: Tape, start: datetime | None, *, groups: int, judged: int, purge: int,
    embargo: int,
) -> tuple[list[dict[str, Any]], Combinations]:  # fmt: skip
    """Give the combinations of parameters, and the ways to part the bars."""
    count = size_of(grid)
    if not 2 <= count <= MOST:
        raise ValidationError(f"the grid has {count} combinations; 2 to {MOST:,} are cross-validated")
    tried = list(combinations(grid))
    if purge < 0:
        raise ValidationError(f"{purge} bars can't be purged")
    at = np.arange(_bars(tape, start))
    cut = combinatorial(at, at + purge, groups=groups, judged=judged, embargo=embargo)
    if (least := min(len(split.train) for split in cut.splits)) < _LEAST:
        raise ValidationError(
            f"of {len(at)} bars in {groups} groups {least} are left to choose by, once {purge} are purged and "
            f"{embargo} left out behind each judged part",
            hint="Name a longer range of dates, or other groups: --cross-validate 4",
        )
    return tried, cut


def cross_part(
    *,
    name: str,
    parameters: dict[str, Any],
    part: list[dict[str, Any]],
    tape: Tape,
    cash: Decimal,
    costs: Costs,
    start: datetime | None,
    patience: float,
) -> _Array:
    """Give the returns of some combinations; what a process is asked for, the strategy by its name."""
    make = maker(made(name, parameters))
    scene = {"tape": tape, "cash": cash, "costs": costs, "start": start, "patience": patience}
    return np.column_stack(list(_returns(make, part, scene)))


def _table(
    make: Callable[..., Planned],
    tried: Sequence[Mapping[str, Any]],
    scene: Mapping[str, Any],
    place: Place,
    watch: Watch | None,
    kept: Path | None,
) -> _Array:
    """Give the returns `[bar, combination]`, played here, in several processes or on a cluster."""
    if there(place[1]) and not isinstance(make, Made):
        raise ValidationError("only a strategy that was found by its name is tried on a cluster")
    tape, grid = scene["tape"], [repr(sorted(one.items())) for one in tried]
    task = {"grid": grid, **scene_of({tape.instrument.symbol: tape}, scene)}
    memory = KeptColumns(file_of(kept, make, task, most=_FILES, ending="columns"), _bars(tape, scene["start"]))
    words = "the cross-validation was cancelled after {done} of {total} combinations"
    answers = Answers[_Array](memory, len(tried), what=words, watch=watch)
    if answers.todo and isinstance(make, Made) and (there(place[1]) or place[0] > 1):
        _in_parts(make, tried, answers, scene, place)
    elif answers.todo:
        with closing(_returns(maker(make), [tried[number] for number in answers.todo], scene)) as each:
            for number, column in zip(answers.todo, each, strict=True):
                answers.heard([number], [column])
    return np.column_stack(answers.whole())


def _in_parts(
    make: Made, tried: Sequence[Mapping[str, Any]], answers: Answers[_Array], scene: Mapping[str, Any], place: Place
) -> None:
    """Play what is left in several processes or on a cluster."""
    pieces: list[list[int]] = []

    def parts(count: int) -> list[dict[str, Any]]:
        pieces.extend(parts_of(answers.todo, count))
        given = {"name": named(make), "parameters": dict(make.parameters), **scene}
        return [{**given, "part": [dict(tried[number]) for number in part]} for part in pieces]

    def heard(number: int, table: _Array) -> None:
        answers.heard(pieces[number], list(table.T))

    spread(cross_part, parts, place, heard, going=answers.glance.now)


def _bars(tape: Tape, start: datetime | None) -> int:
    """Give how many bars are played from a moment on."""
    first = -(2**62) if start is None else int(start.timestamp() * 1_000_000)
    return len(tape) - int(np.searchsorted(np.array(tape.known), first))


def _returns(
    make: Callable[..., Planned], part: Sequence[Mapping[str, Any]], scene: Mapping[str, Any]
) -> Generator[_Array]:
    """Give the returns of each combination."""
    with closing(played(make, part, **scene)) as plays:
        for floor, _ in plays:
            yield returns_of(np.concatenate(([floor.cash], np.maximum(floor.equity[floor.first :], 0.0))))


def _ratios(returns: _Array) -> _Array:
    """Give the Sharpe ratio of a bar of each column; 0 where nothing moves."""
    spread = returns.std(axis=0, ddof=1)
    alike = spread <= 1e-12 * np.abs(returns).max(axis=0)
    found: _Array = np.where(alike, 0.0, returns.mean(axis=0) / np.where(alike, 1.0, spread))
    return found
