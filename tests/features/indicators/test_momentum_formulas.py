"""Each indicator against its definition, written down bar by bar in plain Python."""

import math
import statistics
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ara.features.families import MOMENTUM
from ara.features.indicators.momentum import derived, terms
from ara.features.loops import compiled

ALL = MOMENTUM.indicators()
NAN = math.nan


def _bars(count, seed):
    random = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(np.where(random.random(count) < 0.1, 0, random.standard_t(4, count) * 0.01)))
    opened = close * np.exp(random.normal(0, 0.002, count))
    high = np.maximum(opened, close) * np.exp(np.abs(random.normal(0, 0.004, count)))
    low = np.minimum(opened, close) * np.exp(-np.abs(random.normal(0, 0.004, count)))
    return {"open": opened, "high": high, "low": low, "close": close}


def each(function, window, *series):
    """Apply a function to the windows of series, and give NaN where one isn't whole or known."""
    out = []
    for t in range(len(series[0])):
        parts = [one[t - window + 1 : t + 1] for one in series] if t + 1 >= window else []
        known = parts and not any(math.isnan(value) for part in parts for value in part)
        out.append(function(*parts) if known else NAN)
    return out


def sma(values, n):
    return each(lambda part: sum(part) / n, n, values)


def wma(values, weights):
    return each(
        lambda part: sum(w * v for w, v in zip(weights, part, strict=True)) / sum(weights), len(weights), values
    )


def smooth(values, n, weight):
    out, state, seen = [], 0.0, []
    for value in values:
        if math.isnan(value):
            out.append(NAN)
            continue
        seen.append(value)
        state = sum(seen) / n if len(seen) <= n else state + weight * (value - state)
        out.append(state if len(seen) >= n else NAN)
    return out


def ema(values, n):
    return smooth(values, n, 2 / (n + 1))


def rma(values, n):
    return smooth(values, n, 1 / n)


def diff(values, n=1):
    return [NAN] * min(n, len(values)) + [values[t] - values[t - n] for t in range(n, len(values))]


def lag(values, n=1):
    return [NAN] * min(n, len(values)) + list(values[: max(len(values) - n, 0)])


def mix(function, *series):
    return [NAN if any(math.isnan(v) for v in row) else function(*row) for row in zip(*series, strict=True)]


def over(a, b, otherwise=0.0):
    return mix(lambda x, y: x / y if y else otherwise, a, b)


def strength(values, n):
    ups = rma([max(d, 0.0) if d == d else d for d in values], n)
    downs = rma([max(-d, 0.0) if d == d else d for d in values], n)
    return mix(lambda u, d: 100 * u / (u + d) if u + d else 50.0, ups, downs)


def rsi(close, n):
    return strength(diff(close), n)


def stand(values, high, low, n):
    def place(value, top, bottom):
        reach = max(top) - min(bottom)
        return 100 * (value[-1] - min(bottom)) / reach if reach else 50.0

    return each(place, n, values, high, low)


def line_end(values, n):
    def end(part):
        middle = (n - 1) / 2
        slope = sum((i - middle) * v for i, v in enumerate(part)) / sum((i - middle) ** 2 for i in range(n))
        return sum(part) / n + slope * middle

    return each(end, n, values)


def connors_rsi(b):
    close, run, streak = b["close"], 0, []
    for t, value in enumerate(close):
        step = 0 if t == 0 else (value > close[t - 1]) - (value < close[t - 1])
        run = 0 if step == 0 else run + step if run * step > 0 else step
        streak.append(float(run))
    rate = [NAN] + [100 * (close[t] / close[t - 1] - 1) for t in range(1, len(close))]
    rank = each(lambda part: sum(v < part[-1] for v in part[:-1]), 101, rate)
    return [mix(lambda x, y, z: (x + y + z) / 3, rsi(close, 3), rsi(streak, 2), rank)]


def rmi(b):
    return [strength(diff(b["close"], 5), 20)]


