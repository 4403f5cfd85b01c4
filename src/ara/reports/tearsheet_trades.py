"""What an account did: trades, costs taken apart, each instrument's part, how much was invested."""

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from ara.performance.wrong import wrong
from ara.reports.numbers import counted, grouped, percent
from ara.reports.tables import Column, Form, Table, money
from ara.reports.tearsheet import Section
from ara.reports.wrong_words import wrong_words
from ara.trading.book import Flow
from ara.trading.order import Side

if TYPE_CHECKING:
    from ara.backtest import Result

__all__ = ["account", "equity_table", "fill_table", "flow_table", "traded"]

_SHOWN: Final = 10


def account(result: "Result") -> list[Section]:
    """Give costs, instruments and exposure."""
    return [_costs(result), _instruments(result), _exposure(result)]


def _costs(result: "Result") -> Section:
    flows = _flows(result)
    slipped = sum((one.slipped * one.rate for one in result.fills), Decimal(0))
    paid = [
        ("commission", result.fees), ("spread and slippage", slipped),
        ("borrowing of what was sold short", 0 - flows[Flow.BORROW]),
        ("interest on borrowed cash", 0 - flows[Flow.FINANCING]),
        *([("changing money", 0 - flows[Flow.CONVERSION])] if Flow.CONVERSION in flows else []),
        *([("funding of perpetual coins", 0 - flows[Flow.FUNDING])] if Flow.FUNDING in flows else []),
    ]  # fmt: skip
    whole = sum((value for _, value in paid), Decimal(0))
    rows = [(label, float(value)) for label, value in (*paid, ("all together", whole))]
    mean = float(np.mean(result.frame["equity"].to_numpy()))
    years = result.frame.height / result.per_year
    yearly = [value / mean / years if mean > 0 and years > 0 else None for _, value in rows]
    columns = (
        Column(key="cost", head="cost", values=[label for label, _ in rows]),
        Column(key="amount", head="paid", values=[value for _, value in rows], form=Form.MONEY, unit=result.currency),
        Column(
            key="of_cash", head="of the cash at first", values=[value / float(result.cash) for _, value in rows],
            form=Form.SIZE,
        ),
        Column(key="a_year", head="of the mean equity, a year", values=yearly, form=Form.SIZE),
    )  # fmt: skip
    gained = result.equity - float(result.cash)
    left = f"{grouped(abs(gained), 2)} was {'earned' if gained >= 0 else 'lost'} after them"
    words = [f"Costs took {grouped(float(whole), 2)} {result.currency}; {left}."]
    if flows[Flow.DIVIDEND]:
        words.append(f"Dividends brought {grouped(float(flows[Flow.DIVIDEND]), 2)} {result.currency} of that.")
    if result.turnover is not None:
        words.append(f"The mean equity was turned over {result.turnover:,.1f} times a year.")
    table = Table(name="costs", title="Costs", columns=columns)
    return Section(title="What trading cost", words=(" ".join(words),), tables=(table,))


def _flows(result: "Result") -> dict[Flow, Decimal]:
    found: dict[Flow, Decimal] = defaultdict(Decimal)
    for one in result.entries:
        found[one.flow] += one.amount * one.rate
    return found


