"""From a venue into the lake and out again, over real sockets and real files."""

from contextlib import AsyncExitStack
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from ara.data.feed import MarketData
from ara.data.fetched import Failed
from ara.data.lake import Lake
from ara.data.provider import Kind
from ara.desk import Desk
from ara.errors import DataProviderError, UnknownSymbolError
from ara.market.bars import Basis
from ara.market.calendar import calendar
from ara.market.symbols import guess, resolve
from ara.prediction import PredictionEngine
from ara.settings import Settings
from ara.testing import FakeClock, Reply
from tests.venues.sample_days import days
from tests.venues.yahoo import YahooVenue, epoch

APPLE = resolve("AAPL")
SPLIT = date(2020, 8, 31)
BEFORE = datetime(2020, 8, 28, 21, tzinfo=UTC)
AFTER = datetime(2020, 11, 7, tzinfo=UTC)


class Dividing(YahooVenue):
    """Divides what lies before Apple's split of 31 August 2020 by four, once that has happened."""

    def daily(self, symbol):
        rows = [row for row in super().daily(symbol) if row[0] <= self.clock.now().timestamp()]
        if symbol != "AAPL" or self.clock.now() < datetime(2020, 8, 31, 13, 30, tzinfo=UTC):
            return rows
        self.splits["AAPL"] = [{"date": epoch(SPLIT), "numerator": 4, "denominator": 1, "splitRatio": "4:1"}]
        divided = [(at, *(p / 4 for p in row[:4]), row[4] * 4, row[5]) for at, *row in rows if at < epoch(SPLIT)]
        return divided + [row for row in rows if row[0] >= epoch(SPLIT)]


@pytest.fixture
def clock():
    return FakeClock(AFTER)


@pytest.fixture
def venue(clock):
    with Dividing(clock) as one:
        yield one


@pytest.fixture
async def opened(tmp_path, clock, venue):
    """Open market data over the venue, as often as wanted, over one home."""
    async with AsyncExitStack() as stack:

        async def make(providers="yahoo,sample", **settings):
            flags = {"home": str(tmp_path), "store.url": "memory:", "data.providers": providers}
            flags |= {"data.providers.yahoo.url": venue.url, "data.retries": "0", **settings}
            desk = await stack.enter_async_context(
                Desk.open(Settings.load(flags, environ={}, folder=tmp_path), clock=clock)
            )
            return await stack.enter_async_context(MarketData(desk))

        yield make


def asked(venue, path="/v8/finance/chart/AAPL"):
    return [request.query for request in venue.requests if request.path == path]


async def test_what_is_fetched_is_kept_and_fetched_once(opened):
    market = await opened()
    first = await market.collector.fetch(APPLE, start=datetime(2020, 1, 1, tzinfo=UTC))
    assert (first.source, first.new, first.corrected, first.same) == ("yahoo", first.bars, 0, 0)
    assert first.bars == len(calendar("XNYS").sessions(date(2020, 1, 1), date(2020, 11, 6)))
    again = await market.collector.fetch(APPLE, start=datetime(2020, 1, 1, tzinfo=UTC))
    assert (again.new, again.corrected, again.same) == (0, 0, first.bars)
    store = market.store
    assert store.catalogue().select("symbol", "source", "bars", "corrections").row(0) == (
        "AAPL",
        "yahoo",
        first.bars,
        0,
    )
    assert [one.symbol for one in store.instruments("aap")] == ["AAPL"]
    kept = store.bars("AAPL", "1d")
    assert kept["basis"].unique().to_list() == ["split"]
    assert kept["fetch"].n_unique() == 1
    assert kept["adjusted"].null_count() == len(kept)  # the actions say it, and the answer itself is kept


async def test_an_update_asks_for_what_is_missing_alone(opened, venue, clock):
    market = await opened()
    await market.bars(APPLE)
    clock.advance(days=10)
    outcomes = [one async for one in market.collector.update([APPLE])]
    assert (outcomes[0].new, outcomes[0].corrected) == (6, 0)
    assert int(asked(venue)[-1]["period1"]) > int((AFTER - timedelta(days=10)).timestamp())


async def test_what_is_kept_is_not_asked_for_again(opened, venue):
    market = await opened()
    first = await market.bars(APPLE)
    count = len(venue.requests)
    assert (await market.bars(APPLE)).frame.equals(first.frame)
    assert (await (await opened()).bars(APPLE)).frame.equals(first.frame)
    assert len(venue.requests) == count


