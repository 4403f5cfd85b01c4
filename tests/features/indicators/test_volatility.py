import math
import statistics
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ara.features.arrays import moments, runs, sums
from ara.features.families import VOLATILITY
from ara.features.library import talib
from ara.features.stream import Stream

COLUMNS = ("open", "high", "low", "close")
LN = math.log


def bars(count, seed=0):
    random = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(0.01 * random.standard_t(4, count)))
    opened = close * np.exp(random.normal(0, 0.003, count))
    high = np.maximum(opened, close) * np.exp(np.abs(random.normal(0, 0.004, count)))
    low = np.minimum(opened, close) * np.exp(-np.abs(random.normal(0, 0.004, count)))
    return {"open": opened, "high": high, "low": low, "close": close}


def compute(name, columns, **params):
    found = VOLATILITY.indicators()[name].compute(columns, **params)
    return found[0] if len(found) == 1 else found


def test_there_are_more_than_thirty_five_formulas():
    assert len(VOLATILITY.indicators()) >= 50


# Definitions over the last bars: o, h, lo, c are lists that end at the bar; n is the window.
def _returns(c):
    return [LN(b / a) for a, b in pairwise(c)]


def _true_ranges(h, lo, c):
    return [max(h[i] - lo[i], abs(h[i] - c[i - 1]), abs(lo[i] - c[i - 1])) for i in range(1, len(c))]


def _yearly(variance):
    return math.sqrt(252 * variance)


def _gk(o, h, lo, c):
    return [0.5 * LN(b / d) ** 2 - (2 * LN(2) - 1) * LN(e / a) ** 2 for a, b, d, e in zip(o, h, lo, c, strict=True)]


def _rs(o, h, lo, c):
    return [LN(b / e) * LN(b / a) + LN(d / e) * LN(d / a) for a, b, d, e in zip(o, h, lo, c, strict=True)]


def _gaps(o, c):
    return [LN(o[i] / c[i - 1]) for i in range(1, len(c))]


def _inside(o, c):
    return [LN(b / a) for a, b in zip(o, c, strict=True)]


def _squares(values):
    return statistics.fmean(x * x for x in values)


def _yang_zhang(o, h, lo, c, n):
    k = 0.34 / (1.34 + (n + 1) / (n - 1))
    gap, inside = statistics.variance(_gaps(o, c)[-n:]), statistics.variance(_inside(o, c)[-n:])
    return _yearly(gap + k * inside + (1 - k) * statistics.fmean(_rs(o, h, lo, c)[-n:]))


def _choppiness(o, h, lo, c, n):
    return 100 * math.log10(sum(_true_ranges(h, lo, c)[-n:]) / (max(h[-n:]) - min(lo[-n:]))) / math.log10(n)


def _ulcer(o, h, lo, c, n):
    last = c[-n:]
    return math.sqrt(_squares([100 * (x / max(last[: i + 1]) - 1) for i, x in enumerate(last)]))


def _medrv(o, h, lo, c, n):
    r = [abs(x) for x in _returns(c)[-n:]]
    triples = [statistics.median(r[i - 2 : i + 1]) for i in range(2, n)]
    return _yearly(math.pi / (6 - 4 * math.sqrt(3) + math.pi) * _squares(triples))


def _minrv(o, h, lo, c, n):
    r = [abs(x) for x in _returns(c)[-n:]]
    return _yearly(math.pi / (math.pi - 2) * _squares([min(r[i - 1 : i + 1]) for i in range(1, n)]))


def _bipower(o, h, lo, c, n):
    r = [abs(x) for x in _returns(c)[-n:]]
    return _yearly(math.pi / 2 * statistics.fmean(r[i] * r[i - 1] for i in range(1, n)))


def _percent(o, h, lo, c, n):
    middle, one = statistics.fmean(c[-n:]), statistics.pstdev(c[-n:])
    return (c[-1] - middle + 2 * one) / (4 * one)


def _standard_error(o, h, lo, c, n):
    uppers = []
    for end in range(len(c) - 2, len(c) + 1):
        y = c[end - n : end]
        slope, start = statistics.linear_regression(range(n), y)
        error = math.sqrt(sum((y[i] - start - slope * i) ** 2 for i in range(n)) / (n - 2))
        uppers.append((start + slope * (n - 1), error))
    return statistics.fmean(a for a, _ in uppers) + 2 * statistics.fmean(b for _, b in uppers)


