"""What decides: a strategy looks at a view of the market and says what it wants to hold."""

import math
import numbers
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError
from ara.trading.order import Valid
from ara.trading.tape import Tape, instant

__all__ = ["Account", "Line", "Planned", "Signal", "Strategy", "View", "planned_sizes"]

_FIELDS: Final = ("open", "high", "low", "close")
_NUMBERS: Final = ("size", "stop_share", "target_share", "trail", "limit", "trigger", "stop", "target", "confidence")
_NEEDED: Final = frozenset(_NUMBERS[:4])

_FINITE: Final = "Give a float: size=1.0 holds all of the equity, 0.0 nothing; give no signal where nothing is known."
_LARGEST: Final = 1e6
"""Times the equity: a size beyond it is a slip of the strategy, and could not be counted in lots."""
_SIZES: Final = "Give an array with one size for each bar; NaN leaves all as it is."

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """What a strategy wants of one instrument, from now on.

    The same wish again is no change of mind and trades nothing; so who was stopped out stays out until he wants
    something else. A new wish takes the place of the orders that an earlier one left open.

    Parameters
    ----------
    symbol
        Of which instrument.
    size
        The share of the equity to hold: 0.5 is half of it, -1 is short of as much as is owned, 0 is nothing.
    limit
        Trade at this price or better only.
    trigger
        Trade only once this price is reached; with `limit` too, at that or better.
    stop, target
        Prices at which the position is closed: at a loss, at a gain.
    stop_share, target_share
        The same as shares of the price at which the position was entered.
    trail
        Close once the price has come back from its best by this share.
    valid
        How long the order stands.
    again
        Trade back to the size even if it was asked for before: a rebalance.
    confidence, forecast_id, why
        How sure it is, from 0 to 1, by which forecast, and the reason in a few words; kept with the orders.
    """

    symbol: str
    size: float
    limit: float | None = None
    trigger: float | None = None
    stop: float | None = None
    target: float | None = None
    stop_share: float = 0.0
    target_share: float = 0.0
    trail: float = 0.0
    valid: Valid = Valid.GTC
    again: bool = False
    confidence: float | None = None
    forecast_id: str = ""
    why: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.symbol, str):
            raise ValidationError(
                f"a signal is for {type(self.symbol).__name__}, not for a symbol",
                hint="Name the instrument: Signal(symbol=view.symbols[0], size=1.0).",
            )
        for name in _NUMBERS:
            value = getattr(self, name)
            if type(value) is not float and (value is not None or name in _NEEDED):
                object.__setattr__(self, name, value := _number(name, value, self.symbol))
            if value is not None and not math.isfinite(value):
                raise ValidationError(
                    f"{name} of the signal for {self.symbol[:40]} is {value}; its numbers are finite", hint=_FINITE
                )
        if abs(self.size) > _LARGEST:
            raise ValidationError(
                f"size of the signal for {self.symbol[:40]} is {self.size:g}; it is {_LARGEST:,.0f} at the most",
                hint=_FINITE,
            )
        if type(self.valid) is not Valid:
            object.__setattr__(self, "valid", _standing(self.valid, self.symbol))
        for name in ("stop_share", "trail"):
            if not 0 <= getattr(self, name) < 1:
                raise ValidationError(f"{name} of {self.symbol} is {getattr(self, name)}; it lies between 0 and 1")
        if self.target_share < 0:
            raise ValidationError(f"target_share of {self.symbol} is {self.target_share}; it is not below 0")

    @property
    def wish(self) -> tuple[object, ...]:
        """What makes two signals the same wish: all but the reasons."""
        return (self.size, self.limit, self.trigger, self.stop, self.target, self.stop_share, self.target_share,
                self.trail, self.valid)  # fmt: skip


class Line(Protocol):
    """One instrument as a strategy's view knows it: its bars, which of them is the last, and what is held of it."""

    tape: Tape
    place: int
    held: int
    last: int
    fresh: bool
    asked: Signal | None


class Account(Protocol):
    """What is owned, as a view tells it."""

    @property
    def cash(self) -> Decimal:
        """Money that is not invested; below 0 it is borrowed."""
        ...

    @property
    def equity(self) -> Decimal:
        """Cash and positions at the last closes."""
        ...


