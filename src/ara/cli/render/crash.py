"""The crash exam on a terminal."""

from typing import TYPE_CHECKING

from ara.cli.render.data_table import Column, table
from ara.cli.render.evaluation import looked
from ara.cli.words import clean, wrapped

if TYPE_CHECKING:
    from ara.cli.screen import Screen
    from ara.evidence.crash import Crash, Held
    from ara.performance.trials import Look

__all__ = ["told"]

_ASKED = "Asked of a model: 86 % in the crash, and 89 to 91 % in all; a reference is asked nothing."


def told(found: "Crash", look: "Look", s: "Screen") -> str:
    """Say who passed, then the shares that held, models before references."""
    from ara.evidence.crash import REFERENCES

    paint = s.palette()
    said = [
        f"{clean(row.name)} {'passes' if row.passed else 'does not pass'}" for row in found.rows if not row.reference
    ]
    lines = [paint(line, "strong") for line in wrapped(f"Crash exam: {'; '.join(said)}.", s.width)]
    crash, whole = found.forecasts
    days = f"from {found.first:%-d %b %Y} to {found.last:%-d %b %Y}"
    years = f"from {found.begin:%-d %b %Y} to {found.end:%-d %b %Y}"
    many = f"{len(found.symbols)} symbol{'s' * (len(found.symbols) != 1)}"
    words = f"90 % bands of the next close, {many}: {crash:,} {days}, and {whole:,} {years}."
    lines += [*wrapped(words, s.width), "", *_rows(found, s), ""]
    lines += wrapped(_ASKED, s.width)
    for name, meaning in REFERENCES.items():
        lines += wrapped(f"{name}: {meaning}.", s.width)
    lines += wrapped(looked(look), s.width)
    return "\n".join([*lines, *wrapped(f"Lineage {found.id}", s.width)])


def _rows(found: "Crash", s: "Screen") -> list[str]:
    def worst(row: "Held") -> str:
        return "" if row.worst is None or row.worst_day is None else f"{row.worst:.0%} on {row.worst_day:%-d %b}"

    rows = found.rows
    return table(
        [
            Column(head="90 % bands", cells=[row.name for row in rows]),
            Column(head="in the crash", cells=[f"{row.crash:.1%}" for row in rows], right=True),
            Column(head="in all", cells=[f"{row.whole:.1%}" for row in rows], right=True),
            Column(head="worst day", cells=[worst(row) for row in rows], leave=1),
            Column(head="width", cells=[f"{row.width:.2%}" for row in rows], right=True, leave=2),
            Column(head="", cells=[_mark(row) for row in rows], leave=3),
        ],
        s,
    )


def _mark(row: "Held") -> str:
    return "reference" if row.reference else "passed" if row.passed else "not passed"
