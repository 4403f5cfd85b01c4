"""How instruments move together, on a terminal: the table of correlations, breaks, leads, groups; pairs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ara.cli.render.data_table import Column, table
from ara.cli.render.numbers import long_day
from ara.cli.screen import Screen
from ara.cli.words import clean, width, wrapped
from ara.risk import Moves, Pair, Ties, interval

__all__ = ["SeenPairs", "couples", "ties"]

_Couple = tuple[int, int]

_SURE: Final = 0.05
_WIDEST: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SeenPairs:
    """Pairs, the surest first, and the returns that they were tested on."""

    moves: Moves
    found: Sequence[Pair]


def ties(seen: Ties, s: Screen) -> str:
    """Give the answer, the table or the list of correlations, and what changed."""
    paint, names = s.palette(), seen.moves.symbols
    first = max(seen.changes, key=lambda pair: (abs(seen.own[pair]), pair))
    low, high = interval(float(seen.own[first]), seen.window)
    words = f"{clean(names[first[0]])} and {clean(names[first[1]])} are tied most closely: {seen.own[first]:.2f}"
    lines = [paint(line, "strong") for line in wrapped(f"{words} ({low:.2f} to {high:.2f} with 95 %).", s.width)]
    days = seen.moves.dates[-seen.window :]
    span = f"the last {seen.window} days that all have, {long_day(days[0])} to {long_day(days[-1])}"
    span += "; in the table shrunk, as so few days allow"
    lines += [*(paint(line, "quiet") for line in wrapped(span, s.width)), "", *_matrix(seen, s), ""]
    for words in (*_broken(seen), *_leads(seen), _groups(seen)):
        lines += wrapped(words, s.width) if words else []
    return "\n".join(lines)


def _matrix(seen: Ties, s: Screen) -> list[str]:
    """Give the table where it fits, else a line for each two."""
    names = seen.moves.symbols
    needed = max(map(width, names)) + 4 + sum(max(width(name), 5) + 2 for name in names)
    if len(names) <= _WIDEST and needed <= s.width:
        cells = [[f"{seen.shrunk[row, column]:.2f}" for row in range(len(names))] for column in range(len(names))]
        each = [Column(head=name, cells=cells[place], right=True) for place, name in enumerate(names)]
        return table([Column(head="", cells=list(names)), *each], s)
    ordered = sorted(seen.changes, key=lambda pair: (-abs(seen.shrunk[pair]), pair))
    return table(
        [
            Column(head="one", cells=[names[one] for one, _ in ordered]),
            Column(head="other", cells=[names[other] for _, other in ordered]),
            Column(head="correlation", cells=[f"{seen.shrunk[pair]:.2f}" for pair in ordered], right=True),
        ],
        s,
    )


def _broken(seen: Ties) -> list[str]:
    known = [change for change in seen.changes.values() if change]
    if not known:
        return ["The past is too short to say whether a correlation changed."]
    broken = [(pair, change) for pair, change in seen.changes.items() if change and change.broken]
    names = seen.moves.symbols
    return [
        f"{clean(names[one])} and {clean(names[other])} broke: {change.now:.2f} now, {change.before:.2f} before."
        for (one, other), change in broken
    ] or ["None broke: no correlation differs from the one before by more than 0.3 and more than chance."]


def _leads(seen: Ties) -> list[str]:
    names, out = seen.moves.symbols, []
    for (one, other), found in seen.leads.items():
        if found.p < _SURE / len(seen.changes):
            first, then = (one, other) if found.bars > 0 else (other, one)
            days = "a day" if abs(found.bars) == 1 else f"{abs(found.bars)} days"
            out.append(f"{clean(names[then])} follows {clean(names[first])} after {days}: {found.correlation:.2f}.")
    return out


def _groups(seen: Ties) -> str:
    names = seen.moves.symbols
    told = [", ".join(clean(names[place]) for place in group) for group in seen.groups if len(group) > 1]
    return f"Groups that move together: {'; '.join(told)}." if told else "None move together closely (above 0.5)."


def couples(seen: SeenPairs, s: Screen) -> str:
    """Give whether any pair holds, and the table of all."""
    paint = s.palette()
    sure = [one for one in seen.found if one.corrected < _SURE]
    if sure:
        best = sure[0]
        pace = f", half of a distance in {best.half_life:.0f} days" if best.half_life is not None else ""
        words = (
            f"{clean(best.first)} and {clean(best.second)} stay together (p {best.corrected:.3f}{pace}); the spread is "
        )
        words += f"{abs(best.distance):.1f} deviations {'above' if best.distance > 0 else 'below'} its mean."
    else:
        among = f"among {len(seen.found)} pairs" if len(seen.found) > 1 else "of this pair"
        words = f"No spread returns to its mean for sure {among}: what looks tied may drift apart."
    lines = [paint(line, "strong") for line in wrapped(words, s.width)]
    dates = seen.moves.dates
    span = f"{len(dates):,} days, {long_day(dates[0])} to {long_day(dates[-1])}"
    lines += [*(paint(line, "quiet") for line in wrapped(span, s.width)), ""]
    shown = seen.found[:20]
    halves = ["" if one.half_life is None else f"{one.half_life:.0f}" for one in shown]
    return "\n".join(
        [
            *lines,
            *table(
                [
                    Column(head="one", cells=[one.first for one in shown]),
                    Column(head="other", cells=[one.second for one in shown]),
                    Column(head="p of all", cells=[f"{one.corrected:.3f}" for one in shown], right=True),
                    Column(head="p alone", cells=[f"{one.p:.3f}" for one in shown], right=True, leave=3),
                    Column(head="hedge", cells=[f"{one.hedge:.2f}" for one in shown], right=True, leave=2),
                    Column(head="half-life", cells=halves, right=True, leave=1),
                    Column(head="distance", cells=[f"{one.distance:+.1f}" for one in shown], right=True, leave=4),
                ],
                s,
            ),
        ]
    )
