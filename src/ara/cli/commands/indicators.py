"""`ara indicators`."""

from typing import Annotated

import typer

from ara.cli.commands.indicator_values import also, compute
from ara.cli.screen import screen

__all__ = ["command"]

command = typer.Typer(
    help="""List, explain and compute indicators.

    ara indicators list momentum

    ara indicators show rsi

    ara indicators compute rsi AAPL
    """,
    add_completion=False,
    rich_markup_mode=None,
)
"""`ara indicators`: the group of `list`, `show` and `compute`."""


@command.command("list")
def _list(
    family: Annotated[str, typer.Argument(metavar="FAMILY", help="Only one family, such as trend")] = "",
    search: Annotated[
        str, typer.Option("--search", metavar="TEXT", help="Only those that have it in name or words")
    ] = "",
) -> None:
    """List the indicators by family, each with what it says.

    ::

        ara indicators list
        ara indicators list momentum
        ara indicators list cross
        ara indicators list --search volume --json

    Those of the family cross compare many instruments: ara features build cross AAPL MSFT QQQ
    """
    from ara.cli.render.indicators import listed
    from ara.features.described import chosen, document

    s = screen()
    found = chosen(family, search)
    s.result(document(found), lambda: listed(found, s))


@command.command("show")
def _show(name: Annotated[str, typer.Argument(metavar="INDICATOR", help="What the indicator is called")]) -> None:
    """Explain one indicator: what it says, formula, parameters, range, warm-up, reference.

    ::

        ara indicators show rsi
        ara indicators show macd --width 100
        ara indicators show supertrend --json
    """
    from ara.cli.render.indicators import shown
    from ara.features import catalogue
    from ara.features.described import all_families, described, item_of

    s = screen()
    wanted = name.strip().lower()
    crossed = all_families()["cross"]
    if set(wanted) & set("@:") and "(" not in wanted:
        found = item_of(name).found  # as a column is called, such as beta:QQQ or rsi@1w
    else:
        found = crossed[wanted] if wanted in crossed else catalogue.get(wanted)
    data = {"schema": 1, **described(found), "also": also(s, wanted)}
    s.result(data, lambda: shown(found.spec, s))


command.command("compute")(compute)
