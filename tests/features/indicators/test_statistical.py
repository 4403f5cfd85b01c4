"""Each indicator of statistics against its definition, written slowly for the last bar alone."""

import math
import statistics as st_
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ara.features import catalogue
from ara.features.families import STATISTICAL
from ara.features.indicators.statistical.terms import anchored
from ara.features.library import talib

BARS = 140


def walk(seed, bars=BARS):
    random = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(random.standard_t(4, bars) * 0.01))
    opened = close * np.exp(random.normal(0, 0.003, bars))
    other = 50 * np.exp(
        np.cumsum(0.5 * np.diff(np.log(close), prepend=math.log(close[0])) + random.normal(0, 0.01, bars))
    )
    return {
        "open": opened,
        "high": np.maximum(opened, close) * 1.002,
        "low": np.minimum(opened, close) * 0.998,
        "close": close,
        "volume": np.floor(random.lognormal(12, 0.5, bars)),
        "other": other,
    }


def logs(values):
    return [math.log(values[i] / values[i - 1]) for i in range(1, len(values))]


def simple(values):
    return [values[i] / values[i - 1] - 1 for i in range(1, len(values))]


def cov(x, y):
    a, b = sum(x) / len(x), sum(y) / len(y)
    return sum((p - a) * (q - b) for p, q in zip(x, y, strict=True)) / len(x)


def var(x):
    return cov(x, x)


def corr(x, y):
    return cov(x, y) / math.sqrt(var(x) * var(y))


def moment(x, power):
    return sum((p - sum(x) / len(x)) ** power for p in x) / len(x)


def skewness(x):
    return moment(x, 3) / moment(x, 2) ** 1.5


def excess(x):
    return moment(x, 4) / moment(x, 2) ** 2 - 3


def least_squares(y, columns):
    """Give coefficients, their errors, and the residuals."""
    matrix = np.array(columns, float).T
    found = np.linalg.lstsq(matrix, np.array(y), rcond=None)[0]
    rest = np.array(y) - matrix @ found
    scale = rest @ rest / (len(y) - matrix.shape[1])
    return found, np.sqrt(scale * np.diag(np.linalg.inv(matrix.T @ matrix))), rest


def line(y):
    return least_squares(y, [[1] * len(y), range(len(y))])


def adf_by_hand(c, n, lags):
    y = [math.log(x) for x in c]
    d = [math.nan] + [y[i] - y[i - 1] for i in range(1, len(y))]
    rows = range(len(y) - n, len(y))
    columns = [[1] * n, [y[t - 1] for t in rows], *([d[t - k] for t in rows] for k in range(1, lags + 1))]
    found, errors, _ = least_squares([d[t] for t in rows], columns)
    return found[1], found[1] / errors[1]


def residuals(c, o, n):
    return least_squares([math.log(x) for x in c[-n:]], [[1] * n, [math.log(x) for x in o[-n:]]])


def engle_granger(c, o, n):
    rest = residuals(c, o, n)[2]
    found, errors, _ = least_squares(np.diff(rest), [rest[:-1]])
    return found[0] / errors[0]


def ljung(c, n, lags):
    r = logs(c)[-n:]
    m = sum(r) / n
    whole = sum((x - m) ** 2 for x in r)
    rho = [sum((r[i] - m) * (r[i - k] - m) for i in range(k, n)) / whole for k in range(1, lags + 1)]
    return n * (n + 2) * sum(x * x / (n - k) for k, x in enumerate(rho, 1))


def ratio_of_variances(c, n, q):
    x = [math.log(p) for p in c[-n - 1 :]]
    mu = (x[-1] - x[0]) / n
    single = sum((x[k] - x[k - 1] - mu) ** 2 for k in range(1, n + 1)) / (n - 1)
    longer = sum((x[k] - x[k - q] - q * mu) ** 2 for k in range(q, n + 1)) / (q * (n - q + 1) * (1 - q / n))
    return longer / single


def deepest(c, n):
    return max(1 - c[j] / c[i] for i in range(len(c) - n, len(c)) for j in range(i, len(c)))


