"""What a portfolio would lose in a scenario, and which scenario would make it lose so much."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError
from ara.risk.moves import Moves
from ara.risk.scenario import Scenario

__all__ = ["Reverse", "Stressed", "StressedHolding", "reverse_stress", "stress"]

_Array = NDArray[np.float64]

_FEWEST: Final = 60
_TELLS: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StressedHolding:
    """What one holding does in a scenario.

    Parameters
    ----------
    symbol, weight
        Whose, and its share of the whole.
    move
        Its return in the scenario.
    factor
        The factor that it was led from, itself where the scenario names it; empty where none says anything of it.
    beta
        By how much it moves with that factor, of log returns; None where the scenario names it, or nothing is known.
    correlation
        With that factor; None likewise.
    """

    symbol: str
    weight: float
    move: float
    factor: str
    beta: float | None = None
    correlation: float | None = None

    @property
    def contribution(self) -> float:
        """What it adds to the return of the whole."""
        return self.weight * self.move

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "symbol": self.symbol,
            "weight": self.weight,
            "move": self.move,
            "contribution": self.contribution,
            "factor": self.factor or None,
            "beta": self.beta,
            "correlation": self.correlation,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Stressed:
    """What a portfolio does in a scenario.

    Parameters
    ----------
    scenario
        The moves of its factors.
    holdings
        What each holding does.
    """

    scenario: Scenario
    holdings: tuple[StressedHolding, ...]

    @property
    def change(self) -> float:
        """The return of the whole: below 0 is a loss."""
        return math.fsum(one.contribution for one in self.holdings)

    @property
    def unexplained(self) -> tuple[str, ...]:
        """Holdings of which no factor says anything; they are taken to stand still."""
        return tuple(one.symbol for one in self.holdings if not one.factor)

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "name": self.scenario.name,
            "words": self.scenario.words,
            "moves": dict(self.scenario.moves),
            "first": self.scenario.first.isoformat() if self.scenario.first else None,
            "last": self.scenario.last.isoformat() if self.scenario.last else None,
            "sources": dict(self.scenario.sources),
            "change": self.change,
            "holdings": [one.as_dict() for one in self.holdings],
            "unexplained": list(self.unexplained),
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reverse:
    """The likeliest moves by which a portfolio loses so much.

    Parameters
    ----------
    loss, horizon
        What is lost, and within how many bars.
    moves
        `[holding]`: the return of each.
    deviations
        The loss over the portfolio's own deviation of the horizon.
    chance
        To lose as much or more, were returns normal; real tails are fatter, so it is a lower bound in practice.
    """

    loss: float
    horizon: int
    moves: _Array
    deviations: float
    chance: float


def stress(weights: Mapping[str, float], scenario: Scenario, pasts: Mapping[tuple[str, str], Moves]) -> Stressed:
    """Give what each holding, and the whole, would do in a scenario.

    A holding that the scenario names moves as it says. Any other follows the one factor of the scenario that it was
    correlated with most closely, by its beta of log returns; so a loss never exceeds all. Where there are fewer than 60
    common days, or the correlation is within two standard errors of 0, it is taken to stand still, and is named.

    Parameters
    ----------
    weights
        Share of each symbol; what is missing to 1 is cash.
    scenario
        The moves.
    pasts
        Of each pair of holding and factor that is known: their common returns, the holding's first.
    """
    return Stressed(
        scenario=scenario,
        holdings=tuple(_led(symbol, weight, scenario, pasts) for symbol, weight in weights.items()),
    )


def _led(symbol: str, weight: float, scenario: Scenario, pasts: Mapping[tuple[str, str], Moves]) -> StressedHolding:
    if symbol in scenario.moves:
        return StressedHolding(symbol=symbol, weight=weight, move=scenario.moves[symbol], factor=symbol)
    best: StressedHolding | None = None
    for factor, move in scenario.moves.items():
        past = pasts.get((symbol, factor))
        if past is None or len(past) < _FEWEST:
            continue
        own, led = np.log1p(np.maximum(past.returns, -1 + 1e-12)).T
        away, by = own - own.mean(), led - led.mean()
        wide, high = float(away @ away), float(by @ by)
        tie = float(away @ by) / math.sqrt(wide * high) if wide > 0 and high > 0 else 0.0
        if abs(tie) * math.sqrt(len(past)) < _TELLS or (best and abs(tie) <= abs(best.correlation or 0.0)):
            continue
        beta = float(away @ by) / high
        change = math.expm1(beta * math.log1p(move))
        best = StressedHolding(symbol=symbol, weight=weight, move=change, factor=factor, beta=beta, correlation=tie)
    return best or StressedHolding(symbol=symbol, weight=weight, move=0.0, factor="")


def reverse_stress(weights: Sequence[float] | _Array, covariance: _Array, *, loss: float, horizon: int = 1) -> Reverse:
    """Give the likeliest moves by which a portfolio loses so much: those nearest to 0 by the covariance.

    x = -loss · V w / (w' V w), for the V of the horizon; of all moves that lose as much it has the largest density
    under a normal distribution without mean.

    Parameters
    ----------
    weights
        `[holding]`.
    covariance
        `[holding, holding]` of one bar.
    loss
        Above 0: 0.2 is a fifth of all.
    horizon
        Bars.

    References
    ----------
    T. Breuer, M. Jandačka, K. Rheinberger and M. Summer (2009), How to find plausible, severe, and useful stress
    scenarios, International Journal of Central Banking 5.
    """
    if not 0 < loss < math.inf:
        raise ValidationError(f"The loss is {loss}; it is above 0.", hint="0.2 is a fifth of all.")
    if horizon < 1:
        raise ValidationError(f"The horizon is {horizon} bars; it is at least 1.")
    given = np.asarray(weights, np.float64)
    pull = covariance @ given * horizon
    variance = float(given @ pull)
    if variance <= 0:
        raise ValidationError("The portfolio does not move, so no move loses that much.")
    deviations = loss / math.sqrt(variance)
    return Reverse(
        loss=loss,
        horizon=horizon,
        moves=-loss * pull / variance,
        deviations=deviations,
        chance=NormalDist().cdf(-deviations),
    )
