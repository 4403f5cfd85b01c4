import json
import math
import statistics
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ara.features.families import VOLUME
from ara.features.library import talib
from ara.features.stream import Stream

COLUMNS = ("open", "high", "low", "close", "volume")
ALL = VOLUME.indicators()
STEPPED = sorted(name for name, one in ALL.items() if one.spec.step is not None)


def bars(count, seed=0):
    random = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(0.01 * random.standard_t(4, count)))
    opened = close * np.exp(random.normal(0, 0.003, count))
    high = np.maximum(opened, close) * np.exp(np.abs(random.normal(0, 0.004, count)))
    low = np.minimum(opened, close) * np.exp(-np.abs(random.normal(0, 0.004, count)))
    volume = np.floor(random.lognormal(12, 0.5, count))
    session = np.arange(count) // 7.0
    return {"open": opened, "high": high, "low": low, "close": close, "volume": volume, "session": session}


def compute(name, columns, **params):
    found = ALL[name].compute(columns, **params)
    return found[0] if len(found) == 1 else found


def test_there_are_more_than_thirty_five_formulas():
    assert len(ALL) >= 45
    named = "obv session_vwap vwap anchored_vwap mfi ad adosc cmf vroc force_index emv nvi pvi pvt kvo vwmacd tvi"
    assert set(named.split()) | {"up_down_volume", "rvol", "volume_z", "twiggs_money_flow", "demand_index"} <= set(ALL)


# Definitions over the bars up to one: lists of open, high, low, close, volume; n is the window.
def _places(h, lo, c):
    return [((d - b) - (a - d)) / (a - b) for a, b, d in zip(h, lo, c, strict=True)]


def _dot(one, other):
    return math.fsum(a * b for a, b in zip(one, other, strict=True))


def _steps(values):
    return [b - a for a, b in pairwise(values)]


def _signs(values):
    return [(x > 0) - (x < 0) for x in _steps(values)]


def _typical(h, lo, c):
    return [(a + b + d) / 3 for a, b, d in zip(h, lo, c, strict=True)]


def _mean_price(prices, v, n):
    return _dot(prices[-n:], v[-n:]) / sum(v[-n:])


def _mfi(o, h, lo, c, v, n):
    price = _typical(h, lo, c)
    flows = [(s, p * x) for s, p, x in zip(_signs(price), price[1:], v[1:], strict=True)][-n:]
    gain, loss = (sum(x for s, x in flows if s == side) for side in (1, -1))
    return 100 - 100 / (1 + gain / loss) if loss else 100.0


def _bands(o, h, lo, c, v, n):
    price, middle = _typical(h, lo, c), _mean_price(_typical(h, lo, c), v, n)
    return middle + 2 * math.sqrt(_dot([(x - middle) ** 2 for x in price[-n:]], v[-n:]) / sum(v[-n:]))


def _fve(o, h, lo, c, v, n):
    price, total = _typical(h, lo, c), 0.0
    for i in range(len(c) - n, len(c)):
        money = c[i] - (h[i] + lo[i]) / 2 + price[i] - price[i - 1]
        total += v[i] * ((money > 0.003 * c[i]) - (money < -0.003 * c[i]))
    return 100 * total / sum(v[-n:])


def _up_down(o, h, lo, c, v, n):
    rows = list(zip(_signs(c), v[1:], strict=True))[-n:]
    fallen = sum(x for s, x in rows if s < 0)
    return sum(x for s, x in rows if s > 0) / fallen if fallen else math.nan


def _correlation(o, h, lo, c, v, n):
    return statistics.correlation([b / a - 1 for a, b in pairwise(c)][-n:], v[-n:])


def _emv(o, h, lo, c, v, n):
    middle = [(a + b) / 2 for a, b in zip(h, lo, strict=True)]
    found = []
    for i in range(len(c) - n, len(c)):
        usual = statistics.fmean(v[i - n + 1 : i + 1])
        found.append((middle[i] / middle[i - 1] - 1) * (h[i] - lo[i]) / middle[i] / (v[i] / usual))
    return found[-1]


