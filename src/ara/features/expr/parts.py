"""What an expression can call beside indicators, each with what it does to units, warm-up and memory."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any, Final

import numpy as np
import polars as pl

from ara.features import arrays
from ara.features.arrays import Array
from ara.features.expr.units import FREE, Unit

__all__ = ["COLUMNS", "FUNCTIONS", "LOGIC", "LONGEST_WINDOW", "OPERATORS", "Function", "Operator", "negated"]

COLUMNS: Final = ("open", "high", "low", "close", "volume", "other")
"""Columns of bars that an expression can name."""

LONGEST_WINDOW: Final = 10_000
"""Bars that a function may look back."""

_Pair = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One function.

    Parameters
    ----------
    series
        How many figures it takes, at least and at most.
    number
        What the whole number after them is called; none if empty.
    fewest
        The least that the number may be.
    default
        What the number is if it is left out; 0 where it can't be.
    run
        Computes it.
    delay, reach
        How many bars of warm-up it adds, and on how many of the last values it depends, given the number.
    unit
        Of the result.
    bounds
        Of the result.
    words
        What it gives, for a person.
    """

    series: tuple[int, int] = (1, 1)
    number: str = ""
    fewest: int = 1
    default: int = 0
    run: Callable[..., Array]
    delay: Callable[[int], int] = lambda _: 0
    reach: Callable[[int], int] = lambda _: 1
    unit: Callable[..., Unit]
    bounds: _Pair = (-np.inf, np.inf)
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """A sign between two figures: how tightly it binds, what it computes, the unit of its result, its bounds."""

    binding: int
    run: Callable[..., Any]
    unit: Callable[[Unit, Unit], Unit]
    bounds: _Pair = (-np.inf, np.inf)


