"""From bars to features: one path for one instrument and for many."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara import plugins
from ara.errors import FeatureEngineeringError
from ara.features.blocks.inputs import Inputs, instants
from ara.features.blocks.panel import Crossed
from ara.features.indicator import Indicator
from ara.features.sets import FeatureSet, Item
from ara.features.shared import together
from ara.features.timeframes import Higher
from ara.market.bars import Bars
from ara.market.timeframe import Timeframe

__all__ = ["Block", "build", "build_panel", "compute"]

_CHECK: Final = "See what it does wrong: ara plugins check"

_Arrays = tuple[NDArray[np.float64], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """The features of one instrument, a row for each bar.

    Parameters
    ----------
    symbol, timeframe
        Whose bars, and how long they are.
    names
        Of the columns.
    at, known_at
        When each bar opened, and when its close was public, which is when its features are known; `datetime64[us]`,
        UTC.
    x
        `[bar, feature]`, float32; NaN where a feature has no value.
    set
        Id of the feature set.
    missing
        The columns that have no value at all, each with the reason: an input that is missing, too few bars.
    """

    symbol: str
    timeframe: str
    names: tuple[str, ...]
    at: NDArray[Any]
    known_at: NDArray[Any]
    x: NDArray[np.float32]
    set: str
    missing: tuple[tuple[str, str], ...] = ()

    def __len__(self) -> int:
        return len(self.x)

    def frame(self) -> pl.DataFrame:
        """Give `symbol`, `at`, `known_at` and a column for each feature, float32."""
        head = {"symbol": pl.Series([self.symbol], dtype=pl.String).new_from_index(0, len(self))}
        times = {name: pl.Series(values).dt.replace_time_zone("UTC") for name, values in self._times().items()}
        columns = {name: self.x[:, place] for place, name in enumerate(self.names)}
        return pl.DataFrame({**head, **times, **columns})

    def _times(self) -> dict[str, NDArray[Any]]:
        return {"at": self.at.astype("datetime64[us]"), "known_at": self.known_at.astype("datetime64[us]")}


def build(chosen: FeatureSet, bars: Bars, *, others: Mapping[str, Bars] | None = None) -> Block:
    """Compute the features of one instrument.

    Parameters
    ----------
    chosen
        Which features.
    bars
        Closed bars, ascending in time.
    others
        Bars of instruments to compare with, by the name that items call them; `market` for those that name none, or
        `market:crypto` for one asset class. Of these, each bar sees what was known at its close.

    Raises
    ------
    FeatureEngineeringError
        The bars are not ascending, a timeframe is shorter than theirs, or an indicator failed.
    """
    return next(build_panel(chosen, {bars.instrument.symbol: bars}, others=others))


def build_panel(
    chosen: FeatureSet, panel: Mapping[str, Bars], *, others: Mapping[str, Bars] | None = None
) -> Iterator[Block]:
    """Compute the features of many instruments, one block after the other, so that memory holds one at a time.

    Parameters
    ----------
    chosen
        Which features; those of `ara.features.cross` see all instruments of the panel, each as it was known.
    panel
        Bars by symbol.
    others
        As for `build`.
    """
    crossed = Crossed(chosen, panel, others or {})
    for symbol, bars in panel.items():
        yield _block(chosen, symbol, bars, others or {}, crossed)


def compute(
    item: Item, bars: Bars, *, others: Mapping[str, Bars] | None = None
) -> tuple[dict[str, NDArray[np.float64]], str]:
    """Compute one item of one instrument: an array for each output that it has as a column, a value for each bar.

    Parameters
    ----------
    item
        Which feature; one that looks at many instruments has no value.
    bars
        Closed bars, ascending in time.
    others
        As for `build`.

    Returns
    -------
    dict[str, NDArray[np.float64]]
        By output; NaN where there is no value.
    str
        Why there is no value at all; empty where there is one.
    """
    sources = _Sources(bars, others or {})
    found, why = ((), "it compares instruments, and only one is given") if item.crosses else sources.figures(item)
    places = item.spec.outputs
    values = {
        column.output: np.full(len(bars), np.nan) if why else found[places.index(column.output)]
        for column in item.columns
    }
    if not why and len(bars) and not any(np.isfinite(one).any() for one in values.values()):
        why = sources.short(item)
    return values, why


def _block(chosen: FeatureSet, symbol: str, bars: Bars, others: Mapping[str, Bars], crossed: Crossed) -> Block:
    with together():
        return _filled(chosen, symbol, bars, _Sources(bars, others), crossed)


def _filled(chosen: FeatureSet, symbol: str, bars: Bars, sources: "_Sources", crossed: Crossed) -> Block:
    x = np.empty((len(bars), len(chosen.columns)), np.float32)
    missing: list[tuple[str, str]] = []
    place = 0
    for item in chosen.items:
        columns = item.columns
        part = x[:, place : place + len(columns)]
        place += len(columns)
        found, why = crossed.figures(item, symbol) if item.crosses else sources.figures(item)
        if why:
            part[:] = np.nan
            missing += [(column.name, why) for column in columns]
            continue
        with np.errstate(over="ignore"):
            for number, column in enumerate(columns):
                part[:, number] = found[item.spec.outputs.index(column.output)]
        part[np.isinf(part)] = np.nan
        empty = [column.name for number, column in enumerate(columns) if np.isnan(part[:, number]).all()]
        missing += [(name, sources.short(item)) for name in empty if len(bars)]
    at, known_at = (instants(bars, name).astype("datetime64[us]") for name in ("at", "known_at"))
    return Block(
        symbol=symbol,
        timeframe=str(bars.timeframe),
        names=chosen.names,
        at=at,
        known_at=known_at,
        x=x,
        set=chosen.id,
        missing=tuple(missing),
    )


class _Sources:
    """One instrument's bars and the longer ones made of them, each prepared once."""

    def __init__(self, bars: Bars, others: Mapping[str, Bars]) -> None:
        self._own = Inputs(bars, others)
        self._others = others
        self._longer: dict[Timeframe, tuple[Higher, Inputs]] = {}

    def figures(self, item: Item) -> tuple[_Arrays, str]:
        """Give an item's outputs for each bar, or why there are none."""
        bars = self._own.bars
        length = Timeframe.parse(item.timeframe) if item.timeframe else bars.timeframe
        if length == bars.timeframe:
            return _computed(item, self._own)
        if length not in self._longer:
            higher = Higher.of(bars, length)
            self._longer[length] = higher, Inputs(higher.bars, self._others)
        higher, inputs = self._longer[length]
        found, why = _computed(item, inputs)
        return tuple(higher.seen(one) for one in found), why

    def short(self, item: Item) -> str:
        """Say why an item has no value at any bar though its inputs are there."""
        needed = item.spec.warmup(**item.spec.resolve(item.params)) + 1
        higher = self._longer.get(Timeframe.parse(item.timeframe)) if item.timeframe else None
        there = len(higher[0].bars if higher else self._own.bars)
        unit = f" of {item.timeframe}" if higher else ""
        if there < needed:
            return f"it needs {needed:,} bar{'s' * (needed != 1)}{unit}, and there {_are(there)}"
        return "what it counts is no finite number in any of these bars, such as a division by zero"


def _are(count: int) -> str:
    return "is 1" if count == 1 else f"are {count:,}"


def _computed(item: Item, inputs: Inputs) -> tuple[_Arrays, str]:
    spec = item.spec
    given, why = inputs.given(spec.inputs, other=item.other)
    return ((), why) if why else (_run(item, given, len(inputs.bars)), "")


def _run(item: Item, given: Mapping[str, NDArray[np.float64]], length: int) -> _Arrays:
    """Compute an item; FeatureEngineeringError that names it where a stranger's code fails or gives something else."""
    indicator: Indicator = item.found
    with plugins.guest(f"The indicator {item.label}", error=FeatureEngineeringError, hint=_CHECK):
        found: Any = indicator.compute(given, **item.spec.resolve(item.params))
    outputs = len(indicator.spec.outputs)
    if not isinstance(found, tuple) or len(found) != outputs or any(np.shape(one) != (length,) for one in found):
        words = f"The indicator {item.label} did not give {outputs} arrays of {length} numbers"
        raise FeatureEngineeringError(f"{words}, one for each bar.", hint=_CHECK)
    return found
