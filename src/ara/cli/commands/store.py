"""`ara store`: at which step the tables of the store are, and how they get to another."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ara.cli.screen import Screen, screen
from ara.cli.words import wrapped

if TYPE_CHECKING:
    from ara.store import Standing, Store

__all__ = ["command"]

command = typer.Typer(
    help="""Show at which step the tables of the store are, and bring them to another.

    ara store status

    ara store migrate

    ara store migrate --to 0001
    """,
    add_completion=False,
    rich_markup_mode=None,
)
"""The group `ara store`."""


@command.command("status")
def _status() -> None:
    """Say at which step the tables are, and what is still to be done.

    ::

        ara store status
        ara store status --json
        ara store status --set store.url=postgresql://ara@10.0.0.5/ara
    """
    from ara.store import standing

    s = screen()
    found = _asked(s, standing)
    s.result(_facts(found), lambda: _shown(_told(found), s))


@command.command("migrate")
def _migrate(
    to: Annotated[str, typer.Option("--to", metavar="STEP", help="The step; left out: the newest")] = "",
) -> None:
    """Bring the tables to the newest step, or back to an older one.

    Whole or not at all, and once, whoever does it at the same time. Go back only before an
    older Ara is installed again: this one brings them forward on first use.

    ::

        ara store migrate
        ara store migrate --to 0001
        ara store migrate --json
    """
    from ara.store import migrate

    s = screen()
    with s.progress("Migrating"):
        done = _asked(s, lambda store: migrate(store, to.strip()))
    before = f"from step {done.before}" if done.before else "from nothing"
    words = f"The tables are at step {done.step}"
    words += ", as they were." if done.before == done.step else f" now, {before}. Nothing that is kept was changed."
    if done.waiting:
        words += " This Ara brings them forward again on first use: install the older one now."
    s.result(_facts(done), lambda: _shown(words, s))


def _asked(s: Screen, ask: "Callable[[Store], Awaitable[Standing]]") -> "Standing":
    async def asked() -> "Standing":
        from ara.desk import Desk

        async with Desk.open(s.settings()) as desk:
            return await ask(desk.store)

    return s.run(asked())


def _facts(found: "Standing") -> dict[str, Any]:
    return {
        "schema": 1,
        "step": found.step or None,
        "newest": found.newest,
        "before": found.before or None,
        "waiting": list(found.waiting),
        "newer": found.newer,
    }


def _told(found: "Standing") -> str:
    if found.newer:
        return (
            f"The tables were made by a newer Ara: their step is {found.step}, this one knows up to {found.newest}. "
            "Update Ara, or use another store."
        )
    if not found.waiting:
        return f"The tables are at step {found.step}, the newest."
    where = f"The tables are at step {found.step}" if found.step else "The tables are not made yet"
    return f"{where}; {', '.join(found.waiting)} to do. That happens on first use, or now: ara store migrate"


def _shown(words: str, s: Screen) -> str:
    return "\n".join(wrapped(words, s.width))
