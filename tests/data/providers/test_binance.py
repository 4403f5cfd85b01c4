import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.data.checks import check_provider
from ara.data.provider import BARS, SCHEMAS, Kind
from ara.data.providers.binance import Binance, messages, sign, spelling
from ara.data.providers.exact import plain
from ara.data.providers.exchange import MINUTE
from ara.errors import DataProviderError, RateLimitError, ShapeError, UnknownSymbolError
from ara.market.timeframe import DAY, Timeframe
from ara.testing import Reply
from tests.data.providers.exchanges import BEGIN, coin, opened, past, taken, told
from tests.venues.binance import BinanceVenue, minutes

PAYLOADS = Path(__file__).parent / "payloads" / "binance_ws"
BTC = coin("BTC-USDT")


@pytest.fixture
def venue():
    with BinanceVenue() as served:
        yield served


@pytest.fixture
async def binance(venue):
    provider = opened(Binance, venue)
    yield provider
    await provider.close()


async def test_keeps_every_promise_of_a_provider(binance):
    assert [check.words for check in await check_provider(binance) if not check.ok] == []


async def test_history_goes_over_as_many_pages_as_the_venue_needs(venue, binance):
    venue.bars["BTCUSDT"]["1m"] = minutes(BEGIN - timedelta(minutes=2500), 2500)
    got = await past(binance, "BTC-USDT", start=BEGIN - timedelta(minutes=2400))
    assert len(got) == 2400
    assert [request.query["limit"] for request in venue.requests] == ["1000"] * 3
    assert got.schema == BARS
    assert got["at"][0] == BEGIN - timedelta(minutes=2400)
    assert got["close"][0] == 200.25


async def test_a_bar_that_runs_is_no_history(venue, binance):
    venue.bars["BTCUSDT"]["1m"] = minutes(BEGIN - timedelta(minutes=2), 3)
    venue.clock.set(BEGIN + timedelta(seconds=59))
    assert (await past(binance, "BTC-USDT", start=BEGIN - timedelta(hours=1)))["at"].to_list() == [
        BEGIN - timedelta(minutes=2),
        BEGIN - timedelta(minutes=1),
    ]
    venue.clock.set(BEGIN + timedelta(seconds=60))
    assert len(await past(binance, "BTC-USDT", start=BEGIN - timedelta(hours=1))) == 3


async def test_a_page_that_goes_back_is_refused(venue, binance):
    rows = [[1500000000000, "1", "1", "1", "1", "1", 1, "1", 1, "1", "1", "0"]] * 1000
    venue.on("/api/v3/klines", json=rows)
    with pytest.raises(ShapeError, match="before the time"):
        await past(binance, "BTC-USDT")


async def test_a_currency_that_binance_lacks_is_said_not_swapped(binance):
    with pytest.raises(UnknownSymbolError, match=r"binance has no BTC-USD\. It trades BTC-USDC, BTC-USDT\."):
        await past(binance, "BTC-USD", timeframe=DAY)
    with pytest.raises(UnknownSymbolError, match="AAPL is none"):
        spelling.code("AAPL")


async def test_symbols_are_found_by_coin_and_by_name(binance):
    assert [one.symbol for one in await binance.symbols("bitcoin")] == ["BTC-USDC", "BTC-USDT"]
    assert [one.symbol for one in await binance.symbols()] == ["BTC-USDC", "BTC-USDT", "ETH-USDT"]
    found = (await binance.symbols("eth-usdt"))[0]
    assert (found.name, found.currency, found.tick, found.lot) == (
        "Ethereum",
        "USDT",
        Decimal("0.01"),
        Decimal("0.00001"),
    )


@pytest.mark.parametrize("code", ["BTCUSDT", "ETHBTC", "BNBEUR", "1INCHUSDC", "BTCFDUSD"])
def test_spelling_goes_both_ways(code):
    assert spelling.code(spelling.symbol(code)) == code


def test_what_is_no_pair_is_refused():
    for code in ("", "USDT", "BTC", "NOTHING"):
        with pytest.raises(UnknownSymbolError, match="no pair of binance"):
            spelling.symbol(code)


@pytest.mark.parametrize("kind", [Kind.QUOTES, Kind.BOOK])
async def test_there_is_no_past_of_quotes_and_books(binance, kind):
    with pytest.raises(DataProviderError, match=f"keeps no past {kind}"):
        await past(binance, "BTC-USDT", kind=kind)


async def test_timeframes_that_it_lacks_are_named(binance):
    assert len(await past(binance, "BTC-USDT", timeframe=Timeframe(1, "w"))) == 0


