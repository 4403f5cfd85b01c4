"""Strategies or models side by side: which can't be told from the best, and what to make of it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError
from ara.performance.luck import Significance, significance
from ara.performance.picked import Beating, beating
from ara.performance.returns import Measures, measure
from ara.performance.snooping import model_confidence_set
from ara.store.store import Record

__all__ = ["METRICS", "Beside", "Choice", "Ranked", "Ranking", "ranking"]

_Array = NDArray[np.float64]

METRICS: Final = ("sharpe", "return")
"""What ranks: returns over their own deviation, or returns as they are."""

_SURE: Final = 0.95


class Choice(Record, frozen=True, kw_only=True):
    """What somebody prefers among some that were compared; its id follows from their names and the metric.

    Parameters
    ----------
    chosen, among, metric
        Which, of which, ranked by what.
    at
        When it was chosen.
    """

    kind: ClassVar[str] = "performance_choice"
    chosen: str
    among: tuple[str, ...]
    metric: str
    at: datetime

    @staticmethod
    def id_of(among: Sequence[str], metric: str) -> str:
        """Give the id of a choice among these, in any order."""
        return hashlib.sha256("\0".join([metric, *sorted(among)]).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """One of them.

    Parameters
    ----------
    name, measures
        What it is called, and the measures of its returns.
    p
        Level at which it would leave the set of those that can't be told from the best; 1 for the best.
    stays
        Whether it is in that set.
    """

    name: str
    measures: Measures
    p: float
    stays: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What all of them are held against.

    Parameters
    ----------
    name, measures
        What it is called, and the measures of its returns over the same bars.
    tests
        Whether the best of them is better than this one, though it was picked.
    """

    name: str
    measures: Measures
    tests: Beating

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        tests = {name: value for name, value in self.tests.as_dict().items() if name not in {"best", "trials"}}
        return {"name": self.name, "measures": self.measures.as_dict(), **tests}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """All of them, the best first.

    Parameters
    ----------
    metric, level, bars
        What ranks; the set holds the best with 1 - level; common bars.
    entries
        Each one.
    luck
        What the Sharpe ratio of the first proves, as the best of so many.
    beside
        What they are held against; None without.
    """

    metric: str
    level: float
    bars: int
    entries: tuple[Ranked, ...]
    luck: Significance
    beside: Beside | None = None

    @property
    def recommended(self) -> str | None:
        """The name of the one to take; None where the figures single out none."""
        alone = sum(one.stays for one in self.entries) == 1
        better = self.beside is None or self.beside.tests.told
        return self.entries[0].name if alone and self.proven and better else None

    @property
    def proven(self) -> bool:
        """Whether the first has a Sharpe ratio above 0 with 95 %, although it is the best of so many."""
        return (self.luck.deflated or 0.0) >= _SURE

    @property
    def words(self) -> str:
        """What to make of it."""
        if self.beside is None:
            return self._apart
        name, tests = self.beside.name, self.beside.tests
        if tests.told:
            return (
                f"{self._apart} The best is better than {name}, though picked among {tests.trials} (p {tests.p:.3f})."
            )
        return f"{self._apart} None is shown to be better than {name} (p {tests.p:.2f})."

    @property
    def _apart(self) -> str:
        """What to make of them without what they are held against."""
        first, stay = self.entries[0].name, [one.name for one in self.entries if one.stays]
        skill = "it is also more than the luck of the best of so many" if self.proven else ""
        if len(stay) == 1:
            if self.recommended:
                return f"Take {first}: it is told from all others, and {skill}."
            if self.proven:
                return f"{first} is told from all others, and {skill}."
            return f"{first} is told from all others, but may still owe that to luck: take it only with other reasons."
        others = ", ".join(stay[1:4]) + (f" and {len(stay) - 4} more" if len(stay) > 4 else "")
        advice = "take the simplest or cheapest of them, or equal parts"
        told = f"{first} did best, but can't be told from {others}: {advice}"
        return f"{told}." if self.proven else f"{told}; none of it is proven to be more than luck."

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "metric": self.metric,
            "level": self.level,
            "bars": self.bars,
            "recommended": self.recommended,
            "words": self.words,
            "deflated_sharpe_probability": self.luck.deflated,
            "trials": self.luck.trials,
            "benchmark": None if self.beside is None else self.beside.as_dict(),
            "entries": [
                {"name": one.name, "p": one.p, "in_set": one.stays, "measures": one.measures.as_dict()}
                for one in self.entries
            ],
        }


def ranking(
    names: Sequence[str],
    returns: _Array,
    *,
    per_year: float,
    metric: str = "sharpe",
    free: float = 0.0,
    trials: int = 0,
    level: float = 0.1,
    seed: int = 0,
    beside: tuple[str, _Array] | None = None,
) -> Ranking:
    """Rank returns of the same bars by the model confidence set, and say what to make of it.

    Parameters
    ----------
    names, returns
        Of each; `[bar, one]`, finite.
    per_year
        Bars of a year.
    metric
        One of `METRICS`. For `sharpe` each is divided by its own deviation over all bars first, so that none is better
        for being bolder.
    free
        What cash earns in a year.
    trials
        How many were tried in all, at least as many as are here.
    level, seed
        As for `model_confidence_set`.
    beside
        Name and returns, of the same bars, of what all are held against: the best of them is tested for being better,
        by what ranks.

    References
    ----------
    P. Hansen, A. Lunde and J. Nason (2011), The model confidence set, Econometrica 79; D. Bailey and M. López de Prado
    (2014), The deflated Sharpe ratio, Journal of Portfolio Management 40.
    """
    if len(names) < 2 or len(set(names)) != len(names) or returns.shape[1:] != (len(names),):
        raise ValidationError(f"There are {len(names)} names of {returns.shape[1:]} returns.", hint="Two at the least.")
    if metric not in METRICS:
        raise ValidationError(f"What ranks is {metric[:40]!r}.", hint=f"There are: {', '.join(METRICS)}.")
    above = returns - free / per_year
    deviation = above.std(axis=0)
    scaled = above / np.where(deviation > 0, deviation, 1.0) if metric == "sharpe" else above
    found = model_confidence_set(-scaled, level=level, seed=seed)
    held = None if beside is None else _beside(beside, above, metric, per_year=per_year, free=free, seed=seed)
    order = sorted(range(len(names)), key=lambda one: (found.losses[one], one))
    return Ranking(
        metric=metric,
        level=level,
        bars=len(returns),
        entries=tuple(
            Ranked(
                name=names[one],
                measures=measure(returns[:, one], per_year=per_year, free=free),
                p=found.p[one],
                stays=one in found.members,
            )
            for one in order
        ),
        luck=significance(
            returns[:, order[0]], per_year=per_year, trials=max(trials, len(names)), free=free, seed=seed
        ),
        beside=held,
    )


def _beside(
    beside: tuple[str, _Array], above: _Array, metric: str, *, per_year: float, free: float, seed: int
) -> Beside:
    name, returns = beside
    return Beside(
        name=name,
        measures=measure(returns, per_year=per_year, free=free),
        tests=beating(above, returns - free / per_year, scaled=metric == "sharpe", seed=seed),
    )
