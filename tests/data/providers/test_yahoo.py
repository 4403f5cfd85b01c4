import asyncio
import json
import logging
from contextlib import aclosing
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ara.data.access.wire import decode
from ara.data.checks import check_provider
from ara.data.provider import BARS, SCHEMAS, Kind
from ara.data.providers.yahoo import Yahoo, charts
from ara.data.providers.yahoo.messages import Answer, Chart, Found, ProfileAnswer, Search
from ara.data.providers.yahoo.spelling import found_instrument, same, spelled
from ara.data.providers.yahoo.units import checked
from ara.errors import AraError, DataProviderError, RateLimitError, ShapeError, UnknownSymbolError
from ara.market.calendar import calendar
from ara.market.symbols import guess, known, resolve
from ara.market.timeframe import DAY, Timeframe
from ara.testing import FakeClock, Reply
from tests.venues.sample_days import NOW, always, days, decimals, history, kept, opened, unpacked
from tests.venues.yahoo import YahooVenue, chart, epoch

PAYLOADS = Path(__file__).parent / "payloads" / "yahoo"
RECORDED = sorted(PAYLOADS.glob("*.json"))
CHART = "/v8/finance/chart/"
APPLE = resolve("AAPL")
LONG_AGO, LATER = datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture
def venue():
    with YahooVenue() as there:
        yield there


@pytest.fixture
async def yahoo(venue):
    source = opened(Yahoo, venue, pause=0.01)
    yield source
    await source.close()


def body(path):
    """Give the answer of a recording as the venue sent it."""
    whole = decimals(path.read_text(encoding="utf-8"))
    return whole["response"]["bodyJson"]


def written(value):
    return json.dumps(value, default=float).encode()


def at(year, month, day, hour=0, minute=0):
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def scripted(venue, rows, *, symbol="AAPL", **meta):
    """Let the venue answer with these rows from now on; gives the answer."""
    whole = chart(venue._meta(symbol, "1d") | meta, rows, adjusted=True)
    always(venue, f"{CHART}{symbol}", json=whole)
    return whole


ROW = (10.0, 12.0, 9.0, 11.0, 1000, 10.5)


async def test_it_keeps_the_promises_of_a_source(yahoo):
    assert [check for check in await check_provider(yahoo) if not check.ok] == []


@pytest.mark.parametrize("symbol", ["AAPL", "^GSPC", "BTC-USD", "EURUSD", "SPY"])
async def test_years_of_days_come_as_they_are(yahoo, symbol):
    found = await history(yahoo, symbol)
    sent = days(symbol)
    assert found.schema == BARS
    for name in ("open", "high", "low", "close", "volume", "adjusted"):
        assert found[name].equals(sent[name], null_equal=True), name
    hours = calendar(resolve(symbol).calendar)
    assert [hours.dated(moment) for moment in found["at"]] == sent["label"].to_list()
    assert (found["learned_at"] == NOW).all()


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_no_number_and_no_time_of_a_recorded_answer_is_lost(path):
    sent = body(path)
    exact = json.dumps(sent, default=lambda number: f"<<{number}>>").replace('"<<', "").replace('>>"', "").encode()
    read = unpacked(decode(exact, Answer, source="yahoo"))
    assert kept(sent["chart"], read["chart"], floats=True) == []


@given(st.decimals(min_value=-(10**15), max_value=10**15, allow_nan=False, allow_infinity=False))
def test_a_price_is_the_float_nearest_to_what_is_written(value):
    row = b'{"meta": {"symbol": "A"}, "indicators": {"quote": [{"open": [%s]}]}}' % f"{value:f}".encode()
    read = decode(row, Chart, source="yahoo").indicators.quote[0].open
    assert read == [float(value)]


def test_pence_are_divided_by_their_digits_and_rounded_once():
    prices = b'{"open": [1.1], "high": [70.07], "low": [null], "close": [0.07], "volume": [7.0]}'
    meta = b'{"symbol": "VOD.L", "currency": "GBp", "regularMarketPrice": 70.07}'
    told = decode(b'{"meta": %s, "indicators": {"quote": [%s]}}' % (meta, prices), Chart, source="yahoo")
    found = checked(told, guess("VOD.L"))
    (quote,) = found.indicators.quote
    assert (quote.open, quote.high, quote.low, quote.close, quote.volume) == ([0.011], [0.7007], [None], [0.0007], [7])
    assert found.meta.regular_market_price == Decimal("0.7007")
    assert 0.07 / 100 != 0.0007