DEFINITIONS = {
    "obv": lambda o, h, lo, c, v, n: _dot(_signs(c), v[1:]),
    "ad": lambda o, h, lo, c, v, n: _dot(_places(h, lo, c), v),
    "nvi": lambda o, h, lo, c, v, n: 1000 * math.prod(c[i] / c[i - 1] for i in range(1, len(c)) if v[i] < v[i - 1]),
    "pvi": lambda o, h, lo, c, v, n: 1000 * math.prod(c[i] / c[i - 1] for i in range(1, len(c)) if v[i] > v[i - 1]),
    "pvt": lambda o, h, lo, c, v, n: _dot([b / a - 1 for a, b in pairwise(c)], v[1:]),
    "money_flow_multiplier": lambda o, h, lo, c, v, n: _places(h, lo, c)[-1],
    "money_flow_volume": lambda o, h, lo, c, v, n: _places(h, lo, c)[-1] * v[-1],
    "mfi": _mfi,
    "cmf": lambda o, h, lo, c, v, n: _dot(_places(h, lo, c)[-n:], v[-n:]) / sum(v[-n:]),
    "wvad": lambda o, h, lo, c, v, n: math.fsum(v[-i] * (c[-i] - o[-i]) / (h[-i] - lo[-i]) for i in range(1, n + 1)),
    "tsv": lambda o, h, lo, c, v, n: _dot(_steps(c)[-n:], v[-n:]),
    "net_volume": lambda o, h, lo, c, v, n: _dot(_signs(c)[-n:], v[-n:]) / sum(v[-n:]),
    "up_down_volume": _up_down,
    "volume_weighted_return": lambda o, h, lo, c, v, n: _mean_price([b / a - 1 for a, b in pairwise(c)], v, n),
    "emv": _emv,
    "marketfi": lambda o, h, lo, c, v, n: (h[-1] - lo[-1]) / h[-1] * statistics.fmean(v[-n:]) / v[-1],
    "fve": _fve,
    "price_volume_correlation": _correlation,
    "vwap": lambda o, h, lo, c, v, n: _mean_price(_typical(h, lo, c), v, n),
    "vwap_bands": _bands,
    "vwap_distance": lambda o, h, lo, c, v, n: c[-1] / _mean_price(_typical(h, lo, c), v, n) - 1,
    "anchored_vwap": lambda o, h, lo, c, v, n: _mean_price(_typical(h, lo, c), v, len(c)),
    "rvol": lambda o, h, lo, c, v, n: v[-1] / statistics.fmean(v[-n - 1 : -1]),
    "volume_z": lambda o, h, lo, c, v, n: (v[-1] - statistics.fmean(v[-n:])) / statistics.pstdev(v[-n:]),
    "volume_percentile": lambda o, h, lo, c, v, n: 100 * sum(x < v[-1] for x in v[-n - 1 : -1]) / n,
    "volume_variation": lambda o, h, lo, c, v, n: statistics.pstdev(v[-n:]) / statistics.fmean(v[-n:]),
    "volume_concentration": lambda o, h, lo, c, v, n: max(v[-n:]) / sum(v[-n:]),
    "abnormal_volume": lambda o, h, lo, c, v, n: math.log(v[-1] / statistics.median(v[-n:]) / 2 + 0.5),
    "dollar_volume": lambda o, h, lo, c, v, n: _dot(c[-n:], v[-n:]) / n,
}


