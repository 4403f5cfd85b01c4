"""Walk-forward: parameters are chosen on the bars so far, used on the next, and chosen anew; the end stays apart."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import numpy as np

from ara.backtest.choosing import KeptChoices, Task, maker
from ara.backtest.engine import Watch, barless
from ara.backtest.folds import Rules, Step, steps, timeline
from ara.backtest.going_on import Told
from ara.backtest.patience import USUAL as PATIENCE
from ara.backtest.result import Result
from ara.backtest.run import CUTS, Partial, run
from ara.backtest.spreading import HERE
from ara.backtest.sweep import MOST, combinations, size_of
from ara.errors import ValidationError
from ara.trading.costs import Costs
from ara.trading.strategy import Signal, Strategy, View
from ara.trading.tape import Tape, instant

__all__ = ["USUAL", "Fold", "Walk", "usual_grid", "walk"]

USUAL: Final[Mapping[str, Mapping[str, tuple[Any, ...]]]] = {
    "momentum": {"window": (20, 40, 60, 90, 120, 180, 250)},
    "mean_reversion": {"window": (10, 20, 40), "entry": (1.0, 1.5, 2.0)},
    "forecast_following": {"odds": (0.48, 0.5, 0.52), "volatility": (0.1, 0.15, 0.2)},
    "pairs": {"window": (30, 60, 120), "entry": (1.5, 2.0, 2.5)},
    "regime_switching": {"sure": (0.5, 0.6, 0.7)},
}
"""What is tried of Ara's own strategies where nothing else is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """One step of a walk, its bars named by when they closed.

    Parameters
    ----------
    learned_from, learned_to
        The bars on which parameters were chosen.
    first, last
        Those at which the strategy decided with them.
    chosen
        The parameters.
    sharpe
        Of a year, on the bars learned from; None where nothing was chosen or nothing moved.
    """

    learned_from: datetime
    learned_to: datetime
    first: datetime
    last: datetime
    chosen: Mapping[str, Any]
    sharpe: float | None

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        times = {name: getattr(self, name).isoformat() for name in ("learned_from", "learned_to", "first", "last")}
        return {**times, "chosen": dict(self.chosen), "sharpe": self.sharpe}


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """A strategy that never knew the bars it was judged on.

    Parameters
    ----------
    rules, combinations
        How it went forward, and how many combinations were tried at each step.
    folds
        Each step.
    result
        One account through all of them, beside buy and hold over the same bars.
    sealed
        First and last moment of the hold-out; None where there is none.
    opened
        What came of the hold-out, in an account of its own; None while nobody looked.
    """

    rules: Rules
    combinations: int
    folds: tuple[Fold, ...]
    result: Result
    sealed: tuple[datetime, datetime] | None
    opened: Result | None

    @property
    def learned(self) -> float | None:
        """The mean Sharpe ratio of a year of what was chosen, on the bars that chose it."""
        known = [one.sharpe for one in self.folds if one.sharpe is not None]
        return float(np.mean(known)) if known else None

    def as_dict(self) -> dict[str, Any]:
        """Give it as in the JSON of `ara backtest --walk-forward`."""
        return {
            "rules": asdict(self.rules),
            "combinations": self.combinations,
            "folds": [one.as_dict() for one in self.folds],
            "learned_sharpe": self.learned,
            "hold_out": None if self.sealed is None else {
                "from": self.sealed[0].isoformat(),
                "to": self.sealed[1].isoformat(),
                "opened": None if self.opened is None else self.opened.as_dict(),
            },
            "result": self.result.as_dict(),
        }  # fmt: skip


class _Walked:
    """Decides with what was chosen last."""

    def __init__(self, make: Callable[..., Strategy], turns: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
        self._turns = [moment for moment, _ in turns]
        made: dict[str, Strategy] = {}
        self._each = [made.setdefault(repr(sorted(one.items())), make(**one)) for _, one in turns]
        self._at = 0

    def prepare(self, tapes: Mapping[str, Tape]) -> None:
        for one in {id(each): each for each in self._each}.values():
            if hasattr(one, "prepare"):
                one.prepare(tapes)

    def decide(self, view: View) -> Any:
        while self._at + 1 < len(self._turns) and self._turns[self._at + 1] <= view.now:
            self._at += 1
        found: Signal | Sequence[Signal] | None = self._each[self._at].decide(view)  # type: ignore[assignment]
        return found


def usual_grid(name: str, fixed: Mapping[str, Any]) -> dict[str, Sequence[Any]]:
    """Give what is tried of a strategy where nothing is asked for: `USUAL` without what is fixed."""
    return {key: values for key, values in USUAL.get(name, {}).items() if key not in fixed}


def walk(
    make: Callable[..., Strategy],
    grid: Mapping[str, Sequence[Any]],
    tapes: Mapping[str, Tape],
    *,
    rules: Rules | None = None,
    name: str = "",
    cash: Decimal | int = 10_000,
    costs: Costs | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    cuts: int = CUTS,
    opened: bool = False,
    kept: Path | None = None,
    workers: int = 1,
    on: str = HERE,
    address: str = "",
    patience: float = PATIENCE,
    partial: Partial | None = None,
    watch: Watch | None = None,
    told: Told | None = None,
) -> Walk:
    """Choose parameters on the bars so far, use them on the next, and so on; the last bars stay apart.

    Models that a strategy follows are fitted by the one computation behind every forecast, each month on what was known
    then; what is chosen here are the strategy's own parameters.

    Parameters
    ----------
    make
        Makes the strategy from parameters; one that `ara.trading.strategies.made` gave can be tried in processes.
    grid
        The values of each parameter to try; empty: nothing is chosen, and the strategy is judged as it is.
    tapes
        The instruments by symbol, with history before `start` where the strategy needs some.
    rules
        How it goes forward.
    name, cash, costs, start, end, cuts, patience, partial
        As in `run`.
    opened
        Whether to go on through the hold-out. Whoever asks for it counts the look first.
    kept
        A file that remembers choices: who asks again, or was stopped, goes on from there. They follow from the file
        in which the strategy's class stands; a changed one is chosen for anew.
    workers
        Processes that choose at once; of a Ray cluster that is begun for it, its processors.
    on, address
        `here`, or `ray`: choices are made on the Ray cluster at the address, one that is begun here where there is
        none.
    watch
        Told how many steps of how many are done; False stops the work.
    told
        Told once how many steps are left and how many seconds they will take, when enough are done to say so.

    Raises
    ------
    ValidationError
        There are too few bars, too many combinations, or a parameter without a value.
    CancelledError
        `watch` said so; what was chosen until then is kept.
    """
    law, paid, money = rules or Rules(), costs or Costs(), Decimal(cash)
    if (count := size_of(grid)) > MOST:  # counted before they are listed, which takes memory for each
        raise ValidationError(f"the grid has {count} combinations; at most {MOST} are tried")
    tried = list(combinations(grid)) if grid else [{}]
    known = _ranged(tapes, end)
    moments = timeline(known, 0 if start is None else int(start.timestamp() * 1_000_000))
    seal = len(moments) - int(len(moments) * law.hold_out + 1e-9)
    walked = steps(len(moments) if opened else seal, law)
    task = Task(
        make=make, grid=tried, tapes=known, moments=moments, cash=money, costs=paid,
        patience=patience, on=on, address=address,
        memory=KeptChoices(kept, make, known, moments, name=name, grid=tried, cash=money, costs=paid),
    )  # fmt: skip
    choices = task.choices(walked, workers=workers, watch=watch, told=told)
    made, pairs = maker(make), list(zip(walked, choices, strict=True))
    folds = tuple(_fold(moments, step, tried[one.number], one.sharpe) for step, one in pairs)
    turns = [(moments[step.begin], tried[one.number]) for step, one in pairs]
    span: dict[str, Any] = {"name": name, "cash": money, "costs": paid, "cuts": cuts, "patience": patience}
    span["partial"] = partial
    span["parameters"] = {"grid": {key: list(values) for key, values in grid.items()}, **asdict(law)}
    begin, stop = instant(moments[walked[0].begin]), instant(moments[seal - 1])
    result = run(lambda: _Walked(made, turns), known, start=begin, end=stop, **span)
    sealed = (instant(moments[seal]), instant(moments[-1])) if seal < len(moments) else None
    last = None
    if opened and sealed is not None:
        last = run(lambda: _Walked(made, turns), known, start=sealed[0], **span)
    return Walk(rules=law, combinations=len(tried), folds=folds, result=result, sealed=sealed, opened=last)


def _ranged(tapes: Mapping[str, Tape], end: datetime | None) -> dict[str, Tape]:
    """Give the bars up to the end; none after it is looked at."""
    if end is None:
        return dict(tapes)
    moment = int(end.timestamp() * 1_000_000)
    found = {symbol: part for symbol, tape in tapes.items() if len(part := tape.until(moment))}
    if not found:
        raise barless(tapes, f"by {end:%Y-%m-%d}")
    return found


def _fold(moments: Sequence[int], step: Step, combination: Mapping[str, Any], ratio: float | None) -> Fold:
    return Fold(
        learned_from=instant(moments[step.learn]), learned_to=instant(moments[step.until - 1]),
        first=instant(moments[step.begin]), last=instant(moments[step.end - 1]), chosen=combination, sharpe=ratio,
    )  # fmt: skip
