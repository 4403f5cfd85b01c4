"""Measures of returns on a terminal: what they prove first, then the figures, the benchmark's beside them."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ara.cli.render.data_table import Column, table
from ara.cli.render.numbers import grouped, percent
from ara.cli.screen import Screen
from ara.cli.words import clean, wrapped
from ara.performance.wrong import wrong
from ara.reports.wrong_words import wrong_words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ara.data.files.dated import Dated
    from ara.performance import Drawdown, Measures
    from ara.performance.breakdown import Table
    from ara.performance.luck import Significance

__all__ = ["Judged", "shown"]

_SHOWN: Final = 3
_SURE: Final = 0.05
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What is to be shown.

    Parameters
    ----------
    own
        The file.
    benchmark
        What it is compared with; empty for nothing.
    at, returns, beside
        When each return ended, UTC; the returns, and the benchmark's over the same bars.
    left_out
        Returns that the benchmark has no counterpart of.
    per_year
        Bars of a year.
    counted
        Whether they were counted by the dates.
    free
        What cash earns in a year.
    measures, other
        Of the returns, and of the benchmark's over the same bars.
    significance
        What the Sharpe ratio proves.
    worst
        The deepest times under water, by places of the wealth after each day, 0 being the beginning.
    months, other_months
        Returns of months and years.
    """

    own: "Dated"
    benchmark: str
    at: "NDArray[np.datetime64]"
    returns: "NDArray[np.float64]"
    beside: "NDArray[np.float64] | None"
    left_out: int
    per_year: float
    counted: bool
    free: float
    measures: "Measures"
    other: "Measures | None"
    significance: "Significance"
    worst: "tuple[Drawdown, ...]"
    months: "Table"
    other_months: "Table | None"

    @property
    def days(self) -> "NDArray[np.datetime64]":
        """On which each return ended."""
        return self.at.astype("datetime64[D]")


def shown(judged: Judged, s: Screen, *, by: str) -> str:
    """Give the page; `by` is year or month."""
    paint = s.palette()
    lines = [paint(clean(judged.own.name), "strong"), *wrapped(_head(judged), s.width)]
    lines += [*wrapped(_proves(judged.significance, judged), s.width), ""]
    lines += _figures(judged, s)
    if told := wrong_words(wrong(judged.returns), lambda size: percent(size, 2, signed=False), one="bar", many="bars"):
        lines += ["", *wrapped(told, s.width)]
    if judged.other is not None:
        lines += ["", *wrapped(_beside(judged), s.width)]
    if judged.worst:
        lines += ["", *_worst(judged, s)]
    lines += ["", *(_by_month(judged, s) if by == "month" else _by_year(judged, s)), ""]
    return "\n".join([*lines, *(paint(line, "quiet") for line in wrapped(_meaning(judged), s.width))])


def _head(judged: Judged) -> str:
    own = judged.own
    what = "worth" if own.kind == "equity" else "returns"
    bars = f"{len(judged.days):,} returns, {judged.days[0]} to {judged.days[-1]}"
    read = f"{clean(own.column)} read as {what}" + ("; else say --kind" if own.guessed else "")
    missing = f"; {own.missing:,} rows without a number left out" if own.missing else ""
    alone = f"; {judged.left_out:,} that {clean(judged.benchmark)} lacks left out" if judged.left_out else ""
    return f"{bars} ({read}{missing}{alone})"


def _proves(found: "Significance", judged: Judged) -> str:
    if found.sharpe is None or found.luck is None or found.best is None:
        return "Sharpe ratio: none, since returns that never change, or so few, have none."
    ratio = f"Sharpe {found.sharpe:.2f} a year"
    chance = "under 0.1 %" if found.luck < 0.001 else percent(found.luck, 0 if found.luck >= 0.1 else 1, signed=False)
    if found.trials == 1:
        said = f"{ratio}. Were nothing else tried, the chance that it is luck is {chance}; --trials N counts what was."
    else:
        joint = "and" if found.luck < _SURE else "but"
        said = (
            f"{ratio}, {joint} after {found.trials:,} trials the chance that it is luck is {chance}: the best of "
            f"{found.trials:,} without skill would have {found.best:.2f}."
        )
    band = found.interval
    if band.low is not None and band.high is not None:
        said += f" Drawn anew in blocks, 95 % of such histories have {band.low:.2f} to {band.high:.2f}."
    return f"{said} {_needed(found, judged)}".rstrip()


def _needed(found: "Significance", judged: Judged) -> str:
    if found.bars_needed is None:
        return "No number of bars would prove it."
    have, need = len(judged.days), math.ceil(found.bars_needed)
    if need <= have:
        return ""
    years, there = need / judged.per_year, have / judged.per_year
    return f"It would take {years:,.1f} years of such returns to prove it; there are {there:,.1f}."


