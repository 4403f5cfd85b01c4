"""How much of a portfolio's risk comes from the currencies that its holdings are priced in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError
from ara.risk.contributions import contributions

__all__ = ["CurrencyRisk", "currency_risk"]

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencyRisk:
    """Risk of a bar, seen from one's own currency.

    Parameters
    ----------
    home
        The currency that it is seen from.
    volatility
        Of the whole, as it is.
    hedged
        Of the whole, were every currency hedged without cost.
    exposure
        Weight in each foreign currency.
    contribution
        Part of the volatility that each foreign currency brings; with the holdings' own parts they sum to the whole.
    best_hedge
        Share of each exposure whose hedging makes the volatility least, all others left as they are: above 1 is more
        than all, below 0 is buying more of it. None where its rate does not move.
    """

    home: str
    volatility: float
    hedged: float
    exposure: Mapping[str, float]
    contribution: Mapping[str, float]
    best_hedge: Mapping[str, float | None]

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "home": self.home,
            "volatility": self.volatility,
            "hedged": self.hedged,
            "currencies": {
                code: {
                    "exposure": self.exposure[code],
                    "contribution": self.contribution[code],
                    "best_hedge": self.best_hedge[code],
                }
                for code in self.exposure
            },
        }


def currency_risk(
    weights: Sequence[float] | _Array,
    returns: _Array,
    currencies: Sequence[str],
    rates: Mapping[str, _Array],
    *,
    home: str,
) -> CurrencyRisk:
    """Split the risk of holdings in several currencies into what they do themselves and what their currencies do.

    A holding's return at home is (1 + own) · (1 + rate) - 1; the product of the two, small over a day, counts with the
    holding, so that the parts sum exactly.

    Parameters
    ----------
    weights
        `[holding]`.
    returns
        `[bar, holding]`: in each holding's own currency, finite.
    currencies
        Of each holding.
    rates
        Of each foreign currency: the return of its value at home, `[bar]`.
    home
        One's own currency.
    """
    given = np.asarray(weights, np.float64)
    foreign = [code for code in dict.fromkeys(currencies) if code != home]
    if missing := [code for code in foreign if code not in rates]:
        raise ValidationError(f"There is no rate of {missing[0]} in {home}.", hint="Give its returns.")
    nothing = np.zeros(len(returns))
    moved = np.column_stack([rates.get(code, nothing) if code != home else nothing for code in currencies])
    own = returns * (1 + moved)
    held = np.array([sum(w for w, one in zip(given, currencies, strict=True) if one == code) for code in foreign])
    parts = np.column_stack([own, *(rates[code] for code in foreign)])
    covariance = np.atleast_2d(np.cov(parts, rowvar=False))
    whole = contributions(np.concatenate([given, held]), covariance=covariance)
    hedged = contributions(given, covariance=np.atleast_2d(np.cov(returns, rowvar=False)))
    total = parts @ np.concatenate([given, held])
    return CurrencyRisk(
        home=home,
        volatility=whole.total,
        hedged=hedged.total,
        exposure={code: float(held[place]) for place, code in enumerate(foreign)},
        contribution={code: float(whole.component[len(given) + place]) for place, code in enumerate(foreign)},
        best_hedge={code: _best(total, rates[code], float(held[place])) for place, code in enumerate(foreign)},
    )


def _best(total: _Array, rate: _Array, held: float) -> float | None:
    """Give the share of an exposure to sell, so that what is left does not move with its rate."""
    away = rate - rate.mean()
    size = float(away @ away)
    return float(away @ total) / size / held if size > 0 and held else None
