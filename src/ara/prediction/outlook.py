"""From one instrument's bars to its forecast: pure, so that a thread, a worker and a replay give the same bytes."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from ara.errors import ModelError
from ara.lineage import Lineage, digest_arrays
from ara.market.bars import Bars
from ara.market.calendar import Calendar, calendar
from ara.market.timeframe import DAY, Timeframe
from ara.models.panel import Panel
from ara.prediction.compute import ENGINE, Answer, Recipe, compute, platform_facts
from ara.prediction.explain import factors
from ara.prediction.forecast import Day, Forecast

__all__ = ["outlook"]

_USED = ("open", "high", "low", "close", "volume")
_YEAR, _RECENT = 250, 20
_LOW = 0.5
_LEAP = 20  # no market moves so far in one bar; a price in cents or in another currency does


def outlook(bars: Bars, days: int, recipe: Recipe, *, context: Sequence[Bars] = ()) -> Forecast:
    """Forecast the next `days` bars from the last of `bars`.

    Parameters
    ----------
    bars
        What was known, adjusted to its last bar.
    days
        Bars ahead, 1 to 30.
    recipe
        Which model answers.
    context
        Bars of other instruments, known at the same moment, for a model that looks at them too.
    """
    if not len(bars):
        raise ModelError(f"{bars.instrument.symbol} has no bars to forecast from")
    if not 0 < bars.frame["close"][-1] < np.inf:
        raise ModelError(
            f"the last close of {bars.instrument.symbol} is {bars.frame['close'][-1]}, which is no price",
            hint="Name another source, or an earlier moment with --as-of.",
        )
    panel = Panel.build([bars, *context], range(1, days + 1))
    _, end = panel.span(panel.symbols.index(bars.instrument.symbol))
    answer = compute(panel, np.array([end - 1]), recipe)
    _refuse_endless(answer, bars)
    last = bars.frame.row(-1, named=True)
    sessions = calendar(bars.instrument.calendar)
    label = sessions.dated(last["at"])
    return Forecast(
        instrument=bars.instrument,
        as_of=last["known_at"],
        last=label,
        close=last["close"],
        model=recipe.model,
        days=_days(answer, last["close"], _targets(last["known_at"], bars.timeframe, sessions, days)),
        source=last["source"],
        quality=float(bars.frame["quality"].tail(_YEAR).mean()),  # type: ignore[arg-type]
        warnings=(*_warnings(bars), *answer.notes),
        lineage=_lineage(bars, days, recipe, context, answer.states),
    )


def _refuse_endless(answer: Answer, bars: Bars) -> None:
    """Raise where a band reaches beyond all numbers: only prices that are none lead there."""
    with np.errstate(over="ignore"):
        prices = bars.frame["close"][-1] * np.exp(answer.quantiles.values)
    if not np.isfinite(prices).all():
        closes = bars.frame["close"].to_numpy()
        low, high = float(closes.min()), float(closes.max())
        raise ModelError(
            f"the closes of {bars.instrument.symbol} run from {low:.3g} to {high:.3g}: their band has no end",
            hint=f"Look for the wrong ones: ara data check {bars.instrument.symbol}",
        )


def _targets(known_at: datetime, timeframe: Timeframe, venue: Calendar, count: int) -> list[tuple[date, datetime]]:
    """Give label and close of the bars that follow one whose close was public at a moment."""
    found = []
    for _ in range(count):
        label = venue.dated(known_at - timedelta.resolution)
        within = timeframe.span < DAY.span and known_at < venue.closes(label) and venue.is_session(label)
        opens = known_at if within else venue.opens(venue.following(label, 1)[0])
        known_at = timeframe.closes(opens, venue)
        found.append((venue.dated(opens), known_at))
    return found


def _days(answer: Answer, close: float, targets: list[tuple[date, datetime]]) -> tuple[Day, ...]:
    reasons = factors(float(answer.volatility_ratio[0]))
    return tuple(
        Day(
            number=place + 1,
            date=label,
            at=at,
            close=close,
            quantiles=tuple(answer.quantiles.values[0, place].tolist()),
            p_up=float(answer.p_up[0, place]),
            confidence=float(answer.confidence[0, place]),
            usual_move=float(answer.usual_move[0, place]),
            factors=reasons,
        )
        for place, (label, at) in enumerate(targets)
    )


def _columns(bars: Bars, symbol: str = "") -> list[tuple[str, np.ndarray[Any, Any]]]:
    columns = [(f"{symbol}{name}", bars.frame[name].dt.epoch("us").to_numpy()) for name in ("at", "known_at")]
    return columns + [(f"{symbol}{name}", bars.frame[name].to_numpy()) for name in _USED]


def _lineage(bars: Bars, days: int, recipe: Recipe, context: Sequence[Bars], states: Sequence[str]) -> Lineage:
    others = sorted(context, key=lambda one: one.instrument.symbol)
    beside = [column for one in others for column in _columns(one, f"{one.instrument.symbol} ")]
    cited = {"states": list(states)} if states else {}
    return Lineage(
        data=digest_arrays([*_columns(bars), *beside]),
        models={name: {**told, **cited} for name, told in recipe.described().items()},
        settings={
            "symbol": bars.instrument.symbol,
            "timeframe": str(bars.timeframe),
            "basis": bars.basis.value,
            "days": days,
        },
        seed=recipe.seed,
        engine=ENGINE,
        platform=platform_facts(),
    )


def _warnings(bars: Bars) -> tuple[str, ...]:
    found = list(bars.notes)
    if len(bars) < 2 * _YEAR:
        found.append(f"only {len(bars)} bars of history: the usual move and the tails are less sure")
    repaired = int(bars.frame["imputed"].tail(_YEAR).sum())
    if repaired:
        found.append(f"{repaired} of the last {_YEAR} bars were repaired")
    return (*found, *_doubts(bars))


def _doubts(bars: Bars) -> list[str]:
    """Say which of the newest bars can hardly be trusted: each in one sentence, with its quality."""
    ratio = (pl.col("close") / pl.col("close").shift(1)).fill_null(1.0)
    newest = bars.frame.select("at", "quality", ratio=ratio).tail(_RECENT).to_dicts()
    found, told = [], []
    leaps = [row for row in newest if 0 < row["ratio"] < np.inf and not 1 / _LEAP < row["ratio"] < _LEAP]
    for row in leaps[:1]:
        found.append(
            f"the close of {_when(bars, row)} is {row['ratio']:,.3g} times the one before, as if in another unit or "
            f"currency; the bar's quality is {row['quality']:.2f}"
        )
        told.append(row)
    last = newest[-1]
    if last["quality"] < 1 and last not in told:
        found.append(f"the last bar, of {_when(bars, last)}, is in doubt: its quality is {last['quality']:.2f}")
    poor = [row for row in newest[:-1] if row["quality"] <= _LOW and row not in told]
    if poor:
        worst = min(poor, key=lambda row: row["quality"])
        found.append(
            f"{len(poor)} of the last {_RECENT} bars {'is' if len(poor) == 1 else 'are'} in doubt: the quality of "
            f"{_when(bars, worst)} is {worst['quality']:.2f}"
        )
    return found


def _when(bars: Bars, row: dict[str, Any]) -> str:
    """Name a bar: by its session, or by its open where it is shorter than one."""
    if bars.timeframe.span < DAY.span:
        return f"{row['at']:%Y-%m-%d %H:%M} UTC"
    return str(calendar(bars.instrument.calendar).dated(row["at"]))
