"""`ara keys`: keys by which programs ask a service of this installation."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from ara.cli.commands.accounts import key_facts, with_accounts
from ara.cli.screen import Screen, screen
from ara.errors import ValidationError

if TYPE_CHECKING:
    from ara.accounts import Accounts, Key, User
    from ara.settings import Secret

__all__ = ["command"]

command = typer.Typer(
    help="""Make, rotate and revoke the keys of users.

    ara keys make ada@example.org --name "trading desk"

    ara keys list

    ara keys rotate mfrggzdfmztwq2lk --overlap 7

    A key is shown once, when it is made; what is kept of it is a hash.
    """,
    add_completion=False,
    rich_markup_mode=None,
)
"""The group `ara keys`."""

_Id = Annotated[str, typer.Argument(metavar="KEY", help="Its id, the part after ara_")]


@command.command("make")
def _make(
    who: Annotated[str, typer.Argument(metavar="WHO", help="Whose it is to be: address of mail, or id")],
    *,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="What it is for")] = "made on the command line",
    scopes: Annotated[
        list[str] | None, typer.Option("--scope", metavar="SCOPE", help="Narrow it to this permission; repeatable")
    ] = None,
    days: Annotated[str, typer.Option("--days", metavar="N", help="Until it expires; 0 for never")] = "0",
) -> None:
    """Make a key and print it, this once.

    ::

        ara keys make ada@example.org --name "trading desk"
        ara keys make bot@example.org --scope market:read --scope predictions:write --days 90
        ara keys make ada@example.org --json | jq -r .key
    """
    from ara.cli.commands.data.asked import counted

    s = screen()
    until = counted(days, "--days", least=0, most=3650) or None

    async def made(all_: "Accounts") -> "tuple[Key, Secret, User]":
        owner = await all_.users.get(who)
        return *await all_.keys.make(owner, name=name, scopes=scopes, days=until), owner

    _told(s, *with_accounts(s, made))


@command.command("list")
def _list(
    who: Annotated[str, typer.Argument(metavar="[WHO]", help="Whose; all if left out")] = "",
    *,
    all_too: Annotated[bool, typer.Option("--all", help="Those that are void too")] = False,
) -> None:
    """List keys: what they are for, what they open, when they were used, and which should be rotated.

    ::

        ara keys list
        ara keys list ada@example.org --all
        ara keys list --json
    """
    from ara.cli.render.accounts import keys_table

    s = screen()
    found, now = with_accounts(s, lambda accounts: _all(accounts, who, void=all_too))
    s.result({"schema": 1, "keys": [key_facts(key, owner) for key, owner in found]}, lambda: keys_table(found, now, s))


@command.command("rotate")
def _rotate(
    id: _Id,
    *,
    overlap: Annotated[str, typer.Option("--overlap", metavar="DAYS", help="How long the old one stays valid")] = "7",
) -> None:
    """Make a key like another and print it; the old one stays valid for some days, so that nothing stands still.

    ::

        ara keys rotate mfrggzdfmztwq2lk
        ara keys rotate mfrggzdfmztwq2lk --overlap 0
        ara keys rotate mfrggzdfmztwq2lk --json
    """
    from ara.cli.commands.data.asked import counted

    s = screen()
    days = counted(overlap, "--overlap", least=0, most=90)

    async def rotated(all_: "Accounts") -> "tuple[Key, Secret, User]":
        key = await all_.keys.get(_id_of(id))
        owner = await all_.users.get(key.user)
        return *await all_.keys.rotate(key, owner, overlap=days), owner

    _told(s, *with_accounts(s, rotated))


@command.command("revoke")
def _revoke(id: _Id) -> None:
    """Make a key void at once, for good.

    ::

        ara keys revoke mfrggzdfmztwq2lk
        ara keys revoke ara_mfrggzdfmztwq2lk_...
        ara keys revoke mfrggzdfmztwq2lk --json
    """
    s = screen()

    async def revoked(all_: "Accounts") -> "Key":
        return await all_.keys.revoke(await all_.keys.get(_id_of(id)))

    key = with_accounts(s, revoked)
    s.result({"schema": 1, **key_facts(key)}, lambda: f"The key {key.id} ({key.name}) is void.")


async def _all(accounts: "Accounts", who: str, *, void: bool) -> "tuple[list[tuple[Key, User]], datetime]":
    users = [await accounts.users.get(who)] if who else [one async for one in accounts.users.all()]
    now = accounts.now()
    found = [(key, user) for user in users async for key in accounts.keys.of(user.id)]
    return [(key, user) for key, user in found if void or key.valid(now)], now


def _id_of(text: str) -> str:
    """Read the id of a key, also where the whole key was given; what is secret of it goes nowhere."""
    id = text.strip().removeprefix("ara_").partition("_")[0]
    if not id:
        raise ValidationError("Which key?", hint="See their ids: ara keys list")
    return id


def _told(s: Screen, key: "Key", secret: "Secret", owner: "User") -> None:
    from ara.cli.render.accounts import key_words

    data = {"schema": 1, "key": secret.reveal(), **key_facts(key, owner)}
    s.result(data, lambda: key_words(key, secret, owner, s))
