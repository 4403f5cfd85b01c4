"""Chances of fifths, and how good they were, on a terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ara.cli.render.data_table import Column, table
from ara.cli.render.evaluation import looked
from ara.cli.screen import Screen
from ara.cli.words import wrapped

if TYPE_CHECKING:
    from ara.performance.trials import Look
    from ara.prediction.rank import Exam, Ranked

__all__ = ["exam_told", "ranks"]

_HEADS = ("worst", "2nd", "middle", "4th", "best")


def ranks(found: Sequence["Ranked"], horizon: int, s: Screen) -> str:
    """Give a line for each instrument, those with the best chances of the best fifth first."""
    ordered = sorted(found, key=lambda one: (-one.quintiles[-1], one.symbol))
    columns = [Column(head="symbol", cells=[one.symbol for one in ordered])]
    columns += [
        Column(head=head, cells=[f"{100 * one.quintiles[place]:.1f} %" for one in ordered], right=True)
        for place, head in enumerate(_HEADS)
    ]
    bars = "1 bar" if horizon == 1 else f"{horizon} bars"
    head = f"Chances to end in each fifth of these {len(found)} by the return over {bars}"
    said = "20 % each is no knowledge. Who moves more is more often at both ends: that is no view of the direction."
    return "\n".join([*(s.palette()(line, "strong") for line in wrapped(head, s.width)), *table(columns, s),
                      *wrapped(said, s.width)])  # fmt: skip


def exam_told(found: "Exam", look: "Look", s: Screen) -> str:
    """Give the score of each term, and their mean beside the references."""
    columns = [
        Column(head="from", cells=[f"{one.start:%Y-%m-%d}" for one in found.terms]),
        Column(head="symbols", cells=[str(one.symbols) for one in found.terms], right=True, leave=1),
        Column(head="score", cells=[f"{one.score:.4f}" for one in found.terms], right=True),
        Column(head="plain", cells=[f"{one.plain:.4f}" for one in found.terms], right=True),
    ]
    better = sum(one.score < 0.16 for one in found.terms)
    said = (
        f"Ranked probability score over {len(found.terms)} terms of {found.horizon} bars: {found.score:.4f}, less is "
        f"better. No knowledge is 0.1600 (beaten in {better}), normal draws by 250 bars' deviations {found.plain:.4f} "
        f"(beaten in {found.better_than_plain}{_chance(found.p)})."
    )
    lines = [*wrapped(said, s.width), *table(columns, s), *wrapped(looked(look), s.width)]
    return "\n".join(lines)


def _chance(p: float | None) -> str:
    return "" if p is None else f", p {p:.3f}"
