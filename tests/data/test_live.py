import asyncio
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ara.data.live import closed
from ara.data.provider import BARS, Kind
from ara.data.providers.binance import Binance
from ara.data.providers.coinbase import Coinbase
from ara.data.providers.kraken import Kraken
from ara.errors import DataProviderError, ValidationError
from ara.market.timeframe import DAY, Timeframe
from ara.testing import FakeClock
from tests.data.providers.exchanges import BEGIN, coin, opened, told
from tests.venues.binance import BinanceVenue, minutes
from tests.venues.coinbase import CoinbaseVenue
from tests.venues.kraken import KrakenVenue

MINUTE = timedelta(minutes=1)
ONE = Timeframe(1, "m")
BTC, ETH = coin("BTC-USD"), coin("ETH-USD")


def bar(number, close=None, *, final=True, symbol="BTC-USD", span=MINUTE):
    """Make one row of a stream: the bar of that minute."""
    at = BEGIN + number * MINUTE
    price = 100.25 + number if close is None else close
    learned = at + span if final else at + span / 2
    return (symbol, at, at + span, learned, price, price + 1, price - 1, price, 1.0, None)


def frame(*rows):
    return pl.DataFrame(list(rows), schema={"symbol": pl.String(), **BARS}, orient="row")


class Scripted:
    """A source of a stranger: gives what it is told to, as rudely as it likes; `past` is what its history knows."""

    name = "scripted"
    offers = frozenset({Kind.BARS})

    def __init__(self, frames=(), past=(), *, clock=None, ends=False, failing=0):
        self.frames, self.past, self.ends, self.failing = list(frames), list(past), ends, failing
        self.clock = clock or FakeClock(BEGIN)
        self.asked = []

    async def history(self, kind, instrument, timeframe, *, start, end):
        self.asked.append((start, end))
        if self.failing:
            self.failing -= 1
            raise DataProviderError("The source fails.")
        rows = [row for row in self.past if row[0] == instrument.symbol and start <= row[1] < end]
        return frame(*rows).drop("symbol")

    async def stream(self, kind, instruments):
        for one in self.frames:
            if isinstance(one, datetime):
                self.clock.set(one)
            else:
                yield one
            await asyncio.sleep(0)
        if not self.ends:
            await asyncio.Event().wait()


async def given_by(source, count, timeframe=ONE, *, instruments=(BTC,), clock=None, seconds=10.0, **options):
    """Give the first rows that `closed` gives."""
    rows = []
    clock = clock or source.clock
    async with (
        asyncio.timeout(seconds),
        aclosing(closed(source, instruments, timeframe, clock=clock, every=0.01, **options)) as live,
    ):
        async for one in live:
            assert one.schema == pl.Schema({"symbol": pl.String(), **BARS})
            rows += one.rows(named=True)
            if len(rows) >= count:
                return rows
    return rows


async def test_open_bars_do_not_get_out_and_closed_ones_do_once():
    source = Scripted(
        [frame(bar(0, final=False)), frame(bar(0)), frame(bar(0)), frame(bar(1, final=False)), frame(bar(1))]
    )
    assert told(await given_by(source, 2)) == [(0, 100.25, True), (1, 101.25, True)]
    assert source.asked == []


async def test_a_gap_is_asked_for_and_comes_in_its_turn():
    source = Scripted([frame(bar(0)), frame(bar(3)), frame(bar(1, 7.0)), frame(bar(4))], [bar(n) for n in range(3)])
    rows = await given_by(source, 5)
    assert [row["at"] for row in rows] == [BEGIN + n * MINUTE for n in range(5)]
    assert source.asked[0] == (BEGIN + MINUTE, BEGIN + 3 * MINUTE)


async def test_a_bar_that_nobody_tells_of_is_asked_for_when_it_is_late():
    clock = FakeClock(BEGIN)
    source = Scripted([frame(bar(0)), BEGIN + 2 * MINUTE + timedelta(seconds=6)], [bar(1)], clock=clock)
    assert told(await given_by(source, 2)) == [(0, 100.25, True), (1, 101.25, True)]


async def test_a_minute_without_a_trade_is_left_out_only_when_it_is_old_enough():
    clock = FakeClock(BEGIN)
    source = Scripted([frame(bar(0)), BEGIN + 3 * MINUTE, frame(bar(2))], clock=clock)

    async def later():
        await asyncio.sleep(0.2)
        assert len(source.asked) >= 1  # asked at once, and nothing was given for lack of an answer
        source.past = [bar(1)]
        clock.advance(seconds=11)

    late = asyncio.ensure_future(later())
    rows = await given_by(source, 3, patience=timedelta(seconds=70))
    await late
    assert told(rows) == [(n, 100.25 + n, True) for n in range(3)]

    empty = Scripted([frame(bar(0)), BEGIN + 3 * MINUTE + timedelta(seconds=6), frame(bar(2))], clock=FakeClock(BEGIN))
    assert told(await given_by(empty, 2)) == [(0, 100.25, True), (2, 102.25, True)]