def _headley(o, h, lo, c, n):
    return statistics.fmean(a * (1 + 4 * (a - b) / (a + b)) for a, b in zip(h[-n:], lo[-n:], strict=True))


def _signed(o, h, lo, c, n):
    r = _returns(c)[-n:]
    return sum(x * abs(x) for x in r) / sum(x * x for x in r)


def _mean_ratio(above, below):
    return statistics.fmean(a / b for a, b in zip(above, below, strict=True))


def _narrow(o, h, lo, c, n):
    wide = [a - b for a, b in zip(h[-n:], lo[-n:], strict=True)]
    return (wide[-1] - min(wide)) / (max(wide) - min(wide))


DEFINITIONS = {
    "true_range": lambda o, h, lo, c, n: _true_ranges(h, lo, c)[-1],
    "adr": lambda o, h, lo, c, n: statistics.fmean(a - b for a, b in zip(h[-n:], lo[-n:], strict=True)),
    "adr_percent": lambda o, h, lo, c, n: 100 * (_mean_ratio(h[-n:], lo[-n:]) - 1),
    "choppiness": _choppiness,
    "narrow_range": _narrow,
    "historical_volatility": lambda o, h, lo, c, n: _yearly(statistics.variance(_returns(c)[-n:])),
    "parkinson": lambda o, h, lo, c, n: _yearly(_squares(_inside(lo, h)[-n:]) / (4 * LN(2))),
    "garman_klass": lambda o, h, lo, c, n: _yearly(statistics.fmean(_gk(o, h, lo, c)[-n:])),
    "garman_klass_yang_zhang": lambda o, h, lo, c, n: _yearly(
        statistics.fmean(_gk(o, h, lo, c)[-n:]) + _squares(_gaps(o, c)[-n:])
    ),
    "rogers_satchell": lambda o, h, lo, c, n: _yearly(statistics.fmean(_rs(o, h, lo, c)[-n:])),
    "yang_zhang": _yang_zhang,
    "log_range_volatility": lambda o, h, lo, c, n: (
        math.sqrt(252) * math.exp(statistics.fmean(LN(x) for x in _inside(lo, h)[-n:]) - 0.43)
    ),
    "overnight_volatility": lambda o, h, lo, c, n: _yearly(statistics.variance(_gaps(o, c)[-n:])),
    "intraday_volatility": lambda o, h, lo, c, n: _yearly(statistics.variance(_inside(o, c)[-n:])),
    "overnight_share": lambda o, h, lo, c, n: (
        _squares(_gaps(o, c)[-n:]) / (_squares(_gaps(o, c)[-n:]) + _squares(_inside(o, c)[-n:]))
    ),
    "range_efficiency": lambda o, h, lo, c, n: 4 * LN(2) * _squares(_returns(c)[-n:]) / _squares(_inside(lo, h)[-n:]),
    "downside_volatility": lambda o, h, lo, c, n: _yearly(_squares([min(x, 0) for x in _returns(c)[-n:]])),
    "upside_volatility": lambda o, h, lo, c, n: _yearly(_squares([max(x, 0) for x in _returns(c)[-n:]])),
    "semivariance_balance": _signed,
    "absolute_volatility": lambda o, h, lo, c, n: (
        math.sqrt(252 * math.pi / 2) * statistics.fmean(abs(x) for x in _returns(c)[-n:])
    ),
    "mad_volatility": lambda o, h, lo, c, n: (
        math.sqrt(252) * 1.482602218505602 * statistics.median(abs(x) for x in _returns(c)[-n:])
    ),
    "bipower_volatility": _bipower,
    "minrv_volatility": _minrv,
    "medrv_volatility": _medrv,
    "return_shock": lambda o, h, lo, c, n: _returns(c)[-1] / math.sqrt(_squares(_returns(c)[-n - 1 : -1])),
    "ulcer_index": _ulcer,
    "bollinger": lambda o, h, lo, c, n: statistics.fmean(c[-n:]) + 2 * statistics.pstdev(c[-n:]),
    "bollinger_percent": _percent,
    "bollinger_width": lambda o, h, lo, c, n: 4 * statistics.pstdev(c[-n:]) / statistics.fmean(c[-n:]),
    "accbands": _headley,
    "donchian_width": lambda o, h, lo, c, n: 2 * (max(h[-n:]) - min(lo[-n:])) / (max(h[-n:]) + min(lo[-n:])),
    "keltner_range": lambda o, h, lo, c, n: statistics.fmean(
        (a + b + d) / 3 + a - b for a, b, d in zip(h[-n:], lo[-n:], c[-n:], strict=True)
    ),
    "standard_error_bands": _standard_error,
}


