"""What a kept score has to be: by its forecast's entry, by the bars at hand, and by what the baseline says of them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np

from ara.data.feed import MarketData
from ara.desk import Desk
from ara.errors import AraError
from ara.market.bars import Bars
from ara.models.registry.card import BASELINE
from ara.prediction.compute import ENGINE
from ara.prediction.forecast import Day, Forecast
from ara.prediction.ledger import Kept
from ara.prediction.rivals import crps_of, rival
from ara.prediction.scoring import measures, stated

__all__ = ["AtHand", "Closes", "Columns", "Row", "against_bars", "against_entries"]

Row = Mapping[str, Any]
"""A row of the table `scores`."""
Columns = Mapping[str, tuple[Any, Any]]
"""What disagrees in a row: by column what is kept, and what follows."""

_NEAR: Final = 1e-9
_EDGE: Final = 1e-12  # a log return this near to the edge of a band may be said to lie on either side
_REMEMBERED: Final = 16


def against_entries(mine: Sequence[tuple[Row, Kept, Day]]) -> Iterator[tuple[Row, Columns]]:
    """Give for each row what disagrees with its forecast's entry and with the outcome that is kept in it."""
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
        if row["scored_at"] < kept.made_at:
            wrong["scored_at"] = (row["scored_at"], kept.made_at)
        if kept.forecast.model == BASELINE and row["baseline_crps"] is not None:
            wrong["baseline_crps"] = (row["baseline_crps"], None)
        yield row, wrong


def _alike(kept: Any, due: Any) -> bool:
    if isinstance(due, float):
        return abs(_number(kept) - due) <= _NEAR * max(1.0, abs(due))
    return bool(kept == due)


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else float("nan")


class Closes:
    """Closes by when they were public."""

    def __init__(self, bars: Bars) -> None:
        self.known = bars.frame["known_at"].to_list()
        self.place = {at: place for place, at in enumerate(self.known)}
        self.close = bars.frame["close"].to_numpy()


class AtHand:
    """Bars that are kept, as they are now or as they were at a moment: nothing is fetched.

    Parameters
    ----------
    desk
        The desk of the process.
    market
        Gives the bars.
    """

    def __init__(self, desk: Desk, market: MarketData) -> None:
        self._desk = desk
        self._market = market
        self._now = desk.clock.now()
        self._closes: dict[tuple[str, str, datetime], Closes | None] = {}
        self._rivals: dict[tuple[str, str, datetime, int, datetime], Mapping[int, Day]] = {}

    async def closes(self, forecast: Forecast, learned: datetime | None = None) -> Closes | None:
        """Give all closes of a forecast's instrument; None where there are none."""
        key = (forecast.instrument.symbol, str(forecast.timeframe), learned or self._now)
        if key not in self._closes:
            bars = await self._bars(forecast, learned)
            _forget(self._closes)
            self._closes[key] = None if bars is None else Closes(bars)
        return self._closes[key]

    async def rival(self, forecast: Forecast, learned: datetime | None = None) -> Mapping[int, Day]:
        """Give what the baseline says at a forecast's origin; nothing where its bars aren't at hand."""
        days = len(forecast.days)
        key = (forecast.instrument.symbol, str(forecast.timeframe), forecast.as_of, days, learned or self._now)
        if key not in self._rivals:
            known = await self._bars(forecast, learned, as_of=forecast.as_of)
            told: Mapping[int, Day] = {}
            if known is not None and known.frame["known_at"][-1] == forecast.as_of:
                told = await rival(self._desk, known, days)
            _forget(self._rivals)
            self._rivals[key] = told
        return self._rivals[key]

    async def _bars(
        self, forecast: Forecast, learned: datetime | None, *, as_of: datetime | None = None
    ) -> Bars | None:
        try:
            # what a moment of learning is named for is not fetched
            told = learned or self._now
            bars = await self._market.bars(forecast.instrument, forecast.timeframe, as_of=as_of, learned=told)
        except AraError:
            return None
        return bars if len(bars) else None


def _forget(some: dict[Any, Any]) -> None:
    if len(some) >= _REMEMBERED:
        del some[next(iter(some))]


async def against_bars(rows: Sequence[Row], kept: Kept, bars: AtHand) -> tuple[int, int, list[tuple[Row, Columns]]]:
    """Hold the scores of one forecast against bars: as they are, else as they were when it was scored.

    Returns of how many rows the outcome was compared, of how many the baseline's error, and what disagrees in which.
    """
    forecast = kept.forecast
    now = await bars.closes(forecast)
    outcomes = [_outcome(row, now) for row in rows]
    compared = forecast.model != BASELINE and forecast.lineage.engine == ENGINE
    told = await bars.rival(forecast) if compared and any(one is not None for one in outcomes) else {}
    errors = [_rivalled(row, told) for row in rows]
    wrong: list[tuple[Row, Columns]] = []
    for row, outcome, said in zip(rows, outcomes, errors, strict=True):
        if not outcome and not said:
            continue
        at = _hour(row, rows)
        columns = dict(outcome or {})
        if outcome and _outcome(row, await bars.closes(forecast, at)) == {}:
            columns = {}
        if said and _rivalled(row, await bars.rival(forecast, at)) != {}:
            columns |= said
        wrong.append((row, columns))
    return sum(one is not None for one in outcomes), sum(one is not None for one in errors), wrong


def _hour(row: Row, rows: Sequence[Row]) -> datetime:
    """Give the last moment at which a row of these was scored within the same hour: bars are asked for once."""
    hours = [each["scored_at"].astimezone(UTC).replace(minute=0, second=0, microsecond=0) for each in (row, *rows)]
    moments: list[datetime] = [each["scored_at"] for each in rows]
    return max(at for at, hour in zip(moments, hours[1:], strict=True) if hour == hours[0])


def _outcome(row: Row, closes: Closes | None) -> Columns | None:
    """Give what disagrees with bars; None where origin or target are not among them."""
    origin = None if closes is None else closes.place.get(row["as_of"])
    if closes is None or origin is None or origin + row["horizon"] >= len(closes.known):
        return None
    target = origin + row["horizon"]
    due = {
        "outcome": float(row["close"] * np.exp(np.log(closes.close[target] / closes.close[origin]))),
        "live": row["made_at"] < closes.known[target],
    }
    wrong = {name: (row[name], value) for name, value in due.items() if not _alike(row[name], value)}
    early = {} if row["scored_at"] >= closes.known[target] else {"scored_at": (row["scored_at"], closes.known[target])}
    return wrong | early


def _rivalled(row: Row, told: Mapping[int, Day]) -> Columns | None:
    """Give whether the baseline's error disagrees; None where it can't be told."""
    day, price, close = told.get(row["day"]), _number(row["outcome"]), _number(row["close"])
    if day is None or not (0 < price < np.inf and 0 < close < np.inf):
        return None
    due = crps_of(day, float(np.log(price / close)))
    kept = row["baseline_crps"]
    return {} if kept is not None and _alike(kept, due) else {"baseline_crps": (kept, due)}
