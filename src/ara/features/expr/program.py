"""An expression made ready: its steps in order, each computed once from those before it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ara.errors import FeatureEngineeringError
from ara.features.arrays import Array, clean, filled
from ara.features.expr.units import Unit
from ara.features.indicator import Indicator, IndicatorSpec

__all__ = ["Argument", "Expression", "Node", "Program"]

Argument = float | tuple[int, int]
"""What a step takes: a number, or an output of an earlier step by its place and number."""

_State = tuple[int, Any]

_FRESH: Final[_State] = (0, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One step of an expression.

    Parameters
    ----------
    text
        The one way of writing it.
    args
        What it takes.
    column
        The column of the bars that it is; empty for other steps.
    run
        Computes it from arrays and numbers, for steps that are no indicator.
    call
        The indicator that it calls, with `params`.
    params
        The parameters of the call.
    delay
        How many bars of warm-up it adds.
    reach
        How many of the last values of its arguments its own last one depends on; None where all.
    warmup, memory
        In bars of the instrument, all earlier steps counted.
    units
        Of each output.
    bounds
        Of each output.
    """

    text: str
    args: tuple[Argument, ...] = ()
    column: str = ""
    run: Callable[..., Any] | None = None
    call: Indicator | None = None
    params: tuple[tuple[str, float], ...] = ()
    delay: int = 0
    reach: int | None = 1
    warmup: int = 0
    memory: int | None = 1
    units: tuple[Unit, ...]
    bounds: tuple[tuple[float, float], ...]

    def figures(self, values: Sequence[Any], start: int) -> tuple[Array, ...]:
        """Compute it from its arguments, which are known from the bar `start` on."""
        if self.run is not None and self.delay == 0 and self.reach == 1:
            with np.errstate(all="ignore"):
                found = clean(np.asarray(self.run(*values), np.float64))
            return (filled(found, start) if start else found,)
        told = [value[start:] if isinstance(value, np.ndarray) else value for value in values]
        if self.call is None:
            assert self.run is not None  # noqa: S101 - a step is a column, a run or a call
            with np.errstate(all="ignore"):
                parts: tuple[Array, ...] = (clean(self.run(*told)),)
        else:
            given = dict(zip(self.call.spec.inputs, told, strict=True))
            parts = self.call.compute(given, **dict(self.params))
        return tuple(_behind(part, start) for part in parts)

    def advance(self, state: _State, values: Sequence[float]) -> tuple[_State, tuple[float, ...]]:
        """Take one bar: the values of its arguments for it, which are known by now."""
        count, kept = state
        if self.call is not None and self.call.spec.step is not None and self.reach is None:
            kept, found = self.call.spec.step(kept, *values, **dict(self.params))
            return (count + 1, kept), tuple(found)
        rows = tuple(
            (*(own if count else ()), value)[-(self.reach or 1) :]
            for own, value in zip(kept or ((),) * len(values), values, strict=True)
        )
        told = [np.array(row) if isinstance(arg, tuple) else arg for row, arg in zip(rows, self.args, strict=True)]
        found = tuple(float(one[-1]) for one in self.figures(told, 0))
        return (count + 1, rows), found


def _behind(part: Array, start: int) -> Array:
    if not start:
        return part
    return np.concatenate([np.full(start, np.nan), part])


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """The steps of an expression; the last output that is taken is its value.

    Parameters
    ----------
    nodes
        In an order in which each comes after what it takes.
    value
        Place of the step, and which of its outputs the expression is.
    """

    nodes: tuple[Node, ...]
    value: tuple[int, int]

    @property
    def inputs(self) -> tuple[str, ...]:
        """The columns of bars that it needs."""
        return tuple(node.column for node in self.nodes if node.column)

    def compute(self, columns: Mapping[str, Array]) -> Array:
        """Compute it over arrays; what no later step needs is let go."""
        found: list[tuple[Array, ...]] = []
        starts: list[int] = []
        last = self._last()
        for place, node in enumerate(self.nodes):
            if node.column:
                values = np.asarray(columns[node.column], np.float64)
                known = np.isfinite(values)
                found.append((clean(values),))
                starts.append(int(np.argmax(known)) if known.any() else len(values))
                continue
            start = max(starts[arg[0]] for arg in node.args if isinstance(arg, tuple))
            told = [found[arg[0]][arg[1]] if isinstance(arg, tuple) else arg for arg in node.args]
            found.append(node.figures(told, start))
            starts.append(min(start + node.delay, len(found[-1][0])))
            for arg in node.args:
                if isinstance(arg, tuple) and last[arg[0]] == place:
                    found[arg[0]] = ()
        return found[self.value[0]][self.value[1]]

    def step(self, state: Any, *row: float, **_: float) -> tuple[Any, tuple[float, ...]]:
        """Take one more bar; see `ara.features.indicator.Step`."""
        given = dict(zip(self.inputs, row, strict=True))
        states: list[_State] = []
        found: list[tuple[float, ...]] = []
        begun: list[bool] = []
        for place, node in enumerate(self.nodes):
            own: _State = state[place] if state is not None else _FRESH
            if node.column:
                value = given[node.column]
                own = (own[0] + (own[0] > 0 or bool(np.isfinite(value))), None)
                found.append((float(value),))
                begun.append(own[0] > 0)
            elif all(begun[arg[0]] for arg in node.args if isinstance(arg, tuple)):
                told = [found[arg[0]][arg[1]] if isinstance(arg, tuple) else arg for arg in node.args]
                own, values = node.advance(own, told)
                found.append(values)
                begun.append(own[0] > node.delay)
            else:
                found.append((np.nan,) * len(node.units))
                begun.append(False)
            states.append(own)
        return tuple(states), (found[self.value[0]][self.value[1]],)

    def _last(self) -> dict[int, int]:
        """Say which step is the last to take each; none takes the value away."""
        last = {arg[0]: place for place, node in enumerate(self.nodes) for arg in node.args if isinstance(arg, tuple)}
        return {**last, self.value[0]: len(self.nodes)}


@dataclass(frozen=True, slots=True)
class Expression:
    """An indicator made of an expression.

    Parameters
    ----------
    text
        The one way of writing it.
    program
        Its steps.
    spec
        What is known of it.
    uses
        The indicators that it calls, with all that their numbers depend on, as JSON values.
    """

    text: str
    program: Program
    spec: IndicatorSpec
    uses: tuple[Mapping[str, Any], ...]

    def compute(self, inputs: Mapping[str, Array], **params: float) -> tuple[Array, ...]:
        """Give its value for each bar; FeatureEngineeringError where an input is missing or a parameter is given."""
        self.spec.resolve(params)
        missing = [name for name in self.spec.inputs if name not in inputs]
        if missing:
            raise FeatureEngineeringError(f"The expression {self.text:.60} needs {', '.join(missing)}.")
        shapes = {np.shape(inputs[name]) for name in self.spec.inputs}
        if len(shapes) > 1 or any(len(shape) != 1 for shape in shapes):
            told = ", ".join(f"{name} {np.shape(inputs[name])}" for name in self.spec.inputs)
            raise FeatureEngineeringError(f"The inputs of the expression {self.text:.60} differ in shape: {told}.")
        return (self.program.compute(inputs),)

    def memory(self, **params: float) -> int | None:
        """Give how many of the last bars its last value depends on; None where all do."""
        self.spec.resolve(params)
        memory: int | None = self.program.nodes[self.program.value[0]].memory
        return memory

    def warmup(self, **params: float) -> int:
        """Give how many leading bars have no value."""
        self.spec.resolve(params)
        return self.program.nodes[self.program.value[0]].warmup
