"""A replay, and the way from one forecast to another, on a terminal."""

from collections.abc import Sequence
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
    """Give a line for each cause, with what it moved, and the sum of all, between the figures of the two forecasts."""
    one, two, paint = found.before.forecast, found.after.forecast, s.palette()
    named, money = clean(one.instrument.symbol), clean(one.instrument.currency)
    head = f"{named} on {long_day(found.target)}, in {money}: from {one.id[:6]} to {two.id[:6]}"
    lines = [paint(line, "strong") for line in wrapped(head, s.width)]
    if not found.steps:
        return "\n".join([*lines, *wrapped("They are the same forecast.", s.width)])
    steps = [*found.steps, found.total]
    digits = _digits(two)
    first, last = (next(day for day in told.days if day.date == found.target) for told in (one, two))

    def cells(start: float, moves: Sequence[float], end: float, places: int) -> list[str]:
        return [grouped(start, places), *(_moved(each, places) for each in moves), grouped(end, places)]

    names = [one.id[:6], *(" and ".join(each.causes) or "in all" for each in steps), two.id[:6]]
    (low, high), (least, most) = first.band_80, last.band_80
    columns = [
        Column(head="replaced", cells=names),
        Column(head="median", cells=cells(first.price, [each.price for each in steps], last.price, digits), right=True),
        Column(head="80 % from", cells=cells(low, [each.low for each in steps], least, digits), right=True, leave=3),
        Column(head="80 % to", cells=cells(high, [each.high for each in steps], most, digits), right=True, leave=3),
        Column(head="P(up)", cells=cells(first.p_up, [o.p_up for o in steps], last.p_up, 3), right=True, leave=2),
        Column(
            head="sure",
            cells=cells(first.confidence, [o.confidence for o in steps], last.confidence, 3),
            right=True,
            leave=1,
        ),
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
