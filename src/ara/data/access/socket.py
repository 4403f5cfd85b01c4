"""A stream that outlives its lines: one that breaks or falls silent is opened again, with more and more patience."""

import asyncio
import contextlib
import logging
import random
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ara.data.access.wire import quote
from ara.errors import DataProviderError

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

__all__ = ["Pace", "follow"]

_log: Final = logging.getLogger(__name__)
_wire: Final = logging.getLogger(f"{__name__}.wire")
_wire.setLevel(logging.WARNING)  # below, every frame is logged, and with it what is subscribed and by which key

_LARGEST: Final = 16 << 20
_REFUSALS: Final = frozenset({400, 401, 403, 404, 410, 451})


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How lines are opened again.

    Parameters
    ----------
    first
        Seconds before the second try; they double with each line that didn't last, and are jittered by half.
    longest
        Seconds beyond which they don't grow.
    steady
        Seconds after which a line has lasted.
    tries
        Lines in a row without a single message after which the stream is given up.
    """

    first: float = 0.1
    longest: float = 30.0
    steady: float = 10.0
    tries: int = 10


async def follow(
    url: str,
    subscribe: Sequence[bytes],
    *,
    source: str,
    silence: float = 30.0,
    ping: bytes | None = None,
    timeout: float = 10.0,  # noqa: ASYNC109 - of each line's opening, not of the whole
    pace: Pace | None = None,
) -> AsyncGenerator[bytes, None]:
    """Give the messages of a WebSocket, and `b""` after each line that was opened again; see `Access.messages`."""
    pace = Pace() if pace is None else pace
    clock = asyncio.get_running_loop().time
    opened = short = barren = 0
    while True:
        began, heard = clock(), 0
        try:
            async with _line(url, subscribe, source=source, timeout=timeout) as line:
                opened += 1
                if opened > 1:
                    yield b""
                while True:
                    message = await _next(line, silence=silence, ping=ping)
                    heard += 1
                    yield message
        except _Broken as broken:
            why = str(broken)
        barren = 0 if heard else barren + 1
        short = 1 if heard and clock() - began >= pace.steady else short + 1
        if barren >= pace.tries:
            raise DataProviderError(f"{source} streams nothing: {why}; tried {barren} times.", source=source)
        wait = min(pace.first * 2 ** (short - 1), pace.longest) * random.uniform(0.5, 1.5)  # noqa: S311 - no secret
        _log.info("%s: %s; the stream is opened again in %.1f s", source, why, wait)
        await asyncio.sleep(wait)


class _Broken(Exception):  # noqa: N818 - a line's end, not an error
    """A line is over; its text says why."""


@contextlib.asynccontextmanager
async def _line(
    url: str,
    subscribe: Sequence[bytes],
    *,
    source: str,
    timeout: float,  # noqa: ASYNC109 - handed on
) -> AsyncIterator["ClientConnection"]:
    from websockets.exceptions import ConnectionClosed

    line = await _open(url, source=source, timeout=timeout)
    try:
        try:
            for message in subscribe:
                await line.send(message, text=True)
            yield line
        except ConnectionClosed as error:
            raise _Broken(_closed(error)) from None
    except _Broken:
        line.transport.abort()  # nobody is there to say goodbye to
        raise
    finally:
        await line.close()


async def _open(url: str, *, source: str, timeout: float) -> "ClientConnection":  # noqa: ASYNC109 - handed on
    import websockets
    from websockets.exceptions import InvalidHandshake, InvalidStatus, InvalidURI

    try:
        return await websockets.connect(
            url,
            open_timeout=timeout,
            close_timeout=2,
            max_size=_LARGEST,
            ping_interval=20,
            ping_timeout=20,
            logger=_wire,
        )
    except InvalidURI:
        words = f"{source} can't be streamed from: its address isn't one of a WebSocket, ws:// or wss://."
        raise DataProviderError(words, source=source) from None
    except InvalidStatus as error:
        status = error.response.status_code
        if status in _REFUSALS:
            words = f'{source} refuses its stream with {status}: "{quote(bytes(error.response.body or b""))}".'
            raise DataProviderError(words, source=source, status=status) from None
        raise _Broken(f"it answers {status}") from None
    except TimeoutError:
        raise _Broken(f"no line within {timeout:g} s") from None
    except (InvalidHandshake, OSError, EOFError) as error:
        raise _Broken(f"no line: {quote(str(error)) or type(error).__name__}") from None


async def _next(line: "ClientConnection", *, silence: float, ping: bytes | None) -> bytes:
    waits = (silence,) if ping is None else (silence / 2, silence / 2)
    for number, seconds in enumerate(waits):
        if number and ping is not None:
            await line.send(ping, text=True)
        try:
            async with asyncio.timeout(seconds):
                return await line.recv(decode=False)
        except TimeoutError:
            continue
    raise _Broken(f"silent for {silence:g} s")


def _closed(error: Exception) -> str:
    return f"the line ended: {quote(str(error))}"
