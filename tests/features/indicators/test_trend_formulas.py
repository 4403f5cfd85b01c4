"""Each indicator that TA-Lib lacks against its definition, bar by bar in plain Python."""

import math
from itertools import pairwise
from statistics import fmean, median

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ara.features.families import TREND

ALL = TREND.indicators()
COUNT = 90
SEEDS = st.integers(0, 10_000)


def _bars(seed, count=COUNT, rounded=None):
    random = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(random.standard_t(4, count) * 0.01))
    opened = close * np.exp(random.normal(0, 0.002, count))
    high = np.maximum(opened, close) * np.exp(np.abs(random.normal(0, 0.004, count)))
    low = np.minimum(opened, close) * np.exp(-np.abs(random.normal(0, 0.004, count)))
    bars = {"open": opened, "high": high, "low": low, "close": close}
    if rounded is not None:
        bars = {name: np.round(column, rounded) for name, column in bars.items()}
    return bars | {"volume": np.floor(random.lognormal(5, 1, count))}


def _same(name, bars, expected, output=0, **params):
    found = ALL[name].compute(bars, **params)[output]
    start = ALL[name].warmup(**params)
    np.testing.assert_allclose(found[start:], expected[start:], rtol=1e-8, atol=1e-8)


def _rolled(figure, window, *columns):
    """Apply a figure to the last bars of each column."""
    out = [math.nan] * len(columns[0])
    for bar in range(window - 1, len(out)):
        out[bar] = figure(*(list(column[bar - window + 1 : bar + 1]) for column in columns))
    return out


def _mean(values, window):
    return _rolled(fmean, window, values)


def _eased(values, weight, seed):
    known = [bar for bar, value in enumerate(values) if not math.isnan(value)]
    out = [math.nan] * len(values)
    if len(known) < seed:
        return out
    line = fmean(values[bar] for bar in known[:seed])
    out[known[seed - 1]] = line
    for bar in known[seed:]:
        line += weight * (values[bar] - line)
        out[bar] = line
    return out


def _ema(values, window):
    return _eased(values, 2 / (window + 1), window)


def _atr(bars, window):
    high, low, close = bars["high"], bars["low"], bars["close"]
    ranges = [math.nan] + [max(high[i], close[i - 1]) - min(low[i], close[i - 1]) for i in range(1, len(close))]
    return np.array(_eased(ranges, 1 / window, window))


def _weights(name, n):
    if name == "sinwma":
        return [math.sin(math.pi * (i + 1) / (n + 1)) for i in range(n)]
    if name == "swma":
        return [math.comb(n - 1, i) for i in range(n)]
    return [math.exp(-((i - 0.85 * (n - 1)) ** 2) / (2 * (n / 6) ** 2)) for i in range(n)]


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS, window=st.integers(2, 20))
def test_means_of_fixed_weights(seed, window):
    bars = _bars(seed)
    close, volume = bars["close"], bars["volume"]
    for name in ("sinwma", "swma", "alma"):
        weights = _weights(name, window)
        expected = _rolled(lambda part, w=weights: float(np.dot(part, w)) / sum(w), window, close)
        _same(name, bars, expected, window=window)
    _same("median_average", bars, _rolled(median, window, close), window=window)
    line = _rolled(lambda part: np.polyval(np.polyfit(range(window), part, 1), window - 1), window, close)
    _same("lsma", bars, line, window=window)
    traded = _rolled(lambda c, v: sum(x * y for x, y in zip(c, v, strict=True)) / sum(v), window, close, volume)
    _same("vwma", bars, traded, window=window)
    quiet = bars | {"volume": np.zeros(COUNT)}
    _same("vwma", quiet, _mean(close, window), window=window)


