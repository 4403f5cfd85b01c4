"""Which instruments will do best among their like: chances of each fifth, and how good such chances were."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from math import fsum
from statistics import NormalDist
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import ModelError, ValidationError
from ara.market.bars import Bars
from ara.models.panel import Panel, instant
from ara.models.quantiles import LEVELS
from ara.prediction.compute import Recipe, compute
from ara.prediction.joint import drawn, past, ties
from ara.prediction.meeting import APART, labels, refuse_apart
from ara.prediction.origin import checked_days
from ara.prediction.usual import usual

__all__ = ["DRAWS", "FIFTHS", "LIKE", "MODEL", "UNIFORM", "Exam", "Ranked", "Term", "examined", "rank", "shares"]

FIFTHS: Final = 5
"""Into how many groups of one size the instruments are ordered, the worst first."""

LIKE: Final = 5
"""Fewer instruments than this have no fifths."""

DRAWS: Final = 4000
"""How often their returns are drawn together."""

MODEL: Final = "usual"
"""What returns are drawn from unless a family is named: normal ones, each as wide as `usual` says of its instrument."""

_ENOUGH: Final = 250

UNIFORM: Final = 0.16
"""The ranked probability score of who gives each fifth the same chance, where the fifths are of one size."""

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """An instrument among others.

    Parameters
    ----------
    symbol
        Whose chances.
    quintiles
        That it ends in each fifth by its return, the worst first; they sum to 1.
    as_of
        When the last bar used of it became known, UTC.
    """

    symbol: str
    quintiles: tuple[float, ...]
    as_of: datetime

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON has it."""
        known = self.as_of.isoformat().replace("+00:00", "Z")
        return {"symbol": self.symbol, "quintiles": list(self.quintiles), "as_of": known}


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One of the exam's terms.

    Parameters
    ----------
    start
        What was public then was all that the chances were made from.
    symbols
        How many instruments were ordered.
    score, plain
        Mean ranked probability score of the chances; and of those from a normal distribution with each instrument's
        deviation of 250 bars and the same ties.
    """

    start: datetime
    symbols: int
    score: float
    plain: float

    @property
    def no_knowledge(self) -> float:
        """The score of who knows only how large the fifths are, as draws do: `UNIFORM` where all are of one size."""
        below = accumulate(_sizes(self.symbols))
        return sum(count * (self.symbols - count) for count in below) / (FIFTHS * self.symbols**2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exam:
    """How good the chances of fifths were over several terms.

    Parameters
    ----------
    horizon
        Bars of each term.
    terms
        In order of time; one begins where the one before ended.
    """

    horizon: int
    terms: tuple[Term, ...]

    @property
    def score(self) -> float:
        """The mean of the terms' scores; less is better, `no_knowledge` is none."""
        return float(np.mean([one.score for one in self.terms]))

    @property
    def plain(self) -> float:
        """The same of the plain simulation."""
        return float(np.mean([one.plain for one in self.terms]))

    @property
    def no_knowledge(self) -> float:
        """The same of who knows nothing but the sizes of the fifths."""
        return fsum(one.no_knowledge for one in self.terms) / len(self.terms)

    @property
    def better_than_nothing(self) -> int:
        """In how many terms the chances scored better than no knowledge."""
        return sum(one.score < one.no_knowledge for one in self.terms)

    @property
    def better_than_plain(self) -> int:
        """In how many terms the chances scored better than the plain simulation."""
        return sum(one.score < one.plain for one in self.terms)

    @property
    def p(self) -> float | None:
        """The chance of such a lead over the plain simulation if there were none: normal, each term by itself."""
        lead = np.array([one.plain - one.score for one in self.terms])
        spread = float(lead.std(ddof=1)) / np.sqrt(len(lead)) if len(lead) > 1 else 0.0
        return NormalDist().cdf(-float(lead.mean()) / spread) if spread > 0 else None


