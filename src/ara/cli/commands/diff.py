"""`ara diff`."""

from typing import TYPE_CHECKING, Annotated

import typer

from ara.cli.screen import Screen, screen

if TYPE_CHECKING:
    from ara.prediction.difference import Change

__all__ = ["command"]


def command(
    one: Annotated[str, typer.Argument(metavar="ID1", help="The first characters of a forecast's id")],
    two: Annotated[str, typer.Argument(metavar="ID2", help="Those of a later one, or of another model's")],
) -> None:
    """Say what moved one forecast to another, and by how much.

    ::

        ara diff 7f3a9c 81d2e0
        ara diff 7f3a9c 81d2e0 --json
        ara diff 7f3a9c 81d2e0 --width 100

    Both are computed again; between them data, features, model and settings are replaced one after the other, so that
    the moves add up to the whole.
    """
    from ara.cli.render.replay import changed

    s = screen()
    with s.progress("Computing both again"):
        found = s.run(_asked(s, one.strip().lower(), two.strip().lower()))
    s.result({"schema": 1, **found.as_dict()}, lambda: changed(found, s))


async def _asked(s: Screen, one: str, two: str) -> "Change":
    from ara.desk import Desk
    from ara.prediction.difference import change

    async with Desk.open(s.settings()) as desk:
        return await change(desk, one, two)
