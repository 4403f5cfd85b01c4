"""What every track has: figures beside a benchmark, months and years, losses from peaks, parts of the time, regimes."""

import math
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ara.performance.breakdown import by_group, monthly_table
from ara.performance.drawdown import drawdowns
from ara.performance.growth import wealth
from ara.performance.returns import measure
from ara.reports.charts import Chart, Footer, equity_of, rolling_of
from ara.reports.numbers import percent
from ara.reports.tables import Column, Form, Table
from ara.reports.tearsheet import Section
from ara.reports.tearsheet_figures import named_measures
from ara.reports.tearsheet_track import REGIMES, Band, Track, excess, histories, regimes

if TYPE_CHECKING:
    from ara.performance.luck import Significance

__all__ = [
    "beyond_luck",
    "calendar",
    "curve",
    "equity_chart",
    "losses",
    "meaning",
    "moved",
    "parts",
    "rolling_chart",
]

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SURE: Final = 0.95
_WORST: Final = 10
_PARTS: Final = 4
_FEWEST: Final = 20


def beyond_luck(track: Track, drawn: Mapping[str, Band], *, looks: str = "") -> list[str]:
    """Say whether there is skill, in sentences; `looks` says what was counted as tried."""
    words = [] if track.other is None else [_lead(track, drawn)]
    return [*words, _luck(track.significance(), drawn, looks)]


def moved(total: float) -> str:
    """Say what was earned or lost in all."""
    return f"{'earned' if total >= 0 else 'lost'} {percent(abs(total), signed=False)}"


def _lead(track: Track, drawn: Mapping[str, Band]) -> str:
    lead, name = excess(track), track.other_name
    if lead is None:
        return f"It did what {name} did, bar for bar: there is nothing here that skill could explain."
    if lead.deflated is None:
        return f"The bars are too few, or too even, to tell it from {name}."
    apart = lead.sharpe or 0.0
    band = _within(drawn.get("lead"))
    ratio = f"the lead's own Sharpe ratio is {apart:.2f}{band}"
    if apart <= 0:
        return f"No skill is shown: {name} brought as much or more for each bar ({ratio})."
    chance = _chance(1 - lead.deflated)
    if lead.deflated < _SURE:
        return f"It led {name}, but not beyond luck: the chance that the lead is luck is {chance} ({ratio})."
    return f"It led {name} beyond luck: the chance that the lead is luck is {chance} ({ratio})."


def _luck(own: "Significance", drawn: Mapping[str, Band], looks: str) -> str:
    if own.sharpe is None or own.deflated is None or own.best is None:
        return "Sharpe ratio: none, since returns that never change, or so few, have none."
    said = f"Its Sharpe ratio is {own.sharpe:.2f}{_within(drawn.get('sharpe'))}."
    tried = looks or (f"After {own.trials:,} trials" if own.trials > 1 else "Were nothing else tried")
    said += f" {tried}, the chance that a ratio above 0 is luck is {_chance(1 - own.deflated)}"
    if own.trials > 1:
        said += f": the best of {own.trials:,} without skill would have {own.best:.2f}"
    return f"{said}. {'' if own.deflated >= _SURE else 'That is no proof.'}".rstrip()


def _within(band: Band | None) -> str:
    if band is None or band[0] is None or band[1] is None:
        return ""
    return f", in 95 % of histories drawn anew {band[0]:.2f} to {band[1]:.2f}"


def _chance(value: float) -> str:
    if value < 0.001:
        return "under 0.1 %"
    return percent(min(value, 1.0), 0 if value >= 0.1 else 1, signed=False)


def curve(track: Track) -> Table:
    """Give what 1 became at each bar, and its distance from its peak."""
    worth = wealth(track.returns)
    below = worth / np.maximum.accumulate(np.maximum(worth, 1.0)) - 1 if len(worth) else worth
    columns = [
        Column(key="at", head="at", values=track.at, form=_dated(track)),
        Column(key="return", head="return", values=track.returns, form=Form.FINE),
        Column(key="worth", head="1 became", values=worth, form=Form.RATIO),
        Column(key="drawdown", head="below its peak", values=below, form=Form.SHARE),
    ]
    if track.other is not None:
        columns.append(Column(key="benchmark", head=track.other_name, values=wealth(track.other), form=Form.RATIO))
    return Table(name="returns", title="Returns", columns=tuple(columns), paper=False, series=True)


def _dated(track: Track) -> Form:
    days = track.days
    return Form.DATE if len(days) < 2 or bool(np.all(np.diff(days).astype(np.int64) > 0)) else Form.MOMENT


def equity_chart(track: Track, footer: Footer) -> tuple[Chart, ...]:
    """Draw what 1 became."""
    if not len(track.returns):
        return ()
    begin = track.at[0] - np.timedelta64(1, "D")
    at = np.concatenate(([begin], track.at.astype("datetime64[us]")))
    held = None if track.other is None else np.concatenate(([1.0], wealth(track.other)))
    worth = np.concatenate(([1.0], wealth(track.returns)))
    return (equity_of(at, worth, hold=held, name=track.name, hold_name=_beside(track), footer=footer),)


def _beside(track: Track) -> str:
    return track.other_name or "the other"