@pytest.mark.parametrize("name", DEFINITIONS)
@given(seed=st.integers(0, 2**32 - 1), window=st.integers(4, 12), extra=st.integers(0, 30))
@settings(max_examples=12, deadline=None)
def test_each_is_its_definition_over_the_last_bars(name, seed, window, extra):
    spec = VOLATILITY.indicators()[name].spec
    params = {"window": window} if "window" in spec.params else {}
    columns = bars(spec.warmup(**spec.resolve(params)) + 3 + extra, seed)
    found = compute(name, columns, **params)
    first = found[0] if isinstance(found, tuple) else found
    expected = DEFINITIONS[name](*(columns[one].tolist() for one in COLUMNS), window)
    assert first[-1] == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_means_of_ranges_are_talib_s():
    b = bars(400)
    h, lo, c = b["high"], b["low"], b["close"]
    lib, same = talib(), partial(np.testing.assert_allclose, rtol=1e-9, atol=1e-9)
    same(compute("true_range", b), lib.TRANGE(h, lo, c))
    same(compute("atr", b, window=9), lib.ATR(h, lo, c, 9))
    same(compute("natr", b), lib.NATR(h, lo, c))
    same(compute("adr", b), lib.ADR(h, lo))
    same(compute("chaikin_volatility", b), lib.CVI(h, lo))
    same(compute("relative_volatility", b), lib.RVI(c))
    same(compute("bollinger", b), lib.BBANDS(c))
    same(compute("accbands", b), lib.ACCBANDS(h, lo, c))
    upper, middle, lower = (line[200:] for line in lib.KC(h, lo, c))
    ours = compute("keltner", b)
    same(ours[1][200:], middle)
    np.testing.assert_allclose(ours[0][200:] - ours[2][200:], upper - lower, rtol=1e-5)


def test_the_first_bar_s_range_can_count_as_its_true_range():
    b = bars(60)
    (wide, early), late = ((compute(name, b, first=1) for name in ("true_range", "atr")), compute("atr", b))
    assert wide[0] == b["high"][0] - b["low"][0]
    assert early[13] == pytest.approx(wide[:14].mean())
    assert np.isnan(early[:13]).all()
    assert abs(early[59] - late[59]) < abs(early[14] - late[14])


def test_places_and_ratios_are_those_of_the_volatility_itself():
    b = bars(700, seed=5)
    own = compute("historical_volatility", b, sample=0, year=1)
    last = own[-252:]
    assert compute("volatility_rank", b)[-1] == pytest.approx((own[-1] - last.min()) / (last.max() - last.min()))
    assert compute("volatility_percentile", b)[-1] == pytest.approx(100 * (own[-253:-1] < own[-1]).mean())
    assert compute("volatility_of_volatility", b)[-1] == pytest.approx(own[-20:].std() / own[-20:].mean())
    short, long = (compute("historical_volatility", b, window=n, sample=0)[-1] for n in (10, 60))
    assert compute("volatility_term", b)[-1] == pytest.approx(short / long)
    width = compute("bollinger_width", b)[-125:]
    place = (width[-1] - width.min()) / (width.max() - width.min())
    assert compute("bollinger_width_rank", b)[-1] == pytest.approx(place)
    day, week, month = (one[-1] ** 2 / 252 for one in compute("har", b))
    square = np.diff(np.log(b["close"])) ** 2
    assert [day, week, month] == pytest.approx([square[-n:].mean() for n in (1, 5, 22)])


def test_ratios_of_ranges_are_those_of_the_ranges():
    b = bars(500, seed=6)
    usual = compute("atr", b)
    assert compute("atr_ratio", b)[-1] == pytest.approx(
        compute("atr", b, window=7)[-1] / compute("atr", b, window=49)[-1]
    )
    assert compute("relative_true_range", b)[-1] == pytest.approx(compute("true_range", b)[-1] / usual[-2])
    reading, average = compute("elder_thermometer", b)
    h, lo = b["high"], b["low"]
    assert reading[-1] == pytest.approx(max(h[-1] - h[-2], lo[-2] - lo[-1], 0.0))
    whole = np.maximum(np.maximum(np.diff(h), -np.diff(lo)), 0.0)
    np.testing.assert_allclose(average[22:], talib().EMA(whole, 22)[21:])


