"""Drift of features on a terminal."""

from collections.abc import Sequence

from ara.cli.render.data_table import Column, table
from ara.cli.screen import Screen
from ara.cli.words import clean, wrapped
from ara.features.drift import Drift

__all__ = ["drifted"]

_MOST = 20
_WORDS = {
    "bh": "of the features that are named, one in {odds} at most is expected to be so by chance",
    "holm": "the chance that even one is named by chance alone is at most one in {odds}",
}


def drifted(found: Drift, symbol: str, days: Sequence[Sequence[str]], s: Screen) -> str:
    """Say which features drifted, how far, and of which nothing can be said."""
    paint = s.palette()
    told = len(found.features) - len(found.untold)
    count = len(found.drifted)
    head = (
        f"{count} of {told} features of {clean(symbol)} drifted" if count else f"No feature of {clean(symbol)} drifted"
    )
    lines = [
        paint(text, "strong")
        for text in wrapped(f"{head}{'' if count else f', of {told} that can be judged'}.", s.width)
    ]
    windows = (
        f"{first} to {last} ({bars:,} bars)"
        for (first, last), bars in zip(days, (found.before, found.after), strict=True)
    )
    lines += wrapped(f"Now is {' compared with '.join(reversed(list(windows)))}.", s.width)
    lines += _named(found, s)
    if found.untold:
        names = ", ".join(one.name for one in found.untold[:_MOST])
        more = f" and {len(found.untold) - _MOST} more" if len(found.untold) > _MOST else ""
        why = "which move too slowly for these windows or have too few values"
        lines += ["", *wrapped(clean(f"Nothing can be said of {len(found.untold)}, {why}: {names}{more}."), s.width)]
    words = _WORDS[found.correction].format(odds=round(1 / found.level))
    lines += [
        "",
        *(
            paint(text, "quiet")
            for text in wrapped(f"Blocks of bars were shuffled between the windows; {words}.", s.width)
        ),
    ]
    return "\n".join(lines)


def _named(found: Drift, s: Screen) -> list[str]:
    """Give a table of those that drifted."""
    shown = found.drifted[:_MOST]
    if not shown:
        return []
    columns = [
        Column(head="feature", cells=[one.name for one in shown]),
        Column(head="chance", cells=[_chance(one.adjusted) for one in shown], right=True),
        Column(head="PSI", cells=[f"{one.psi:.2f}" for one in shown], right=True),
        Column(head="KS", cells=[f"{one.ks:.2f}" for one in shown], right=True, leave=1),
        Column(head="moved by", cells=[f"{one.wasserstein:.2f} sd" for one in shown], right=True, leave=2),
        Column(head="JS", cells=[f"{one.jensen_shannon:.2f}" for one in shown], right=True, leave=3),
    ]
    lines = ["", *table(columns, s)]
    if len(found.drifted) > _MOST:
        lines.append(f"  and {len(found.drifted) - _MOST} more; all with --json")
    return lines


def _chance(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