def rsx(b):
    k, state = 3 / 16, [[0.0] * 6, [0.0] * 6]
    out, before = [], None
    for t, value in enumerate(b["close"]):
        step = 0.0 if before is None else value - before
        before, ends = value, []
        for part, pushed in zip(state, (step, abs(step)), strict=True):
            x = pushed
            for stage in range(0, 6, 2):
                part[stage] += k * (x - part[stage])
                part[stage + 1] += k * (part[stage] - part[stage + 1])
                x = 1.5 * part[stage] - 0.5 * part[stage + 1]
            ends.append(x)
        out.append(NAN if t < 14 else 50 + 50 * min(max(ends[0] / ends[1], -1), 1) if ends[1] > 0 else 50.0)
    return [out]


def laguerre_rsi(b):
    g, levels, out = 0.5, None, []
    for t, value in enumerate(b["close"]):
        old = levels or [value] * 4
        levels = [(1 - g) * value + g * old[0]]
        for k in range(1, 4):
            levels.append(-g * levels[k - 1] + old[k - 1] + g * old[k])
        steps = [levels[k] - levels[k + 1] for k in range(3)]
        up, way = sum(max(s, 0) for s in steps), sum(abs(s) for s in steps)
        out.append(NAN if t < 3 else 100 * up / way if way > 1e-12 * value else 50.0)
    return [out]


def rsi_hann(b):
    def ratio(part):
        w = [1 - math.cos(2 * math.pi * i / 15) for i in range(1, 15)]
        way = sum(a * abs(d) for a, d in zip(w, part, strict=True))
        return sum(a * d for a, d in zip(w, part, strict=True)) / way if way else 0.0

    return [each(ratio, 14, diff(b["close"]))]


def dynamic_momentum(b):
    close = list(b["close"])
    sizes = each(statistics.pstdev, 5, close)
    usual, step, out = sma(sizes, 10), diff(close), []
    for t in range(len(close)):
        if t < 30:
            out.append(NAN)
            continue
        bars = min(max(math.floor(14 * usual[t] / sizes[t]), 5), 30) if sizes[t] else 14
        part = step[t - bars + 1 : t + 1]
        way = sum(map(abs, part))
        out.append(50 + 50 * sum(part) / way if way else 50.0)
    return [out]


def double_stochastic(b):
    first = ema(stand(b["close"], b["high"], b["low"], 13), 8)
    return [ema(stand(first, first, first, 13), 8)]


def premier_stochastic(b):
    s = ema(ema([(v - 50) / 10 for v in stand(b["close"], b["high"], b["low"], 8)], 5), 5)
    return [mix(lambda v: (math.exp(v) - 1) / (math.exp(v) + 1), s)]


def super_smooth(values, period, first):
    decay = math.exp(-math.sqrt(2) * math.pi / period)
    b, c = 2 * decay * math.cos(math.sqrt(2) * math.pi / period), -decay * decay
    x1 = y1 = y2 = first
    out = []
    for x in values:
        y = (1 - b - c) * (x + x1) / 2 + b * y1 + c * y2
        x1, y1, y2 = x, y, y1
        out.append(y)
    return out


def mesa_stochastic(b):
    close = b["close"]
    angle = 0.5 * math.sqrt(2) * 2 * math.pi / 48
    a = (math.cos(angle) + math.sin(angle) - 1) / math.cos(angle)
    trendless = []
    for t in range(len(close)):
        x1, x2 = close[max(t - 1, 0)], close[max(t - 2, 0)]
        y1, y2 = (trendless[t - 1] if t > 0 else 0), (trendless[t - 2] if t > 1 else 0)
        trendless.append((1 - a / 2) ** 2 * (close[t] - 2 * x1 + x2) + 2 * (1 - a) * y1 - (1 - a) ** 2 * y2)
    wave = super_smooth(trendless, 10, 0.0)
    return [[NAN] * 21 + super_smooth(stand(wave, wave, wave, 20)[21:], 10, 50.0)]


def rate(close, n):
    return [NAN] * n + [100 * (close[t] / close[t - n] - 1) for t in range(n, len(close))]


def kst(b):
    parts = [sma(rate(b["close"], n), m) for n, m in ((10, 10), (15, 10), (20, 10), (30, 15))]
    line = mix(lambda p, q, r, s: p + 2 * q + 3 * r + 4 * s, *parts)
    return [line, sma(line, 9)]


