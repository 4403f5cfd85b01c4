"""`ara features clear`: features that nobody needs any more leave the lake."""

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from ara.cli.commands.data.asked import counted, lake
from ara.cli.screen import screen
from ara.cli.words import wrapped
from ara.errors import CancelledError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ara.prediction.kept import Idle

__all__ = ["clear"]


def clear(
    unused: Annotated[str, typer.Option("--unused", metavar="N", help="What was not used for so many days")] = "90",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask")] = False,
) -> None:
    """Delete features that were kept in the lake and are out of date or out of use.

    ::

        ara features clear
        ara features clear --unused 30 --yes

    Out of date are those of a shipped set that has other features now. Nothing is lost: features are made of bars, and
    bars stay; what is asked for again is computed again.
    """
    from ara.clock import SystemClock
    from ara.prediction.kept import drop, idle

    s = screen()
    span = timedelta(days=counted(unused, "--unused", most=36_500))
    kept = lake(s, "ara features clear")
    try:
        found = idle(kept, now=SystemClock().now(), unused=span) if (kept.folder / "gold").is_dir() else []
        words = _told(found)
        if found:
            if not s.confirm(f"Delete {words}?", yes=yes):
                raise CancelledError("Nothing was deleted.", hint="Without a terminal, say --yes.")
            drop(kept, found)
    finally:
        kept.close()
    dropped = [{"name": one.name, "version": one.version, "rows": one.rows, "reason": one.reason} for one in found]
    said = f"Deleted {words}." if found else "Nothing to delete: all features that are kept are in use."
    s.result({"schema": 1, "dropped": dropped}, lambda: "\n".join(wrapped(said, s.width)))


def _told(found: "Sequence[Idle]") -> str:
    """Say how much may go, and why."""
    rows = sum(one.rows for one in found)
    counts = Counter("of a set that has changed" if "changed" in one.reason else "not used lately" for one in found)
    why = ", ".join(f"{count:,} {reason}" for reason, count in sorted(counts.items()))
    return f"{len(found):,} block{'s' * (len(found) != 1)} of features with {rows:,} rows ({why})"
