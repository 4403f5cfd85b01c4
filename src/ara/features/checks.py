"""What every indicator must do; `ara plugins check` runs it on a stranger's, the tests on all."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.features.families import Family
from ara.features.indicator import Indicator, Scale
from ara.features.promises import described, equal, impure, misshaped, outside, prices, tried
from ara.plugins import Check

__all__ = ["check_indicator"]

_SPARE: Final = 64
_TRIED: Final = 20
_PRICES: Final = ("open", "high", "low", "close")
_ROUNDED: Final = 1e-6  # logarithms of prices in another unit lose other digits of small moves
_UNIT: Final = 1024.0
_SESSION: Final = 7.0
_ALONE: Final = 4.0

_Arrays = dict[str, NDArray[np.float64]]


def check_indicator(thing: Any, bars: Mapping[str, NDArray[np.float64]] | None = None) -> list[Check]:
    """Try an indicator, with its default parameters, on made-up bars that are the same every time, or on given ones.

    Parameters
    ----------
    thing
        What the entry point names: an indicator or a family of them.
    bars
        Its inputs by name, ascending in time, to try it on. They may have gaps, stand still or trade nothing: it has
        no value while it warms up, and may have none later.

    Returns
    -------
    list[Check]
        One entry for each promise of `ara.features.Indicator` and its spec; of a family, one for each indicator.
    """
    if isinstance(thing, Family):
        return [_summed(name, check_indicator(one, bars)) for name, one in thing.indicators().items()]
    if not isinstance(thing, Indicator):
        words = "it lacks spec, compute or memory; decorate a function of arrays with ara.features.indicator"
        return [Check("has the parts of an indicator", ok=False, words=words)]
    trial = _Trial(thing, bars)
    return [tried(name, find) for name, find in trial.promises()]


def _summed(name: str, checks: list[Check]) -> Check:
    broken = [f"{check.name}: {check.words}" for check in checks if not check.ok]
    return Check(name, ok=not broken, words="; ".join(broken))


class _Trial:
    """One indicator on one set of bars; each method gives what is wrong in words, or nothing."""

    def __init__(self, thing: Indicator, bars: Mapping[str, NDArray[np.float64]] | None) -> None:
        self._thing = thing
        self._spec = thing.spec
        self._given = None if bars is None else dict(bars)

    def promises(self) -> list[tuple[str, Callable[[], str]]]:
        return [
            ("says all that a reader needs", self._described),
            ("gives one array for each output, as long as the bars", self._shape),
            ("is NaN exactly while it warms up", self._warmup),
            ("keeps within its bounds", self._bounds),
            ("knows nothing of later bars", self._cut),
            ("the newest value is the same bar by bar as all at once", self._stream),
            ("depends on no more bars than its memory, or steps as the batch does", self._memory),
            ("forgets gaps and rests of the price as it forgets all else", self._interrupted),
            ("moves with the unit of its inputs as it says", self._scale),
            ("gives the same twice and leaves its inputs alone", self._pure),
            ("takes few bars and bars with gaps", self._short),
        ]

    def _described(self) -> str:
        return described(self._spec)

    def _shape(self) -> str:
        bars = self._bars()
        length = _length(bars)
        return misshaped(self._thing.compute(bars), self._spec, (length,), on=f"{length} bars")

    def _warmup(self) -> str:
        expected = self._spec.warmup(**self._spec.resolve({}))
        for name, values in self._named(self._bars()):
            missing = np.flatnonzero(np.isnan(values) if self._given is None else np.isnan(values[:expected]))
            if not np.array_equal(missing, np.arange(min(expected, len(values)))):
                first = int(np.argmin(np.isnan(values))) if len(missing) < len(values) else len(values)
                return f"{name} has {len(missing)} NaN, its first value in bar {first}; the warm-up is {expected} bars"
        return ""

    def _bounds(self) -> str:
        tried_on = (self._bars(), self._bars(jumpy=True)) if self._given is None else (self._given,)
        return outside((one for bars in tried_on for one in self._named(bars)), self._spec)

    def _cut(self) -> str:
        bars = self._bars()
        whole = dict(self._named(bars))
        for end in self._ends():
            for name, values in self._named(_head(bars, end)):
                moved = np.flatnonzero(~equal(values, whole[name][:end], of=whole[name]))
                if len(moved):
                    bar = int(moved[0])
                    words = f"{name} of bar {bar} is {values[bar]:g} while {end} bars are known"
                    return f"{words}, and {whole[name][bar]:g} once all {len(whole[name])} are"
        return ""

    def _stream(self) -> str:
        bars = self._bars()
        whole = dict(self._named(bars))
        length = _length(bars)
        for end in range(max(length - 24, 1), length + 1):
            for name, values in self._named(_head(bars, end)):
                if not equal(values[-1:], whole[name][end - 1 : end], of=whole[name]).all():
                    later = whole[name][end - 1]
                    return f"{name} of bar {end - 1} is {values[-1]:g} when it comes and {later:g} in the batch"
        return ""

    def _memory(self) -> str:
        bars = self._bars()
        return self._steps(bars) or self._tails(bars, self._closes())

    def _tails(self, bars: _Arrays, ends: Iterable[int]) -> str:
        memory = self._thing.memory()
        if memory is None:
            return ""
        whole = self._named(bars)
        for end in ends:
            tail = {name: column[max(end - memory, 0) : end] for name, column in bars.items()}
            for (name, values), (_, all_of_it) in zip(self._named(tail), whole, strict=True):
                if not equal(values[-1:], all_of_it[end - 1 : end], of=all_of_it).all():
                    told = all_of_it[end - 1]
                    return f"{name} is {values[-1]:g} from its last {memory} bars, {told:g} from all {end}"
        return ""

    def _interrupted(self) -> str:
        if self._given is not None:
            return ""
        for what, since, bars in self._gaps():
            wrong = self._lost(bars, since) or self._after(bars, since)
            if wrong:
                return f"with {what} unknown in bar {since}, {wrong}"
        for since, until, bars in self._rests():
            wrong = self._after(bars, since)
            if wrong:
                return f"with prices that rest in bars {since} to {until}, {wrong}"
        return ""

    def _after(self, bars: _Arrays, since: int) -> str:
        """Compare with what has seen no more than its memory, and with the steps, from a bar on."""
        length = _length(bars)
        known = {*range(since, length, max(1, (length - since) // _TRIED)), since + 1, length - 2, length - 1}
        return self._steps(bars) or self._tails(bars, [bar + 1 for bar in sorted(known)])

    def _lost(self, bars: _Arrays, since: int) -> str:
        lost = [name for name, values in self._named(bars) if np.isnan(values[-1])]
        return f"{lost[0]} has no value {_length(bars) - since} bars later" if lost else ""

    def _gaps(self) -> Iterator[tuple[str, int, _Arrays]]:
        """Give bars of which one is unknown, wholly or in one column, and enough after it."""
        warmup = self._spec.warmup(**self._spec.resolve({}))
        since = warmup + _SPARE // 2
        bars = self._made(since + max(self._thing.memory() or 0, warmup) + _SPARE)
        inputs = [name for name in self._spec.inputs if name != "session"]
        for gone in [inputs, *([name] for name in inputs if len(inputs) > 1)]:
            holed = {name: column.copy() for name, column in bars.items()}
            for name in gone:
                holed[name][since] = np.nan
            yield " and ".join(gone), since, holed

    def _rests(self) -> Iterator[tuple[int, int, _Arrays]]:
        """Give bars whose price stands still for longer than the memory, and moves again."""
        warmup = self._spec.warmup(**self._spec.resolve({}))
        since = warmup + _SPARE // 2
        until = since + (self._thing.memory() or warmup) + _SPARE // 2
        if not any(name in _PRICES for name in self._spec.inputs):
            return
        bars = self._made(until + _SPARE)
        level = bars["close"][since]
        for name in _PRICES:
            bars[name][since:until] = level
        yield since, until - 1, bars

    def _steps(self, bars: _Arrays) -> str:
        step, state, chosen = self._spec.step, None, self._spec.resolve({})
        if step is None:
            needed = self._thing.memory() is None
            return "it depends on all bars and has no step, so it can't be told one bar more" if needed else ""
        whole, told = self._named(bars), []
        for row in zip(*(bars[name].tolist() for name in self._spec.inputs), strict=True):
            state, found = step(state, *row, **chosen)
            told.append([value for value, _ in zip(found, whole, strict=True)])
        for (name, values), line in zip(whole, zip(*told, strict=True), strict=bool(told)):
            moved = np.flatnonzero(~equal(np.array(line), values, of=values))
            if len(moved):
                bar = int(moved[0])
                return f"{name} of bar {bar} is {line[bar]:g} by its step and {values[bar]:g} in the batch"
        return ""

    def _scale(self) -> str:
        bars, scale = self._bars(), self._spec.scale
        factors = {} if scale is Scale.MIXED else {"price": (_UNIT, 1.0), "volume": (1.0, _UNIT)}
        for unit, (price, volume) in factors.items():
            units = dict.fromkeys(bars, price) | {"volume": volume, "session": 1.0, "other": 1.0}
            other = {name: column * units[name] for name, column in bars.items()}
            expected = _UNIT if scale == unit else 1.0
            for (name, values), (_, moved) in zip(self._named(bars), self._named(other), strict=True):
                if scale is Scale.VOLUME and unit == "price":
                    continue
                near = {} if self._given is None else {"near": _ROUNDED}
                if not equal(values * expected, moved, of=moved, **near).all():
                    return f"with {unit}s {_UNIT:g} times as large, {name} is not {expected:g} times as large"
        return ""

    def _pure(self) -> str:
        bars = self._bars()
        return impure(lambda: self._thing.compute(bars), bars, what="arrays")

    def _short(self) -> str:
        bars = self._bars()
        warmup = self._spec.warmup(**self._spec.resolve({}))
        for length in (0, 1, 2, min(warmup, _length(bars))):
            for name, values in self._named(_head(bars, length)):
                if len(values) != length or not np.isnan(values[:warmup]).all():
                    return f"of {length} bars, {name} is {values[:3]}; the warm-up is longer"
        gaps = {name: column.copy() for name, column in bars.items()}
        for column in gaps.values():
            column[5::37] = np.nan
        for name, values in self._named(gaps):
            if len(values) != _length(bars):
                return f"{name} has {len(values)} values for {len(bars['close'])} bars with gaps"
        return ""

    def _named(self, bars: Mapping[str, NDArray[np.float64]]) -> list[tuple[str, NDArray[np.float64]]]:
        return list(zip(self._spec.outputs, self._thing.compute(bars), strict=True))

    def _ends(self) -> list[int]:
        length = _length(self._bars())
        warmup = self._spec.warmup(**self._spec.resolve({}))
        begun = range(max(warmup - 2, 1), min(warmup + 6, length))
        return sorted({*range(1, length, max(1, length // 24)), *begun, length - 1})

    def _closes(self) -> list[int]:
        """Give how many bars are known when its memory is tried: near the end of clean ones, all over given ones."""
        length = _length(self._bars())
        last = range(max(length - 24, 1), length + 1)
        return list(last) if self._given is None else sorted({*self._ends(), *last[-4:]})

    def _bars(self, *, jumpy: bool = False) -> _Arrays:
        """Make clean bars, enough for the warm-up and the memory; jumpy ones leap, stand still and trade nothing."""
        if self._given is not None:
            return self._given
        warmup = self._spec.warmup(**self._spec.resolve({}))
        return self._made(warmup + (self._thing.memory() or 0) + _SPARE, jumpy=jumpy)

    def _made(self, count: int, *, jumpy: bool = False) -> _Arrays:
        random = np.random.default_rng(20 + jumpy)
        steps = random.standard_t(4, count) * 0.01
        if jumpy:
            steps = np.where(random.random(count) < 0.3, 0.0, steps * np.where(random.random(count) < 0.05, 20, 1))
        close = 100 * np.exp(np.cumsum(steps))
        bars = prices(close, random)
        volume = np.floor(random.lognormal(12, 0.5, count)) * (random.random(count) > (0.1 if jumpy else 0.0))
        other = 50 * np.exp(np.cumsum(0.5 * steps + 0.008 * random.standard_t(4, count)))
        return {**bars, "volume": volume, "other": other, "session": self._sessions(count)}

    def _sessions(self, count: int) -> NDArray[np.float64]:
        """Number the sessions: of one bar each while it warms up, as the warm-up counts them, and of more later."""
        alone = self._spec.warmup(**self._spec.resolve({})) + _ALONE
        bar = np.arange(count, dtype=np.float64)
        return np.where(bar < alone, bar, alone + (bar - alone) // _SESSION)


def _length(bars: _Arrays) -> int:
    return len(next(iter(bars.values())))


def _head(bars: _Arrays, count: int) -> _Arrays:
    return {name: column[:count] for name, column in bars.items()}
