"""Steps beside their batch: bars of every kind, other parameters, and how the two are compared."""

import json

import numpy as np

from ara.features import catalogue


def bars(kind, count=420, *, begins_still=False):
    """Give bars that move, rest (from the first on, where asked), tie or have gaps; `other` is not rounded in ties."""
    random = np.random.default_rng(11)
    moves = random.standard_t(4, count) * 0.01
    rests = [slice(150, 175), slice(230, 380)]
    if begins_still:
        rests.append(slice(0, 110))
    if kind == "rests":
        for rest in rests:
            moves[rest] = 0.0
    close = 100.0 * np.exp(np.cumsum(moves))
    opened, spread = close * np.exp(random.normal(0.0, 0.003, count)), np.exp(np.abs(random.normal(0.0, 0.004, count)))
    found = {"open": opened, "high": np.maximum(opened, close) * spread, "low": np.minimum(opened, close) / spread}
    found |= {"close": close, "volume": np.floor(random.lognormal(12.0, 0.5, count))}
    if kind == "rests":
        for name in ("open", "high", "low"):
            for rest in rests:
                found[name][rest] = close[rest.start]
    if kind == "ties":
        found = {name: np.round(one) for name, one in found.items()}
    if kind == "gaps":
        for name, bar in zip(found, (33, 110, 111, 190, 260), strict=True):
            found[name][bar] = np.nan
        found["high"][300] = np.nan
    return found | {"session": np.arange(count) // 7.0, "other": np.sqrt(close) * opened}


def chosen(spec, share, *, turned=False):
    """Give other parameters: a share of the defaults, within what is allowed; where asked, switches the other way."""
    found = {}
    for name, param in spec.params.items():
        switch = turned and param.whole and (param.low, param.high) == (0, 1)
        value = 1 - param.default if switch else min(max(param.default * share, param.low), param.high)
        found[name] = round(value) if param.whole else value
    return spec.resolve(found)


def meets(name, found, params, *, within=1e-8):
    """Assert that an indicator's step, saved and taken up thrice on its way, tells what its batch does.

    Whatever it keeps is JSON, and no NaN is in it: when it begins, after a gap, and every few bars.
    """
    thing, state, told = catalogue.get(name), None, []
    columns = {one: found[one] for one in thing.spec.inputs}
    holes = np.flatnonzero(np.isnan(np.sum(list(columns.values()), axis=0))).tolist()
    looked = {*range(4), *range(5, len(found["close"]), 15), *(bar + later for bar in holes for later in (1, 2, 3))}
    for bar, row in enumerate(zip(*(column.tolist() for column in columns.values()), strict=True)):
        saved = json.dumps(state, allow_nan=False) if bar in looked else ""
        if bar in (5, 200, 305):
            state = _tupled(json.loads(saved))
        state, values = thing.spec.step(state, *row, **params)
        told.append(values)
    for line, whole in zip(np.array(told).T, thing.compute(columns, **params), strict=True):
        size = float(np.abs(whole[np.isfinite(whole)]).max(initial=0.0))
        assert np.isclose(line, whole, rtol=within, atol=within * size, equal_nan=True).all()


def _tupled(kept):
    return tuple(map(_tupled, kept)) if isinstance(kept, list) else kept
