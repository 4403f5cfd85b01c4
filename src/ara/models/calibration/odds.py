"""Stated chances made true: isotonic and Platt's correction, and how far to believe what differs from the usual."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError

__all__ = ["Isotonic", "Platt", "believed"]

_Array = NDArray[np.float64]

_SHARES: Final = tuple(np.linspace(0.0, 1.0, 21).tolist())
_FOLDS: Final = 5
_ROUNDS: Final = 100
_CLOSE: Final = 1e-10
_EDGE: Final = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Isotonic:
    """A rising step function, linear between its steps.

    Parameters
    ----------
    stated, true
        Its corners, ascending.
    """

    stated: tuple[float, ...]
    true: tuple[float, ...]

    @classmethod
    def fit(cls, stated: _Array, happened: _Array) -> "Isotonic":
        """Fit it to chances and what happened (0 or 1): the rising function with the least squared error.

        References
        ----------
        Ayer, Brunk, Ewing, Reid and Silverman (1955), Annals of Mathematical Statistics 26: pooled adjacent violators.
        """
        _refuse_odd(stated, happened)
        places, where = np.unique(stated, return_inverse=True)
        weight = np.bincount(where).astype(float)
        total = np.bincount(where, happened)
        blocks: list[tuple[float, float, int]] = []
        for one, mass in zip(total.tolist(), weight.tolist(), strict=True):
            block = (one, mass, 1)
            while blocks and blocks[-1][0] / blocks[-1][1] >= block[0] / block[1]:
                before = blocks.pop()
                block = (before[0] + block[0], before[1] + block[1], before[2] + block[2])
            blocks.append(block)
        fitted = np.repeat([hits / mass for hits, mass, _ in blocks], [size for *_, size in blocks])
        corner = np.ones(len(places), bool)
        corner[1:-1] = (fitted[1:-1] != fitted[:-2]) | (fitted[1:-1] != fitted[2:])
        return cls(stated=tuple(places[corner].tolist()), true=tuple(fitted[corner].tolist()))

    def __call__(self, stated: _Array) -> _Array:
        """Give the corrected chances; beyond what was seen, those at its ends."""
        return np.asarray(np.interp(stated, self.stated, self.true))


@dataclass(frozen=True, slots=True, kw_only=True)
class Platt:
    """The logit of the true chance as a line over that of the stated one: two numbers, for few observations.

    Parameters
    ----------
    slope, shift
        1 and 0 leave a chance as it is.
    """

    slope: float
    shift: float

    @classmethod
    def fit(cls, stated: _Array, happened: _Array) -> "Platt":
        """Fit it by maximum likelihood, with targets drawn a little from 0 and 1.

        References
        ----------
        Platt (1999), Probabilistic Outputs for Support Vector Machines; Lin, Lin and Weng (2007), Machine Learning 68.
        """
        _refuse_odd(stated, happened)
        x = _logit(stated)
        ups = float(happened.sum())
        target = np.where(happened > 0.5, (ups + 1) / (ups + 2), 1 / (len(happened) - ups + 2))
        slope, shift = 0.0, float(_logit(np.array([target.mean()]))[0])
        best = _deviance(slope, shift, x, target)
        for _ in range(_ROUNDS):
            p = _chance(slope * x + shift)
            weight, miss = p * (1 - p) + _CLOSE, target - p
            a, b, c = float((weight * x * x).sum()), float((weight * x).sum()), float(weight.sum())
            g, h = float((miss * x).sum()), float(miss.sum())
            bottom = a * c - b * b
            if bottom <= _CLOSE * a * c:
                break
            step = ((c * g - b * h) / bottom, (a * h - b * g) / bottom)
            size, now = 1.0, best
            while size > _CLOSE:
                now = _deviance(slope + size * step[0], shift + size * step[1], x, target)
                if now < best:
                    break
                size /= 2
            if not now < best - _CLOSE:
                break
            slope, shift, best = slope + size * step[0], shift + size * step[1], now
        return cls(slope=slope, shift=shift)

    def __call__(self, stated: _Array) -> _Array:
        """Give the corrected chances."""
        return _chance(self.slope * _logit(stated) + self.shift)


def believed(stated: _Array, usual: _Array, happened: _Array, when: NDArray[np.int64]) -> float:
    """Give the share, 0 to 1, of what sets stated chances apart from the usual that is worth believing.

    That with the least squared error (Brier) over five blocks of time, each judged by the share that the others chose,
    and 0 where those choices together are no better than the usual chance.

    Parameters
    ----------
    stated, usual
        Chances of each forecast, and of its class.
    happened
        0 or 1.
    when
        When each was made; forecasts of one moment stay in one block.
    """
    _refuse_odd(stated, happened)
    moments = np.unique(when)
    edges = moments[np.linspace(0, len(moments), _FOLDS + 1).astype(int)[1:-1].clip(max=len(moments) - 1)]
    fold = np.searchsorted(edges, when, side="right")
    losses = np.stack([(usual + share * (stated - usual) - happened) ** 2 for share in _SHARES])
    by_fold = np.stack([losses[:, fold == one].sum(axis=1) for one in range(_FOLDS)])
    others = by_fold.sum(axis=0) - by_fold
    judged = float(by_fold[np.arange(_FOLDS), others.argmin(axis=1)].sum())
    if judged >= float(by_fold[:, 0].sum()):
        return 0.0
    return float(_SHARES[int(by_fold.sum(axis=0).argmin())])


def _refuse_odd(stated: _Array, happened: _Array) -> None:
    if len(stated) != len(happened) or not len(stated):
        raise ValidationError(f"{len(stated)} chances and {len(happened)} outcomes do not fit together")
    if not ((stated >= 0) & (stated <= 1)).all() or not np.isin(happened, (0.0, 1.0)).all():
        raise ValidationError("chances lie within 0 to 1, and outcomes are 0 or 1")


def _logit(chance: _Array) -> _Array:
    inside = np.clip(chance, _EDGE, 1 - _EDGE)
    return np.asarray(np.log(inside / (1 - inside)))


def _chance(logit: _Array) -> _Array:
    return np.asarray(1 / (1 + np.exp(-np.clip(logit, -700, 700))))


def _deviance(slope: float, shift: float, x: _Array, target: _Array) -> float:
    z = slope * x + shift
    return float((np.logaddexp(0.0, z) - target * z).sum())