async def test_latest_of_each_kind(venue, binance):
    venue.trades["BTCUSDT"] = [(7, int(BEGIN.timestamp() * 1000), 101.5, 0.25, True)]
    for kind in sorted(binance.offers):
        rows = await binance.latest(kind, [BTC])
        assert rows.schema == pl.Schema({"symbol": pl.String(), **SCHEMAS[kind]})
        assert set(rows["symbol"]) == {"BTC-USDT"}
    quote = (await binance.latest(Kind.QUOTES, [BTC])).row(0, named=True)
    assert (quote["bid"], quote["ask"], quote["bid_size"], quote["ask_size"]) == (99.5, 100.5, 2.0, 1.0)
    trade = (await binance.latest(Kind.TRADES, [BTC])).row(0, named=True)
    assert (trade["at"], trade["price"], trade["size"], trade["side"], trade["trade_id"]) == (
        BEGIN,
        101.5,
        0.25,
        "sell",
        "7",
    )
    book = await binance.latest(Kind.BOOK, [BTC])
    assert book.select("side", "level", "price").rows() == [
        ("bid", 1, 100.0),
        ("bid", 2, 99.5),
        ("ask", 1, 100.5),
        ("ask", 2, 101.0),
    ]


async def test_trades_of_the_past_page_by_id_within_an_hour(venue, binance):
    first = int((BEGIN - timedelta(hours=2)).timestamp() * 1000)
    venue.trades["BTCUSDT"] = [(n, first + n * 3000, 100.0 + n, 1.0, False) for n in range(2400)]
    got = await past(binance, "BTC-USDT", kind=Kind.TRADES, start=BEGIN - timedelta(hours=2))
    assert got["trade_id"].cast(pl.Int64).to_list() == list(range(2400))
    assert set(got["side"]) == {"buy"}


@pytest.mark.parametrize("kind", [Kind.BARS, Kind.QUOTES])
async def test_too_many_requests_and_a_ban_are_rate_limits(venue, binance, kind):
    venue.allowed = 0
    with pytest.raises(RateLimitError):
        await binance.latest(kind, [BTC])
    venue.maintenance = True
    with pytest.raises(RateLimitError):
        await binance.latest(kind, [BTC])


async def test_other_refusals_are_quoted(venue, binance):
    venue.on("/api/v3/klines", status=400, json={"code": -1100, "msg": "Illegal <b>characters</b>"})
    with pytest.raises(DataProviderError, match='refuses to answer for BTC-USDT: "-1100 Illegal characters"'):
        await past(binance, "BTC-USDT")


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ([1, "1", "x", "1", "1", "1", 2, "1", 1, "1", "1"], r"\$\[0\]\[2\]"),
        ([1501545600000, "1", "NaN", "1", "1", "1", 2, "1", 1, "1", "1"], "high"),
        ([1501545600000, "1", "1e400", "1", "1", "1", 2, "1", 1, "1", "1"], "high"),
        ([1, "1", "1"], r"\$\[0\]"),
        ({"t": 1}, r"\$\[0\]"),
    ],
)
async def test_a_changed_shape_quotes_the_field(venue, binance, row, field):
    venue.on("/api/v3/klines", json=[row])
    with pytest.raises(ShapeError, match=field):
        await past(binance, "BTC-USDT", start=datetime(2017, 8, 1, tzinfo=UTC))


def test_an_unknown_word_is_a_shape_error_and_an_unknown_field_is_not():
    event = json.loads((PAYLOADS / "testKlineEvent.json").read_text())
    read = messages.read("stream", json.dumps({**event, "zz": {"more": 1}}).encode())
    assert read.bar.low == Decimal("0.0005")
    event["k"]["i"] = "7m"
    with pytest.raises(ShapeError, match=r"\$\.k\.i"):
        messages.read("stream", json.dumps(event).encode())
    with pytest.raises(ShapeError, match=r"\$\.e"):
        messages.read("stream", b'{"e": "newThing"}')


@pytest.mark.parametrize(
    ("name", "kind", "decimals"),
    [
        ("testBookTickerEvent", "book_ticker_event", 4),
        ("testDepthEvent", "stream", 8),
        ("testKlineEvent", "stream", 8),
        ("testTradeEvent", "stream", 2),
    ],
)
def test_recorded_messages_keep_every_decimal(name, kind, decimals):
    raw = (PAYLOADS / f"{name}.json").read_bytes()
    kept = plain(messages.read(kind, raw), source="binance")
    exact = {one for one in _leaves(kept) if isinstance(one, Decimal)}
    sent = {Decimal(one) for one in _leaves(json.loads(raw)) if re.fullmatch(r"-?\d+\.\d+", str(one))}
    assert sent <= exact
    assert len(exact) == decimals
    assert not [one for one in _leaves(kept) if isinstance(one, float)]


