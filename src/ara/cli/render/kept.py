"""When to trade back to the same weights, on a terminal: what each rule cost, and how near it kept them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ara.cli.commands.holdings import Held, portfolio_words
from ara.cli.render.data_table import Column, table
from ara.cli.render.numbers import long_day, percent
from ara.cli.screen import Screen
from ara.cli.words import wrapped
from ara.portfolio import Kept
from ara.risk import Moves

__all__ = ["SeenKept", "rules"]

_MEANING: Final = {
    "tracking": "the deviation of a year from weights put right each day at no cost",
    "farthest": "the most that a weight was off",
    "fifo": "what sales gained by the oldest lots, as a share of the beginning",
    "hifo": "what sales gained by the lots that cost most, as a share of the beginning",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenKept:
    """What is to be shown: the weights, the days, each rule, the cost of what is traded."""

    held: Held
    moves: Moves
    found: Sequence[Kept]
    cost: float


def rules(seen: SeenKept, s: Screen) -> str:
    """Give which rule kept nearest for its cost, and all of them, the cheapest first."""
    paint = s.palette()
    ordered = sorted(seen.found, key=lambda one: (one.turnover, one.tracking))
    lines = [paint(line, "strong") for line in wrapped(_answer(seen, ordered), s.width)]
    span = f"{portfolio_words(seen.held.weights)}: {len(seen.moves):,} days, {long_day(seen.moves.dates[0])} to "
    span += f"{long_day(seen.moves.dates[-1])}; {percent(seen.cost, 2, signed=False)} of what is traded"
    lines += [*(paint(line, "quiet") for line in wrapped(span, s.width)), ""]
    for note in seen.held.warnings(len(seen.moves)):
        lines += [paint(line, "warning") for line in wrapped(note, s.width)]

    def size(values: Sequence[float], digits: int = 1) -> list[str]:
        return [percent(one, digits, signed=False) for one in values]

    rows = table(
        [
            Column(head="rule", cells=[one.rule for one in ordered]),
            Column(head="trades", cells=[f"{one.trades:,}" for one in ordered], right=True),
            Column(head="turnover a year", cells=size([one.turnover for one in ordered]), right=True),
            Column(head="costs a year", cells=size([one.costs for one in ordered], 3), right=True, leave=2),
            Column(head="tracking", cells=size([one.tracking for one in ordered], 2), right=True),
            Column(head="farthest", cells=size([one.farthest for one in ordered]), right=True, leave=3),
            Column(head="a year", cells=[_share(one.measures.cagr) for one in ordered], right=True, leave=1),
            Column(head="varies", cells=[_share(one.measures.volatility, signed=False) for one in ordered],
                   right=True, leave=4),
            Column(head="fifo", cells=[percent(one.gains["fifo"]) for one in ordered], right=True, leave=5),
            Column(head="hifo", cells=[percent(one.gains["hifo"]) for one in ordered], right=True, leave=5),
        ],
        s,
    )  # fmt: skip
    shown = "; ".join(f"{name}: {words}" for name, words in _MEANING.items() if name in rows[0])
    meaning = wrapped(f"{shown[:1].upper()}{shown[1:]}.", s.width)
    return "\n".join([*lines, *rows, "", *(paint(line, "quiet") for line in meaning)])


def _answer(seen: SeenKept, ordered: Sequence[Kept]) -> str:
    near = min(ordered, key=lambda one: (one.tracking, one.turnover))
    idle = ordered[0]
    if near is idle:
        return f"By {near.rule} the weights were kept nearest, and nothing costs less."
    told = f"By {near.rule} the weights were kept nearest: {percent(near.tracking, 2, signed=False)} a year apart, for "
    told += f"{percent(near.turnover, signed=False)} turned over; by {idle.rule} "
    return f"{told}{percent(idle.tracking, 2, signed=False)} apart, for {percent(idle.turnover, signed=False)}."


def _share(value: float | None, *, signed: bool = True) -> str:
    return "-" if value is None else percent(value, signed=signed)