class View:
    """What is known at a moment: closed bars, and what is owned. Nothing later can be asked of it.

    Parameters
    ----------
    lines
        The instruments by symbol.
    account
        What is owned.

    Attributes
    ----------
    now
        The moment, microseconds since 1970 UTC.
    symbols
        The instruments, in the order in which they were named.
    """

    __slots__ = ("_account", "_lines", "_sole", "now", "symbols")

    def __init__(self, lines: Mapping[str, Line], account: Account) -> None:
        self._lines = lines
        self._account = account
        self.symbols = tuple(lines)
        self._sole = next(iter(lines.values()))
        self.now = 0

    @property
    def moment(self) -> datetime:
        """The moment, UTC."""
        return instant(self.now)

    @property
    def cash(self) -> Decimal:
        """Money that is not invested; below 0 it is borrowed."""
        return self._account.cash

    @property
    def equity(self) -> Decimal:
        """Cash and positions at the last closes."""
        return self._account.equity

    def index(self, symbol: str = "") -> int:
        """Give the number of an instrument's last closed bar, from 0; -1 before the first."""
        return self._line(symbol).place

    def fresh(self, symbol: str = "") -> bool:
        """Say whether a bar of an instrument has closed at this very moment."""
        return self._line(symbol).fresh

    def halted(self, symbol: str = "") -> bool:
        """Say whether nobody traded an instrument in its last closed bar: orders wait, its close is stale."""
        line = self._line(symbol)
        return line.place >= 0 and line.tape.volume[line.place] == 0

    def price(self, symbol: str = "") -> float:
        """Give the last close as traded; NaN before the first bar."""
        line = self._line(symbol)
        return line.tape.closes[line.place] * float(line.tape.tick) if line.place >= 0 else math.nan

    def history(self, count: int, field: str = "close", symbol: str = "") -> _Array:
        """Give the last prices, oldest first, as comparable with the last one; fewer where there are not so many.

        Parameters
        ----------
        count
            How many bars.
        field
            `open`, `high`, `low` or `close`.
        symbol
            Of which instrument; the first where none is named.
        """
        line = self._line(symbol)
        if field not in _FIELDS:
            raise ValidationError(f"bars have no {field[:40]!r}; there are {', '.join(_FIELDS)}")
        if line.place < 0:
            return np.empty(0)
        prices, end = line.tape.prices, line.place + 1
        scale = line.tape.closes[line.place] * float(line.tape.tick) / prices[3, line.place]
        found: _Array = prices[_FIELDS.index(field), max(0, end - count) : end] * scale
        return found

    def quantity(self, symbol: str = "") -> Decimal:
        """Give how many units are held; below 0 they are owed."""
        line = self._line(symbol)
        return line.held * line.tape.lot

    def asked(self, symbol: str = "") -> Signal | None:
        """Give the last signal for an instrument."""
        return self._line(symbol).asked

    def _line(self, symbol: str) -> Line:
        if not symbol:
            return self._sole
        found = self._lines.get(symbol)
        if found is None:
            raise ValidationError(f"{symbol[:40]!r} is not traded here; there are {', '.join(self.symbols)}")
        return found


class Strategy(Protocol):
    """What decides. A class with this one method is a strategy; it is made anew for each run.

    A class may also have `prepare(tapes)`, which is called once before the first decision with all bars, by symbol, so
    that it can compute columns at once. What it makes of them must not look ahead: each back-test runs again on bars
    that end at random moments and is stopped if anything was decided otherwise.
    """

    def decide(self, view: View) -> Signal | Iterable[Signal] | None:
        """Say what to hold from now on; None to leave all as it is."""
        ...


