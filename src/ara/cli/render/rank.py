"""Chances of fifths, and how good they were, on a terminal."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from ara.cli.render.data_table import Column, table
from ara.cli.render.evaluation import looked
from ara.cli.screen import Screen
from ara.cli.words import wrapped
from ara.prediction.rank import shares

if TYPE_CHECKING:
    from ara.performance.trials import Look
    from ara.prediction.rank import Exam, Ranked

__all__ = ["exam_told", "ranks"]

_RARE = 0.05

_HEADS = {"worst": 0, "2nd": 1, "middle": 3, "4th": 2, "best": 0}
"""What each fifth is called, and in which order they leave a narrow screen; the ends stay."""


def ranks(found: Sequence["Ranked"], horizon: int, s: Screen) -> str:
    """Give a line for each instrument, those with the best chances of the best fifth first."""
    ordered = sorted(found, key=lambda one: (-one.quintiles[-1], one.symbol))
    columns = [Column(head="symbol", cells=[one.symbol for one in ordered])]
    columns += [
        Column(head=head, cells=[f"{100 * one.quintiles[place]:.1f} %" for one in ordered], right=True, leave=leave)
        for place, (head, leave) in enumerate(_HEADS.items())
    ]
    head = (
        f"Chances to end in each fifth of these {len(found)} by the return over {_bars(horizon)} after {_days(found)}"
    )
    none = _nothing(len(found))
    said = f"{none} Who moves more is more often at both ends: that is no view of the direction."
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
    terms = "1 term" if len(found.terms) == 1 else f"{len(found.terms)} terms"
    said = (
        f"Ranked probability score over {terms} of {_bars(found.horizon)}: {found.score:.4f}, less is "
        f"better. No knowledge is {found.no_knowledge:.4f} (beaten in {found.better_than_nothing}). Normal draws, each "
        f"by its own last 250 bars and tied as these are: {found.plain:.4f} (beaten in {found.better_than_plain}"
        f"{_chance(found.p)}); {_lead(found)}."
    )
    lines = [*wrapped(said, s.width), *table(columns, s), *wrapped(looked(look), s.width)]
    return "\n".join(lines)


def _bars(horizon: int) -> str:
    return "1 bar" if horizon == 1 else f"{horizon} bars"


def _days(found: Sequence["Ranked"]) -> str:
    """Say of which day the last closes are, or from which to which."""
    days = sorted({(one.as_of - timedelta.resolution).date() for one in found})  # a coin's day is over at midnight
    return str(days[0]) if len(days) == 1 else f"{days[0]} to {days[-1]}"


def _nothing(count: int) -> str:
    """Say what chances are no knowledge: 20 % each, but where five don't divide the instruments."""
    parts = shares(count)
    if len(set(parts)) == 1:
        return f"Without knowledge, each chance is {100 * parts[0]:.0f} %."
    *most, last = (f"{100 * part:.1f} %" for part in parts)
    parted = f"{count} can't be parted into five of one size: without knowledge, the chances are"
    return f"{parted} {', '.join(most)} and {last}."


def _lead(found: "Exam") -> str:
    """Say whether anything was known, and more than who moves how much."""
    if found.score >= found.no_knowledge:
        return "so nothing was known here"
    if found.score >= found.plain:
        return "nothing is gained over these here"
    sure = found.p is not None and found.p < _RARE
    return "the lead over these is beyond chance" if sure else "the lead over these may be chance"


def _chance(p: float | None) -> str:
    return "" if p is None else f", p {p:.3f}"
