"""Features chosen inside folds, judged by what came after, beside a target that was moved in time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError
from ara.features.selection.choice import Choice, Limits, choose
from ara.features.selection.filters import rank_correlation
from ara.features.selection.folds import Fold, folds
from ara.features.selection.importance import Estimator, judged

__all__ = ["FoldChoice", "Report", "Selected", "select"]

_HALVES: Final = 10
_SHUFFLED: Final = 10
_BLOCKS: Final = 20
_OFTEN: Final = 0.5
_FEWEST: Final = 200

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """What was found of one feature.

    Parameters
    ----------
    name
        Of the feature.
    kept
        Whether it should be used.
    reason
        Why, or why not.
    correlation, information
        With the target: rank correlation, and bits of mutual information.
    folds
        Share of the folds that chose it, or one that says the same.
    stability
        Share of random halves of the history, in blocks, that chose it, or one that says the same.
    importance
        What the score in later rows loses where the feature is displaced, the mean of all folds.
    """

    name: str
    kept: bool
    reason: str
    correlation: float
    information: float
    folds: float
    stability: float
    importance: float

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        numbers = ("correlation", "information", "folds", "stability", "importance")
        told = {name: round(getattr(self, name), 6) for name in numbers}
        return {"name": self.name, "kept": self.kept, "reason": self.reason, **told}


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldChoice:
    """What one fold chose, from its own rows, and how that did after them.

    Parameters
    ----------
    rows
        How many it learned from.
    names
        What it chose.
    score
        Share of the squared error of the past mean that was saved in the rows after them.
    """

    rows: int
    names: tuple[str, ...]
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was kept, and why.

    Parameters
    ----------
    features
        One for each, in their order.
    folds
        The earliest first.
    score
        The mean score of the folds.
    shuffled
        The same where the target was moved in time, so that there is nothing to learn: what chance alone does.
    chance
        How often moved targets did as well, the real one counted too.
    """

    features: tuple[Selected, ...]
    folds: tuple[FoldChoice, ...]
    score: float
    shuffled: tuple[float, ...]
    chance: float

    @property
    def kept(self) -> tuple[str, ...]:
        """The names of those that should be used."""
        return tuple(one.name for one in self.features if one.kept)


def select(
    names: Sequence[str],
    x: NDArray[Any],
    y: NDArray[Any],
    estimator: Estimator,
    *,
    horizon: int,
    count: int = 4,
    embargo: int = 0,
    limits: Limits | None = None,
    seed: int = 20,
) -> Report:
    """Choose features, and tell how much the choice is worth.

    Every choice is made inside a fold, from rows whose targets were known before the first row that judges it. The
    features that are kept were chosen by half of the folds and of the random halves, and lose more than chance alone
    where they are displaced; if the whole does no better than with targets that were moved in time, none is kept.

    Parameters
    ----------
    names
        Of the columns.
    x
        `[row, feature]`, ascending in time; NaN for no value.
    y
        The target of each row, known `horizon` rows later; NaN where it isn't known yet.
    estimator
        What learns.
    horizon
        After how many rows a target is known.
    count
        How many folds.
    embargo
        Rows that are left out before the rows that judge, besides those whose targets reach into them.
    limits
        From where on a feature is dropped.
    seed
        Of what is random.

    Raises
    ------
    ValidationError
        The shapes or numbers don't fit, or there are too few rows.
    FeatureEngineeringError
        The estimator fails, or doesn't forecast a number for each row.
    """
    x, y = _numbers("x", x), _numbers("y", y)
    if x.ndim != 2 or y.shape != x.shape[:1] or x.shape[1] != len(names) or not len(names):
        raise ValidationError(f"{len(names)} names, features of shape {x.shape} and targets of {y.shape} don't fit.")
    if len(set(names)) < len(names):
        twice = next(name for name in names if list(names).count(name) > 1)
        raise ValidationError(f"Two features are called {twice!r:.60}; give each a name of its own.")
    _counted(horizon=(horizon, 1), embargo=(embargo, 0), count=(count, 1), seed=(seed, 0))
    known = np.isfinite(y)
    x, y = np.where(np.isfinite(x[known]), x[known], np.nan), y[known]
    needed = max(_FEWEST, 10 * (count + 1) * (horizon + embargo), 2 * _BLOCKS * horizon)
    if len(y) < needed:
        gap = f"{count} folds, a horizon of {horizon} and an embargo of {embargo}"
        raise ValidationError(
            f"The target of {len(y)} of {len(known)} rows is known, too few: {gap} need {needed}.",
            hint="Give more rows, fewer folds or a shorter horizon.",
        )
    maker = _Maker(names, estimator, horizon, limits or Limits(), seed)
    parts = list(folds(len(y), count=count, horizon=horizon, embargo=embargo))
    chosen, scores, losses = maker.walk(x, y, parts)
    moved = [maker.walk(x, np.roll(y, shift), parts) for shift in maker.shifts(len(y))]
    shuffled = tuple(float(np.mean(one[1])) for one in moved)
    noise = float(np.max([one[2].mean(axis=0).max() for one in moved]))
    own = float(np.mean(scores))
    chance = (1 + sum(other >= own for other in shuffled)) / (1 + len(shuffled))
    skilled = own > max(0.0, *shuffled)
    final = maker.chosen(x, y, seed)
    halves = [
        maker.chosen(x[rows], y[rows], seed + 1 + number).kept for number, rows in enumerate(maker.halves(len(y)))
    ]
    same = np.abs(rank_correlation(x)) >= maker.limits.correlation
    features = tuple(
        _judged(name, place, final, chosen, halves, losses.mean(axis=0), same[place], noise=noise, skilled=skilled)
        for place, name in enumerate(names)
    )
    made = tuple(
        FoldChoice(rows=len(part.train), names=tuple(names[place] for place in one.kept), score=own_score)
        for part, one, own_score in zip(parts, chosen, scores, strict=True)
    )
    return Report(features=features, folds=made, score=own, shuffled=shuffled, chance=chance)


