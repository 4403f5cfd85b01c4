"""From what is held to what is wanted: whether that is due, the trades, the lots that are sold, and what it changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError
from ara.market.instrument import Instrument
from ara.performance.drawdown import drawdowns
from ara.portfolio.lots import Entry, Sold, settle
from ara.portfolio.position import Portfolio
from ara.portfolio.trades import Trade, Trades, currency_of, trades
from ara.portfolio.triggers import Due, Triggers
from ara.risk.contributions import spread
from ara.risk.moves import Moves
from ara.risk.tail import tail
from ara.statistics.covariance import covariance, nearest_psd

__all__ = ["Outlook", "Rebalanced", "Taxes", "outlook", "rebalance"]

_Array = NDArray[np.float64]
_NOTHING = Decimal(0)
_TAIL = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Taxes:
    """How sales are taxed.

    Parameters
    ----------
    method
        Which lots are sold: one of `LOTS`.
    picks
        Of `specific`, for each symbol: so much of what was bought on that day.
    wash_sales
        Whether losses are held back where as much is bought near by.
    """

    method: str = "fifo"
    picks: Mapping[str, Mapping[date, Decimal]] = field(default_factory=dict)
    wash_sales: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebalanced:
    """What to trade, and what comes of it.

    Parameters
    ----------
    before, after
        What is held now, and after the trades.
    off
        By how much the farthest weight is off.
    due
        Whether trading is due, and why.
    trades
        None of them where it is not due.
    sold
        The lots that these sales give up.
    held_back
        Earlier sales whose losses count less because of these purchases, as they stand afterwards.
    """

    before: Portfolio
    after: Portfolio
    off: float
    due: Due
    trades: Trades
    sold: tuple[Sold, ...]
    held_back: tuple[Sold, ...]

    def gained(self, *, long: bool) -> Decimal:
        """Give what counts as gained by what was held for more than a year, or by the rest."""
        return sum((one.gain for one in self.sold if one.long == long), _NOTHING)

    @property
    def disallowed(self) -> Decimal:
        """Losses of these sales that do not count."""
        return sum((one.disallowed for one in self.sold), _NOTHING)

    def as_dict(self) -> dict[str, Any]:
        """Give what lots have to do with it, as JSON values."""
        return {
            "lots": [one.as_dict() for one in self.sold],
            "gains": {
                "short": f"{self.gained(long=False).normalize():f}",
                "long": f"{self.gained(long=True).normalize():f}",
                "disallowed": f"{self.disallowed.normalize():f}",
            },
            "held_back": [one.as_dict() for one in self.held_back],
            "portfolio": self.after.as_dict(),
        }


def rebalance(
    weights: Mapping[str, float],
    instruments: Sequence[Instrument],
    prices: Mapping[str, Decimal],
    *,
    on: date,
    held: Mapping[str, Decimal] | None = None,
    entries: Sequence[Entry] = (),
    cash: Decimal = _NOTHING,
    cost: Decimal = _NOTHING,
    least: Decimal = _NOTHING,
    taxes: Taxes | None = None,
    triggers: Triggers | None = None,
    last: date | None = None,
    returns: _Array | None = None,
) -> Rebalanced:
    """Give the trades that lead to weights, if they are due, and the lots that they sell.

    Parameters
    ----------
    weights
        Wanted share of each symbol; what is held and not named is sold.
    instruments, prices
        Of all that is wanted or held; one currency.
    on
        The day.
    held
        Quantities without known lots.
    entries
        What was bought and sold before: their lots are held too.
    cash, cost, least
        As for `trades`.
    taxes
        Which lots are sold: the oldest if None.
    triggers, last, returns
        What makes trading due, the day of the last trade, and the returns that volatility is judged by.
    """
    how = taxes or Taxes()
    currency = currency_of(instruments)
    if late := [one for one in entries if one.on > on]:
        raise ValidationError(f"{late[0].symbol} was traded on {late[0].on}, after {on}.", hint="Take a later day.")
    account = settle(entries, wash_sales=how.wash_sales)
    own = held or {}
    if both := sorted({one for one, quantity in own.items() if quantity} & set(account.held())):
        raise ValidationError(f"{both[0]} is held with lots and without.", hint="Name it in one place.")
    before = Portfolio.marked(instruments, prices, held=own, account=account, cash={currency: cash})
    now = before.weights(currency)
    off = max(abs(now.get(one, 0.0) - weights.get(one, 0.0)) for one in {*now, *weights})
    due = (triggers or Triggers()).judge(off=off, today=on, last=last, returns=returns)
    owned = {one.instrument.symbol: one.quantity for one in before.positions}
    lots = {one.symbol: one.lot for one in instruments}
    found = (
        trades(weights, prices=prices, lots=lots, held=owned, cash=cash, cost=cost, least=least)
        if due.due
        else Trades(orders=(), quantities=owned, cash=cash, weights=now)
    )
    planned = _planned([one for one in found.orders if one.symbol not in own], on, how)
    later = settle([*entries, *planned], wash_sales=how.wash_sales)
    ours, theirs = later.sold, account.sold
    bare = {name: found.quantities[name] for name in own if name in found.quantities}
    after = Portfolio.marked(instruments, prices, held=bare, account=later, cash={currency: found.cash})
    return Rebalanced(
        before=before,
        after=after,
        off=off,
        due=due,
        trades=found,
        sold=tuple(one for one in ours if one.on == on and one not in theirs),
        held_back=tuple(one for one in ours if one.on < on and one not in theirs),
    )


def _planned(orders: Sequence[Trade], on: date, how: Taxes) -> list[Entry]:
    """Give trades as entries."""
    if wrong := sorted(set(how.picks) - {one.symbol for one in orders if one.quantity < 0}):
        raise ValidationError(f"Lots of {wrong[0]} are named, and none of it is sold.")
    return [
        Entry(
            symbol=one.symbol,
            on=on,
            quantity=one.quantity,
            amount=abs(one.value) + (one.cost if one.quantity > 0 else -one.cost),
            method=how.method if one.quantity < 0 else "fifo",
            picks=how.picks.get(one.symbol, {}) if one.quantity < 0 else {},
        )
        for one in orders
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What weights would have been like on days of the past, put right each day.

    Parameters
    ----------
    volatility
        Of a year.
    var, cvar
        Loss of a day that 95 % of the days stay within, and the mean of the others; None with fewer than 50 days.
    fall
        The deepest fall, above 0.
    holdings, bets
        As many equal holdings would be as concentrated, and as many independent bets; None where nothing is held or
        moves.
    """

    volatility: float
    var: float | None
    cvar: float | None
    fall: float
    holdings: float | None
    bets: float | None

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "volatility": self.volatility,
            "var_95": self.var,
            "cvar_95": self.cvar,
            "fall": self.fall,
            "holdings": self.holdings,
            "bets": self.bets,
        }


def outlook(weights: Mapping[str, float], moves: Moves) -> Outlook:
    """Give what weights would have been like on the days of these returns; what is not named is not held."""
    held = np.array([weights.get(one, 0.0) for one in moves.symbols])
    whole = np.maximum(moves.returns @ held, -1.0)
    lost = tail(whole) if len(whole) >= _TAIL else None
    wide = spread(held, nearest_psd(covariance(moves.returns))) if np.abs(held).sum() > 0 else None
    worst = drawdowns(np.concatenate(([1.0], np.cumprod(1 + whole))), most=1).worst
    return Outlook(
        volatility=float(whole.std(ddof=1)) * moves.per_year**0.5,
        var=lost.var if lost else None,
        cvar=lost.cvar if lost else None,
        fall=abs(worst[0].depth) if worst else 0.0,
        holdings=wide.holdings if wide else None,
        bets=wide.bets if wide else None,
    )
