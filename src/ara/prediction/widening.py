"""Bands after something failed: each link of the chain that did makes them wider, and so lowers the confidence."""

from dataclasses import replace
from math import log
from typing import Final

import numpy as np

from ara.models.quantiles import LEVELS, Quantiles
from ara.models.reasons.told import log_width
from ara.models.registry.card import BASELINE
from ara.prediction.compute import Answer
from ara.prediction.confidence import confidence
from ara.prediction.doubt import stretched
from ara.prediction.explain import with_doubt
from ara.prediction.forecast import Forecast

__all__ = ["HELD", "WIDER", "held", "is_held", "widened"]

HELD: Final = f"held at least as wide as those of {BASELINE}"
"""What is said of the bands of an answer that stands in for another one, where its own were narrower somewhere."""

WIDER: Final = 1.1
"""By how much each failed link widens every band around its median."""


def widened(answer: Answer, failed: int) -> Answer:
    """Give an answer as it is to be told after so many links failed; itself where none did.

    Price bands, P(up), confidence and reasons stay one belief: all follow from the widened quantiles.
    """
    return stretched(answer, "failed", failed, failed * log(WIDER))


def is_held(forecast: Forecast) -> bool:
    """Tell whether a forecast's bands were held so."""
    return bool(forecast.lineage.settings.get("held"))


def held(answer: Answer, plain: Answer) -> Answer:
    """Give an answer with each band at least as wide around its median as that of a plain one; itself where all are.

    Whoever stands in for a model that can't be asked shall not look surer than the simplest one does.
    """
    values, other = answer.quantiles.values, plain.quantiles.values
    middle = LEVELS.index(0.5)
    own, least = (each - each[:, :, middle, None] for each in (values, other))
    wider = np.abs(least) > np.abs(own)
    if not wider.any():
        return answer
    at_least = values[:, :, middle, None] + np.where(wider, least, own)
    quantiles = Quantiles(horizons=answer.quantiles.horizons, values=np.where(wider, at_least, values))
    grown = log_width(quantiles.values[0]) - log_width(values[0])
    return replace(
        answer,
        quantiles=quantiles,
        p_up=quantiles.above(0.0),
        confidence=confidence(quantiles, answer.usual_move),
        told=None if answer.told is None else with_doubt(answer.told, {"held": (1.0, grown)}),
        held=True,
    )
