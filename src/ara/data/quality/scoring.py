"""How far each bar can be trusted, by what was public when it closed."""

from typing import Final

import numpy as np
import polars as pl

from ara.data.quality.jumps import unlikely
from ara.data.quality.moves import moves
from ara.data.quality.prices import crossed, unpriced
from ara.data.quality.repeats import standing, untraded
from ara.data.quality.series import rows
from ara.data.quality.sessions import closed
from ara.market.instrument import Instrument
from ara.market.timeframe import DAY, Timeframe

__all__ = ["scores"]

_HALF: Final = 0.5


def scores(bars: pl.DataFrame, instrument: Instrument, timeframe: Timeframe = DAY) -> pl.Series:
    """Score each bar from 0 to 1 by what was public when its close was.

    No later bar has a say: the score of a bar is the same whether it is the last one or has ten years after it. So a
    move that nothing yet confirms or takes back is only doubted, not condemned, and `check` may know better later.

    Parameters
    ----------
    bars
        As for `check`.
    instrument
        Whose they are.
    timeframe
        Length of a bar.

    Returns
    -------
    pl.Series
        `quality`, row by row in the order given: 1 without fault; 0 where the close is no positive number, or the row
        has no time; 0.5 where another price or the volume can't be, where an earlier row has the same time, the bar was
        received before it was over or the venue did not trade, it repeats the one before or stands still longer than
        chance allows, nothing was traded in it, which is seldom so, or it moved by more than 25 times what was usual.
    """
    series, place = rows(bars, instrument, timeframe)
    quality = np.ones(len(series))
    unpriceable = unpriced(series)
    with np.errstate(all="ignore"):
        doubtful = unpriceable.any(axis=0) | (series.volume < 0) | np.isinf(series.volume)
        doubtful |= crossed(series) | closed(series) | series.twin | (series.learned < series.known)
        moved = moves(series)
        doubtful[series.bar] |= unlikely(moved) | standing(moved) | untraded(series, moved)
    quality[doubtful] = _HALF
    quality[unpriceable[3]] = 0.0
    found = np.zeros(len(bars))
    found[place] = quality
    return pl.Series("quality", found)
