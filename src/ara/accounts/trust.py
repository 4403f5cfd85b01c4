"""Keys and tokens that were found valid a moment ago: they are believed for a second without asking the store again.

What is changed in this process counts at once: every change of a user, a key or a token ends all belief in it. What
another process changed counts when the belief has run out, at the latest after the setting `api.trust_seconds`.
"""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Generic, TypeVar

from ara.clock import Clock

__all__ = ["Trust", "voided"]

_MOST: Final = 10_000
_T = TypeVar("_T")


class _Changes:
    """How often users, keys and tokens were changed by this process."""

    count = 0


def voided() -> None:
    """End all belief in this process: a user, a key or a token was changed, or may have been."""
    _Changes.count += 1


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
