"""What is held in other currencies, told in that of the book: gains, round trips, and what the rates' moves brought."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal

from ara.backtest.engine import Played
from ara.performance.trades import RoundTrip
from ara.trading.book import Flow
from ara.trading.pit import Pit
from ara.trading.purses import financed

__all__ = ["brought", "gains", "told", "worth_at_close"]


def brought(run: Played) -> dict[str, float]:
    """Give what the moves of each other currency brought, in the book's."""
    book = run.exchange.book
    return {code: round(purse.moved * float(book.unit), 2) for code, purse in book.purses.items()}


def gains(run: Played) -> dict[str, Decimal]:
    """Give what each instrument in another currency brought, in the book's: money changed, and what is still there."""
    book, found = run.exchange.book, dict[str, Decimal]()
    for symbol, pit in run.exchange.pits.items():
        if pit.purse is None:
            continue
        left = round((pit.balance + pit.held * pit.last * pit.worth) * pit.purse.factor) * book.unit
        found[symbol] = left - sum((one.paid for one in book.exchanged if one.symbol == symbol), Decimal(0))
    return found


def told(run: Played) -> Iterator[str]:
    """Say what other currencies did to the result."""
    book = run.exchange.book
    if not book.purses:
        return
    cost = -sum((one.amount for one in book.entries if one.flow is Flow.CONVERSION), Decimal(0))
    parts = [f"{code} {amount:+,.2f}" for code, amount in brought(run).items()]
    yield (
        f"the book is kept in {book.currency}; moves of other currencies brought {', '.join(parts)} {book.currency}, "
        f"and changing money {len(book.exchanged):,} times took {cost:,.2f}"
    )


def worth_at_close(trip: RoundTrip, pit: Pit, rates: Mapping[tuple[str, float], float]) -> RoundTrip:
    """Give a round trip in the currency of the book: what a currency pair gained is changed when it is closed.

    Parameters
    ----------
    trip
        Of a pair in its own quote currency; others are in the book's already.
    pit
        Where it was traded.
    rates
        By instrument and the number of the moment of a fill.
    """
    if pit.purse is None or not financed(pit.tape):
        return trip
    rate = rates[trip.instrument, trip.closed]
    return replace(trip, entry=trip.entry * rate, exit=trip.exit * rate, cost=trip.cost * rate)
