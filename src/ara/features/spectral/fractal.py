"""How rough the path of the price is: fractal dimensions, and exponents of how its reach grows with time."""

import math
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.features.arrays import change, logs, rolling, sums, windows
from ara.features.indicator import Param, Scale, indicator

__all__ = ["dfa", "higuchi", "hurst_rs", "katz", "petrosian"]

_Array = NDArray[np.float64]

_ROWS: Final = 1 << 20
_STILL: Final = 1e-13
_SMALLEST: Final = 8


def _length(default: int, low: int, words: str) -> Param:
    return Param(default=default, low=low, high=5000, whole=True, words=words)


_WINDOW: Final = _length(100, 20, "Bars that count; more of them make it steadier and later.")
_DEEP: Final = _length(128, 64, "Bars that count; more of them compare longer spans.")


@indicator(
    inputs=["close"],
    params={"window": _WINDOW},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.FREE,
    bounds=(1.0, math.inf),
    formula="ln(m) / (ln(m) + ln(d / L)), y = ln C, L = sum of |dy| over m = n - 1 steps, d = max |y[i] - y[first]|",
    reference="M. J. Katz (1988), Fractals and the Analysis of Waveforms, Computers in Biology and Medicine 18",
    words="1 is a straight way, 1.5 and more a way that leads nowhere; NaN where no price moved.",
)
def katz(close: _Array, *, window: int) -> _Array:
    """Give Katz's fractal dimension of the log prices of the window."""
    line, steps = logs(close), math.log(window - 1)
    length = sums(np.abs(change(line)), window - 1)
    spans = windows(line, window)
    far = rolling(line, np.abs(spans - spans[:, :1]).max(axis=1) if len(spans) else np.empty(0), window)
    share = np.where((length > _STILL) & (far > 0), far / length, np.nan)
    # A way whose ends are as near as one step of m has no dimension that this formula can give.
    below = steps + np.log(share)
    return np.where(below > 0.0, np.maximum(steps / np.where(below > 0.0, below, 1.0), 1.0), np.nan)


