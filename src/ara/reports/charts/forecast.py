"""A forecast as a fan: the past in grey, the median and its bands in blue, what came in orange."""

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError
from ara.reports.charts.chart import Chart, Footer
from ara.reports.charts.given import Given, floats, moments, same_length
from ara.reports.charts.marks import Axis, Band, Line, Mark, Panel, Rule
from ara.reports.charts.ticks import told_time

if TYPE_CHECKING:
    from ara.prediction.forecast import Forecast

__all__ = ["forecast", "forecast_of"]

_PAST: Final = 60
_Floats = NDArray[np.float64]


def forecast(
    given: "Forecast",
    *,
    at: Given = (),
    closes: Given = (),
    actual: Given | None = None,
    last: int = _PAST,
) -> Chart:
    """Draw a forecast behind the closes that it was made from.

    Parameters
    ----------
    given
        The forecast.
    at, closes
        Labels and closes of the bars up to its origin, in the same currency.
    actual
        The closes that came on its days, as far as they are known; None for a day that is not over.
    last
        Draw so many closes of the past.
    """
    if not given.days:
        raise ValidationError("The forecast has no days to draw.", hint="Ask for at least one: --days 5")
    wide, narrow = [day.band_95 for day in given.days], [day.band_80 for day in given.days]
    past_at = moments(at, "at")[-last:] if len(at) else np.array([np.datetime64(given.last, "us")])
    past = floats(closes, "closes")[-last:] if len(at) else np.array([given.close])
    return forecast_of(
        past_at,
        past,
        [day.date for day in given.days],
        [day.price for day in given.days],
        low_80=[one[0] for one in narrow],
        high_80=[one[1] for one in narrow],
        low_95=[one[0] for one in wide],
        high_95=[one[1] for one in wide],
        actual=actual,
        symbol=given.instrument.symbol,
        currency=given.instrument.currency,
        footer=Footer(source=given.source, data_to=told_time(np.datetime64(given.last, "us")), lineage=given.id),
    )


def forecast_of(
    past_at: Given,
    past: Given,
    at: Given,
    median: Given,
    *,
    low_80: Given,
    high_80: Given,
    low_95: Given,
    high_95: Given,
    actual: Given | None = None,
    symbol: str = "",
    currency: str = "",
    footer: Footer | None = None,
) -> Chart:
    """Draw a fan from plain columns; the last value of the past is the origin, in which the fan begins.

    Raises
    ------
    ValidationError
        Nothing is given, or the columns differ in length.
    """
    before, closes = moments(past_at, "past_at"), floats(past, "past")
    ahead, middle = moments(at, "at"), floats(median, "median")
    bands = {
        name: floats(column, name)
        for name, column in (("low_80", low_80), ("high_80", high_80), ("low_95", low_95), ("high_95", high_95))
    }
    came = None if actual is None else floats([*actual, *[None] * (len(ahead) - len(actual))], "actual")
    same_length(before, closes)
    same_length(ahead, middle, *bands.values())
    origin = len(before) - 1
    x_past, x = np.arange(len(before), dtype=np.float64), origin + np.arange(len(ahead) + 1, dtype=np.float64)

    def from_origin(values: _Floats) -> _Floats:
        return np.concatenate([closes[-1:], values])

    marks: list[Mark] = [
        Band(x=x, low=from_origin(bands["low_95"]), high=from_origin(bands["high_95"]), name="95 % band", shade=0.2),
        Band(x=x, low=from_origin(bands["low_80"]), high=from_origin(bands["high_80"]), name="80 % band", shade=0.4),
        Line(x=x_past, y=closes, name="close", role="past", wide=1.4),
        Line(x=x, y=from_origin(middle), name="median", role="forecast", wide=1.8),
        Rule(at=float(origin), upright=True, dash="dot"),
    ]
    if came is not None and np.isfinite(came).any():
        marks.append(Line(x=x, y=from_origin(came), name="what came", role="actual", wide=1.8))
    stamps = np.concatenate([before, ahead])
    axis = Axis(kind="bars", stamps=stamps, low=-0.5, high=len(stamps) - 0.5)
    empty = np.full(len(before), np.nan)
    return Chart(
        kind="forecast",
        title=_finding(symbol, ahead, bands, currency),
        words=_words(closes, middle, bands, came),
        panels=(Panel(marks=tuple(marks), x=axis, y=Axis(label="price", unit=currency)),),
        footer=footer or Footer(data_to=told_time(before[-1])),
        columns={
            "at": stamps,
            "close": np.concatenate([closes, np.full(len(ahead), np.nan) if came is None else came]),
            "median": np.concatenate([empty, middle]),
            **{name: np.concatenate([empty, column]) for name, column in bands.items()},
        },
    )


def _finding(symbol: str, ahead: Given, bands: dict[str, _Floats], currency: str) -> str:
    low, high = bands["low_80"][-1], bands["high_80"][-1]
    money = f" {currency}" if currency else ""
    name = f"{symbol}: " if symbol else ""
    return f"{name}{low:,.5g} to {high:,.5g}{money} by {told_time(ahead[-1])}, with a chance of 80 %"


def _words(
    closes: _Floats,
    middle: _Floats,
    bands: dict[str, _Floats],
    came: _Floats | None,
) -> str:
    words = f"last close {closes[-1]:,.5g}, median {middle[-1]:,.5g} after {len(middle)} bars"
    if came is None or not np.isfinite(came).any():
        return words
    known = np.isfinite(came)
    inside = (came >= bands["low_80"]) & (came <= bands["high_80"]) & known
    return f"{words}; {int(inside.sum())} of {int(known.sum())} closes that came lie in the 80 % band"
