"""A replay, and the way from one forecast to another, on a terminal."""

from typing import TYPE_CHECKING

from ara.cli.render.data_table import Column, table
from ara.cli.render.numbers import decimals, grouped, long_day
from ara.cli.screen import Screen
from ara.cli.words import clean, wrapped

if TYPE_CHECKING:
    from ara.prediction.difference import Change, Step
    from ara.prediction.forecast import Forecast
    from ara.prediction.replay import Replay

__all__ = ["changed", "replayed"]


def replayed(found: "Replay", s: Screen) -> str:
    """Say whether a forecast came out again, and what is not as it was."""
    kept, paint = found.kept, s.palette()
    what = f"{clean(kept.forecast.instrument.symbol)} from {long_day(kept.forecast.last)}, {kept.id[:6]}"
    if found.same:
        said = f"{what}: the same bytes again, entry {kept.sequence:,} of the ledger."
    elif found.ok:
        said = f"{what}: the same figures again, to the last digits that another machine may differ in."
    elif found.forecast is None:
        said = f"{what}: it can't be computed again."
    else:
        said = f"{what}: it comes out as something else."
    lines = [paint(line, "strong" if found.ok else "warning") for line in wrapped(said, s.width)]
    for one in found.differences:
        lines += [f"  {line}" for line in wrapped(f"{one.part}: {clean(one.words)}", s.width - 2)]
    return "\n".join(lines)


def changed(found: "Change", s: Screen) -> str:
    """Give a line for each cause, with what it moved, and the sum of all."""
    one, two, paint = found.before.forecast, found.after.forecast, s.palette()
    head = f"{clean(one.instrument.symbol)} on {long_day(found.target)}: from {one.id[:6]} to {two.id[:6]}"
    lines = [paint(line, "strong") for line in wrapped(head, s.width)]
    if not found.steps:
        return "\n".join([*lines, *wrapped("They are the same forecast.", s.width)])
    steps = [*found.steps, found.total]
    digits = _digits(two)
    columns = [
        Column(head="replaced", cells=[" and ".join(each.causes) or "in all" for each in steps]),
        Column(head="median", cells=[_moved(each.price, digits) for each in steps], right=True),
        Column(head="80 % from", cells=[_moved(each.low, digits) for each in steps], right=True, leave=3),
        Column(head="80 % to", cells=[_moved(each.high, digits) for each in steps], right=True, leave=3),
        Column(head="P(up)", cells=[f"{each.p_up:+.3f}" for each in steps], right=True, leave=2),
        Column(head="sure", cells=[f"{each.confidence:+.3f}" for each in steps], right=True, leave=1),
    ]
    lines += table(columns, s)
    for each in found.steps:
        lines += [f"  {line}" for line in wrapped(f"{' and '.join(each.causes)}: {_words(each)}", s.width - 2)]
    return "\n".join(lines)


def _words(step: "Step") -> str:
    return clean(step.words)


def _digits(told: "Forecast") -> int:
    low, high = told.days[-1].band_80
    return decimals((high - low) / 10, told.close)


def _moved(value: float, digits: int) -> str:
    text = grouped(abs(value), digits)
    return f"{'-' if value < 0 else '+'}{text}"