async def test_a_recorded_year_has_its_split_its_dividend_and_its_times(venue, yahoo):
    sent = body(PAYLOADS / "chart-AAPL-2020-08-31-to-2020-11-07.json")
    always(venue, f"{CHART}AAPL", body=written(sent))
    found = await history(yahoo, "AAPL")
    quote = sent["chart"]["result"][0]["indicators"]["quote"][0]
    assert found["close"].to_list() == [float(one) for one in quote["close"]]
    assert found["at"][0] == at(2020, 8, 31, 13, 30)
    assert found["known_at"][0] == at(2020, 8, 31, 20)
    assert found["at"][-1] == at(2020, 11, 6, 14, 30), "after the clocks went back"
    facts = await history(yahoo, "AAPL", kind=Kind.ACTIONS)
    assert facts.drop("learned_at").rows() == [
        (at(2020, 8, 31, 13, 30), at(2020, 8, 31, 13, 30), "split", 4.0, "", "raw"),
        (at(2020, 11, 6, 14, 30), at(2020, 11, 6, 14, 30), "dividend", 0.205, "USD", "split"),
    ]
    assert facts.schema == SCHEMAS[Kind.ACTIONS]


async def test_what_is_asked_is_what_yahoo_understands(venue, yahoo):
    await history(yahoo, "AAPL", start=at(2020, 1, 1), end=at(2020, 2, 1))
    asked = venue.requests[-1].query
    assert {key: asked[key] for key in ("interval", "events", "includeAdjustedClose", "includePrePost")} == {
        "interval": "1d",
        "events": "div|split",
        "includeAdjustedClose": "true",
        "includePrePost": "false",
    }
    assert int(asked["period1"]) <= at(2019, 12, 31).timestamp()
    assert int(asked["period2"]) >= at(2020, 2, 2).timestamp()


@pytest.mark.parametrize(
    ("symbol", "kind", "theirs"),
    [
        ("AAPL", "stock", "AAPL"),
        ("BRK.B", "stock", "BRK-B"),
        ("BRK-B", "stock", "BRK-B"),
        ("VOD.L", "stock", "VOD.L"),
        ("^VIX", "index", "^VIX"),
        ("EURUSD", "forex", "EURUSD=X"),
        ("GC=F", "forex", "GC=F"),
        ("BTC-USD", "crypto", "BTC-USD"),
    ],
)
def test_symbols_are_spelled_as_yahoo_does(symbol, kind, theirs):
    instrument = guess(symbol, kind)
    assert spelled(instrument) == theirs
    assert same(theirs, instrument)


def test_the_way_back_knows_older_spellings_and_strangers():
    assert same("JPY=X", guess("USDJPY", "forex"))
    assert not same("MSFT", APPLE)
    assert not same("no symbol", APPLE)


@pytest.mark.parametrize(
    ("line", "symbol", "kind"),
    [
        (Found(symbol="BRK-B", quote_type="EQUITY", longname="Berkshire Hathaway"), "BRK.B", "stock"),
        (Found(symbol="EURUSD=X", quote_type="CURRENCY"), "EURUSD", "forex"),
        (Found(symbol="GLDM", quote_type="ETF", shortname="Gold Mini", exchange_shown="NYSEArca"), "GLDM", "etf"),
    ],
)
def test_a_line_of_the_search_becomes_an_instrument(line, symbol, kind):
    one = found_instrument(line)
    assert (one.symbol, one.asset_class) == (symbol, kind)
    assert one.name in {line.longname, line.shortname, "Euro in US dollars"}


def test_a_line_that_is_no_instrument_is_passed_over():
    assert found_instrument(Found(symbol="X", quote_type="MUTUALFUND")) is None
    assert found_instrument(Found(symbol="two words", quote_type="EQUITY")) is None


async def test_the_search_gives_known_instruments_as_they_are_known(yahoo):
    assert APPLE in await yahoo.symbols("apple")
    assert list(await yahoo.symbols()) == list(known())


async def test_another_symbol_in_the_answer_is_refused(venue, yahoo):
    venue.meta["AAPL"] = {"symbol": "MSFT"}
    with pytest.raises(DataProviderError, match="asked for AAPL and answers with MSFT"):
        await history(yahoo, "AAPL")


