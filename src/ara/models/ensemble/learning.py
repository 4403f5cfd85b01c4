"""From months of members' forecasts, and what became of them, to a state."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from ara.models.calibration import HALF_LIFE, Surprise, centred, eased, sizes, stretches, trust
from ara.models.ensemble.by_regime import REGIMES, belonging
from ara.models.ensemble.panels import ranges_after, standings
from ara.models.ensemble.reach import between, taught
from ara.models.ensemble.stages import LOW, MIDDLE, REMEMBERED, THIN, TOP, Outcomes, Stage, outcomes
from ara.models.ensemble.state import ALL, ClassState, State
from ara.models.ensemble.weights import Evidence, beaten, believed, evidence, shares
from ara.models.families.pooled.seen import KINDS
from ara.models.months import DAY, months_before
from ara.models.panel import Panel
from ara.models.quantiles import LEVELS
from ara.models.stillness import still_rows

__all__ = ["Month", "Weigh", "learned"]

_Array = NDArray[np.float64]

_RISES: Final = np.array([LEVELS[k] for k in THIN])
_FEWEST: Final = 20


class Month(NamedTuple):
    """A month of members' forecasts, and what became of them.

    Parameters
    ----------
    stage
        What they said.
    loss
        `[n, H, member]`: CRPS over the panel's scale; NaN where it is not known or may not be learned from.
    became
        The outcomes.
    weight
        How much the month counts: half as much after the half-life.
    standing
        `[n]`: where the volatility of each row stood; see `standings`.
    """

    stage: Stage
    loss: _Array
    became: Outcomes
    weight: float
    standing: _Array

    def over(self, places: Sequence[int]) -> "Month":
        """Give it over the horizons at these places alone."""
        if len(places) == self.loss.shape[1]:
            return self
        stage, became = self.stage, self.became
        kept = None if stage.loss is None else stage.loss[:, places]
        return self._replace(
            stage=replace(stage, said=stage.said[:, places], loss=kept),
            loss=self.loss[:, places],
            became=replace(became, y=became.y[:, places], known_at=became.known_at[:, places]),
        )


class Weigh(Protocol):
    """Another way from months to weights, which begins from those of `fast`."""

    def __call__(
        self, months: Sequence[Month], classes: Mapping[str, ClassState], *, horizons: Sequence[int], base: int
    ) -> dict[str, ClassState]:
        """Give each class's state with weights of its own; `classes` has `ALL`, and what `fast` would weigh by."""
        ...


def learned(
    stages: Sequence[Stage],
    panel: Panel,
    moment: int,
    *,
    members: tuple[str, ...],
    base: int,
    scored: NDArray[np.bool_],
    weigh: Weigh | None = None,
    half_life: float = 12.0,
) -> State:
    """Give the state at a moment.

    Parameters
    ----------
    stages
        Of the last months, oldest first.
    panel
        All that is known at the moment; one bar ahead is its first horizon.
    moment
        First instant of a month.
    members, base
        Names of the members, and the place of the baseline among them.
    scored
        `[row of the panel]`: whether its outcome may be learned from; where the price stands still none is.
    weigh
        What gives other weights than those of `fast`.
    half_life
        Months after which one counts half as much.
    """
    months = _months(stages, panel, moment, scored, half_life)
    kinds = sorted({int(kind) for one in months for kind in np.unique(one.stage.kind)})
    places = taught(panel.horizons)
    few, reach = [one.over(places) for one in months], [panel.horizons[place] for place in places]
    weights = _weighed(few, kinds, reach, members, base)
    if weigh is not None:
        weights = weigh(few, weights, horizons=reach, base=base)
    weights = {name: between(one, panel.horizons) for name, one in weights.items()}
    classes = {ALL: weights[ALL]}
    open_: dict[str, tuple[int, float, float]] = {}
    usual: dict[str, tuple[float, ...]] = {}
    for kind in kinds:
        name = KINDS[kind]
        told = [_told(one, np.flatnonzero(one.stage.kind == kind), weights[name], base, panel) for one in months]
        for one in told:
            _note(open_, panel, one.left, one.last)
        usual |= _usual(told, panel)
        classes[name] = _calibrated(told, _step(panel, kind, months), kind, panel, weights[name])
    return State(
        at=moment,
        seen=int(panel.known_at.max()) if len(panel) else 0,
        members=members,
        horizons=panel.horizons,
        classes=classes,
        open=open_,
        usual=usual,
    )


