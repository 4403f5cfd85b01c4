"""Poor bars make a forecast less sure: its bands wider, and by no other road."""

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import AraError
from ara.market.bars import Bars
from ara.models.panel import Panel
from ara.models.quantiles import LEVELS, Quantiles
from ara.models.reasons.told import log_width
from ara.prediction.compute import Answer, Recipe, compute
from ara.prediction.confidence import confidence
from ara.prediction.explain import with_doubt

__all__ = ["DOUBT", "aged", "doubted", "newest", "stretched"]

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

    The worse their grade, the wider its bands: of the same bars a poorer grade never makes a forecast surer.
    """
    return stretched(answer, "quality", quality, (1.0 - quality) * float(np.log(DOUBT)))


def aged(answer: Answer, panel: Panel, row: int, recipe: Recipe, stood: int) -> Answer:
    """Give the answer for a row whose last bars repeat one price: that price is so many bars old.

    Its bands are at least those that the model gave at the last bar that moved, grown to as many bars more. Where a
    trained model can't be asked about that bar, `ewma_t` says by how much bands shrank since.
    """
    if not stood:
        return answer
    simple = Recipe(model="ewma_t", seed=recipe.seed)
    try:
        now, then = answer, compute(panel, np.array([row - stood]), recipe)
    except AraError:
        now, then = (compute(panel, np.array([place]), simple) for place in (row, row - stood))
    horizons = np.array(panel.horizons, float)
    grown = log_width(then.quantiles.values[0]) - log_width(now.quantiles.values[0])
    grown = grown + 0.5 * np.log((horizons + stood) / horizons)
    return stretched(answer, "age", stood, np.maximum(np.where(np.isfinite(grown), grown, 0.0), 0.0))


def stretched(answer: Answer, name: str, value: float, log: float | NDArray[np.float64]) -> Answer:
    """Give the answer with bands wider by a factor, given as its log, for a reason with a name and a figure.

    The log is one for all horizons, or `[H]`.

    Bands, P(up), confidence and reasons stay one belief: all follow from the wider quantiles.
    """
    if not np.any(log):
        return answer
    values = answer.quantiles.values
    middle = values[:, :, LEVELS.index(0.5), None]
    quantiles = Quantiles(
        horizons=answer.quantiles.horizons, values=middle + (values - middle) * np.exp(np.asarray(log))[..., None]
    )
    return replace(
        answer,
        quantiles=quantiles,
        p_up=quantiles.above(0.0),
        confidence=confidence(quantiles, answer.usual_move),
        told=None if answer.told is None else with_doubt(answer.told, {name: (value, log)}),
    )
