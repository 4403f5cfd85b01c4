import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from ara.data.access import Access
from ara.data.access.board import Board
from ara.data.checks import check_provider
from ara.data.provider import SCHEMAS, Kind
from ara.data.providers.exact import plain
from ara.data.providers.kraken import Kraken, messages, sign, spelling
from ara.data.providers.kraken.stream import checksum
from ara.errors import DataProviderError, RateLimitError, ShapeError, UnknownSymbolError, ValidationError
from ara.market.timeframe import DAY, Timeframe
from tests.data.providers.exchanges import BEGIN, coin, opened, past, taken, told
from tests.venues.binance import minutes
from tests.venues.kraken import KrakenVenue

PAYLOADS = Path(__file__).parent / "payloads" / "kraken_rest"
BTC = coin("BTC-USD")


@pytest.fixture
def venue():
    with KrakenVenue() as served:
        yield served


@pytest.fixture
async def kraken(venue):
    provider = opened(Kraken, venue)
    yield provider
    await provider.close()


async def test_keeps_every_promise_of_a_provider(kraken):
    assert [check.words for check in await check_provider(kraken) if not check.ok] == []


async def test_only_the_last_720_bars_are_there_and_it_says_so(kraken):
    got = await past(kraken, "BTC-USD", timeframe=DAY, start=BEGIN - timedelta(days=2000))
    assert len(got) == 719  # and the one that runs
    with pytest.raises(DataProviderError, match="keeps the last 720 bars of 1d: of BTC-USD none before 2018-01-"):
        await past(
            kraken, "BTC-USD", timeframe=DAY, start=BEGIN - timedelta(days=2000), end=BEGIN - timedelta(days=1500)
        )


async def test_the_running_bar_at_the_end_is_no_history(venue, kraken):
    venue.bars["XXBTZUSD"][1] = minutes(BEGIN - timedelta(minutes=2), 3)
    venue.clock.set(BEGIN + timedelta(seconds=30))
    assert told((await past(kraken, "BTC-USD")).rows(named=True)) == [(-2, 100.25, True), (-1, 101.25, True)]


async def test_the_last_bar_of_an_answer_runs_though_our_clock_says_that_it_ended(venue, kraken):
    begin = int(BEGIN.timestamp())
    rows = [[begin - 60 * n, "1", "1", "1", "1", "1", "1", 1] for n in (3, 2, 1)]
    venue.on("/0/public/OHLC", json={"error": [], "result": {"XXBTZUSD": rows, "last": begin - 120}})
    assert told((await past(kraken, "BTC-USD")).rows(named=True)) == [(-3, 1, True), (-2, 1, True)]


async def test_its_spellings_are_brought_to_ours(kraken):
    assert [one.symbol for one in await kraken.symbols()] == ["BTC-USD", "DOGE-USD", "ETH-USD"]
    found = (await kraken.symbols("dogecoin"))[0]
    assert (found.symbol, found.tick, found.lot) == ("DOGE-USD", Decimal("0.1"), Decimal("1E-8"))
    for theirs in ("XXBTZUSD", "XBTUSD", "XBT/USD", "BTC/USD"):
        assert spelling.symbol(theirs) == "BTC-USD"
    assert spelling.symbol("XETHXXBT") == "ETH-BTC"
    assert (spelling.code("DOGE-BTC"), spelling.wire("DOGE-BTC")) == ("XDGXBT", "DOGE/BTC")
    assert spelling.symbol(spelling.code("DOGE-BTC")) == "DOGE-BTC"
    assert (spelling.asset("ZEUR"), spelling.asset("XTZ"), spelling.asset("ZEC")) == ("EUR", "XTZ", "ZEC")
    for wrong in ("AAPL", "-USD", "BTC-"):
        with pytest.raises(UnknownSymbolError, match="is none"):
            spelling.code(wrong)
    with pytest.raises(UnknownSymbolError, match="no pair of kraken"):
        spelling.symbol("USD")


async def test_a_pair_that_is_not_there_names_those_that_are(kraken):
    with pytest.raises(UnknownSymbolError, match=r"kraken has no BTC-USDT\. It trades BTC-USD\."):
        await past(kraken, "BTC-USDT")


async def test_another_pair_than_was_asked_for_is_refused(venue, kraken):
    venue.wrong_pair = "XETHZUSD"
    with pytest.raises(ShapeError, match='answers "XETHZUSD" when asked for BTC-USD'):
        await past(kraken, "BTC-USD", timeframe=DAY)


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        ("EService:Unavailable", DataProviderError, "EService:Unavailable"),
        ("EGeneral:Temporary lockout", DataProviderError, "lockout"),
        ("EAPI:Rate limit exceeded", RateLimitError, "too often"),
        ("EGeneral:Too many requests", RateLimitError, "too often"),
    ],
)
async def test_faults_under_status_200_are_errors(venue, kraken, error, kind, words):
    venue.error = error
    with pytest.raises(kind, match=words):
        await past(kraken, "BTC-USD")
    with pytest.raises(kind, match=words):
        await kraken.symbols()


