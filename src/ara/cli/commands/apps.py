"""`ara apps`: programs of third parties, which users let in by OAuth 2.0."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ara.cli.commands.accounts import with_accounts
from ara.cli.screen import screen
from ara.errors import CancelledError

if TYPE_CHECKING:
    from ara.accounts import Accounts, App, Consent, User
    from ara.settings import Secret

__all__ = ["command"]

command = typer.Typer(
    help="""Register programs of third parties, and see who lets them in.

    ara apps add ada@example.org --name "Morning Desk" --redirect https://desk.example/back --scope market:read

    ara apps list

    ara apps revoke mfrggzdfmztwq2lk bob@example.org

    Users let a program in by a page of the service; its secret is shown once, when it is registered.
    """,
    add_completion=False,
    rich_markup_mode=None,
)
"""The group `ara apps`."""

_Id = Annotated[str, typer.Argument(metavar="APP", help="Its id, which OAuth calls client_id")]
_Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask")]


@command.command("add")
def _add(
    who: Annotated[str, typer.Argument(metavar="WHO", help="Who answers for it: address of mail, or id")],
    *,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="As users are shown it")],
    redirects: Annotated[
        list[str] | None,
        typer.Option("--redirect", metavar="URL", help="Where users may be sent back to; repeatable"),
    ] = None,
    scopes: Annotated[
        list[str] | None, typer.Option("--scope", metavar="SCOPE", help="What it may ask for; repeatable")
    ] = None,
    public: Annotated[bool, typer.Option("--public", help="It can keep no secret, so give it none")] = False,
) -> None:
    """Register a program and print its id and its secret, this once.

    ::

        ara apps add ada@example.org --name "Morning Desk" --redirect https://desk.example/back --scope market:read
        ara apps add ada@example.org --name phone --public --redirect example.desk:/back --scope predictions:read
        ara apps add bot@example.org --name nightly --scope predictions:write --json | jq -r .client_secret
    """
    from ara.cli.render.apps import app_made

    s = screen()

    async def added(all_: "Accounts") -> "tuple[App, Secret | None, User]":
        owner = await all_.users.get(who)
        made = await all_.apps.add(owner, name=name, redirects=redirects or (), scopes=scopes or (), public=public)
        return *made, owner

    app, secret, owner = with_accounts(s, added)
    facts = {"schema": 1, "client_secret": secret.reveal() if secret else None, **_facts(app, owner)}
    s.result(facts, lambda: app_made(app, secret, owner, s))


@command.command("list")
def _list(who: Annotated[str, typer.Argument(metavar="[WHO]", help="Whose; all if left out")] = "") -> None:
    """List programs: who answers for them, what they may ask for, how many users let them in.

    ::

        ara apps list
        ara apps list ada@example.org
        ara apps list --json
    """
    from ara.cli.render.apps import apps_table

    s = screen()
    found = with_accounts(s, lambda all_: _all(all_, who))
    data = [{**_facts(app, owner), "users": users} for app, owner, users in found]
    s.result({"schema": 1, "apps": data}, lambda: apps_table(found, s))


@command.command("show")
def _show(id: _Id) -> None:
    """Show a program and the users who let it in.

    ::

        ara apps show mfrggzdfmztwq2lk
        ara apps show mfrggzdfmztwq2lk --json
        ara apps list
    """
    from ara.cli.render.apps import app_words

    s = screen()

    async def found(all_: "Accounts") -> "tuple[App, User | None, list[tuple[Consent, User]]]":
        app = await all_.apps.get(id)
        lent = [(one, await all_.users.find(one.user)) async for one in all_.consents.of(app=app.id)]
        return app, await all_.users.find(app.user), [(one, user) for one, user in lent if user]

    app, owner, lent = with_accounts(s, found)
    consents = [_consent(one, user) for one, user in lent]
    s.result({"schema": 1, **_facts(app, owner), "consents": consents}, lambda: app_words(app, owner, lent, s))


@command.command("revoke")
def _revoke(
    id: _Id, who: Annotated[str, typer.Argument(metavar="WHO", help="Which user: address of mail, or id")]
) -> None:
    """Take back what a user lets a program do: its tokens for this user are void at once.

    ::

        ara apps revoke mfrggzdfmztwq2lk bob@example.org
        ara apps revoke mfrggzdfmztwq2lk bob@example.org --json
        ara apps show mfrggzdfmztwq2lk
    """
    s = screen()

    async def revoked(all_: "Accounts") -> "tuple[Consent, User]":
        user = await all_.users.get(who)
        return await all_.consents.take_back(user.id, (await all_.apps.get(id)).id), user

    consent, user = with_accounts(s, revoked)
    words = f"{user.email} lends the program {consent.app} nothing any more."
    s.result({"schema": 1, "client_id": consent.app, **_consent(consent, user)}, lambda: words)


@command.command("remove")
def _remove(id: _Id, *, yes: _Yes = False) -> None:
    """Forget a program: all that users lent to it is void at once.

    ::

        ara apps remove mfrggzdfmztwq2lk
        ara apps remove mfrggzdfmztwq2lk --yes
        ara apps revoke mfrggzdfmztwq2lk bob@example.org
    """
    s = screen()
    app = with_accounts(s, lambda all_: all_.apps.get(id))
    if not s.confirm(f"Forget {app.id} and all that users lent to it?", yes=yes):
        raise CancelledError("Nothing was forgotten.", hint="Without a terminal, say --yes.")
    users = with_accounts(s, lambda all_: all_.oauth.remove(app))
    words = f"{app.id} is forgotten; {users} {'user' if users == 1 else 'users'} had let it in."
    s.result({"schema": 1, "removed": app.id, "users": users}, lambda: words)


async def _all(accounts: "Accounts", who: str) -> "list[tuple[App, User | None, int]]":
    user = (await accounts.users.get(who)).id if who else None
    found = []
    async for app in accounts.apps.of(user):
        users = [one async for one in accounts.consents.of(app=app.id)]
        found.append((app, await accounts.users.find(app.user), len(users)))
    return found


def _facts(app: "App", owner: "User | None") -> dict[str, Any]:
    from ara.cli.render.data_table import instant

    return {
        "client_id": app.id,
        "user": app.user,
        "email": owner.email if owner else None,
        "name": app.name,
        "redirects": list(app.redirects),
        "scopes": list(app.scopes),
        "public": not app.hash,
        "made_at": instant(app.made_at),
    }


def _consent(one: "Consent", user: "User") -> dict[str, Any]:
    from ara.cli.render.data_table import instant

    return {
        "user": one.user,
        "email": user.email,
        "scopes": list(one.scopes),
        "made_at": instant(one.made_at),
        "renewed_at": instant(one.renewed_at),
    }
