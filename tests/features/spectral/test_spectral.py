"""The spectral family against plain definitions, and on series whose nature is known."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ara.features import catalogue
from ara.features.families import SPECTRAL
from ara.features.loops import compiled
from ara.features.spectral import garch

NAMES = sorted(SPECTRAL.indicators())
CLOSES = st.lists(st.floats(0.5, 200.0), min_size=70, max_size=90).map(np.array)


def walk(count=4000, seed=1, returns=None):
    steps = np.random.default_rng(seed).normal(0, 0.01, count) if returns is None else returns
    return 100.0 * np.exp(np.cumsum(steps))


def of(name, close, **params):
    return catalogue.compute(name, {"close": np.asarray(close, float)}, **params)


def persistent(count, weight, seed=2):
    """Give returns of which each keeps a share of the one before."""
    noise = np.random.default_rng(seed).normal(0, 0.01, count)
    out = np.zeros(count)
    for place in range(1, count):
        out[place] = weight * out[place - 1] + noise[place]
    return out


def garch_returns(shock, kept, count=6000, seed=3):
    random, variance, out = np.random.default_rng(seed), 1e-4, []
    for _ in range(count):
        out.append(math.sqrt(variance) * random.normal())
        variance = 1e-4 * (1 - shock - kept) + shock * out[-1] ** 2 + kept * variance
    return np.array(out)


def test_the_family_is_whole():
    assert len(NAMES) >= 13


@given(CLOSES)
@settings(deadline=None, max_examples=25)
def test_the_smooth_of_haar_is_a_mean(close):
    found = of("wavelet_trend", close, levels=3)[0]
    expected = [close[end - 8 : end].mean() for end in range(8, len(close) + 1)]
    assert np.allclose(found[7:], expected, rtol=1e-12)
    apart = of("wavelet_distance", close, levels=2)[0]
    lines = np.log(close)
    assert np.allclose(apart[3:], [lines[end - 1] - lines[end - 4 : end].mean() for end in range(4, len(close) + 1)])


def test_daubechies_smooth_follows_a_line_without_lag_of_shape():
    line = 50.0 + 0.5 * np.arange(400)
    found = of("wavelet_trend", line, levels=4, kind=1)[0]
    assert np.allclose(np.diff(found[60:]), 0.5)


def test_energies_add_up_and_a_walk_has_half_in_the_first():
    shares = np.array(of("wavelet_energy", walk(), window=1024))
    known = shares[:, 1100:]
    assert np.allclose(known.sum(axis=0), 1.0)
    assert np.allclose(known.mean(axis=1), [0.5, 0.25, 0.125, 0.0625, 0.0625], atol=0.03)
    slow = np.array(of("wavelet_energy", walk(returns=0.01 * np.sin(np.arange(2000) / 10)), window=512))
    assert slow[4, -1] > 0.75


@given(CLOSES)
@settings(deadline=None, max_examples=25)
def test_katz_and_petrosian_as_written(close):
    window = 20
    katz, petrosian = of("katz", close, window=window)[0], of("petrosian", close, window=window)[0]
    for end in range(window, len(close) + 1):
        line = np.log(close[end - window : end])
        length, far = np.abs(np.diff(line)).sum(), np.abs(line - line[0]).max()
        size = math.log(window - 1)
        below = size + math.log(far / length) if length > 1e-13 and far > 0 else 0.0
        if below > 1e-9:
            assert katz[end - 1] == pytest.approx(max(size / below, 1.0), rel=1e-6)
        moved = np.sign(np.diff(close[end - window : end]))
        turns = int((moved[1:] * moved[:-1] < 0).sum())
        size = math.log10(window)
        assert petrosian[end - 1] == pytest.approx(size / (size + math.log10(window / (window + 0.4 * turns))))


def higuchi(line, longest):
    count, lengths = len(line), []
    for step in range(1, longest + 1):
        parts = []
        for start in range(step):
            seen = line[start::step]
            parts.append(np.abs(np.diff(seen)).sum() * (count - 1) / ((len(seen) - 1) * step) / step)
        lengths.append(np.sum(parts) / step)
    return np.polyfit(np.log(1.0 / np.arange(1, longest + 1)), np.log(lengths), 1)[0]


def test_higuchi_as_written_and_on_a_walk():
    close = walk(600)
    found = of("higuchi", close, window=64, longest=6)[0]
    for end in (64, 200, 600):
        assert found[end - 1] == pytest.approx(higuchi(np.log(close[end - 64 : end]), 6))
    assert np.nanmean(of("higuchi", walk(), window=256)[0]) == pytest.approx(1.5, abs=0.03)
    assert np.nanmean(of("higuchi", np.exp(0.001 * np.arange(500)))[0]) == pytest.approx(1.0)


@pytest.mark.parametrize("name", ["dfa", "hurst_rs"])
def test_exponents_tell_memory_from_none(name):
    alone = np.nanmean(of(name, walk(20_000), window=256)[0])
    going_on = np.nanmean(of(name, walk(returns=persistent(20_000, 0.4)), window=256)[0])
    turning = np.nanmean(of(name, walk(returns=persistent(20_000, -0.4)), window=256)[0])
    assert alone == pytest.approx(0.5, abs=0.03)
    assert turning < alone - 0.05
    assert going_on > alone + 0.05


def test_the_uncorrected_range_shows_memory_where_there_is_none():
    plain, corrected = (np.nanmean(of("hurst_rs", walk(8000), corrected=one)[0]) for one in (0, 1))
    assert plain > corrected + 0.05


def test_dfa_as_written():
    close, window = walk(300), 64
    returns = np.diff(np.log(close))
    part = returns[-window:]
    profile, rough = np.cumsum(part - part.mean()), []
    for size in (8, 16):
        spans = profile.reshape(-1, size)
        lines = [span - np.polyval(np.polyfit(np.arange(size), span, 1), np.arange(size)) for span in spans]
        rough.append(np.log(np.sqrt(np.mean(np.square(lines)))))
    expected = (rough[1] - rough[0]) / math.log(2.0)
    assert of("dfa", close, window=window)[0][-1] == pytest.approx(expected)


@pytest.mark.parametrize("period", [4, 8, 16, 32])
def test_a_planted_cycle_is_found_with_its_period(period):
    returns = 0.01 * np.sin(2 * np.pi * np.arange(600) / period) + np.random.default_rng(1).normal(0, 0.001, 600)
    found, share = of("dominant_period", walk(returns=returns), window=128)
    assert found[-1] == pytest.approx(period, rel=0.03)
    assert share[-1] > 0.9
    noise = walk(600)
    assert of("dominant_period", noise, window=128)[1][-1] < 0.4
    even, cyclic = (of("spectral_entropy", one, window=128)[0][-1] for one in (noise, walk(returns=returns)))
    assert cyclic < 0.5 < 0.8 < even
    low, middle, high = (one[-1] for one in of("band_power", walk(returns=returns), window=128))
    assert (high, middle, low)[[4, 8, 32].index(period) if period != 16 else 1] > 0.3
    assert low + middle + high == pytest.approx(1.0)


@pytest.mark.parametrize("window", [32, 33])
def test_bands_and_entropy_as_written(window):
    close = walk(100)
    part = np.diff(np.log(close))[-window:]
    taper = np.sin(np.pi * (np.arange(window) + 0.5) / window) ** 2
    power = np.abs(np.fft.fft((part - part.mean()) * taper)[1:]) ** 2  # both halves: the quickest stands alone
    periods = window / np.minimum(np.arange(1, window), window - np.arange(1, window))
    shares = power / power.sum()
    bands = [shares[periods > 16].sum(), shares[(periods <= 16) & (periods >= 5)].sum(), shares[periods < 5].sum()]
    assert [one[-1] for one in of("band_power", close, window=window)] == pytest.approx(bands)
    halves = np.array([shares[periods == period].sum() for period in np.unique(periods)])
    entropy = -(halves * np.log(halves)).sum() / math.log(window // 2)
    assert of("spectral_entropy", close, window=window)[0][-1] == pytest.approx(entropy)


def test_the_spectrum_of_memory_leans():
    alone, going_on = (
        np.nanmean(of("spectral_slope", walk(returns=one), window=256)[0])
        for one in (persistent(5000, 0.0), persistent(5000, 0.5))
    )
    assert alone == pytest.approx(0.0, abs=0.1)
    assert going_on > 0.4


@pytest.mark.parametrize(("shock", "kept"), [(0.05, 0.93), (0.1, 0.85), (0.2, 0.7)])
def test_garch_finds_planted_clustering(shock, kept):
    volatility, persistence, hit, sure, surprise = (
        one[1000:] for one in of("garch", walk(returns=garch_returns(shock, kept)))
    )
    assert sure.mean() > 0.75
    assert persistence.mean() == pytest.approx(shock + kept, abs=0.07)
    assert hit.mean() == pytest.approx(shock, abs=0.05)
    assert surprise.std() == pytest.approx(1.0, abs=0.05)
    assert (
        np.corrcoef(volatility[:-1], np.abs(np.diff(np.log(walk(returns=garch_returns(shock, kept)))))[1000:])[0, 1]
        > 0.1
    )


def test_garch_is_not_sure_of_clustering_where_there_is_none():
    assert of("garch", walk(6000))[3][1000:].mean() < 0.4


def test_garch_as_written():
    close, window = walk(420, seed=9), 60
    returns = np.diff(np.log(close))
    pairs = [(0.0, 0.0)] + [(a, p - a) for p in (0.7, 0.85, 0.93, 0.97, 0.99) for a in (0.02, 0.05, 0.1, 0.2)]
    scores, before, ahead, foreseen, first = [], [], [], [], window - 1
    for shock, kept in pairs:
        variance, fit = np.mean(returns[:window] ** 2), []
        for bar in range(first, len(returns)):
            if bar > first:
                last = variance
                fit.append(-0.5 * (math.log(variance) + returns[bar] ** 2 / variance))
            usual = np.mean(returns[bar - window + 1 : bar + 1] ** 2)
            variance = (1 - shock - kept) * usual + shock * returns[bar] ** 2 + kept * variance
        scores.append(sum(fit[-window:]))
        before.append(sum(fit[-window - 1 : -1]))
        ahead.append(variance)
        foreseen.append(last)
    weights, earlier = (np.exp(np.array([one[0] + math.log(20), *one[1:]]) - max(one)) for one in (scores, before))
    weights, earlier = weights / weights.sum(), earlier / earlier.sum()
    found = [one[-1] for one in of("garch", close, window=window)]
    assert found[0] == pytest.approx(math.sqrt(weights @ np.array(ahead)))
    assert found[3] == pytest.approx(1 - weights[0])
    assert found[4] == pytest.approx(returns[-1] / math.sqrt(earlier @ np.array(foreseen)))
    rest = weights[1:] / weights[1:].sum()
    assert found[1] == pytest.approx(sum(w * (a + b) for w, (a, b) in zip(rest, pairs[1:], strict=True)))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "close", [np.full(700, 5.0), np.zeros(700), np.full(700, np.nan), np.array([]), np.array([1.0])]
)
def test_nothing_is_made_of_nothing(name, close):
    for values in of(name, close):
        assert len(values) == len(close)
        assert not np.isinf(values).any()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("price", [1e-12, 1e12])
def test_the_size_of_prices_does_not_matter(name, price):
    close = walk(1200)
    whole, scaled = of(name, close), of(name, close * price)
    unit = price if SPECTRAL.indicators()[name].spec.scale == "price" else 1.0
    for one, other in zip(whole, scaled, strict=True):
        assert np.allclose(one * unit, other, rtol=1e-5, atol=1e-6 * unit, equal_nan=True)


@pytest.mark.parametrize("name", NAMES)
def test_a_gap_passes(name):
    close = walk(2600)
    close[700] = np.nan
    for values in of(name, close):
        assert np.isnan(values[700])
        assert np.isfinite(values[-1])


def test_the_variances_of_garch_are_carried_as_written_and_the_same_compiled():
    returns = np.random.default_rng(8).normal(0, 0.01, 90)
    squares, usual = returns**2, np.full(90, 1e-4)
    usual[40:44] = np.nan
    shocks, kept = np.array([0.0, 0.1, 0.2]), np.array([0.0, 0.85, 0.5])
    fast, plain = np.full((2, 3, 90), np.nan)
    compiled(garch._recur)(squares, usual, shocks, kept, 5, fast)
    garch._recur(squares, usual, shocks, kept, 5, plain)
    np.testing.assert_allclose(fast, plain, rtol=1e-12)
    for model in range(3):
        rest = (1 - shocks[model] - kept[model]) * 1e-4
        for start, end in ((5, 40), (44, 90)):
            variance = 1e-4
            for bar in range(start, end):
                variance = rest + shocks[model] * squares[bar] + kept[model] * variance
                assert plain[model, bar] == pytest.approx(variance, rel=1e-12)
    assert np.isnan(plain[:, 40:44]).all()
    assert np.isnan(plain[:, :5]).all()
