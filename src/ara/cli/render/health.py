"""The health of sources on a terminal and as JSON."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ara.cli.render.data_table import Column, plain_value, stamp, table
from ara.cli.screen import Screen
from ara.cli.words import clean, wrapped
from ara.data.waiting import lasting

__all__ = ["health", "health_document"]


def health_document(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Give the state of the sources as JSON values."""
    return {"schema": 1, "sources": [{name: plain_value(value) for name, value in row.items()} for row in rows]}


_MINUTE, _WEEK = 60.0, 7 * 86_400.0
_STATES = {"closed": "asked", "open": "left alone", "half": "on trial", "broken": "broken"}


def health(rows: Sequence[Mapping[str, Any]], s: Screen, *, now: datetime) -> str:
    """Give the state of each source, and what went wrong last."""
    columns = [
        Column(head="source", cells=[row["source"] for row in rows]),
        Column(head="state", cells=[_state(row, s) for row in rows]),
        Column(head="answers", cells=[_share(row["success"] if row["asked"] else None) for row in rows], right=True),
        Column(head="asked", cells=[f"{row['asked']:,}" for row in rows], right=True, leave=4),
        Column(head="usually in", cells=[_time(row["latency_ms"]) for row in rows], right=True, leave=3),
        Column(head="late by", cells=[_late(row["freshness_s"]) for row in rows], right=True, leave=3),
        Column(head="quality", cells=[_score(row["quality"]) for row in rows], right=True, leave=2),
        Column(head="key", cells=[row["key"] for row in rows], leave=1),
        Column(head="address", cells=[row["url"] for row in rows], leave=5),
    ]
    lines = table(columns, s)
    for row in rows:
        if row["last_error"]:
            words = wrapped(clean(f"{row['source']}, {_failed(row, now)}: {row['last_error']}"), s.width - 2)
            lines += [s.palette()(f"  {line}", "quiet") for line in words]
    return "\n".join(lines)


def _state(row: Mapping[str, Any], s: Screen) -> str:
    """Say whether it is asked, or until when it wants to be left alone."""
    until = row.get("rests_until")
    if until:
        return f"resting until {stamp(until, s, zoned=True)}"
    return "not asked yet" if row["state"] == "closed" and not row["asked"] else _STATES[row["state"]]


def _failed(row: Mapping[str, Any], now: datetime) -> str:
    """Say how long ago a source failed; one that is broken or can't be opened is so now."""
    at = row.get("failed_at")
    if at is None:
        return "which can't be asked" if row["state"] == "broken" else "when it last failed"
    return f"when it last failed, {lasting(max((now - at).total_seconds(), 1.0))} ago"


def _late(seconds: float | None) -> str:
    """Say in words how late newest bars came; nothing for less than a minute, where it makes no difference."""
    if seconds is None:
        return ""
    return "a week or more" if seconds >= _WEEK else lasting(seconds) if seconds >= _MINUTE else "0 min"


def _share(value: float | None) -> str:
    return "" if value is None else f"{value * 100:.0f} %"


def _time(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f} ms"


def _score(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
