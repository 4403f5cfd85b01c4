"""Readings of indicators on a terminal: what they are worth first, then each with how common it is."""

import math
from itertools import groupby

from ara.cli.render.numbers import grouped, long_day, places
from ara.cli.screen import Screen
from ara.cli.words import clean, padded, width, wrapped
from ara.features.readings import Read, Told

__all__ = ["shown"]

_ROOM = 56
_SURE = 0.05


def shown(seen: Told, s: Screen) -> str:
    """Give the readings by family."""
    lines = [*_head(seen, s), *wrapped(_worth(seen), s.width)]
    names = max((width(_name(one)) for one in seen.found), default=0)
    for family, members in groupby(seen.found, key=lambda one: one.reading.family):
        lines += ["", s.palette()(family.capitalize(), "strong")]
        for one in members:
            lines += _one(one, names, seen, s)
    meaning = f"In brackets: where the share of any {seen.unit} lies 95 times of 100 if the reading means nothing."
    told = any(one.followed is not None and one.followed.count for one in seen.found)
    quiet = ["", *wrapped(meaning, s.width)] if told else []
    return "\n".join([*lines, *(s.palette()(line, "quiet") for line in quiet)])


def _head(seen: Told, s: Screen) -> list[str]:
    one = seen.bars.instrument
    price = grouped(float(seen.bars.frame["close"][-1]), places(one.tick))
    name = f"{clean(one.symbol)}  {clean(one.name)}".rstrip()
    return [
        s.palette()(name, "strong"),
        *wrapped(f"close {price} {one.currency} on {long_day(seen.dates[-1])}", s.width),
    ]


def _worth(seen: Told) -> str:
    """Say in a sentence or two what all of it is worth."""
    judged = [one.followed for one in seen.found if one.followed is not None and one.followed.count]
    if all(one.band is None for one in seen.found):
        counted = f"{len(seen.bars):,} {seen.unit}{'s' * (len(seen.bars) != 1)}"
        return f"No reading has a value: {counted} {'is' if len(seen.bars) == 1 else 'are'} known."
    if not judged:
        return "None of these readings says where the price goes next."
    apart = sum(one.verdict != "chance" for one in judged)
    said = "1 reading says" if len(judged) == 1 else f"{len(judged)} readings say"
    if not apart:
        return f"{said} where the price goes next; what followed them here is what follows any {seen.unit}."
    stood = "1 stands" if apart == 1 else f"{apart} stand"
    return (
        f"{said} where the price goes next; {stood} out from what follows any {seen.unit}, and chance alone makes"
        f" {grouped(_SURE * len(judged), 1)} of so many do so. That is a reason to test it elsewhere, not to trade it."
    )


def _one(one: Read, names: int, seen: Told, s: Screen) -> list[str]:
    words = f"no value: {one.why}" if one.band is None else f"{one.band.words}{_common(one, seen)}"
    inset = names + 13
    if s.width - inset < _ROOM:
        name = _name(one) if width(_name(one)) + 2 <= s.width else _name(one).replace(".", ". ")
        text = f"{name} {_value(one.value)}: {words}"
        lines = [f"  {line}" for line in wrapped(text, s.width - 2, indent="  ")]
        inset = 4
    else:
        first, *more = wrapped(words, s.width - inset)
        lines = [f"  {padded(_name(one), names)}  {padded(_value(one.value), 7, right=True)}  {first}"]
        lines += [" " * inset + line for line in more]
    if one.followed is None or not one.followed.count:
        return lines
    after = [" " * inset + line for line in wrapped(one.followed.words, s.width - inset)]
    stands_out = one.followed.verdict in {"more", "less"}
    return [*lines, *(s.palette()(line, "strong" if stands_out else "quiet") for line in after)]


def _name(one: Read) -> str:
    """Give the indicator, and of several outputs the one that is read, as a feature set calls it."""
    reading = one.reading
    alone = reading.output == reading.indicator
    return reading.indicator if alone else f"{reading.indicator}.{reading.output}"


def _common(one: Read, seen: Told) -> str:
    share = "under 1" if 0 < one.share < 0.005 else f"{100 * one.share:.0f}"
    return f"; so on {share} % of {one.bars:,} {seen.unit}s"


def _value(value: float) -> str:
    if math.isnan(value):
        return "-"
    return grouped(value, 0 if abs(value) >= 1000 else 1 if abs(value) >= 10 else 2)
