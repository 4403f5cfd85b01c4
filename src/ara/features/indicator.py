"""What an indicator is, and the decorator that makes one of a function of arrays."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ara.errors import FeatureEngineeringError

__all__ = [
    "INPUTS",
    "ArrayIndicator",
    "Indicator",
    "IndicatorSpec",
    "Param",
    "Scale",
    "Step",
    "asked",
    "columns_of",
    "indicator",
]

INPUTS: Final = ("open", "high", "low", "close", "volume", "session", "other")
"""What an indicator may ask for: columns of bars; `session`, the number of the session that a bar belongs to; `other`,
the close of another instrument as it was known at each bar's close."""

_DOUBLE: Final = np.dtype(np.float64)
_AT_ONCE: Final = 8192  # numpy spreads longer products over threads, which cost more than they save


Step = Callable[..., tuple[Any, tuple[float, ...]]]
"""One bar more of an indicator: `step(state, *inputs, **params)` gives the next state and the outputs.

The state is None before the first bar, and made of numbers, texts and tuples of them, so that it can be saved.
"""


class Scale(StrEnum):
    """How an output moves with the unit of its inputs. Models use `free` ones only, which compare across instruments.

    `free` stays the same when prices or volumes are counted in another unit; `price` grows with the price and
    `volume` with the volume. `mixed` depends on these units in another way: a price by a volume, the square or the
    logarithm of a price, a price compared with a number.
    """

    FREE = "free"
    PRICE = "price"
    VOLUME = "volume"
    MIXED = "mixed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Param:
    """One number that users may choose.

    Parameters
    ----------
    default
        Its value where none is given.
    low, high
        What is allowed, both included.
    whole
        Whether only whole numbers are.
    words
        What it does and in which direction, for a person.
    """

    default: float
    low: float
    high: float
    whole: bool = False
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorSpec:
    """All that is known of an indicator without computing it.

    Parameters
    ----------
    name
        As in its entry point: small letters, digits and underscores.
    inputs
        Columns of the bars, in the order in which the function takes them.
    outputs
        Name of each array that comes out.
    params
        By name.
    warmup
        Given the parameters: how many leading bars have no value. On clean bars the outputs are NaN there and nowhere
        else. What looks at sessions, weeks or months counts them as one bar each: where they have more, its values
        begin later.
    memory
        Given the parameters: how many of the last bars the last value depends on, to 1e-9 of itself; None where all
        matter, and then there must be a `step`.
    scale
        How the outputs move with the unit of the inputs, the parameters at their defaults; see `scale_of`.
    bounds
        The range of each output, both ends included.
    formula
        In mathematics, one line.
    reference
        Who described it, where.
    words
        What it says, in plain words; larger means what.
    step
        How one more bar changes it: where all bars matter, or where that takes less than its last bars anew.
    scales
        Given the parameters, how the outputs move with them: where parameters change that.
    """

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    params: Mapping[str, Param] = field(default_factory=dict)
    warmup: Callable[..., int]
    memory: Callable[..., int | None]
    scale: Scale
    bounds: Mapping[str, tuple[float, float]]
    formula: str
    reference: str
    words: str
    step: Step | None = None
    scales: Callable[..., Scale] | None = None
    _defaults: dict[str, float] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        chosen = {name: int(one.default) if one.whole else float(one.default) for name, one in self.params.items()}
        object.__setattr__(self, "_defaults", chosen)

    def scale_of(self, params: Mapping[str, float]) -> Scale:
        """Give how the outputs move with the unit of the inputs, with these parameters."""
        return self.scales(**self.resolve(params)) if self.scales else self.scale

    def resolve(self, params: Mapping[str, float]) -> dict[str, float]:
        """Give every parameter's value, the defaults filled in; FeatureEngineeringError for what isn't allowed."""
        if not params:
            return self._defaults.copy()
        for name, value in params.items():
            if name not in self.params:
                known = f"it has {', '.join(self.params)}" if self.params else "it has none"
                raise FeatureEngineeringError(f"The indicator {self.name} has no parameter {name!r}; {known}.")
            param = self.params[name]
            if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
                words = f"{name} of the indicator {self.name} is {value!r:.40}, a {type(value).__name__}"
                raise FeatureEngineeringError(f"{words}; give a number from {param.low:g} to {param.high:g}.")
            if not param.low <= value <= param.high or (param.whole and value != int(value)):
                kind = "a whole number" if param.whole else "a number"
                words = f"{name} of the indicator {self.name} is {value}; allowed is {kind}"
                raise FeatureEngineeringError(f"{words} from {param.low:g} to {param.high:g}.")
        chosen = {name: params.get(name, param.default) for name, param in self.params.items()}
        return {name: int(value) if self.params[name].whole else float(value) for name, value in chosen.items()}