def _recurred(close, b, a, begun=2):
    out = []
    for bar, x in enumerate(close):
        old = [close[bar - k] for k in range(1, 3)] if bar >= 2 else []
        known = begun > bar
        out.append(x if known else b[0] * x + b[1] * old[0] + b[2] * old[1] + a[0] * out[-1] + a[1] * out[-2])
    return out


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS, period=st.integers(4, 40))
def test_filters_of_ehlers(seed, period):
    bars = _bars(seed)
    close = bars["close"].tolist()
    decay = math.exp(-math.sqrt(2) * math.pi / period)
    c2, c3 = 2 * decay * math.cos(math.sqrt(2) * math.pi / period), -decay * decay
    gain = 1 - c2 - c3
    _same("super_smoother", bars, _recurred(close, (gain / 2, gain / 2, 0), (c2, c3)), period=period)
    a = 2 / (period + 1)
    trend = _recurred(close, (a - a * a / 4, a * a / 2, 0.75 * a * a - a), (2 * (1 - a), -((1 - a) ** 2)))
    _same("instant_trendline", bars, trend, weight=a)
    trigger = [math.nan] * 2 + [2 * trend[i] - trend[i - 2] for i in range(2, COUNT)]
    _same("instant_trendline", bars, trigger, 1, weight=a)
    parts, chained = [[x] * 4 for x in close[:1]], []
    for x in close:
        last, now = parts[-1], [(1 - 0.8) * x + 0.8 * parts[-1][0]]
        for k in range(1, 4):
            now.append(-0.8 * now[k - 1] + last[k - 1] + 0.8 * last[k])
        parts.append(now)
        chained.append((now[0] + 2 * now[1] + 2 * now[2] + now[3]) / 6)
    _same("laguerre", bars, chained)
    angle = 2 * math.pi / (period + 4)
    alpha = (math.cos(angle) + math.sin(angle) - 1) / math.cos(angle)
    high_pass = [0.0, (close[1] - close[0]) / 2]
    for bar in range(2, COUNT):
        high_pass.append((1 - alpha / 2) * (close[bar] - close[bar - 1]) + (1 - alpha) * high_pass[-1])
    _same("decycler", bars, [x - h for x, h in zip(close, high_pass, strict=True)], period=period + 4)


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS, window=st.integers(4, 20))
def test_flexes(seed, window):
    bars = _bars(seed)
    line = ALL["super_smoother"].compute(bars, period=max(window // 2, 3))[0]
    if window // 2 < 3 or window % 2:
        return
    for name in ("trendflex", "reflex"):
        power, expected = None, [math.nan] * COUNT
        for bar in range(window, COUNT):
            slope = (line[bar - window] - line[bar]) / window if name == "reflex" else 0.0
            moved = fmean(line[bar] + i * slope - line[bar - i] for i in range(1, window + 1))
            power = moved * moved if power is None else 0.04 * moved * moved + 0.96 * power
            expected[bar] = moved / math.sqrt(power)
        _same(name, bars, expected, window=window)


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS, window=st.integers(2, 20), k=st.floats(0, 3), trend=st.floats(0.01, 1))
def test_regular_and_holt(seed, window, k, trend):
    bars = _bars(seed)
    close, a = bars["close"].tolist(), 2 / (window + 1)
    line = close[:2]
    for x in close[2:]:
        line.append((line[-1] + a * (x - line[-1]) + k * (2 * line[-1] - line[-2])) / (1 + k))
    _same("rema", bars, line, window=window, straight=k)
    level, slope, lines = close[1], close[1] - close[0], close[:2]
    for x in close[2:]:
        before, level = level, a * x + (1 - a) * (level + slope)
        slope = trend * (level - before) + (1 - trend) * slope
        lines.append(level)
    _same("holt_average", bars, lines, level=a, trend=trend)


def _follow(values, weights, start):
    out = [math.nan] * len(values)
    out[start] = line = values[start]
    for bar in range(start + 1, len(values)):
        line += weights[bar] * (values[bar] - line)
        out[bar] = line
    return out


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS, window=st.integers(2, 20), fast=st.integers(1, 5), slow=st.integers(10, 40))
def test_means_with_a_pace_of_their_own(seed, window, fast, slow):
    bars = _bars(seed)
    close, volume = bars["close"].tolist(), bars["volume"].tolist()
    straight = [math.nan] * window + [
        abs(close[i] - close[i - window]) / sum(abs(close[j] - close[j - 1]) for j in range(i - window + 1, i + 1))
        for i in range(window, COUNT)
    ]
    _same("efficiency_ratio", bars, straight, window=window)
    quick, calm = 2 / (fast + 1), 2 / (slow + 1)
    weights = [(e * (quick - calm) + calm) ** 2 for e in straight]
    _same("kama", bars, _follow(close, weights, window - 1), window=window, fast=fast, slow=slow)
    ups = [math.nan] + [max(close[i] - close[i - 1], 0) for i in range(1, COUNT)]
    downs = [math.nan] + [max(close[i - 1] - close[i], 0) for i in range(1, COUNT)]
    up, down = (_rolled(sum, window, one) for one in (ups, downs))
    paces = [2 / (slow + 1) * abs(u - d) / (u + d) for u, d in zip(up, down, strict=True)]
    _same("vidya", bars, _follow(close, paces, window - 1), window=window, smooth=slow)
    shares = [v / s if s else 0.0 for v, s in zip(volume, _rolled(sum, window, volume), strict=True)]
    _same("evwma", bars, _follow(close, shares, window - 1), window=window)
    line = [close[0]]
    for x in close[1:]:
        line.append(line[-1] + (x - line[-1]) / max(0.6 * window * (x / line[-1]) ** 4, 1))
    _same("mcginley", bars, line, window=window)


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS, half=st.integers(2, 12))
def test_frama(seed, half):
    bars = _bars(seed)
    high, low = bars["high"], bars["low"]
    weights = [math.nan] * COUNT
    for bar in range(2 * half - 1, COUNT):
        parts = [slice(bar - half + 1, bar + 1), slice(bar - 2 * half + 1, bar - half + 1)]
        n1, n2 = ((high[part].max() - low[part].min()) / half for part in parts)
        whole = slice(bar - 2 * half + 1, bar + 1)
        n3 = (high[whole].max() - low[whole].min()) / (2 * half)
        dimension = (math.log(n1 + n2) - math.log(n3)) / math.log(2)
        weights[bar] = min(max(math.exp(-4.6 * (dimension - 1)), 0.01), 1.0)
    _same("frama", bars, _follow((high + low) / 2, weights, 2 * half - 1), window=2 * half)


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS, window=st.integers(3, 30), width=st.floats(0, 4))
def test_channels(seed, window, width):
    bars = _bars(seed)
    high, low, close = bars["high"], bars["low"], bars["close"]
    upper = [math.nan, *_rolled(max, window, high)[:-1]]
    lower = [math.nan, *_rolled(min, window, low)[:-1]]
    _same("donchian", bars, upper, 0, window=window, offset=1)
    _same("donchian", bars, lower, 2, window=window, offset=1)
    middle = np.array(_mean(close, window))
    _same("ma_envelope", bars, middle * (1 + width / 100), 0, window=window, percent=width)
    _same("ma_envelope", bars, middle * (1 - width / 100), 2, window=window, percent=width)

    def edge(part, side):
        fitted = np.polyval(np.polyfit(range(window), part, 1), range(window))
        return fitted[-1] + side * width * np.std(np.array(part) - fitted)

    for output, side in ((0, 1), (1, 0), (2, -1)):
        line = np.array(_rolled(lambda part, s=side: edge(part, s), window, close))
        found = ALL["linreg_channel"].compute(bars, window=window, width=width)[output]
        np.testing.assert_allclose(found, line, rtol=1e-7)

    def ranked(part):
        logs = np.log(part)
        slope, fit = np.polyfit(range(window), logs, 1)[0], np.corrcoef(range(window), logs)[0, 1] ** 2
        rate = min(math.exp(slope * 252) - 1, 1e6)
        return rate * fit, rate, fit

    for output in range(3):
        expected = _rolled(lambda part, o=output: ranked(part)[o], window, close)
        _same("clenow", bars, expected, output, window=window)


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS, span=st.integers(1, 4))
def test_charts(seed, span):
    bars = _bars(seed, rounded=0)
    high, low, close = bars["high"], bars["low"], bars["close"]
    bear, bull = [math.nan] * (2 * span), [math.nan] * (2 * span)
    for bar in range(2 * span, COUNT):
        turn, around = bar - span, [i for i in range(bar - 2 * span, bar + 1) if i != bar - span]
        bear.append(high[turn] if high[turn] > max(high[around]) else 0.0)
        bull.append(low[turn] if low[turn] < min(low[around]) else 0.0)
    _same("williams_fractal", bars, bear, 0, span=span)
    _same("williams_fractal", bars, bull, 1, span=span)
    for output, turns, column, extreme in ((0, bear, high, max), (1, bull, low, min)):
        lines = [math.nan] * (2 * span)
        for bar in range(2 * span, COUNT):
            known = [i for i in range(bar + 1) if i >= 2 * span and turns[i] and bar - (i - span) < 20]
            lines.append(turns[known[-1]] if known else extreme(column[max(bar - 19, 0) : bar + 1]))
        _same("fractal_chaos_bands", bars, lines, output, span=span, window=20)
    way, pivot, extreme, expected = 0, close[0], close[0], []
    for bar, x in enumerate(close):
        seen = close[: bar + 1]
        if way == 0:
            extreme = x
            if x >= seen.min() * 1.02:
                way, pivot = 1, seen.min()
            elif x <= seen.max() * 0.98:
                way, pivot = -1, seen.max()
        elif (way > 0 and x <= extreme * 0.98) or (way < 0 and x >= extreme * 1.02):
            way, pivot, extreme = -way, extreme, x
        else:
            extreme = max(extreme, x) if way > 0 else min(extreme, x)
        expected.append((pivot, extreme))
    for output in range(2):
        _same("zigzag", bars, [one[output] for one in expected], output, percent=2)


