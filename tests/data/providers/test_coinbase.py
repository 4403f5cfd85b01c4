import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from ara.data.checks import check_provider
from ara.data.provider import SCHEMAS, Kind
from ara.data.providers.coinbase import Coinbase, CoinbaseExchange, messages, spelling
from ara.errors import DataProviderError, ShapeError, UnknownSymbolError
from ara.market.timeframe import DAY, Timeframe
from tests.data.providers.exchanges import BEGIN, coin, opened, past, taken, told
from tests.venues.binance import minutes
from tests.venues.coinbase import CoinbaseVenue, iso, trades

PAYLOADS = Path(__file__).parent / "payloads" / "coinbase_exchange"
BTC = coin("BTC-USD")


@pytest.fixture
def venue():
    with CoinbaseVenue() as served:
        yield served


@pytest.fixture(params=[Coinbase, CoinbaseExchange])
async def either(request, venue):
    provider = opened(request.param, venue)
    yield provider
    await provider.close()


@pytest.fixture
async def coinbase(venue):
    provider = opened(Coinbase, venue)
    yield provider
    await provider.close()


async def test_keeps_every_promise_of_a_provider(either):
    assert [check.words for check in await check_provider(either) if not check.ok] == []


async def test_history_goes_over_pages_and_holes(venue, either):
    rows = minutes(BEGIN - timedelta(minutes=1000), 1000)
    venue.bars["BTC-USD"][60] = rows[:100] + rows[800:]
    got = await past(either, "BTC-USD", start=BEGIN - timedelta(minutes=990))
    assert len(got) == 290
    assert got["close"].to_list() == [row[4] for row in (rows[10:100] + rows[800:])]
    assert len(venue.requests) == (3 if either.name == "coinbase" else 4)


async def test_a_bar_that_runs_is_no_history(venue, either):
    venue.bars["BTC-USD"][60] = minutes(BEGIN - timedelta(minutes=2), 3)
    venue.clock.set(BEGIN + timedelta(seconds=30))
    assert told((await past(either, "BTC-USD")).rows(named=True)) == [(-2, 100.25, True), (-1, 101.25, True)]


async def test_what_is_not_there_names_what_is(either):
    with pytest.raises(UnknownSymbolError, match=r"has no BTC-USDT\. It trades BTC-USD\."):
        await past(either, "BTC-USDT")
    with pytest.raises(UnknownSymbolError, match="AAPL is none"):
        spelling.code("AAPL")
    with pytest.raises(UnknownSymbolError, match="no pair"):
        spelling.symbol("BIP-20DEC30-CDE")
    assert spelling.symbol("BTC-USDC") == "BTC-USDC"
    with pytest.raises(UnknownSymbolError, match="NEW-USD"):
        await either.latest(Kind.BOOK, [coin("NEW-USD")])


async def test_symbols_are_those_that_are_traded(either):
    assert [(one.symbol, one.name) for one in await either.symbols()] == [
        ("BTC-USD", "Bitcoin"),
        ("ETH-USD", "Ethereum"),
    ]


async def test_maintenance_is_said_without_its_page(venue, either):
    venue.maintenance = True
    with pytest.raises(DataProviderError, match="503") as caught:
        await past(either, "BTC-USD", timeframe=DAY, start=BEGIN - timedelta(days=3))
    assert "<" not in str(caught.value)


async def test_timeframes_and_pasts_that_it_lacks(either):
    with pytest.raises(DataProviderError, match="none of 4h"):
        await past(either, "BTC-USD", timeframe=Timeframe(4, "h"))
    with pytest.raises(DataProviderError, match="no past book"):
        await past(either, "BTC-USD", kind=Kind.BOOK)


async def test_latest_of_each_kind(venue, either):
    venue.trades["BTC-USD"] = trades(BEGIN, 3)
    for kind in sorted(either.offers):
        rows = await either.latest(kind, [BTC])
        assert rows.schema == pl.Schema({"symbol": pl.String(), **SCHEMAS[kind]})
    quote = (await either.latest(Kind.QUOTES, [BTC])).row(0, named=True)
    assert (quote["bid"], quote["ask"]) == (99.5, 100.5)
    trade = (await either.latest(Kind.TRADES, [BTC])).row(0, named=True)
    assert (trade["trade_id"], trade["side"], trade["price"]) == ("1002", "sell", 102.0)  # the maker bought
    assert (await either.latest(Kind.BOOK, [BTC]))["price"].to_list() == [99.5, 99.0, 100.5, 101.0]