@runtime_checkable
class Indicator(Protocol):
    """A figure per bar, from that bar and those before it."""

    @property
    def spec(self) -> IndicatorSpec:
        """What is known of it."""
        ...

    def compute(self, inputs: Mapping[str, NDArray[np.float64]], **params: float) -> tuple[NDArray[np.float64], ...]:
        """Give one array per output, as long as the inputs; a value depends on its bar and earlier ones only.

        What is infinite in the inputs is unknown, as NaN is.
        """
        ...

    def memory(self, **params: float) -> int | None:
        """Give how many of the last bars the last value depends on; None where all do."""
        ...


@dataclass(frozen=True, slots=True)
class ArrayIndicator:
    """An indicator made of a function of arrays, one per input, and keyword parameters.

    Parameters
    ----------
    spec
        What is known of it.
    function
        Gives one array, or a tuple of one per output.
    """

    spec: IndicatorSpec
    function: Callable[..., NDArray[np.float64] | tuple[NDArray[np.float64], ...]]

    def compute(self, inputs: Mapping[str, NDArray[np.float64]], **params: float) -> tuple[NDArray[np.float64], ...]:
        """Give one array per output; FeatureEngineeringError where inputs or parameters aren't as the spec says."""
        found = _calmly(self, inputs, params)
        return tuple(map(_finite, found)) if isinstance(found, tuple) else (_finite(found),)

    def newest(self, arrays: Sequence[NDArray[np.float64]], params: Mapping[str, float]) -> tuple[float, ...]:
        """Give the last value of each output, as `compute` does, for arrays and parameters that are known to be right.

        Parameters
        ----------
        arrays
            The inputs, in the spec's order, of one length.
        params
            All of them, as `resolve` gives them.
        """
        found = self.function(*arrays, **params)
        if isinstance(found, tuple):
            return tuple([value if math.isfinite(value := one.item(-1)) else math.nan for one in found])
        value = found.item(-1)
        return (value if math.isfinite(value) else math.nan,)

    def memory(self, **params: float) -> int | None:
        """Give how many of the last bars the last value depends on; None where all do."""
        return self.spec.memory(**self.spec.resolve(params))

    def warmup(self, **params: float) -> int:
        """Give how many leading bars have no value."""
        return self.spec.warmup(**self.spec.resolve(params))


@np.errstate(all="ignore")
def _calmly(one: ArrayIndicator, inputs: Any, params: Mapping[str, float]) -> Any:
    """Call an indicator's function, whatever is divided by 0 in it."""
    return one.function(*columns_of(one.spec, inputs), **one.spec.resolve(params))


def columns_of(spec: IndicatorSpec, inputs: Any) -> list[NDArray[np.float64]]:
    """Give an indicator's inputs in its order, each a number for each bar; what is infinite is unknown.

    Parameters and errors are those of `asked`.
    """
    arrays = asked(spec, inputs)
    return arrays if not arrays or _settled(arrays) else [_finite(one) for one in arrays]