@pytest.mark.parametrize("name", DEFINITIONS)
@given(seed=st.integers(0, 2**32 - 1), window=st.integers(4, 12), extra=st.integers(0, 30))
@settings(max_examples=12, deadline=None)
def test_each_is_its_definition_over_the_last_bars(name, seed, window, extra):
    spec = ALL[name].spec
    params = {"window": window} if "window" in spec.params else {}
    columns = bars(spec.warmup(**spec.resolve(params)) + 3 + extra, seed)
    found = compute(name, columns, **params)
    first = found[0] if isinstance(found, tuple) else found
    expected = DEFINITIONS[name](*(columns[one].tolist() for one in COLUMNS), window)
    largest = np.abs(first[np.isfinite(first)]).max(initial=0.0)
    assert first[-1] == pytest.approx(expected, rel=1e-9, abs=1e-10 * largest, nan_ok=True)


def test_what_talib_has_is_as_there():
    b = bars(400)
    h, lo, c, v = (b[one] for one in ("high", "low", "close", "volume"))
    lib = talib()

    def same(found, expected):
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9 * np.nanmax(np.abs(expected)))

    same(compute("obv", b, zero=0), lib.OBV(c, v))
    same(compute("ad", b), lib.AD(h, lo, c, v))
    same(compute("adosc", b), lib.ADOSC(h, lo, c, v))
    same(compute("cmf", b), lib.CMF(h, lo, c, v))
    same(compute("force_index", b), lib.EFI(c, v))
    same(compute("marketfi", b, unit=1), lib.MARKETFI(h, lo, v))
    same(compute("nvi", b), lib.NVI(c, v))
    same(compute("pvi", b), lib.PVI(c, v))
    same(compute("pvt", b), lib.PVT(c, v))
    same(compute("rvol", b), lib.RVOL(v))
    same(compute("anchored_vwap", b), lib.VWAP(h, lo, c, v))
    same(compute("mfi", b), lib.MFI(h, lo, c, v))
    same(compute("pvo", b)[0][33:], lib.PVO(v)[33:])


def test_means_of_money_flow_are_wilder_s():
    b = bars(200, seed=1)
    h, lo, c, v = (b[one] for one in ("high", "low", "close", "volume"))
    wilder = partial(talib().RMA, timeperiod=21)
    top, bottom = np.maximum(h[1:], c[:-1]), np.minimum(lo[1:], c[:-1])
    flow = v[1:] * (2 * c[1:] - top - bottom) / (top - bottom)
    np.testing.assert_allclose(compute("twiggs_money_flow", b)[1:], wilder(flow) / wilder(v[1:]), rtol=1e-9)
    wilder, moved = partial(talib().RMA, timeperiod=14), np.diff(c)
    gain, loss = wilder(np.where(moved > 0, v[1:], 0.0)), wilder(np.where(moved < 0, v[1:], 0.0))
    np.testing.assert_allclose(compute("volume_rsi", b)[1:], 100 * gain / (gain + loss), rtol=1e-9)


def test_klinger_s_oscillator_signs_volume_by_the_trend():
    b = bars(140, seed=2)
    h, lo, c, v = (b[one].tolist() for one in ("high", "low", "close", "volume"))
    force, trend, side, total = [], None, None, None
    for i in range(1, 140):
        now = 1 if h[i] + lo[i] + c[i] > h[i - 1] + lo[i - 1] + c[i - 1] else -1
        wide = h[i] - lo[i]
        total = total + wide if now == side else h[i - 1] - lo[i - 1] + wide
        side, trend = now, abs(2 * (wide / total - 1))
        force.append(100 * v[i] * now * trend)
    means = talib().EMA(np.array(force), 34) - talib().EMA(np.array(force), 55)
    line, signal, histogram = compute("kvo", b)
    np.testing.assert_allclose(line[67:], means[66:], rtol=1e-9)
    np.testing.assert_allclose(signal[1:], talib().EMA(means, 13), rtol=1e-9)
    np.testing.assert_allclose(histogram, line - signal)


