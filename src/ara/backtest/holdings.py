"""What was held through each part of each bar, as shares of the equity, and what it brought.

A bar has three parts: from the close before it to its open, from the open to where something was filled within it, and
from there to its close. Between them nothing changes, so shares times returns add up to what was earned before costs.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.backtest.engine import Played
from ara.performance.inputs import returns_of
from ara.trading.order import Fill, Side
from ara.trading.pit import Pit
from ara.trading.tape import Tape

__all__ = ["PARTS", "Holdings", "holdings"]

PARTS: Final = 3
"""Parts of a bar: overnight, to the first fill within it, and from there to the close."""

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Holdings:
    """Shares of the equity, and the returns that they met.

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
    shape = (len(moments), PARTS, len(pits))
    weights, returns = np.zeros(shape), np.zeros(shape)
    by_symbol: dict[str, list[Fill]] = {symbol: [] for symbol in pits}
    for fill in run.exchange.fills:
        by_symbol[fill.symbol].append(fill)
    for place, (symbol, pit) in enumerate(pits.items()):
        first = len(pit.tape) - int((np.array(pit.tape.known) >= moments[0]).sum())
        rows = np.searchsorted(moments, np.array(pit.tape.known[first : pit.place + 1], np.int64))
        value, moved = _followed(pit, first, by_symbol[symbol])
        weights[rows, :, place] = value / before[rows, None]
        returns[rows, :, place] = moved
    return Holdings(weights=weights, returns=returns, earned=returns_of(equity))


def _followed(pit: Pit, first: int, fills: list[Fill]) -> tuple[_Array, _Array]:
    """Give the value held through each part of each bar, in units, and the part's return."""
    tape, stop = pit.tape, pit.place + 1
    opens, closes = (np.array(one[first:stop], np.float64) for one in (tape.opens, tape.closes))
    split, paid = tape.split[first:stop], tape.dividend[first:stop]
    last = np.concatenate(([tape.closes[first - 1] if first else opens[0]], closes[:-1])) if len(opens) else closes
    inside, lots = opens.copy(), np.zeros((len(opens), PARTS))
    _lots(tape, first, fills, lots, inside)
    grown = split * (opens + paid)
    ends = np.stack((grown, inside, closes), axis=1)
    starts = np.stack((last, opens, inside), axis=1)
    moved = np.divide(ends - starts, starts, out=np.zeros_like(ends), where=starts != 0)
    return lots * starts * pit.worth, moved


def _lots(tape: Tape, first: int, fills: list[Fill], lots: _Array, inside: _Array) -> None:
    """Write the lots held through each part, and the price at which something was filled within a bar."""
    places = {at: number for number, at in enumerate(tape.at[first : first + len(lots)])}
    events: dict[int, list[Fill]] = {}
    for fill in fills:
        events.setdefault(places[_micros(fill)], []).append(fill)
    changes = sorted(set(events) | set(np.flatnonzero(tape.split[first : first + len(lots)] != 1).tolist()))
    held, since = 0.0, 0
    for bar in changes:
        lots[since:bar] = held
        lots[bar, 0] = held
        held = float(int(held * float(tape.split[first + bar])))
        early, late = _sorted(tape, first + bar, events.get(bar, []))
        held += sum(size for size, _ in early)
        lots[bar, 1] = held
        moved = sum(size for size, _ in late)
        if moved:
            inside[bar] = sum(size * price for size, price in late) / moved
        held += moved
        lots[bar, 2] = held
        since = bar + 1
    lots[since:] = held


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


def _micros(fill: Fill) -> int:
    return round(fill.at.timestamp() * 1_000_000)
