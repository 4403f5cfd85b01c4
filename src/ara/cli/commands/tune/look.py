"""`ara tune status` and `history`."""

from typing import TYPE_CHECKING, Annotated

import typer

from ara.cli.commands.tune.run import facts
from ara.cli.screen import Screen, screen

if TYPE_CHECKING:
    from ara.models.tuning import Tuned

__all__ = ["past", "status"]


def status(
    family: Annotated[str, typer.Argument(metavar="FAMILY", help="Only of this family")] = "",
) -> None:
    """List the studies: how many trials each has, and what the best of them saves.

    ::

        ara tune status
        ara tune status drift
        ara tune status --json
    """
    from ara.cli.render.tuning import table_of

    s = screen()
    found = [one for one in s.run(_all(s)) if not family or one.family == family.strip().lower()]
    told = [facts(one, trials=False) for one in found]
    s.result({"schema": 1, "studies": told}, lambda: table_of(found, s, family=family))


def past(
    study: Annotated[
        str, typer.Argument(metavar="STUDY", help="Its name or the beginning of it; needless where there is one alone")
    ] = "",
    limit: Annotated[str, typer.Option("--limit", "-n", metavar="N", help="Show the best so many")] = "10",
) -> None:
    """Show the trials of a study, the best first, and which parameters mattered.

    ::

        ara tune history drift
        ara tune history drift --limit 30
        ara tune history drift --json
    """
    from ara.cli.commands.data.asked import counted
    from ara.cli.render.tuning import trials_of

    s = screen()
    most = counted(limit, "--limit", most=10_000)
    found = s.run(_one(s, study))
    s.result({"schema": 1, **facts(found)}, lambda: trials_of(found, s, limit=most))


async def _all(s: Screen) -> "tuple[Tuned, ...]":
    from ara.desk import Desk
    from ara.prediction.tuning import kept_studies

    async with Desk.open(s.settings()) as desk:
        return await kept_studies(desk)


async def _one(s: Screen, name: str) -> "Tuned":
    from ara.desk import Desk
    from ara.prediction.tuning import kept_study

    async with Desk.open(s.settings()) as desk:
        return await kept_study(desk, name)
