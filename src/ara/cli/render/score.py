"""Scores on a terminal: how many came due, whether the bands held, whether anything beat 'no change'."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from ara.cli.render.numbers import percent
from ara.cli.screen import Screen
from ara.cli.words import clean, padded, width, wrapped

if TYPE_CHECKING:
    from ara.prediction.scoring import ScoreReport

__all__ = ["facts", "report"]

_GAP = "   "


def facts(outcome: "ScoreReport") -> dict[str, Any]:
    """Give the report as JSON values, every outcome included."""
    return {
        "schema": 1,
        "came_due": outcome.came_due,
        "live": outcome.live,
        "replayed": outcome.replayed,
        "inside_80": outcome.inside_80,
        "expected_80": outcome.expected_80,
        "better": outcome.better,
        "compared": outcome.compared,
        "apart": outcome.apart,
        "chance": outcome.chance,
        "scored": outcome.scored,
        "scored_inside_80": outcome.scored_inside_80,
        "failed": [{"symbol": symbol, "reason": reason} for symbol, reason in outcome.failed.items()],
        "waiting": outcome.waiting,
        "rows": [{key: _plain(value) for key, value in row.items()} for row in outcome.rows],
    }


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value


def report(outcome: "ScoreReport", s: Screen) -> str:
    """Give the report: the answer on top, then what it is worth, then each instrument."""
    lines = _packed(_answer(outcome), s.width)
    for said in _worth(outcome):
        lines += _indented(said, s.width)
    by_symbol = _by_symbol(outcome.rows)
    if len(by_symbol) > 1:
        lines += ["", *_table(by_symbol, s)]
    for symbol, reason in outcome.failed.items():
        lines += [s.palette()(line, "warning") for line in _indented(f"{clean(symbol)}: {clean(reason)}", s.width)]
    return "\n".join(lines)


def _answer(outcome: "ScoreReport") -> list[str]:
    due = outcome.came_due
    if not due:
        return ["No forecast came due since the last time.", *_waiting(outcome.waiting)]
    made = len({row["forecast_id"] for row in outcome.rows})
    said = [
        f"{_counted(due, 'outcome')} of {_counted(made, 'forecast')} came due.",
        f"Inside the 80 % band: {outcome.inside_80:,} of {due:,} (expected {outcome.expected_80:,.1f})",
    ]
    if outcome.compared:
        chance = percent(outcome.chance, 0, signed=False)
        once = f"; they count as {outcome.apart:,}" if outcome.apart < outcome.compared else ""
        said.append(
            f"Better than 'no change': {outcome.better:,} of {outcome.compared:,} "
            f"(a coin would do that {chance} of the time{once})"
        )
    return said


def _waiting(count: int) -> list[str]:
    if not count:
        return []
    one = "1 waits for bars that are" if count == 1 else f"{count:,} wait for bars that are"
    return [f"{one} not here yet. To bring bars up to date: ara data update"]


def _worth(outcome: "ScoreReport") -> list[str]:
    said = []
    if outcome.came_due and not outcome.compared:
        said.append("None of them named another price than 'no change', so there is no direction to judge.")
    if outcome.replayed and outcome.live:
        said.append(
            f"{outcome.live:,} were made before their outcome was public; {outcome.replayed:,} replay the past, "
            "and only the first kind proves anything."
        )
    elif outcome.replayed:
        said.append("All of them replay the past: made after their outcome was public, they prove nothing.")
    if outcome.scored > outcome.came_due:
        share = percent(outcome.scored_inside_80 / outcome.scored, 1, signed=False)
        said.append(f"Of all {outcome.scored:,} scored so far, {share} lay inside the 80 % band.")
    return said


def _counted(count: int, what: str) -> str:
    return f"1 {what}" if count == 1 else f"{count:,} {what}s"


def _packed(parts: Sequence[str], columns: int) -> list[str]:
    """Put the parts on as few lines as they need, each part whole where it can be."""
    lines: list[str] = []
    for part in parts:
        if lines and width(lines[-1] + _GAP + part) <= columns:
            lines[-1] += _GAP + part
        else:
            lines += _indented(part, columns)
    return lines


def _indented(text: str, columns: int) -> list[str]:
    indent = "  " if columns >= 40 else ""
    return [indent + line for line in wrapped(text, columns - len(indent), indent=indent)]


def _by_symbol(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    groups: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[row["symbol"]].append(row)
    return dict(sorted(groups.items()))


def _table(groups: Mapping[str, Sequence[Mapping[str, Any]]], s: Screen) -> list[str]:
    heads = ("", "due", "inside 80 %", "inside 95 %", "mean miss")
    rows = [
        (
            clean(symbol),
            f"{len(rows):,}",
            f"{sum(row['inside_80'] for row in rows):,} of {len(rows):,}",
            f"{sum(row['inside_95'] for row in rows):,} of {len(rows):,}",
            percent(sum(row["median_error"] for row in rows) / len(rows), 1, signed=False),
        )
        for symbol, rows in groups.items()
    ]
    count = len(heads)
    while True:
        sizes = [max(width(row[index]) for row in (heads, *rows)) for index in range(count)]
        if count == 2 or sum(sizes) + 2 * count <= s.width:
            break
        count -= 1
    lines = [
        "  " + "  ".join(padded(row[index], sizes[index], right=index > 0) for index in range(count))
        for row in (heads, *rows)
    ]
    return [s.palette()(lines[0], "quiet"), *lines[1:]]
