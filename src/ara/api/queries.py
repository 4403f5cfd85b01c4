"""What stands behind the question mark: nothing that the path does not know, and nothing twice.

A word that nobody reads is a wish that nobody grants: `?dayz=5` would be answered as if `days` had been left out.
"""

import difflib
from collections.abc import Iterable, Iterator
from typing import Any, Final

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel

__all__ = ["members", "plainly", "unknown"]

_SHOWN: Final = 40
_LISTED: Final = 12


def plainly(request: Request) -> None:
    """Refuse parameters that the path does not know, and those that stand twice; each is named, with the nearest.

    This is called by the dependency of every path that needs a permission, once it is known who asks; a path that
    needs none has it as a dependency of its own.
    """
    if not request.scope["query_string"]:
        return
    known = frozenset(_names(request.scope["route"].dependant))
    sent = [name for name, _ in request.query_params.multi_items()]
    faults = [
        {"loc": ("query", name), "msg": "It stands twice." if name in known else unknown(name, known)}
        for name in dict.fromkeys(sent)
        if name not in known or sent.count(name) > 1
    ]
    if faults:
        raise RequestValidationError(faults)


def members(request: Request) -> tuple[str, ...]:
    """Give the members that the body of a path's requests may have; nothing where it takes no body of that kind."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute) or len(route.dependant.body_params) != 1:
        return ()
    shape: Any = route.dependant.body_params[0].field_info.annotation
    return tuple(shape.model_fields) if isinstance(shape, type) and issubclass(shape, BaseModel) else ()


def unknown(name: str, known: Iterable[str]) -> str:
    """Say in words that there is no such name, which one is nearest, or else which there are."""
    there = sorted(known)
    near = difflib.get_close_matches(name[:_SHOWN], there, n=1)
    if near:
        return f"There is no {name[:_SHOWN]!r} here. Did you mean {near[0]}?"
    return f"There is no {name[:_SHOWN]!r} here. There are: {', '.join(there[:_LISTED]) or 'none'}."


def _names(dependant: Dependant) -> Iterator[str]:
    yield from (one.alias for one in dependant.query_params)
    for part in dependant.dependencies:
        yield from _names(part)
