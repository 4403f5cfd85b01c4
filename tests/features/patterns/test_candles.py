"""Candlesticks: each rule as it is written finds what the registry finds, whatever the bars and wherever they begin."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ara.data
from ara.features import catalogue
from ara.features.families import CANDLES
from ara.features.library import talib
from ara.features.patterns.candles.found import shapes
from ara.features.patterns.candles.shape import INPUTS, Reading, exact
from ara.features.stream import Stream
from tests.features.patterns.reading import judged, named

SAMPLE = Path(ara.data.__file__).parent / "sample" / "sample.parquet"
READABLE = [one.spec.name for one in shapes() if "hikkake" not in one.spec.name]
CANDLES_OF_TALIB = [name for name in dir(talib()) if name.startswith("CDL")]
OWN = {"cdl_big_candle", "cdl_four_price_doji", "cdl_star"}

# Shapes drawn by hand, (open, high, low, close), for those that chance hardly ever draws.
DRAWN = {
    "cdl_abandoned_baby": [(60, 61, 51, 52), (48, 48.5, 47.5, 48), (50, 58, 50, 57)],
    "cdl_breakaway": [(60, 60, 50, 50), (47, 48, 44, 45), (45, 46, 42, 43), (44, 45, 40, 41), (41, 49, 41, 48)],
    "cdl_concealing_baby_swallow": [(60, 60, 54, 54), (54, 54, 48, 48), (47, 50, 44, 44), (51, 51, 42, 43)],
    "cdl_kicking": [(60, 60, 54, 54), (62, 68, 62, 68)],
    "cdl_kicking_by_length": [(60, 60, 54, 54), (62, 70, 62, 70)],
    "cdl_ladder_bottom": [(60, 61, 56, 57), (58, 59, 54, 55), (56, 57, 52, 53), (54, 56, 50, 51), (55, 60, 55, 59)],
    "cdl_mat_hold": [(50, 58, 50, 58), (61, 62, 59, 60), (59, 60, 57, 57.5), (58, 59, 56, 56.5), (57, 64, 57, 63)],
    "cdl_rise_fall_three_methods": [
        (50, 59, 50, 58),
        (57, 58, 55, 56),
        (56, 57, 54, 55),
        (55, 56, 53, 54),
        (55, 61, 55, 60),
    ],
    "cdl_three_black_crows": [(50, 56, 50, 55), (54, 54.5, 49, 49), (52, 52.5, 45, 45), (48, 48.5, 41, 41)],
    "cdl_three_line_strike": [(50, 53, 49, 52), (51, 55, 50, 54), (53, 57, 52, 56), (57, 58, 48, 49)],
    "cdl_three_stars_in_the_south": [(60, 60.5, 45, 54), (57, 58, 48, 54), (54, 54, 53, 53)],
    "cdl_two_crows": [(50, 56, 50, 56), (60, 61, 57, 58), (59, 59.5, 54, 55)],
    "cdl_unique_three_river": [(60, 60, 50, 52), (58, 58, 46, 54), (50, 52, 49, 51)],
    "cdl_upside_gap_two_crows": [(50, 56, 50, 56), (59, 60, 57, 58), (60, 61, 56.5, 57)],
    "cdl_x_side_gap_three_methods": [(50, 55, 50, 54), (56, 60, 55, 59), (57, 58, 51, 52)],
}
BEARISH = {"cdl_three_black_crows", "cdl_two_crows", "cdl_upside_gap_two_crows"}
QUIET = [(50.0, 53.0, 49.0, 52.0), (52.0, 53.0, 49.0, 50.0)] * 8


def columns(rows):
    return {name: np.array([row[place] for row in rows], np.float64) for place, name in enumerate(INPUTS)}


def whole_prices(count, seed):
    """Bars in whole prices, where a body is often just as long as the limit and prices often meet."""
    random, rows, price = np.random.default_rng(seed), [], 50
    for _ in range(count):
        o = price + int(random.integers(-3, 4)) * (random.random() < 0.5)
        c = o + int(random.integers(-4, 5)) * (1 if random.random() < 0.6 else 2) * (random.random() < 0.85)
        h = max(o, c) + int(random.integers(0, 4)) * (random.random() < 0.6)
        low = min(o, c) - int(random.integers(0, 4)) * (random.random() < 0.6)
        rows.append((float(o), float(h), float(low), float(c)))
        price = c if 20 < c < 200 else 50
    return rows


def nearly(shape, copies, seed):
    """Copies of a drawn shape, each after quiet bars, each number moved a little."""
    random, rows = np.random.default_rng(seed), []
    for copy in range(copies):
        rows += QUIET
        for bar in shape:
            o, h, low, c = (value + (random.integers(-2, 3) / 2 if copy else 0.0) for value in bar)
            rows.append((o, max(o, h, low, c), min(o, h, low, c), c))
    return rows


def agrees(name, rows, known):
    """Compare what the rule says, as written, with what the registry says; gives how often it is there."""
    one = CANDLES.indicators()[name]
    chosen = one.spec.resolve({})
    rule = one.spec.formula.split(";")[0]
    wanted = judged(rule, one.warmup(), known, **chosen)
    (found,) = one.compute(columns(rows))
    np.testing.assert_array_equal(found, np.array([np.nan if value is None else value for value in wanted], float))
    return int(np.count_nonzero(np.nan_to_num(found)))


def test_there_are_the_sixty_one_of_talib_and_more():
    assert len(CANDLES_OF_TALIB) == 61
    assert len(shapes()) - len(OWN) == 61
    assert set(CANDLES.indicators()) == {one.spec.name for one in shapes()} | {"candle_bias"}


def calm(rows):
    """The same with bodies of quarters now and then, which are often just as long as a doji's may be."""
    random = np.random.default_rng(0)
    for o, h, low, c in rows:
        close = o + random.integers(-2, 3) / 4 if random.random() < 0.3 else c
        yield o, max(h, close), min(low, close), close


