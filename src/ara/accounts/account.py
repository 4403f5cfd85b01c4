"""The front of the room: who asks, and may they."""

import asyncio
import dataclasses
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from msgspec.structs import replace

from ara.accounts.app import Apps
from ara.accounts.audit import Act, Audit
from ara.accounts.consent import Consents
from ara.accounts.guard import Guard
from ara.accounts.key import KIND as KEY
from ara.accounts.key import Key, Keys
from ara.accounts.oauth import OAuth
from ara.accounts.passwords import hashed, matches, stale
from ara.accounts.quota import Quota
from ara.accounts.roles import Role, granted
from ara.accounts.token import Pair, Tokens
from ara.accounts.trust import Trust
from ara.accounts.user import User, Users
from ara.alerts.webhook import Webhooks
from ara.desk import Desk
from ara.errors import ForbiddenError, UnauthenticatedError
from ara.settings import Secret
from ara.store import changed

__all__ = ["Accounts", "Principal"]

_WRONG: Final = "The address or the password is wrong."
_FIRST: Final = "admin@localhost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who asks, by what, and what that opens.

    Parameters
    ----------
    user
        The account.
    via
        Whether a key or a token was sent.
    credential
        Id of it: what limits count by and the audit log names.
    permissions
        What the role may, narrowed by the scopes of what was sent.
    remind_at
        From when the key that was sent is old enough to be rotated; None for a token.
    app
        The program that the token was lent to; empty where the user asks by themselves.
    """

    user: User
    via: Literal["key", "token"]
    credential: str
    permissions: frozenset[str]
    remind_at: datetime | None = None
    app: str = ""

    def need(self, permission: str) -> None:
        """Raise ForbiddenError where it is not among the permissions."""
        if permission not in self.permissions:
            raise ForbiddenError(f"This needs the permission {permission}.", permission=permission)

    def owns(self, owner: str) -> bool:
        """Tell whether an object of an owner is theirs to see: their own, or anybody's for an administrator."""
        return owner == self.user.id or "users:admin" in self.permissions


