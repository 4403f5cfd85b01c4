"""A family with some of its parameters changed, as people write them."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import msgspec

from ara import plugins
from ara.errors import PluginError, ValidationError
from ara.models.model import Model, parameters
from ara.models.networks.family import Network

__all__ = ["having", "make"]


def having(parameter: str) -> list[str]:
    """Name the families that have a parameter; one that can't be imported has none."""
    found = []
    for name in plugins.names("models"):
        with suppress(PluginError):
            if parameter in parameters(plugins.load("models", name)()):
                found.append(name)
    return found


def make(family: str, params: Mapping[str, Any], *, together: bool = False) -> Model:
    """Give a family with some of its parameters changed; ValidationError names one that it has not, or can't have.

    One that several workers are to train `together` has to be a network.
    """
    kind = plugins.load("models", family)
    if together and not issubclass(kind, Network):
        networks = ", ".join(sorted({one.family for one in Network.__subclasses__()}))
        raise ValidationError(f"{family} can't be trained by several workers.", hint=f"Networks can: {networks}.")
    known = parameters(kind())
    for name in params:
        if name not in known:
            listed = f"It has: {', '.join(sorted(known))}." if known else "It has none that can be changed."
            raise ValidationError(f"{family} has no parameter {name!r:.60}.", hint=listed)
    wanted = {}
    for name, value in params.items():
        try:
            wanted[name] = _typed(value, known[name])
        except msgspec.ValidationError as error:
            usual = f"It is of the kind of its usual value: {known[name]!r:.60}."
            raise ValidationError(f"{name} of {family} can't be {value!r:.60}.", hint=usual) from error
    if isinstance(epochs := wanted.get("epochs"), int) and epochs < 1:  # of 0 it is a network as it begins
        raise ValidationError(f"{family} learns nothing in {epochs} epochs.", hint="Choose 1 or more.")
    try:
        model: Model = kind(**wanted)
    except (msgspec.ValidationError, TypeError, ValueError) as error:
        if isinstance(error, ValidationError):
            raise
        raise ValidationError(f"{family} can't be had so: {error}.") from error
    return model


def _typed(value: Any, like: Any) -> Any:
    """Give a value, text as the command line has it, as the kind of the family's own; what is shown can be said."""
    if isinstance(value, str) and value.strip().lower() == "none" and like in ((), "", None):
        return like
    if not isinstance(value, str) or isinstance(like, str):
        return value
    if isinstance(like, bool):
        value = {"yes": "true", "no": "false"}.get(value.strip().lower(), value)
    kind = type(like) if like is not None else float
    if isinstance(like, tuple | list):
        parts = [part.strip() for part in value.split(",") if part.strip()]
        return tuple(msgspec.convert(part, type(like[0]) if like else str, strict=False) for part in parts)
    return msgspec.convert(value, kind, strict=False)
