"""Whether a stated confidence means what it says: the chance to end within the usual move, beside what happened."""

from statistics import NormalDist
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara.evidence.losses import Sample
from ara.performance.chances import calibrated
from ara.performance.inference import by_day, diebold_mariano, newey_west
from ara.prediction.confidence import usual_moves

__all__ = ["ORDINARY", "held_sure", "with_usual"]

ORDINARY: Final = 0.8
"""What a forecast that knows nothing of the day would state: the share that the usual move held in the past."""

_Array = NDArray[np.float64]

_WIDE: Final = 1.959963984540054
_ALL: Final = 0.95
"""How sure the statement about all bins at once is; 1.96 standard errors make the same of one bin alone."""

_BINS: Final = 10
_ENOUGH: Final = 100


def with_usual(table: pl.DataFrame, bars: pl.DataFrame) -> pl.DataFrame:
    """Add `usual`: the 80 % quantile of the absolute log returns over the horizon in the 500 bars up to the origin.

    Each is computed once, however many models were asked for it.
    """
    parts = []
    wanted = table.select("symbol", "instant", "horizon").unique(maintain_order=True)
    closes = {str(symbol): own for (symbol,), own in bars.group_by(["symbol"], maintain_order=True)}
    for (symbol, horizon), own in wanted.group_by(["symbol", "horizon"], maintain_order=True):
        series = closes[str(symbol)]
        places = series["ts"].cast(own["instant"].dtype).search_sorted(own["instant"]).to_numpy()
        moves = usual_moves(np.log(series["close"].to_numpy()), int(str(horizon)), places.astype(np.int64))
        parts.append(own.with_columns(usual=pl.Series(moves)))
    return table.join(pl.concat(parts), on=["symbol", "instant", "horizon"], how="left", maintain_order="left")


def held_sure(sample: Sample) -> dict[str, Any]:
    """Give `sure`: ten bins of stated confidence beside what happened, and its error beside that of always 0.8.

    A bin holds where its gap lies within 1.96 standard errors, which allow for outcomes that hang together: of ten that
    are right, one misses in about two of five such tables. `hold_together` is the statement about all of them: each gap
    lies within `errors_together`, 2.80 standard errors for ten, so that bins which are right all hold in at least 95 of
    100 tables, however they hang together. Nothing where fewer than 100 rows have a usual move.

    References
    ----------
    Sidak (1967), Rectangular Confidence Regions for the Means of Multivariate Normal Distributions, Journal of the
    American Statistical Association 62.
    """
    known = np.asarray(np.isfinite(sample.get("sure")) & (sample.get("usual") > 0))
    if known.sum() < _ENOUGH:
        return {}
    own = sample.only(known)
    stated, days, lag = own.get("sure"), own.days, own.lag
    inside = (np.abs(own.get("y") - own.get("med")) <= own.get("usual")).astype(float)
    brier, constant = (stated - inside) ** 2, (ORDINARY - inside) ** 2
    _, t, p = diebold_mariano(by_day(days, brier - constant), lag)
    honest = calibrated(stated, inside, days, lag=lag, bins=_BINS)
    bins = _bins(stated, inside, days, lag)
    most = _errors_together(sum(one["se"] is not None for one in bins))
    told = {
        "n": len(stated),
        "stated": float(stated.mean()),
        "inside": float(inside.mean()),
        "brier": float(brier.mean()),
        "brier_constant": float(constant.mean()),
        "t": t,
        "p": p,
        "error": honest.corrected,
        "errors_together": most,
        "hold_together": all(abs(one["gap_se"]) <= most for one in bins if one["se"] is not None) if most else None,
        "bins": bins,
    }
    return {"sure": told}


def _errors_together(bins: int) -> float | None:
    """Give the standard errors within which so many gaps lie in 95 of 100 tables; None of no bin."""
    return NormalDist().inv_cdf((1 + _ALL ** (1 / bins)) / 2) if bins else None


def _bins(stated: _Array, inside: _Array, days: NDArray[np.int64], lag: int) -> list[dict[str, Any]]:
    edges = np.unique(np.quantile(stated, np.linspace(0, 1, _BINS + 1)[1:-1]))
    place = np.searchsorted(edges, stated, side="right")
    found = []
    for one in np.unique(place):
        mine = place == one
        gap, error = newey_west(by_day(days[mine], (inside - stated)[mine]), lag)
        found.append(
            {
                "stated": float(stated[mine].mean()),
                "inside": float(inside[mine].mean()),
                "n": int(mine.sum()),
                "se": None if np.isnan(error) else error,
                "held": None if np.isnan(error) else bool(abs(gap) <= _WIDE * error),
                "gap_se": None if np.isnan(error) else gap / error,
            }
        )
    return found