def pmo(b):
    line = smooth([10 * v for v in smooth(rate(b["close"], 1), 34, 2 / 35)], 19, 2 / 20)
    return [line, ema(line, 10)]


def roc_bands(b):
    r = rate(b["close"], 20)
    band = each(lambda part: math.sqrt(sum(v * v for v in part) / 5), 5, r)
    return [r, ema(r, 5), band, [-v for v in band]]


def momentum_12_1(b):
    return [mix(lambda x, y: x / y - 1, lag(b["close"], 21), lag(b["close"], 252))]


def tsmom(b):
    logs = [math.log(v) for v in b["close"]]
    variance = rma([d * d for d in diff(logs)], 61)
    return [mix(lambda move, v: move / math.sqrt(v * 252), diff(logs, 252), variance)]


def nearness_to_high(b):
    return [each(lambda high, close: close[-1] / max(high), 252, b["high"], b["close"])]


def information_discreteness(b):
    def spread(part):
        rises = sum(y > x for x, y in pairwise(part))
        falls = sum(y < x for x, y in pairwise(part))
        return (int(part[-1] > part[0]) - int(part[-1] < part[0])) * (falls - rises) / 252

    return [each(spread, 253, b["close"])]


def disparity(b):
    return [mix(lambda c, m: 100 * (c / m - 1), b["close"], sma(b["close"], 14))]


def true_range(b):
    rows = zip(b["high"], b["low"], lag(b["close"]), strict=True)
    return [max(h - lo, abs(h - c), abs(lo - c)) if c == c else NAN for h, lo, c in rows]


def pgo(b):
    return [mix(lambda c, m, r: (c - m) / r, b["close"], sma(b["close"], 14), ema(true_range(b), 14))]


def anchored_momentum(b):
    return [mix(lambda e, m: 100 * (e / m - 1), ema(b["close"], 7), sma(b["close"], 21))]


def wavetrend(b):
    price = mix(lambda h, lo, c: (h + lo + c) / 3, b["high"], b["low"], b["close"])
    away = mix(lambda p, e: p - e, price, ema(price, 10))
    usual = ema([abs(v) for v in away], 10)
    line = ema(mix(lambda a, d: a / (0.015 * d), away, usual), 21)
    return [line, sma(line, 4)]


def psy(b):
    return [each(lambda part: 100 * sum(v > 0 for v in part) / 12, 12, diff(b["close"]))]


def center_of_gravity(b):
    def centre(part):
        return 5.5 - sum((10 - i) * v for i, v in enumerate(part)) / sum(part)

    return [each(centre, 10, mix(lambda h, lo: (h + lo) / 2, b["high"], b["low"]))]


def rvgi(b):
    body = wma(mix(lambda o, c: c - o, b["open"], b["close"]), [1, 2, 2, 1])
    reach = wma(mix(lambda h, lo: h - lo, b["high"], b["low"]), [1, 2, 2, 1])
    line = over(each(sum, 10, body), each(sum, 10, reach))
    return [line, wma(line, [1, 2, 2, 1])]


def brar(b):
    before = lag(b["close"])
    ar = over(
        each(sum, 26, mix(lambda h, o: h - o, b["high"], b["open"])),
        each(sum, 26, mix(lambda o, lo: o - lo, b["open"], b["low"])),
    )
    up = mix(lambda h, c: max(h - c, 0), b["high"], before)
    down = mix(lambda lo, c: max(c - lo, 0), b["low"], before)
    return [[100 * v for v in ar], [100 * v for v in over(each(sum, 26, up), each(sum, 26, down))]]


def swing_index(b):
    out = [NAN] if len(b["close"]) else []
    for t in range(1, len(b["close"])):
        o, h, lo, c = (b[name][t] for name in ("open", "high", "low", "close"))
        o1, c1 = b["open"][t - 1], b["close"][t - 1]
        up, down, reach = abs(h - c1), abs(lo - c1), h - lo
        largest = max(up, down, reach)
        r = up - down / 2 if largest == up else down - up / 2 if largest == down else reach
        net = c - c1 + (c - o) / 2 + (c1 - o1) / 4
        out.append(50 * net / (r + abs(c1 - o1) / 4) * max(up, down) / (0.1 * c1))
    return [out]


