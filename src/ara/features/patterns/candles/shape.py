"""What a candlestick is: a rule over the open, high, low and close of a few bars, and what people read into it.

The rules are written as one speaks them over a chart. A number behind a name counts bars back: `c` is the newest close,
`c1` the one before. `body` is |c - o|, `top` and `bottom` are its ends, `upper` and `lower` the shadows; `white` says
c >= o, `black` that it isn't, `colour` is 1 or -1. What is large or small is told by the bars just before the one in
question: `usual` is the mean body of ten, `tiny` a tenth of their mean range, `shade` half the mean of both their
shadows; `same`, `near` and `far` are 0.05, 0.2 and 0.6 of the mean range of five.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.features.arrays import Array, runs, sound
from ara.features.indicator import ArrayIndicator, Param, Scale, asked, indicator
from ara.features.library import talib
from ara.features.shared import recalled

__all__ = ["BODY", "INPUTS", "MORRIS", "Candle", "Reading", "candle", "exact", "penetration"]

INPUTS: Final = ("open", "high", "low", "close")
"""What every candlestick looks at, in this order."""

BODY: Final = Param(default=0, low=-1, high=1, whole=True, words="Colour the body must have: 1 white, -1 black, 0 any.")
"""Narrows a shape that may have either colour."""

MORRIS: Final = "G. L. Morris (1992), CandlePower; rule of TA-Lib"
"""Who described the shapes that the other book leaves out."""

_BOOK: Final = "S. Nison (1991), Japanese Candlestick Charting Techniques; rule of TA-Lib"
_LARGEST: Final = 200.0
_DROPPED: Final = 12
_UNITS: Final = 1e8
_AT_ONCE: Final = 8192  # numpy spreads longer products over threads, which cost more than they save


class Reading(StrEnum):
    """What the textbooks make of a shape.

    `turn` ends the trend before it, `pause` says that neither side has won, `onward` carries the trend on, and `either`
    points somewhere whatever came before.
    """

    TURN = "turn"
    PAUSE = "pause"
    ONWARD = "onward"
    EITHER = "either"


@dataclass(frozen=True, slots=True)
class Candle(ArrayIndicator):
    """A candlestick: an indicator that is 0 wherever its shape isn't.

    Parameters
    ----------
    spec, function
        As in ArrayIndicator.
    bars
        How many bars the shape itself has.
    reading
        What the textbooks make of it.
    direction
        Where it points, if that isn't the sign of its value: -1 down, 0 nowhere.
    small
        Whether a small body makes it, so that a smaller one is more of it.
    rule
        What finds it in whole bars of `exact` prices, its parameters' defaults filled in; the first bars count for
        nothing.
    """

    bars: int = 1
    reading: Reading = Reading.EITHER
    direction: int | None = None
    small: bool = False
    rule: Callable[..., Array] = np.zeros_like

    def compute(self, inputs: Mapping[str, NDArray[np.float64]], **params: float) -> tuple[NDArray[np.float64], ...]:
        """Give one array; FeatureEngineeringError where inputs or parameters aren't as the spec says."""
        found: Any = self.function(*asked(self.spec, inputs), **self.spec.resolve(params))
        return (found,)

    @property
    def title(self) -> str:
        """What it is called in a sentence: `three black crows`."""
        return self.spec.name.removeprefix("cdl_").replace("_", " ")

    def points(self, values: Array) -> Array:
        """Give where it points with each of its values: 1 up, -1 down, 0 nowhere."""
        return np.sign(values) if self.direction is None else np.full(len(values), float(self.direction))

    @property
    def asks(self) -> int:
        """Which trend the textbooks ask for: 1 where it points, -1 the other one, 0 none."""
        return {Reading.TURN: -1, Reading.ONWARD: 1}.get(self.reading, 0)


