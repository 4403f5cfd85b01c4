"""The weights of an ensemble on a terminal: a table for each class, with a picture of how they moved."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from ara.cli.commands.models.weights import LEAST, NAMES, Weighing, by_regime, counted, shown_horizons, why_none
from ara.cli.render.data_table import Column, table
from ara.cli.render.numbers import percent
from ara.cli.screen import Screen
from ara.cli.words import wrapped
from ara.models.ensemble import BASE, report

if TYPE_CHECKING:
    from ara.models.ensemble import Line, State

__all__ = ["weights_of"]

_MARKS: Final = "·▁▂▃▄▅▆▇█"
_PLAIN: Final = ".12345678"


def weights_of(told: Weighing, s: Screen) -> list[str]:
    """Give the lines: what counts and since when, each class's members, and what is done to its bands."""
    state, paint = told.state, s.palette()
    lines = report(state)
    known = datetime.fromtimestamp(state.seen / 1_000_000, UTC)
    at = datetime.fromtimestamp(state.at / 1_000_000, UTC)
    said = (
        f"What each member counts for, by what it was worth on days it had not seen, learned on {at:%Y-%m-%d} from "
        f"bars up to {known - timedelta.resolution:%Y-%m-%d}."
    )
    found = [paint(line, "strong") for line in wrapped(said, s.width)]
    for name in counted(state):
        if name:
            found += ["", *_class(told, [one for one in lines if one.kind == name and not one.absent], name, s)]
    found += [
        line for one in lines if one.absent for line in wrapped(f"{one.member} is left out: {why_none(one)}", s.width)
    ]
    return [*found, "", *(paint(line, "quiet") for line in wrapped(_key(told, s), s.width))]


def _class(told: Weighing, lines: "Sequence[Line]", name: str, s: Screen) -> list[str]:
    """Give one class's members, those that count most first."""
    state = told.state
    horizons = shown_horizons(state)
    by = {(one.member, one.horizon): one for one in lines}
    members = sorted(state.members, key=lambda member: [-by[member, horizon].weight for horizon in horizons])
    columns = [
        Column(head=NAMES[name], cells=members),
        *(
            Column(
                head="1 bar" if horizon == 1 else f"{horizon} bars",
                cells=[_share(by[member, horizon].weight) for member in members],
                right=True,
            )
            for horizon in horizons
        ),
        _apart(state, members, name, horizons[0]),
        Column(
            head="then to now" if len(told.kin) > 1 else "",
            cells=[_picture(told, name, member, horizons[0], s) for member in members] if len(told.kin) > 1 else [],
            leave=1,
        ),
        *(
            Column(
                head=f"worth, {_bars(horizon)}",
                cells=[_worth(by[member, horizon]) for member in members],
                right=True,
                leave=3 + place if place else 0,
            )
            for place, horizon in enumerate(horizons)
        ),
    ]
    kept = [column for column in columns if column.head]
    none = [_none(by, members, horizon) for horizon in horizons]
    said = [*filter(None, none), _bands(state, name, horizons[0])]
    return [*table(kept, s), *(line for words in said for line in wrapped(words, s.width, indent="  "))]


def _apart(state: "State", members: "Sequence[str]", name: str, horizon: int) -> Column:
    """Give the weights in calm, usual and wild times; a column without a head where they are the same."""
    told = by_regime(state.classes[name], state.horizons.index(horizon))
    cells = [
        "  ".join(f"{_share(weights[state.members.index(member)]):>5}" for weights in told.values())
        for member in members
    ]
    return Column(head=f"{', '.join(told)}, {_bars(horizon)}" if told else "", cells=cells, right=True, leave=2)


def _share(weight: float) -> str:
    if weight <= 0:
        return "-"
    return f"{weight:.2f}" if weight >= LEAST else "<0.01"


def _worth(line: "Line") -> str:
    """Give a member's skill and how far it may be off; of the baseline, and where too little is known, nothing."""
    if line.member == BASE or line.low == line.high:
        return ""
    return f"{percent(line.skill).removesuffix(' %')} ± {(line.high - line.low) * 50:.1f} %"


def _none(by: "Mapping[tuple[str, int], Line]", members: Sequence[str], horizon: int) -> str:
    """Name those that count for nothing over a horizon, by the reason; the baseline goes without saying."""
    reasons: dict[str, list[str]] = {}
    for one in (by[member, horizon] for member in members):
        if one.weight <= 0 and one.member != BASE:
            worth = _worth(by[one.member, one.judged] if one.beaten else one)
            reasons.setdefault(why_none(one), []).append(f"{one.member} ({worth})" if worth else one.member)
    told = "; ".join(f"{why}: {', '.join(names)}" for why, names in reasons.items())
    return f"No weight over {_bars(horizon)}: {told}." if told else ""


def _picture(told: Weighing, name: str, member: str, horizon: int, s: Screen) -> str:
    """Give a mark for each model of the kin, the oldest first: how much the member counted for."""
    marks = _PLAIN if s.plain else _MARKS
    cells = []
    for _, _, state in told.kin:
        known = name in state.classes and member in state.members and horizon in state.horizons
        if not known:
            cells.append(" ")
            continue
        own = state.classes[name].weights[state.horizons.index(horizon)]
        weight = own[state.members.index(member)]
        cells.append(marks[min(math.ceil(weight * (len(marks) - 1)), len(marks) - 1)])
    return "".join(cells)


def _bands(state: "State", name: str, horizon: int) -> str:
    """Say what calibration makes of the members' mean over one horizon."""
    own, place = state.classes[name], state.horizons.index(horizon)
    slow = [f"{math.exp(log):.2f}" for log in own.stretches[place]]
    now = math.exp(own.surprise.now) if own.surprise else 1.0
    chance = 1 / (1 + math.exp(-own.centre[place]))
    return (
        f"Bands of {NAMES[name]} over {_bars(horizon)}: {', '.join(slow[:-1])} and {slow[-1]} times as wide as the "
        f"members' mean in calm, usual and wild times; {now:.2f} of that for how large the last moves were. "
        f"P(up) is drawn to {chance:.2f}."
    )


def _key(told: Weighing, s: Screen) -> str:
    bounds = (
        f"Worth: the share of the error (CRPS) of {BASE} that a member saved on days it had not seen, ± how far "
        f"that may be off with 95 %. {BASE} is the baseline, which answers where no other beats it."
    )
    if len(told.kin) < 2:
        return bounds
    marks = _PLAIN if s.plain else _MARKS
    ends = ", ".join(f"{end - timedelta.resolution:%Y-%m}" for _, end, _ in told.kin)
    horizon = _bars(shown_horizons(told.state)[0])
    return f"{bounds} Then to now: what it counted for over {horizon} in {ends}, {marks[0]} nothing to {marks[-1]} all."


def _bars(horizon: int) -> str:
    return "1 bar" if horizon == 1 else f"{horizon} bars"