def test_oscillators_are_fast_less_slow_means():
    b = bars(200, seed=3)
    c, v, ema = b["close"], b["volume"], talib().EMA
    line = ema(c * v, 12) / ema(v, 12) - ema(c * v, 26) / ema(v, 26)
    np.testing.assert_allclose(compute("vwmacd", b)[0][33:], line[33:])
    np.testing.assert_allclose(compute("vwmacd", b)[1][33:], ema(line, 9)[33:])
    price = b["high"] + b["low"] + c
    signed = np.where(np.diff(price) >= 0, v[1:], -v[1:])
    found = compute("signed_volume_oscillator", b)[0]
    np.testing.assert_allclose(found[67:], (ema(signed, 34) - ema(signed, 55))[66:])
    assert compute("vosc", b)[-1] == pytest.approx(100 * (v[-5:].mean() / v[-10:].mean() - 1))
    assert compute("vroc", b)[-1] == pytest.approx(100 * (v[-1] / v[-15] - 1))
    wide, short = slice(-50, None), slice(-10, None)
    mean = lambda s: (c[s] * v[s]).sum() / v[s].sum()  # noqa: E731
    expected = (mean(wide) - c[wide].mean()) * mean(short) / c[short].mean() * v[short].mean() / v[wide].mean()
    assert compute("vpci", b)[-1] == pytest.approx(expected)


def test_half_a_year_of_money_flow_leaves_out_small_moves_and_outliers():
    b = bars(320, seed=4)
    h, lo, c, v = (b[one] for one in ("high", "low", "close", "volume"))
    price, lines = (h + lo + c) / 3, []
    for end in range(261, 320):
        flow = 0.0
        for i in range(end - 129, end + 1):
            limit = 0.2 * np.diff(np.log(price[i - 30 : i + 1])).std() * c[i]
            moved = price[i] - price[i - 1]
            flow += (int(moved > limit) - int(moved < -limit)) * min(v[i], 2.5 * v[i - 130 : i].mean())
        lines.append(flow / v[end - 130 : end].mean())
    expected = lines[0]
    for line in lines[1:]:
        expected += 0.5 * (line - expected)
    assert compute("vfi", b)[-1] == pytest.approx(expected)


def test_the_demand_index_weighs_the_weaker_side_by_the_move():
    b = bars(120, seed=5)
    h, lo, c, v = (b[one] for one in ("high", "low", "close", "volume"))
    price, buying, selling = (h + lo + 2 * c) / 4, [], []
    for i in range(10, 120):
        usual = statistics.fmean(max(h[j], h[j - 1]) - min(lo[j], lo[j - 1]) for j in range(i - 9, i + 1))
        moved, strong = price[i] / price[i - 1] - 1, v[i] / v[i - 9 : i + 1].mean()
        weak = strong * math.exp(-3 * price[i] / usual * abs(moved))
        buying.append(strong if moved > 0 else weak)
        selling.append(strong if moved < 0 else weak)
    buy, sell = (talib().EMA(np.array(side), 10)[-1] for side in (buying, selling))
    expected = 100 * (1 - sell / buy) if buy > sell else 100 * (buy / sell - 1)
    assert compute("demand_index", b)[-1] == pytest.approx(expected)


def test_the_trade_volume_index_keeps_its_side_through_small_moves():
    close = np.array([100.0, 101.0, 101.01, 101.0, 99.0, 99.02])
    volume = np.array([5.0, 10.0, 20.0, 30.0, 40.0, 50.0])
    found = compute("tvi", {"close": close, "volume": volume}, tick=0.001)
    np.testing.assert_array_equal(found, [0, 10, 30, 60, 20, -30])


def test_the_price_volume_rank_has_four_ranks():
    close, volume = np.array([10.0, 11, 12, 11, 10]), np.array([5.0, 6, 5, 4, 9])
    np.testing.assert_array_equal(compute("pvr", {"close": close, "volume": volume}), [math.nan, 1, 2, 3, 4])


