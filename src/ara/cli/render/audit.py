"""What an audit found, on a terminal."""

from collections.abc import Sequence

from ara.cli.render.data_table import Column, table
from ara.cli.screen import Screen
from ara.cli.words import clean, wrapped
from ara.features.audit import RULES, Audit, Finding
from ara.features.audit.moments import MOMENTS
from ara.features.audit.trap import Trap

__all__ = ["audited", "broken", "caught"]

_MOST = 12
_ENDS = "at ends of "


def audited(found: Audit, s: Screen) -> str:
    """Say whether anything leaks, then what, where and what to do."""
    paint = s.palette()
    lines = [paint(text, "strong") for text in wrapped(_verdict(found), s.width)]
    what = "bars that end earlier, go on in another way, begin later, differ in a few, or are followed by a split"
    tried = f"Built {found.builds} times on {_listed(found.symbols)} ({found.rows:,} rows), from {what}."
    lines += wrapped(f"{tried} {_moments(found)}", s.width)
    reasons = {"no finite value on these bars": found.unjudged, "another value every time": found.unstable}
    for reason, columns in reasons.items():
        if columns:
            names = _listed(columns[:_MOST])
            more = f" and {len(columns) - _MOST} more" if len(columns) > _MOST else ""
            lines += wrapped(clean(f"Not judged, because they had {reason}: {names}{more}."), s.width)
    for rule in RULES:
        lines += broken(rule, RULES[rule], [_row(one) for one in found.findings if one.rule == rule], s, most=_MOST)
    return "\n".join(lines)


def _verdict(found: Audit) -> str:
    name = clean(found.subject)
    count = len(set(found.columns) - set(found.unjudged) - set(found.unstable))
    features = f"{count} feature{'s' * (count != 1)}"
    if found.verdict == "unknown":
        why = f"{count} of {len(found.columns)} features could be judged"
        if found.failed * 2 > found.builds:
            why = f"it failed {found.failed} of {found.builds} times"
        return f"{name} is not proven to be free of leaks: {why}; see below."
    if found.leaks:
        leaking = len({one.column for one in found.leaks})
        return f"{name} leaks: {leaking} of {features} knew what nobody knew then."
    beside = " It isn't all that it says it is, though; see below." if found.findings else ""
    return f"No leak was found in {name}: {features}, each the same whatever came after.{beside}"


def _moments(found: Audit) -> str:
    """Say how much of the past was judged, since a leak may show in other bars alone."""
    kinds = {kind: MOMENTS[kind] for kind in MOMENTS if found.moments.get(kind)}
    ends = [words.removeprefix(_ENDS) for words in kinds.values() if words.startswith(_ENDS)]
    others = [words for words in kinds.values() if not words.startswith(_ENDS)]
    told = (
        [*others, f"{_ENDS}{' and '.join((', '.join(ends[:-1]), ends[-1])).removeprefix(' and ')}"] if ends else others
    )
    ended = f"They ended at {sum(found.moments.values())} moments: {', '.join(told)}."
    return f"{ended} A leak that shows at no such moment is not seen; --cuts tries more."


def broken(rule: str, meaning: tuple[str, str], rows: Sequence[str], s: Screen, *, most: int) -> list[str]:
    """Say of a broken rule what it means, where it was broken, at most `most` places of it, and what to do."""
    if not rows:
        return []
    paint = s.palette()
    lines = ["", *(paint(text, "warning") for text in wrapped(f"{rule}: {meaning[0]}", s.width))]
    for row in rows[:most]:
        lines += [f"  {text}" for text in wrapped(clean(row), s.width - 2)]
    if len(rows) > most:
        lines.append(f"  and {len(rows) - most} more; all with --json")
    lines += [paint(f"  {text}", "quiet") for text in wrapped(meaning[1], s.width - 2)]
    return lines


def _row(one: Finding) -> str:
    values = f"{_value(one.was)} against {_value(one.now)} " if one.compared else ""
    moment = f"on {one.at:%Y-%m-%d} " if one.at else ""
    rows = f"in {one.count:,} row{'s' * (one.count != 1)}" if one.rule != "fails" else ""
    return (
        f"{one.column or one.subject} ({one.symbol}): {values}{moment}{rows}{f'; {one.detail}' if one.detail else ''}"
    )


def caught(
    traps: Sequence[Trap],
    s: Screen,
    *,
    kind: str = "feature",
    twin: str = "honest",
    explained: Sequence[Trap] | None = None,
) -> str:
    """Say which planted leaks were found, and by which rule; of those to be explained, all if None, what they do."""
    paint = s.palette()
    leaks = [trap for trap in traps if trap.leaks]
    found = sum(trap.caught for trap in leaks)
    clear = sum(trap.caught for trap in traps) - found
    twins = f"{clear} of {len(traps) - len(leaks)} {twin} twins passed"
    lines = [
        paint(text, "strong")
        for text in wrapped(f"{found} of {len(leaks)} planted leaks were found; {twins}.", s.width)
    ]
    columns = [
        Column(head=kind, cells=[trap.name for trap in traps]),
        Column(head="leaks", cells=["yes" if trap.leaks else "no" for trap in traps], leave=2),
        Column(head="found by", cells=[", ".join(trap.found_by) or "nothing" for trap in traps]),
        Column(head="", cells=["" if trap.caught else "missed" for trap in traps]),
    ]
    lines += ["", *table(columns, s), ""]
    for trap in traps if explained is None else explained:
        lines += wrapped(clean(f"{trap.name}: {trap.words}."), s.width)
    return "\n".join(lines)


def _value(value: float) -> str:
    return "no value" if value != value else f"{value:.6g}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
