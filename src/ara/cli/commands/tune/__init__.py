"""`ara tune`: find better parameters of a model, and keep how they were found."""

import typer

from ara.cli.commands.tune import look, run

__all__ = ["command"]

command = typer.Typer(
    help="""Find better parameters of a model on bars that its hold-out does not hold.

    ara tune run AAPL --model drift --trials 20

    ara tune status

    ara tune history drift

    A study is kept: asked again with the same bars it goes on where it was left. Its winner is a candidate like any
    other, and answers only once it is deployed: `ara models deploy`.
    """,
    add_completion=False,
    rich_markup_mode=None,
)
"""The group `ara tune`."""

command.command("run")(run.run)
command.command("status")(look.status)
command.command("history")(look.past)
