"""The state of a market on a terminal: the answer, a picture of the last year, what followed, what to mind."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from ara.cli.render.numbers import decimals, grouped, long_day, percent, places
from ara.cli.screen import Screen
from ara.cli.words import clean, padded, wrapped
from ara.models.regimes import ALERT, STATES, Change, Standing

if TYPE_CHECKING:
    from ara.prediction.importance import Resting

__all__ = ["news", "shown"]

_YEAR: Final = 250
_ROWS: Final = 7
_SHORT: Final = 1000
_MARKS: Final = {"bull": "▲", "bear": "▼", "sideways": "─", "high volatility": "█"}
_PLAIN: Final = {"bull": "+", "bear": "v", "sideways": "-", "high volatility": "#"}


def shown(seen: Standing, s: Screen, rests: "Resting | None" = None) -> str:
    """Give the answer, the picture, what a model's bands rest on, and what else there is to know."""
    paint = s.palette()
    lines = _head(seen, s)
    lines += [*wrapped(_lasted(seen), s.width), *wrapped(_own(seen), s.width), ""]
    lines += [*_picture(seen, s), ""]
    if rests is not None:
        from ara.cli.render.regime_importance import inputs

        lines += [*inputs(rests, s), ""]
    for words in (_followed(seen), _changed(seen), _volatility(seen), _broken(seen)):
        lines += wrapped(words, s.width) if words else []
    for words in _warnings(seen):
        lines += [paint(line, "warning") for line in wrapped(words, s.width)]
    return "\n".join(lines)


def news(seen: Standing, changes: Sequence[Change] | None, s: Screen) -> str:
    """Give of a market that is watched the answer at its newest bar, and what changed; at the first look all."""
    if changes is None:
        return shown(seen, s)
    lines, paint = _head(seen, s), s.palette()
    for one in changes:
        entered = f"Changed: it entered {one.after} on {long_day(seen.dates[one.bar])}"
        words = f"{entered}{f', from {one.before}' if one.before else ''}, {one.probability:.2f} sure."
        lines += [paint(line, "warning") for line in wrapped(words, s.width)]
    lines += [] if changes else wrapped(f"No change was told (at {ALERT:.2f} or more).", s.width)
    return "\n".join(lines)


def _head(seen: Standing, s: Screen) -> list[str]:
    """Give whose state it is, at which close, and the answer."""
    one, paint = seen.bars.instrument, s.palette()
    price = grouped(float(seen.bars.frame["close"][-1]), places(one.tick))
    lines = [paint(f"{clean(one.symbol)}  {clean(one.name)}".rstrip(), "strong")]
    lines += wrapped(f"close {price} {one.currency} on {long_day(seen.dates[-1])}", s.width)
    return lines + [paint(line, "strong") for line in wrapped(_answer(seen), s.width)]


def _answer(seen: Standing) -> str:
    now = seen.now
    since = long_day(seen.dates[-1 - now.age])
    begun = "since today's bar" if not now.age else f"since {since} ({_days(now.age + 1)})"
    if not now.told:
        return f"No regimes can be told here. The likeliest state would be {now.state}, {now.probability:.2f}, {begun}."
    others = sorted(((share, name) for name, share in now.probabilities.items() if name != now.state), reverse=True)
    return f"{now.state.capitalize()}, {now.probability:.2f} sure, {begun}; next {others[0][1]}, {others[0][0]:.2f}."


def _lasted(seen: Standing) -> str:
    stays = f"It stays the same state tomorrow with {seen.now.stability:.2f}."
    if seen.median is None:
        return f"No such state ended here before. {stays}"
    count = "The one before" if len(seen.lasted) == 1 else f"Half of {len(seen.lasted)} such states before"
    return f"{count} lasted {_days(seen.median)} or less, the longest {_days(seen.lasted[-1])}. {stays}"


def _own(seen: Standing) -> str:
    chain = seen.history.fits[seen.history.which[-1]].chain
    place = STATES.index(seen.now.state)
    mean, wide = float(chain.mean[place, 0]), float(chain.variance[place, 0]) ** 0.5
    moved = f"{percent(mean, 2)} on average, give or take {percent(wide, signed=False)}"
    return f"Days of that state moved {moved}; states are named beside each other, by this instrument's own past."


