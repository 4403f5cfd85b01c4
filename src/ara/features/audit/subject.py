"""Who is audited: whatever makes features of bars."""

import importlib
import math
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara.errors import AuditError, FeatureEngineeringError
from ara.features.arrays import texts
from ara.features.blocks.inputs import Inputs
from ara.features.build import build_panel
from ara.features.guest import Guest, own
from ara.features.indicator import Indicator, Scale
from ara.features.sets import MARKET, FeatureSet, Item, find, names
from ara.features.sets.files import SUFFIXES
from ara.market.bars import Bars
from ara.market.timeframe import Timeframe
from ara.plugins import told

__all__ = ["Claim", "Subject", "foreign", "subject"]

_FUNCTION: Final = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
_SPARE: Final = 2
_HINT: Final = (
    "Name a set, an indicator, a formula, a file of a set, or a function of bars or an indicator: package.module:name"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a column says of itself.

    Parameters
    ----------
    scale
        How it moves with the unit of prices and volumes.
    memory
        On how many of the last bars it depends; None where it says that all matter.
    timeframe
        Length of the bars that it is made of; the subject's own if empty.
    """

    scale: Scale
    memory: int | None
    timeframe: str = ""

    def reach(self, own: Timeframe) -> float:
        """Give after how many bars of a length it no longer depends on where they begin."""
        if self.memory is None:
            return math.inf
        longer = Timeframe.parse(self.timeframe).span if self.timeframe else own.span
        return (self.memory + _SPARE) * math.ceil(longer / own.span)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Something that makes features of bars.

    Parameters
    ----------
    name
        What it is called.
    build
        Gives a frame with `at`, `known_at` and a column for each feature, of bars and of the others by name.
    claims
        What its columns say of themselves; none where nothing is known of them.
    wants
        The others that it looks at, by the names that it calls them.
    crosses
        Whether it looks at many instruments.
    anew
        Makes it again without what it remembers of earlier calls; None where nobody can.
    """

    name: str
    build: Callable[[Bars, Mapping[str, Bars]], pl.DataFrame]
    claims: Mapping[str, Claim] = field(default_factory=dict)
    wants: tuple[str, ...] = ()
    crosses: bool = False
    anew: "Callable[[], Subject] | None" = None

    @classmethod
    def of_set(cls, chosen: FeatureSet, *, name: str = "") -> "Subject":
        """Make one of a feature set."""
        claims = {
            column.name: Claim(
                scale=column.scale,
                memory=item.spec.memory(**item.spec.resolve(item.params)),
                timeframe=item.timeframe,
            )
            for item in chosen.items
            for column in item.columns
        }
        crosses = any(item.crosses for item in chosen.items)

        def build(bars: Bars, others: Mapping[str, Bars]) -> pl.DataFrame:
            panel = {bars.instrument.symbol: bars}
            if crosses:
                panel |= {one.instrument.symbol: one for one in others.values()} | panel
            return next(build_panel(chosen, panel, others=others)).frame()

        items = [item for item in chosen.items if "other" in item.spec.inputs]
        wants = tuple(dict.fromkeys(item.other or "market" for item in items))
        return cls(name=name or chosen.name, build=build, claims=claims, wants=wants, crosses=crosses)

    @classmethod
    def of_item(cls, text: str) -> "Subject":
        """Make one of an indicator or a formula, as a column is called: `rsi(window=7)@1w`."""
        return cls.of_set(FeatureSet(name="one", items=(Item.parse(text),)), name=text)

    @classmethod
    def of_indicator(cls, found: Indicator, *, name: str = "") -> "Subject":
        """Make one of an indicator that need not be registered, with its defaults."""
        held = found if own(found) or isinstance(found, Guest) else Guest(found)
        spec, called = held.spec, (name or held.spec.name).rpartition(":")[2]
        labels = [called if len(spec.outputs) == 1 else f"{called}.{output}" for output in spec.outputs]
        claim = Claim(scale=spec.scale, memory=held.memory())

        def build(bars: Bars, others: Mapping[str, Bars]) -> pl.DataFrame:
            given, missing = Inputs(bars, others).given(spec.inputs)
            none = tuple(np.full(len(bars), np.nan) for _ in labels)
            values = none if missing else held.compute(given)
            return bars.frame.select("at", "known_at").with_columns(**dict(zip(labels, values, strict=True)))

        wants = ("market",) if "other" in spec.inputs else ()
        return cls(name=name or called, build=build, claims=dict.fromkeys(labels, claim), wants=wants)

    @classmethod
    def of_function(cls, function: Callable[[Bars], Any], *, name: str = "") -> "Subject":
        """Make one of a function of bars that gives a frame, or arrays by name with a value for each bar."""
        called = name or getattr(function, "__name__", "function")

        def build(bars: Bars, _others: Mapping[str, Bars]) -> pl.DataFrame:
            found = function(bars)
            return found if isinstance(found, pl.DataFrame) else _framed(found, bars, called)

        return cls(name=called, build=build)


def foreign(text: str) -> tuple[str, ...] | None:
    """Give the others that it looks at if another package's code runs when that is audited; None if none does.

    Such code may end the program that it runs in. What is a function by its name is not even imported.
    """
    text = str(text).strip()
    try:
        if text in names() or text.lower().endswith(SUFFIXES):
            chosen = find(text)
        elif _FUNCTION.fullmatch(text) and not _is_item(text):
            return (MARKET,)
        else:
            chosen = FeatureSet(name="one", items=(Item.parse(text),))
    except FeatureEngineeringError:
        return None  # it names nothing, which `subject` says
    return Subject.of_set(chosen).wants if any(map(_guests, chosen.items)) else None


def _guests(item: Item) -> bool:
    content = item.content()
    return "code" in content or any("code" in one for one in content["uses"])


def subject(text: str) -> Subject:
    """Give the subject of that name.

    Parameters
    ----------
    text
        A feature set or its file, an indicator or a formula, or `module:name` of a function of bars or of an
        indicator, a stranger's too; the working folder is looked into first.

    Raises
    ------
    AuditError
        It names nothing that makes features.
    """
    if not isinstance(text, str):
        raise AuditError(f"What is audited is named by a text, not by {type(text).__name__}.", hint=_HINT)
    text = text.strip()
    try:
        if text in names() or text.lower().endswith(SUFFIXES):
            return Subject.of_set(find(text))
        if _FUNCTION.fullmatch(text) and not _is_item(text):
            return _stranger(text)
        return Subject.of_item(text)
    except FeatureEngineeringError as error:
        raise AuditError(error.message, hint=error.hint or _HINT, **error.context) from None


def _stranger(text: str) -> Subject:
    """Make one of a function or an indicator by its name; made anew, its module is loaded beside what is there."""
    before = set(sys.modules)
    function = _imported(text)
    root = text.partition(":")[0].partition(".")[0]
    ours = {name for name in set(sys.modules) - before if name.partition(".")[0] == root} | {text.partition(":")[0]}

    def anew() -> Subject:
        kept = {name: sys.modules.pop(name) for name in ours if name in sys.modules}
        try:
            return _made(_imported(text), text)
        finally:
            for name in ours:
                sys.modules.pop(name, None)
            sys.modules.update(kept)

    return replace(_made(function, text), anew=anew)


def _made(found: Any, text: str) -> Subject:
    if isinstance(found, Indicator) and not isinstance(found, type):
        return Subject.of_indicator(found, name=text)
    return Subject.of_function(found, name=text)


def _is_item(text: str) -> bool:
    """Say whether it is an item with another instrument, such as `beta:QQQ`."""
    try:
        Item.parse(text)
    except FeatureEngineeringError:
        return False
    return True


def _imported(text: str) -> Any:
    module, _, name = text.partition(":")
    here = str(Path.cwd())
    sys.path.insert(0, here)
    try:
        found = getattr(importlib.import_module(module), name, None)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a stranger's module may fail in any way
        raise AuditError(f"{text} can't be imported: {told(error)}.", hint=_HINT) from error
    finally:
        sys.path.remove(here)
    if found is None:
        raise AuditError(f"The module {module} has no function and no indicator {name}.", hint=_HINT)
    if not callable(found) and not isinstance(found, Indicator):
        words = f"{name} of the module {module} is {type(found).__name__}, neither a function nor an indicator"
        raise AuditError(f"{words}.", hint=_HINT)
    return found


def _framed(found: Any, bars: Bars, name: str) -> pl.DataFrame:
    """Put values, one for each bar, beside the stamps of the bars."""
    if isinstance(found, pl.Series | np.ndarray | list | tuple):
        found = {name.rpartition(":")[2]: found}
    if not isinstance(found, Mapping):
        raise FeatureEngineeringError(
            f"{name} gave {type(found).__name__}; give a frame of polars, or values by name, one for each bar."
        )
    for column, values in found.items():
        if np.shape(values) != (len(bars),):
            words = f"{name} gave {column!r:.60} of shape {np.shape(values)} for {len(bars)} bars"
            raise FeatureEngineeringError(f"{words}; give one value for each.")
    columns = {str(column): _numbers(values, f"{name} gave {column!r:.60}") for column, values in found.items()}
    return bars.frame.select("at", "known_at").with_columns(**columns)


def _numbers(values: Any, who: str) -> NDArray[np.float64]:
    """Give a column's values, NaN for those that a mask hides; an error where they are no real numbers."""
    found = np.ma.asarray(values) if isinstance(values, np.ma.MaskedArray) else np.asarray(values)
    try:
        if found.dtype.kind not in "fiubO" or texts(np.asarray(found)):
            raise TypeError
        plain = found.astype(np.float64)
    except (TypeError, ValueError):
        raise FeatureEngineeringError(f"{who} as {found.dtype}; give real numbers.") from None
    return np.asarray(plain.filled(np.nan) if isinstance(plain, np.ma.MaskedArray) else plain)