def _truth(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function of truths one of numbers: 1 or 0, unknown where a figure is."""

    def run(*values: Any) -> Any:
        unknown = reduce(np.logical_or, map(np.isnan, values))
        return np.where(unknown, np.nan, np.asarray(function(*values), np.float64))

    return run


def _alike(one: Unit, other: Unit) -> Unit:
    return FREE if one.same(other) else one.lost(other)


def _logic(one: Unit, other: Unit) -> Unit:
    return FREE if one.free and other.free else one.lost(other)


def _kept(*units: Unit) -> Unit:
    found = units[0]
    for one in units[1:]:
        found = found.beside(one)
    return found


def _chosen(condition: Unit, *units: Unit) -> Unit:
    found = _kept(*units)
    return found if condition.free else found.lost(condition)


def _choose(condition: Array, one: Array, other: Array) -> Array:
    return np.where(np.isnan(condition), np.nan, np.where(condition != 0, one, other))


def _windowed(function: Callable[[Array, int], Array]) -> Callable[[Array, int], Array]:
    """Make a moving figure begin anew after a gap."""

    def run(values: Array, window: int) -> Array:
        return arrays.runs(lambda part: function(part, window), values)[0]

    return run


def _spread(values: Array, window: int) -> Array:
    return np.sqrt(arrays.moments(values, window)[1])


def _rank(values: Array, window: int) -> Array:
    found = pl.Series(values).rolling_rank(window, method="average").cast(pl.Float64).fill_null(np.nan).to_numpy()
    return np.asarray((found - 1.0) / (window - 1.0))


def _mean(values: Array, window: int) -> Array:
    """Add each window anew, so that nothing that has left it leaves a trace."""
    return arrays.sums(values, window) / window


def _distance(values: Array, window: int) -> Array:
    mean, variance = arrays.moments(values, window)
    return arrays.quotient(values - mean, np.sqrt(variance), otherwise=0.0)


def _moving(function: Callable[[Array, int], Array], words: str, unit: Callable[..., Unit], **more: Any) -> Function:
    return Function(
        number="window",
        run=_windowed(function),
        delay=lambda window: window - 1,
        reach=lambda window: window,
        unit=unit,
        words=words,
        **more,
    )


_NOT_NEGATIVE: Final = (0.0, np.inf)
_ONE: Final = (0.0, 1.0)


def _unshifted(unit: Unit) -> Unit:
    return unit if unit.shift == FREE.shift else unit.lost()


FUNCTIONS: Final[dict[str, Function]] = {
    "abs": Function(run=np.abs, unit=_unshifted, bounds=_NOT_NEGATIVE, words="its size without its sign"),
    "log": Function(run=np.log, unit=Unit.log, words="its natural logarithm; none of what is not above 0"),
    "sqrt": Function(run=np.sqrt, unit=lambda unit: unit.to_power(0.5), bounds=_NOT_NEGATIVE, words="its square root"),
    "sign": Function(
        run=np.sign,
        unit=lambda unit: FREE if unit.same(unit) and unit.shift == FREE.shift else unit.lost(),
        bounds=(-1.0, 1.0),
        words="1 above 0, -1 below, 0 at it",
    ),
    "min": Function(
        series=(2, 8), run=lambda *x: np.minimum.reduce(np.broadcast_arrays(*x)), unit=_kept, words="the least of them"
    ),
    "max": Function(
        series=(2, 8), run=lambda *x: np.maximum.reduce(np.broadcast_arrays(*x)), unit=_kept, words="the largest"
    ),
    "where": Function(
        series=(3, 3), run=_choose, unit=_chosen, words="the second where the first is true, or else the third"
    ),
    "lag": Function(
        number="bars",
        run=arrays.previous,
        delay=lambda bars: bars,
        reach=lambda bars: bars + 1,
        unit=_kept,
        words="its value some bars ago",
    ),
    "diff": Function(
        number="bars",
        default=1,
        run=arrays.change,
        delay=lambda bars: bars,
        reach=lambda bars: bars + 1,
        unit=Unit.spread,
        words="its change over some bars",
    ),
    "sum": _moving(arrays.sums, "the sum of its last values", _unshifted),
    "mean": _moving(_mean, "their mean", _kept),
    "std": _moving(_spread, "their standard deviation", Unit.spread, bounds=_NOT_NEGATIVE),
    "highest": _moving(arrays.highest, "the highest of them", _kept),
    "lowest": _moving(arrays.lowest, "the lowest of them", _kept),
    "rank": _moving(_rank, "its place among them, from 0 to 1", Unit.ranked, bounds=_ONE, fewest=2),
    "zscore": _moving(_distance, "its distance from their mean in standard deviations", Unit.ranked, fewest=2),
}
"""What can be called, by name. An indicator of the same name is reached under its own name in a set."""

OPERATORS: Final[dict[str, Operator]] = {
    "or": Operator(binding=1, run=_truth(lambda a, b: (a != 0) | (b != 0)), unit=_logic, bounds=_ONE),
    "and": Operator(binding=2, run=_truth(lambda a, b: (a != 0) & (b != 0)), unit=_logic, bounds=_ONE),
    "<": Operator(binding=4, run=_truth(np.less), unit=_alike, bounds=_ONE),
    "<=": Operator(binding=4, run=_truth(np.less_equal), unit=_alike, bounds=_ONE),
    ">": Operator(binding=4, run=_truth(np.greater), unit=_alike, bounds=_ONE),
    ">=": Operator(binding=4, run=_truth(np.greater_equal), unit=_alike, bounds=_ONE),
    "==": Operator(binding=4, run=_truth(np.equal), unit=_alike, bounds=_ONE),
    "!=": Operator(binding=4, run=_truth(np.not_equal), unit=_alike, bounds=_ONE),
    "+": Operator(binding=5, run=np.add, unit=lambda a, b: a.plus(b)),
    "-": Operator(binding=5, run=np.subtract, unit=lambda a, b: a.plus(b, -1.0)),
    "*": Operator(binding=6, run=np.multiply, unit=lambda a, b: a.times(b)),
    "/": Operator(binding=6, run=np.divide, unit=lambda a, b: a.times(b, -1.0)),
    "**": Operator(binding=8, run=np.power, unit=_logic),
}
"""What stands between two figures."""

LOGIC: Final = ("and", "or", "not")
"""Names that are signs."""


def negated(values: Any) -> Any:
    """Give 1 for 0, 0 for anything else, NaN for what isn't known."""
    return _truth(lambda one: one == 0)(values)
