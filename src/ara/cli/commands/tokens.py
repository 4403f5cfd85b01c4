"""`ara tokens`: the tokens of people who logged in, and the keys by which they are signed."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ara.cli.commands.accounts import with_accounts
from ara.cli.screen import screen

if TYPE_CHECKING:
    from ara.accounts import Accounts

__all__ = ["command"]

command = typer.Typer(
    help="""Log users out, and rotate the keys by which tokens are signed.

    ara tokens revoke ada@example.org

    ara tokens rotate

    ara tokens keys --json
    """,
    add_completion=False,
    rich_markup_mode=None,
)
"""The group `ara tokens`."""


@command.command("revoke")
def _revoke(who: Annotated[str, typer.Argument(metavar="WHO", help="E-mail address, or id")]) -> None:
    """Log a user out everywhere: all their tokens are void, keys are not.

    ::

        ara tokens revoke ada@example.org
        ara tokens revoke u_mfrggzdfmztwq2lk
        ara tokens revoke ada@example.org --json
    """
    s = screen()
    user = with_accounts(s, lambda all_: all_.log_out(who))
    words = f"{user.email} is logged out everywhere. Keys stay valid: ara keys list {user.email}"
    s.result({"schema": 1, "user": user.id}, lambda: words)


@command.command("rotate")
def _rotate() -> None:
    """Sign by another key from now on; what the old one signed stays valid to its end.

    ::

        ara tokens rotate
        ara tokens rotate --json
        ara tokens keys
    """
    s = screen()

    async def rotated(all_: "Accounts") -> str:
        return (await all_.tokens.signing.rotate()).id

    made = with_accounts(s, rotated)
    s.result({"schema": 1, "kid": made}, lambda: f"Tokens are signed by the key {made} now.")


@command.command("keys")
def _keys() -> None:
    """Print the public halves of the signing keys as a JSON Web Key Set, by which others check tokens.

    ::

        ara tokens keys
        ara tokens keys --json
        ara tokens keys --json | jq .keys
    """
    s = screen()
    found: dict[str, Any] = with_accounts(s, lambda all_: all_.tokens.signing.published())
    lines = [f"  {one['kid']}  {one['alg']}  {one['x']}" for one in found["keys"]]
    empty = "No token was signed yet, so there is no key."
    s.result({"schema": 1, **found}, lambda: "\n".join(lines) or empty)


@command.command("clean")
def _clean() -> None:
    """Forget tokens and failures to log in that are over; they count for nothing.

    ::

        ara tokens clean
        ara tokens clean --json
        ara jobs list
    """
    s = screen()

    async def cleaned(all_: "Accounts") -> int:
        return await all_.tokens.clean() + await all_.guard.clean() + await all_.oauth.codes.clean()

    count = with_accounts(s, cleaned)
    s.result({"schema": 1, "cleaned": count}, lambda: f"{count} {'is' if count == 1 else 'are'} forgotten.")
