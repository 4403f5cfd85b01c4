"""Levels on a terminal: the nearest on both sides first, then all by price with the close in its place."""

from ara.cli.render.data_table import Column, table
from ara.cli.render.numbers import decimals, grouped, long_day, percent
from ara.cli.screen import Screen
from ara.cli.words import clean, wrapped
from ara.features.levels.level import Level
from ara.features.levels.told import Told

__all__ = ["shown"]

_NARROW = 100
_FINER = 5.0
_MARK = ">"
_RANGE = 14
_FEW = 60
_CALLED = {"cluster": "Turns", "fibonacci": "Fibonacci", "pivot": "Pivots", "volume": "Volume"}


def shown(seen: Told, s: Screen) -> str:
    """Give the levels by price."""
    lines = [*_head(seen, s)]
    if not seen.levels:
        return "\n".join([*lines, *wrapped("No level was found in these bars.", s.width)])
    lines += [*wrapped(_answer(seen), s.width), *wrapped(_worth(seen), s.width), "", *_rows(seen, s), ""]
    for kind, past in seen.past.items() if _judged(seen) else ():
        lines += wrapped(f"{_CALLED[kind]}: {past.words}", s.width)
    if seen.hidden:
        lines += wrapped(f"{seen.hidden} more lie farther away: --count {len(seen.levels) + seen.hidden}", s.width)
    meaning = (
        f"moves: distance in mean true ranges of {_last(seen)}, the usual way of one. strength: 0 to 1, how much the "
        "turns near it weigh by size and age; not a chance."
    )
    return "\n".join([*lines, *(s.palette()(line, "quiet") for line in wrapped(meaning, s.width))])


def _head(seen: Told, s: Screen) -> list[str]:
    one = seen.bars.instrument
    name = f"{clean(one.symbol)}  {clean(one.name)}".rstrip()
    place = f"close {_price(seen.close, seen)} {one.currency} on {long_day(seen.dates[-1])}"
    return [s.palette()(name, "strong"), *wrapped(place, s.width)]


def _answer(seen: Told) -> str:
    above = [one for one in seen.levels if one.price > seen.close]
    below = [one for one in seen.levels if one.price <= seen.close]
    said = []
    for side, one in (("above", above[-1] if above else None), ("below", below[0] if below else None)):
        if one is None:
            said.append(f"nothing {side}")
            continue
        said.append(f"{side} {_price(one.price, seen)} ({percent(one.price / seen.close - 1)}, {one.name})")
    return f"Nearest: {', '.join(said)}."


def _worth(seen: Told) -> str:
    """Say first what the rest shows: whether the price cares for such levels at all."""
    if not _judged(seen):
        counted = "1 bar is" if len(seen.bars) == 1 else f"{len(seen.bars):,} bars are"
        few = f": {counted} too few" if len(seen.bars) < _FEW else ", since it came to none in these bars"
        return f"Whether the price turns at such levels can't be said{few}."
    better = [_CALLED[kind].lower() for kind, one in seen.past.items() if one.low > 0]
    if better:
        kinds = " and ".join(better)
        return f"In the past the price turned at such levels ({kinds}) more often than at other prices as far away."
    return "In the past the price turned at such levels no more often than at other prices as far away."


def _judged(seen: Told) -> bool:
    """Say whether the price came to any level, so that something can be said of them."""
    return any(one.touches for one in seen.past.values())


def _last(seen: Told) -> str:
    count = min(_RANGE, len(seen.bars))
    return f"the last {count} bars" if count > 1 else "the one bar"


def _rows(seen: Told, s: Screen) -> list[str]:
    entries: list[Level | None] = [one for one in seen.levels if one.price > seen.close]
    entries += [None, *(one for one in seen.levels if one.price <= seen.close)]
    here = entries.index(None)
    narrow = s.width < _NARROW
    columns = [
        Column(head="price", cells=[_price(one.price if one else seen.close, seen) for one in entries], right=True),
        Column(head="away", cells=[percent(one.price / seen.close - 1) if one else "" for one in entries], right=True),
        Column(head="moves", cells=[_moves(one, seen) for one in entries], right=True, leave=2),
        Column(head="strength", cells=[f"{one.strength:.2f}" if one else "" for one in entries], right=True, leave=1),
        Column(head="turns", cells=[str(one.touches) if one else "" for one in entries], right=True, leave=3),
        Column(head="what", cells=[_what(one, narrow=narrow) for one in entries]),
    ]
    lines = table(columns, s)
    lines[here + 1] = s.palette()(f"{_MARK} {lines[here + 1][2:]}", "strong")
    return lines


def _what(one: Level | None, *, narrow: bool) -> str:
    if one is None:
        return "the close"
    return one.name if narrow else one.words


def _moves(one: Level | None, seen: Told) -> str:
    if one is None or not seen.move:
        return ""
    return f"{(one.price - seen.close) / seen.move:+.1f}"


def _price(value: float, seen: Told) -> str:
    return grouped(value, decimals(seen.move / _FINER, seen.close))
