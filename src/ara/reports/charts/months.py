"""Returns of months as a table of colours, with those of the years beside and below."""

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ara.errors import ValidationError
from ara.performance.breakdown import Table, monthly_table
from ara.reports.charts.chart import Chart, Footer
from ara.reports.charts.equity import of_result
from ara.reports.charts.given import Given, floats, moments, same_length
from ara.reports.charts.marks import Axis, Bars, Heat, Panel
from ara.reports.charts.theme import Role
from ara.reports.charts.ticks import told_time

if TYPE_CHECKING:
    from ara.backtest import Result

__all__ = ["months", "months_of"]

_NAMES: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def months(result: "Result") -> Chart:
    """Draw the months and years of a back-test."""
    frame = result.frame
    whole = np.concatenate([[float(result.cash)], frame["equity"].to_numpy()])
    with np.errstate(divide="ignore", invalid="ignore"):
        moved = np.where(whole[:-1] > 0, whole[1:] / whole[:-1] - 1, 0.0)
    return months_of(frame["at"].to_numpy(), moved, name=result.strategy, footer=of_result(result))


def months_of(at: Given, returns: Given, *, name: str = "", footer: Footer | None = None) -> Chart:
    """Draw months and years from simple returns and the time of each.

    Raises
    ------
    ValidationError
        There is none, the times don't ascend, or the columns differ in length.
    """
    stamps, moved = moments(at, "at"), floats(returns, "returns")
    same_length(stamps, moved)
    if (np.diff(stamps.astype(np.int64)) < 0).any():
        raise ValidationError("The times of the returns don't ascend.", hint="Sort them by time.")
    known = np.isfinite(moved)
    table = monthly_table(np.maximum(moved[known], -1.0), stamps[known].astype("datetime64[D]"))
    each = table.months[np.isfinite(table.months)]
    rose = int((each > 0).sum())
    years = tuple(str(year) for year in table.years)
    return Chart(
        kind="months",
        title=f"{f'{name}: ' if name else ''}{rose} of {len(each)} months rose",
        words=f"percent; the best month {_told(each.max())} %, the worst {_told(each.min())} %" if len(each) else "",
        panels=(
            Panel(
                marks=(_heat(table),),
                x=Axis(kind="names", names=(*_NAMES, "year")),
                y=Axis(kind="names", names=years),
            ),
            _yearly(table, years),
        ),
        footer=footer or Footer(data_to=told_time(stamps[-1].astype("datetime64[D]"))),
        columns={
            "year": table.years,
            **{month: table.months[:, place] for place, month in enumerate(_NAMES)},
            "total": table.totals,
        },
    )


def _heat(table: Table) -> Heat:
    """Give the table; its darkest colour is the 95th percentile of months, so that one alone doesn't pale the rest."""
    values = np.column_stack([table.months, np.full(len(table.years), np.nan)])
    sizes = np.abs(table.months[np.isfinite(table.months)])
    most = max(float(np.quantile(sizes, 0.95)) if len(sizes) else 0.0, 1e-9)
    texts = [
        [*("" if np.isnan(one) else _told(one) for one in row), _told(total)]
        for row, total in zip(table.months, table.totals, strict=True)
    ]
    return Heat(values=np.clip(values, -most, most) * 100, most=100 * most / 0.75, texts=texts)


def _yearly(table: Table, years: tuple[str, ...]) -> Panel:
    values = 100 * np.array(table.totals)
    roles: list[Role] = ["forecast" if value >= 0 else "actual" for value in values]
    few = len(values) <= 16
    bars = Bars(
        places=np.arange(len(values), dtype=np.float64), values=values, roles=roles,
        texts=[_told(total) for total in table.totals] if few else (),
    )  # fmt: skip
    low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
    room = 0.12 * ((high - low) or 1.0)
    side = Axis(label="return of the year", unit="%", low=low - room if low < 0 else 0.0, high=high + room)
    return Panel(marks=(bars,), x=Axis(kind="names", names=years), y=side, share=0.55)


def _told(value: Any) -> str:
    words = f"{100 * float(value):+.1f}"
    return "0.0" if float(words) == 0 else words
