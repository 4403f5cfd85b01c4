import math
import os
import statistics
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ara.features.families import MICROSTRUCTURE
from ara.features.microstructure.terms import normal, normal_quantiles

ALL = MICROSTRUCTURE.indicators()
COLUMNS = ("open", "high", "low", "close", "volume")
REAL = os.environ.get("ARA_MARKET_DATA", "")


def bars(count, seed=0):
    random = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(0.01 * random.standard_t(4, count)))
    opened = close * np.exp(random.normal(0, 0.003, count))
    high = np.maximum(opened, close) * np.exp(np.abs(random.normal(0, 0.004, count)))
    low = np.minimum(opened, close) * np.exp(-np.abs(random.normal(0, 0.004, count)))
    volume = np.floor(random.lognormal(12, 0.5, count)) * (random.random(count) > 0.05)
    close[::17] = np.roll(close, 1)[::17]
    high, low = np.maximum(high, close), np.minimum(low, close)
    return dict(zip(COLUMNS, (opened, high, low, close, volume), strict=True))


def days_of_trades(spread, days, *, trades=390, volatility=0.03, seed=0, gap=0.0):
    """Days of bid and ask bounce around a random walk whose half-spread is known: open, high, low, close."""
    random = np.random.default_rng(seed)
    steps = random.normal(0, volatility / math.sqrt(trades), (days, trades))
    steps[:, 0] += random.normal(0, gap, days)
    value = np.cumsum(steps.ravel()).reshape(days, trades)
    price = np.exp(value) * (1 + spread / 2 * random.choice((-1.0, 1.0), (days, trades)))
    return {"open": price[:, 0], "high": price.max(1), "low": price.min(1), "close": price[:, -1]}


def compute(name, columns, **params):
    found = ALL[name].compute(columns, **params)
    return found[0] if len(found) == 1 else found


def test_the_family_is_whole():
    named = "roll corwin_schultz abdi_ranaldo edge amihud amivest kyle_lambda hasbrouck_lambda pastor_stambaugh vpin "
    named += "order_flow_imbalance price_impact zero_return_share vpt_oscillator high_low_imbalance return_to_turnover"
    assert set(named.split()) <= set(ALL)


@pytest.mark.parametrize("spread", [0.01, 0.03])
def test_estimates_recover_a_planted_spread(spread):
    columns = days_of_trades(spread, 4000, trades=1500)
    assert compute("corwin_schultz", columns, window=3999, clipped=0)[-1] == pytest.approx(spread, abs=0.002)
    assert compute("abdi_ranaldo", columns, window=3999, corrected=0)[-1] == pytest.approx(spread, abs=0.002)
    assert compute("edge", columns, window=3999)[-1] == pytest.approx(spread, rel=0.03)


def test_roll_recovers_a_planted_spread_from_trades():
    random = np.random.default_rng(3)
    value = np.cumsum(random.normal(0, 0.001, 20_000))
    price = np.exp(value + 0.005 * random.choice((-1.0, 1.0), 20_000))
    assert compute("roll", {"close": price}, window=5000)[-1] == pytest.approx(0.01, rel=0.05)


def test_no_spread_is_told_as_next_to_none():
    columns = days_of_trades(0.0, 4000)
    assert compute("edge", columns, window=3999)[-1] < 0.003
    assert abs(compute("corwin_schultz", columns, window=3999, clipped=0)[-1]) < 0.003


def test_overnight_gaps_spoil_the_spread_unless_they_are_taken_out():
    columns = days_of_trades(0.01, 4000, trades=1500, volatility=0.02, gap=0.02)
    with_gaps = compute("corwin_schultz", columns, window=3999, clipped=0, overnight=0)[-1]
    without = compute("corwin_schultz", columns, window=3999, clipped=0, overnight=1)[-1]
    assert abs(without - 0.01) < 0.5 * abs(with_gaps - 0.01)


def test_volatility_beside_the_spread_is_recovered():
    columns = days_of_trades(0.01, 4000, trades=2000, volatility=0.03)
    assert compute("corwin_schultz_volatility", columns, window=3999)[-1] == pytest.approx(0.03, rel=0.15)


