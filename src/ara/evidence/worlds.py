"""Made-up markets with a known answer: random walks whose volatility comes in clusters, and a break in it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara.evidence import grid
from ara.evidence.forecasts import joined
from ara.evidence.losses import with_losses
from ara.evidence.outcomes import outcomes
from ara.workers import Progress

__all__ = ["BREAK", "after_break", "market", "walks"]

BREAK: Final = 840
"""The bar from which on returns are three times as large."""

_SEEDS, _SYMBOLS, _BARS, _AFTER, _TIMES = 5, 8, 1000, 60, 3.0
_SHARED, _DEGREES, _VOLATILITY = 0.3, 6, 0.015
_LEVEL, _ECHO, _MEMORY = 0.03, 0.07, 0.9
_FIRST: Final = datetime(2018, 1, 1, tzinfo=UTC)


def walks(symbols: int, bars: int, *, seed: int, told: float = 0.0) -> NDArray[np.float64]:
    """Give log returns `[bar, symbol]` that nobody can foretell the sign of: GARCH(1,1) with shocks of fat tails.

    The symbols' shocks share three tenths of their variance; volatility is 1.5 % a bar on average.

    Parameters
    ----------
    symbols, bars
        How many.
    seed
        Of the shocks.
    told
        Share of the variance that the bar before tells, as the root of it times that bar; 0 for walks.
    """
    random = np.random.default_rng(seed)
    unit = np.sqrt((_DEGREES - 2) / _DEGREES)
    common = random.standard_t(_DEGREES, (bars, 1)) * unit
    shocks = np.sqrt(_SHARED) * common + np.sqrt(1 - _SHARED) * random.standard_t(_DEGREES, (bars, symbols)) * unit
    usual = _VOLATILITY**2
    variance, out = np.full(symbols, usual), np.zeros((bars, symbols))
    before, lean = np.zeros(symbols), np.sqrt(told)
    for bar in range(bars):
        variance = _LEVEL * usual + _ECHO * before**2 + _MEMORY * variance
        before = np.sqrt(variance) * shocks[bar]
        out[bar] = before + (lean * out[bar - 1] if bar else 0.0)
    return out


def market(returns: NDArray[np.float64]) -> pl.DataFrame:
    """Give returns as weekdays' bars, as `read_bars` gives them; each opens at the close before."""
    days = [_FIRST + timedelta(days=7 * (bar // 5) + bar % 5) for bar in range(len(returns))]
    parts = []
    for place in range(returns.shape[1]):
        close = np.exp(np.cumsum(returns[:, place]) + np.log(100))
        opened = np.concatenate((close[:1], close[:-1]))
        prices = {"open": opened, "high": np.maximum(opened, close), "low": np.minimum(opened, close), "close": close}
        frame = pl.DataFrame({"ts": pl.Series(days, dtype=pl.Datetime("us", "UTC")), **prices})
        parts.append(frame.with_columns(symbol=pl.lit(f"S{place:02d}")))
    facts = {"volume": pl.lit(None, pl.Float64), "asset_class": pl.lit("syn")}
    return pl.concat(parts).with_columns(**facts).select("symbol", "ts", *prices, *facts)


def after_break(model: str, *, seed: int = 0, watch: Callable[[str, Progress], bool] | None = None) -> float:
    """Give the share of a family's 80 % bands, one bar ahead, that held in the 60 bars after returns tripled.

    In five markets of eight random walks.
    """
    held = []
    for number in range(_SEEDS):
        returns = walks(_SYMBOLS, _BARS, seed=number)
        returns[BREAK:] *= _TIMES
        bars = market(returns)
        place = pl.int_range(pl.len()).over("symbol")
        origins = bars.filter((place >= BREAK - 1) & (place < BREAK - 1 + _AFTER))
        wanted = origins.select("symbol", origin="ts", instant="ts").with_columns(horizon=pl.lit(1, pl.Int64))
        told = grid.told(bars, wanted, [model], seed=seed, watch=watch)
        held.append(with_losses(joined(told, outcomes(bars)))["in80"].to_numpy())
    return float(np.concatenate(held).mean())
