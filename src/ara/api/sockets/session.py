"""One socket from its first byte to its last: who it is, what they hear, what they may say."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Collection
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from ara.accounts import Principal
from ara.accounts.limits import Bucket, MemoryLimiter
from ara.api.asks import counted, known_by
from ara.api.problems import of_error
from ara.api.queries import unknown
from ara.api.service import Service
from ara.api.shell import route_of
from ara.api.sockets.channel import packed
from ara.api.sockets.feeds import Feed
from ara.api.sockets.hub import Hub, Place
from ara.api.sockets.room import Guest, Room
from ara.errors import AraError, ForbiddenError, NotFoundError, UnauthenticatedError, ValidationError
from ara.logs.context import with_correlation

__all__ = ["Prepare", "Stream", "attend", "nowhere"]

_FIRST: Final = 10.0
_SEND: Final = 10.0
_LARGEST: Final = 16_384
_EVERYWHERE: Final = ("after", "ticket")
_STRIKES: Final = 10
_PER_SECOND: Final = 10.0
_AT_ONCE: Final = 30
_log = logging.getLogger("ara.api")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """What a socket listens to: the name that all processes know, and what makes it."""

    name: str
    feed: Feed


Prepare: TypeAlias = Callable[[Principal], Awaitable[Stream]]
"""Says what is listened to, or raises why there is nothing; asked once it is known who listens."""


class _ClosedError(Exception):
    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.code = code
        self.words = words


async def attend(socket: WebSocket, permission: str, prepare: Prepare, *, takes: Collection[str] = ()) -> None:
    """See a socket through.

    Before it is accepted, what is wrong is answered as a problem document; after that by a message `error` and a code
    of 4000 and the status that HTTP has for it.

    Parameters
    ----------
    socket
        Not yet accepted.
    permission
        What who listens must be allowed.
    prepare
        Says what is listened to.
    takes
        Parameters of the path, beside those that every socket takes: `after` and `ticket`.
    """
    service: Service = socket.app.state.service
    with with_correlation():
        code = 1000
        try:
            async with AsyncExitStack() as stack:
                _plainly(socket, takes)
                await _attended(socket, service, permission, prepare, stack)
        except AraError as error:
            code = 4000 + error.http_status
            await _refuse(socket, error)
        except _ClosedError as closed:
            code = closed.code
            await _close(socket, closed.code, closed.words)
        except WebSocketDisconnect as left:
            code = left.code
        except Exception:  # noqa: BLE001 - whatever fails, no stack trace goes over the wire
            code = 4500
            _log.exception("a socket failed")
            await _refuse(socket, AraError("Something went wrong inside.", hint="Report it, with the time."))
        finally:
            _log.info("WS %s %s", route_of(socket.scope), code)


async def nowhere(socket: WebSocket) -> None:
    """Refuse a socket by a path that there is not, as HTTP does: the protocol itself would say 403."""
    hint = "There are: /ws/predictions/{symbol}, /ws/market-data/{symbol}, /ws/alerts"
    with with_correlation():
        await _refuse(socket, NotFoundError("There is no stream by this path.", hint=hint))
        _log.info("WS %s %s", route_of(socket.scope), 4404)


async def _attended(
    socket: WebSocket, service: Service, permission: str, prepare: Prepare, stack: AsyncExitStack
) -> None:
    hub: Hub = socket.app.state.hub
    room: Room = socket.app.state.room
    own = service.desk.settings.api
    _home(socket, f"{own.origins},{own.url}")
    after = _place(socket.query_params.get("after", ""))
    credential = await _sent(socket, service)
    if credential is None:
        credential = await _said(socket, room)
    principal = await known_by(service, credential, address=_address(socket))
    await counted(service, principal, route_of(socket.scope))
    principal.need(permission)
    await stack.enter_async_context(room.seat(principal))
    stream = await prepare(principal)
    if socket.client_state is WebSocketState.CONNECTING:
        await socket.accept()
    outbox = await stack.enter_async_context(hub.listen(stream.name, stream.feed, after))
    guest = Guest(principal=principal, credential=credential, permission=permission, outbox=outbox)
    stack.enter_context(room.open(guest))
    tasks = [asyncio.create_task(work(socket, service, guest)) for work in (_read, _write)]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    failed = next((one for one in ended if isinstance(one, Exception)), None)
    if failed is not None:
        raise failed
    if guest.end is not None:
        raise _ClosedError(*guest.end)


def _home(socket: WebSocket, origins: str) -> None:
    """Refuse a page of a foreign site: a browser says where a page comes from, and pages can't lie about it.

    Who sends no Origin is no browser; there is nothing that a browser would add by itself, such as a cookie, which
    could be abused.
    """
    origin = socket.headers.get("origin")
    if origin is None:
        return
    host = socket.headers.get("host", "")
    named = {one.strip().lower() for one in origins.split(",") if one.strip()}
    if origin.lower() not in named and urlsplit(origin).netloc.lower() != host.lower():
        raise ForbiddenError("Pages of that site may not open sockets here.", hint="Allow it: api.origins")


def _plainly(socket: WebSocket, takes: Collection[str]) -> None:
    """Refuse parameters that nobody reads, as over HTTP: who sends `since` for `after` would miss what it asks for."""
    sent = [name for name, _ in socket.query_params.multi_items()]
    for name in sent:
        if name not in {*_EVERYWHERE, *takes}:
            raise ValidationError(unknown(name, {*_EVERYWHERE, *takes}), hint="Leave it out, or spell it so.")
        if sent.count(name) > 1:
            raise ValidationError(f"{name} stands twice.", hint="Send it once.")


def _place(text: str) -> Place | None:
    """Read where a listener was: `after=STREAM-SEQ`."""
    stream, _, seq = text.rpartition("-")
    if not text:
        return None
    if not (stream.isalnum() and stream.isascii() and seq.isascii() and seq.isdecimal() and len(text) <= 40):
        raise ValidationError("after is no place in a stream.", hint="Send STREAM-SEQ of the last message: ab12cd-7")
    return Place(stream=stream, seq=int(seq))


async def _sent(socket: WebSocket, service: Service) -> str | None:
    """Give the key or token of the header, or the one that a ticket stands for; None where there is neither."""
    scheme, _, credential = socket.headers.get("authorization", "").partition(" ")
    if credential and scheme.lower() == "bearer":
        return credential.strip()
    ticket = socket.query_params.get("ticket")
    if ticket is None:
        return None
    from ara.accounts.ticket import Tickets

    return await Tickets(service.desk).spend(ticket)


async def _said(socket: WebSocket, room: Room) -> str:
    """Accept the socket, and wait a little for a first message that says who it is."""
    with room.stranger(_address(socket)):
        await socket.accept()
        try:
            async with asyncio.timeout(_FIRST):
                told = await _message(socket)
        except TimeoutError:
            raise UnauthenticatedError(f"Nobody said who asks within {_FIRST:g} seconds.") from None
    token = told.get("token")
    if told.get("type") != "auth" or not isinstance(token, str):
        raise UnauthenticatedError(
            "The first message has to say who asks.", hint='Send {"type": "auth", "token": "..."} first.'
        )
    return token


async def _message(socket: WebSocket) -> dict[str, Any]:
    """Give the next message; whoever sends what is none is shown out."""
    if socket.client_state is WebSocketState.DISCONNECTED:
        raise WebSocketDisconnect(1006)
    got = await socket.receive()
    if got["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(got.get("code", 1006))
    text = got.get("text")
    if text is None:
        raise _ClosedError(1003, "Messages are texts.")
    if len(text.encode()) > _LARGEST:
        raise _ClosedError(1009, f"A message has {_LARGEST} bytes at most.")
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        raise _ClosedError(1007, "Messages are JSON.") from None
    if not isinstance(told, dict) or not isinstance(told.get("type"), str):
        raise _ClosedError(1007, "A message is an object with a type.")
    return told


async def _read(socket: WebSocket, service: Service, guest: Guest) -> None:
    """Hear what the listener says, until they leave: `ping`, and `auth` with the next token."""
    limits = MemoryLimiter(most=1)
    bucket = Bucket(name="", capacity=_AT_ONCE, per_second=_PER_SECOND)
    while True:
        told = await _message(socket)
        if not (await limits.take([bucket])).allowed:
            raise _ClosedError(4429, "Too many messages.")
        now = service.desk.clock.now()
        if told["type"] == "ping":
            guest.outbox.first([packed("pong", now, {"id": str(told.get("id", ""))[:64]})])
        elif told["type"] == "auth":
            await _renewed(socket, service, guest, told.get("token"))
            guest.outbox.first([packed("auth", now, {"ok": True})])
        else:
            guest.strikes += 1
            if guest.strikes > _STRIKES:
                raise _ClosedError(4400, "Too many messages that mean nothing.")
            guest.outbox.first([packed("error", now, {"detail": "Send ping, or auth.", "code": "unknown_message"})])


async def _renewed(socket: WebSocket, service: Service, guest: Guest, token: object) -> None:
    """Take the next token of the same user, so that the socket outlives the one before."""
    sent = token if isinstance(token, str) else None
    principal = await known_by(service, sent, address=_address(socket))
    principal.need(guest.permission)
    if sent is None or principal.user.id != guest.principal.user.id:
        raise UnauthenticatedError("The token is somebody else's.")
    guest.principal, guest.credential = principal, sent


async def _write(socket: WebSocket, service: Service, guest: Guest) -> None:
    """Send what waits; show out who does not read it."""
    with suppress(WebSocketDisconnect, RuntimeError, OSError):
        while guest.end is None:
            try:
                for text in await guest.outbox.next(service.desk.clock.now()):
                    async with asyncio.timeout(_SEND):
                        await socket.send_text(text)
            except TimeoutError:
                guest.leave(4408, "Nothing is read any more.")
            if guest.outbox.slow:
                guest.leave(4408, "Too slow: messages were dropped several times.")


async def _refuse(socket: WebSocket, error: AraError) -> None:
    with suppress(WebSocketDisconnect, RuntimeError, OSError, TimeoutError):
        if socket.client_state is WebSocketState.CONNECTING:
            await socket.send_denial_response(of_error(error, path=""))
            return
        facts = {name: value for name, value in error.problem().items() if name != "context"}
        at = socket.app.state.service.desk.clock.now()
        async with asyncio.timeout(_SEND):
            await socket.send_text(packed("error", at, facts))
    await _close(socket, 4000 + error.http_status, error.message)


async def _close(socket: WebSocket, code: int, words: str) -> None:
    """Close a socket, where it is still open; a reason has 123 bytes at most."""
    with suppress(WebSocketDisconnect, RuntimeError, OSError, TimeoutError):
        if socket.application_state is not WebSocketState.DISCONNECTED:
            async with asyncio.timeout(_SEND / 5):
                await socket.close(code, words.encode()[:120].decode(errors="ignore"))


def _address(socket: WebSocket) -> str:
    return socket.client.host if socket.client else ""
