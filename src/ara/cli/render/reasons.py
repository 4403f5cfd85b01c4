"""Why a band is as wide as it is, and where its median comes from: shares in columns, and words beside them."""

from collections.abc import Sequence
from typing import Final

from ara.cli.render.numbers import percent
from ara.cli.render.spans import ahead
from ara.cli.words import clean, padded, width, wrapped
from ara.prediction.forecast import Day, Factor

__all__ = ["leans", "reasons", "surely", "widely"]

_GAP: Final = "  "
_LEAST: Final = 24
_SHOWN: Final = 5e-5
_FELT: Final = 0.005
_MOST: Final = 3
_WIDE: Final = 0.25
_CAUSES: Final = 2


def reasons(days: Sequence[Day], room: int, word: str = "day") -> list[str]:
    """Give the lines of a table: the first day's reasons, their shares in its band and in the last day's.

    Without room for two columns of shares there is one; the words are the first day's. `word` is what a bar is called.
    """
    ends = [days[0], days[-1]] if len(days) > 1 and days[-1].wider is not None else [days[0]]
    heads = [ahead(day.number, word) for day in ends]
    shares = [[percent(day.wider or 0.0, 1) for day in ends]]
    shares += [[percent(_share(day, one.name), 1) for day in ends] for one in days[0].factors]
    words = ["in all, against a usual bar of its last 250", *(clean(one.description) for one in days[0].factors)]
    sizes = [max(map(width, column)) for column in zip(heads, *shares, strict=True)]
    if len(ends) > 1 and room - sum(sizes) - len(_GAP) * len(sizes) < _LEAST:
        return reasons(days[:1], room, word)
    rows = [heads, *shares]
    left = [_GAP.join(padded(cell, size, right=True) for cell, size in zip(row, sizes, strict=True)) for row in rows]
    lines = [left[0]]
    for cells, text in zip(left[1:], words, strict=True):
        first, *more = wrapped(text, max(room - width(cells) - len(_GAP), 1))
        space = " " * (width(cells) + len(_GAP))
        lines += [f"{cells}{_GAP}{first}", *(space + line for line in more)]
    return lines


def leans(day: Day) -> str:
    """Say where the median comes from, largest part first; empty where it is the last close."""
    told = [one for one in day.leans if abs(one.contribution) >= _SHOWN][:_MOST]
    return "; ".join(f"{percent(one.contribution, 2)} {clean(one.description)}" for one in told)


def surely(day: Day) -> str:
    """Say what sets the first day's confidence apart from an ordinary day's, largest part first; empty if nothing."""
    told = sorted((one for one in day.sure if abs(one.contribution) >= _FELT), key=lambda one: -abs(one.contribution))
    return "; ".join(f"{one.contribution:+.2f} {clean(one.description)}" for one in told)


def widely(day: Day) -> str:
    """Say what makes a band so wide, its two largest causes; empty where it is less than a quarter wider than usual."""
    if day.wider is None or day.wider < _WIDE:
        return ""
    told = sorted((one for one in day.factors if one.contribution >= _FELT), key=lambda one: -one.contribution)
    causes = "; ".join(f"{percent(one.contribution, 1)} {clean(one.description)}" for one in told[:_CAUSES])
    return f"{percent(day.wider, 1)} against a usual bar of its last 250{': ' if causes else ''}{causes}."


def _share(day: Day, name: str) -> float:
    found: dict[str, Factor] = {one.name: one for one in day.factors}
    return found[name].contribution if name in found else 0.0