def test_a_body_just_as_long_as_the_limit_counts_as_the_rule_says():
    rows = list(calm(whole_prices(6000, 12)))
    known = list(named(rows))
    assert sum(one["body"] == one["tiny"] > 0 for one in known[10:]) > 5
    assert sum(one["body"] == one["usual"] > 0 for one in known[10:]) > 5
    for name in READABLE:
        agrees(name, rows, known)


def test_the_first_values_come_when_talib_has_them():
    from talib import abstract

    spelled = {
        "cdl_hikkake_modified": "CDLHIKKAKEMOD",
        "cdl_concealing_baby_swallow": "CDLCONCEALBABYSWALL",
        "cdl_three_stars_in_the_south": "CDL3STARSINSOUTH",
    }
    for one in shapes():
        if one.spec.name in OWN:
            continue
        plain = one.spec.name.replace("three", "3").replace("two", "2").replace("_", "").upper()
        theirs = spelled.get(one.spec.name, plain)
        assert one.warmup() == abstract.Function(theirs).lookback, one.spec.name


@pytest.mark.parametrize("seed", [1, 2])
def test_each_rule_as_written_is_what_is_found(seed):
    rows = whole_prices(2500, seed)
    known = list(named(rows))
    seen = {name: agrees(name, rows, known) for name in READABLE}
    assert sum(count > 0 for count in seen.values()) > 45


@pytest.mark.parametrize("name", sorted(DRAWN))
def test_a_shape_drawn_by_hand_is_found_and_its_rule_holds_around_it(name):
    rows = nearly(DRAWN[name], 150, seed=7)
    (found,) = CANDLES.indicators()[name].compute(columns(rows))
    assert found[len(QUIET) + len(DRAWN[name]) - 1] == (-100 if name in BEARISH else 100)
    assert agrees(name, rows, list(named(rows))) > 1


@pytest.mark.parametrize("symbol", ["AAPL", "EURUSD"])
def test_the_rules_hold_on_real_bars(symbol):
    frame = pl.read_parquet(SAMPLE).filter(pl.col("symbol") == symbol).tail(1500)
    prices = [frame[name].to_numpy().astype(float) for name in INPUTS]
    rows = list(zip(*(one.tolist() for one in prices), strict=True))
    known = list(named(list(zip(*(exact(one).tolist() for one in prices), strict=True))))
    assert sum(agrees(name, rows, known) for name in READABLE) > 1000


def hikkake(rows, *, modified):
    """The trap, told bar by bar: an inside bar, a false break, and the close that comes back through."""
    out, pending = [0] * len(rows), None
    inside = 3 if modified else 2
    near = [0.2 * sum(h - low for _, h, low, _ in rows[max(bar - 5, 0) : bar]) / 5 for bar in range(len(rows))]
    for bar in range(inside, len(rows)):
        (_, h2, l2, c2), (_, h1, l1, _), (_, h, low, c) = rows[bar - 2 : bar + 1]
        within = h1 < h2 and l1 > l2
        down, up = h < h1 and low < l1, h > h1 and low > l1
        if modified:
            _, h3, l3, _ = rows[bar - 3]
            within = within and h2 < h3 and l2 > l3
            down, up = down and c2 <= l2 + near[bar - 2], up and c2 >= h2 - near[bar - 2]
        if within and (down or up):
            out[bar] = 100 if down else -100
            pending = (bar, out[bar])
        elif pending and bar <= pending[0] + 3:
            start, way = pending
            _, top, floor, _ = rows[start - 1]
            if (c > top) if way > 0 else (c < floor):
                out[bar], pending = 2 * way, None
    return out


