"""Tickets: what a page in a browser opens a socket with, since it can send no header there; good once, for seconds."""

import base64
from datetime import datetime, timedelta
from typing import ClassVar, Final

from msgspec.structs import replace

from ara.accounts.credential import hand_out, read, same
from ara.desk import Desk
from ara.errors import UnauthenticatedError
from ara.settings import Secret
from ara.store import Between, ConflictError, Record, revision

__all__ = ["KIND", "Ticket", "Tickets"]

KIND: Final = "arat"
"""What a ticket begins with."""

_LIFE: Final = timedelta(seconds=30)
_VOID: Final = "The ticket is not valid."
_AGAIN: Final = "It is good once, for 30 seconds. Ask for another: POST /api/v1/ws/ticket"


class Ticket(Record, frozen=True, kw_only=True):
    """A ticket: what it stands for, encrypted by the vault."""

    kind: ClassVar[str] = "ticket"
    hash: str
    box: str
    until: datetime
    used_at: datetime | None = None


class Tickets:
    """The tickets in a desk's store.

    Parameters
    ----------
    desk
        The desk of the process.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def issue(self, credential: str) -> tuple[Secret, datetime]:
        """Give a ticket that stands for a valid key or token, and when it ends; those that ended are forgotten."""
        now = self._desk.clock.now()
        handed, until = hand_out(KIND), now + _LIFE
        box = base64.b64encode(self._desk.vault.encrypt(credential.encode())).decode()
        await self._desk.store.add(Ticket(id=handed.id, hash=handed.hash, box=box, until=until))
        over = [one async for one in self._desk.store.find(Ticket, {"until": Between(high=now)}, limit=10)]
        for one in over:
            await self._desk.store.remove(Ticket, one.id)
        return handed.text, until

    async def spend(self, text: str) -> str:
        """Take a ticket, once, and give the key or token that it stands for."""
        sent, now = read(text, kind=KIND), self._desk.clock.now()
        kept = await self._desk.store.get(Ticket, sent[0]) if sent else None
        fits = sent is not None and kept is not None and same(kept.hash, sent[1])
        if kept is None or not fits or kept.used_at is not None or not now < kept.until:
            raise UnauthenticatedError(_VOID, hint=_AGAIN)
        try:
            await self._desk.store.put(replace(kept, used_at=now), replaces=revision(kept))
        except ConflictError:
            raise UnauthenticatedError(_VOID, hint=_AGAIN) from None
        return self._desk.vault.decrypt(base64.b64decode(kept.box)).decode()
