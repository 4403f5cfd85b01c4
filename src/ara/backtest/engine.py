"""The event engine: plays the past moment by moment, and asks the strategy at each what it wants."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import numpy as np

from ara.backtest.oddities import GONE
from ara.errors import AraError, BacktestError, CancelledError, StrategyError
from ara.plugins import told
from ara.trading.costs import Costs
from ara.trading.exchange import Exchange
from ara.trading.pit import Pit
from ara.trading.strategy import Strategy, View
from ara.trading.tape import Tape, instant
from ara.trading.turn import turn

__all__ = ["ENGINE", "Decision", "Played", "Watch", "barless", "play", "prepared", "rules"]

ENGINE: Final = "1"
"""Version of the rules, part of every lineage: raised whenever the same input would give other trades."""

_TOGETHER: Final = "3"
"""That of several instruments together."""

_STEP: Final = 4096

Decision = tuple[int, str, tuple[object, ...]]
"""When, for what, and the wish: size, prices, shares and how long it is valid."""

Watch = Callable[[int, int], bool]
"""Told how many bars of how many are played; False stops the work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What was played.

    Parameters
    ----------
    exchange
        With its book and fills.
    moments
        When bars closed, microseconds since 1970 UTC.
    equity
        In units of the book, at each.
    exposure
        Value of all positions without their signs, in units, at each.
    decisions
        All that the strategy decided.
    failure
        Why it ended early; None where it did not.
    """

    exchange: Exchange
    moments: list[int]
    equity: list[int]
    exposure: list[int]
    decisions: list[Decision]
    failure: StrategyError | None


def rules(tapes: Collection[Any]) -> str:
    """Give the version of the rules by which so many instruments are played."""
    return ENGINE if len(tapes) == 1 else _TOGETHER


def play(
    strategy: Strategy,
    tapes: Mapping[str, Tape],
    *,
    cash: Decimal,
    costs: Costs,
    start: datetime | None = None,
    watch: Watch | None = None,
) -> Played:
    """Play all moments at which a bar closes, from `start` on; earlier bars are history that the strategy knows.

    Parameters
    ----------
    strategy
        Fresh: it has decided nothing yet.
    tapes
        The instruments by symbol.
    cash
        What the account begins with.
    costs
        What trading costs.
    start
        The first moment; all if None.
    watch
        Told how many moments of how many are done; False stops the work.

    Raises
    ------
    BacktestError
        There is nothing to play.
    CancelledError
        `watch` said so.
    """
    exchange = Exchange(tapes, cash, costs=costs)
    first = -(2**62) if start is None else int(start.timestamp() * 1_000_000)
    for pit in exchange.pits.values():
        pit.place = int(np.searchsorted(np.array(pit.tape.known), first)) - 1
        if pit.place >= 0:
            pit.last = pit.tape.closes[pit.place]
    count = sum(len(pit.tape) - pit.place - 1 for pit in exchange.pits.values())
    if not count:
        raise barless(tapes)
    run = Played(exchange=exchange, moments=[], equity=[], exposure=[], decisions=[], failure=None)
    failure = prepared(strategy, tapes) or _played(strategy, run, count, watch)
    return run if failure is None else _ended(run, failure)


def barless(tapes: Mapping[str, Tape], where: str = "in that range") -> BacktestError:
    """Give the error of a range of dates in which no tape has a bar."""
    first, last = min(tape.known[0] for tape in tapes.values()), max(tape.known[-1] for tape in tapes.values())
    hint = f"There are bars from {instant(first):%Y-%m-%d} to {instant(last):%Y-%m-%d}; name dates among them."
    return BacktestError(f"there is no bar {where}", hint=hint)


def _ended(run: Played, failure: StrategyError) -> Played:
    return Played(
        exchange=run.exchange, moments=run.moments, equity=run.equity, exposure=run.exposure, decisions=run.decisions,
        failure=failure,
    )  # fmt: skip


def prepared(strategy: Strategy, tapes: Mapping[str, Tape]) -> StrategyError | None:
    """Let a strategy look at all bars at once, where it wants to; give why it failed, if it did."""
    prepare: Any = getattr(strategy, "prepare", None)
    name = type(strategy).__name__
    if not callable(getattr(strategy, "decide", None)):
        return StrategyError(f"the strategy {name} has no method decide")
    try:
        if prepare is not None:
            prepare(tapes)
    except AraError as error:
        return StrategyError(f"the strategy {name} failed to prepare: {error.message}", hint=error.hint)
    except (Exception, SystemExit) as error:  # noqa: BLE001 (a stranger's code: what it raises is what is told)
        return StrategyError(f"the strategy {name} failed to prepare: {told(error)}")
    return None


def _played(strategy: Strategy, run: Played, count: int, watch: Watch | None) -> StrategyError | None:
    exchange, moments, equity, exposure = run.exchange, run.moments, run.equity, run.exposure
    book, pits, done = exchange.book, list(exchange.pits.values()), 0
    view = View(exchange.pits, book)
    for now, closing in _timeline(pits):
        exchange.charge(now)
        for pit in closing:
            pit.meet()
        for pit in closing:
            pit.close()
            pit.fresh = True
        if len(pits) > 1:
            if book.purses:
                book.look(now)
            _part(pits, now)
        moments.append(now)
        equity.append(exchange.marked(now))
        exposure.append(book.gross())
        view.now = now
        try:
            for ticket in turn(strategy, view, book):
                run.decisions.append((now, ticket.symbol, ticket.signal.wish))
                exchange.take(ticket, given=now)
        except StrategyError as error:
            return error
        for pit in closing:
            pit.fresh = False
        done += len(closing)
        if watch is not None and not len(moments) % _STEP and not watch(done, count):
            raise CancelledError("the back-test was cancelled")
    return None


def _timeline(pits: list[Pit]) -> Iterator[tuple[int, list[Pit]]]:
    """Give each moment at which bars close, with the instruments whose bars do."""
    if len(pits) == 1:
        for now in pits[0].tape.known[pits[0].place + 1 :]:
            yield now, pits
        return
    knowns = [np.array(pit.tape.known[pit.place + 1 :], np.int64) for pit in pits]
    known = np.concatenate(knowns)
    whose = np.repeat(np.arange(len(pits)), [len(one) for one in knowns])
    order = np.lexsort((whose, known))
    known, whose = known[order], whose[order]
    edges = np.flatnonzero(np.diff(known, prepend=known[0] - 1))
    ends = [*edges[1:].tolist(), len(known)]
    numbers = whose.tolist()
    for begin, end, now in zip(edges.tolist(), ends, known[edges].tolist(), strict=True):
        yield now, [pits[number] for number in numbers[begin:end]]


def _part(pits: list[Pit], now: int) -> None:
    """Close what has had no bar for a month: it was delisted, or might as well be."""
    for pit in pits:
        if pit.held and not pit.fresh and now - pit.tape.known[pit.place] > GONE:
            pit.leave("delisted", now)
