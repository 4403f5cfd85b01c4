"""Choosing at every step of a walk: remembered, estimated, cancelled, and spread over processes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Self

from ara.backtest.engine import Watch, rules
from ara.backtest.folds import Choice, Step, chosen
from ara.backtest.going_on import Glance, Outlook, Told
from ara.backtest.kept import Kept, follows
from ara.backtest.patience import USUAL, waiting
from ara.backtest.spreading import HERE, named, parts_of, spread, there
from ara.errors import CancelledError, ValidationError
from ara.lineage import digest
from ara.trading.costs import Costs
from ara.trading.strategies.making import Made, made
from ara.trading.tape import Tape

__all__ = ["KeptChoices", "Task", "choose", "maker"]

_MOST_KEPT: Final = 10_000
_PAIR: Final = 2


def maker(make: Callable[..., Any]) -> Callable[..., Any]:
    """Give what makes a strategy from a combination, beside the parameters that it has already."""
    if not isinstance(make, Made):
        return make

    def found(**combination: Any) -> Any:
        return Made(name=make.name, kind=make.kind, parameters={**make.parameters, **combination})()

    return found


class KeptChoices:
    """Choices in a file, each under all that it follows from; a context, at whose end all of them are on the disk.

    Parameters
    ----------
    path
        The file; None to remember nothing.
    make
        Makes the strategy; one whose code stands in no file is not remembered.
    tapes, moments
        The bars.
    name, grid, cash, costs
        What is tried.
    """

    def __init__(
        self, path: Path | None, make: Callable[..., Any], tapes: Mapping[str, Tape], moments: Sequence[int], *,
        name: str, grid: Sequence[Mapping[str, Any]], cash: Decimal, costs: Costs,
    ) -> None:  # fmt: skip
        code = follows(make)
        self._on, self._tapes, self._moments = path is not None and code is not None, tapes, moments
        self._task = {"name": name, "grid": list(grid), "cash": str(cash), "costs": costs.as_dict(), "strategy": code}
        self._task["engine"] = rules(tapes)
        self._kept = Kept(path if self._on else None, "choices", most=_MOST_KEPT)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._kept.__exit__()

    def key(self, step: Step) -> str:
        """Give the id of all that a step's choice follows from."""
        last = self._moments[step.until - 1]
        bars = {symbol: tape.until(last).digest() for symbol, tape in self._tapes.items()}
        return digest({**self._task, "bars": bars, "first": self._moments[step.learn]})

    def get(self, step: Step) -> Choice | None:
        """Give a choice that was made before."""
        found = self._kept.get(self.key(step)) if self._on else None
        return Choice(number=int(found[0]), sharpe=found[1]) if found is not None and len(found) == _PAIR else None

    def put(self, step: Step, choice: Choice) -> None:
        """Keep a choice."""
        if self._on:
            self._kept.put(self.key(step), [choice.number, choice.sharpe])


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """All that choosing takes; see `ara.backtest.folds.chosen`."""

    make: Callable[..., Any]
    grid: Sequence[Mapping[str, Any]]
    tapes: Mapping[str, Tape]
    moments: Sequence[int]
    cash: Decimal
    costs: Costs
    memory: KeptChoices
    patience: float = USUAL
    on: str = HERE
    address: str = ""

    def choices(self, every: Sequence[Step], *, workers: int, watch: Watch | None, told: Told | None) -> list[Choice]:
        """Give the choice of each step, those that are kept from memory."""
        found = {step: kept for step in every if (kept := self.memory.get(step)) is not None}
        todo = [step for step in every if step not in found]
        beside = there(self.on) or (workers > 1 and isinstance(self.make, Made))
        total, outlook = len(every), Outlook(told, len(every))

        def hear(done: Mapping[Step, Choice]) -> None:
            for step, choice in done.items():
                self.memory.put(step, choice)
            found.update(done)
            outlook.heard(len(found))
            go_on()

        def go_on() -> None:
            if watch is not None and not watch(len(found), total):
                raise CancelledError(
                    f"the walk was cancelled after {len(found)} of {total} steps", hint="Ask again to go on from there."
                )

        if there(self.on) and not isinstance(self.make, Made):
            raise ValidationError("only a strategy that was found by its name is tried on a cluster")
        with self.memory:
            if todo and beside:
                self._spread(todo, workers, hear, go_on)
            elif todo:
                with waiting(self.patience) as patient:
                    make = maker(self.make) if patient is None else patient.watching(maker(self.make))
                    each = chosen(
                        make, self.grid, self.tapes, self.moments, todo, cash=self.cash, costs=self.costs,
                        going=Glance(go_on),
                    )  # fmt: skip
                    for step, choice in zip(todo, each, strict=True):
                        hear({step: choice})
        return [found[step] for step in every]

    def _spread(
        self, todo: Sequence[Step], workers: int, hear: Callable[[Mapping[Step, Choice]], None],
        go_on: Callable[[], None],
    ) -> None:  # fmt: skip
        """Choose in several processes or on a cluster, some steps at a time."""
        pieces: list[list[Step]] = []

        def asked(count: int) -> list[dict[str, Any]]:
            pieces.extend(parts_of(todo, count))
            return [self._asked(part) for part in pieces]

        def heard(number: int, choices: list[Choice]) -> None:
            hear(dict(zip(pieces[number], choices, strict=True)))

        spread(choose, asked, (workers, self.on, self.address), heard, going=go_on)

    def _asked(self, part: Sequence[Step]) -> dict[str, Any]:
        if not isinstance(self.make, Made):
            raise ValidationError("only a strategy that was found by its name is tried in processes")
        last = self.moments[part[-1].until - 1]
        return {
            "name": named(self.make), "parameters": dict(self.make.parameters),
            "grid": [dict(one) for one in self.grid],
            "tapes": {symbol: cut for symbol, tape in self.tapes.items() if len(cut := tape.until(last))},
            "moments": list(self.moments), "todo": list(part), "cash": self.cash, "costs": self.costs,
            "patience": self.patience,
        }  # fmt: skip


def choose(
    *,
    name: str,
    parameters: dict[str, Any],
    grid: list[dict[str, Any]],
    tapes: dict[str, Tape],
    moments: list[int],
    todo: list[Step],
    cash: Decimal,
    costs: Costs,
    patience: float = USUAL,
) -> list[Choice]:
    """Give the choices of some steps; what a process is asked for, the strategy by its name."""
    make = maker(made(name, parameters))
    with waiting(patience) as patient:
        watched = make if patient is None else patient.watching(make)
        return list(chosen(watched, grid, tapes, moments, todo, cash=cash, costs=costs))