@pytest.mark.parametrize(("name", "modified"), [("cdl_hikkake", False), ("cdl_hikkake_modified", True)])
def test_the_traps_are_told_as_they_are_described(name, modified):
    random, rows = np.random.default_rng(3), [(50.0, 60.0, 40.0, 52.0)]
    for _ in range(6000):
        _, top, floor, last = rows[-1]
        step = int(random.integers(-6, 7)) / 2
        inside = random.random() < 0.5 and top - floor > 2
        high, low = (top - 0.5, floor + 0.5) if inside else (last + 4 + step, last - 4 + step)
        o, c = (low + (high - low) * random.integers(0, 9) / 8 for _ in range(2))
        rows.append((o, high, low, c) if 20 < c < 200 else (50.0, 60.0, 40.0, 52.0))
    one = CANDLES.indicators()[name]
    (found,) = one.compute(columns(rows))
    wanted = hikkake(rows, modified=modified)
    start = one.warmup() + 3
    np.testing.assert_array_equal(found[start:], wanted[start:])
    assert {-200.0, -100.0, 100.0, 200.0} <= set(found[start:])


def test_without_rounding_it_is_talib_to_the_bar():
    random = np.random.default_rng(5)
    close = 100 * np.exp(np.cumsum(0.01 * random.standard_t(4, 3000)))
    opened = close * np.exp(random.normal(0, 0.006, 3000))
    high = np.maximum(opened, close) * np.exp(np.abs(random.normal(0, 0.004, 3000)))
    low = np.minimum(opened, close) * np.exp(-np.abs(random.normal(0, 0.004, 3000)))
    theirs = {tuple(getattr(talib(), name)(opened, high, low, close)[20:]) for name in CANDLES_OF_TALIB}
    bars = {"open": opened, "high": high, "low": low, "close": close}
    ours = {tuple(one.compute(bars)[0][20:]) for one in shapes() if one.spec.name not in OWN}
    assert ours == theirs


flat_or_whole = st.lists(
    st.tuples(st.integers(1, 6), st.integers(0, 3), st.integers(0, 3), st.integers(1, 6)), min_size=20, max_size=60
)


@settings(max_examples=60, deadline=None)
@given(flat_or_whole, st.integers(1, 19), st.sampled_from([1.0, 0.1, 1e-12, 1e12, 7.3e5]))
def test_where_the_bars_begin_changes_nothing(bars, start, unit):
    rows = [((o) * unit, (max(o, c) + up) * unit, (min(o, c) - down) * unit, c * unit) for o, up, down, c in bars]
    whole, tail = columns(rows), columns(rows[start:])
    for name, one in CANDLES.indicators().items():
        for full, part in zip(one.compute(whole), one.compute(tail), strict=True):
            warm = one.warmup()
            np.testing.assert_array_equal(full[start + warm :], part[warm:], err_msg=name)


def test_a_long_quiet_spell_after_a_wild_one_leaves_no_trace():
    wild = [(o * 1.1, h * 1.1, low * 1.1, c * 1.1) for o, h, low, c in whole_prices(400, 9)]
    rows = [*wild, *[(55.1, 55.1, 55.1, 55.1)] * 40]
    (doji,) = CANDLES.indicators()["cdl_doji"].compute(columns(rows))
    assert doji[-20:].tolist() == [100.0] * 20


def test_the_same_bar_by_bar():
    rows = whole_prices(120, 4)
    names = [name for name in CANDLES.indicators() if name != "candle_bias"]
    stream, bars = Stream(names), columns(rows)
    told = [stream.push({name: bars[name][bar] for name in INPUTS}) for bar in range(len(rows))]
    for name in names:
        np.testing.assert_array_equal([one[name][0] for one in told], CANDLES.indicators()[name].compute(bars)[0])


@pytest.mark.parametrize("name", ["cdl_hammer", "cdl_hanging_man", "cdl_inverted_hammer", "cdl_shooting_star"])
def test_a_colour_narrows_a_shape(name):
    bars = columns(whole_prices(3000, 6))
    either, white, black = (catalogue.compute(name, bars, body=body)[0] for body in (0, 1, -1))
    assert np.nansum(np.abs(white)) > 0 < np.nansum(np.abs(black))
    np.testing.assert_array_equal(white + black, either)
    assert (bars["close"] >= bars["open"])[np.nan_to_num(white) != 0].all()
    assert (bars["close"] < bars["open"])[np.nan_to_num(black) != 0].all()


