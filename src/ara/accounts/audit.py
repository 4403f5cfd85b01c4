"""The audit log: who did what to what, when, and whether they succeeded, chained so that nothing can be taken out.

What points to a person (address of mail, address of the network) is encrypted under a key of that person's own. Erasing
the person destroys that key: the entries stay and the chain stays whole, but nobody can read who it was.
"""

import base64
import os
from collections.abc import AsyncGenerator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

import msgspec

from ara.desk import Desk
from ara.store import Record, Verification

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

__all__ = ["Act", "Audit", "Outcome", "Seen"]

Outcome = Literal["done", "refused"]
"""Whether an act was done."""

_STREAM: Final = "audit"
_NONCE: Final = 12
_LONGEST: Final = 256


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that somebody did or tried.

    Parameters
    ----------
    actor
        Id of the user who acted; empty for nobody, `system` for Ara itself.
    action
        What, as `noun.verb`: `login.done`, `key.rotate`.
    about
        What it was done to, as `kind:id`.
    person
        Id of the user whom it is about, under whose key personal fields are sealed.
    outcome
        Whether it was done or refused.
    request
        Id of the request, as logs and traces have it.
    """

    actor: str = ""
    action: str
    about: str = ""
    person: str = ""
    outcome: Outcome = "done"
    request: str = ""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """An act as the log tells it: `personal` is None where nothing was kept or the person was erased."""

    sequence: int
    at: datetime
    act: Act
    personal: Mapping[str, str] | None
    hash: str

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        act = self.act
        return {
            "sequence": self.sequence,
            "at": self.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "actor": act.actor or None,
            "action": act.action,
            "about": act.about or None,
            "person": act.person or None,
            "outcome": act.outcome,
            "request": act.request or None,
            "personal": None if self.personal is None else dict(self.personal),
            "hash": self.hash,
        }


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    act: Act
    sealed: str = ""


class _PersonKey(Record, frozen=True, kw_only=True):
    """The key under which a person's fields are sealed, itself encrypted by the vault; its id is the user's."""

    kind: ClassVar[str] = "person_key"
    sealed: str


class Audit:
    """The audit log of a desk's store."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._log = desk.store.log(_STREAM)

    async def note(self, act: Act, **personal: str) -> None:
        """Write an act down; durable on return.

        Parameters
        ----------
        act
            What was done.
        **personal
            What points to the person, such as `email` or `address`; dropped where the act is about nobody known.
        """
        sealed = ""
        told = {name: value[:_LONGEST] for name, value in personal.items() if value}
        if told and act.person:
            sealed = await self._seal(act.person, msgspec.json.encode(told))
        await self._log.append([msgspec.json.encode(_Kept(act=act, sealed=sealed))])

    async def read(self, *, after: int = 0, person: str | None = None) -> AsyncGenerator[Seen, None]:
        """Give acts from the oldest on; of one person alone where one is named."""
        keys: dict[str, AESGCM | None] = {}
        async for entry in self._log.read(after=after):
            kept = msgspec.json.decode(entry.body, type=_Kept)
            if person is not None and person not in (kept.act.person, kept.act.actor):
                continue
            opened = await self._open(kept, keys)
            yield Seen(sequence=entry.sequence, at=entry.at, act=kept.act, personal=opened, hash=entry.hash)

    async def verify(self) -> Verification:
        """Check that nothing was changed, dropped or put in between."""
        return await self._log.verify()

    async def forget(self, person: str) -> None:
        """Destroy the key of a person: what was sealed under it can't be read any more, by anybody."""
        await self._desk.store.remove(_PersonKey, person)

    async def _seal(self, person: str, plain: bytes) -> str:
        store, vault = self._desk.store, self._desk.vault
        key = await store.get(_PersonKey, person)
        if key is None:
            fresh = _PersonKey(id=person, sealed=base64.b64encode(vault.encrypt(os.urandom(32))).decode())
            key = fresh if await store.add(fresh) else await store.get(_PersonKey, person)
        assert key is not None  # noqa: S101 - just added, by us or by somebody faster
        nonce = os.urandom(_NONCE)
        return base64.b64encode(nonce + self._cipher(key).encrypt(nonce, plain, person.encode())).decode()

    async def _open(self, kept: _Kept, keys: "dict[str, AESGCM | None]") -> Mapping[str, str] | None:
        if not kept.sealed:
            return None
        person = kept.act.person
        if person not in keys:
            found = await self._desk.store.get(_PersonKey, person)
            keys[person] = self._cipher(found) if found else None
        cipher = keys[person]
        if cipher is None:
            return None
        box = base64.b64decode(kept.sealed)
        plain = cipher.decrypt(box[:_NONCE], box[_NONCE:], person.encode())
        return msgspec.json.decode(plain, type=dict[str, str])

    def _cipher(self, key: _PersonKey) -> "AESGCM":
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return AESGCM(self._desk.vault.decrypt(base64.b64decode(key.sealed)))
