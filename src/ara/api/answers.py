"""Forecasts that were shown of late, answered past the routes: the same checks, the same bytes, less work.

What the ledger holds never changes, so its answer is put together once. Who asks is known, counted and permitted
anew each time. What is asked otherwise than plainly (parts alone, short ids, headers sent twice) goes to the route.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import msgspec
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from ara.api.problems import of_error
from ara.api.tags import KEEP, unchanged
from ara.errors import AraError
from ara.logs.context import current

if TYPE_CHECKING:
    from ara.api.service import Service

__all__ = ["LEVEL", "SMALL", "Answer", "Answers", "ShownBefore"]

SMALL: Final = 2048
"""Bytes of an answer from which on it is compressed for who takes that."""

LEVEL: Final = 5
"""How hard."""

_MOST: Final = 512
_LARGEST: Final = 32 * 1024 * 1024
_LONGEST: Final = 2_000
_JSON: Final = (b"content-type", b"application/json")
_KEEP: Final = (b"cache-control", KEEP.encode())
_VARY: Final = (b"vary", b"Accept-Encoding")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The whole answer for a kept forecast.

    Parameters
    ----------
    route
        The path as the route has it: what is counted and logged.
    parameter
        The name of the id in it.
    id
        Of the forecast.
    permission
        What seeing it needs.
    tag
        Its entity tag.
    body
        The JSON; where `signed`, all but the first two members, which say to which request and when it is given.
    signed
        Whether these two belong to it.
    """

    route: str
    parameter: str
    id: str
    permission: str
    tag: str
    body: bytes
    signed: bool

    def text(self) -> bytes:
        """Give the JSON as it is sent now."""
        if not self.signed:
            return self.body
        head = {"request_id": current() or None, "timestamp": datetime.now(UTC)}
        return msgspec.json.encode(head)[:-1] + b"," + self.body


class Answers:
    """Answers by their paths, within bounds of number and bytes; those given longest ago are forgotten first."""

    def __init__(self, *, most: int = _MOST, largest: int = _LARGEST) -> None:
        self._kept: OrderedDict[str, Answer] = OrderedDict()
        self._most = most
        self._largest = largest
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, path: str) -> Answer | None:
        """Give the answer for a path, where it is kept."""
        found = self._kept.get(path)
        if found is not None:
            self._kept.move_to_end(path)
        return found

    def keep(self, path: str, answer: Answer) -> Answer:
        """Keep the answer for a path, and give it."""
        before = self._kept.pop(path, None)
        self._bytes += len(answer.body) - (len(before.body) if before else 0)
        self._kept[path] = answer
        while len(self._kept) > self._most or self._bytes > self._largest:
            self._bytes -= len(self._kept.popitem(last=False)[1].body)
        return answer


class ShownBefore:
    """Answers for forecasts that were shown before; hands all else on.

    Parameters
    ----------
    app
        The application with its routes.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._packed = GZipMiddleware(_answered, minimum_size=SMALL, compresslevel=LEVEL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or hand it on."""
        if scope["type"] == "http" and scope["method"] == "GET" and not scope["query_string"]:
            service: Service | None = getattr(scope["app"].state, "service", None)
            answer = service.answers.get(scope["path"]) if service is not None else None
            sent = _sent(scope) if answer is not None else None
            if answer is not None and sent is not None:
                scope["route"], scope["path_params"] = answer.route, {answer.parameter: answer.id}
                scope["ara.answer"] = (service, answer, sent)
                await (self._packed if sent.packed else _answered)(scope, receive, send)
                return
        await self._app(scope, receive, send)


async def _answered(scope: Scope, receive: Receive, send: Send) -> None:
    """Check who asks as the route does, and send the answer, or nothing but its tag to who has it."""
    from ara.api.asks import address_in, admitted

    service, answer, sent = scope["ara.answer"]
    try:
        await admitted(service, sent.credential, address_in(scope), answer.route, answer.permission)
    except AraError as error:
        await of_error(error, path=scope["path"])(scope, receive, send)
        return
    same = unchanged(sent.known, answer.tag)
    body = b"" if same else answer.text()
    headers = [(b"etag", answer.tag.encode("latin-1")), _KEEP]
    if not same:
        headers += [_JSON, (b"content-length", str(len(body)).encode())]
    if not sent.packed:
        headers.append(_VARY)
    await send({"type": "http.response.start", "status": 304 if same else 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sent:
    """What was sent: a key or token, the tags that the asker has, and whether the answer may be compressed."""

    credential: str
    known: str | None
    packed: bool


_LOOKED_AT: Final = frozenset({b"authorization", b"if-none-match", b"accept-encoding"})


def _sent(scope: Scope) -> _Sent | None:
    """Give what was sent; None where it was not sent plainly, each header once."""
    found = dict[bytes, bytes]()
    for name, value in scope["headers"]:
        if name in _LOOKED_AT:
            if name in found or len(value) > _LONGEST:
                return None
            found[name] = value
    scheme, _, credential = found.get(b"authorization", b"").decode("latin-1").partition(" ")
    if scheme.lower() != "bearer" or not credential or credential != credential.strip():
        return None
    known = found.get(b"if-none-match")
    return _Sent(
        credential=credential, known=None if known is None else known.decode("latin-1"),
        packed=b"accept-encoding" in found,
    )  # fmt: skip
