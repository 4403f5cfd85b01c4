"""Trades towards weights on a terminal: whether they are due, what they sell, what they mean for taxes and risk."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from ara.cli.render.data_table import Column, table
from ara.cli.render.numbers import grouped, long_day, percent
from ara.cli.render.portfolio import orders
from ara.cli.screen import Screen
from ara.cli.words import clean, wrapped
from ara.portfolio import Outlook
from ara.portfolio.past import borrowed
from ara.portfolio.traded import Traded

__all__ = ["SeenTrades", "traded"]

_OLD: Final = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenTrades(Traded):
    """Trades towards weights, and whether lots are known."""

    lots: bool


def traded(seen: SeenTrades, s: Screen) -> str:
    """Give whether trading is due, the trades, the weights before and after, the lots that are sold, and the risk."""
    paint, found = s.palette(), seen.found
    worst = percent(found.off, signed=False)
    if not found.due.due:
        told = f"Nothing is due: {'; '.join(found.due.reasons) or 'all weights are as wanted'}."
        return "\n".join(paint(line, "strong") for line in wrapped(told, s.width))
    value = grouped(float(found.before.value(seen.currency)), 2)
    told = f"{value} {clean(seen.currency)}; the farthest weight is off by {worst}."
    lines = [paint(line, "strong") for line in wrapped(told, s.width)]
    for one in found.due.reasons:
        lines += [paint(line, "quiet") for line in wrapped(f"Due: {one}.", s.width)]
    for one in [*borrowed(seen.wanted), *seen.notes]:
        lines += [paint(line, "warning") for line in wrapped(one, s.width)]
    lines += ["", *orders(found.trades, s), ""]
    names = sorted(seen.now, key=lambda name: (-seen.wanted[name], name))
    after = found.trades.weights
    lines += table(
        [
            Column(head="holding", cells=names),
            Column(head="now", cells=[percent(seen.now[one], signed=False) for one in names], right=True, leave=1),
            Column(head="wanted", cells=[percent(seen.wanted[one], signed=False) for one in names], right=True),
            Column(head="after", cells=[percent(after.get(one, 0.0), signed=False) for one in names], right=True),
        ],
        s,
    )
    if old := {name: day for name, day in seen.closes.items() if (seen.today - day).days > _OLD}:
        told = ", ".join(f"{clean(name)} {long_day(day)}" for name, day in list(old.items())[:4])
        note = f"Closes are of different days ({told}; today is {long_day(seen.today)}): look again before you trade."
        lines += ["", *(paint(line, "warning") for line in wrapped(note, s.width))]
    if seen.lots:
        lines += ["", *_taxed(seen, s)]
    if seen.outlooks:
        lines += ["", *_changed(*seen.outlooks, s)]
    return "\n".join(lines)


def _taxed(seen: SeenTrades, s: Screen) -> list[str]:
    """Give the lots that are sold, what they gain, and losses that do not count."""
    found, paint = seen.found, s.palette()
    lines: list[str] = []
    if found.sold:
        lines += table(
            [
                Column(head="sold", cells=[one.symbol for one in found.sold]),
                Column(head="bought", cells=[one.bought.isoformat() for one in found.sold]),
                Column(head="units", cells=[f"{one.quantity.normalize():,f}" for one in found.sold], right=True),
                Column(head="cost", cells=[_money(one.cost) for one in found.sold], right=True, leave=2),
                Column(head="gain", cells=[_money(one.gain) for one in found.sold], right=True),
                Column(head="held", cells=["long" if one.long else "short" for one in found.sold], leave=1),
            ],
            s,
        )
        short, long = found.gained(long=False), found.gained(long=True)
        told = f"Gains that count: {_money(long)} of what was held for more than a year, {_money(short)} of the rest."
        lines += wrapped(told, s.width)
    else:
        lines += wrapped("No lot is sold, so nothing is realised.", s.width)
    if found.disallowed:
        told = f"A loss of {_money(found.disallowed)} does not count: as much was bought within 30 days before."
        lines += [paint(line, "warning") for line in wrapped(told, s.width)]
    for one in found.held_back:
        told = f"These purchases hold back {_money(one.disallowed)} of the loss on {clean(one.symbol)} of "
        lines += [paint(line, "warning") for line in wrapped(f"{told}{long_day(one.on)}.", s.width)]
    left = [one for one in found.after.positions if one.unrealised is not None]
    if left:
        total = sum((one.unrealised or Decimal(0) for one in left), Decimal(0))
        lines += wrapped(f"Unrealised in what stays: {_money(total)}.", s.width)
    return lines


def _changed(before: Outlook, after: Outlook, s: Screen) -> list[str]:
    def share(value: float | None) -> str:
        return "-" if value is None else percent(value, signed=False)

    def number(value: float | None) -> str:
        return "-" if value is None else f"{value:.1f}"

    rows = [
        ("volatility of a year", share(before.volatility), share(after.volatility)),
        ("one day in 20 loses", share(before.var), share(after.var)),
        ("and then on average", share(before.cvar), share(after.cvar)),
        ("deepest fall", share(before.fall), share(after.fall)),
        ("as spread as so many", number(before.holdings), number(after.holdings)),
        ("independent bets", number(before.bets), number(after.bets)),
    ]
    return table(
        [
            Column(head="with such weights", cells=[one[0] for one in rows]),
            Column(head="now", cells=[one[1] for one in rows], right=True),
            Column(head="after", cells=[one[2] for one in rows], right=True),
        ],
        s,
    )


def _money(value: Decimal) -> str:
    return grouped(float(value), 2)
