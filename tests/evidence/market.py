"""A small made-up market with forecasts of three models, the same to the last digit wherever it is made."""

from statistics import NormalDist

import numpy as np
import polars as pl

from ara.evidence.forecasts import COLUMNS, LEVELS

BARS, FIRST, LAST = 700, 540, 690
HORIZONS = (1, 5)
SYMBOLS = {"A1": "stock", "A2": "stock", "A3": "stock", "A4": "stock", "A5": "stock", "A6": "stock", "C1": "crypto"}


def bars():
    """Seven series of daily bars with volatility in clusters; the last trades every day, the others on weekdays."""
    random = np.random.default_rng(7)
    shared = random.standard_normal(BARS)
    parts = []
    for number, (symbol, kind) in enumerate(SYMBOLS.items()):
        shocks, level, returns = random.standard_normal(BARS), 0.015, []
        for place in range(BARS):
            returns.append(level * (0.5 * shared[place] + 0.9 * shocks[place]))
            level = (0.00001 + 0.1 * returns[-1] ** 2 + 0.85 * level**2) ** 0.5
        close = 100 * np.exp(np.cumsum(returns))
        close[620 + number] = close[619 + number]  # a price that stands still
        before = np.concatenate(([100.0], close[:-1]))
        days = np.arange(np.datetime64("2019-01-01"), np.datetime64("2025-01-01"))
        if kind == "stock":
            days = days[np.is_busday(days)]
        parts.append(
            pl.DataFrame(
                {
                    "symbol": symbol,
                    "ts": days[:BARS],
                    "open": before,
                    "high": np.maximum(before, close) * 1.002,
                    "low": np.minimum(before, close) * 0.998,
                    "close": close,
                    "asset_class": kind,
                }
            ).with_columns(pl.col("ts").cast(pl.Datetime("us")))
        )
    return pl.concat(parts)


def forecasts():
    """Forecasts of a wide walk (`ewma_t`), of frequencies (`hist`), and of one with a view and a width (`mine`)."""
    normal = np.array([NormalDist().inv_cdf(level) for level in LEVELS])
    random = np.random.default_rng(11)
    parts = []
    for (symbol,), own in bars().group_by(["symbol"], maintain_order=True):
        close = own["close"].to_numpy()
        returns = np.diff(np.log(close), prepend=np.log(close[0]))
        for horizon in HORIZONS:
            for place in range(FIRST, LAST):
                past, lean = returns[place - 60 : place + 1].std(), 0.1 * random.standard_normal()
                told = {
                    "ewma_t": (0.0, 1.15 * past, 0.5, 1.15 * past),
                    "hist": (
                        0.0005,
                        1.1 * past,
                        float(np.clip((returns[place - 200 : place + 1] > 0).mean(), 0, 1)),
                        None,
                    ),
                    "mine": (lean * past, past, NormalDist().cdf(lean), past),
                }
                for model, (mean, width, p_up, sigma) in told.items():
                    prices = close[place] * np.exp(mean + normal * width * horizon**0.5)
                    parts.append(
                        {
                            "model": model,
                            "symbol": symbol,
                            "origin": own["ts"][place],
                            "horizon": horizon,
                            **dict(zip(COLUMNS, prices.tolist(), strict=True)),
                            "p_up": p_up,
                            "sigma": None if sigma is None else float(sigma * horizon**0.5),
                        }
                    )
    return pl.DataFrame(parts, infer_schema_length=None)
