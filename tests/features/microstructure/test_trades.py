import gzip
import json
import math
import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ara.errors import FeatureEngineeringError
from ara.features.microstructure.book import (
    book_imbalance,
    depth,
    levels_of,
    microprice,
    quote_flow,
    quoted_spread,
    walk,
)
from ara.features.microstructure.trades import (
    effective_spread,
    effective_tick,
    kyle_lambda_of_trades,
    lee_ready,
    prevailing,
    realised_spread,
    signs_of,
    tick_rule,
    trade_imbalance,
    volume_of_bars,
    vpin_of_trades,
)

PAYLOADS = Path(__file__).parents[2] / "data" / "providers" / "payloads" / "kraken_rest"
DAYS = np.array(["2024-01-02", "2024-01-03"], "datetime64[us]")
REAL = Path(os.environ.get("ARA_MARKET_DATA", "nowhere")) / "orderbook"
with_real = pytest.mark.skipif(not REAL.is_dir(), reason="ARA_MARKET_DATA names no folder with order books")


def test_signs_of_sides_and_ticks():
    assert signs_of(["buy", "sell", "", None, "buy"]).tolist() == [1, -1, 0, 0, 1]
    assert tick_rule(np.array([5.0, 5.0, 6.0, 6.0, 5.5, 5.5, 7.0])).tolist() == [0, 0, 1, 1, -1, -1, 1]
    assert tick_rule(np.empty(0)).tolist() == []


def test_trades_are_signed_by_the_middle_and_in_it_by_the_tick():
    price = np.array([101.0, 100.0, 100.5, 100.5, 99.0])
    bid, ask = np.full(5, 100.0), np.full(5, 101.0)
    assert lee_ready(price, bid, ask).tolist() == [1, -1, 1, 1, -1]
    bid[0] = np.nan
    assert lee_ready(price, bid, ask)[0] == 0


def test_the_quote_that_stood_strictly_before_the_trade_counts():
    trade, quote = np.array([5, 10, 11, 30]), np.array([10, 20])
    (bid,) = prevailing(trade, quote, np.array([1.0, 2.0]))
    assert bid.tolist() == pytest.approx([math.nan, math.nan, 1.0, 2.0], nan_ok=True)
    (later,) = prevailing(trade, quote, np.array([1.0, 2.0]), later=10)
    assert later.tolist() == [1.0, 1.0, 2.0, 2.0]
    (none,) = prevailing(trade, np.empty(0), np.empty(0))
    assert np.isnan(none).all()


def simulated(count=40_000, seed=0, impact=0.002, spread=0.04):
    """Trades that pay half a spread and move the value by a planted impact for each unit bought."""
    random = np.random.default_rng(seed)
    signs = random.choice((-1.0, 1.0), count)
    size = random.exponential(1.0, count)
    value = 100 + np.cumsum(impact * signs * size + random.normal(0, 0.001, count))
    middle = np.append(100.0, value[:-1])
    return middle + signs * spread / 2, signs, size, middle, value


def test_a_planted_lambda_is_recovered_from_trades():
    price, signs, size, _, _ = simulated()
    found = kyle_lambda_of_trades(price, signs, size, every=50)
    # The trade that ends an interval has not moved its own price yet: one of fifty is missed.
    assert found.value == pytest.approx(0.002, abs=4 * found.error + 0.002 / 50)
    assert found.error < 0.0002
    assert found.count == 799
    assert found.share > 0.3
    none = kyle_lambda_of_trades(price, np.random.default_rng(9).choice((-1.0, 1.0), len(price)), size, every=50)
    assert abs(none.value) < 4 * none.error


def test_a_trade_counts_in_the_interval_whose_price_it_made():
    signs, size = np.tile((1.0, -1.0, 1.0), 30), np.arange(1.0, 91.0)
    price = 100 + 0.01 * np.cumsum(signs * size)
    found = kyle_lambda_of_trades(price, signs, size, every=1)
    assert found.value == pytest.approx(0.01, rel=1e-9)
    assert found.share == pytest.approx(1.0)


def test_lambda_of_what_does_not_vary_or_is_too_little():
    flat = kyle_lambda_of_trades(np.full(500, 5.0), np.zeros(500), np.ones(500))
    assert (flat.value, flat.share) == (0.0, 0.0)
    assert math.isnan(flat.error)
    still = kyle_lambda_of_trades(np.full(500, 5.0), np.tile((1.0, 1.0, -1.0), 167)[:500], np.ones(500))
    assert (still.value, still.share) == (0.0, 0.0)
    for count, every in ((100, 50), (0, 50), (500, 0)):
        with pytest.raises(FeatureEngineeringError, match=r"every is|a slope takes"):
            kyle_lambda_of_trades(np.ones(count), np.ones(count), np.ones(count), every=every)