def asi(b):
    (swings,) = swing_index(b)
    return [swings[:1] + [sum(swings[1 : t + 1]) for t in range(1, len(swings))]]


def wad(b):
    out, total = [], 0.0
    for t, close in enumerate(b["close"]):
        before = b["close"][t - 1] if t else close
        top, bottom = max(b["high"][t], before), min(b["low"][t], before)
        total += close - bottom if close > before else close - top if close < before else 0.0
        out.append(total)
    return [out]


def demarker(b):
    up = each(sum, 14, [max(d, 0) if d == d else d for d in diff(b["high"])])
    down = each(sum, 14, [max(-d, 0) if d == d else d for d in diff(b["low"])])
    return [mix(lambda u, d: u / (u + d) if u + d else 0.5, up, down)]


def td_rei(b):
    h, lo, c = b["high"], b["low"], b["close"]
    moves, ways = [NAN] * min(8, len(c)), [NAN] * min(8, len(c))
    for t in range(8, len(c)):
        n = not (h[t - 2] < c[t - 7] and h[t - 2] < c[t - 8] and h[t] < h[t - 5] and h[t] < h[t - 6])
        m = not (lo[t - 2] > c[t - 7] and lo[t - 2] > c[t - 8] and lo[t] > lo[t - 5] and lo[t] > lo[t - 6])
        moves.append(n * m * (h[t] - h[t - 2] + lo[t] - lo[t - 2]))
        ways.append(abs(h[t] - h[t - 2]) + abs(lo[t] - lo[t - 2]))
    return [[100 * v for v in over(each(sum, 5, moves), each(sum, 5, ways))]]


def td_setup(b):
    ups, downs, up, down = [], [], 0, 0
    for t, value in enumerate(b["close"]):
        if t < 4:
            ups.append(NAN)
            downs.append(NAN)
            continue
        up = up + 1 if value > b["close"][t - 4] else 0
        down = down + 1 if value < b["close"][t - 4] else 0
        ups.append(min(up, 9))
        downs.append(min(down, 9))
    return [ups, downs]


def fisher(b):
    middle = mix(lambda h, lo: (h + lo) / 2, b["high"], b["low"])
    value, line, out = 0.0, 0.0, []
    for place in stand(middle, middle, middle, 10):
        if place != place:
            out.append(NAN)
            continue
        value = 0.66 * (place / 100 - 0.5) + 0.67 * value
        value = math.copysign(0.999, value) if abs(value) > 0.99 else value
        line = 0.5 * math.log((1 + value) / (1 - value)) + 0.5 * line
        out.append(line)
    return [out, lag(out)]


def cyber_cycle(b):
    s = wma(mix(lambda h, lo: (h + lo) / 2, b["high"], b["low"]), [1, 2, 2, 1])[3:]
    a, out = 0.07, []
    for t in range(len(s)):
        bend = s[t] - 2 * s[t - 1] + s[t - 2] if t >= 2 else s[t] - s[t - 1] - 0 if t == 1 else 0.0
        y1, y2 = (out[t - 1] if t > 0 else 0.0), (out[t - 2] if t > 1 else 0.0)
        out.append((1 - a / 2) ** 2 * bend + 2 * (1 - a) * y1 - (1 - a) ** 2 * y2)
    line = [NAN] * min(3, len(b["high"])) + out
    return [line, lag(line)]


def even_better_sinewave(b):
    close, angle = b["close"], 2 * math.pi / 40
    a, high = (1 - math.sin(angle)) / math.cos(angle), []
    for t in range(len(close)):
        step = close[t] - close[t - 1] if t else 0.0
        high.append((1 + a) / 2 * step + a * (high[t - 1] if t else 0.0))
    wave = super_smooth(high, 10, 0.0)
    return [each(lambda f: sum(f) / 3 / math.sqrt(sum(v * v for v in f) / 3) if any(f) else 0.0, 3, wave)]


