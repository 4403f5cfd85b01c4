"""OAuth 2.0 for programs of third parties: a user's yes becomes a code, a code tokens, and all of it can be taken back.

Authorisation codes with PKCE, S256 alone (RFC 6749, 7636), and client credentials, by which a program acts as its
owner; within the bounds of RFC 9700. Refusals are Authlib's errors, as programs know them.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ara.accounts.app import App, Apps
from ara.accounts.audit import Act, Audit, Outcome
from ara.accounts.code import Codes
from ara.accounts.consent import Consents
from ara.accounts.refusal import refusal
from ara.accounts.roles import granted
from ara.accounts.token import KIND as REFRESH
from ara.accounts.token import Claims, Tokens
from ara.accounts.user import User, Users
from ara.desk import Desk
from ara.errors import UnauthenticatedError
from ara.logs.context import current
from ara.settings import Secret

__all__ = ["Asked", "Given", "OAuth", "scopes_asked"]

_CODE: Final = "The code is not valid, was used, or is another program's."
_REFRESH: Final = "The refresh token is not valid, was used, or is another program's."
_BACK: Final = "The program is not let in any more."


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a program asks a user for: scopes, where the answer goes, and the challenge that its code will hold."""

    app: App
    redirect: str
    scopes: tuple[str, ...]
    challenge: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Tokens that a program gets; no refresh token where it acts for itself."""

    access: Secret
    refresh: Secret | None
    expires_at: datetime
    scopes: tuple[str, ...]


class OAuth:
    """What programs of third parties ask for.

    Parameters
    ----------
    desk
        The desk of the process.
    audit
        Where it is written down what was given and what was refused.
    users, tokens, apps, consents
        Of the installation.
    """

    def __init__(
        self, desk: Desk, audit: Audit, *, users: Users, tokens: Tokens, apps: Apps, consents: Consents
    ) -> None:
        self._desk = desk
        self._audit = audit
        self._users = users
        self._tokens = tokens
        self._apps = apps
        self._consents = consents
        self.codes = Codes(desk)

    async def client(self, id: str, secret: str | None) -> App:
        """Give the program that asks; the same refusal for a wrong secret, a wrong id and an owner who is shut out."""
        app = await self._apps.prove(id, secret)
        if app is not None and await self._open(app):
            return app
        known = await self._apps.find(id)
        if known is not None:
            await self._note("app.prove", known, known.user, outcome="refused")
        raise refusal("invalid_client", "The program or its secret is wrong.", status=401)

    async def place(self, id: str, redirect: str) -> App | None:
        """Give the program that users may be sent back to at an address; None where nothing may be sent there."""
        app = await self._apps.find(id)
        return app if app is not None and redirect in app.redirects and await self._open(app) else None

    async def allow(self, user: User, asked: Asked) -> Secret:
        """Take a user's yes and give the code for the program; it holds no more than the user's role may."""
        role = granted(user.role, None)
        lent = tuple(one for one in asked.scopes if one in role)
        if not lent:
            raise refusal("access_denied", "The user may do nothing of what was asked for.")
        await self._consents.give(user.id, asked.app.id, lent, request=current())
        return await self.codes.issue(
            app=asked.app.id, redirect=asked.redirect, challenge=asked.challenge, user=user.id, scopes=lent
        )

    async def exchange(self, app: App, code: str, *, redirect: str, verifier: str) -> Given:
        """Give tokens for a code; one that comes a second time ends the session that it began."""
        spent = await self.codes.spend(code)
        if spent is None:
            raise refusal("invalid_grant", _CODE)
        kept, before = spent
        if before:
            await self._tokens.end_session(kept.session)
            await self._note("code.reused", app, kept.user, outcome="refused")
            raise refusal("invalid_grant", _CODE)
        if not self.codes.fits(kept, app=app.id, redirect=redirect, verifier=verifier):
            await self._note("app.exchange", app, kept.user, outcome="refused")
            raise refusal("invalid_grant", _CODE)
        if not await self._lends(kept.user, app.id, since=kept.made_at):
            raise refusal("invalid_grant", _BACK)
        pair = await self._tokens.lend(kept.user, app=app.id, scopes=kept.scopes, session=kept.session)
        await self._note("app.exchange", app, kept.user)
        return Given(access=pair.access, refresh=pair.refresh, expires_at=pair.expires_at, scopes=kept.scopes)

    async def refresh(self, app: App, text: str, *, scopes: tuple[str, ...] | None) -> Given:
        """Give the next tokens for a refresh token; one that comes a second time ends its session."""
        try:
            kept = await self._tokens.look(text, app=app.id)
            had = kept.scopes or ()
            if scopes is not None and not set(scopes) <= set(had):
                raise refusal("invalid_scope", "The refresh token does not hold all of these scopes.")
            if not await self._lends(kept.user, app.id, since=kept.made_at):
                raise refusal("invalid_grant", _BACK)
            pair = await self._tokens.follow(await self._tokens.spend(text, app=app.id), scopes=scopes)
        except UnauthenticatedError:
            raise refusal("invalid_grant", _REFRESH) from None
        return Given(access=pair.access, refresh=pair.refresh, expires_at=pair.expires_at, scopes=scopes or had)

    async def for_itself(self, app: App, *, scopes: tuple[str, ...] | None) -> Given:
        """Give a program that has a secret a token by which it acts as its owner."""
        if not app.hash:
            raise refusal("unauthorized_client", "A program without a secret can't act for itself.")
        wanted = app.scopes if scopes is None else scopes
        access, ends = await self._tokens.access(app.user, app=app.id, scopes=wanted, session=app.id)
        await self._note("app.token", app, app.user)
        return Given(access=access, refresh=None, expires_at=ends, scopes=wanted)

    async def revoke(self, app: App, text: str) -> None:
        """Make a token of a program void (RFC 7009), with a refresh token all of its session; others are left alone."""
        try:
            if text.startswith(f"{REFRESH}_"):
                kept = await self._tokens.look(text, app=app.id)
                await self._tokens.end_session(kept.session)
                person = kept.user
            else:
                claims = await self._tokens.open(text)
                if claims.app != app.id:
                    return
                await self._tokens.revoke(claims)
                person = claims.user
        except UnauthenticatedError:
            return
        await self._note("app.revoke", app, person)

    async def told(self, app: App, text: str) -> dict[str, Any]:
        """Tell a program of a token of its own (RFC 7662); of any other no more than that it is not active."""
        if not app.hash:
            raise refusal("invalid_client", "A program without a secret is told nothing.", status=401)
        try:
            if text.startswith(f"{REFRESH}_"):
                kept = await self._tokens.look(text, app=app.id)
                alive = kept.used_at is None and await self._lends(kept.user, app.id, since=kept.made_at)
                facts = {"token_type": "refresh_token", "exp": int(kept.expires_at.timestamp())}
                user, scopes, made = kept.user, kept.scopes, kept.made_at
            else:
                claims = await self._tokens.open(text)
                await self.check(claims)
                alive = claims.app == app.id
                facts = {"token_type": "Bearer", "exp": int(claims.expires_at.timestamp()), "jti": claims.id}
                user, scopes, made = claims.user, claims.scopes, claims.made_at
        except UnauthenticatedError:
            return {"active": False}
        if not alive:
            return {"active": False}
        scope = " ".join(scopes or ())
        return {"active": True, "client_id": app.id, "sub": user, "scope": scope, "iat": int(made.timestamp()), **facts}

    async def check(self, claims: Claims) -> None:
        """Raise UnauthenticatedError where a program's token is void: its program is gone, or the user took it back."""
        app = await self._apps.find(claims.app)
        if app is not None and claims.session == app.id and claims.user == app.user:
            alive = await self._user(claims.user, since=claims.made_at) is not None
        else:
            alive = await self._lends(claims.user, claims.app, since=claims.made_at)
        if not alive:
            raise UnauthenticatedError(_BACK)

    async def remove(self, app: App, *, by: str = "system") -> int:
        """Forget a program with all that was lent to it, and say by how many."""
        await self._apps.remove(app, by=by)
        return await self._consents.remove_of(app=app.id)

    async def remove_of(self, user: str) -> None:
        """Forget the programs of a user, and what the user lent to others'."""
        for app in [one async for one in self._apps.of(user)]:
            await self._consents.remove_of(app=app.id)
        await self._apps.remove_of(user)
        await self._consents.remove_of(user)
        await self.codes.remove_of(user)

    async def _open(self, app: App) -> bool:
        """Tell whether somebody who is not shut out answers for a program."""
        owner = await self._users.find(app.user)
        return owner is not None and owner.disabled_at is None

    async def _user(self, id: str, *, since: datetime) -> User | None:
        """Give a user whose tokens of a moment count still."""
        user = await self._users.find(id)
        if user is None or user.disabled_at is not None:
            return None
        return None if user.tokens_after is not None and since < user.tokens_after else user

    async def _lends(self, user: str, app: str, *, since: datetime) -> bool:
        """Tell whether what a user lent to a program at a moment is lent still."""
        found, kept = await self._apps.find(app), await self._consents.find(user, app)
        if found is None or not await self._open(found):
            return False
        return kept is not None and since >= kept.made_at and await self._user(user, since=since) is not None

    async def _note(self, action: str, app: App, person: str, *, outcome: Outcome = "done") -> None:
        act = Act(
            actor=f"app:{app.id}", action=action, about=f"app:{app.id}", person=person, outcome=outcome,
            request=current(),
        )  # fmt: skip
        await self._audit.note(act)


def scopes_asked(app: App, text: str | None) -> tuple[str, ...]:
    """Read the scopes that a program asks for, all of its own where it names none; refused where it may not ask."""
    if text is None or not text.strip():
        return app.scopes
    found = tuple(sorted(set(text.split(" ")) - {""}))
    if not set(found) <= set(app.scopes):
        raise refusal("invalid_scope", "The program may not ask for all of these scopes.")
    return found
