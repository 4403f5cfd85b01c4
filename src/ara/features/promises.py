"""What the checks of an indicator and of a feature of many instruments ask alike."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.features.indicator import INPUTS, IndicatorSpec
from ara.plugins import Check

__all__ = ["described", "equal", "impure", "misshaped", "outside", "prices", "tried"]

_CLOSE: Final = 1e-9

_Array = NDArray[np.float64]


def tried(name: str, find: Callable[[], str]) -> Check:
    """Run a check that gives what is wrong in words, or nothing; whatever it raises is wrong, too."""
    try:
        words = find()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a stranger's code may fail in any way
        words = f"{type(error).__name__}: {error}"
    return Check(name, ok=not words, words=words)


def described(spec: IndicatorSpec) -> str:
    """Say what a spec leaves out that a reader needs."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", spec.name):
        return f"the name {spec.name!r} is not made of small letters, digits and underscores"
    empty = [part for part in ("formula", "reference", "words") if not getattr(spec, part).strip()]
    empty += [f"words of {name}" for name, param in spec.params.items() if not param.words.strip()]
    strange = [name for name in spec.inputs if name not in INPUTS]
    if empty or strange or not spec.inputs or not spec.outputs:
        return f"empty: {', '.join(empty)}" if empty else f"inputs are {spec.inputs}; there are {', '.join(INPUTS)}"
    if set(spec.bounds) != set(spec.outputs) or any(low > high for low, high in spec.bounds.values()):
        return f"bounds are {dict(spec.bounds)}; give (low, high) for each of {', '.join(spec.outputs)}"
    strayed = [name for name, param in spec.params.items() if not param.low <= param.default <= param.high]
    return f"the default of {', '.join(strayed)} is not allowed by its own range" if strayed else ""


def misshaped(found: Any, spec: IndicatorSpec, shape: tuple[int, ...], *, on: str) -> str:
    """Say what was given instead of one array of a shape for each output; `on` says for what."""
    if not isinstance(found, tuple) or len(found) != len(spec.outputs):
        return f"it gives {_kinds(found)}; its outputs are {', '.join(spec.outputs)}"
    wrong = [one for one in found if getattr(one, "shape", None) != shape]
    return f"it gives {_kinds(found)} for {on}" if wrong else ""


def outside(named: Iterable[tuple[str, _Array]], spec: IndicatorSpec) -> str:
    """Say which output is once beyond its bounds."""
    for name, values in named:
        low, high = spec.bounds[name]
        beyond = values[(values < low) | (values > high) | np.isinf(values)]
        if len(beyond):
            return f"{name} is {beyond[0]:g} once; its bounds are {low:g} and {high:g}"
    return ""


def impure(compute: Callable[[], tuple[Any, ...]], given: Mapping[str, _Array], *, what: str) -> str:
    """Say whether computing changes what is given, or gives other values the second time.

    Parameters
    ----------
    compute
        Computes of what is given.
    given
        The inputs by name.
    what
        What they are called, such as arrays.
    """
    kept = {name: values.copy() for name, values in given.items()}
    first, second = compute(), compute()
    if any(not np.array_equal(given[name], kept[name], equal_nan=True) for name in given):
        return f"it changes the {what} that it is given"
    alike = all(one.tobytes() == other.tobytes() for one, other in zip(first, second, strict=True))
    return "" if alike else "the same inputs give other values the second time"


def equal(a: _Array, b: _Array, *, of: _Array, near: float = _CLOSE) -> NDArray[np.bool_]:
    """Compare to a share of the largest value of all: near zero, rounding is all that is left of a value."""
    if a.dtype == b.dtype and a.tobytes() == b.tobytes():
        return np.ones(a.shape, np.bool_)
    largest = float(np.abs(of[np.isfinite(of)]).max(initial=0.0))
    return np.isclose(a, b, rtol=near, atol=near * largest, equal_nan=True)


def prices(close: _Array, random: np.random.Generator) -> dict[str, _Array]:
    """Make the open, high and low of bars to their closes."""
    opened = close * np.exp(random.normal(0, 0.002, close.shape))
    high = np.maximum(opened, close) * np.exp(np.abs(random.normal(0, 0.004, close.shape)))
    low = np.minimum(opened, close) * np.exp(-np.abs(random.normal(0, 0.004, close.shape)))
    return {"open": opened, "high": high, "low": low, "close": close}


def _kinds(found: Any) -> str:
    shown = found if isinstance(found, tuple) else (found,)
    return ", ".join(f"{type(one).__name__}{getattr(one, 'shape', '')}" for one in shown) or "nothing"
