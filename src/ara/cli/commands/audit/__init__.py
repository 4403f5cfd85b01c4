"""`ara audit`: proof that nothing knows the future."""

from typing import Annotated

import typer

from ara.cli.commands.audit import data, features, forecast, model, placebo, strategy
from ara.errors import ValidationError

__all__ = ["command"]

command = typer.Typer(
    help="""Look for leaks: for values that nobody could have known at their time.

    ara audit features ara-default

    ara audit features my_package.features:make AAPL

    ara audit model har_t

    ara audit forecast --bars bars.parquet --cmd "ara forecast --bars {bars} --origins {origins} --out {out}"

    ara audit data bars.parquet

    ara audit strategy momentum
    """,
    add_completion=False,
    rich_markup_mode=None,
)
"""The group `ara audit`."""


@command.callback(invoke_without_command=True)
def _group(
    context: typer.Context,
    *,
    made: Annotated[
        bool, typer.Option("--placebo", help="Make placebo markets of --bars in --out, as `ara audit placebo` does")
    ] = False,
    bars: Annotated[str, typer.Option("--bars", metavar="FILE", help="With --placebo: bars of instruments")] = "",
    out: Annotated[str, typer.Option("--out", metavar="DIR", help="With --placebo: where the markets go")] = "",
) -> None:
    """Look for leaks: for values that nobody could have known at their time."""
    alone = context.invoked_subcommand is None
    if made and alone and bars and out:
        placebo.placebo(bars, out)
    elif made or bars or out or alone:
        raise ValidationError(
            "Nothing is audited by that; --placebo goes with --bars FILE and --out DIR, and with no command.",
            hint="See ara audit --help",
        )


command.command("features")(features.features)
"""`ara audit features`."""

command.command("model")(model.model)
"""`ara audit model`."""

command.command("forecast")(forecast.forecast)
"""`ara audit forecast`."""

command.command("data")(data.data)
"""`ara audit data`."""

command.command("strategy")(strategy.strategy)
"""`ara audit strategy`."""

command.command("placebo")(placebo.placebo)
"""`ara audit placebo`."""