async def test_a_delisted_symbol_is_unknown(yahoo):
    with pytest.raises(UnknownSymbolError, match="nothing under KO: No data found, symbol may be delisted"):
        await history(yahoo, "KO")
    with pytest.raises(UnknownSymbolError, match="nothing under MSFT"):
        await history(yahoo, "MSFT", kind=Kind.OPTIONS)


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [
        (400, {"code": "Bad Request", "description": "Data doesn't exist for startDate = 1, endDate = 2"}, ""),
        (
            422,
            {"code": "Unprocessable Entity", "description": "The requested range must be within the last 60 days."},
            "",
        ),
        (400, {"code": "Bad Request", "description": "Invalid input - interval"}, "refuses AAPL: Invalid input"),
        (400, {"code": "Bad Request", "description": None}, "refuses AAPL: Bad Request"),
        (200, None, "no series for AAPL"),
    ],
)
async def test_refusals_have_their_meaning(venue, yahoo, status, error, words):
    always(venue, f"{CHART}AAPL", json={"chart": {"result": None, "error": error}}, status=status)
    if not words:
        assert (await history(yahoo, "AAPL")).is_empty()
        assert (await history(yahoo, "AAPL", kind=Kind.ACTIONS)).is_empty()
        assert (await yahoo.latest(Kind.QUOTES, [APPLE])).is_empty()
        return
    with pytest.raises(DataProviderError, match=words):
        await history(yahoo, "AAPL")


async def test_a_time_without_bars_is_empty(yahoo):
    found = await history(yahoo, "AAPL", start=at(1990, 1, 1), end=at(1991, 1, 1))
    assert found.is_empty()
    assert found.schema == BARS


@pytest.mark.parametrize(
    "reply",
    [
        Reply(body=b""),
        Reply(body=b"<html><body>We are closed for maintenance</body></html>"),
        Reply(body=b'{"chart": {"result": [{"meta"'),
        Reply(body=b"[]"),
        Reply(body=b'{"chart": {"result": [{"indicators": {}}]}}'),
        Reply(body=b'{"chart": {"result": [{"meta": {"symbol": 3}, "indicators": {}}]}}'),
        Reply(body=b'{"chart": {"result": [{"meta": {"symbol": "AAPL"}, "timestamp": [NaN], "indicators": {}}]}}'),
    ],
)
async def test_what_is_no_chart_is_told_apart(venue, yahoo, reply):
    always(venue, f"{CHART}AAPL", reply=reply)
    with pytest.raises(ShapeError):
        await history(yahoo, "AAPL")


@pytest.mark.parametrize(("value", "words"), [(1e308, r"1e\+308"), (-1e300, r"-1e\+300")])
async def test_absurd_numbers_are_refused_with_their_field(venue, yahoo, value, words):
    row = (epoch(date(2021, 3, 1)), 10.0, value, 9.0, 11.0, 1000, 10.5)
    scripted(venue, [row])
    with pytest.raises(ShapeError, match=rf"the number {words} in indicators\.high\[0\]"):
        await history(yahoo, "AAPL")


async def test_a_number_beyond_floats_is_refused(venue, yahoo):
    whole = scripted(venue, [(epoch(date(2021, 3, 1)), *ROW)])
    always(venue, f"{CHART}AAPL", body=json.dumps(whole).replace("12.0", "1e999").encode())
    with pytest.raises(ShapeError, match=r"indicators\.quote\[0\]\.high\[0\]: Number out of range"):
        await history(yahoo, "AAPL")


async def test_negative_prices_of_a_share_are_refused_and_no_open_is_left_to_quality(venue, yahoo):
    scripted(venue, [(epoch(date(2021, 3, 1)), 10.0, 12.0, -40.32, 11.0, 1000, 11.0)])
    with pytest.raises(ShapeError, match=r"yahoo sends the price -40.32 in low\[0\]"):
        await history(yahoo, "AAPL")
    scripted(venue, [(epoch(date(2021, 3, 1)), 0.0, 12.0, 10.0, 11.0, 1000, 11.0)])
    assert (await history(yahoo, "AAPL"))["open"].to_list() == [0.0]


async def test_rows_without_a_price_are_left_out_and_counted(venue, yahoo, caplog):
    gap = (epoch(date(2021, 3, 2)), None, None, None, None, None, None)
    scripted(venue, [(epoch(date(2021, 3, 1)), *ROW), gap, (epoch(date(2021, 3, 3)), *ROW)])
    with caplog.at_level(logging.INFO):
        assert len(await history(yahoo, "AAPL")) == 2
    assert "1 row of AAPL without a price left out" in caplog.text


async def test_columns_of_another_length_are_refused(venue, yahoo):
    cut = scripted(venue, [(epoch(date(2021, 3, 1)), *ROW)])
    cut["chart"]["result"][0]["indicators"]["quote"][0]["low"] = []
    always(venue, f"{CHART}AAPL", json=cut)
    with pytest.raises(ShapeError, match=r"1 times and 0 values in indicators\.low"):
        await history(yahoo, "AAPL")


