import asyncio
import json
import logging
from contextlib import aclosing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ara.data.access.wire import decode
from ara.data.checks import check_provider
from ara.data.provider import BARS, SCHEMAS, Kind
from ara.data.providers.polygon import Polygon, frames
from ara.data.providers.polygon.messages import Aggregates, Message, Quotes, Trades
from ara.data.providers.polygon.reference import (
    Details,
    Dividends,
    Holiday,
    News,
    OpenClose,
    Session,
    Splits,
    Ticker,
)
from ara.data.providers.polygon.spelling import channel, dashed, listed_instrument, of_ticker, spelled
from ara.errors import AraError, DataProviderError, MissingKeyError, RateLimitError, ShapeError, UnknownSymbolError
from ara.market.calendar import calendar
from ara.market.symbols import guess, resolve
from ara.market.timeframe import DAY, Timeframe
from ara.testing import Reply
from tests.venues.polygon import PolygonVenue, minute
from tests.venues.sample_days import NOW, always, days, decimals, history, kept, opened, unpacked

PAYLOADS = Path(__file__).parent / "payloads" / "polygon"
APPLE, EURO, BITCOIN, INDEX = (resolve(symbol) for symbol in ("AAPL", "EURUSD", "BTC-USD", "^GSPC"))
LATER = datetime(2100, 1, 1, tzinfo=UTC)
TYPES = {
    "v1_marketstatus_now": Session,
    "v1_marketstatus_upcoming": list[Holiday],
    "v1_open-close": OpenClose,
    "v2_aggs": Aggregates,
    "v2_reference_news": News,
    "v3_quotes": Quotes,
    "v3_reference_dividends": Dividends,
    "v3_reference_splits": Splits,
    "v3_trades": Trades,
}


def at(year, month, day, hour=0, minute=0):
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


@pytest.fixture
def venue():
    with PolygonVenue() as there:
        yield there


@pytest.fixture
async def polygon(venue):
    source = opened(Polygon, venue, key=venue.key, silence=10.0)
    yield source
    await source.close()


async def test_it_keeps_the_promises_of_a_source(polygon):
    assert [check for check in await check_provider(polygon) if not check.ok] == []


@pytest.mark.parametrize("path", sorted(PAYLOADS.glob("*.json")), ids=lambda path: path.stem)
def test_no_number_and_no_time_of_a_given_answer_is_lost(path):
    raw = path.read_bytes()
    (type_,) = (one for name, one in TYPES.items() if path.stem.startswith(name))
    assert kept(decimals(raw), unpacked(decode(raw, type_, source="polygon"))) == []