def test_the_price_of_a_session_begins_anew_with_it():
    b = bars(60, seed=6)
    price = (b["high"] + b["low"] + b["close"]) / 3
    line, (upper, middle, lower) = compute("session_vwap", b), compute("session_vwap_bands", b)
    away = compute("session_vwap_distance", b)
    for bar in range(60):
        inside = slice(bar - bar % 7, bar + 1)
        p, v = price[inside], b["volume"][inside]
        mean = (p * v).sum() / v.sum()
        assert line[bar] == middle[bar] == pytest.approx(mean, rel=1e-12)
        spread = math.sqrt(((p - mean) ** 2 * v).sum() / v.sum())
        assert (upper[bar] - lower[bar]) / 4 == pytest.approx(spread, rel=1e-6, abs=1e-12)
        assert away[bar] == pytest.approx(b["close"][bar] / mean - 1, abs=1e-12)


def test_a_price_can_be_anchored_at_any_bar():
    b = bars(60, seed=7)
    found = compute("anchored_vwap", b, anchor=20)
    rest = compute("anchored_vwap", {name: column[20:] for name, column in b.items()})
    assert np.isnan(found[:20]).all()
    np.testing.assert_allclose(found[20:], rest)


def test_ease_and_facilitation_can_be_had_in_prices_as_in_the_sources():
    b = bars(60, seed=8)
    h, lo, v = b["high"], b["low"], b["volume"]
    middle = (h + lo) / 2
    raw = np.diff(middle) * (h - lo)[1:] / (v[1:] / 1e8)
    single, average = compute("emv", b, unit=1e8)
    assert (single[-1], average[-1]) == pytest.approx((raw[-1], raw[-14:].mean()))
    assert compute("marketfi", b, unit=1e6)[-1] == pytest.approx((h[-1] - lo[-1]) / v[-1] * 1e6)


def test_seeds_differ_at_first_and_then_no_more():
    b = bars(500, seed=9)
    for name in ("force_index", "adosc", "pvo"):
        one, other = (np.atleast_2d(np.array(compute(name, b, seeded=seeded)))[0] for seeded in (0, 1))
        assert abs(one[40] - other[40]) > 0
        assert one[-1] == pytest.approx(other[-1], rel=1e-9, abs=1e-9 * np.nanmax(np.abs(one)))


def _dented(columns):
    """Put gaps of every kind into bars: a column alone, a whole bar, an infinity."""
    found = {name: column.copy() for name, column in columns.items()}
    found["volume"][[0, 9, 30]] = np.nan
    found["close"][[4, 30]] = np.nan
    found["high"][30] = np.inf
    return found


@pytest.mark.parametrize("name", STEPPED)
@pytest.mark.parametrize("dent", [False, True])
def test_bar_by_bar_is_as_all_at_once_and_can_be_interrupted(name, dent):
    count = 110 + ALL[name].warmup()
    b = bars(count, seed=10)
    b = _dented(b) if dent else b
    stream, rows = Stream([name]), []
    for bar in range(count):
        if bar == 50:
            stream = Stream.resume(json.loads(json.dumps(stream.state())))
        rows.append(stream.push({one: float(column[bar]) for one, column in b.items()})[name])
    expected = np.array(ALL[name].compute(b)).T
    largest = np.nanmax(np.abs(expected))
    np.testing.assert_allclose(rows, expected, rtol=1e-9, atol=1e-12 * largest)


def test_smoothed_and_signed_lines_step_too():
    b = _dented(bars(60, seed=11))
    for name, params in (("pvt", {"smooth": 5}), ("obv", {"zero": 0}), ("anchored_vwap", {"anchor": 9})):
        one, state, rows = ALL[name], None, []
        for bar in range(60):
            state, found = one.spec.step(state, *(float(b[key][bar]) for key in one.spec.inputs), **params)
            rows.append(found)
        np.testing.assert_allclose(rows, np.array(one.compute(b, **params)).T, rtol=1e-9, err_msg=name)