def test_a_marubozu_by_its_share_of_the_range_needs_no_bars_before():
    rows = [(10, 20, 10, 20), (10, 20, 10, 19.4), (10, 20, 10, 19.5), (20, 20, 10, 10.2), (5, 5, 5, 5), (9, 10, 8, 9.5)]
    (found,) = catalogue.compute("cdl_marubozu", columns(rows), share=0.95)
    assert found.tolist() == [100, 0, 100, -100, 0, 0]


def test_a_deeper_penetration_finds_fewer():
    bars = columns(whole_prices(20000, 8))
    counts = [np.nansum(np.abs(catalogue.compute("cdl_evening_star", bars, penetration=p)[0])) for p in (0, 0.5, 1)]
    assert counts[0] > counts[1] > counts[2]


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [(5, 6, 4, 5)],
        [(5, 5, 5, 5)] * 40,
        [(0, 0, 0, 0)] * 40,
        [(5, 6, 4, 5), (np.nan, 6, 4, 5)] * 30,
        [(5, 6, 4, 5), (5, np.inf, 4, 5)] * 30,
        [(-5, -4, -6, -5.5), (-5.5, -3, -6, -4)] * 20,
        [(9, 1, 8, 2)] * 30,
    ],
)
def test_any_bars_give_whole_answers(rows):
    for one in CANDLES.indicators().values():
        for values, name in zip(one.compute(columns(rows)), one.spec.outputs, strict=True):
            assert len(values) == len(rows)
            low, high = one.spec.bounds[name]
            known = values[~np.isnan(values)]
            assert ((known >= low) & (known <= high)).all()


def test_a_gap_begins_anew():
    rows = whole_prices(100, 2)
    bars, cut = columns(rows), columns(rows[41:])
    bars["high"][40] = np.nan
    for one in CANDLES.indicators().values():
        for full, part in zip(one.compute(bars), one.compute(cut), strict=True):
            assert np.isnan(full[40])
            np.testing.assert_array_equal(full[41:], part)


def test_exact_prices_keep_twelve_digits_and_their_order():
    random = np.random.default_rng(0)
    prices = np.concatenate([random.lognormal(0, 12, 5000), [0.0, 1e-12, 1e12, 123456789.01]])
    rounded = exact(prices)
    np.testing.assert_allclose(rounded, prices * 1e8, rtol=2**-40, atol=0)
    assert (np.diff(rounded[np.argsort(prices)]) >= 0).all()


@pytest.mark.parametrize(("digits", "largest"), [(2, 500_000), (5, 5_000), (8, 5_000)])
def test_decimal_prices_become_whole_numbers(digits, largest):
    whole = np.random.default_rng(1).integers(1, largest * 10**digits, 5000)
    assert (exact(whole / 10**digits) == whole * 10.0 ** (8 - digits)).all()


@pytest.mark.parametrize("tick", [0.01, 0.05, 0.00001])
def test_a_tie_in_ticks_is_a_tie(tick):
    """The same bars in whole numbers and in ticks of a decimal price are the same shapes."""
    rows = whole_prices(2000, 15)
    ticks = {name: np.round(values * tick, 5) for name, values in columns(rows).items()}
    for one in shapes():
        np.testing.assert_array_equal(one.compute(ticks)[0], one.compute(columns(rows))[0], err_msg=one.spec.name)


def test_the_words_say_what_is_seen_and_what_is_read_into_it():
    for one in shapes():
        assert "read" in one.spec.words.lower(), one.spec.name
        assert one.spec.words.endswith(".")
        assert one.title in one.spec.name.replace("_", " ")
    assert len({one.spec.words for one in shapes()}) == len(shapes())
    assert {one.direction for one in shapes() if one.reading is Reading.PAUSE} == {0}


def test_where_real_bars_begin_changes_nothing():
    frame = pl.read_parquet(SAMPLE)
    for symbol in ("USDJPY", "XAUUSD", "LTC-USD", "KO"):
        prices = [frame.filter(pl.col("symbol") == symbol)[name].to_numpy().astype(float) for name in INPUTS]
        cut = len(prices[0]) // 2
        whole, tail = (dict(zip(INPUTS, part, strict=True)) for part in (prices, [one[cut:] for one in prices]))
        for one in shapes():
            (full,), (part,) = one.compute(whole), one.compute(tail)
            np.testing.assert_array_equal(full[cut + one.warmup() :], part[one.warmup() :], err_msg=one.spec.name)
