"""Splits and dividends as facts: which of those that sources state are believed.

A source may miss a split or invent one. What the bars' own source states is believed, unless it is a split that the
traded prices contradict and that nobody else states. What only others state needs two witnesses: two of them, or one
and the step in the traded prices. A dividend that is no less than the close before it is believed of nobody.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any, Final

import polars as pl

from ara.market.timeframe import DAY_LENGTH

__all__ = ["Action", "believed", "read"]

_DAYS_EVENTS: Final = 16  # no two days have more
_VISIBLE: Final = 0.3  # log of a split that a day's move can't hide: 4 for 3 is 0.29


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """A split or a dividend, in the amounts of its day.

    Parameters
    ----------
    split
        Whether it is a split; else a dividend.
    effective
        Open of the first session without it (the ex-date), microseconds since 1970 UTC.
    value
        New shares for one old, or cash for one share as it was paid.
    currency
        Of the cash; empty for a split.
    sources
        Who states it.
    known
        When it was public, microseconds since 1970 UTC.
    """

    split: bool
    effective: int
    value: float
    currency: str = ""
    sources: tuple[str, ...] = ()
    known: int = 0


def read(facts: pl.DataFrame) -> list[Action]:
    """Give the actions of one instrument, one for each source that states it, dividends as they were paid.

    Parameters
    ----------
    facts
        `source` and the columns of the kind `ACTIONS`. Of what a source stated twice, the later word counts. A
        dividend with the basis `split` is multiplied by the splits of its own source that took effect between it and
        the moment at which it was received.
    """
    if facts.is_empty():  # as it is of most sources, and of each instrument that is read
        return []
    usable = facts.filter(pl.col("value").is_finite() & (pl.col("value") > 0) & pl.col("at").is_not_null())
    rows = (
        usable.sort("at", "learned_at", maintain_order=True)
        .with_columns(pl.col("at", "known_at", "learned_at").dt.epoch("us"))
        .unique(["source", "action", "at", "value"], keep="last", maintain_order=True)
        .to_dicts()
    )
    splits = [_action(row) for row in rows if row["action"] == "split"]
    dividends = [_as_paid(_action(row), splits, row) for row in rows if row["action"] == "dividend"]
    return sorted([*splits, *dividends], key=lambda one: (one.effective, not one.split, one.sources))


def believed(actions: Sequence[Action], own: Iterable[str], bars: pl.DataFrame) -> list[Action]:
    """Give the actions to apply to bars as traded, each once.

    Parameters
    ----------
    actions
        From `read`.
    own
        The sources that the bars come from.
    bars
        `at`, `open` and `close` as traded, ascending.
    """
    of_bars = frozenset(own)
    found = []
    for same in _grouped(actions):
        stated = tuple(sorted({one.sources[0] for one in same}))
        ours = [one for one in same if one.sources[0] in of_bars]
        stepped = _step(same[0], bars)
        if len(stated) > 1 or (stepped is not False if ours else stepped is True):
            value = ours[0].value if ours else median(one.value for one in same)
            if not same[0].split and _more_than_all(same[0].effective, value, bars):
                continue
            found.append(replace(same[0], value=value, sources=stated))
    return found


def _action(row: dict[str, Any]) -> Action:
    return Action(
        split=row["action"] == "split",
        effective=row["at"],
        value=row["value"],
        currency=row["currency"] or "",
        sources=(row["source"],),
        known=row["known_at"],
    )


def _as_paid(dividend: Action, splits: Sequence[Action], row: dict[str, Any]) -> Action:
    if row["basis"] != "split":
        return dividend
    value = dividend.value
    for split in splits:
        if split.sources == dividend.sources and dividend.effective < split.effective < row["learned_at"]:
            value *= split.value
    return replace(dividend, value=value)


def _grouped(actions: Sequence[Action]) -> list[list[Action]]:
    """Put together what several sources say of one event: the same kind, within a day, the nearest amount."""
    groups: list[list[Action]] = []
    for action in actions:
        open_to = [
            group
            for group in groups[-_DAYS_EVENTS:]
            if group[0].split == action.split
            and abs(action.effective - group[0].effective) <= DAY_LENGTH
            and action.sources not in [one.sources for one in group]
        ]
        if open_to:
            min(open_to, key=lambda group: abs(math.log(action.value / group[0].value))).append(action)
        else:
            groups.append([action])
    return groups


def _more_than_all(effective: int, value: float, bars: pl.DataFrame) -> bool:
    """Say whether a dividend is no less than the last close before it: nobody pays more than there is."""
    place = bars["at"].dt.epoch("us").search_sorted(effective)
    before = bars["close"][place - 1] if place else None
    return before is not None and 0 < before <= value


def _step(action: Action, bars: pl.DataFrame) -> bool | None:
    """Say whether the traded prices step as a split would make them; None where that can't be seen."""
    if not action.split or abs(math.log(action.value)) < _VISIBLE:
        return None
    place = bars["at"].dt.epoch("us").search_sorted(action.effective)
    if not 0 < place < len(bars):
        return None
    before, after = bars["close"][place - 1], bars["open"][place]
    if not (before and after and before > 0 and after > 0):
        return None
    move = math.log(after / before)
    return abs(move + math.log(action.value)) < abs(move)
