"""Patterns on a terminal: what they are worth first, then each with its dates and what followed its like."""

import re
from itertools import groupby

from ara.cli.render.numbers import grouped, long_day, places
from ara.cli.screen import Screen
from ara.cli.words import clean, padded, width, wrapped
from ara.features.patterns.pattern import Pattern
from ara.features.patterns.recent import Recent
from ara.features.patterns.told import Told

__all__ = ["shown"]

_NARROW = 60
_FEW = 60
_SURE = 0.05


def shown(seen: Told, s: Screen) -> str:
    """Give the patterns, the newest first."""
    lines = [*_head(seen, s), *wrapped(_worth(seen), s.width)]
    for day, members in groupby(seen.found, key=lambda one: seen.dates[one.pattern.known_at]):
        lines += ["", s.palette()(f"Known on {long_day(day)}", "strong")]
        for one in members:
            lines += _one(one, seen, s)
    return "\n".join(line.rstrip() for line in lines)


def _head(seen: Told, s: Screen) -> list[str]:
    instrument = seen.bars.instrument
    left = f"{clean(instrument.symbol)}  {clean(instrument.name)}  {clean(instrument.venue)}, {instrument.currency}"
    price = _price(float(seen.bars.frame["close"][-1]), seen)
    right = f"close {price} on {long_day(seen.dates[-1])}"
    room = s.width - width(left) - width(right)
    if room < 2:
        return [*wrapped(left, s.width), *wrapped(right, s.width)]
    return [s.palette()(left, "strong") + " " * room + right]


def _worth(seen: Told) -> str:
    """Say in a sentence or two what all of it is worth."""
    span = f"the last {seen.unit}" if seen.last == 1 else f"the last {seen.last:,} {seen.unit}s"
    if not seen.found:
        known = len(seen.bars)
        told = f"; {known:,} {seen.unit}{'s' * (known != 1)} in all are too few for most" if known < _FEW else ""
        return f"No pattern became known in {span}{told}."
    kinds = {(one.pattern.name, one.pattern.direction): one.followed for one in seen.found}
    judged = [one for one in kinds.values() if one.count]
    apart = sum(one.verdict != "chance" for one in judged)
    counted = "1 pattern" if len(seen.found) == 1 else f"{len(seen.found)} patterns"
    start = f"{counted} became known in {span}."
    if not judged:
        return f"{start} Nothing is known of what follows them here."
    if not apart:
        return f"{start} What followed their like here is what follows any {seen.unit}: no edge was found."
    stood = "1 kind stands" if apart == 1 else f"{apart} kinds stand"
    by_chance = grouped(_SURE * len(judged), 1)
    return (
        f"{start} {stood} out among {len(judged)} that were looked at; chance alone makes {by_chance} of so many do so."
        " That is a reason to test it elsewhere, not to trade it."
    )


def _one(one: Recent, seen: Told, s: Screen) -> list[str]:
    paint, pattern = s.palette(), one.pattern
    name = pattern.name.removeprefix("cdl_").replace("_", " ")
    if s.width < _NARROW:
        lines = [f"  {text}" for text in wrapped(f"{clean(name)}, {pattern.direction}, {_clear(pattern)}", s.width - 2)]
    else:
        lines = [f"  {padded(clean(name), 28)}{padded(pattern.direction, 10)}{_clear(pattern)}"]
    for text in (f"{_when(pattern, seen)} {_limits(pattern, seen)}".strip(), clean(_told(pattern))):
        lines += [paint(line, "quiet") for line in _inset(text, s)]
    said = _inset(_sentence(one.followed.words), s)
    return [*lines, *([paint(line, "strong") for line in said] if one.followed.verdict in {"more", "less"} else said)]


def _inset(text: str, s: Screen) -> list[str]:
    return [f"    {line}" for line in wrapped(text, s.width - 4)] if text else []


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}." if text else ""


def _clear(pattern: Pattern) -> str:
    """Say how clear it is; candlesticks call it strength."""
    return f"{'strength' if pattern.family == 'candle' else 'fit'} {pattern.quality:.2f} of 1"


def _when(pattern: Pattern, seen: Told) -> str:
    """Say when it was drawn, where that took longer than its last bar."""
    if pattern.began == pattern.known_at:
        return ""
    began, completed = (long_day(seen.dates[bar]) for bar in (pattern.began, pattern.completed))
    if pattern.completed == pattern.known_at:
        return f"Began on {began}."
    return f"Began on {began}, complete on {completed}."


def _told(pattern: Pattern) -> str:
    """Give its words, but for those that say again where it aims, and those of a candlestick that asks for nothing."""
    if pattern.family == "candle" and pattern.direction == "neutral":
        return ""
    return " ".join(one for one in re.split(r"(?<=\.) ", pattern.words) if not one.startswith("Aims at "))


def _limits(pattern: Pattern, seen: Told) -> str:
    parts = []
    if pattern.target is not None:
        parts.append(f"its rule aims at {_price(pattern.target, seen)}")
    if pattern.invalidation is not None:
        side = {"bullish": "below", "bearish": "above"}.get(pattern.direction, "beyond")
        parts.append(f"refuted {side} {_price(pattern.invalidation, seen)}")
    return _sentence("; ".join(parts))


def _price(value: float, seen: Told) -> str:
    return grouped(value, places(seen.bars.instrument.tick))
