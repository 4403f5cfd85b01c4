"""Indicators on a terminal: lists, one explained, one computed."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ara.cli.render.numbers import grouped
from ara.cli.screen import Screen
from ara.cli.words import clean, padded, width, wrapped
from ara.features import Indicator, IndicatorSpec
from ara.features.cross import PanelFeature

__all__ = ["computed", "listed", "shown"]


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
        ("Moves with", {"free": "neither price nor volume", "price": "the price", "volume": "the volume"}[spec.scale]),
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


def computed(
    spec: IndicatorSpec, at: Sequence[str], outputs: Mapping[str, NDArray[np.float64]], s: Screen, *, count: int
) -> str:
    """Give the values of the last bars, and how common the newest is."""
    lines = [f"{s.palette()(spec.name, 'strong')}  {len(at):,} bars", ""]
    heads = [padded(name, 12, right=True) for name in outputs]
    lines.append(" " * 18 + "  ".join(heads))
    for place in range(max(len(at) - count, 0), len(at)):
        cells = [padded(_value(values[place]), 12, right=True) for values in outputs.values()]
        lines.append(f"{at[place][:16].replace('T', ' '):<18}" + "  ".join(cells))
    lines.append("")
    for name, values in outputs.items():
        known = values[np.isfinite(values)]
        if len(known) and np.isfinite(values[-1]):
            share = float((known < values[-1]).mean())
            lines += wrapped(
                f"{name} is {_value(values[-1])}; it was lower in {share:.0%} of {len(known):,} bars.".replace(
                    "%", " %"
                ),
                s.width,
            )
    return "\n".join([*lines, *wrapped(clean(spec.words), s.width)])


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
    size = abs(value)
    return grouped(value, 2 if size >= 100 else 4 if size >= 0.01 else 8)
