"""From prices as published to prices that can be compared, seen from the last bar.

The factor of a bar is its adjusted close over its close, `f = adjusted / close`. Each price becomes
`price * f / f_last`, so the last bar stands as traded and no split or dividend after it can have an effect: such an
event multiplies all factors before it alike, and cancels.
"""

from typing import Final

import numpy as np
import polars as pl

from ara.market.bars import SCHEMA, Basis

__all__ = ["adjusted", "quality"]

_PRICES: Final = ("open", "high", "low", "close")


def adjusted(published: pl.DataFrame, source: str) -> tuple[pl.DataFrame, Basis]:
    """Adjust bars to their last one.

    Parameters
    ----------
    published
        Columns as in `ara.data.provider.BARS`, already cut to what was known. A factor that is missing is that of the
        bar before it.
    source
        Whose they are.

    Returns
    -------
    pl.DataFrame
        Columns as in `ara.market.bars.SCHEMA`. Volume stands as traded.
    Basis
        Total where the source gives adjusted closes, else split: nobody publishes daily prices for less.
    """
    total = bool(published["adjusted"].is_not_null().any())
    raw = pl.col("adjusted") / pl.col("close")
    known = pl.when(raw.is_finite() & (raw > 0)).then(raw).forward_fill().backward_fill().fill_null(1.0)
    factor = published.select(known).to_series().to_numpy()
    # by numpy, because polars divides by a single number as it multiplies by its inverse: the last bar must be times 1
    scale = pl.Series(factor / factor[-1] if total else np.ones_like(factor))
    frame = published.with_columns(
        pl.col(_PRICES) * scale,
        quality(),
        source=pl.lit(source),
        imputed=pl.lit(value=False),
    )
    return frame.select(SCHEMA.names()), Basis.TOTAL if total else Basis.SPLIT


def quality() -> pl.Expr:
    """Score each bar as published: 1 where it is possible, 0.5 where open, high or low can't be, 0 where close can't.

    A price is possible if it is a positive number; a bar, if no price lies above its high or below its low.
    """
    possible = {name: pl.col(name).is_finite() & (pl.col(name) > 0) for name in _PRICES}
    ordered = (pl.col("high") >= pl.max_horizontal(_PRICES)) & (pl.col("low") <= pl.min_horizontal(_PRICES))
    whole = possible["open"] & possible["high"] & possible["low"] & ordered
    return (
        pl.when(possible["close"].fill_null(value=False))
        .then(pl.when(whole.fill_null(value=False)).then(1.0).otherwise(0.5))
        .otherwise(0.0)
        .alias("quality")
    )