def test_the_tick_rule_finds_most_of_the_signs():
    price, signs, _, middle, _ = simulated()
    assert (tick_rule(price) == signs).mean() > 0.8
    assert (lee_ready(price, middle - 0.02, middle + 0.02) == signs).all()


def test_the_effective_spread_is_what_is_earned_and_what_is_moved():
    price, signs, size, middle, value = simulated()
    paid = effective_spread(price, middle, signs)
    assert paid.mean() * 100 == pytest.approx(0.04, rel=0.2)
    earned, moved = realised_spread(price, middle, value, signs)
    np.testing.assert_allclose(earned + moved, paid, atol=1e-15)
    assert (moved * middle).mean() == pytest.approx(2 * 0.002 * size.mean(), rel=0.05)


def test_imbalance_of_trades():
    signs, size = np.array([1.0, -1.0, 1.0, 1.0]), np.array([1.0, 3.0, 2.0, 4.0])
    found = trade_imbalance(signs, size, window=2)
    assert found[1:].tolist() == pytest.approx([-0.5, -0.2, 1.0])
    assert np.isnan(found[0])
    assert trade_imbalance(signs, np.zeros(4), window=2)[-1] == 0.0
    with pytest.raises(FeatureEngineeringError, match="differ in shape"):
        trade_imbalance(signs, size[:2], window=2)


def test_volume_of_bars():
    at, size = np.array([0, 5, 10, 15, 20, 25]), np.arange(1.0, 7.0)
    signs = np.array([1.0, 1.0, -1.0, 0.0, 1.0, 1.0])
    bought, sold, other = volume_of_bars(at, signs, size, opens=np.array([5, 15]), end=25)
    assert bought.tolist() == [2, 5]
    assert sold.tolist() == [3, 0]
    assert other.tolist() == [0, 4]


def poured(signs, size, bucket):
    """Buckets filled trade by trade."""
    out, held, lean = [], 0.0, 0.0
    for place, (sign, left) in enumerate(zip(signs, size, strict=True)):
        while left > 1e-9:
            part = min(left, bucket - held)
            held, lean, left = held + part, lean + sign * part, left - part
            if held > bucket - 1e-9:
                out.append((place, lean / bucket))
                held, lean = 0.0, 0.0
    return out


def test_buckets_are_poured_trade_by_trade():
    random = np.random.default_rng(4)
    signs, size = random.choice((-1.0, 1.0), 400), np.ceil(random.exponential(4.0, 400))
    found = vpin_of_trades(signs, size, bucket=25.0, buckets=5)
    expected = poured(signs, size, 25.0)
    assert found.at.tolist() == [place for place, _ in expected]
    np.testing.assert_allclose(found.imbalance, [lean for _, lean in expected], atol=1e-9)
    assert np.isnan(found.vpin[:4]).all()
    assert found.vpin[10] == pytest.approx(np.abs(found.imbalance[6:11]).mean())


def test_a_bucket_that_later_trades_fill_is_not_told_before():
    random = np.random.default_rng(5)
    signs, size = random.choice((-1.0, 1.0), 300), random.exponential(2.0, 300)
    whole = vpin_of_trades(signs, size, bucket=10.0, buckets=3)
    part = vpin_of_trades(signs[:150], size[:150], bucket=10.0, buckets=3)
    count = len(part.at)
    assert (whole.at[:count] == part.at).all()
    assert whole.at[count] >= 150
    np.testing.assert_allclose(whole.imbalance[:count], part.imbalance, atol=1e-9)


def test_vpin_tells_one_sided_from_even_trade():
    random = np.random.default_rng(6)
    size = random.exponential(1.0, 20_000)
    even = vpin_of_trades(random.choice((-1.0, 1.0), 20_000), size, bucket=200.0)
    leaning = vpin_of_trades(np.where(random.random(20_000) < 0.9, 1.0, -1.0), size, bucket=200.0)
    assert even.vpin[-1] < 0.2
    assert leaning.vpin[-1] == pytest.approx(0.8, abs=0.05)
    assert len(vpin_of_trades(np.ones(3), np.ones(3), bucket=10.0).at) == 0
    assert len(vpin_of_trades(np.empty(0), np.empty(0), bucket=10.0).at) == 0
    for bucket, buckets in ((0.0, 5), (math.nan, 5), (1.0, 0)):
        with pytest.raises(FeatureEngineeringError, match=r"buckets? is"):
            vpin_of_trades(np.ones(3), np.ones(3), bucket=bucket, buckets=buckets)


