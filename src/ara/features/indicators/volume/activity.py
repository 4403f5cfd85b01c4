"""How much is traded, against what is usual."""

import math

import numpy as np

from ara.features.arrays import ema, moments, previous, quotient, runs, sums
from ara.features.indicator import Scale, indicator
from ara.features.indicators.trend.terms import SEEDED, chain, length
from ara.features.indicators.volatility.terms import median, window_mean
from ara.features.indicators.volume.steps import abnormal_step, concentrated_step, mean_step, oscillator_step
from ara.features.indicators.volume.terms import Array, signalled
from ara.features.library import talib

__all__ = [
    "abnormal_volume",
    "dollar_volume",
    "pvo",
    "rvol",
    "volume_concentration",
    "volume_percentile",
    "volume_variation",
    "volume_z",
    "vosc",
    "vroc",
]

_VOLUME = ["volume"]
_WINDOW = {"window": length(20, "Bars that say what is usual; more of them are steadier.")}
_ALL = (-math.inf, math.inf)
_ACHELIS = "S. B. Achelis (2000), Technical Analysis from A to Z, 2nd ed."


@indicator(
    inputs=_VOLUME,
    params={"bars": length(14, "How far back the volume is compared.", low=1)},
    warmup=lambda bars: bars,
    memory=lambda bars: bars + 1,
    scale=Scale.FREE,
    bounds=(-100.0, math.inf),
    formula="100 (V / V[t-n] - 1)",
    reference=_ACHELIS,
    words="Change of the volume in percent: breakouts with a rise of volume are trusted more.",
)
def vroc(volume: Array, *, bars: int) -> Array:
    """Give the rate of change of volume; NaN where nothing was traded then."""
    return 100.0 * (quotient(volume, previous(volume, bars)) - 1.0)


@indicator(
    inputs=_VOLUME,
    params={
        "fast": length(12, "Bars of the fast mean."),
        "slow": length(26, "Bars of the slow mean."),
        "signal": length(9, "Bars of the mean that the line is compared with.", low=1),
        "seeded": SEEDED,
    },
    outputs=["line", "signal", "histogram"],
    warmup=lambda fast, slow, signal, seeded: max(fast, slow) + signal - 2 if seeded else 0,
    memory=lambda fast, slow, signal, seeded: chain(max(fast, slow), 2) + chain(signal),
    scale=Scale.FREE,
    bounds=_ALL,
    formula="100 (EMA(12) of V / EMA(26) of V - 1); its EMA(9)",
    reference="StockCharts ChartSchool, Percentage Volume Oscillator; after G. Appel's (1979) MACD",
    words="Recent volume above (or, below 0, under) its longer mean, in percent: interest rises or wanes.",
    step=oscillator_step,
)
def pvo(volume: Array, *, fast: int, slow: int, signal: int, seeded: int) -> tuple[Array, ...]:
    """Give the percentage volume oscillator; NaN while nothing has been traded."""

    def lines(volume: Array) -> tuple[Array, ...]:
        quick, late = (ema(volume, bars, seeded=bool(seeded)) for bars in (fast, slow))
        return signalled(100.0 * quotient(quick - late, late), signal, seeded=bool(seeded))

    return runs(lines, volume, outputs=3)


@indicator(
    inputs=_VOLUME,
    params={"fast": length(5, "Bars of the fast mean.", low=1), "slow": length(10, "Bars of the slow mean.", low=1)},
    warmup=lambda fast, slow: max(fast, slow) - 1,
    memory=lambda fast, slow: max(fast, slow),
    scale=Scale.FREE,
    bounds=(-100.0, math.inf),
    formula="100 (mean of fast V / mean of slow V - 1)",
    reference=_ACHELIS,
    words="Recent volume above or below its longer mean, in percent, by simple means.",
    step=mean_step,
)
def vosc(volume: Array, *, fast: int, slow: int) -> Array:
    """Give the volume oscillator; NaN where nothing was traded."""
    return 100.0 * (quotient(window_mean(volume, fast), window_mean(volume, slow)) - 1.0)


