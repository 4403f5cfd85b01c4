"""Round trips on the price: where each began and ended, and whether it gained."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError
from ara.reports.charts.chart import Chart, Footer
from ara.reports.charts.equity import of_result
from ara.reports.charts.given import Given, floats, moments, priced, same_length
from ara.reports.charts.marks import Axis, Line, Mark, Panel, Points
from ara.reports.charts.ticks import told_time

if TYPE_CHECKING:
    from ara.backtest import Result
    from ara.market.bars import Bars

__all__ = ["trades", "trades_of"]


def trades(result: "Result", bars: "Bars") -> Chart:
    """Draw a back-test's round trips of one instrument on its closes.

    Parameters
    ----------
    result
        The back-test.
    bars
        Those of the instrument, adjusted for splits: prices and quantities are in the shares of the end.
    """
    symbol = bars.instrument.symbol
    if symbol not in result.symbols:
        raise ValidationError(f"{symbol[:40]} was not traded.", hint=f"There are: {', '.join(result.symbols)}.")
    frame = bars.frame
    at = result.frame["at"].to_numpy()
    known = frame["known_at"].to_numpy()
    within = (known >= at[0]) & (known <= at[-1])
    own = [trip for trip in result.trips if trip.instrument == symbol]
    return trades_of(
        known[within],
        frame["close"].to_numpy()[within],
        opened=at[_rows([trip.opened for trip in own], len(at))],
        closed=at[_rows([trip.closed for trip in own], len(at))],
        entries=[trip.entry for trip in own],
        exits=[trip.exit for trip in own],
        quantities=[trip.quantity for trip in own],
        gains=[trip.gain for trip in own],
        symbol=symbol,
        currency=bars.instrument.currency,
        footer=of_result(result),
    )


def _rows(places: Sequence[float], count: int) -> NDArray[np.int64]:
    return np.clip(np.array(places, np.int64), 0, count - 1)


def trades_of(
    at: Given,
    closes: Given,
    *,
    opened: Given,
    closed: Given,
    entries: Given,
    exits: Given,
    quantities: Given,
    gains: Given,
    symbol: str = "",
    currency: str = "",
    footer: Footer | None = None,
) -> Chart:
    """Draw round trips from plain columns; a quantity below 0 was sold short. There may be no trip at all."""
    x, y = moments(at, "at"), floats(closes, "closes")
    same_length(x, y)
    many = len(entries)
    begins, ends = (moments(one, "opened") if many else x[:0] for one in (opened, closed))
    begun, ended, held, won = (floats(one, "trades") if many else y[:0] for one in (entries, exits, quantities, gains))
    same_length(begins, ends, begun, ended, held, won)
    marks: list[Mark] = [Line(x=x, y=y, name=f"{symbol} close".strip(), role="past", wide=1.1)]
    long, short = held > 0, held < 0
    for name, began, over in (("sold", short, long), ("bought", long, short)):
        marks += _pointed(
            np.concatenate([begins[began], ends[over]]), np.concatenate([begun[began], ended[over]]), name
        )
    money = f" {currency}" if currency else ""
    total = f"{won.sum():+,.0f}{money} in all"
    return Chart(
        kind="trades",
        title=f"{int((won > 0).sum())} of {many} trades gained, {total}" if many else "Nothing was traded",
        words=f"{int((held < 0).sum())} of them sold short; gains after costs" if many else "",
        panels=(Panel(marks=tuple(marks), x=Axis(kind="time"), y=priced(currency, y)),),
        footer=footer or Footer(data_to=told_time(x[-1])),
        columns={
            "opened": begins, "closed": ends, "entry": begun, "exit": ended, "quantity": held, "gain": won,
        },
    )  # fmt: skip


def _pointed(at: NDArray[Any], prices: NDArray[np.float64], name: str) -> list[Mark]:
    if not len(at):
        return []
    order = np.argsort(at, kind="stable")
    role, shape = ("forecast", "up") if name == "bought" else ("actual", "down")
    return [Points(x=at[order], y=prices[order], name=name, role=role, shape=shape, size=6)]  # type: ignore[arg-type]