def test_ichimoku_shows_each_line_where_it_is_known():
    bars = _bars(1, count=200)
    tenkan, kijun, edge_a, edge_b, chikou = ALL["ichimoku"].compute(bars)
    high, low, close = bars["high"], bars["low"], bars["close"]

    def half(bar, window):
        part = slice(bar - window + 1, bar + 1)
        return (high[part].max() + low[part].min()) / 2

    for bar in (77, 120, 199):
        assert tenkan[bar] == half(bar, 9)
        assert kijun[bar] == half(bar, 26)
        assert edge_a[bar] == pytest.approx((half(bar - 26, 9) + half(bar - 26, 26)) / 2)
        assert edge_b[bar] == half(bar - 26, 52)
        assert chikou[bar] == close[bar]
        cloud, thickness, momentum, past = (one[bar] for one in ALL["ichimoku_position"].compute(bars))
        assert cloud == pytest.approx(1 - (edge_a[bar] + edge_b[bar]) / 2 / close[bar])
        assert thickness == pytest.approx((edge_a[bar] - edge_b[bar]) / close[bar])
        assert momentum == pytest.approx((tenkan[bar] - kijun[bar]) / close[bar])
        assert past == pytest.approx(1 - close[bar - 26] / close[bar])


def test_the_alligator_and_its_gator():
    bars = _bars(2)
    middle = (bars["high"] + bars["low"]) / 2
    lines = {}
    for name, window, shift in (("jaw", 13, 8), ("teeth", 8, 5), ("lips", 5, 3)):
        lines[name] = np.array([math.nan] * shift + _eased(middle, 1 / window, window)[:-shift])
    for output, name in enumerate(lines):
        _same("alligator", bars, lines[name], output)
    wide, narrow = np.abs(lines["jaw"] - lines["teeth"]), np.abs(lines["teeth"] - lines["lips"])
    _same("gator", bars, wide, 0)
    _same("gator", bars, -narrow, 1)
    for output, one in enumerate((wide, narrow)):
        _same("gator_phase", bars, np.append([0.0], np.diff(one) > 0), output)


