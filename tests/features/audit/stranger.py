"""A stranger's features: one of them looks ahead."""

import numpy as np
import polars as pl

COUNT = 2


def features(bars):
    close = pl.col("close")
    return bars.frame.select(
        "at", "known_at", ahead=close.shift(-1) / close, behind=close / close.shift(1)
    ).with_columns(pl.col("behind").fill_null(np.nan))
