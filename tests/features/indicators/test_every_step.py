"""A step tells what the batch does, with any parameters, over gaps and rests, and after it was saved."""

import json

import numpy as np
import pytest

from ara.features import catalogue
from ara.features.indicators.statistical.terms import settle, settled

# Where all but a few bars of a window stood still, their regressions take as many figures as there are bars that moved:
# what is left over is rounding, all at once and bar by bar.
FITTED = ("adf", "beta_up_down", "half_life")

STEPPED = [name for name in catalogue.names() if catalogue.get(name).spec.step and catalogue.get(name).spec.params]
KINDS = ("moves", "rests", "ties", "gaps")
CASES = [(name, kind) for name in STEPPED for kind in KINDS if kind != "rests" or name not in FITTED]


def bars(kind, count=420):
    random = np.random.default_rng(11)
    moves = random.standard_t(4, count) * 0.01
    if kind == "rests":
        moves[150:175] = moves[230:380] = 0.0
    close = 100.0 * np.exp(np.cumsum(moves))
    opened, spread = close * np.exp(random.normal(0.0, 0.003, count)), np.exp(np.abs(random.normal(0.0, 0.004, count)))
    found = {"open": opened, "high": np.maximum(opened, close) * spread, "low": np.minimum(opened, close) / spread}
    found |= {"close": close, "volume": np.floor(random.lognormal(12.0, 0.5, count))}
    if kind == "rests":
        for name in ("open", "high", "low"):
            found[name][150:175], found[name][230:380] = close[150], close[230]
    if kind == "ties":
        found = {name: np.round(one) for name, one in found.items()}
    if kind == "gaps":
        for name, bar in zip(found, (33, 110, 111, 190, 260), strict=True):
            found[name][bar] = np.nan
        found["high"][300] = np.nan
    other = np.sqrt(close) * opened
    return found | {"session": np.arange(count) // 7.0, "other": np.round(other, -1) if kind == "ties" else other}


def chosen(spec, share):
    """Give other parameters: a share of the defaults, within what is allowed."""
    found = {}
    for name, param in spec.params.items():
        value = min(max(param.default * share, param.low), param.high)
        found[name] = round(value) if param.whole else value
    return spec.resolve(found)


@pytest.mark.parametrize("share", [0.6, 1.5])
@pytest.mark.parametrize(("name", "kind"), CASES, ids=[f"{name}-{kind}" for name, kind in CASES])
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


def test_what_rounding_leaves_of_a_variance_is_told_from_the_largest_square_so_far():
    variances, squares, most, told = [1e-5, 0.5, 1e-13, 1e-5, 1e-27], [1e-4, 1.0, 1e-4, 1e-4, 1e-27], 0.0, []
    for variance, square in zip(variances, squares, strict=True):
        most, kept = settle(most, variance, square)
        told.append(kept)
    assert told == settled(np.array(variances), np.array(squares)).tolist() == [1e-5, 0.5, 0.0, 1e-5, 0.0]


def tupled(kept):
    return tuple(map(tupled, kept)) if isinstance(kept, list) else kept
