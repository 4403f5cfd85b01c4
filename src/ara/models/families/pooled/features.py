"""The design of the pooled models: what is known at each row, of its own series, its class and the other markets."""

from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.models.families.pooled.dates import DAY, first_friday, weekday, working_day_after
from ara.models.families.pooled.reports import ECHOES, ahead, echoes
from ara.models.families.pooled.signals import LEVERAGE, OWN, SPANS, signals
from ara.models.panel import Panel, Rows

__all__ = ["AHEAD", "BLOCKS", "COLUMNS", "KINDS", "Table", "kind_of", "table"]

_Array = NDArray[np.float64]

KINDS: Final = ("crypto", "equity", "forex", "other")
"""Classes whose series share their weights; spot metals trade with currencies, and a class of no name stands alone."""

_KIND_OF_GROUP: Final = {"stock": "equity", "etf": "equity", "index": "equity", "crypto": "crypto", "forex": "forex"}
_SLOPES: Final = tuple(f"x{span:g}" for span in SPANS)
_LINEAR: Final = ("one", "slow", "x", *_SLOPES, *LEVERAGE)
_DAYS: Final = tuple(f"day{day}" for day in range(7))
_NEAR: Final = (*OWN, *_DAYS, "class_z", "class_z5", *ECHOES, "jobs", "season", "echo_ahead")
_ABROAD: Final = ("equity_x", "equity_x5", "equity_z5", "forex_x5")
_WIDE: Final = ("class_x", "class_x5", "class_x25", "class_shock", "class_fall", *_ABROAD)

COLUMNS: Final = (*_LINEAR, *_NEAR, *_WIDE)
"""Names of the design's columns."""

BLOCKS: Final = (len(_LINEAR), len(_LINEAR) + len(_NEAR), len(COLUMNS))
"""How many leading columns each of the three models uses."""

AHEAD: Final = (COLUMNS.index("season"), COLUMNS.index("echo_ahead"))
"""The columns that depend on the horizon; 0 in the design."""

_SECOND: Final = ("rank", *LEVERAGE, "class_z", "class_z5", "x750")
_TIMING: Final = ("apart", "class_z", "apart_state", "class_state", "state")
_SHARED: Final = ("x", "x5", "x25", "z", "z5", "shock", "fall")
_STALE: Final = 4 * DAY
_NEVER: Final = np.iinfo(np.int64).max
_DEAREST: Final = 64 << 20
_kept: list[tuple[Panel, "Table"]] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What the pooled models see of a panel, row by row in the panel's order.

    Parameters
    ----------
    kind
        Index into `KINDS`.
    series, known_at
        As in the panel.
    usable
        Whether a row has what the models need: some weeks of returns.
    design
        `[n, columns]`; those of `AHEAD` are 0.
    ahead
        `[n, H, 2]`: the columns of `AHEAD`.
    slow
        Usual log variance; all other log variances are relative to it.
    ewma
        Log of the EWMA variance of returns.
    second
        `[n, 8]`: regressors of the second stage.
    timing
        `[n, 5]`: regressors of the timing of returns.
    target, y, size
        `[n, H]`: log of the mean variance of the next bars, their log return, and the root of the sum of the squares of
        each one's; NaN where they are not known.
    y_known
        `[n, H]`: when they were.
    """

    kind: NDArray[np.int8]
    series: NDArray[np.int32]
    known_at: NDArray[np.int64]
    usable: NDArray[np.bool_]
    design: _Array
    ahead: _Array
    slow: _Array
    ewma: _Array
    second: _Array
    timing: _Array
    target: _Array
    y: _Array
    size: _Array
    y_known: NDArray[np.int64]

    def take(self, rows: Rows) -> "Table":
        """Give some of the rows, in the order asked."""
        return Table(**{one.name: getattr(self, one.name)[rows] for one in fields(self)})

    def until(self, moment: int) -> "Table":
        """Give the rows known at `moment`, without targets that were not."""
        cut = self.take(np.flatnonzero(self.known_at <= moment))
        future = cut.y_known > moment
        cut.target[future], cut.y[future], cut.size[future], cut.y_known[future] = np.nan, np.nan, np.nan, _NEVER
        return cut


def kind_of(group: str) -> int:
    """Give the class, as an index into `KINDS`, of a panel's group."""
    return KINDS.index(_KIND_OF_GROUP.get(group, "other"))


