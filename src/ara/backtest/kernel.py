"""One instrument's past played against a plan, in whole numbers: the loop that the sweep runs as machine code.

It keeps the rules of `ara.trading.pit` for market orders with a stop, a target and a trailing stop, by the same
arithmetic, so that it gives the same fills to the last unit.
"""

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.trading.arithmetic import UNLIMITED, affordable, carried, fee, level, wanted, worse
from ara.trading.book import Book
from ara.trading.costs import Costs, Slippage
from ara.trading.tape import Tape

__all__ = ["ENOUGH", "HELPERS", "WHY", "Account", "account", "costed", "market", "measuring", "playing"]

_AT, _KNOWN, _OPENS, _HIGHS, _LOWS, _CLOSES, _VOLUME = range(7)  # lines of the market in whole numbers
_SPLIT, _DIVIDEND, _SIGMA, _MEAN = range(4)  # and in parts
_WORTH, _STEP, _LEVERAGE, _START, _RULE = range(5)
(_COMMISSION, _EACH, _LEAST, _SPREAD, _IMPACT, _BORROW, _FINANCING, _SHARE, _MAINTENANCE, _STOP, _TARGET, _TRAIL) = (
    range(12)
)

(_MONEY, _HELD, _PAID, _LEFT, _SIDE, _GIVEN, _REPLACES, _BEGUN, _PROTECTED, _GUARD, _HAS_STOP, _STOPS, _HAS_TARGET,
 _TARGETS, _BEST, _HIT, _FORCED, _ROOM, _LAST, _FILLS, _CUT, _FAILED) = range(22)  # fmt: skip

_STATE: Final = 22
ENOUGH: Final = 4e18
"""Money in units, times the leverage for 100, that 64 bits still count."""

WHY: Final = ("", "stop", "target", "margin call")
"""What a fill was for, by its number."""

_DAYS: Final = 1 / 86_400_000_000
_FIXED: Final = 0
_ROOT: Final = 2

_Whole = NDArray[np.int64]
_Parts = NDArray[np.float64]


def playing(
    m: _Whole, x: _Parts, p: _Whole, f: _Parts, plan: _Parts, a: _Whole, log: _Whole, equity: _Parts, gross: _Parts
) -> None:
    """Play all bars from the start on.

    Parameters
    ----------
    m, x
        The market: whole numbers and parts, a line each.
    p, f
        Settings, costs and protection.
    plan
        The size wanted from each bar on; NaN for no change.
    a
        The state, which begins with money and else zeros.
    log
        Where fills go, as far as there is room: bar, signed lots, price, fee, why.
    equity, gross
        Where what is owned, and the value of what is held, go, in units.
    """
    asked = np.nan
    for i in range(p[_START], m.shape[1]):
        if a[_MONEY] < 0 and i > p[_START]:
            a[_MONEY] -= carried(-a[_MONEY], f[_FINANCING], (m[_KNOWN, i] - m[_KNOWN, i - 1]) * _DAYS, p[_STEP])
        if a[_LEFT] > 0 or a[_HELD] < 0 or x[_SPLIT, i] != 1.0 or x[_DIVIDEND, i] != 0.0 or f[_TRAIL] > 0.0:
            _bar(m, x, p, f, a, log, i)
        elif a[_GUARD] == 1:  # to call what happens seldom takes longer than to see that it does not
            low, high = min(m[_OPENS, i], m[_LOWS, i]), max(m[_OPENS, i], m[_HIGHS, i])
            if (
                a[_HIT] == 1
                or (a[_HAS_STOP] == 1 and a[_STOPS] >= low)
                or (a[_HAS_TARGET] == 1 and a[_TARGETS] <= high)
            ):
                _bar(m, x, p, f, a, log, i)
        a[_LAST] = m[_CLOSES, i]
        value = a[_HELD] * a[_LAST] * p[_WORTH]
        owned = a[_MONEY] + value
        equity[i], gross[i] = owned, abs(value)
        if abs(float(owned)) * p[_LEVERAGE] > ENOUGH:
            a[_FAILED] = 1
            return
        short = a[_MONEY] < 0 or a[_HELD] < 0
        if short and value != 0 and owned < f[_MAINTENANCE] * float(abs(value)) and a[_FORCED] == 0:
            _order(a, m[_KNOWN, i], -a[_HELD], 0)
            a[_GUARD], a[_FORCED] = 0, 1
        size = plan[i]
        if not math.isnan(size) and size != asked:
            asked = size
            if a[_FORCED] == 0:
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
    lots = wanted(owned, size, a[_LAST], p[_WORTH]) - a[_HELD]
    protected = 1 if size != 0.0 and (f[_STOP] > 0 or f[_TARGET] > 0 or f[_TRAIL] > 0) else 0
    a[_LEFT] = 0
    if lots != 0:
        _order(a, m[_KNOWN, i], lots, protected)
    else:
        _protect(f, a, protected, a[_LAST])


