"""Several currencies in one book: a purse for each, and the rates at which money goes from one to another.

What is bought in another currency is paid by changing money at the rate that was known when the bar opened, and what a
sale brings is changed back. A currency pair is held against its own quote currency: its position is owed in that purse
until it is closed, and only what it gained or lost is changed.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ara.errors import BacktestError
from ara.market.instrument import AssetClass
from ara.trading.tape import Rated, Tape

if TYPE_CHECKING:
    from ara.data.currency import Rates

__all__ = ["Purse", "financed", "rated"]


def rated(tapes: Mapping[str, Tape], currency: str, rates: "Rates") -> dict[str, Tape]:
    """Give tapes for a book in a currency: those in others with the rates known at each moment that is played.

    Parameters
    ----------
    tapes
        The instruments by symbol.
    currency
        Of the book.
    rates
        As they were known; see `ara.data.currency.Rates`.

    Raises
    ------
    BacktestError
        No rate leads from an instrument's currency to the book's.
    """
    moments = np.unique(np.concatenate([np.array([*one.at, *one.known], np.int64) for one in tapes.values()]))
    made: dict[str, Rated] = {}
    found = {}
    for symbol, tape in tapes.items():
        code = tape.instrument.currency
        if code == currency:
            found[symbol] = replace(tape, rated=None)
            continue
        if code not in made:
            made[code] = _sampled(code, currency, rates, moments)
        found[symbol] = replace(tape, rated=made[code])
    return found


def _sampled(code: str, currency: str, rates: "Rates", moments: NDArray[np.int64]) -> Rated:
    """Give what one unit of a currency was worth at each moment."""
    import polars as pl

    from ara.errors import DataProviderError

    stamps = pl.Series("known_at", moments, dtype=pl.Int64).cast(pl.Datetime("us", "UTC"))
    asked = pl.DataFrame({"known_at": stamps, "rate": np.ones(len(moments))})
    try:
        told = rates.convert(asked, code, to=currency, columns=["rate"], gaps=True)["rate"]
    except DataProviderError as error:
        raise BacktestError(
            f"there are no rates from {code} to {currency}: {error.message}",
            hint=f"Name a file or source with {code}{currency} or {currency}{code}, or test these instruments apart.",
        ) from error
    values = told.fill_null(float("nan")).to_numpy()
    if not np.isfinite(values).any():
        raise BacktestError(
            f"no rate of {code}{currency} or {currency}{code} was known at any of these bars",
            hint="Name another range of dates, or get older rates.",
        )
    return Rated(currency=currency, code=code, known=moments, rate=values)


@dataclass(slots=True, kw_only=True)
class Purse:
    """Money of one foreign currency in a book, counted in units of its own.

    Parameters
    ----------
    rated
        What it is worth, and when.
    unit, step
        What it is counted in, and the smallest coin in units.
    scale
        Units of the book for one unit of this purse at a rate of 1.
    cost
        Share that changing money takes.
    money, paid
        What is in it, and commissions paid from it, in units.
    factor
        Units of the book for one of this purse, at the moment that was looked at last; 0 where no rate was known then
        and nothing was owned.
    seen
        That moment.
    moved
        What its rate's moves brought so far, in units of the book.
    """

    rated: Rated
    unit: Decimal
    step: int
    scale: float
    cost: float
    money: int = 0
    paid: int = 0
    factor: float = 0.0
    seen: int = 0
    moved: float = 0.0

    def look(self, moment: int, exposed: int) -> None:
        """Take the rate known at a moment; `exposed` is what was owned in this currency since the last, in units."""
        now = (self.rated.at(moment) if exposed or self.rated.tells(moment) else 0.0) * self.scale
        if exposed:
            self.moved += exposed * (now - self.factor)
        self.factor, self.seen = now, moment

    def known(self) -> float:
        """Give the factor, which has to be known."""
        return self.factor or self.rated.at(self.seen) * self.scale

    def price(self, amount: int, step: int) -> int:
        """Give what changing an amount into this purse takes from the book, below 0 what it brings.

        In units of the book, rounded against the trader to `step` of them, the cost of changing within.
        """
        share = self.cost if amount > 0 else -self.cost
        return math.ceil(round(amount * self.known() * (1.0 + share) / step, 6)) * step


def financed(tape: Tape) -> bool:
    """Say whether a position is owed in its own currency rather than paid: that of a currency pair is."""
    return tape.instrument.asset_class is AssetClass.FOREX