@pytest.mark.parametrize("symbol", ["AAPL", "^GSPC", "EURUSD", "BTC-USD"])
async def test_years_of_days_come_as_they_are_page_by_page(venue, polygon, symbol):
    found, sent = await history(polygon, symbol), days(symbol)
    assert found.schema == BARS
    for name in ("open", "high", "low", "close", "volume"):
        assert found[name].equals(sent[name], null_equal=True), name
    assert found["adjusted"].null_count() == len(found)
    hours = calendar(resolve(symbol).calendar)
    assert [hours.dated(moment) for moment in found["at"]] == sent["label"].to_list()
    assert len(venue.requests) == -(-len(sent) // venue.page)
    assert all(request.query["adjusted"] == "false" for request in venue.requests)


@pytest.mark.parametrize("name", ["prev", "range_1_day_2005-04-01_2005-04-04"])
async def test_given_bars_have_their_session(venue, polygon, name):
    raw = (PAYLOADS / f"v2_aggs_ticker_AAPL_{name}.json").read_bytes()
    always(venue, "/v2/aggs/ticker/*", body=raw)
    venue.clock.set(at(2022, 5, 1))
    found = await history(polygon, "AAPL", end=LATER)
    assert found["at"][0] == (at(2022, 4, 26, 13, 30) if name == "prev" else at(2005, 4, 1, 14, 30))
    assert found["close"][0] == (156.8 if name == "prev" else 1.4604)


async def test_a_day_of_currencies_is_known_at_midnight_utc(polygon):
    found = await history(polygon, "EURUSD", start=at(2020, 7, 1), end=at(2020, 7, 2))
    assert found["at"].to_list() == [at(2020, 7, 1, 21)]
    assert found["known_at"].to_list() == [at(2020, 7, 3)]


@pytest.mark.parametrize(
    ("symbol", "kind", "ticker", "with_dash", "carried"),
    [
        ("AAPL", "stock", "AAPL", "AAPL", ("/stocks", "AM.AAPL")),
        ("BRK.B", "stock", "BRK.B", "BRK.B", ("/stocks", "AM.BRK.B")),
        ("BRK-B", "stock", "BRK.B", "BRK.B", ("/stocks", "AM.BRK.B")),
        ("EURUSD", "forex", "C:EURUSD", "C:EUR-USD", ("/forex", "CA.EUR/USD")),
        ("BTC-USD", "crypto", "X:BTCUSD", "X:BTC-USD", ("/crypto", "XA.BTC-USD")),
        ("^GSPC", "index", "I:SPX", "I:SPX", ("/indices", "AM.I:SPX")),
        ("^XYZ", "index", "I:XYZ", "I:XYZ", ("/indices", "AM.I:XYZ")),
    ],
)
def test_symbols_are_spelled_as_polygon_does(symbol, kind, ticker, with_dash, carried):
    one = guess(symbol, kind)
    assert (spelled(one), dashed(one), channel(one)) == (ticker, with_dash, carried)
    assert of_ticker(ticker) == symbol.replace("-B", ".B")


def test_an_option_is_spelled_with_its_mark():
    from dataclasses import replace

    from ara.market.instrument import AssetClass

    one = replace(APPLE, symbol="AAPL220318C00150000", asset_class=AssetClass.OPTION)
    assert spelled(one) == "O:AAPL220318C00150000"
    assert channel(one) == ("/options", "AM.O:AAPL220318C00150000")


def test_what_ara_can_not_spell_is_passed_over():
    assert of_ticker("BACpL") == ""
    assert of_ticker("TWO WORDS") == ""
    assert listed_instrument(Ticker(ticker="ODD", market="bonds")) is None


async def test_the_whole_list_is_read(venue, polygon):
    venue.page = 3
    found = await polygon.symbols()
    assert found[0] == APPLE
    assert {"^GSPC", "BTC-USD", "EURUSD", "NEWCO", "TINY-EUR"} <= {one.symbol for one in found}
    (fund,) = (one for one in found if one.symbol == "NEWCO")
    assert (fund.name, fund.venue, fund.asset_class) == ("New Company", "XNAS", "etf")
    assert next(one for one in found if one.symbol == "TINY-EUR").currency == "EUR"
    assert len(venue.requests) == 4


async def test_an_unknown_symbol_is_told_from_an_empty_time(polygon):
    with pytest.raises(UnknownSymbolError, match="no GOOG"):
        await polygon.history(Kind.BARS, guess("GOOG"), DAY, start=at(2020, 1, 1), end=LATER)
    assert (await history(polygon, "AAPL", start=at(1990, 1, 1), end=at(1991, 1, 1))).is_empty()


async def test_another_symbol_is_refused(venue, polygon):
    always(venue, "/v2/aggs/ticker/*", json={"ticker": "MSFT", "status": "OK", "results": []})
    always(venue, "/v3/reference/dividends", json={"status": "OK", "results": [dividend(ticker="MSFT")]})
    always(venue, "/v3/reference/tickers/AAPL", json={"status": "OK", "results": {"ticker": "MSFT"}})
    for kind in (Kind.BARS, Kind.ACTIONS, Kind.FACTS):
        with pytest.raises(DataProviderError, match="asked for AAPL and answers with MSFT"):
            await history(polygon, "AAPL", kind=kind)


async def test_a_key_goes_to_nobody_else(venue, polygon):
    elsewhere = {"status": "OK", "ticker": "AAPL", "next_url": "https://api.polygon.io.example.com/v2/aggs?cursor=1"}
    always(venue, "/v2/aggs/ticker/*", json=elsewhere)
    with pytest.raises(
        DataProviderError, match=r"next page lies at api\.polygon\.io\.example\.com; the key is not sent"
    ):
        await history(polygon, "AAPL")


async def test_a_page_at_the_venues_own_name_is_asked_for_where_the_settings_say(venue, polygon):
    first = json.loads((PAYLOADS / "v3_quotes_AAPL.json").read_bytes())
    replies = [Reply.json(first), Reply.json({**first, "next_url": None})]
    venue.on("/v3/quotes/AAPL", handler=lambda _: replies.pop(0))
    found = await history(polygon, "AAPL", kind=Kind.QUOTES, end=LATER)
    assert len(found) == 20
    assert venue.requests[1].query == {"cursor": first["next_url"].partition("cursor=")[2]}
    assert venue.requests[1].headers["authorization"] == f"Bearer {venue.key}"


async def test_pages_that_go_in_circles_end(venue, polygon):
    here = {"status": "OK", "ticker": "AAPL", "next_url": f"{venue.url}/v2/aggs/ticker/AAPL/again"}
    always(venue, "/v2/aggs/ticker/*", json=here)
    with pytest.raises(DataProviderError, match="pages lead back"):
        await history(polygon, "AAPL")
    assert len(venue.requests) == 2


async def test_a_running_day_is_open(venue, polygon):
    venue.clock.set(at(2021, 3, 31, 19, 59))
    assert (await history(polygon, "AAPL", end=LATER))["at"][-1] == at(2021, 3, 30, 13, 30)
    (row,) = (await polygon.latest(Kind.BARS, [APPLE])).rows(named=True)
    assert (row["at"], row["known_at"]) == (at(2021, 3, 31, 13, 30), at(2021, 3, 31, 20))
    assert row["learned_at"] < row["known_at"]


async def test_the_days_of_many_stocks_come_by_one_request(venue, polygon):
    venue.clock.set(at(2021, 3, 30, 22))
    many = [*(resolve(symbol) for symbol in ("AAPL", "MSFT", "SPY", "IBM")), BITCOIN]
    found = await polygon.latest(Kind.BARS, many)
    assert found["symbol"].to_list() == ["AAPL", "MSFT", "SPY", "IBM", "BTC-USD"]
    whole = {"AAPL", "MSFT", "SPY", "IBM"} & {one for one in ("AAPL", "MSFT", "SPY", "IBM") if has(one, 2021, 3, 30)}
    assert found.filter(pl.col("symbol").is_in(list(whole)))["at"].unique().to_list() == [at(2021, 3, 30, 13, 30)]
    grouped = [request for request in venue.requests if "grouped" in request.path]
    assert [request.path.rpartition("/")[2] for request in grouped] == ["2021-03-30"]


def has(symbol, *day):
    return date(*day) in days(symbol)["label"].to_list()


def test_a_grouped_answer_is_dated_by_its_close():
    page = decode(
        (PAYLOADS / "v2_aggs_grouped_locale_us_market_stocks_2005-04-04_adjusted=true.json").read_bytes(),
        Aggregates,
        source="polygon",
    )
    found = frames.bars_of(page.results, guess("GIK"), DAY, NOW)
    assert found["at"].to_list() == [at(2020, 10, 14, 13, 30)]


def rows_of(first, count, step):
    begin = int(first.timestamp())
    return [(begin + place * step, 10.0, 12.0, 9.0, 11.0, 100.0) for place in range(count)]


async def test_minutes_end_with_the_session_and_go_on_outside_it(venue, polygon):
    venue.minutes["AAPL", "15/minute"] = rows_of(at(2022, 3, 11, 20, 30), 4, 900)
    found = await history(polygon, "AAPL", timeframe=Timeframe.parse("15m"), start=at(2022, 3, 11))
    assert found["known_at"].to_list() == [
        at(2022, 3, 11, 20, 45) + place * timedelta(minutes=15) for place in range(4)
    ]
    venue.minutes["AAPL", "1/hour"] = rows_of(at(2022, 3, 11, 14), 8, 3600)
    hours = await history(polygon, "AAPL", timeframe=Timeframe.parse("1h"), start=at(2022, 3, 11))
    assert hours["known_at"].to_list() == [at(2022, 3, 11, 15 + place) for place in range(8)]


async def test_a_length_that_polygon_has_not_is_refused(polygon):
    with pytest.raises(DataProviderError, match="no bars of 1w; it has 1m"):
        await history(polygon, "AAPL", timeframe=Timeframe.parse("1w"))


async def test_trades_and_quotes_keep_their_order_and_times(venue, polygon):
    venue.trades = json.loads((PAYLOADS / "v3_trades_AAPL_limit=2.json").read_bytes())["results"]
    venue.trades[0] |= {"sip_timestamp": 1651181822461979401, "sequence_number": 7179340, "side": "x"}
    found = await history(polygon, "AAPL", kind=Kind.TRADES, end=LATER)
    assert found.schema == SCHEMAS[Kind.TRADES]
    assert found["price"].to_list() == [157.43, 156.43]
    assert found["at"][0] == datetime(2022, 4, 28, 21, 37, 2, 461979, tzinfo=UTC)
    assert found.select("size", "side", "trade_id").row(0) == (10.0, None, "183276")
    venue.quotes = json.loads((PAYLOADS / "v3_quotes_AAPL.json").read_bytes())["results"]
    venue.page = 4
    quotes = await history(polygon, "AAPL", kind=Kind.QUOTES, start=at(2022, 5, 10), end=LATER)
    assert len(quotes) == 10
    assert (quotes["at"].diff().drop_nulls() >= timedelta()).all()
    newest = await polygon.latest(Kind.QUOTES, [APPLE])
    assert newest.select("symbol", "bid", "ask", "bid_size", "last").row(0) == ("AAPL", 155.85, 155.87, 4.0, None)
    assert (await polygon.latest(Kind.TRADES, [APPLE]))["price"].to_list() == [156.43]


async def test_ticks_of_pairs_are_asked_for_with_a_dash(venue, polygon):
    await history(polygon, "EURUSD", kind=Kind.QUOTES)
    assert venue.requests[-1].path == "/v3/quotes/C:EUR-USD"
    with pytest.raises(UnknownSymbolError):
        await polygon.history(Kind.TRADES, guess("GOOG"), DAY, start=at(2020, 1, 1), end=NOW)


def dividend(ticker="AAPL", **more):
    return {"ticker": ticker, "cash_amount": 0.205, "ex_dividend_date": "2020-11-06", "dividend_type": "CD"} | more


async def test_a_dividend_below_zero_is_refused_and_one_of_nothing_is_none(venue, polygon):
    venue.dividends, venue.splits = [dividend(cash_amount=0)], []
    assert (await history(polygon, "AAPL", kind=Kind.ACTIONS, end=LATER)).is_empty()
    venue.dividends = [dividend(cash_amount=-0.5)]
    with pytest.raises(ShapeError, match=r"the dividend -0\.5 in results\.cash_amount"):
        await history(polygon, "AAPL", kind=Kind.ACTIONS, end=LATER)


async def test_actions_are_known_when_they_are_declared(venue, polygon):
    venue.clock.set(at(2020, 11, 1, 12))
    venue.dividends = [
        dividend(declaration_date="2020-10-29"),
        dividend(ex_dividend_date="2020-08-07", cash_amount=0.82, currency="EUR"),
        dividend(ex_dividend_date="2021-02-05", declaration_date="2020-11-01"),
    ]
    venue.splits = [{"ticker": "AAPL", "execution_date": "2020-08-31", "split_from": 1, "split_to": 4}]
    found = await history(polygon, "AAPL", kind=Kind.ACTIONS, end=LATER)
    assert found.schema == SCHEMAS[Kind.ACTIONS]
    assert found.drop("learned_at").rows() == [
        (at(2020, 8, 7, 13, 30), at(2020, 8, 7, 13, 30), "dividend", 0.82, "EUR", "raw"),
        (at(2020, 8, 31, 13, 30), at(2020, 8, 31, 13, 30), "split", 4.0, "", "raw"),
        (at(2020, 11, 6, 14, 30), at(2020, 10, 30, 4), "dividend", 0.205, "USD", "raw"),
        (at(2021, 2, 5, 14, 30), at(2020, 11, 1, 12), "dividend", 0.205, "USD", "raw"),
    ]
    part = await history(polygon, "AAPL", kind=Kind.ACTIONS, start=at(2020, 8, 20), end=at(2020, 9, 20))
    assert part["action"].to_list() == ["split"]
    assert (await polygon.latest(Kind.ACTIONS, [APPLE]))["action"].to_list() == ["split"]


@pytest.mark.parametrize("name", ["dividends", "splits"])
async def test_given_actions_are_read_whole(venue, polygon, name):
    rows = json.loads((PAYLOADS / f"v3_reference_{name}.json").read_bytes())["results"]
    setattr(venue, name, [{**row, "ticker": "AAPL"} for row in rows])
    found = await history(polygon, "AAPL", kind=Kind.ACTIONS, start=at(1990, 1, 1), end=LATER)
    assert len(found) == len(rows)
    assert (found["known_at"] <= found["at"]).all()


@pytest.mark.parametrize("ratio", [(0, 4), (1, -4)])
async def test_splits_that_make_no_sense_are_refused(venue, polygon, ratio):
    venue.splits = [{"ticker": "AAPL", "execution_date": "2020-08-31", "split_from": ratio[0], "split_to": ratio[1]}]
    with pytest.raises(ShapeError, match="a split of"):
        await history(polygon, "AAPL", kind=Kind.ACTIONS)


async def test_facts_name_the_division_of_the_code(polygon):
    found = await polygon.latest(Kind.FACTS, [APPLE])
    assert dict(found.select("field", "value").rows()) == {
        "name": "Apple Inc.",
        "sector": "Manufacturing",
        "industry": "ELECTRONIC COMPUTERS",
    }
    odd = frames.details(Details(ticker="X", name="X", sic_code="none"), NOW)
    assert odd["field"].to_list() == ["name"]


async def test_a_chain_has_terms_and_prices(venue, polygon):
    venue.page = 5
    found = await polygon.latest(Kind.OPTIONS, [APPLE])
    assert found.schema == pl.Schema({"symbol": pl.String(), **SCHEMAS[Kind.OPTIONS]})
    assert len(found) == 8, "what is neither call nor put is left out"
    first = found.row(0, named=True)
    assert (first["contract"], first["expiry"], first["strike"]) == ("AAPL220318C00150000", date(2022, 3, 18), 150.0)
    assert (first["right"], first["multiplier"], first["last"], first["open_interest"]) == ("call", 100.0, 3.35, 4100.0)
    assert found.filter(pl.col("right") == "put")["last"].unique().to_list() == [3.3], "the day's close stands in"


async def test_a_small_plan_has_the_terms_alone(venue, polygon):
    venue.refused = {"/v3/snapshot"}
    found = await history(polygon, "AAPL", kind=Kind.OPTIONS, end=LATER)
    assert len(found) == 8
    assert found["bid"].null_count() == 8
    assert found["strike"].unique().sort().to_list() == [150.0, 152.5]


async def test_a_chain_that_fails_otherwise_fails(venue, polygon):
    always(venue, "/v3/snapshot/options/AAPL", status=500, body=b"oh")
    with pytest.raises(DataProviderError, match="500"):
        await polygon.latest(Kind.OPTIONS, [APPLE])


async def test_an_unknown_word_is_told_with_its_field(venue, polygon):
    always(venue, "/v2/aggs/ticker/*", json={"status": "PERHAPS", "ticker": "AAPL", "results": []})
    with pytest.raises(ShapeError, match="PERHAPS") as caught:
        await history(polygon, "AAPL")
    assert caught.value.context["field"] == "$.status"


@pytest.mark.parametrize(
    ("bar", "words"),
    [
        (b'{"t": 1112331600000, "o": 1, "h": 1, "l": 1, "c": 1e308}', r"1E\+308 in results.c\[0\]"),
        (b'{"t": 1112331600000, "o": 1, "h": 1, "l": 1, "c": NaN}', "not JSON"),
        (b'{"t": 1112331600000, "o": 1, "h": 1, "l": 1}', "missing required field"),
        (b'{"t": "soon", "o": 1, "h": 1, "l": 1, "c": 1}', "results"),
        (b'{"t": 9999999999999999, "o": 1, "h": 1, "l": 1, "c": 1}', "smaller unit than milliseconds"),
        (b'{"t": 0, "o": 1, "h": 1, "l": 1, "c": 1}', r"the time 0 in results.t, .* larger unit than milliseconds"),
        (b'{"t": -1, "o": 1, "h": 1, "l": 1, "c": 1}', "the time -1 in results.t"),
        (b'{"t": 1617197400, "o": 1, "h": 1, "l": 1, "c": 1}', "larger unit than milliseconds"),
        (b'{"t": 1000000000000000, "o": 1, "h": 1, "l": 1, "c": 1}', "smaller unit than milliseconds"),
        (b'{"t": 1000000000000000000, "o": 1, "h": 1, "l": 1, "c": 1}', "smaller unit than milliseconds"),
        (b'{"t": -99999999999999, "o": 1, "h": 1, "l": 1, "c": 1}', "the time -99999999999999 in results.t"),
        (b'{"t": 1112331600000, "o": 1, "h": 1, "l": 1, "c": 1, "v": -5}', r"the volume -5 in volume\[0\]"),
        (b'{"t": 1112331600000, "o": 1, "h": 1, "l": 1, "c": 0}', r"the price 0 in close\[0\]"),
        (b'{"t": 1112331600000, "o": 1, "h": 1, "l": 1, "c": -0.0}', r"the price 0 in close\[0\]"),
        (b'{"t": 99999999999999999999999, "o": 1, "h": 1, "l": 1, "c": 1}', "results"),
    ],
)
async def test_bars_that_can_not_be_are_refused(venue, polygon, bar, words):
    always(venue, "/v2/aggs/ticker/*", body=b'{"status": "OK", "ticker": "AAPL", "results": [' + bar + b"]}")
    with pytest.raises(ShapeError, match=words):
        await history(polygon, "AAPL")


async def test_refusals_have_their_errors(venue, polygon):
    venue.refused = {"/v2"}
    with pytest.raises(DataProviderError, match="403"):
        await history(polygon, "AAPL")
    venue.allowed = 0
    with pytest.raises(RateLimitError):
        await history(polygon, "MSFT")
    stranger = opened(Polygon, venue, key="WRONG")
    with pytest.raises(DataProviderError) as caught:
        await history(stranger, "AAPL")
    assert "WRONG" not in f"{caught.value} {caught.value.context}"
    await stranger.close()
    keyless = opened(Polygon, venue)
    with pytest.raises(MissingKeyError):
        await history(keyless, "AAPL")
    await keyless.close()


async def taken(stream, count):
    rows = []
    async with asyncio.timeout(600), aclosing(stream) as frames_:
        async for frame in frames_:
            assert frame.schema == pl.Schema({"symbol": pl.String(), **BARS})
            rows += frame.select("symbol", "at", "close").rows()
            if len(rows) >= count:
                return rows
    return rows


START = at(2022, 3, 14, 14)


async def test_a_stream_gives_closed_minutes_of_those_asked_for(venue, polygon, caplog):
    both = [minute("AAPL", START, 150.0), minute("TSLA", START, 900.0), minute("MSFT", START, 280.0)]
    venue.speaks("/stocks", [both, [minute("AAPL", START + timedelta(minutes=1), 150.5)]])
    venue.clock.set(START)
    rows = await taken(polygon.stream(Kind.BARS, [APPLE, resolve("MSFT")]), 3)
    assert rows == [
        ("AAPL", START, 150.0),
        ("MSFT", START, 280.0),
        ("AAPL", START + timedelta(minutes=1), 150.5),
    ]
    assert "TSLA, which nobody asked for" in caplog.text
    assert json.loads(venue.heard[1]) == {"action": "subscribe", "params": "AM.AAPL,AM.MSFT"}


async def test_a_closed_minute_is_closed_whatever_the_clock_says(venue, polygon):
    venue.speaks("/stocks", [[minute("AAPL", START, 150.0)]])
    venue.clock.set(START - timedelta(minutes=5))
    async with asyncio.timeout(600), aclosing(polygon.stream(Kind.BARS, [APPLE])) as stream:
        frame = await anext(stream)
    assert frame["learned_at"].to_list() == frame["known_at"].to_list() == [START + timedelta(minutes=1)]


async def test_repeated_and_late_minutes_are_dropped(venue, polygon):
    one, two = (minute("AAPL", START + timedelta(minutes=place), 150.0 + place) for place in range(2))
    venue.speaks("/stocks", [[two], [one, two], [two], [minute("AAPL", START + timedelta(minutes=2), 152.0)]])
    rows = await taken(polygon.stream(Kind.BARS, [APPLE]), 2)
    assert [close for *_, close in rows] == [151.0, 152.0]


async def test_what_passes_while_the_line_is_down_is_asked_for(venue, polygon):
    later = minute("AAPL", START + timedelta(minutes=4), 154.0)
    venue.speaks("/stocks", [[minute("AAPL", START, 150.0)], None], [[later], [later]])
    begin = int(START.timestamp())
    venue.minutes["AAPL", "1/minute"] = [
        (begin + 60 * place, 150.0, 160.0, 140.0, 150.0 + place, 10.0) for place in range(4)
    ]
    venue.clock.set(START + timedelta(minutes=4, seconds=5))
    rows = await taken(polygon.stream(Kind.BARS, [APPLE]), 5)
    assert [close for *_, close in rows] == [150.0, 151.0, 152.0, 153.0, 154.0]
    assert [moment for _, moment, _ in rows] == [START + timedelta(minutes=place) for place in range(5)]


async def test_a_gap_that_can_not_be_filled_is_told(venue, polygon, caplog):
    venue.speaks(
        "/stocks", [[minute("AAPL", START, 150.0)], None], [[minute("AAPL", START + timedelta(minutes=4), 154.0)]]
    )
    venue.refused = {"/v2"}
    with caplog.at_level(logging.WARNING):
        rows = await taken(polygon.stream(Kind.BARS, [APPLE]), 2)
    assert [close for *_, close in rows] == [150.0, 154.0]
    assert "minutes of AAPL after 2022-03-14 14:00:00+00:00 are missing" in caplog.text


async def test_coins_and_currencies_have_lines_of_their_own(venue, polygon):
    venue.speaks("/crypto", [[minute("BTC-USD", START, 39000.5, event="XA")]])
    venue.speaks("/forex", [[minute("EUR/USD", START, 1.0921, event="CA")]])
    venue.speaks("/indices", [[minute("I:SPX", START, 4200.0)]])
    rows = await taken(polygon.stream(Kind.BARS, [BITCOIN, EURO, INDEX]), 3)
    assert sorted(rows) == [("BTC-USD", START, 39000.5), ("EURUSD", START, 1.0921), ("^GSPC", START, 4200.0)]


async def test_a_wrong_key_ends_the_stream(venue):
    venue.speaks("/stocks", [])
    stranger = opened(Polygon, venue, key="WRONG")
    with pytest.raises(MissingKeyError, match="refuses the key: authentication failed"):
        await taken(stranger.stream(Kind.BARS, [APPLE]), 1)
    await stranger.close()


@pytest.mark.parametrize(
    ("message", "kind", "words"),
    [
        ([{"ev": "status", "status": "max_connections", "message": "one only"}], DataProviderError, "one only"),
        ([{"ev": "XYZ"}], ShapeError, "XYZ"),
        ("<html>", ShapeError, "a page"),
        ([{**minute("AAPL", START, 150.0), "c": 1e300}], ShapeError, "results.c"),
    ],
)
async def test_what_is_no_minute_ends_the_stream(venue, polygon, message, kind, words):
    venue.speaks("/stocks", [message])
    with pytest.raises(kind, match=words):
        await taken(polygon.stream(Kind.BARS, [APPLE]), 1)


async def test_a_stream_of_nothing_ends_and_other_kinds_are_refused(polygon):
    assert await taken(polygon.stream(Kind.BARS, []), 1) == []
    with pytest.raises(DataProviderError, match="no trades"):
        polygon.stream(Kind.TRADES, [APPLE])


def test_every_number_of_a_message_is_kept():
    raw = (
        b'[{"ev":"AM","sym":"GTE","v":4110,"av":9470157,"op":0.4372,"vw":0.4488,"o":0.4488,"c":0.4486,"h":0.4489,'
        b'"l":0.4486,"a":0.4352,"z":685,"s":1610144640000,"e":1610144700000,"dv":"4110.0"},'
        b'{"ev":"XA","pair":"BTC-USD","v":951.6112,"vw":0.7756,"z":73,"o":0.772,"c":0.784,"h":0.784,"l":0.771,'
        b'"s":1610463240000,"e":1610463300000}]'
    )
    sent = decimals(raw)
    sent[0].pop("dv")
    assert (
        kept(
            sent,
            msgspec.to_builtins(decode(raw, list[Message], source="polygon"), builtin_types=(type(sent[0]["op"]),)),
        )
        == []
    )


NUMBERS = (
    st.integers(-(10**25), 10**25)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["NaN", "1", None, True, [], "sNaN"])
)


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(st.dictionaries(st.sampled_from("tohlcv"), NUMBERS, max_size=6), max_size=3), whole=st.booleans())
def test_whatever_stands_in_a_page_it_is_read_or_refused(rows, whole):
    if whole:
        rows = [
            {"t": 1112331600000 + place * 86_400_000, **dict.fromkeys("ohlcv", 1), **row}
            for place, row in enumerate(rows)
        ]
    try:
        page = decode(json.dumps({"results": rows}).encode(), Aggregates, source="polygon")
        bars = frames.bars_of(page.results, APPLE, DAY, NOW)
    except AraError:
        return
    assert bars.schema == BARS
    assert (bars["at"].diff().drop_nulls() > timedelta()).all()
