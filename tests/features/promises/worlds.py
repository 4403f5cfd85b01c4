"""Bars for every indicator: real ones, and made-up ones of every nasty kind."""

from dataclasses import dataclass

import numpy as np

from ara.features import catalogue
from ara.features.blocks.inputs import Inputs
from ara.features.indicator import INPUTS
from ara.features.stream import Stream

NAMES = catalogue.names()


def columns(bars, other, *, volume=True):
    """Give the inputs that real bars have; without `volume`, as if its source had none."""
    inputs, found = Inputs(bars, {"market": other}), {}
    for name in INPUTS:
        given, why = inputs.given((name,))
        if not why and (volume or name != "volume"):
            found[name] = given[name]
    return found


def within_reach(found, family=None):
    """Give the indicators whose inputs are all there."""
    names = NAMES if family is None else tuple(catalogue.families()[family])
    return [name for name in names if set(catalogue.get(name).spec.inputs) <= set(found)]


@dataclass(frozen=True)
class World:
    """What is peculiar about made-up bars: shares of bars are from 0 to 1, sizes in bars."""

    seed: int = 1
    unit: float = 1.0
    step: float = 0.01
    still: float = 0.0
    stretch: int = 0
    leaps: float = 0.0
    tick: float = 0.0
    holes: float = 0.0
    idle: float = 0.0
    session: int = 1

    def bars(self, count):
        random = np.random.default_rng(self.seed)
        moves = random.standard_t(4, count) * self.step
        moves[random.random(count) < self.still] = 0.0
        leap = random.random(count) < self.leaps
        moves[leap] = np.sign(moves[leap]) * np.log(20.0)
        flat = slice(count // 2, count // 2 + self.stretch)
        moves[flat] = 0.0
        close = 100.0 * np.exp(np.cumsum(np.clip(moves, -3.0, 3.0)))
        opened = close * np.exp(random.normal(0.0, self.step / 4.0, count))
        high = np.maximum(opened, close) * np.exp(np.abs(random.normal(0.0, self.step / 3.0, count)))
        low = np.minimum(opened, close) * np.exp(-np.abs(random.normal(0.0, self.step / 3.0, count)))
        prices = {"open": opened, "high": high, "low": low, "close": close}
        for name in ("open", "high", "low"):
            prices[name][flat] = close[flat]
        if self.tick:
            prices = {name: np.maximum(np.round(one / self.tick), 1.0) * self.tick for name, one in prices.items()}
        volume = np.floor(random.lognormal(12.0, 0.5, count)) * (random.random(count) >= self.idle)
        other = 50.0 * np.exp(np.cumsum(0.5 * moves + 0.8 * self.step * random.standard_t(4, count)))
        bars = {name: one * self.unit for name, one in prices.items()} | {"volume": volume, "other": other}
        hole = random.random(count) < self.holes
        gone = {name: np.where(hole, np.nan, one) for name, one in bars.items()}
        return {**gone, "session": np.arange(count) // self.session * 1.0}


def streamed(names, bars):
    """Give what a stream tells of each bar, by name: one row for each output."""
    stream = Stream(names)
    rows = zip(*(one.tolist() for one in bars.values()), strict=True)
    told = [stream.push(dict(zip(bars, row, strict=True))) for row in rows]
    return {name: np.array([one[name] for one in told]).reshape(len(told), -1).T for name in names}


def differing(names, bars):
    """Give the indicators of which a stream told something else than the batch, and where first."""
    found = {}
    largest = max(float(np.nanmax(np.abs(one))) for name, one in bars.items() if name in ("high", "close", "open"))
    for name, lines in streamed(names, bars).items():
        spec = catalogue.get(name).spec
        unit = {"price": largest}.get(spec.scale.value, 0.0)
        for output, line, whole in zip(spec.outputs, lines, catalogue.get(name).compute(bars), strict=True):
            size = float(np.abs(whole[np.isfinite(whole)]).max(initial=0.0))
            near = np.isclose(line, whole, rtol=1e-9, atol=1e-9 * size + 1e-13 * unit, equal_nan=True)
            if not near.all():
                bar = int(np.argmin(near))
                found[f"{name}.{output}"] = f"bar {bar}: {line[bar]!r} told, {whole[bar]!r} in the batch"
    return found
