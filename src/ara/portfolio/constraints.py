"""Limits as a document: what a JSON object says of weights, groups, sectors, classes and exposures."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError
from ara.portfolio.factors import FactorModel
from ara.portfolio.limits import Limits, Sum

__all__ = ["KEYS", "constrained"]

_Array = NDArray[np.float64]

KEYS: Final = ("min", "max", "most", "turnover", "invested", "bounds", "classes", "sectors", "groups", "exposures")
"""What a document may say."""

_OLD: Final = {"min_weight": "min", "max_weight": "max", "max_assets": "most", "max_turnover": "turnover"}
_HINT: Final = 'Such as {"max": 0.4, "bounds": {"AAPL": [0.05, 0.2]}, "sectors": {"Technology": 0.3}}'


def constrained(
    document: Mapping[str, Any],
    symbols: Sequence[str],
    *,
    classes: Mapping[str, str] | None = None,
    sectors: Mapping[str, str] | None = None,
    factors: FactorModel | None = None,
    held: _Array | None = None,
    spelled: Callable[[str], str] = str,
) -> Limits:
    """Give the limits that a document asks for.

    Parameters
    ----------
    document
        `min`, `max`: bounds of each weight; `bounds`: of some, `{"AAPL": [0.05, 0.2]}`; `most`: so many holdings;
        `turnover`; `invested`: the sum of the weights; `classes` and `sectors`: the most, or the least and the most,
        of each, `{"crypto": 0.1}`; `groups`: `{"name": {"symbols": [...], "min": 0, "max": 0.5}}`; `exposures`: of
        each factor, `{"SPY": [0.8, 1.2]}`. Shares are numbers, or texts such as `40%`.
    symbols
        Of the instruments, in the order of the weights.
    classes, sectors
        Of each symbol.
    factors
        What exposures are told by.
    held
        What is held now, as for `Limits`.
    spelled
        How a symbol is spelled here.

    Raises
    ------
    ValidationError
        The document says something else, or something of what is not there; the message names it.
    """
    if not isinstance(document, Mapping):
        raise ValidationError("Constraints are a JSON object.", hint=_HINT)
    said = {_OLD.get(str(key), str(key)): value for key, value in document.items()}
    if unknown := sorted(set(said) - set(KEYS)):
        raise ValidationError(f"Constraints have no {unknown[0][:40]!r}.", hint=f"There are: {', '.join(KEYS)}.")
    low = np.full(len(symbols), _share(said.get("min", 0.0), "min"))
    high = np.full(len(symbols), _share(said.get("max", 1.0), "max"))
    for name, value in _object(said, "bounds").items():
        place = _place(spelled(name), symbols, "bounds")
        low[place], high[place] = _span(value, f"bounds of {name}")
    return Limits(
        lowest=low,
        highest=high,
        invested=_share(said.get("invested", 1.0), "invested"),
        held=held,
        turnover=None if said.get("turnover") is None else _share(said["turnover"], "turnover"),
        most=None if said.get("most") is None else _count(said["most"]),
        sums=(
            *_kinds(_object(said, "classes"), symbols, classes, "class"),
            *_kinds(_object(said, "sectors"), symbols, sectors, "sector"),
            *_groups(_object(said, "groups"), symbols, spelled),
            *_exposures(_object(said, "exposures"), factors, spelled),
        ),
    )


def _object(said: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = said.get(key) or {}
    if not isinstance(value, Mapping):
        raise ValidationError(f"{key} is {str(value)[:40]!r}; it is an object.", hint=_HINT)
    return value


def _kinds(caps: Mapping[str, Any], symbols: Sequence[str], kinds: Mapping[str, str] | None, word: str) -> list[Sum]:
    known = kinds or {}
    if caps and (bare := [one for one in symbols if not known.get(one)]):
        raise ValidationError(
            f"The {word} of {bare[0]} is not known.",
            hint="Fetch it from a source that says (ara data fetch), or name the symbols: "
            f'-c \'{{"groups": {{"mine": {{"symbols": ["{bare[0]}"], "max": 0.3}}}}}}\'',
        )
    there = {known[one].casefold(): known[one] for one in symbols} if caps else {}
    found = []
    for name, value in caps.items():
        own = there.get(str(name).casefold())
        if own is None:
            told = f"They are: {', '.join(sorted(set(there.values())))}."
            raise ValidationError(f"None of the instruments is of the {word} {str(name)[:40]!r}.", hint=told)
        least, most = _span(value, f"{word} {name}")
        loads = np.array([float(known[one] == own) for one in symbols])
        found.append(Sum(name=own, loads=loads, least=least, most=most))
    return found


def _groups(groups: Mapping[str, Any], symbols: Sequence[str], spelled: Callable[[str], str]) -> list[Sum]:
    found = []
    for name, value in groups.items():
        if not isinstance(value, Mapping) or not isinstance(value.get("symbols"), list) or not value["symbols"]:
            raise ValidationError(
                f"The group {name[:40]!r} names no symbols.", hint='Write {"symbols": ["AAPL", "MSFT"], "max": 0.5}'
            )
        if wrong := sorted(set(value) - {"symbols", "min", "max"}):
            raise ValidationError(f"The group {name[:40]!r} has no {wrong[0][:40]!r}.", hint="symbols, min, max.")
        inside = {_place(spelled(str(one)), symbols, f"group {name}") for one in value["symbols"]}
        least = _share(value.get("min", 0.0), f"group {name}")
        most = _share(value.get("max", 1.0), f"group {name}")
        loads = np.array([float(place in inside) for place in range(len(symbols))])
        found.append(Sum(name=str(name), loads=loads, least=least, most=most))
    return found


def _exposures(asked: Mapping[str, Any], factors: FactorModel | None, spelled: Callable[[str], str]) -> list[Sum]:
    if asked and factors is None:
        raise ValidationError("Exposures need factors.", hint="ara portfolio optimize ... --factors SPY,XAUUSD")
    spans = {spelled(name): _span(value, f"exposure to {name}") for name, value in asked.items()}
    return [factors.limit(name, least=low, most=high) for name, (low, high) in spans.items()] if factors else []


def _place(symbol: str, symbols: Sequence[str], where: str) -> int:
    if symbol not in symbols:
        raise ValidationError(f"{where}: {symbol[:40]} is not among the instruments.", hint="Name it too.")
    return list(symbols).index(symbol)


def _span(value: Any, what: str) -> tuple[float, float]:
    """Give the least and the most: from two numbers, or from one that is the most."""
    if not isinstance(value, list):
        return 0.0, _share(value, what)
    if len(value) != 2:
        raise ValidationError(f"{what}: there are {len(value)} bounds.", hint="Write [0.1, 0.4], or 0.4 for the most.")
    return _share(value[0], what), _share(value[1], what)


def _share(value: Any, what: str) -> float:
    text = value.strip() if isinstance(value, str) else ""
    try:
        number = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1) if text else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if isinstance(value, bool) or not -10 <= number <= 10:
        raise ValidationError(f"{what} is {str(value)[:40]!r}; it is a share.", hint="Write 0.4, or 40% as a text.")
    return number


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValidationError(f"most is {str(value)[:40]!r}; it is a whole number above 0.")
    return value
