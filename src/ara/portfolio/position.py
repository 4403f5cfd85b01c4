"""What is held: cash by currency, and positions with their lots and what they are worth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ara.errors import ValidationError
from ara.market.instrument import Instrument
from ara.portfolio.lots import Account, Lot

__all__ = ["Portfolio", "Position"]

_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """One instrument that is held.

    Parameters
    ----------
    instrument
        What.
    quantity
        How much of it.
    price
        What one unit is worth now, in the instrument's currency.
    lots
        What it was bought as; empty where nobody said. They sum to the quantity.
    """

    instrument: Instrument
    quantity: Decimal
    price: Decimal
    lots: tuple[Lot, ...] = ()

    def __post_init__(self) -> None:
        if not (self.quantity.is_finite() and self.price.is_finite()):
            raise ValidationError(f"{self.instrument.symbol}: quantity and price are numbers.")
        if self.lots and sum(one.quantity for one in self.lots) != self.quantity:
            raise ValidationError(f"The lots of {self.instrument.symbol} are not {self.quantity} together.")

    @property
    def value(self) -> Decimal:
        """Quantity times price."""
        return self.quantity * self.price

    @property
    def cost(self) -> Decimal | None:
        """What its lots had cost; None where they are not known."""
        return sum((one.cost for one in self.lots), _NOTHING) if self.lots else None

    @property
    def unrealised(self) -> Decimal | None:
        """What selling all of it at its price would gain, costs of trading apart; None where lots are not known."""
        return None if self.cost is None else self.value - self.cost

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values; amounts are texts, exactly."""
        return {
            "symbol": self.instrument.symbol,
            "currency": self.instrument.currency,
            "quantity": f"{self.quantity.normalize():f}",
            "price": str(self.price),
            "value": f"{self.value.normalize():f}",
            "cost": None if self.cost is None else f"{self.cost.normalize():f}",
            "unrealised": None if self.unrealised is None else f"{self.unrealised.normalize():f}",
            "lots": [one.as_dict() for one in self.lots],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Portfolio:
    """All that is held at one moment.

    Parameters
    ----------
    cash
        Of each currency; below 0 it is borrowed.
    positions
        One for each instrument.
    """

    cash: Mapping[str, Decimal] = field(default_factory=dict)
    positions: tuple[Position, ...] = ()

    def __post_init__(self) -> None:
        names = [one.instrument.symbol for one in self.positions]
        if twice := {one for one in names if names.count(one) > 1}:
            raise ValidationError(f"{min(twice)} is there twice.", hint="Give each instrument one position.")

    @classmethod
    def marked(
        cls,
        instruments: Sequence[Instrument],
        prices: Mapping[str, Decimal],
        *,
        held: Mapping[str, Decimal],
        account: Account | None = None,
        cash: Mapping[str, Decimal] | None = None,
    ) -> "Portfolio":
        """Give what is held of instruments, at prices of now.

        Parameters
        ----------
        instruments, prices
            Of all that is held, and maybe more; a price for each symbol.
        held
            Quantities; those that an account holds come on top.
        account
            Lots that are held.
        cash
            Of each currency.
        """
        own = account.held() if account else {}
        found = []
        for one in instruments:
            bare, bought = held.get(one.symbol, _NOTHING), own.get(one.symbol, _NOTHING)
            if bare + bought:
                lots = account.of(one.symbol) if account and not bare else ()
                found.append(Position(instrument=one, quantity=bare + bought, price=prices[one.symbol], lots=lots))
        known = {one.symbol for one in instruments}
        if missing := [name for name in {**own, **held} if name not in known]:
            raise ValidationError(f"There is no price of {missing[0]}, which is held.")
        return cls(cash=dict(cash or {}), positions=tuple(found))

    def value(self, currency: str, rates: Mapping[str, Decimal] | None = None) -> Decimal:
        """Give what all is worth in one currency.

        Parameters
        ----------
        currency
            Which.
        rates
            What a unit of each other currency is worth in it.
        """
        return sum((self._in(code, amount, currency, rates) for code, amount in self._amounts()), _NOTHING)

    def weights(self, currency: str, rates: Mapping[str, Decimal] | None = None) -> dict[str, float]:
        """Give the share of each position in the whole, cash included."""
        whole = self.value(currency, rates)
        if not whole > 0:
            raise ValidationError("All that is held is worth nothing.", hint="Give the cash that is there.")
        return {
            one.instrument.symbol: float(self._in(one.instrument.currency, one.value, currency, rates) / whole)
            for one in self.positions
        }

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "cash": {code: f"{amount.normalize():f}" for code, amount in self.cash.items()},
            "positions": [one.as_dict() for one in self.positions],
        }

    def _amounts(self) -> list[tuple[str, Decimal]]:
        return [*self.cash.items(), *((one.instrument.currency, one.value) for one in self.positions)]

    @staticmethod
    def _in(code: str, amount: Decimal, currency: str, rates: Mapping[str, Decimal] | None) -> Decimal:
        if code == currency:
            return amount
        rate = (rates or {}).get(code)
        if rate is None or not rate > 0:
            raise ValidationError(f"There is no rate of {code} in {currency}.", hint="Give what one unit is worth.")
        return amount * rate
