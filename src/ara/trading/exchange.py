"""A simulated exchange: plays bars against open orders and keeps the book.

What is decided at the close of a bar can be filled from the open of the next. Within a bar nobody knows what came
first, so the worse is taken to have: of a stop and a target that both lie in it the stop; a position that was opened
within the bar may be stopped in it, and reaches its target in a later one. A gap fills at the open.
"""

from collections.abc import Mapping
from decimal import Decimal

from ara.errors import ValidationError
from ara.trading.arithmetic import carried
from ara.trading.book import Book, Flow
from ara.trading.costs import Costs
from ara.trading.order import Fill, Order
from ara.trading.pit import DAYS, Pit
from ara.trading.tape import Tape
from ara.trading.ticket import Protection, Ticket

__all__ = ["Exchange"]


class Exchange:
    """Plays the bars of several instruments against orders.

    Parameters
    ----------
    tapes
        The instruments by symbol.
    cash
        What the account begins with.
    costs
        What trading costs.

    Attributes
    ----------
    book
        What is owned.
    pits
        Each instrument with its open orders.
    fills
        What was done, in order.
    calls
        When margin was called, microseconds since 1970 UTC.
    """

    def __init__(self, tapes: Mapping[str, Tape], cash: Decimal, *, costs: Costs) -> None:
        self.book = Book(tapes, cash, costs=costs)
        self.fills: list[Fill] = []
        self.calls: list[int] = []
        self._costs = costs
        self.pits = {
            symbol: Pit(tape, self.book.holdings[symbol], book=self.book, costs=costs, fills=self.fills)
            for symbol, tape in tapes.items()
        }
        self.book.holdings = dict(self.pits)
        self._charged = 0

    @property
    def cut(self) -> int:
        """How many orders were cut or refused because they could not be afforded."""
        return sum(pit.cut for pit in self.pits.values())

    def send(self, order: Order, *, given: int, protection: Protection | None = None) -> None:
        """Take an order, which bars that open at `given` (microseconds since 1970 UTC) or later can fill.

        An order of an id that is open already is the same order, and nothing happens.
        """
        self._pit(order.symbol).send(order, given, protection=protection, replaces=protection is not None)

    def cancel(self, symbol: str) -> None:
        """Cancel all open orders of an instrument; what protects a position stays."""
        self._pit(symbol).orders.clear()

    def take(self, ticket: Ticket, *, given: int) -> None:
        """Do what a decision asks for. While a margin call closes the position, nothing is taken."""
        pit = self._pit(ticket.symbol)
        pit.asked = ticket.signal
        if pit.forced:
            return
        pit.orders.clear()
        if ticket.order is not None:
            pit.send(ticket.order, given, protection=ticket.protection, replaces=True)
        else:
            pit.protect(ticket.protection, f"{ticket.symbol}-{given}", pit.last)

    def charge(self, until: int) -> None:
        """Charge what borrowed cash cost since the last moment, to this one, microseconds since 1970 UTC."""
        book = self.book
        if book.purses:
            book.look(until)
        liquid = book.liquid() if book.purses else book.money
        if liquid < 0 and self._charged:
            due = carried(-liquid, self._costs.financing, (until - self._charged) * DAYS, book.step)
            book.flow(until, Flow.FINANCING, None, -due)
        self._charged = until

    def marked(self, now: int) -> int:
        """Give the equity at the last closes, in units; too little of it for what is held calls margin."""
        book = self.book
        if book.purses:
            book.look(now)
        owned = book.owned()
        if book.money < 0 or book.purses or any(pit.held < 0 for pit in self.pits.values()):
            gross = book.gross()
            if gross and owned < self._costs.maintenance * float(gross):
                self._call(now)
        return owned

    def _call(self, now: int) -> None:
        """Have all positions closed at their next opens."""
        due = [pit for pit in self.pits.values() if pit.held and not pit.forced]
        for pit in due:
            pit.force("margin call")
            pit.forced = True
        if due:
            self.calls.append(now)

    def _pit(self, symbol: str) -> Pit:
        found = self.pits.get(symbol)
        if found is None:
            raise ValidationError(f"{symbol[:40]!r} is not traded here; there are {', '.join(self.pits)}")
        return found
