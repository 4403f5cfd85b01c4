"""Information: how varied the moves are, and how much one tells of another."""

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from ara.features.arrays import clean, previous, quotient, sums, within
from ara.features.indicator import Scale, indicator
from ara.features.indicators.statistical.steps import entropy_step
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
from ara.features.onward import UNKNOWN, Told
from ara.features.windowed import Counts, Moves, counted, moved, slid

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
_PAIRS: Final = STATES * STATES


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


def _state(moves: Moves | None, window: int) -> int:
    """Give the state of the newest of the last returns, as `states` does; -1 where there are too few."""
    if moves is None or len(moves[1]) < window:
        return -1
    size, now = sum(map(abs, moves[1])) / window, moves[1][-1]
    return 1 + (now > 0.5 * size) - (now < -0.5 * size)


def _weight(counts: Sequence[int]) -> float:
    """Give the sum of `c * ln(c)`."""
    return sum([count * math.log(count) for count in counts if count])


def _bits(counted: Counts | None, window: int) -> float:
    """Give the mutual information of two states of which the pairs were counted; NaN where they are too few."""
    if counted is None or len(counted[0]) < window:
        return math.nan
    pairs = counted[1]
    rows = [sum(pairs[one : one + STATES]) for one in range(0, _PAIRS, STATES)]
    columns = [sum(pairs[one::STATES]) for one in range(STATES)]
    spare = _weight(pairs) - _weight(rows) - _weight(columns)
    return max((math.log(window) + spare / window) / math.log(2.0), 0.0)


def _entropy_step(state: Any, close: float, *, window: int) -> Told:
    """Go on from the last returns and the last states."""
    moves, states = state or (None, None)
    moves = moved(moves, close, window)
    states = counted(states, _state(moves, window), window, STATES)
    if states is None or len(states[0]) < window:
        return (moves, states), UNKNOWN
    share = (math.log(window) - _weight(states[1]) / window) / math.log(STATES)
    return (moves, states), (min(max(share, 0.0), 1.0),)


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
    step=_entropy_step,
)
def entropy(close: Array, *, window: int) -> Array:
    """Give Shannon's entropy of the states of log returns, as a share of its largest value."""
    codes = states(log_returns(close), window)
    share = (math.log(window) - surplus(codes, STATES, window) / window) / math.log(STATES)
    return within(share, 0.0, 1.0)


def _orders_step(state: Any, close: float, *, window: int) -> Told:
    """Go on from the last two closes and the last orders of three."""
    kept, orders = state or ((), None)
    kept, code = slid(kept, close, 3), -1
    if len(kept) == 3:
        first, second, third = kept
        code = (first < second) + 2 * (second < third) + 4 * (first < third)
    orders = counted(orders, code, window, 8)
    if orders is None or len(orders[0]) < window:
        return (kept, orders), UNKNOWN
    share = (math.log(window) - _weight(orders[1]) / window) / math.log(6.0)
    return (kept, orders), (min(max(share, 0.0), 1.0),)


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
    step=_orders_step,
)
def permutation_entropy(close: Array, *, window: int) -> Array:
    """Give the permutation entropy of order three; of equal closes, the earlier counts as the higher."""
    third = clean(close)
    second, first = previous(third), previous(third, 2)
    order = (first < second) + 2 * (second < third) + 4 * (first < third)
    codes = np.where(np.isnan(first + second + third), -1, order).astype(np.int64)
    share = (math.log(window) - surplus(codes, 8, window) / window) / math.log(6.0)
    return within(share, 0.0, 1.0)


def _mutual_step(state: Any, close: float, *, window: int) -> Told:
    """Go on from the last returns, the last state, and the last pairs of them."""
    moves, before, pairs = state or (None, -1, None)
    moves = moved(moves, close, window)
    now = _state(moves, window)
    pairs = counted(pairs, -1 if min(now, before) < 0 else now * STATES + before, window, _PAIRS)
    return (moves, now, pairs), (_bits(pairs, window),)


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
    step=_mutual_step,
)
def mutual_information(close: Array, *, window: int) -> Array:
    """Give the mutual information of the states of successive log returns, not corrected for chance."""
    codes = states(log_returns(close), window)
    return _shared(codes, _before(codes), window)


def _shared_step(state: Any, close: float, other: float, *, window: int) -> Told:
    """Go on from the last returns of both, and the last pairs of their states."""
    own, foreign, pairs = state or (None, None, None)
    own, foreign = moved(own, close, window), moved(foreign, other, window)
    first, second = _state(own, window), _state(foreign, window)
    pairs = counted(pairs, -1 if min(first, second) < 0 else first * STATES + second, window, _PAIRS)
    return (own, foreign, pairs), (_bits(pairs, window),)


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
    step=_shared_step,
)
def shared_information(close: Array, other: Array, *, window: int) -> Array:
    """Give the mutual information of the states of both instruments' log returns, not corrected for chance."""
    return _shared(states(log_returns(close), window), states(log_returns(other), window), window)


def _transfer_step(state: Any, close: float, other: float, *, window: int) -> Told:
    """Go on from both last prices (None where unknown), whether they had risen, and the last states of three."""
    own, foreign, past, led, triples = state or (None, None, -1, -1, None)
    now, lead = _rose(own, close), _rose(foreign, other)
    code = -1 if min(now, past, led) < 0 else 4 * now + 2 * past + led
    triples = counted(triples, code, window, 8)
    kept = (_price(close), _price(other), now, lead, triples)
    if triples is None or len(triples[0]) < window:
        return kept, UNKNOWN
    counts = triples[1]
    pair = [counts[one] + counts[one + 1] for one in range(0, 8, 2)]
    both = [one + other for one, other in zip(counts[:4], counts[4:], strict=True)]
    before = (both[0] + both[1], both[2] + both[3])
    bits = (_weight(counts) - _weight(pair) - _weight(both) + _weight(before)) / (window * math.log(2.0))
    return kept, (min(max(bits, 0.0), 1.0),)


def _price(price: float) -> float | None:
    return price if math.isfinite(price) else None


def _rose(before: float | None, price: float) -> int:
    return -1 if before is None or not math.isfinite(price) else int(price > before)


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
    step=_transfer_step,
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


def _surprise_step(state: Any, close: float, *, window: int, past: int) -> Told:
    """Go on from the last returns and the last states."""
    moves, codes = state or (None, ())
    moves = moved(moves, close, past)
    code = _state(moves, past)
    codes = () if code < 0 else (*codes[len(codes) >= window + past :], code)
    if len(codes) < window + past:
        return (moves, codes), UNKNOWN
    now, before, bits = codes[past:], codes[:past], 0.0
    for kind in range(STATES):
        p, q = (now.count(kind) + 1.0) / (window + STATES), (before.count(kind) + 1.0) / (past + STATES)
        bits += p * math.log(p / q)
    return (moves, codes), (max(bits / math.log(2.0), 0.0),)


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
    step=_surprise_step,
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
    step=entropy_step,
)
def volume_entropy(volume: Array, *, window: int) -> Array:
    """Give the entropy of the shares of volume, as a share of its largest value; NaN where nothing was traded."""
    values = np.where(volume >= 0, clean(volume), np.nan)
    logarithms = values * np.log(np.where(values > 0, values, 1.0))
    whole = sums(values, window)
    bits = np.log(np.where(whole > 0, whole, np.nan)) - quotient(sums(logarithms, window), whole)
    return within(bits / math.log(window), 0.0, 1.0)
