"""The design of the pooled models: what is known at each row, of its own series, its class and the other markets."""

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.models.families.pooled.dates import first_friday, weekday, working_day_after
from ara.models.families.pooled.reports import ECHOES, ahead, echoes
from ara.models.families.pooled.seen import KINDS, RANK, Past, Seen, is_past, past_of, ranked, seen
from ara.models.families.pooled.signals import LEVERAGE, OWN, SPANS, rank
from ara.models.months import DAY
from ara.models.panel import Panel, Rows, distinct

__all__ = ["AHEAD", "BLOCKS", "COLUMNS", "SECOND", "Table", "let_go", "standing", "table"]

_Array = NDArray[np.float64]

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

SECOND: Final = ("rank", *LEVERAGE, "class_z", "class_z5", "x750")
"""Names of a row's regressors of the second stage."""

_TIMING: Final = ("apart", "class_z", "apart_state", "class_state", "state")
_SHARED: Final = ("x", "x5", "x25", "z", "z5", "shock", "fall")
_STALE: Final = 4 * DAY
_NEVER: Final = np.iinfo(np.int64).max
_DEAREST: Final = 64 << 20
_MOST: Final = 2000
_kept: list[tuple[Past, tuple[int, ...], "Table"]] = []
_few: list[tuple[Past, tuple[int, ...], Rows, "Table"]] = []
_LONGEST: Final = 1 << 18
_ranked: list[tuple[Seen, _Array]] = []


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


def table(panel: Panel, rows: Rows | None = None) -> Table:
    """Give the panel's table, or some rows of it: what was made before, of this panel or a later one, is found again.

    A row is the same in every table. Few rows are made alone, unless the whole was needed for this panel's past: then
    it will be needed again.
    """
    for known, horizons, made in tuple(_kept):
        if panel.horizons == horizons and is_past(panel, known):
            last = int(panel.known_at.max())
            if len(panel) == len(known.at):
                return made if rows is None else made.take(rows)
            there = None if rows is None else np.flatnonzero(known.known_at <= last)[rows]
            return made.until(last) if there is None else made.take(there).until(last)
    if rows is not None and not any(panel.horizons == h and is_past(known, panel) for known, h, _ in tuple(_kept)):
        return _found_again(panel, rows)
    made = _built(panel)
    if made.design.nbytes <= _DEAREST:
        _kept.insert(0, (past_of(panel), panel.horizons, made))
        del _kept[2:]
    return made if rows is None else made.take(rows)


def let_go() -> None:
    """Forget the tables that are kept: a large one takes 100 MB, and who needs few rows makes them alone."""
    _kept.clear()


def _found_again(panel: Panel, rows: Rows) -> Table:
    """Make some rows, or give them again to the next who asks: those that an answer, and its reasons, look at."""
    for known, horizons, among, made in tuple(_few):
        if horizons == panel.horizons and len(known.at) == len(panel) and is_past(panel, known):
            place = np.minimum(np.searchsorted(among, rows), len(among) - 1)
            if np.array_equal(among[place], rows):
                return made.take(place)
    made = _made(panel, seen(panel), rows)
    if 0 < len(rows) <= _MOST:
        _few.insert(0, (past_of(panel), panel.horizons, rows.copy(), made))
        del _few[2:]
    return made.take(np.arange(len(rows)))


def standing(panel: Panel, rows: Rows) -> _Array:
    """Give where the volatility of rows stands among those of the series' last two years: -0.5 lowest, 0.5 highest."""
    return _ranks(panel, seen(panel), rows)


def _built(panel: Panel) -> Table:
    return _made(panel, ranked(panel), np.arange(len(panel)))


def _made(panel: Panel, own: Seen, rows: Rows) -> Table:
    kind = own.kind[rows]
    told = {name: values[rows] for name, values in own.told.items()} | {"rank": _ranks(panel, own, rows)}
    calendar = _reports(panel, own, rows, told)
    told |= _calendar(own.days[rows]) | _classes(_shared(panel, own, rows), kind, told["z"])
    target, y, size, y_known = _outcomes(panel, own, rows)
    return Table(
        kind=kind,
        series=panel.series[rows],
        known_at=panel.known_at[rows],
        usable=own.usable[rows],
        design=_stacked(told, COLUMNS),
        ahead=calendar,
        slow=told["slow"],
        second=_stacked(told, SECOND),
        timing=_stacked(told, _TIMING),
        target=target,
        ewma=np.log(np.maximum(told["ewma"], 1e-16)) - told["slow"],
        y=y,
        size=size,
        y_known=y_known,
    )


