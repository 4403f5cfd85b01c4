"""Trades that lead from what is held to weights: whole lots, never more than the cash."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Any

from ara.errors import ValidationError
from ara.market.instrument import Instrument
from ara.market.money import CODES

__all__ = ["Trade", "Trades", "currency_of", "trades"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """Buy (above 0) or sell so much of one instrument at a price, for so much cost."""

    symbol: str
    quantity: Decimal
    price: Decimal
    cost: Decimal

    @property
    def value(self) -> Decimal:
        """Quantity times price: above 0 is paid."""
        return self.quantity * self.price

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values; amounts are texts, exactly."""
        return {
            "symbol": self.symbol,
            "side": "buy" if self.quantity > 0 else "sell",
            "quantity": str(abs(self.quantity)),
            "price": str(self.price),
            "value": str(abs(self.value)),
            "cost": str(self.cost),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Trades:
    """What to trade, and what is held after it.

    Parameters
    ----------
    orders
        Sales first, since they bring the cash.
    quantities
        Held afterwards, of each symbol.
    cash
        Left afterwards, not below 0 where it was not before and nothing is borrowed.
    weights
        Of what is held afterwards; what is missing to 1 is cash.
    """

    orders: tuple[Trade, ...]
    quantities: Mapping[str, Decimal]
    cash: Decimal
    weights: Mapping[str, float]

    @property
    def costs(self) -> Decimal:
        """Of all of them."""
        return sum((one.cost for one in self.orders), Decimal(0))


def trades(
    weights: Mapping[str, float],
    *,
    prices: Mapping[str, Decimal],
    lots: Mapping[str, Decimal],
    held: Mapping[str, Decimal] | None = None,
    cash: Decimal = Decimal(0),
    cost: Decimal = Decimal(0),
    least: Decimal = Decimal(0),
) -> Trades:
    """Give the trades in whole lots that come nearest to weights without more cash than there is.

    Quantities are rounded towards 0. What cash is left buys one lot after the other of what is farthest below its
    weight, as long as the lot's value is at most twice what is missing. What is held and has no weight is sold.

    Parameters
    ----------
    weights
        Wanted share of each symbol.
    prices, lots
        Of each symbol that is wanted or held: its price, and the smallest step of a quantity.
    held
        Quantities held now.
    cash
        At hand.
    cost
        Of trading, as a share of the value.
    least
        Trades of a smaller value are left out.

    Raises
    ------
    ValidationError
        A price or a lot is missing or not above 0, or all together is worth nothing.
    """
    now = {symbol: amount for symbol, amount in (held or {}).items() if amount}
    basket = _Basket(sorted({*weights, *now}), prices, lots, now, cash, cost)
    basket.aim(weights, least)
    if basket.left < 0 <= 1 - sum(weights.values()) + 1e-9:  # what borrows on purpose ends below 0
        basket.less()
    basket.more(least)
    return basket.trades()


class _Basket:
    """Quantities on their way to what is wanted, and the cash that is left."""

    def __init__(
        self,
        names: Sequence[str],
        prices: Mapping[str, Decimal],
        lots: Mapping[str, Decimal],
        now: Mapping[str, Decimal],
        cash: Decimal,
        cost: Decimal,
    ) -> None:
        for symbol in names:
            if not prices.get(symbol, Decimal(0)) > 0 or not lots.get(symbol, Decimal(0)) > 0:
                raise ValidationError(f"{symbol} has no price or no lot above 0.", hint="Look at it: ara data show")
        if not 0 <= cost < 1:
            raise ValidationError(f"The cost is {cost}; it is from 0 to below 1.")
        self.names, self.prices, self.lots, self.cash, self.cost = names, prices, lots, cash, cost
        self.now = {one: now.get(one, Decimal(0)) for one in names}
        self.wanted, self.found = dict(self.now), dict(self.now)

    @property
    def left(self) -> Decimal:
        """The cash after all changes and their costs."""
        changes = [(self.found[one] - self.now[one]) * self.prices[one] for one in self.names]
        return self.cash - sum((change + abs(change) * self.cost for change in changes), Decimal(0))

    def missing(self, name: str) -> tuple[Decimal, str]:
        """Give the value by which one is below what is wanted; the name decides between equals."""
        return (self.wanted[name] - self.found[name]) * self.prices[name], name

    def aim(self, weights: Mapping[str, float], least: Decimal) -> None:
        """Round what is wanted towards 0; what hardly changes stays."""
        whole = self.cash + sum((self.now[one] * self.prices[one] for one in self.names), Decimal(0))
        if not whole > 0:
            raise ValidationError("All that is held is worth nothing.", hint="Give the cash that is there.")
        for one in self.names:
            self.wanted[one] = Decimal(repr(float(weights.get(one, 0.0)))) * whole / self.prices[one]
            rounded = (self.wanted[one] / self.lots[one]).to_integral_value(ROUND_DOWN) * self.lots[one]
            if abs(rounded - self.now[one]) * self.prices[one] >= least:
                self.found[one] = rounded

    def less(self) -> None:
        """Take lots off what is most above its weight until the cash suffices."""
        while (left := self.left) < 0:
            over = [one for one in self.names if self.found[one] >= self.lots[one]]
            if not over:
                return
            one = min(over, key=self.missing)
            lot = self.lots[one]
            # all that the cash lacks, spread over those that may give, at least a lot
            lacking = (-left / (self.prices[one] * lot * len(over))).to_integral_value(ROUND_DOWN)
            self.found[one] -= min(max(lacking, Decimal(1)) * lot, self.found[one] // lot * lot)

    def more(self, least: Decimal) -> None:
        """Buy single lots of what is farthest below its weight, or sell a lot less, while the cash suffices."""
        open_ = {one for one in self.names if self.missing(one)[0] > 0}
        left = self.left
        while open_:
            one = max(open_, key=self.missing)
            open_.discard(one)
            value = self.lots[one] * self.prices[one]
            moved = (self.found[one] + self.lots[one] - self.now[one]) * self.prices[one]
            paid = value * (1 + self.cost if moved > 0 else 1 - self.cost)
            enough = moved == 0 or abs(moved) >= least
            if value <= 2 * self.missing(one)[0] and paid <= left and enough:
                self.found[one] += self.lots[one]
                left -= paid

    def trades(self) -> Trades:
        """Give the changes, sales first, and what is held after them."""
        orders = [
            Trade(symbol=one, quantity=change, price=self.prices[one], cost=abs(change) * self.prices[one] * self.cost)
            for one in self.names
            if (change := self.found[one] - self.now[one])
        ]
        left = self.left
        after = left + sum((self.found[one] * self.prices[one] for one in self.names), Decimal(0))
        return Trades(
            orders=tuple(sorted(orders, key=lambda one: (one.quantity > 0, one.symbol))),
            quantities={one: self.found[one] for one in self.names if self.found[one]},
            cash=left,
            weights={one: float(self.found[one] * self.prices[one] / after) if after else 0.0 for one in self.names},
        )


def currency_of(instruments: Sequence[Instrument]) -> str:
    """Give the one currency that instruments are priced in.

    Raises
    ------
    ValidationError
        There are none, or they are priced in several.
    """
    from ara.data.dollars import missing

    priced = {one.currency: one.symbol for one in reversed(instruments)}
    codes = sorted(priced)
    if not codes:
        raise ValidationError("Nothing is held or wanted.", hint="Name something: AAPL=0.5")
    if len(codes) > 1:
        coin = next((code for code in codes if code not in CODES), None)
        told = " and ".join(f"{priced[code]} in {code}" for code in codes[:2])
        hint = (
            missing(coin) if coin and "USD" in codes else f"Trade those in {codes[0]} apart from those in {codes[1]}."
        )
        raise ValidationError(f"{told}: trades are counted in one currency.", hint=hint)
    return codes[0]
