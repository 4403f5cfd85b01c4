"""The states of one refit: learned from the past alone, named by what they are, the same from one refit to the next."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.models.regimes.chain import Chain, Learned, learn
from ara.models.regimes.inputs import Inputs
from ara.models.regimes.regime import STATES

__all__ = ["FEWEST", "StateFit", "fit_states"]

_Array = NDArray[np.float64]

FEWEST: Final = 250
"""Bars below which no states are fitted."""

_LONGEST: Final = 2500
_FIRST_ROUNDS: Final = 40
_MORE_ROUNDS: Final = 4
_STAYS: Final = 0.98
_WILD: Final = 0.85
_STILL: Final = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class StateFit:
    """What was learned of the states at one moment.

    Parameters
    ----------
    moment
        What was known then was used, microseconds since 1970 UTC.
    begin, end
        The first bar that was used, and the one after the last.
    chain
        States in the order of `STATES`, inputs in their own units; an input that never moved has no weight.
    weights
        Of each input.
    shares
        Of the bars in each state.
    likelihoods
        Log likelihood before each round, of inputs brought to mean 0 and variance 1.
    renamed
        Whether the names had to be given anew, since the former no longer told the truth.
    """

    moment: int
    begin: int
    end: int
    chain: Chain
    weights: _Array
    shares: _Array
    likelihoods: tuple[float, ...]
    renamed: bool


def fit_states(inputs: Inputs, moment: int, former: StateFit | None = None) -> StateFit | None:
    """Fit on the last 2,500 bars known at a moment, going on from the former fit; None while there are too few.

    Parameters
    ----------
    inputs
        Of the instrument; later rows are not looked at.
    moment
        Microseconds since 1970 UTC.
    former
        The refit before; without one the first guess is made from volatility and momentum, never from chance.
    """
    end = len(inputs.until(moment))
    begin = max(0, end - _LONGEST)
    x = inputs.values[begin:end]
    known = np.isfinite(x)
    if known[:, 0].sum() < FEWEST or not np.ptp(x[known[:, 0], 0]) > _STILL or not _both(inputs, x).any():
        return None
    count = np.maximum(known.sum(axis=0), 1)
    centre = np.where(known, x, 0.0).sum(axis=0) / count
    spread = np.sqrt((np.where(known, x - centre, 0.0) ** 2).sum(axis=0) / count)
    moves = spread > 1e-12
    unit = np.where(moves, spread, 1.0)
    weights = np.where(moves, inputs.weights, 0.0)
    z = (x - centre) / unit
    first = former is None
    usual = _guess(inputs, z)
    before = None if former is None else former.chain.rescaled(-centre / unit, 1 / unit)
    learned = _learned(usual, before, z, weights, anew=_anew(moment))
    chain = learned.chain.rescaled(centre, unit)
    renamed = not first and not _true(chain)
    order = _named(chain) if first or renamed else np.arange(len(STATES))
    return StateFit(
        moment=moment,
        begin=begin,
        end=end,
        chain=chain.ordered(order),
        weights=weights,
        shares=learned.shares[order],
        likelihoods=learned.likelihoods,
        renamed=renamed,
    )


def _anew(moment: int) -> bool:
    """Say whether a refit is the first of its year, when the states are learned from the beginning too."""
    return datetime.fromtimestamp(moment // 1_000_000, UTC).month == 1


def _learned(usual: Chain, former: Chain | None, z: _Array, weights: _Array, *, anew: bool) -> Learned:
    """Go on from the former chain, or begin from the usual one where there is none or where that fits better."""
    if former is None:
        return learn(usual, z, weights, lean=usual, rounds=_FIRST_ROUNDS)
    on = learn(former, z, weights, lean=usual, rounds=_MORE_ROUNDS)
    if not anew:
        return on
    fresh = learn(usual, z, weights, lean=usual, rounds=_FIRST_ROUNDS)
    return fresh if fresh.likelihoods[-1] > on.likelihoods[-1] else on


def _guess(inputs: Inputs, z: _Array) -> Chain:
    """Give a chain whose states are the wildest sixth or so of the bars, and the rest by thirds of their momentum."""
    size = len(STATES)
    wild = z[:, inputs.names.index("realised_volatility")]
    speed = z[:, inputs.names.index("momentum_50")]
    both = _both(inputs, z)
    storm = both & (wild > np.quantile(wild[both], _WILD))
    calm = both & ~storm
    low, high = np.quantile(speed[calm], (1 / 3, 2 / 3))
    members = (calm & (speed > high), calm & (speed <= low), calm & (speed > low) & (speed <= high), storm)
    mean, variance = np.zeros((size, z.shape[1])), np.ones((size, z.shape[1]))
    for state, chosen in enumerate(members):
        part = z[chosen]
        known = np.isfinite(part)
        count = np.maximum(known.sum(axis=0), 1)
        mean[state] = np.where(known, part, 0.0).sum(axis=0) / count
        variance[state] = (np.where(known, part - mean[state], 0.0) ** 2).sum(axis=0) / count
    stay = np.full((size, size), (1 - _STAYS) / (size - 1))
    stay[np.diag_indices(size)] = _STAYS
    return Chain(start=np.full(size, 1 / size), transition=stay, mean=mean, variance=np.maximum(variance, 0.05))


def _both(inputs: Inputs, x: _Array) -> NDArray[np.bool_]:
    """Say which bars have both a volatility and a momentum, which the first guess needs."""
    places = [inputs.names.index(name) for name in ("realised_volatility", "momentum_50")]
    return np.asarray(np.isfinite(x[:, places]).all(axis=1))


def _named(chain: Chain) -> NDArray[np.int64]:
    """Give the states in the order of `STATES`: the wildest last, the others by their mean returns."""
    wildest = int(np.argmax(chain.variance[:, 0]))
    others = [state for state in np.argsort(chain.mean[:, 0], kind="stable").tolist() if state != wildest]
    bear, sideways, bull = others
    return np.array([bull, bear, sideways, wildest])


def _true(chain: Chain) -> bool:
    """Say whether the names still hold: bull earns more than bear, and nothing is wilder than high volatility."""
    return bool(chain.mean[0, 0] > chain.mean[1, 0] and np.argmax(chain.variance[:, 0]) == len(STATES) - 1)
