"""Values at risk on a terminal: the answer, each method beside the other, whether such numbers held."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ara.cli.commands.holdings import Held, portfolio_words
from ara.cli.render.data_table import Column, table
from ara.cli.render.numbers import grouped, long_day, percent
from ara.cli.screen import Screen
from ara.cli.words import wrapped
from ara.performance.drawdown import Drawdowns
from ara.risk import Breaches, Tail, Volatility

__all__ = ["SeenTails", "days_words", "header", "tails"]

_DOUBTED: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenTails:
    """What is to be shown.

    Parameters
    ----------
    held
        The portfolio.
    tails
        By method, and of each by level.
    checked
        Of methods and levels: how the number for one day did.
    short
        Why methods were left out.
    deviation
        Of a day, over all days alike.
    volatilities
        Of the next day, by each method that can tell.
    drawdowns
        The worst of them.
    money
        What the portfolio is worth; None if that is not told.
    """

    held: Held
    tails: Sequence[Tail]
    checked: Mapping[tuple[str, float], Breaches]
    short: Sequence[str]
    deviation: float
    volatilities: Sequence[Volatility]
    drawdowns: Drawdowns
    money: float | None

    def check(self, one: Tail) -> Breaches | None:
        """Give how a method's number for one day did; None where the past is too short."""
        return self.checked.get((one.method, one.level))


def header(held: Held, days: int, s: Screen) -> list[str]:
    """Give the lines that say what is looked at."""
    paint = s.palette()
    last = long_day(held.moves.dates[-1])
    first = long_day(held.moves.dates[-days])
    return [
        *(paint(line, "strong") for line in wrapped(portfolio_words(held.weights), s.width)),
        *(paint(line, "quiet") for line in wrapped(f"{days:,} days, {first} to {last}", s.width, indent="  ")),
        *(paint(line, "warning") for note in held.warnings(days) for line in wrapped(note, s.width, indent="  ")),
    ]


def tails(seen: SeenTails, s: Screen) -> str:
    """Give the answer, the table, how the numbers did, and what to mind."""
    lines = header(seen.held, len(seen.held.moves), s)
    lines += [*wrapped(_answer(seen), s.width), "", *_table(seen, s), ""]
    lines += [*wrapped(_moves(seen), s.width), *_volatilities(seen, s), ""]
    for words in (_drawdown(seen), _verdict(seen)):
        lines += wrapped(words, s.width) if words else []
    paint = s.palette()
    for words in _warnings(seen):
        lines += [paint(line, "warning") for line in wrapped(words, s.width)]
    return "\n".join(lines)


def days_words(count: int) -> str:
    """Give `1 day`, `10 days`."""
    return "1 day" if count == 1 else f"{count:,} days"


def _answer(seen: SeenTails) -> str:
    one = seen.tails[0]
    rare = round(1 / (1 - one.level))
    span = "day" if one.horizon == 1 else f"stretch of {one.horizon} days"
    money = ""
    if seen.money:
        money = f" ({grouped(one.var * seen.money, 0)} of {grouped(seen.money, 0)})"
    lost = f"{percent(one.var, signed=False)}{money}"
    if one.var < 0:
        gained = f"{percent(-one.var, signed=False)}{money.replace('(-', '(')}"
        mean = f"{'gains' if one.cvar < 0 else 'loses'} {percent(abs(one.cvar), signed=False)}"
        return f"One {span} in {rare} it gains no more than {gained}, then it {mean} on average."
    return f"One {span} in {rare} it loses {lost} or more, then {percent(one.cvar, signed=False)} on average."