def table(panel: Panel) -> Table:
    """Give the panel's table: from memory where this panel, or one of which it is the past, was asked before."""
    for known, made in tuple(_kept):
        if _is_past(panel, known):
            return made if len(panel) == len(known) else made.until(int(panel.known_at.max()))
    made = _built(panel)
    if made.design.nbytes <= _DEAREST:
        _kept.insert(0, (panel, made))
        del _kept[2:]
    return made


def _is_past(panel: Panel, whole: Panel) -> bool:
    """Say whether the panel is, to the last byte, what was known of `whole` at some moment."""
    same = ("symbols", "groups", "horizons")
    if not 0 < len(panel) <= len(whole) or any(getattr(panel, name) != getattr(whole, name) for name in same):
        return False
    rows = np.flatnonzero(whole.known_at <= panel.known_at.max())
    return len(rows) == len(panel) and all(
        getattr(whole, name)[rows].tobytes() == getattr(panel, name).tobytes()
        for name in ("at", "known_at", "series", "group", "bars", "volume")
    )


def _built(panel: Panel) -> Table:
    kind = np.array([kind_of(group) for group in panel.groups] or [0], np.int8)[panel.group]
    days = (panel.at // 2 + panel.known_at // 2) // DAY
    told, target, y, size, y_known = _series(panel)
    calendar = _reports(panel, kind, told, days)
    usable = np.isfinite(told["slow"]) & np.isfinite(told["ewma"]) & np.isfinite(told["x"])
    told |= _calendar(days) | _classes(_shared(panel, kind, told, usable), kind, told["z"])
    return Table(
        kind=kind,
        series=panel.series,
        known_at=panel.known_at,
        usable=usable,
        design=_stacked(told, COLUMNS),
        ahead=calendar,
        slow=told["slow"],
        second=_stacked(told, _SECOND),
        timing=_stacked(told, _TIMING),
        target=target,
        ewma=np.log(np.maximum(told["ewma"], 1e-16)) - told["slow"],
        y=y,
        size=size,
        y_known=y_known,
    )


def _series(panel: Panel) -> tuple[dict[str, _Array], _Array, _Array, _Array, NDArray[np.int64]]:
    """Give each series' signals and targets, and when these were known."""
    shape = (len(panel), len(panel.horizons))
    told: dict[str, _Array] = {}
    target, y, size = (np.full(shape, np.nan) for _ in range(3))
    y_known = np.full(shape, _NEVER)
    bounds = np.searchsorted(panel.series, np.arange(len(panel.symbols) + 1))
    for first, end in pairwise(bounds.tolist()):
        if first == end:
            continue
        bars, known = panel.bars[first:end], panel.known_at[first:end]
        own = signals(bars, panel.volume[first:end])
        for name, values in own.items():
            told.setdefault(name, np.zeros(len(panel)))[first:end] = values
        for place, h in enumerate(panel.horizons):
            if end - first > h:
                target[first : end - h, place] = _mean_ahead(own["variance"], h) - own["slow"][:-h]
                y[first : end - h, place] = _sum_ahead(bars[:, 3], h)
                size[first : end - h, place] = np.sqrt(_sum_ahead(bars[:, 3] ** 2, h))
                y_known[first : end - h, place] = known[h:]
    return told, target, y, size, y_known


def _reports(panel: Panel, kind: NDArray[np.int8], told: dict[str, _Array], days: NDArray[np.int64]) -> _Array:
    """Put the echoes of past reports among the signals and give the horizons' own; 0 for what reports not."""
    out = np.zeros((len(panel), len(panel.horizons), len(AHEAD)))
    told |= {name: np.zeros(len(panel)) for name in ECHOES}
    for code in np.unique(panel.series[kind == KINDS.index("equity")]):
        mine = slice(*np.searchsorted(panel.series, (code, code + 1)).tolist())
        out[mine] = ahead(told["excess"][mine], days[mine], panel.horizons)
        for name, values in echoes(told["excess"][mine], days[mine]).items():
            told[name][mine] = values
    return out


def _sum_ahead(values: _Array, h: int) -> _Array:
    """Give the sum of the next h values; NaN where one of them is."""
    total, missing = np.cumsum(np.nan_to_num(values)), np.cumsum(np.isnan(values))
    return np.where(missing[h:] == missing[:-h], total[h:] - total[:-h], np.nan)


def _mean_ahead(variance: _Array, h: int) -> _Array:
    """Give the log of the mean of the next h variances."""
    mean = _sum_ahead(variance, h) / h
    return np.log(np.where(mean > 0, mean, np.nan))


def _shared(panel: Panel, kind: NDArray[np.int8], told: dict[str, _Array], usable: NDArray[np.bool_]) -> _Array:
    """Give `[kind, row, signal]`: each class's mean, over its series, of what was last known of them at each row."""
    signal = np.stack([told[name] for name in _SHARED], axis=1)
    signal[~usable] = np.nan
    out = np.zeros((len(KINDS), len(panel), len(_SHARED)))
    for code in np.unique(kind):
        mine = kind == code
        moments = np.unique(panel.known_at[mine])
        means = _means(panel, np.unique(panel.series[mine]), signal, moments)
        place = np.searchsorted(moments, panel.known_at, side="right") - 1
        known = (place >= 0) & (panel.known_at - moments[np.maximum(place, 0)] <= _STALE)
        out[code] = np.where(known[:, None], means[np.maximum(place, 0)], 0.0)
    return out


def _means(panel: Panel, codes: NDArray[np.int32], signal: _Array, moments: NDArray[np.int64]) -> _Array:
    total, count = np.zeros((len(moments), signal.shape[1])), np.zeros(len(moments))
    for code in codes:
        first, end = np.searchsorted(panel.series, (code, code + 1))
        known = panel.known_at[first:end]
        last = np.searchsorted(known, moments, side="right") - 1
        values = signal[first:end][np.maximum(last, 0)]
        fresh = (last >= 0) & (moments - known[np.maximum(last, 0)] <= _STALE) & ~np.isnan(values).any(axis=1)
        total += np.where(fresh[:, None], values, 0.0)
        count += fresh
    return np.asarray(total / np.maximum(count, 1.0)[:, None])


def _calendar(days: NDArray[np.int64]) -> dict[str, _Array]:
    told = {name: (weekday(days) == day).astype(float) for day, name in enumerate(_DAYS)}
    jobs = first_friday(working_day_after(days)).astype(float)
    return (
        told | {"one": np.ones(len(days)), "jobs": jobs} | dict.fromkeys(("season", "echo_ahead"), np.zeros(len(days)))
    )


def _classes(shared: _Array, kind: NDArray[np.int8], z: _Array) -> dict[str, _Array]:
    """Give the signals of each row's own class and of the other markets, and what the timing of returns looks at."""
    own = shared[kind, np.arange(len(kind))]
    told = {f"class_{name}": own[:, place] for place, name in enumerate(_SHARED)}
    for market in ("equity", "forex"):
        code = KINDS.index(market)
        told |= {f"{market}_{name}": shared[code, :, place] * (kind != code) for place, name in enumerate(_SHARED)}
    state, apart = np.clip(told["class_x5"], -2.0, 2.0), z - told["class_z"]
    return told | {"state": state, "apart": apart, "apart_state": apart * state, "class_state": told["class_z"] * state}


def _stacked(told: dict[str, _Array], names: tuple[str, ...]) -> _Array:
    return np.nan_to_num(np.stack([told[name] for name in names], axis=1), posinf=0.0, neginf=0.0)
