import asyncio
import tracemalloc
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.data.batch import align, many
from ara.data.feed import MarketData
from ara.errors import UnknownSymbolError, ValidationError
from ara.market import Bars, Basis, Timeframe
from ara.market.bars import SCHEMA
from ara.market.symbols import guess, resolve
from ara.testing import FakeProvider, desk


class Made:
    """Bars that are made when they are asked for; counts how many are asked for at once."""

    def __init__(self, rows=100, broken=()):
        self.rows, self.broken = rows, set(broken)
        self.now = self.most = 0

    async def bars(self, instrument, timeframe=None, *, as_of=None, learned=None):
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0)
        self.now -= 1
        if instrument.symbol in self.broken:
            raise UnknownSymbolError(f"no {instrument.symbol}")
        at = datetime(2020, 1, 1, tzinfo=UTC)
        return made(
            [(at + timedelta(days=n), at + timedelta(days=n + 1), 1.0 + n) for n in range(self.rows)], instrument
        )


def made(rows, instrument=None, learned=None):
    frame = pl.DataFrame(
        [
            {
                **dict.fromkeys(("open", "high", "low", "close"), close),
                "at": at,
                "known_at": known,
                "learned_at": known if learned is None else learned[number],
                "volume": 1.0,
                "source": "made",
                "quality": 1.0,
                "imputed": False,
            }
            for number, (at, known, close) in enumerate(rows)
        ],
        schema=SCHEMA,
    )
    return Bars(
        instrument=instrument or resolve("AAPL"), timeframe=Timeframe.parse("1d"), basis=Basis.SPLIT, frame=frame
    )


def instruments(count):
    return [guess(f"S{number}", "stock") for number in range(count)]


async def collected(*arguments, **rest):
    return [batch async for batch in many(*arguments, **rest)]


async def test_batches_in_order_and_each_once():
    market, wanted = Made(), instruments(23)
    batches = await collected(market, [*wanted, wanted[3]], size=10, at_once=4)
    assert [len(batch) for batch in batches] == [10, 10, 3]
    assert [symbol for batch in batches for symbol in batch] == [one.symbol for one in wanted]
    assert market.most == 4


async def test_a_failure_is_told_and_stops_no_other():
    told = []
    market = Made(broken={"S1", "S12"})
    batches = await collected(
        market, instruments(15), size=5, failed=lambda one, error: told.append((one.symbol, error))
    )
    assert [symbol for symbol, _ in told] == ["S1", "S12"]
    assert sum(map(len, batches)) == 13


async def test_without_anybody_to_tell_it_is_raised_as_itself():
    with pytest.raises(UnknownSymbolError, match="S1"):
        await collected(Made(broken={"S1", "S2"}), instruments(15), size=5)


@pytest.mark.parametrize("bad", [{"size": 0}, {"at_once": 0}])
async def test_no_batch_is_empty(bad):
    with pytest.raises(ValidationError):
        await collected(Made(), instruments(1), **bad)


async def test_ten_thousand_need_the_memory_of_one_batch():
    """Measured in what Python itself holds: frames live elsewhere, but die with the batch that holds them."""
    market = Made(rows=1)
    tracemalloc.start()
    peaks = {}
    for count in (500, 10_000):
        wanted = instruments(count)
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        rows = 0
        async for batch in many(market, wanted, size=50):
            rows += len(batch)
        assert rows == count
        peaks[count] = tracemalloc.get_traced_memory()[1] - before - 100 * count
    tracemalloc.stop()
    assert peaks[10_000] < 3 * max(peaks[500], 1_000_000)


async def test_it_reads_the_real_market():
    async with desk() as d, MarketData(d, providers=[FakeProvider()]) as market:
        wanted = [resolve(name) for name in ("AAPL", "BTC-USD", "EURUSD")]
        (batch,) = await collected(market, wanted, as_of=datetime(2020, 6, 1, tzinfo=UTC))
    side_by_side = align(batch)
    assert side_by_side["known_at"].is_sorted()
    assert side_by_side["known_at"].is_unique().all()
    last = side_by_side.row(-1, named=True)
    assert last["known_at"] <= datetime(2020, 6, 1, tzinfo=UTC)
    assert last["BTC-USD age"] == timedelta(0)
    assert last["AAPL age"] == timedelta(days=2, hours=4)