def test_a_planted_impact_is_recovered():
    random = np.random.default_rng(5)
    count = 5000
    size = random.lognormal(0, 0.5, count)
    sides = random.choice((-1.0, 1.0), count)
    moved = 0.004 * sides * size / size.mean()
    close = 100 * np.exp(np.cumsum(moved))
    found = compute("kyle_lambda", {"close": close, "volume": size}, window=1000)
    assert found[-1] == pytest.approx(0.004 * size[-1000:].mean() / size.mean(), rel=1e-6)
    lasting = compute("price_impact", {"close": close, "volume": size}, window=2000, after=5)
    assert lasting[1][-1] == pytest.approx(lasting[0][-1], rel=0.1)
    fleeting = 100 * np.exp(moved)
    at_once, rest = compute("price_impact", {"close": fleeting, "volume": size}, window=2000, after=5)
    assert abs(rest[-1]) < 0.6 * at_once[-1]


def test_a_planted_reversal_after_volume_is_recovered():
    random = np.random.default_rng(8)
    count = 6000
    volume = random.lognormal(0, 0.7, count)
    moved = np.zeros(count)
    noise = random.normal(0, 0.01, count)
    price = 100.0
    money = np.zeros(count)
    for bar in range(1, count):
        flow = np.sign(moved[bar - 1]) * money[bar - 1]
        moved[bar] = noise[bar] - 0.004 * flow / 128
        price *= math.exp(moved[bar])
        money[bar] = 100 * volume[bar]
    close = 100 * np.exp(np.cumsum(moved))
    shares = money / close
    found = compute("pastor_stambaugh", {"close": close, "volume": shares}, window=5000)[-1]
    assert found == pytest.approx(-0.004 * money[-5001:-1].mean() / 128, rel=0.15)


def test_reversal_whose_causes_can_not_be_told_apart_is_none():
    close = 100 * np.exp(0.01 * np.cumsum(np.tile((1.0, -1.0), 60)))
    assert compute("pastor_stambaugh", {"close": close, "volume": 1e6 / close}, window=20)[-1] == 0.0


# Plain definitions of the value at the last of the bars given; r are log returns.
def returns(close):
    return [math.log(b / a) for a, b in pairwise(close)]


def regression(y, x):
    mx, my = statistics.fmean(x), statistics.fmean(y)
    below = math.fsum((a - mx) ** 2 for a in x)
    return math.fsum((a - mx) * (b - my) for a, b in zip(x, y, strict=True)) / below if below else 0.0


def shares(close, window):
    moved = returns(close)
    out = []
    for end in range(window, len(moved) + 1):
        spread = statistics.pstdev(moved[end - window : end])
        z = moved[end - 1] / spread if spread else 0.0
        out.append(0.5 * (1 + math.erf(z / math.sqrt(2))))
    return out


def sign(value):
    return (value > 0) - (value < 0)


def amihud(b, n):
    parts = [(abs(r) / (c * v), v) for r, c, v in zip(returns(b["close"][-n - 1 :]), b["close"][-n:], b["volume"][-n:],
             strict=True) if v]  # fmt: skip
    money = statistics.fmean(c * v for c, v in zip(b["close"][-n:], b["volume"][-n:], strict=True))
    return statistics.fmean(one for one, _ in parts) * money


def amihud_depth(b, n):
    money = statistics.fmean(c * v for c, v in zip(b["close"][-n:], b["volume"][-n:], strict=True))
    return 0.01 * money / amihud(b, n)


def amivest(b, n):
    money = math.fsum(c * v for c, v in zip(b["close"][-n:], b["volume"][-n:], strict=True))
    return money / math.fsum(map(abs, returns(b["close"][-n - 1 :])))


def martin_liquidity(b, n):
    moved = returns(b["close"][-n - 1 :])
    parts = [r * r / v for r, v in zip(moved, b["volume"][-n:], strict=True) if v]
    return statistics.fmean(parts) * statistics.fmean(b["volume"][-n:])


def kyle_lambda(b, n):
    moved = returns(b["close"][-n - 1 :])
    flow = [sign(r) * v for r, v in zip(moved, b["volume"][-n:], strict=True)]
    return regression(moved, flow) * statistics.fmean(b["volume"][-n:])


def hasbrouck_lambda(b, n):
    moved = returns(b["close"][-n - 1 :])
    root = [math.sqrt(c * v) for c, v in zip(b["close"][-n:], b["volume"][-n:], strict=True)]
    return regression(moved, [sign(r) * s for r, s in zip(moved, root, strict=True)]) * statistics.fmean(root)


def volume_response(b, n):
    size = [abs(r) for r in returns(b["close"][-n - 1 :])]
    return regression(size, b["volume"][-n:]) * statistics.fmean(b["volume"][-n:]) / statistics.fmean(size)