GOOD = epoch(date(2021, 3, 1))


@pytest.mark.parametrize(
    ("stamp", "why"),
    [
        (GOOD * 1000, "far ahead: is it in a smaller unit than seconds"),
        (10**15, "far ahead"),
        (99_999_999_999, "far ahead"),
        (9_000_000_000_000_000_000, "far ahead"),
        (-1_500_000_000, "before 1927: is it in a larger unit than seconds"),
        (-99_999_999_999_999, "before 1927"),
        (0, "which stands for none"),
        (-1, "which stands for none"),
    ],
)
async def test_one_stamp_that_counts_no_seconds_is_quoted(venue, yahoo, stamp, why):
    """Beside a good one, which says nothing of its unit."""
    scripted(venue, [(stamp, *ROW), (GOOD, *ROW)])
    with pytest.raises(ShapeError, match=f"yahoo sends the time {stamp} in timestamp") as told:
        await history(yahoo, "AAPL")
    assert why in told.value.message
    assert "1969" not in told.value.message


async def test_stamps_before_1970_are_seconds_too(venue, yahoo):
    early = int(at(1927, 12, 30, 14, 30).timestamp())
    scripted(venue, [(early, *ROW), (GOOD, *ROW)])
    found = await history(yahoo, "AAPL", start=at(1920, 1, 1), end=at(2022, 1, 1))
    assert [one.date() for one in found["at"]] == [date(1927, 12, 30), date(2021, 3, 1)]


@pytest.mark.parametrize("close", [0.0, -0.0])
async def test_a_close_of_nothing_is_refused_and_an_unknown_open_is_not(venue, yahoo, close):
    scripted(venue, [(GOOD, 0.0, 12.0, 0.0, 11.0, 1000, 11.0)])
    assert (await history(yahoo, "AAPL"))["close"].to_list() == [11.0]
    scripted(venue, [(GOOD, 10.0, 12.0, 9.0, close, 1000, 11.0)])
    with pytest.raises(ShapeError, match=r"yahoo sends the price 0 in close\[0\]"):
        await history(yahoo, "AAPL")


async def test_a_negative_volume_is_refused(venue, yahoo):
    scripted(venue, [(epoch(date(2021, 3, 1)), 10.0, 12.0, 9.0, 11.0, -7, 11.0)])
    with pytest.raises(ShapeError, match=r"yahoo sends the volume -7 in volume\[0\]"):
        await history(yahoo, "AAPL")


async def test_a_zone_that_there_is_not_is_refused(venue, yahoo):
    scripted(venue, [(epoch(date(2021, 3, 1)), *ROW)], exchangeTimezoneName="Mars/Olympus")
    with pytest.raises(ShapeError, match="'Mars/Olympus' in time zone"):
        await history(yahoo, "AAPL")


async def test_reversed_and_doubled_rows_are_put_in_order(venue, yahoo):
    first, second = epoch(date(2021, 3, 1)), epoch(date(2021, 3, 2))
    scripted(venue, [(second, *ROW), (first, *ROW), (second, *ROW)])
    found = await history(yahoo, "AAPL")
    assert found["at"].to_list() == [at(2021, 3, 1, 14, 30), at(2021, 3, 2, 14, 30)]


@pytest.mark.parametrize(
    ("other", "words"),
    [((10.0, 12.0, 9.0, 11.5, 1000, 10.5), "close 11 and 11.5"), ((*ROW[:4], 7, *ROW[5:]), r"volume \d+ and 7")],
)
async def test_unlike_rows_of_one_day_are_refused(venue, yahoo, other, words):
    first, second = epoch(date(2021, 3, 1)), epoch(date(2021, 3, 2))
    for rows in ([(first, *ROW), (first, *other), (second, *ROW)], [(first, *ROW), (second, *ROW), (second, *other)]):
        scripted(venue, rows)
        with pytest.raises(ShapeError, match=f"yahoo sends unlike bars of AAPL for 2021-03-0.: {words}"):
            await history(yahoo, "AAPL")


async def test_midnight_and_the_open_both_label_the_session(venue, yahoo):
    scripted(venue, [(int(at(2021, 3, 1, 5).timestamp()), *ROW), (epoch(date(2021, 3, 2)), *ROW)])
    assert (await history(yahoo, "AAPL"))["at"].to_list() == [at(2021, 3, 1, 14, 30), at(2021, 3, 2, 14, 30)]


