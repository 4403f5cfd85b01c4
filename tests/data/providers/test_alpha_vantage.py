import json
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ara.data.checks import check_provider
from ara.data.provider import BARS, SCHEMAS, Kind
from ara.data.providers.alpha_vantage import AlphaVantage, frames
from ara.data.providers.alpha_vantage.answers import part, parts, series
from ara.data.providers.alpha_vantage.messages import Bar, GlobalQuote
from ara.errors import (
    AraError,
    DataProviderError,
    MissingKeyError,
    RateLimitError,
    ShapeError,
    UnknownSymbolError,
)
from ara.market.calendar import calendar
from ara.market.symbols import guess, resolve
from ara.market.timeframe import DAY, Timeframe
from ara.settings import Secret
from ara.testing import Reply
from tests.venues.alpha_vantage import AlphaVantageVenue
from tests.venues.sample_days import NOW, always, days, history, kept, opened, unpacked

KEY = "K3Y-OF-SOMEBODY"
APPLE, EURO, BITCOIN = resolve("AAPL"), resolve("EURUSD"), resolve("BTC-USD")
LATER = datetime(2100, 1, 1, tzinfo=UTC)


def at(year, month, day, hour=0, minute=0):
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


@pytest.fixture
def venue():
    with AlphaVantageVenue(key=KEY) as there:
        yield there


@pytest.fixture
async def source(venue):
    found = opened(AlphaVantage, venue, key=KEY)
    yield found
    await found.close()


def functions(venue):
    return [request.query["function"] for request in venue.requests]


async def test_it_keeps_the_promises_of_a_source(source):
    assert [check for check in await check_provider(source) if not check.ok] == []


@pytest.mark.parametrize("symbol", ["AAPL", "IBM", "EURUSD", "BTC-USD"])
async def test_years_of_days_come_as_they_are(source, symbol):
    found, sent = await history(source, symbol), days(symbol)
    assert found.schema == BARS
    for name in ("open", "high", "low", "close"):
        assert found[name].equals(sent[name]), name
    hours = calendar(resolve(symbol).calendar)
    assert [hours.dated(moment) for moment in found["at"]] == sent["label"].to_list()
    if symbol == "AAPL":
        assert found["adjusted"].equals(sent["adjusted"])
        assert found["volume"].equals(sent["volume"])


@pytest.mark.parametrize(
    "name",
    [
        "GLOBAL_QUOTE_IBM_2024-05-06.json",
        "TIME_SERIES_DAILY_IBM_2024-05-06_trimmed.json",
        "TIME_SERIES_MONTHLY_ADJUSTED_hgbs11.sa_2024-05-27_trimmed.json",
    ],
)
def test_nothing_of_a_real_answer_is_lost(name):
    root = os.environ.get("ARA_MARKET_DATA")
    if not root:
        pytest.skip("ARA_MARKET_DATA names no folder of real answers")
    raw = (Path(root) / "payloads" / "alpha_vantage" / name).read_bytes()
    sent = json.loads(raw)
    found = parts(raw, "IBM", Secret(KEY))
    if "Global Quote" in sent:
        read = unpacked(part(found, "Global Quote", GlobalQuote))
        assert {key: str(value) for key, value in read.items()} == sent["Global Quote"]
        return
    read = series(found)
    (rows,) = (value for key, value in sent.items() if "Time Series" in key)
    assert read.about == sent["Meta Data"]["2. Symbol"]
    assert read.zone == "US/Eastern"
    texts = {stamp: {key: str(value) for key, value in unpacked(bar).items()} for stamp, bar in read.rows.items()}
    assert kept(rows, texts) == []


