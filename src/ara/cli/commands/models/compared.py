"""`ara models compare`."""

from typing import Annotated

import typer

from ara.cli.commands.models.asked import with_registry
from ara.cli.screen import screen

__all__ = ["compare"]


def compare(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help="Models, or an instrument: all that learned from it")
    ] = None,
    models: Annotated[
        str, typer.Option("--models", "-m", metavar="NAMES", help="More models, separated by commas", hidden=True)
    ] = "",
    metric: Annotated[
        str, typer.Option("--metric", metavar="METRIC", help="Sort by skill, coverage or speed of training")
    ] = "skill",
) -> None:
    """Compare models by how they did beside the baseline on bars they did not know.

    ::

        ara models compare AAPL
        ara models compare har_t@1 har_t@2
        ara models compare AAPL --metric coverage --json

    Only models that were judged by the same bars can be set against each other; where they were not, it says so. Those
    that can't be told from the best by the model confidence set come first.
    """
    from ara.cli.render.models import comparison
    from ara.models.registry.comparing import compared

    s = screen()
    wanted = [*(names or []), *(one for one in models.split(",") if one.strip())]
    found = with_registry(s, lambda registry: compared(registry, wanted, metric=metric, what="--metric"))
    s.result(found.as_dict(), lambda: comparison(found.models, s, same=found.same, ranked=found.ranked))
