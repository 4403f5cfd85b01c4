"""`quantile_regression`: each quantile a linear model of its own, pooled over all series."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from ara.models.families.pooled.shape import weighted_quantiles
from ara.models.graphs import Output
from ara.models.learning.frame import LearnedModel
from ara.models.learning.learner import believed
from ara.models.learning.quantile_fit import fit_quantiles
from ara.models.learning.shapes import recency
from ara.models.learning.standard import Standard
from ara.models.learning.targets import Targets
from ara.models.learning.work import Fit, Regressor, Work, chosen, spread_over
from ara.models.model import refuse_outside
from ara.models.panel import Panel, Rows
from ara.models.quantiles import LEVELS
from ara.models.space import Range
from ara.statistics.distributions import student_t_quantiles
from ara.workers import Progress

__all__ = ["KNOTS", "QuantileRegression"]

_Array = NDArray[np.float64]

KNOTS: Final = (0.01, 0.05, 0.15, 0.3, 0.5, 0.7, 0.85, 0.95, 0.99)
"""The levels that are fitted; those between and beyond follow on a line in the quantiles of a Student-t."""

_MIDDLE: Final = KNOTS.index(0.5)
_DEGREES: Final = 5.0
_PRIOR: Final = 50.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Learned:
    lines: tuple[tuple[Regressor, ...], ...]
    blend: _Array
    shift: _Array
    residuals: Mapping[str, list[list[float]]]
    facts: Mapping[str, float]

    def graphed(self) -> dict[str, Output]:
        """Give the one output of the graph: fitted levels of fitted horizons, blended into all."""
        parts = tuple(one.part() for level in self.lines for one in level)
        shape = (len(self.shift) // len(LEVELS), len(LEVELS))
        return {"quantiles": Output(regressors=parts, blend=self.blend, shift=self.shift, shape=shape)}

    def outputs(self, x: NDArray[Any]) -> dict[str, _Array]:
        """Give the quantiles `[n, H, level]` as the lines themselves compute them."""
        raw = np.stack([one.predict(x) for level in self.lines for one in level])
        told = np.einsum("kn,km->nm", raw, self.blend) + self.shift
        return {"quantiles": told.reshape(len(x), -1, len(LEVELS))}


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantileRegression(LearnedModel):
    """Nine quantiles, each a weighted sum of the features; the others lie between them.

    Where other learners have one shape for all days, here features may widen one side more than the other. How much of
    the median's movement is believed is told by forecasts from outside of each block of time, as for the others, and so
    are the corrections by asset class that bring each level to the share that it promises.

    Parameters
    ----------
    penalty
        In outcomes: as if so many more had been seen in which nothing followed from anything.

    References
    ----------
    R. Koenker and G. Bassett (1978), Econometrica 46. The corrections: Y. Romano, E. Patterson and E. Candes (2019),
    Conformalized quantile regression, NeurIPS 32, taken for each side by itself.
    """

    penalty: float = 150.0
    tunable: ClassVar[Mapping[str, Range]] = {"penalty": Range(low=1.0, high=10_000.0, log=True)}
    family: ClassVar[str] = "quantile_regression"
    gives: ClassVar[str] = "quantiles"
    linear: ClassVar[bool] = True

    def __post_init__(self) -> None:
        refuse_outside(self, "penalty", 0.0, 1e9)

    def begin(self, x: NDArray[Any], *, seed: int) -> Fit:
        """Standardise the features once and give what fits the quantiles. There is nothing random in it."""
        standard = Standard.of(x)

        def fit(rows: Rows, target: _Array, weight: _Array) -> list[Regressor]:
            weights, intercepts = fit_quantiles(standard.z[rows], target[:, 0], weight, KNOTS, self.penalty)
            return [standard.summed(own, float(level)) for own, level in zip(weights.T, intercepts, strict=True)]

        return fit

    def learn(
        self, panel: Panel, seen: Targets, x: NDArray[Any], *, seed: int, watch: Callable[[Progress], bool]
    ) -> _Learned:
        """Learn from the rows `seen`, whose features are `x`."""
        places, words = chosen(panel.horizons), f"fitting {self.family}"
        work = Work(seen=seen, places=places, x=x, fit=self.begin(x, seed=seed), watch=watch, words=words)
        raw, cells = work.outside()
        fitted = [panel.horizons[place] for place in places]
        trusted = np.array(
            [believed(seen, p, h, raw[_MIDDLE, c], cells) for c, (p, h) in enumerate(zip(places, fitted, strict=True))]
        )
        blend, shift = _blended(trusted, raw[_MIDDLE].mean(axis=1), spread_over(fitted, panel.horizons))
        told = np.einsum("kn,km->nm", raw.reshape(-1, raw.shape[2]), blend) + shift
        left = seen.y[:, :, None] - told.reshape(len(seen.rows), len(panel.horizons), len(LEVELS))
        return _Learned(
            lines=work.whole(),
            blend=blend,
            shift=shift,
            residuals=_corrections(seen, left, panel.groups),
            facts={f"location_{h}": float(part) for h, part in zip(fitted, trusted, strict=True)},
        )


def _blended(trusted: _Array, level: _Array, spread: _Array) -> tuple[_Array, _Array]:
    """Give how nine levels of the fitted horizons make up all levels of all, with the median's movement damped.

    q'(p) = q(p) - (1 - trust) (q(0.5) - its mean), level by level and horizon by horizon.
    """
    mix = _between()
    count, fitted = len(KNOTS), len(trusted)
    blend = np.einsum("kq,fg,fh->kghq", mix, np.eye(fitted), spread)
    damped = 1.0 - trusted
    blend[_MIDDLE] -= np.einsum("g,gh,q->ghq", damped, spread, np.ones(len(LEVELS)))
    shift = np.einsum("g,gh,q->hq", damped * level, spread, np.ones(len(LEVELS)))
    return blend.reshape(count * fitted, -1), shift.ravel()


def _between() -> _Array:
    """Give `[knot, level]`: on a line between the two nearest knots, beyond the last on that of the last two."""
    knots, levels = student_t_quantiles(KNOTS, _DEGREES), student_t_quantiles(LEVELS, _DEGREES)
    upper = np.clip(np.searchsorted(knots, levels), 1, len(KNOTS) - 1)
    share = (levels - knots[upper - 1]) / (knots[upper] - knots[upper - 1])
    mix = np.zeros((len(KNOTS), len(LEVELS)))
    mix[upper - 1, np.arange(len(LEVELS))] += 1.0 - share
    mix[upper, np.arange(len(LEVELS))] += share
    return mix


def _corrections(seen: Targets, left: _Array, groups: tuple[str, ...]) -> dict[str, list[list[float]]]:
    """Give by class what is added to each quantile, so that its share of outcomes lay below it."""
    weight = seen.weight * recency(seen.begin)[:, None]
    every = np.ones(len(seen.rows), bool)
    whole = [_missing(left[:, h], weight[:, h], every) for h in range(left.shape[1])]
    out = {"": [own.tolist() for own, _ in whole]}
    for code, group in enumerate(groups):
        out[group] = []
        for h, (usual, _) in enumerate(whole):
            own, count = _missing(left[:, h], weight[:, h], seen.group == code)
            out[group].append(((count * own + _PRIOR * usual) / (count + _PRIOR)).tolist())
    return out


def _missing(left: _Array, weight: _Array, mine: NDArray[np.bool_]) -> tuple[_Array, float]:
    known = np.flatnonzero(np.isfinite(left).all(axis=1) & (weight > 0) & mine)
    if not len(known):
        return np.zeros(len(LEVELS)), 0.0
    own = np.empty(len(LEVELS))
    for place in range(len(LEVELS)):
        order = known[np.argsort(left[known, place], kind="stable")]
        own[place] = weighted_quantiles(left[order, place], weight[order], 1.0)[place]
    return own, float(weight[known].sum())
