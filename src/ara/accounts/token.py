"""Tokens of people who logged in: a short one that is sent with each request, a long one that is good for another pair.

The short one is a JWT that says who and until when. The long one is used once: whoever sends it a second time has
stolen it or was stolen from, so all of that log-in is void.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Final

from msgspec.structs import replace

from ara.accounts.audit import Act, Audit
from ara.accounts.credential import fresh_id, hand_out, read, same
from ara.accounts.roles import granted, scopes_of
from ara.accounts.signing import AUDIENCE, SigningKeys
from ara.accounts.trust import voided
from ara.accounts.user import User
from ara.desk import Desk
from ara.errors import ForbiddenError, UnauthenticatedError
from ara.settings import Secret
from ara.store import Between, Record, changed

__all__ = ["KIND", "Claims", "Pair", "Refresh", "Tokens"]

KIND: Final = "arar"
"""What a refresh token begins with."""

_SPENT: Final = "The refresh token is not valid."
_TOKEN: Final = re.compile(r"eyJ[A-Za-z0-9_-]{2,2048}\.[A-Za-z0-9_-]{2,3072}\.[A-Za-z0-9_-]{1,512}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """What a log-in gives: both tokens, and when the short one ends."""

    access: Secret
    refresh: Secret
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a valid access token says; `app` is the program that it was lent to, empty for the user's own."""

    user: str
    id: str
    session: str
    scopes: tuple[str, ...] | None
    made_at: datetime
    expires_at: datetime
    app: str = ""


class Refresh(Record, frozen=True, kw_only=True):
    """A refresh token: what it may be exchanged for, by which program, and whether that was done."""

    kind: ClassVar[str] = "refresh"
    user: str
    hash: str
    session: str
    scopes: tuple[str, ...] | None = None
    made_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    app: str = ""


class _Void(Record, frozen=True, kw_only=True):
    """A token or a session that was revoked before its end; forgotten once it would have ended anyway."""

    kind: ClassVar[str] = "void"
    until: datetime


