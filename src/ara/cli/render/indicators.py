"""Indicators on a terminal: lists, one explained, one computed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from ara.cli.render.data_table import stamp
from ara.cli.render.numbers import grouped, long_day
from ara.cli.screen import Screen
from ara.cli.words import clean, padded, width, wrapped
from ara.features import Indicator, IndicatorSpec
from ara.features.cross import PanelFeature
from ara.features.sets import Item
from ara.market.bars import Bars
from ara.market.timeframe import DAY

__all__ = ["Computed", "computed", "listed", "shown"]

_SMALL = 1e-6
_MOVES = {
    "free": "neither price nor volume",
    "price": "the price",
    "volume": "the volume",
    "mixed": "prices or volumes, but in step with neither",
}


def listed(families: Mapping[str, Sequence[Indicator | PanelFeature]], s: Screen) -> str:
    """Give the indicators of each family, a line or paragraph each."""
    paint = s.palette()
    lines: list[str] = []
    names = max((width(one.spec.name) for members in families.values() for one in members), default=0)
    total = sum(map(len, families.values()))
    for family, members in families.items():
        if not members:
            continue
        lines += ["" for _ in lines[:1]] + [f"{paint(clean(family), 'strong')}  {paint(str(len(members)), 'quiet')}"]
        for one in members:
            if s.width >= names + 30:
                first, *more = wrapped(clean(one.spec.words), s.width - names - 4)
                lines += [f"  {padded(one.spec.name, names)}  {first}", *(" " * (names + 4) + text for text in more)]
            else:
                lines += [
                    f"  {one.spec.name}",
                    *(f"    {text}" for text in wrapped(clean(one.spec.words), s.width - 4)),
                ]
    if not total:
        return "No indicator is called or described so."
    return "\n".join([*lines, "", *wrapped("One of them explained: ara indicators show NAME", s.width)])


def shown(spec: IndicatorSpec, s: Screen) -> str:
    """Give all that is known of an indicator."""
    paint = s.palette()
    chosen = spec.resolve({})
    memory = spec.memory(**chosen)
    rows = [
        ("Formula", spec.formula),
        ("Inputs", ", ".join(spec.inputs)),
        ("Outputs", "; ".join(f"{name} {_range(spec, name)}" for name in spec.outputs)),
        ("Moves with", _MOVES[spec.scale] + ("; its parameters change that" if spec.scales else "")),
        ("Warm-up", f"{spec.warmup(**chosen)} bars without a value"),
        ("Memory", "all bars" if memory is None else f"the last {memory:,} bars"),
        ("Reference", spec.reference),
    ]
    lines = [paint(spec.name, "strong"), *wrapped(clean(spec.words), s.width), ""]
    for label, text in rows:
        lines += _row(label, clean(text), s)
    for number, (name, param) in enumerate(spec.params.items()):
        text = f"{name} = {param.default:g}, from {param.low:g} to {param.high:g}. {param.words}"
        lines += _row("Parameters" if not number else "", clean(text), s)
    return "\n".join(lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Computed:
    """What is to be shown of an indicator or a formula.

    Parameters
    ----------
    item
        What was computed.
    bars
        Over which bars.
    dates
        Of each of them, by its venue's calendar.
    unit
        What a bar is called.
    values
        One array for each output, a value for each bar.
    why
        Why there is no value at all; empty where there is one.
    against
        The symbol that it is compared with, if it is with one.
    """

    item: Item
    bars: Bars
    dates: Sequence[date]
    unit: str
    values: Mapping[str, NDArray[np.float64]]
    why: str
    against: str = ""


def computed(seen: Computed, s: Screen, *, count: int) -> str:
    """Give the newest value and how common it is, the values of the last bars, and what they say."""
    instrument, unit = seen.bars.instrument, seen.unit
    named = f" ({instrument.name})" if instrument.name != instrument.symbol else ""
    of = f"{instrument.symbol}{named}{f', compared with {seen.against}' if seen.against else ''}"
    total = f"{len(seen.bars):,} {unit}{'s' * (len(seen.bars) != 1)}"
    days = _days(seen, s, (0, -1)) if len(seen.bars) else []
    span = f"{total}, {' to '.join(dict.fromkeys(days))}" if days else total
    span += f"; {instrument.venue}, prices in {instrument.currency}" if named else ""
    lines = [
        *(s.palette()(line, "strong") for line in wrapped(clean(f"{seen.item.label} of {of}"), s.width)),
        *wrapped(clean(span), s.width),
        "",
        *wrapped(clean(f"No value: {seen.why}." if seen.why else _newest(seen)), s.width),
        "",
    ]
    if not seen.why and len(seen.bars):
        lines += [*_table(seen, s, count), ""]
    parts = [one["indicator"] for one in getattr(seen.item.found, "uses", ())]
    about = f"Its parts explained: {'; '.join(f'ara indicators show {one}' for one in dict.fromkeys(parts))}"
    formula = hasattr(seen.item.found, "uses")
    words = (about if parts else "") if formula else seen.item.spec.words
    return "\n".join([*lines, *wrapped(clean(words), s.width)]).rstrip()


def _newest(seen: Computed) -> str:
    """Say what the outputs are now, and how common that is."""
    said = []
    for name, values in seen.values.items():
        what = name if len(seen.values) > 1 else "It"
        known = values[np.isfinite(values)]
        if not len(values) or not np.isfinite(values[-1]):
            said.append(f"{what} has no value in the newest {seen.unit}.")
            continue
        share = _share(float((known < values[-1]).mean()))
        said.append(f"{what} is {_value(values[-1])}; it was lower in {share} of {len(known):,} {seen.unit}s.")
    return "\n".join(said)


def _table(seen: Computed, s: Screen, count: int) -> list[str]:
    """Give the values of the last bars; outputs that find no room beside each other stand below each other."""
    places = range(max(len(seen.bars) - count, 0), len(seen.bars))
    days = _days(seen, s, places)
    first = max(map(width, days))
    columns = []
    for name, values in seen.values.items():
        cells = [name, *(_value(values[place]) for place in places)]
        size = max(map(width, cells))
        columns.append([padded(cell, size, right=True) for cell in cells])
    lines: list[str] = []
    while columns:
        room = s.width - first
        fitting = sum(total <= room for total in accumulate(width(one[0]) + 2 for one in columns)) or 1
        shown, columns = columns[:fitting], columns[fitting:]
        rows = zip(["", *days], *shown, strict=True)
        lines += [""] * bool(lines) + ["  ".join((padded(row[0], first), *row[1:])) for row in rows]
    return lines


def _days(seen: Computed, s: Screen, places: Sequence[int]) -> list[str]:
    """Say when bars were: days and weeks by the venue's calendar, shorter ones by when they opened, with the zone."""
    if seen.bars.timeframe.span < DAY.span:
        return [stamp(seen.bars.frame["at"][place], s, zoned=True) for place in places]
    return [long_day(seen.dates[place]) for place in places]


def _share(share: float) -> str:
    if 0 < share < 0.01:
        return "under 1 %"
    return "over 99 %" if 0.99 < share < 1 else f"{100 * share:.0f} %"


def _row(label: str, text: str, s: Screen) -> list[str]:
    if s.width < 50:
        return [
            f"{label}: {one}" if label and not place else f"  {one}"
            for place, one in enumerate(wrapped(text, s.width - 14))
        ]
    first, *more = wrapped(text, s.width - 14)
    return [f"  {label:<12}{first}", *(" " * 14 + one for one in more)]


def _range(spec: IndicatorSpec, name: str) -> str:
    low, high = spec.bounds[name]
    if np.isfinite(low) and np.isfinite(high):
        return f"from {low:g} to {high:g}"
    return f"from {low:g} up" if np.isfinite(low) else f"up to {high:g}" if np.isfinite(high) else "of any size"


def _value(value: float) -> str:
    if not np.isfinite(value):
        return "-"
    if not value:
        return "0"
    size = abs(value)
    if size < _SMALL:
        return f"{value:.4g}"
    return grouped(value, 2 if size >= 100 else 4 if size >= 0.01 else 8)
