"""Kept scores computed again: from the ledger's entries, and the outcomes from the bars at hand."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from random import SystemRandom
from typing import Any, Final

import numpy as np

from ara.data.feed import MarketData
from ara.desk import Desk
from ara.prediction.follows import AtHand, Columns, Row, against_bars, against_entries
from ara.prediction.ledger import Kept, Ledger
from ara.store import standing

__all__ = ["MOST", "Rescored", "Wrong", "rescored"]

MOST: Final = 500
"""So many forecasts at most have their scores computed again, unless all are asked for: some seconds of work."""

_BATCH: Final = 200
_NAMED: Final = 20
_SHOWN: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """One score that is not what follows.

    Parameters
    ----------
    forecast_id, day, symbol
        Which.
    columns
        Of the table `scores`: each with what is kept and what follows.
    """

    forecast_id: str
    day: int
    symbol: str
    columns: Mapping[str, tuple[Any, Any]]

    @property
    def words(self) -> str:
        """The same as a clause."""
        told = ", ".join(f"{name} {_said(kept)}, not {_said(due)}" for name, (kept, due) in self.columns.items())
        return f"{self.symbol} {self.forecast_id[:6]} day {self.day}: {told}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescored:
    """What computing all kept scores again found.

    Parameters
    ----------
    scores
        How many are kept.
    checked
        How many of them were computed again: all, or those of forecasts drawn at random.
    from_bars
        Of how many of these the outcome was compared with bars at hand, too.
    baselines
        Of how many the error of the baseline was computed again, from bars at hand as they were at the origin.
    disagree
        How many are not what follows.
    orphans
        How many are of no forecast that the ledger holds, or of no day of it.
    missing
        How many are gone: of forecasts that were scored to their end, and one for each that scoring has lost sight of.
    wrong
        The first of those that disagree.
    """

    scores: int
    checked: int
    from_bars: int
    baselines: int
    disagree: int
    orphans: int
    missing: int
    wrong: tuple[Wrong, ...]

    @property
    def ok(self) -> bool:
        """Whether all are what follows."""
        return not (self.disagree or self.orphans or self.missing)

    @property
    def words(self) -> str:
        """What is wrong, in sentences; empty where nothing is."""
        said = []
        if self.disagree:
            more = f"; and {self.disagree - _SHOWN:,} more" if self.disagree > _SHOWN else ""
            told = "; ".join(one.words for one in self.wrong[:_SHOWN])
            verb = "does" if self.disagree == 1 else "do"
            said.append(f"{self.disagree:,} of {self.checked:,} {verb} not follow from entries and bars: {told}{more}.")
        if self.orphans:
            verb = "is" if self.orphans == 1 else "are"
            said.append(f"{self.orphans:,} of {self.scores:,} {verb} of no forecast that the ledger holds.")
        if self.missing:
            verb = "score is" if self.missing == 1 else "scores are"
            said.append(f"{self.missing:,} {verb} gone: their forecasts are in the ledger and had come due.")
        return " ".join(said)

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON has it."""
        return {
            "scores": self.scores,
            "checked": self.checked,
            "from_bars": self.from_bars,
            "baselines": self.baselines,
            "disagree": self.disagree,
            "orphans": self.orphans,
            "missing": self.missing,
            "wrong": [
                {
                    **{name: value for name, value in asdict(one).items() if name != "columns"},
                    "columns": {
                        name: {"kept": _plain(kept), "follows": _plain(due)}
                        for name, (kept, due) in one.columns.items()
                    },
                }
                for one in self.wrong
            ],
        }


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, float) and not np.isfinite(value) else value


def _said(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "none", True: "yes", False: "no"}[value]
    return f"{value:.6g}" if isinstance(value, float) else str(_plain(value))


async def rescored(desk: Desk, *, most: int | None = MOST) -> Rescored:
    """Compute kept scores again; nothing is fetched, and nothing changed.

    What follows from entry and outcome has to agree to 1e-9. Where bars are at hand, the outcome follows from these,
    whether the forecast was made before it was public, that it was not scored before that, and what error the baseline
    made, if this version's arithmetic made the forecast; bars that were corrected since count as they were when it was
    scored. A forecast that was scored to its end has to have all its scores.

    Parameters
    ----------
    desk
        The desk of the process; its ledger is whole.
    most
        Of so many forecasts, drawn anew at each call where there are more; of all if None.
    """
    from ara.store.scores import forecasts, scores
    from ara.store.tables import func, select

    found = _Found()
    if not (await standing(desk.store)).step:
        return found.told(0)
    every = select(func.count(scores.c.day).label("n"), func.max(scores.c.scored_at).label("last"))
    (told,) = await desk.store.tables.execute(every)
    (listed,) = await desk.store.tables.execute(select(func.max(forecasts.c.sequence).label("end")))
    found.last = told["last"]
    async with MarketData(desk) as market:
        bars = AtHand(desk, market)
        for places in _places(listed["end"] or 0, most):
            await _listed(desk, places, bars, found)
        if told["n"]:
            async for ids in _unlisted(desk, most):
                await _loose(desk, ids, bars, found)
    return found.told(told["n"])