def _order(a: _Whole, given: int, lots: int, protected: int) -> None:
    """Put a market order in the place of all others."""
    a[_LEFT], a[_SIDE], a[_GIVEN] = abs(lots), 1 if lots > 0 else -1, given
    a[_REPLACES], a[_BEGUN], a[_PROTECTED] = 1, 0, protected


def _protect(f: _Parts, a: _Whole, protected: int, price: int) -> None:
    """Protect what is held from now on, as seen from a price."""
    a[_GUARD] = 1 if protected == 1 and a[_HELD] != 0 else 0
    a[_HIT] = 0
    if a[_GUARD] == 0:
        return
    side = 1 if a[_HELD] > 0 else -1
    a[_HAS_STOP], a[_HAS_TARGET], a[_BEST] = 0, 0, price
    if f[_STOP] > 0:
        a[_HAS_STOP], a[_STOPS] = 1, level(price, -side * f[_STOP])
    if f[_TARGET] > 0:
        a[_HAS_TARGET], a[_TARGETS] = 1, level(price, side * f[_TARGET])
    _follow(f, a, side)


def _follow(f: _Parts, a: _Whole, side: int) -> None:
    """Let the stop follow the best price."""
    if f[_TRAIL] > 0:
        trailing = level(a[_BEST], -side * f[_TRAIL])
        if a[_HAS_STOP] == 0 or side * trailing > side * a[_STOPS]:
            a[_STOPS] = trailing
        a[_HAS_STOP] = 1


def _bar(m: _Whole, x: _Parts, p: _Whole, f: _Parts, a: _Whole, log: _Whole, i: int) -> None:
    """Play a bar in which something may happen."""
    if a[_HELD] == 0 and a[_LEFT] == 0:
        return
    if a[_HELD] < 0:
        days = (m[_KNOWN, i] - m[_KNOWN, i - 1]) * _DAYS
        a[_MONEY] -= carried(-a[_HELD] * a[_LAST] * p[_WORTH], f[_BORROW], days, p[_STEP])
    if x[_SPLIT, i] != 1.0 or x[_DIVIDEND, i] != 0.0:
        _act(m, x, p, a, i)
    if (a[_GUARD] == 0 and a[_LEFT] == 0) or m[_VOLUME, i] == 0:
        return
    free = m[_VOLUME, i] == UNLIMITED or f[_SHARE] == 0.0
    a[_ROOM] = UNLIMITED if free else int(m[_VOLUME, i] * f[_SHARE])
    if a[_GUARD] == 1 and a[_HIT] == 1:
        _out(m, x, p, f, a, log, i, m[_OPENS, i], 1)
    if a[_LEFT] > 0 and a[_GIVEN] <= m[_AT, i]:
        why = 3 if a[_FORCED] == 1 else 0
        before = a[_LEFT]
        wants = before if a[_ROOM] == UNLIMITED else min(before, a[_ROOM])
        traded = _fill(m, x, p, f, a, log, i, before, a[_SIDE], m[_OPENS, i], 1, why)
        a[_LEFT] = 0 if abs(traded) < wants else before - abs(traded)
    _guarded(m, x, p, f, a, log, i)
    if a[_HELD] == 0:
        a[_GUARD], a[_FORCED] = 0, 0
    elif a[_GUARD] == 1 and f[_TRAIL] > 0:
        side = 1 if a[_HELD] > 0 else -1
        extreme = m[_HIGHS, i] if side > 0 else m[_LOWS, i]
        a[_BEST] = side * max(side * a[_BEST], side * extreme)
        _follow(f, a, side)