_ROWS: Final[tuple[tuple[str, str, str], ...]] = (
    ("total", "all together", "share"),
    ("cagr", "growth a year", "share"),
    ("volatility", "volatility a year", "size"),
    ("sharpe", "Sharpe", "ratio"),
    ("sortino", "Sortino", "ratio"),
    ("calmar", "Calmar", "ratio"),
    ("omega", "Omega", "ratio"),
    ("drawdown", "largest loss from a peak", "share"),
    ("drawdown_bars", "bars from peak to bottom", "count"),
    ("recovery_bars", "bars from bottom back", "count"),
    ("pain", "mean distance from peak", "size"),
    ("ulcer", "ulcer index", "size"),
    ("win_rate", "bars that gained", "size"),
    ("profit_factor", "gains by losses", "ratio"),
    ("expectancy", "mean of a bar that moved", "fine"),
    ("tail_ratio", "good tail by bad tail", "ratio"),
    ("var_95", "a bad bar (1 in 20)", "share"),
    ("cvar_95", "mean of the bad bars", "share"),
    ("skew", "skew", "ratio"),
    ("kurtosis", "excess kurtosis", "ratio"),
)
_WRITTEN: Final[dict[str, Callable[[float], str]]] = {
    "share": percent,
    "size": lambda value: percent(value, signed=False),
    "fine": lambda value: percent(value, 3),
    "ratio": lambda value: grouped(value, 2),
    "count": lambda value: grouped(value, 0),
}


def _figures(judged: Judged, s: Screen) -> list[str]:
    mine, other = judged.measures.as_dict(), judged.other.as_dict() if judged.other else None
    columns = [
        Column(head="", cells=[label for _, label, _ in _ROWS]),
        Column(head="this", cells=[_cell(mine[name], form) for name, _, form in _ROWS], right=True),
    ]
    if other is not None:
        cells = [_cell(other[name], form) for name, _, form in _ROWS]
        columns.append(Column(head=clean(judged.benchmark)[:16], cells=cells, right=True))
    return table(columns, s)


def _cell(value: float | None, form: str) -> str:
    return "-" if value is None else _WRITTEN[form](value)


def _beside(judged: Judged) -> str:
    one, name = judged.measures, clean(judged.benchmark)
    if one.beta is None or one.alpha is None:
        return f"{name} never moves, so nothing can be said beside it."
    said = f"Beside {name}: beta {one.beta:.2f}, alpha {percent(one.alpha)} a year"
    if one.tracking_error is not None:
        said += f", tracking error {percent(one.tracking_error, signed=False)}"
    if one.information_ratio is not None:
        said += f", information ratio {one.information_ratio:.2f}"
    if one.up_capture is not None and one.down_capture is not None:
        parts = [percent(part, 0, signed=False) for part in (one.up_capture, one.down_capture)]
        said += f". It takes {parts[0]} of the rises and {parts[1]} of the falls"
    return f"{said}."


def _worst(judged: Judged, s: Screen) -> list[str]:
    worst = judged.worst[:_SHOWN]

    def day(place: int | None) -> str:
        return "not yet" if place is None else str(judged.days[max(place - 1, 0)])

    return table(
        [
            Column(head="lost", cells=[percent(one.depth) for one in worst], right=True),
            Column(head="peak", cells=[day(one.began) for one in worst]),
            Column(head="bottom", cells=[day(one.bottom) for one in worst]),
            Column(head="back", cells=[day(one.ended) for one in worst]),
        ],
        s,
    )


def _by_year(judged: Judged, s: Screen) -> list[str]:
    months, other = judged.months, judged.other_months
    columns = [
        Column(head="year", cells=[str(one) for one in months.years]),
        Column(head="this", cells=[percent(one) for one in months.totals], right=True),
    ]
    if other is not None:
        cells = [percent(one) for one in other.totals]
        columns.append(Column(head=clean(judged.benchmark)[:16], cells=cells, right=True))
    return table(columns, s)


def _by_month(judged: Judged, s: Screen) -> list[str]:
    months = judged.months
    if s.width < 100:
        return _long(judged, s)
    cells = [[_short(one) for one in row] for row in months.months.T]
    return table(
        [
            Column(head="year", cells=[str(one) for one in months.years]),
            *(Column(head=name, cells=column, right=True) for name, column in zip(_MONTHS, cells, strict=True)),
            Column(head="all", cells=[percent(one) for one in months.totals], right=True),
        ],
        s,
    )


def _long(judged: Judged, s: Screen) -> list[str]:
    rows = [
        (f"{_MONTHS[month]} {year}", percent(float(value)))
        for year, row in zip(judged.months.years, judged.months.months, strict=True)
        for month, value in enumerate(row)
        if not math.isnan(value)
    ]
    return table(
        [Column(head="month", cells=[a for a, _ in rows]), Column(head="this", cells=[b for _, b in rows], right=True)],
        s,
    )


def _short(value: float) -> str:
    return "" if math.isnan(value) else grouped(value * 100, 1)


def _meaning(judged: Judged) -> str:
    counted = "counted by the dates; else --per-year" if judged.counted else "as said"
    cash = f" Cash earns {percent(judged.free, signed=False)} a year." if judged.free else ""
    return (
        f"A year has {judged.per_year:,.0f} bars ({counted}): growth is (all together + 1)^(bars of a year / bars) "
        f"- 1, volatility and Sharpe grow with the root of the bars of a year.{cash} A measure that isn't defined is -."
    )