def test_bands_by_the_usual_range_lie_that_far_from_their_middle():
    b = bars(300, seed=7)
    upper, middle, lower = (line[-1] for line in compute("starc", b))
    usual = compute("atr", b, window=10)[-1]
    assert (middle, upper - middle, middle - lower) == pytest.approx((b["close"][-5:].mean(), 2 * usual, 2 * usual))
    upper, middle, lower = (line[-1] for line in compute("keltner", b, typical=0, width=1.0))
    assert (middle, upper - middle) == pytest.approx((talib().EMA(b["close"], 20)[-1], usual))
    place = compute("keltner_position", b, typical=0, width=1.0)[-1]
    assert place == pytest.approx((b["close"][-1] - lower) / (upper - lower))


def test_exponential_bands_recur_on_mean_and_variance():
    close = bars(200, seed=8)["close"]
    upper, middle, lower = compute("bollinger_ema", {"close": close}, window=5)
    mean, surprises, variance, weight = close[:5].mean(), [], None, 1 / 3
    for price in close[5:]:
        surprise = (1 - weight) * (price - mean) ** 2
        mean += weight * (price - mean)
        surprises.append(surprise)
        if variance is not None:
            variance += weight * (surprise - variance)
        elif len(surprises) == 5:
            variance = statistics.fmean(surprises)
    assert (middle[-1], upper[-1] - lower[-1]) == pytest.approx((mean, 4 * math.sqrt(variance)))


def test_falls_can_be_measured_from_the_high_of_each_bar_s_own_window():
    close = bars(80, seed=9)["close"]
    falls = [100 * (close[i] / close[i - 13 : i + 1].max() - 1) for i in range(66, 80)]
    found = compute("ulcer_index", {"close": close}, inside=0)
    assert found[-1] == pytest.approx(math.sqrt(_squares(falls)))


def test_estimators_find_the_volatility_that_made_the_bars():
    random = np.random.default_rng(3)
    path = np.cumsum(random.normal(0, 0.2 / math.sqrt(252 * 400), (1500, 400)), axis=1)
    start = np.concatenate([[0.0], np.cumsum(path[:, -1])[:-1]])[:, None]
    prices = 100 * np.exp(np.concatenate([start, path + start], axis=1))
    b = {"open": prices[:, 0], "high": prices.max(axis=1), "low": prices.min(axis=1), "close": prices[:, -1]}
    names = "historical_volatility parkinson garman_klass rogers_satchell yang_zhang garman_klass_yang_zhang "
    names += (
        "log_range_volatility absolute_volatility mad_volatility bipower_volatility minrv_volatility medrv_volatility"
    )
    for name in names.split():
        assert compute(name, b, window=1400)[-1] == pytest.approx(0.2, rel=0.09), name
    assert compute("range_efficiency", b, window=1400)[-1] == pytest.approx(1.0, abs=0.15)


def test_one_jump_hardly_counts_where_it_should_not():
    close = bars(60, seed=4)["close"].copy()
    jumped = close.copy()
    jumped[45:] *= 1.3
    for name, most in (("minrv_volatility", 1.8), ("medrv_volatility", 1.8), ("mad_volatility", 1.8)):
        before, after = (compute(name, {"close": one})[59] for one in (close, jumped))
        assert after < most * before, name
    assert (
        compute("historical_volatility", {"close": jumped})[59]
        > 3 * compute("historical_volatility", {"close": close})[59]
    )


HARD = {
    "none": {one: np.empty(0) for one in COLUMNS},
    "one": {one: np.array([5.0]) for one in COLUMNS},
    "constant": {one: np.full(600, 5.0) for one in COLUMNS},
    "zeros": {one: np.zeros(600) for one in COLUMNS},
    "negative": {one: -column for one, column in bars(600).items()},
    "unknown": {one: np.full(600, np.nan) for one in COLUMNS},
    "halted": {one: np.concatenate([column[:300], np.full(300, 7.0)]) for one, column in bars(300).items()},
    "infinite": {one: np.where(np.arange(600) == 300, np.inf, column) for one, column in bars(600).items()},
}


