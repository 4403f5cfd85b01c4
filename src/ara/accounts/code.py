"""Codes: what a user's yes is carried by to the program, good once, for a minute, with the verifier of PKCE alone."""

import hmac
from datetime import datetime, timedelta
from typing import ClassVar, Final

from msgspec.structs import replace

from ara.accounts.credential import fresh_id, hand_out, read, same
from ara.accounts.refusal import challenge_of
from ara.desk import Desk
from ara.settings import Secret
from ara.store import Between, Record, changed

__all__ = ["KIND", "Code", "Codes"]

KIND: Final = "arao"
"""What a code begins with."""

_LIFE: Final = timedelta(seconds=60)
_KEPT: Final = timedelta(days=1)
"""How long a code is remembered, so that one that comes again is known as one that was used."""


class Code(Record, frozen=True, kw_only=True):
    """A code: to whom it was given, for what, and the session that it begins.

    Parameters
    ----------
    app, redirect, challenge
        Who alone can use it, from where, and the S256 of what has to be shown.
    user, scopes
        Who said yes, to what.
    session
        Of the tokens that it gives; ended where the code comes again.
    """

    kind: ClassVar[str] = "code"
    hash: str
    app: str
    redirect: str
    challenge: str
    user: str
    scopes: tuple[str, ...]
    session: str
    made_at: datetime
    until: datetime
    used_at: datetime | None = None


class Codes:
    """The codes in a desk's store."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def issue(self, *, app: str, redirect: str, challenge: str, user: str, scopes: tuple[str, ...]) -> Secret:
        """Give a code; those that are long over are forgotten."""
        now, handed = self._desk.clock.now(), hand_out(KIND)
        kept = Code(
            id=handed.id, hash=handed.hash, app=app, redirect=redirect, challenge=challenge, user=user, scopes=scopes,
            session=fresh_id(), made_at=now, until=now + _LIFE,
        )  # fmt: skip
        await self._desk.store.add(kept)
        await self.clean(limit=10)
        return handed.text

    async def spend(self, text: str) -> tuple[Code, bool] | None:
        """Use a code up, and say whether it was used before; None where there is no such code.

        It is used up by whoever shows it first, also by the wrong program or with the wrong verifier: one that leaked
        is good for one guess.
        """
        sent = read(text, kind=KIND)
        kept = await self._desk.store.get(Code, sent[0]) if sent else None
        if sent is None or kept is None or not same(kept.hash, sent[1]):
            return None
        now, before = self._desk.clock.now(), False

        def use(old: Code) -> Code:
            nonlocal before
            before = old.used_at is not None
            return old if before else replace(old, used_at=now)

        return None if await changed(self._desk.store, Code, kept.id, use) is None else (kept, before)

    async def clean(self, *, limit: int | None = None) -> int:
        """Forget codes that were over a day ago, and say how many."""
        over = Between(high=self._desk.clock.now() - _KEPT)
        found = [one async for one in self._desk.store.find(Code, {"until": over}, limit=limit)]
        for one in found:
            await self._desk.store.remove(Code, one.id)
        return len(found)

    async def remove_of(self, user: str) -> int:
        """Forget the codes of a user, and say how many there were."""
        found = [one async for one in self._desk.store.find(Code, {"user": user})]
        for one in found:
            await self._desk.store.remove(Code, one.id)
        return len(found)

    def fits(self, code: Code, *, app: str, redirect: str, verifier: str) -> bool:
        """Tell whether who shows a code is who it was given to, in time."""
        shown = challenge_of(verifier) or ""
        proven = hmac.compare_digest(shown, code.challenge)
        return proven and code.app == app and code.redirect == redirect and self._desk.clock.now() < code.until
