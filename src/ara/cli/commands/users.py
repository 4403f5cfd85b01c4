"""`ara users`: who may use a service of this installation, what they may do, and the log of what was done."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ara.cli.commands.accounts import days_facts, password_of, user_facts, with_accounts
from ara.cli.screen import screen
from ara.errors import CancelledError, IntegrityError

if TYPE_CHECKING:
    from ara.accounts import Accounts, Seen, User
    from ara.accounts.quota import Standing
    from ara.store import Verification

__all__ = ["command"]

command = typer.Typer(
    help="""Make users, say what they may do, shut and erase their accounts.

    ara users add ada@example.org --role trader

    ara users list

    ara users log --verify

    Roles are viewer, trader, analyst, admin and service; tiers free, pro and enterprise.
    """,
    add_completion=False,
    rich_markup_mode=None,
)
"""The group `ara users`."""

_Who = Annotated[str, typer.Argument(metavar="WHO", help="E-mail address, or id")]
_Piped = Annotated[bool, typer.Option("--password-stdin", help="Read the password as one line of the input")]
_Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask")]


@command.command("add")
def _add(
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="E-mail address; unique")],
    *,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="As they want to be called")] = "",
    role: Annotated[str, typer.Option("--role", metavar="ROLE", help="What they may do")] = "viewer",
    tier: Annotated[str, typer.Option("--tier", metavar="TIER", help="How much they may ask for")] = "free",
    password: Annotated[bool, typer.Option("--password", help="Type a password to log in by")] = False,
    piped: _Piped = False,
) -> None:
    """Make a user; without a password they can be given keys, but can't log in.

    ::

        ara users add ada@example.org --role trader --password
        ara users add bot@example.org --role service --tier pro
        pass show ara/bob | ara users add bob@example.org --password-stdin --json
    """
    s = screen()
    given = password_of(s, piped=piped) if password or piped else None
    made = with_accounts(s, lambda all_: all_.users.add(email, name=name, role=role, tier=tier, password=given))
    words = f"{made.email} is {_a(made.role)} now, with the tier {made.tier}. Id {made.id}."
    s.result({"schema": 1, **user_facts(made)}, lambda: f"{words}\nGive them a key: ara keys make {made.email}")


@command.command("list")
def _list(
    *, role: Annotated[str, typer.Option("--role", metavar="ROLE", help="Only those with this role")] = ""
) -> None:
    """List the users.

    ::

        ara users list
        ara users list --role admin
        ara users list --json
    """
    from ara.cli.render.accounts import users_table

    async def asked(all_: "Accounts") -> "list[User]":
        return [one async for one in all_.users.all(role=role or None)]

    s = screen()
    found = with_accounts(s, asked)
    s.result({"schema": 1, "users": [user_facts(one) for one in found]}, lambda: users_table(found, s))


@command.command("show")
def _show(who: _Who) -> None:
    """Show one user, what they may do, and how much of their day is used.

    ::

        ara users show ada@example.org
        ara users show u_mfrggzdfmztwq2lk
        ara users show ada@example.org --json
    """
    from ara.accounts import ROLES
    from ara.cli.render.accounts import user_words

    s = screen()
    user, days = with_accounts(s, lambda all_: _shown(all_, who))
    may = sorted(ROLES[user.role])
    facts = {"schema": 1, **user_facts(user), "permissions": may, "days": days_facts(days)}
    s.result(facts, lambda: user_words(user, may, days, s))


async def _shown(all_: "Accounts", who: str) -> "tuple[User, Sequence[Standing]]":
    user = await all_.users.get(who)
    return user, await all_.quota.of(user)


@command.command("role")
def _role(who: _Who, role: Annotated[str, typer.Argument(metavar="ROLE", help="What they may do from now on")]) -> None:
    """Change what a user may do, at once, also by keys and tokens they have.

    ::

        ara users role ada@example.org analyst
        ara users role ada@example.org admin --json
        ara users role bot@example.org service
    """
    _changed(lambda all_: all_.users.change(who, role=role))


@command.command("tier")
def _tier(who: _Who, tier: Annotated[str, typer.Argument(metavar="TIER", help="free, pro or enterprise")]) -> None:
    """Change how much a user may ask for.

    ::

        ara users tier ada@example.org pro
        ara users tier ada@example.org enterprise --json
        ara users tier bot@example.org free
    """
    _changed(lambda all_: all_.users.change(who, tier=tier))


@command.command("password")
def _password(who: _Who, *, piped: _Piped = False) -> None:
    """Give a user another password; every token they had is void.

    ::

        ara users password ada@example.org
        pass show ara/ada | ara users password ada@example.org --password-stdin
        ara users password ada@example.org --password-stdin --json < secret.txt
    """
    s = screen()
    given = password_of(s, piped=piped)
    _changed(lambda all_: all_.users.set_password(who, given))


@command.command("disable")
def _disable(who: _Who) -> None:
    """Shut an account at once, with keys and tokens; nothing is lost.

    ::

        ara users disable ada@example.org
        ara users disable ada@example.org --json
        ara users enable ada@example.org
    """
    _changed(lambda all_: all_.users.disable(who))


@command.command("enable")
def _enable(who: _Who) -> None:
    """Open an account again: keys are valid again, tokens from before are not.

    ::

        ara users enable ada@example.org
        ara users enable ada@example.org --json
        ara users disable ada@example.org
    """
    _changed(lambda all_: all_.users.enable(who))


@command.command("erase")
def _erase(who: _Who, *, yes: _Yes = False) -> None:
    """Forget a user for good, with keys and tokens; the audit log stays whole and no longer says who it was.

    ::

        ara users erase ada@example.org
        ara users erase ada@example.org --yes
        ara users erase u_mfrggzdfmztwq2lk --yes --json
    """
    s = screen()
    user = with_accounts(s, lambda all_: all_.users.get(who))
    if not s.confirm(f"Erase {user.email}, with all keys and tokens, for good?", yes=yes):
        raise CancelledError("Nothing was erased.", hint="Without a terminal, say --yes.")
    gone = with_accounts(s, lambda all_: all_.erase(user.id))
    s.result({"schema": 1, "erased": gone.id}, lambda: f"{gone.email} is erased.")


@command.command("log")
def _log(
    *,
    who: Annotated[str, typer.Option("--user", metavar="WHO", help="Only what is about this user")] = "",
    last: Annotated[str, typer.Option("--last", metavar="N", help="How many entries, the newest; 0 for all")] = "20",
    verify: Annotated[bool, typer.Option("--verify", help="Check that nothing was changed or taken out")] = False,
    export: Annotated[str, typer.Option("--export", metavar="FILE", help="Write a line of JSON for each entry")] = "",
) -> None:
    """Tell who did what: the audit log.

    ::

        ara users log
        ara users log --user ada@example.org --last 0
        ara users log --verify --export audit.jsonl
    """
    from ara.cli.commands.data.asked import counted
    from ara.cli.render.accounts import log_table

    s = screen()
    most = counted(last, "--last", least=0, most=10**9)
    found, check = with_accounts(s, lambda all_: _told(all_, who, verify=verify))
    shown = found[-most:] if most else found
    if export:
        _export(Path(export), found)
    data: dict[str, Any] = {"schema": 1, "entries": [one.as_dict() for one in shown], "verified": check and check.ok}
    s.result(data, lambda: log_table(shown, len(found), check, s))


async def _told(all_: "Accounts", who: str, *, verify: bool) -> "tuple[list[Seen], Verification | None]":
    check = await all_.audit.verify() if verify else None
    if check is not None and not check.ok:
        raise IntegrityError(check.words, hint="Somebody changed the log: compare it with a back-up.")
    person = (await all_.users.get(who)).id if who else None
    return [one async for one in all_.audit.read(person=person)], check


def _export(path: Path, found: "list[Seen]") -> None:
    import msgspec

    from ara.whole import write

    write(path, b"".join(msgspec.json.encode(one.as_dict()) + b"\n" for one in found), mode=0o600)


def _changed(change: Any) -> None:
    s = screen()
    user = with_accounts(s, change)
    state = ", and the account is shut" if user.disabled_at else ""
    words = f"{user.email} is {_a(user.role)}, with the tier {user.tier}{state}."
    s.result({"schema": 1, **user_facts(user)}, lambda: words)


def _a(role: str) -> str:
    return f"an {role}" if role[0] in "aeiou" else f"a {role}"