def _act(m: _Whole, x: _Parts, p: _Whole, a: _Whole, i: int) -> None:
    """Let a split and a dividend take effect."""
    ratio = x[_SPLIT, i]
    if ratio != 1.0:
        exact = a[_HELD] * ratio
        a[_HELD] = int(exact)
        a[_MONEY] += math.floor((exact - a[_HELD]) * m[_OPENS, i]) * p[_WORTH]
        a[_LEFT] = int(a[_LEFT] * ratio)
        for place in (_STOPS, _TARGETS, _BEST):
            a[place] = math.floor(a[place] / ratio + 0.5)
    if x[_DIVIDEND, i] != 0.0:
        a[_MONEY] += math.floor(a[_HELD] * x[_DIVIDEND, i]) * p[_WORTH]


def _guarded(m: _Whole, x: _Parts, p: _Whole, f: _Parts, a: _Whole, log: _Whole, i: int) -> None:
    """Close the position where its stop or its target is reached: at the open, then the stop, then the target."""
    if a[_GUARD] == 0 or a[_HELD] == 0 or a[_HIT] == 1:
        return
    side = 1 if a[_HELD] > 0 else -1
    if a[_HAS_STOP] == 1 and side * (a[_STOPS] - m[_OPENS, i]) >= 0:
        _out(m, x, p, f, a, log, i, m[_OPENS, i], 1)
    elif a[_HAS_TARGET] == 1 and side * (m[_OPENS, i] - a[_TARGETS]) >= 0:
        _out(m, x, p, f, a, log, i, m[_OPENS, i], 2)
    worst, best = (m[_LOWS, i], m[_HIGHS, i]) if side > 0 else (m[_HIGHS, i], m[_LOWS, i])
    if a[_GUARD] == 1 and a[_HIT] == 0 and a[_HAS_STOP] == 1 and side * (a[_STOPS] - worst) >= 0:
        _out(m, x, p, f, a, log, i, a[_STOPS], 1)
    if a[_GUARD] == 1 and a[_HIT] == 0 and a[_HAS_TARGET] == 1 and side * (best - a[_TARGETS]) >= 0:
        _out(m, x, p, f, a, log, i, a[_TARGETS], 2)


def _out(m: _Whole, x: _Parts, p: _Whole, f: _Parts, a: _Whole, log: _Whole, i: int, price: int, why: int) -> None:
    """Close the position by its stop (1) or its target (2)."""
    side = -1 if a[_HELD] > 0 else 1
    replaces = a[_REPLACES]
    a[_REPLACES] = 0
    _fill(m, x, p, f, a, log, i, abs(a[_HELD]), side, price, 1 if why == 1 else 0, why)
    a[_REPLACES] = replaces
    if a[_HELD] == 0:
        a[_LEFT], a[_GUARD] = 0, 0
    elif why == 1:
        a[_HIT] = 1


