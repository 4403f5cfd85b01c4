"""One line of a feature set: an indicator or an expression, its parameters, the length of bar that it looks at."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from functools import lru_cache
from importlib import import_module
from typing import Any, Final

from ara.errors import AraError, FeatureEngineeringError, PluginError, ValidationError
from ara.features import catalogue
from ara.features.indicator import INPUTS, IndicatorSpec, Scale
from ara.market.timeframe import Timeframe

__all__ = ["MARKET", "Column", "Item", "crossed"]

MARKET: Final = "market"
"""What another instrument is called where an item names none: the one that stands for the market."""

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_OTHER: Final = re.compile(r"[A-Za-z0-9^._=/-]{1,32}")
_TIMEFRAME: Final = re.compile(r"(.*)@\s*([^@\s]{1,20})", re.DOTALL)
_PLAIN: Final = re.compile(r"([a-z][a-z0-9_]*)\s*(?:\(([^()]*)\))?\s*(?:\.\s*([a-z][a-z0-9_]*))?")
_PAIR: Final = re.compile(r"\s*([a-z][a-z0-9_]*)\s*=\s*([-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?)\s*")
_LONGEST: Final = 2_000
_SHOWN: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a block, and what is known of it without computing it.

    Parameters
    ----------
    name
        Unique in its set.
    output
        Which output of the indicator it holds.
    scale
        How it moves with the unit of prices and volumes.
    bounds
        Its range, both ends included.
    """

    name: str
    output: str
    scale: Scale
    bounds: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Item:
    """One indicator or expression with all that its numbers depend on; each of its outputs is a column.

    A column is called by the indicator, then the parameters that differ from their defaults, the output where there
    are several, the timeframe and the other instrument where they are given: `rsi`, `rsi(window=7)`, `macd.line`,
    `macd(fast=8).line@1w`, `beta:QQQ`. An expression is called by its own text, in one way of writing it.

    Parameters
    ----------
    indicator
        A registered name, or an expression of `ara.features.expr`.
    params
        Those that differ from their defaults; an expression has none.
    timeframe
        Length of the bars that it is computed on, the bars' own or longer; their own if empty.
    other
        The name, among the other instruments that `build` is given, of the one that it compares with.
    outputs
        Which outputs are columns; all if empty.
    """

    indicator: str
    _: KW_ONLY
    params: Mapping[str, float] = field(default_factory=dict)
    timeframe: str = ""
    other: str = ""
    outputs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        params: Any = self.params
        if not isinstance(params, Mapping):
            words = f"The parameters of {self.indicator!s:.60} are numbers by name, not {type(params).__name__}"
            raise FeatureEngineeringError(f"{words}.", hint="Such as {'window': 7}.")
        length = str(Timeframe.parse(self.timeframe)) if self.timeframe else ""
        object.__setattr__(self, "timeframe", length)
        object.__setattr__(self, "outputs", tuple(self.outputs))
        if self.other and not _OTHER.fullmatch(self.other):
            raise FeatureEngineeringError(
                f"{self.other!r:.60} can't name another instrument; give its symbol.", hint="Such as beta:QQQ."
            )
        spec = self.spec
        spec.resolve(self.params)
        if self.other and "other" not in spec.inputs:
            raise FeatureEngineeringError(
                f"The indicator {spec.name} compares with no other instrument, so {self.other} says nothing.",
                hint=f"Leave it out, or take one that compares, such as beta:{self.other}.",
            )
        strange = [name for name in self.outputs if name not in spec.outputs]
        if strange:
            raise FeatureEngineeringError(
                f"The indicator {spec.name} has no output {strange[0]!r:.40}; it has {', '.join(spec.outputs)}."
            )

    @classmethod
    def parse(cls, text: str) -> "Item":
        """Read an item as its column is called, such as `rsi(window=7)@1w` or `macd.histogram`; else an expression.

        Raises
        ------
        FeatureEngineeringError
            There is no such indicator, parameter, output or timeframe, or it is no expression.
        """
        if len(text) > _LONGEST:
            raise FeatureEngineeringError(f"{text[:_SHOWN]!r} goes on for {len(text)} characters; at most {_LONGEST}.")
        body, other, length = text.strip(), "", ""
        head, colon, tail = body.rpartition(":")
        if colon:
            body, other = head.strip(), tail.strip()
            if not other:
                words = f"{text[:_SHOWN]!r} ends with a colon and names no other instrument"
                raise FeatureEngineeringError(f"{words}.", hint=f"Such as beta:QQQ; or leave it out: {body:.40}")
        timed = _TIMEFRAME.fullmatch(body)
        if timed:
            body, length = timed[1].strip(), timed[2]
        plain = _PLAIN.fullmatch(body) or _PLAIN.fullmatch(body.lower())
        params = plain and _pairs(plain[2] or "")
        try:
            if plain and params is not None:
                return cls(
                    plain[1], params=params, timeframe=length, other=other, outputs=(plain[3],) if plain[3] else ()
                )
            return cls(body, timeframe=length, other=other)
        except ValidationError as error:
            raise FeatureEngineeringError(f"{text[:_SHOWN]!r}: {error.message}", hint=error.hint) from None

    @property
    def found(self) -> Any:
        """What computes it: an indicator, or a figure of many instruments (`ara.features.cross`)."""
        return _find(self.indicator)

    @property
    def spec(self) -> IndicatorSpec:
        """What is known of it without computing it."""
        spec: IndicatorSpec = _find(self.indicator).spec
        return spec

    @property
    def crosses(self) -> bool:
        """Whether it looks at many instruments."""
        return hasattr(self.found, "compute_panel")

    @property
    def label(self) -> str:
        """What it is called, in the one way of writing it."""
        return self._called("")

    @property
    def columns(self) -> tuple[Column, ...]:
        """Its columns, in the order of the outputs."""
        spec = self.spec
        return tuple(
            Column(
                name=self._called(f".{output}" if len(spec.outputs) > 1 else ""),
                output=output,
                scale=spec.scale_of(self.params),
                bounds=spec.bounds[output],
            )
            for output in spec.outputs
            if not self.outputs or output in self.outputs
        )

    def content(self) -> dict[str, Any]:
        """Give all that its numbers depend on, as JSON values; of another package's indicator its code too."""
        spec = self.spec
        code = getattr(self.found, "code", "")
        return ({"code": code} if code else {}) | {
            "indicator": self._title,
            "formula": spec.formula,
            "uses": list(getattr(self.found, "uses", ())),
            "inputs": list(spec.inputs),
            "outputs": [column.output for column in self.columns],
            "params": spec.resolve(self.params),
            "timeframe": self.timeframe,
            "other": (self.other or MARKET) if "other" in spec.inputs else "",
        }

    @property
    def _title(self) -> str:
        """The indicator's name, or the text of an expression."""
        title: str = getattr(self.found, "text", self.spec.name)
        return title

    def _called(self, output: str) -> str:
        spec = self.spec
        chosen = spec.resolve(self.params)
        apart = {name: value for name, value in chosen.items() if value != spec.params[name].default}
        told = ",".join(f"{name}={value:.12g}" for name, value in sorted(apart.items()))
        words = f"{self._title}({told})" if told else self._title
        if (self.timeframe or self.other) and not _NAME.fullmatch(self._title):
            words = f"({words})"
        ending = f"@{self.timeframe}" if self.timeframe else ""
        return f"{words}{output}{ending}{':' + self.other if self.other else ''}"


