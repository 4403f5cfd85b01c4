"""What is owned: cash, positions and what was paid, counted in whole units so that it always balances."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from ara.errors import ValidationError
from ara.market.money import CODES
from ara.trading.costs import Costs
from ara.trading.purses import Purse, financed
from ara.trading.strategy import Signal
from ara.trading.tape import Tape, instant

__all__ = ["Book", "Entry", "Exchanged", "Flow", "Holding", "Position"]


class Flow(StrEnum):
    """Why money came or went without a trade."""

    DIVIDEND = "dividend"
    SPLIT = "split"
    BORROW = "borrow"
    FINANCING = "financing"
    FUNDING = "funding"
    CONVERSION = "conversion"


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
        In `currency`.
    currency
        Of the amount; that of the account where it is empty.
    rate
        What one of it was worth in the account's currency then.
    """

    at: datetime
    flow: Flow
    symbol: str
    amount: Decimal
    currency: str = ""
    rate: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """What is held of one instrument: quantity (below 0 it is owed), last close, and value of all of it.

    Price and value are in the instrument's currency; `rate` says what one of it is worth in the account's.
    """

    symbol: str
    quantity: Decimal
    price: Decimal
    value: Decimal
    rate: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchanged:
    """Money that was changed from one currency into another.

    Parameters
    ----------
    at
        When, UTC.
    symbol
        For which instrument.
    currency, amount
        What came into a purse; below 0 it went back.
    paid
        What it took from the account in its own currency, cost within; below 0 it brought that.
    rate
        What one of the currency was worth then.
    """

    at: datetime
    symbol: str
    currency: str
    amount: Decimal
    paid: Decimal
    rate: float


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
    purse
        That of its currency; None where it is the account's own.
    balance
        Of a currency pair in another currency: what it owes its purse, in units of that; it is changed once it is
        closed.
    """

    __slots__ = ("asked", "balance", "fresh", "held", "last", "place", "purse", "tape", "worth")

    def __init__(self, tape: Tape, worth: int, purse: Purse | None = None) -> None:
        self.purse = purse
        self.balance = 0
        self.tape = tape
        self.worth = worth
        self.place = -1
        self.held = 0
        self.last = 0
        self.fresh = False
        self.asked: Signal | None = None


class Book:
    """Cash and positions of one account, in one currency, with a purse for each other one that is traded in.

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
        self.currency = _currency(tapes)
        if not (cash.is_finite() and cash > 0):
            raise ValidationError(f"the book begins with {cash}; that is above 0")
        own = {symbol: tape for symbol, tape in tapes.items() if tape.rated is None}
        self.unit, self.step, worths = _counted(self.currency, own)
        self.purses: dict[str, Purse] = {}
        lines: dict[str, Holding] = {}
        for tape in tapes.values():
            if tape.rated is not None and tape.rated.code not in self.purses:
                alike = {one: part for one, part in tapes.items() if part.instrument.currency == tape.rated.code}
                unit, step, more = _counted(tape.rated.code, alike)
                worths |= more
                self.purses[tape.rated.code] = Purse(
                    rated=tape.rated, unit=unit, step=step, scale=float(unit / self.unit), cost=costs.conversion
                )
        for symbol, tape in tapes.items():
            lines[symbol] = Holding(tape, worths[symbol], self.purses.get(tape.instrument.currency))
        self.holdings = lines
        self.start = int(cash / self.unit)
        if self.start <= 0:
            words = f"money is counted in steps of {self.unit.normalize():f}"
            raise ValidationError(f"{cash} {self.currency} is nothing to begin with: {words}", hint="--cash 10000")
        self.money = self.start
        self.paid = 0
        self.abroad = 0
        self.leverage = round(costs.leverage * 100)
        self.entries: list[Entry] = []
        self.exchanged: list[Exchanged] = []

    @property
    def cash(self) -> Decimal:
        """Money that is not invested, of all purses; below 0 it is borrowed."""
        return self.liquid() * self.unit

    @property
    def fees(self) -> Decimal:
        """Commissions paid so far, those in other currencies by the rates of their fills."""
        return (self.paid + self.abroad) * self.unit

    @property
    def currencies_brought(self) -> Decimal:
        """What moves of other currencies brought so far."""
        return round(sum(purse.moved for purse in self.purses.values())) * self.unit

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
                rate = Decimal(1) if line.purse is None else Decimal(repr(line.purse.factor / line.purse.scale))
                found.append(Position(symbol=symbol, quantity=quantity, price=price, value=quantity * price, rate=rate))
        return tuple(found)

    def owned(self) -> int:
        """Give the equity in units."""
        if self.purses:
            return self.money + sum(self._abroad(purse) for purse in self.purses.values()) + self._home()
        total = self.money
        for line in self.holdings.values():
            if line.held:
                total += line.held * line.last * line.worth
        return total

    def gross(self) -> int:
        """Give the value of all positions without their signs, in units."""
        if self.purses:
            return sum(self._valued(line, abs(line.held * line.last) * line.worth) for line in self._held())
        return sum(abs(line.held * line.last) * line.worth for line in self.holdings.values() if line.held)

    def liquid(self) -> int:
        """Give the money of all purses, in units."""
        return self.money + sum(math.floor(purse.money * purse.factor) for purse in self.purses.values())

    def sized(self, line: Holding) -> int:
        """Give the equity in the units that an instrument is counted in."""
        return self.owned() if line.purse is None else math.floor(self.owned() / line.purse.known())

    def room(self, line: Holding, price: int) -> tuple[int, int]:
        """Give the equity at a price of an instrument, and the gross value of the others, in the line's units."""
        if not self.purses:
            net, gross = self.others(line)
            return self.money + net + line.held * price * line.worth, gross
        held, line.held = line.held, 0
        equity, gross = self.owned(), self.gross()
        line.held = held
        if line.purse is not None:
            factor = line.purse.known()
            equity, gross = math.floor(equity / factor), math.ceil(gross / factor)
        return equity + held * price * line.worth, gross

    def look(self, moment: int) -> None:
        """Take the rates known at a moment."""
        for code, purse in self.purses.items():
            purse.look(moment, self._exposed(code, purse))

    def book(self, line: Holding, at: int, amount: int) -> None:
        """Put money from an instrument into its purse, or take it, in its units, and change what is due to be."""
        if line.purse is None:
            self.money += amount
            return
        line.purse.money += amount
        if financed(line.tape):
            line.balance += amount
            due, line.balance = (0, line.balance) if line.held else (line.balance, 0)
        else:
            due = amount
        if due:
            self._change(line.purse, at, line.tape.instrument.symbol, -due)

    def _change(self, purse: Purse, at: int, symbol: str, amount: int) -> None:
        """Change money of the account into a purse's, below 0 back, in units of the purse."""
        taken = purse.price(amount, self.step)
        self.money -= taken
        purse.money += amount
        rate = purse.factor / purse.scale
        self.exchanged.append(
            Exchanged(
                at=instant(at), symbol=symbol, currency=purse.rated.code, amount=amount * purse.unit,
                paid=taken * self.unit, rate=rate,
            )
        )  # fmt: skip
        cost = taken - round(amount * purse.factor)
        if cost:
            self.entries.append(
                Entry(at=instant(at), flow=Flow.CONVERSION, symbol=symbol, amount=-cost * self.unit)
            )  # fmt: skip

    def _held(self) -> list[Holding]:
        return [line for line in self.holdings.values() if line.held]

    def _home(self) -> int:
        return sum(line.held * line.last * line.worth for line in self._held() if line.purse is None)

    def _exposed(self, code: str, purse: Purse) -> int:
        """Give all that is owned in a currency, in units of its purse."""
        lines = (line for line in self._held() if line.tape.instrument.currency == code)
        return purse.money + sum(line.held * line.last * line.worth for line in lines)

    def _abroad(self, purse: Purse) -> int:
        return math.floor(self._exposed(purse.rated.code, purse) * purse.factor)

    def _valued(self, line: Holding, value: int) -> int:
        return value if line.purse is None else math.ceil(value * line.purse.factor)

    def others(self, line: Holding) -> tuple[int, int]:
        """Give the value of all other positions, and that without their signs, in units."""
        net = gross = 0
        for other in self.holdings.values():
            if other is not line and other.held:
                value = other.held * other.last * other.worth
                net += value
                gross += abs(value)
        return net, gross

    def flow(self, at: int, why: Flow, line: Holding | None, amount: int) -> None:
        """Book money that comes or goes without a trade, in units of the line's purse."""
        if not amount:
            return
        purse = None if line is None else line.purse
        symbol = "" if line is None else line.tape.instrument.symbol
        if line is None or purse is None:
            self.money += amount
            self.entries.append(Entry(at=instant(at), flow=why, symbol=symbol, amount=amount * self.unit))
            return
        rate = Decimal(repr(purse.factor / purse.scale))
        self.entries.append(
            Entry(
                at=instant(at), flow=why, symbol=symbol, amount=amount * purse.unit, currency=purse.rated.code,
                rate=rate,
            )
        )  # fmt: skip
        self.book(line, at, amount)


def _currency(tapes: Mapping[str, Tape]) -> str:
    """Give the currency that all tapes are held in."""
    found = sorted({tape.currency for tape in tapes.values()})
    if len(found) != 1:
        raise ValidationError(
            f"the instruments trade in {' and '.join(found) or 'nothing'}; a book is kept in one currency, and nobody "
            "said in which",
            hint="Say it and give rates: --currency USD, or ara.trading.rated(tapes, 'USD', rates).",
        )
    return found[0]


def _counted(code: str, tapes: Mapping[str, Tape]) -> tuple[Decimal, int, dict[str, int]]:
    """Give the unit in which money of a currency is counted, its smallest coin in units, and each tape's worth."""
    digits = CODES[code].digits if code in CODES else 8
    coin = Decimal(1).scaleb(-digits)
    exact = [coin, *(tape.tick * tape.lot for tape in tapes.values())]
    unit = Decimal(1).scaleb(min(exact).adjusted())
    parts = [part / unit for part in exact]
    while any(part != part.to_integral_value() for part in parts):
        unit /= 10
        parts = [part * 10 for part in parts]
    return unit, int(parts[0]), {symbol: int(part) for symbol, part in zip(tapes, parts[1:], strict=True)}
