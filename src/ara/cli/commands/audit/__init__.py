"""`ara audit`: proof that nothing knows the future."""

import typer

from ara.cli.commands.audit import features

__all__ = ["command"]

command = typer.Typer(
    help="""Look for leaks: for values that nobody could have known at their time.

    ara audit features ara-default

    ara audit features my_package.features:make AAPL

    ara audit features planted
    """,
    add_completion=False,
    rich_markup_mode=None,
)
"""The group `ara audit`."""


@command.callback()
def _group() -> None:
    """Look for leaks: for values that nobody could have known at their time."""


command.command("features")(features.features)