def _places(end: int, most: int | None) -> Iterator[Sequence[int]]:
    """Give places in the ledger, a batch at a time: all, or so many that nobody can know before."""
    chosen: Sequence[int] = range(1, end + 1)
    if most is not None and end > most:
        chosen = sorted(SystemRandom().sample(chosen, most))
    for start in range(0, len(chosen), _BATCH):
        yield chosen[start : start + _BATCH]


async def _unlisted(desk: Desk, most: int | None) -> AsyncIterator[Sequence[str]]:
    """Give ids of forecasts that have scores but are not on the list of those that scoring has read."""
    from ara.store.scores import forecasts, scores
    from ara.store.tables import func, select

    beside = scores.outerjoin(forecasts, forecasts.c.forecast_id == scores.c.forecast_id)
    chosen = select(scores.c.forecast_id).select_from(beside).where(forecasts.c.forecast_id.is_(None)).distinct()
    if most is not None:
        drawn = chosen.subquery()
        chosen = select(drawn.c.forecast_id).order_by(func.random()).limit(most)
    ids = [row["forecast_id"] for row in await desk.store.tables.execute(chosen)]
    for start in range(0, len(ids), _BATCH):
        yield ids[start : start + _BATCH]


class _Found:
    """What was seen so far."""

    def __init__(self) -> None:
        self.last: datetime | None = None
        self.checked = self.from_bars = self.baselines = self.orphans = self.missing = 0
        self.ids: set[tuple[str, int]] = set()
        self.wrong: dict[tuple[str, int], Wrong] = {}

    def note(self, row: Row, columns: Columns) -> None:
        """Take down what disagrees in one row."""
        if not columns:
            return
        key = (row["forecast_id"], row["day"])
        if key in self.ids and key not in self.wrong:
            return
        self.ids.add(key)
        known = self.wrong.get(key)
        if known is not None or len(self.wrong) < _NAMED:
            every = {**(known.columns if known else {}), **columns}
            self.wrong[key] = Wrong(forecast_id=key[0], day=key[1], symbol=str(row["symbol"]), columns=every)

    def told(self, scores: int) -> Rescored:
        """Say it."""
        return Rescored(
            scores=scores,
            checked=self.checked,
            from_bars=self.from_bars,
            baselines=self.baselines,
            disagree=len(self.ids),
            orphans=self.orphans,
            missing=self.missing,
            wrong=tuple(self.wrong.values()),
        )


async def _listed(desk: Desk, places: Sequence[int], bars: AtHand, found: _Found) -> None:
    """Compare the scores of the forecasts at some places of the ledger, and see that none is gone."""
    from ara.store.scores import forecasts

    chosen = forecasts.select().where(forecasts.c.sequence.in_(places))
    listed = {row["forecast_id"]: row for row in await desk.store.tables.execute(chosen)}
    entries = await Ledger(desk).some(listed)
    known = {kept.sequence: kept for kept in entries if kept.sequence == listed[kept.id]["sequence"]}
    found.missing += len(places) - len(known)
    rows = await _rows(desk, list(listed))
    await _compared(entries, rows, bars, found)
    for kept in known.values():
        days = {row["day"] for row in rows if row["forecast_id"] == kept.id}
        if listed[kept.id]["scored_at"] is not None:
            found.missing += len({day.number for day in kept.forecast.days} - days)


async def _loose(desk: Desk, ids: Sequence[str], bars: AtHand, found: _Found) -> None:
    """Compare the scores of forecasts that are not on the list; where the ledger holds none, they are of nothing."""
    await _compared(await Ledger(desk).some(ids), await _rows(desk, ids), bars, found)


async def _rows(desk: Desk, ids: Sequence[str]) -> list[Row]:
    from ara.store.scores import scores

    return list(await desk.store.tables.execute(scores.select().where(scores.c.forecast_id.in_(ids))))


async def _compared(entries: Sequence[Kept], rows: Sequence[Row], bars: AtHand, found: _Found) -> None:
    days = {(kept.id, day.number): (kept, day) for kept in entries for day in kept.forecast.days}
    seen = [row for row in rows if found.last is not None and row["scored_at"] <= found.last]
    mine = [(row, *days[row["forecast_id"], row["day"]]) for row in seen if (row["forecast_id"], row["day"]) in days]
    found.checked += len(seen)
    found.orphans += len(seen) - len(mine)
    for row, columns in against_entries(mine):
        found.note(row, columns)
    for kept in sorted(entries, key=lambda one: (one.forecast.instrument.symbol, one.forecast.as_of)):
        some = [row for row, of, _ in mine if of is kept]
        outcomes, baselines, wrong = await against_bars(some, kept, bars) if some else (0, 0, [])
        found.from_bars += outcomes
        found.baselines += baselines
        for row, columns in wrong:
            found.note(row, columns)
