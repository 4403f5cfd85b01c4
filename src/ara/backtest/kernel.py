"""One instrument's past played against a plan, in whole numbers: the loop that the sweep runs as machine code.

It keeps the rules of `ara.trading.pit` for market orders with a stop, a target and a trailing stop, by the same
arithmetic, so that it gives the same fills to the last unit.
"""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.backtest.layout import (
    AT,
    BEGUN,
    BEST,
    BORROW,
    CLOSES,
    COMMISSION,
    CUT,
    DIVIDEND,
    EACH,
    ENOUGH,
    FAILED,
    FILLS,
    FINANCING,
    FORCED,
    FROM,
    GIVEN,
    GUARD,
    HAS_STOP,
    HAS_TARGET,
    HELD,
    HIGHS,
    HIT,
    IMPACT,
    KNOWN,
    LAST,
    LEAST,
    LEFT,
    LEVERAGE,
    LOWS,
    MAINTENANCE,
    MEAN,
    MONEY,
    OPENS,
    PAID,
    PROTECTED,
    REPLACES,
    ROOM,
    RULE,
    SHARE,
    SIDE,
    SIGMA,
    SPLIT,
    SPREAD,
    START,
    STEP,
    STOP,
    STOPS,
    TARGET,
    TARGETS,
    TO,
    TRAIL,
    VOLUME,
    WORTH,
)  # fmt: skip
from ara.trading.arithmetic import UNLIMITED, affordable, carried, fee, level, wanted, worse

__all__ = ["HELPERS", "measuring", "playing"]

_DAYS: Final = 1 / 86_400_000_000
_FIXED: Final = 0
_ROOT: Final = 2

_Whole = NDArray[np.int64]
_Parts = NDArray[np.float64]


def playing(
    m: _Whole, x: _Parts, p: _Whole, f: _Parts, plan: _Parts, a: _Whole, log: _Whole, equity: _Parts, gross: _Parts
) -> None:
    """Play the bars that the settings name.

    Parameters
    ----------
    m, x
        The market: whole numbers and parts, a line each.
    p, f
        Settings, costs and protection.
    plan
        The size wanted from each bar on; NaN for no change. The first that is none counts as a change.
    a
        The state, which begins with money and else zeros.
    log
        Where fills go, as far as there is room: bar, signed lots, price, fee, why.
    equity, gross
        Where what is owned, and the value of what is held, go, in units.
    """
    asked = np.nan
    for i in range(p[FROM], p[TO]):
        if a[MONEY] < 0 and i > p[START]:
            a[MONEY] -= carried(-a[MONEY], f[FINANCING], (m[KNOWN, i] - m[KNOWN, i - 1]) * _DAYS, p[STEP])
        if a[LEFT] > 0 or a[HELD] < 0 or x[SPLIT, i] != 1.0 or x[DIVIDEND, i] != 0.0 or f[TRAIL] > 0.0:
            _bar(m, x, p, f, a, log, i)
        elif a[GUARD] == 1:  # to call what happens seldom takes longer than to see that it does not
            low, high = min(m[OPENS, i], m[LOWS, i]), max(m[OPENS, i], m[HIGHS, i])
            if a[HIT] == 1 or (a[HAS_STOP] == 1 and a[STOPS] >= low) or (a[HAS_TARGET] == 1 and a[TARGETS] <= high):
                _bar(m, x, p, f, a, log, i)
        a[LAST] = m[CLOSES, i]
        value = a[HELD] * a[LAST] * p[WORTH]
        owned = a[MONEY] + value
        equity[i], gross[i] = owned, abs(value)
        if abs(float(owned)) * p[LEVERAGE] > ENOUGH:
            a[FAILED] = 1
            return
        short = a[MONEY] < 0 or a[HELD] < 0
        if short and value != 0 and owned < f[MAINTENANCE] * float(abs(value)) and a[FORCED] == 0:
            _order(a, m[KNOWN, i], -a[HELD], 0)
            a[GUARD], a[FORCED] = 0, 1
        size = plan[i]
        if not math.isnan(size) and size != asked:
            asked = size
            if a[FORCED] == 0:
                _decided(m, p, f, a, i, size, owned)


def measuring(equity: _Parts, start: int, cash: float, found: _Parts) -> None:
    """Write into `found` what was left of the cash, mean and deviation of the returns, and the largest drawdown.

    Returns are those of `ara.performance`: simple, one a bar; once all is lost nothing moves any more.
    """
    count = len(equity) - start
    before, peak, deepest, total = cash, cash, 0.0, 0.0
    for i in range(start, len(equity)):
        now = max(equity[i], 0.0) if before > 0.0 else 0.0
        total += now / before - 1.0 if before > 0.0 else 0.0
        peak = max(peak, now)
        deepest = min(deepest, now / peak - 1.0)
        before = now
    mean, last, before, squares = total / count, before, cash, 0.0
    for i in range(start, len(equity)):
        now = max(equity[i], 0.0) if before > 0.0 else 0.0
        move = (now / before - 1.0 if before > 0.0 else 0.0) - mean
        squares += move * move
        before = now
    found[0], found[1], found[3] = last / cash, mean, deepest
    found[2] = math.sqrt(squares / (count - 1)) if count > 1 else 0.0


