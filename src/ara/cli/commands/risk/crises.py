"""`ara risk stress`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ara.cli.screen import screen
from ara.cli.words import clean
from ara.errors import ValidationError

if TYPE_CHECKING:
    from ara.cli.commands.holdings import Held
    from ara.cli.render.crises import SeenCrises
    from ara.risk import Moves, Reverse, Scenario

__all__ = ["chosen", "led_by", "pasts", "stress"]

_DAYS = 1000
_LONGEST = 250


def stress(
    portfolio: Annotated[
        str, typer.Option("--portfolio", metavar="WEIGHTS", help="AAPL=0.5,MSFT=0.5; the rest is cash")
    ],
    scenario: Annotated[str, typer.Option("--scenario", metavar="NAMES", help="Only these, with commas between")] = "",
    file: Annotated[
        str, typer.Option("--file", metavar="FILE", help="Scenarios of your own, YAML or JSON, instead")
    ] = "",
    loss: Annotated[
        str, typer.Option("--loss", metavar="SHARE", help="Also the likeliest way to lose so much: 20%")
    ] = "",
    horizon: Annotated[str, typer.Option("--horizon", metavar="N", help="Days within which --loss is lost")] = "21",
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help="Use only what was public then")] = "",
) -> None:
    """Show what a portfolio would do in crises of the past, or in your own scenarios.

    ::

        ara risk stress --portfolio AAPL=0.5,BTC-USD=0.5
        ara risk stress --portfolio SPY=0.6,XAUUSD=0.4 --scenario covid_2020,crisis_2008
        ara risk stress --portfolio AAPL,MSFT --file own.yaml --loss 20% --json

    A scenario moves a few factors. A holding that it doesn't name follows the factor it was tied to most closely.
    """
    from ara.cli.commands.data.asked import counted
    from ara.cli.commands.holdings import held
    from ara.cli.commands.risk.asked import share
    from ara.cli.render.crises import SeenCrises, crises
    from ara.risk import stress as stressed

    s = screen()
    days, lost = counted(horizon, "--horizon", most=_LONGEST), share(loss, "--loss")
    wanted = chosen(scenario, file)
    held_ = held(s, portfolio, as_of=as_of, beside=led_by(wanted), spare=True)
    led = pasts(held_, wanted)
    found = sorted((stressed(held_.weights, one, led) for one in wanted), key=lambda one: one.change)
    seen = SeenCrises(held=held_, found=found, reverse=_reverse(held_, lost, days) if lost else None)
    s.result(_document(seen), lambda: crises(seen, s))


def chosen(names: str, file: str) -> "list[Scenario]":
    """Give the scenarios that are named, of a file or of the known ones; all where none is named."""
    from ara.risk import SCENARIOS, read_scenarios

    known = {one.name: one for one in read_scenarios(Path(file))} if file else SCENARIOS
    wanted = [one.strip() for one in names.split(",") if one.strip()] or list(known)
    if unknown := [one for one in wanted if one not in known]:
        raise ValidationError(
            f"There is no scenario {clean(unknown[0])[:40]!r}.", hint=f"There are: {', '.join(known)}."
        )
    return [known[one] for one in dict.fromkeys(wanted)]


def led_by(scenarios: "Sequence[Scenario]") -> list[str]:
    """Give the factors that scenarios move, each once."""
    return list(dict.fromkeys(symbol for one in scenarios for symbol in one.moves))


def pasts(held: "Held", scenarios: "Sequence[Scenario]") -> "dict[tuple[str, str], Moves]":
    """Give the common returns of each holding and each factor beside it that it may follow."""
    from ara.risk import aligned

    following = [one for one in held.bars if any(one.instrument.symbol not in each.moves for each in scenarios)]
    out = {}
    for factor in held.beside:
        name = factor.instrument.symbol
        for one in following:
            if one.instrument.symbol != name:
                try:
                    out[one.instrument.symbol, name] = aligned([one, factor]).last(_DAYS)
                except ValidationError:  # no day in common
                    continue
    return out


def _reverse(held: "Held", loss: float, days: int) -> "Reverse":
    import numpy as np

    from ara.risk import reverse_stress
    from ara.statistics import covariance

    weights = np.array(list(held.weights.values()))
    return reverse_stress(weights, covariance(held.moves.last(_DAYS).returns), loss=loss, horizon=days)


def _document(seen: "SeenCrises") -> dict[str, Any]:
    told = seen.reverse
    return {
        **seen.held.document(),
        "scenarios": [one.as_dict() for one in seen.found],
        "reverse": None
        if told is None
        else {
            "loss": told.loss,
            "horizon": told.horizon,
            "deviations": told.deviations,
            "chance_if_normal": told.chance,
            "moves": dict(zip(seen.held.weights, told.moves.tolist(), strict=True)),
        },
    }
