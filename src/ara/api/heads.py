"""A line of HTTP whose requests have to begin in time: who sends a head byte by byte, or without end, is hung up on.

The body of a request has bounds of its own (`ara.api.shell`), as has a line on which nothing is asked any more.
"""

import asyncio
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

__all__ = ["PromptLine"]


class PromptLine(HttpToolsProtocol):
    """A line that is closed where the head of a request is not whole in time, or larger than any that is answered."""

    seconds: ClassVar[float] = 20.0
    """That a head may take, from when the line is opened or its first byte came."""
    most: ClassVar[int] = 65_536
    """Bytes that it may have before it is whole."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._heading = False
        self._size = 0
        self._late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing."""
        self._hear()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Take note that a head begins."""
        self._heading = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Take note that it is whole."""
        self._heading = False
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Read on, and see that a head comes to its end."""
        super().data_received(data)
        if not self._heading:
            self._hear()
            return
        self._size += len(data)
        if self._size > self.most:
            self._close(b"431 Request Header Fields Too Large")
        elif self._late is None:
            self._wait()

    def _wait(self) -> None:
        self._late = self.loop.call_later(self.seconds, self._close, b"408 Request Timeout")

    def _hear(self) -> None:
        self._size = 0
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _close(self, status: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(b"HTTP/1.1 " + status + b"\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            self.transport.close()
