"""Keys of programs: shown once, hashed at rest, with scopes, an end, and a rotation that leaves time to change over."""

from collections.abc import AsyncIterator, Iterable
from datetime import datetime, timedelta
from typing import ClassVar, Final

from msgspec.structs import replace

from ara.accounts.audit import Act, Audit
from ara.accounts.credential import hand_out, read, same
from ara.accounts.roles import granted, scopes_of
from ara.accounts.trust import voided
from ara.accounts.user import User
from ara.desk import Desk
from ara.errors import ForbiddenError, NotFoundError, UnauthenticatedError, ValidationError
from ara.settings import Secret
from ara.store import Record, changed

__all__ = ["KIND", "Key", "Keys"]

KIND: Final = "ara"
"""What a key begins with."""

_MOST: Final = 100
_NAME: Final = 100
_SEEN: Final = timedelta(hours=1)
_INVALID: Final = "The key is not valid."


class Key(Record, frozen=True, kw_only=True):
    """A key of a user's; the secret itself is nowhere.

    Parameters
    ----------
    id
        16 letters and digits, part of the key as it is sent.
    user
        Whose it is.
    name
        What for, in the owner's words.
    hash
        Of the secret.
    scopes
        What it is narrowed to; None narrows nothing but the owner's role.
    made_at, expires_at, revoked_at, seen_at
        Its life; `seen_at`, to the hour, when it was used last.
    remind_at
        When it is time to rotate it.
    follows
        The key that it replaces; empty for the first.
    """

    kind: ClassVar[str] = "key"
    user: str
    name: str
    hash: str
    scopes: tuple[str, ...] | None = None
    made_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    seen_at: datetime | None = None
    remind_at: datetime
    follows: str = ""

    def valid(self, now: datetime) -> bool:
        """Tell whether it opens anything at a moment."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class Keys:
    """The keys in a desk's store."""

    def __init__(self, desk: Desk, audit: Audit) -> None:
        self._desk = desk
        self._audit = audit

    async def make(
        self,
        user: User,
        *,
        name: str,
        scopes: Iterable[str] | None = None,
        days: int | None = None,
        by: str = "system",
        follows: str = "",
    ) -> tuple[Key, Secret]:
        """Make a key and give it with its secret, which is shown this once.

        Parameters
        ----------
        user
            Whose it is to be.
        name
            What for.
        scopes
            Permissions that it is narrowed to, each one that the user has; None for all that the user has.
        days
            Until it expires; None for never.
        by
            Who makes it.
        follows
            The key that it replaces.
        """
        now = self._desk.clock.now()
        wanted = None if scopes is None else scopes_of(scopes)
        over = sorted(set(wanted or ()) - granted(user.role, None))
        if over:
            raise ForbiddenError(f"A {user.role.value} can't give a key the scope {over[0]}.")
        alive = [one async for one in self.of(user.id) if one.valid(now)]
        if len(alive) >= _MOST:
            raise ValidationError(f"There are {_MOST} keys already.", hint="Revoke one first: ara keys revoke ID")
        handed = hand_out(KIND)
        key = Key(
            id=handed.id, user=user.id, name=_name_of(name), hash=handed.hash, scopes=wanted, made_at=now,
            expires_at=None if days is None else now + _days(days), follows=follows,
            remind_at=now + timedelta(days=self._desk.settings.accounts.key_days),
        )  # fmt: skip
        await self._desk.store.add(key)
        await self._audit.note(Act(actor=by, action="key.make", about=f"key:{key.id}", person=user.id))
        return key, handed.text

    def of(self, user: str) -> AsyncIterator[Key]:
        """Give the keys of a user, the oldest first."""
        return self._desk.store.find(Key, {"user": user}, order="made_at")

    async def get(self, id: str, *, user: str | None = None) -> Key:
        """Give a key by its id; one of somebody else's is as good as none where `user` is given."""
        key = await self._desk.store.get(Key, id.strip()) if id.strip() else None
        if key is None or (user is not None and key.user != user):
            raise NotFoundError(f"There is no key {id[:40]!r}.", hint="See them: ara keys list")
        return key

    async def rotate(self, key: Key, owner: User, *, overlap: int = 7, by: str = "system") -> tuple[Key, Secret]:
        """Make a key like another, which stays valid for some days more, so that nothing stands still meanwhile."""
        now = self._desk.clock.now()
        if not key.valid(now):
            raise ValidationError(f"The key {key.id} is not valid any more.", hint="Make another: ara keys make")
        if not 0 <= overlap <= 90:
            raise ValidationError(f"The overlap is {overlap} days; allowed is 0 to 90.")
        days = None if key.expires_at is None else max((key.expires_at - key.made_at).days, 1)
        made = await self.make(owner, name=key.name, scopes=key.scopes, days=days, by=by, follows=key.id)
        end = now + timedelta(days=overlap)
        await self._change(key, "key.rotate", by, expires_at=min(key.expires_at or end, end))
        return made

    async def revoke(self, key: Key, *, by: str = "system") -> Key:
        """Make a key void at once, for good."""
        return await self._change(key, "key.revoke", by, revoked_at=key.revoked_at or self._desk.clock.now())

    async def remove_of(self, user: str) -> int:
        """Forget all keys of a user, and say how many there were."""
        found = [one async for one in self.of(user)]
        try:
            for one in found:
                await self._desk.store.remove(Key, one.id)
        finally:
            await voided(self._desk)
        return len(found)

    async def open(self, text: str) -> Key:
        """Give the key that was sent; UnauthenticatedError, with the same words, for one that is wrong or void."""
        sent = read(text, kind=KIND)
        key = await self._desk.store.get(Key, sent[0]) if sent else None
        now = self._desk.clock.now()
        if sent is None or key is None or not same(key.hash, sent[1]) or not key.valid(now):
            raise UnauthenticatedError(_INVALID, hint="Send one that is: see ara keys list")
        if key.seen_at is None or now - key.seen_at >= _SEEN:
            await changed(self._desk.store, Key, key.id, lambda old: replace(old, seen_at=now))
        return key

    async def _change(self, key: Key, action: str, by: str, **news: datetime | None) -> Key:
        try:
            new = await changed(self._desk.store, Key, key.id, lambda old: replace(old, **news))
        finally:
            await voided(self._desk)
        if new is None:
            raise ValidationError(f"The key {key.id} was removed meanwhile.")
        await self._audit.note(Act(actor=by, action=action, about=f"key:{key.id}", person=key.user))
        return new


def _name_of(text: str) -> str:
    name = " ".join(text.split())
    if not 1 <= len(name) <= _NAME or not name.isprintable():
        raise ValidationError(
            f"A key's name has 1 to {_NAME} printable characters.", hint='Say what for: --name "desk"'
        )
    return name


def _days(days: int) -> timedelta:
    if not 1 <= days <= 3650:
        raise ValidationError(f"A key lasts 1 to 3650 days; this one is to last {days}.")
    return timedelta(days=days)
