"""`ara portfolio optimize` and `analyze` with `--report FILE`."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ara.cli.commands.reported import sent
from ara.cli.screen import Screen

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ara.cli.render.portfolio import SeenAllocation, SeenPast
    from ara.market.bars import Bars

__all__ = ["allocation_sent", "past_sent"]


def allocation_sent(s: Screen, seen: "SeenAllocation", data: Mapping[str, Any], path: Path) -> None:
    """Write the report of weights that were chosen."""
    from ara.reports import allocation_report

    currencies = {one.instrument.currency for one in seen.bars}
    made = allocation_report(
        seen.found, seen.moves, frontier=seen.frontier, trades=seen.trades, forecast=seen.forecast, document=data,
        currency=currencies.pop() if len(currencies) == 1 else "", source=_sources(seen.bars), command=s.command,
    )  # fmt: skip
    sent(s, made, path)


def past_sent(
    s: Screen,
    seen: "SeenPast",
    data: Mapping[str, Any],
    path: Path,
    *,
    free: float,
    other: "NDArray[np.float64] | None",
) -> None:
    """Write the report of how fixed weights did; `other` holds the benchmark's returns."""
    import numpy as np

    from ara.cli.commands.holdings import portfolio_words
    from ara.reports import Section, Track, track_report
    from ara.reports.charts import composition_of
    from ara.reports.tearsheet_figures import named_measures

    weights = seen.held.weights
    track = Track(
        name="The portfolio", at=np.array(seen.moves.dates, "datetime64[us]"), per_year=seen.moves.per_year,
        returns=seen.moves.returns @ np.array(list(weights.values())), free=free, other=other,
        other_name=seen.benchmark[0] if seen.benchmark else "",
    )  # fmt: skip
    table = named_measures("holdings", "Each holding alone", "holding", seen.each)
    held = Section(title="Holdings", charts=(composition_of(dict(weights)),), tables=(table,))
    facts = [
        ("Holdings", f"{portfolio_words(dict(weights))}, put right each day, without cost"),
        ("Made again by", s.command),
    ]
    made = track_report(
        track, kind="portfolio", facts=facts, sections=[held], source=_sources(seen.held.bars), document=data
    )  # fmt: skip
    sent(s, made, path)


def _sources(bars: "Iterable[Bars]") -> str:
    names = {name for one in bars for name in one.frame["source"].drop_nulls().unique().to_list()}
    return ", ".join(sorted(names))