async def test_a_key_that_reaches_less_gets_the_plain_series(venue, source):
    venue.paid = False
    venue.clock.set(at(2021, 4, 1, 12))
    recent = venue.clock.now() - timedelta(days=90)
    found = await history(source, "AAPL", start=recent)
    assert found["adjusted"].null_count() == len(found) > 50
    assert found["volume"].null_count() == 0
    await history(source, "MSFT", start=recent)
    assert functions(venue) == ["TIME_SERIES_DAILY_ADJUSTED", "TIME_SERIES_DAILY", "TIME_SERIES_DAILY"]
    with pytest.raises(MissingKeyError, match="gives this of AAPL to paid keys alone"):
        await history(source, "AAPL")
    with pytest.raises(MissingKeyError, match="paid keys"):
        await history(source, "AAPL", kind=Kind.ACTIONS)


async def test_a_day_of_requests_that_is_used_up_has_its_own_error(venue, source):
    venue.allowed = 0
    with pytest.raises(RateLimitError) as caught:
        await history(source, "AAPL")
    assert KEY not in f"{caught.value} {caught.value.hint} {caught.value.context}"
    assert functions(venue) == ["TIME_SERIES_DAILY_ADJUSTED"], "asked once"


@pytest.mark.parametrize(
    ("words", "kind", "told"),
    [
        ("Thank you! Our standard API call frequency is 5 calls per minute.", RateLimitError, "too often"),
        ("Please consider spreading out your free API requests more sparingly", RateLimitError, "too often"),
        ("The **demo** API key is for demo purposes only.", MissingKeyError, "doesn't accept the key"),
        (
            f"Something odd about {KEY} happened",
            DataProviderError,
            r"refuses AAPL: Something odd about \*\*\* happened",
        ),
    ],
)
@pytest.mark.parametrize("name", ["Note", "Information", "Error Message"])
async def test_refusals_come_as_answers(venue, source, words, kind, told, name):
    always(venue, "/query", json={name: words})
    with pytest.raises(kind, match=told):
        await history(source, "AAPL")


async def test_a_wrong_key_is_said(venue):
    source = opened(AlphaVantage, venue, key="WRONG")
    with pytest.raises(MissingKeyError, match="doesn't accept the key"):
        await history(source, "AAPL")
    await source.close()


async def test_without_a_key_nothing_is_asked(venue):
    source = opened(AlphaVantage, venue)
    with pytest.raises(MissingKeyError):
        await history(source, "AAPL")
    assert venue.requests == ()
    await source.close()


async def test_what_there_is_not_is_unknown(source):
    for symbol in ("GOOG", "GBPUSD", "ETH-USD"):
        with pytest.raises(UnknownSymbolError, match=f"has no {symbol}"):
            await source.history(Kind.BARS, guess(symbol), DAY, start=NOW, end=LATER)
    with pytest.raises(UnknownSymbolError, match="has no index such as"):
        await history(source, "^GSPC")
    with pytest.raises(UnknownSymbolError, match="has no GOOG"):
        await source.latest(Kind.BARS, [guess("GOOG")])


async def test_short_answers_are_asked_for_where_they_reach(venue, source):
    venue.clock.set(at(2021, 4, 1, 12))
    await history(source, "AAPL", start=at(2021, 2, 1))
    await history(source, "EURUSD", start=at(2015, 2, 1))
    assert [request.query["outputsize"] for request in venue.requests] == ["compact", "full"]


async def test_a_running_day_is_open(venue, source):
    venue.clock.set(at(2021, 3, 31, 19, 59))
    assert (await history(source, "AAPL", end=LATER))["at"][-1] == at(2021, 3, 30, 13, 30)
    (row,) = (await source.latest(Kind.BARS, [APPLE])).rows(named=True)
    assert (row["at"], row["known_at"]) == (at(2021, 3, 31, 13, 30), at(2021, 3, 31, 20))
    assert row["learned_at"] < row["known_at"]
    (price,) = (await source.latest(Kind.QUOTES, [APPLE])).rows(named=True)
    assert price["at"] == venue.clock.now()
    venue.clock.set(at(2021, 4, 1))
    assert (await source.latest(Kind.QUOTES, [APPLE]))["at"].to_list() == [at(2021, 3, 31, 20)]