def roll(b, n):
    moved = returns(b["close"])
    x, y = moved[-n - 1 : -1], moved[-n:]
    mx, my = statistics.fmean(x), statistics.fmean(y)
    together = statistics.fmean((a - mx) * (c - my) for a, c in zip(x, y, strict=True))
    return 2 * math.sqrt(max(-together, 0))


def fht_spread(b, n):
    moved = returns(b["close"][-n - 1 :])
    zeros = sum(r == 0 for r in moved) / n
    return 2 * statistics.pstdev(moved) * statistics.NormalDist().inv_cdf((1 + zeros) / 2)


def thompson_waller(b, n):
    moved = [abs(r) for r in returns(b["close"][-n - 1 :])]
    return math.fsum(moved) / sum(r > 0 for r in moved)


def zero_return_share(b, n):
    return sum(r == 0 for r in returns(b["close"][-n - 1 :])) / n


def zero_volume_share(b, n):
    return sum(v == 0 for v in b["volume"][-n:]) / n


def high_low_imbalance(b, n):
    up = math.fsum(h + lo - 2 * o for o, h, lo in zip(b["open"][-n:], b["high"][-n:], b["low"][-n:], strict=True))
    return up / math.fsum(h - lo for h, lo in zip(b["high"][-n:], b["low"][-n:], strict=True))


def vpt_oscillator(b, n):
    steps = [v * (d / c - 1) for c, d, v in zip(b["close"], b["close"][1:], b["volume"][1:], strict=False)]
    trend = [math.fsum(steps[: one + 1]) for one in range(len(steps))]
    return (trend[-1] - statistics.fmean(trend[-n:])) / statistics.fmean(b["volume"][-n:])


def abdi_ranaldo(b, n):
    c = [math.log(one) for one in b["close"]]
    m = [(math.log(h) + math.log(lo)) / 2 for h, lo in zip(b["high"], b["low"], strict=True)]
    last = range(len(c) - n, len(c))
    return statistics.fmean(math.sqrt(max(4 * (c[t - 1] - m[t - 1]) * (c[t - 1] - m[t]), 0)) for t in last)


def corwin_schultz(b, n):
    k, out = 3 - 2 * math.sqrt(2), []
    for t in range(len(b["close"]) - n, len(b["close"])):
        h1, l1, c1 = b["high"][t - 1], b["low"][t - 1], b["close"][t - 1]
        h, lo = b["high"][t], b["low"][t]
        moved = c1 - lo if c1 < lo else c1 - h if c1 > h else 0.0
        h, lo = h + moved, lo + moved
        beta = math.log(h1 / l1) ** 2 + math.log(h / lo) ** 2
        gamma = math.log(max(h, h1) / min(lo, l1)) ** 2
        alpha = (math.sqrt(2 * beta) - math.sqrt(beta)) / k - math.sqrt(gamma / k)
        out.append(max(2 * (math.exp(alpha) - 1) / (1 + math.exp(alpha)), 0))
    return statistics.fmean(out)


PLAIN = (amihud, amihud_depth, amivest, martin_liquidity, kyle_lambda, hasbrouck_lambda, volume_response, roll,
         fht_spread, thompson_waller, zero_return_share, zero_volume_share, high_low_imbalance, vpt_oscillator,
         abdi_ranaldo, corwin_schultz)  # fmt: skip


@pytest.mark.parametrize("plain", PLAIN, ids=lambda one: one.__name__)
@pytest.mark.parametrize(("seed", "window"), [(1, 20), (2, 33)])
def test_equals_its_formula(plain, seed, window):
    columns = bars(160, seed)
    found = compute(plain.__name__, columns, window=window)
    for end in (window + 2, 100, 160):
        part = {name: one[:end].tolist() for name, one in columns.items()}
        assert found[end - 1] == pytest.approx(plain(part, window), rel=1e-9, abs=1e-15)


def test_shifts_and_balances_by_hand():
    columns = bars(200, 6)
    part = {name: one.tolist() for name, one in columns.items()}

    def ratio(window):
        return 0.01 / amihud_depth(part, window)

    shift = compute("amihud_shift", columns, short=5, long=60)[-1]
    assert shift == pytest.approx(math.log(ratio(5) / ratio(60)), rel=1e-9)
    moved = returns(part["close"][-61:])
    sides = []
    for way in (-1, 1):
        chosen = [abs(r) / (c * v) if v else 0.0 for r, c, v in zip(moved, part["close"][-60:], part["volume"][-60:],
                  strict=True) if sign(r) == way]  # fmt: skip
        sides.append(statistics.fmean(chosen))
    balance = (sides[0] - sides[1]) / sum(sides)
    assert compute("amihud_balance", columns)[-1] == pytest.approx(balance, rel=1e-9)
    turnover = compute("return_to_turnover", columns, window=20, long=100)[-1]
    parts = [abs(r) / v for r, v in zip(moved[-20:], part["volume"][-20:], strict=True) if v]
    assert turnover == pytest.approx(statistics.fmean(parts) * statistics.fmean(part["volume"][-100:]), rel=1e-9)
    wide = max(part["high"][-5:]) / min(part["low"][-5:]) - 1
    money = [c * v for c, v in zip(part["close"], part["volume"], strict=True)]
    busy = statistics.fmean(money[-5:]) / statistics.fmean(money[-60:])
    assert compute("hui_heubel", columns)[-1] == pytest.approx(wide / busy, rel=1e-9)


