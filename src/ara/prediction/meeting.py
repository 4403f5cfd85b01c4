"""On which days the bars of several markets meet, which close at other instants, and whether their last ones do."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara.errors import ValidationError
from ara.market.bars import Bars
from ara.market.calendar import calendar
from ara.market.symbols import listed

__all__ = ["APART", "ended", "labels", "lasts", "refuse_apart"]

APART: Final = 10
"""Days that last bars may lie apart; beyond, who ended earlier does not meet the others."""

_SHOWN: Final = 4


def labels(bars: Sequence[Bars]) -> NDArray[np.int64]:
    """Give the session of each bar, one series after the other: its market's date for it, in days since 1970.

    New York's session of a date closes hours before the same date of a currency, and this before a coin's, whose
    bar lasts to midnight UTC: their labels are the same, their `known_at` are not.
    """
    known: dict[str, dict[int, int]] = {}
    return np.concatenate([_of_one(one, known.setdefault(one.instrument.calendar, {})) for one in bars])


def _of_one(one: Bars, known: dict[int, int]) -> NDArray[np.int64]:
    """Give the sessions of one series; what is found of its market is put down, as others open at the same instants."""
    opened = one.frame["at"].dt.epoch("us").to_list()
    missing = [place for place, instant in enumerate(opened) if instant not in known]
    venue = calendar(one.instrument.calendar)
    for place, at in zip(missing, one.frame["at"].gather(missing).to_list(), strict=True):
        known[opened[place]] = (venue.dated(at) - date(1970, 1, 1)).days
    return np.array([known[instant] for instant in opened], np.int64)


def ended(last: Mapping[str, date]) -> list[str]:
    """Give the symbols whose last bar is more than `APART` days before the last one of all."""
    newest = max(last.values())
    return sorted(name for name, day in last.items() if (newest - day).days > APART)


def lasts(bars: Sequence[Bars], until: int | None = None) -> dict[str, date]:
    """Give the session of each instrument's last bar whose close was public at a moment (microseconds), by symbol."""
    found = {}
    for one in bars:
        known = one.frame if until is None else one.frame.filter(pl.col("known_at").dt.epoch("us") <= until)
        if len(known):
            found[one.instrument.symbol] = calendar(one.instrument.calendar).dated(known["at"][-1])
    return found


def refuse_apart(bars: Sequence[Bars], until: int, *, fewest: int) -> None:
    """Refuse instruments whose last bars, of those public at a moment, lie more than `APART` days apart.

    Says who ended when, the last day that all had, and whom to leave out where `fewest` or more remain.
    """
    last = lasts(bars, until)
    if not (early := ended(last)):
        return
    days = {day: sorted(name for name in last if last[name] == day) for day in sorted(set(last.values()))}
    each = [f"{listed(names, _SHOWN)} on {day}" for day, names in days.items()]
    if len(each) > _SHOWN:
        each[_SHOWN - 1 : -1] = [f"{len(each) - _SHOWN} more days"]
    ways, common = [], min(last.values())
    if max(calendar(one.instrument.calendar).dated(one.frame["at"][0]) for one in bars) <= common:
        ways.append(f"ask for a day by which all have bars: --as-of {common}")
    if len(last) - len(early) >= fewest:
        ways.append(f"leave out {listed(early, _SHOWN)}")
    of_file = any(one.frame["source"][-1] == "file" for one in bars)
    ways.append("bring them up to date" + ("" if of_file else ": ara data update"))
    advice = ", or ".join(ways)
    raise ValidationError(
        f"Bars do not end together, so the days to come are not the same: {', '.join(each)}.",
        hint=f"{advice[0].upper()}{advice[1:]}",
        ends={name: day.isoformat() for name, day in sorted(last.items())},
    )
