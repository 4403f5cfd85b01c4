"""What is owned: cash, positions and what was paid, counted in whole units so that it always balances."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from ara.errors import ValidationError
from ara.market.money import CODES
from ara.trading.costs import Costs
from ara.trading.strategy import Signal
from ara.trading.tape import Tape, instant

__all__ = ["Book", "Entry", "Flow", "Holding", "Position"]


class Flow(StrEnum):
    """Why money came or went without a trade."""

    DIVIDEND = "dividend"
    SPLIT = "split"
    BORROW = "borrow"
    FINANCING = "financing"
    FUNDING = "funding"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Money that came (above 0) or went without a trade.

    Parameters
    ----------
    at
        When, UTC.
    flow
        Why.
    symbol
        For which instrument; empty for financing.
    amount
        In the account's currency.
    """

    at: datetime
    flow: Flow
    symbol: str
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """What is held of one instrument: quantity (below 0 it is owed), last close, and value of all of it."""

    symbol: str
    quantity: Decimal
    price: Decimal
    value: Decimal


class Holding:
    """One instrument in a book: its tape, the last closed bar, what is held.

    Attributes
    ----------
    tape
        Its bars.
    worth
        Units for one tick of one lot.
    place
        Number of the last closed bar; -1 before the first.
    held
        Lots; below 0 they are owed.
    last
        Last close, in ticks.
    fresh
        Whether a bar has closed at this very moment.
    asked
        The strategy's last signal.
    """

    __slots__ = ("asked", "fresh", "held", "last", "place", "tape", "worth")

    def __init__(self, tape: Tape, worth: int) -> None:
        self.tape = tape
        self.worth = worth
        self.place = -1
        self.held = 0
        self.last = 0
        self.fresh = False
        self.asked: Signal | None = None


class Book:
    """Cash and positions of one account, in one currency.

    Parameters
    ----------
    tapes
        The instruments.
    cash
        What it begins with.
    costs
        How much may be borrowed.
    """

    def __init__(self, tapes: Mapping[str, Tape], cash: Decimal, *, costs: Costs) -> None:
        for symbol, tape in tapes.items():
            if symbol != tape.instrument.symbol:
                raise ValidationError(f"the tape named {symbol} is that of {tape.instrument.symbol}")
        currencies = sorted({tape.instrument.currency for tape in tapes.values()})
        if len(currencies) != 1:
            raise ValidationError(
                f"the instruments trade in {' and '.join(currencies) or 'nothing'}; a book is kept in one currency",
                hint="Test those of each currency apart.",
            )
        if not (cash.is_finite() and cash > 0):
            raise ValidationError(f"the book begins with {cash}; that is above 0")
        self.currency = currencies[0]
        digits = CODES[self.currency].digits if self.currency in CODES else 8
        coin = Decimal(1).scaleb(-digits)
        smallest = min(coin, *(tape.tick * tape.lot for tape in tapes.values()))
        self.unit = Decimal(1).scaleb(smallest.adjusted())
        parts = [Decimal(part) / self.unit for part in (coin, *(tape.tick * tape.lot for tape in tapes.values()))]
        while any(part != part.to_integral_value() for part in parts):
            self.unit /= 10
            parts = [part * 10 for part in parts]
        self.step = int(parts[0])
        self.holdings = {
            symbol: Holding(tape, int(part)) for (symbol, tape), part in zip(tapes.items(), parts[1:], strict=True)
        }
        self.start = int(cash / self.unit)
        self.money = self.start
        self.paid = 0
        self.leverage = round(costs.leverage * 100)
        self.entries: list[Entry] = []

    @property
    def cash(self) -> Decimal:
        """Money that is not invested; below 0 it is borrowed."""
        return self.money * self.unit

    @property
    def fees(self) -> Decimal:
        """Commissions paid so far."""
        return self.paid * self.unit

    @property
    def equity(self) -> Decimal:
        """Cash and positions at the last closes."""
        return self.owned() * self.unit

    @property
    def positions(self) -> tuple[Position, ...]:
        """What is held now."""
        found = []
        for symbol, line in self.holdings.items():
            if line.held:
                quantity, price = line.held * line.tape.lot, line.last * line.tape.tick
                found.append(Position(symbol=symbol, quantity=quantity, price=price, value=quantity * price))
        return tuple(found)

    def owned(self) -> int:
        """Give the equity in units."""
        total = self.money
        for line in self.holdings.values():
            if line.held:
                total += line.held * line.last * line.worth
        return total

    def gross(self) -> int:
        """Give the value of all positions without their signs, in units."""
        return sum(abs(line.held * line.last) * line.worth for line in self.holdings.values() if line.held)

    def others(self, line: Holding) -> tuple[int, int]:
        """Give the value of all other positions, and that without their signs, in units."""
        net = gross = 0
        for other in self.holdings.values():
            if other is not line and other.held:
                value = other.held * other.last * other.worth
                net += value
                gross += abs(value)
        return net, gross

    def flow(self, at: int, why: Flow, symbol: str, amount: int) -> None:
        """Book money that comes or goes without a trade, in units."""
        if amount:
            self.money += amount
            self.entries.append(Entry(at=instant(at), flow=why, symbol=symbol, amount=amount * self.unit))
