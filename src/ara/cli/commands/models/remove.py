"""`ara models delete`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ara.cli.commands.models.asked import with_registry
from ara.cli.screen import Screen, screen
from ara.cli.words import wrapped
from ara.errors import CancelledError, ValidationError

if TYPE_CHECKING:
    from ara.models.registry import Kept, Registry
    from ara.models.registry.stages import Cleaned

__all__ = ["delete"]


def delete(
    model: Annotated[str, typer.Argument(metavar="NAME", help="har_t@1, or the first characters of an id")] = "",
    unused: Annotated[
        bool, typer.Option("--unused", help="All that are archived and that no kept forecast was made with")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", "--force", "-f", help="Do not ask")] = False,
) -> None:
    """Remove a model for good; never a champion, and never one that a kept forecast was made with.

    ::

        ara models delete har_t@1
        ara models delete --unused
        ara models delete --unused --yes --json
    """
    s = screen()
    if bool(model) is unused:
        raise ValidationError("Name one model, or say --unused.", hint="See: ara models list")
    if unused:
        _clean(s, yes=yes)
        return
    kept = with_registry(s, lambda registry: registry.find(model))
    if not s.confirm(f"{kept.name} ({kept.id[:8]}) will be gone for good. Remove it?", yes=yes):
        raise CancelledError("Nothing was removed.", hint="Without a terminal, say --yes.")
    with_registry(s, lambda registry: _deleted(registry, kept))
    data: dict[str, Any] = {"schema": 1, "removed": [kept.as_dict()], "needed": [], "leftovers": 0}
    s.result(data, lambda: f"{kept.name} is gone.")


async def _deleted(registry: "Registry", kept: "Kept") -> None:
    from ara.models.registry.stages import delete as remove

    await remove(registry, kept)


async def _cleaned(registry: "Registry") -> "Cleaned":
    from ara.models.registry.stages import clean

    return await clean(registry)


def _clean(s: Screen, *, yes: bool) -> None:
    if not s.confirm("All archived models that no kept forecast was made with will be gone. Remove them?", yes=yes):
        raise CancelledError("Nothing was removed.", hint="Without a terminal, say --yes.")
    done = with_registry(s, _cleaned)
    data = {
        "schema": 1,
        "removed": [one.as_dict() for one in done.removed],
        "needed": [one.as_dict() for one in done.needed],
        "leftovers": done.leftovers,
    }
    s.result(data, lambda: "\n".join(wrapped(_said(done), s.width)))


def _said(done: "Cleaned") -> str:
    gone = ", ".join(one.name for one in done.removed)
    said = f"Removed: {gone}." if gone else "There was no unused model."
    if done.leftovers:
        said += f" {done.leftovers} unfinished folders were removed too."
    if done.needed:
        said += f" Kept, since the ledger holds forecasts made with them: {', '.join(one.name for one in done.needed)}."
    return said
