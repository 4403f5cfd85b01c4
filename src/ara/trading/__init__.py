"""Strategies, orders and books, and a simulated exchange: the code that decides and trades, in a back-test and live."""

from ara.trading.book import Book, Entry, Exchanged, Flow, Position
from ara.trading.costs import Costs, Slippage
from ara.trading.exchange import Exchange
from ara.trading.order import Fill, Kind, Order, Side, Valid
from ara.trading.purses import rated
from ara.trading.strategy import Planned, Signal, Strategy, View
from ara.trading.tape import Tape
from ara.trading.ticket import Protection, Ticket
from ara.trading.turn import turn

__all__ = [
    "Book",
    "Costs",
    "Entry",
    "Exchange",
    "Exchanged",
    "Fill",
    "Flow",
    "Kind",
    "Order",
    "Planned",
    "Position",
    "Protection",
    "Side",
    "Signal",
    "Slippage",
    "Strategy",
    "Tape",
    "Ticket",
    "Valid",
    "View",
    "rated",
    "turn",
]
