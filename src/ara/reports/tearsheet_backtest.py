"""The tear sheet of a back-test."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ara.errors import ValidationError
from ara.performance.inputs import returns_of
from ara.reports.charts import equity as equity_drawn
from ara.reports.charts.equity import of_result
from ara.reports.numbers import counted, grouped, percent
from ara.reports.tables import Column, Form, Table
from ara.reports.tearsheet import Report, Section
from ara.reports.tearsheet_figures import figures
from ara.reports.tearsheet_past import beyond_luck, calendar, losses, meaning, moved, parts, rolling_chart
from ara.reports.tearsheet_track import Track, bands
from ara.reports.tearsheet_trades import account, equity_table, fill_table, flow_table, traded

if TYPE_CHECKING:
    from ara.backtest import Result

__all__ = ["backtest_report", "write"]

_DAYS: Final = 6
_DECISIONS: Final = {
    "market": "being in the market", "timing": "timing", "selection": "selection", "sizing": "sizing", "cost": "costs",
    "total": "all together",
}  # fmt: skip
_NAMED: Final = 8
_LETTERS: Final = 60
_BURNT: Final = "These bars were looked at {:,} times, too often to prove anything any more."


def backtest_report(
    result: "Result",
    *,
    command: str = "",
    looks: int = 1,
    burnt: bool = False,
    sections: Sequence[Section] = (),
    document: Mapping[str, Any] | None = None,
) -> Report:
    """Give the tear sheet of a back-test.

    Parameters
    ----------
    result
        The back-test.
    command
        What makes it again.
    looks
        How often these bars were looked at, this time included: the trials that luck is counted with.
    burnt
        Whether they were looked at so often that they prove nothing any more.
    sections
        What else is to be shown, behind the first section: the choices of a walk.
    document
        What goes into JSON files beside the tables; the result's own if None.
    """
    if not result.frame.height:
        raise ValidationError("There is no bar to report of.", hint="Name another range of dates.")
    track = _track(result, looks)
    daily = track.daily()
    drawn = bands(daily)
    first = Section(
        title="Equity",
        charts=(equity_drawn(result),),
        tables=(figures(result.strategy, result.measures, drawn, [(track.other_name, result.hold), *_mixes(result)]),),
    )
    return Report(
        kind="backtest",
        title=_title(result),
        finding=(*_finding(result, track, drawn), *([_BURNT.format(looks)] if burnt else [])),
        facts=tuple(_facts(result, command, looks)),
        sections=(
            first, *sections, *_beside(result), calendar(daily), losses(daily),
            rolling_chart(daily, parts(daily), of_result(result)), *account(result), traded(result), _checked(result),
        ),
        data=(equity_table(result), fill_table(result), flow_table(result)),
        meaning=meaning(track, intervals=bool(drawn)),
        document={"schema": 1, **result.as_dict()} if document is None else document,
        lineage=result.lineage.id,
    )  # fmt: skip


def write(result: "Result | Report", path: Path | str, **more: Any) -> tuple[Path, ...]:
    """Write the report of a back-test, or one that is made already, to a file; gives what was written.

    Parameters
    ----------
    result
        The back-test, or its report.
    path
        Its ending says in which form: `.pdf`, `.html`, `.xlsx`, `.csv`, `.json`.
    more
        What `backtest_report` takes.
    """
    return (result if isinstance(result, Report) else backtest_report(result, **more)).write(path)


def _track(result: "Result", looks: int) -> Track:
    own, hold = (
        returns_of(np.concatenate(([float(result.cash)], result.frame[name].to_numpy()))) for name in ("equity", "hold")
    )
    return Track(
        name=result.strategy, at=result.frame["at"].to_numpy(), returns=np.maximum(own, -1.0), trials=max(looks, 1),
        per_year=result.per_year, other_name="buy and hold", other=np.maximum(hold, -1.0),
    )  # fmt: skip


def _title(result: "Result") -> str:
    own, hold = result.measures.total, result.hold.total
    names, strategy = _named(result), result.strategy[:_LETTERS]
    if own is None:
        return f"{strategy} on {names}: there is no bar to measure"
    beside = "" if hold is None else f"; buy and hold {moved(hold)}"
    return f"{strategy} on {names} {moved(own)} after costs{beside}"


def _named(result: "Result") -> str:
    more = len(result.symbols) - _NAMED
    return ", ".join(one[:_LETTERS] for one in result.symbols[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _finding(result: "Result", track: Track, drawn: Mapping[str, Any]) -> list[str]:
    tried = f"After {track.trials} looks at these bars" if track.trials > 1 else ""
    words = beyond_luck(track, drawn, looks=tried)
    chance = result.beside.random
    if chance.p is not None and chance.low is not None and chance.high is not None:
        words.append(
            f"The same positions at {chance.draws} other times had Sharpe ratios of {chance.low:.2f} to "
            f"{chance.high:.2f}; as good as this or better by chance alone: {percent(chance.p, 1, signed=False)}."
        )
    if not result.fills:
        words.append("It never traded.")
    if result.replay is None:
        words.append("It was not replayed on shorter bars: nothing shows that it saw no future.")
    if result.calls:
        words.append(f"Margin was called {counted(len(result.calls), 'time')}, first on {result.calls[0]:%Y-%m-%d}.")
    return words


def _facts(result: "Result", command: str, looks: int) -> list[tuple[str, str]]:
    at, costs = result.frame["at"], result.costs
    given = ", ".join(f"{name} {value}" for name, value in result.parameters.items())
    charged = (
        f"commission {percent(costs.commission, 2, signed=False)}, spread {percent(costs.spread, 2, signed=False)}"
    )
    charged += f", slippage {costs.slippage} {costs.impact:g}, leverage {costs.leverage:g}"
    said = [
        ("Strategy", f"{result.strategy}{f' ({given})' if given else ''}"),
        ("Instruments", ", ".join(result.symbols)),
        ("Data", f"{_sources(result) or 'bars as given'}, closes from {at[0]:%Y-%m-%d} to {at[-1]:%Y-%m-%d}"),
        ("Bars", f"{len(at):,}, decided at a close, filled from the next open on"),
        ("Account", f"{grouped(float(result.cash), 2)} {result.currency} to begin with"),
        ("Costs", charged),
        ("Looks", f"{looks:,} at these bars, this one included"),
        ("Lineage", result.lineage.id),
    ]
    return [*said, ("Made again by", command)] if command else said


def _sources(result: "Result") -> str:
    return ", ".join(dict.fromkeys(one for one in result.sources.values() if one))


def _mixes(result: "Result") -> list[tuple[str, Any]]:
    mix = result.beside.mix
    if mix is None:
        return []
    return [
        (" / ".join(f"{percent(share, 0, signed=False)} {name}" for name, share in mix.weights.items()), mix.measures)
    ]


def _beside(result: "Result") -> list[Section]:
    found = result.beside.decisions
    rows = [(label, found[name]) for name, label in _DECISIONS.items() if name in found]
    if not rows:
        return []
    columns = (
        Column(key="decision", head="decision", values=[label for label, _ in rows]),
        Column(key="brought", head="brought", values=[value for _, value in rows], form=Form.SHARE),
    )
    words = "Sums of the bars' simple returns, not compounded, so that the parts add up."
    table = Table(name="decisions", title="What each decision brought", columns=columns, words=words)
    return [Section(title="Where it came from", tables=(table,))]


def _checked(result: "Result") -> Section:
    words = []
    if result.replay is not None and result.replay.cuts:
        days = [f"{one.at:%Y-%m-%d}" for one in result.replay.cuts]
        cuts = f"at {', '.join(days)}"
        if len(days) > _DAYS:
            cuts = f"at {len(days)} moments, {min(days)} to {max(days)}"
        words.append(f"It was played again on bars that end {cuts}, and decided alike: no sign of foresight there.")
    elif result.replay is not None:
        words.append("There are too few bars to replay it on shorter ones: nothing shows that it saw no future.")
    else:
        words.append("It was not replayed on shorter bars: nothing shows that it saw no future.")
    if result.cut:
        words.append(f"{result.cut} orders could not be afforded whole, and were cut.")
    words += [f"{note[0].upper()}{note[1:]}." for note in result.notes if note and not note.startswith("not replayed")]
    words.append("What was is no promise of what comes.")
    return Section(title="What was checked", words=tuple(words))