def rank(
    bars: Sequence[Bars], horizon: int = 20, *, as_of: datetime | None = None, model: str = MODEL, seed: int = 0
) -> list[Ranked]:
    """Give each instrument's chances of ending in each fifth, from what was known at a moment.

    Parameters
    ----------
    bars
        One daily series for each instrument; those without a bar by then, or too few to forecast, are refused, and
        those whose last bars lie more than ten days apart.
    horizon
        Bars ahead, 1 to 30.
    as_of
        Use only closes that were public then; all there are, if None.
    model
        Family whose forecasts the returns are drawn from; `usual` for how far each usually moves.
    seed
        Of the draws.
    """
    ordered = sorted(bars, key=lambda one: one.instrument.symbol)
    _refuse_few(ordered)
    panel = Panel.build(ordered, (checked_days(horizon, "horizon"),))
    newest = int(panel.known_at.max()) if as_of is None else instant(as_of)
    rows = _rows(panel, newest)
    refuse_apart(ordered, newest, fewest=LIKE)
    chances = _chances(panel, ordered, rows, newest, Recipe(model=model, seed=seed))
    return [
        Ranked(symbol=symbol, quintiles=tuple(own.tolist()), as_of=_when(int(known)))
        for symbol, own, known in zip(panel.symbols, chances, panel.known_at[rows], strict=True)
    ]


def shares(count: int) -> tuple[float, ...]:
    """Give the part of so many instruments that each fifth holds, the worst first: the chances of no knowledge."""
    return tuple(size / count for size in _sizes(count))


