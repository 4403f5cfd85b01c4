"""States bar by bar, each as it was known then."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import ModelError
from ara.models.fits import refits
from ara.models.regimes.chain import filtered, predicted
from ara.models.regimes.fit import FEWEST, StateFit, fit_states
from ara.models.regimes.inputs import Inputs
from ara.models.regimes.regime import STATES, Regime
from ara.models.stillness import STILL

__all__ = ["ALERT", "Change", "Regimes", "regimes"]

_Array = NDArray[np.float64]

ALERT: Final = 0.8
"""A change is told when a state other than the last one told is at least so likely."""

_FORESEEN: Final = 250
_ONE_SIDED: Final = 1.645
_LAGS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of state that was told.

    Parameters
    ----------
    bar
        At whose close.
    before
        The state told before; empty at the first.
    after
        The state since.
    probability
        Of it at that close.
    """

    bar: int
    before: str
    after: str
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Regimes:
    """States of one instrument, a row for each bar.

    Parameters
    ----------
    inputs
        What they are told by.
    probabilities
        `[bar, state]`, in the order of `STATES`, by what was known at the bar; NaN while there were too few.
    expected
        The same for the bar, as it was known one bar before.
    gains
        How much better the bar's return was foreseen by `expected` than by the usual shares, as log likelihood; NaN
        also where the price stands still, which is easily foreseen.
    surprises
        The bar's return over the volatility that `expected` gave it; NaN there too.
    fits
        The refits, ascending, and in `which` the number of the one that serves each bar; -1 where none does.
    """

    inputs: Inputs
    probabilities: _Array
    expected: _Array
    gains: _Array
    surprises: _Array
    fits: tuple[StateFit, ...]
    which: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.probabilities)

    @property
    def states(self) -> NDArray[np.int64]:
        """The number of each bar's likeliest state in `STATES`; -1 where none is known or the price stands still."""
        known = np.isfinite(self.probabilities[:, 0]) & ~self.inputs.still
        return np.where(known, np.argmax(np.where(known[:, None], self.probabilities, 0.0), axis=1), -1)

    def at(self, bar: int = -1) -> Regime:
        """Give the regime of a bar, the last if none is named."""
        place = range(len(self))[bar]
        if self.which[place] < 0:
            raise ModelError(f"No states are known at bar {place}: they need {FEWEST} returns before its month.")
        chain = self.fits[self.which[place]].chain
        states = self.states
        if states[place] < 0:
            raise ModelError(f"At bar {place} the price has stood still for {STILL} bars or more: it is in no state.")
        own, now = int(states[place]), self.probabilities[place]
        unlike = np.flatnonzero(states[:place] != own)
        values = self.inputs.values[place]
        evidence = self.evidence(place)
        return Regime(
            state=STATES[own],
            probabilities=dict(zip(STATES, now.tolist(), strict=True)),
            transition={
                name: dict(zip(STATES, row, strict=True))
                for name, row in zip(STATES, chain.transition.tolist(), strict=True)
            },
            stability=float((now * np.diag(chain.transition)).sum()),
            age=place - (int(unlike[-1]) + 1 if len(unlike) else 0),
            expected_days=1 / (1 - float(chain.transition[own, own])),
            features={
                name: value
                for name, value in zip(self.inputs.names, values.tolist(), strict=True)
                if math.isfinite(value)
            },
            missing=self.inputs.missing,
            evidence=evidence,
            told=evidence is not None and evidence > _ONE_SIDED,
        )

    def evidence(self, bar: int = -1) -> float | None:
        """Give how many standard errors the mean gain up to a bar lies above 0; None below 250 gains.

        Each gain is of a return that no fit had seen. The error allows for gains that hang together over 20 bars:
        W. K. Newey and K. D. West (1987), Econometrica 55.
        """
        place = range(len(self))[bar]
        gains = self.gains[: place + 1]
        gains = gains[np.isfinite(gains)]
        if len(gains) < _FORESEEN:
            return None
        apart = gains - gains.mean()
        spread = float((apart * apart).sum())
        for lag in range(1, _LAGS + 1):
            spread += 2 * (1 - lag / (_LAGS + 1)) * float((apart[lag:] * apart[:-lag]).sum())
        return float(gains.sum()) / math.sqrt(spread) if spread > 0 else None

    def runs(self) -> Iterator[tuple[int, int, int]]:
        """Give each stay in a state: its number in `STATES`, its first bar and the bar after its last."""
        states = self.states
        starts = np.flatnonzero(np.diff(states, prepend=-2))
        for first, end in zip(starts.tolist(), [*starts[1:].tolist(), len(states)], strict=True):
            if states[first] >= 0:
                yield int(states[first]), first, end

    def changes(self, *, level: float = ALERT) -> tuple[Change, ...]:
        """Give the changes that were told: bars at which a state other than the last one told came to `level`."""
        found: list[Change] = []
        told = ""
        states = self.states
        for bar in np.flatnonzero(states >= 0).tolist():
            name, sure = STATES[states[bar]], float(self.probabilities[bar, states[bar]])
            if name != told and sure >= level:
                found.append(Change(bar=bar, before=told, after=name, probability=sure))
                told = name
        return tuple(found)


def regimes(inputs: Inputs) -> Regimes:
    """Tell the state at each bar by what was known then: filtered, never smoothed.

    The states are fitted anew at the first instant of each month, in UTC, on what was known then, and serve the bars of
    that month. So nothing that comes later changes a bar's probabilities.
    """
    shape = (len(inputs), len(STATES))
    probabilities, expected = np.full(shape, np.nan), np.full(shape, np.nan)
    gains, surprises = np.full(len(inputs), np.nan), np.full(len(inputs), np.nan)
    which = np.full(len(inputs), -1, np.int64)
    fits: list[StateFit] = []
    for moment, rows in refits(inputs.known_at):
        fit = fit_states(inputs, moment, fits[-1] if fits else None)
        if fit is None:
            continue
        span = slice(fit.begin, int(rows[-1]) + 1)
        seen = filtered(fit.chain, inputs.values[span], fit.weights)
        coming = predicted(fit.chain, np.concatenate((fit.chain.start[None], seen[:-1])))
        own = rows - fit.begin
        probabilities[rows], expected[rows] = seen[own], coming[own]
        gains[rows], surprises[rows] = _judged(fit, inputs.returns[rows], coming[own])
        which[rows] = len(fits)
        fits.append(fit)
    gains[inputs.still] = surprises[inputs.still] = np.nan
    return Regimes(
        inputs=inputs,
        probabilities=probabilities,
        expected=expected,
        gains=gains,
        surprises=surprises,
        fits=tuple(fits),
        which=which,
    )


def _judged(fit: StateFit, returns: _Array, expected: _Array) -> tuple[_Array, _Array]:
    """Give how much better each return was foreseen than by the usual shares, and the return over its volatility."""
    mean, variance = fit.chain.mean[:, 0], fit.chain.variance[:, 0]
    apart = returns[:, None] - mean
    logs = -0.5 * (apart * apart / variance + np.log(variance))
    top = logs.max(axis=1, keepdims=True)
    density = np.exp(logs - top)
    usual = density * fit.shares
    gain = np.log((density * expected).sum(axis=1)) - np.log(usual.sum(axis=1))
    centre = (expected * mean).sum(axis=1)
    spread = (expected * (variance + mean * mean)).sum(axis=1) - centre * centre
    return gain, (returns - centre) / np.sqrt(spread)
