"""Indicators described, and their values over bars, as every door tells them."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError
from ara.features import Indicator, catalogue, cross
from ara.features.cross import PanelFeature
from ara.features.sets import Item

__all__ = ["all_families", "chosen", "described", "document", "item_of", "values_document"]


def all_families() -> dict[str, Mapping[str, Indicator | PanelFeature]]:
    """Give every family, those that compare many instruments as one beside the others."""
    return {**catalogue.families(), "cross": {name: cross.get(name) for name in cross.names()}}


def chosen(family: str = "", search: str = "") -> dict[str, list[Indicator | PanelFeature]]:
    """Give the indicators of a family, or of all, that have a text in name or words."""
    families = all_families()
    if family and family not in families:
        raise ValidationError(f"There is no family {family!r:.40}.", hint=f"There are: {', '.join(families)}.")
    wanted = search.casefold()
    return {
        name: [one for one in members.values() if wanted in f"{one.spec.name} {one.spec.words}".casefold()]
        for name, members in families.items()
        if not family or name == family
    }


def document(found: Mapping[str, Sequence[Indicator | PanelFeature]]) -> dict[str, Any]:
    """Give a choice of indicators as JSON values."""
    return {
        "schema": 1,
        "count": sum(map(len, found.values())),
        "families": {name: [described(one) for one in members] for name, members in found.items() if members},
    }


def described(found: Indicator | PanelFeature) -> dict[str, Any]:
    """Give what there is to know of an indicator: meaning, formula, parameters, range, warm-up, reference."""
    spec = found.spec
    usual = spec.resolve({})
    return {
        "name": spec.name,
        "words": spec.words,
        "formula": spec.formula,
        "reference": spec.reference,
        "inputs": list(spec.inputs),
        "outputs": {name: [_number(value) for value in spec.bounds[name]] for name in spec.outputs},
        "scale": spec.scale.value,
        "warmup": spec.warmup(**usual),
        "memory": found.memory(**usual),
        "params": {
            name: {
                "default": one.default,
                "low": one.low,
                "high": _number(one.high),
                "whole": one.whole,
                "words": one.words,
            }
            for name, one in spec.params.items()
        },
    }


def item_of(name: str) -> Item:
    """Read an item as a column is called; only symbols may have capital letters."""
    body, colon, other = name.strip().rpartition(":")
    return Item.parse(f"{body.lower()}:{other.strip().upper()}" if colon else other.lower())


def values_document(
    at: Sequence[str], values: Mapping[str, NDArray[np.float64]], missing: str | None = None
) -> dict[str, Any]:
    """Give the values at each bar as JSON values, null where there is none; `missing` says why all are."""
    told: dict[str, Any] = {"at": list(at)}
    told |= {key: [_number(value) for value in one.tolist()] for key, one in values.items()}
    return told | ({"missing": missing} if missing else {})


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
