"""Parts of a portfolio's risk on a terminal: who brings how much, how widely it is spread, currencies, selling."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ara.cli.commands.holdings import Held
from ara.cli.render.data_table import Column, table
from ara.cli.render.numbers import grouped, percent
from ara.cli.render.risk import header
from ara.cli.screen import Screen
from ara.cli.words import clean, wrapped
from ara.risk import Contributions, CurrencyRisk, Liquidity, Spread

__all__ = ["SeenParts", "parts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenParts:
    """What is to be shown.

    Parameters
    ----------
    held
        The portfolio.
    days, method, level
        How many were looked at, by which covariance, at which level.
    parts
        Of the risk.
    alone
        Each holding's own volatility of a day.
    spread
        How wide weights and risk are spread.
    currencies
        The risk of currencies, where that was asked.
    sold
        How each could be sold, where it is known what it is worth.
    """

    held: Held
    days: int
    method: str
    level: float
    parts: Contributions
    alone: NDArray[np.float64]
    spread: Spread
    currencies: CurrencyRisk | None
    sold: Sequence[Liquidity]


def parts(seen: SeenParts, s: Screen) -> str:
    """Give the answer, the table of parts, and what else was asked."""
    lines = header(seen.held, seen.days, s)
    lines += [*wrapped(_answer(seen), s.width), "", *_table(seen, s), "", *wrapped(_spread(seen.spread), s.width)]
    if seen.currencies:
        lines += ["", *_currencies(seen.currencies, s)]
    if seen.sold:
        lines += ["", *_sold(seen.sold, s)]
    return "\n".join(lines)


def _answer(seen: SeenParts) -> str:
    names, total = list(seen.held.weights), seen.parts.total
    what = {
        "volatility": "deviation of a day",
        "var": f"Gaussian loss that {percent(seen.level, 0, signed=False)} of days stay within",
        "cvar": f"mean loss beyond {percent(seen.level, 0, signed=False)} of days",
    }[seen.parts.measure]
    if not total:
        return "Nothing in it moves, so there is no risk to share."
    first = int(np.argmax(seen.parts.component))
    share = percent(float(seen.parts.share[first]), 0, signed=False)
    weight = percent(list(seen.held.weights.values())[first], 0, signed=False)
    brings = f"{clean(names[first])} brings {share} of the risk with {weight} of the weight"
    return f"{brings}; the {what} is {percent(total, 2, signed=False)}."


def _table(seen: SeenParts, s: Screen) -> list[str]:
    order = sorted(range(len(seen.alone)), key=lambda place: -float(seen.parts.component[place]))
    rows = list(seen.held.weights.items())
    share = np.nan_to_num(seen.parts.share)

    def column(head: str, values: Sequence[float], digits: int, leave: int = 0) -> Column:
        cells = [percent(float(values[place]), digits, signed=False) for place in order]
        return Column(head=head, cells=cells, right=True, leave=leave)

    return table(
        [
            Column(head="holding", cells=[rows[place][0] for place in order]),
            column("weight", [weight for _, weight in rows], 1),
            column("of the risk", list(share), 1),
            column("part", list(seen.parts.component), 3, leave=2),
            column("each 1 % more", list(seen.parts.marginal * 0.01), 4, leave=3),
            column("alone, a day", list(seen.alone), 2, leave=4),
        ],
        s,
    )


def _spread(spread: Spread) -> str:
    told = f"By weight it is as spread as {spread.holdings:.1f} equal holdings"
    if spread.bets is None or spread.diversification is None:
        return told + "."
    saved = percent(1 - 1 / spread.diversification, 0, signed=False)
    return f"{told}, by risk as {spread.bets:.1f}. Holding them together takes {saved} off their risk alone."


def _currencies(found: CurrencyRisk, s: Screen) -> list[str]:
    whole, hedged = (percent(one, 2, signed=False) for one in (found.volatility, found.hedged))
    lines = wrapped(f"Seen in {found.home} a day moves it {whole}; with every currency hedged, {hedged}.", s.width)
    for code, exposure in found.exposure.items():
        best = found.best_hedge[code]
        share = found.contribution[code] / found.volatility if found.volatility else 0.0
        words = (
            f"{code}: {percent(exposure, 0, signed=False)} of the weight, {percent(share, 0, signed=False)} of the risk"
        )
        words += "" if best is None else f"; least risk with {percent(best, 0, signed=False)} of it hedged"
        lines += wrapped(f"  {words}.", s.width, indent="    ")
    return lines


def _sold(sold: Sequence[Liquidity], s: Screen) -> list[str]:
    def days(one: Liquidity) -> str:
        return "no volume known" if one.days is None else "under 1" if one.days < 1 else grouped(one.days, 1)

    lines = wrapped("Selling a tenth of what is traded a day:", s.width)
    return lines + table(
        [
            Column(head="holding", cells=[one.symbol for one in sold]),
            Column(head="value", cells=[grouped(one.value, 0) for one in sold], right=True, leave=2),
            Column(head="days", cells=[days(one) for one in sold], right=True),
            Column(
                head="impact",
                cells=["" if one.cost is None else percent(one.cost, 2, signed=False) for one in sold],
                right=True,
                leave=1,
            ),
        ],
        s,
    )
