"""`pooled_har` taken apart: linear in its columns, and where it isn't, each column takes its share of the change."""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.models.families.pooled.chain import ADJUSTED, CALM, EWMA, State, forecast, second_stage
from ara.models.families.pooled.equations import dot
from ara.models.families.pooled.features import AHEAD, COLUMNS, SECOND, Table, table
from ara.models.families.pooled.horizon import reversion
from ara.models.families.pooled.model import YOUNG, FittedPooledHar
from ara.models.families.pooled.seen import KINDS, kind_of
from ara.models.panel import Panel
from ara.models.reasons.single import carried, of_ewma
from ara.models.reasons.told import Told, added, log_width, middle, past, ratio
from ara.statistics.volatility import ewma_variance

__all__ = ["GROUPS", "groups", "of_pooled", "stood"]

_Array = NDArray[np.float64]

GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "last": ("x", "x1.5", "shock", "burst"),
    "week": ("x5", "r5"),
    "month": ("x25", "r16", "v16", "rank"),
    "half_year": ("x125",),
    "years": ("one", "x750", "slow"),
    "falls": ("fall", "z5", "z25"),
    "gaps": ("gap", "gap5"),
    "volume": ("volume20", "volume60"),
    "weekday": tuple(f"day{day}" for day in range(7)),
    "jobs": ("jobs",),
    "reports": ("season", "echo_ahead", "echo0", "echo1", "echo2", "echo3", "near"),
    "market": ("class_x", "class_x5", "class_x25", "class_z", "class_z5", "class_shock", "class_fall"),
    "abroad": ("equity_x", "equity_x5", "equity_z5", "forex_x5"),
}
"""What a reader knows, and the columns of the design that tell of it."""

_ALONE: Final = {
    "class_x": "last", "class_shock": "last", "class_x5": "week", "class_x25": "month",
    "class_z": "falls", "class_z5": "falls", "class_fall": "falls",
}  # fmt: skip
"""Where nothing else of the class is there, its means are the series' own."""

_ALONE_TOO: Final = frozenset({"class_x", "class_x5", "class_x25"})
_RELATIVE: Final = frozenset({"x", "x1.5", "x5", "x25", "x125", "x750", "r5", "r16", "v16"})
"""Columns that are given relative to the series' long-run level of log variance."""

_TERMS: Final = (*COLUMNS, *SECOND)

_GROUP: Final[Mapping[str, str]] = {column: name for name, columns in GROUPS.items() for column in columns}


def of_pooled(fitted: FittedPooledHar, panel: Panel, row: int, *, values: _Array | None = None) -> Told:
    """Tell of `pooled_har`: a usual bar is one whose columns are the means of the last 250 bars'.

    `values` is what it answers for the row, where that is known already.
    """
    code, rows = int(panel.series[row]), past(panel, row)
    first, _ = panel.span(code)
    seen = table(panel, rows)
    kind = seen.kind[-1]
    state = fitted.states.get(KINDS[kind])
    columns = [fitted.horizons.index(horizon) for horizon in panel.horizons]
    if values is None:
        values = fitted.predict(panel, np.array([row])).values[0]
    if state is None or row - first < YOUNG or not seen.usable[-1]:
        return of_ewma(fitted.fallback, panel, row)
    state = State(*(part[columns] for part in state))
    both = _usual_beside(seen)
    name = panel.symbols[code]
    own = np.full(2, fitted.symbols.index(name) if name in fitted.symbols else -1)
    believed = forecast(state, both, own, panel.horizons)
    raw = log_width(believed.quantiles)
    variance = ewma_variance(panel.bars[first : row + 1, 3])
    names = groups(panel, row)
    shares = [
        *_variance(state, both, panel.horizons, carried(variance, row - first, 0.94), names),
        ("last", raw[0] - raw[1] - np.log(believed.spread[0] / believed.spread[1])),
        ("bands", log_width(values) - raw[0]),
    ]
    turn = believed.width[0] * believed.shift[0]
    return Told(
        width=log_width(values),
        parts=added(shares),
        centre=added([("turn", turn), ("drift", middle(values) - turn)]),
        values=_values(both, len(panel.horizons)) | {"bands": np.exp(log_width(values) - raw[0])},
    )


def groups(panel: Panel, row: int) -> Mapping[str, str]:
    """Give the group of each column; where a series is alone in its class, what tells of the class tells of it."""
    kinds = np.array([kind_of(group) for group in panel.groups])[panel.group]
    alone = len(np.unique(panel.series[kinds == kinds[row]])) == 1
    return {**_GROUP, **_ALONE} if alone else _GROUP


def stood(panel: Panel, row: int) -> dict[str, _Array]:
    """Give how a row stood in what the pooled models look at, by group; `[H]` each."""
    return _values(_usual_beside(table(panel, past(panel, row))), len(panel.horizons))