def test_flow_by_hand():
    columns = bars(220, 9)
    close, volume = columns["close"].tolist(), columns["volume"].tolist()
    split = shares(close, 50)
    assert compute("bulk_buy_share", columns)[-1] == pytest.approx(split[-1], rel=1e-9)
    flow = [(2 * b - 1) * v for b, v in zip(split, volume[50:], strict=True)]
    expected = math.fsum(flow[-20:]) / math.fsum(volume[-20:])
    assert compute("order_flow_imbalance", columns)[-1] == pytest.approx(expected, rel=1e-9)
    before = statistics.correlation(flow[-61:-1], flow[-60:])
    assert compute("flow_persistence", columns)[-1] == pytest.approx(before, rel=1e-9)
    after = statistics.correlation(flow[-61:-1], returns(close)[-60:])
    assert compute("flow_foresight", columns)[-1] == pytest.approx(after, rel=1e-9)


def vpin_plainly(flow, volume, buckets):
    """Pour the bars into equal buckets, part by part."""
    size = math.fsum(volume) / buckets
    imbalances, held, lean = [], 0.0, 0.0
    for one, traded in zip(flow, volume, strict=True):
        left = traded
        while left > 1e-9 * size and len(imbalances) < buckets:
            part = min(left, size - held)
            held, lean, left = held + part, lean + one * part / traded, left - part
            if held >= size * (1 - 1e-9):
                imbalances.append(abs(lean))
                held, lean = 0.0, 0.0
    return math.fsum(imbalances) / (size * buckets)


def test_vpin_by_pouring():
    columns = bars(200, 12)
    split = shares(columns["close"].tolist(), 50)
    volume = columns["volume"].tolist()[50:]
    flow = [(2 * b - 1) * v for b, v in zip(split, volume, strict=True)]
    found = compute("vpin", columns, window=40, buckets=10)
    for back in (0, 7, 33):
        end = len(volume) - back
        expected = vpin_plainly(flow[end - 40 : end], volume[end - 40 : end], 10)
        assert found[199 - back] == pytest.approx(expected, rel=1e-6)


