"""`ara jobs`: work that waits in a line, and the workers that do it."""

import typer

from ara.cli.commands.jobs import add, change, look, work

__all__ = ["command"]

command = typer.Typer(
    help="""Put trainings, back-tests, forecasts and upkeep into a line, once or again and again, and do them.

    ara jobs add tune run AAPL --model drift --trials 50

    ara jobs add --every 1d models review --act

    ara jobs work

    The line is kept in the store. Any number of workers share it; what one that was killed had begun is done by
    another.
    """,
    add_completion=False,
    rich_markup_mode=None,
)
"""The group `ara jobs`."""

command.command("add", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})(add.add)
command.command("list")(look.listing)
command.command("show")(look.show)
command.command("result")(look.result)
command.command("logs")(look.logs)
command.command("schedule")(look.schedule)
command.command("work")(work.work)
command.command("cancel")(change.cancel)
command.command("clear")(change.clear)