@settings(max_examples=5, deadline=None)
@given(seed=SEEDS, fast=st.integers(2, 6), slow=st.integers(7, 14), signal=st.integers(1, 5))
def test_the_macd_family(seed, fast, slow, signal):
    bars, given_ = _bars(seed), {"fast": fast, "slow": slow, "signal": signal}
    close = bars["close"]
    quick, calm = np.array(_ema(close, fast)), np.array(_ema(close, slow))
    usual = 100 * (quick - calm) / _atr(bars, slow)
    follower = np.array(_ema(usual, signal))
    for output, expected in enumerate((usual, follower, usual - follower)):
        _same("macd_v", bars, expected, output, **given_)

    def double(values, window):
        once = np.array(_ema(values, window))
        return 2 * once - np.array(_ema(once, window))

    line = double(close, fast) - double(close, slow)
    for output, expected in enumerate((line, double(line, signal), line - double(line, signal))):
        _same("zero_lag_macd", bars, expected, output, **given_)
    ahead = quick + np.array(_ema(close - quick, fast)) - calm - np.array(_ema(close - calm, slow))
    _same("macd_leader", bars, ahead, fast=fast, slow=slow)
    plain = quick - calm
    push = plain - np.array(_ema(plain, signal))
    slope = np.array(_ema(close, 5))
    impulse = [math.nan] * COUNT
    for bar in range(1, COUNT):
        rises = int(slope[bar] > slope[bar - 1]) + int(push[bar] > push[bar - 1])
        falls = int(slope[bar] < slope[bar - 1]) + int(push[bar] < push[bar - 1])
        impulse[bar] = 1 if rises == 2 else -1 if falls == 2 else 0
    if signal > 1:
        _same("elder_impulse", bars, impulse, window=5, **given_)

    def placed(values):
        out, place, smooth = [math.nan] * COUNT, 50.0, None
        for bar in range(COUNT):
            part = values[max(bar - 3, 0) : bar + 1]
            if bar < 3 or np.isnan(part).any():
                continue
            if max(part) > min(part):
                place = 100 * (values[bar] - min(part)) / (max(part) - min(part))
            smooth = place if smooth is None else smooth + 0.5 * (place - smooth)
            out[bar] = smooth
        return out

    _same("schaff", bars, placed(placed(plain)), fast=fast, slow=slow, cycle=4)


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS, window=st.integers(2, 15))
def test_directional_movement(seed, window):
    bars = _bars(seed, rounded=0)
    high, low, close = bars["high"], bars["low"], bars["close"]
    up, down = [math.nan] * window, [math.nan] * window
    for bar in range(window, COUNT):
        part = range(bar - window, bar + 1)
        up.append(100 * (window - (bar - max(part, key=lambda i: high[i]))) / window)
        down.append(100 * (window - (bar - min(part, key=lambda i: low[i]))) / window)
    _same("aroon", bars, up, 0, window=window, oldest=1)
    _same("aroon", bars, down, 1, window=window, oldest=1)
    _same("aroon", bars, np.subtract(up, down), 2, window=window, oldest=1)
    bars = _bars(seed)
    high, low, close = bars["high"], bars["low"], bars["close"]
    ranges = [math.nan] + [max(high[i], close[i - 1]) - min(low[i], close[i - 1]) for i in range(1, COUNT)]
    rise, fall = [math.nan] * window, [math.nan] * window
    for bar in range(window, COUNT):
        walks = {k: fmean(ranges[bar - k + 1 : bar + 1]) * math.sqrt(k) for k in range(2, window + 1)}
        rise.append(max((high[bar] - low[bar - k]) / walk for k, walk in walks.items()))
        fall.append(max((high[bar - k] - low[bar]) / walk for k, walk in walks.items()))
    _same("rwi", bars, rise, 0, window=window)
    _same("rwi", bars, fall, 1, window=window)
    moves = [math.nan] + [max(high[i] - high[i - 1], 0) - max(low[i - 1] - low[i], 0) for i in range(1, COUNT)]
    above, below = (_ema(_ema(_ema(one, window), 4), 3) for one in (moves, np.abs(moves)))
    _same("dti", bars, 100 * np.array(above) / np.array(below), window=window, second=4, third=3)
    now = ALL["adx"].compute(bars, window=window)[0]
    lagged = np.append([math.nan] * window, (now[window:] + now[:-window]) / 2)
    _same("adxr", bars, lagged, window=window, whole=1)


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS, window=st.integers(2, 15), other=st.integers(2, 15))
def test_strength(seed, window, other):
    bars = _bars(seed)
    close = bars["close"].tolist()
    away = np.subtract(close, _mean(close, window))
    expected = _rolled(lambda part: 100 * sum(x for x in part if x > 0) / sum(map(abs, part)), other, away)
    _same("trend_intensity", bars, expected, window=window, recent=other)
    efficient = [math.nan] * window
    for bar in range(window, COUNT):
        whole = 100 * (close[bar] / close[bar - window] - 1)
        way = sum(math.hypot(100 * (close[i] / close[i - 1] - 1), 1) for i in range(bar - window + 1, bar + 1))
        efficient.append(math.copysign(min(100 * math.hypot(whole, window) / way, 100), whole))
    _same("pfe", bars, _ema(efficient, other), window=window, smooth=other)
    near, far = sorted((window, other))
    scores = [math.nan] * far
    for bar in range(far, COUNT):
        scores.append(fmean(math.copysign(1, close[bar] - close[bar - k]) for k in range(near, far + 1)))
    _same("trend_score", bars, scores, nearest=window, farthest=other)
    lines = [_mean(close, window)]
    for _ in range(9):
        lines.append(_eased_mean(lines[-1], window))
    scope = np.subtract(_rolled(max, other, close), _rolled(min, other, close))
    _same("rainbow", bars, 100 * (close - np.mean(lines, axis=0)) / scope, 0, window=window, range=other)
    _same("rainbow", bars, 100 * np.ptp(lines, axis=0) / scope, 1, window=window, range=other)
    if window == other:
        return
    spread = np.divide(_mean(close, window), _mean(close, other)) - 1
    _same("ma_cross", bars, spread, 0, fast=window, slow=other)
    _same("ma_cross", bars, np.sign(spread), 1, fast=window, slow=other)
    crossed = [math.nan] + [
        np.sign(spread[i]) if np.sign(spread[i]) != np.sign(spread[i - 1]) else 0 for i in range(1, COUNT)
    ]
    _same("ma_cross", bars, crossed, 2, fast=window, slow=other)


