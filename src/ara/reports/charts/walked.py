"""A walk forward: the account through all steps, and what each choice promised beside what it earned."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ara.reports.charts.chart import Chart, Footer
from ara.reports.charts.equity import of_result
from ara.reports.charts.given import Given, floats, moments, priced, same_length
from ara.reports.charts.marks import Axis, Line, Mark, Panel, Points, Rule
from ara.reports.charts.ticks import told_time

if TYPE_CHECKING:
    from ara.backtest.walk_forward import Walk

__all__ = ["walked", "walked_of"]

_FEWEST = 5


def walked(walk: "Walk") -> Chart:
    """Draw a walk forward."""
    result, folds = walk.result, walk.folds
    return walked_of(
        result.frame["at"].to_numpy(),
        result.frame["equity"].to_numpy(),
        firsts=[one.first for one in folds],
        lasts=[one.last for one in folds],
        learned=[one.sharpe for one in folds],
        cash=float(result.cash),
        per_year=result.per_year,
        name=result.strategy,
        currency=result.currency,
        footer=of_result(result),
    )


def walked_of(
    at: Given,
    equity: Given,
    *,
    firsts: Given,
    lasts: Given,
    learned: Given,
    cash: float,
    per_year: float,
    name: str = "strategy",
    currency: str = "",
    footer: Footer | None = None,
) -> Chart:
    """Draw a walk forward from plain columns.

    Parameters
    ----------
    at, equity
        The account at each close.
    firsts, lasts, learned
        Of each step its first and last moment, and the Sharpe ratio of a year of what was chosen, on the bars that
        chose it; None where nothing moved.
    cash
        What the account began with.
    per_year
        Bars of a year.
    name, currency, footer
        What earned it, in what, and where it comes from.
    """
    x, y = moments(at, "at"), floats(equity, "equity")
    begins, ends, said = moments(firsts, "firsts"), moments(lasts, "lasts"), floats(learned, "learned")
    same_length(x, y)
    same_length(begins, ends, said)
    moved = _moved(np.concatenate([[cash], y]))
    earned = _earned(x, moved, begins, ends, per_year)
    middle = begins + (ends - begins) // 2
    upper: list[Mark] = [Rule(at=one, upright=True, role="line", dash="solid") for one in begins]
    upper += [Rule(at=cash, dash="dot"), Line(x=x, y=y, name=name)]
    lower: tuple[Mark, ...] = (
        Rule(at=0.0, dash="dot"),
        Points(x=middle, y=said, name="Sharpe ratio when chosen", role="past", shape="diamond", size=6),
        Points(x=middle, y=earned, name="earned in the step after", role="forecast", size=7),
    )
    time = Axis(kind="time")
    return Chart(
        kind="walk",
        title=_finding(name, said, _sharpe(moved, per_year)),
        words=f"{len(begins)} steps, each with what the bars before it chose",
        panels=(
            Panel(marks=tuple(upper), x=time, y=priced(currency, y, label="equity")),
            Panel(marks=lower, x=time, y=Axis(label="Sharpe ratio"), share=0.6),
        ),
        footer=footer or Footer(data_to=told_time(x[-1])),
        columns={"first": begins, "last": ends, "learned": said, "earned": earned},
        shared=True,
    )


def _moved(whole: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole[:-1] > 0, whole[1:] / whole[:-1] - 1, 0.0)


def _earned(
    x: NDArray[np.datetime64],
    moved: NDArray[np.float64],
    begins: NDArray[np.datetime64],
    ends: NDArray[np.datetime64],
    per_year: float,
) -> NDArray[np.float64]:
    """Give the Sharpe ratio of a year of each step; NaN where it has few bars or nothing moved."""
    return np.array(
        [_sharpe(moved[(x >= first) & (x <= last)], per_year) for first, last in zip(begins, ends, strict=True)]
    )


def _sharpe(moved: NDArray[np.float64], per_year: float) -> float:
    deviation = float(moved.std(ddof=1)) if len(moved) >= _FEWEST else 0.0
    return float(moved.mean()) / deviation * per_year**0.5 if deviation > 1e-12 else float("nan")


def _finding(name: str, said: NDArray[np.float64], kept: float) -> str:
    """Say the mean of what was promised beside the ratio of the whole account: the mean of short steps says less."""
    known = said[np.isfinite(said)]
    if not len(known) or not np.isfinite(kept):
        return f"{name}: nothing was chosen that moved"
    return f"{name}: chosen with a Sharpe ratio of {float(known.mean()):.2f}, it earned one of {kept:.2f} after that"