async def test_a_running_session_is_open_and_not_history(venue, yahoo):
    venue.clock.set(at(2021, 3, 2, 18))
    live = int(at(2021, 3, 2, 17, 59).timestamp())
    scripted(venue, [(epoch(date(2021, 3, 1)), *ROW), (live, *ROW)], regularMarketTime=live)
    assert (await history(yahoo, "AAPL", end=LATER))["at"].to_list() == [at(2021, 3, 1, 14, 30)]
    newest = await yahoo.latest(Kind.BARS, [APPLE])
    assert newest.columns == ["symbol", *BARS.names()]
    (row,) = newest.rows(named=True)
    assert (row["symbol"], row["at"], row["known_at"]) == ("AAPL", at(2021, 3, 2, 14, 30), at(2021, 3, 2, 21))
    assert row["learned_at"] < row["known_at"]


async def test_of_the_newest_day_the_later_row_counts_while_it_moves(venue, yahoo):
    """The stub of the session and the live row; a day after, nothing may move any more."""
    venue.clock.set(at(2021, 3, 2, 22, 30))
    live = int(at(2021, 3, 2, 21).timestamp())
    first, second = epoch(date(2021, 3, 1)), epoch(date(2021, 3, 2))
    scripted(venue, [(first, *ROW), (second, 10.0, 11.0, 9.5, 10.5, 10, 10.5), (live, *ROW)], regularMarketTime=live)
    assert (await history(yahoo, "AAPL", end=LATER))["close"].to_list() == [11.0, 11.0]
    scripted(venue, [(first, 10.0, 11.0, 9.5, 10.5, 10, 10.5), (first, *ROW), (live, *ROW)], regularMarketTime=live)
    with pytest.raises(ShapeError, match="unlike bars of AAPL for 2021-03-01"):
        await history(yahoo, "AAPL", end=LATER)
    scripted(venue, [(first, *ROW), (second, 10.0, 11.0, 9.5, 10.5, 10, 10.5), (live, *ROW)], regularMarketTime=live)
    venue.clock.set(at(2021, 3, 3, 21, 30))
    with pytest.raises(ShapeError, match="unlike bars of AAPL for 2021-03-02"):
        await history(yahoo, "AAPL", end=LATER)


@pytest.mark.parametrize(("after", "closed"), [(1, 0), (59, 0), (61, 1)])
async def test_a_close_that_comes_late_is_waited_for(venue, yahoo, after, closed):
    venue.clock.set(at(2021, 3, 1, 21) + timedelta(minutes=after))
    late = int(at(2021, 3, 1, 20, 45).timestamp())
    scripted(venue, [(epoch(date(2021, 3, 1)), *ROW)], regularMarketTime=late)
    assert len(await history(yahoo, "AAPL")) == closed


async def test_a_close_that_has_come_counts_at_once(venue, yahoo):
    venue.clock.set(at(2021, 3, 1, 21, 1))
    scripted(venue, [(epoch(date(2021, 3, 1)), *ROW)], regularMarketTime=int(at(2021, 3, 1, 21).timestamp()))
    assert len(await history(yahoo, "AAPL")) == 1


async def test_a_day_of_currencies_is_known_when_londons_day_is_over(yahoo):
    found = await history(yahoo, "EURUSD", start=at(2020, 7, 1), end=at(2020, 7, 3))
    assert found["at"][0] == at(2020, 7, 1, 21), "the session of 2 July opens at 17:00 of New York"
    assert found["known_at"][0] == at(2020, 7, 2, 23), "midnight in London, in summer"
    winter = await history(yahoo, "EURUSD", start=at(2020, 1, 6), end=at(2020, 1, 8))
    assert winter["known_at"][0] == at(2020, 1, 8)


def minutes_of(first, count, step=60, price=100.0):
    begin = int(first.timestamp())
    return [(begin + step * place, price, price + 1, price - 1, price + place / 100, 10) for place in range(count)]


async def test_minutes_come_in_pages_of_a_week(venue, yahoo):
    venue.clock.set(at(2022, 3, 11, 22))
    opening = at(2022, 2, 14, 14, 30)
    rows = [row for day in range(26) for row in minutes_of(opening + timedelta(days=day), 390)]
    venue.minutes["AAPL"] = {"1m": rows}
    found = await history(yahoo, "AAPL", timeframe=Timeframe.parse("1m"), end=LATER)
    assert len(found) == len(rows)
    assert len(venue.requests) == 5
    assert found["known_at"][0] == opening + timedelta(minutes=1)
    spans = [int(one.query["period2"]) - int(one.query["period1"]) for one in venue.requests]
    assert max(spans) <= 8 * 86_400


