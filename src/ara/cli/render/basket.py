"""A basket on a terminal: what the whole may come to, how sure, who brings the loss, what to do next."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ara.cli.commands.holdings import portfolio_words
from ara.cli.render.data_table import Column, table
from ara.cli.render.numbers import day, long_day, percent
from ara.cli.screen import Screen
from ara.cli.words import clean, wrapped

if TYPE_CHECKING:
    from ara.prediction.basket import Basket

__all__ = ["told"]


def told(found: "Basket", even: Mapping[str, float], s: Screen) -> str:
    """Give the returns by date, the loss of the worst outcomes, and each instrument's part of it.

    Parameters
    ----------
    found
        The basket.
    even
        Weights by which each instrument would bring the same risk.
    """
    paint = s.palette()
    last = max(one.forecast.last for one in found.members)
    head = f"{portfolio_words({one.symbol: one.weight for one in found.members})}, from closes of {long_day(last)}"
    rows = found.days
    digits = 1 if max(abs(value) for one in rows for value in one.band_95) >= 0.02 else 2
    columns = [
        Column(head="", cells=[day(one.date) for one in rows]),
        Column(head="median", cells=[percent(one.at(0.5), digits) for one in rows], right=True),
        Column(head="80 % band", cells=[_band(one.band_80, digits) for one in rows], right=True),
        Column(head="95 % band", cells=[_band(one.band_95, digits) for one in rows], right=True, leave=1),
        Column(head="P(up)", cells=[f"{one.p_up:.2f}" for one in rows], right=True),
        Column(head="worst 5 %", cells=[percent(-one.shortfall, digits) for one in rows], right=True),
    ]
    lines = [paint(line, "strong") for line in wrapped(head, s.width)]
    lines += [*table(columns, s), "", *wrapped(_whole(found), s.width), "", *table(_members(found, even), s)]
    lines += [paint(line, "quiet") for line in wrapped(_last(found), s.width)]
    for note in found.notes:
        lines += wrapped(f"Note: {note}.", s.width)
    return "\n".join(lines)


def _band(band: tuple[float, float], digits: int) -> str:
    return f"{percent(band[0], digits)} to {percent(band[1], digits)}"


def _whole(found: "Basket") -> str:
    end = found.days[-1]
    spared = end.apart - end.shortfall
    words = (
        f"By {day(end.date).strip()} the worst 5 % of outcomes lose {percent(end.shortfall, signed=False)} on average."
    )
    if len(found.members) > 1 and end.apart > 0:
        words += (
            f" If all fell together it would be {percent(end.apart, signed=False)}: that they do not move as one spares"
            f" {percent(spared / end.apart, 0, signed=False)} of it."
        )
    return words


def _members(found: "Basket", even: Mapping[str, float]) -> list[Column]:
    end = found.days[-1]
    return [
        Column(head="", cells=[one.symbol for one in found.members]),
        Column(head="weight", cells=[percent(one.weight, signed=False) for one in found.members], right=True),
        Column(
            head="of the loss",
            cells=[percent(one.shares[-1] / end.shortfall if end.shortfall else 0.0, 0, signed=False) for one in
                   found.members],
            right=True,
        ),
        Column(head="even risk", cells=[percent(even[one.symbol], signed=False) for one in found.members], right=True),
        Column(head="kept as", cells=[one.forecast.id[:6] for one in found.members], leave=1),
    ]  # fmt: skip


def _last(found: "Basket") -> str:
    names = " ".join(clean(one.symbol) for one in found.members[:4])
    return (
        f"Even risk: the weights by which each brings the same. Ties rest on {found.observed} days, drawn "
        f"{percent(found.shrunk, 0, signed=False)} of the way to their mean. Each forecast: ara predict {names}"
    )