def calendar(track: Track) -> Section:
    """Give the returns of months and years."""
    own = monthly_table(track.returns, track.days)
    other = None if track.other is None else monthly_table(track.other, track.days)
    columns = [Column(key="year", head="year", values=list(own.years), form=Form.YEAR)]
    columns += [
        Column(key=name.lower(), head=name, values=[float(one) for one in own.months[:, place]], form=Form.SHARE)
        for place, name in enumerate(_MONTHS)
    ]
    columns.append(Column(key="total", head="all", values=list(own.totals), form=Form.SHARE))
    months = Table(name="months", title="Months", columns=tuple(columns), heat=True)
    yearly = [columns[0], Column(key="total", head=track.name, values=list(own.totals), form=Form.SHARE)]
    if other is not None:
        apart = [a - b for a, b in zip(own.totals, other.totals, strict=True)]
        yearly += [
            Column(key="benchmark", head=track.other_name, values=list(other.totals), form=Form.SHARE),
            Column(key="lead", head="lead", values=apart, form=Form.SHARE),
        ]
    return Section(
        title="Months and years",
        words=(_calendar_words(track, own, other),),
        tables=(months, Table(name="years", title="Years", columns=tuple(yearly))),
    )


def _calendar_words(track: Track, own: Any, other: Any) -> str:
    there = own.months[~np.isnan(own.months)]
    up = int((there > 0).sum())
    words = f"{up} of {len(there)} months gained"
    if other is not None:
        ahead = sum(a > b for a, b in zip(own.totals, other.totals, strict=True))
        words += f"; it was ahead of {track.other_name} in {ahead} of {len(own.years)} years"
    return f"{words}. The first and the last month and year may be parts."


def losses(track: Track) -> Section:
    """Give the deepest losses from a peak."""
    worst = drawdowns(np.concatenate(([1.0], wealth(track.returns))), most=_WORST).worst
    days = track.days

    def day(place: int | None) -> Any:
        return None if place is None else days[max(place - 1, 0)]

    columns = (
        Column(key="depth", head="lost", values=[one.depth for one in worst], form=Form.SHARE),
        Column(key="began", head="peak", values=[day(one.began) for one in worst], form=Form.DATE),
        Column(key="bottom", head="bottom", values=[day(one.bottom) for one in worst], form=Form.DATE),
        Column(key="ended", head="back", values=[day(one.ended) for one in worst], form=Form.DATE),
        Column(key="bars_down", head="bars down", values=[one.bars_down for one in worst], form=Form.COUNT),
        Column(key="bars_back", head="bars back", values=[one.bars_back for one in worst], form=Form.COUNT),
    )
    open_ = any(one.ended is None for one in worst)
    words = "Where there is no day under back, the peak was not reached again." if open_ else ""
    if not worst:
        return Section(title="Losses from a peak", words=("It never stood below a peak.",))
    table = Table(name="drawdowns", title="The deepest losses from a peak", columns=columns, words=words)
    return Section(title="Losses from a peak", tables=(table,))


def parts(track: Track) -> Section:
    """Give the measures of each part of the time, and of each kind of market."""
    found: list[Table] = []
    count = len(track.returns)
    if count >= _PARTS * _FEWEST:
        edges = [round(count * place / _PARTS) for place in range(_PARTS + 1)]
        rows = {}
        for a, b in pairwise(edges):
            label = f"{track.days[a]} to {track.days[b - 1]}"
            rows[label] = measure(track.returns[a:b], per_year=track.per_year, free=track.free)
        words = "What holds in one part alone is no rule."
        found.append(named_measures("parts", "Quarters of the time", "days", rows, words=words))
    groups = regimes(track)
    told = {one for one in groups if one}
    if told:
        rows = by_group(track.returns, groups, per_year=track.per_year, free=track.free)
        market = track.other_name or "the track itself"
        words = (
            f"What {market} was in by the day before: rising above its mean of 200 days or not, its last 20 days "
            "wilder than usual so far or not. A loss within a regime runs over the gaps between its days."
        )
        own = {str(name): rows[name] for name in REGIMES if name in told}
        found.append(named_measures("regimes", "Kinds of market", "market", own, words=words))
    title = "When it earned"
    if not found:
        return Section(title=title, words=("There are too few days to look at parts of them.",))
    return Section(title=title, tables=tuple(found))


def rolling_chart(track: Track, section: Section, footer: Footer) -> Section:
    """Put measures over a moving year into a section, where there is more than one."""
    window = round(track.per_year)
    if len(track.returns) < 2 * window or window < _FEWEST:
        return section
    chart = rolling_of(
        track.at, track.returns, hold=track.other, name=track.name, hold_name=_beside(track), per_year=track.per_year,
        window=window, footer=footer,
    )  # fmt: skip
    return replace(section, charts=(chart,))


def meaning(track: Track, *, intervals: bool) -> tuple[str, ...]:
    """Say what the figures mean, and how they are brought to a year."""
    root, bars = math.sqrt(track.per_year), f"{track.per_year:,.0f}"
    yearly = (
        f"A year has {bars} bars. Growth a year = (1 + all together)^({bars} / bars) - 1; volatility a year = sample "
        f"deviation of a bar x {root:.2f}; Sharpe = mean of a bar above cash / its sample deviation x {root:.2f} (root "
        "of the bars of a year)."
    )
    ratios = (
        "Sortino divides by the downside deviation over all bars, Calmar growth a year by the largest loss from a "
        "peak. Alpha and beta are those of the regression on what it is set beside."
    )
    said = [yearly, ratios]
    if track.free:
        said.append(f"Cash earns {percent(track.free, signed=False)} a year.")
    if intervals:
        many = histories(len(track.daily().returns))
        said.append(
            f"Intervals: {many} histories drawn anew in blocks (stationary bootstrap; Politis and Romano, 1994). The "
            "chance of luck is 1 - the deflated Sharpe ratio (Bailey and López de Prado, 2014)."
        )
    return tuple(said)
