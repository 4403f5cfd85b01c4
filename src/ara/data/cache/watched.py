"""A client of the master that sentinels name: after a master died, of the one that they made in its place."""

from collections.abc import Mapping, Sequence
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.sentinel import Sentinel, SentinelConnectionPool

__all__ = ["Watched"]


class Watched(Redis):
    """A client whose connections lead to whoever is master when they are opened.

    Parameters
    ----------
    places
        Hosts and ports of the sentinels.
    name
        Under which they know the master.
    manner
        How sentinels are asked.
    own
        How the master is asked: who logs in, which database.
    """

    def __init__(
        self, places: Sequence[tuple[str, int]], name: str, *, manner: Mapping[str, Any], own: Mapping[str, Any]
    ) -> None:
        self._watch = Sentinel(places, sentinel_kwargs=dict(manner))  # type: ignore[no-untyped-call]
        pool = SentinelConnectionPool(name, self._watch, **own)  # type: ignore[no-untyped-call]
        super().__init__(connection_pool=pool)
        self.auto_close_connection_pool = True

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        """Let go of the connections to the master and to the sentinels."""
        await super().aclose(close_connection_pool)
        for one in self._watch.sentinels:
            await one.aclose()
