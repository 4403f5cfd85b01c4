"""`ara replay`."""

from typing import TYPE_CHECKING, Annotated

import typer

from ara.cli.screen import Screen, screen
from ara.errors import IntegrityError

if TYPE_CHECKING:
    from ara.prediction.replay import Replay

__all__ = ["command"]


def command(
    prefix: Annotated[str, typer.Argument(metavar="ID", help="The first characters of a forecast's id")],
) -> int:
    """Compute a kept forecast again, offline, and compare every byte.

    ::

        ara replay 7f3a9c
        ara replay 7f3a9c --json
        ara replay 7f3a9c --quiet

    From the bars as they were known and learned when it was made, by the model that answered. What is not as it was is
    named, and the exit code is 7.
    """
    from ara.cli.render.replay import replayed

    s = screen()
    with s.progress("Computing it again"):
        found = s.run(_asked(s, prefix.strip().lower()))
    code = 0 if found.ok else IntegrityError.exit_code
    s.result({"schema": 1, **found.as_dict(), "exit_code": code}, lambda: replayed(found, s))
    return code


async def _asked(s: Screen, prefix: str) -> "Replay":
    from ara.desk import Desk
    from ara.prediction.replay import replay

    async with Desk.open(s.settings()) as desk:
        return await replay(desk, prefix)
