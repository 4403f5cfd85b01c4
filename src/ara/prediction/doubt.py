"""Poor bars make a forecast less sure: its bands wider, and by no other road."""

from dataclasses import replace
from typing import Final

import numpy as np

from ara.market.bars import Bars
from ara.models.quantiles import LEVELS, Quantiles
from ara.prediction.compute import Answer
from ara.prediction.confidence import confidence
from ara.prediction.explain import with_doubt

__all__ = ["DOUBT", "doubted", "newest", "stretched"]

DOUBT: Final = 1.5
"""By how much bars of quality 0 widen a band around its median; those that are half as good, by the root of it."""

_NEWEST: Final = 20


def newest(bars: Bars) -> float:
    """Give the quality of the newest bars, 0 to 1: the mean of the last 20, or that of the last one, if it is lower."""
    quality = bars.frame["quality"].tail(_NEWEST).to_numpy()
    if len(quality) and (quality == 1).all():
        return 1.0
    quality = np.nan_to_num(quality.astype(float))
    return float(np.clip(min(quality.mean(), quality[-1]), 0.0, 1.0))


def doubted(answer: Answer, quality: float) -> Answer:
    """Give the answer as far as bars of such quality bear it out; itself for good ones.

    The worse they are, the wider its bands, so that poorer data never makes a forecast surer.
    """
    return stretched(answer, "quality", quality, (1.0 - quality) * float(np.log(DOUBT)))


def stretched(answer: Answer, name: str, value: float, log: float) -> Answer:
    """Give the answer with bands wider by a factor, given as its log, for a reason with a name and a figure.

    Bands, P(up), confidence and reasons stay one belief: all follow from the wider quantiles.
    """
    if not log:
        return answer
    values = answer.quantiles.values
    middle = values[:, :, LEVELS.index(0.5), None]
    quantiles = Quantiles(horizons=answer.quantiles.horizons, values=middle + (values - middle) * np.exp(log))
    return replace(
        answer,
        quantiles=quantiles,
        p_up=quantiles.above(0.0),
        confidence=confidence(quantiles, answer.usual_move),
        told=None if answer.told is None else with_doubt(answer.told, {name: (value, log)}),
    )