def _fill(
    m: _Whole, x: _Parts, p: _Whole, f: _Parts, a: _Whole, log: _Whole, i: int, lots: int, side: int, price: int,
    market: int, why: int,
) -> int:  # fmt: skip
    """Trade as much as volume and cash allow, and give it, signed."""
    if a[_ROOM] != UNLIMITED:
        lots = min(lots, a[_ROOM])
    if lots <= 0:
        return 0
    if market == 1:
        slip = f[_IMPACT]
        if p[_RULE] != _FIXED:
            slip *= x[_SIGMA, i]
            if p[_RULE] == _ROOT and x[_MEAN, i] > 0:
                slip *= math.sqrt(lots / x[_MEAN, i])
        price = worse(price, side, f[_SPREAD], slip)
    held, worth = a[_HELD], p[_WORTH]
    owned = a[_MONEY] + held * price * worth
    first = affordable(side * lots, held, price, worth, owned, 0, p[_LEVERAGE], 0)
    cost = fee(first, price, worth, f[_COMMISSION], f[_EACH], f[_LEAST], p[_STEP])
    traded = affordable(first, held, price, worth, owned, 0, p[_LEVERAGE], cost)
    a[_CUT] += 1 if abs(traded) < lots else 0
    if traded != 0:
        _booked(p, f, a, log, i, traded, price, why)
    return traded


def _booked(p: _Whole, f: _Parts, a: _Whole, log: _Whole, i: int, traded: int, price: int, why: int) -> None:
    """Write a fill into the book and the log."""
    held, worth = a[_HELD], p[_WORTH]
    paid = fee(traded, price, worth, f[_COMMISSION], f[_EACH], f[_LEAST], p[_STEP])
    a[_MONEY] -= traded * price * worth + paid
    a[_PAID] += paid
    a[_HELD] = held + traded
    if a[_ROOM] != UNLIMITED:
        a[_ROOM] -= abs(traded)
    if a[_FILLS] < len(log):
        log[a[_FILLS], 0], log[a[_FILLS], 1], log[a[_FILLS], 2] = i, traded, price
        log[a[_FILLS], 3], log[a[_FILLS], 4] = paid, why
    a[_FILLS] += 1
    fresh = held * a[_HELD] <= 0
    if a[_REPLACES] == 1 and (fresh or a[_BEGUN] == 0):
        _protect(f, a, a[_PROTECTED], price)
    elif fresh:
        a[_GUARD] = 0
    if a[_REPLACES] == 1:
        a[_BEGUN] = 1


HELPERS: Final[tuple[Any, ...]] = (
    affordable, carried, fee, level, wanted, worse, _follow, _protect, _booked, _fill, _out, _guarded, _act, _order,
    _decided, _bar,
)  # fmt: skip
"""What the loop calls, each after what it calls itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """How a play ended, money in units: cash, fees paid, fills, orders that were cut; whether it grew too large."""

    money: int
    paid: int
    fills: int
    cut: int
    failed: bool

    @classmethod
    def of(cls, state: _Whole) -> "Account":
        """Read it from the state."""
        return cls(
            money=int(state[_MONEY]), paid=int(state[_PAID]), fills=int(state[_FILLS]), cut=int(state[_CUT]),
            failed=bool(state[_FAILED]),
        )  # fmt: skip


def account(cash: int) -> _Whole:
    """Give a state that begins with some cash, in units."""
    state = np.zeros(_STATE, np.int64)
    state[_MONEY] = cash
    return state


def market(tape: Tape) -> tuple[_Whole, _Parts]:
    """Give the lines of a tape: whole numbers, and parts."""
    whole = (tape.at, tape.known, tape.opens, tape.highs, tape.lows, tape.closes, tape.volume)
    return np.array(whole, np.int64), np.array((tape.split, tape.dividend, *tape.usual()), np.float64)


def costed(
    costs: Costs, book: Book, tape: Tape, start: int, *, stop: float, target: float, trail: float
) -> tuple[_Whole, _Parts]:
    """Give settings, and costs with protection, as the loop takes them."""
    unit, rules = float(book.unit), list(Slippage)
    worth = book.holdings[tape.instrument.symbol].worth
    settings = (worth, book.step, book.leverage, start, rules.index(costs.slippage))
    parts = (
        costs.commission, costs.per_unit * float(tape.lot) / unit, costs.least / unit, costs.spread, costs.impact,
        costs.borrow, costs.financing, costs.volume, costs.maintenance, stop, target, trail,
    )  # fmt: skip
    return np.array(settings, np.int64), np.array(parts, np.float64)