def penetration(default: float) -> Param:
    """Give the parameter that says how deep the last close must reach into the first body."""
    words = "How far into the first body the last close must reach, as a share of that body; more asks for more."
    return Param(default=default, low=0.0, high=1.0, words=words)


def exact(prices: Array) -> Array:
    """Give float64 prices in hundred-millionths, to 40 binary digits: decimal ones become whole numbers.

    Sums and differences of such numbers are free of rounding. TA-Lib keeps running sums: with all digits, what has left
    one leaves a trace in it, and where a body is just as long as the limit, that or the rounding of decimals decides.
    So it is the rule, wherever the bars begin.
    """
    rounded = prices * _UNITS
    bits = rounded.view(np.int64)
    bits += 1 << (_DROPPED - 1)
    bits &= -(1 << _DROPPED)
    return np.asarray(rounded)


def candle(
    library: str = "",
    *,
    bars: int,
    warmup: int | Callable[..., int],
    reading: Reading,
    rule: str,
    direction: int | None = None,
    small: bool = False,
    params: Mapping[str, Param] | None = None,
    reference: str = _BOOK,
) -> Callable[[Callable[..., Any]], Candle]:
    """Make a candlestick of a function whose docstring says what it looks like and what people read into it.

    Parameters
    ----------
    library
        The function of TA-Lib that finds it; where there is none, the decorated function does.
    bars, reading, direction, small
        As in Candle.
    warmup
        How many leading bars have no value; a function of the parameters where it depends on them.
    rule
        When it is there, in the words of this module.
    params
        Numbers that users may choose.
    reference
        Who described it.
    """

    def make(described: Callable[..., Any]) -> Candle:
        find = _asked(library) if library else np.errstate(all="ignore")(described)
        count = warmup if callable(warmup) else _always(warmup)
        made = indicator(
            inputs=INPUTS,
            params=params,
            warmup=count,
            memory=lambda **chosen: count(**chosen) + 1,
            scale=Scale.FREE,
            bounds=(-_LARGEST, _LARGEST),
            formula=rule,
            reference=reference,
            words=" ".join((described.__doc__ or "").split()),
            name=described.__name__,
        )(_apart(find, count))
        rule_of = partial(find, **made.spec.resolve({}))
        return Candle(made.spec, made.function, bars, reading, direction, small, rule_of)

    return make


def _always(bars: int) -> Callable[..., int]:
    return lambda **_: bars


def _asked(library: str) -> Callable[..., Array]:
    """Ask TA-Lib, then keep the colour that is wanted."""

    def find(open: Array, high: Array, low: Array, close: Array, *, body: int = 0, **params: float) -> Array:
        found: NDArray[np.int32] = getattr(talib(), library)(open, high, low, close, **params)
        if not body:
            return found.astype(np.float64)
        return np.where(np.where(close >= open, 1, -1) == body, found, 0).astype(np.float64)

    return find


def _apart(find: Callable[..., Array], warmup: Callable[..., int]) -> Callable[..., Array]:
    """Look at each stretch of whole bars by itself, and leave its first ones unknown."""

    def function(*columns: Array, **params: float) -> Array:
        missing = warmup(**params)

        def stretch(*parts: Array) -> Array:
            if len(parts[0]) <= missing:
                return np.full(len(parts[0]), np.nan)
            found = find(*parts, **params)
            found[:missing] = np.nan
            return found

        whole, prices = _exact(*columns)
        if whole:
            return stretch(*prices)
        with np.errstate(all="ignore"):
            return runs(stretch, *prices)[0]

    return function


@recalled
def _exact(*columns: Array) -> tuple[bool, tuple[Array, ...]]:
    """Give whether all prices are known, and the columns of `exact` ones."""
    with np.errstate(all="ignore"):
        prices = exact(np.array(columns))
        flat = prices.ravel()
        whole = math.isfinite(flat.dot(flat)) if len(flat) <= _AT_ONCE else sound(*prices)
    return whole, tuple(prices)