async def test_a_pair_that_has_rested_still_has_a_newest_bar(venue, either):
    venue.clock.advance(days=10)
    assert (await either.latest(Kind.BARS, [BTC]))["at"][0] == (BEGIN - timedelta(days=1)).replace(hour=0)


async def test_trades_of_the_past_are_asked_for_backwards(venue, either):
    venue.trades["BTC-USD"] = trades(BEGIN - timedelta(seconds=2600), 2600)
    got = await past(either, "BTC-USD", kind=Kind.TRADES, start=BEGIN - timedelta(seconds=2500))
    assert got["trade_id"].cast(pl.Int64).to_list() == list(range(1100, 3600))


async def test_a_changed_shape_quotes_the_field(venue, either):
    broken = [[1, "x", 1, 1, 1, 1]] if either.name != "coinbase" else {"candles": [{"start": "1", "low": "x"}]}
    path = (
        "/products/BTC-USD/candles"
        if either.name != "coinbase"
        else "/api/v3/brokerage/market/products/BTC-USD/candles"
    )
    venue.on(path, json=broken)
    with pytest.raises(ShapeError, match=rf"^{either.name} answers .*\$.*(low|\[1\])"):
        await past(either, "BTC-USD")


async def test_a_start_that_is_no_number_is_quoted(venue, coinbase):
    bar = dict.fromkeys(("low", "high", "open", "close", "volume"), "1") | {"start": "soon"}
    venue.on("/api/v3/brokerage/market/products/BTC-USD/candles", json={"candles": [bar]})
    with pytest.raises(ShapeError, match=r"coinbase sends 'soon' in .*start"):
        await past(coinbase, "BTC-USD")


async def test_the_exchange_has_no_stream(venue):
    with pytest.raises(DataProviderError, match="has no stream"):
        await taken(opened(CoinbaseExchange, venue).stream(Kind.BARS, [BTC]), 1)


def test_recorded_answers_are_read_exactly():
    rows = messages.read("exchange_candles", (PAYLOADS / "example-historical-candles.json").read_bytes())
    assert (rows[1].volume, rows[3].volume) == (Decimal("4.727521520000001"), Decimal("2.2357688599999963"))
    ticker = messages.read("exchange_ticker", (PAYLOADS / "example-ticker-data.json").read_bytes())
    assert (ticker.price, ticker.ask, ticker.time.microsecond) == (Decimal("246.28000000"), Decimal("637.11"), 506997)
    assert messages.read("exchange_stats", (PAYLOADS / "example-stats-data.json").read_bytes()).low == Decimal("244.29")


def test_the_wrong_shape_names_who_sent_it():
    with pytest.raises(ShapeError, match=r"^coinbase_exchange answers") as told:
        messages.read("exchange_candles", b'[["x", 1, 1, 1, 1, 1]]')
    assert told.value.context["source"] == "coinbase_exchange"
    with pytest.raises(ShapeError, match=r"^coinbase answers"):
        messages.read("candles", b'{"candles": [{}]}')


def test_an_unknown_channel_or_side_is_a_shape_error():
    with pytest.raises(ShapeError, match=r"\$\.channel"):
        messages.read("stream", b'{"channel": "gossip"}')
    trade = {"trade_id": "1", "product_id": "BTC-USD", "price": "1", "size": "1", "side": "HOLD", "time": iso(BEGIN)}
    event = {"channel": "market_trades", "timestamp": iso(BEGIN), "sequence_num": 1}
    with pytest.raises(ShapeError, match="side"):
        messages.read("stream", json.dumps({**event, "events": [{"type": "update", "trades": [trade]}]}).encode())