def tau(c, n):
    last = c[-n:]
    signs = [np.sign(last[j] - last[i]) for i in range(n) for j in range(i + 1, n)]
    return sum(signs) / (n * (n - 1) / 2)


def run_score(c, n):
    up = [b > a for a, b in zip(c[-n - 1 : -1], c[-n:], strict=True)]
    u, d, runs = sum(up), n - sum(up), 1 + sum(a != b for a, b in pairwise(up))
    return (runs - 2 * u * d / n - 1) / math.sqrt(2 * u * d * (2 * u * d - n) / (n * n * (n - 1)))


def turn_score(c, n):
    last = c[-n:]
    turns = sum((last[i] - last[i - 1]) * (last[i + 1] - last[i]) < 0 for i in range(1, n - 1))
    return (turns - 2 * (n - 2) / 3) / math.sqrt((16 * n - 29) / 90)


def scaling(c, n):
    x = [math.log(p) for p in c[-n:]]
    spans = (1, 2, 4, 8, 16)
    size = [math.log(sum(abs(x[i] - x[i - k]) for i in range(k, n)) / (n - k)) for k in spans]
    return min(max(least_squares(size, [[1] * 5, [math.log(k) for k in spans]])[0][1], 0), 1)


def classes(c, n):
    r = logs(c)
    limit = {i: sum(abs(x) for x in r[i - n + 1 : i + 1]) / n / 2 for i in range(n - 1, len(r))}
    return [0 if r[i] < -limit[i] else 2 if r[i] > limit[i] else 1 for i in range(n - 1, len(r))]


def bits(symbols):
    counts = [symbols.count(one) for one in set(symbols)]
    return -sum(k / len(symbols) * math.log2(k / len(symbols)) for k in counts)


def shared(a, b):
    return bits(a) + bits(b) - bits(list(zip(a, b, strict=True)))


def transfer(c, o, n):
    x, y = ([b > a for a, b in pairwise(p)] for p in (c, o))
    now, past, lead = x[-n:], x[-n - 1 : -1], y[-n - 1 : -1]
    own = bits(list(zip(now, past, strict=True))) - bits(past)
    return own - bits(list(zip(now, past, lead, strict=True))) + bits(list(zip(past, lead, strict=True)))


def orders(c, n):
    return bits([tuple(np.argsort(c[i - 2 : i + 1], kind="stable")) for i in range(len(c) - n, len(c))])


def divergence(c, n, past):
    found = classes(c, past)
    p, q = ([(part.count(k) + 1) / (len(part) + 3) for k in range(3)] for part in (found[-n:], found[-n - past : -n]))
    return sum(a * math.log2(a / b) for a, b in zip(p, q, strict=True))


def bipower(r):
    return math.pi / 2 * sum(abs(a * b) for a, b in pairwise(r)) / (len(r) - 1)


def jump_score(r):
    n, bv, rv = len(r), bipower(r), sum(x * x for x in r) / len(r)
    mu = 2 ** (2 / 3) * math.gamma(7 / 6) / math.gamma(1 / 2)
    triples = zip(r, r[1:], r[2:], strict=False)
    tq = mu**-3 * sum(abs(a * b * c) ** (4 / 3) for a, b, c in triples) / (n - 2)
    return (1 - bv / rv) / math.sqrt((math.pi**2 / 4 + math.pi - 5) / n * max(1, tq / bv**2))


def tail_value(r):
    m, s, skew, tails = sum(r) / len(r), math.sqrt(var(r)), skewness(r), excess(r)
    z = st_.NormalDist().inv_cdf(0.05)
    bent = z + (z**2 - 1) * skew / 6 + (z**3 - 3 * z) * tails / 24 - (2 * z**3 - 5 * z) * skew**2 / 36
    return -(m + s * bent)


def quartile_skew(x):
    low, middle, high = np.quantile(x, [0.25, 0.5, 0.75])
    return (high + low - 2 * middle) / (high - low)