def _pairs(text: str) -> dict[str, float] | None:
    """Read `window=7, slow=20`; None where it is anything else, such as an expression's arguments."""
    if not text.strip():
        return {}
    found: dict[str, float] = {}
    for part in text.split(","):
        pair = _PAIR.fullmatch(part)
        if pair is None or pair[1] in found:
            return None
        try:
            found[pair[1]] = float(pair[2])
        except ValueError:
            return None
    return found


@lru_cache(maxsize=4096)
def _find(text: str) -> Any:
    if not _NAME.fullmatch(text) or text in INPUTS:
        from ara.features.expr import expr

        return expr(text)
    try:
        return catalogue.get(text)
    except (FeatureEngineeringError, PluginError) as error:
        if text in crossed():
            return _cross().get(text)
        if isinstance(error, PluginError):
            raise
        unknown: AraError = error
    near = difflib.get_close_matches(text, (*catalogue.names(), *crossed()), n=3)
    guess = f" Did you mean {' or '.join(near)}?" if near else ""
    raise FeatureEngineeringError(
        f"There is no indicator {text!r:.60}.{guess}", hint=unknown.hint, nearest=near
    ) from None


def crossed() -> tuple[str, ...]:
    """Give the names of what needs many instruments."""
    return tuple(getattr(_cross(), "names", tuple)())


def _cross() -> Any:
    return import_module("ara.features.cross")