def _table(seen: SeenTails, s: Screen) -> list[str]:
    each = seen.tails
    amounts = [grouped(one.var * seen.money, 0) for one in each] if seen.money else [""] * len(each)
    checks = [seen.check(one) for one in each]
    return table(
        [
            Column(head="method", cells=[one.method for one in each]),
            Column(
                head="level", cells=[percent(one.level, _places(one.level), signed=False) for one in each], right=True
            ),
            Column(head="loss", cells=[percent(one.var, 2, signed=False) for one in each], right=True),
            Column(head="beyond it", cells=[percent(one.cvar, 2, signed=False) for one in each], right=True, leave=2),
            Column(head="amount", cells=amounts, right=True, leave=3),
            Column(head="held", cells=[_held(check) for check in checks], leave=4),
            Column(head="p", cells=[f"{check.coverage:.2f}" if check else "" for check in checks], right=True, leave=5),
            Column(head="light", cells=[check.light if check else "" for check in checks], leave=6),
        ],
        s,
    )


def _places(level: float) -> int:
    return 0 if abs(level * 100 - round(level * 100)) < 1e-9 else 1


def _held(check: Breaches | None) -> str:
    return f"{check.count} of {check.days} days beyond, {check.expected:.0f} expected" if check else ""


def _moves(seen: SeenTails) -> str:
    year = seen.deviation * seen.held.moves.per_year**0.5
    told = f"A day moves it {percent(seen.deviation, 2, signed=False)}, a year {percent(year, signed=False)}"
    return f"{told} (a day's deviation · √{seen.held.moves.per_year:.0f}){'; from now on:' * bool(seen.volatilities)}"


def _volatilities(seen: SeenTails, s: Screen) -> list[str]:
    each = seen.volatilities
    if not each:
        return []
    days = each[0].horizon
    over = [percent(one.ahead, 2, signed=False) for one in each] if days > 1 else [""] * len(each)
    return table(
        [
            Column(head="volatility", cells=[one.method for one in each]),
            Column(head="a day", cells=[percent(one.day, 2, signed=False) for one in each], right=True),
            Column(head="a year", cells=[percent(one.year, signed=False) for one in each], right=True),
            Column(head=days_words(days), cells=over, right=True, leave=3),
            Column(head="by", cells=[_formula(one) for one in each], leave=4),
        ],
        s,
    )


def _formula(one: Volatility) -> str:
    if one.method == "ewma":
        kept = one.parameters["decay"]
        return f"{kept:.2f} of the variance before, {1 - kept:.2f} of the last square"
    if one.usual is None:
        return "a shock stays"
    halved = f"; half of a shock is gone in {days_words(round(one.halved))}" if one.halved and one.halved >= 1 else ""
    return f"back to {percent(one.usual, 2, signed=False)}{halved}"


def _drawdown(seen: SeenTails) -> str:
    if not seen.drawdowns.worst:
        return ""
    worst, dates = seen.drawdowns.worst[0], seen.held.moves.dates
    place = [dates[max(one - 1, 0)] for one in (worst.began, worst.bottom)]
    back = "not yet made good"
    if worst.bars_back is not None:
        back = f"made good after {days_words(worst.bars_back)}"
    fell = f"The deepest fall was {percent(worst.depth)}, {long_day(place[0])} to {long_day(place[1])}"
    return f"{fell}, {back}."


def _verdict(seen: SeenTails) -> str:
    if not seen.checked:
        return "The past is too short to hold such numbers against it: 520 days are needed."
    wrong = sorted({name for (name, _), one in seen.checked.items() if one.coverage < _DOUBTED})
    close = sorted({name for (name, _), one in seen.checked.items() if one.independence < _DOUBTED})
    told = f"Held against the last {days_words(next(iter(seen.checked.values())).days)}, a day ahead: "
    told += f"{', '.join(wrong)} missed the count (p below 0.05)" if wrong else "no method's count is refuted"
    return told + (f"; losses beyond {', '.join(close)} came in clusters." if close else ".")


def _warnings(seen: SeenTails) -> list[str]:
    found = [f"Left out: {words}" for words in seen.short]
    if any(one.horizon > 1 and one.method in ("historical", "evt") for one in seen.tails):
        found.append("Stretches overlap, so they say less than as many apart.")
    if seen.held.cash < 0:
        found.append("More is held than there is: what is borrowed costs nothing here.")
    return found
