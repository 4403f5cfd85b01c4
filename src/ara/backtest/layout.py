"""How the sweep's loop lays out the market, its settings, costs and state in arrays: by the numbers of their lines."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.trading.book import Book
from ara.trading.costs import Costs, Slippage
from ara.trading.tape import Tape

__all__ = ["ENOUGH", "WHY", "Account", "account", "costed", "market"]

AT, KNOWN, OPENS, HIGHS, LOWS, CLOSES, VOLUME = range(7)  # lines of the market in whole numbers
SPLIT, DIVIDEND, SIGMA, MEAN = range(4)  # and in parts
WORTH, STEP, LEVERAGE, START, RULE, FROM, TO = range(7)
(COMMISSION, EACH, LEAST, SPREAD, IMPACT, BORROW, FINANCING, SHARE, MAINTENANCE, STOP, TARGET, TRAIL) = range(12)

(MONEY, HELD, PAID, LEFT, SIDE, GIVEN, REPLACES, BEGUN, PROTECTED, GUARD, HAS_STOP, STOPS, HAS_TARGET,
 TARGETS, BEST, HIT, FORCED, ROOM, LAST, FILLS, CUT, FAILED) = range(22)  # fmt: skip

_STATE: Final = 22
ENOUGH: Final = 4e18
"""Money in units, times the leverage for 100, that 64 bits still count."""

WHY: Final = ("", "stop", "target", "margin call")
"""What a fill was for, by its number."""

_Whole = NDArray[np.int64]
_Parts = NDArray[np.float64]


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
            money=int(state[MONEY]), paid=int(state[PAID]), fills=int(state[FILLS]), cut=int(state[CUT]),
            failed=bool(state[FAILED]),
        )  # fmt: skip


def account(cash: int) -> _Whole:
    """Give a state that begins with some cash, in units."""
    state = np.zeros(_STATE, np.int64)
    state[MONEY] = cash
    return state


def market(tape: Tape) -> tuple[_Whole, _Parts]:
    """Give the lines of a tape: whole numbers, and parts."""
    whole = (tape.at, tape.known, tape.opens, tape.highs, tape.lows, tape.closes, tape.volume)
    return np.array(whole, np.int64), np.array((tape.split, tape.dividend, *tape.usual()), np.float64)


def costed(
    costs: Costs, book: Book, tape: Tape, start: int, stop_at: int, *, stop: float, target: float, trail: float
) -> tuple[_Whole, _Parts]:
    """Give settings, and costs with protection, as the loop takes them."""
    unit, rules = float(book.unit), list(Slippage)
    worth = book.holdings[tape.instrument.symbol].worth
    settings = (worth, book.step, book.leverage, start, rules.index(costs.slippage), start, stop_at)
    parts = (
        costs.commission, costs.per_unit * float(tape.lot) / unit, costs.least / unit, costs.spread, costs.impact,
        costs.borrow, costs.financing, costs.volume, costs.maintenance, stop, target, trail,
    )  # fmt: skip
    return np.array(settings, np.int64), np.array(parts, np.float64)
