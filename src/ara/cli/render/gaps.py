"""Gaps between venues on a terminal: whether any pays now, how often one did, and whether it stayed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ara.cli.render.data_table import Column, table
from ara.cli.render.numbers import percent
from ara.cli.screen import Screen
from ara.cli.words import clean, wrapped
from ara.risk import Gap

__all__ = ["SeenGaps", "told"]

_SHOWN: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenGaps:
    """Gaps of what, by bars of which length, at which cost at each venue, at which openings of bars."""

    symbols: tuple[str, ...]
    timeframe: str
    costs: Mapping[str, float]
    moments: Sequence[datetime]
    found: Sequence[Gap]


def told(seen: SeenGaps, s: Screen) -> str:
    """Give whether a gap pays now, what there was, and what is not in the figures."""
    paint, newest = s.palette(), max(one.place for one in seen.found)
    best = max((one for one in seen.found if one.place == newest), key=lambda one: one.now)
    when = f"at the close of the bar of {seen.moments[newest]:%Y-%m-%d %H:%M} UTC"
    if best.now > 0:
        words = f"Buying at {clean(best.buy)} and selling at {clean(best.sell)} left {percent(best.now, 2)} after costs"
        words += f" {when}."
    else:
        words = f"No gap paid {when}: the nearest left {percent(best.now, 2)} after costs."
    lines = [paint(line, "strong") for line in wrapped(words, s.width)]
    cost = ", ".join(f"{clean(name)} {percent(share, 2, signed=False)}" for name, share in seen.costs.items())
    span = f"{', '.join(map(clean, seen.symbols))}: {len(seen.moments):,} bars of {seen.timeframe} since "
    span += f"{seen.moments[0]:%Y-%m-%d}; a trade costs {cost}"
    lines += [*(paint(line, "quiet") for line in wrapped(span, s.width)), "", *_rows(seen.found[:_SHOWN], s), ""]
    note = "Closes of bars are no offers: who saw a gap could act at the next price at the earliest, and 'stayed' says "
    note += "how often it was still there. Moving coins and money between venues is not counted."
    return "\n".join([*lines, *wrapped(note, s.width)])


def _rows(found: Sequence[Gap], s: Screen) -> list[str]:
    def share(value: float | None) -> str:
        return "-" if value is None else percent(value, 2)

    return table(
        [
            Column(head="buy at", cells=[one.buy for one in found]),
            Column(head="sell at", cells=[one.sell for one in found]),
            Column(head="apart", cells=[percent(one.usual, 2, signed=False) for one in found], right=True, leave=3),
            Column(head="now", cells=[share(one.now) for one in found], right=True),
            Column(
                head="paid", cells=[percent(one.paid / one.bars, signed=False) for one in found], right=True, leave=1
            ),
            Column(head="gain", cells=[share(one.gain) for one in found], right=True, leave=2),
            Column(
                head="stayed",
                cells=["-" if one.stayed is None else percent(one.stayed, 0, signed=False) for one in found],
                right=True,
                leave=4,
            ),
            Column(head="longest", cells=[f"{one.longest:,}" for one in found], right=True, leave=5),
        ],
        s,
    )
