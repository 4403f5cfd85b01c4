"""How a process ends behind a balancer: nobody's request is on its way to it when it closes a line.

A line that the balancer keeps open is safe to close in one moment only: after an answer that said so. One that is idle
may just be about to carry a request, and what was sent to a closed line is lost, unless it may be sent twice.
"""

import asyncio
import signal
import socket
from types import FrameType
from typing import Final

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Parting", "Server"]

_QUEUED: Final = 0.1
_LINGER: Final = 4.0
_LOOK: Final = 0.05


class Parting:
    """Says with each answer that the line is closed after it, from when the process is to end.

    Parameters
    ----------
    app
        The application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.ending = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def told(message: Message) -> None:
            if self.ending and message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
            await send(message)

        await self._app(scope, receive, told)


class Server(uvicorn.Server):
    """A server that SIGTERM ends in three steps: whoever has come is let in, nobody listens, what is idle goes away.

    What is idle has four seconds, a second more than nginx keeps it by `deploy/nginx/ara.conf`.

    Parameters
    ----------
    config
        Of the server.
    parting
        The application that it serves.
    """

    def __init__(self, config: uvicorn.Config, parting: Parting) -> None:
        super().__init__(config)
        self._parting = parting
        self._gently = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take note of a signal: Ctrl-C is somebody who waits, SIGTERM is not."""
        self._gently = sig == signal.SIGTERM
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what runs, and close."""
        if self._gently:
            await self._part(sockets or [])
        await super().shutdown(sockets)

    async def _part(self, ears: list[socket.socket]) -> None:
        for ear in ears:
            ear.listen(0)  # who comes now waits outside, and is refused before a request was sent
        await asyncio.sleep(_QUEUED)
        for server in self.servers:
            server.close()
        for ear in ears:
            ear.close()
        self._parting.ending = True
        last = asyncio.get_running_loop().time() + _LINGER
        while self._lines() and self._gently and asyncio.get_running_loop().time() < last:  # noqa: ASYNC110 - no event
            await asyncio.sleep(_LOOK)

    def _lines(self) -> bool:
        """Say whether lines of HTTP are open; sockets, which nobody closes by himself, are told later."""
        return any(hasattr(one, "cycle") for one in self.server_state.connections)