def _ranks(panel: Panel, own: Seen, rows: Rows) -> _Array:
    """Give the ranks of rows less one half; an answer and its reasons ask for the same ones several times."""
    if RANK in own.told:
        return own.told[RANK][rows]
    if len(rows) > _MOST or len(panel) > _LONGEST:
        return _ranks_of(panel, own, rows)
    known = next((ranks for one, ranks in tuple(_ranked) if one is own), None)
    if known is None:
        known = np.full(len(panel), np.nan)
        _ranked.insert(0, (own, known))
        del _ranked[4:]
    lacking = rows[np.isnan(known[rows])]
    if len(lacking):
        known[lacking] = _ranks_of(panel, own, lacking)
    return np.asarray(known[rows])


def _ranks_of(panel: Panel, own: Seen, rows: Rows) -> _Array:
    out = np.zeros(len(rows))
    for code, mine in panel.by_series(rows):
        first, end = panel.span(code)
        out[mine] = rank(own.told["ewma"][first:end], rows[mine] - first) - 0.5
    return out


def _outcomes(panel: Panel, own: Seen, rows: Rows) -> tuple[_Array, _Array, _Array, NDArray[np.int64]]:
    """Give each row's targets, and when these were known."""
    shape = (len(rows), len(panel.horizons))
    target, y, size = (np.full(shape, np.nan) for _ in range(3))
    y_known = np.full(shape, _NEVER)
    for code, mine in panel.by_series(rows):
        first, end = panel.span(code)
        returns, known = panel.bars[first:end, 3], panel.known_at[first:end]
        variances, moves, squares = _Ahead(own.told["variance"][first:end]), _Ahead(returns), _Ahead(returns**2)
        for column, h in enumerate(panel.horizons):
            done = mine[rows[mine] + h < end]
            place = rows[done] - first
            mean = variances(place, h) / h
            target[done, column] = np.log(np.where(mean > 0, mean, np.nan)) - own.told["slow"][rows[done]]
            y[done, column] = moves(place, h)
            size[done, column] = np.sqrt(squares(place, h))
            y_known[done, column] = known[place + h]
    return target, y, size, y_known


class _Ahead:
    """Sums up the values that follow a place; NaN where one of them is."""

    def __init__(self, values: _Array) -> None:
        self._total, self._missing = np.cumsum(np.nan_to_num(values)), np.cumsum(np.isnan(values))

    def __call__(self, place: Rows, h: int) -> _Array:
        end = place + h
        whole = self._missing[end] == self._missing[place]
        return np.where(whole, self._total[end] - self._total[place], np.nan)


def _reports(panel: Panel, own: Seen, rows: Rows, told: dict[str, _Array]) -> _Array:
    """Put the echoes of past reports among the signals and give the horizons' own; 0 for what reports not."""
    out = np.zeros((len(rows), len(panel.horizons), len(AHEAD)))
    told |= {name: np.zeros(len(rows)) for name in ECHOES}
    for code, mine in panel.by_series(rows):
        if own.kind[rows[mine[0]]] != KINDS.index("equity"):
            continue
        first, end = panel.span(code)
        excess, days, asked = own.told["excess"][first:end], own.days[first:end], own.days[rows[mine]]
        out[mine] = ahead(excess, days, panel.horizons, asked=asked)
        for name, values in echoes(excess, days, asked=asked).items():
            told[name][mine] = values
    return out


def _shared(panel: Panel, own: Seen, rows: Rows) -> _Array:
    """Give `[kind, row, signal]`: each class's mean, over its series, of what was last known of them at each row."""
    out = np.zeros((len(KINDS), len(rows), len(_SHARED)))
    at = panel.known_at[rows]
    for code in distinct(own.kind):
        mine = own.kind == code
        moments = distinct(panel.known_at[mine])
        place = np.searchsorted(moments, at, side="right") - 1
        known = np.flatnonzero((place >= 0) & (at - moments[np.maximum(place, 0)] <= _STALE))
        used = distinct(place[known])
        where = np.searchsorted(used, place[known])
        out[code, known] = _means(panel, distinct(panel.series[mine]), own, moments[used])[where]
    return out


def _means(panel: Panel, codes: NDArray[np.int32], own: Seen, moments: NDArray[np.int64]) -> _Array:
    total, count = np.zeros((len(moments), len(_SHARED))), np.zeros(len(moments))
    for code in codes.tolist():
        first, end = panel.span(code)
        known = panel.known_at[first:end]
        last = np.searchsorted(known, moments, side="right") - 1
        row = first + np.maximum(last, 0)
        values = np.stack([own.told[name][row] for name in _SHARED], axis=1)
        told = own.usable[row] & ~np.isnan(values).any(axis=1)
        fresh = (last >= 0) & (moments - panel.known_at[row] <= _STALE) & told
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
    whole = np.stack([told[name] for name in names], axis=1)
    return np.where(np.isfinite(whole), whole, 0.0)