class Accounts:
    """Users, keys, tokens and the audit log of an installation.

    Parameters
    ----------
    desk
        The desk of the process; store and vault are those of all processes of the installation.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.audit = Audit(desk)
        self.users = Users(desk, self.audit)
        self.keys = Keys(desk, self.audit)
        self.tokens = Tokens(desk, self.audit)
        self.guard = Guard(desk)
        self.quota = Quota(desk)
        self.apps = Apps(desk, self.audit)
        self.consents = Consents(desk, self.audit)
        self.oauth = OAuth(
            desk, self.audit, users=self.users, tokens=self.tokens, apps=self.apps, consents=self.consents
        )
        self._looking = asyncio.Semaphore(max(desk.settings.workers.threads // 2, 1))
        self._trust: Trust[Principal] = Trust(desk.clock, seconds=desk.settings.api.trust_seconds)

    async def first(self) -> tuple[User, Secret] | None:
        """Make an administrator with a key where nobody is there yet; of processes that start together one does."""
        if [one async for one in self.users.all(limit=1)]:
            return None
        try:
            user = await self.users.add(_FIRST, name="Administrator", role=Role.ADMIN, tier="enterprise")
        except ValueError:
            return None
        _, secret = await self.keys.make(user, name="made at the first start")
        return user, secret

    async def authenticate(self, credential: str) -> Principal:
        """Say whose a key or an access token is; UnauthenticatedError for one that is void, or whose owner is.

        What was found is believed for the seconds of the setting `api.trust_seconds`, unless this process changes a
        user, a key or a token meanwhile.
        """
        known = self._trust.find(credential)
        if known is not None:
            return known
        began = self._trust.begin()
        found, until = await self._looked_up(credential)
        self._trust.keep(credential, found, began, until=until)
        return found

    async def _looked_up(self, credential: str) -> tuple[Principal, datetime | None]:
        """Ask the store whose a credential is, and say when it ends by itself."""
        if credential.startswith(f"{KEY}_"):
            key: Key = await self.keys.open(credential)
            found = self._principal(await self.users.find(key.user), "key", key.id, key.scopes)
            return dataclasses.replace(found, remind_at=key.remind_at), key.expires_at
        claims = await self.tokens.open(credential)
        user = await self.users.find(claims.user)
        if user is not None and user.tokens_after is not None and claims.made_at < user.tokens_after:
            raise UnauthenticatedError("The token was revoked.", hint="Log in again.")
        if claims.app:
            await self.oauth.check(claims)
        found = self._principal(user, "token", claims.session, claims.scopes)
        return dataclasses.replace(found, app=claims.app), claims.expires_at

    async def log_in(self, email: str, password: Secret, *, address: str = "", request: str = "") -> tuple[User, Pair]:
        """Give tokens for a password; what `recognise` says of it holds."""
        user = await self.recognise(email, password, address=address, request=request)
        return user, await self.tokens.issue(user)

    async def recognise(self, email: str, password: Secret, *, address: str = "", request: str = "") -> User:
        """Say whose a password is; too many wrong ones have to wait, and nothing tells whether a user exists.

        Parameters
        ----------
        email, password
            As they were sent.
        address
            Of the network, by which guesses are counted.
        request
            Id of the request, for the audit log.
        """
        asked = email.strip().casefold()[:254]
        one = await self.guard.begin(asked, address)
        user = await self.users.find(asked) if "@" in asked else None
        async with self._looking:
            right = await self._desk.workers.run(matches, user.password if user else "", password)
        if user is None or not right or user.disabled_at is not None:
            person = user.id if user else ""
            await self.audit.note(
                Act(action="login", person=person, outcome="refused", request=request), email=asked, address=address
            )
            raise UnauthenticatedError(_WRONG, hint="Try again, or ask an administrator for another password.")
        await self.guard.succeeded(one)
        if stale(user.password):
            await self._rehash(user, password)
        await self.audit.note(
            Act(actor=user.id, action="login", person=user.id, request=request), email=asked, address=address
        )
        return user

    async def refresh(self, text: str) -> tuple[User, Pair]:
        """Give the next tokens for a refresh token."""
        spent = await self.tokens.spend(text)
        user = await self.users.find(spent.user)
        if user is None or user.disabled_at is not None:
            raise UnauthenticatedError("The account is shut.", hint="Ask an administrator.")
        if user.tokens_after is not None and spent.made_at < user.tokens_after:
            raise UnauthenticatedError("The refresh token was revoked.", hint="Log in again.")
        return user, await self.tokens.follow(spent)

    def now(self) -> datetime:
        """Give the present instant of the desk's clock, by which keys and tokens end."""
        return self._desk.clock.now()

    async def log_out(self, who: str, *, by: str = "system") -> User:
        """End every session of a user; keys stay valid."""
        user = await self.users.void_tokens(who, by=by)
        await self.tokens.end_of(user.id)
        return user

    async def erase(self, who: str, *, by: str = "system") -> User:
        """Forget a user with keys, tokens, programs and webhooks; the audit log stays whole, without their name."""
        user = await self.users.erase(who, by=by)
        await self.keys.remove_of(user.id)
        await self.tokens.end_of(user.id)
        await self.oauth.remove_of(user.id)
        await self.quota.remove_of(user.id)
        await Webhooks(self._desk).remove_of(user.id)
        return user

    async def may(self, who: str, permission: str) -> bool:
        """Tell whether a user, by id, is there, is not shut out, and has a role that opens a permission."""
        found = await self.users.find(who)
        return found is not None and found.disabled_at is None and permission in granted(found.role, None)

    async def _rehash(self, user: User, password: Secret) -> None:
        kept = await self._desk.workers.run(hashed, password)
        await changed(self._desk.store, User, user.id, lambda old: replace(old, password=kept))

    @staticmethod
    def _principal(
        user: User | None, via: Literal["key", "token"], credential: str, scopes: tuple[str, ...] | None
    ) -> Principal:
        if user is None or user.disabled_at is not None:
            raise UnauthenticatedError("The account is shut.", hint="Ask an administrator.")
        return Principal(user=user, via=via, credential=credential, permissions=granted(user.role, scopes))
