"""Errors as problem documents (RFC 9457), alike in all versions; v1 adds the keys that its clients know.

What a stranger sent is told back as JSON text only, and no more of it than names the fault.
"""

import logging
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Scope

from ara.alerts.news import failed
from ara.api.queries import members, unknown
from ara.errors import AraError, QuotaError, UnauthenticatedError
from ara.logs.context import current
from ara.redaction import redact

__all__ = [
    "COMPONENT", "MEDIA", "RESPONSES", "Problem", "Told", "described", "fault", "fits", "install", "of_error",
    "of_status",
]  # fmt: skip

MEDIA: Final = "application/problem+json"
"""The media type of a problem document."""

_OLD: Final = "/api/v1/"
_FAULTS: Final = 10
_LONGEST: Final = 500
_WORDS: Final[Mapping[int, tuple[str, str]]] = {
    400: ("malformed", "Send what the documentation of this path shows."),
    409: ("conflict", "Look how it stands; where the answer has a Retry-After, send it again then."),
    404: ("not_found", "See what there is: /openapi.json"),
    405: ("method_not_allowed", "See which methods there are: /openapi.json"),
    408: ("too_slow", "Send the request without pauses."),
    413: ("too_large", "Send less, or in parts."),
    415: ("media_type", "Send JSON, and say so: Content-Type: application/json"),
    431: ("headers_too_large", "Send fewer and shorter headers."),
    503: ("unavailable", "Try again in a moment."),
    504: ("timeout", "Ask for less at once, or for a job."),
}
_log = logging.getLogger(__name__)


class Told(BaseModel):
    """A problem document: what is wrong, and what to do."""

    model_config = ConfigDict(extra="allow", title="Problem")

    type: str
    title: str
    status: int
    detail: str
    code: str
    hint: str
    context: dict[str, Any]
    request_id: str | None


COMPONENT: Final = "Problem"
"""The name of a problem document among the components of the description."""


def described(words: str) -> dict[str, Any]:
    """Give how a path says that it answers by a problem document."""
    return {
        "description": words,
        "content": {MEDIA: {"schema": {"$ref": f"#/components/schemas/{COMPONENT}"}}},
    }


RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    "4XX": described("The request can't be answered as it is."),
    "5XX": described("The service failed."),
}
"""How every path answers where it fails, as the description of the service says it."""


class Problem(Response):
    """A problem document as an answer."""

    media_type = MEDIA

    def __init__(self, document: Mapping[str, Any], *, path: str, headers: Mapping[str, str] | None = None) -> None:
        told = dict(document, request_id=current() or None)
        if path.startswith(_OLD):
            told |= {
                "error": told["code"], "message": told["detail"], "details": told.get("context") or {},
                "timestamp": datetime.now(UTC).isoformat(),
            }  # fmt: skip
        super().__init__(msgspec.json.encode(told), status_code=told["status"], headers=dict(headers or {}))


def of_error(error: AraError, *, path: str) -> Problem:
    """Give the answer for one of Ara's errors."""
    headers: dict[str, str] = {}
    if isinstance(error, UnauthenticatedError):
        headers["WWW-Authenticate"] = 'Bearer realm="ara"'
    if isinstance(error, QuotaError):
        headers |= error.context.get("headers", {})
        headers.setdefault("Retry-After", str(error.context.get("retry_after", 1)))
    document = error.problem()
    document["detail"] = redact(str(document["detail"]), longest=_LONGEST)
    document["context"] = {key: value for key, value in document["context"].items() if key != "headers"}
    if error.http_status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.error("%s failed: %s", path, document["detail"])
    return Problem(document, path=path, headers=headers)


def of_status(status: int, detail: str, *, path: str, headers: Mapping[str, str] | None = None) -> Problem:
    """Give the answer for a fault that HTTP itself has a number for."""
    code, hint = _WORDS.get(status, ("http", "See what there is: /openapi.json"))
    document = {
        "type": f"urn:ara:error:{code}", "title": HTTPStatus(status).phrase, "status": status, "detail": detail,
        "code": code, "hint": hint, "context": {},
    }  # fmt: skip
    return Problem(document, path=path, headers=headers)


def install(app: FastAPI) -> None:
    """Have an application answer every error by a problem document."""

    @app.exception_handler(AraError)
    async def _ours(request: Request, error: AraError) -> Response:
        return of_error(error, path=request.url.path)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        headers = dict(error.headers or {})
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            headers["Allow"] = ", ".join(_methods(app, request.url.path)) or headers.get("Allow", "")
        return of_status(error.status_code, str(error.detail), path=request.url.path, headers=headers)

    @app.exception_handler(RequestValidationError)
    async def _shape(request: Request, error: RequestValidationError) -> Response:
        return _unfit(error.errors(), path=request.url.path, known=members(request))


async def fault(scope: Scope, error: Exception) -> Problem:
    """Give the answer for a fault of the service; the log hears of it, and who wants to be told of faults."""
    from ara.api.shell import route_of

    path = scope["path"]
    _log.error("%s failed", path, exc_info=error)
    service = getattr(scope["app"].state, "service", None) if "app" in scope else None
    if service is not None:
        desk = service.desk
        await failed(desk, route_of(scope), request=current(), now=desk.clock.now())
    return of_error(AraError("Something went wrong inside.", hint="Report the request id."), path=path)


def _methods(app: FastAPI, path: str) -> list[str]:
    """Give the methods of a path, those of all its operations together."""
    paths = app.openapi()["paths"]
    like = [paths[path]] if path in paths else [found for template, found in paths.items() if fits(template, path)]
    found = {method.upper() for operations in like for method in operations}
    return sorted(found | {"HEAD"} if "GET" in found else found)


def fits(template: str, path: str) -> bool:
    """Say whether a path is one of a template's: `/jobs/17` of `/jobs/{job_id}`."""
    return re.fullmatch("[^/]+".join(map(re.escape, re.split(r"\{[^}]*\}", template))), path) is not None


def _unfit(faults: Sequence[Mapping[str, Any]], *, path: str, known: Sequence[str]) -> Problem:
    told = [{"where": _place(one["loc"]), "what": _what(one, known)[:_LONGEST]} for one in faults[:_FAULTS]]
    first = told[0]
    document = {
        "type": "urn:ara:error:invalid", "title": "ValidationError", "status": 422, "code": "invalid",
        "detail": f"{first['where']}: {first['what']}", "context": {"faults": told},
        "hint": "Correct the request; its shape stands in /openapi.json",
    }  # fmt: skip
    return Problem(document, path=path)


def _place(parts: Sequence[object]) -> str:
    return ".".join(str(part)[:60] for part in parts[:8])


def _what(one: Mapping[str, Any], known: Sequence[str]) -> str:
    """Say what is wrong; of a member that a body can't have, which one may have been meant."""
    if one.get("type") == "extra_forbidden" and known and len(one["loc"]) == len(("body", "name")):
        return unknown(str(one["loc"][1]), known)
    return str(one["msg"])