def test_prices_on_coarse_grids_tell_a_wide_spread():
    random = np.random.default_rng(7)
    fine = np.round(random.uniform(90, 110, 20_000), 2)
    coarse = np.round(fine * 4) / 4
    grid = (0.01, 0.05, 0.25, 1.0)
    assert effective_tick(fine, increments=grid) * 100 < 0.03
    assert effective_tick(coarse, increments=grid) * 100 == pytest.approx(0.25, rel=0.15)
    assert effective_tick(np.array([100.0]), increments=(0.5,)) == pytest.approx(0.005)


@pytest.mark.parametrize("grid", [(), (0.01, 0.025), (1.0, 0.5), (0.0, 1.0)])
def test_a_grid_is_made_of_multiples(grid):
    with pytest.raises(FeatureEngineeringError, match="increments are"):
        effective_tick(np.array([1.0]), increments=grid)
    with pytest.raises(FeatureEngineeringError, match="no price"):
        effective_tick(np.array([math.nan]), increments=(0.01,))


def flow_plainly(bid, bid_size, ask, ask_size):
    out = [0.0]
    for n in range(1, len(bid)):
        one = 0.0
        one += bid_size[n] if bid[n] >= bid[n - 1] else 0
        one -= bid_size[n - 1] if bid[n] <= bid[n - 1] else 0
        one -= ask_size[n] if ask[n] <= ask[n - 1] else 0
        one += ask_size[n - 1] if ask[n] >= ask[n - 1] else 0
        out.append(one)
    return out


def test_flow_of_the_best_quotes():
    random = np.random.default_rng(8)
    bid = 100 + random.integers(-2, 3, 300) * 0.01
    ask = bid + random.integers(1, 4, 300) * 0.01
    sizes = random.integers(1, 9, (2, 300)).astype(float)
    found = quote_flow(bid, sizes[0], ask, sizes[1])
    np.testing.assert_allclose(found, flow_plainly(bid, sizes[0], ask, sizes[1]))
    sizes[0, 50] = np.nan
    broken = quote_flow(bid, sizes[0], ask, sizes[1])
    assert np.isnan(broken[[50, 51]]).all()
    np.testing.assert_allclose(broken[52:], found[52:])
    with pytest.raises(FeatureEngineeringError, match="differ in length"):
        quote_flow(bid, sizes[0], ask[:3], sizes[1])


def test_middle_and_imbalance():
    bid, ask = np.array([99.0, 99.0, 99.0]), np.array([101.0, 101.0, 101.0])
    sizes = np.array([3.0, 1.0, 0.0]), np.array([1.0, 1.0, 0.0])
    assert microprice(bid, sizes[0], ask, sizes[1]).tolist() == [100.5, 100.0, 100.0]
    assert quoted_spread(bid, ask).tolist() == [0.02] * 3
    assert book_imbalance(*sizes).tolist() == [0.5, 0.0, 0.0]
    bids, asks = np.array([[1.0, 4.0, np.nan]]), np.array([[1.0, 0.0, 0.0]])
    assert book_imbalance(bids, asks).tolist() == [pytest.approx(4 / 6)]
    assert book_imbalance(bids, asks, decay=0.0).tolist() == [0.0]
    assert depth(bids, decay=0.5).tolist() == [3.0]
    with pytest.raises(FeatureEngineeringError, match="decay is"):
        book_imbalance(bids, asks, decay=2.0)


def test_an_order_walks_through_the_book():
    prices, sizes = np.array([100.0, 101.0, 103.0]), np.array([1.0, 2.0, 5.0])
    one = walk(prices, sizes, 4.0)
    assert (one.filled, one.levels, one.worst) == (4.0, 3, 103.0)
    assert one.price == pytest.approx((100 + 202 + 103) / 4)
    assert one.cost == pytest.approx(one.price / 100 - 1)
    assert walk(prices, sizes, 0.5).cost == 0.0
    assert walk(prices, sizes, 100.0).filled == 8.0
    selling = walk(prices[::-1], sizes, 2.0)
    assert selling.cost == pytest.approx((103 - (103 + 101) / 2) / 103)
    empty = walk(np.array([np.nan]), np.array([1.0]), 1.0)
    assert (empty.filled, empty.levels) == (0.0, 0)
    assert math.isnan(empty.price)