def _picture(seen: Standing, s: Screen) -> list[str]:
    """Draw the close of the last year above a strip of its states."""
    close = seen.bars.frame["close"].to_numpy()[-_YEAR:]
    states = seen.history.states[-_YEAR:]
    known = close[np.isfinite(close)]
    low, high = float(known.min()), float(known.max())
    digits = decimals(high - low, high)
    labels = [grouped(high, digits), grouped(low, digits)]
    edge = max(len(one) for one in labels)
    columns = max(8, min(s.width - edge - 2, len(close)))
    parts = np.array_split(np.arange(len(close)), min(columns, len(close)))
    dot = "*" if s.plain else "•"
    rows = [[" "] * len(parts) for _ in range(_ROWS)]
    for column, part in enumerate(parts):
        price = close[part[-1]]
        if np.isfinite(price):
            share = (high - price) / (high - low) if high > low else 0.5
            rows[round(float(share) * (_ROWS - 1))][column] = dot
    marks = _PLAIN if s.plain else _MARKS
    strip = "".join(_mark(states[part], marks) for part in parts)
    names = ["", *[""] * (_ROWS - 2), ""]
    names[0], names[-1] = labels
    drawn = [
        f"{padded(name, edge, right=True)}  {''.join(row).rstrip()}" for name, row in zip(names, rows, strict=True)
    ]
    first, last = (long_day(seen.dates[place]) for place in (-len(close), -1))
    gap = max(1, len(parts) - len(first) - len(last))
    fits = len(first) + 1 + len(last) <= s.width - edge - 2
    below = " " * (edge + 2) + (f"{first}{' ' * gap}{last}" if fits else first[4:])
    key = "  ".join(f"{marks[name]} {name}" for name in STATES)
    return [*(line.rstrip() for line in drawn), " " * (edge + 2) + strip, below, *wrapped(key, s.width)]


def _mark(states: np.ndarray, marks: dict[str, str]) -> str:
    """Give the mark of the state that most of the bars have; a blank where none is known."""
    told = states[states >= 0]
    return marks[STATES[int(np.bincount(told).argmax())]] if len(told) else " "


def _followed(seen: Standing) -> str:
    apart = seen.followed.verdict in {"more", "less"}
    chance = " One of twenty such comparisons stands out by chance." if apart else ""
    return f"After such a state began: {seen.followed.words}.{chance}"


def _changed(seen: Standing) -> str:
    """Say which change was told last, what is expected of it, and which came before."""
    if not seen.changes:
        return ""
    *earlier, last = seen.changes
    ago = len(seen.dates) - 1 - last.bar
    when = "today" if not ago else f"{_days(ago)} ago"
    on = long_day(seen.dates[last.bar])
    words = f"Last change told (at {ALERT:.2f} or more): it entered {last.after} {when}, on {on}"
    words += f", from {last.before}." if last.before else "."
    if last.after == seen.now.state:
        more = _days(max(1, round(seen.now.expected_days)))
        words += f" It is expected to last another {more}: by its chain a state does not age."
    else:
        words += f" It is likelier in {seen.now.state} by now, which is not sure enough to be told as a change."
    if earlier:
        before = " and ".join(f"{one.after} on {long_day(seen.dates[one.bar])}" for one in reversed(earlier))
        words += f" Before that: {before}."
    return words


def _volatility(seen: Standing) -> str:
    words = {
        "calm": "in the calmest third", "mid": "in the middle third", "wild": "in the wildest third",
    }  # fmt: skip
    return f"Its volatility is {words[seen.wildness]} of its last 1,000 days." if seen.wildness else ""


def _broken(seen: Standing) -> str:
    test = seen.broken
    if test is None:
        return ""
    if not test.found:
        chance = f"chance of as much where nothing changed {test.probability:.2f}"
        return f"No break: over the last {test.bars} days its returns were as wild as its states tell ({chance})."
    way = "wilder" if test.wilder else "calmer"
    since = f"since {long_day(seen.dates[test.bar])} (chance {test.probability:.3f})"
    return f"It has been {way} than its states tell {since}: they may no longer fit."


def _warnings(seen: Standing) -> list[str]:
    found = []
    if seen.now.evidence is None:
        found.append("Too short a history to say whether its states tell anything.")
    elif not seen.now.told:
        found.append("Its next returns were foreseen no better with states than without.")
    if len(seen.bars) < _SHORT:
        found.append(f"Only {len(seen.bars)} days are known: the states rest on little.")
    return found


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count:,} days"