async def test_since_gives_what_was_missed_before_the_stream():
    source = Scripted([frame(bar(3))], [bar(n) for n in range(3)])
    rows = await given_by(source, 3, since=BEGIN + MINUTE)
    assert [row["at"] for row in rows] == [BEGIN + n * MINUTE for n in range(1, 4)]
    with pytest.raises(ValidationError, match="without a time zone"):
        await given_by(source, 1, since=BEGIN.replace(tzinfo=None))


async def test_five_minutes_are_made_of_minutes_the_first_of_them_whole():
    frames = [frame(bar(n)) for n in range(2, 11)]
    source = Scripted(frames, [bar(n) for n in range(2)])
    first, second = await given_by(source, 2, Timeframe(5, "m"))
    assert (first["at"], first["known_at"]) == (BEGIN, BEGIN + 5 * MINUTE)
    assert (first["open"], first["high"], first["low"], first["close"]) == (100.25, 105.25, 99.25, 104.25)
    assert (first["volume"], second["volume"], second["open"]) == (5.0, 5.0, 105.25)
    assert first["learned_at"] == BEGIN + 5 * MINUTE


async def test_a_long_bar_closes_though_its_last_minute_had_no_trade():
    clock = FakeClock(BEGIN)
    frames = [frame(bar(n)) for n in range(4)]
    source = Scripted([*frames, BEGIN + 6 * MINUTE], clock=clock)
    only = (await given_by(source, 1, Timeframe(5, "m")))[0]
    assert (only["close"], only["volume"], only["learned_at"]) == (103.25, 4.0, BEGIN + 5 * MINUTE)


async def test_days_are_the_source_s_own():
    clock = FakeClock(BEGIN)
    day = timedelta(days=1)
    opened_at = BEGIN.replace(hour=0)
    row = ("BTC-USD", opened_at, opened_at + day, opened_at + day, 1.0, 2.0, 0.5, 1.5, 9.0, None)
    source = Scripted([], [row], clock=clock)

    async def later():
        await asyncio.sleep(0.1)
        assert source.asked == []
        clock.set(opened_at + day + timedelta(seconds=6))

    late = asyncio.ensure_future(later())
    only = (await given_by(source, 1, DAY))[0]
    await late
    assert (only["at"], only["close"]) == (opened_at, 1.5)
    assert source.asked[0] == (opened_at, opened_at + day)


async def test_a_week_begins_on_monday():
    source = Scripted([], clock=FakeClock(datetime(2020, 1, 16, tzinfo=UTC)))

    async def later():
        await asyncio.sleep(0.05)
        source.clock.set(datetime(2020, 1, 20, 0, 0, 6, tzinfo=UTC))

    late = asyncio.ensure_future(later())
    with pytest.raises(TimeoutError):
        await given_by(source, 1, Timeframe(1, "w"), seconds=0.5)
    await late
    assert source.asked[0] == (datetime(2020, 1, 13, tzinfo=UTC), datetime(2020, 1, 20, tzinfo=UTC))


async def test_a_source_that_fails_a_few_times_is_asked_again_and_then_it_is_an_error():
    source = Scripted([frame(bar(0)), BEGIN + 4 * MINUTE, frame(bar(3))], [bar(1), bar(2)], failing=3)
    assert len(await given_by(source, 4)) == 4
    source = Scripted([frame(bar(0)), BEGIN + 4 * MINUTE, frame(bar(3))], failing=99)
    with pytest.raises(DataProviderError, match="fails"):
        await given_by(source, 4)


async def test_a_stream_that_ends_is_an_error_and_so_is_a_source_without_bars():
    with pytest.raises(DataProviderError, match="has ended"):
        await given_by(Scripted([frame(bar(0))], ends=True), 9)
    source = Scripted()
    source.offers = frozenset({Kind.RATES})
    with pytest.raises(DataProviderError, match="has no bars"):
        await given_by(source, 1)