def _eased_mean(values, window):
    """Give the simple mean where the whole window is known."""
    return _rolled(lambda part: math.nan if any(map(math.isnan, part)) else fmean(part), window, values)


def test_ribbons():
    bars = _bars(4, count=150)
    close = bars["close"]
    lines = [np.array(_mean(close, window)) for window in range(10, 81, 10)]
    order = np.mean([np.sign(one - other) for one, other in pairwise(lines)], axis=0)
    _same("ma_ribbon", bars, order, 0)
    _same("ma_ribbon", bars, np.ptp(lines, axis=0) / lines[-1], 1)
    short = [np.array(_ema(close, window)) for window in (3, 5, 8, 10, 12, 15)]
    long = [np.array(_ema(close, window)) for window in (30, 35, 40, 45, 50, 60)]
    base = np.mean(long, axis=0)
    for output, expected in enumerate((np.mean(short, axis=0) - base, np.ptp(short, axis=0), np.ptp(long, axis=0))):
        _same("guppy", bars, expected / base, output)


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS, window=st.integers(2, 12), wide=st.floats(0.5, 4), extremes=st.integers(0, 1))
def test_stops(seed, window, wide, extremes):
    bars = _bars(seed)
    high, low, close = bars["high"], bars["low"], bars["close"]
    far = wide * _atr(bars, window)
    top, bottom = np.array(_rolled(max, window, high)), np.array(_rolled(min, window, low))
    _same("chandelier_exit", bars, top - far, 0, window=window, multiplier=wide)
    _same("chandelier_exit", bars, bottom + far, 1, window=window, multiplier=wide)
    _same("chande_kroll_stop", bars, _rolled(min, 4, bottom + far), 0, window=window, multiplier=wide, second=4)
    _same("chande_kroll_stop", bars, _rolled(max, 4, top - far), 1, window=window, multiplier=wide, second=4)
    roof, floor = high if extremes else close, low if extremes else close
    rising, stops = close[window] >= close[window - 1], [(math.nan,) * 3] * window
    upper, lower = roof[window] + far[window], floor[window] - far[window]
    for bar in range(window, COUNT):
        above, below = roof[bar] + far[bar], floor[bar] - far[bar]
        if bar > window:
            upper = above if above < upper or close[bar - 1] > upper else upper
            lower = below if below > lower or close[bar - 1] < lower else lower
        rising = close[bar] > (lower if rising else upper)
        stops.append((lower, 0.0, lower) if rising else (upper, upper, 0.0))
    for output in range(3):
        expected = [one[output] for one in stops]
        _same("atr_stop", bars, expected, output, window=window, multiplier=wide, extremes=extremes)
    falls = [math.nan] + [max(low[i - 1] - low[i], 0) for i in range(1, COUNT)]
    noise = _rolled(lambda part: sum(part) / max(sum(x > 0 for x in part), 1), window, falls)
    _same("safezone_stop", bars, low - wide * np.array(noise), 0, window=window, multiplier=wide)
    rises = [math.nan] + [max(high[i] - high[i - 1], 0) for i in range(1, COUNT)]
    noise = _rolled(lambda part: sum(part) / max(sum(x > 0 for x in part), 1), window, rises)
    _same("safezone_stop", bars, high + wide * np.array(noise), 1, window=window, multiplier=wide)


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS, window=st.integers(1, 10))
def test_hilo_changes_sides_when_a_close_breaks_the_other_mean(seed, window):
    bars = _bars(seed)
    close, way, expected = bars["close"], 0, [math.nan] * window
    for bar in range(window, COUNT):
        roof, floor = (fmean(bars[name][bar - window : bar]) for name in ("high", "low"))
        way = 1 if close[bar] > roof else -1 if close[bar] < floor else way
        expected.append(floor if way > 0 else roof if way < 0 else (roof + floor) / 2)
    _same("hilo_activator", bars, expected, window=window)


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS, window=st.integers(2, 10))
def test_unseeded_means_of_means_begin_a_window_after_each_other(seed, window):
    bars, weight = _bars(seed), 2 / (window + 1)
    first = _eased(bars["close"], weight, 1)
    begun = [math.nan] * (window - 1) + first[window - 1 :]
    second = _eased(begun, weight, 1)
    third = _eased([math.nan] * (2 * window - 2) + second[2 * window - 2 :], weight, 1)
    e1, e2, e3 = (np.array(one) for one in (first, second, third))
    _same("ema", bars, e1, window=window, seeded=0)
    _same("dema", bars, 2 * e1 - e2, window=window, seeded=0)
    _same("tema", bars, 3 * e1 - 3 * e2 + e3, window=window, seeded=0)
    rate = np.append([math.nan], 100 * (e3[1:] / e3[:-1] - 1))
    _same("trix", bars, rate, 0, window=window, signal=1, seeded=0)