def side_beta(c, o, n, sign):
    pairs = [(m, r) for m, r in zip(simple(o)[-n:], simple(c)[-n:], strict=True) if sign * m > 0]
    x, y = zip(*pairs, strict=True)
    return cov(x, y) / var(x)


def after(c, n, *, rose):
    up = [b > a for a, b in pairwise(c)]
    followers = [now for before, now in zip(up[-n - 1 : -1], up[-n:], strict=True) if before == rose]
    return sum(followers) / len(followers)


def halves(c, n):
    r = logs(c)
    return r[-n:], r[-2 * n : -n]


def mad(x):
    return st_.median(abs(p - st_.median(x)) for p in x)


def kurtosis_of_sample(x):
    n = len(x)
    return ((n + 1) * excess(x) + 6) * (n - 1) / ((n - 2) * (n - 3))


def half(c, n):
    slope = adf_by_hand(c, n, 0)[0]
    return min(-math.log(2) / math.log(1 + slope), 1000) if slope < 0 else 1000


N = 24
ONE = {  # (name, parameters, output): the value of the last bar from the closes
    ("variance", ()): lambda c: var(logs(c)[-N:]),
    ("variance", (("returns", 0), ("sample", 1))): lambda c: st_.variance(c[-N:]),
    ("stddev", ()): lambda c: st_.pstdev(c[-N:]),
    ("stddev", (("sample", 1),)): lambda c: st_.stdev(c[-N:]),
    ("stderr", ()): lambda c: st_.pstdev(c[-N:]) / math.sqrt(N),
    ("avgdev", ()): lambda c: sum(abs(x - sum(c[-N:]) / N) for x in c[-N:]) / N,
    ("mad", ()): lambda c: mad(c[-N:]),
    ("robust_zscore", ()): lambda c: (c[-1] - st_.median(c[-N:])) / (1.4826 * mad(c[-N:])),
    ("zscore", ()): lambda c: (c[-1] - sum(c[-N:]) / N) / st_.pstdev(c[-N:]),
    ("coefficient_of_variation", ()): lambda c: st_.pstdev(c[-N:]) / (sum(c[-N:]) / N),
    ("sma_error", ()): lambda c: sum(abs(x - sum(c[-N:]) / N) / x for x in c[-N:]) / N,
    ("interquartile_range", ()): lambda c: float(np.subtract(*np.quantile(logs(c)[-N:], [0.75, 0.25]))),
    ("quantile", (("level", 0.3),)): lambda c: sorted(c[-N:])[math.ceil(0.3 * N) - 1],
    ("quantile", (("level", 0.3), ("nearest", 0))): lambda c: float(np.quantile(c[-N:], 0.3)),
    ("quantile", (("level", 0.0),)): lambda c: min(c[-N:]),
    ("quantile", (("level", 1.0),)): lambda c: max(c[-N:]),
    ("percent_rank", ()): lambda c: 100 * sum(x < c[-1] for x in c[-N - 1 : -1]) / N,
    ("linreg_slope", ()): lambda c: line(c[-N:])[0][1],
    ("linreg_intercept", ()): lambda c: line(c[-N:])[0][0],
    ("tsf", ()): lambda c: line(c[-N:])[0] @ [1, N],
    ("linreg_angle", ()): lambda c: math.degrees(math.atan(100 * line(c[-N:])[0][1] / (sum(c[-N:]) / N))),
    ("linreg_r2", ()): lambda c: corr(c[-N:], range(N)) ** 2,
    ("linreg_stderr", ()): lambda c: math.sqrt(sum(line(c[-N:])[2] ** 2) / (N - 2)),
    ("linreg_tstat", ()): lambda c: line(c[-N:])[0][1] / line(c[-N:])[1][1],
    ("curvature", ()): lambda c: 2 * np.polyfit(range(N), c[-N:], 2)[0],
    ("kendall_trend", ()): lambda c: tau(c, N),
    ("mean_shift", ()): lambda c: (
        (sum(halves(c, N)[0]) - sum(halves(c, N)[1])) / N / math.sqrt(sum(var(x) for x in halves(c, N)) / (N - 1))
    ),
    ("variance_shift", ()): lambda c: math.log(var(halves(c, N)[0]) / var(halves(c, N)[1])) / 2,
    ("skew", ()): lambda c: skewness(logs(c)[-N:]),
    ("skew", (("returns", 0),)): lambda c: skewness(c[-N:]),
    ("skew", (("sample", 1),)): lambda c: skewness(logs(c)[-N:]) * math.sqrt(N * (N - 1)) / (N - 2),
    ("kurtosis", ()): lambda c: excess(logs(c)[-N:]),
    ("kurtosis", (("returns", 0),)): lambda c: excess(c[-N:]),
    ("kurtosis", (("sample", 1),)): lambda c: kurtosis_of_sample(logs(c)[-N:]),
    ("jarque_bera", ()): lambda c: N / 6 * (skewness(logs(c)[-N:]) ** 2 + excess(logs(c)[-N:]) ** 2 / 4),
    ("modified_var", ()): lambda c: tail_value(logs(c)[-N:]),
    ("bowley_skew", ()): lambda c: quartile_skew(logs(c)[-N:]),
    ("tail_ratio", ()): lambda c: abs(np.quantile(logs(c)[-N:], 0.95) / np.quantile(logs(c)[-N:], 0.05)),
    ("value_at_risk", ()): lambda c: (-np.quantile(logs(c)[-N:], 0.05), -sum(sorted(logs(c)[-N:])[:2]) / 2),
    ("sharpe", ()): lambda c: sum(simple(c)[-N:]) / N / st_.stdev(simple(c)[-N:]) * math.sqrt(252),
    ("sortino", ()): lambda c: (
        sum(simple(c)[-N:]) / N / math.sqrt(sum(min(x, 0) ** 2 for x in simple(c)[-N:]) / N) * math.sqrt(252)
    ),
    ("omega", ()): lambda c: sum(max(x, 0) for x in simple(c)[-N:]) / -sum(min(x, 0) for x in simple(c)[-N:]),
    ("autocorrelation", (("lag", 3),)): lambda c: corr(logs(c)[-N:], logs(c)[-N - 3 : -3]),
    ("partial_autocorrelation", ()): lambda c: corr(
        *(least_squares(y, [[1] * N, logs(c)[-N - 1 : -1]])[2] for y in (logs(c)[-N:], logs(c)[-N - 2 : -2]))
    ),
    ("ljung_box", ()): lambda c: ljung(c, N, 5),
    ("ljung_box", (("lags", 2),)): lambda c: ljung(c, N, 2),
    ("variance_ratio", ()): lambda c: (
        ratio_of_variances(c, N, 5),
        (ratio_of_variances(c, N, 5) - 1) / math.sqrt(2 * 9 * 4 / (3 * 5 * N)),
    ),
    ("runs_test", ()): lambda c: run_score(c, N),
    ("turning_points", ()): lambda c: turn_score(c, N),
    ("up_share", ()): lambda c: sum(b > a for a, b in zip(c[-N - 1 : -1], c[-N:], strict=True)) / N,
    ("up_after", ()): lambda c: (after(c, N, rose=True), after(c, N, rose=False)),
    ("volatility_clustering", ()): lambda c: corr(np.abs(logs(c)[-N:]), np.abs(logs(c)[-N - 1 : -1])),
    ("leverage_effect", ()): lambda c: corr(np.abs(logs(c)[-N:]), logs(c)[-N - 1 : -1]),
    ("hurst", (("window", 60),)): lambda c: scaling(c, 60),
    ("adf", ()): lambda c: adf_by_hand(c, N, 1)[1],
    ("adf", (("lags", 0),)): lambda c: adf_by_hand(c, N, 0)[1],
    ("adf", (("lags", 3),)): lambda c: adf_by_hand(c, N, 3)[1],
    ("half_life", ()): lambda c: half(c, N),
    ("drawdown", ()): lambda c: c[-1] / max(c[-N:]) - 1,
    ("max_drawdown", ()): lambda c: deepest(c, N),
    ("pain_index", ()): lambda c: sum(1 - c[i] / max(c[i - N + 1 : i + 1]) for i in range(len(c) - N, len(c))) / N,
    ("bipower_variation", ()): lambda c: bipower(logs(c)[-N:]),
    ("jump_share", ()): lambda c: max(0, 1 - bipower(logs(c)[-N:]) / (sum(x * x for x in logs(c)[-N:]) / N)),
    ("jump_test", ()): lambda c: jump_score(logs(c)[-N:]),
    ("lee_mykland", ()): lambda c: logs(c)[-1] / math.sqrt(bipower(logs(c)[-N - 1 : -1]) / math.pi * 2),
    ("signed_jump", ()): lambda c: sum(math.copysign(x * x, x) for x in logs(c)[-N:]),
    ("entropy", ()): lambda c: bits(classes(c, N)[-N:]) / math.log2(3),
    ("permutation_entropy", ()): lambda c: orders(c, N) / math.log2(6),
    ("mutual_information", ()): lambda c: shared(classes(c, N)[-N:], classes(c, N)[-N - 1 : -1]),
    ("surprise", (("window", 10), ("past", 40))): lambda c: divergence(c, 10, 40),
}
TWO = {  # the same, of close and other
    "beta": lambda c, o: cov(simple(c)[-N:], simple(o)[-N:]) / var(simple(o)[-N:]),
    "alpha": lambda c, o: least_squares(simple(c)[-N:], [[1] * N, simple(o)[-N:]])[0][0],
    "residual_volatility": lambda c, o: math.sqrt(
        var(least_squares(simple(c)[-N:], [[1] * N, simple(o)[-N:]])[2].tolist())
    ),
    "beta_up_down": lambda c, o: (side_beta(c, o, N, 1), side_beta(c, o, N, -1)),
    "correlation": lambda c, o: (corr(logs(c)[-N:], logs(o)[-N:]), corr(logs(c)[-N:], logs(o)[-N:]) ** 2),
    "covariance": lambda c, o: cov(logs(c)[-N:], logs(o)[-N:]),
    "lagged_correlation": lambda c, o: corr(logs(c)[-N:], logs(o)[-N - 1 : -1]),
    "comovement": lambda c, o: sum(a * b > 0 for a, b in zip(logs(c)[-N:], logs(o)[-N:], strict=True)) / N,
    "coskewness": lambda c, o: (
        sum(
            (a - sum(logs(c)[-N:]) / N) * (b - sum(logs(o)[-N:]) / N) ** 2
            for a, b in zip(logs(c)[-N:], logs(o)[-N:], strict=True)
        )
        / N
        / (math.sqrt(var(logs(c)[-N:])) * var(logs(o)[-N:]))
    ),
    "tracking_error": lambda c, o: st_.stdev(np.subtract(simple(c)[-N:], simple(o)[-N:]).tolist()),
    "information_ratio": lambda c, o: (
        st_.mean(np.subtract(simple(c)[-N:], simple(o)[-N:]).tolist())
        / st_.stdev(np.subtract(simple(c)[-N:], simple(o)[-N:]).tolist())
    ),
    "relative_strength": lambda c, o: c[-1] / c[-1 - N] - o[-1] / o[-1 - N],
    "hedge_ratio": lambda c, o: residuals(c, o, N)[0][1],
    "pair_zscore": lambda c, o: residuals(c, o, N)[2][-1] / math.sqrt(var(residuals(c, o, N)[2].tolist())),
    "cointegration": lambda c, o: engle_granger(c, o, N),
    "shared_information": lambda c, o: shared(classes(c, N)[-N:], classes(o, N)[-N:]),
    "transfer_entropy": lambda c, o: transfer(c, o, N),
}


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 10_000))
@pytest.mark.parametrize("case", ONE, ids=str)
def test_it_is_its_definition(case, seed):
    name, params = case
    bars = walk(seed)
    found = catalogue.compute(name, bars, **{"window": N, **dict(params)})
    np.testing.assert_allclose([one[-1] for one in found], ONE[case](bars["close"].tolist()), rtol=1e-8, atol=1e-10)


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 10_000))
@pytest.mark.parametrize("name", TWO)
def test_it_is_its_definition_with_another_instrument(name, seed):
    bars = walk(seed)
    found = catalogue.compute(name, bars, window=N)
    expected = TWO[name](bars["close"].tolist(), bars["other"].tolist())
    np.testing.assert_allclose([one[-1] for one in found], expected, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize(
    ("name", "params", "function", "columns", "theirs"),
    [
        ("avgprice", {}, "AVGPRICE", ["open", "high", "low", "close"], {}),
        ("medprice", {}, "MEDPRICE", ["high", "low"], {}),
        ("typprice", {}, "TYPPRICE", ["high", "low", "close"], {}),
        ("wclprice", {}, "WCLPRICE", ["high", "low", "close"], {}),
        ("rolling_max", {"window": 9}, "MAX", ["close"], {"timeperiod": 9}),
        ("rolling_min", {"window": 9}, "MIN", ["close"], {"timeperiod": 9}),
        ("rolling_sum", {"window": 9}, "SUM", ["close"], {"timeperiod": 9}),
        ("stddev", {"window": 9}, "STDDEV", ["close"], {"timeperiod": 9}),
        ("variance", {"window": 9, "returns": 0}, "VAR", ["close"], {"timeperiod": 9}),
        ("avgdev", {"window": 9}, "AVGDEV", ["close"], {"timeperiod": 9}),
        ("linreg_slope", {"window": 9}, "LINEARREG_SLOPE", ["close"], {"timeperiod": 9}),
        ("linreg_intercept", {"window": 9}, "LINEARREG_INTERCEPT", ["close"], {"timeperiod": 9}),
        ("linreg_angle", {"window": 9, "relative": 0}, "LINEARREG_ANGLE", ["close"], {"timeperiod": 9}),
        ("tsf", {"window": 9}, "TSF", ["close"], {"timeperiod": 9}),
        ("percent_rank", {"window": 9}, "PERCENTRANK", ["close"], {"timeperiod": 9}),
        ("quantile", {"window": 9, "level": 0.7}, "PERCENTILE", ["close"], {"timeperiod": 9, "percentile": 70.0}),
        ("beta", {"window": 9}, "BETA", ["other", "close"], {"timeperiod": 9}),
        ("correlation", {"window": 9, "returns": 0}, "CORREL", ["close", "other"], {"timeperiod": 9}),
    ],
)
def test_it_agrees_with_talib(name, params, function, columns, theirs):
    bars = walk(3)
    found = catalogue.compute(name, bars, **params)[0]
    expected = getattr(talib(), function)(*(bars[column] for column in columns), **theirs)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9)