@indicator(
    inputs=_VOLUME,
    params={"window": length(20, "Bars before this one that say what is usual; more of them are steadier.", low=1)},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula="V / mean of n V before it",
    reference="TA-Lib 0.8, RVOL; as in the screeners of day traders",
    words="This bar's volume in usual volumes: 1 is ordinary, 2 and more draws attention; NaN where none was usual.",
)
def rvol(volume: Array, *, window: int) -> Array:
    """Give the relative volume."""
    return quotient(volume, previous(window_mean(volume, window)))


@indicator(
    inputs=_VOLUME,
    params=_WINDOW,
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.FREE,
    bounds=_ALL,
    formula="(V - mean of n V) / standard deviation of n V",
    reference="The standard score of the volume",
    words="How unusual the volume is, in its own standard deviations: 3 and more is an event; 0 where it never varies.",
)
def volume_z(volume: Array, *, window: int) -> Array:
    """Give the z-score of volume."""
    average, variance = moments(volume, window)
    return quotient(volume - average, np.sqrt(variance), otherwise=0.0)


@indicator(
    inputs=_VOLUME,
    params={"window": length(100, "Bars before this one that it is compared with.")},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(0.0, 100.0),
    formula="percent of the n volumes before it that are smaller than V",
    reference="S. Gervais, R. Kaniel, D. H. Mingelgrin (2001), The High-Volume Return Premium, J. Fin. 56",
    words=(
        "In how many percent of the last bars less was traded: from 90 on stocks tend to rise more than others after."
    ),
)
def volume_percentile(volume: Array, *, window: int) -> Array:
    """Give the percentile rank of the volume."""
    return runs(lambda one: talib().PERCENTRANK(one, window), volume)[0]


@indicator(
    inputs=_VOLUME,
    params=_WINDOW,
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula="standard deviation of n V / mean of n V",
    reference=(
        "T. Chordia, A. Subrahmanyam, V. R. Anshuman (2001), Trading Activity and Expected Stock Returns, J. Fin. "
        "Econ. 59"
    ),
    words="How unsteady trade is: below 0.5 it is regular, above 1 it comes in bursts; NaN where nothing was traded.",
)
def volume_variation(volume: Array, *, window: int) -> Array:
    """Give the coefficient of variation of volume."""
    average, variance = moments(volume, window)
    return quotient(np.sqrt(variance), average)


@indicator(
    inputs=_VOLUME,
    params=_WINDOW,
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.FREE,
    bounds=(0.0, 1.0),
    formula="max of n V / sum of n V",
    reference="Ara: the share of the largest bar, as concentration is told of markets",
    words="The part of the recent volume that was traded in its busiest bar: high after news, low in quiet trade.",
    step=concentrated_step,
)
def volume_concentration(volume: Array, *, window: int) -> Array:
    """Give the share of the busiest bar; NaN where nothing was traded."""
    (most,) = runs(lambda one: talib().MAX(one, window), volume)
    return np.minimum(quotient(most, sums(volume, window)), 1.0)


@indicator(
    inputs=_VOLUME,
    params={"window": length(50, "Bars of the median; more of them are steadier.")},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.FREE,
    bounds=_ALL,
    formula="ln((V + m) / (2 m)), m = median of n V",
    reference=(
        "B. B. Ajinkya, P. C. Jain (1989), The Behavior of Daily Stock Market Trading Volume, J. Acc. Econ. 11: logs"
    ),
    words="The volume against its usual one, evened out so that a burst is no outlier: 0 is usual, -0.7 none at all.",
    step=abnormal_step,
)
def abnormal_volume(volume: Array, *, window: int) -> Array:
    """Give the logarithm of the volume over its median; NaN where the usual volume is none."""
    usual = median(volume, window)
    return np.log(quotient(volume + usual, 2.0 * usual))


@indicator(
    inputs=["close", "volume"],
    params={"window": length(20, "Bars of the mean; more of them are steadier.", low=1)},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.MIXED,
    bounds=(0.0, math.inf),
    formula="mean of n C V",
    reference="M. J. Brennan, T. Chordia, A. Subrahmanyam (1998), Alternative Factor Specifications, J. Fin. Econ. 49",
    words="Money traded in a usual bar: how much can be bought or sold without moving the price.",
)
def dollar_volume(close: Array, volume: Array, *, window: int) -> Array:
    """Give the mean of price times volume, in the currency of the price."""
    return window_mean(close * volume, window)