@pytest.mark.parametrize("late", [0, 1, 59])
async def test_the_running_minute_and_the_row_at_the_bell_are_no_bars(venue, yahoo, late):
    venue.clock.set(at(2022, 3, 10, 17, 7))
    rows = minutes_of(at(2022, 3, 9, 20, 30), 2, 900)
    bell = (int(at(2022, 3, 9, 21).timestamp()) + late, 100.0, 100.0, 100.0, 100.0, 0)
    live = (int(at(2022, 3, 10, 17, 6).timestamp()) + 31, 101.0, 101.0, 101.0, 101.0, 0)
    venue.minutes["AAPL"] = {"15m": [*rows, bell, *minutes_of(at(2022, 3, 10, 16, 45), 1, 900), live]}
    found = await history(yahoo, "AAPL", timeframe=Timeframe.parse("15m"))
    assert found["at"].to_list() == [at(2022, 3, 9, 20, 30), at(2022, 3, 9, 20, 45), at(2022, 3, 10, 16, 45)]
    assert found["known_at"].to_list() == [at(2022, 3, 9, 20, 45), at(2022, 3, 9, 21), at(2022, 3, 10, 17)]


async def test_an_hour_ends_with_its_session(venue, yahoo):
    venue.minutes["AAPL"] = {"1h": minutes_of(at(2022, 3, 9, 14, 30), 7, 3600)}
    found = await history(yahoo, "AAPL", timeframe=Timeframe.parse("1h"))
    assert found["at"][-1] == at(2022, 3, 9, 20, 30)
    assert found["known_at"][-1] == at(2022, 3, 9, 21)


async def test_a_single_bar_within_the_day_stands_where_it_opened(venue, yahoo):
    venue.minutes["AAPL"] = {"30m": minutes_of(at(2022, 3, 9, 14, 30), 1, 1800)}
    found = await history(yahoo, "AAPL", timeframe=Timeframe.parse("30m"))
    assert found["at"].to_list() == [at(2022, 3, 9, 14, 30)]


async def test_rows_without_any_price_are_read(venue, yahoo):
    scripted(venue, [(epoch(date(2021, 3, 1)), None, None, None, None, None, None)])
    assert (await history(yahoo, "AAPL")).is_empty()


async def test_hours_of_coins_never_end_early(venue, yahoo):
    venue.minutes["BTC-USD"] = {"1h": minutes_of(at(2022, 3, 9, 22), 4, 3600)}
    found = await history(yahoo, "BTC-USD", timeframe=Timeframe.parse("1h"))
    assert found["known_at"].to_list() == [at(2022, 3, 9, 23) + timedelta(hours=place) for place in range(4)]


async def test_what_lies_further_back_than_minutes_reach_is_empty(venue, yahoo):
    found = await history(yahoo, "AAPL", timeframe=Timeframe.parse("5m"), start=at(2010, 1, 1), end=at(2011, 1, 1))
    assert found.is_empty()
    assert venue.requests == ()


async def test_a_length_that_yahoo_has_not_is_refused(yahoo):
    with pytest.raises(DataProviderError, match="no bars of 4h; it has 1m"):
        await history(yahoo, "AAPL", timeframe=Timeframe.parse("4h"))


async def test_weeks_are_made_of_days(yahoo):
    week = Timeframe.parse("1w")
    found = await history(yahoo, "AAPL", timeframe=week, start=at(2020, 2, 10), end=at(2020, 3, 1))
    daily = days("AAPL").filter(pl.col("label").is_between(date(2020, 2, 17), date(2020, 2, 21)))
    assert found["at"].to_list() == [at(2020, 2, 10, 14, 30), at(2020, 2, 18, 14, 30), at(2020, 2, 24, 14, 30)]
    (row,) = found.filter(pl.col("at") == at(2020, 2, 18, 14, 30)).rows(named=True)
    assert row["known_at"] == at(2020, 2, 21, 21)
    assert (row["open"], row["close"]) == (daily["open"][0], daily["close"][-1])
    assert (row["high"], row["low"], row["volume"]) == (daily["high"].max(), daily["low"].min(), daily["volume"].sum())


async def test_a_week_that_runs_is_open(venue, yahoo):
    venue.clock.set(at(2020, 2, 20, 22))
    found = await history(yahoo, "AAPL", timeframe=Timeframe.parse("1w"), start=at(2020, 2, 1), end=LATER)
    assert found["at"][-1] == at(2020, 2, 10, 14, 30)


async def test_the_newest_day_of_what_trades_no_more_is_found(venue, yahoo):
    newest = await yahoo.latest(Kind.BARS, [APPLE, resolve("BTC-USD")])
    assert newest["symbol"].to_list() == ["AAPL", "BTC-USD"]
    assert newest["at"][0] == at(2021, 3, 31, 13, 30)


