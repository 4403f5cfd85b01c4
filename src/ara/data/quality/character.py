"""Rules about a series as a whole: reuse, same_bar, generated."""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.data.quality.jumps import other_unit
from ara.data.quality.moves import Moves
from ara.data.quality.report import Severity
from ara.data.quality.series import Finding, Floats, Series
from ara.data.quality.sessions import dates
from ara.data.quality.splits import ratios
from ara.market.timeframe import DAY_LENGTH, Unit

__all__ = ["generated", "reuse", "same_bar"]

_SIDE: Final = 60
_SESSIONS: Final = 20
_PAUSE: Final = 9 * DAY_LENGTH
_LEVEL: Final = 2.5
_ALONE: Final = 12.0
_FAR: Final = 8.0
_BY_HALF: Final = 0.4
_QUIET: Final = 4.0
_NOTICED: Final = 1.6
_OVER_NIGHT: Final = 0.7
_MONEY: Final = float(np.log(4.0))
_CALM: Final = float(np.log(1.6))
_MOST: Final = 3.0
_TOO_MANY: Final = 2.1
_SAME: Final = 200
_EXPLAINED: Final = 0.08
_RIGHT: Final = 0.58
_WHOLE: Final = 200
_LONG: Final = 750
_BOTH: Final = 2
_LAGS: Final = 10
_BOX: Final = 26.0
_FIT: Final = 5.0
_ROUNDING: Final = 1e-9


def reuse(series: Series, m: Moves) -> Iterator[Finding]:
    """Find where a series becomes another company's: level, traded money and volatility are others from one bar on.

    After a pause of more than nine days the three are weighed: the level by how much farther away it is than the pause
    explains, the money by fourfolds, the volatility, half as much, by 1.6-folds; more than 2.1 in sum are too many.
    Without a pause the level must jump by twelve usual changes, and both others change; or by half or more and eight
    usual changes overnight, by no ratio of a split, into a quiet session of ordinary trade, and stay: news that moves
    a share like that is traded by multiples. Bars shorter than a session need 20 sessions before them, and where a bell
    divides the days only the first bar of one is judged, by as many sessions of regular hours on both sides.
    """
    if len(m) < _SIDE:
        return
    judged = _judged(series)
    step = np.diff(m.at, prepend=m.at[0])
    paused = step > _PAUSE
    waited = np.maximum(step / max(int(np.median(step[1:])), 1), 1.0)
    with np.errstate(invalid="ignore"):
        jump = np.nan_to_num(np.abs(m.change) / m.sigma)
        over_night = np.abs(m.gap) > _OVER_NIGHT * np.abs(m.change)
        far = over_night & (jump > _FAR) & (np.abs(m.change) > _BY_HALF) & ~paused
    alone = (jump > _ALONE) & over_night
    unnoticed = _unnoticed(m, far) if far.any() else far
    for place in np.flatnonzero((paused | alone | unnoticed) & judged).tolist():
        money, calm = _broken(m, place)
        level = jump[place] / np.sqrt(waited[place]) / _LEVEL
        weighed = min(level, _MOST) + min(money, _MOST) + min(calm, _MOST) / 2
        if weighed > _TOO_MANY if paused[place] else unnoticed[place] or (money > 1 and calm > 1):
            at = m.at[place : place + 1]
            yield Finding(
                rule="reuse",
                severity=Severity.ERROR,
                at=at,
                words=f"from {series.when(int(at[0]))} on it seems to be another company under the same symbol",
                single="from it on it seems to be another company under the same symbol",
                whole=True,
            )


def _judged(series: Series) -> NDArray[np.bool_]:
    """Say of each bar whether a company may begin with it: after enough sessions, and not within a day."""
    label = series.label[series.bar]
    if series.daily:
        return np.ones(len(label), bool)
    # what trades after the bell is filed under the next session: a day begins with the first bar of the morning
    day = dates(series)[series.bar] if series.belled else label
    begins = np.diff(day, prepend=day[:1]) != 0
    enough = np.cumsum(begins) >= _SESSIONS
    return np.asarray(enough & begins if series.belled else enough)


