"""Portfolios on a terminal: weights that were chosen, how some did, ways that were compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from ara.cli.commands.holdings import Held, portfolio_words, short_past
from ara.cli.render.data_table import Column, table
from ara.cli.render.numbers import decimals, grouped, long_day, percent
from ara.cli.screen import Screen
from ara.cli.words import clean, wrapped
from ara.market.bars import Bars
from ara.performance import Measures
from ara.portfolio import Allocation, Trades, Walked
from ara.portfolio.chosen import Chosen
from ara.portfolio.past import Past
from ara.risk import Moves

__all__ = ["SeenAllocation", "SeenPast", "SeenWalks", "allocation", "orders", "past", "walks"]

_NONE: Final = 5e-4
_BAR: Final = 20
_EXPECTING: Final = ("mean_variance", "maximum_sharpe", "kelly")


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenAllocation(Chosen):
    """Weights that were chosen: also from which bars, and for how much."""

    bars: Sequence[Bars]
    money: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenPast(Past):
    """How a portfolio did, and what it is."""

    held: Held


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenWalks:
    """How ways to choose did: on which returns, each one, by which window and step, at which cost."""

    moves: Moves
    found: Sequence[Walked]
    window: int
    every: int
    cost: float


def allocation(seen: SeenAllocation, s: Screen) -> str:
    """Give the weights, what is to be expected of them, what binds and what gave way."""
    found, paint = seen.found, s.palette()
    lines = [paint(line, "strong") for line in wrapped(portfolio_words(_held(found.weights)), s.width)]
    lines += [paint(line, "quiet") for line in wrapped(f"{seen.way}, from {_span(seen.moves)}", s.width)]
    for note in short_past(len(seen.moves), len(found.weights)):
        lines += [paint(line, "warning") for line in wrapped(note, s.width)]
    words = f"A year is expected to bring {percent(found.expected_return)} and to vary by "
    words += f"{percent(found.risk, signed=False)}"
    if found.var is not None and found.cvar is not None:
        lost = f"{percent(found.var, signed=False)} or more, {percent(found.cvar, signed=False)} on average"
        words += f"; one day in 20 loses {lost}"
    lines += [*wrapped(f"{words}.", s.width), "", *_weights(found, s), ""]
    if found.binding:
        lines += wrapped(f"Limits that are reached: {'; '.join(map(clean, found.binding))}.", s.width)
    if found.turnover is not None and found.costs is not None:
        told = f"{percent(found.turnover, signed=False)} changes hands"
        lines += wrapped(f"{told}, which costs {percent(found.costs, 2, signed=False)} of all.", s.width)
    if seen.frontier:
        lines += ["", *_frontier(seen.frontier, s)]
    if seen.trades:
        lines += ["", *orders(seen.trades, s)]
    for note in found.relaxed:
        lines += [paint(line, "warning") for line in wrapped(f"{note[0].upper()}{note[1:]}.", s.width)]
    if tied := seen.exposures():
        words = ", ".join(f"{value:.2f} with {clean(name)}" for name, value in tied["exposures"].items())
        own = percent(tied["own_share"] or 0.0, 0, signed=False)
        lines += wrapped(f"By these factors it moves {words}; {own} of its variance is its own.", s.width)
        if found.method in _EXPECTING:
            note = "Expected returns are those of the factors' past, which say little of the next ones."
            lines += [paint(line, "warning") for line in wrapped(note, s.width)]
    elif seen.forecast:
        note = "Expected returns are what equal parts imply, moved by forecasts as far as these are sure."
        lines += wrapped(note, s.width)
    elif found.method in _EXPECTING:
        note = "Expected returns are those of the past, which say little of the next ones; other ways need none."
        lines += [paint(line, "warning") for line in wrapped(note, s.width)]
    return "\n".join(lines)


def _held(weights: Mapping[str, float]) -> dict[str, float]:
    held = {name: weight for name, weight in weights.items() if abs(weight) >= _NONE}
    return held or dict(weights)


def _span(moves: Moves) -> str:
    return f"{len(moves):,} days, {long_day(moves.dates[0])} to {long_day(moves.dates[-1])}"


def _weights(found: Allocation, s: Screen) -> list[str]:
    order = sorted(found.weights, key=lambda name: (-found.weights[name], name))
    top = max((abs(weight) for weight in found.weights.values()), default=1.0) or 1.0
    mark = "#" if s.plain else "█"
    return table(
        [
            Column(head="holding", cells=order),
            Column(head="weight", cells=[percent(found.weights[one], signed=False) for one in order], right=True),
            Column(
                head="of the risk",
                cells=[percent(found.shares[one], signed=False) for one in order],
                right=True,
                leave=1,
            ),
            Column(head="", cells=[mark * round(abs(found.weights[one]) / top * _BAR) for one in order], leave=2),
        ],
        s,
    )


def _frontier(points: Sequence[tuple[float, float]], s: Screen) -> list[str]:
    lines = wrapped("The frontier, from the least volatility to the best expected return of a year:", s.width)
    return lines + table(
        [
            Column(head="volatility", cells=[percent(risk, signed=False) for risk, _ in points], right=True),
            Column(head="return", cells=[percent(mean) for _, mean in points], right=True),
            Column(
                head="return / volatility",
                cells=[f"{mean / risk:.2f}" if risk > 0 else "" for risk, mean in points],
                right=True,
                leave=1,
            ),
        ],
        s,
    )


def orders(found: Trades, s: Screen) -> list[str]:
    """Give trades as a table, and what cash is left."""
    if not found.orders:
        return ["Nothing to trade."]
    lines = table(
        [
            Column(head="trade", cells=["buy" if one.quantity > 0 else "sell" for one in found.orders]),
            Column(head="holding", cells=[one.symbol for one in found.orders]),
            Column(head="units", cells=[f"{abs(one.quantity).normalize():,f}" for one in found.orders], right=True),
            Column(head="price", cells=[_price(one.price) for one in found.orders], right=True, leave=2),
            Column(
                head="value", cells=[grouped(float(abs(one.value)), 2) for one in found.orders], right=True, leave=1
            ),
        ],
        s,
    )
    paid = f"; costs are {grouped(float(found.costs), 2)}" if found.costs else ""
    money = grouped(float(abs(found.cash)), 2)
    left = f"Cash of {money} is left" if found.cash >= 0 else f"For that {money} must be borrowed"
    return [*lines, *wrapped(f"{left}{paid}.", s.width)]


def _price(exact: Decimal) -> str:
    """Give a price to the cent, or to six digits where it is small: some sources give more than was ever traded."""
    digits = max(decimals(0.0, float(exact)) + 2, 2)
    return f"{round(exact, digits).normalize():,f}"


def past(seen: SeenPast, s: Screen) -> str:
    """Give how the whole did beside its holdings and a benchmark, and how widely it is spread."""
    paint, whole = s.palette(), seen.whole
    lines = [paint(line, "strong") for line in wrapped(portfolio_words(seen.held.weights), s.width)]
    lines += [paint(line, "quiet") for line in wrapped(_span(seen.moves), s.width)]
    for note in seen.held.warnings(len(seen.moves)):
        lines += [paint(line, "warning") for line in wrapped(note, s.width)]
    words = f"It grew {_share(whole.cagr)} a year, varied by {_share(whole.volatility, signed=False)} "
    words += f"and fell by {_share(-(whole.drawdown or 0.0), signed=False)} at the worst."
    beside = [seen.benchmark] if seen.benchmark and seen.benchmark[0] not in seen.each else []
    rows = [("portfolio", whole), *seen.each.items(), *beside]
    lines += [*wrapped(words, s.width), "", *_measures(rows, s), ""]
    if seen.benchmark and whole.beta is not None and whole.alpha is not None:
        told = f"Beside {clean(seen.benchmark[0])}: beta {whole.beta:.2f}, alpha {percent(whole.alpha)} a year, "
        told += f"tracking error {_share(whole.tracking_error, signed=False)}."
        lines += wrapped(told, s.width)
    told = f"By weight it is as spread as {seen.spread.holdings:.1f} equal holdings"
    told += f", by risk as {seen.spread.bets:.1f}." if seen.spread.bets is not None else "."
    return "\n".join([*lines, *wrapped(told, s.width)])


def _share(value: float | None, *, signed: bool = True) -> str:
    return "-" if value is None else percent(value, signed=signed)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _measures(rows: Sequence[tuple[str, Measures]], s: Screen) -> list[str]:
    each = [one for _, one in rows]
    return table(
        [
            Column(head="", cells=[name for name, _ in rows]),
            Column(head="a year", cells=[_share(one.cagr) for one in each], right=True),
            Column(head="varies", cells=[_share(one.volatility, signed=False) for one in each], right=True, leave=1),
            Column(head="deepest fall", cells=[_share(one.drawdown) for one in each], right=True, leave=2),
            Column(head="Sharpe", cells=[_number(one.sharpe) for one in each], right=True, leave=3),
            Column(head="Sortino", cells=[_number(one.sortino) for one in each], right=True, leave=5),
            Column(head="Calmar", cells=[_number(one.calmar) for one in each], right=True, leave=6),
            Column(head="worst 5 % of days", cells=[_share(one.cvar_95) for one in each], right=True, leave=4),
        ],
        s,
    )


def walks(seen: SeenWalks, s: Screen) -> str:
    """Give how ways to choose did, the best Sharpe ratio first, and whether that says anything."""
    paint = s.palette()
    ordered = sorted(seen.found, key=lambda one: -(one.measures.sharpe or 0.0))
    equal = next(one for one in seen.found if one.plan.method == "equal")
    lines = [paint(line, "strong") for line in wrapped(_verdict(ordered[0], equal, len(ordered)), s.width)]
    days, first, last = len(equal.dates), long_day(equal.dates[0]), long_day(equal.dates[-1])
    words = f"{', '.join(map(clean, seen.moves.symbols[:8]))}: {days:,} days, {first} to {last}; a choice every "
    words += f"{seen.every} from the {seen.window} days before, {percent(seen.cost, 2, signed=False)} of what is traded"
    lines += [*(paint(line, "quiet") for line in wrapped(words, s.width)), ""]
    each = [one.measures for one in ordered]
    lines += table(
        [
            Column(head="method", cells=[one.plan.method for one in ordered]),
            Column(head="a year", cells=[_share(one.cagr) for one in each], right=True),
            Column(head="varies", cells=[_share(one.volatility, signed=False) for one in each], right=True, leave=1),
            Column(head="deepest fall", cells=[_share(one.drawdown) for one in each], right=True, leave=2),
            Column(head="Sharpe", cells=[_number(one.sharpe) for one in each], right=True),
            Column(
                head="turnover", cells=[percent(one.turnover, signed=False) for one in ordered], right=True, leave=3
            ),
        ],
        s,
    )
    if gave := [one.plan.method for one in seen.found if one.relaxed]:
        note = f"Limits, or the goal, gave way at some choice of {', '.join(gave)}."
        lines += [paint(line, "warning") for line in wrapped(note, s.width)]
    return "\n".join(lines)


def _verdict(best: Walked, equal: Walked, ways: int) -> str:
    if best is equal or best.measures.sharpe is None or equal.measures.sharpe is None:
        return "Nothing did better than equal parts here."
    told = f"{best.plan.method} did best: Sharpe {best.measures.sharpe:.2f} beside {equal.measures.sharpe:.2f}"
    return f"{told} of equal parts. Among {ways} ways the best of the past is seldom the best again."