async def test_a_day_of_currencies_is_known_at_midnight_utc(source):
    found = await history(source, "EURUSD", start=at(2020, 7, 1), end=at(2020, 7, 2))
    assert found["at"].to_list() == [at(2020, 7, 1, 21)]
    assert found["known_at"].to_list() == [at(2020, 7, 3)]


async def test_the_newest_of_pairs(source):
    found = await source.latest(Kind.BARS, [EURO, BITCOIN])
    assert found["symbol"].to_list() == ["EURUSD", "BTC-USD"]
    rates = await source.latest(Kind.QUOTES, [EURO, BITCOIN])
    assert rates.select("bid", "ask", "last").row(0) == (1.092, None, 1.0921)
    assert rates["at"][0] == NOW - timedelta(seconds=2)


async def test_splits_and_dividends_stand_in_the_adjusted_series(venue, source):
    venue.dividends["AAPL"] = {date(2020, 8, 7): 0.82}
    venue.splits["AAPL"] = {date(2020, 8, 31): 4}
    found = await history(source, "AAPL", kind=Kind.ACTIONS)
    assert found.schema == SCHEMAS[Kind.ACTIONS]
    assert found.select("at", "action", "value", "currency", "basis").rows() == [
        (at(2020, 8, 7, 13, 30), "dividend", 0.82, "USD", "raw"),
        (at(2020, 8, 31, 13, 30), "split", 4.0, "", "raw"),
    ]
    assert found["known_at"].equals(found["at"])
    assert (await source.latest(Kind.ACTIONS, [APPLE]))["action"].to_list() == ["split"]
    assert (await history(source, "EURUSD", kind=Kind.ACTIONS)).is_empty()
    venue.dividends["AAPL"] = {date(2020, 8, 7): -1}
    with pytest.raises(ShapeError, match=r"-1\.0000 in 7\. dividend amount"):
        await history(source, "AAPL", kind=Kind.ACTIONS)


async def test_bars_within_the_day_come_month_by_month(venue, source):
    venue.minutes["AAPL", "5min"] = [
        ("2021-01-29 15:55:00", 1.0, 2.0, 0.5, 1.5, 10),
        ("2021-03-12 09:30:00", 1.0, 2.0, 0.5, 1.5, 10),
        ("2021-03-15 09:30:00", 1.0, 2.0, 0.5, 1.6, 10),
    ]
    found = await history(source, "AAPL", timeframe=Timeframe.parse("5m"), start=at(2021, 1, 5), end=at(2021, 3, 20))
    assert found["at"].to_list() == [at(2021, 1, 29, 20, 55), at(2021, 3, 12, 14, 30), at(2021, 3, 15, 13, 30)]
    assert found["known_at"][0] == at(2021, 1, 29, 21)
    assert [request.query["month"] for request in venue.requests] == ["2021-01", "2021-02", "2021-03"]


@pytest.mark.parametrize("symbol", ["EURUSD", "BTC-USD"])
async def test_pairs_within_the_day_are_in_utc(venue, source, symbol):
    venue.minutes[symbol, "60min"] = [("2022-03-11 09:00:00", 1.0, 2.0, 0.5, 1.5, 10)]
    found = await history(source, symbol, timeframe=Timeframe.parse("1h"), start=at(2022, 3, 1))
    assert found.select("at", "known_at").rows() == [(at(2022, 3, 11, 9), at(2022, 3, 11, 10))]


async def test_before_the_first_month_nothing_is_asked(venue, source):
    found = await history(source, "AAPL", timeframe=Timeframe.parse("1m"), start=at(1990, 1, 1), end=at(1999, 1, 1))
    assert found.is_empty()
    assert venue.requests == ()


async def test_a_length_that_there_is_not_is_refused(source):
    with pytest.raises(DataProviderError, match="no bars of 1w; it has 1m"):
        await history(source, "AAPL", timeframe=Timeframe.parse("1w"))


