"""`ara data`: everything about bars, from where they come to where they go."""

import typer

from ara.cli.commands.data.bring import fetch, import_files, update
from ara.cli.commands.data.cached import cache
from ara.cli.commands.data.judge import check
from ara.cli.commands.data.look import catalogue, show, sources, why
from ara.cli.commands.data.safe import backup, restore
from ara.cli.commands.data.take import export, query

__all__ = ["command"]

command = typer.Typer(
    help="""Fetch, look at, check and keep market data.

    ara data fetch AAPL --from 2015-01-01

    ara data list

    ara data why AAPL 2020-08-28

    Every bar is kept as it was published, with its source, the time when it was public and the time when it was
    received. Nothing is ever overwritten: a correction is a new row.
    """,
    add_completion=False,
    rich_markup_mode=None,
)
"""The group `ara data`."""

command.command("fetch")(fetch)
command.command("update")(update)
command.command("import")(import_files)
command.command("list")(catalogue)
command.command("show")(show)
command.command("check")(check)
command.command("why")(why)
command.command("query")(query)
command.command("export")(export)
command.command("backup")(backup)
command.command("restore")(restore)
command.add_typer(cache, name="cache")
command.command("sources")(sources)
