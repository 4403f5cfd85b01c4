"""What an account was worth, beside buy and hold, and how far it stood below its own highest."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ara.reports.charts.chart import Chart, Footer
from ara.reports.charts.given import Given, floats, moments, priced, same_length
from ara.reports.charts.marks import Axis, Band, Line, Mark, Panel, Rule
from ara.reports.charts.ticks import told_time
from ara.reports.numbers import percent

if TYPE_CHECKING:
    from ara.backtest import Result

__all__ = ["equity", "equity_of", "fallen", "of_result"]


def equity(result: "Result") -> Chart:
    """Draw a back-test's equity and drawdown beside buy and hold."""
    frame = result.frame
    return equity_of(
        frame["at"].to_numpy(),
        frame["equity"].to_numpy(),
        hold=frame["hold"].to_numpy(),
        name=result.strategy,
        currency=result.currency,
        cash=float(result.cash),
        footer=of_result(result),
    )


def equity_of(
    at: Given,
    values: Given,
    *,
    hold: Given | None = None,
    name: str = "strategy",
    hold_name: str = "buy and hold",
    currency: str = "",
    cash: float | None = None,
    footer: Footer | None = None,
) -> Chart:
    """Draw equity and drawdown from plain columns.

    Parameters
    ----------
    at
        When each value was known, ascending; without a zone it is UTC.
    values
        The equity; it may be below 0.
    hold
        Of buy and hold, at the same moments.
    name
        What made the equity.
    hold_name
        What `hold` is.
    currency
        Of the values.
    cash
        What it began with; the first value if None.
    footer
        Where it comes from.

    Raises
    ------
    ValidationError
        There is no value, or the columns differ in length.
    """
    x, y = moments(at, "at"), floats(values, "values")
    held = None if hold is None else floats(hold, "hold")
    same_length(x, y, *(() if held is None else (held,)))
    began = float(y[0]) if cash is None else cash
    below = 100 * fallen(y, began)
    time = Axis(kind="time")
    upper: list[Mark] = [
        Rule(at=began, dash="dot"),
        *_other(x, held, hold_name),
        Line(x=x, y=y, name=name, role="forecast"),
    ]
    lower: list[Mark] = [
        Band(x=x, low=below, high=np.zeros(len(x)), name=f"{name}, below its highest", shade=0.4),
        *_other(x, None if held is None else 100 * fallen(held, began), f"{hold_name}, below its highest"),
    ]
    return Chart(
        kind="equity",
        title=_finding(name, y, held, began, hold_name),
        words=f"the deepest fall from a highest was {abs(np.nanmin(below)):.1f} %" if np.isfinite(below).any() else "",
        panels=(
            Panel(marks=tuple(upper), x=time, y=priced(currency, y, y if held is None else held, label="equity")),
            Panel(marks=tuple(lower), x=time, y=Axis(label="below the highest", unit="%"), share=0.42),
        ),
        footer=footer or Footer(data_to=told_time(x[-1])),
        columns={"at": x, "equity": y, **({} if held is None else {"buy_and_hold": held}), "drawdown": below / 100},
        shared=True,
    )


def _other(x: NDArray[np.datetime64], values: NDArray[np.float64] | None, name: str) -> list[Mark]:
    return [] if values is None else [Line(x=x, y=values, name=name, role="past", dash="dash", wide=1.2)]


def of_result(result: "Result") -> Footer:
    """Give where a back-test comes from."""
    return Footer(
        source=", ".join(dict.fromkeys(result.sources.values())),
        data_to=told_time(result.frame["at"].to_numpy()[-1].astype("datetime64[D]")),
        lineage=result.lineage.id,
    )


def fallen(values: NDArray[np.float64], began: float) -> NDArray[np.float64]:
    """Give how far each value stands below the highest so far, as a share of it; NaN where none is above 0."""
    highest = np.fmax.accumulate(np.fmax(values, began) if began > 0 else values)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(highest > 0, values / highest - 1, np.nan)


def _finding(name: str, y: Any, held: Any, began: float, other_name: str) -> str:
    last = y[np.isfinite(y)][-1] if np.isfinite(y).any() else np.nan
    if not np.isfinite(last) or began <= 0:
        return f"{name}: equity and drawdown"
    words = f"{name} {_moved(last / began - 1)}"
    if held is None or not np.isfinite(held[-1]):
        return words
    return f"{words}; {other_name} {_moved(held[-1] / began - 1)}"


def _moved(change: float) -> str:
    return f"{'earned' if change >= 0 else 'lost'} {percent(abs(change), signed=False)}"
