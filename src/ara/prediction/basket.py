"""Several instruments held together: what the whole may earn and lose, from the forecast of each and how they move."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError
from ara.lineage import Lineage, digest, digest_arrays
from ara.market.bars import Bars
from ara.market.calendar import calendar
from ara.models.quantiles import LEVELS
from ara.prediction.compute import platform_facts
from ara.prediction.forecast import Day, Forecast
from ara.prediction.joint import past, placed, scores, ties
from ara.prediction.origin import DAYS

__all__ = ["DRAWS", "WORST", "Basket", "BasketDay", "Member", "Span", "basket", "reach"]

DRAWS: Final = 10_000
"""How often the returns of all are drawn together."""

WORST: Final = 0.05
"""The share of outcomes whose mean is the shortfall."""

_ENGINE: Final = "1"
_FEW: Final = 60
_STALE: Final = 4
_APART: Final = 10

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Up to which dates a basket is forecast, and how many own bars of each instrument that takes.

    Parameters
    ----------
    dates
        Labels of the bars of the instrument whose market opens least often.
    bars
        By symbol: its own bars from its last one up to each of the dates; 0 where it does not trade before.
    """

    dates: tuple[date, ...]
    bars: Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One instrument of a basket.

    Parameters
    ----------
    symbol, weight
        Which, and its share of the whole at its last close; negative where it is owed.
    forecast
        Its own forecast, as kept in the ledger.
    shares
        Its part of the basket's shortfall at each of the days; they sum to it. Negative where it makes it smaller.
    """

    symbol: str
    weight: float
    forecast: Forecast
    shares: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BasketDay:
    """The basket by one date. Returns are simple returns of the whole since the last closes; cash earns nothing.

    Parameters
    ----------
    number, date
        Bars ahead, and the label, of the instrument whose market opens least often.
    quantiles
        Returns at `LEVELS`.
    mean
        The mean return.
    p_up
        Probability that the basket is worth more than at the last closes.
    shortfall
        Mean loss of the worst 5 % of outcomes, positive.
    apart
        The same if all fell together: each instrument's own shortfall, by weight, summed. Never less than `shortfall`
        but for the chance of the draws.
    """

    number: int
    date: date
    quantiles: tuple[float, ...]
    mean: float
    p_up: float
    shortfall: float
    apart: float

    def at(self, level: float) -> float:
        """Give the return at one of the levels."""
        return self.quantiles[LEVELS.index(level)]

    @property
    def band_80(self) -> tuple[float, float]:
        """The returns between which the basket ends with probability 0.8."""
        return self.at(0.1), self.at(0.9)

    @property
    def band_95(self) -> tuple[float, float]:
        """The returns between which the basket ends with probability 0.95."""
        return self.at(0.025), self.at(0.975)

    @property
    def value_at_risk(self) -> float:
        """The loss that is exceeded with a chance of 5 %."""
        return -self.at(0.05)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Basket:
    """What Ara says about several instruments held together.

    Parameters
    ----------
    as_of
        When the last bar used became known, UTC.
    members, days
        Each instrument, in the order asked; each date, in order of time.
    correlation
        `[instrument, instrument]`: of daily returns, shrunk, by which they are drawn together.
    covariance
        `[instrument, instrument]`: of the simple returns up to the last date, as drawn.
    shrunk
        How far correlations were drawn to their mean: 0 as they were, 1 all alike.
    observed
        Days that the correlations rest on.
    notes
        What the reader should know before trusting the figures.
    lineage
        What the figures follow from; `id` is its id.
    """

    as_of: datetime
    members: tuple[Member, ...]
    days: tuple[BasketDay, ...]
    correlation: _Array
    covariance: _Array
    shrunk: float
    observed: int
    notes: tuple[str, ...] = ()
    lineage: Lineage = field(repr=False)

    @property
    def id(self) -> str:
        """The lineage id: the same id, the same figures."""
        return self.lineage.id

    @property
    def cash(self) -> float:
        """What is missing to 1; below 0 it is borrowed."""
        return 1 - sum(one.weight for one in self.members)

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "id": self.id,
            "as_of": self.as_of.isoformat().replace("+00:00", "Z"),
            "weights": {one.symbol: one.weight for one in self.members},
            "cash": self.cash,
            "members": [
                {"symbol": one.symbol, "forecast": one.forecast.id, "last": one.forecast.last.isoformat(),
                 "close": one.forecast.close, "currency": one.forecast.instrument.currency, "shares": list(one.shares)}
                for one in self.members
            ],
            "days": [_of_day(one) for one in self.days],
            "correlation": self.correlation.tolist(),
            "covariance": self.covariance.tolist(),
            "shrunk": self.shrunk,
            "observed": self.observed,
            "notes": list(self.notes),
        }  # fmt: skip


def _of_day(day: BasketDay) -> dict[str, Any]:
    return {
        "day": day.number,
        "date": day.date.isoformat(),
        "return": day.at(0.5),
        "mean": day.mean,
        "band_80": list(day.band_80),
        "band_95": list(day.band_95),
        "p_up": day.p_up,
        "value_at_risk": day.value_at_risk,
        "shortfall": day.shortfall,
        "apart": day.apart,
        "quantiles": {f"{level:g}": value for level, value in zip(LEVELS, day.quantiles, strict=True)},
    }


def reach(bars: Sequence[Bars], days: int) -> Span:
    """Say to which dates a basket's forecast reaches, and which bar of each instrument is its last by each of them.

    Markets open on other days: the dates are those of the market that needs longest for so many bars.

    Parameters
    ----------
    bars
        Daily series, one for each instrument.
    days
        Bars ahead of that market, 1 to 30.
    """
    last = {one.instrument.symbol: calendar(one.instrument.calendar).dated(one.frame["at"][-1]) for one in bars}
    _refuse_apart(last)
    coming = {
        one.instrument.symbol: calendar(one.instrument.calendar).following(last[one.instrument.symbol], len(DAYS))
        for one in bars
    }
    dates = max((tuple(own[:days]) for own in coming.values()), key=lambda own: own[-1])
    counts = {name: tuple(sum(label <= goal for label in own) for goal in dates) for name, own in coming.items()}
    for name, own in coming.items():
        if own[-1] < dates[-1]:
            most = sum(goal <= own[-1] for goal in dates)
            raise ValidationError(
                f"{len(DAYS)} bars of {name} reach to {own[-1]} only, {days} bars of the others to {dates[-1]}",
                hint=f"Ask for fewer: --days {most}." if most else "Leave out what has no recent bars.",
            )
    return Span(dates=dates, bars=counts)


def _refuse_apart(last: Mapping[str, date]) -> None:
    """Raise where the last bars lie so far apart that no moment is the basket's."""
    early, late = min(last, key=last.__getitem__), max(last, key=last.__getitem__)
    if (last[late] - last[early]).days > _APART:
        raise ValidationError(
            f"The last bar of {early} is of {last[early]}, that of {late} of {last[late]}: they have no common moment.",
            hint=f"Ask for one when both had bars: --as-of {last[early]}, or bring them up to date: ara data update",
        )


