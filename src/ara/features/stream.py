"""Indicators bar by bar: the newest value as the batch gives it, at a price that does not grow with the past.

What depends on its last bars alone is computed again on these; what remembers all bars takes one step of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, nan
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from ara.errors import FeatureEngineeringError
from ara.features import catalogue
from ara.features.indicator import ArrayIndicator, Indicator, Step
from ara.features.shared import together

__all__ = ["Item", "Stream"]

_VERSION: Final = 6
_SHORTEST: Final = 32

_Array = NDArray[np.float64]
_Tail = tuple[tuple[str, ...], int]
"""Which inputs, and how many of their last bars."""


@dataclass(frozen=True, slots=True)
class Item:
    """One indicator with its parameters; those that are left out have their defaults.

    Parameters
    ----------
    name
        Of the indicator.
    params
        By name.
    """

    name: str
    params: Mapping[str, float] | None = None

    def __post_init__(self) -> None:
        name: Any = self.name
        params: Any = self.params
        if not isinstance(name, str):
            raise FeatureEngineeringError(f"An indicator is named by a text, not by {type(name).__name__}.")
        if params is not None and not isinstance(params, Mapping):
            words = f"The parameters of {name:.60} are numbers by name, not {type(params).__name__}"
            raise FeatureEngineeringError(f"{words}.", hint="Such as {'window': 7}.")

    @property
    def label(self) -> str:
        """What it is called among others: `rsi`, or `rsi(window=7)`."""
        told = ",".join(f"{name}={value:g}" for name, value in sorted((self.params or {}).items()))
        return f"{self.name}({told})" if told else self.name


class Stream:
    """Some indicators of one instrument, told one bar after the other.

    Parameters
    ----------
    items
        Which; a name stands for the indicator with its defaults.

    Examples
    --------
    >>> from ara.features.stream import Stream
    >>> stream = Stream(["volatility_ratio"])
    >>> stream.push({"close": 100.0})
    {'volatility_ratio': (nan,)}
    """

    def __init__(self, items: Sequence[Item | str]) -> None:
        self._items = [one if isinstance(one, Item) else Item(one) for one in items]
        self._lines = [_Line.of(one) for one in self._items]
        self._labels = [one.label for one in self._items]
        self._inputs = sorted({name for line in self._lines for name in line.indicator.spec.inputs})
        self._longest, self._end, self._seen = max((line.bars for line in self._lines), default=1), 0, 0
        self._kept = np.full((len(self._inputs), 2 * self._longest), np.nan)
        self._rows = list(dict.fromkeys(line.tail[0] for line in self._lines))
        self._tails = list(dict.fromkeys(line.tail for line in self._lines))
        self._ends = list({(name, bars): None for names, bars in self._tails for name in names})
        self._places = [(self._rows.index(line.tail[0]), self._tails.index(line.tail)) for line in self._lines]

    def push(self, bar: Mapping[str, float]) -> dict[str, tuple[float, ...]]:
        """Take one closed bar, and give each item's outputs for it by its label; NaN while it warms up.

        What is infinite is unknown, as in `Indicator.compute`.

        Raises
        ------
        FeatureEngineeringError
            The bar lacks an input, or has one that is no number.
        """
        try:
            missing = [name for name in self._inputs if name not in bar]
        except TypeError:
            raise FeatureEngineeringError(f"A bar is numbers by name, not {type(bar).__name__}.") from None
        if missing:
            raise FeatureEngineeringError(f"The bar lacks {', '.join(missing)}.")
        if self._end == self._kept.shape[1]:
            self._kept[:, : self._longest] = self._kept[:, self._end - self._longest :]
            self._end = self._longest
        try:
            row = [value if isfinite(value := float(bar[name])) else nan for name in self._inputs]
        except (TypeError, ValueError):
            told = ", ".join(f"{name} {bar[name]!r:.40}" for name in self._inputs)
            raise FeatureEngineeringError(f"The bar is not made of numbers: {told}.") from None
        self._kept[:, self._end] = row
        self._end += 1
        self._seen += 1
        rows, tails = self._told(row), self._cut()
        with np.errstate(all="ignore"), together():
            found = [line.next(rows[at], tails[end]) for line, (at, end) in zip(self._lines, self._places, strict=True)]
        return dict(zip(self._labels, found, strict=True))

    def _told(self, row: Sequence[float]) -> list[list[float]]:
        """Give the newest bar in each order in which it is asked for."""
        now = dict(zip(self._inputs, row, strict=True))
        return [[now[name] for name in names] for names in self._rows]

    def _cut(self) -> list[list[_Array]]:
        """Give the last bars for each tail, the same arrays to all that need as many of them."""
        rows = dict(zip(self._inputs, self._kept, strict=True))
        cut = {(name, bars): rows[name][self._end - min(bars, self._seen) : self._end] for name, bars in self._ends}
        return [[cut[name, bars] for name in names] for names, bars in self._tails]

    def state(self) -> dict[str, Any]:
        """Give all that is needed to go on later, as JSON values: prices that are unknown are null."""
        start = max(self._end - self._longest, 0)
        kept = {
            name: [None if np.isnan(value) else float(value) for value in row[start : self._end]]
            for name, row in zip(self._inputs, self._kept, strict=True)
        }
        items = [{"name": one.name, "params": dict(one.params or {})} for one in self._items]
        return {
            "version": _VERSION,
            "items": items,
            "seen": self._seen,
            "bars": kept,
            "states": [_plain(line.state) for line in self._lines],
        }

    @classmethod
    def resume(cls, state: Mapping[str, Any]) -> Self:
        """Go on where `state` was taken.

        Raises
        ------
        FeatureEngineeringError
            It was taken by another version of Ara, or is damaged.
        """
        if not isinstance(state, Mapping):
            raise FeatureEngineeringError(f"A state is a mapping, as `state` gives it, not {type(state).__name__}.")
        if state.get("version") != _VERSION:
            raise FeatureEngineeringError(
                f"The state is of version {state.get('version')!r:.20}; this Ara reads {_VERSION}.",
                hint="Begin anew from the bars.",
            )
        try:
            stream = cls([Item(one["name"], one["params"]) for one in state["items"]])
            bars = [[np.nan if value is None else value for value in state["bars"][name]] for name in stream._inputs]
            seen: Any = state["seen"]
            if isinstance(seen, bool) or not isinstance(seen, int) or seen < 0:
                raise ValueError(f"it has seen {seen!r:.40} bars")
            if any(len(row) != min(seen, stream._longest) for row in bars):
                raise ValueError(f"of {seen} bars it needs the last {stream._longest}")
            stream._seen, stream._end = seen, len(bars[0]) if bars else 0
            stream._kept[:, : stream._end] = np.array(bars, np.float64).reshape(len(bars), stream._end)
            for line, kept in zip(stream._lines, state["states"], strict=True):
                line.state, line.resumed = _tupled(kept), True
                if line.step is None and kept is not None:
                    raise ValueError("a state of what has none")
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise FeatureEngineeringError(f"The state is damaged: {error}.", hint="Begin anew from the bars.") from None
        return stream


@dataclass(slots=True)
class _Line:
    """One indicator under way."""

    indicator: Indicator
    step: Step | None
    params: Mapping[str, float]
    tail: _Tail
    state: Any = None
    resumed: bool = False

    @property
    def bars(self) -> int:
        """How many of the last bars it is computed of."""
        return self.tail[1]

    @classmethod
    def of(cls, item: Item) -> "_Line":
        found = catalogue.get(item.name)
        params = found.spec.resolve(item.params or {})
        memory = found.memory(**params)
        if memory is None and found.spec.step is None:
            raise FeatureEngineeringError(f"The indicator {item.name} depends on all bars and has no step.")
        # A few lengths serve all, so that they can share what is computed of them.
        bars = 1 if found.spec.step else -(-(memory or 1) // _SHORTEST) * _SHORTEST
        return cls(indicator=found, step=found.spec.step, params=params, tail=(tuple(found.spec.inputs), bars))

    def next(self, row: Sequence[float], tail: Sequence[_Array]) -> tuple[float, ...]:
        if self.step is not None:
            try:
                self.state, found = self.step(self.state, *row, **self.params)
                if not isfinite(sum(found)):
                    found = tuple([value if isfinite(value) else nan for value in found])
                if self.resumed:
                    found = tuple(map(float, found))
            except (TypeError, ValueError, IndexError, KeyError, ArithmeticError) as error:
                name = self.indicator.spec.name
                words = f"The indicator {name} can't go on from the state that it was given: {error}"
                raise FeatureEngineeringError(f"{words}.", hint="Begin anew from the bars.") from None
            return found
        if isinstance(self.indicator, ArrayIndicator):
            return self.indicator.newest(tail, self.params)
        columns = dict(zip(self.tail[0], tail, strict=True))
        return tuple(float(one[-1]) for one in self.indicator.compute(columns, **self.params))


def _plain(kept: Any) -> Any:
    """Give a state as JSON values; what is no real number by its name."""
    if isinstance(kept, tuple):
        return [*map(_plain, kept)]
    return {"number": str(kept)} if isinstance(kept, float) and not isfinite(kept) else kept


def _tupled(kept: Any) -> Any:
    if isinstance(kept, dict):
        return float(kept["number"])
    return tuple(map(_tupled, kept)) if isinstance(kept, list) else kept