async def test_facts_are_of_now(source):
    found = await source.latest(Kind.FACTS, [APPLE])
    assert dict(found.select("field", "value").rows()) == {
        "name": "Apple Inc",
        "sector": "TECHNOLOGY",
        "industry": "ELECTRONIC COMPUTERS",
    }
    assert (await history(source, "AAPL", kind=Kind.FACTS, end=LATER))["at"].to_list() == [NOW] * 3
    assert (await source.latest(Kind.FACTS, [resolve("IBM"), EURO])).is_empty()


async def test_the_search_gives_instruments(source):
    assert APPLE in await source.symbols("aapl")
    found = await source.symbols("machines")
    assert [one.symbol for one in found] == ["IBM", "BRK.B"], "no funds of other kinds, no words"
    assert found[1].name == "Berkshire"
    assert "^GSPC" not in {one.symbol for one in await source.symbols()}


async def test_share_classes_have_a_dash(venue, source):
    with pytest.raises(UnknownSymbolError):
        await source.history(Kind.BARS, guess("BRK.B"), DAY, start=NOW, end=LATER)
    assert venue.requests[0].query["symbol"] == "BRK-B"


@pytest.mark.parametrize(
    ("function", "answer"),
    [
        ("BARS", {"Meta Data": {"2. Symbol": "MSFT", "5. Time Zone": "US/Eastern"}, "Time Series (Daily)": {}}),
        ("QUOTES", {"Global Quote": {"01. symbol": "MSFT", "02. open": "1", "03. high": "1", "04. low": "1",
                                     "05. price": "1", "06. volume": "1", "07. latest trading day": "2021-03-31"}}),
        ("FACTS", {"Symbol": "MSFT", "Sector": "X"}),
    ],
)  # fmt: skip
async def test_another_symbol_is_refused(venue, source, function, answer):
    always(venue, "/query", json=answer)
    with pytest.raises(DataProviderError, match="asked for AAPL and answers with MSFT"):
        await source.latest(Kind[function], [APPLE]) if function != "BARS" else await history(source, "AAPL")


def daily(**row):
    prices = {"1. open": "1", "2. high": "2", "3. low": "0.5", "4. close": "1.5", "5. volume": "7"}
    rows = {row.pop("stamp", "2021-03-31"): prices | {key.replace("_", ". "): value for key, value in row.items()}}
    meta = {"2. Symbol": "AAPL", "5. Time Zone": row.pop("zone", "US/Eastern")}
    return {"Meta Data": meta, "Time Series (Daily)": rows}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Reply(body=b""), "with nothing"),
        (Reply(body=b"<html>busy</html>"), "a page instead of JSON"),
        (Reply(body=b'{"Meta Data": {"2. Symbol"'), "not JSON"),
        (Reply(body=b"[]"), "shape"),
        (Reply.json({}), "no 'Meta Data'; it sends nothing"),
        (Reply.json({"Meta Data": {"2. Symbol": "AAPL"}}), "no 'Time Series'"),
        (Reply.json({"Meta Data": 3}), "shape"),
        (Reply.json(daily(**{"4_close": "NaN"})), r"the number NaN in close\[0\]"),
        (Reply.json(daily(**{"4_close": "Infinity"})), r"the number Infinity in close\[0\]"),
        (Reply.json(daily(**{"4_close": "sNaN"})), r"the number sNaN in close\[0\]"),
        (Reply.json(daily(**{"4_close": "1e308"})), r"the number 1E\+308 in close\[0\]"),
        (Reply.json(daily(**{"4_close": "1e-400"})), r"the number 1E-400 in close\[0\]"),
        (Reply.json(daily(**{"4_close": "0"})), r"the price 0 in close\[0\]"),
        (Reply.json(daily(**{"4_close": "-0.0"})), r"the price 0 in close\[0\]"),
        (Reply.json(daily(**{"5_volume": "-7"})), r"the volume -7 in volume\[0\]"),
        (Reply.json(daily(**{"4_close": "much"})), "shape"),
        (Reply.json(daily(**{"4_close": "1_000"})), r"4\. close"),
        (Reply.json(daily(stamp="31.03.2021")), "the date '31.03.2021'"),
        (Reply.json(daily(stamp="1821-03-31")), "outside the years"),
    ],
)
async def test_what_is_no_series_is_told_apart(venue, source, answer, words):
    always(venue, "/query", reply=answer)
    with pytest.raises(ShapeError, match=words):
        await history(source, "AAPL")


