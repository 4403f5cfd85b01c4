"""Walk-forward forecasts of Ara's own families, and the mean of three baselines that is the hardest simple rival."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import polars as pl

from ara.errors import ValidationError
from ara.evidence.forecasts import COLUMNS
from ara.evidence.outcomes import HORIZONS
from ara.models.quantiles import LEVELS
from ara.prediction.bulk import forecast_frame
from ara.prediction.compute import Recipe
from ara.workers import Progress

__all__ = ["MEAN", "PARTS", "asked", "mean_of_three", "origins", "told"]

MEAN: Final = "mean_of_3"
"""What the mean of three baselines is called."""

PARTS: Final = ("garch_t", "har_t", "fhs")
"""Of which baselines it is the mean."""

_KEY: Final = ["symbol", "instant", "horizon"]
_HISTORY: Final = 504
_YEARS: Final = timedelta(days=3 * 365.25)


def origins(bars: pl.DataFrame, *, start: datetime | None = None, end: datetime | None = None) -> pl.DataFrame:
    """Give every bar of a stretch, of all symbols and horizons, that has 504 bars before it and one after.

    Parameters
    ----------
    bars
        As `read_bars` gives them.
    start, end
        The first and last label of an origin; the last three years before the end, and all bars, if None.
    """
    last = bars["ts"].max()
    end = end or (last if isinstance(last, datetime) else None)
    if end is None:
        raise ValidationError("there are no bars", hint="Name a file that has some.")
    begin = end - _YEARS if start is None else start
    first = pl.col("ts") > begin if start is None else pl.col("ts") >= begin
    place, size = pl.int_range(pl.len()).over("symbol"), pl.len().over("symbol")
    found = bars.filter(first & (pl.col("ts") <= end) & (place >= _HISTORY) & (place < size - 1))
    if not found.height:
        raise ValidationError(
            f"no bar from {begin:%Y-%m-%d} to {end:%Y-%m-%d} has {_HISTORY} bars before it and one after",
            hint="Name other days with --from and --to, or a file with more history.",
        )
    wanted = found.select(pl.col("symbol").cast(pl.String), origin=pl.col("ts"), instant=pl.col("ts"))
    return wanted.join(pl.DataFrame({"horizon": HORIZONS}), how="cross", maintain_order="left_right")


def asked(forecasts: pl.DataFrame) -> pl.DataFrame:
    """Give the origins that forecasts were made at, each once."""
    keys = forecasts.filter(pl.col("horizon").is_in(list(HORIZONS))).select(_KEY).unique(maintain_order=True)
    return keys.with_columns(origin=pl.col("instant"))


def told(
    bars: pl.DataFrame,
    wanted: pl.DataFrame,
    models: Sequence[str],
    *,
    seed: int = 0,
    watch: Callable[[str, Progress], bool] | None = None,
) -> pl.DataFrame:
    """Ask families for each origin, refitted each month on what was known then, as `read_forecasts` gives them."""
    parts = []
    for name in models:

        def hear(state: Progress, name: str = name) -> bool:
            return watch is None or watch(name, state)

        answer = forecast_frame(bars, wanted, Recipe(model=name, seed=seed), watch=hear)
        kept = [f"q{level:g}" for level in LEVELS if f"q{level:g}" in COLUMNS]
        keys = wanted.select(pl.col("symbol").cast(pl.String), "instant", pl.col("horizon").cast(pl.Int64))
        figures = answer.select(*kept, "p_up", "sigma")
        parts.append(pl.concat([keys, figures], how="horizontal").select(pl.lit(name).alias("model"), pl.all()))
    return pl.concat(parts)


def mean_of_three(forecasts: pl.DataFrame) -> pl.DataFrame | None:
    """Give the mean of the three's log quantiles, level by level; None where one of them is not there."""
    own = [forecasts.filter(pl.col("model") == name) for name in PARTS]
    keys = own[0].select(_KEY)
    same = [keys.join(one, on=_KEY, how="inner", maintain_order="left") for one in own]
    if not keys.height or any(one.height != keys.height for one in same):
        return None
    logs = np.mean([np.log(one.select(COLUMNS).to_numpy()) for one in same], axis=0)
    mean = {name: pl.Series(np.exp(logs[:, place])) for place, name in enumerate(COLUMNS)}
    for name in ("p_up", "sigma"):
        mean[name] = pl.Series(np.mean([one[name].fill_null(np.nan).to_numpy() for one in same], axis=0))
    return keys.select(pl.lit(MEAN).alias("model"), pl.all()).with_columns(**mean).select(forecasts.columns)
