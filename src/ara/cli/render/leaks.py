"""What an audit of forecasts or of a source found, on a terminal."""

from collections.abc import Sequence

from ara.cli.render.audit import broken
from ara.cli.render.audit import caught as trapped
from ara.cli.screen import Screen
from ara.cli.words import clean, wrapped
from ara.evidence.leaks import RULES, Audit
from ara.features.audit.trap import Trap

__all__ = ["audited", "caught"]

_MOST = 6
_COLUMNS = 12
_FORECASTS = (
    "bars cut off at the origin, other bars after it, many origins at once, and a market of the same moves in another "
    "order"
)
_BARS = "their stamps, and how they go with the bars after them"
_REPLAYED = "what was told of them before, "


def audited(found: Audit, s: Screen) -> str:
    """Say whether anything leaks, then what, where, by how much and what to do."""
    paint = s.palette()
    lines = [paint(text, "strong") for text in wrapped(_verdict(found), s.width)]
    what = _FORECASTS
    if found.kind == "data":
        what = f"{_REPLAYED if 'prefix' in found.tried else ''}{_BARS}"
    lines += wrapped(clean(f"{_counted(found)}: {what}."), s.width)
    if found.columns:
        said = f"Held against the next bar's move as well: {_named(found.columns)}."
        lines += wrapped(said, s.width)
    if found.unseen:
        said = f"Not looked at, for want of numbers: {_named(found.unseen)}."
        lines += wrapped(said, s.width)
    for rule in RULES:
        lines += broken(rule, RULES[rule], [one.words for one in found.findings if one.rule == rule], s, most=_MOST)
    return "\n".join(lines)


def _named(columns: Sequence[str]) -> str:
    more = f" and {len(columns) - _COLUMNS} more" if len(columns) > _COLUMNS else ""
    return f"{', '.join(clean(name)[:40] for name in columns[:_COLUMNS])}{more}"


def _verdict(found: Audit) -> str:
    name = clean(found.subject)
    leaking = {one.rule for one in found.findings if one.leak}
    beside = " It isn't all that it should be, though; see below." if found.findings else ""
    return {
        "leaks": f"{name} leaks: {len(leaking)} of {len(found.tried)} checks found what nobody knew then.",
        "unfit": f"{name} leaks nothing that was seen, and is no honest forecast; see below.",
        "unknown": f"{name} is not proven to be free of leaks; see below.",
        "clear": f"No leak was found in {name}.{beside}",
    }[found.verdict]


def _counted(found: Audit) -> str:
    many = "" if len(found.symbols) == 1 else "s"
    days = ", ".join(f"{moment:%Y-%m-%d}" for moment in found.origins)
    on = f"{len(found.symbols)} symbol{many}"
    if found.kind == "data":
        return f"{found.rows:,} bars of {on} were looked at"
    return f"Asked {found.asked} times on {on}, {found.rows:,} forecasts around {days}"


def caught(kind: str, traps: Sequence[Trap], s: Screen) -> str:
    """Say which planted leaks were found, and by which rule, and what each of them does."""
    return trapped(traps, s, kind=kind, twin="clean", explained=[trap for trap in traps if trap.leaks])
