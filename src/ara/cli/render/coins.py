"""Coins side by side on a terminal and as a document: price, change, volume, volatility, correlations."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ara.cli.render.data_table import Column, table
from ara.cli.render.numbers import grouped, long_day, percent
from ara.cli.screen import Screen
from ara.cli.words import clean, wrapped
from ara.risk import Moves

__all__ = ["Coin", "SeenCoins", "compared"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coin:
    """One of them over the days: last price, change, usual value traded a day, volatility of a year, deepest fall.

    `first` is its correlation with the first that is named, `between` the bounds that hold it with 95 %.
    """

    symbol: str
    price: float
    change: float
    volume: float | None
    volatility: float
    fall: float
    first: float
    between: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SeenCoins:
    """Coins in the order of their names, the returns behind them, and what sorts them."""

    moves: Moves
    metric: str
    coins: Sequence[Coin]
    tied: NDArray[np.float64]

    def sorted(self) -> list[Coin]:
        """Give them by the metric: most first; for correlations, as they are named."""
        key = {
            "price": lambda one: -one.change,
            "volume": lambda one: -(one.volume or 0.0),
            "volatility": lambda one: -one.volatility,
            "correlation": lambda _: 0.0,
        }[self.metric]
        return sorted(self.coins, key=key)

    def document(self) -> dict[str, Any]:
        """Give all of it as JSON values."""
        return {
            "schema": 1,
            "metric": self.metric,
            "days": len(self.moves),
            "first": self.moves.dates[0].isoformat(),
            "date": self.moves.dates[-1].isoformat(),
            "coins": [
                {
                    "symbol": one.symbol,
                    "price": one.price,
                    "change": one.change,
                    "traded_a_day": one.volume,
                    "volatility": one.volatility,
                    "fall": one.fall,
                }
                for one in self.sorted()
            ],
            "correlations": [
                {
                    "first": self.coins[a].symbol,
                    "second": self.coins[b].symbol,
                    "correlation": float(self.tied[a, b]),
                }
                for a, b in combinations(range(len(self.coins)), 2)
            ],
        }


def compared(seen: SeenCoins, s: Screen) -> str:
    """Give what the metric says first, then all of it as a table."""
    paint = s.palette()
    lines = [paint(line, "strong") for line in wrapped(_first(seen), s.width)]
    days = seen.moves.dates
    span = f"{len(seen.moves):,} days that all have, {long_day(days[0])} to {long_day(days[-1])}"
    lines += [*(paint(line, "quiet") for line in wrapped(span, s.width)), ""]
    found = seen.sorted()
    columns = {
        "price": Column(head="change", cells=[percent(one.change) for one in found], right=True),
        "volume": Column(
            head="traded a day",
            cells=["-" if one.volume is None else grouped(one.volume, 0) for one in found],
            right=True,
            leave=2,
        ),
        "volatility": Column(
            head="varies a year", cells=[percent(one.volatility, signed=False) for one in found], right=True, leave=1
        ),
        "correlation": Column(
            head=f"with {seen.coins[0].symbol}", cells=[f"{one.first:.2f}" for one in found], right=True, leave=3
        ),
    }
    told = columns.pop(seen.metric)
    kept = Column(head=told.head, cells=told.cells, right=True)
    lines += table(
        [
            Column(head="coin", cells=[one.symbol for one in found]),
            kept,
            Column(head="price", cells=[f"{one.price:,.6g}" for one in found], right=True, leave=5),
            *columns.values(),
            Column(head="deepest fall", cells=[percent(one.fall) for one in found], right=True, leave=4),
        ],
        s,
    )
    return "\n".join(lines)


def _first(seen: SeenCoins) -> str:
    found = seen.sorted()
    top, low = found[0], found[-1]
    if seen.metric == "price":
        return f"{clean(top.symbol)} did best: {percent(top.change)}; {clean(low.symbol)} least: {percent(low.change)}."
    if seen.metric == "volatility":
        most, least = percent(top.volatility, 0, signed=False), percent(low.volatility, 0, signed=False)
        return f"{clean(top.symbol)} moves most: {most} a year; {clean(low.symbol)} least: {least}."
    if seen.metric == "volume":
        if top.volume is None:
            return "No volume is known of any of them."
        return f"{clean(top.symbol)} is traded most: {grouped(top.volume, 0)} on a usual day."
    pairs = list(combinations(range(len(seen.coins)), 2))
    a, b = max(pairs, key=lambda pair: seen.tied[pair])
    words = f"{clean(seen.coins[a].symbol)} and {clean(seen.coins[b].symbol)} move together most: {seen.tied[a, b]:.2f}"
    if a == 0:
        bounds = seen.coins[b].between
        words += f" ({bounds[0]:.2f} to {bounds[1]:.2f} with 95 %)"
    return f"{words}."