def _counted(**given: tuple[Any, int]) -> None:
    for word, (value, least) in given.items():
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
            raise ValidationError(f"{word} is {value!r:.40}; give a whole number, {least} at least.")


def _numbers(name: str, values: Any) -> _Array:
    try:
        found = np.asarray(values)
        if found.dtype.kind not in "fiub":
            raise TypeError
    except (TypeError, ValueError):
        raise ValidationError(f"{name} is no array of real numbers, but {type(values).__name__}.") from None
    return found.astype(np.float64)


class _Maker:
    """Makes choices, always in the same way."""

    def __init__(self, names: Sequence[str], estimator: Estimator, horizon: int, limits: Limits, seed: int) -> None:
        self._names, self._estimator, self._horizon = names, estimator, horizon
        self.limits, self._seed = limits, seed

    def chosen(self, x: _Array, y: _Array, seed: int) -> Choice:
        return choose(x, y, self._names, self._estimator, horizon=self._horizon, limits=self.limits, seed=seed)

    def walk(self, x: _Array, y: _Array, parts: list[Fold]) -> tuple[list[Choice], list[float], _Array]:
        """Choose in each fold, and judge what was chosen by the rows after it."""
        choices, scores, losses = [], [], np.zeros((len(parts), x.shape[1]))
        for number, part in enumerate(parts):
            choice = self.chosen(x[part.train], y[part.train], self._seed)
            own = 0.0
            if choice.kept:
                random = np.random.default_rng([self._seed, number])
                kept = list(choice.kept)
                own, losses[number, kept] = judged(self._estimator, x[:, kept], y, [part], random)
            choices.append(choice)
            scores.append(own)
        return choices, scores, losses

    def shifts(self, rows: int) -> list[int]:
        random = np.random.default_rng([self._seed, 1])
        return [int(shift) for shift in random.integers(rows // 5, rows - rows // 5, _SHUFFLED)]

    def halves(self, rows: int) -> list[NDArray[np.int64]]:
        """Give the rows of random halves of the history, blocks of it in their order."""
        random = np.random.default_rng([self._seed, 2])
        blocks = np.array_split(np.arange(rows), _BLOCKS)
        picked = [sorted(random.permutation(_BLOCKS)[: _BLOCKS // 2].tolist()) for _ in range(_HALVES)]
        # a block's last targets lie in the next block: without them, halves overlap nowhere
        return [np.concatenate([blocks[one][: -self._horizon] for one in places]) for places in picked]


def _judged(
    name: str,
    place: int,
    final: Choice,
    chosen: list[Choice],
    halves: list[tuple[int, ...]],
    losses: _Array,
    same: NDArray[np.bool_],
    *,
    noise: float,
    skilled: bool,
) -> Selected:
    # of features that say the same, now one and now another is chosen: their votes are one
    alike = {place, *np.flatnonzero(same).tolist()}
    in_folds = sum(bool(alike & set(one.kept)) for one in chosen) / len(chosen)
    stability = sum(bool(alike & set(kept)) for kept in halves) / len(halves)
    importance = float(losses[sorted(alike)].sum())
    if place in final.reasons:
        reason = final.reasons[place]
    elif not skilled:
        reason = "all that were chosen together do no better than with a target that was moved in time"
    elif in_folds < _OFTEN:
        reason = f"only {in_folds:.0%} of the folds chose it"
    elif stability < _OFTEN:
        reason = f"only {stability:.0%} of the halves of the history chose it"
    elif not importance > max(noise, 0.0):
        reason = f"displaced, it costs {importance:.4f} of the score, and by chance alone up to {noise:.4f}"
    else:
        reason = ""
    told = f"displaced, it costs {importance:.4f} of the score, more than by chance ({max(noise, 0.0):.4f})"
    return Selected(
        name=name,
        kept=not reason,
        reason=reason or told,
        correlation=float(np.nan_to_num(final.correlation[place])),
        information=float(final.information[place]),
        folds=in_folds,
        stability=stability,
        importance=importance,
    )
