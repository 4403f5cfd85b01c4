"""How much each member counts: by what it was better than the baseline, month by month, on days it had not seen."""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ara.models.calibration.pooling import pooled

__all__ = ["Evidence", "beaten", "believed", "evidence", "judges", "shares"]

_Array = NDArray[np.float64]

_SPREAD: Final = 0.005
_APART: Final = 0.003
_LEAST_ERROR: Final = 2e-4
_LEAST_MONTHS: Final = 3
_TEMPERATURE: Final = 0.001
_SURE: Final = 0.5
_EQUAL: Final = 2.0
_MONTH: Final = 21.0
_APIECE: Final = 24.0


class Evidence(NamedTuple):
    """What a class's past forecasts over one horizon say of each member.

    Parameters
    ----------
    skill, error
        `[member]`: 1 - CRPS over the baseline's, and its standard error from how months differ; infinite where there
        are too few.
    months
        How many there were, older ones counting less.
    """

    skill: _Array
    error: _Array
    months: float


def evidence(losses: _Array, plain: _Array, fading: _Array) -> Evidence:
    """Weigh up what was lost.

    Parameters
    ----------
    losses
        `[month, member]`: sums of the CRPS of all forecasts of a month; 0 where there were none.
    plain
        `[month, member]`: what the baseline lost where the member was asked.
    fading
        `[month]`: weight of each month.
    """
    count, whole = (plain > 0).sum(axis=0), (fading[:, None] * plain).sum(axis=0)
    enough = count >= _LEAST_MONTHS
    scale = np.where(enough, whole, 1.0)
    better = plain - losses
    skill = np.where(enough, (fading[:, None] * better).sum(axis=0) / scale, 0.0)
    noise = (fading[:, None] ** 2 * (better - skill * plain) ** 2).sum(axis=0)
    error = np.sqrt(noise * count / np.maximum(count - 1, 1)) / scale
    months = float((fading[:, None] * (plain > 0)).sum(axis=0).max()) if enough.any() else 0.0
    return Evidence(skill, np.where(enough, np.maximum(error, _LEAST_ERROR), np.inf), months)


def believed(classes: list[list[Evidence]], whole: list[Evidence]) -> tuple[list[list[_Array]], list[_Array]]:
    """Draw each class's evidence to that of all classes and to that of its shorter horizon, and all to no skill.

    Parameters
    ----------
    classes
        `[class][horizon]`, horizons ascending.
    whole
        `[horizon]`: of all classes together.

    Returns
    -------
    tuple
        `[class][horizon]` and `[horizon]`: mean and standard deviation of each member's skill, `[2, member]`.
    """
    members = range(len(whole[0].skill))
    general = [[_walked(whole, member)[place] for member in members] for place in range(len(whole))]
    own = []
    for found in classes:
        lines = [_drawn(found, [one[member] for one in general], member) for member in members]
        own.append([_deviations([line[place] for line in lines]) for place in range(len(whole))])
    return own, [_deviations(one) for one in general]


def judges(months: Sequence[float], horizons: Sequence[int]) -> list[int]:
    """Give for each horizon the place of the one whose forecasts tell who beats the baseline over it.

    That is itself where its `months` hold 24 forecasts that don't overlap; else the longest shorter one that has as
    many, else the shortest: a dozen forecasts are a coin's throw.

    Parameters
    ----------
    months
        `[horizon]`: as in `Evidence`.
    horizons
        In bars, ascending.
    """
    out: list[int] = []
    for place, (one, horizon) in enumerate(zip(months, horizons, strict=True)):
        enough = not place or one * _MONTH / horizon >= _APIECE
        out.append(place if enough else out[-1])
    return out


def beaten(found: Sequence[Evidence], horizons: Sequence[int]) -> list[NDArray[np.bool_]]:
    """Give `[horizon][member]`: whether the class's own forecasts can tell, and tell of no skill."""
    lost = [np.asarray(np.isfinite(one.error) & (one.skill <= 0)) for one in found]
    return [lost[place] for place in judges([one.months for one in found], horizons)]


def shares(skill: _Array, deviation: _Array, lost: NDArray[np.bool_], months: float, horizon: int, base: int) -> _Array:
    """Give the weights `[member]`, which add up to 1: none for a member that is not better than the baseline.

    Better is who is believed to be, and has not `lost`: who is not `beaten`. They share by how much better they are
    believed to be; then all shares are drawn to equal ones, the more so the fewer independent forecasts there were.
    Where no member is better, the baseline answers alone.
    """
    better = (skill > _SURE * deviation) & ~lost
    better[base] = False
    if not better.any():
        return np.asarray(np.eye(len(skill))[base])
    part = np.where(better, np.exp((skill - skill[better].max()) / _TEMPERATURE), 0.0)
    equal = _EQUAL / (months * _MONTH / horizon + _EQUAL)
    return np.asarray((1 - equal) * part / part.sum() + equal * better / better.sum())


def _walked(found: list[Evidence], member: int) -> list[tuple[float, float]]:
    """Go from the shortest horizon to the longest, each being what is expected of the next."""
    mean, doubt, out = 0.0, _SPREAD**2, []
    for one in found:
        mean, doubt = pooled(mean, doubt, float(one.skill[member]), float(one.error[member]))
        out.append((mean, doubt))
        doubt += _APART**2
    return out


def _drawn(found: list[Evidence], general: list[tuple[float, float]], member: int) -> list[tuple[float, float]]:
    before: tuple[float, float] | None = None
    out = []
    for one, (mean, variance) in zip(found, general, strict=True):
        expected, doubt = mean, variance + _APART**2
        if before is not None:
            expected, doubt = pooled(expected, doubt, before[0], math.sqrt(before[1] + _APART**2))
        before = pooled(expected, doubt, float(one.skill[member]), float(one.error[member]))
        out.append(before)
    return out


def _deviations(parts: list[tuple[float, float]]) -> _Array:
    return np.array([[mean for mean, _ in parts], [math.sqrt(doubt) for _, doubt in parts]])