def basket(
    bars: Sequence[Bars], forecasts: Sequence[Forecast], weights: Sequence[float], span: Span, *, seed: int = 0
) -> Basket:
    """Draw the returns of all together, each as its own forecast says, and add them up by weight.

    Every instrument's draws have the quantiles of its forecast; how they come together follows from the last 500 days,
    whose correlations are shrunk, and in which days of a market as wild as now count twice. Medians are left where the
    forecasts put them.

    Parameters
    ----------
    bars, forecasts, weights
        Of each instrument, in one order; a forecast has as many days as the span needs.
    span
        As `reach` gives it.
    seed
        Of the draws.
    """
    returns = past(bars)
    tied = ties(returns)
    dice = scores(tied, draws=DRAWS, seed=seed)
    held = np.array(weights)
    worst = max(int(DRAWS * WORST), 1)
    days, shares, moves = [], [], np.zeros((DRAWS, len(bars)))
    for number, label in enumerate(span.dates, 1):
        own = [_quantiles(one, span.bars[one.instrument.symbol][number - 1]) for one in forecasts]
        moves = np.expm1(placed(dice, np.array(own)))
        day, parts = _summed(moves, held, worst, number=number, label=label)
        days.append(day)
        shares.append(parts)
    away = moves - moves.mean(axis=0)
    return Basket(
        as_of=max(one.as_of for one in forecasts),
        members=tuple(
            Member(
                symbol=one.instrument.symbol, weight=float(weight), forecast=one,
                shares=tuple(float(day[place]) for day in shares),
            )
            for place, (one, weight) in enumerate(zip(forecasts, weights, strict=True))
        ),
        days=tuple(days),
        correlation=tied.correlation,
        covariance=np.einsum("di,dj->ij", away, away) / (DRAWS - 1),
        shrunk=float(tied.share),
        observed=len(returns),
        notes=_notes(bars, forecasts, returns),
        lineage=_lineage(forecasts, returns, weights, span, seed),
    )  # fmt: skip


