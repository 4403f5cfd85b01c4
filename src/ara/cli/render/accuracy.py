"""How the ledger's forecasts did, as tables on a terminal and as a page."""

from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ara import whole
from ara.cli.render.data_table import Column, table
from ara.cli.render.numbers import bars_ahead
from ara.cli.screen import Screen
from ara.cli.words import wrapped
from ara.market.timeframe import Timeframe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ara.prediction.accuracy import Accuracy, Report
    from ara.prediction.challengers import Challenger

__all__ = ["page", "reported", "written"]

_STYLE: Final = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 68rem; margin: 2rem auto; padding: 0 1rem; color: #1d2430;
background: #ffffff; } .wide { overflow-x: auto; } table { border-collapse: collapse;
font-variant-numeric: tabular-nums; } th, td { text-align: right; padding: .2rem .8rem .2rem 0;
border-bottom: 1px solid #c9ced6; white-space: nowrap; } th:first-child, td:first-child { text-align: left; }
@media (prefers-color-scheme: dark) { body { color: #e6e9ee; background: #15181d; } }
"""

_FIGURES: Final[tuple[tuple[str, Callable[["Accuracy"], str], int], ...]] = (
    ("outcomes", lambda one: f"{one.outcomes:,}", 0),
    ("days", lambda one: f"{one.days:,}", 5),
    ("in 80 %", lambda one: _percent(one.inside_80), 0),
    ("95 %", lambda one: _range(one.inside_80_low, one.inside_80_high), 3),
    ("said sure, did", lambda one: f"{_percent(one.sure)}, {_percent(one.usual)}", 4),
    ("side right", lambda one: _percent(one.up), 6),
    ("better than ewma_t", lambda one: _percent(one.skill, sign=True), 1),
    ("95 % ", lambda one: _range(one.skill_low, one.skill_high, sign=True), 2),
)
"""A column's head, its cells, and how early it leaves a narrow screen: an interval before the figure that it is of."""


_BESIDE: Final[tuple[tuple[str, Callable[["Challenger"], str], int], ...]] = (
    ("outcomes", lambda one: f"{one.outcomes:,}", 0),
    ("apart", lambda one: f"{one.apart:,}", 2),
    ("in 80 %", lambda one: _percent(one.inside_80), 0),
    ("of the given", lambda one: _percent(one.served_inside_80), 1),
    ("better than the given", lambda one: _percent(one.less, sign=True), 0),
)
_SHADOW: Final = "in the shadow"


def reported(found: "Report", s: Screen, beside: "Sequence[Challenger]" = ()) -> str:
    """Give a table for each way to tell outcomes apart, one of models in the shadow, and what they prove."""
    if not found.rows:
        return "\n".join(wrapped(_none(found), s.width))
    paint, lines = s.palette(), list[str]()
    for group in dict.fromkeys(one.group for one in found.rows):
        rows = [one for one in found.rows if one.group == group]
        columns = [Column(head=group, cells=[_name(one) for one in rows])]
        columns += [
            Column(head=head, cells=[cell(one) for one in rows], right=True, leave=leave)
            for head, cell, leave in _FIGURES
        ]
        lines += [*table(columns, s), ""]
    if beside:
        columns = [Column(head=_SHADOW, cells=[one.model for one in beside])]
        columns += [
            Column(head=head, cells=[cell(one) for one in beside], right=True, leave=leave)
            for head, cell, leave in _BESIDE
        ]
        lines += [*table(columns, s), ""]
    return "\n".join([*lines, *(paint(line, "quiet") for line in wrapped(_worth(found), s.width))])


def _name(one: "Accuracy") -> str:
    """Name a row; a horizon with what it counts: days, weeks, or bars of a length."""
    if one.group != "horizon" or one.timeframe is None:
        return one.name
    return bars_ahead(int(one.name), Timeframe.parse(one.timeframe))


def _none(found: "Report") -> str:
    if found.replayed:
        return (
            f"No outcome was forecast before it was public; {found.replayed:,} were forecast after. "
            "To count those: ara ledger report --replayed"
        )
    return "No forecast has been scored yet. When some have come due: ara score"


def _worth(found: "Report") -> str:
    said = f"{found.live:,} outcomes were forecast before they were public"
    if found.counted:
        said += f", {found.replayed:,} after: those prove nothing"
    elif found.replayed:
        said += f"; {found.replayed:,} that were forecast after are left out"
    return (
        f"{said}. In 80 %: the outcome lay inside the 80 % band. Said sure, did: the mean stated chance to end within "
        "the usual move, and the share that did. 95 %: the interval of the figure before it; it rests on outcomes "
        "whose days don't overlap: the others are not independent."
    )


def _percent(share: float | None, *, sign: bool = False) -> str:
    return "" if share is None else f"{100 * share:{'+' if sign else ''}.1f} %"


def _range(low: float | None, high: float | None, *, sign: bool = False) -> str:
    if low is None or high is None:
        return ""
    plus = "+" if sign else ""
    return f"{100 * low:{plus}.1f} to {100 * high:{plus}.1f}"


def page(found: "Report", beside: "Sequence[Challenger]" = ()) -> str:
    """Give the report as one HTML page that needs nothing else."""
    parts = [f"<p>{escape(_worth(found) if found.rows else _none(found))}</p>"]
    for group in dict.fromkeys(one.group for one in found.rows):
        rows = [(_name(one), *(cell(one) for _, cell, _ in _FIGURES)) for one in found.rows if one.group == group]
        parts.append(_plain_table((group, *(head for head, _, _ in _FIGURES)), rows))
    if beside:
        rows = [(one.model, *(cell(one) for _, cell, _ in _BESIDE)) for one in beside]
        parts.append(_plain_table((_SHADOW, *(head for head, _, _ in _BESIDE)), rows))
    body = "\n".join(parts)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>How forecasts did</title>'
        f"<style>{_STYLE}</style></head><body><h1>How forecasts did</h1>\n{body}\n</body></html>\n"
    )


def _plain_table(heads: "Sequence[str]", rows: "Sequence[Sequence[str]]") -> str:
    top = "".join(f"<th>{escape(head)}</th>" for head in heads)
    lines = ["<tr>" + "".join(f"<td>{escape(text)}</td>" for text in row) + "</tr>" for row in rows]
    return f'<div class="wide"><table><tr>{top}</tr>{"".join(lines)}</table></div>'


def written(found: "Report", path: Path, beside: "Sequence[Challenger]" = ()) -> dict[str, Any]:
    """Write the page, whole or not at all."""
    whole.write(path, page(found, beside))
    return {"file": str(path)}
