"""Reports on the quality of bars, on a terminal and as JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ara.cli.palette import Role
from ara.cli.render.data import dated
from ara.cli.screen import Screen
from ara.cli.words import clean, padded, width, wrapped

if TYPE_CHECKING:
    from ara.data.quality import Issue, QualityReport
    from ara.market.instrument import Instrument

__all__ = ["Judged", "document", "report"]

_ROLES: dict[str, Role] = {"error": "warning", "warning": "warning", "info": "quiet"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One series of one source, how many bars it has, or rates, and what was found in it."""

    instrument: "Instrument"
    timeframe: str
    source: str
    bars: int
    report: "QualityReport"
    rates: bool = False


def document(judged: Sequence[Judged], *, each: bool, rule: str) -> dict[str, Any]:
    """Give the score of the worst series and its worst issue's severity, every issue, and the score of each series."""
    from ara.data.quality import Severity, cut

    worst = [one.report.worst for one in judged if one.report.worst]
    return {
        "schema": 1,
        "score": cut(min((one.report.score for one in judged), default=0.0), 4),
        "worst": max(worst, key=list(Severity).index, default=None),
        "issues": [issue.as_dict() for one in judged for issue in _issues(one, each=each, rule=rule)],
        "series": [
            {
                "symbol": one.instrument.symbol,
                "timeframe": one.timeframe,
                "source": one.source,
                "bars": one.bars,
                "score": cut(one.report.score, 4),
                "worst": one.report.worst,
            }
            for one in judged
        ],
    }


def _issues(one: Judged, *, each: bool, rule: str) -> list["Issue"]:
    return [issue for issue in one.report.listed(each=each) if rule in ("", issue.rule)]


def report(judged: Sequence[Judged], s: Screen, *, each: bool, rule: str) -> str:
    """Give each series' score and its issues; those without any in one line together."""
    lines: list[str] = []
    clear = [one for one in judged if not _issues(one, each=each, rule=rule)]
    alike = [] if each else _alike(judged, rule)
    for group in alike:
        lines += [*_group(*group, s), ""]
    told = {(one.instrument.symbol, one.source, issue.words) for issue, ones in alike for one in ones}
    for one in judged:
        found = _issues(one, each=each, rule=rule)
        issues = [issue for issue in found if (one.instrument.symbol, one.source, issue.words) not in told]
        if found and not issues:
            continue
        if issues or len(judged) == 1:
            lines += [*_series(one, issues, s), ""]
    if clear and len(judged) > 1:
        names = ", ".join(dict.fromkeys(one.instrument.symbol for one in clear))
        lines += wrapped(clean(f"Nothing found in {len(clear):,} of {len(judged):,} series: {names}"), s.width)
    return "\n".join(lines).rstrip("\n")


def _alike(judged: Sequence[Judged], rule: str) -> list[tuple["Issue", list[Judged]]]:
    """Give what is found alike in the rates of several currencies, and in which."""
    found: dict[tuple[str, str, str], tuple[Issue, list[Judged]]] = {}
    for one in judged:
        for issue in _issues(one, each=False, rule=rule) if one.rates else ():
            found.setdefault((one.source, issue.rule, issue.words), (issue, []))[1].append(one)
    return [group for group in found.values() if len(group[1]) > 1]


def _group(issue: "Issue", ones: Sequence[Judged], s: Screen) -> list[str]:
    """Say once what is found in several currencies."""
    from ara.data.quality import cut

    paint, role = s.palette(), _ROLES[issue.severity]
    scores = sorted({f"{cut(one.report.score, 2):.2f}" for one in ones})
    head = f"{len(ones):,} currencies  {ones[0].source}, quality {' to '.join(dict.fromkeys((scores[0], scores[-1])))}"
    names = ", ".join(one.instrument.symbol for one in ones)
    return [
        *(paint(line, "strong") for line in wrapped(clean(head), s.width)),
        *(
            paint(f"  {line}", role)
            for line in wrapped(f"{issue.severity.value}  {issue.rule}  {issue.words}", s.width - 2)
        ),
        *(paint(f"  {line}", "quiet") for line in wrapped(names, s.width - 2)),
    ]


def _series(one: Judged, issues: Sequence["Issue"], s: Screen) -> list[str]:
    from ara.data.quality import cut

    paint = s.palette()
    much = (
        f"{one.bars:,} {'rate' if one.bars == 1 else 'rates'}" if one.rates else f"{one.bars:,} bars of {one.timeframe}"
    )
    name = clean(f"{one.instrument.symbol}  {one.source}, {much}")
    score = f"quality {cut(one.report.score, 2):.2f}" + (f", {one.report.worst}" if one.report.worst else "")
    gap = s.width - width(name) - width(score)
    lines = [paint(name + " " * gap + score, "strong")] if gap > 1 else [paint(name, "strong"), paint(score, "strong")]
    if not issues:
        return [*lines, "  Nothing found."]
    sizes = [max(width(cell) for cell in cells) for cells in zip(*(_cells(i, one, s) for i in issues), strict=True)]
    for issue in issues:
        cells = [
            padded(c, size, right=n == 3) for n, (c, size) in enumerate(zip(_cells(issue, one, s), sizes, strict=True))
        ]
        head = "  " + "  ".join(cells)
        room = s.width - width(head) - 2
        words = clean(issue.words)
        if room >= 24:
            first, *more = wrapped(words, room)
            lines.append(f"{paint(head, _ROLES[issue.severity])}  {first}")
            lines += [" " * (width(head) + 2) + line for line in more]
        else:
            lines += [paint(head.rstrip(), _ROLES[issue.severity]), *(f"    {w}" for w in wrapped(words, s.width - 4))]
    return lines


def _cells(issue: "Issue", one: Judged, s: Screen) -> tuple[str, str, str, str]:
    at = "" if issue.at is None else dated(issue.at, one.instrument, one.timeframe, s)
    return issue.severity.value, issue.rule, at, f"{issue.count:,}"
