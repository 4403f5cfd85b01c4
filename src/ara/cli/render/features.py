"""Feature sets and features on a terminal."""

import math
from collections.abc import Sequence
from shlex import quote

import numpy as np

from ara.cli.render.numbers import grouped
from ara.cli.screen import Screen
from ara.cli.words import clean, padded, width, wrapped
from ara.features.build import Block
from ara.features.sets import FeatureSet, Item
from ara.features.sets.shipped import THEMES

__all__ = ["built", "listed", "shown"]

_UNITS = {
    "free": "",
    "price": "moves with the price",
    "volume": "moves with the volume",
    "mixed": "moves with prices or volumes, but in step with neither",
}
_SIDE_BY_SIDE = 60
_UNUSUAL = 0.05
_MOST = 5


def listed(sets: Sequence[FeatureSet], s: Screen) -> str:
    """Give the sets, each with its columns, id and words."""
    paint = s.palette()
    lines: list[str] = []
    for one in sets:
        lines.append(
            f"{paint(padded(one.name, 12), 'strong')}  {len(one.names):>4} columns   {paint(one.id[:12], 'quiet')}"
        )
        lines += [f"  {text}" for text in wrapped(clean(one.words), s.width - 2)]
    lines += ["", *wrapped("What is in one: ara features show NAME", s.width)]
    return "\n".join(lines)


def shown(found: FeatureSet, s: Screen) -> str:
    """Give a set's columns with what they say."""
    paint = s.palette()
    version = "" if found.version == "1" else f"  version {clean(found.version)}"
    lines = [f"{paint(found.name, 'strong')}{version}  {len(found.names)} columns"]
    lines += [*wrapped(clean(found.words), s.width), ""]
    reasons = _reasons(found)
    names = min(max(width(_called(item)) for item in found.items), max(s.width // 3, 12))
    for item in found.items:
        if _called(item) in reasons:
            title, why = reasons[_called(item)]
            lines += [*[""][: bool(lines[-1])], paint(title, "strong"), *wrapped(why, s.width)]
        unit = _UNITS[item.spec.scale.value]
        many = f" ({len(item.columns)} columns)" if len(item.columns) > 1 else ""
        words = f"{item.spec.words}{f' It {unit}.' if unit else ''}{many}"
        lines += _row(_called(item), clean(words), names, s)
    whole = f"Id {found.id}"
    lines += ["", *wrapped(whole if len(whole) <= s.width else f"Id {found.id[:12]}, in full with --json", s.width)]
    return "\n".join(lines)


def built(
    chosen: FeatureSet, blocks: Sequence[Block], s: Screen, *, called: str, out: str = "", replaced: bool = False
) -> str:
    """Say what was built: for each instrument its rows, what is unusual in the newest, what is missing.

    Parameters
    ----------
    chosen, blocks
        The set and what was built of it.
    s
        Where it is shown.
    called
        What the user called the set: its name or its file.
    out
        Where it was written to, if it was.
    replaced
        Whether another file was there before.
    """
    paint = s.palette()
    rows, of = sum(map(len, blocks)), len(chosen.names)
    head = f"{rows:,} rows of {of} feature{'s' * (of != 1)} for {len(blocks)} instrument{'s' * (len(blocks) != 1)}"
    out += " in place of the file that was there" if replaced else ""
    lines = wrapped(f"{head}{f', written to {clean(out)}' if out else ''}.", s.width)
    for block in blocks:
        lines.append("")
        if not len(block):
            lines.append(f"{paint(clean(block.symbol), 'strong')}  no bars")
            continue
        first, last = (str(moment)[:10] for moment in (block.known_at[0], block.known_at[-1]))
        lines.append(
            f"{paint(clean(block.symbol), 'strong')}  {len(block):,} bars of {block.timeframe}, {first} to {last}"
        )
        lines += _newest(block, s) if len(blocks) <= _MOST else []
        lines += _missing(block, s)
    lines += [
        "",
        *wrapped(
            f"Set {chosen.name}, id {chosen.id[:12]}. What its columns say: ara features show {quote(clean(called))}",
            s.width,
        ),
    ]
    return "\n".join(lines)


def _newest(block: Block, s: Screen) -> list[str]:
    """Say which features of the newest bar are unusual for this instrument."""
    unusual: list[tuple[float, str]] = []
    known = 0
    for place, name in enumerate(block.names):
        values = block.x[:, place]
        past = values[np.isfinite(values)]
        if not len(past) or not np.isfinite(values[-1]):
            continue
        known += 1
        below, above = float((past < values[-1]).mean()), float((past > values[-1]).mean())
        if min(below, above) <= _UNUSUAL and below + above > 1 - _UNUSUAL:
            side = f"lower in {_share(below)}" if below > above else f"higher in {_share(above)}"
            unusual.append(
                (min(below, above), f"{clean(name)} is {_value(float(values[-1]))}; it was {side} of its bars.")
            )
    lines = [f"  {known} of {len(block.names)} have a value in the newest bar."]
    unusual.sort()
    for _, text in unusual[:_MOST]:
        lines += [f"  {line}" for line in wrapped(text.replace("%", " %"), s.width - 2)]
    if not unusual:
        lines.append("  None of them is unusual for it.")
    elif len(unusual) > _MOST:
        lines.append(f"  {len(unusual) - _MOST} more are unusual for it.")
    return lines


def _missing(block: Block, s: Screen) -> list[str]:
    reasons: dict[str, list[str]] = {}
    for name, why in block.missing:
        reasons.setdefault(why, []).append(name)
    lines: list[str] = []
    for why, names in reasons.items():
        told = ", ".join(names[:_MOST]) + (f" and {len(names) - _MOST} more" if len(names) > _MOST else "")
        lines += [f"  {line}" for line in wrapped(clean(f"Without a value: {told}; {why}."), s.width - 2)]
    return lines


def _called(item: Item) -> str:
    """Give the name of its column, or of all of them."""
    return item.columns[0].name if len(item.columns) == 1 else item.label


def _reasons(found: FeatureSet) -> dict[str, tuple[str, str]]:
    """Give the themes of the default set, by the item that begins each."""
    if found.name != "ara-default":
        return {}
    return {texts[0]: (title, why) for title, why, texts in THEMES}


def _row(label: str, words: str, names: int, s: Screen) -> list[str]:
    if s.width < _SIDE_BY_SIDE:
        return [*wrapped(f"  {clean(label)}", s.width), *(f"    {text}" for text in wrapped(words, s.width - 4))]
    first, *more = wrapped(words, s.width - names - 4)
    head = clean(label)
    if width(head) > names:
        return [f"  {head}", *(" " * (names + 4) + text for text in (first, *more))]
    return [f"  {padded(head, names)}  {first}", *(" " * (names + 4) + text for text in more)]


def _share(share: float) -> str:
    """Give a share in whole percent, rounded down: all is said of all alone."""
    return f"{math.floor(share * 100)}%"


def _value(value: float) -> str:
    size = abs(value)
    return grouped(value, 2 if size >= 100 else 4 if size >= 0.01 else 8)
