"""What a fetch or an update brought, on a terminal and as JSON."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ara.cli.render.data import dated
from ara.cli.render.data_table import Column, instant, table
from ara.cli.screen import Screen
from ara.cli.words import clean, wrapped

if TYPE_CHECKING:
    from datetime import datetime

    from ara.cli.palette import Role
    from ara.data.fetched import Fetched

__all__ = ["fetched", "fetched_document"]

_ROLES: "dict[str, Role]" = {"error": "warning", "warning": "warning", "info": "quiet"}  # the worst comes first
_WORST = 3


def fetched_document(one: "Fetched") -> dict[str, Any]:
    """Give what came of one request as JSON values."""
    from ara.data.quality import cut

    return {
        "symbol": one.instrument.symbol,
        "timeframe": str(one.timeframe),
        "source": one.source,
        "bars": one.bars,
        "new": one.new,
        "corrected": one.corrected,
        "same": one.same,
        "first": instant(one.first),
        "last": instant(one.last),
        "asked": {"from": instant(one.start), "to": instant(one.end)},
        "missing": _missing_document(one),
        "behind": _behind_document(one),
        "quality": cut(one.report.score, 4) if one.bars else None,
        "worst": one.report.worst,
        "issues": [issue.as_dict() for issue in one.report.issues],
        "tried": [{"source": each.source, "ok": each.ok, "words": each.words, "code": each.code} for each in one.tried],
    }


def _missing_document(one: "Fetched") -> dict[str, Any] | None:
    if one.missing is None:
        return None
    named = {"from": instant(one.missing.start), "to": instant(one.missing.end), "sessions": one.missing.sessions}
    return {**named, "words": one.missing.words, "hint": one.missing.hint}


def _behind_document(one: "Fetched") -> dict[str, Any] | None:
    if one.behind is None:
        return None
    named = {"newest": instant(one.behind.newest), "since": instant(one.behind.since), "sessions": one.behind.sessions}
    return {**named, "stale": one.behind.stale, "words": f"{one.behind.words}."}


def fetched(done: Sequence["Fetched"], s: Screen) -> str:
    """Give one line for each instrument; below it what is wrong with the answers, and who failed to answer first."""
    new, corrected = sum(one.new for one in done), sum(one.corrected for one in done)
    whose = f"of {clean(done[0].instrument.symbol)}" if len(done) == 1 else f"of {len(done):,} instruments"
    also = f", {corrected:,} corrected" if corrected else ""
    said = (
        f"{_bars(new)} {whose} {'is' if new == 1 else 'are'} new{also}." if new or corrected else f"No new bar {whose}."
    )
    lines = [*wrapped(said, s.width), ""]
    steps = [str(one.timeframe) for one in done]
    lines += table(
        [
            Column(head="symbol", cells=[one.instrument.symbol for one in done]),
            Column(head="bars", cells=steps, leave=6),
            Column(head="source", cells=[one.source for one in done], leave=1),
            Column(head="new", cells=[f"{one.new:,}" for one in done], right=True),
            Column(head="corrected", cells=[f"{one.corrected:,}" for one in done], right=True, leave=5),
            Column(head="known", cells=[f"{one.same:,}" for one in done], right=True, leave=4),
            Column(head="first", cells=[_at(one.first, one, s) for one in done], leave=3),
            Column(head="last", cells=[_at(one.last, one, s) for one in done], leave=2),
            Column(head="quality", cells=[_grade(one) for one in done], right=True, leave=3),
            Column(head="worst", cells=[one.report.worst or "" for one in done], leave=3),
        ],
        s,
    )
    for one in done:
        lines += _short(one, s) + _issues(one, s)
    missed = [(one, each) for one in done for each in one.tried if not each.ok]
    for one, each in missed:
        gave = "gave nothing" if each.code else "was passed over"
        words = f"{one.instrument.symbol}: {each.source} {gave}: {each.words}"
        lines += [s.palette()(f"  {line}", "quiet") for line in wrapped(clean(words), s.width - 2)]
    return "\n".join(lines)


def _grade(one: "Fetched") -> str:
    from ara.data.quality import cut

    return f"{cut(one.report.score, 2):.2f}" if one.bars else ""


def _short(one: "Fetched", s: Screen) -> list[str]:
    """Say what a source did not give of what was asked for, and what to do."""
    said: list[tuple[str, Role]] = []
    if one.missing is not None:
        said += [(one.missing.words, "warning"), (one.missing.hint, "quiet")]
    if one.behind is not None:
        said.append(
            (f"{one.behind.words[0].upper()}{one.behind.words[1:]}.", "warning" if one.behind.stale else "quiet")
        )
    if one.behind is not None and one.behind.stale:
        hint = f"If it is still traded, ask another source: ara data fetch {one.instrument.symbol} --provider SOURCE"
        said.append((hint, "quiet"))
    paint = s.palette()
    return [paint(f"  {line}", role) for words, role in said for line in wrapped(clean(words), s.width - 2)]


def _issues(one: "Fetched", s: Screen) -> list[str]:
    """Give the worst issues of an answer, and where to read of the others."""
    symbol, severities = one.instrument.symbol, list(_ROLES)
    found = sorted(one.report.issues, key=lambda issue: severities.index(issue.severity))
    said = [(f"{issue.severity.value}, {issue.rule}: {issue.words}", _ROLES[issue.severity]) for issue in found]
    told = said[:_WORST]
    if more := len(said[_WORST:]):
        told.append((f"{more:,} more {'issue' if more == 1 else 'issues'}; see ara data check {symbol}", "quiet"))
    paint = s.palette()
    return [
        paint(f"  {line}", role) for words, role in told for line in wrapped(clean(f"{symbol}: {words}"), s.width - 2)
    ]


def _bars(count: int) -> str:
    return "1 bar" if count == 1 else f"{count:,} bars"


def _at(moment: "datetime | None", one: "Fetched", s: Screen) -> str:
    return "" if moment is None else dated(moment, one.instrument, str(one.timeframe), s)