@pytest.mark.parametrize(
    ("stamp", "zone", "words"),
    [
        ("2021-03-31", "UTC", "the time '2021-03-31'"),
        ("2021-03-31 10:00:00", "Mars/Olympus", "the time zone 'Mars/Olympus'"),
        ("2021-03-14 02:30:00", "US/Eastern", "an hour that US/Eastern skips"),
    ],
)
async def test_times_that_can_not_be_are_refused(venue, source, stamp, zone, words):
    row = {"1. open": "1", "2. high": "2", "3. low": "0.5", "4. close": "1.5"}
    meta = {"2. Symbol": "AAPL", "6. Time Zone": zone}
    always(venue, "/query", json={"Meta Data": meta, "Time Series (5min)": {stamp: row}})
    with pytest.raises(ShapeError, match=words):
        await history(source, "AAPL", timeframe=Timeframe.parse("5m"), start=at(2021, 3, 1), end=at(2021, 3, 30))


async def test_a_rate_that_is_no_number_is_refused(venue, source):
    sent = venue.currency_exchange_rate({"from_currency": "EUR", "to_currency": "USD"})
    sent["Realtime Currency Exchange Rate"]["8. Bid Price"] = "lots"
    always(venue, "/query", json=sent)
    with pytest.raises(ShapeError, match=r"'lots' in 8\. Bid Price"):
        await source.latest(Kind.QUOTES, [EURO])


async def test_there_is_no_stream(source):
    with pytest.raises(DataProviderError, match="no stream"):
        source.stream(Kind.BARS, [APPLE])


async def test_maintenance_is_a_failure_of_the_source(venue, source):
    always(venue, "/query", status=503, body=b"<html>back soon</html>")
    with pytest.raises(DataProviderError, match="503"):
        await history(source, "AAPL")


TEXTS = st.sampled_from(["1", "1.5", "-3", "0", "", "NaN", "sNaN", "1e400", "-", "2021-03-31", "x"]) | st.text(
    max_size=6
)


@settings(max_examples=40, deadline=None)
@example(stamp="2021-03-31", field="8. split coefficient", junk="sNaN")
@given(stamp=TEXTS, field=st.sampled_from(["1. open", "4. close", "8. split coefficient"]), junk=TEXTS | st.none())
def test_whatever_stands_in_a_series_it_is_read_or_refused(stamp, field, junk):
    rows = {"2021-03-30": {"1. open": "1", "2. high": "2", "3. low": "1", "4. close": "2"}}
    rows[stamp] = {**rows["2021-03-30"], field: junk}
    raw = json.dumps({"Meta Data": {"2. Symbol": "AAPL"}, "Time Series (Daily)": rows}).encode()
    try:
        found = series(parts(raw, "AAPL", Secret()))
        bars = frames.bars_of(found, APPLE, DAY, NOW)
        frames.actions(found, APPLE, NOW)
    except AraError:
        return
    assert bars.schema == BARS
    assert (bars["at"].diff().drop_nulls() > timedelta()).all()


def test_a_bar_has_one_volume():
    prices = dict.fromkeys(("open", "high", "low", "close"), 1)
    assert Bar(**prices, plain_volume=3).volume == 3
    assert Bar(**prices, volume_beside=4).volume == 4
