"""Round trips: what was bought and sold again, what each brought, how long it was held, how much was turned over."""

import math
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ara.errors import ValidationError
from ara.performance.inputs import checked, quotient, yearly

__all__ = [
    "Deal",
    "Exposure",
    "RoundTrip",
    "TradeMeasures",
    "expectancy",
    "exposure",
    "measure_trades",
    "profit_factor",
    "round_trips",
    "turnover",
    "win_rate",
]

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """Something bought or sold at a moment.

    Parameters
    ----------
    instrument
        What was traded.
    at
        Number of the bar; any number that orders time will do, and holding times are told in it.
    quantity
        How much: above 0 bought, below 0 sold.
    price
        Of one, in the account's currency.
    fee
        Paid for the whole deal: commission, taxes; at least 0.
    """

    instrument: str
    at: float
    quantity: float
    price: float
    fee: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundTrip:
    """A quantity that was opened at one moment and closed at another.

    Parameters
    ----------
    instrument
        What was traded.
    quantity
        How much: above 0 it was held, below 0 it was owed (short).
    opened, closed
        When, as the deals say it.
    entry, exit
        Prices of one.
    cost
        The share of the fees of both deals.
    """

    instrument: str
    quantity: float
    opened: float
    closed: float
    entry: float
    exit: float
    cost: float

    @property
    def gain(self) -> float:
        """What it brought after its costs, in the account's currency."""
        return self.quantity * (self.exit - self.entry) - self.cost

    @property
    def share(self) -> float | None:
        """The gain as a share of what was put in; None where the price was 0."""
        return quotient(self.gain, abs(self.quantity * self.entry))

    @property
    def held(self) -> float:
        """How long it was open, in the unit of `at`."""
        return self.closed - self.opened


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeMeasures:
    """What round trips brought; None where a measure is not defined.

    Parameters
    ----------
    count
        Round trips.
    gain, cost
        Sum of what they brought after costs, and of the costs.
    win_rate
        Share that won, of those that won or lost.
    profit_factor
        Sum of what was won by the sum of what was lost.
    expectancy
        Mean of those that won or lost.
    average_win, average_loss
        Mean of those that won, and of those that lost (below 0).
    payoff
        Average win by average loss, without sign.
    break_even
        The win rate at which wins and losses of these sizes bring nothing: 1 / (1 + payoff).
    best, worst
        Largest and smallest gain.
    held
        Mean holding time, in the unit of the deals' `at`.
    losing_run
        Most losses one after another, in the order in which they were closed.
    """

    count: int
    gain: float
    cost: float
    win_rate: float | None
    profit_factor: float | None
    expectancy: float | None
    average_win: float | None
    average_loss: float | None
    payoff: float | None
    break_even: float | None
    best: float | None
    worst: float | None
    held: float | None
    losing_run: int

    def as_dict(self) -> dict[str, float | int | None]:
        """Give the measures by name, as JSON has them."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """How much was in the market, as shares of the equity.

    Parameters
    ----------
    share
        Share of the bars with any position.
    gross, net
        Mean of Σ |weight| and of Σ weight.
    largest
        The largest Σ |weight|.
    """

    share: float
    gross: float
    net: float
    largest: float


def round_trips(deals: Iterable[Deal]) -> tuple[RoundTrip, ...]:
    """Match deals into round trips: what was opened first is closed first; what is still open is left out.

    A deal that turns a position closes it and opens the other side with what is left; its fee is shared by quantity.

    Parameters
    ----------
    deals
        In the order in which they happened.

    Raises
    ------
    ValidationError
        Where a deal goes back in time, or one of its numbers is none.
    """
    open_lots: dict[str, deque[Deal]] = {}
    found: list[RoundTrip] = []
    before = -math.inf
    for deal in deals:
        _check(deal, before)
        before = deal.at
        lots = open_lots.setdefault(deal.instrument, deque())
        left = deal.quantity
        while lots and left and (lots[0].quantity > 0) != (left > 0):
            first = lots.popleft()
            matched = min(abs(first.quantity), abs(left))
            found.append(_trip(first, deal, matched))
            left = math.copysign(abs(left) - matched, left)
            if abs(first.quantity) > matched:
                lots.appendleft(_part(first, math.copysign(abs(first.quantity) - matched, first.quantity)))
        if left:
            lots.append(_part(deal, left))
    return tuple(found)


def _check(deal: Deal, before: float) -> None:
    numbers = (deal.at, deal.quantity, deal.price, deal.fee)
    if not all(map(math.isfinite, numbers)) or deal.fee < 0:
        raise ValidationError(f"A deal in {deal.instrument:.40} says {numbers}.", hint="Give finite numbers, fee >= 0.")
    if deal.at < before:
        raise ValidationError(
            f"A deal in {deal.instrument:.40} at {deal.at:g} follows one at {before:g}.",
            hint="Give the deals in the order in which they happened.",
        )


def _part(deal: Deal, quantity: float) -> Deal:
    fee = deal.fee * quantity / deal.quantity
    return Deal(instrument=deal.instrument, at=deal.at, quantity=quantity, price=deal.price, fee=fee)


def _trip(first: Deal, last: Deal, matched: float) -> RoundTrip:
    return RoundTrip(
        instrument=first.instrument,
        quantity=math.copysign(matched, first.quantity),
        opened=first.at,
        closed=last.at,
        entry=first.price,
        exit=last.price,
        cost=first.fee * matched / abs(first.quantity) + last.fee * matched / abs(last.quantity),
    )


def measure_trades(trips: Sequence[RoundTrip]) -> TradeMeasures:
    """Measure round trips by what they brought after costs.

    Without any, count, gain and cost are 0 and the rest None; without a loss there is no profit factor.
    """
    gains = np.array([one.gain for one in sorted(trips, key=lambda one: one.closed)], np.float64)
    won, lost = gains[gains > 0], gains[gains < 0]
    average_win = float(won.mean()) if len(won) else None
    average_loss = float(lost.mean()) if len(lost) else None
    payoff = quotient(average_win, None if average_loss is None else -average_loss)
    return TradeMeasures(
        count=len(gains),
        gain=float(gains.sum()),
        cost=float(sum(one.cost for one in trips)),
        win_rate=win_rate(gains),
        profit_factor=profit_factor(gains),
        expectancy=expectancy(gains),
        average_win=average_win,
        average_loss=average_loss,
        payoff=payoff,
        break_even=None if payoff is None else 1 / (1 + payoff),
        best=float(gains.max()) if len(gains) else None,
        worst=float(gains.min()) if len(gains) else None,
        held=float(np.mean([one.held for one in trips])) if trips else None,
        losing_run=_longest(gains < 0),
    )


def _longest(marked: NDArray[np.bool_]) -> int:
    most = run = 0
    for one in marked:
        run = run + 1 if one else 0
        most = max(most, run)
    return most


def turnover(traded: ArrayLike, equity: ArrayLike, *, per_year: float) -> float | None:
    """Give how often the equity is turned over in a year: Σ |traded| / 2 / mean equity · per_year / bars.

    Buying and selling the whole once is 1. None without bars, and where the mean equity is not above 0.

    Parameters
    ----------
    traded
        Worth of what was bought and sold in each bar, together.
    equity
        At each bar.
    per_year
        Bars of a year by the venue's calendar.
    """
    moved, wealth = (checked(one, what=name, least=-math.inf) for one, name in ((traded, "traded"), (equity, "equity")))
    yearly(per_year)
    if len(moved) != len(wealth):
        raise ValidationError(
            f"There are {len(moved)} bars traded and {len(wealth)} of equity.", hint="One of each a bar."
        )
    if not len(moved) or wealth.mean() <= 0:
        return None
    return quotient(float(np.abs(moved).sum()) / 2 * per_year / len(moved), float(wealth.mean()))


def exposure(weights: ArrayLike) -> Exposure | None:
    """Give how much was in the market, from weights `[bar]` or `[bar, instrument]`; None without bars."""
    array = np.asarray(weights, np.float64)
    table = array[:, None] if array.ndim == 1 else array
    if table.ndim != 2 or not np.isfinite(table).all():
        raise ValidationError("Weights are no table of finite numbers.", hint="Give [bar] or [bar, instrument].")
    if not table.size:
        return None
    gross = np.abs(table).sum(axis=1)
    return Exposure(
        share=float((gross > 0).mean()),
        gross=float(gross.mean()),
        net=float(table.sum(axis=1).mean()),
        largest=float(gross.max()),
    )


def win_rate(gains: ArrayLike) -> float | None:
    """Give the share that won of those that won or lost; None where none did either."""
    array = checked(gains, what="gains", least=-math.inf)
    return quotient(float((array > 0).sum()), float((array != 0).sum()))


def profit_factor(gains: ArrayLike) -> float | None:
    """Give Σ gains / Σ losses: above 1, more was won than lost. None where nothing was lost (it is not infinite)."""
    array = checked(gains, what="gains", least=-math.inf)
    return quotient(float(np.maximum(array, 0.0).sum()), float(np.maximum(-array, 0.0).sum()))


def expectancy(gains: ArrayLike) -> float | None:
    """Give the mean of those that won or lost: win rate · mean win + (1 - win rate) · mean loss; None without any."""
    array = checked(gains, what="gains", least=-math.inf)
    moved = array[array != 0]
    return float(moved.mean()) if len(moved) else None
