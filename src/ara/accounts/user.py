"""A user, and all users of an installation."""

import re
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import ClassVar, Final

from msgspec.structs import replace

from ara.accounts.audit import Act, Audit
from ara.accounts.credential import fresh_id
from ara.accounts.passwords import check_password, hashed
from ara.accounts.roles import Role
from ara.accounts.trust import voided
from ara.desk import Desk
from ara.errors import NotFoundError, TakenError, ValidationError
from ara.settings import Secret
from ara.store import Place, Record, changed, revision

__all__ = ["TIERS", "User", "Users", "email_of"]

TIERS: Final = ("free", "pro", "enterprise")
"""What a user pays for, the least first; what each may ask for stands in the settings."""

_EMAIL: Final = re.compile(r"[^\s@<>()\[\],:;\\\"\x00-\x1f\x7f]{1,64}@[^\s@<>()\[\],:;\\\"\x00-\x1f\x7f]{1,253}")
_LONGEST: Final = 254
_NAME: Final = 100


class User(Record, frozen=True, kw_only=True):
    """Somebody who may ask.

    Parameters
    ----------
    id
        `u_` and 16 random letters and digits, for good.
    email
        Small letters; unique among users.
    name
        As they want to be called.
    role
        What they may do.
    tier
        What they pay for: one of `TIERS`.
    password
        argon2id; empty where nobody can log in by a password.
    made_at
        When the account was made.
    disabled_at
        When it was shut; None while it is open.
    tokens_after
        Tokens made before this are void: set when the password changes, the account is shut, or all are revoked.
    """

    kind: ClassVar[str] = "user"
    email: str
    name: str = ""
    role: Role = Role.VIEWER
    tier: str = "free"
    password: str = ""
    made_at: datetime
    disabled_at: datetime | None = None
    tokens_after: datetime | None = None


class _Address(Record, frozen=True, kw_only=True):
    """Whose an address of mail is; its id is the address, so that none has two owners."""

    kind: ClassVar[str] = "email"
    user: str


class _Helm(Record, frozen=True, kw_only=True):
    """What changes that may leave fewer administrators take turns by."""

    kind: ClassVar[str] = "helm"
    turn: int = 0