async def test_minutes_are_made_of_trades(venue, coinbase):
    rows = trades(BEGIN + timedelta(seconds=30), 10, step=timedelta(seconds=20))
    venue.bars["BTC-USD"][60] = [(int(BEGIN.timestamp()), 90, 101, 90, 101, 7)]
    venue.clock.set(BEGIN + timedelta(seconds=60))

    def script(line):
        venue.trade(line, "BTC-USD", rows[:2])
        venue.trade(line, "BTC-USD", rows[2:3])
        venue.trade(line, "BTC-USD", rows[1:6])
        line.wait(600)

    venue.stream(script)
    got = await taken(coinbase.stream(Kind.BARS, [BTC]), 5)
    assert told(got) == [(0, 101, True), (1, 102, False), (1, 104, False), (1, 104, True), (2, 105, False)]
    whole = got[3]
    assert (whole["open"], whole["high"], whole["low"], whole["volume"]) == (102, 104, 102, 1.5)


async def test_a_lost_message_opens_a_new_line_and_lost_trades_are_asked_for(venue, coinbase):
    rows = trades(BEGIN, 8)
    venue.trades["BTC-USD"] = rows
    venue.clock.set(BEGIN + timedelta(seconds=30))

    def script(line):
        if line.number == 0:
            venue.trade(line, "BTC-USD", rows[:2])
            venue.trade(line, "BTC-USD", rows[4:5], skip=1)
        else:
            venue.trade(line, "BTC-USD", rows[7:])
        line.wait(600)

    venue.stream(script)
    got = await taken(coinbase.stream(Kind.TRADES, [BTC]), 8)
    assert [row["trade_id"] for row in got] == [str(1000 + n) for n in range(8)]


async def test_best_prices_and_books_stream(venue, coinbase):
    ticker = {"type": "ticker", "product_id": "BTC-USD", "price": "100.1", "best_bid": "99.5", "best_ask": ""}
    other = {**ticker, "product_id": "ETH-USD"}

    def prices(line):
        venue.say(line, "heartbeats", [{"current_time": "now", "heartbeat_counter": 1}])
        venue.say(line, "ticker", [{"type": "update", "tickers": [other, ticker]}])
        line.wait(600)

    venue.stream(prices)
    quote = (await taken(coinbase.stream(Kind.QUOTES, [BTC]), 1))[0]
    assert (quote["symbol"], quote["bid"], quote["ask"], quote["last"]) == ("BTC-USD", 99.5, None, 100.1)

    def level(side, price, size):
        return {"side": side, "event_time": iso(BEGIN), "price_level": price, "new_quantity": size}

    def book(line):
        first = [level("bid", "99", "1"), level("offer", "101", "1"), level("offer", "102", "1")]
        venue.say(line, "l2_data", [{"type": "update", "product_id": "BTC-USD", "updates": first}])
        venue.say(line, "l2_data", [{"type": "snapshot", "product_id": "BTC-USD", "updates": first}])
        change = [level("bid", "99.5", "2"), level("offer", "101", "0")]
        venue.say(line, "l2_data", [{"type": "update", "product_id": "BTC-USD", "updates": change}])
        if line.number == 1:
            line.arrived()
            line.drop()
        line.wait(600)

    venue.stream(book)
    rows = await taken(coinbase.stream(Kind.BOOK, [BTC]), 12)
    assert [(row["side"], row["price"]) for row in rows[3:6]] == [("bid", 99.5), ("bid", 99.0), ("ask", 102.0)]
    assert [row["price"] for row in rows[6:9]] == [99.0, 101.0, 102.0]


async def test_a_book_of_which_a_change_was_lost_is_asked_for_anew(venue, coinbase):
    def script(line):
        one = {"side": "bid", "event_time": iso(BEGIN), "price_level": str(99 + line.number), "new_quantity": "1"}
        venue.say(line, "l2_data", [{"type": "snapshot", "product_id": "BTC-USD", "updates": [one]}])
        if line.number == 0:
            change = {**one, "price_level": "98"}
            venue.say(line, "l2_data", [{"type": "update", "product_id": "BTC-USD", "updates": [change]}], skip=1)
        line.wait(600)

    venue.stream(script)
    rows = await taken(coinbase.stream(Kind.BOOK, [BTC]), 2)
    assert [row["price"] for row in rows] == [99.0, 100.0]


async def test_a_stream_of_what_is_not_there_is_refused(coinbase, venue):
    venue.stream(lambda line: line.wait(600))
    with pytest.raises(DataProviderError, match="product not found"):
        await taken(coinbase.stream(Kind.TRADES, [coin("NEW-USD")]), 1)