def _instruments(result: "Result") -> Section:
    """Give what each brought: what fills and flows left in cash, and what is still held; it adds up to the gain."""
    cash, paid = (dict.fromkeys(result.symbols, Decimal(0)) for _ in range(2))
    fills = dict.fromkeys(result.symbols, 0)
    for fill in result.fills:
        sign = 1 if fill.side is Side.SELL else -1
        cash[fill.symbol] += sign * fill.price * fill.quantity - fill.fee
        fills[fill.symbol] += 1
        paid[fill.symbol] += (fill.fee + fill.slipped) * fill.rate
    for entry in result.entries:
        cash[entry.symbol] = cash.get(entry.symbol, Decimal(0)) + entry.amount
    held = {one.symbol: one.value * one.rate for one in result.positions}
    names = [*result.symbols, *([""] if "" in cash else [])]
    gains = [float(result.gains.get(name, cash[name] + held.get(name, 0))) for name in names]
    trips = {name: [one for one in result.trips if one.instrument == name] for name in names}
    won = [_rate([one.gain for one in trips[name]]) for name in names]
    unit = result.currency
    columns = (
        Column(key="instrument", head="instrument", values=[name or "interest on cash" for name in names]),
        money("gain", "brought", gains, unit),
        money("held", "still held", [float(held.get(name, 0)) for name in names], unit),
        money("costs", "commission and slippage", [float(paid.get(name, 0)) for name in names], unit),
        Column(key="fills", head="fills", values=[fills.get(name, 0) for name in names], form=Form.COUNT),
        Column(key="trips", head="round trips", values=[len(trips[name]) for name in names], form=Form.COUNT),
        Column(key="won", head="of them gained", values=won, form=Form.SIZE),
    )
    return Section(
        title="By instrument",
        words=("After costs; what is still held counts at its last close. The sum is what the account gained.",),
        tables=(Table(name="instruments", title="Instruments", columns=columns),),
    )


def _rate(gains: list[float]) -> float | None:
    moved = [one for one in gains if one]
    return sum(one > 0 for one in moved) / len(moved) if moved else None


def _exposure(result: "Result") -> Section:
    held = result.frame["exposure"].to_numpy()
    years = result.frame["at"].dt.year().to_numpy()
    size = {year: years == year for year in dict.fromkeys(years.tolist())}
    columns = (
        Column(key="year", head="year", values=list(size), form=Form.YEAR),
        Column(key="mean", head="mean", values=[float(held[one].mean()) for one in size.values()], form=Form.SIZE),
        Column(key="least", head="least", values=[float(held[one].min()) for one in size.values()], form=Form.SIZE),
        Column(key="most", head="most", values=[float(held[one].max()) for one in size.values()], form=Form.SIZE),
        Column(
            key="invested", head="time invested", values=[float((held[one] != 0).mean()) for one in size.values()],
            form=Form.SIZE,
        ),
    )  # fmt: skip
    words = (
        f"Invested {percent(float((held != 0).mean()), 0, signed=False)} of the time; "
        f"{percent(float(held.mean()), 0, signed=False)} of the equity on average. Exposure is the value of all "
        "positions by the equity; below 0 more is owed than held."
    )
    table = Table(name="exposure", title="Exposure", columns=columns)
    return Section(title="How much was invested", words=(words,), tables=(table,))


def traded(result: "Result") -> Section:
    """Give the first and the largest round trips, and keep all of them for files of data."""
    whole = _trades(result, list(range(len(result.trips))), name="trades", title="Round trips", paper=False)
    if not result.trips:
        words = "There is no round trip: nothing was bought and sold again."
        return Section(title="Trades", words=(words,), tables=(whole,))
    trades = result.trades
    said = f"{counted(len(result.fills), 'fill')}, {counted(trades.count, 'round trip')}"
    if trades.win_rate is not None:
        said += f", {percent(trades.win_rate, 0, signed=False)} of them gained"
    if trades.held is not None:
        said += f", held {trades.held:,.0f} bars on average"
    first = list(range(len(result.trips)))[:_SHOWN]
    tables = [_trades(result, first, name="first", title=f"The first {len(first)} round trips", sheet=False)]
    left = len(result.trips) - len(first)
    if left > 0:
        order = sorted(range(len(result.trips)), key=lambda row: -abs(result.trips[row].gain))[:_SHOWN]
        title = f"The {len(order)} that gained or lost most"
        tables.append(_trades(result, order, name="largest", title=title, sheet=False))
        left = len(result.trips) - len({*first, *order})
        said += f". {left:,} of them are left out here; Excel, CSV and JSON files have all" if left else ""
    why = "First bought is first sold. Quantities and prices are in the shares of the end, after all splits."
    own = wrong([one.gain for one in result.trips], [one.cost for one in result.trips])
    cost = wrong_words(own, lambda value: f"{grouped(value, 2)} {result.currency}", one="round trip", many="of them")
    told = tuple(one for one in (f"{said}.", cost, why) if one)
    return Section(title="Trades", words=told, tables=(*tables, whole))