@pytest.mark.parametrize("timeframe", [Timeframe(2, "h"), Timeframe(1, "w")])
async def test_timeframes_that_it_lacks_are_named(kraken, timeframe):
    with pytest.raises(DataProviderError, match="has bars of 1m, 5m, 15m, 30m, 1h, 4h, 1d; none of"):
        await past(kraken, "BTC-USD", timeframe=timeframe)


async def test_there_is_no_past_of_quotes(kraken):
    with pytest.raises(DataProviderError, match="no past quotes"):
        await past(kraken, "BTC-USD", kind=Kind.QUOTES)


async def test_latest_of_each_kind(venue, kraken):
    venue.trades["XXBTZUSD"] = [(7, Decimal("1579262400.1234567"), 101.5, 0.25, "s")]
    for kind in sorted(kraken.offers):
        rows = await kraken.latest(kind, [BTC])
        assert rows.schema == pl.Schema({"symbol": pl.String(), **SCHEMAS[kind]})
    quote = (await kraken.latest(Kind.QUOTES, [BTC])).row(0, named=True)
    assert (quote["bid"], quote["ask"], quote["bid_size"], quote["ask_size"]) == (99.5, 100.5, 2.5, 1.5)
    trade = (await kraken.latest(Kind.TRADES, [BTC])).row(0, named=True)
    assert (trade["price"], trade["side"], trade["trade_id"]) == (101.5, "sell", "7")
    assert (await kraken.latest(Kind.BOOK, [BTC]))["price"].to_list() == [99.5, 99.0, 100.5, 101.0]


async def test_trades_of_the_past_are_paged(venue, kraken):
    first = Decimal(int(BEGIN.timestamp()) - 4000)
    venue.trades["XXBTZUSD"] = [(n, first + n, 100.0 + n, 1.0, "b") for n in range(2500)]
    got = await past(kraken, "BTC-USD", kind=Kind.TRADES, start=BEGIN - timedelta(seconds=3990))
    assert got["trade_id"].cast(pl.Int64).to_list() == list(range(10, 2500))


async def test_trades_that_come_again_and_again_are_refused(venue, kraken):
    page = [["1.0", "1.0", BEGIN.timestamp() - 60, "b", "l", "", 5]] * 1000
    venue.on("/0/public/Trades", json={"error": [], "result": {"XXBTZUSD": page, "last": "7"}})
    with pytest.raises(ShapeError, match="again and again"):
        await past(kraken, "BTC-USD", kind=Kind.TRADES)


@pytest.mark.parametrize("name", ["depth", "ohlc", "ticker", "trades"])
def test_recorded_answers_keep_every_decimal(name):
    raw = (PAYLOADS / f"example-{name}-data.json").read_bytes()
    kept = set(map(str, _leaves(plain(messages.read(name, raw), source="kraken"))))
    sent = {
        str(Decimal(one)) for one in _leaves(json.loads(raw)["result"]) if isinstance(one, str) and one[:1].isdigit()
    }
    assert sent - {"1376699893000000000"} <= kept | {str(json.loads(raw)["result"].get("last"))}


def _leaves(data):
    if isinstance(data, dict):
        data = list(data.values())
    if isinstance(data, list):
        return [leaf for part in data for leaf in _leaves(part)]
    return [data]


def test_words_that_are_not_agreed_are_shape_errors():
    raw = (PAYLOADS / "example-trades-data.json").read_bytes()
    with pytest.raises(ShapeError, match=r"\$\.result"):
        messages.read("trades", raw.replace(b'"s"', b'"q"'))
    with pytest.raises(ShapeError, match=r"\$\.channel"):
        messages.read("channel", b'{"channel": "gossip"}')


def test_a_secret_that_is_not_base64_is_not_quoted():
    with pytest.raises(ValidationError, match="not base64") as caught:
        sign("not base64", "/0/private/Balance", "nonce=1", "1")
    assert "not base64 " not in str(caught.value.context)


def test_a_signature_depends_on_all_that_is_signed():
    parts = ["a2V5", "/0/private/Balance", "nonce=1", "1"]
    signed = {sign(*parts)} | {
        sign(*[*parts[:n], other, *parts[n + 1 :]]) for n, other in enumerate(["a2V6", "/", "x", "2"])
    }
    assert len(signed) == 5
    assert all(len(one) == 88 for one in signed)