async def test_a_silent_stream_goes_on_by_asking_and_says_so(caplog):
    clock = FakeClock(BEGIN)
    past = [bar(n) for n in range(9)]
    source = Scripted([frame(bar(0))], past, clock=clock)

    async def passing():
        for _ in range(5):
            await asyncio.sleep(0.05)
            clock.advance(seconds=66)

    time = asyncio.ensure_future(passing())
    rows = await given_by(source, 5)
    await time
    assert [row["at"] for row in rows] == [BEGIN + n * MINUTE for n in range(5)]
    assert [record.message for record in caplog.records if "tells nothing" in record.message] == [
        "scripted tells nothing of BTC-USD any more; its bars are asked for instead"
    ]


async def test_instruments_do_not_wait_for_each_other_and_strangers_are_passed_over():
    stranger = bar(0, symbol="XRP-USD")
    source = Scripted(
        [frame(bar(0), bar(0, symbol="ETH-USD"), stranger), frame(bar(3)), frame(bar(1, symbol="ETH-USD"))]
    )
    rows = await given_by(source, 3, instruments=(BTC, ETH))
    assert [(row["symbol"], row["close"]) for row in rows] == [
        ("BTC-USD", 100.25),
        ("ETH-USD", 100.25),
        ("ETH-USD", 101.25),
    ]


@settings(max_examples=20, deadline=None)
@given(st.data())
async def test_whatever_a_stream_does_each_bar_comes_once_and_in_order(data):
    count = 12
    whole = [(n, final) for n in range(count) for final in (False, True)]
    kept = [one for one in whole if one == (0, True) or data.draw(st.booleans(), label="kept")]
    twice = [one for one in kept for _ in range(data.draw(st.integers(1, 2), label="times"))]
    moved = sorted(enumerate(twice), key=lambda pair: pair[0] + data.draw(st.integers(0, 4), label="late"))
    first = next((n for n, _ in (one for _, one in moved)), 0)
    clock = FakeClock(BEGIN + count * MINUTE + timedelta(seconds=6))
    frames = [frame(bar(n, final=final)) for _, (n, final) in moved]
    source = Scripted(frames, [bar(n) for n in range(count)], clock=clock)
    rows = await given_by(source, count - first)
    assert [row["at"] for row in rows] == [BEGIN + n * MINUTE for n in range(first, count)]
    assert {row["close"] for row in rows} == {100.25 + n for n in range(first, count)}


@pytest.mark.parametrize("venue_of", [BinanceVenue, KrakenVenue, CoinbaseVenue])
async def test_each_venue_s_stream_with_a_break_in_it(venue_of):
    """Five minutes of each venue in its own words, its line dropped in the middle: what its history says comes out."""
    with venue_of() as venue:
        symbol = "BTC-USDT" if venue_of is BinanceVenue else "BTC-USD"
        source = {BinanceVenue: Binance, KrakenVenue: Kraken, CoinbaseVenue: Coinbase}[venue_of]
        provider = opened(source, venue)
        speak(venue)
        rows = await given_by(provider, 5, instruments=(coin(symbol),), clock=venue.clock, since=BEGIN)
        await provider.close()
    assert [(row["at"], row["close"]) for row in rows[:5]] == [(BEGIN + n * MINUTE, 100.25 + n) for n in range(5)]


def speak(venue):
    rows = minutes(BEGIN, 6)

    def binance(line, number, *, final):
        venue.kline(line, "BTCUSDT", BEGIN + number * MINUTE, rows[number][1:5], final=final, volume=rows[number][5])

    def kraken(line, number, *, final):
        venue.ohlc(line, "BTC/USD", BEGIN + number * MINUTE, rows[number][1:5], volume=rows[number][5])

    def coinbase(line, number, *, final):
        if not final:
            venue.trade(
                line, "BTC-USD", [(number + 1, BEGIN + number * MINUTE, rows[number][4], rows[number][5], "BUY")]
            )

    if isinstance(venue, BinanceVenue):
        say = binance
        venue.bars["BTCUSDT"]["1m"] = rows
    elif isinstance(venue, KrakenVenue):
        say = kraken
        venue.bars["XXBTZUSD"][1] = rows
    else:
        say = coinbase
        venue.bars["BTC-USD"][60] = rows
        venue.trades["BTC-USD"] = [(n + 1, BEGIN + n * MINUTE, rows[n][4], rows[n][5], "BUY") for n in range(6)]

    def script(line):
        parts = range(3) if line.number == 0 else range(3, 6)
        for number in parts:
            venue.clock.set(BEGIN + number * MINUTE + timedelta(seconds=1))
            say(line, number, final=False)
            venue.clock.set(BEGIN + (number + 1) * MINUTE)
            say(line, number, final=True)
        if line.number == 0:
            line.arrived()
            line.drop()
        else:
            venue.clock.advance(seconds=10)
            line.wait(10)

    venue.stream(script)