def _unnoticed(m: Moves, far: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Say which jumps stay, are no split and no other unit, and had a quiet session of ordinary trade."""
    found: NDArray[np.bool_] = far & (ratios(m) == 0) & ~other_unit(m) & (np.abs(m.body) < _QUIET * m.sigma)
    for place in np.flatnonzero(found).tolist():
        after = slice(place + 1, place + 1 + _SIDE)
        usual = np.fmax(m.money[place], np.median(m.volume[after] * m.close[after])) if len(m) > place + 1 else np.nan
        stays = abs(np.log(np.median(m.close[place:][:_SIDE]) / m.close[place])) < abs(m.change[place]) / 2
        found[place] = stays and m.volume[place] * m.close[place] < _NOTICED * usual
    return found


def _broken(m: Moves, place: int) -> tuple[float, float]:
    """Give by how many folds traded money and ranges of the 60 bars after differ from those of the 60 before.

    Where a bell divides the days it is the regular hours of 20 sessions: the bell itself is louder than a change.
    """
    money, ranged, side = m.volume * m.close, m.range, _SIDE
    if m.belled:
        regular = ~m.quiet
        days = np.unique(m.at[regular] // DAY_LENGTH).size
        side = max(_SIDE, _SESSIONS * int(regular.sum()) // max(days, 1))
        place, money, ranged = int(regular[:place].sum()), money[regular], ranged[regular]
    before, after = slice(max(place - side, 0), place), slice(place + 1, place + 1 + side)
    if place < side // 3 or len(money) - place < side // 3:
        return 0.0, 0.0
    return _ratio(money[before], money[after]) / _MONEY, _ratio(ranged[before], ranged[after]) / _CALM


def _ratio(one: Floats, other: Floats) -> float:
    """Give the size of the logarithm of two medians' ratio; 0 where there is none."""
    with np.errstate(invalid="ignore", divide="ignore"):
        found = abs(float(np.log(np.median(one) / np.median(other)))) if len(one) and len(other) else 0.0
    return found if np.isfinite(found) else 0.0


def same_bar(series: Series, m: Moves) -> Iterator[Finding]:
    """Find a bar that tells the next close: its high, low and open stand where only the next day's price explains them.

    The next change is regressed on where the bar's close lies to its high, low and open, all in usual changes, in each
    half of the series for the other. Honest bars explain nothing of it.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        place = np.log(np.stack((m.high / m.close, m.low / m.close, m.open / m.close)))[:, :-1] / m.sigma[:-1]
        target = m.change[1:] / m.sigma[:-1]
    known = np.isfinite(place).all(axis=0) & np.isfinite(target)
    if int(known.sum()) < _SAME:
        return
    inputs = np.clip(np.vstack([np.ones(int(known.sum())), place[:, known]]), -5, 5)
    wanted = np.clip(target[known], -5, 5)
    half = len(wanted) // 2
    said = np.concatenate(
        [
            _told(inputs, wanted, slice(half, None), slice(0, half)),
            _told(inputs, wanted, slice(0, half), slice(half, None)),
        ]
    )
    centred = np.concatenate([wanted[:half] - wanted[:half].mean(), wanted[half:] - wanted[half:].mean()])
    explained = 1 - float(((wanted - said) ** 2).sum() / max(float((centred**2).sum()), 1e-12))
    moved = wanted != 0
    right = float((np.sign(said) == np.sign(wanted))[moved].mean()) if moved.any() else 0.0
    if explained > _EXPLAINED and right > _RIGHT:
        yield Finding(
            rule="same_bar",
            severity=Severity.ERROR,
            at=m.at,
            words=f"a bar's high, low and open tell the next close: {right:.0%} of its directions,"
            f" {explained:.0%} of its variance; no honest bar can",
            single="its high, low and open tell the next close",
            whole=True,
        )


def _told(inputs: Floats, wanted: Floats, learn: slice, ask: slice) -> Floats:
    """Give the least-squares forecast of one half by the other."""
    x, y = inputs[:, learn], wanted[learn]
    gram = np.einsum("in,jn->ij", x, x) + 1e-9 * np.eye(len(x))
    weight = np.linalg.solve(gram, np.einsum("in,n->i", x, y))
    told: Floats = np.einsum("i,in->n", weight, inputs[:, ask])
    return told


def generated(series: Series, m: Moves) -> Iterator[Finding]:
    """Find a series that was drawn and not traded: no fat tails, no calm and wild times in moves, ranges or volume.

    Kurtosis within five of its standard errors of the normal's (a series of three years may do without), a Ljung-Box
    statistic of the sizes of ten lags below its 99.6 % quantile, ranges and volumes without memory from bar to bar.
    Real bars may look so by their moves alone: without volumes or without ranges three years are needed, and even these
    only give a hint.
    """
    change = m.change[1:]
    if len(change) < _WHOLE or series.timeframe.unit is Unit.WEEK or not change.std():
        return
    count = len(change)
    tails = float(((change - change.mean()) ** 4).mean() / change.var() ** 2 - 3)
    normal = abs(tails) < _FIT * np.sqrt(24 / count)
    if (not normal and count < _LONG) or _box(np.abs(change)) > _BOX:
        return
    heard = _witnesses(m)
    if any(_memory(values) > 3.5 / np.sqrt(count) for values in heard.values()):
        return
    if len(heard) < _BOTH and (count < _LONG or not (heard or normal or m.range[1:].any())):
        return
    sure = len(heard) == _BOTH
    named = "moves, ranges and volumes" if sure else " and ".join(["moves", *heard])
    yield Finding(
        rule="generated",
        severity=Severity.ERROR if sure else Severity.INFO,
        at=m.at,
        words=f"the bars {'look' if sure else 'may be'} drawn by chance, not traded: their {named} know no calm or wild"
        f" times{'' if sure else f'; there are no {_lacking(heard)} to tell'}",
        single=f"it is of a series that {'looks' if sure else 'may be'} drawn by chance",
        whole=True,
    )


def _lacking(heard: dict[str, Floats]) -> str:
    return " or ".join(name for name in ("ranges", "volumes") if name not in heard)


def _witnesses(m: Moves) -> dict[str, Floats]:
    """Give what speaks of calm and wild times beside the moves: ranges and volumes, where they are there and differ."""
    with np.errstate(invalid="ignore", divide="ignore"):
        told = {"ranges": m.range[1:], "volumes": np.log(m.volume[1:])}
    return {name: values for name, values in told.items() if np.isfinite(values).all() and np.ptp(values) > 0}


def _box(size: Floats) -> float:
    """Give the Ljung-Box statistic of the first ten lags, the largest hundredth cut.

    References
    ----------
    G. M. Ljung and G. E. P. Box (1978), On a measure of lack of fit in time series models, Biometrika 65(2), 297-303.
    """
    cut = np.minimum(size, np.quantile(size, 0.99))
    cut = cut - cut.mean()
    count, total = len(cut), float((cut * cut).sum())
    if total <= count * _ROUNDING**2:
        return 0.0
    found = sum(float((cut[lag:] * cut[:-lag]).sum() / total) ** 2 / (count - lag) for lag in range(1, _LAGS + 1))
    return count * (count + 2) * found


def _memory(values: Floats) -> float:
    """Give the correlation of ranks from one bar to the next."""
    ranks = np.unique(np.round(values, 9), return_inverse=True)[1].astype(np.float64)
    ranks -= ranks.mean()
    total = float((ranks * ranks).sum())
    return float((ranks[1:] * ranks[:-1]).sum()) / total if total else 0.0
