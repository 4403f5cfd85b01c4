"""What of features lies in gold, and which of it nobody needs any more."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from ara.features import sets

if TYPE_CHECKING:
    from ara.data.lake import Lake

__all__ = ["PREFIX", "Idle", "drop", "idle", "shelf"]

PREFIX: Final = "features_"
"""How the gold of feature sets is called: this, and the set's name with `_` for `-`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """Features in gold that may go.

    Parameters
    ----------
    name, version
        Of the gold.
    rows
        How many.
    used
        When they were written or last taken from there.
    reason
        Why nobody needs them.
    """

    name: str
    version: str
    rows: int
    used: datetime
    reason: str


def shelf(name: str) -> str:
    """Give what the gold of a feature set is called."""
    return f"{PREFIX}{name.replace('-', '_')}"


def idle(lake: "Lake", *, now: datetime, unused: timedelta) -> list[Idle]:
    """Give the features that may go: of a shipped set that has become another, or of no use for so long.

    Parameters
    ----------
    lake
        Whose gold.
    now
        The present instant.
    unused
        After how long without use.
    """
    current = {shelf(name): sets.get(name).id for name in sets.names()}
    found = []
    for row in lake.used_golds().iter_rows(named=True):
        name, used = row["name"], row["used"]
        if not name.startswith(PREFIX):
            continue
        made_by = json.loads(row["lineage"]).get("features")
        reason = f"not used since {used:%d %b %Y}" if now - used >= unused else ""
        if name in current and made_by != current[name]:
            reason = "the set has changed since"
        if reason:
            found.append(Idle(name=name, version=row["version"], rows=row["rows"], used=used, reason=reason))
    return found


def drop(lake: "Lake", gone: Sequence[Idle]) -> None:
    """Delete features from gold; they are computed again when they are asked for."""
    lake.drop_gold([(one.name, one.version) for one in gone])