def _months(
    stages: Sequence[Stage], panel: Panel, moment: int, scored: NDArray[np.bool_], half_life: float
) -> list[Month]:
    out, told = [], scored & ~still_rows(panel) if len(scored) else scored
    for stage in stages:
        became = outcomes(panel, stage)
        may = told[became.rows] if len(told) else np.zeros(0, bool)
        y = np.where(may[:, None], became.y, np.nan)
        loss = np.where(may[:, None, None], stage.scored(panel), np.nan).astype(float)
        age = sum(months_before(moment, back) > stage.month for back in range(1, REMEMBERED))
        became = Outcomes(rows=became.rows, y=y, known_at=became.known_at)
        standing = standings(panel, became.rows)
        out.append(Month(stage=stage, loss=loss, became=became, weight=0.5 ** (age / half_life), standing=standing))
    return out


def _weighed(
    months: Sequence[Month], kinds: Sequence[int], horizons: Sequence[int], members: tuple[str, ...], base: int
) -> dict[str, ClassState]:
    """Give each class's weights over these horizons; what follows from these is not filled in yet."""
    reach = range(len(horizons))
    fading = np.array([one.weight for one in months])
    lost, plain = np.zeros((2, len(kinds), len(reach), len(months), len(members)))
    for place, one in enumerate(months):
        for row, kind in enumerate(kinds):
            mine = np.isfinite(one.loss) & (one.stage.kind == kind)[:, None, None]
            lost[row, :, place] = np.where(mine, one.loss, 0.0).sum(axis=0)
            plain[row, :, place] = np.where(mine, one.loss[:, :, base, None], 0.0).sum(axis=0)
    found = [[evidence(lost[row, h], plain[row, h], fading) for h in reach] for row in range(len(kinds))]
    whole = [evidence(lost[:, h].sum(axis=0), plain[:, h].sum(axis=0), fading) for h in reach]
    own, general = believed(found, whole)
    parts = {ALL: (whole, general)} | {KINDS[kind]: (found[k], own[k]) for k, kind in enumerate(kinds)}
    return {name: _class(*part, horizons, base) for name, part in parts.items()}


def _class(seen: Sequence[Evidence], beliefs: Sequence[_Array], horizons: Sequence[int], base: int) -> ClassState:
    weights = [
        shares(mean, deviation, lost, one.months, horizon, base)
        for one, lost, (mean, deviation), horizon in zip(seen, beaten(seen, horizons), beliefs, horizons, strict=True)
    ]
    return ClassState(
        weights=tuple(tuple(one.tolist()) for one in weights),
        skill=tuple(tuple(one.skill.tolist()) for one in seen),
        error=tuple(tuple(np.where(np.isfinite(one.error), one.error, 0.0).tolist()) for one in seen),
        months=tuple(one.months for one in seen),
        stretches=((0.0,) * REGIMES,) * len(horizons),
        centre=(0.0,) * len(horizons),
    )


def _calibrated(told: "Sequence[_Told]", step: int, kind: int, panel: Panel, state: ClassState) -> ClassState:
    """Give a class's state with what the weighted forecasts of its past teach."""
    at, size = (np.concatenate(both) for both in zip(*(one.sizes for one in told), strict=True))
    instants, factors, surprise = Surprise(step=step).rolled(at, size)
    steps, shares = np.concatenate(([0.0], factors)), eased(panel.horizons)
    seen = [
        _misses(one, steps[np.searchsorted(instants, panel.known_at[one.rows], side="right")][:, None] * shares)
        for one in told
    ]
    missed, count = (np.array(part) for part in zip(*seen, strict=True))
    fading = np.array([one.weight for one in told])
    chance = np.concatenate([_rise(one.said) for one in told])
    part = np.concatenate([np.full(len(one.said), one.weight) for one in told])
    slow = [stretches(missed[:, h], count[:, h], fading, overlap=reach / 21) for h, reach in enumerate(panel.horizons)]
    beliefs = [trust(KINDS[kind], horizon) for horizon in panel.horizons]
    return msgspec.structs.replace(
        state,
        stretches=tuple(tuple(one.tolist()) for one in slow),
        centre=tuple(centred(chance[:, h], part, believed=believed) for h, believed in enumerate(beliefs)),
        surprise=surprise,
    )


class _Told(NamedTuple):
    """What a month's forecasts of one class came to.

    Parameters
    ----------
    weight
        How much the month counts.
    rows
        `[n]`: where they stand in the panel.
    parts
        `[n, regime]`: how much each belongs to calm, usual and wild times.
    said, y
        `[n, H, level]` and `[n, H]`, over the panel's scale, the levels those of `THIN`.
    sizes
        When next bars were known, and how large they were.
    left, last
        Rows whose next bar is not known yet, and what was said of it.
    """

    weight: float
    rows: NDArray[np.int64]
    parts: _Array
    said: _Array
    y: _Array
    sizes: tuple[NDArray[np.int64], _Array]
    left: NDArray[np.int64]
    last: _Array


