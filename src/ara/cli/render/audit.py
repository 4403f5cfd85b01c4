"""What an audit found, on a terminal."""

from collections.abc import Sequence

from ara.cli.render.data_table import Column, table
from ara.cli.screen import Screen
from ara.cli.words import clean, wrapped
from ara.features.audit import RULES, Audit, Finding
from ara.features.audit.planted import Trap

__all__ = ["audited", "caught"]

_MOST = 12


def audited(found: Audit, s: Screen) -> str:
    """Say whether anything leaks, then what, where and what to do."""
    paint = s.palette()
    lines = [paint(text, "strong") for text in wrapped(_verdict(found), s.width)]
    what = "bars that end earlier, go on in another way, begin later, differ in a few, or are followed by a split"
    tried = f"Built {found.builds} times on {_listed(found.symbols)} ({found.rows:,} rows), from {what}."
    lines += wrapped(tried, s.width)
    if found.unjudged:
        names = _listed(found.unjudged[:_MOST])
        more = f" and {len(found.unjudged) - _MOST} more" if len(found.unjudged) > _MOST else ""
        lines += wrapped(clean(f"Not judged, because they had no value on these bars: {names}{more}."), s.width)
    for rule in RULES:
        lines += _broken(rule, [one for one in found.findings if one.rule == rule], s)
    return "\n".join(lines)


def _verdict(found: Audit) -> str:
    name, count = clean(found.subject), len(found.columns) - len(found.unjudged)
    features = f"{count} feature{'s' * (count != 1)}"
    if found.leaks:
        leaking = len({one.column for one in found.leaks})
        return f"{name} leaks: {leaking} of {features} knew what nobody knew then."
    beside = " It isn't all that it says it is, though; see below." if found.findings else ""
    return f"No leak was found in {name}: {features}, each the same whatever came after.{beside}"


def _broken(rule: str, findings: Sequence[Finding], s: Screen) -> list[str]:
    if not findings:
        return []
    paint = s.palette()
    lines = ["", *(paint(text, "warning") for text in wrapped(f"{rule}: {RULES[rule][0]}", s.width))]
    for one in findings[:_MOST]:
        lines += [f"  {text}" for text in wrapped(clean(_row(one)), s.width - 2)]
    if len(findings) > _MOST:
        lines.append(f"  and {len(findings) - _MOST} more; all with --json")
    lines += [paint(f"  {text}", "quiet") for text in wrapped(RULES[rule][1], s.width - 2)]
    return lines


def _row(one: Finding) -> str:
    values = "" if one.rule == "fails" else f"{_value(one.was)} against {_value(one.now)} "
    moment = f"on {one.at:%Y-%m-%d} " if one.at else ""
    rows = f"in {one.count:,} row{'s' * (one.count != 1)}" if one.rule != "fails" else ""
    return (
        f"{one.column or one.subject} ({one.symbol}): {values}{moment}{rows}{f'; {one.detail}' if one.detail else ''}"
    )


def caught(traps: Sequence[Trap], s: Screen) -> str:
    """Say which planted leaks were found, and by which rule."""
    paint = s.palette()
    leaks = [trap for trap in traps if trap.leaks]
    found = sum(trap.caught for trap in leaks)
    clear = sum(trap.caught for trap in traps) - found
    twins = f"{clear} of {len(traps) - len(leaks)} honest twins passed"
    lines = [
        paint(text, "strong")
        for text in wrapped(f"{found} of {len(leaks)} planted leaks were found; {twins}.", s.width)
    ]
    columns = [
        Column(head="feature", cells=[trap.name for trap in traps]),
        Column(head="leaks", cells=["yes" if trap.leaks else "no" for trap in traps], leave=2),
        Column(head="found by", cells=[", ".join(trap.found_by) or "nothing" for trap in traps]),
        Column(head="", cells=["" if trap.caught else "missed" for trap in traps]),
    ]
    lines += ["", *table(columns, s), ""]
    for trap in traps:
        lines += wrapped(clean(f"{trap.name}: {trap.words}."), s.width)
    return "\n".join(lines)


def _value(value: float) -> str:
    return "no value" if value != value else f"{value:.6g}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