def test_the_family_is_large_and_each_of_it_is_tried_here_or_in_the_other_file():
    names = set(STATISTICAL.indicators())
    assert len(names) >= 35
    elementary = {
        "lag",
        "log_return",
        "overnight_return",
        "intraday_return",
        "price_relative",
        "streak",
        "volume_entropy",
    }
    with_talib = {"avgprice", "medprice", "typprice", "wclprice", "rolling_max", "rolling_min", "rolling_sum"}
    assert names == {name for name, _ in ONE} | set(TWO) | elementary | with_talib


@pytest.mark.parametrize("count", [0, 4, 5, 23])
def test_products_are_counted_from_a_value_of_their_own_window(count):
    columns, products, window = np.random.default_rng(6).normal(1e9, 1.0, (2, count)), [(0,), (0, 1), (0, 0, 1)], 5
    found, anchors = anchored(window, list(columns), products)
    assert (found.shape, anchors.shape) == ((3, count), (2, count))
    assert np.isnan(found[:, : window - 1]).all()
    for bar in range(window - 1, count):
        part, anchor = columns[:, bar - window + 1 : bar + 1], anchors[:, bar]
        assert all(anchor[place] in part[place] for place in range(2))
        for line, product in zip(found, products, strict=True):
            expected = sum(math.prod(part[one, at] - anchor[one] for one in product) for at in range(window)) / window
            assert line[bar] == pytest.approx(expected, rel=1e-12, abs=1e-12)
