"""The steps of a walk forward: what is learned from at each, what is chosen there, and from when on it is used."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from ara.backtest.asking import made_anew
from ara.backtest.engine import play
from ara.backtest.floor import Floor
from ara.backtest.result import per_year
from ara.errors import StrategyError, ValidationError
from ara.performance.growth import sharpe
from ara.performance.inputs import returns_of
from ara.performance.splits import walk_forward
from ara.trading.costs import Costs
from ara.trading.funding import funded
from ara.trading.strategy import Planned
from ara.trading.tape import Tape, instant

__all__ = ["Choice", "Rules", "Step", "chosen", "steps", "timeline"]


_Make = Callable[..., Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How a walk goes forward, in bars.

    Parameters
    ----------
    window
        That parameters are chosen on, counted back from each choice.
    every
        Between choices.
    least
        Before the first choice; the window if 0.
    anchored
        Choose on all bars from the first on instead, more each time.
    purge
        Left out between what is learned from and what is judged, for strategies whose wishes reach ahead.
    hold_out
        Share of the bars at the end that stays apart.
    """

    window: int = 252
    every: int = 30
    least: int = 0
    anchored: bool = False
    purge: int = 0
    hold_out: float = 0.2

    def __post_init__(self) -> None:
        if self.window < 2 or self.every < 1 or self.least < 0 or self.purge < 0:
            raise ValidationError(
                f"the walk has a window of {self.window} bars, chooses every {self.every}, has {self.least} before the "
                f"first and leaves out {self.purge}; a window is 2 or more, the step 1 or more"
            )
        if not 0 <= self.hold_out < 1:
            raise ValidationError(f"the hold-out is {self.hold_out:g} of the bars; it is a share below 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step, by numbers of moments: learned from `[learn, until)`, used for decisions from `begin` up to `end`."""

    learn: int
    until: int
    begin: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What was chosen at a step: the number of the combination, and its Sharpe ratio of a year where it was learned."""

    number: int
    sharpe: float | None


def timeline(tapes: Mapping[str, Tape], first: int = 0) -> list[int]:
    """Give the moments at which a bar of any instrument closes, from the first on, microseconds since 1970 UTC."""
    known = np.unique(np.concatenate([np.array(tape.known, np.int64) for tape in tapes.values()]))
    found: list[int] = known[known >= first].tolist()
    return found


def steps(count: int, rules: Rules) -> list[Step]:
    """Give the steps over so many moments.

    Raises
    ------
    ValidationError
        There are too few of them.
    """
    least = rules.least or rules.window
    if least - rules.purge < 2 or count <= least:
        raise ValidationError(
            f"{count} bars can't be walked through with {least} before the first choice and {rules.purge} left out",
            hint="Name a longer range of dates, or a smaller window: --walk-forward 126",
        )
    at = np.arange(count)
    window = None if rules.anchored else rules.window
    found = walk_forward(at, at + rules.purge + 1, first=least, step=rules.every, window=window)
    return [
        Step(learn=int(one.train[0]), until=int(one.train[-1]) + 1, begin=int(one.test[0]), end=int(one.test[-1]) + 1)
        for one in found
    ]


def chosen(
    make: _Make,
    grid: Sequence[Mapping[str, Any]],
    tapes: Mapping[str, Tape],
    moments: Sequence[int],
    todo: Sequence[Step],
    *,
    cash: Decimal,
    costs: Costs,
    going: Callable[[], object] | None = None,
) -> Iterator[Choice]:
    """Give the best combination of each step by its Sharpe ratio there; of several alike the first.

    Each is played anew, with all of the cash, on the bars that are learned from; earlier ones are history that it
    knows. Nothing after them is looked at.

    Parameters
    ----------
    make
        Makes the strategy from a combination.
    grid
        The combinations.
    tapes
        Bars of the instruments; those after the last step are not touched.
    moments
        As `timeline` gives them.
    todo
        The steps.
    cash, costs
        As in `run`.
    going
        Called before each combination; what it raises ends the work.
    """
    if len(grid) == 1:
        yield from (Choice(number=0, sharpe=None) for _ in todo)
        return
    last = moments[max(one.until for one in todo) - 1]
    cut = {symbol: part for symbol, tape in tapes.items() if len(part := tape.until(last))}
    judge = _judge(make, grid, cut, moments, todo, cash=cash, costs=costs)
    for step in todo:
        ratios = []
        for one in grid:
            if going is not None:
                going()
            ratios.append(judge(one, step))
        best = max(range(len(grid)), key=lambda number: (-math.inf if (r := ratios[number]) is None else r, -number))
        yield Choice(number=best, sharpe=ratios[best])


def _judge(
    make: _Make,
    grid: Sequence[Mapping[str, Any]],
    tapes: Mapping[str, Tape],
    moments: Sequence[int],
    todo: Sequence[Step],
    *,
    cash: Decimal,
    costs: Costs,
) -> Callable[[Mapping[str, Any], Step], float | None]:
    """Give what tells a combination's Sharpe ratio at a step: by the sweep's loop where that can be."""
    tape = next(iter(tapes.values()))
    if len(tapes) == 1 and isinstance(made_anew(make, **grid[0]), Planned) and _swept(tape, costs):
        floor = Floor(tape, cash, costs, instant(moments[0]), plays=len(todo) * len(grid))
        shift = floor.first

        def swept(one: Mapping[str, Any], step: Step) -> float | None:
            found: float | None = floor.tried(make, one, first=step.learn + shift, stop=step.until + shift)["sharpe"]
            return found

        return swept

    def played(one: Mapping[str, Any], step: Step) -> float | None:
        last = moments[step.until - 1]
        part = {symbol: cut for symbol, tape in tapes.items() if len(cut := tape.until(last))}
        done = play(made_anew(make, **one), part, cash=cash, costs=costs, start=instant(moments[step.learn]))
        if done.failure is not None:
            raise _failed(done.failure, one)
        equity = np.maximum(np.array([done.exchange.book.start, *done.equity], np.float64), 0.0)
        return sharpe(returns_of(equity), per_year=per_year(tapes, done.moments))

    return played


def _swept(tape: Tape, costs: Costs) -> bool:
    """Say whether the sweep's loop knows all that is to be played."""
    return tape.rated is None and not funded(tape, costs)


def _failed(error: StrategyError, one: Mapping[str, Any]) -> StrategyError:
    words = ", ".join(f"{name} {value}" for name, value in one.items())
    return StrategyError(f"{error.message} (with {words})", hint=error.hint)
