"""Where one bar comes from: who said what, how it was counted, what was done to it since."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import polars as pl

from ara.data.actions import Action
from ara.data.lake.withdrawals import without
from ara.data.view import Kept, View
from ara.errors import DataProviderError
from ara.market.bars import Bars
from ara.market.calendar import calendar
from ara.market.instrument import Instrument
from ara.market.timeframe import DAY

__all__ = ["Fetch", "Provenance", "Withdrawn", "Witness", "fetches", "provenance", "row_at"]

_WEEKEND: Final = 5
_FORTNIGHT: Final = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """What one source says of a bar.

    Parameters
    ----------
    source
        Who.
    close, basis
        Its close as published, and what that is adjusted for.
    traded
        The close as it was traded; None where that can't be told from what the source gives.
    adjusted
        The same seen from the last bar, and so comparable between the sources; None likewise.
    weight, vote
        Its share in the answer, and whether it agrees with it.
    quality
        Of its bar, 0 to 1.
    conflict
        Why it did not vote; empty where it did.
    learned_at
        When Ara received the latest revision, UTC.
    revisions
        How many bars the source gave for this time, corrections included.
    fetch
        Id of the payloads it was read from; empty where none were kept.
    """

    source: str
    close: float
    basis: str
    traded: float | None
    adjusted: float | None
    weight: float
    vote: bool
    quality: float
    conflict: str
    learned_at: datetime
    revisions: int
    fetch: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """One request for bars: when, who answered, and everybody who was asked, with what success.

    Parameters
    ----------
    at
        When it was kept, UTC.
    source
        Who answered.
    tried
        Mappings of `source`, `ok`, `words`, in the order in which they were asked.
    fetch
        Id of its payloads.
    """

    at: datetime
    source: str
    tried: tuple[Mapping[str, Any], ...]
    fetch: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """What was said of a bar and taken back.

    Parameters
    ----------
    source
        Who had said it.
    close
        The close as published.
    learned_at, at
        When Ara had received it, and when it was withdrawn, UTC.
    fetch
        Id of the payloads it was read from.
    """

    source: str
    close: float | None
    learned_at: datetime
    at: datetime
    fetch: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where one bar comes from.

    Parameters
    ----------
    bars
        The series that it is seen in.
    bar
        Its row there, with the columns of `ara.market.bars.SCHEMA`.
    witnesses
        Every source that has the bar, the heaviest first.
    actions
        Splits and dividends that took effect after the bar and by the last one: why the close is not as traded.
    fetches
        The requests that brought what is known of the instrument, newest first.
    withdrawn
        What was said of the bar and taken back.
    """

    bars: Bars
    bar: Mapping[str, Any]
    witnesses: tuple[Witness, ...]
    actions: tuple[Action, ...] = ()
    fetches: tuple[Fetch, ...] = ()
    withdrawn: tuple[Withdrawn, ...] = ()


def provenance(
    seen: View, kept: Kept, at: datetime, *, revisions: pl.DataFrame, facts: pl.DataFrame, taken: pl.DataFrame
) -> Provenance:
    """Tell where the bar that opened at a moment comes from.

    Parameters
    ----------
    seen
        As `ara.data.view.view` gives it.
    kept
        What it was made of.
    at
        Open of the bar, UTC.
    revisions
        Every kept row of that bar.
    facts
        The instrument's facts, of which those named `fetch` tell of requests.
    taken
        What was withdrawn of the instrument.
    """
    row = row_at(seen.bars, at)
    factor = row["close"] / seen.whole.filter(pl.col("at") == row["at"])["close"][0]
    told = _told(seen, row["at"])
    counts = dict(without(revisions, taken).group_by("source").len().iter_rows())
    voters = str(row["source"]).split("+")
    witnesses = []
    for source, own in kept.by_source().items():
        for said in own.filter(pl.col("at") == told.get(source, row)["at"]).iter_rows(named=True):
            judged = told.get(source, {"weight": float(source in voters), "vote": source in voters, "conflict": ""})
            traded = judged.get("close", said["close"] if source in voters and seen.traded else None)
            comparable = traded if seen.traded else said["close"] if source in voters else None
            witnesses.append(
                Witness(
                    source=source,
                    close=said["close"],
                    basis=said["basis"],
                    traded=traded,
                    adjusted=None if comparable is None else comparable * factor,
                    weight=judged["weight"],
                    vote=judged["vote"],
                    quality=said["quality"],
                    conflict=judged["conflict"] or _passed_over(seen, source, said["basis"]),
                    learned_at=said["learned_at"],
                    revisions=int(counts.get(source, 1)),
                    fetch=said["fetch"],
                )
            )
    moment = int(row["at"].timestamp() * 1_000_000)
    last = int(seen.bars.frame["at"].dt.epoch("us")[-1])
    return Provenance(
        bars=seen.bars,
        bar=row,
        witnesses=tuple(sorted(witnesses, key=lambda one: (-one.weight, not one.vote, one.source))),
        actions=tuple(one for one in seen.actions if moment < one.effective <= last),
        fetches=fetches(facts),
        withdrawn=_withdrawn(revisions, taken),
    )