@pytest.mark.parametrize("name", STEPPED)
@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12), st.integers(0, 3)), min_size=1, max_size=40))
@settings(max_examples=40, deadline=None)
def test_equal_prices_and_volumes_count_alike_bar_by_bar_and_all_at_once(name, rows):
    one, two, volume = (np.array(column, float) for column in zip(*rows, strict=True))
    session = np.arange(len(rows)) // 3.0
    b = {"high": np.maximum(one, two), "low": np.minimum(one, two), "close": one, "volume": volume, "session": session}
    spec, params, state = ALL[name].spec, {"tick": 0.25} if name == "tvi" else {}, None
    expected = np.array(ALL[name].compute(b, **params)).T
    chosen, told = spec.resolve(params), []
    for row in zip(*(b[key].tolist() for key in spec.inputs), strict=True):
        state, found = spec.step(state, *row, **chosen)
        told.append(found)
    np.testing.assert_allclose(told, expected, rtol=1e-9, atol=1e-9)


def test_a_price_is_not_lost_where_only_the_volume_is_unknown():
    close, volume = np.array([10.0, 11.0, 12.0]), np.array([math.nan, 5.0, 7.0])
    np.testing.assert_array_equal(compute("obv", {"close": close, "volume": volume}), [math.nan, 5, 12])


HARD = {
    "none": {one: np.empty(0) for one in bars(1)},
    "one": bars(1),
    "constant": {one: np.full(600, 5.0) for one in bars(1)},
    "zeros": {one: np.zeros(600) for one in bars(1)},
    "untraded": bars(600) | {"volume": np.zeros(600)},
    "unknown": {one: np.full(600, np.nan) for one in bars(1)},
    "no volume known": bars(600) | {"volume": np.full(600, np.nan)},
    "infinite": {one: np.where(np.arange(600) == 300, np.inf, column) for one, column in bars(600).items()},
    "halted": {
        one: np.concatenate([c[:300], np.full(300, c[299] * (one != "volume"))]) for one, c in bars(300).items()
    },
}


@pytest.mark.parametrize("kind", HARD)
def test_bad_bars_never_give_infinity_nor_leave_the_bounds(kind):
    for name, one in ALL.items():
        for output, values in zip(one.spec.outputs, one.compute(HARD[kind]), strict=True):
            low, high = one.spec.bounds[output]
            assert len(values) == len(HARD[kind]["close"])
            assert not np.isinf(values).any()
            assert not ((values < low) | (values > high)).any(), (name, output)
            if "known" in kind and "volume" in one.spec.inputs:
                assert np.isnan(values).all(), name


def test_without_trade_a_price_by_volume_is_unknown_and_a_balance_is_even():
    for name in ("vwap", "session_vwap", "vwap_distance", "rvol", "volume_variation", "marketfi"):
        assert np.isnan(compute(name, HARD["untraded"])).all(), name
    for name, even in (("cmf", 0.0), ("mfi", 50.0), ("net_volume", 0.0), ("volume_rsi", 50.0), ("demand_index", 0.0)):
        assert compute(name, HARD["untraded"])[-1] == even, name


@pytest.mark.parametrize("unit", [1e-12, 1e12])
def test_tiny_and_huge_prices_give_the_same(unit):
    b = bars(600)
    scaled = {one: column * (unit if one in COLUMNS[:4] else 1.0) for one, column in b.items()}
    money = {"force_index", "tsv", "dollar_volume"}
    for name, one in ALL.items():
        factor = unit if one.spec.scale == "price" or name in money else 1.0
        for usual, other in zip(one.compute(b), one.compute(scaled), strict=True):
            largest = np.nanmax(np.abs(usual))
            np.testing.assert_allclose(other / factor, usual, rtol=1e-7, atol=1e-9 * largest, err_msg=name)


def test_what_remembers_few_bars_recovers_from_a_gap():
    b = {one: column.copy() for one, column in bars(900).items()}
    for column in b.values():
        column[50] = np.nan
    for name, one in ALL.items():
        after = 51 + max(one.memory() or 0, one.warmup())
        assert not any(np.isnan(values[after:]).any() for values in one.compute(b)), name
