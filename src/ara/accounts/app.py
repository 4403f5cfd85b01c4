"""Programs of third parties: who answers for one, what it may ask users for, and how it proves who it is."""

import re
from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from typing import ClassVar, Final
from urllib.parse import urlsplit

from ara.accounts.audit import Act, Audit
from ara.accounts.credential import fresh_id, hand_out, read, same
from ara.accounts.roles import PERMISSIONS, granted, scopes_of
from ara.accounts.trust import voided
from ara.accounts.user import User
from ara.desk import Desk
from ara.errors import ForbiddenError, NotFoundError, ValidationError
from ara.settings import Secret
from ara.store import Record

__all__ = ["KIND", "LENDABLE", "App", "Apps", "redirect_of"]

KIND: Final = "arac"
"""What the secret of a program begins with."""

LENDABLE: Final = frozenset(PERMISSIONS) - {"keys:write", "webhooks:write", "users:admin", "audit:read"}
"""What users can lend to programs: nothing that lets in, or tells, anybody after it was taken back."""

_MOST: Final = 50
_REDIRECTS: Final = 10
_NAME: Final = 100
_LONGEST: Final = 500
_HOME: Final = {"127.0.0.1", "::1", "localhost"}
_PLAIN: Final = re.compile(r"[A-Za-z0-9._~:/?\[\]@!$&()*+,=%-]+")
_HOST: Final = re.compile(r"[A-Za-z0-9.-]{1,253}|::1")
_SCHEME: Final = re.compile(r"[a-z][a-z0-9-]*(\.[a-z0-9-]+)+")


class App(Record, frozen=True, kw_only=True):
    """A program of a third party; its id is the `client_id` of OAuth.

    Parameters
    ----------
    id
        16 letters and digits, part of the secret.
    user
        Who registered it, and as whom it acts where it acts for itself.
    name
        As users are shown it.
    hash
        Of the secret; empty for one that can keep none, such as a page or a program on a user's own machine.
    redirects
        Where users are sent back to, each to be matched character by character.
    scopes
        All that it may ask for.
    made_at
        When it was registered.
    """

    kind: ClassVar[str] = "app"
    user: str
    name: str
    hash: str = ""
    redirects: tuple[str, ...] = ()
    scopes: tuple[str, ...]
    made_at: datetime