def correlation_trend(b):
    def correlated(part):
        return statistics.correlation(part, range(20)) if len(set(part)) > 1 else 0.0

    return [each(correlated, 20, list(b["close"]))]


def squeeze(b):
    ratio = over(
        [2 * v for v in each(statistics.pstdev, 20, list(b["close"]))], [1.5 * v for v in sma(true_range(b), 20)], 1.0
    )
    return [mix(lambda r: float(r < 1), ratio), ratio]


def squeeze_momentum(b):
    top, bottom = each(max, 20, b["high"]), each(min, 20, b["low"])
    away = mix(lambda c, h, lo, m: c - ((h + lo) / 2 + m) / 2, b["close"], top, bottom, sma(b["close"], 20))
    return [line_end(away, 20)]


def inertia(b):
    size, step = each(statistics.pstdev, 10, list(b["close"])), diff(b["close"])
    return [line_end(strength(mix(lambda s, d: s * ((d > 0) - (d < 0)), size, step), 14), 20)]


def inverse_fisher_rsi(b):
    v = wma([0.1 * (r - 50) for r in rsi(b["close"], 5)], range(1, 10))
    return [mix(lambda x: (math.exp(2 * x) - 1) / (math.exp(2 * x) + 1), v)]


def derivative_oscillator(b):
    e = ema(ema(rsi(b["close"], 14), 5), 3)
    return [mix(lambda x, y: x - y, e, sma(e, 9))]


def composite_index(b):
    return [mix(lambda x, y: x + y, diff(rsi(b["close"], 14), 9), sma(rsi(b["close"], 3), 3))]


def qqe(b):
    line = ema(rsi(b["close"], 14), 5)
    width = [4.236 * v for v in ema(ema([abs(v) for v in diff(line)], 27), 27)]
    level, long, short, trend = [], NAN, NAN, 1
    for t, (now, away) in enumerate(zip(line, width, strict=True)):
        if away != away:
            level.append(NAN)
            continue
        fresh = long != long
        trend = 1 if fresh or now > short else -1 if now < long else trend
        before = line[t - 1]
        long = max(long, now - away) if not fresh and before > long and now > long else now - away
        short = min(short, now + away) if not fresh and before < short and now < short else now + away
        level.append(long if trend == 1 else short)
    return [line, level]


DEFINED = [
    *(connors_rsi, rmi, rsx, laguerre_rsi, rsi_hann, dynamic_momentum, double_stochastic, premier_stochastic),
    *(mesa_stochastic, kst, pmo, roc_bands, disparity, pgo, anchored_momentum, wavetrend, psy, center_of_gravity),
    *(rvgi, brar, swing_index, asi, wad, demarker, td_rei, td_setup, fisher, cyber_cycle, even_better_sinewave),
    *(correlation_trend, squeeze, squeeze_momentum, inertia, inverse_fisher_rsi, derivative_oscillator),
    *(composite_index, qqe, momentum_12_1, tsmom, nearness_to_high, information_discreteness),
]


@pytest.mark.parametrize("definition", DEFINED, ids=lambda one: one.__name__)
@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000), count=st.integers(60, 330))
def test_it_is_its_definition(definition, seed, count):
    one = ALL[definition.__name__]
    count += one.warmup() if one.warmup() > 200 else 0
    bars = _bars(count, seed)
    expected = definition({name: column.tolist() for name, column in bars.items()})
    for output, found, wanted in zip(one.spec.outputs, one.compute(bars), expected, strict=True):
        wanted = np.array([NAN if t < one.warmup() else value for t, value in enumerate(wanted)], float)
        size = np.nanmax(np.abs(wanted), initial=0.0) if np.isfinite(wanted).any() else 0.0
        np.testing.assert_allclose(found, wanted, rtol=1e-7, atol=1e-8 * size, err_msg=output)


