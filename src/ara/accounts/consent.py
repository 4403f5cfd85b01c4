"""What users lend to programs: one consent for each user and program, void the moment it is taken back."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import ClassVar

from msgspec.structs import replace

from ara.accounts.audit import Act, Audit
from ara.accounts.trust import voided
from ara.desk import Desk
from ara.errors import NotFoundError
from ara.store import Record, changed

__all__ = ["Consent", "Consents"]


class Consent(Record, frozen=True, kw_only=True):
    """What a user lends to a program.

    Parameters
    ----------
    id
        Both their ids.
    user, app
        Who lends, and to which program.
    scopes
        All that was ever lent since the consent began; each token holds what it was given.
    made_at, renewed_at
        When it began, and when the user said yes last. Tokens from before `made_at` are void: that consent was taken
        back.
    """

    kind: ClassVar[str] = "consent"
    user: str
    app: str
    scopes: tuple[str, ...]
    made_at: datetime
    renewed_at: datetime


class Consents:
    """The consents in a desk's store."""

    def __init__(self, desk: Desk, audit: Audit) -> None:
        self._desk = desk
        self._audit = audit

    async def give(self, user: str, app: str, scopes: tuple[str, ...], *, request: str = "") -> Consent:
        """Lend scopes to a program, beside those that it was lent before."""
        now, id = self._desk.clock.now(), _id(user, app)
        made = Consent(id=id, user=user, app=app, scopes=scopes, made_at=now, renewed_at=now)

        def more(old: Consent) -> Consent:
            return replace(old, scopes=tuple(sorted({*old.scopes, *scopes})), renewed_at=now)

        kept: Consent | None = made
        if not await self._desk.store.add(made):
            kept = await changed(self._desk.store, Consent, id, more)
        await self._audit.note(Act(actor=user, action="app.allow", about=f"app:{app}", person=user, request=request))
        return kept or made

    async def find(self, user: str, app: str) -> Consent | None:
        """Give what a user lends to a program; None where that is nothing."""
        return await self._desk.store.get(Consent, _id(user, app))

    def of(self, user: str | None = None, *, app: str | None = None) -> AsyncIterator[Consent]:
        """Give the consents of a user, or to a program, the oldest first."""
        where = {key: value for key, value in (("user", user), ("app", app)) if value is not None}
        return self._desk.store.find(Consent, where or None, order="made_at")

    async def take_back(self, user: str, app: str, *, by: str = "system") -> Consent:
        """Take back what a user lent to a program: its tokens for this user are void at once."""
        kept = await self.find(user, app)
        if kept is None:
            raise NotFoundError(f"Nothing is lent to a program {app[:40]!r}.", hint="See what is: ara apps show APP")
        await self._desk.store.remove(Consent, kept.id)
        await voided(self._desk)
        await self._audit.note(Act(actor=by, action="app.disallow", about=f"app:{app}", person=user))
        return kept

    async def remove_of(self, user: str | None = None, *, app: str | None = None) -> int:
        """Forget the consents of a user, or to a program, and say how many there were."""
        found = [one async for one in self.of(user, app=app)]
        for one in found:
            await self._desk.store.remove(Consent, one.id)
        await voided(self._desk)
        return len(found)


def _id(user: str, app: str) -> str:
    return f"{user}:{app}"
