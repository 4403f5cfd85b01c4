"""Bars of a minute out of trades, where an exchange has no stream of such bars."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from datetime import datetime
from decimal import Decimal

import polars as pl

from ara.clock import Clock
from ara.data.providers.exchange import Bar
from ara.data.providers.tape import BarTape

__all__ = ["minutes"]


async def minutes(
    trades: AsyncGenerator[pl.DataFrame, None],
    past: Callable[[str, datetime, datetime], Awaitable[pl.DataFrame]],
    *,
    clock: Clock,
    source: str,
) -> AsyncGenerator[pl.DataFrame, None]:
    """Give bars with `symbol` and the columns `BARS`, open ones with every trade, closed ones when a later one begins.

    Parameters
    ----------
    trades
        Every trade once and in order, with their `symbol`. The minute in which they begin isn't whole: it is asked for.
    past
        Asks for closed bars of a symbol from a time to before another.
    clock
        Gives the time of receipt.
    source
        The provider's name.
    """
    tape = BarTape(past, clock=clock, source=source, flags=False)
    running: dict[str, Bar] = {}
    partial: dict[str, datetime] = {}
    async with aclosing(trades):
        async for frame in trades:
            bars = []
            for symbol, at, price, size in frame.select("symbol", "at", "price", "size").iter_rows():
                minute = at.replace(second=0, microsecond=0)
                if minute <= partial.setdefault(symbol, minute):
                    tape.begin(symbol, minute)
                    continue
                bar = _grown(running.get(symbol), symbol, minute, Decimal(price), Decimal(size))
                running[symbol] = bar
                bars.append(bar)
            for made in await tape.told(_newest(bars)):
                yield made


def _grown(bar: Bar | None, symbol: str, minute: datetime, price: Decimal, size: Decimal) -> Bar:
    if bar is None or bar.at != minute:
        return Bar(symbol, minute, price, price, price, price, size)
    high, low = max(bar.high, price), min(bar.low, price)
    return bar._replace(high=high, low=low, close=price, volume=bar.volume + size)


def _newest(bars: list[Bar]) -> list[Bar]:
    """Give the last state of each bar, in the order in which they began."""
    return list({(bar.symbol, bar.at): bar for bar in bars}.values())
