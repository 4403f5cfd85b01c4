"""Measures over a moving window, and the steps of a walk: whether what was earned came all the time."""

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError
from ara.reports.charts.chart import Chart, Footer
from ara.reports.charts.equity import of_result
from ara.reports.charts.given import Given, floats, moments, same_length
from ara.reports.charts.marks import Axis, Line, Mark, Panel, Rule
from ara.reports.charts.ticks import told_time

if TYPE_CHECKING:
    from ara.backtest import Result

__all__ = ["rolling", "rolling_of"]

_LEAST: Final = 5


def rolling(result: "Result", *, window: int = 0) -> Chart:
    """Draw a back-test's Sharpe ratio and volatility over a moving window of so many bars, else of a year."""
    frame = result.frame
    moved = {name: _moved(frame[column].to_numpy(), float(result.cash)) for name, column in
             ((result.strategy, "equity"), ("buy and hold", "hold"))}  # fmt: skip
    return rolling_of(
        frame["at"].to_numpy(),
        moved[result.strategy],
        hold=moved["buy and hold"],
        name=result.strategy,
        per_year=result.per_year,
        window=window or round(result.per_year),
        footer=of_result(result),
    )


def _moved(equity: NDArray[np.float64], cash: float) -> NDArray[np.float64]:
    whole = np.concatenate([[cash], equity])
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole[:-1] > 0, whole[1:] / whole[:-1] - 1, 0.0)


def rolling_of(
    at: Given,
    returns: Given,
    *,
    hold: Given | None = None,
    name: str = "strategy",
    hold_name: str = "buy and hold",
    per_year: float,
    window: int,
    footer: Footer | None = None,
) -> Chart:
    """Draw Sharpe ratio and volatility, both of a year, of the last `window` returns at each moment.

    The Sharpe ratio is the mean over the sample deviation, times the root of the bars of a year; where nothing moved it
    has no value.

    Raises
    ------
    ValidationError
        There are fewer returns than the window has, or the window is shorter than five.
    """
    stamps, own = moments(at, "at"), floats(returns, "returns")
    other = None if hold is None else floats(hold, "hold")
    same_length(stamps, own, *(() if other is None else (other,)))
    if not _LEAST <= window <= len(own):
        raise ValidationError(
            f"A window of {window:,} bars can't move over {len(own):,} returns.",
            hint=f"Choose {_LEAST} to {len(own):,}.",
        )
    columns: dict[str, Any] = {"at": stamps[window - 1 :]}
    sharpe: list[Mark] = [Rule(at=0.0, dash="dot")]
    wild: list[Mark] = []
    both = [(name, own, "forecast", "solid")] if other is None else [
        (hold_name, other, "past", "dash"), (name, own, "forecast", "solid"),
    ]  # fmt: skip
    for label, values, role, dash in both:
        ratio, deviation = _windowed(values, window, per_year)
        x: Any = stamps[window - 1 :]
        sharpe.append(Line(x=x, y=ratio, name=label, role=role, dash=dash, wide=1.5))  # type: ignore[arg-type]
        wild.append(Line(x=x, y=100 * deviation, role=role, dash=dash, wide=1.5))  # type: ignore[arg-type]
        key = "" if label == name else "_buy_and_hold"
        columns |= {f"sharpe{key}": ratio, f"volatility{key}": deviation}
    time = Axis(kind="time")
    known = columns["sharpe"][np.isfinite(columns["sharpe"])]
    above = 100 * (known > 0).mean() if len(known) else 0.0
    return Chart(
        kind="rolling",
        title=f"{name}: the Sharpe ratio of {window:,} bars was above 0 in {above:.0f} % of the time",
        words="of a year; neighbouring windows share most of their bars, so few of them say anything new",
        panels=(
            Panel(marks=tuple(sharpe), x=time, y=Axis(label="Sharpe ratio")),
            Panel(marks=tuple(wild), x=time, y=Axis(label="volatility", unit="%", low=0.0), share=0.5),
        ),
        footer=footer or Footer(data_to=told_time(stamps[-1])),
        columns=columns,
        shared=True,
    )


def _windowed(
    values: NDArray[np.float64], window: int, per_year: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give mean over deviation and the deviation, of a year, of each window; NaN where a value is missing."""
    views = np.lib.stride_tricks.sliding_window_view(values, window)
    mean, deviation = np.empty(len(views)), np.empty(len(views))
    step = max(1, 4_000_000 // window)
    for first in range(0, len(views), step):
        part = views[first : first + step]
        mean[first : first + step] = part.mean(axis=1)
        deviation[first : first + step] = part.std(axis=1, ddof=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(deviation > 1e-12, mean / deviation * per_year**0.5, np.nan)
    return ratio, deviation * per_year**0.5