async def test_a_stream_closes_a_bar_when_the_next_begins(venue, kraken):
    def script(line):
        venue.ohlc(line, "BTC/USD", BEGIN, (100, 102, 99, 100.5), volume=1.0, kind="snapshot")
        venue.ohlc(line, "BTC/USD", BEGIN, (100, 102, 99, 101.0), volume=2.0)
        venue.ohlc(line, "BTC/USD", BEGIN, (100, 102, 99, 100.7), volume=1.5)  # late: less in it
        line.send({"channel": "heartbeat"})
        venue.ohlc(line, "BTC/USD", BEGIN + timedelta(minutes=1), (101, 102, 99, 101.5))
        venue.ohlc(line, "BTC/USD", BEGIN, (100, 102, 99, 101.0), volume=3.0)
        venue.ohlc(line, "BTC/USD", BEGIN + timedelta(minutes=2), (101, 102, 99, 101.75))
        line.wait(600)

    venue.stream(script)
    rows = await taken(kraken.stream(Kind.BARS, [BTC]), 6)
    assert told(rows) == [
        (0, 100.5, False),
        (0, 101.0, False),
        (0, 101.0, True),
        (1, 101.5, False),
        (1, 101.5, True),
        (2, 101.75, False),
    ]


async def test_after_a_break_the_gap_is_filled_and_an_unseen_end_asked_for(venue, kraken):
    venue.bars["XXBTZUSD"][1] = minutes(BEGIN, 4)

    def script(line):
        if line.number == 0:
            venue.ohlc(line, "BTC/USD", BEGIN, (1, 1, 1, 1))
            venue.clock.set(BEGIN + timedelta(minutes=3, seconds=1))
            line.arrived()
            line.drop()
            return
        venue.ohlc(line, "BTC/USD", BEGIN + timedelta(minutes=3), (103, 104, 103, 103.5))
        line.wait(600)

    venue.stream(script)
    rows = await taken(kraken.stream(Kind.BARS, [BTC]), 5)
    assert told(rows) == [(0, 1, False), *((n, 100.25 + n, True) for n in range(3)), (3, 103.5, False)]


async def test_a_bar_that_ran_on_unseen_is_not_closed_as_it_was_last_seen(venue, kraken):
    venue.bars["XXBTZUSD"][1] = minutes(BEGIN, 1)

    def script(line):
        if line.number == 0:
            venue.ohlc(line, "BTC/USD", BEGIN, (1, 1, 1, 1))
            line.arrived()
            line.drop()
            return
        line.wait(0.2)
        venue.clock.set(BEGIN + timedelta(seconds=61))
        venue.ohlc(line, "BTC/USD", BEGIN + timedelta(minutes=1), (2, 2, 2, 2))
        line.wait(600)

    venue.stream(script)
    rows = await taken(kraken.stream(Kind.BARS, [BTC]), 3)
    assert told(rows) == [(0, 1, False), (0, 100.25, True), (1, 2, False)]


async def test_trades_and_prices_stream(venue, kraken):
    rows = [(n, BEGIN + timedelta(seconds=n), 100.0 + n, 1.0, "sell") for n in range(1, 5)]
    venue.stream(
        lambda line: (venue.trade(line, "BTC/USD", rows[:2]), venue.trade(line, "BTC/USD", rows[1:]), line.wait(600))
    )
    got = await taken(kraken.stream(Kind.TRADES, [BTC]), 4)
    assert [(row["trade_id"], row["side"]) for row in got] == [(str(n), "sell") for n in range(1, 5)]
    ticker = {"symbol": "BTC/USD", "bid": 99.5, "bid_qty": 2.5, "ask": 100.5, "ask_qty": 3.0, "last": 100.1}
    ticker |= {"volume": 1.0, "vwap": 1.0, "low": 1.0, "high": 2.0, "change": 0.1, "change_pct": 0.1}
    venue.stream(lambda line: (line.send({"channel": "ticker", "type": "update", "data": [ticker]}), line.wait(600)))
    quote = (await taken(kraken.stream(Kind.QUOTES, [BTC]), 1))[0]
    assert (quote["bid"], quote["ask_size"], quote["last"]) == (99.5, 3.0, 100.1)


