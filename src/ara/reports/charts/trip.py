"""One round trip on candles: where it began and ended, what stopped it, what it gained."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError
from ara.reports.charts.chart import Chart, Footer
from ara.reports.charts.given import Given, floats, moments, priced, same_length
from ara.reports.charts.marks import Axis, Candles, Line, Mark, Notes, Panel, Points, Spans
from ara.reports.charts.theme import Role
from ara.reports.charts.ticks import told_time
from ara.reports.numbers import decimals_of_price, grouped, percent

__all__ = ["Trip", "trade_of"]

_MOST: Final = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """A round trip as it is drawn; prices and quantities in the shares that the bars are in.

    Parameters
    ----------
    opened, closed
        When each fill was.
    entry, exit
        Its price.
    quantity
        Of the instrument; below 0 it was sold short.
    gain
        After costs, in the currency.
    why
        What ended it: `stop`, `target`, or a word of the strategy; empty where it only decided so.
    stop, target
        Prices at which it would have ended; None where none is known.
    """

    opened: Any
    closed: Any
    entry: float
    exit: float
    quantity: float
    gain: float
    why: str = ""
    stop: float | None = None
    target: float | None = None


def trade_of(
    at: Given,
    opens: Given,
    highs: Given,
    lows: Given,
    closes: Given,
    trip: Trip,
    *,
    around: int = 20,
    symbol: str = "",
    currency: str = "",
    words: str = "",
    footer: Footer | None = None,
) -> Chart:
    """Draw a round trip on the candles of its time, and of `around` bars before and after it.

    Parameters
    ----------
    at
        When each bar opened, ascending.
    opens, highs, lows, closes
        Its prices.
    trip
        What was bought and sold.
    around
        So many bars beside it.
    symbol, currency, words, footer
        What was traded, in what, what else is to be said, and where it comes from.

    Raises
    ------
    ValidationError
        The bars don't reach over the trade.
    """
    stamps = moments(at, "at")
    prices = [
        floats(one, name) for one, name in ((opens, "opens"), (highs, "highs"), (lows, "lows"), (closes, "closes"))
    ]
    same_length(stamps, *prices)
    ends = np.searchsorted(stamps, moments([trip.opened, trip.closed], "trip"), side="right") - 1
    if ends[0] < 0 or not len(stamps):
        raise ValidationError("The bars begin after the trade.", hint="Give the bars that were traded on.")
    first, last = max(int(ends[0]) - around, 0), min(int(ends[1]) + around + 1, len(stamps))
    stamps, prices = stamps[first:last], [one[first:last] for one in prices]
    x = np.arange(len(stamps), dtype=np.float64)
    places = (ends - first).astype(np.float64)
    return Chart(
        kind="trade",
        title=_finding(trip, symbol, currency),
        words=words,
        panels=(
            Panel(
                marks=(
                    Spans(begins=places[:1] - 0.5, ends=places[1:] + 0.5, role="past", shade=0.12),
                    _bars(x, prices),
                    *_levels(trip, places),
                    *_fills(trip, places),
                ),
                x=Axis(kind="bars", stamps=stamps, low=-0.7, high=len(stamps) - 0.3),
                y=priced(currency, *prices[1:3], np.array([trip.entry, trip.exit, *_known(trip)])),
            ),
        ),
        footer=footer or Footer(data_to=told_time(stamps[-1])),
        columns={"at": stamps, **dict(zip(("open", "high", "low", "close"), prices, strict=True)),
                 "filled": moments([trip.opened, trip.closed], "trip"), "price": np.array([trip.entry, trip.exit])},
    )  # fmt: skip


def _bars(x: NDArray[np.float64], prices: Sequence[NDArray[np.float64]]) -> Mark:
    """Give candles, or a line through the closes where there are too many to be told apart."""
    if len(x) > _MOST:
        return Line(x=x, y=prices[3], name="close", role="past", wide=1.2)
    return Candles(x=x, opens=prices[0], highs=prices[1], lows=prices[2], closes=prices[3])


def _known(trip: Trip) -> list[float]:
    return [one for one in (trip.stop, trip.target) if one is not None]


def _levels(trip: Trip, places: NDArray[np.float64]) -> list[Mark]:
    """Give the prices at which it would have ended, as long as it was open."""
    wide = np.array([places[0] - 0.5, places[1] + 0.5])
    levels: tuple[tuple[str, float | None, Role], ...] = (
        ("stop", trip.stop, "actual"), ("target", trip.target, "forecast"),
    )  # fmt: skip
    return [
        Line(x=wide, y=np.full(2, price), name=name, role=role, dash="dash", wide=1.4)
        for name, price, role in levels
        if price is not None
    ]


def _fills(trip: Trip, places: NDArray[np.float64]) -> list[Mark]:
    """Give both fills: a triangle up where it was bought and down where it was sold, each with its price."""
    marks: list[Mark] = [Line(x=places, y=np.array([trip.entry, trip.exit]), role="quiet", dash="dot", wide=1.2)]
    words = ("bought", "sold") if trip.quantity > 0 else ("sold short", "bought back")
    ended = f"{words[1]}: {trip.why}" if trip.why else words[1]
    for place, price, told, buying in (
        (places[0], trip.entry, words[0], trip.quantity > 0), (places[1], trip.exit, ended, trip.quantity < 0),
    ):  # fmt: skip
        spot, told_price = (np.array([place]), np.array([price])), grouped(price, decimals_of_price(price))
        marks += [
            Points(x=spot[0], y=spot[1], name=told, role="forecast" if buying else "actual",
                   shape="up" if buying else "down", size=10),
            Notes(x=spot[0], y=spot[1], texts=[f"{told} {told_price}"], side="below" if buying else "above"),
        ]  # fmt: skip
    return marks


def _finding(trip: Trip, symbol: str, currency: str) -> str:
    way = "long" if trip.quantity > 0 else "short"
    moved = 100 * (trip.exit / trip.entry - 1) * (1 if trip.quantity > 0 else -1) if trip.entry > 0 else 0.0
    money = f"{trip.gain:+,.2f} {currency}".strip()
    result = "gained" if trip.gain > 0 else "lost" if trip.gain < 0 else "brought nothing"
    ended = f", ended by its {trip.why}" if trip.why in ("stop", "target") else ""
    return f"{symbol} {way} {result}: {money} after costs ({percent(moved / 100)} of the price){ended}".strip()
