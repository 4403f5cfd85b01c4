"""The state of a market, as it was known at one bar."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["STATES", "Regime"]

STATES: Final = ("bull", "bear", "sideways", "high volatility")
"""What the states are called: the three calmer ones by their mean returns, the wildest by its volatility."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Regime:
    """The state of a market, as it was known at one bar.

    Parameters
    ----------
    state
        The likeliest of `STATES`.
    probabilities
        Of each state, by what was known at the bar; together 1.
    transition
        From each state to each within a bar.
    stability
        Probability that the next bar is in the same state as this one, whichever that is.
    age
        Bars since another state was the likeliest; 0 at the first bar of this one.
    expected_days
        Bars (of daily bars, days) that the state lasts on average, by the chain.
    features
        The inputs as they were known at the bar; those that have no value are left out.
    missing
        Why other inputs are not there.
    evidence
        How many standard errors better the next returns were foreseen by the states than by their usual mixture, up
        to this bar; None while fewer than 250 returns have been foreseen.
    told
        Whether that is more than chance makes likely (5 %): else no regimes can be told here.
    """

    state: str
    probabilities: Mapping[str, float]
    transition: Mapping[str, Mapping[str, float]]
    stability: float
    age: int
    expected_days: float
    features: Mapping[str, float]
    missing: Mapping[str, str]
    evidence: float | None
    told: bool

    @property
    def probability(self) -> float:
        """Of the state."""
        return self.probabilities[self.state]

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON has it."""
        return {
            "state": self.state,
            "probability": self.probability,
            "probabilities": dict(self.probabilities),
            "transition": {name: dict(row) for name, row in self.transition.items()},
            "stability": self.stability,
            "age": self.age,
            "expected_days": self.expected_days,
            "features": dict(self.features),
            "missing": dict(self.missing),
            "evidence": self.evidence,
            "told": self.told,
        }
