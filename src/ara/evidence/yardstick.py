"""Whether the baseline that a file of forecasts brings along is the one by which skill is measured."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import polars as pl

from ara.errors import AraError
from ara.evidence import grid
from ara.evidence.forecasts import COLUMNS, LEVELS, joined
from ara.evidence.scores import BASE
from ara.performance import crps

__all__ = ["flattered"]

_SAMPLE: Final = 600
_FEWEST: Final = 30
_WORSE: Final = 1.01  # the protocol's own ewma_t, refitted at other days than Ara's, stays within a thousandth


def flattered(bars: pl.DataFrame, forecasts: pl.DataFrame, known: pl.DataFrame, *, seed: int = 0) -> Iterator[str]:
    """Say of each horizon where the file's baseline is worse than Ara's own at the same origins: skill beside it lies.

    Some hundred origins are asked, spread over all. Where Ara's own can't be made there, nothing is said.

    Parameters
    ----------
    bars
        As `read_bars` gives them.
    forecasts
        What is judged, as `read_forecasts` gives it.
    known
        Its outcomes.
    seed
        Of what is random in the family.
    """
    given = forecasts.filter(pl.col("model") == BASE)
    if not given.height:
        return
    wanted = grid.asked(given)
    some = wanted.gather_every(max(wanted.height // _SAMPLE, 1))
    try:
        own = grid.told(bars, some, [BASE], seed=seed)
    except AraError:
        return
    key = ["symbol", "instant", "horizon"]
    both = _losses(own, known).join(_losses(given, known), on=key, suffix="_given")
    for (horizon,), part in both.sort("horizon").group_by(["horizon"], maintain_order=True):
        told, due = (float(part[name].to_numpy().sum()) for name in ("loss_given", "loss"))
        ratio = told / due if due > 0 else 1.0
        if part.height >= _FEWEST and ratio > _WORSE:
            ahead = "1 bar" if horizon == 1 else f"{horizon} bars"
            yield (
                f"skill beside the file's {BASE}, {ahead} ahead: its CRPS is {ratio:.2f} times that of Ara's own at "
                f"{part.height} of the same origins"
            )


def _losses(forecasts: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    table = joined(forecasts, known)
    sound = pl.all_horizontal(pl.col(COLUMNS).is_finite(), pl.col(COLUMNS) > 0, pl.col("y").is_not_null())
    table = table.filter(sound).unique(["symbol", "instant", "horizon"], keep="first", maintain_order=True)
    logs = np.log(table.select(COLUMNS).to_numpy() / table["close"].to_numpy()[:, None])
    return table.select("symbol", "instant", "horizon").with_columns(
        loss=pl.Series(crps(logs, table["y"].to_numpy(), LEVELS), dtype=pl.Float64)
    )
