"""A ridge regression finds the mixture of members whose widths foretold the sizes of returns best."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from ara.models.ensemble.by_regime import REGIMES, belonging, parted
from ara.models.ensemble.learning import Month
from ara.models.ensemble.stages import LOW, TOP
from ara.models.ensemble.state import ALL, ClassState
from ara.models.families.pooled.seen import KINDS
from ara.statistics.linear import products, solve_positive

__all__ = ["Ridge"]

_Array = NDArray[np.float64]

_BELIEF: Final = 0.2
_APART: Final = 0.1
_MONTH: Final = 21.0
_LEAST: Final = 100


class _Rows(NamedTuple):
    """Past forecasts of one class over one horizon whose outcomes are known.

    Parameters
    ----------
    half
        `[n, member]`: half the width of the 80 % band, over the panel's scale.
    size
        `[n]`: absolute return over that scale.
    weight
        `[n]`: how much the row's month counts.
    parts
        `[n, regime]`: how much the row belongs to each.
    """

    half: _Array
    size: _Array
    weight: _Array
    parts: _Array


@dataclass(frozen=True, slots=True)
class Ridge:
    """Weights by skill moved to where a ridge regression on forecasts from outside of the members' fits draws them.

    What is regressed is the size of returns on the widths of the members' bands; only members that beat the baseline
    take part, and only such as were asked for every bar.

    The penalty is a prior: a class's weights lie around those by skill, a regime's around those of its class; how far
    the data move them depends on how many forecasts do not overlap.

    References
    ----------
    D. H. Wolpert (1992), Stacked generalization, Neural Networks 5; L. Breiman (1996), Stacked regressions, Machine
    Learning 24, for weights that are not negative.
    """

    def __call__(
        self, months: Sequence[Month], classes: Mapping[str, ClassState], *, horizons: Sequence[int], base: int
    ) -> dict[str, ClassState]:
        """Give each class's state with weights for each regime; `classes` has `ALL`, and what skill weighs by."""
        out: dict[str, ClassState] = {}
        for name, own in classes.items():
            weights = np.tile(np.array(own.weights), (REGIMES, 1, 1))
            for h, horizon in enumerate(horizons if name != ALL else ()):
                rows = _rows(months, KINDS.index(name), h)
                if len(rows.size) < _LEAST:
                    continue
                whole = _moved(weights[0, h], rows, rows.weight, horizon=horizon, spread=_BELIEF, months=months)
                for regime in range(REGIMES):
                    part = rows.weight * rows.parts[:, regime]
                    weights[regime, h] = _moved(whole, rows, part, horizon=horizon, spread=_APART, months=months)
            mean = tuple(tuple(map(float, one)) for one in weights.mean(axis=0))
            out[name] = parted(msgspec.structs.replace(own, weights=mean), weights.tolist())
        return out


def _rows(months: Sequence[Month], kind: int, h: int) -> _Rows:
    found = []
    for one in months:
        mine = np.flatnonzero(one.stage.kind == kind)
        y, thin = one.became.y[mine, h], one.stage.thin[mine, h].astype(float)
        half = (thin[:, TOP] - thin[:, LOW]) / 2
        known = np.isfinite(y)
        weight = np.full(int(known.sum()), one.weight)
        found.append((half[known], np.abs(y[known]), weight, belonging(one.standing[mine][known])))
    if not found:
        return _Rows(np.empty((0, 0)), np.empty(0), np.empty(0), np.empty((0, REGIMES)))
    return _Rows(*(np.concatenate(part) for part in zip(*found, strict=True)))


def _moved(
    prior: _Array, rows: _Rows, weight: _Array, *, horizon: int, spread: float, months: Sequence[Month]
) -> _Array:
    """Give the weights that a ridge regression around `prior` finds; a member without a weight there gets none."""
    able = np.flatnonzero((prior > 0) & np.isfinite(rows.half).all(axis=0))
    total = float(weight.sum())
    if len(able) < 2 or not total > 0:
        return prior
    usual = prior[able] / prior[able].sum()
    middle = np.einsum("nm,m->n", rows.half[:, able], usual)
    unit = np.maximum(middle, 1e-12)
    level = float((weight * rows.size / unit).sum()) / total
    missed = rows.size / (level * unit) - 1.0
    away = rows.half[:, able] / unit[:, None] - 1.0
    share = weight / total
    noise = float((share * missed**2).sum())
    outcomes = sum(one.weight for one in months) * total / float(rows.weight.sum()) * _MONTH / horizon
    matrix = outcomes / noise * products(away, weights=share) + np.eye(len(able)) / spread**2
    step = solve_positive(matrix, outcomes / noise * products(away, missed, weights=share))
    found = np.maximum(usual * (1 - step.sum()) + step, 0.0)
    out = prior.copy()
    out[able] = prior[able].sum() * (found / found.sum() if found.sum() > 0 else usual)
    return np.asarray(out)
