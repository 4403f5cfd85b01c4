"""From a strategy's name to a strategy: one of Ara's, a plug-in's, or a class of one's own."""

import importlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ara import plugins
from ara.errors import PluginError, ValidationError
from ara.trading.strategy import Strategy

__all__ = ["Made", "made"]

_GROUP: Final = "strategies"
_OLD: Final = {"buy_hold": "buy_and_hold"}
_YES: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A strategy by name with parameters; calling it makes it anew.

    Parameters
    ----------
    name
        What it is called.
    kind
        Its class, or a function that makes it.
    parameters
        What it is made with; what is missing has the default.
    """

    name: str
    kind: Any
    parameters: Mapping[str, Any]

    def __call__(self) -> Strategy:
        """Make it anew."""
        with plugins.guest(f"the strategy {self.name}", error=ValidationError):
            found: Strategy = self.kind(**self.parameters)
        return found

    def described(self) -> dict[str, Any]:
        """Give all parameters, those of the defaults too, as a lineage takes them."""
        return {
            name: value
            for name, one in _asked(self.kind).items()
            if isinstance(value := self.parameters.get(name, one.default), str | int | float | bool)
        }


def made(name: str | Callable[..., Strategy], parameters: Mapping[str, Any] | None = None) -> Made:
    """Find a strategy.

    Parameters
    ----------
    name
        Registered: `momentum`; or one's own, `package.module:Class`, or the class.
    parameters
        By name; texts are read as what the defaults are.

    Raises
    ------
    PluginError
        There is none of that name, or it can't be imported.
    ValidationError
        It takes no such parameter, or not such a value.
    """
    called, kind = _found(name)
    takes = _asked(kind)
    if not isinstance(parameters or {}, Mapping):
        raise ValidationError(f"the parameters of the strategy {called} are {parameters!r:.60}; they go by name")
    found = {}
    for key, value in (parameters or {}).items():
        if key not in takes:
            there = ", ".join(takes) or "none"
            raise ValidationError(f"the strategy {called} has no parameter {key[:40]!r}; it has {there}")
        found[key] = _read(called, key, value, takes[key].default)
    return Made(name=called, kind=kind, parameters=found)


def _found(name: str | Callable[..., Strategy]) -> tuple[str, Any]:
    if not isinstance(name, str):
        if not callable(name):
            raise ValidationError(
                f"{name!r:.60} is no strategy; it is a name such as momentum, or a class with a method decide or plan"
            )
        return f"{name.__module__}:{getattr(name, '__qualname__', type(name).__qualname__)}", name
    called = _OLD.get(name, name)
    return called, _own(called) if ":" in called else plugins.load(_GROUP, called)


def _own(name: str) -> Any:
    module, _, attribute = name.partition(":")
    with plugins.guest(f"the module {module[:80]}", error=PluginError):
        found = getattr(importlib.import_module(module), attribute, None)
    if not callable(found):
        raise PluginError(f"the module {module[:80]} has no strategy {attribute[:40]!r}")
    return found


def _asked(kind: Any) -> dict[str, inspect.Parameter]:
    try:
        every = inspect.signature(kind).parameters.values()
    except (TypeError, ValueError):
        return {}
    return {one.name: one for one in every if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)}


def _read(strategy: str, key: str, value: Any, default: Any) -> Any:
    """Read a text as what the default is."""
    if isinstance(default, str):
        return value
    if not isinstance(value, str):
        whole = isinstance(default, int) and not isinstance(default, bool)
        if whole and isinstance(value, float):
            if not value.is_integer():
                raise ValidationError(f"{key} of the strategy {strategy} is {value}; it is a whole number")
            return int(value)
        return value
    try:
        if isinstance(default, bool):
            return _YES[value.strip().lower()]
        return int(value) if isinstance(default, int) else float(value)
    except (KeyError, ValueError):
        kind = {bool: "true or false", int: "a whole number"}.get(type(default), "a number")
        raise ValidationError(f"{key} of the strategy {strategy} is {value[:40]!r}; it is {kind}") from None
