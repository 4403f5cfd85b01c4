"""Crises on a terminal: what a portfolio would do in each, and the likeliest way to lose so much."""

from collections.abc import Sequence
from dataclasses import dataclass

from ara.cli.commands.holdings import Held
from ara.cli.render.data_table import Column, table
from ara.cli.render.numbers import percent
from ara.cli.render.risk import days_words, header
from ara.cli.screen import Screen
from ara.cli.words import clean, wrapped
from ara.risk import Reverse, Stressed, StressedHolding

__all__ = ["SeenCrises", "crises"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenCrises:
    """What is to be shown: the portfolio, each scenario with what it would do, the worst first, and the way back."""

    held: Held
    found: Sequence[Stressed]
    reverse: Reverse | None


def crises(seen: SeenCrises, s: Screen) -> str:
    """Give the answer, a table of scenarios, the worst one in detail, and the way to lose so much."""
    lines = header(seen.held, len(seen.held.moves), s)
    worst = seen.found[0]
    way = "lose" if worst.change < 0 else "gain"
    size = percent(abs(worst.change), signed=False)
    moved = f"In the worst of these it would {f'{way} {size}' if worst.change else 'stand still'}"
    told = f"{moved}: {clean(worst.scenario.words)}."
    if all(not one.factor for each in seen.found for one in each.holdings):
        told = "What these would do to it is not known: no factor is known to move anything that is held."
    lines += [*wrapped(told, s.width), ""]
    lines += table(
        [
            Column(head="scenario", cells=[one.scenario.name for one in seen.found]),
            Column(head="change", cells=[percent(one.change) for one in seen.found], right=True),
            Column(head="what it was", cells=[one.scenario.words for one in seen.found], leave=1),
        ],
        s,
    )
    lines += ["", *wrapped(f"In {clean(worst.scenario.name)}, each holding:", s.width), *_holdings(worst.holdings, s)]
    paint = s.palette()
    for name in dict.fromkeys(name for one in seen.found for name in one.unexplained):
        where = [one.scenario.name for one in seen.found if name in one.unexplained]
        told = f"{clean(name)} stands still in {', '.join(map(clean, where))}: no factor there is known to move it."
        lines += [paint(line, "warning") for line in wrapped(told, s.width)]
    if seen.reverse:
        lines += ["", *_reverse(seen, seen.reverse, s)]
    return "\n".join(lines)


def _holdings(holdings: Sequence[StressedHolding], s: Screen) -> list[str]:
    ordered = sorted(holdings, key=lambda one: one.contribution)
    return table(
        [
            Column(head="holding", cells=[one.symbol for one in ordered]),
            Column(head="move", cells=[percent(one.move) for one in ordered], right=True),
            Column(head="of the whole", cells=[percent(one.contribution) for one in ordered], right=True, leave=1),
            Column(head="led by", cells=[_led(one) for one in ordered], leave=2),
        ],
        s,
    )


def _led(one: StressedHolding) -> str:
    if not one.factor:
        return "nothing known"
    if one.beta is None or one.correlation is None:
        return "itself"
    return f"{one.beta:.2f} x {one.factor} (correlation {one.correlation:.2f})"


def _reverse(seen: SeenCrises, found: Reverse, s: Screen) -> list[str]:
    lost, within = percent(found.loss, 0, signed=False), days_words(found.horizon)
    odds = f"1 in {1 / found.chance:,.0f}" if found.chance > 1e-9 else "less than 1 in a billion"
    told = f"The likeliest way to lose {lost} within {within} is {found.deviations:.1f} deviations away"
    chance = f"({odds} were returns normal; tails are fatter)"
    moves = sorted(zip(seen.held.weights, found.moves.tolist(), strict=True), key=lambda one: one[1])
    each = ", ".join(f"{clean(name)} {percent(move)}" for name, move in moves[:8])
    return wrapped(f"{told} {chance}: {each}.", s.width)
