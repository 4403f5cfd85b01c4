"""Models that look at one series: their variances are sums over its bars, so each stretch of bars has its share."""

from collections.abc import Callable, Mapping
from typing import Any, Final
from weakref import ReferenceType, ref

import numpy as np
from numpy.typing import NDArray

from ara.models.families.bootstrap import Fhs, Hist
from ara.models.families.drift import Drift
from ara.models.families.ewma_t import UNKNOWN, FittedEwmaT, Shape
from ara.models.families.garch import GarchT, GjrT
from ara.models.families.har import HarFhs, HarT, Learned, seen
from ara.models.families.weekday import Weekday
from ara.models.panel import Panel
from ara.models.reasons.permuted import of_stretches
from ara.models.reasons.told import SPANS, USUAL, Told, added, log_mean, log_width, middle, past, plain
from ara.models.series import FittedSeries, Line
from ara.statistics.garch import Garch
from ara.statistics.volatility import ewma_variance

__all__ = ["STRETCHES", "carried", "halves", "moved", "of_ewma", "of_series"]

_Array = NDArray[np.float64]
_Own = tuple[dict[str, _Array], dict[str, _Array]]

STRETCHES: Final = (("last", 0), ("week", 1), ("month", 5), ("half_year", 25))
"""Names of the stretches of bars before a row, each with the bars between the row and its newest one."""

_DECAY: Final = 0.94
_FEW: Final = 2
_LEAST: Final = 1e-16


def carried(variance: _Array, place: int, decay: float) -> dict[str, float]:
    """Give what each stretch of bars adds to the log of a variance that carries its past along, against its usual.

    v[t] = decay · v[t-1] + news[t], so what k bars ago was known is in it decay^k-fold, and the news between two such
    ages is their difference. Usual is the geometric mean of the last 250.
    """
    since = np.maximum(variance[max(0, place + 1 - USUAL) : place + 1], _LEAST)
    known = since[np.isfinite(since)]
    now, usual = since[-1], np.exp(np.log(known).mean()) if len(known) else np.nan
    ages = [back for _, back in STRETCHES if place >= back and np.isfinite(variance[place - back])]
    left = [decay**back * max(variance[place - back], _LEAST) for back in ages] + [0.0]
    even = [decay**back * usual for back in ages] + [0.0]
    unit = float(log_mean(np.array(now), np.array(usual)))
    return {
        name: float((left[k] - left[k + 1]) - (even[k] - even[k + 1])) / unit
        for k, (name, _) in enumerate(STRETCHES[: len(ages)])
    }


def of_ewma(fitted: FittedEwmaT, panel: Panel, row: int, *, values: _Array | None = None) -> Told:
    """Tell of `ewma_t`; `values` is what it answers for the row, where that is known already."""
    first, _ = panel.span(int(panel.series[row]))
    variance = ewma_variance(panel.bars[first : row + 1, 3], decay=fitted.decay)
    if values is None:
        values = fitted.predict(panel, np.array([row])).values[0]
    parts = halves(carried(variance, row - first, fitted.decay), len(panel.horizons))
    return Told(width=log_width(values), parts=parts, values=moved(panel, row))


def moved(panel: Panel, row: int) -> dict[str, _Array]:
    """Give how large the returns of each stretch up to a row were over those of the last 250 bars, as roots of squares.

    For models that see returns alone: a bar that ended where it began is calm to them, whatever its range was. The
    members of an ensemble ask in turn.
    """
    for known, place, told in tuple(_moved):
        if known() is panel and place == row:
            return dict(told)
    told = _sizes(panel, row)
    _moved[:] = [(ref(panel), row, told)]
    return dict(told)


_moved: list[tuple[ReferenceType[Panel], int, dict[str, _Array]]] = []


def _sizes(panel: Panel, row: int) -> dict[str, _Array]:
    squares = panel.bars[past(panel, row), 3] ** 2
    squares = squares[np.isfinite(squares)]
    usual = float(squares.mean()) if len(squares) else 0.0
    if usual <= 0:
        return {}
    sizes = {name: float(np.sqrt(squares[-span:].mean() / usual)) for name, span in SPANS.items()}
    return {name: np.full(len(panel.horizons), size) for name, size in sizes.items()}


def of_series(fitted: FittedSeries[Any], panel: Panel, row: int, *, values: _Array | None = None) -> Told:
    """Tell of a family that looks at one series at a time; of one that isn't known here, as `plain` does.

    `values` is what it answers for the row, where that is known already.
    """
    name = fitted.model.family
    if values is None:
        values = fitted.predict(panel, np.array([row])).values[0]
    if np.array_equal(values, _simple(fitted.plain, panel, row), equal_nan=True):
        return of_ewma(fitted.plain, panel, row)
    tell = _TELLERS.get(type(fitted.model))
    if tell is None:
        return _any(fitted, panel, row, values) or plain(name, fitted, panel, row)
    line = Line.of(panel, int(panel.series[row]))
    parts, centre = tell(fitted, panel, row, line, int(line.places(np.array([row]))[0]))
    if not centre and middle(values).any():
        centre = {"drift": middle(values)}
    known = {} if tell is _har else moved(panel, row)
    return Told(width=log_width(values), parts=parts, centre=centre, values=known)


