"""The tear sheet of returns without trades: of a file, an account, a portfolio of fixed weights."""

from collections.abc import Mapping, Sequence
from typing import Any

from ara.reports.charts import Footer
from ara.reports.tearsheet import Report, Section
from ara.reports.tearsheet_figures import figures
from ara.reports.tearsheet_past import (
    beyond_luck,
    calendar,
    curve,
    equity_chart,
    losses,
    meaning,
    moved,
    parts,
    rolling_chart,
)
from ara.reports.tearsheet_track import Track, bands

__all__ = ["track_report"]


def track_report(
    track: Track,
    *,
    kind: str = "performance",
    facts: Sequence[tuple[str, str]] = (),
    sections: Sequence[Section] = (),
    source: str = "",
    document: Mapping[str, Any] | None = None,
) -> Report:
    """Give the tear sheet of returns.

    Parameters
    ----------
    track
        The returns and what they are set beside.
    kind
        Of what: `performance`, `portfolio`.
    facts
        Label and words of what it is about.
    sections
        What is shown before the months: the parts of a portfolio.
    source
        Where the returns come from.
    document
        What `--json` prints, for JSON files.
    """
    daily = track.daily()
    drawn = bands(daily)
    last = str(daily.days[-1]) if len(daily.days) else ""
    footer = Footer(source=source, data_to=last)
    own, other = track.measures(), track.beside()
    table = figures(track.name, own, drawn, [] if other is None else [(track.other_name, other)])
    first = Section(title="Worth", charts=equity_chart(daily, footer), tables=(table,))
    told = [
        ("Returns", f"{len(track.returns):,}, from {daily.days[0]} to {last}" if last else "none"),
        *([("Source", source)] if source else []), *facts,
    ]  # fmt: skip
    when = parts(daily)
    return Report(
        kind=kind,
        title=_title(track, own.total, None if other is None else other.total),
        finding=tuple(beyond_luck(track, drawn)),
        facts=tuple(told),
        sections=(first, *sections, calendar(daily), losses(daily), rolling_chart(daily, when, footer)),
        data=(curve(track),),
        meaning=meaning(track, intervals=bool(drawn)),
        document=document or {},
    )


def _title(track: Track, own: float | None, other: float | None) -> str:
    if own is None:
        return f"{track.name}: there is no return to measure"
    words = f"{track.name} {moved(own)}"
    return words if other is None else f"{words}; {track.other_name} {moved(other)}"
