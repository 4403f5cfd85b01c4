"""What the baseline says at the same origin: beside its error that of every other forecast is set."""

from collections.abc import Mapping

import numpy as np

from ara.desk import Desk
from ara.market.bars import Bars
from ara.models.quantiles import LEVELS
from ara.models.registry.card import BASELINE
from ara.performance import crps
from ara.prediction.compute import Recipe
from ara.prediction.forecast import Day
from ara.prediction.outlook import outlook

__all__ = ["crps_of", "rival"]


async def rival(desk: Desk, known: Bars, days: int) -> Mapping[int, Day]:
    """Give what the baseline says of the next bars, by number, from bars as they were known at the origin."""
    told = await desk.workers.run(outlook, known, days, Recipe(model=BASELINE, seed=desk.seed), why=False)
    return {day.number: day for day in told.days}


def crps_of(day: Day, y: float) -> float:
    """Give the CRPS of a day's quantiles for the log return that came."""
    return float(crps(np.array([day.quantiles]), np.array([y]), LEVELS)[0])