def _decided(m: _Whole, p: _Whole, f: _Parts, a: _Whole, i: int, size: float, owned: int) -> None:
    """Order what a new wish calls for."""
    lots = wanted(owned, size, a[LAST], p[WORTH]) - a[HELD]
    protected = 1 if size != 0.0 and (f[STOP] > 0 or f[TARGET] > 0 or f[TRAIL] > 0) else 0
    a[LEFT] = 0
    if lots != 0:
        _order(a, m[KNOWN, i], lots, protected)
    else:
        _protect(f, a, protected, a[LAST])


def _order(a: _Whole, given: int, lots: int, protected: int) -> None:
    """Put a market order in the place of all others."""
    a[LEFT], a[SIDE], a[GIVEN] = abs(lots), 1 if lots > 0 else -1, given
    a[REPLACES], a[BEGUN], a[PROTECTED] = 1, 0, protected


def _protect(f: _Parts, a: _Whole, protected: int, price: int) -> None:
    """Protect what is held from now on, as seen from a price."""
    a[GUARD] = 1 if protected == 1 and a[HELD] != 0 else 0
    a[HIT] = 0
    if a[GUARD] == 0:
        return
    side = 1 if a[HELD] > 0 else -1
    a[HAS_STOP], a[HAS_TARGET], a[BEST] = 0, 0, price
    if f[STOP] > 0:
        a[HAS_STOP], a[STOPS] = 1, level(price, -side * f[STOP])
    if f[TARGET] > 0:
        a[HAS_TARGET], a[TARGETS] = 1, level(price, side * f[TARGET])
    _follow(f, a, side)


def _follow(f: _Parts, a: _Whole, side: int) -> None:
    """Let the stop follow the best price."""
    if f[TRAIL] > 0:
        trailing = level(a[BEST], -side * f[TRAIL])
        if a[HAS_STOP] == 0 or side * trailing > side * a[STOPS]:
            a[STOPS] = trailing
        a[HAS_STOP] = 1


def _bar(m: _Whole, x: _Parts, p: _Whole, f: _Parts, a: _Whole, log: _Whole, i: int) -> None:
    """Play a bar in which something may happen."""
    if a[HELD] == 0 and a[LEFT] == 0:
        return
    if a[HELD] < 0:
        days = (m[KNOWN, i] - m[KNOWN, i - 1]) * _DAYS
        a[MONEY] -= carried(-a[HELD] * a[LAST] * p[WORTH], f[BORROW], days, p[STEP])
    if x[SPLIT, i] != 1.0 or x[DIVIDEND, i] != 0.0:
        _act(m, x, p, a, i)
    if (a[GUARD] == 0 and a[LEFT] == 0) or m[VOLUME, i] == 0:
        return
    free = m[VOLUME, i] == UNLIMITED or f[SHARE] == 0.0
    a[ROOM] = UNLIMITED if free else int(m[VOLUME, i] * f[SHARE])
    if a[GUARD] == 1 and a[HIT] == 1:
        _out(m, x, p, f, a, log, i, m[OPENS, i], 1)
    if a[LEFT] > 0 and a[GIVEN] <= m[AT, i]:
        why = 3 if a[FORCED] == 1 else 0
        before = a[LEFT]
        wants = before if a[ROOM] == UNLIMITED else min(before, a[ROOM])
        traded = _fill(m, x, p, f, a, log, i, before, a[SIDE], m[OPENS, i], 1, why)
        a[LEFT] = 0 if abs(traded) < wants else before - abs(traded)
    _guarded(m, x, p, f, a, log, i)
    if a[HELD] == 0:
        a[GUARD], a[FORCED] = 0, 0
    elif a[GUARD] == 1 and f[TRAIL] > 0:
        side = 1 if a[HELD] > 0 else -1
        extreme = m[HIGHS, i] if side > 0 else m[LOWS, i]
        a[BEST] = side * max(side * a[BEST], side * extreme)
        _follow(f, a, side)


def _act(m: _Whole, x: _Parts, p: _Whole, a: _Whole, i: int) -> None:
    """Let a split and a dividend take effect."""
    ratio = x[SPLIT, i]
    if ratio != 1.0:
        exact = a[HELD] * ratio
        a[HELD] = int(exact)
        a[MONEY] += math.floor((exact - a[HELD]) * m[OPENS, i]) * p[WORTH]
        a[LEFT] = int(a[LEFT] * ratio)
        for place in (STOPS, TARGETS, BEST):
            a[place] = math.floor(a[place] / ratio + 0.5)
    if x[DIVIDEND, i] != 0.0:
        a[MONEY] += math.floor(a[HELD] * x[DIVIDEND, i]) * p[WORTH]


