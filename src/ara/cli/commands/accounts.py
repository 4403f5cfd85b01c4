"""What `ara users`, `ara keys` and `ara tokens` share: the accounts of the store, and facts for JSON."""

import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ara.cli.screen import Screen
from ara.errors import ValidationError
from ara.settings import Secret

if TYPE_CHECKING:
    from ara.accounts import Accounts, Key, User
    from ara.accounts.quota import Standing

__all__ = ["days_facts", "key_facts", "password_of", "user_facts", "with_accounts"]

_T = TypeVar("_T")
_LONGEST: Final = 4_096


def with_accounts(s: Screen, ask: "Callable[[Accounts], Awaitable[_T]]") -> _T:
    """Open the desk, ask its accounts, and close it."""

    async def asked() -> _T:
        from ara.accounts import Accounts
        from ara.desk import Desk

        async with Desk.open(s.settings()) as desk:
            return await ask(Accounts(desk))

    return s.run(asked())


def password_of(s: Screen, *, piped: bool) -> Secret:
    """Read a password from a terminal, unseen and twice, or one line of the input; never from the command line."""
    if piped:
        text = sys.stdin.readline(_LONGEST) if sys.stdin is not None else ""
        if not text.rstrip("\r\n"):
            raise ValidationError("The input holds no password.", hint="Put it there as one line.")
        return Secret(text.rstrip("\r\n"))
    if not s.interactive:
        raise ValidationError(
            "There is no terminal to type a password on.", hint="Give it as a line of the input: --password-stdin"
        )
    from getpass import getpass

    first, again = getpass("Password: "), getpass("Once more: ")
    if first != again:
        raise ValidationError("The two are not the same.", hint="Nothing was changed; try again.")
    return Secret(first)


def user_facts(user: "User") -> dict[str, Any]:
    """Give what JSON says of a user; the password's hash stays where it is."""
    from ara.cli.render.data_table import instant

    return {
        "id": user.id,
        "email": user.email,
        "name": user.name,
        "role": user.role.value,
        "tier": user.tier,
        "password": bool(user.password),
        "made_at": instant(user.made_at),
        "disabled_at": instant(user.disabled_at),
    }


def days_facts(days: "Sequence[Standing]") -> dict[str, Any]:
    """Give what JSON says of what a user may ask for in a day, and did."""
    from ara.cli.render.data_table import instant

    return {
        one.what: {"most": one.most, "used": one.used, "left": one.left, "resets_at": instant(one.resets_at)}
        for one in days
    }


def key_facts(key: "Key", owner: "User | None" = None) -> dict[str, Any]:
    """Give what JSON says of a key; the secret is not known to anybody but its owner."""
    from ara.cli.render.data_table import instant

    return {
        "id": key.id,
        "user": key.user,
        "email": owner.email if owner else None,
        "name": key.name,
        "scopes": None if key.scopes is None else list(key.scopes),
        "made_at": instant(key.made_at),
        "expires_at": instant(key.expires_at),
        "revoked_at": instant(key.revoked_at),
        "seen_at": instant(key.seen_at),
        "remind_at": instant(key.remind_at),
        "follows": key.follows or None,
    }