def _leaves(data):
    if isinstance(data, dict):
        data = list(data.values())
    if isinstance(data, list):
        return [leaf for part in data for leaf in _leaves(part)]
    return [data]


def test_the_signature_is_an_hmac_of_the_query():
    assert sign("key", "The quick brown fox jumps over the lazy dog") == (
        "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"
    )


async def test_a_stream_gives_open_bars_and_each_closed_one_once(venue, binance):
    def script(line):
        for final, close in ((False, 100.5), (True, 101.0), (True, 101.0), (False, 100.7)):
            venue.kline(line, "BTCUSDT", BEGIN, (100, 102, 99, close), final=final)
        venue.kline(line, "BTCUSDT", BEGIN + timedelta(minutes=1), (101, 102, 99, 101.5))
        line.wait(600)

    venue.stream(script)
    rows = await taken(binance.stream(Kind.BARS, [BTC]), 3)
    assert told(rows) == [(0, 100.5, False), (0, 101.0, True), (1, 101.5, False)]
    assert rows[1]["learned_at"] == rows[1]["known_at"]  # flagged before our clock says that it ended


async def test_a_lost_closing_is_asked_for_before_the_next_bar(venue, binance):
    venue.bars["BTCUSDT"]["1m"] = minutes(BEGIN, 3)
    venue.clock.set(BEGIN + timedelta(minutes=3))

    def script(line):
        venue.kline(line, "BTCUSDT", BEGIN, (100, 102, 99, 100.1))
        venue.kline(line, "BTCUSDT", BEGIN + timedelta(minutes=3), (103, 104, 103, 103.5))
        venue.kline(line, "BTCUSDT", BEGIN + timedelta(minutes=1), (1, 1, 1, 1), final=True)
        venue.kline(line, "BTCUSDT", BEGIN + timedelta(minutes=3), (103, 104, 103, 103.9), final=True)
        line.wait(600)

    venue.stream(script)
    rows = await taken(binance.stream(Kind.BARS, [BTC]), 6)
    assert told(rows)[1:] == [
        (0, 100.25, True),
        (1, 101.25, True),
        (2, 102.25, True),
        (3, 103.5, False),
        (3, 103.9, True),
    ]


async def test_a_dropped_line_is_opened_again_and_the_gap_filled(venue, binance):
    venue.bars["BTCUSDT"]["1m"] = minutes(BEGIN, 4)

    def script(line):
        if line.number == 0:
            venue.kline(line, "BTCUSDT", BEGIN, (100, 102, 99, 100.25), final=True)
            venue.clock.set(BEGIN + timedelta(minutes=3, seconds=30))
            line.arrived()
            line.drop()
            return
        venue.kline(line, "BTCUSDT", BEGIN + timedelta(minutes=2), (1, 1, 1, 1), final=True)
        venue.kline(line, "BTCUSDT", BEGIN + timedelta(minutes=3), (103, 104, 103, 103.25), final=True)
        line.wait(600)

    venue.stream(script)
    rows = await taken(binance.stream(Kind.BARS, [BTC]), 4)
    assert told(rows) == [(n, 100.25 + n, True) for n in range(4)]
    assert len([text for text in venue.heard if "SUBSCRIBE" in text and "kline_1m" in text]) == 2


async def test_a_server_that_says_it_goes_is_left_at_once(venue, binance):
    venue.bars["BTCUSDT"]["1m"] = minutes(BEGIN, 2)

    def script(line):
        if line.number == 0:
            venue.kline(line, "BTCUSDT", BEGIN, (100, 102, 99, 100.25), final=True)
            line.send({"e": "serverShutdown", "E": 1770123456789})
            line.wait(600)
        else:
            venue.kline(line, "BTCUSDT", BEGIN + timedelta(minutes=1), (101, 102, 101, 101.25), final=True)
            line.wait(600)

    venue.stream(script)
    rows = await taken(binance.stream(Kind.BARS, [BTC]), 2)
    assert told(rows) == [(0, 100.25, True), (1, 101.25, True)]