NEW_YORK = ((14, 30), (21, 0))


def test_a_coins_bar_of_the_same_date_is_the_future_for_a_stock():
    days = [date(2026, 1, number) for number in (5, 6, 7)]
    midnight = [datetime(day.year, day.month, day.day, tzinfo=UTC) for day in days]
    stock = made([(at.replace(hour=14, minute=30), at.replace(hour=21), 10.0 + n) for n, at in enumerate(midnight)])
    coin = made([(at, at + timedelta(days=1), 100.0 + n) for n, at in enumerate(midnight)], resolve("BTC-USD"))
    rows = align({"AAPL": stock, "BTC-USD": coin}, columns=["close"]).rows()
    hours = timedelta(hours=1)
    assert rows == [
        (midnight[0] + 21 * hours, 10.0, 0 * hours, None, None),
        (midnight[1], 10.0, 3 * hours, 100.0, 0 * hours),
        (midnight[1] + 21 * hours, 11.0, 0 * hours, 100.0, 21 * hours),
        (midnight[2], 11.0, 3 * hours, 101.0, 0 * hours),
        (midnight[2] + 21 * hours, 12.0, 0 * hours, 101.0, 21 * hours),
        (midnight[2] + 24 * hours, 12.0, 3 * hours, 102.0, 0 * hours),
    ]


def test_by_receipt_nothing_is_seen_before_it_was_received():
    at = datetime(2026, 1, 5, tzinfo=UTC)
    day = timedelta(days=1)
    late = made([(at, at + day, 1.0), (at + day, at + 2 * day, 2.0)], learned=[at + 9 * day, at + 3 * day])
    rows = align({"A": late}, "learned_at", columns=["close"])
    assert rows.rows() == [(at + 3 * day, 2.0, timedelta(0))]  # the older bar came later: it says nothing new
    early = made([(at, at + day, 1.0)], learned=[at])
    assert align({"A": early}, "learned_at", columns=["close"])["learned_at"].to_list() == [at + day]


def test_what_is_known_at_once_counts_as_its_last():
    at, day = datetime(2026, 1, 5, tzinfo=UTC), timedelta(days=1)
    both = made([(at, at + 2 * day, 1.0), (at + day, at + 2 * day, 2.0)])
    assert align({"A": both}, columns=["close"]).rows() == [(at + 2 * day, 2.0, timedelta(0))]


def test_nothing_beside_nothing():
    assert align({}).columns == ["known_at"]
    assert align({"A": made([])}).columns[:2] == ["known_at", "A open"]
    with pytest.raises(ValidationError, match="known_at or learned_at"):
        align({}, "at")


INSTANTS = st.lists(st.integers(0, 500), max_size=30, unique=True).map(sorted)


@given(st.lists(INSTANTS, min_size=1, max_size=4))
def test_it_equals_the_plain_way(series):
    start, hour = datetime(2026, 1, 1, tzinfo=UTC), timedelta(hours=1)
    bars = {
        f"S{place}": made([(start + n * hour, start + (n + 1) * hour, float(n + 1)) for n in hours])
        for place, hours in enumerate(series)
    }
    found = align(bars, columns=["close"])
    moments = sorted({moment for one in bars.values() for moment in one.frame["known_at"]})
    assert found["known_at"].to_list() == moments
    for symbol, one in bars.items():
        known = list(zip(one.frame["known_at"], one.frame["close"], strict=True))
        for moment, close, age in found.select("known_at", f"{symbol} close", f"{symbol} age").iter_rows():
            before = [row for row in known if row[0] <= moment]
            assert (close, age) == ((before[-1][1], moment - before[-1][0]) if before else (None, None))
