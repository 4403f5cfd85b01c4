"""A chain of hidden states with normal inputs: densities, the forward pass and its fit, in plain arithmetic."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Chain", "Learned", "filtered", "learn", "passed", "predicted"]

_Array = NDArray[np.float64]

_LEAST_VARIANCE: Final = 0.01
_LEANS: Final = 300.0
_PRIOR_STAYS: Final = 100.0
_PRIOR_LEAVES: Final = 0.66
_LOWEST: Final = -700.0
_BLOCK: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """States that follow one another, and what each looks like.

    Parameters
    ----------
    start
        `[state]`: probabilities before the first bar.
    transition
        `[state, state]`: from the row's to the column's within a bar.
    mean, variance
        `[state, input]`: of each input while the state lasts.
    """

    start: _Array
    transition: _Array
    mean: _Array
    variance: _Array

    def ordered(self, order: NDArray[np.int64]) -> "Chain":
        """Give the same chain with its states in another order."""
        return Chain(
            start=self.start[order],
            transition=self.transition[np.ix_(order, order)],
            mean=self.mean[order],
            variance=self.variance[order],
        )

    def rescaled(self, centre: _Array, unit: _Array) -> "Chain":
        """Give the chain of inputs that were `unit * x + centre` before."""
        return Chain(
            start=self.start,
            transition=self.transition,
            mean=self.mean * unit + centre,
            variance=self.variance * unit * unit,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """A fitted chain, the share of bars that each state has of the past, and the log likelihood before each round."""

    chain: Chain
    shares: _Array
    likelihoods: tuple[float, ...]


def passed(start: _Array, matrix: _Array, seen: _Array) -> _Array:
    """Give p[0] = start * seen[0] and p[t] = (p[t-1] matrix) * seen[t], each divided by its sum.

    Blocks of bars are passed at once, each from every state; then they are put together. Each sum is taken in an order
    that does not depend on how many bars there are, so that later ones change no byte of the earlier.

    Parameters
    ----------
    start
        `[state]`.
    matrix
        `[state, state]`, all above 0.
    seen
        `[bar, state]`: how likely each state makes what was seen; the greatest of a bar is 1.
    """
    count, size = seen.shape
    blocks = -(-count // _BLOCK)
    filled = np.ones((blocks * _BLOCK, size))
    filled[:count] = seen
    filled = np.ascontiguousarray(filled.reshape(blocks, _BLOCK, size).transpose(1, 2, 0))
    steps = np.empty((_BLOCK, size, size, blocks))
    first = np.broadcast_to(matrix[:, :, None], (size, size, blocks)).copy()
    first[:, :, 0] = np.eye(size)
    steps[0] = first * filled[0]
    for place in range(1, _BLOCK):
        before = steps[place - 1]
        now = before[:, 0, None] * matrix[0, :, None]
        for state in range(1, size):
            now += before[:, state, None] * matrix[state, :, None]
        now *= filled[place]
        now /= _summed(_summed(now))
        steps[place] = now
    heads = np.empty((size, blocks))
    head = start
    for block in range(blocks):
        heads[:, block] = head
        head = _summed(head[:, None] * steps[-1, :, :, block])
        head = head / _summed(head)
    out = heads[0] * steps[:, 0]
    for state in range(1, size):
        out += heads[state] * steps[:, state]
    out /= _summed(out.transpose(1, 0, 2))[:, None]
    return np.ascontiguousarray(out.transpose(2, 0, 1).reshape(-1, size)[:count])


def filtered(chain: Chain, x: _Array, weights: _Array) -> _Array:
    """Give `[bar, state]`: how likely each state is, by what was seen up to that bar and nothing later.

    Parameters
    ----------
    chain
        Which states there are.
    x
        `[bar, input]`; NaN where an input is not known, which then says nothing.
    weights
        `[input]`: how many separate observations one bar of it is worth; less than 1 where bars overlap.
    """
    return passed(chain.start, chain.transition, _seen(chain, x, weights)[0])


def predicted(chain: Chain, probabilities: _Array) -> _Array:
    """Give `[bar, state]`: how likely each state is at the next bar."""
    return _summed(probabilities.T[:, :, None] * chain.transition[:, None])


def learn(chain: Chain, x: _Array, weights: _Array, *, lean: Chain, rounds: int) -> Learned:
    """Fit by expectation and maximisation, in so many rounds from a chain to begin with.

    What is learned of each state leans on `lean` as if it were so many bars more (`_LEANS`), so that a state keeps its
    meaning and none collapses; each variance is at least a hundredth. The inputs are to have mean 0 and variance 1.

    References
    ----------
    L. E. Baum, T. Petrie, G. Soules and N. Weiss (1970), Annals of Mathematical Statistics 41; L. R. Rabiner (1989),
    Proceedings of the IEEE 77.
    """
    known = np.isfinite(x)
    clean = np.where(known, x, 0.0)
    columns = np.ascontiguousarray(np.concatenate((known, clean, clean * clean), axis=1).T)
    told, shares = [], np.full(len(chain.start), 1 / len(chain.start))
    for _ in range(rounds):
        seen, top = _seen_of(chain, columns, weights)
        ahead = passed(chain.start, chain.transition, seen)
        behind = passed(np.ones(len(chain.start)), np.ascontiguousarray(chain.transition.T), seen[::-1])[::-1]
        coming = predicted(chain, ahead[:-1])
        first = chain.start * seen[0]
        told.append(float(np.log(first.sum()) + np.log((coming * seen[1:]).sum(axis=1)).sum() + top.sum()))
        among = ahead.copy()
        among[:-1] *= np.einsum("ij,nj->ni", chain.transition, behind[1:])
        among /= among.sum(axis=1, keepdims=True)
        weighed = behind[1:] / (coming * behind[1:]).sum(axis=1, keepdims=True)
        moved = chain.transition * np.einsum("ni,nj->ij", ahead[:-1], weighed)
        chain, shares = _best(among, moved, columns, lean), np.asarray(among.mean(axis=0))
    return Learned(chain=chain, shares=shares, likelihoods=tuple(told))


def _summed(parts: _Array) -> _Array:
    """Give the sum over the first axis, taken one after the other."""
    total: _Array = parts[0].copy()
    for part in parts[1:]:
        total += part
    return total


def _best(among: _Array, moved: _Array, columns: _Array, lean: Chain) -> Chain:
    """Give the chain that makes what was seen likeliest, if each bar was so much in each state."""
    size, inputs = among.shape[1], len(columns) // 3
    sums = np.einsum("kn,fn->kf", np.ascontiguousarray(among.T), columns)
    bars, total, squares = sums[:, :inputs], sums[:, inputs : 2 * inputs], sums[:, 2 * inputs :]
    mean = (total + _LEANS * lean.mean) / (bars + _LEANS)
    spread = squares - 2 * mean * total + bars * mean * mean
    spread += _LEANS * (lean.variance + (lean.mean - mean) ** 2)
    held = moved + np.where(np.eye(size) > 0, _PRIOR_STAYS, _PRIOR_LEAVES)
    return Chain(
        start=among[0] * 0.99 + 0.01 / size,
        transition=held / held.sum(axis=1, keepdims=True),
        mean=mean,
        variance=np.maximum(spread / (bars + _LEANS), _LEAST_VARIANCE),
    )


def _seen(chain: Chain, x: _Array, weights: _Array) -> tuple[_Array, _Array]:
    known = np.isfinite(x)
    clean = np.where(known, x, 0.0)
    columns = np.ascontiguousarray(np.concatenate((known, clean, clean * clean), axis=1).T)
    return _seen_of(chain, columns, weights)


def _seen_of(chain: Chain, columns: _Array, weights: _Array) -> tuple[_Array, _Array]:
    """Give `[bar, state]`: densities over the greatest of the bar, and the log of that one."""
    precision = weights / chain.variance
    level = -0.5 * (weights * np.log(2 * math.pi * chain.variance) + chain.mean**2 * precision)
    terms = np.concatenate((level, chain.mean * precision, -0.5 * precision), axis=1)
    logs = terms[:, :1] * columns[0]
    for place in range(1, len(columns)):
        logs += terms[:, place : place + 1] * columns[place]
    top = logs.max(axis=0)
    return np.ascontiguousarray(np.exp(np.maximum(logs - top, _LOWEST)).T), top