async def test_a_stream_of_what_is_not_there_is_refused(venue, binance):
    with pytest.raises(UnknownSymbolError, match="BTC-USDT"):
        await taken(binance.stream(Kind.BARS, [coin("BTC-USD")]), 1)
    refusal = {"error": {"code": 2, "msg": "Invalid request"}, "id": 1}
    venue.socket("/stream", lambda line: (line.receive(), line.send(refusal), line.wait(600)))
    with pytest.raises(DataProviderError, match="Invalid request"):
        await taken(binance.stream(Kind.BARS, [BTC]), 1)


async def test_trades_come_once_in_order_with_the_lost_ones(venue, binance):
    begin = int(BEGIN.timestamp() * 1000)
    rows = [(n, begin + n, 100.0 + n, 1.0, False) for n in range(1, 9)]
    venue.trades["BTCUSDT"] = rows

    def script(line):
        if line.number:
            venue.trade(line, "BTCUSDT", rows[7])
            line.wait(600)
            return
        for number in (0, 1, 1, 0, 4):
            venue.trade(line, "BTCUSDT", rows[number])
        venue.clock.advance(seconds=1)
        line.arrived()
        line.drop()

    venue.stream(script)
    got = await taken(binance.stream(Kind.TRADES, [BTC]), 8)
    assert [row["trade_id"] for row in got] == [str(n) for n in range(1, 9)]


async def test_best_prices_follow_their_update_numbers(venue, binance):
    def script(line):
        for update, bid in ((5, "99.1"), (4, "98.0"), (6, "99.2")):
            data = {"u": update, "s": "BTCUSDT", "b": bid, "B": "1", "a": "100.5", "A": "2"}
            line.send({"stream": "btcusdt@bookTicker", "data": data})
        line.wait(600)

    venue.stream(script)
    rows = await taken(binance.stream(Kind.QUOTES, [BTC]), 2)
    assert [(row["bid"], row["ask_size"], row["last"]) for row in rows] == [(99.1, 2.0, None), (99.2, 2.0, None)]


def change(first, last, bids=(), asks=()):
    data = {
        "e": "depthUpdate",
        "E": 1579262400000,
        "s": "BTCUSDT",
        "U": first,
        "u": last,
        "b": list(bids),
        "a": list(asks),
    }
    return {"stream": "btcusdt@depth@100ms", "data": data}


async def test_a_book_is_kept_by_its_sequence_and_asked_for_where_that_breaks(venue, binance):
    venue.on("/api/v3/depth", json=venue.book)
    venue.on("/api/v3/depth", json={"lastUpdateId": 110, "bids": [["98.0", "1"]], "asks": [["99.0", "1"]]})

    def script(line):
        line.send(change(90, 95, bids=[["1.0", "1"]]))  # before the snapshot
        line.send(change(96, 101, bids=[["100.0", "0"], ["99.8", "4"]]))
        line.send(change(102, 103, asks=[["100.2", "9"]]))
        line.send(change(108, 111, asks=[["98.9", "2"]]))  # 104 to 107 were lost
        line.wait(600)

    venue.stream(script)
    rows = await taken(binance.stream(Kind.BOOK, [BTC]), 4 + 4 + 5 + 3)
    books = [[(row["side"], row["price"], row["size"]) for row in rows[cut]] for cut in (slice(4, 8), slice(8, 13))]
    assert books[0] == [("bid", 99.8, 4.0), ("bid", 99.5, 2.0), ("ask", 100.5, 1.0), ("ask", 101.0, 3.0)]
    assert books[1][2] == ("ask", 100.2, 9.0)
    assert [(row["side"], row["price"]) for row in rows[13:16]] == [("bid", 98.0), ("ask", 98.9), ("ask", 99.0)]


async def test_a_book_that_never_fits_its_changes_is_an_error(venue, binance):
    venue.stream(lambda line: (line.send(change(500, 501)), line.wait(600)))
    with pytest.raises(DataProviderError, match="no book of BTCUSDT"):
        await taken(binance.stream(Kind.BOOK, [BTC]), 1)


@pytest.mark.parametrize("fault", ["truncated", "dropped"])
async def test_a_broken_answer_is_tried_again(venue, binance, fault):
    venue.bars["BTCUSDT"]["1m"] = minutes(BEGIN - timedelta(minutes=2), 2)
    venue.on("/api/v3/klines", Reply(body=b"[[1]]" * 50, fault=fault))
    assert len(await past(binance, "BTC-USDT", start=BEGIN - timedelta(minutes=5), timeframe=MINUTE)) == 2


@given(st.binary(max_size=40) | st.text(max_size=40).map(str.encode))
def test_nothing_but_typed_errors_comes_of_noise(raw):
    for kind in ("stream", "klines", "exchange_info"):
        try:
            messages.read(kind, raw)
        except ShapeError:
            continue