@pytest.mark.parametrize(
    ("at", "why"),
    [
        ("1970-01-20T15:30:00.000000Z", "is before there were coins"),
        ("2345-01-20T15:30:00Z", "is far ahead"),
        ("2021-01-08T15:30:00", "names no zone"),
        (1610119800, "kraken"),
    ],
)
@pytest.mark.parametrize("kind", [Kind.TRADES, Kind.QUOTES])
async def test_a_time_that_can_t_be_one_is_an_error_that_quotes_it(venue, kraken, at, why, kind):
    trade = {"symbol": "BTC/USD", "side": "buy", "price": 1.0, "qty": 1.0, "ord_type": "limit", "trade_id": 1}
    names = ("bid", "bid_qty", "ask", "ask_qty", "last", "volume", "vwap", "low", "high", "change", "change_pct")
    data = trade if kind is Kind.TRADES else {"symbol": "BTC/USD", **dict.fromkeys(names, 1.0)}
    channel = "trade" if kind is Kind.TRADES else "ticker"
    message = {"channel": channel, "type": "update", "data": [{**data, "timestamp": at}]}
    venue.stream(lambda line: (line.send(message), line.wait(600)))
    with pytest.raises(ShapeError, match=why) as caught:
        await taken(kraken.stream(kind, [BTC]), 1)
    assert "timestamp" in caught.value.message


async def test_a_pair_that_the_socket_does_not_know(kraken, venue):
    venue.stream(lambda line: line.wait(600))
    with pytest.raises(UnknownSymbolError, match='kraken has no "NEW-USD"'):
        await taken(kraken.stream(Kind.BARS, [coin("NEW-USD")]), 1)


async def test_a_book_that_does_not_prove_itself_is_opened_anew(venue, kraken):
    bids, asks = [("45283.5", "0.10000000"), ("45283.4", "1.54582015")], [("45285.2", "0.00100000")]

    def script(line):
        venue.book(line, "BTC/USD", bids, asks)
        if line.number == 0:
            changed = [("45283.5", "0"), ("45283.4", "1.5")]
            venue.book(line, "BTC/USD", changed, [], kind="update", proof=checksum_of([("45283.4", "1.5")], asks))
            venue.book(line, "BTC/USD", [("45280.0", "1.0")], [], kind="update", proof=1)
        line.wait(600)

    venue.stream(script)
    rows = await taken(kraken.stream(Kind.BOOK, [BTC]), 3 + 2 + 3)
    assert [(row["side"], row["price"], row["size"]) for row in rows[3:5]] == [
        ("bid", 45283.4, 1.5),
        ("ask", 45285.2, 0.001),
    ]
    assert rows[5]["price"] == 45283.5
    assert len([text for text in venue.heard if '"book"' in text]) == 2


async def test_books_that_never_prove_themselves_are_an_error(venue, kraken):
    venue.stream(lambda line: (venue.book(line, "BTC/USD", [("1.0", "1.0")], [], proof=1), line.wait(600)))
    with pytest.raises(ShapeError, match="never prove"):
        await taken(kraken.stream(Kind.BOOK, [BTC]), 1)


def checksum_of(bids, asks):
    return checksum([(Decimal(p), Decimal(q)) for p, q in bids], [(Decimal(p), Decimal(q)) for p, q in asks])


def test_the_checksum_is_that_of_the_documentation():
    asks = (
        "45285.2 0.00100000 45286.4 1.54571953 45286.6 1.54571109 45289.6 1.54560911 45290.2 0.15890660 "
        "45291.8 1.54553491 45294.7 0.04454749 45296.1 0.35380000 45297.5 0.09945542 45299.5 0.18772827"
    )
    bids = (
        "45283.5 0.10000000 45283.4 1.54582015 45282.1 0.10000000 45281.0 0.10000000 45280.3 1.54592586 "
        "45279.0 0.07990000 45277.6 0.03310103 45277.5 0.30000000 45277.3 1.54602737 45276.6 0.15445238"
    )
    sides = [
        [(Decimal(p), Decimal(q)) for p, q in zip(*[iter(text.split())] * 2, strict=True)] for text in (bids, asks)
    ]
    assert checksum(*sides) == 3310070434


async def test_a_refusal_within_an_answer_gives_the_venue_a_rest_in_all_processes(venue, tmp_path):
    def another():
        board = Board.at(tmp_path)
        return Kraken(Access(Kraken.venue, clock=venue.clock, url=venue.url, retries=0, timeout=4, board=board))

    venue.error = "EAPI:Rate limit exceeded"
    first, second = another(), another()
    with pytest.raises(RateLimitError) as caught:
        await past(first, "BTC-USD")
    assert caught.value.context["retry_after"] == 5
    with pytest.raises(RateLimitError, match="kraken wants to be left alone for 5 s more"):
        await past(second, "ETH-USD")
    assert len(venue.requests) == 1
    await first.close()
    await second.close()
