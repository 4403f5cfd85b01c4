"""The report of weights that were chosen: what to hold, what that is expected to bring and to risk, what to trade."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from ara.reports.charts import Chart, Footer, contributions_of, frontier_of
from ara.reports.numbers import grouped, percent
from ara.reports.tables import Column, Form, Table, money
from ara.reports.tearsheet import Report, Section

if TYPE_CHECKING:
    from ara.portfolio import Allocation, Trades
    from ara.risk import Moves

__all__ = ["allocation_report"]

_NAMED: Final = 3
_EXPECTING: Final = ("mean_variance", "maximum_sharpe", "kelly")


def allocation_report(
    found: "Allocation",
    moves: "Moves",
    *,
    frontier: Sequence[tuple[float, float]] = (),
    trades: "Trades | None" = None,
    currency: str = "",
    forecast: bool = False,
    source: str = "",
    command: str = "",
    document: Mapping[str, Any] | None = None,
) -> Report:
    """Give the report of an allocation.

    Parameters
    ----------
    found
        The weights.
    moves
        The returns that they were chosen from.
    frontier
        Volatility and expected return of a year at points of the frontier.
    trades
        What to buy or sell to get there.
    currency
        Of the trades.
    forecast
        Whether forecasts moved the expected returns.
    source
        Where the returns come from.
    command
        What makes it again.
    document
        What `--json` prints, for JSON files.
    """
    footer = Footer(source=source, data_to=moves.dates[-1].isoformat())
    sections = [_held(found, footer)]
    if frontier:
        sections.append(_frontier(found, frontier, footer))
    if trades is not None:
        sections.append(_traded(trades, currency))
    yearly = (
        f"Of a year of {moves.per_year:,.0f} days: the expected return is the mean of a day x {moves.per_year:,.0f}, "
        f"the volatility the deviation of a day x {moves.per_year**0.5:.2f}."
    )
    days = f"{len(moves):,}, from {moves.dates[0]} to {moves.dates[-1]}"
    way = found.method.replace("_", " ")
    if forecast and found.method == "mean_variance":
        way = "Black-Litterman: mean and variance, forecasts as views"
    facts = [("Method", way), ("Days", days), ("Instruments", ", ".join(moves.symbols))]
    facts += [(label, words) for label, words in (("Source", source), ("Made again by", command)) if words]
    return Report(
        kind="allocation",
        title=_title(found),
        finding=tuple(_finding(found, forecast)),
        facts=tuple(facts),
        sections=tuple(sections),
        meaning=(
            yearly,
            "How these weights would have done on the same days is not shown: they were chosen on them.",
        ),
        document=document or found.as_dict(),
    )


def _title(found: "Allocation") -> str:
    order = sorted(found.weights.items(), key=lambda item: (-item[1], item[0]))
    held = [(name, weight) for name, weight in order if abs(weight) >= 5e-4]
    words = ", ".join(f"{percent(weight, signed=False)} {name}" for name, weight in held[:_NAMED])
    more = len(held) - _NAMED
    words += f" and {more} more" if more > 0 else ""
    return f"Hold {words}" if held else "Hold cash"


def _finding(found: "Allocation", forecast: bool) -> list[str]:
    risk = percent(found.risk, signed=False)
    first = f"A year is expected to bring {percent(found.expected_return)} and to vary by {risk}."
    if found.var is not None and found.cvar is not None:
        lost = f"{percent(found.var, signed=False)} or more, {percent(found.cvar, signed=False)} on average"
        first += f" One day in 20 loses {lost}."
    said = [first]
    if forecast:
        said.append("Expected returns are what equal parts imply, moved by forecasts as far as these are sure.")
    elif found.method in _EXPECTING:
        said.append("Expected returns are those of the past, which say little of the next ones; other ways need none.")
    said += [f"{note[0].upper()}{note[1:]}." for note in found.relaxed]
    if found.binding:
        said.append(f"Limits that are reached: {'; '.join(found.binding)}.")
    if found.turnover is not None and found.costs is not None:
        said.append(
            f"{percent(found.turnover, signed=False)} changes hands, which costs "
            f"{percent(found.costs, 2, signed=False)} of all."
        )
    return said


def _held(found: "Allocation", footer: Footer) -> Section:
    names = sorted(found.weights, key=lambda name: (-found.weights[name], name))
    weights, shares = [found.weights[one] for one in names], [found.shares.get(one, 0.0) for one in names]
    cash = found.cash
    columns = (
        Column(key="holding", head="holding", values=[*names, *(["cash"] if cash else [])]),
        Column(key="weight", head="weight", values=[*weights, *([cash] if cash else [])], form=Form.SIZE),
        Column(key="risk", head="of the risk", values=[*shares, *([0.0] if cash else [])], form=Form.SIZE),
    )
    charts: tuple[Chart, ...] = ()
    if names:
        charts = (contributions_of(found.weights, _of(found), footer=footer),)
    return Section(title="Weights", charts=charts, tables=(Table(name="weights", title="Weights", columns=columns),))


def _of(found: "Allocation") -> list[float]:
    return [found.shares.get(one, 0.0) for one in found.weights]


def _frontier(found: "Allocation", points: Sequence[tuple[float, float]], footer: Footer) -> Section:
    risks, means = [risk for risk, _ in points], [mean for _, mean in points]
    chart = frontier_of(risks, means, chosen={found.method: (found.risk, found.expected_return)}, footer=footer)
    columns = (
        Column(key="volatility", head="volatility a year", values=risks, form=Form.SIZE),
        Column(key="expected", head="expected a year", values=means, form=Form.SHARE),
    )
    table = Table(name="frontier", title="Points of the frontier", columns=columns)
    return Section(title="Frontier", charts=(chart,), tables=(table,))


def _traded(trades: "Trades", currency: str) -> Section:
    orders = trades.orders
    columns = (
        Column(key="symbol", head="instrument", values=[one.symbol for one in orders]),
        Column(key="quantity", head="quantity", values=[float(one.quantity) for one in orders], form=Form.QUANTITY),
        Column(key="price", head="price", values=[float(one.price) for one in orders], form=Form.PRICE),
        money("value", "value", [float(one.value) for one in orders], currency),
        money("cost", "cost", [float(one.cost) for one in orders], currency),
    )
    words = f"{grouped(float(trades.cash), 2)} {currency} is left. Below 0 is sold."
    return Section(
        title="What to trade",
        words=(words,),
        tables=(Table(name="trades", title="Trades", columns=columns),),
    )