def _told(one: Month, mine: NDArray[np.int64], state: ClassState, base: int, panel: Panel) -> _Told:
    """Mix what the members said in a month, and hold it against what became of it."""
    members = [*np.moveaxis(one.stage.thin[mine], 3, 0)]
    said = state.mixed(members, one.standing[mine], range(len(state.weights)), middle=MIDDLE)
    said = np.where(np.isfinite(said), said, members[base])  # none of those that count was asked
    y, rows = one.became.y[mine], one.became.rows[mine]
    half = (said[:, 0, TOP] - said[:, 0, LOW]) / 2
    done = np.isfinite(y[:, 0]) & (half > 0)
    ranged = ranges_after(panel, rows[done]) / panel.scale[rows[done], 0]
    size = sizes(np.abs(y[:, 0] - said[:, 0, MIDDLE])[done], ranged, half[done])
    return _Told(
        weight=one.weight,
        rows=rows,
        parts=belonging(one.standing[mine]),
        said=said,
        y=y,
        sizes=(one.became.known_at[mine, 0][done], size),
        left=rows[~done],
        last=said[~done, 0],
    )


def _misses(one: _Told, wider: _Array) -> tuple[_Array, _Array]:
    """Give how often the 80 % bands were missed `[H, regime]` once surprise had widened them, and how many there were.

    A row that belongs to two regimes counts in both, by how much it does. `wider` `[n, H]` is the log of the factor of
    surprise, as it was known at each row.
    """
    middle = one.said[:, :, MIDDLE]
    low, top = ((one.said[:, :, end] - middle) * np.exp(wider) + middle for end in (LOW, TOP))
    out = ((one.y < low) | (one.y > top)).astype(float)
    told = np.isfinite(one.y).astype(float)
    return np.einsum("nh,nr->hr", told * out, one.parts), np.einsum("nh,nr->hr", told, one.parts)


def _rise(said: _Array) -> _Array:
    """Give the chance of a rise `[n, H]` that quantiles at the levels of `THIN` tell, 0.3 to 0.7."""
    inner = said[:, :, LOW + 1 : TOP]
    levels = _RISES[LOW + 1 : TOP]
    upper = np.clip((inner <= 0).sum(axis=2), 1, len(levels) - 1)[:, :, None]
    low, high = (np.take_along_axis(inner, place, 2)[:, :, 0] for place in (upper - 1, upper))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(high > low, -low / (high - low), 0.5)
    upper = upper[:, :, 0]
    share = np.where(np.isfinite(share), share, 0.5)
    return np.asarray(1 - (levels[upper - 1] + np.clip(share, 0.0, 1.0) * (levels[upper] - levels[upper - 1])))


def _note(open_: dict[str, tuple[int, float, float]], panel: Panel, rows: NDArray[np.int64], said: _Array) -> None:
    """Remember the forecasts of the next bar whose outcome is not known: at most the last of each series."""
    for row, one in zip(rows.tolist(), said * panel.scale[rows, :1], strict=True):
        if row + 1 == len(panel) or panel.series[row + 1] != panel.series[row]:
            middle, half = float(one[MIDDLE]), float(one[TOP] - one[LOW]) / 2
            open_[panel.symbols[panel.series[row]]] = (int(panel.known_at[row]), middle, half)


def _usual(told: Sequence[_Told], panel: Panel) -> dict[str, tuple[float, ...]]:
    """Give how wide each series' bands were of late: the mean log of half the 80 % band, by symbol, `[horizon]`."""
    total, weight = np.zeros((len(panel.symbols), len(panel.horizons))), np.zeros(len(panel.symbols))
    count = np.zeros(len(panel.symbols))
    for age, one in enumerate(reversed(told)):
        half = (one.said[:, :, TOP] - one.said[:, :, LOW]) / 2 * panel.scale[one.rows]
        whole = np.flatnonzero((half > 0).all(axis=1))
        part, series = 0.5 ** (age / HALF_LIFE), panel.series[one.rows[whole]]
        np.add.at(total, series, part * np.log(half[whole]))
        np.add.at(weight, series, part)
        np.add.at(count, series, 1.0)
    enough = np.flatnonzero(count >= _FEWEST).tolist()
    return {panel.symbols[code]: tuple((total[code] / weight[code]).tolist()) for code in enough}


def _step(panel: Panel, kind: int, months: Sequence[Month]) -> int:
    """Give the usual time between two bars of a class."""
    codes = {int(code) for one in months for code in np.unique(one.stage.code[one.stage.kind == kind])}
    spans = [np.median(np.diff(panel.known_at[slice(*panel.span(code))])) for code in sorted(codes)]
    return max(int(np.median(spans)), 1) if spans else DAY
