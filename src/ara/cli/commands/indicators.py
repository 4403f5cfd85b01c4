"""`ara indicators`."""

import math
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ara.cli.commands.indicator_values import also, compute, parsed
from ara.cli.screen import screen
from ara.errors import ValidationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ara.features import Indicator
    from ara.features.cross import PanelFeature

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
    from ara.features import catalogue

    s = screen()
    families: Mapping[str, Mapping[str, Indicator | PanelFeature]] = {**catalogue.families(), **_crossed()}
    if family and family not in families:
        raise ValidationError(f"There is no family {family!r:.40}.", hint=f"There are: {', '.join(families)}.")
    wanted = search.casefold()
    chosen = {
        name: [one for one in members.values() if wanted in f"{one.spec.name} {one.spec.words}".casefold()]
        for name, members in families.items()
        if not family or name == family
    }
    data = {
        "schema": 1,
        "count": sum(map(len, chosen.values())),
        "families": {name: [_facts(one) for one in members] for name, members in chosen.items() if members},
    }
    s.result(data, lambda: listed(chosen, s))


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

    s = screen()
    wanted = name.strip().lower()
    crossed = _crossed()["cross"]
    if set(wanted) & set("@:") and "(" not in wanted:
        found = parsed(name).found  # as a column is called, such as beta:QQQ or rsi@1w
    else:
        found = crossed[wanted] if wanted in crossed else catalogue.get(wanted)
    data = {"schema": 1, **_facts(found), "also": also(s, wanted)}
    s.result(data, lambda: shown(found.spec, s))


command.command("compute")(compute)


def _crossed() -> "Mapping[str, Mapping[str, PanelFeature]]":
    """Give the features of many instruments, as a family beside those of one."""
    from ara.features import cross

    return {"cross": {name: cross.get(name) for name in cross.names()}}


def _facts(found: "Indicator | PanelFeature") -> dict[str, Any]:
    spec = found.spec
    chosen = spec.resolve({})
    return {
        "name": spec.name,
        "words": spec.words,
        "formula": spec.formula,
        "reference": spec.reference,
        "inputs": list(spec.inputs),
        "outputs": {name: [_number(value) for value in spec.bounds[name]] for name in spec.outputs},
        "scale": spec.scale.value,
        "warmup": spec.warmup(**chosen),
        "memory": found.memory(**chosen),
        "params": {
            name: {
                "default": one.default,
                "low": one.low,
                "high": _number(one.high),
                "whole": one.whole,
                "words": one.words,
            }
            for name, one in spec.params.items()
        },
    }


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
