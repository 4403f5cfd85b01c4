"""A function and what it is called with, by name, so that another process can call it."""

import importlib
import inspect
import sys
import typing
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any

from ara.errors import ValidationError
from ara.workers.freight import Freight

__all__ = ["find", "name_of", "pack_arguments", "returned", "takes_watch", "unpack_arguments"]


def name_of(function: Callable[..., Any]) -> str:
    """Give `module:name` of a function that another process can import; ValidationError where it can't."""
    module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", None)
    advice = "Put it at the top level of a module that can be imported."
    if not module or not name:
        raise ValidationError(f"{function!r} has no name that a worker process could import.", hint=advice)
    if module == "__main__":
        raise ValidationError(f"{name} stands in the script itself, which a worker process can't import.", hint=advice)
    if getattr(sys.modules.get(module), name, None) is not function:
        words = f"{module}.{name} is not the top-level function of that name, so a worker process can't find it."
        raise ValidationError(words, hint=advice)
    return f"{module}:{name}"


def find(name: str) -> Callable[..., Any]:
    """Import the function that `name_of` named."""
    module, _, attribute = name.partition(":")
    function: Callable[..., Any] = getattr(importlib.import_module(module), attribute)
    return function


def takes_watch(function: Callable[..., Any]) -> bool:
    """Tell whether the function has a parameter `watch`, by which it reports and learns that it was cancelled."""
    if isinstance(function, FunctionType) and not {"__wrapped__", "__signature__"} & vars(function).keys():
        code = function.__code__  # what a signature is made of, which takes long
        return "watch" in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    try:
        return "watch" in inspect.signature(function).parameters
    except (TypeError, ValueError):
        return False


def pack_arguments(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any], *, freight: Freight
) -> dict[str, bytes]:
    """Pack each argument under its parameter's name; ValidationError names the one that can't travel."""
    name = _dotted(function)
    given = {**kwargs, "watch": None} if takes_watch(function) else kwargs
    try:
        bound = inspect.signature(function).bind(*args, **given)
    except (TypeError, ValueError) as error:
        raise ValidationError(f"{name} can't be called so: {error}.") from None
    bound.arguments.pop("watch", None)
    _kinds(function)
    packed = {}
    for parameter, value in bound.arguments.items():
        try:
            packed[parameter] = freight.pack(value)
        except (TypeError, ValueError) as error:
            words = f"The argument {parameter!r} of {name} can't go to a worker process: {error}."
            raise ValidationError(words, hint="Send numbers, text, dataclasses, frames and arrays.") from error
    return packed


def unpack_arguments(
    function: Callable[..., Any], packed: Mapping[str, bytes], *, freight: Freight
) -> inspect.BoundArguments:
    """Rebuild the arguments as the function's annotations say; ValidationError names the one that doesn't fit."""
    kinds, values = _kinds(function), {}
    for parameter, data in packed.items():
        try:
            values[parameter] = freight.unpack(data, kinds.get(parameter, Any))
        except (TypeError, ValueError, NameError) as error:
            raise ValidationError(f"The argument {parameter!r} of {_dotted(function)} doesn't fit: {error}.") from error
    return inspect.BoundArguments(inspect.signature(function), values)


def returned(function: Callable[..., Any]) -> Any:
    """Give the kind of value that the function says it returns."""
    return _kinds(function).get("return", Any)


def _dotted(function: Callable[..., Any]) -> str:
    return name_of(function).replace(":", ".")


def _kinds(function: Callable[..., Any]) -> dict[str, Any]:
    try:
        kinds = typing.get_type_hints(function, include_extras=True)
    except NameError as error:
        words = f"The annotations of {_dotted(function)} can't be read: {error}."
        raise ValidationError(words, hint="Import what they name at run time, not for type checkers only.") from error
    except TypeError:
        return {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.VAR_POSITIONAL:
            kinds[parameter.name] = tuple[kinds.get(parameter.name, Any), ...]  # type: ignore[misc]
        elif parameter.kind is parameter.VAR_KEYWORD:
            kinds[parameter.name] = dict[str, kinds.get(parameter.name, Any)]  # type: ignore[misc]
    return kinds