class Tokens:
    """The tokens of an installation.

    Parameters
    ----------
    desk
        The desk of the process.
    audit
        Where log-outs and thefts are written down.
    """

    def __init__(self, desk: Desk, audit: Audit) -> None:
        wanted = desk.settings.accounts
        self._desk = desk
        self._audit = audit
        self._life = timedelta(minutes=wanted.token_minutes)
        self._long = timedelta(days=wanted.refresh_days)
        self.signing = SigningKeys(desk, life=self._life)

    async def issue(self, user: User, *, scopes: Iterable[str] | None = None) -> Pair:
        """Begin a session.

        Parameters
        ----------
        user
            Who logged in.
        scopes
            Permissions that both tokens are narrowed to; None for all that the user has.
        """
        wanted = None if scopes is None else scopes_of(scopes)
        over = sorted(set(wanted or ()) - granted(user.role, None))
        if over:
            raise ForbiddenError(f"A {user.role.value} can't be given the scope {over[0]}.")
        return await self._pair(user.id, fresh_id(), wanted)

    async def lend(self, user: str, *, app: str, scopes: tuple[str, ...], session: str) -> Pair:
        """Begin a session of a program that a user lends scopes to."""
        return await self._pair(user, session, scopes, app=app)

    async def access(
        self, user: str, *, app: str, scopes: tuple[str, ...] | None, session: str
    ) -> tuple[Secret, datetime]:
        """Give an access token alone, and when it ends."""
        now = self._desk.clock.now()
        ends = now + self._life
        claims = {
            "iss": AUDIENCE, "aud": AUDIENCE, "sub": user, "jti": fresh_id(), "sid": session,
            "iat": now.timestamp(), "nbf": now.timestamp(), "exp": ends.timestamp(),
            **({} if scopes is None else {"scope": " ".join(scopes)}), **({"client_id": app} if app else {}),
        }  # fmt: skip
        return Secret(await self.signing.sign(claims)), ends

    async def look(self, text: str, *, app: str = "") -> Refresh:
        """Give a refresh token of a program, or of no program, without using it; it may have been used before."""
        sent, now = read(text, kind=KIND), self._desk.clock.now()
        kept = await self._desk.store.get(Refresh, sent[0]) if sent else None
        if sent is None or kept is None or not same(kept.hash, sent[1]) or now >= kept.expires_at or kept.app != app:
            raise UnauthenticatedError(_SPENT, hint="Log in again.")
        if await self._is_void(f"session:{kept.session}"):
            raise UnauthenticatedError(_SPENT, hint="Log in again.")
        return kept

    async def spend(self, text: str, *, app: str = "") -> Refresh:
        """Take a refresh token, once, and give what `follow` makes a pair of; one that was used ends its session."""
        kept = await self.look(text, app=app)
        before = await self._spend(kept, self._desk.clock.now())
        if before is not None:
            await self.end_session(kept.session)
            await self._audit.note(
                Act(action="token.reused", about=f"session:{kept.session}", person=kept.user, outcome="refused")
            )
            raise UnauthenticatedError(_SPENT, hint="It was used before, so the session was ended. Log in again.")
        return kept

    async def follow(self, spent: Refresh, *, scopes: tuple[str, ...] | None = None) -> Pair:
        """Give the next pair of a session; the access token narrowed to some of its scopes where they are named."""
        return await self._pair(spent.user, spent.session, spent.scopes, app=spent.app, narrowed=scopes)

    async def open(self, text: str) -> Claims:
        """Give what an access token says; UnauthenticatedError for one that is wrong, over or revoked."""
        if not _TOKEN.fullmatch(text):
            raise UnauthenticatedError("The token is not valid.")
        said = await self.signing.open(text)
        names = (said["sub"], said["jti"], said.get("sid", ""), said.get("client_id", ""))
        scopes = said.get("scope")
        if not all(isinstance(one, str) for one in names) or not (scopes is None or isinstance(scopes, str)):
            raise UnauthenticatedError("The token is not valid.")
        claims = Claims(
            user=names[0], id=names[1], session=names[2], app=names[3],
            scopes=None if scopes is None else tuple(scopes.split()),
            made_at=datetime.fromtimestamp(said["iat"], UTC), expires_at=datetime.fromtimestamp(said["exp"], UTC),
        )  # fmt: skip
        if await self._is_void(f"token:{claims.id}") or await self._is_void(f"session:{claims.session}"):
            raise UnauthenticatedError("The token was revoked.", hint="Log in again.")
        return claims

    async def revoke(self, claims: Claims) -> None:
        """Make one access token void."""
        await self._void(f"token:{claims.id}", claims.expires_at)

    async def end_session(self, session: str) -> None:
        """Log out: every token of the session is void."""
        until = self._desk.clock.now() + max(self._long, self._life)
        await self._void(f"session:{session}", until)

    async def end_of(self, user: str) -> int:
        """Forget the refresh tokens of a user, and say how many there were."""
        found = [one async for one in self._desk.store.find(Refresh, {"user": user})]
        for one in found:
            await self._desk.store.remove(Refresh, one.id)
        return len(found)

    async def clean(self) -> int:
        """Forget what has ended by itself, and say how much that was."""
        now, gone = self._desk.clock.now(), 0
        for kind, field in ((_Void, "until"), (Refresh, "expires_at")):
            async for one in self._desk.store.find(kind, {field: Between(high=now)}):
                await self._desk.store.remove(kind, one.id)
                gone += 1
        return gone

    async def _pair(
        self,
        user: str,
        session: str,
        scopes: tuple[str, ...] | None,
        *,
        app: str = "",
        narrowed: tuple[str, ...] | None = None,
    ) -> Pair:
        now, handed = self._desk.clock.now(), hand_out(KIND)
        access, ends = await self.access(user, app=app, scopes=narrowed or scopes, session=session)
        kept = Refresh(
            id=handed.id, user=user, hash=handed.hash, session=session, scopes=scopes, made_at=now, app=app,
            expires_at=now + self._long,
        )  # fmt: skip
        await self._desk.store.add(kept)
        return Pair(access=access, refresh=handed.text, expires_at=ends)

    async def _spend(self, kept: Refresh, now: datetime) -> datetime | None:
        """Mark a refresh token as used; gives when it was before, so that of two who send it at once one is told."""
        before: datetime | None = None

        def use(old: Refresh) -> Refresh:
            nonlocal before
            before = old.used_at
            return old if before is not None else replace(old, used_at=now)

        if await changed(self._desk.store, Refresh, kept.id, use) is None:
            raise UnauthenticatedError(_SPENT, hint="Log in again.")
        return before

    async def _void(self, id: str, until: datetime) -> None:
        try:
            await self._desk.store.add(_Void(id=id, until=until))
        finally:
            await voided(self._desk)

    async def _is_void(self, id: str) -> bool:
        return await self._desk.store.get(_Void, id) is not None
