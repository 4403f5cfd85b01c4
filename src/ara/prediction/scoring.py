"""Scoring: kept forecasts against what happened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ara.data.feed import MarketData
from ara.desk import Desk
from ara.errors import AraError, ValidationError
from ara.market import symbols
from ara.market.bars import Bars
from ara.market.timeframe import Timeframe
from ara.models.quantiles import LEVELS
from ara.models.registry.card import BASELINE
from ara.performance import crps, inside
from ara.performance.inference import apart
from ara.prediction.forecast import Day, Forecast
from ara.prediction.ledger import Kept
from ara.prediction.rivals import crps_of, rival
from ara.prediction.unscored import Unscored
from ara.statistics.distributions import binomial_tail

__all__ = ["ScoreReport", "measures", "score", "stated"]

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreReport:
    """What came due, and how it went. A forecast over five days comes due five times.

    Parameters
    ----------
    came_due
        Outcomes that became known since the last scoring.
    live, replayed
        How many of them were forecast before the outcome was public, and how many after (`--as-of` in the past):
        only the first kind proves anything.
    inside_80, expected_80
        How many fell into the 80 % band, and how many should.
    better, compared
        How many ended nearer to the forecast price than to the price at the origin, of those where the two differ.
    apart
        How many of these don't overlap: what spans the same days hangs together, of one instrument and of all.
    chance
        Probability that a coin thrown `apart` times gets at least that share right; 1 where nothing could be compared.
    scored
        All outcomes scored so far, these included.
    scored_inside_80
        How many of all fell into the 80 % band.
    failed
        Instruments whose forecasts could not be scored, with the reason.
    waiting
        How many forecasts of those that were asked for have an outcome that is not known yet.
    rows
        One mapping per outcome that came due, with the columns of the table `scores`.
    """

    came_due: int
    live: int
    replayed: int
    inside_80: int
    expected_80: float
    better: int
    compared: int
    apart: int
    chance: float
    scored: int
    scored_inside_80: int
    failed: Mapping[str, str]
    rows: tuple[Mapping[str, Any], ...]
    waiting: int = 0


async def score(desk: Desk, wanted: Sequence[str] = ()) -> ScoreReport:
    """Score every kept forecast whose outcome is known by now and was not scored before.

    Parameters
    ----------
    desk
        The desk of the process.
    wanted
        Symbols to score; all if empty.
    """
    from sqlalchemy import select

    from ara.store.scores import scores

    names = {symbols.normalise(text) for text in wanted}
    unscored = Unscored(desk)
    await unscored.read()
    if names and (unseen := await unscored.unknown(names)):
        raise ValidationError(
            f"the ledger has no forecast of {', '.join(sorted(unseen))}", hint="List what is kept: ara ledger list"
        )
    done = await unscored.scored()
    waiting: dict[tuple[str, str], list[Kept]] = {}
    for kept in await unscored.of(names):
        waiting.setdefault((kept.forecast.instrument.symbol, str(kept.forecast.timeframe)), []).append(kept)
    async with MarketData(desk) as market:
        rows, failed = await _scored(desk, market, waiting, done)
    if rows:
        await desk.store.tables.insert(scores, rows)
        for row in rows:
            done.setdefault(row["forecast_id"], set()).add(row["day"])
    asked = [kept for some in waiting.values() for kept in some]
    await unscored.settle(iter(asked), done)
    chosen = select(scores.c.inside_80)
    if names:
        chosen = chosen.where(scores.c.symbol.in_(sorted(names)))
    told = _report(rows, failed, [row["inside_80"] for row in await desk.store.tables.execute(chosen)])
    return replace(told, waiting=sum(len(done.get(one.id, ())) < len(one.forecast.days) for one in asked))


async def _scored(
    desk: Desk, market: MarketData, waiting: Mapping[tuple[str, str], Sequence[Kept]], done: Mapping[str, set[int]]
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    rows: list[dict[str, Any]] = []
    failed: dict[str, str] = {}
    for (symbol, timeframe), forecasts in sorted(waiting.items()):
        try:
            bars = await market.bars(forecasts[0].forecast.instrument, Timeframe.parse(timeframe))
        except AraError as error:
            failed[symbol] = error.message
            continue
        for kept in forecasts:
            rows += await _outcomes(desk, market, kept, bars, done)
    return rows, failed


async def _outcomes(
    desk: Desk, market: MarketData, kept: Kept, bars: Bars, done: Mapping[str, set[int]]
) -> list[dict[str, Any]]:
    """Give a row for each day of a forecast that has come due: the origin's bar and the target's are both there."""
    forecast, frame = kept.forecast, bars.frame
    origin = frame["known_at"].search_sorted(forecast.as_of)
    if origin >= frame.height or frame["known_at"][origin] != forecast.as_of:
        return []
    due = [d for d in forecast.days if origin + d.number < frame.height and d.number not in done.get(kept.id, ())]
    if not due:
        return []
    baseline = await _baseline(desk, market, forecast, bars)
    close = frame["close"]
    return [
        _row(kept, day, float(np.log(close[target] / close[origin])), frame["known_at"][target], baseline, desk)
        for day in due
        for target in (origin + day.number,)
    ]


async def _baseline(desk: Desk, market: MarketData, forecast: Forecast, bars: Bars) -> Mapping[int, Day]:
    """Give what the baseline would have said at the same origin; nothing where it spoke itself."""
    if forecast.model == BASELINE:
        return {}
    known = await market.bars(bars.instrument, bars.timeframe, as_of=forecast.as_of)
    return await rival(desk, known, len(forecast.days))


def _row(kept: Kept, day: Day, y: float, known_at: datetime, baseline: Mapping[int, Day], desk: Desk) -> dict[str, Any]:
    q, outcome = np.array([day.quantiles]), np.array([y])
    beside = baseline.get(day.number)
    told = measures(q, outcome, np.array([day.usual_move]))
    return {
        "forecast_id": kept.id,
        "day": day.number,
        **stated(kept, day),
        "live": kept.made_at < known_at,
        "outcome": float(day.close * np.exp(y)),
        "crps": float(told["crps"][0]),
        "baseline_crps": crps_of(beside, y) if beside else None,
        "median_error": float(told["median_error"][0]),
        **{name: bool(told[name][0]) for name in ("inside_50", "inside_80", "inside_95")},
        "up": bool(y > 0) if y else None,
        "inside_usual": bool(told["inside_usual"][0]),
        "scored_at": desk.clock.now(),
    }


def stated(kept: Kept, day: Day) -> dict[str, Any]:
    """Give what a score repeats of its forecast: columns of the table `scores` that no outcome changes."""
    forecast = kept.forecast
    return {
        "symbol": forecast.instrument.symbol,
        "asset_class": forecast.instrument.asset_class.value,
        "model": forecast.model,
        "horizon": day.number,
        "as_of": forecast.as_of,
        "target_at": day.at,
        "made_at": kept.made_at,
        "close": day.close,
        "p_up": day.p_up,
        "confidence": day.confidence,
    }


def measures(quantiles: _Array, y: _Array, usual: _Array) -> dict[str, NDArray[Any]]:
    """Give what follows from quantiles `[row, level]`, log returns and usual moves: columns of the table `scores`."""
    off = np.abs(y - quantiles[:, LEVELS.index(0.5)])
    return {
        "crps": crps(quantiles, y, LEVELS),
        "median_error": off,
        **{f"inside_{share:.0%}"[:-1]: inside(quantiles, y, LEVELS, share) for share in (0.5, 0.8, 0.95)},
        "inside_usual": off <= usual,
    }


def _report(rows: Sequence[Mapping[str, Any]], failed: Mapping[str, str], all_inside: Sequence[bool]) -> ScoreReport:
    moved = [(row, abs(float(np.log(row["outcome"] / row["close"])))) for row in rows]
    compared = [(row, move) for row, move in moved if abs(row["median_error"] - move) > 1e-12]
    better = sum(row["median_error"] < move for row, move in compared)
    spread = apart([(row["as_of"], row["target_at"]) for row, _ in compared])
    live = sum(bool(row["live"]) for row in rows)
    return ScoreReport(
        came_due=len(rows),
        live=live,
        replayed=len(rows) - live,
        inside_80=sum(bool(row["inside_80"]) for row in rows),
        expected_80=0.8 * len(rows),
        better=better,
        compared=len(compared),
        apart=spread,
        chance=binomial_tail(better * spread // len(compared), spread) if compared else 1.0,
        scored=len(all_inside),
        scored_inside_80=sum(map(bool, all_inside)),
        failed=dict(failed),
        rows=tuple(rows),
    )