def _trades(
    result: "Result", rows: list[int], *, name: str, title: str, paper: bool = True, sheet: bool = True
) -> Table:
    at, trips = result.frame["at"], [result.trips[row] for row in rows]
    last = result.frame.height - 1
    unit = result.currency
    form = _at(result)

    def when(place: float) -> Any:
        return at[min(int(place), last)]

    columns = (
        Column(key="instrument", head="instrument", values=[one.instrument for one in trips]),
        Column(key="side", head="side", values=["long" if one.quantity > 0 else "short" for one in trips]),
        Column(key="opened", head="opened", values=[when(one.opened) for one in trips], form=form),
        Column(key="closed", head="closed", values=[when(one.closed) for one in trips], form=form),
        Column(key="quantity", head="quantity", values=[abs(one.quantity) for one in trips], form=Form.QUANTITY),
        Column(key="entry", head="in at", values=[one.entry for one in trips], form=Form.PRICE),
        Column(key="exit", head="out at", values=[one.exit for one in trips], form=Form.PRICE),
        money("gain", "brought", [one.gain for one in trips], unit),
        Column(key="share", head="of what was put in", values=[one.share for one in trips], form=Form.SHARE),
        money("cost", "commission", [one.cost for one in trips], unit),
        Column(key="bars", head="bars held", values=[one.held for one in trips], form=Form.COUNT),
    )
    return Table(name=name, title=title, columns=columns, paper=paper, sheet=sheet)


def _at(result: "Result") -> Form:
    days = result.frame["at"].dt.date()
    return Form.DATE if days.n_unique() == len(days) else Form.MOMENT


def equity_table(result: "Result") -> Table:
    """Give the equity of every bar."""
    frame = result.frame.with_columns(
        below=pl.col("equity") / pl.max_horizontal(pl.col("equity").cum_max(), pl.lit(float(result.cash))) - 1
    )
    unit = result.currency
    columns = (
        Column(key="at", head="at", values=frame["at"], form=_at(result)),
        money("equity", result.strategy, frame["equity"], unit),
        money("buy_and_hold", "buy and hold", frame["hold"], unit),
        Column(key="exposure", head="exposure", values=frame["exposure"], form=Form.SIZE),
        Column(key="drawdown", head="below its peak", values=frame["below"], form=Form.SHARE),
    )
    return Table(name="equity", title="Equity at each close", columns=columns, paper=False, series=True)


def fill_table(result: "Result") -> Table:
    """Give every fill."""
    frame = result.fill_frame()
    unit = result.currency
    columns = (
        Column(key="at", head="at", values=frame["at"], form=Form.MOMENT),
        Column(key="symbol", head="instrument", values=frame["symbol"].to_list()),
        Column(key="side", head="side", values=frame["side"].to_list()),
        Column(key="quantity", head="quantity", values=frame["quantity"], form=Form.QUANTITY),
        Column(key="price", head="price", values=frame["price"] * frame["rate"], form=Form.PRICE),
        money("fee", "commission", frame["fee"] * frame["rate"], unit),
        money("slipped", "spread and slippage", frame["slipped"] * frame["rate"], unit),
        Column(key="why", head="why", values=frame["why"].to_list()),
        Column(key="order", head="order", values=frame["order"].to_list()),
    )
    words = "Quantities and prices as they were traded, at the open of their bars, UTC."
    return Table(name="fills", title="Fills", columns=columns, words=words, paper=False)


def flow_table(result: "Result") -> Table:
    """Give all money that came or went without a trade."""
    entries = result.entries
    columns = (
        Column(key="at", head="at", values=[one.at for one in entries], form=Form.MOMENT),
        Column(key="flow", head="what", values=[str(one.flow) for one in entries]),
        Column(key="symbol", head="instrument", values=[one.symbol for one in entries]),
        Column(
            key="amount", head="amount", values=[float(one.amount * one.rate) for one in entries], form=Form.MONEY,
            unit=result.currency,
        ),
    )  # fmt: skip
    return Table(name="flows", title="Money without a trade", columns=columns, paper=False)