def _guarded(m: _Whole, x: _Parts, p: _Whole, f: _Parts, a: _Whole, log: _Whole, i: int) -> None:
    """Close the position where its stop or its target is reached: at the open, then the stop, then the target."""
    if a[GUARD] == 0 or a[HELD] == 0 or a[HIT] == 1:
        return
    side = 1 if a[HELD] > 0 else -1
    if a[HAS_STOP] == 1 and side * (a[STOPS] - m[OPENS, i]) >= 0:
        _out(m, x, p, f, a, log, i, m[OPENS, i], 1)
    elif a[HAS_TARGET] == 1 and side * (m[OPENS, i] - a[TARGETS]) >= 0:
        _out(m, x, p, f, a, log, i, m[OPENS, i], 2)
    worst, best = (m[LOWS, i], m[HIGHS, i]) if side > 0 else (m[HIGHS, i], m[LOWS, i])
    if a[GUARD] == 1 and a[HIT] == 0 and a[HAS_STOP] == 1 and side * (a[STOPS] - worst) >= 0:
        _out(m, x, p, f, a, log, i, a[STOPS], 1)
    if a[GUARD] == 1 and a[HIT] == 0 and a[HAS_TARGET] == 1 and side * (best - a[TARGETS]) >= 0:
        _out(m, x, p, f, a, log, i, a[TARGETS], 2)


def _out(m: _Whole, x: _Parts, p: _Whole, f: _Parts, a: _Whole, log: _Whole, i: int, price: int, why: int) -> None:
    """Close the position by its stop (1) or its target (2)."""
    side = -1 if a[HELD] > 0 else 1
    replaces = a[REPLACES]
    a[REPLACES] = 0
    _fill(m, x, p, f, a, log, i, abs(a[HELD]), side, price, 1 if why == 1 else 0, why)
    a[REPLACES] = replaces
    if a[HELD] == 0:
        a[LEFT], a[GUARD] = 0, 0
    elif why == 1:
        a[HIT] = 1


def _fill(
    m: _Whole, x: _Parts, p: _Whole, f: _Parts, a: _Whole, log: _Whole, i: int, lots: int, side: int, price: int,
    market: int, why: int,
) -> int:  # fmt: skip
    """Trade as much as volume and cash allow, and give it, signed."""
    if a[ROOM] != UNLIMITED:
        lots = min(lots, a[ROOM])
    if lots <= 0:
        return 0
    if market == 1:
        slip = f[IMPACT]
        if p[RULE] != _FIXED:
            slip *= x[SIGMA, i]
            if p[RULE] == _ROOT and x[MEAN, i] > 0:
                slip *= math.sqrt(lots / x[MEAN, i])
        price = worse(price, side, f[SPREAD], slip)
    held, worth = a[HELD], p[WORTH]
    owned = a[MONEY] + held * price * worth
    first = affordable(side * lots, held, price, worth, owned, 0, p[LEVERAGE], 0)
    cost = fee(first, price, worth, f[COMMISSION], f[EACH], f[LEAST], p[STEP])
    traded = affordable(first, held, price, worth, owned, 0, p[LEVERAGE], cost)
    a[CUT] += 1 if abs(traded) < lots else 0
    if traded != 0:
        _booked(p, f, a, log, i, traded, price, why)
    return traded


def _booked(p: _Whole, f: _Parts, a: _Whole, log: _Whole, i: int, traded: int, price: int, why: int) -> None:
    """Write a fill into the book and the log."""
    held, worth = a[HELD], p[WORTH]
    paid = fee(traded, price, worth, f[COMMISSION], f[EACH], f[LEAST], p[STEP])
    a[MONEY] -= traded * price * worth + paid
    a[PAID] += paid
    a[HELD] = held + traded
    if a[ROOM] != UNLIMITED:
        a[ROOM] -= abs(traded)
    if a[FILLS] < len(log):
        log[a[FILLS], 0], log[a[FILLS], 1], log[a[FILLS], 2] = i, traded, price
        log[a[FILLS], 3], log[a[FILLS], 4] = paid, why
    a[FILLS] += 1
    fresh = held * a[HELD] <= 0
    if a[REPLACES] == 1 and (fresh or a[BEGUN] == 0):
        _protect(f, a, a[PROTECTED], price)
    elif fresh:
        a[GUARD] = 0
    if a[REPLACES] == 1:
        a[BEGUN] = 1


HELPERS: Final[tuple[Any, ...]] = (
    affordable, carried, fee, level, wanted, worse, _follow, _protect, _booked, _fill, _out, _guarded, _act, _order,
    _decided, _bar,
)  # fmt: skip
"""What the loop calls, each after what it calls itself."""
