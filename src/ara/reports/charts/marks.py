"""What a chart is made of: marks on panels with axes, as plain numbers; how they look is decided elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ara.reports.charts.theme import Role

__all__ = [
    "Axis",
    "Band",
    "Bars",
    "Candles",
    "Column",
    "Heat",
    "Line",
    "Mark",
    "Notes",
    "Panel",
    "Points",
    "Ring",
    "Rule",
    "Spans",
]

Column = NDArray[Any]
"""Numbers, or `datetime64[us]` in UTC on an axis of time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """One side of a panel.

    Parameters
    ----------
    label
        What it measures.
    unit
        In what: `%`, `USD`; shown behind the label.
    kind
        `number`; `time`, on which a second is as long everywhere; `bars`, on which each bar takes the same room, nights
        and weekends none; `names`.
    names
        Of places 0, 1, 2, … on an axis of names.
    stamps
        When each of the places 0, 1, 2, … was, on an axis of bars.
    low, high
        Where it begins and ends; None is where the marks do.
    log
        Whether equal ratios take equal room; only for numbers above 0.
    """

    label: str = ""
    unit: str = ""
    kind: Literal["number", "time", "bars", "names"] = "number"
    names: tuple[str, ...] = ()
    stamps: Column | None = None
    low: float | None = None
    high: float | None = None
    log: bool = False

    @property
    def title(self) -> str:
        """The label with its unit."""
        return f"{self.label} ({self.unit})" if self.unit else self.label


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Line:
    """A line through points; NaN breaks it. `step` holds each value until the next."""

    x: Column
    y: Column
    name: str = ""
    role: Role = "forecast"
    dash: Literal["solid", "dash", "dot"] = "solid"
    wide: float = 1.6
    step: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Band:
    """What lies between two lines, as strong as `shade` says: 0.2 for what is wide, 0.4 for what is narrow."""

    x: Column
    low: Column
    high: Column
    name: str = ""
    role: Role = "forecast"
    shade: float = 0.4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Points:
    """Points, with intervals from `low` to `high` where they are given, upright or `flat`."""

    x: Column
    y: Column
    name: str = ""
    role: Role = "forecast"
    shape: Literal["dot", "up", "down", "diamond"] = "dot"
    size: float = 6.0
    low: Column | None = None
    high: Column | None = None
    flat: bool = False
    texts: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bars:
    """Bars from `start` (or 0) to a value, upright or `flat`; `roles` colours each, `texts` stand at their ends."""

    places: Column
    values: Column
    start: Column | None = None
    name: str = ""
    role: Role = "forecast"
    roles: Sequence[Role] = ()
    flat: bool = False
    wide: float = 0.7
    low: Column | None = None
    high: Column | None = None
    texts: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candles:
    """Open, high, low and close of each bar: hollow where it rose, filled where it fell."""

    x: Column
    opens: Column
    highs: Column
    lows: Column
    closes: Column
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Heat:
    """A table of colours: orange below 0, blue above; row 0 on top, NaN empty; `texts` stand in the cells."""

    values: NDArray[np.float64]
    most: float
    texts: Sequence[Sequence[str]] = ()
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ring:
    """Parts of a whole around a circle, from the top clockwise."""

    names: tuple[str, ...]
    shares: Column
    texts: Sequence[str] = ()
    middle: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spans:
    """Stretches of the x axis, shaded from top to bottom."""

    begins: Column
    ends: Column
    name: str = ""
    role: Role = "past"
    shade: float = 0.2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rule:
    """A line across the whole panel at one value: lying, or `upright`."""

    at: Any
    upright: bool = False
    name: str = ""
    role: Role = "quiet"
    dash: Literal["solid", "dash", "dot"] = "dash"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Notes:
    """Short texts beside places."""

    x: Column
    y: Column
    texts: Sequence[str]
    side: Literal["above", "below", "right"] = "above"
    role: Role = "ink"


Mark = Line | Band | Points | Bars | Candles | Heat | Ring | Spans | Rule | Notes
"""Whatever stands on a panel."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Panel:
    """One field of a chart.

    Parameters
    ----------
    marks
        What is in it, the lowest first.
    x, y
        Its axes.
    share
        How high it is beside the other panels, the first being 1.
    square
        Whether both axes have the same scale.
    """

    marks: tuple[Mark, ...]
    x: Axis
    y: Axis
    share: float = 1.0
    square: bool = False

    @property
    def named(self) -> int:
        """How many marks a legend has to explain."""
        said = {getattr(mark, "name", "") for mark in self.marks} - {""}
        return len(said) + 2 * any(isinstance(mark, Candles) for mark in self.marks)
