"""A step tells what the batch does, with any parameters, over gaps and rests, and after it was saved."""

import json

import numpy as np
import pytest

from ara.features import catalogue

FAMILIES = catalogue.families()
STEPPED = [
    name
    for name in sorted({*FAMILIES["trend"], *FAMILIES["momentum"]})
    if catalogue.get(name).spec.step and catalogue.get(name).spec.params
]


def bars(kind, count=420):
    random = np.random.default_rng(11)
    moves = random.standard_t(4, count) * 0.01
    if kind == "rests":
        moves[:110] = moves[150:175] = moves[230:380] = 0.0
    close = 100.0 * np.exp(np.cumsum(moves))
    opened, spread = close * np.exp(random.normal(0.0, 0.003, count)), np.exp(np.abs(random.normal(0.0, 0.004, count)))
    found = {"open": opened, "high": np.maximum(opened, close) * spread, "low": np.minimum(opened, close) / spread}
    found |= {"close": close, "volume": np.floor(random.lognormal(12.0, 0.5, count))}
    if kind == "rests":
        for name in ("open", "high", "low"):
            found[name][:110], found[name][150:175], found[name][230:380] = close[0], close[150], close[230]
    if kind == "ties":
        found = {name: np.round(one) for name, one in found.items()}
    if kind == "gaps":
        for name, bar in zip(found, (33, 110, 111, 190, 260), strict=True):
            found[name][bar] = np.nan
        found["high"][300] = np.nan
    return found | {"session": np.arange(count) // 7.0, "other": np.sqrt(close) * opened}


def chosen(spec, share):
    """Give other parameters: a share of the defaults, within what is allowed; a smaller share turns switches."""
    found = {}
    for name, param in spec.params.items():
        switch = param.whole and (param.low, param.high) == (0, 1) and share < 1.0
        value = 1 - param.default if switch else min(max(param.default * share, param.low), param.high)
        found[name] = round(value) if param.whole else value
    return spec.resolve(found)


@pytest.mark.parametrize("share", [0.6, 1.5])
@pytest.mark.parametrize("kind", ["moves", "rests", "ties", "gaps"])
@pytest.mark.parametrize("name", STEPPED)
def test_a_step_tells_what_the_batch_does_with_other_parameters(name, kind, share):
    thing, state, told = catalogue.get(name), None, []
    params, found = chosen(thing.spec, share), bars(kind)
    columns = {one: found[one] for one in thing.spec.inputs}
    for bar, row in enumerate(zip(*(column.tolist() for column in columns.values()), strict=True)):
        if bar in (5, 200, 305):
            state = tupled(json.loads(json.dumps(state)))
        state, values = thing.spec.step(state, *row, **params)
        told.append(values)
    for line, whole in zip(np.array(told).T, thing.compute(columns, **params), strict=True):
        size = float(np.abs(whole[np.isfinite(whole)]).max(initial=0.0))
        assert np.isclose(line, whole, rtol=1e-8, atol=1e-8 * size, equal_nan=True).all()


def tupled(kept):
    return tuple(map(tupled, kept)) if isinstance(kept, list) else kept
