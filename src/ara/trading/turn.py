"""One turn of trading: what a strategy wants at a moment, sized, checked, and made into orders.

It does the first three steps of an order's life, and is the same in a back-test and live; only clock and exchange
differ.
"""

from collections.abc import Iterable
from decimal import Decimal
from itertools import islice
from typing import Final

from ara.errors import AraError, StrategyError, ValidationError
from ara.plugins import told
from ara.trading.arithmetic import wanted
from ara.trading.book import Book, Holding
from ara.trading.order import Kind, Order, Side
from ara.trading.strategy import Signal, Strategy, View
from ara.trading.tape import instant
from ara.trading.ticket import Protection, Ticket

__all__ = ["gathered", "turn"]

_NONE: Final[tuple[Ticket, ...]] = ()
_MOST: Final = 10_000


def turn(strategy: Strategy, view: View, book: Book) -> Iterable[Ticket]:
    """Ask a strategy what it wants now, and give what has to be done for that.

    Parameters
    ----------
    strategy
        What decides.
    view
        What it may see.
    book
        What is owned: sizes are shares of it at the last closes.

    Raises
    ------
    StrategyError
        The strategy raised, or what it gave is no signal; the message names it, the moment and the reason.
    """
    try:
        said = gathered(strategy.decide(view))
    except AraError as error:
        usual = isinstance(error, ValidationError) and error.hint == error.default_hint
        raise _failed(strategy, view, error.message, None if usual else error.hint) from error
    except (Exception, SystemExit) as error:
        raise _failed(strategy, view, told(error)) from error
    if said is None:
        return _NONE
    signals = (said,) if isinstance(said, Signal) else said if isinstance(said, list | tuple) else None
    wrong = None if signals is None else next((one for one in signals if not isinstance(one, Signal)), None)
    if signals is None or wrong is not None:
        inside = "" if wrong is None else f" with {type(wrong).__name__} in it"
        raise _failed(strategy, view, f"it gave {type(said).__name__}{inside}, not signals")
    found = [_decided(strategy, view, book, signal) for signal in signals]
    return [ticket for ticket in found if ticket is not None]


def gathered(said: object) -> object:
    """Give what a strategy said, the signals of a generator or a set as a list; 10,000 of them at most."""
    if said is None or isinstance(said, Signal | list | tuple | str | bytes | dict) or not isinstance(said, Iterable):
        return said
    found = list(islice(said, _MOST + 1))
    if len(found) > _MOST:
        raise ValidationError(f"it gave more than {_MOST:,} signals at once", hint="Give one for each instrument.")
    return found


def _decided(strategy: Strategy, view: View, book: Book, signal: Signal) -> Ticket | None:
    """Size a signal; None where it is the same wish again, or nothing has been seen of the instrument."""
    line = book.holdings.get(signal.symbol)
    if line is None:
        words = f"it wants {signal.symbol[:40]!r}, and there are {', '.join(book.holdings)}"
        raise _failed(strategy, view, words)
    asked = line.asked
    if line.place < 0 or (asked is not None and not signal.again and asked.wish == signal.wish):
        return None
    try:
        lots = wanted(book.sized(line), signal.size, line.last, line.worth) - line.held
        order = _order(signal, line, lots, view.now) if lots else None
        return Ticket(symbol=signal.symbol, order=order, protection=_protection(signal), signal=signal)
    except ValidationError as error:
        raise _failed(strategy, view, error.message) from error


def _order(signal: Signal, line: Holding, lots: int, now: int) -> Order:
    kind = {
        (False, False): Kind.MARKET, (True, False): Kind.LIMIT, (False, True): Kind.STOP, (True, True): Kind.STOP_LIMIT,
    }[signal.limit is not None, signal.trigger is not None]  # fmt: skip
    tick = line.tape.tick
    return Order(
        id=f"{signal.symbol}-{now}",
        symbol=signal.symbol,
        side=Side.BUY if lots > 0 else Side.SELL,
        quantity=abs(lots) * line.tape.lot,
        kind=kind,
        limit=_price(signal.limit, tick),
        stop=_price(signal.trigger, tick),
        valid=signal.valid,
        given=instant(now),
        why=signal.why,
    )


def _protection(signal: Signal) -> Protection | None:
    if not signal.size or (
        signal.stop is None and signal.target is None and not (signal.stop_share or signal.target_share or signal.trail)
    ):
        return None
    return Protection(
        stop=None if signal.stop is None else Decimal(repr(float(signal.stop))),
        target=None if signal.target is None else Decimal(repr(float(signal.target))),
        stop_share=signal.stop_share,
        target_share=signal.target_share,
        trail=signal.trail,
    )


def _price(price: float | None, tick: Decimal) -> Decimal | None:
    return None if price is None else round(Decimal(repr(float(price))) / tick) * tick


def _failed(strategy: Strategy, view: View, words: str, hint: str | None = None) -> StrategyError:
    name = type(strategy).__name__
    return StrategyError(f"the strategy {name} failed at {view.moment:%Y-%m-%d %H:%M} UTC: {words}", hint=hint)