@pytest.mark.parametrize(
    ("prices", "sizes", "quantity", "words"),
    [
        ([1.0], [1.0], 0.0, "quantity"),
        ([1.0], [1.0], math.nan, "quantity"),
        ([1.0], [1.0, 2.0], 1.0, "differ in shape"),
        ([1.0, 2.0, 1.5], [1.0] * 3, 1.0, "rise or fall"),
    ],
)
def test_a_walk_names_what_is_wrong(prices, sizes, quantity, words):
    with pytest.raises(FeatureEngineeringError, match=words):
        walk(np.array(prices), np.array(sizes), quantity)


def test_sides_of_a_recorded_book():
    book = json.loads((PAYLOADS / "example-depth-data.json").read_text())["result"]["XXBTZEUR"]
    rows = [
        {"side": side[:3], "level": level + 1, "price": float(price), "size": float(size)}
        for side in ("asks", "bids")
        for level, (price, size, _) in enumerate(book[side])
    ]
    rows = [one | {"side": {"ask": "ask", "bid": "bid"}[one["side"]]} for one in rows]
    frame = pl.DataFrame(rows).sample(fraction=1.0, shuffle=True, seed=1)
    asks, sizes = levels_of(frame, "ask")
    assert asks.tolist() == [530.75513, 530.76113, 530.78014]
    bids, _ = levels_of(frame, "bid")
    assert bids[0] == 526.26
    assert walk(asks, sizes, 1.0).price == pytest.approx((0.248 * 530.75513 + 0.752 * 530.76113), rel=1e-12)
    with pytest.raises(FeatureEngineeringError, match="lacks size"):
        levels_of(frame.drop("size"), "ask")
    with pytest.raises(FeatureEngineeringError, match="level twice"):
        levels_of(pl.concat([frame, frame]), "ask")


def test_recorded_trades():
    rows = json.loads((PAYLOADS / "example-trades-data.json").read_text())["result"]["XXBTZUSD"]
    price, size = (np.array([float(one[place]) for one in rows]) for place in (0, 1))
    side = signs_of([{"b": "buy", "s": "sell"}[one[3]] for one in rows])
    assert (side == -1).all()
    assert (tick_rule(price)[1:] == np.sign(np.diff(price)))[np.diff(price) != 0].all()
    assert trade_imbalance(side, size, window=5)[-1] == -1.0


@with_real
def test_recorded_trades_of_a_venue_are_signed_as_it_says():
    frame = pl.read_parquet(REAL / "nautilus" / "btcusdt-trades.parquet")
    truth = np.where(frame["buyer_maker"].to_numpy() == "True", -1.0, 1.0)
    price, size = frame["price"].to_numpy(), frame["quantity"].to_numpy()
    assert (tick_rule(price) == truth).mean() > 0.65
    quotes = pl.read_parquet(REAL / "nautilus" / "btcusdt-quotes.parquet")
    times = [one["timestamp"].to_physical().to_numpy() for one in (frame, quotes)]
    bid, ask = prevailing(*times, quotes["bid"].to_numpy(), quotes["ask"].to_numpy())
    known = np.isfinite(bid) & (times[0] <= times[1][-1])
    assert (lee_ready(price, bid, ask) == truth)[known].mean() > 0.65
    found = kyle_lambda_of_trades(price, truth, size, every=20)
    assert found.value > 0
    assert found.count == 100


