"""Information: how varied the moves are, and how much one tells of another."""

import math
from typing import Final

import numpy as np

from ara.features.arrays import clean, previous, quotient, sums, within
from ara.features.indicator import Scale, indicator
from ara.features.indicators.statistical.terms import (
    STATES,
    Array,
    Codes,
    length,
    log_returns,
    states,
    surplus,
    tally,
)

__all__ = [
    "entropy",
    "mutual_information",
    "permutation_entropy",
    "shared_information",
    "surprise",
    "transfer_entropy",
    "volume_entropy",
]

_WINDOW: Final = length(120, "Bars that count; few of them make it read too high.", low=20, high=2000)
_STATES: Final = "states: fall, little, rise; little is less than half the mean |r| of n bars, r log returns"
_SHANNON: Final = "C. E. Shannon (1948), A Mathematical Theory of Communication, Bell System Technical Journal 27"


def _before(codes: Codes) -> Codes:
    out = np.full_like(codes, -1)
    out[1:] = codes[:-1]
    return out


def _joined(first: Codes, second: Codes, kinds: int) -> Codes:
    """Number the pairs of two states: the first counts slower."""
    return np.where(np.minimum(first, second) < 0, -1, first * kinds + second)


def _shared(first: Codes, second: Codes, window: int) -> Array:
    """Give the mutual information of two lines of states, in bits."""
    both = surplus(_joined(first, second, STATES), STATES * STATES, window)
    rows, columns = surplus(first, STATES, window), surplus(second, STATES, window)
    return np.maximum((math.log(window) + (both - rows - columns) / window) / math.log(2.0), 0.0)


@indicator(
    inputs=["close"],
    params={"window": _WINDOW},
    warmup=lambda window: 2 * window - 1,
    memory=lambda window: 2 * window,
    scale=Scale.FREE,
    bounds=(0.0, 1.0),
    formula=f"-sum of p * ln(p) / ln(3) over the shares p of three {_STATES}",
    reference=_SHANNON,
    words="How evenly falls, small moves and rises are mixed: 1 for all alike, lower where one of them rules.",
)
def entropy(close: Array, *, window: int) -> Array:
    """Give Shannon's entropy of the states of log returns, as a share of its largest value."""
    codes = states(log_returns(close), window)
    share = (math.log(window) - surplus(codes, STATES, window) / window) / math.log(STATES)
    return within(share, 0.0, 1.0)


@indicator(
    inputs=["close"],
    params={"window": length(60, "Bars that count; few of them make it read too low.", low=6, high=2000)},
    warmup=lambda window: window + 1,
    memory=lambda window: window + 2,
    scale=Scale.FREE,
    bounds=(0.0, 1.0),
    formula="-sum of p * ln(p) / ln(6) over the shares p of the six orders of three successive closes, n of them",
    reference="C. Bandt and B. Pompe (2002), Permutation Entropy, Physical Review Letters 88",
    words="How unforeseeable the order of three closes is: near 1 a random walk is close, lower where patterns repeat.",
)
def permutation_entropy(close: Array, *, window: int) -> Array:
    """Give the permutation entropy of order three; of equal closes, the earlier counts as the higher."""
    third = clean(close)
    second, first = previous(third), previous(third, 2)
    order = (first < second) + 2 * (second < third) + 4 * (first < third)
    codes = np.where(np.isnan(first + second + third), -1, order).astype(np.int64)
    share = (math.log(window) - surplus(codes, 8, window) / window) / math.log(6.0)
    return within(share, 0.0, 1.0)


@indicator(
    inputs=["close"],
    params={"window": _WINDOW},
    warmup=lambda window: 2 * window,
    memory=lambda window: 2 * window + 1,
    scale=Scale.FREE,
    bounds=(0.0, math.log2(STATES)),
    formula=f"sum of p(a, b) * log2(p(a, b) / (p(a) * p(b))), a and b of successive bars; {_STATES}",
    reference=f"{_SHANNON}; in markets: P. Fiedor (2014), Networks in Financial Markets, Physical Review E 89",
    words="How many bits this bar's move tells of the next, in whatever form; some 0.02 are chance with 120 bars.",
)
def mutual_information(close: Array, *, window: int) -> Array:
    """Give the mutual information of the states of successive log returns, not corrected for chance."""
    codes = states(log_returns(close), window)
    return _shared(codes, _before(codes), window)