def row_at(bars: Bars, at: datetime) -> Mapping[str, Any]:
    """Give the row of the bar that opened at a moment.

    Raises
    ------
    DataProviderError
        There is no such bar; the message names those beside it.
    """
    frame = bars.frame
    place = int(frame["at"].search_sorted(at))
    if place < len(frame) and frame["at"][place] == at:
        return frame.row(place, named=True)
    one = bars.instrument
    if (said := _no_session(one, at)) and bars.timeframe.span <= DAY.span:
        raise DataProviderError(
            f"{said}, so there is no {bars.timeframe} bar of {one.symbol}.",
            hint="Ask for one of those dates.",
            symbol=one.symbol,
        )
    beside = [f"{frame['at'][near]:%Y-%m-%d %H:%M}" for near in (place - 1, place) if 0 <= near < len(frame)]
    raise DataProviderError(
        f"There is no {bars.timeframe} bar of {bars.instrument.symbol} that opened at {at:%Y-%m-%d %H:%M} UTC;"
        f" those beside it opened at {' and '.join(beside)}.",
        hint=f"See what there is: ara data show {bars.instrument.symbol}",
        symbol=bars.instrument.symbol,
    )


def _no_session(one: Instrument, at: datetime) -> str:
    """Say that a date is no session of an instrument, and which ones are beside it; nothing where it is one."""
    hours = calendar(one.calendar)
    day = hours.dated(at)
    if hours.is_session(day):
        return ""
    before = hours.sessions(day - timedelta(days=_FORTNIGHT), day)[-1:]
    beside = [f"{label:%Y-%m-%d}" for label in (*before, *hours.following(day, 1))]
    what = f"a {day:%A}" if day.weekday() >= _WEEKEND else f"{day:%A}, a holiday"
    return f"{day} is {what}, and no session of {hours.name}; those beside it are {' and '.join(beside)}"


def _told(seen: View, at: datetime) -> dict[str, dict[str, Any]]:
    """Give what each merged source says of the bar and how it was counted."""
    if not seen.traded:
        return {}
    if len(seen.traded) == 1:
        ((source, own),) = seen.traded.items()
        row = own.filter(pl.col("at") == at).row(0, named=True)
        return {source: {"at": at, "close": row["close"], "weight": 1.0, "vote": True, "conflict": ""}}
    from ara.data.merge import explain

    rows = explain(seen.traded, at, seen.bars.timeframe, weights=seen.weights)
    return {row["source"]: row for row in rows.iter_rows(named=True)}


def _passed_over(seen: View, source: str, basis: str) -> str:
    """Say why a source has no part in the answer; nothing where it has."""
    used = set(seen.traded) or set(seen.bars.frame["source"])
    if source in used:
        return ""
    if not seen.traded:
        return f"not merged: {', '.join(sorted(used))} alone is adjusted, by closes of its own"
    return f"not merged: its prices are adjusted for {_FOR[basis]}, by events that it doesn't state"


def _withdrawn(revisions: pl.DataFrame, taken: pl.DataFrame) -> tuple[Withdrawn, ...]:
    last = taken.group_by("source", "fetch").agg(pl.col("learned_at").max().alias("moment"))
    rows = revisions.join(last, on=("source", "fetch")).filter(pl.col("learned_at") <= pl.col("moment"))
    return tuple(
        Withdrawn(
            source=row["source"], close=row["close"], learned_at=row["learned_at"], at=row["moment"], fetch=row["fetch"]
        )
        for row in rows.sort("moment", "learned_at").iter_rows(named=True)
    )


_FOR = {"raw": "nothing", "split": "splits", "total": "splits and dividends"}


def fetches(facts: pl.DataFrame) -> tuple[Fetch, ...]:
    """Give the requests that an instrument's facts tell of, newest first."""
    found = []
    for row in facts.filter(pl.col("field") == "fetch").sort("at", descending=True).iter_rows(named=True):
        value = json.loads(row["value"])
        found.append(Fetch(at=row["at"], source=row["source"], tried=tuple(value["tried"]), fetch=value["fetch"]))
    return tuple(found)