@pytest.mark.parametrize("kind", HARD)
def test_bad_bars_never_give_infinity_nor_leave_the_bounds(kind):
    for name, one in VOLATILITY.indicators().items():
        for output, values in zip(one.spec.outputs, one.compute(HARD[kind]), strict=True):
            low, high = one.spec.bounds[output]
            assert len(values) == len(HARD[kind]["close"])
            assert not np.isinf(values).any()
            if kind != "negative":
                assert not ((values < low) | (values > high)).any(), (name, output)


def test_a_price_that_stands_still_has_no_volatility_at_all():
    for name in ("historical_volatility", "parkinson", "yang_zhang", "bollinger_width", "atr", "ulcer_index"):
        assert compute(name, HARD["halted"])[-1] == pytest.approx(0.0, abs=1e-7 if name == "atr" else 0.0), name
    for name in ("bollinger_percent", "keltner_position", "narrow_range", "volatility_rank", "bollinger_width_rank"):
        assert compute(name, HARD["constant"])[-1] == 0.5, name
    assert np.isnan(compute("volatility_term", HARD["constant"])).all()


@pytest.mark.parametrize("unit", [1e-12, 1e12])
def test_tiny_and_huge_prices_give_the_same(unit):
    b = bars(700)
    scaled = {one: column * unit for one, column in b.items()}
    for name, one in VOLATILITY.indicators().items():
        factor = unit if one.spec.scale == "price" else 1.0
        for usual, other in zip(one.compute(b), one.compute(scaled), strict=True):
            largest = np.nanmax(np.abs(usual))
            np.testing.assert_allclose(other / factor, usual, rtol=1e-7, atol=1e-9 * largest, err_msg=name)


def test_what_remembers_few_bars_recovers_from_a_gap():
    b = {one: column.copy() for one, column in bars(900).items()}
    for column in b.values():
        column[50] = np.nan
    for name, one in VOLATILITY.indicators().items():
        after = 51 + one.memory()
        assert name.startswith("volatility_ratio") or not any(
            np.isnan(values[after:]).any() for values in one.compute(b)
        ), name


def test_bar_by_bar_is_as_all_at_once():
    b = bars(120)
    names = ("atr", "bollinger", "historical_volatility", "ulcer_index")
    stream = Stream(names)
    rows = [stream.push({one: column[bar] for one, column in b.items()}) for bar in range(120)]
    for name in names:
        found = VOLATILITY.indicators()[name].compute(b)
        np.testing.assert_allclose([row[name] for row in rows], np.array(found).T, rtol=1e-9)


@given(
    values=st.lists(st.floats(-1e6, 1e6) | st.just(math.nan), max_size=40),
    window=st.integers(1, 17),
    base=st.sampled_from([0.0, 1e9]),
)
@settings(deadline=None)
def test_sums_and_moments_of_windows_are_their_definitions(values, window, base):
    shifted = np.array(values, float) + base
    total, (average, variance) = sums(shifted, window), moments(shifted, window)
    for bar in range(len(shifted)):
        last = shifted[max(bar - window + 1, 0) : bar + 1]
        if len(last) < window or np.isnan(last).any():
            assert np.isnan([total[bar], average[bar], variance[bar]]).all()
            continue
        largest = max(abs(last).max(), 1e-300)
        assert total[bar] == pytest.approx(math.fsum(last), rel=1e-13, abs=1e-14 * largest * window)
        assert average[bar] == pytest.approx(math.fsum(last) / window, rel=1e-13, abs=1e-14 * largest)
        assert variance[bar] == pytest.approx(last.var(), rel=1e-6, abs=1e-28 * largest * largest * window)
        if (last == last[0]).all():
            assert variance[bar] == 0.0


def test_runs_begin_anew_after_a_gap():
    values = np.array([1.0, 2.0, np.nan, 4.0, 5.0, 6.0])
    (found,) = runs(np.cumsum, values)
    np.testing.assert_array_equal(found, [1, 3, np.nan, 4, 9, 15])
    one, two = runs(lambda x: (x, -x), values, outputs=2)
    np.testing.assert_array_equal(one, -two)
    assert all(np.isnan(part).all() for part in runs(lambda x: (x, x), np.full(3, np.nan), outputs=2))
