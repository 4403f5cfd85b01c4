"""Which features are no longer what they were: two windows compared, chance taken into account."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError
from ara.features.drift.chance import Chance, block_length
from ara.features.drift.corrections import benjamini_hochberg, holm
from ara.features.drift.dependence import memory_times
from ara.features.drift.measures import jensen_shannon, kolmogorov_smirnov, population_stability, wasserstein
from ara.features.drift.stretches import unseen

__all__ = ["CORRECTIONS", "Drift", "FeatureDrift", "drift"]

CORRECTIONS: Final[Mapping[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]]] = {
    "bh": benjamini_hochberg,
    "holm": holm,
}
"""What many tests at once are corrected by: the share of false findings, or the chance of a single one."""

_FEWEST: Final = 30
_SHUFFLES: Final = 499
_MOST: Final = 20_000
_CLOSE: Final = 2.5

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureDrift:
    """How far one feature is from what it was.

    Parameters
    ----------
    name
        Of the feature.
    psi, ks, wasserstein, jensen_shannon
        The four measures; Wasserstein's in standard deviations of the reference. NaN where there are too few values.
    missing_before, missing_now
        Share of the bars without a value, in the reference and in the current window.
    block
        Bars that were shuffled together, because the feature remembers; 0 where nothing was.
    p
        How often chance alone sets two such windows as far apart; NaN where that can't be told.
    adjusted
        The same, corrected for the number of features.
    unseen
        Whether the windows are farther apart than any equally long stretch of the reference is from the rest of it;
        where volatility remembers, farther than such stretches let expect.
    drifted
        Whether it is unseen, and the adjusted p-value below the level that was asked for.
    why
        Why nothing can be told; empty where it can.
    """

    name: str
    psi: float = math.nan
    ks: float = math.nan
    wasserstein: float = math.nan
    jensen_shannon: float = math.nan
    missing_before: float = 0.0
    missing_now: float = 0.0
    block: int = 0
    p: float = math.nan
    adjusted: float = math.nan
    unseen: bool = False
    drifted: bool = False
    why: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values, None for NaN."""
        numbers = ("psi", "ks", "wasserstein", "jensen_shannon", "missing_before", "missing_now", "p", "adjusted")
        shown = {name: getattr(self, name) for name in numbers}
        told = {name: round(value, 6) if math.isfinite(value) else None for name, value in shown.items()}
        return {
            "name": self.name,
            **told,
            "block": self.block,
            "unseen": self.unseen,
            "drifted": self.drifted,
            "why": self.why,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """What became of all features of a set.

    Parameters
    ----------
    before, after
        Bars in the reference and in the current window.
    level
        What an adjusted p-value must be below.
    correction
        One of `CORRECTIONS`.
    features
        One for each, in their order.
    """

    before: int
    after: int
    level: float
    correction: str
    features: tuple[FeatureDrift, ...]

    @property
    def drifted(self) -> tuple[FeatureDrift, ...]:
        """Those that drifted, the farthest first."""
        found = [one for one in self.features if one.drifted]
        return tuple(sorted(found, key=lambda one: (one.adjusted, -one.ks)))

    @property
    def untold(self) -> tuple[FeatureDrift, ...]:
        """Those of which nothing can be told."""
        return tuple(one for one in self.features if one.why)


def drift(
    names: Sequence[str],
    reference: NDArray[Any],
    current: NDArray[Any],
    *,
    level: float = 0.05,
    correction: str = "bh",
    seed: int = 20,
) -> Drift:
    """Compare features in a current window with a reference, and say which drifted.

    A feature's neighbours in time resemble each other, so that tests for independent cases cry wolf. Here blocks of
    bars, five times as long as the feature's memory, are shuffled between the windows; the p-value is the share of
    shuffles that set them as far apart, by whichever of the four measures is most unusual. Of a feature that remembers
    too long for the windows, nothing is told. What is named is also farther off than any equally long stretch of the
    reference was from the rest of it: what came and went before is no drift. Where the spread remembers longer than the
    level, as that of returns does, more is asked: farther than a new stretch is expected to be in 39 of 40 cases.

    Parameters
    ----------
    names
        Of the columns.
    reference, current
        `[bar, feature]`, ascending in time, the current bars after those of the reference; NaN for no value.
    level
        Share of false findings, or chance of one, that is accepted, by the correction.
    correction
        `bh` (Benjamini and Hochberg) or `holm`.
    seed
        Of the shuffles.

    Raises
    ------
    ValidationError
        The windows don't fit the names or are too short, or there is no such correction.
    """
    before, now = (np.asarray(one, np.float64) for one in (reference, current))
    if before.ndim != 2 or now.ndim != 2 or not before.shape[1] == now.shape[1] == len(names):
        raise ValidationError(f"The windows have the shapes {before.shape} and {now.shape} for {len(names)} features.")
    if min(len(before), len(now)) < _FEWEST:
        words = f"The windows have {len(before)} and {len(now)} bars"
        raise ValidationError(
            f"{words}; drift is told of {_FEWEST} at least.", hint="Give longer windows, or more of the past."
        )
    if correction not in CORRECTIONS:
        raise ValidationError(f"There is no correction {correction!r:.40}; there are {', '.join(CORRECTIONS)}.")
    if not 0 < level < 1:
        raise ValidationError(f"The level is {level}; it is a number between 0 and 1.")
    chance = Chance(before=len(before), after=len(now), seed=seed)
    told = [_measured(name, before[:, place], now[:, place], chance) for place, name in enumerate(names)]
    judged = [place for place, one in enumerate(told) if not one.why]
    if judged:
        p = _chances(
            chance, [(np.append(before[:, at], now[:, at]), told[at].block) for at in judged], level, correction
        )
        adjusted = CORRECTIONS[correction](p)
        for place, own, corrected in zip(judged, p.tolist(), adjusted.tolist(), strict=True):
            told[place] = replace(
                told[place], p=own, adjusted=corrected, drifted=told[place].unseen and corrected <= level
            )
    return Drift(before=len(before), after=len(now), level=level, correction=correction, features=tuple(told))


def _measured(name: str, before: _Array, now: _Array, chance: Chance) -> FeatureDrift:
    known = [one[np.isfinite(one)] for one in (before, now)]
    missing = [1 - len(one) / len(whole) for one, whole in zip(known, (before, now), strict=True)]
    found = FeatureDrift(name=name, missing_before=missing[0], missing_now=missing[1])
    if min(map(len, known)) < _FEWEST:
        least = min(map(len, known))
        return replace(found, why=f"only {least} value{'s' * (least != 1)} in a window; {_FEWEST} are needed")
    spread = float(known[0].std())
    moved = wasserstein(*known)
    level, memory = memory_times(known[0])
    block = block_length(level, memory)
    return replace(
        found,
        psi=population_stability(*known),
        ks=kolmogorov_smirnov(*known),
        wasserstein=moved / spread if spread > 0 else (math.inf if moved else 0.0),
        jensen_shannon=jensen_shannon(*known),
        block=block,
        unseen=unseen(*(np.where(np.isfinite(one), one, np.nan) for one in (before, now)), volatile=memory > level),
        why="" if chance.tells(block) else f"it moves so slowly that {block} bars are one case; give longer windows",
    )


def _chances(chance: Chance, cases: list[tuple[_Array, int]], level: float, correction: str) -> _Array:
    """Give the p-values; those that could be found are shuffled as often as the correction needs to see them."""
    clean = [(np.where(np.isfinite(values), values, np.nan), block) for values, block in cases]
    p = np.array([chance.p(values, block, _SHUFFLES) for values, block in clean])
    near = np.flatnonzero(p <= _CLOSE / (_SHUFFLES + 1))
    found_together = max(len(near), 1) if correction == "bh" else 1
    needed = math.ceil(2 * len(p) / (level * found_together))
    if needed > _SHUFFLES:
        for place in near.tolist():
            p[place] = chance.p(*clean[place], min(needed, _MOST))
    return p
