"""What the exam found, kept beside its page: what takes hours is measured once, and pages show what is kept."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ara.whole import write
from tests.models.exam import COLUMNS, Row

Asked = tuple[str, str, str, bool]

KEYS = (*(name for name, _, _ in COLUMNS), "dm_p", "grid", "ic_t", "pt_p", "brier_p")


@dataclass(slots=True)
class Kept:
    """Rows by model, its skill by class, what was asked of those that answer, and worlds in which there is skill."""

    measured: dict[str, str] = field(default_factory=dict)
    """The day of the last look, by model as the scorer names it."""
    rows: dict[str, list[Row]] = field(default_factory=dict)
    classes: dict[str, list[Row]] = field(default_factory=dict)
    asked: dict[str, list[Asked]] = field(default_factory=dict)
    worlds: dict[str, Row] = field(default_factory=dict)

    def every(self) -> list[Row]:
        """Give the rows of all models."""
        return [row for rows in self.rows.values() for row in rows]


def read(path: Path) -> Kept:
    """Give what was kept; nothing where nothing was."""
    return Kept(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else Kept()


def keep(path: Path, kept: Kept) -> None:
    """Write it, a line for each row, models by name."""
    parts = [
        _lines("measured", {name: kept.measured[name] for name in sorted(kept.measured)}),
        *(_lines(part, getattr(kept, part)) for part in ("rows", "classes", "asked", "worlds")),
    ]
    write(path, ("{\n" + ",\n".join(parts) + "\n}\n").encode())


def shortened(rows: Iterable[Mapping[str, Any]], *names: str) -> list[Row]:
    """Give of each row what a page shows, to six digits."""
    return [{name: _short(row[name]) for name in (*names, *KEYS) if name in row} for row in rows]


def _short(value: object) -> object:
    if isinstance(value, float):
        return float(f"{value:.6g}") if value == value else None
    return value


def _lines(title: str, found: Mapping[str, object]) -> str:
    def one(value: object) -> str:
        if isinstance(value, Sequence) and not isinstance(value, str):
            return "[\n" + ",\n".join(f"   {json.dumps(row)}" for row in value) + "]"
        return json.dumps(value)

    return f' "{title}": {{\n' + ",\n".join(f'  "{name}": {one(found[name])}' for name in sorted(found)) + "}"
