"""What was held through each part of each bar, as shares of the equity, and what it brought.

A bar has parts: from the close before it to its open, from the open to each price at which something was filled within
it, and from the last of them to its close. Between them nothing changes, so shares times returns add up to what was
earned before costs.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ara.backtest.engine import Played
from ara.performance.inputs import returns_of
from ara.trading.order import Fill, Side
from ara.trading.pit import Pit
from ara.trading.purses import financed
from ara.trading.tape import Tape

__all__ = ["Holdings", "holdings"]

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Holdings:
    """Shares of the equity, and the returns that they met.

    What is held in another currency is counted in the book's, by the rate at the moment before; the rate's own move
    belongs to the last part. A currency pair is owed in its own currency, so that only what it gained moves with it.

    Parameters
    ----------
    weights, returns
        `[moment, part, instrument]`: value held, below 0 where short, by the equity at the moment before; and simple
        returns, dividends within.
    earned
        Simple return of the whole at each moment, after all costs.
    """

    weights: _Array
    returns: _Array
    earned: _Array

    @property
    def costs(self) -> _Array:
        """What is missing at each moment: commission, spread, slippage, interest, and what rounding took or gave."""
        found: _Array = (self.weights * self.returns).sum(axis=(1, 2)) - self.earned
        return found


def holdings(run: Played) -> Holdings:
    """Follow what a run held, from its fills."""
    moments, pits, book = np.array(run.moments, np.int64), run.exchange.pits, run.exchange.book
    equity = np.maximum(np.concatenate(([book.start], run.equity)).astype(np.float64), 0.0)
    before = np.where(equity[:-1] > 0, equity[:-1], np.inf)
    by_symbol: dict[str, dict[int, list[Fill]]] = {symbol: {} for symbol in pits}
    for fill in run.exchange.fills:
        by_symbol[fill.symbol].setdefault(_begun(fill, pits[fill.symbol].tape), []).append(fill)
    inner = max((len(_sorted(pits[one].tape, bar, fills)[1]) for one, bar, fills in _bars(pits, by_symbol)), default=0)
    shape = (len(moments), 2 + inner, len(pits))
    weights, returns = np.zeros(shape), np.zeros(shape)
    for place, (symbol, pit) in enumerate(pits.items()):
        first = len(pit.tape) - int((np.array(pit.tape.known) >= moments[0]).sum())
        rows = np.searchsorted(moments, np.array(pit.tape.known[first : pit.place + 1], np.int64))
        if not len(rows):
            continue
        value, moved, left = _followed(pit, first, by_symbol[symbol], inner)
        worth = _worth(pit, moments)
        value, moved = value * worth[0][rows, None], moved.copy()
        last = np.searchsorted(rows, np.arange(len(moments)), side="right") - 1
        weights[:, :, place] = (np.where(last >= 0, left[last], 0.0) * worth[0] / before)[:, None]  # without a bar
        weights[rows, :, place] = value / before[rows, None]
        returns[rows, :, place] = moved
        returns[:, -1, place] = (1 + returns[:, -1, place]) * worth[1] - 1
    return Holdings(weights=weights, returns=returns, earned=returns_of(equity))


def _worth(pit: Pit, moments: NDArray[np.int64]) -> tuple[_Array, _Array]:
    """Give what the instrument's currency was worth at the moment before each, in units of the book, and its move.

    Before the first rate is known nothing can be held, so that the first one stands there: it has not moved yet.
    """
    if pit.purse is None:
        return np.ones(len(moments)), np.ones(len(moments))
    told = pit.purse.rated
    place = np.searchsorted(told.known, moments, side="right") - 1
    now = np.where(place >= 0, told.rate[place], np.nan) * pit.purse.scale
    there = np.flatnonzero(np.isfinite(now))
    now[: there[0] if len(there) else len(now)] = now[there[0]] if len(there) else 1.0
    before = np.concatenate((now[:1], now[:-1]))
    return before, np.ones(len(moments)) if financed(pit.tape) else now / before


def _bars(
    pits: Mapping[str, Pit], fills: Mapping[str, Mapping[int, list[Fill]]]
) -> Iterator[tuple[str, int, list[Fill]]]:
    """Give the bars in which something was filled, with it."""
    for symbol, by_bar in fills.items():
        at = np.array(pits[symbol].tape.at, np.int64)
        for moment, ones in by_bar.items():
            yield symbol, int(np.searchsorted(at, moment)), ones


def _followed(pit: Pit, first: int, fills: Mapping[int, list[Fill]], inner: int) -> tuple[_Array, _Array, _Array]:
    """Give the value held through each part of each bar, in units, the part's return, and what is held at the close."""
    tape, stop = pit.tape, pit.place + 1
    opens, closes = (np.array(one[first:stop], np.float64) for one in (tape.opens, tape.closes))
    split, paid = tape.split[first:stop], tape.dividend[first:stop]
    last = np.concatenate(([tape.closes[first - 1] if first else opens[0]], closes[:-1])) if len(opens) else closes
    inside = np.repeat(opens[:, None], inner, axis=1)
    lots = _lots(tape, first, fills, inside)
    ends = np.column_stack((split * (opens + paid), inside, closes))
    starts = np.column_stack((last, opens, inside))
    moved = np.divide(ends - starts, starts, out=np.zeros_like(ends), where=starts != 0)
    return lots * starts * pit.worth, moved, lots[:, -1] * closes * pit.worth


def _lots(tape: Tape, first: int, fills: Mapping[int, list[Fill]], inside: _Array) -> _Array:
    """Give the lots held through each part, and write the prices at which something was filled within a bar."""
    count, at = len(inside), tape.at
    splits = np.flatnonzero(tape.split[first : first + count] != 1).tolist()
    filled = np.searchsorted(np.array(at[first : first + count], np.int64), np.array(list(fills), np.int64)).tolist()
    lots, held, since = np.zeros((count, 2 + inside.shape[1])), 0.0, 0
    for bar in sorted({*filled, *splits}):
        lots[since:bar] = held
        lots[bar, 0] = held
        held = float(int(held * float(tape.split[first + bar])))
        early, late = _sorted(tape, first + bar, fills.get(at[first + bar], []))
        held += sum(size for size, _ in early)
        lots[bar, 1:] = held
        for number, (size, price) in enumerate(late):
            inside[bar, number:] = price
            held += size
            lots[bar, 2 + number :] = held
        since = bar + 1
    lots[since:] = held
    return lots


def _sorted(tape: Tape, bar: int, fills: list[Fill]) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Give the fills at the open and those within the bar, each its signed lots and its price in ticks."""
    early: list[tuple[float, float]] = []
    late: list[tuple[float, float]] = []
    for fill in fills:
        side = 1 if fill.side is Side.BUY else -1
        raw = float((fill.price - side * fill.slipped / fill.quantity) / tape.tick)
        lots = side * float(fill.quantity / tape.lot)
        if abs(raw - tape.opens[bar]) < 0.5:
            early.append((lots, raw))
        else:
            late.append((lots, raw))
    return early, late


def _begun(fill: Fill, tape: Tape) -> int:
    """Give when the bar of a fill opened: what was sold because no bar came any more is of the last one."""
    return tape.at[bisect_right(tape.at, round(fill.at.timestamp() * 1_000_000)) - 1]