@indicator(
    inputs=["close"],
    params={"window": _WINDOW, "longest": Param(default=8, low=3, high=32, whole=True, words="Longest step in bars.")},
    warmup=lambda window, longest: window - 1,
    memory=lambda window, longest: window,
    scale=Scale.FREE,
    bounds=(-math.inf, math.inf),
    formula="slope of ln L(k) on ln(1 / k), k = 1..longest, L(k) the length of ln C seen at every k-th bar, over k",
    reference="T. Higuchi (1988), Approach to an Irregular Time Series, Physica D 31",
    words="1.5 for a random walk; lower is smoother, as in trends; higher rougher, as in a market that turns back.",
)
def higuchi(close: _Array, *, window: int, longest: int) -> _Array:
    """Give Higuchi's fractal dimension of the log prices; NaN where no price moved or the window is too short."""
    line = logs(close)
    spans = windows(line, window)
    longest = min(longest, window // 2)
    lengths = np.empty((longest, len(spans)))
    for step in range(1, longest + 1):
        moved = np.abs(spans[:, step:] - spans[:, :-step])
        total = np.zeros(len(spans))
        for start in range(step):
            part = moved[:, start::step]
            total += part.sum(axis=1) * ((window - 1) / (part.shape[1] * step))
        lengths[step - 1] = total / (step * step)
    axis = -np.log(np.arange(1, longest + 1))
    return rolling(line, _slopes(axis, np.log(np.where(lengths > _STILL, lengths, np.nan))), window)


@indicator(
    inputs=["close"],
    params={"window": _WINDOW},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.FREE,
    bounds=(1.0, 1.2),
    formula="log10(n) / (log10(n) + log10(n / (n + 0.4 * N))), N = turns of C among n bars",
    reference="A. Petrosian (1995), Kolmogorov Complexity of Finite Sequences, IEEE Computer-Based Medical Systems",
    words="How often the price turns: 1 never, the more turns the higher; a walk turns at every other bar.",
)
def petrosian(close: _Array, *, window: int) -> _Array:
    """Give Petrosian's fractal dimension of the closes."""
    moved = np.sign(change(np.where(np.isfinite(close), close, np.nan)))
    turns = np.concatenate([[np.nan], (moved[1:] * moved[:-1] < 0).astype(np.float64)])[: len(close)]
    turns[np.isnan(moved) | np.isnan(np.concatenate([[np.nan], moved[:-1]])[: len(close)])] = np.nan
    size = math.log10(window)
    found = size / (size + np.log10(window / (window + 0.4 * sums(turns, window - 2))))
    return np.asarray(found)


@indicator(
    inputs=["close"],
    params={"window": _DEEP},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(-math.inf, math.inf),
    formula="slope of ln F(s) on ln s, F(s)^2 the mean square that lines over s bars leave of sums of r, s = 8, 16...",
    reference="C.-K. Peng and others (1994), Mosaic Organization of DNA Nucleotides, Physical Review E 49",
    words="0.5 for returns without memory; above it moves go on, below it they are taken back, whatever the trend.",
)
def dfa(close: _Array, *, window: int) -> _Array:
    """Give the exponent of detrended fluctuation analysis of log returns; NaN where nothing varies."""
    returns = change(logs(close))
    spans = windows(returns, window)
    found = np.empty(len(spans))
    rows = max(1, _ROWS // window)
    for start in range(0, len(spans), rows):
        part = spans[start : start + rows]
        profile = np.cumsum(part - part.mean(axis=1, keepdims=True), axis=1)
        sizes = _sizes(window)
        left = np.stack([_left_over(profile, size) for size in sizes])
        rough = np.log(np.where(left > _STILL**2, left, np.nan)) / 2.0
        found[start : start + rows] = _slopes(np.log(np.array(sizes)), rough)
    return rolling(returns, found, window)


@indicator(
    inputs=["close"],
    params={
        "window": _DEEP,
        "corrected": Param(
            default=1, low=0, high=1, whole=True, words="1 takes off what short spans of a random walk show; 0 doesn't."
        ),
    },
    warmup=lambda window, corrected: window,
    memory=lambda window, corrected: window + 1,
    scale=Scale.FREE,
    bounds=(-math.inf, math.inf),
    formula="slope of ln M(s) on ln s, M the mean R/S over s = 8, 16, ... bars; corrected: of ln(M / E(R/S)), plus 0.5",
    reference="H. E. Hurst (1951), Transactions of the ASCE 116; A. A. Anis and E. H. Lloyd (1976), Biometrika 63",
    words="0.5 for returns without memory; above it the price goes on as it went, below it turns back.",
)
def hurst_rs(close: _Array, *, window: int, corrected: int) -> _Array:
    """Give Hurst's exponent of log returns by the rescaled range; NaN where a span stood still."""
    returns = change(logs(close))
    spans = windows(returns, window)
    found = np.empty(len(spans))
    rows = max(1, _ROWS // window)
    sizes = _sizes(window)
    for start in range(0, len(spans), rows):
        part = spans[start : start + rows]
        ranges = np.log(np.stack([_rescaled(part, size) for size in sizes]))
        if corrected:
            ranges -= np.log([[_expected(size)] for size in sizes])
        unknown = np.isnan(part.sum(axis=1))  # also where no span takes the bars that have no return
        found[start : start + rows] = np.where(unknown, np.nan, _slopes(np.log(np.array(sizes)), ranges))
    return rolling(returns, found + 0.5 if corrected else found, window)


def _sizes(window: int) -> list[int]:
    """Give spans of 8, 16, ... bars, up to a quarter of the window, at least two of them."""
    sizes = [_SMALLEST, 2 * _SMALLEST]
    while sizes[-1] * 8 <= window:
        sizes.append(sizes[-1] * 2)
    return sizes


def _slopes(axis: _Array, values: _Array) -> _Array:
    """Give the slope of each column on the axis."""
    weights = axis - axis.mean()
    return np.asarray((values * (weights / float(weights @ weights))[:, None]).sum(axis=0))


def _spans(part: _Array, size: int) -> _Array:
    """Cut the newest bars of each row into spans of one size."""
    count = part.shape[1] // size
    return part[:, part.shape[1] - count * size :].reshape(len(part), count, size)


def _left_over(profile: _Array, size: int) -> _Array:
    """Give the mean square of what a line through each span leaves."""
    spans = _spans(profile, size)
    time = np.arange(size) - (size - 1) / 2.0
    centred = spans - spans.mean(axis=2, keepdims=True)
    slope = (centred * time).sum(axis=2) / float(time @ time)
    square = (centred * centred).sum(axis=2) - slope * slope * float(time @ time)
    return np.asarray(np.maximum(square, 0.0).mean(axis=1) / size)


def _rescaled(part: _Array, size: int) -> _Array:
    """Give the mean over spans of the range of their summed deviations, in their standard deviations."""
    spans = _spans(part, size)
    centred = spans - spans.mean(axis=2, keepdims=True)
    deviation = np.sqrt((centred * centred).mean(axis=2))
    sofar = np.cumsum(centred, axis=2)
    reach = sofar.max(axis=2) - sofar.min(axis=2)  # the last of them is 0
    return np.asarray((reach / np.where(deviation > _STILL, deviation, np.nan)).mean(axis=1))


@cache
def _expected(size: int) -> float:
    """Give what the rescaled range of independent normal values is on average (A. A. Anis and E. H. Lloyd, 1976)."""
    total = sum(math.sqrt((size - i) / i) for i in range(1, size))
    return math.exp(math.lgamma((size - 1) / 2) - math.lgamma(size / 2)) / math.sqrt(math.pi) * total
