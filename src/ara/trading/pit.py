"""Where one instrument is traded: its bars played against its open orders."""

import math
from decimal import Decimal
from typing import Final

from ara.trading.arithmetic import (
    AT_OPEN,
    LIMIT,
    MARKET,
    NEVER,
    STOP,
    STOP_LIMIT,
    UNLIMITED,
    WITHIN,
    affordable,
    carried,
    fee,
    reached,
    worse,
)
from ara.trading.book import Book, Flow, Holding
from ara.trading.costs import Costs, Slippage
from ara.trading.funding import due, dues
from ara.trading.order import Fill, Order, Side, Valid
from ara.trading.purses import Purse
from ara.trading.tape import Tape, instant
from ara.trading.ticket import Protection
from ara.trading.working import Guard, Working

__all__ = ["DAYS", "Pit"]

_ONE: Final = Decimal(1)

DAYS: Final = 1 / 86_400_000_000
"""Days of a microsecond."""


class Pit(Holding):
    """One instrument, what is held of it, and its open orders.

    Parameters
    ----------
    tape
        Its bars.
    line
        How the book counts it.
    book
        What is owned in all.
    costs
        What trading costs.
    fills
        Where what is done is written down.
    """

    __slots__ = ("_book", "_coins", "_costs", "_dues", "_eventful", "_fills", "_least", "_opened", "_room", "_usual",
                 "cut", "forced", "guard", "orders", "waited")  # fmt: skip

    def __init__(self, tape: Tape, line: Holding, *, book: Book, costs: Costs, fills: list[Fill]) -> None:
        super().__init__(tape, line.worth, line.purse)
        self.orders: list[Working] = []
        self.guard: Guard | None = None
        self.forced = False
        self.cut = self.waited = 0
        self._book, self._costs, self._fills = book, costs, fills
        self._coins: Book | Purse = book if self.purse is None else self.purse
        self._least = costs.least / float(self._coins.unit)
        self._room = UNLIMITED
        self._eventful = bool((tape.split != 1).any() or (tape.dividend != 0).any())
        self._usual = tape.usual()
        self._dues, self._opened = dues(tape, costs), 0

    def play(self) -> None:
        """Play the next bar."""
        self.meet()
        self.close()

    def meet(self) -> None:
        """Play the next bar but for its close: what is held counts by the one before, nobody knew a later one."""
        self.place += 1
        if self._book.purses:
            self._book.look(self.tape.at[self.place])
        if self._dues is not None:
            self._fund(self.tape.at[self.place], self._dues[0][self.place], self.held)
            self._opened = self.held
        if self.held:
            if self.held < 0:
                self._borrow()
            if self._eventful:
                self._act()
            if self.guard is not None or self.orders:
                self._match()
        elif self.orders:
            if self._eventful:
                self._act()
            self._match()

    def close(self) -> None:
        """Take the close of the bar that was played, once those that close with it are played too."""
        self.last = self.tape.closes[self.place]
        if self._dues is not None:
            self._fund(self.tape.known[self.place], self._dues[1][self.place], self._opened)

    def send(self, order: Order, given: int, *, protection: Protection | None, replaces: bool) -> None:
        """Take an order; one of an id that is open already is the same order."""
        if all(one.id != order.id for one in self.orders):
            best = self.last
            self.orders.append(
                Working(order, self.tape, given, best=best, protection=protection, replaces=replaces)
            )  # fmt: skip

    def protect(self, protection: Protection | None, name: str, price: int) -> None:
        """Protect what is held from now on, as seen from a price; None takes away what there was."""
        side = 1 if self.held > 0 else -1
        self.guard = Guard(protection, name, side, price, self.tape) if protection and self.held else None

    def force(self, why: str) -> Working:
        """Give up all orders and close what is held at the next open."""
        tape = self.tape
        order = Order(
            id=f"{tape.instrument.symbol}-{tape.known[self.place]}-{why.replace(' ', '-')}",
            symbol=tape.instrument.symbol,
            side=Side.SELL if self.held > 0 else Side.BUY,
            quantity=abs(self.held) * tape.lot,
            why=why,
        )
        working = Working(order, tape, tape.known[self.place], best=self.last, protection=None, replaces=True)
        self.orders, self.guard = [working], None
        return working

    def leave(self, why: str, now: int) -> None:
        """Close what is held at the last close, with all costs: there is no later bar, and nobody knew it before."""
        if self.held:
            self._room = UNLIMITED
            self._fill(self.force(why), self.last, market=True, now=now)
        self.orders, self.guard, self.forced = [], None, False

    def _borrow(self) -> None:
        known, place = self.tape.known, self.place
        days = (known[place] - known[place - 1]) * DAYS
        owed = carried(-self.held * self.last * self.worth, self._costs.borrow, days, self._coins.step)
        self._book.flow(known[place], Flow.BORROW, self, -owed)

    def _fund(self, at: int, rate: float, opened: int) -> None:
        """Pay or get the funding that fell due, by the last price: of what was held, or is, whichever costs more."""
        if rate and (opened or self.held):
            step = self._coins.step
            paid = max(due(lots, self.last, self.worth, rate, step) for lots in (opened, self.held))
            self._book.flow(at, Flow.FUNDING, self, -paid)

    def _act(self) -> None:
        """Let a split and a dividend take effect before the bar opens."""
        tape, place = self.tape, self.place
        ratio, paid = float(tape.split[place]), float(tape.dividend[place])
        self.last = round(self.last / ratio - paid)
        if ratio != 1:
            exact = self.held * ratio
            self.held = self._opened = int(exact)
            rest = math.floor((exact - self.held) * tape.opens[place])
            self._book.flow(tape.at[place], Flow.SPLIT, self, rest * self.worth)
            for order in self.orders:
                order.restated(ratio)
            if self.guard is not None:
                self.guard.restated(ratio)
        if paid:
            self._book.flow(tape.at[place], Flow.DIVIDEND, self, math.floor(self.held * paid) * self.worth)

    def _match(self) -> None:
        """Fill what the bar reaches: at its open, then stops, then limits, then the target."""
        tape, place = self.tape, self.place
        volume = tape.volume[place]
        if volume == 0:
            return
        free = volume == UNLIMITED or not self._costs.volume
        self._room = UNLIMITED if free else int(volume * self._costs.volume)
        opened, high, low = tape.opens[place], tape.highs[place], tape.lows[place]
        open_ = [one for one in self.orders if one.given <= tape.at[place]]
        if self.guard is not None and self.guard.hit:
            self._out(opened, "stop", market=True)
        for order in open_:
            self._expire(order, tape.session[place])
            self._try(order, AT_OPEN, opened, high, low)
        self._gapped(opened)
        self._opened = self.held
        self._within(open_, opened, high, low)
        for order in open_:
            order.passed(high, low)
            if order.valid in (Valid.IOC, Valid.FOK) and order in self.orders:
                self.orders.remove(order)
        self.orders = [one for one in self.orders if one.left]
        if self.guard is not None and self.held:
            self.guard.passed(1 if self.held > 0 else -1, high, low, tape.closes[place])
        if not self.held:
            self.guard, self.forced = None, False

    def _expire(self, order: Working, session: int) -> None:
        if order.valid is Valid.DAY:
            order.session = session if order.session is None else order.session
            if order.session != session and order in self.orders:
                self.orders.remove(order)

    def _try(self, order: Working, wanted: int, opened: int, high: int, low: int) -> bool:
        """Fill an order that is still open if the bar reaches it when it is wanted."""
        if order not in self.orders:
            return False
        when, price = reached(order.kind, order.side, order.limit, order.stop, opened, high, low)
        if when == NEVER or when != wanted:
            return False
        self._fill(order, price, market=order.kind in (MARKET, STOP))
        return True

    def _gapped(self, opened: int) -> None:
        """Close a position whose stop or target the bar opened beyond."""
        guard = self.guard
        if guard is None or not self.held or guard.hit:
            return
        side = 1 if self.held > 0 else -1
        if guard.stop is not None and side * (guard.stop - opened) >= 0:
            self._out(opened, "stop", market=True)
        elif guard.target is not None and side * (opened - guard.target) >= 0:
            self._out(opened, "target", market=False)

    def _within(self, open_: list[Working], opened: int, high: int, low: int) -> None:
        self._stopped(high, low)
        for kinds in ((STOP, STOP_LIMIT), (LIMIT,)):
            for order in open_:
                if order.kind in kinds and self._try(order, WITHIN, opened, high, low):
                    if self.guard is not None:
                        self.guard.late = True
                    self._stopped(high, low)
        guard = self.guard
        if guard is None or guard.target is None or not self.held or guard.late or guard.hit:
            return
        side = 1 if self.held > 0 else -1
        if side * ((high if side > 0 else low) - guard.target) >= 0:
            self._out(guard.target, "target", market=False)

    def _stopped(self, high: int, low: int) -> None:
        guard = self.guard
        if guard is None or guard.stop is None or not self.held or guard.hit:
            return
        side = 1 if self.held > 0 else -1
        if side * (guard.stop - (low if side > 0 else high)) >= 0:
            self._out(guard.stop, "stop", market=True)

    def _out(self, price: int, why: str, *, market: bool) -> None:
        """Close the position; what is first cancels all else."""
        guard = self.guard
        if guard is None or not self.held:
            return
        order = Order(
            id=f"{guard.id}-{why}",
            symbol=self.tape.instrument.symbol,
            side=Side.SELL if self.held > 0 else Side.BUY,
            quantity=abs(self.held) * self.tape.lot,
            why=why,
        )
        self._fill(Working(order, self.tape, 0, best=price, protection=None, replaces=False), price, market=market)
        if not self.held:
            self.orders.clear()
            self.guard = None
        elif why == "stop":
            guard.hit = True

    def _fill(self, order: Working, price: int, *, market: bool, now: int | None = None) -> None:
        """Trade as much of an order as volume and cash allow: in this bar, or later where a moment is given."""
        lots = order.left if self._room == UNLIMITED else min(order.left, self._room)
        self.waited += lots < order.left
        if order.valid is Valid.FOK and lots < order.left:
            return
        asked = price
        if market and lots:
            price = worse(price, order.side, self._costs.spread, self._slip(lots))
        traded = self._afforded(order.side * lots, price)
        if order.valid is Valid.FOK and abs(traded) < lots:
            return
        if abs(traded) < lots:
            self.cut += 1
            order.left = abs(traded)
        if traded:
            at = self.tape.at[self.place] if now is None else now
            self._book_fill(order, traded, price, abs(price - asked), at)
        if not order.left and order in self.orders:
            self.orders.remove(order)

    def _book_fill(self, order: Working, traded: int, price: int, moved: int, at: int) -> None:
        paid, before, coins, tape = self._fee(traded, price), self.held, self._coins, self.tape
        coins.paid += paid
        self.held += traded
        self._book.book(self, at, -(traded * price * self.worth + paid))
        if self.purse is not None:
            self._book.abroad += round(paid * self.purse.factor)
        order.left -= abs(traded)
        if self._room != UNLIMITED:
            self._room -= abs(traded)
        self._fills.append(
            Fill(
                order_id=order.id, symbol=tape.instrument.symbol, side=Side.BUY if traded > 0 else Side.SELL,
                at=instant(at), price=price * tape.tick, quantity=abs(traded) * tape.lot,
                fee=paid * coins.unit, why=order.why, slipped=abs(traded) * moved * self.worth * coins.unit,
                rate=_ONE if self.purse is None else Decimal(repr(self.purse.factor / self.purse.scale)),
            )
        )  # fmt: skip
        fresh = before * self.held <= 0
        if order.replaces and (fresh or not order.begun):
            self.protect(order.protection, order.id, price)
        elif fresh:
            self.guard = None
        order.begun = True

    def _afforded(self, lots: int, price: int) -> int:
        equity, gross = self._book.room(self, price)
        limit = self._book.leverage
        first = affordable(lots, self.held, price, self.worth, equity, gross, limit, 0)
        cost = self._fee(first, price)
        return affordable(first, self.held, price, self.worth, equity, gross, limit, cost)

    def _fee(self, lots: int, price: int) -> int:
        costs, lot = self._costs, float(self.tape.lot)
        each = costs.per_unit * lot / float(self._coins.unit)
        return fee(lots, price, self.worth, costs.commission, each, self._least, self._coins.step)

    def _slip(self, lots: int) -> float:
        """Give the share by which an order moves the price."""
        costs, (sigma, volume) = self._costs, self._usual
        if costs.slippage is Slippage.FIXED:
            return costs.impact
        moved = costs.impact * float(sigma[self.place])
        if costs.slippage is Slippage.SQUARE_ROOT and volume[self.place] > 0:
            moved *= math.sqrt(lots / float(volume[self.place]))
        return moved
