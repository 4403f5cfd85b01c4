"""`ara data`: everything about bars, from where they come to where they go."""

import typer

from ara.cli.commands.data import bring, cached, judge, look, safe, take, undo

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

command.command("fetch")(bring.fetch)
command.command("update")(bring.update)
command.command("import")(bring.import_files)
command.command("withdraw")(undo.withdraw)
command.command("list")(look.catalogue)
command.command("show")(look.show)
command.command("check")(judge.check)
command.command("why")(look.why)
command.command("query")(take.query)
command.command("export")(take.export)
command.command("backup")(safe.backup)
command.command("restore")(safe.restore)
command.add_typer(cached.cache, name="cache")
command.command("sources")(look.sources)
