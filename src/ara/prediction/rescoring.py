"""Kept scores computed again: from the ledger's entries, and the outcomes from the bars at hand."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np

from ara.data.feed import MarketData
from ara.desk import Desk
from ara.errors import AraError
from ara.market.bars import Bars
from ara.market.instrument import Instrument
from ara.market.timeframe import DAY, Timeframe
from ara.prediction.forecast import Day
from ara.prediction.ledger import Kept, Ledger
from ara.prediction.lengths import bars_as
from ara.prediction.scoring import measures, stated
from ara.store import standing

__all__ = ["Rescored", "Wrong", "rescored"]

_BATCH: Final = 200
_NAMED: Final = 20
_SHOWN: Final = 5
_NEAR: Final = 1e-9
_EDGE: Final = 1e-12  # a log return this near to the edge of a band may be said to lie on either side

_Row = Mapping[str, Any]


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
    from_bars
        Of how many the outcome was compared with bars at hand, too.
    disagree
        How many are not what follows.
    orphans
        How many are of no forecast that the ledger holds, or of no day of it.
    wrong
        The first of those that disagree.
    """

    scores: int
    from_bars: int
    disagree: int
    orphans: int
    wrong: tuple[Wrong, ...]

    @property
    def ok(self) -> bool:
        """Whether all are what follows."""
        return not self.disagree and not self.orphans

    @property
    def words(self) -> str:
        """What is wrong, in sentences; empty where nothing is."""
        said = []
        if self.disagree:
            more = f"; and {self.disagree - _SHOWN:,} more" if self.disagree > _SHOWN else ""
            told = "; ".join(one.words for one in self.wrong[:_SHOWN])
            verb = "does" if self.disagree == 1 else "do"
            said.append(f"{self.disagree:,} of {self.scores:,} {verb} not follow from entries and bars: {told}{more}.")
        if self.orphans:
            verb = "is" if self.orphans == 1 else "are"
            said.append(f"{self.orphans:,} of {self.scores:,} {verb} of no forecast that the ledger holds.")
        return " ".join(said)

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON has it."""
        return {
            "scores": self.scores,
            "from_bars": self.from_bars,
            "disagree": self.disagree,
            "orphans": self.orphans,
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


async def rescored(desk: Desk) -> Rescored:
    """Compute every kept score again; nothing is fetched, and nothing changed.

    What follows from entry and outcome has to agree to 1e-9. Where bars are at hand, the outcome follows from these,
    and whether the forecast was made before it was public; bars that were corrected since count as they were when it
    was scored. The baseline's error is not computed again.

    Parameters
    ----------
    desk
        The desk of the process; its ledger is whole.
    """
    from ara.store.scores import scores
    from ara.store.tables import func, select

    if not (await standing(desk.store)).step:
        return Rescored(scores=0, from_bars=0, disagree=0, orphans=0, wrong=())
    every = select(func.count(scores.c.day).label("n"), func.max(scores.c.scored_at).label("last"))
    (told,) = await desk.store.tables.execute(every)
    found = _Found(told["last"])
    if told["n"]:
        batch: list[Kept] = []
        async for kept in Ledger(desk).all():
            batch.append(kept)
            if len(batch) == _BATCH:
                await _entries(desk, batch, found)
                batch = []
        await _entries(desk, batch, found)
        async with MarketData(desk) as market:
            for symbol, length in sorted(found.instruments):
                await _bars(desk, market, symbol, length, found)
    return Rescored(
        scores=told["n"],
        from_bars=found.from_bars,
        disagree=len(found.ids),
        orphans=max(told["n"] - found.seen, 0),
        wrong=tuple(found.wrong.values()),
    )


class _Found:
    """What was seen so far."""

    def __init__(self, last: datetime | None) -> None:
        self.last = last
        self.seen = 0
        self.from_bars = 0
        self.ids: set[tuple[str, int]] = set()
        self.wrong: dict[tuple[str, int], Wrong] = {}
        self.instruments: dict[tuple[str, str], Instrument] = {}
        self.lengths: dict[str, str] = {}

    def note(self, row: _Row, columns: Mapping[str, tuple[Any, Any]]) -> None:
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


async def _entries(desk: Desk, batch: Sequence[Kept], found: _Found) -> None:
    """Compare the scores of some forecasts with what their entries say."""
    from ara.store.scores import scores

    days = {(kept.id, day.number): (kept, day) for kept in batch for day in kept.forecast.days}
    chosen = scores.select().where(scores.c.forecast_id.in_([kept.id for kept in batch]))
    rows = await desk.store.tables.execute(chosen.where(scores.c.scored_at <= found.last)) if batch else []
    mine = [(row, *days[row["forecast_id"], row["day"]]) for row in rows if (row["forecast_id"], row["day"]) in days]
    found.seen += len(mine)
    for row, kept, _ in mine:
        instrument, length = kept.forecast.instrument, str(kept.forecast.timeframe)
        found.instruments[instrument.symbol, length] = instrument
        if length != str(DAY):
            found.lengths[row["forecast_id"]] = length
    for row, columns in _against_entries(mine):
        found.note(row, columns)


def _against_entries(mine: Sequence[tuple[_Row, Kept, Day]]) -> Iterator[tuple[_Row, dict[str, tuple[Any, Any]]]]:
    if not mine:
        return
    prices = np.array([_number(row["outcome"]) for row, _, _ in mine])
    good = np.isfinite(prices) & (prices > 0)
    closes = np.array([day.close for _, _, day in mine])
    y = np.log(np.where(good, prices, closes) / closes)
    q, usual = np.array([day.quantiles for _, _, day in mine]), np.array([day.usual_move for _, _, day in mine])
    due, *edges = (measures(q, y + off, usual) for off in (0.0, -_EDGE, _EDGE))
    for place, (row, kept, day) in enumerate(mine):
        if not good[place]:
            yield row, {"outcome": (row["outcome"], None)}
            continue
        told = {**stated(kept, day), **{name: values[place].item() for name, values in due.items()}}
        wrong = {
            name: (row[name], value)
            for name, value in told.items()
            if not _alike(row[name], value) and not any(row[name] == edge[name][place] for edge in edges if name in due)
        }
        rose = bool(y[place] > 0) if y[place] else None
        if row["up"] != rose and abs(y[place]) > _EDGE:
            wrong["up"] = (row["up"], rose)
        yield row, wrong


def _alike(kept: Any, due: Any) -> bool:
    if isinstance(due, float):
        return abs(_number(kept) - due) <= _NEAR * max(1.0, abs(due))
    return bool(kept == due)


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else float("nan")


async def _bars(desk: Desk, market: MarketData, symbol: str, length: str, found: _Found) -> None:
    """Compare the outcomes of one instrument with its bars: as they are, else as they were when it was scored."""
    from ara.store.scores import scores

    instrument = found.instruments[symbol, length]
    now = await _at_hand(market, instrument, length, desk.clock.now())
    chosen = scores.select().where(scores.c.symbol == symbol, scores.c.scored_at <= found.last)
    rows = await desk.store.tables.execute(chosen) if now else []
    mine = [row for row in rows if found.lengths.get(row["forecast_id"], str(DAY)) == length]
    doubted: dict[datetime, list[tuple[_Row, dict[str, tuple[Any, Any]]]]] = {}
    for row in mine:
        columns = _against_bars(row, now)
        found.from_bars += columns is not None
        if columns:
            at = row["scored_at"].astimezone(UTC)
            doubted.setdefault(at.replace(minute=0, second=0, microsecond=0), []).append((row, columns))
    for some in doubted.values():
        then = await _at_hand(market, instrument, length, max(row["scored_at"] for row, _ in some))
        for row, columns in some:
            if _against_bars(row, then) != {}:
                found.note(row, columns)


async def _at_hand(market: MarketData, instrument: Instrument, length: str, learned: datetime) -> "_Closes | None":
    """Give closes that are kept; None where there are none. What a moment of learning is named for is not fetched."""
    try:
        bars = await bars_as(market, instrument, Timeframe.parse(length), learned=learned)
    except AraError:
        return None
    return _Closes(bars)


class _Closes:
    """Closes by when they were public."""

    def __init__(self, bars: Bars) -> None:
        self.known = bars.frame["known_at"].to_list()
        self.place = {at: place for place, at in enumerate(self.known)}
        self.close = bars.frame["close"].to_numpy()


def _against_bars(row: _Row, closes: _Closes | None) -> dict[str, tuple[Any, Any]] | None:
    """Give what disagrees with bars; None where origin or target are not among them."""
    origin = None if closes is None else closes.place.get(row["as_of"])
    if closes is None or origin is None or origin + row["horizon"] >= len(closes.known):
        return None
    target = origin + row["horizon"]
    due = {
        "outcome": float(row["close"] * np.exp(np.log(closes.close[target] / closes.close[origin]))),
        "live": row["made_at"] < closes.known[target],
    }
    return {name: (row[name], value) for name, value in due.items() if not _alike(row[name], value)}