def _simple(plainly: FittedEwmaT, panel: Panel, row: int) -> _Array:
    """Give `[H, level]`, what `ewma_t` says of a row; families ask in turn, and most have the very same."""
    how = plainly.decay, plainly.shapes.get(panel.symbols[panel.series[row]], UNKNOWN)
    for known, place, same, told in tuple(_lately):
        if known() is panel and place == row and same == how:
            return told
    said: _Array = plainly.predict(panel, np.array([row])).values[0]
    _lately.insert(0, (ref(panel), row, how, said))
    del _lately[_FEW:]
    return said


_lately: list[tuple[ReferenceType[Panel], int, tuple[float, Shape], _Array]] = []


def _any(fitted: FittedSeries[Any], panel: Panel, row: int, values: _Array) -> Told | None:
    """Tell by permutation of the stretches of bars; None where the series is too short for that."""
    found = of_stretches(fitted, panel, row, [back for _, back in STRETCHES])
    if found is None:
        return None
    parts = added((name, found.parts[place]) for place, (name, _) in enumerate(STRETCHES))
    return Told(width=log_width(values), parts=parts, centre=added([(fitted.model.family, middle(values))]), drawn=True)


def halves(logs: Mapping[str, float], horizons: int) -> dict[str, _Array]:
    """Give the shares in a volatility of shares in a variance, the same over all horizons."""
    return added((name, np.full(horizons, part / 2)) for name, part in logs.items())


def _ewma(fitted: FittedSeries[Any], panel: Panel, row: int, line: Line, place: int) -> _Own:
    decay = getattr(fitted.model, "decay", _DECAY)
    return halves(carried(ewma_variance(line.returns, decay=decay), place, decay), len(panel.horizons)), {}


def _still(fitted: FittedSeries[Any], panel: Panel, row: int, line: Line, place: int) -> _Own:
    """Tell of one that answers the same whatever the last bars were."""
    return {}, {}


def _weekday(fitted: FittedSeries[Any], panel: Panel, row: int, line: Line, place: int) -> _Own:
    """What its volatility doesn't explain of the difference to its last year is the days of the week."""
    values = fitted.predict(panel, past(panel, row)).values
    widths = log_width(values)
    told, _ = _ewma(fitted, panel, row, line, place)
    rest = widths[-1] - widths[np.isfinite(widths).all(axis=1)].mean(axis=0) - sum(told.values(), 0.0)
    return told | added([("weekday", rest)]), added([("weekday", middle(values[-1]))])


def _garch(fitted: FittedSeries[Any], panel: Panel, row: int, line: Line, place: int) -> _Own:
    """A variance over several bars is linear in that of the next one."""
    learned: Garch = fitted.learned[panel.symbols[panel.series[row]]]
    variance = learned.variances(line.returns)
    told = carried(variance, place, learned.beta)
    since = np.maximum(variance[max(0, place + 1 - USUAL) : place + 1], _LEAST)
    ends = np.array([since[-1], np.exp(np.log(since).mean())])
    now, usual = learned.summed(ends, panel.horizons)
    steep = np.subtract(*learned.summed(np.array([1.0, 0.0]), panel.horizons))
    share = steep * log_mean(*ends[:, None]) / log_mean(now, usual)
    return added((name, part / 2 * share) for name, part in told.items()), {}


def _har(fitted: FittedSeries[Any], panel: Panel, row: int, line: Line, place: int) -> _Own:
    learned: Learned = fitted.learned[panel.symbols[panel.series[row]]]
    known = seen(line)[max(0, place + 1 - USUAL) : place + 1]
    away = known[-1] - known[np.isfinite(known).all(axis=1)].mean(axis=0)
    weights = {reach.horizon: np.array(reach.weights) for reach in learned.reaches}
    told = np.stack([weights[horizon] * away / 2 for horizon in panel.horizons], axis=1)
    return added(zip(("last", "week", "month", "falls"), told[1:], strict=True)), {}


_Teller = Callable[[FittedSeries[Any], Panel, int, Line, int], _Own]
_TELLERS: Final[Mapping[type, _Teller]] = {
    Drift: _ewma, Weekday: _weekday, Fhs: _ewma, Hist: _still, GarchT: _garch, GjrT: _garch, HarT: _har, HarFhs: _har,
}  # fmt: skip