class Users:
    """The users in a desk's store.

    Parameters
    ----------
    desk
        The desk of the process.
    audit
        Where changes are written down.
    """

    def __init__(self, desk: Desk, audit: Audit) -> None:
        self._desk = desk
        self._audit = audit

    async def add(
        self,
        email: str,
        *,
        name: str = "",
        role: str = Role.VIEWER,
        tier: str = "free",
        password: Secret | None = None,
        by: str = "system",
    ) -> User:
        """Make a user; refused where the address has an owner already."""
        address = email_of(email)
        if password is not None:
            check_password(password, email=address)
        kept = await self._desk.workers.run(hashed, password) if password is not None else ""
        user = User(
            id=f"u_{fresh_id()}", email=address, name=_name_of(name), role=_role_of(role), tier=_tier_of(tier),
            password=kept, made_at=self._desk.clock.now(),
        )  # fmt: skip
        async with self._desk.store.tx():
            if not await self._desk.store.add(_Address(id=address, user=user.id)):
                raise TakenError(f"{address} has an account already.", hint="See it: ara users list")
            await self._desk.store.add(user)
        await self._audit.note(Act(actor=by, action="user.add", about=f"user:{user.id}", person=user.id), email=address)
        return user

    async def find(self, who: str) -> User | None:
        """Give a user by id or by address of mail; None where there is none."""
        asked = who.strip()
        if "@" not in asked:
            return await self._desk.store.get(User, asked) if asked else None
        owner = await self._desk.store.get(_Address, asked.casefold()[:_LONGEST])
        return await self._desk.store.get(User, owner.user) if owner else None

    async def get(self, who: str) -> User:
        """Give a user by id or by address of mail; an error where there is none."""
        user = await self.find(who)
        if user is None:
            raise NotFoundError(f"There is no user {who[:_LONGEST]!r}.", hint="See who there is: ara users list")
        return user

    def all(self, *, role: str | None = None, limit: int | None = None, after: str = "") -> AsyncIterator[User]:
        """Give the users by their ids: those with a role where one is named, those after an id where one is."""
        where = None if role is None else {"role": _role_of(role).value}
        return self._desk.store.find(User, where, limit=limit, after=Place(after, after) if after else None)

    async def change(
        self, who: str, *, role: str | None = None, tier: str | None = None, name: str | None = None, by: str = "system"
    ) -> User:
        """Change what a user is; None leaves it. The last administrator stays one."""
        told = {
            "role": None if role is None else _role_of(role),
            "tier": None if tier is None else _tier_of(tier),
            "name": None if name is None else _name_of(name),
        }
        news = {key: value for key, value in told.items() if value is not None}
        words = f"user.{'+'.join(news) or 'look'}"
        return await self._apply(who, words, by, lambda old: replace(old, **news))

    async def set_password(self, who: str, password: Secret, *, by: str = "system") -> User:
        """Give a user another password; every token they had is void."""
        user = await self.get(who)
        check_password(password, email=user.email)
        kept, now = await self._desk.workers.run(hashed, password), self._desk.clock.now()
        return await self._apply(
            user.id, "user.password", by, lambda old: replace(old, password=kept, tokens_after=now)
        )

    async def disable(self, who: str, *, by: str = "system") -> User:
        """Shut an account at once, tokens and keys too; it can be opened again."""
        now = self._desk.clock.now()
        return await self._apply(who, "user.disable", by, lambda old: _shut(old, now))

    async def enable(self, who: str, *, by: str = "system") -> User:
        """Open an account again; tokens from before stay void, keys are valid again."""
        return await self._apply(who, "user.enable", by, lambda old: replace(old, disabled_at=None))

    async def void_tokens(self, who: str, *, by: str = "system") -> User:
        """Make every token of a user void, as after a theft."""
        now = self._desk.clock.now()
        return await self._apply(who, "user.void_tokens", by, lambda old: replace(old, tokens_after=now))

    async def erase(self, who: str, *, by: str = "system") -> User:
        """Forget a user and what is personal of them; the audit log stays whole, without saying who it was."""
        user, now = await self.get(who), self._desk.clock.now()
        try:
            await self._changed(user.id, lambda old: _shut(old, now))
            await self._audit.note(Act(actor=by, action="user.erase", about=f"user:{user.id}", person=user.id))
            async with self._desk.store.tx():
                await self._desk.store.remove(_Address, user.email)
                await self._desk.store.remove(User, user.id)
        finally:
            await voided(self._desk)
        await self._audit.forget(user.id)
        return user

    async def _apply(self, who: str, action: str, by: str, change: Callable[[User], User]) -> User:
        user = await self.get(who)
        try:
            new = await self._changed(user.id, change)
        finally:
            await voided(self._desk)
        if new is None:
            raise ValidationError(f"The user {user.id} was erased meanwhile.")
        await self._audit.note(Act(actor=by, action=action, about=f"user:{user.id}", person=user.id))
        return new

    async def _changed(self, id: str, change: Callable[[User], User]) -> User | None:
        """Change a user; refused where nobody would be left who may let others in."""
        led = False

        def looked_at(old: User) -> User:
            nonlocal led
            led = _leads(old)
            return change(old)

        async def still_led(new: User) -> None:
            if led and not _leads(new):
                await self._still_led()

        return await changed(self._desk.store, User, id, looked_at, also=still_led)

    async def _still_led(self) -> None:
        """Refuse what leaves no administrator, within the transaction of the change.

        Of two administrators who shut each other out at once, the second one's change conflicts and is looked at again.
        """
        store = self._desk.store
        turn = await store.get(_Helm, "admins")
        if turn is None:
            await store.add(_Helm(id="admins"))
        else:
            await store.put(replace(turn, turn=turn.turn + 1), replaces=revision(turn))
        if not any([_leads(one) async for one in self.all(role=Role.ADMIN)]):
            raise ValidationError(
                "This is the last administrator.", hint="Make another first: ara users role WHO admin"
            )


def _leads(user: User) -> bool:
    return user.role is Role.ADMIN and user.disabled_at is None


def _shut(user: User, now: datetime) -> User:
    return replace(user, disabled_at=user.disabled_at or now, tokens_after=now)


def email_of(text: str) -> str:
    """Read an address of mail."""
    address = text.strip().casefold()
    if len(address) > _LONGEST or not _EMAIL.fullmatch(address) or not address.isprintable():
        raise ValidationError(f"{text[:80]!r} is no address of mail.", hint="It looks like: ada@example.org")
    return address


def _name_of(text: str) -> str:
    name = " ".join(text.split())
    if len(name) > _NAME or not name.isprintable():
        raise ValidationError(f"A name has up to {_NAME} printable characters.")
    return name


def _role_of(text: str) -> Role:
    try:
        return Role(text.strip().lower())
    except ValueError:
        raise ValidationError(f"There is no role {text[:40]!r}.", hint=f"Roles are: {', '.join(Role)}") from None


def _tier_of(text: str) -> str:
    tier = text.strip().lower()
    if tier not in TIERS:
        raise ValidationError(f"There is no tier {text[:40]!r}.", hint=f"Tiers are: {', '.join(TIERS)}")
    return tier