def asked(spec: IndicatorSpec, inputs: Any) -> list[NDArray[np.float64]]:
    """Give an indicator's inputs in its order, each a number for each bar, as they stand.

    Parameters
    ----------
    spec
        Of the indicator.
    inputs
        Arrays by name.

    Raises
    ------
    FeatureEngineeringError
        One is missing, isn't numbers, or is as long as no other.
    """
    try:
        arrays = [
            values if type(values := inputs[name]) is np.ndarray and values.dtype is _DOUBLE else _floats(values, name)
            for name in spec.inputs
        ]
    except (KeyError, TypeError, IndexError, ValueError):
        if not isinstance(inputs, Mapping):
            words = f"takes arrays by name, or bars, not {type(inputs).__name__}"
            raise FeatureEngineeringError(f"The indicator {spec.name} {words}.") from None
        missing = ", ".join(name for name in spec.inputs if name not in inputs)
        raise FeatureEngineeringError(f"The indicator {spec.name} needs {missing}.") from None
    shape = arrays[0].shape if arrays else (0,)
    if len(shape) != 1 or (len(arrays) > 1 and [one.shape for one in arrays].count(shape) < len(arrays)):
        shapes = ", ".join(f"{name} {one.shape}" for name, one in zip(spec.inputs, arrays, strict=True))
        raise FeatureEngineeringError(f"The inputs of the indicator {spec.name} differ in shape: {shapes}.")
    return arrays


def _settled(arrays: Sequence[NDArray[np.float64]]) -> bool:
    """Give whether one look shows that all is finite; gaps and squares beyond all numbers need another."""
    last = arrays[-1]
    if len(last) > _AT_ONCE:
        return False
    found = last.dot(last) if len(arrays) % 2 else 0.0
    for at in range(0, len(arrays) - 1, 2):
        found += arrays[at].dot(arrays[at + 1])
    return math.isfinite(found)


def _floats(values: Any, name: str) -> NDArray[np.float64]:
    """Read one input; what a mask hides has no value."""
    try:
        array = np.ma.asarray(values) if isinstance(values, np.ma.MaskedArray) else np.asarray(values)
        if array.dtype.kind not in "fiubO" or not array.ndim:
            raise ValueError
        plain = array.astype(np.float64)
    except (TypeError, ValueError):
        kind = f"an array of {array.dtype}" if isinstance(values, np.ndarray) else type(values).__name__
        raise FeatureEngineeringError(f"{name} is {kind}; give one number for each bar.") from None
    return plain.filled(np.nan) if isinstance(plain, np.ma.MaskedArray) else plain


def _finite(values: Any) -> Any:
    """Give values of which none is infinite; what is no array of numbers is for the checks to name."""
    if not isinstance(values, np.ndarray) or (values.dtype is not _DOUBLE and values.dtype != _DOUBLE):
        return values
    endless = np.isinf(values)
    return np.where(endless, np.nan, values) if b"\x01" in endless.tobytes() else values


def indicator(
    *,
    inputs: Sequence[str],
    warmup: int | Callable[..., int],
    memory: int | Callable[..., int | None] | None,
    scale: Scale | Callable[..., Scale],
    bounds: tuple[float, float] | Mapping[str, tuple[float, float]],
    formula: str,
    reference: str,
    words: str,
    params: Mapping[str, Param] | None = None,
    outputs: Sequence[str] = (),
    step: Step | None = None,
    name: str = "",
) -> Callable[[Callable[..., Any]], ArrayIndicator]:
    """Make an indicator of a function that takes one array per input, and its parameters by keyword.

    Parameters
    ----------
    inputs, formula, reference, words, params, step
        As in IndicatorSpec.
    scale
        As in IndicatorSpec, or given the parameters where they change it.
    warmup, memory
        As in IndicatorSpec, or the one number that holds whatever the parameters are.
    bounds
        As in IndicatorSpec, or the one range that holds for every output.
    outputs
        Names of the outputs; one, called like the indicator, by default.
    name
        The function's by default.
    """

    def make(function: Callable[..., Any]) -> ArrayIndicator:
        called = name or function.__name__
        given = tuple(outputs) or (called,)
        defaults = {key: one.default for key, one in (params or {}).items()}
        spec = IndicatorSpec(
            name=called,
            inputs=tuple(inputs),
            outputs=given,
            params=dict(params or {}),
            warmup=warmup if callable(warmup) else lambda **_: warmup,
            memory=memory if callable(memory) else lambda **_: memory,
            scale=scale if isinstance(scale, Scale) else scale(**defaults),
            scales=None if isinstance(scale, Scale) else scale,
            bounds=dict(bounds) if isinstance(bounds, Mapping) else dict.fromkeys(given, bounds),
            formula=formula,
            reference=reference,
            words=words,
            step=step,
        )
        return ArrayIndicator(spec, function)

    return make
