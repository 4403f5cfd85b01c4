"""Figures of many instruments at once: their bars put side by side as each was known, then back to each one's bars."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara import plugins
from ara.errors import FeatureEngineeringError
from ara.features.blocks.inputs import Inputs, fresh, instants
from ara.features.sets import FeatureSet, Item
from ara.features.timeframes import Higher
from ara.market.bars import Bars
from ara.market.timeframe import Timeframe

__all__ = ["Crossed"]

_FEWEST: Final = 2

_Arrays = tuple[NDArray[np.float64], ...]


class Crossed:
    """The figures of a panel's instruments that look at all of them.

    Instruments of one calendar share a grid: the instants at which a bar of one of them was public. In each row stands
    what was known of every instrument then; of one without a bar for a week (for four bars, if these are longer), none.

    Parameters
    ----------
    chosen
        The set; nothing is done for its other items.
    panel
        Bars by symbol.
    others
        Bars of instruments to compare with.
    """

    def __init__(self, chosen: FeatureSet, panel: Mapping[str, Bars], others: Mapping[str, Bars]) -> None:
        self._panel = panel if any(item.crosses for item in chosen.items) else {}
        self._others = others
        self._sides: dict[tuple[str, str], _Side] = {}
        self._made: dict[tuple[str, str], tuple[_Arrays, str]] = {}

    def figures(self, item: Item, symbol: str) -> tuple[_Arrays, str]:
        """Give an item's outputs for each bar of an instrument, or why there are none."""
        if len(self._panel) < _FEWEST:
            return (), "it compares instruments, and only one is given"
        bars = self._panel[symbol]
        length = item.timeframe if item.timeframe != str(bars.timeframe) else ""
        group = (bars.instrument.calendar, length)
        if group not in self._sides:
            self._sides[group] = _Side(self._panel, self._others, calendar=group[0], length=length)
        side = self._sides[group]
        key = (item.label, bars.instrument.calendar)
        if key not in self._made:
            self._made[key] = side.computed(item)
        found, why = self._made[key]
        return (side.back(found, symbol), "") if not why else ((), why)


class _Side:
    """The panel on the grid of the instruments of one calendar."""

    def __init__(self, panel: Mapping[str, Bars], others: Mapping[str, Bars], *, calendar: str, length: str) -> None:
        self._higher = {symbol: Higher.of(bars, Timeframe.parse(length)) for symbol, bars in panel.items() if length}
        self._bars = {symbol: one.bars for symbol, one in self._higher.items()} if length else dict(panel)
        self._inputs = {symbol: Inputs(bars, others) for symbol, bars in self._bars.items()}
        self._known = {symbol: instants(bars, "known_at") for symbol, bars in self._bars.items()}
        own = [self._known[symbol] for symbol, bars in self._bars.items() if bars.instrument.calendar == calendar]
        self._grid = np.unique(np.concatenate(own))
        self._columns: dict[str, tuple[NDArray[np.float64], str]] = {}

    def computed(self, item: Item) -> tuple[_Arrays, str]:
        """Give the item's outputs `[time, series]`, or why there are none."""
        inputs: dict[str, NDArray[np.float64]] = {}
        for name in item.spec.inputs:
            key = f"{name}:{item.other}"
            if key not in self._columns:
                self._columns[key] = self._aligned(name, item.other)
                self._columns[key][0].flags.writeable = False  # others read them too
            inputs[name], why = self._columns[key]
            if why:
                return (), why
        groups = tuple(bars.instrument.asset_class.value for bars in self._bars.values())
        shape = (len(self._grid), len(self._bars))
        with plugins.guest(f"The feature {item.label}", error=FeatureEngineeringError):
            found: Any = item.found.compute_panel(inputs, groups=groups, **item.spec.resolve(item.params))
        if not isinstance(found, tuple) or any(np.shape(one) != shape for one in found):
            raise FeatureEngineeringError(f"The feature {item.label} did not give arrays of {shape}, time by series.")
        return found, ""

    def back(self, found: _Arrays, symbol: str) -> _Arrays:
        """Give one instrument's column of each output, for each of its own bars."""
        column = list(self._bars).index(symbol)
        rows = np.searchsorted(self._grid, self._known[symbol])
        values = tuple(one[rows, column] for one in found)
        return tuple(self._higher[symbol].seen(one) for one in values) if self._higher else values

    def _aligned(self, name: str, other: str) -> tuple[NDArray[np.float64], str]:
        out = np.full((len(self._grid), len(self._bars)), np.nan)
        reasons = []
        for column, (symbol, inputs) in enumerate(self._inputs.items()):
            given, why = inputs.given((name,), other=other)
            if why:
                reasons.append(why)
                continue
            known = self._known[symbol]
            place = np.searchsorted(known, self._grid, side="right") - 1
            most = fresh(self._bars[symbol].timeframe)
            there = (place >= 0) & (self._grid - known[np.maximum(place, 0)] <= most) if len(known) else place >= 0
            out[there, column] = given[name][place[there]]
        return out, reasons[0] if len(reasons) == len(self._bars) else ""
