"""What other processes dropped: heard from Redis for as long as the cache is open."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import msgspec

from ara.data.cache.connecting import faults
from ara.data.cache.heed import heed

if TYPE_CHECKING:
    from redis.asyncio import Redis

__all__ = ["Dropped", "hear", "read"]

_SILENCE: Final = 10.0
_PAUSE: Final = (0.25, 10.0)


class Dropped(msgspec.Struct, frozen=True, kw_only=True):
    """One process tells that it dropped a symbol's values, or all for an empty one, and why."""

    sender: str
    symbol: str
    reason: str


def read(data: Any) -> Dropped | None:
    """Read a message; None for one of another form."""
    if not isinstance(data, bytes) or len(data) > 1_000:
        return None
    try:
        return msgspec.json.decode(data, type=Dropped)
    except msgspec.DecodeError:
        return None


async def hear(
    client: "Redis",
    name: str,
    *,
    told: Callable[[Any], None],
    missed: Callable[[], None],
    form: Callable[[Any], Any] = read,
) -> None:
    """Listen until it is cancelled.

    Parameters
    ----------
    client
        Of the server.
    name
        Of the channel.
    told
        Called with every message.
    missed
        Called when the line is there again after it was cut: messages may have been lost.
    form
        Reads what came; None for what is to be passed over.
    """
    pause, before = _PAUSE[0], False
    while True:
        channel = client.pubsub()
        try:
            await heed(client.initialize())  # a cluster is asked which node has what
            await heed(channel.subscribe(name))
            if before:
                missed()
            before, pause = True, _PAUSE[0]
            await _listen(channel, told, form)
        except faults():
            pause = min(pause * 2, _PAUSE[1])
        finally:
            with suppress(*faults()):
                await heed(channel.aclose())  # type: ignore[no-untyped-call]
        await asyncio.sleep(pause)


async def _listen(channel: Any, told: Callable[[Any], None], form: Callable[[Any], Any]) -> None:
    """Pass messages on until the server is silent twice in a row: a line can be dead without a word."""
    silent = 0
    while silent < 2:
        message = await heed(channel.get_message(timeout=_SILENCE))
        if message is None:
            silent += 1
            await heed(channel.ping())
            continue
        silent = 0
        news = form(message["data"]) if message["type"] == "message" else None
        if news is not None:
            told(news)