async def test_apple_before_and_after_its_split(opened):
    market = await opened()
    before = await market.bars(APPLE, as_of=BEFORE)
    assert before.frame["close"][-1] == pytest.approx(499.23)
    assert before.frame["close"].pct_change().abs().tail(60).max() < 0.12
    after = await market.bars(APPLE, as_of=datetime(2020, 9, 1, tzinfo=UTC))
    assert after.frame["close"].tail(2).to_list() == pytest.approx([124.8075, 129.04])
    assert after.basis is Basis.TOTAL


async def test_a_forecast_made_before_a_split_comes_out_again_after_it(opened, clock):
    """Kept on the day, asked again when the source had divided every price: the same id, so the same bytes."""
    clock.set(BEFORE)
    async with PredictionEngine((await opened())._desk) as engine:
        then = await engine.predict("AAPL", days=3)
    assert then.close == pytest.approx(499.23)
    clock.set(AFTER)
    market = await opened()
    await market.collector.fetch(APPLE)
    assert market.store.catalogue()["corrections"].to_list() == [0]
    async with PredictionEngine(market._desk) as engine:
        now = await engine.predict("AAPL", days=3, as_of=BEFORE)
        again = await engine.predict("AAPL", days=3, as_of=BEFORE, learned=BEFORE)
    assert then.id == now.id == again.id
    assert [day.quantiles for day in then.days] == [day.quantiles for day in now.days]


async def test_a_corrected_bar_is_a_new_row_and_the_old_view_stays(opened, venue, clock, monkeypatch):
    clock.set(BEFORE)
    market = await opened()
    before = await market.bars(APPLE)
    told = venue.daily

    def corrected(symbol):
        rows = told(symbol)
        return [*rows[:-1], (*rows[-1][:4], rows[-1][4] * 1.01, *rows[-1][5:])]

    monkeypatch.setattr(venue, "daily", corrected)
    clock.set(BEFORE + timedelta(hours=1))
    fetched = await market.collector.fetch(APPLE, start=BEFORE - timedelta(days=5))
    assert (fetched.new, fetched.corrected) == (0, 1)
    assert (await market.bars(APPLE)).frame["close"][-1] == pytest.approx(before.frame["close"][-1] * 1.01)
    assert (await market.bars(APPLE, learned=BEFORE)).frame.equals(before.frame)
    told_of = await market.why(APPLE, date(2020, 8, 28))
    assert told_of.witnesses[0].revisions == 2


async def test_why_names_source_payload_and_split(opened):
    market = await opened()
    await market.bars(APPLE)
    found = await market.why(APPLE, date(2020, 8, 28))
    (one,) = found.witnesses
    assert (one.source, one.basis, one.vote, one.revisions) == ("yahoo", "split", True, 1)
    assert (one.traded, one.adjusted) == (pytest.approx(499.23), pytest.approx(found.bar["close"]))
    assert [(action.split, action.value) for action in found.actions if action.split] == [(True, 4.0)]
    assert found.fetches[0].fetch == one.fetch != ""
    with pytest.raises(DataProviderError, match="2020-08-29 is a Saturday, and no session of XNYS; those beside"):
        await market.why(APPLE, date(2020, 8, 29))
    sample = await (await opened("sample")).why(resolve("MSFT"), date(2020, 8, 28))
    assert [one.source for one in sample.witnesses] == ["sample"]


async def test_when_the_venue_is_down_the_sample_answers_and_says_so(opened, venue):
    for path in ("/v8/finance/chart/AAPL",):
        venue.on(path, Reply(status=503, body=b"down"))
    bars = await (await opened()).bars(APPLE)
    assert set(bars.frame["source"]) == {"sample"}
    assert "no live source answered" in bars.notes[0]
    assert "yahoo" in bars.notes[0]


async def test_when_the_venue_goes_down_later_the_lake_answers_and_says_so(opened, venue, clock):
    before = await (await opened()).bars(APPLE)
    venue.on("/v8/finance/chart/AAPL", Reply(status=503, body=b"down"))
    clock.set(AFTER + timedelta(days=4))
    market = await opened()
    bars = await market.bars(APPLE)
    assert bars.frame.equals(before.frame)
    assert "not brought up to date" in bars.notes[0]
    count = len(venue.requests)
    await market.bars(APPLE)
    assert len(venue.requests) == count  # not asked again at once


