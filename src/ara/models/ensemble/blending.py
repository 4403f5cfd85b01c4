"""`blended`: members weighted by what each was worth in times like these, drawn to what it was worth in all."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from ara.models.calibration.pooling import pooled
from ara.models.ensemble.by_regime import REGIMES, belonging, parted
from ara.models.ensemble.learning import Month, Weigh
from ara.models.ensemble.members import CORE
from ara.models.ensemble.model import Ensemble
from ara.models.ensemble.state import ALL, ClassState
from ara.models.ensemble.weights import Evidence, beaten, believed, evidence, shares
from ara.models.families.pooled.seen import KINDS
from ara.models.model import later

__all__ = ["Blended"]

_Array = NDArray[np.float64]

_APART: Final = 0.002


@dataclass(frozen=True, slots=True)
class _Shares:
    """Each regime's weights follow from its own evidence, drawn to that of its class by how sure each is."""

    def __call__(
        self, months: Sequence[Month], classes: Mapping[str, ClassState], *, horizons: Sequence[int], base: int
    ) -> dict[str, ClassState]:
        names = [name for name in classes if name != ALL]
        if not names:
            return {name: parted(own, [own.weights] * REGIMES) for name, own in classes.items()}
        sums = np.array([_sums(months, KINDS.index(name), base) for name in names])
        fading, reach = np.array([one.weight for one in months]), range(len(horizons))

        def seen(part: _Array) -> list[Evidence]:
            return [evidence(part[0, h], part[1, h], fading) for h in reach]

        own, _ = believed([seen(part.sum(axis=1)) for part in sums], seen(sums.sum(axis=(0, 2))))
        out: dict[str, ClassState] = {ALL: parted(classes[ALL], [classes[ALL].weights] * REGIMES)}
        for name, part, beliefs in zip(names, sums, own, strict=True):
            found = [seen(part[:, regime]) for regime in range(REGIMES)]
            told = [
                [
                    _drawn(one, lost, belief, horizon, base).tolist()
                    for one, lost, belief, horizon in zip(mine, beaten(mine, horizons), beliefs, horizons, strict=True)
                ]
                for mine in found
            ]
            out[name] = parted(classes[name], told)
        return out


def _sums(months: Sequence[Month], kind: int, base: int) -> _Array:
    """Give `[2, regime, H, month, member]`: what each member lost, and the baseline on the same rows."""
    out = []
    for one in months:
        mine = one.stage.kind == kind
        loss, part = one.loss[mine], belonging(one.standing[mine])
        told = np.isfinite(loss)
        plain = np.where(told, loss[:, :, base, None], 0.0)
        both = np.stack((np.where(told, loss, 0.0), plain))
        out.append(np.einsum("nr,knhm->krhm", part, both))
    return np.stack(out, axis=3)


def _drawn(seen: Evidence, lost: NDArray[np.bool_], belief: _Array, horizon: int, base: int) -> _Array:
    mean, deviation = belief.copy()
    for member in range(len(mean)):
        doubt = deviation[member] ** 2 + _APART**2
        mean[member], left = pooled(float(mean[member]), doubt, float(seen.skill[member]), float(seen.error[member]))
        deviation[member] = math.sqrt(left)
    return shares(mean, deviation, lost, seen.months, horizon, base)


@dataclass(frozen=True, slots=True, kw_only=True)
class Blended(Ensemble):
    """As `fast`, but each member counts for what it was worth in times as calm or wild as these.

    Parameters
    ----------
    members
        Names of registered models; `ewma_t` has to be one of them.
    half_life
        Months after which a month's evidence counts half as much.
    """

    members: tuple[str, ...] = CORE
    half_life: float = later(12.0)
    family: ClassVar[str] = "blended"
    weigh: ClassVar[Weigh | None] = _Shares()