def _usual_beside(seen: Table) -> Table:
    """Give the last of some rows and, after it, the means of all."""
    used = seen.usable
    pair = seen.take(np.array([-1, -1]))
    for one in fields(Table):
        if one.name in {"design", "ahead", "slow", "ewma", "second", "timing"}:
            getattr(pair, one.name)[1] = getattr(seen, one.name)[used].mean(axis=0)
    return pair


def _variance(
    state: State, rows: Table, horizons: tuple[int, ...], news: Mapping[str, float], names: Mapping[str, str]
) -> Iterator[tuple[str, _Array]]:
    """Give what each column adds to the log of the scale, by the group that `names` gives it.

    Columns that are relative to the series' long-run level count as they are, without it. `news` is what stretches of
    bars add to the log of the EWMA variance.
    """
    told = dot(rows.design[:, None, None], state.weights) + dot(rows.ahead[:, :, None], state.weights[:, :, AHEAD])
    gain, through = _second(state, rows, told[:, :, 2])
    back = np.array([1 - reversion(horizon) for horizon in horizons])[:, None] / 2 / (4 + EWMA)
    slopes = back * (2 * through[:, None] * state.weights[:, 2] + state.weights[:, 1] + state.weights[:, 0])
    away = np.broadcast_to(rows.design[0] - rows.design[1], slopes.shape).copy()
    away[:, AHEAD] += rows.ahead[0] - rows.ahead[1]
    later = 2 * back * gain[:, None] * state.slopes[:, 2:]
    level = rows.slow[0] - rows.slow[1]
    relative = _RELATIVE | (_ALONE_TOO if names is not _GROUP else set())
    slopes = np.concatenate((slopes, later), axis=1)
    away = np.concatenate((away, np.broadcast_to(rows.second[0] - rows.second[1], later.shape)), axis=1)
    own = np.where([name in relative for name in _TERMS], level, 0.0)
    told = np.stack((slopes * (away + own), -slopes * own), axis=2).reshape(len(slopes), -1)
    for name, places in _places(tuple(names[name] for name in _TERMS)):
        yield name, np.add.accumulate(told[:, places], axis=1)[:, -1]  # one after the other
    yield from ((name, back[:, 0] * EWMA * part) for name, part in news.items())
    rest = rows.ewma[0] - rows.ewma[1] - sum(news.values())
    yield "years", level / 2 + back[:, 0] * EWMA * rest


@lru_cache(maxsize=2)
def _places(names: tuple[str, ...]) -> tuple[tuple[str, list[int]], ...]:
    """Give, by group, where its parts stand among those of all terms: each term has its own, and one of `years`."""
    found: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        found.setdefault(name, []).append(2 * place)
        found.setdefault("years", []).append(2 * place + 1)
    return tuple(found.items())


def _second(state: State, rows: Table, wide: _Array) -> tuple[_Array, _Array]:
    """Give `[H]` how much of a step in what the second stage looks at, and in the forecast of the first, passes it."""
    seen = second_stage(rows.second, wide)[:, :, 1:]
    stage = dot(seen - state.means, state.slopes)
    change = np.diff(2 * np.log1p(np.clip(stage[::-1], -ADJUSTED, ADJUSTED)), axis=0)[0]
    inside = np.abs(stage[0]) < ADJUSTED
    gain = ratio(change, stage[0] - stage[1], np.where(inside, 2 / (1 + np.clip(stage[0], -ADJUSTED, ADJUSTED)), 0.0))
    calm = ratio(seen[0, :, 1] - seen[1, :, 1], wide[0] - wide[1], (wide[0] + CALM < 0).astype(float))
    return gain, 1 + gain * (state.slopes[:, 0] + calm * state.slopes[:, 1])


def _values(rows: Table, horizons: int) -> dict[str, _Array]:
    """Give how the row stood: ratios of volatilities, the weekday, or what is known of the days ahead."""
    now, usual = ({name: float(one[k]) for k, name in enumerate(COLUMNS)} for one in rows.design)

    level = float(rows.slow[0] - rows.slow[1])

    def wild(name: str) -> float:
        return float(np.exp((now[name] - usual[name] + (level if name in _RELATIVE else 0.0)) / 2))

    told = {
        "week": wild("x5"),
        "month": wild("x25"),
        "half_year": wild("x125"),
        "years": float(np.exp(level / 2)),
        "falls": now["z5"],
        "gaps": now["gap5"] / usual["gap5"] if usual["gap5"] > 0 else 1.0,
        "volume": float(np.exp(now["volume20"])),
        "weekday": float(np.argmax([now[name] for name in GROUPS["weekday"]])),
        "jobs": now["jobs"],
        "market": wild("class_x5"),
        "abroad": wild("forex_x5" if now["equity_x5"] == 0 else "equity_x5"),
    }
    return {name: np.full(horizons, value) for name, value in told.items()} | {"reports": rows.ahead[0, :, 0]}
