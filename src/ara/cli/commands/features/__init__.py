"""`ara features`: what models look at."""

import typer

from ara.cli.commands.features import build, clear, drift, look, select

__all__ = ["command"]

command = typer.Typer(
    help="""Build, list, explain and watch feature sets, and choose from them.

    ara features list

    ara features show ara-default

    ara features build ara-default AAPL MSFT --out features.parquet

    A feature set is a named list of indicators. Its id says what its numbers depend on: the same id and the same bars
    give the same numbers.
    """,
    add_completion=False,
    rich_markup_mode=None,
)
"""The group `ara features`."""

command.command("build")(build.build)
command.command("clear")(clear.clear)
command.command("drift")(drift.drift)
command.command("list")(look.list_sets)
command.command("select")(select.select)
command.command("show")(look.show)