async def test_a_last_trade_of_another_age_is_refused(venue, yahoo):
    venue.meta["AAPL"] = {"regularMarketTime": 99_999_999_999}
    with pytest.raises(ShapeError, match=r"in meta\.regularMarketTime"):
        await yahoo.latest(Kind.BARS, [APPLE])


async def test_splits_that_make_no_sense_are_refused(venue, yahoo):
    stamp = epoch(date(2021, 3, 1))
    venue.splits["AAPL"] = [{"date": stamp, "numerator": 0, "denominator": 1, "splitRatio": "0:1"}]
    with pytest.raises(ShapeError, match="a split of 0 for 1"):
        await history(yahoo, "AAPL", kind=Kind.ACTIONS)


async def test_a_dividend_below_zero_is_refused_and_one_of_nothing_is_none(venue, yahoo):
    stamp = epoch(date(2021, 3, 1))
    venue.dividends["AAPL"] = [{"date": stamp, "amount": 0}]
    assert (await history(yahoo, "AAPL", kind=Kind.ACTIONS)).is_empty()
    venue.dividends["AAPL"] = [{"date": stamp, "amount": -3}]
    with pytest.raises(ShapeError, match=r"the dividend -3 in events\.dividends\.amount"):
        await history(yahoo, "AAPL", kind=Kind.ACTIONS)


async def test_actions_keep_to_start_and_end_and_the_newest_is_one(venue, yahoo):
    stamps = [epoch(date(2021, month, 5)) for month in (1, 2, 3)]
    venue.dividends["AAPL"] = [{"date": stamp, "amount": 0.2} for stamp in stamps]
    found = await history(yahoo, "AAPL", kind=Kind.ACTIONS, start=at(2021, 1, 20), end=at(2021, 2, 20))
    assert found["at"].to_list() == [at(2021, 2, 5, 14, 30)]
    newest = await yahoo.latest(Kind.ACTIONS, [APPLE])
    assert newest.select("symbol", "at").rows() == [("AAPL", at(2021, 3, 5, 14, 30))]


async def test_a_last_price_has_the_time_of_its_trade(venue, yahoo):
    (row,) = (await yahoo.latest(Kind.QUOTES, [APPLE])).rows(named=True)
    assert (row["last"], row["bid"], row["at"]) == (days("AAPL")["close"][-1], None, at(2021, 3, 31, 20))
    venue.meta["AAPL"] = {"regularMarketPrice": None}
    assert (await yahoo.latest(Kind.QUOTES, [APPLE])).is_empty()


async def test_a_chain_holds_every_expiry_with_its_terms(venue, yahoo):
    found = await yahoo.latest(Kind.OPTIONS, [APPLE])
    assert found.schema == pl.Schema({"symbol": pl.String(), **SCHEMAS[Kind.OPTIONS]})
    assert found["expiry"].unique().sort().to_list() == [date(2022, month, 18) for month in (3, 4, 5)]
    assert len(found) == 12
    first = found.row(0, named=True)
    assert first["contract"] == "AAPL220318C00150000"
    assert (first["strike"], first["right"], first["multiplier"]) == (150.0, "call", 100.0)
    assert (first["bid"], first["ask"], first["implied_volatility"]) == (3.4, 3.5, 0.2734)
    now = await history(yahoo, "AAPL", kind=Kind.OPTIONS, end=LATER)
    assert len(now) == 12
    assert (await history(yahoo, "AAPL", kind=Kind.OPTIONS, end=at(2021, 1, 1))).is_empty()


async def test_a_chain_of_another_underlying_is_refused(venue, yahoo):
    always(venue, "/v7/finance/options/AAPL", json={"optionChain": {"result": [{"underlyingSymbol": "TSLA"}]}})
    with pytest.raises(DataProviderError, match="answers with TSLA"):
        await yahoo.latest(Kind.OPTIONS, [APPLE])


async def test_facts_come_from_the_search_where_the_profile_is_refused(venue, yahoo, caplog):
    with caplog.at_level(logging.INFO):
        found = await yahoo.latest(Kind.FACTS, [APPLE])
    assert dict(found.select("field", "value").rows()) == {
        "name": "Apple Inc.",
        "sector": "Technology",
        "industry": "Consumer Electronics",
    }
    assert "the profile of AAPL is refused" in caplog.text
    always(venue, "/v1/finance/search", json={"quotes": []})
    assert (await yahoo.latest(Kind.FACTS, [APPLE]))["field"].to_list() == ["name"]


