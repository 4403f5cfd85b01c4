"""The description as a document: components that paths share, examples, samples, and who may ask."""

import re
from collections.abc import Iterator
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ara.api.asks import permission_of
from ara.api.description.examples import BODIES, FORMS, SHOWN, VALUES
from ara.api.description.samples import VARIABLE, Call, samples
from ara.api.problems import COMPONENT, MEDIA, Told, fits

__all__ = ["Described", "call_of", "operations"]

_JSON: Final = "application/json"
_FORM: Final = "application/x-www-form-urlencoded"
_METHODS: Final = frozenset({"get", "post", "put", "patch", "delete"})
_PROGRAM: Final = "program"
_BEARER: Final = "bearer"
_SCHEMES: Final = {
    _PROGRAM: {
        "type": "http", "scheme": "basic", "description": "Id and secret of a program, as `ara apps add` gives them.",
    },
}  # fmt: skip
_TAGS: Final = {
    "accounts": "Log-in, tokens, keys, and programs of third parties.",
    "administration": "Everybody's accounts, and the audit log.",
    "backtests": "Strategies on the past.",
    "cache": "What is kept for a while.",
    "forecasts": "Forecasts, and what they were worth.",
    "health": "Whether the service answers, and what it has counted.",
    "instruments": "What is known of an instrument.",
    "jobs": "What takes long.",
    "ledger": "Forecasts as they were kept, and how they did.",
    "market": "States, patterns, levels, indicators and bars.",
    "models": "Which models there are, and which of them answers.",
    "oauth": "OAuth 2.0 for programs of third parties (RFC 6749, 7009, 7636, 7662, 8414, 9207).",
    "portfolio": "Weights, trades, and how weights did.",
    "portfolios": "Weights, trades, and how weights did.",
    "predictions": "Forecasts in the old shape.",
    "sockets": "What opens a live stream.",
    "webhooks": "Events that are sent to an address.",
}


class Described(FastAPI):
    """An application that describes itself with examples."""

    def __init__(self, **more: Any) -> None:
        self.needed = dict[tuple[str, str], str]()
        self._methods = dict[str, set[str]]()
        super().__init__(**more)

    def include_router(self, router: APIRouter, **more: Any) -> None:
        """Take a router's paths in, and remember which permissions they need."""
        prefix = more.get("prefix", "")
        for route in router.routes:
            if isinstance(route, APIRoute):
                path, methods = prefix + route.path_format, route.methods or set()
                self._methods.setdefault(path, set()).update(methods)
                if permission := _needed(route.dependant):
                    self.needed |= {(method, path): permission for method in methods}
        super().include_router(router, **more)

    def keep_apart(self) -> None:
        """Refuse on a path that is written out what only a path with an id in that place takes: `batch` is no id."""
        for path in [one for one in self._methods if "{" not in one]:
            like = [found for other, found in self._methods.items() if "{" in other and fits(other, path)]
            if strange := set[str]().union(*like) - self._methods[path]:
                self.router.routes.insert(0, Route(path, _refused, methods=sorted(strange), include_in_schema=False))

    def openapi(self) -> dict[str, Any]:
        """Give the description; it is made once."""
        if self.openapi_schema is None:
            made = super().openapi()
            _completed(self, made)
            self.openapi_schema = made
        return self.openapi_schema


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Give each operation of a description with its method, in capitals, and its path."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in _METHODS:
                yield method.upper(), path, operation


def call_of(method: str, path: str, operation: dict[str, Any]) -> Call:
    """Give the request that the samples of an operation make; KeyError where no example is known."""
    wanted = [one for one in operation.get("parameters", ()) if one.get("required") or "x-sample" in one]
    values = {(one["in"], one["name"]): one.get("x-sample") or VALUES[one["name"]] for one in wanted}
    place = re.sub(r"\{(\w+)\}", lambda one: values["path", one[1]], path)
    content = operation.get("requestBody", {}).get("content", {})
    secured = operation.get("security") or [{}]
    return Call(
        method=method, path=place, query={name: value for (where, name), value in values.items() if where == "query"},
        headers={name: value for (where, name), value in values.items() if where == "header"},
        body=BODIES[_shape(content[_JSON])] if _JSON in content else None,
        form=FORMS[path] if _FORM in content else {},
        proof="program" if _PROGRAM in secured[0] else "key" if secured[0] else "none",
    )  # fmt: skip


async def _refused(request: Request) -> Response:
    raise HTTPException(405, "Method Not Allowed")


def _completed(app: Described, made: dict[str, Any]) -> None:
    """Add to FastAPI's document what it does not know."""
    made["info"]["license"] = {"name": "Apache 2.0", "identifier": "Apache-2.0"}
    made["servers"] = [{"url": "/", "description": "Where this document was asked for"}]
    components = made.setdefault("components", {})
    components.setdefault("schemas", {})[COMPONENT] = Told.model_json_schema()
    components.setdefault("securitySchemes", {}).update(_SCHEMES)
    used = set[str]()
    for method, path, operation in operations(made):
        operation.setdefault("security", [])
        used.update(operation.get("tags", ()))
        if permission := app.needed.get((method, path)):
            operation["security"] = [{_BEARER: [permission]}]
            operation["description"] = f"{operation.get('description', '').rstrip()}\n\nNeeds `{permission}`."
        if path.startswith("/api/v1/"):
            operation["deprecated"] = True
        _refusals(operation)
        call = call_of(method, path, operation)
        _exemplified(operation, call)
        operation["x-codeSamples"] = samples(call)
    made["tags"] = [{"name": name, "description": _TAGS[name]} for name in sorted(used)]


def _refusals(operation: dict[str, Any]) -> None:
    """Say of each answer by a problem document that it is one, also where a path answers by nothing else."""
    for answer in operation["responses"].values():
        if MEDIA in answer.get("content", {}):
            answer["content"][MEDIA] = {"schema": {"$ref": f"#/components/schemas/{COMPONENT}"}}


def _exemplified(operation: dict[str, Any], call: Call) -> None:
    """Give parameters and bodies the values of the samples as examples."""
    for one in operation.get("parameters", ()):
        sample = one.pop("x-sample", None)
        if sample or one.get("required"):
            one["example"] = _shown(sample or VALUES[one["name"]])
    content = operation.get("requestBody", {}).get("content", {})
    if call.body is not None:
        content[_JSON]["example"] = _shown(call.body)
    if call.form:
        content[_FORM]["example"] = _shown(dict(call.form))


def _shown(value: Any) -> Any:
    """Give an example with values that stand for variables."""
    if isinstance(value, str):
        return VARIABLE.sub(lambda one: SHOWN[one[1]], value)
    if isinstance(value, dict):
        return {name: _shown(one) for name, one in value.items()}
    return [_shown(one) for one in value] if isinstance(value, list) else value


def _shape(content: dict[str, Any]) -> str:
    return str(content["schema"]["$ref"]).rpartition("/")[2]


def _needed(dependant: Dependant) -> str:
    """Give the permission that a route's dependencies ask for, however deep."""
    if dependant.call is not None and (found := permission_of(dependant.call)):
        return found
    return next((found for one in dependant.dependencies if (found := _needed(one))), "")