def test_vpin_is_high_where_all_is_on_one_side():
    count = 300
    random = np.random.default_rng(1)
    even = 100 * np.exp(np.cumsum(0.01 * np.tile((1.0, -1.0), count // 2)))
    onward = np.concatenate([even[:200], even[199] * np.exp(0.05 * np.arange(1, 101))])
    volume = random.lognormal(10, 0.1, count)
    assert compute("vpin", {"close": onward, "volume": volume}, window=20, buckets=5)[215] > 0.75
    calm = compute("vpin", {"close": even, "volume": volume}, window=20, buckets=5)[-1]
    assert calm < 0.6


def edge_plainly(b, n):
    o, h, lo, c = ([math.log(one) for one in b[name]] for name in ("open", "high", "low", "close"))
    m = [(x + y) / 2 for x, y in zip(h, lo, strict=True)]
    rows = []
    for t in range(len(c) - n, len(c)):
        tau = float(h[t] != lo[t] or lo[t] != c[t - 1])
        rows.append((m[t] - o[t], o[t] - m[t - 1], m[t] - c[t - 1], c[t - 1] - m[t - 1], o[t] - c[t - 1], tau,
                     tau * (o[t] != h[t]) + tau * (o[t] != lo[t]),
                     tau * (c[t - 1] != h[t - 1]) + tau * (c[t - 1] != lo[t - 1])))  # fmt: skip
    means = [statistics.fmean(one) for one in zip(*rows, strict=True)]
    pt, po, pc = means[5], means[6], means[7]
    x1, x2 = [], []
    for r1, r2, r3, r4, r5, tau, _, _ in rows:
        d1, d3, d5 = r1 - means[0] / pt * tau, r3 - means[2] / pt * tau, r5 - means[4] / pt * tau
        x1.append(-4 / po * d1 * r2 - 4 / pc * d3 * r4)
        x2.append(-4 / po * d1 * r5 - 4 / pc * d5 * r4)
    e1, e2, v1, v2 = statistics.fmean(x1), statistics.fmean(x2), statistics.pvariance(x1), statistics.pvariance(x2)
    return math.sqrt(abs((v2 * e1 + v1 * e2) / (v1 + v2)))


def test_the_efficient_estimate_by_hand():
    columns = bars(120, 4)
    found = compute("edge", columns, window=30)
    for end in (32, 80, 120):
        part = {name: one[:end].tolist() for name, one in columns.items()}
        assert found[end - 1] == pytest.approx(edge_plainly(part, 30), rel=1e-9)


def hostile():
    yield "empty", {name: np.empty(0) for name in COLUMNS}
    for count in (1, 2, 400):
        yield f"constant {count}", {name: np.full(count, 5.0) for name in COLUMNS}
        yield f"zero {count}", {name: np.zeros(count) for name in COLUMNS}
    for size in (1e-12, 1e12):
        yield f"{size}", {name: one * (1 if name == "volume" else size) for name, one in bars(400).items()}
    yield "no volume", bars(400) | {"volume": np.zeros(400)}
    yield "volume unknown", bars(400) | {"volume": np.full(400, np.nan)}
    gaps = bars(400)
    for name in COLUMNS:
        gaps[name][7::41] = np.nan
    yield "gaps", gaps
    yield "negative", {name: -one for name, one in bars(400).items()}
    yield "endless", bars(400) | {"volume": np.full(400, np.inf)}


@pytest.mark.parametrize("columns", [pytest.param(one, id=label) for label, one in hostile()])
def test_hostile_bars_give_numbers_or_nan(columns):
    for one in ALL.values():
        for found in one.compute(columns):
            assert len(found) == len(columns["close"])
            assert not np.isinf(found).any()


def test_a_price_that_never_moves_has_no_spread_and_no_impact():
    flat = {name: np.full(400, 5.0) for name in COLUMNS}
    for name in ("roll", "edge", "corwin_schultz", "kyle_lambda", "thompson_waller", "order_flow_imbalance", "vpin"):
        assert compute(name, flat)[-1] == 0.0
    assert compute("zero_return_share", flat)[-1] == 1.0
    assert np.isnan(compute("fht_spread", flat)[-1])
    assert np.isnan(compute("amihud_depth", flat)[-1])


def test_prices_of_any_size_give_the_same():
    columns = bars(500, 3)
    tiny = {name: one * (1 if name == "volume" else 1e-12) for name, one in columns.items()}
    for name, one in ALL.items():
        if one.spec.scale == "free":
            for here, there in zip(one.compute(columns), one.compute(tiny), strict=True):
                np.testing.assert_allclose(here, there, rtol=1e-6, atol=1e-9, err_msg=name)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-8, 8), min_size=1, max_size=20))
def test_the_normal_distribution(values):
    expected = [statistics.NormalDist().cdf(one) for one in values]
    np.testing.assert_allclose(normal(np.array(values)), expected, rtol=1e-6, atol=1e-15)


def test_the_quantiles_of_a_table():
    assert normal_quantiles(4)[:4].tolist() == [statistics.NormalDist().inv_cdf(0.5 + k / 8) for k in range(4)]
    assert normal_quantiles(4)[4] == math.inf


def test_long_series_in_pieces_are_those_in_one():
    columns = bars(9000, 2)
    for name in ("vpin", "edge"):
        tail = compute(name, {key: one[-2000:] for key, one in columns.items()})
        np.testing.assert_allclose(compute(name, columns)[-1500:], tail[-1500:], rtol=1e-7, atol=1e-12)


@pytest.mark.skipif(not REAL, reason="ARA_MARKET_DATA names no folder")
def test_on_real_bars_the_estimates_are_of_a_sane_size():
    frame = pl.read_parquet(Path(REAL) / "bars" / "us_equity_daily_raw_lean.parquet")
    frame = frame.filter(pl.col("symbol") == "SPY").sort("ts")
    columns = {name: frame[name].cast(float).to_numpy() for name in COLUMNS}
    for name in ("corwin_schultz", "edge", "abdi_ranaldo", "roll"):
        middle = float(np.nanmedian(compute(name, columns)))
        assert 0.0 <= middle < 0.02
    for one in ALL.values():
        for found in one.compute(columns):
            assert np.isfinite(found[-500:]).mean() > 0.95