def _quantiles(forecast: Forecast, count: int) -> tuple[float, ...]:
    day: Day | None = forecast.days[count - 1] if count else None
    return day.quantiles if day else (0.0,) * len(LEVELS)


def _summed(moves: _Array, held: _Array, worst: int, *, number: int, label: date) -> tuple[BasketDay, _Array]:
    """Give the basket by one date, and each instrument's part of its shortfall."""
    whole = np.einsum("di,i->d", moves, held)
    lowest = np.argsort(whole, kind="stable")[:worst]
    parts = -moves[lowest].mean(axis=0) * held
    own = np.sort(moves * held, axis=0)[:worst].mean(axis=0)
    day = BasketDay(
        number=number,
        date=label,
        quantiles=tuple(np.quantile(whole, LEVELS).tolist()),
        mean=float(whole.mean()),
        p_up=float((whole > 0).mean()),
        shortfall=float(parts.sum()),
        apart=float(-own.sum()),
    )
    return day, parts


def _notes(bars: Sequence[Bars], forecasts: Sequence[Forecast], returns: _Array) -> tuple[str, ...]:
    found = []
    codes = sorted({str(one.instrument.currency) for one in bars})
    if len(codes) > 1:
        found.append(f"returns are in {' and '.join(codes)}, each in its own: what exchange rates do is not in them")
    ends = sorted((one.last, one.instrument.symbol) for one in forecasts)
    (first, early), (last, late) = ends[0], ends[-1]
    if (last - first).days > _STALE:
        found.append(f"the last bar of {early} is of {first}, that of {late} of {last}: they do not start together")
    common = int(np.isfinite(returns).all(axis=1).sum())
    if len(bars) > 1 and common < _FEW:
        found.append(f"only {common} days have closes of all: how they move together is hardly known")
    simpler = [one.instrument.symbol for one in forecasts if one.degraded]
    if simpler:
        found.append(f"a part failed of the forecast of {', '.join(simpler)}: it is wider for that")
    return tuple(found)


def _lineage(
    forecasts: Sequence[Forecast], returns: _Array, weights: Sequence[float], span: Span, seed: int
) -> Lineage:
    whole = {one.instrument.symbol: one.id for one in forecasts}
    return Lineage(
        data=digest([digest_arrays([("returns", returns)]), whole]),
        models={"basket": {"draws": DRAWS, "worst": WORST}},
        settings={
            "weights": {one.instrument.symbol: float(own) for one, own in zip(forecasts, weights, strict=True)},
            "dates": [label.isoformat() for label in span.dates],
        },
        seed=seed,
        engine=_ENGINE,
        platform=platform_facts(),
    )