async def test_facts_come_from_the_profile_where_it_answers(venue, yahoo):
    profile = {"quoteSummary": {"result": [{"assetProfile": {"sector": "Tech", "industry": "Phones"}}], "error": None}}
    always(venue, "/v10/finance/quoteSummary/AAPL", json=profile)
    found = await yahoo.latest(Kind.FACTS, [APPLE])
    assert found["value"].to_list() == ["Apple Inc.", "Tech", "Phones"]
    assert not any(request.path.endswith("search") for request in venue.requests)


async def test_a_stream_gives_each_closed_minute_once(venue, yahoo):
    first = at(2022, 3, 11, 15)
    venue.clock.set(first + timedelta(minutes=2, seconds=1))
    rows = minutes_of(first, 6)
    venue.minutes["AAPL"] = {"1m": rows}
    seen = []
    async with asyncio.timeout(600), aclosing(yahoo.stream(Kind.BARS, [APPLE])) as stream:
        async for frame in stream:
            assert (frame["learned_at"] >= frame["known_at"]).all()
            seen += frame["at"].to_list()
            venue.clock.advance(minutes=1)
            if len(seen) >= 5:
                break
    assert seen == [first + timedelta(minutes=place) for place in range(5)]


async def test_a_stream_of_prices_waits_for_the_next_trade(venue, yahoo):
    venue.clock.set(at(2022, 3, 11, 15))
    venue.meta["AAPL"] = {"regularMarketTime": int(at(2022, 3, 11, 14, 59).timestamp())}
    async with asyncio.timeout(600), aclosing(yahoo.stream(Kind.QUOTES, [APPLE])) as stream:
        assert (await anext(stream))["at"].to_list() == [at(2022, 3, 11, 14, 59)]
        waiting = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        venue.meta["AAPL"] = {"regularMarketTime": int(at(2022, 3, 11, 15).timestamp())}
        assert (await waiting)["at"].to_list() == [at(2022, 3, 11, 15)]


async def test_there_is_no_stream_of_chains(yahoo):
    with pytest.raises(DataProviderError, match="no stream of options"):
        await anext(yahoo.stream(Kind.OPTIONS, [APPLE]))


async def test_being_asked_too_often_has_its_own_error(venue, yahoo):
    venue.allowed = 1
    await history(yahoo, "AAPL")
    with pytest.raises(RateLimitError):
        await history(yahoo, "AAPL", end=at(2020, 1, 1))


async def test_maintenance_is_a_failure_of_the_source(venue, yahoo):
    always(venue, f"{CHART}AAPL", status=503, body=b"<html>Will be right back</html>")
    with pytest.raises(DataProviderError, match="503"):
        await history(yahoo, "AAPL")


async def test_closing_twice_is_no_fault(venue):
    source = opened(Yahoo, venue)
    await source.close()
    await source.close()


def test_nobody_hears_of_more_than_the_messages_hold():
    assert decode(b'{"quotes": [], "more": {"deep": [1.5]}}', Search, source="yahoo") == Search()
    assert decode(b'{"quoteSummary": {"result": null}}', ProfileAnswer, source="yahoo").quote_summary.result is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
PLACES = ("meta", "timestamp", "indicators", "events")


@settings(max_examples=40, deadline=None)
@given(place=st.sampled_from(PLACES), junk=JSON, deep=st.booleans(), data=st.data())
def test_whatever_stands_in_a_chart_it_is_read_or_refused(place, junk, deep, data):
    meta = {"symbol": "AAPL", "exchangeTimezoneName": "America/New_York", "regularMarketTime": 1614610800}
    rows = [(epoch(date(2021, 3, day)), *ROW) for day in (1, 2, 3)]
    whole = chart(meta, rows, adjusted=True, events={"splits": {"1": {"date": 1, "numerator": 2, "denominator": 1}}})
    found = whole["chart"]["result"][0]
    if deep and isinstance(found[place], dict):
        found[place][data.draw(st.sampled_from(sorted(found[place])))] = junk
    elif deep:
        found[place][1] = junk
    else:
        found[place] = junk
    try:
        read = decode(json.dumps(whole).encode(), Answer, source="yahoo").chart.result[0]
        bars = charts.bars_of(read, APPLE, DAY, NOW)
        charts.actions(read, APPLE, NOW)
        charts.quote(read.meta, NOW)
    except AraError:
        return
    assert bars.schema == BARS
    assert (bars["at"].diff().drop_nulls() > timedelta()).all()


def test_the_clock_of_the_venue_is_the_askers(venue):
    assert isinstance(venue.clock, FakeClock)