def examined(bars: Sequence[Bars], horizon: int = 20, *, terms: int = 12, model: str = MODEL, seed: int = 0) -> Exam:
    """Order instruments at the start of each of the last terms, from what was known then, and score what came.

    A term begins at a session of half of the instruments, at the first of its closes: where markets close at other
    instants, nothing is known of those yet that close later. The return of each counts from its own close of it.

    References
    ----------
    S. Makridakis and others (2022), The M6 forecasting competition: fifths of returns over four weeks, by ranked
    probability score.
    """
    ordered = sorted(bars, key=lambda one: one.instrument.symbol)
    _refuse_few(ordered)
    panel = Panel.build(ordered, (checked_days(horizon, "horizon"),))
    session = labels(ordered)
    days, count = np.unique(session, return_counts=True)
    days = days[count >= max(LIKE, len(ordered) / 2)]
    starts = days[::-1][horizon::horizon][:terms][::-1]
    if len(starts) < terms:
        _refuse_short(terms, horizon, len(days), most=max(len(days) - 1, 0) // horizon)
    return Exam(
        horizon=horizon,
        terms=tuple(_term(panel, ordered, session, int(day), Recipe(model=model, seed=seed)) for day in starts),
    )


def _refuse_short(terms: int, horizon: int, days: int, *, most: int) -> None:
    many = "1 term" if terms == 1 else f"{terms} terms"
    one = f"{horizon} bar{'' if horizon == 1 else 's'} do{'es' if terms == 1 else ''} not fit"
    raise ValidationError(
        f"{many} of {one} into the {days} days on which half of the instruments, and {LIKE} at the least, have bars",
        hint=f"Ask for fewer: --terms {most}" if most else "Ask for a shorter --horizon, or name others.",
    )


def _term(panel: Panel, bars: Sequence[Bars], session: NDArray[np.int64], day: int, recipe: Recipe) -> Term:
    start = int(panel.known_at[session == day].min())
    known = np.array([int((one.frame["known_at"].dt.epoch("us") <= start).sum()) >= _ENOUGH for one in bars])
    rows = np.maximum(_rows(panel, day, session, missing=-1), 0)  # each one's close of that day, or the last before
    known &= session[rows] >= day - APART
    moved = np.where(known, panel.y[rows, 0] * panel.scale[rows, 0], np.nan)
    known &= np.isfinite(moved)
    if known.sum() < LIKE:
        raise ValidationError(
            f"fewer than {LIKE} instruments have {_ENOUGH} bars before the term that began {_when(start):%F}, and an "
            "outcome of it",
            hint="Ask for fewer: --terms",
        )
    mine = [one for one, is_known in zip(bars, known, strict=True) if is_known]
    some = Panel.build(mine, panel.horizons)
    chances = _chances(some, mine, _rows(some, start), start, recipe)
    fifth = _fifths(moved[known])
    returns = past(mine, start)
    spread = np.sqrt(np.nanmean(returns[-250:] ** 2, axis=0) * panel.horizons[0])
    plain = _counted(drawn(_normal(spread), ties(returns), draws=DRAWS, seed=recipe.seed))
    return Term(start=_when(start), symbols=len(mine), score=_score(chances, fifth), plain=_score(plain, fifth))


def _normal(spread: _Array) -> _Array:
    return np.asarray(spread[:, None] * np.array([NormalDist().inv_cdf(level) for level in LEVELS]))


def _chances(panel: Panel, bars: Sequence[Bars], rows: NDArray[np.int64], until: int, recipe: Recipe) -> _Array:
    if recipe.model == MODEL:
        spread = np.array([usual(one, panel.horizons[0], until=until) for one in bars])
        return _counted(drawn(_normal(spread), ties(past(bars, until)), draws=DRAWS, seed=recipe.seed))
    quantiles = compute(panel, rows, recipe).quantiles.values[:, 0]
    level = quantiles - np.median(quantiles, axis=1, keepdims=True)  # of the past's drift nothing is left to order by
    return _counted(drawn(level, ties(past(bars, until)), draws=DRAWS, seed=recipe.seed))


def _counted(moves: _Array) -> _Array:
    """Give `[instrument, fifth]`: the share of draws in which each instrument ends there."""
    fifth = _fifths(moves)
    return np.stack([(fifth == place).mean(axis=0) for place in range(FIFTHS)], axis=1)


def _fifths(moves: _Array) -> NDArray[np.int64]:
    """Give the fifth of each return along the last axis, 0 the worst; the groups differ by one at the most."""
    places = np.argsort(np.argsort(moves, axis=-1, kind="stable"), axis=-1, kind="stable")
    return np.asarray(places * FIFTHS // moves.shape[-1])


def _sizes(count: int) -> list[int]:
    return [int(size) for size in np.bincount(_fifths(np.arange(float(count))), minlength=FIFTHS)]


def _score(chances: _Array, fifth: NDArray[np.int64]) -> float:
    """Give the mean ranked probability score: squares of what the chances up to each fifth were off, over five."""
    happened = fifth[:, None] <= np.arange(FIFTHS)
    return float(((np.cumsum(chances, axis=1) - happened) ** 2).sum(axis=1).mean() / FIFTHS)


def _rows(
    panel: Panel, moment: int, by: NDArray[np.int64] | None = None, *, missing: int | None = None
) -> NDArray[np.int64]:
    """Give each series' last row that was known at a moment; `missing` for those without one, else they are refused.

    Where sessions are given as `by`, the last row up to one of these instead.
    """
    by, rows = panel.known_at if by is None else by, []
    for code, symbol in enumerate(panel.symbols):
        first, end = panel.span(code)
        count = int(np.searchsorted(by[first:end], moment, side="right"))
        if not count and missing is None:
            raise ModelError(f"{symbol} has no bar that was known at {_when(moment):%Y-%m-%d %H:%M} UTC")
        rows.append(first + count - 1 if count or missing is None else missing)
    return np.array(rows)


def _when(moment: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=moment)


def _refuse_few(bars: Sequence[Bars]) -> None:
    names = {one.instrument.symbol for one in bars}
    if len(names) < LIKE:
        raise ValidationError(
            f"{len(names)} instrument{' has' if len(names) == 1 else 's have'} no fifths",
            hint=f"Name {LIKE} at the least, all different.",
        )
