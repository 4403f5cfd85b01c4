"""Open orders and protected positions, in ticks and lots, as the simulated exchange holds them."""

import math
from decimal import Decimal
from typing import Final

from ara.errors import ValidationError
from ara.trading.arithmetic import LIMIT, MARKET, STOP, STOP_LIMIT, level
from ara.trading.order import Kind, Order, Side
from ara.trading.tape import Tape
from ara.trading.ticket import Protection

__all__ = ["Guard", "Working"]

_KINDS: Final = {
    Kind.MARKET: MARKET, Kind.LIMIT: LIMIT, Kind.STOP: STOP, Kind.STOP_LIMIT: STOP_LIMIT, Kind.TRAILING: STOP,
}  # fmt: skip


class Working:
    """An order that is open.

    Parameters
    ----------
    order
        As it was given.
    tape
        What its prices and quantity are counted in.
    given
        From which moment on bars that open can fill it, microseconds since 1970 UTC.
    best
        The price that a trailing stop follows first, in ticks.
    protection, replaces
        What protects the position from the first fill on, and again once it has changed sides; and whether that takes
        the place of what did before.
    """

    __slots__ = ("begun", "best", "given", "id", "kind", "left", "limit", "protection", "replaces", "session", "side",
                 "stop", "trail", "valid", "why")  # fmt: skip

    def __init__(
        self, order: Order, tape: Tape, given: int, *, best: int, protection: Protection | None, replaces: bool
    ) -> None:
        lots = order.quantity / tape.lot
        if lots != lots.to_integral_value():
            raise ValidationError(f"the order {order.id} is for {order.quantity}; {tape.lot} is the smallest step")
        self.id, self.why, self.valid, self.given = order.id, order.why, order.valid, given
        self.side = 1 if order.side is Side.BUY else -1
        self.left, self.kind, self.best = int(lots), _KINDS[order.kind], best
        self.trail = float(order.trail or 0)
        self.limit = _ticks(order.limit, tape)
        self.stop = level(best, self.side * self.trail) if self.trail else _ticks(order.stop, tape)
        self.protection, self.replaces = protection, replaces
        self.session: int | None = None
        self.begun = False

    def passed(self, high: int, low: int) -> None:
        """Take note of a bar that did not fill it: a stop-limit whose stop was reached is a limit order from now on."""
        if self.kind == STOP_LIMIT and self.side * ((high if self.side > 0 else low) - self.stop) >= 0:
            self.kind = LIMIT
        elif self.trail:
            self.best = min(self.best, low) if self.side > 0 else max(self.best, high)
            self.stop = level(self.best, self.side * self.trail)

    def restated(self, ratio: float) -> None:
        """Count it in shares after a split."""
        self.left = int(self.left * ratio)
        self.limit, self.stop, self.best = (_split(one, ratio) for one in (self.limit, self.stop, self.best))


class Guard:
    """What protects one position.

    Attributes
    ----------
    stop, target
        In ticks; None for none.
    trail, best
        Share by which the stop follows, and the best price since entry.
    hit
        The stop was reached, and volume left some of the position to be closed at the next opens.
    late
        The position was entered within the present bar, so that its target counts from the next.
    """

    __slots__ = ("best", "hit", "id", "late", "stop", "target", "trail")

    def __init__(self, protection: Protection, name: str, side: int, price: int, tape: Tape) -> None:
        self.id, self.trail, self.best, self.hit, self.late = name, protection.trail, price, False, False
        self.stop = None if protection.stop is None else _ticks(protection.stop, tape)
        self.target = None if protection.target is None else _ticks(protection.target, tape)
        if protection.stop_share:
            self.stop = level(price, -side * protection.stop_share)
        if protection.target_share:
            self.target = level(price, side * protection.target_share)
        self._follow(side)

    def passed(self, side: int, high: int, low: int, close: int) -> None:
        """Let the stop follow a bar that is over; of one in which the position was entered, its close."""
        if self.trail:
            extreme = close if self.late else (high if side > 0 else low)
            self.best = side * max(side * self.best, side * extreme)
            self._follow(side)
        self.late = False

    def restated(self, ratio: float) -> None:
        """Count it in shares after a split."""
        self.stop = None if self.stop is None else _split(self.stop, ratio)
        self.target = None if self.target is None else _split(self.target, ratio)
        self.best = _split(self.best, ratio)

    def _follow(self, side: int) -> None:
        if self.trail:
            trailing = level(self.best, -side * self.trail)
            self.stop = trailing if self.stop is None else side * max(side * self.stop, side * trailing)


def _ticks(price: Decimal | None, tape: Tape) -> int:
    return 0 if price is None else round(price / tape.tick)


def _split(price: int, ratio: float) -> int:
    return math.floor(price / ratio + 0.5)