@indicator(
    inputs=["close", "other"],
    params={"window": _WINDOW},
    warmup=lambda window: 2 * window - 1,
    memory=lambda window: 2 * window,
    scale=Scale.FREE,
    bounds=(0.0, math.log2(STATES)),
    formula=f"sum of p(a, b) * log2(p(a, b) / (p(a) * p(b))), a of close and b of other; {_STATES}",
    reference=f"{_SHANNON}; in markets: P. Fiedor (2014), Networks in Financial Markets, Physical Review E 89",
    words="How many bits the moves of two instruments share, in whatever form; correlation sees only the straight one.",
)
def shared_information(close: Array, other: Array, *, window: int) -> Array:
    """Give the mutual information of the states of both instruments' log returns, not corrected for chance."""
    return _shared(states(log_returns(close), window), states(log_returns(other), window), window)


@indicator(
    inputs=["close", "other"],
    params={"window": _WINDOW},
    warmup=lambda window: window + 1,
    memory=lambda window: window + 2,
    scale=Scale.FREE,
    bounds=(0.0, 1.0),
    formula="H(x[t] | x[t-1]) - H(x[t] | x[t-1], y[t-1]) in bits, x and y 1 where close and other rose, else 0, n bars",
    reference="T. Schreiber (2000), Measuring Information Transfer, Physical Review Letters 85",
    words="How much the other's last bar adds to what the own one tells of the next: larger where the other leads.",
)
def transfer_entropy(close: Array, other: Array, *, window: int) -> Array:
    """Give the transfer entropy from the other's rises to this one's, not corrected for chance."""
    own, lead = _rises(close), _rises(other)
    past, led = _before(own), _before(lead)
    pair, both = _joined(own, past, 2), _joined(past, led, 2)
    alone, together = surplus(pair, 4, window), surplus(_joined(pair, led, 2), 8, window)
    bits = (together - alone - surplus(both, 4, window) + surplus(past, 2, window)) / (window * math.log(2.0))
    return within(bits, 0.0, 1.0)


def _rises(close: Array) -> Codes:
    values = clean(close)
    before = previous(values)
    return np.where(np.isnan(values + before), -1, values > before).astype(np.int64)


@indicator(
    inputs=["close"],
    params={
        "window": length(20, "The last bars, which are compared.", low=5, high=500),
        "past": length(120, "The bars before those.", low=20, high=2000),
    },
    warmup=lambda window, past: window + 2 * past - 1,
    memory=lambda window, past: window + 2 * past,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula=f"sum of p * log2(p / q), p the shares of three states in n bars, q in those before, one added; {_STATES}",
    reference="S. Kullback and R. A. Leibler (1951), On Information and Sufficiency, Ann. Math. Statistics 22",
    words="How little the last bars look like those before them: above 0.2 the market behaves in another way.",
)
def surprise(close: Array, *, window: int, past: int) -> Array:
    """Give the relative entropy of the states of the last bars against those before, one of each added to both."""
    codes = states(log_returns(close), past)
    counts = tally(codes, STATES, window)
    older = tally(codes, STATES, past)
    out = np.full(len(codes), np.nan)
    count = older.shape[1] - window
    if count > 0:
        now, before = counts[:, past:], older[:, :count]
        p, q = (now + 1.0) / (window + STATES), (before + 1.0) / (past + STATES)
        known = (now.sum(axis=0) == window) & (before.sum(axis=0) == past)
        bits = (p * np.log(p / q)).sum(axis=0) / math.log(2.0)
        out[window + past - 1 :] = np.where(known, np.maximum(bits, 0.0), np.nan)
    return out


@indicator(
    inputs=["volume"],
    params={"window": length(20)},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.FREE,
    bounds=(0.0, 1.0),
    formula="-sum of p * ln(p) / ln(n), p each bar's share of the volume of n bars",
    reference=f"{_SHANNON}; as a measure of concentration: H. Theil (1967), Economics and Information Theory",
    words="How evenly trading is spread over the bars: 1 the same in each, low where a few bars drew it all.",
)
def volume_entropy(volume: Array, *, window: int) -> Array:
    """Give the entropy of the shares of volume, as a share of its largest value; NaN where nothing was traded."""
    values = np.where(volume >= 0, clean(volume), np.nan)
    logarithms = values * np.log(np.where(values > 0, values, 1.0))
    whole = sums(values, window)
    bits = np.log(np.where(whole > 0, whole, np.nan)) - quotient(sums(logarithms, window), whole)
    return within(bits / math.log(window), 0.0, 1.0)