async def test_a_symbol_nobody_has_fails_alone(opened):
    market = await opened()
    outcomes = [one async for one in market.collector.update([APPLE, guess("NOSUCH"), resolve("MSFT")])]
    assert [type(one) is Failed for one in outcomes] == [False, True, False]
    assert "NOSUCH" in outcomes[1].error.message
    with pytest.raises((DataProviderError, UnknownSymbolError), match="NOSUCH"):
        await market.collector.fetch(guess("NOSUCH"))


async def test_without_a_named_source_those_that_need_no_setting_are_asked(opened, venue):
    market = await opened("sample", **{"data.online": "yahoo"})
    assert set((await market.bars(APPLE)).frame["source"]) == {"sample"}
    assert not venue.requests
    assert [one.new > 0 async for one in market.collector.update([APPLE])] == [True]
    assert set((await market.bars(APPLE)).frame["source"]) == {"yahoo"}


async def test_dividends_are_facts_and_seen_when_they_take_effect(opened, venue):
    venue.dividends["AAPL"] = [{"amount": 0.205, "date": epoch(date(2020, 11, 6))}]
    market = await opened()
    await market.bars(APPLE)
    facts = market.store.facts(Kind.ACTIONS, "AAPL").filter(pl.col("action") == "dividend")
    assert facts.select("value", "basis").rows() == [(0.205, "split")]
    before = await market.bars(APPLE, as_of=datetime(2020, 11, 5, 22, tzinfo=UTC))
    after = await market.bars(APPLE, as_of=datetime(2020, 11, 6, 22, tzinfo=UTC))
    raw = before.frame["close"][-1]
    assert after.frame["close"][-2] == pytest.approx(raw * (1 - 0.205 / raw))


async def test_a_dividend_of_more_than_the_price_is_left_out_and_said(opened, venue, caplog):
    venue.dividends["AAPL"] = [
        {"amount": 0.205, "date": epoch(date(2020, 11, 6))},
        {"amount": 500, "date": epoch(date(2020, 10, 6))},
    ]
    market = await opened()
    await market.collector.fetch(APPLE)
    facts = market.store.facts(Kind.ACTIONS, "AAPL")
    assert facts.filter(pl.col("action") == "dividend")["value"].to_list() == [0.205]
    assert "yahoo AAPL: the dividend of 2020-10-06 is left out: 500, and the close before it 1" in caplog.text
    assert (await market.bars(APPLE)).dividends == 1


async def test_a_lake_that_nobody_filled_is_not_made(opened, tmp_path):
    await (await opened("sample")).bars(APPLE)
    assert not (tmp_path / "lake").exists()
    assert not Lake.at(tmp_path / "lake", clock=FakeClock(AFTER)).there
    assert days("AAPL").height


async def test_a_second_source_owes_the_actions_of_all_that_is_kept(opened, venue, clock):
    """Bars as traded came from elsewhere; an update by another source must not lose the split."""
    market = await opened("sample", **{"data.online": "yahoo"})
    clock.set(datetime(2020, 10, 1, tzinfo=UTC))
    await market.collector.fetch(APPLE, start=datetime(2020, 1, 1, tzinfo=UTC), provider="sample")
    clock.set(AFTER)
    outcomes = [one async for one in market.collector.update([APPLE], provider="yahoo")]
    assert outcomes[0].new > 0
    close = (await (await opened("yahoo,sample")).bars(APPLE)).frame["close"]
    assert close.pct_change().abs().max() < 0.15


async def test_an_update_does_not_forgive_what_the_fetch_found(opened, venue, clock, monkeypatch):
    told = venue.daily

    def spiked(symbol):
        return [
            (at, *(p * 100 if at == epoch(date(2020, 11, 4)) else p for p in row[:4]), *row[4:])
            for at, *row in told(symbol)
        ]

    monkeypatch.setattr(venue, "daily", spiked)
    market = await opened()
    await market.collector.fetch(APPLE)
    kept = market.store.bars("AAPL", "1d")
    outcomes = [one async for one in market.collector.update([APPLE])]
    assert (outcomes[0].new, outcomes[0].corrected) == (0, 0)
    again = market.store.bars("AAPL", "1d")
    assert again["quality"].equals(kept["quality"])
    assert again["quality"].min() < 1
