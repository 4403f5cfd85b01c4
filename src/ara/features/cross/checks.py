"""What every feature of many instruments must do; the tests run it on all."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.features.cross.feature import Matrix, PanelFeature
from ara.features.promises import described, equal, impure, misshaped, outside, prices, tried
from ara.plugins import Check

__all__ = ["check_panel_feature"]

_SPARE: Final = 48
_SERIES: Final = 7
_GROUPS: Final = ("a", "b", "a", "c", "b", "c", "b")
_UNITS: Final = 2.0 ** np.arange(-20, -20 + 7 * _SERIES, 7)[:_SERIES]

_Inputs = dict[str, Matrix]


def check_panel_feature(thing: Any) -> list[Check]:
    """Try a feature of many instruments, with its default parameters, on a made-up panel that is the same every time.

    Parameters
    ----------
    thing
        A feature.

    Returns
    -------
    list[Check]
        One entry for each promise of `ara.features.cross.PanelFeature` and its spec.
    """
    if not isinstance(thing, PanelFeature):
        words = "it lacks spec, compute_panel or memory; decorate a function with ara.features.cross.panel_feature"
        return [Check("has the parts of a feature of many instruments", ok=False, words=words)]
    return [tried(name, find) for name, find in _Trial(thing).promises()]


class _Trial:
    """One feature on one panel; each method gives what is wrong in words, or nothing."""

    def __init__(self, thing: PanelFeature) -> None:
        self._thing = thing
        self._spec = thing.spec
        self._chosen = thing.spec.resolve({})
        self._warm = thing.spec.warmup(**self._chosen)
        self._panels: dict[bool, _Inputs] = {}

    def promises(self) -> list[tuple[str, Callable[[], str]]]:
        return [
            ("says all that a reader needs", self._described),
            ("gives one matrix for each output, shaped as the panel", self._shape),
            ("is NaN exactly while it warms up", self._warmup),
            ("keeps within its bounds", self._bounds),
            ("knows nothing of later rows", self._cut),
            ("is the same whatever comes later", self._shuffled),
            ("depends on no more rows than its memory", self._memory),
            ("does not depend on the units of prices", self._scale),
            ("does not depend on the order of the series", self._order),
            ("is not changed by a series without bars", self._empty_series),
            ("gives the same twice and leaves its inputs alone", self._pure),
            ("takes series that begin late, end early and have holidays", self._gaps),
            ("takes few rows, one series and none", self._few),
        ]

    def _described(self) -> str:
        return described(self._spec)

    def _shape(self) -> str:
        panel = self._panel()
        shape = panel["close"].shape
        found = self._thing.compute_panel(panel, groups=_GROUPS)
        return misshaped(found, self._spec, shape, on=f"a panel of {shape}")

    def _warmup(self) -> str:
        for name, values in self._named(self._panel()):
            missing = np.isnan(values)
            if not np.array_equal(missing, np.broadcast_to(_rows(values) < self._warm, values.shape)):
                first = int(np.argmin(missing.all(axis=1)))
                words = f"{name} has its first value in row {first} and {int(missing.sum())} NaN"
                return f"{words}; the warm-up is {self._warm} rows of {values.shape[1]} series"
        return ""

    def _bounds(self) -> str:
        return outside((one for wild in (False, True) for one in self._named(self._panel(wild=wild))), self._spec)

    def _cut(self) -> str:
        for wild in (False, True):
            panel = self._panel(wild=wild)
            whole = dict(self._named(panel))
            for end in self._ends():
                for name, values in self._named(_picked(panel, slice(end))):
                    moved = np.argwhere(~equal(values, whole[name][:end], of=whole[name]))
                    if len(moved):
                        row, series = moved[0]
                        words = f"{name} of row {row} is {values[row, series]:g} while {end} rows are known"
                        return f"{words}, and {whole[name][row, series]:g} once all {len(whole[name])} are"
        return ""

    def _shuffled(self) -> str:
        panel = self._panel()
        whole = dict(self._named(panel))
        end = len(panel["close"]) - _SPARE // 2
        later = np.random.default_rng(3).permutation(np.arange(end, len(panel["close"])))
        other = _picked(panel, np.append(np.arange(end), later))
        for name, values in self._named(other):
            if not equal(values[:end], whole[name][:end], of=whole[name]).all():
                return f"{name} of earlier rows moves when later rows change places"
        return ""

    def _memory(self) -> str:
        memory = self._thing.memory()
        if memory is None:
            return ""
        panel = self._panel()
        whole = dict(self._named(panel))
        for end in range(len(panel["close"]) - 4, len(panel["close"]) + 1):
            for name, values in self._named(_picked(panel, slice(end - memory, end))):
                known = whole[name][end - 1 : end]
                if not equal(values[-1:], known, of=whole[name]).all():
                    return f"{name} is {values[-1, 0]:g} from its last {memory} rows, {known[0, 0]:g} from all {end}"
        return ""

    def _scale(self) -> str:
        panel = self._panel()
        units = dict.fromkeys(("open", "high", "low", "close"), _UNITS)
        units |= {"volume": _UNITS[::-1], "other": np.full(_SERIES, 1024.0), "session": np.ones(_SERIES)}
        moved = dict(self._named({name: values * units[name] for name, values in panel.items()}))
        for name, values in self._named(panel):
            if not equal(moved[name], values, of=values).all():
                return f"{name} moves when each series is counted in another unit"
        return ""

    def _order(self) -> str:
        panel = self._panel()
        order = np.array([3, 0, 6, 1, 5, 2, 4])
        other = {name: values[:, order] for name, values in panel.items()}
        moved = dict(self._named(other, groups=tuple(_GROUPS[place] for place in order)))
        for name, values in self._named(panel):
            if not equal(moved[name], values[:, order], of=values).all():
                return f"{name} is another when the series stand in another order"
        return ""

    def _empty_series(self) -> str:
        panel = self._panel()
        wider = {name: np.insert(values, 2, np.nan, axis=1) for name, values in panel.items()}
        groups = (*_GROUPS[:2], "d", *_GROUPS[2:])
        found = dict(self._named(wider, groups=groups))
        for name, values in self._named(panel):
            if not np.isnan(found[name][:, 2]).all():
                return f"{name} has values for a series without bars"
            if not equal(np.delete(found[name], 2, axis=1), values, of=values).all():
                return f"{name} is another when a series without bars stands beside the others"
        return ""

    def _pure(self) -> str:
        panel = self._panel()
        return impure(lambda: self._thing.compute_panel(panel, groups=_GROUPS), panel, what="matrices")

    def _gaps(self) -> str:
        panel = self._panel(wild=True)
        there = np.isfinite(panel["close"])
        for name, values in self._named(panel):
            if np.isfinite(values[~there]).any() or np.isinf(values).any():
                return f"{name} has values where a series has no bar"
            if not np.isfinite(values[-8:, 0]).any():
                return f"{name} has no value in the end, though the first series has bars throughout"
        return ""

    def _few(self) -> str:
        panel = self._panel()
        for rows, series in ((0, 3), (1, 3), (2, 3), (self._warm, 3), (self._warm + 2, 1), (self._warm + 2, 0)):
            few = {name: values[:rows, :series] for name, values in panel.items()}
            for name, values in self._named(few, groups=_GROUPS[:series]):
                if values.shape != (rows, series) or not np.isnan(values[: self._warm]).all():
                    return f"of {rows} rows of {series} series, {name} is {values[:3]}; the warm-up is longer"
        return ""

    def _named(self, panel: Mapping[str, Matrix], *, groups: tuple[str, ...] = _GROUPS) -> list[tuple[str, Matrix]]:
        return list(zip(self._spec.outputs, self._thing.compute_panel(panel, groups=groups), strict=True))

    def _ends(self) -> list[int]:
        length = len(self._panel()["close"])
        return sorted({max(self._warm - 1, 1), self._warm + 1, (self._warm + length) // 2, length - 7, length - 1})

    def _panel(self, *, wild: bool = False) -> _Inputs:
        """Make a panel with a common factor; a wild one leaps, stands still, begins late, ends early, has holidays."""
        if wild not in self._panels:
            rows = self._warm + (self._thing.memory() or 0) + _SPARE
            self._panels[wild] = _made(rows, wild=wild)
        return {name: values.copy() for name, values in self._panels[wild].items()}


def _made(rows: int, *, wild: bool) -> _Inputs:
    random = np.random.default_rng(20 + wild)
    factor = 0.01 * random.standard_t(4, rows)
    own = 0.01 * random.standard_t(4, (rows, _SERIES))
    steps = factor[:, None] * np.linspace(0.3, 1.5, _SERIES) + own
    if wild:
        steps = np.where(random.random(steps.shape) < 0.3, 0.0, steps)
        steps *= np.where(random.random(steps.shape) < 0.02, 20.0, 1.0)
    close = 100 * np.exp(np.cumsum(steps, axis=0))
    panel = prices(close, random)
    other = 50 * np.exp(np.cumsum(factor + 0.005 * random.standard_t(4, rows)))[:, None]
    panel["other"] = np.repeat(other, _SERIES, axis=1)
    panel["volume"] = np.floor(random.lognormal(12, 0.5, steps.shape))
    panel["session"] = np.repeat(np.arange(rows, dtype=np.float64)[:, None], _SERIES, axis=1)
    if wild:
        for values in panel.values():
            values[: rows // 4, 1] = np.nan
            values[-rows // 6 :, 2] = np.nan
            values[7::19, 3] = np.nan
            values[5::31, 4:] = np.nan
            values[40:60, 5] = np.nan
        panel["close"][:, 6] = np.where(np.isnan(panel["close"][:, 6]), np.nan, 10.0)
    return panel


def _picked(panel: Mapping[str, Matrix], rows: Any) -> _Inputs:
    return {name: values[rows] for name, values in panel.items()}


def _rows(values: Matrix) -> NDArray[np.int64]:
    return np.arange(len(values))[:, None]
