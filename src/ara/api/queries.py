"""What stands behind the question mark: nothing that the path does not know, and nothing twice.

A word that nobody reads is a wish that nobody grants: `?dayz=5` would be answered as if `days` had been left out. Nor
is a number read that only Python would write: of `?limit=1_0` nobody knows whether 10 was meant.
"""

import difflib
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, get_args

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel

__all__ = ["members", "plainly", "unknown"]

_SHOWN: Final = 40
_LISTED: Final = 12
_KEY: Final = "Idempotency-Key"
_TWICE: Final = "It stands twice."
_ODD: Final = re.compile(r"[^!-^`-~]")
"""What stands in no number: blanks, underscores, digits of other scripts."""


def plainly(request: Request) -> None:
    """Refuse parameters that the path does not know, those that stand twice, and numbers that are not written plainly.

    Each is named, with the nearest that there is. A key of a request that is to be done once stands there once, too.

    This is called by the dependency of every path that needs a permission, once it is known who asks; a path that
    needs none has it as a dependency of its own.
    """
    faults = [*_keys(request), *_parameters(request)]
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


def _keys(request: Request) -> Iterator[dict[str, Any]]:
    if request.method != "GET" and len(request.headers.getlist(_KEY)) > 1:
        yield {"loc": ("header", _KEY), "msg": _TWICE}


def _parameters(request: Request) -> Iterator[dict[str, Any]]:
    if not request.scope["query_string"]:
        return
    known = dict(_kinds(request.scope["route"].dependant))
    sent = request.query_params.multi_items()
    for name in dict(sent):
        texts = [text for other, text in sent if other == name]
        if name not in known:
            yield {"loc": ("query", name), "msg": unknown(name, known)}
        elif len(texts) > 1:
            yield {"loc": ("query", name), "msg": _TWICE}
        elif _ODD.search(texts[0]) and _is_number(known[name]):
            yield {"loc": ("query", name), "msg": "It is no number as JSON writes them: 10, or 0.5."}


def _kinds(dependant: Dependant) -> Iterator[tuple[str, Any]]:
    """Give the names of parameters, and what each may be."""
    yield from ((one.alias, one.field_info.annotation) for one in dependant.query_params)
    for part in dependant.dependencies:
        yield from _kinds(part)


def _is_number(kind: Any) -> bool:
    return kind in (int, float) or any(_is_number(one) for one in get_args(kind))