@with_real
def test_flow_of_a_recorded_book_moves_its_price():
    """Best quotes of a day of one coin, sampled by second: R. Cont and others' linear relation holds."""
    rows = []
    with gzip.open(REAL / "hftbacktest_binance_spot_btcusdt_20240809.gz", "rt") as lines:
        for line in lines:
            stamp, _, message = line.partition(" ")
            if "bookTicker" in message:
                data = json.loads(message)["data"]
                rows.append((int(stamp) // 1_000_000_000, *(float(data[key]) for key in "bBaA")))
    seconds, bid, bid_size, ask, ask_size = (np.array(one) for one in zip(*rows, strict=True))
    assert (quoted_spread(bid, ask) > 0).all()
    flow = quote_flow(bid, bid_size, ask, ask_size)
    starts = np.flatnonzero(np.diff(seconds, prepend=-1))
    pressed = np.add.reduceat(flow, starts)[1:]
    middle = (bid + ask) / 2
    ends = np.append(starts[1:], len(middle)) - 1
    moved = np.diff(middle[ends])
    assert np.corrcoef(pressed, moved)[0, 1] > 0.3
    lean = book_imbalance(bid_size, ask_size)
    small = microprice(bid, bid_size, ask, ask_size)
    assert ((small >= bid) & (small <= ask)).all()
    assert (np.sign(small - middle) == np.sign(lean))[np.abs(lean) > 1e-3].all()


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: trade_imbalance(np.ones(4), np.ones(4), window=0), "window is 0"),
        (lambda: trade_imbalance(np.ones(4), np.ones(4), window=1.5), r"window is 1\.5"),
        (lambda: trade_imbalance(["x"] * 4, np.ones(4), window=2), "signs is made of no numbers but of list"),
        (lambda: signs_of(["buy", "lift"]), "A side is 'lift'; it is buy or sell"),
        (lambda: prevailing([1, 2, 3], [3, 1, 2], np.ones(3)), "quote_at falls somewhere"),
        (lambda: prevailing([1, 2, 3], [1, 2, 3], np.ones(2)), r"shape \(2,\), their times \(3,\)"),
        (lambda: volume_of_bars([1, 2], np.ones(2), np.ones(2), opens=[3, 0], end=5), "opens falls somewhere"),
        (lambda: volume_of_bars([1, 2], np.ones(2), np.ones(2), opens=[0, 1], end=[5, 6]), "end is one time"),
        (lambda: volume_of_bars([1], np.ones(2), np.ones(2), opens=[0, 1], end=5), r"shape \(1,\), their sizes \(2,\)"),
        (lambda: vpin_of_trades(np.ones(4), np.ones(4), bucket=2.0**-30), "which makes 4,294,967,296 of 4 traded"),
        (lambda: vpin_of_trades(np.ones(4), np.ones(4), bucket=np.inf), "bucket is inf"),
        (lambda: book_imbalance(-np.ones(2), np.ones(2)), "A size of the book is -1; it is 0 or more"),
        (lambda: quote_flow([1.0], [-1.0], [2.0], [1.0]), "A size of the quotes is below 0"),
        (lambda: microprice([1.0], [1.0], [2.0], [-1.0]), "A size of the quotes is below 0"),
        (lambda: depth("abc"), "sizes is made of no numbers but of str 'abc'"),
        (lambda: walk([1.0], [1.0], "x"), "quantity is 'x'; it is a number above 0"),
        (lambda: walk(["a"], [1.0], 1), "prices is made of no numbers"),
        (lambda: quoted_spread(["a"], [1.0]), "bid is made of no numbers"),
        (lambda: tick_rule(["a"]), "price is made of no numbers"),
        (lambda: tick_rule([[1], [1, 2]]), "price is made of no numbers"),
        (lambda: tick_rule(np.array([100.0, "101"], object)), "price is made of no numbers"),
        (lambda: vpin_of_trades(np.ones(4), np.ones(4), bucket=2.0, buckets=1.5), r"buckets is 1\.5"),
        (lambda: vpin_of_trades(np.ones(4), np.ones(4), bucket="x"), "bucket is 'x'; give a number above 0"),
        (lambda: kyle_lambda_of_trades(np.ones(9), np.ones(9), np.ones(9), every="x"), "every is 'x'; give a whole"),
        (lambda: book_imbalance(np.ones(2), np.ones(2), decay="x"), "decay is 'x'"),
        (lambda: prevailing(["a"], [1, 2], np.ones(2)), "trade_at is made of \\['a'\\]; give times"),
        (lambda: prevailing([1], ["1", "2"], np.ones(2)), "quote_at is made of"),
        (lambda: prevailing([1], [1, 2], ["a", "b"]), "A column of the quotes is made of no numbers"),
        (lambda: prevailing([1], DAYS, np.ones(2)), "trade_at, quote_at and later are times of different kinds"),
        (lambda: volume_of_bars([1], [1], [1], opens=[0], end="x"), "end is made of 'x'; give times"),
        (lambda: volume_of_bars([1], [1], [1], opens=DAYS, end=5), "opens and end are times of different kinds"),
    ],
)
def test_what_would_be_wrong_in_silence_is_refused(ask, words):
    with pytest.raises(FeatureEngineeringError, match=words):
        ask()


def test_sides_in_any_letters_and_unknown_ones():
    assert signs_of(["BUY", "Sell", " b", "S", "unknown", "", None, "NaN"]).tolist() == [1, -1, 1, -1, 0, 0, 0, 0]
    assert book_imbalance([np.nan, 1.0], [2.0, 1.0]).tolist() == [-1.0, 0.0]
    assert quote_flow(*(np.empty(0),) * 4).tolist() == []
