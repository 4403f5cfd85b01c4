"""Keys and tokens that were found valid a moment ago: they are believed for a second without asking the store again.

What is changed in this process counts at once: every change of a user, a key or a token ends all belief in it. Where
processes share a Redis, they tell each other, and it counts in all of them at once. Where they don't, or Redis is away,
it counts when the belief has run out, at the latest after the setting `api.trust_seconds`.
"""

import hashlib
import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Generic, TypeVar

from ara.clock import Clock
from ara.desk import Desk

__all__ = ["Trust", "heard", "voided"]

_MOST: Final = 10_000
_CHANNEL: Final = "ara:accounts:voided"
_TRIES: Final = 3
_T = TypeVar("_T")
_log = logging.getLogger(__name__)


class _Changes:
    """How often users, keys and tokens were changed, as far as this process knows."""

    count = 0


async def voided(desk: Desk) -> None:
    """End all belief, in all processes that share a Redis: a user, a key or a token was changed, or may have been.

    To be called when the change is kept. Where Redis is away, that is logged: others believe for a moment longer.
    """
    _Changes.count += 1
    url = desk.settings.data.cache.redis
    if not url:
        return
    from ara.data.cache.connecting import connect, faults
    from ara.data.cache.heed import heed

    words = ""
    async with connect(url) as client:
        for _ in range(_TRIES):
            try:
                await heed(client.publish(_CHANNEL, b""))
            except faults(TimeoutError) as error:
                words = type(error).__name__
            else:
                return
    _log.warning("other processes believe in it for a moment longer: %s", words)


async def heard(url: str, *, told: Callable[[], None]) -> None:
    """End belief whenever another process says that something was changed, for ever.

    Parameters
    ----------
    url
        Of the Redis that processes share.
    told
        Is called then too: what else rests on keys and tokens is to be looked at.
    """
    from ara.data.cache.connecting import connect
    from ara.data.cache.news import hear

    def changed(_: object = None) -> None:
        _Changes.count += 1
        told()

    async with connect(url) as client:
        await hear(client, _CHANNEL, told=changed, missed=changed, form=lambda data: data)


@dataclass(frozen=True, slots=True)
class _Believed(Generic[_T]):
    found: _T
    changes: int
    at: datetime
    until: datetime | None


class Trust(Generic[_T]):
    """What was found of keys and tokens, by a digest of each; those found longest ago are forgotten first.

    Parameters
    ----------
    clock
        By which belief and credentials end.
    seconds
        How long something is believed; 0 for never.
    most
        How many are kept in mind.
    """

    def __init__(self, clock: Clock, *, seconds: float, most: int = _MOST) -> None:
        self._clock = clock
        self._seconds = seconds
        self._most = most
        self._kept: OrderedDict[bytes, _Believed[_T]] = OrderedDict()

    def begin(self) -> tuple[int, datetime]:
        """Give the moment before the store is asked: what is changed while it answers is not believed."""
        return _Changes.count, self._clock.now()

    def find(self, credential: str) -> _T | None:
        """Give what was found of a credential, where that is still believed; None where the store is to be asked."""
        if not self._seconds or (one := self._kept.get(_digest(credential))) is None:
            return None
        now = self._clock.now()
        fresh = 0 <= (now - one.at).total_seconds() < self._seconds and (one.until is None or now < one.until)
        return one.found if fresh and one.changes == _Changes.count else None

    def keep(self, credential: str, found: _T, began: tuple[int, datetime], *, until: datetime | None) -> None:
        """Believe from now on what the store said of a credential.

        Parameters
        ----------
        credential
            As it was sent; a digest of it is kept.
        found
            What it opens.
        began
            What `begin` gave before the store was asked.
        until
            When the credential ends by itself.
        """
        if not self._seconds:
            return
        changes, at = began
        place = _digest(credential)
        self._kept[place] = _Believed(found, changes, at, until)
        self._kept.move_to_end(place)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)


def _digest(credential: str) -> bytes:
    return hashlib.sha256(credential.encode()).digest()