class Apps:
    """The programs in a desk's store.

    Parameters
    ----------
    desk
        The desk of the process.
    audit
        Where it is written down who registered and removed one.
    """

    def __init__(self, desk: Desk, audit: Audit) -> None:
        self._desk = desk
        self._audit = audit

    async def add(
        self,
        user: User,
        *,
        name: str,
        scopes: Iterable[str],
        redirects: Iterable[str] = (),
        public: bool = False,
        by: str = "system",
    ) -> tuple[App, Secret | None]:
        """Register a program and give it with its secret, which is shown this once.

        Parameters
        ----------
        user
            Who answers for it.
        name
            As users are to be shown it.
        scopes
            All that it may ask for, each one that its owner has and that can be lent.
        redirects
            Where users may be sent back to.
        public
            It can keep no secret, so it gets none and proves by PKCE alone that a code is its own.
        by
            Who registers it.
        """
        wanted = _scopes_of(user, scopes)
        places = tuple(dict.fromkeys(redirect_of(one) for one in redirects))
        if len(places) > _REDIRECTS or (public and not places):
            raise ValidationError(
                f"A program has up to {_REDIRECTS} addresses to send users back to; without a secret it needs one.",
                hint="Name it: --redirect https://example.org/back",
            )
        if len([one async for one in self.of(user.id)]) >= _MOST:
            raise ValidationError(f"There are {_MOST} programs already.", hint="Remove one first: ara apps remove APP")
        handed = None if public else hand_out(KIND)
        app = App(
            id=handed.id if handed else fresh_id(), user=user.id, name=_name_of(name), scopes=wanted, redirects=places,
            hash=handed.hash if handed else "", made_at=self._desk.clock.now(),
        )  # fmt: skip
        await self._desk.store.add(app)
        await self._audit.note(Act(actor=by, action="app.add", about=f"app:{app.id}", person=user.id))
        return app, handed.text if handed else None

    def of(self, user: str | None) -> AsyncIterator[App]:
        """Give the programs of a user, or all, the oldest first."""
        return self._desk.store.find(App, {"user": user} if user else None, order="made_at")

    async def find(self, id: str) -> App | None:
        """Give a program by its id; None where there is none."""
        asked = id.strip()
        form = len(asked) == len(fresh_id()) and asked.isascii() and asked.isalnum()
        return await self._desk.store.get(App, asked) if form else None

    async def get(self, id: str, *, user: str | None = None) -> App:
        """Give a program by its id; one of somebody else's is as good as none where `user` is given."""
        app = await self.find(id)
        if app is None or (user is not None and app.user != user):
            raise NotFoundError(f"There is no program {id[:40]!r}.", hint="See them: ara apps list")
        return app

    async def prove(self, id: str, secret: str | None) -> App | None:
        """Give a program that proves who it is; None where the secret is wrong, missing, or should not be there."""
        app, sent = await self.find(id), read(secret or "", kind=KIND)
        if app is None:
            return None
        if not app.hash:
            return app if secret is None else None
        right = sent is not None and sent[0] == app.id and same(app.hash, sent[1])
        return app if right else None

    async def remove(self, app: App, *, by: str = "system") -> None:
        """Forget a program: all that users lent to it is void at once."""
        await self._desk.store.remove(App, app.id)
        await voided(self._desk)
        await self._audit.note(Act(actor=by, action="app.remove", about=f"app:{app.id}", person=app.user))

    async def remove_of(self, user: str) -> int:
        """Forget all programs of a user, and say how many there were."""
        found = [one async for one in self.of(user)]
        for one in found:
            await self._desk.store.remove(App, one.id)
        await voided(self._desk)
        return len(found)


def redirect_of(text: str) -> str:
    """Read an address that users may be sent back to, which is kept as it is written.

    It is https, or http on the machine itself, or of a scheme that a program on the machine owns by a reversed domain
    (RFC 8252, section 7.1); it has no fragment and nobody's name in it.
    """
    address = text.strip()
    hint = "It looks like: https://example.org/back, http://127.0.0.1:8400/back or org.example.app:/back"
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise ValidationError(f"{address[:80]!r} is no address.", hint=hint) from None
    web = bool(_HOST.fullmatch(host)) and "@" not in parts.netloc
    safe = parts.scheme == "https" or (parts.scheme == "http" and host in _HOME)
    own = bool(_SCHEME.fullmatch(parts.scheme)) and not parts.netloc and parts.path.startswith("/")
    if len(address) > _LONGEST or not _PLAIN.fullmatch(address) or not (own or (web and safe)):
        raise ValidationError(f"{address[:80]!r} is no address that users could be sent back to safely.", hint=hint)
    return address


def _scopes_of(user: User, asked: Iterable[str]) -> tuple[str, ...]:
    wanted = scopes_of(asked)
    if not wanted:
        raise ValidationError("A program may ask for one scope at least.", hint="Name it: --scope market:read")
    kept = sorted(set(wanted) - LENDABLE)
    if kept:
        raise ForbiddenError(f"The scope {kept[0]} can't be lent to a program.")
    over = sorted(set(wanted) - granted(user.role, None))
    if over:
        raise ForbiddenError(f"A {user.role.value} can't let a program ask for the scope {over[0]}.")
    return wanted


def _name_of(text: str) -> str:
    name = " ".join(text.split())
    if not 1 <= len(name) <= _NAME or not name.isprintable():
        raise ValidationError(
            f"A program's name has 1 to {_NAME} printable characters.", hint='Say what users will see: --name "Desk"'
        )
    return name