class Planned(ABC):
    """A strategy whose wish at a bar follows from the bars so far alone, whatever is held.

    It is decided for all bars at once, which is what lets the sweep try thousands of it. Several instruments share the
    equity alike.

    Parameters
    ----------
    stop, target, trail
        Where each position is closed, as shares of the price at which it was entered, or of its best; 0 for never.

    Attributes
    ----------
    costly
        Whether a plan takes seconds, as one that fits models does: fewer of them are then compared to find who sees the
        future.
    """

    costly: ClassVar[bool] = False

    def __init__(self, *, stop: float = 0.0, target: float = 0.0, trail: float = 0.0) -> None:
        given = {"stop": stop, "target": target, "trail": trail}
        for name, share in given.items():
            if not (0 <= share < 1 or (name == "target" and 1 <= share < math.inf)):
                more = "not below 0" if name == "target" else "0 or more, and below 1"
                raise ValidationError(f"the {name} of {type(self).__name__} is {share}; it is a share, {more}")
        self.stop, self.target, self.trail = stop, target, trail
        self._plans: dict[str, list[float]] = {}
        self._parts = 1

    @abstractmethod
    def plan(self, tape: Tape) -> _Array:
        """Give the size to hold from the close of each bar on; NaN to leave all as it is."""

    @property
    def plans(self) -> Mapping[str, list[float]]:
        """What was planned for each bar, by symbol."""
        return self._plans

    @property
    def alone(self) -> bool:
        """Whether all that it decides follows from its plans: no class of one's own has changed how they are read."""
        kind = type(self)
        return kind.decide is Planned.decide and kind.prepare is Planned.prepare

    def prepare(self, tapes: Mapping[str, Tape]) -> None:
        """Plan all bars."""
        self._parts = len(tapes)
        self._plans = {symbol: planned_sizes(self.plan(tape), symbol, tape).tolist() for symbol, tape in tapes.items()}

    def decide(self, view: View) -> list[Signal] | None:
        """Say what the plan says, where it changes."""
        found = None
        for symbol, plan in self._plans.items():
            if not view.fresh(symbol):
                continue
            size = plan[view.index(symbol)]
            asked = view.asked(symbol)
            if size != size or (asked is not None and asked.size == size / self._parts):  # NaN: no wish
                continue
            signal = Signal(
                symbol=symbol, size=size / self._parts, stop_share=self.stop, target_share=self.target, trail=self.trail
            )
            found = [signal] if found is None else [*found, signal]
        return found


def planned_sizes(plan: object, symbol: str, tape: Tape) -> _Array:
    """Give a plan as numbers, one for each bar, or refuse what is none.

    Raises
    ------
    ValidationError
        It is no array of a size for each bar, or holds what is no number or has no end.
    """
    shaped = isinstance(plan, np.ndarray) and plan.shape == (len(tape),)
    if not isinstance(plan, np.ndarray) or not shaped or plan.dtype.kind not in "fiub":
        said = type(plan).__name__
        if isinstance(plan, np.ndarray):
            said = f"an array of {plan.dtype}" if shaped else f"an array of shape {plan.shape}"
        raise ValidationError(f"its plan of {symbol[:40]} is {said}; there are {len(tape)} bars", hint=_SIZES)
    found = np.ascontiguousarray(plan, np.float64)
    endless = np.flatnonzero(np.abs(found) > _LARGEST)
    if len(endless):
        bar = int(endless[0])
        at = f"{instant(tape.known[bar]):%Y-%m-%d %H:%M} UTC"
        most = "sizes are finite" if np.isinf(found[bar]) else f"sizes are {_LARGEST:,.0f} at the most"
        raise ValidationError(f"its plan of {symbol[:40]} is {found[bar]:g} at {at}; {most}", hint=_SIZES)
    return found


def _number(name: str, value: object, symbol: str) -> float:
    """Read what is to be a number; text, None and what has other units of its own are none."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real | np.bool_):
        said = "None" if value is None else f"{value!r:.40}, {type(value).__name__}"
        raise ValidationError(f"{name} of the signal for {symbol[:40]} is {said}; it is a number", hint=_FINITE)
    return float(value)


def _standing(value: object, symbol: str) -> Valid:
    try:
        return Valid(str(value))
    except ValueError:
        words = f"valid of the signal for {symbol[:40]} is {value!r:.40}; there are {', '.join(Valid)}"
        raise ValidationError(words, hint="Leave it out for an order that stands until it is filled.") from None