def test_a_steady_rise_brings_the_fisher_transform_to_its_cap():
    bars = {name: np.concatenate((np.arange(100.0, 160.0), np.arange(160.0, 90.0, -1.0))) for name in ("high", "low")}
    line, trigger = ALL["fisher"].compute(bars)
    wanted, before = fisher({name: column.tolist() for name, column in bars.items()})
    np.testing.assert_allclose(line[10:], wanted[10:], rtol=1e-9)
    np.testing.assert_allclose(trigger[10:], before[10:], rtol=1e-9)
    assert np.nanmax(line) == pytest.approx(math.log(1.999 / 0.001), rel=1e-3)


def _seeded_once(values, n):
    return smooth(values, 1, 2 / (n + 1))


def test_exponential_means_may_begin_with_the_first_value():
    close = _bars(200, 1)["close"]
    quick, slow = _seeded_once(close, 12), _seeded_once(close, 26)
    (found,) = ALL["apo"].compute({"close": close}, seeded=0)
    np.testing.assert_allclose(found, np.subtract(quick, slow), atol=1e-10)
    line, signal, histogram = ALL["ppo"].compute({"close": close}, seeded=0)
    wanted = 100 * (np.array(quick) / slow - 1)
    np.testing.assert_allclose(line, wanted, atol=1e-10)
    np.testing.assert_allclose(signal, _seeded_once(wanted, 9), atol=1e-10)
    np.testing.assert_allclose(histogram, line - signal, atol=1e-12)
    step = diff(close)
    net = _seeded_once(_seeded_once(step, 25), 13)
    way = _seeded_once(_seeded_once(np.abs(step), 25), 13)
    line, signal = ALL["tsi"].compute({"close": close}, seeded=0)
    np.testing.assert_allclose(line, 100 * np.divide(net, way), atol=1e-9)
    np.testing.assert_allclose(signal, _seeded_once(line, 7), atol=1e-9)


def test_relative_strength_may_begin_with_nothing():
    close = _bars(60, 2)["close"]
    up = down = 0.0
    for bar, step in enumerate(np.diff(close), 1):
        up, down = (13 * up + max(step, 0)) / 14, (13 * down + max(-step, 0)) / 14
        found = ALL["rsi"].compute({"close": close}, seeded=0)[0][bar]
        assert found == pytest.approx(100 * up / (up + down) if up + down else 50.0)


def test_wilder_s_plain_and_smoothed_strength_differ_from_chande_s_only_in_scale():
    close = _bars(200, 3)["close"]
    (smoothed,), (plain,) = (ALL["cmo"].compute({"close": close}, smoothed=one) for one in (1, 0))
    np.testing.assert_allclose(ALL["rsi"].compute({"close": close})[0], 50 + smoothed / 2, atol=1e-10)
    np.testing.assert_allclose(ALL["cutler_rsi"].compute({"close": close})[0], 50 + plain / 2, atol=1e-10)


def test_a_causal_dpo_knows_a_bar_only_half_a_window_later():
    close = _bars(120, 4)["close"]
    (found,) = ALL["dpo"].compute({"close": close}, window=14)
    usual = np.convolve(close, np.ones(14) / 14, "valid")
    centred = close[5 : 5 + len(usual)] - usual
    np.testing.assert_allclose(found[13:], centred, atol=1e-10)
    changed = close.copy()
    changed[100:] *= 2
    np.testing.assert_array_equal(ALL["dpo"].compute({"close": changed}, window=14)[0][:100], found[:100])


@pytest.mark.parametrize(
    ("kernel", "arguments"),
    [
        (terms._recur, (0.67, 0.0, 0.0, 0.0, 0.99, 0.999)),
        (terms._recur, (1.6, -0.7, 2.0, 1.0, math.inf, math.inf)),
        (derived._trail, (np.random.default_rng(8).uniform(1, 9, 300), 7)),
        (derived._trail, (np.random.default_rng(8).uniform(1, 9, 300), 300)),
    ],
)
def test_loops_give_the_same_compiled_and_as_written(kernel, arguments):
    values = 0.4 * np.cumsum(np.random.default_rng(9).normal(0, 1, 300))
    found = np.full((2, 1, 300), np.nan)
    for run, out in zip((compiled(kernel), kernel), found, strict=True):
        run(values, *arguments, out)
    np.testing.assert_allclose(found[0], found[1], rtol=1e-12)
