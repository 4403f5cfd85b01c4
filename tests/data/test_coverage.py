"""What is missing of what was asked for is said; what nobody can have is refused."""

from contextlib import AsyncExitStack
from datetime import UTC, datetime

import pytest

from ara.data.coverage import askable, cut_short
from ara.data.feed import MarketData
from ara.data.provider import Kind
from ara.data.providers.sample import Sample
from ara.desk import Desk
from ara.errors import DataProviderError, ValidationError
from ara.market.symbols import resolve
from ara.market.timeframe import DAY, WEEK, Timeframe
from ara.settings import Settings
from tests.venues.kraken import KrakenVenue
from tests.venues.yahoo import YahooVenue

APPLE, COIN, EURO = resolve("AAPL"), resolve("BTC-USD"), resolve("EURUSD")
HOUR = Timeframe.parse("1h")


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
async def market(tmp_path):
    async with AsyncExitStack() as stack:

        async def make(name, venue):
            flags = {"home": str(tmp_path), "store.url": "memory:", "data.providers": name, "data.retries": "0"}
            flags |= {f"data.providers.{name}.url": venue.url}
            settings = Settings.load(flags, environ={}, folder=tmp_path)
            desk = await stack.enter_async_context(Desk.open(settings, clock=venue.clock))
            return await stack.enter_async_context(MarketData(desk))

        yield make


@pytest.fixture
def kraken():
    with KrakenVenue() as venue:
        yield venue


@pytest.fixture
def yahoo():
    with YahooVenue() as venue:
        yield venue


async def test_a_history_that_the_venue_cuts_short_is_said(market, kraken):
    one = await (await market("kraken", kraken)).collector.fetch(COIN, start=at("2017-01-01"))
    assert one.bars == 719  # the last of Kraken's 720 still runs
    assert (one.start, one.missing.start, one.missing.end) == (at("2017-01-01"), at("2017-01-01"), one.first)
    assert one.missing.sessions == (one.first - at("2017-01-01")).days
    assert one.missing.words == (
        f"BTC-USD was asked for from 2017-01-01 on and begins at {one.first:%Y-%m-%d}: {one.missing.sessions} sessions"
        " before that are missing; kraken keeps no older 1d bars."
    )
    assert one.missing.hint == (
        "Ask another source for them: ara data fetch BTC-USD"
        f" --from 2017-01-01 --to {one.first:%Y-%m-%d} --provider SOURCE"
    )


async def test_all_there_is_names_the_limit_of_the_venue(market, kraken):
    one = await (await market("kraken", kraken)).collector.fetch(COIN)
    assert one.missing.words == f"kraken keeps no 1d bars of BTC-USD from before {one.first:%Y-%m-%d} 00:00 UTC."
    assert (one.missing.start, one.start) == (None, None)


async def test_what_is_whole_misses_nothing(market, yahoo, kraken):
    fetch = (await market("yahoo", yahoo)).collector.fetch
    assert (await fetch(APPLE, start=at("2020-08-01"))).missing is None  # a Saturday
    assert (await fetch(APPLE)).missing is None
    assert (await fetch(EURO, start=at("2020-08-01"))).missing is None
    assert (await fetch(APPLE, WEEK, start=at("2020-08-05"))).missing is None
    late = await (await market("kraken", kraken)).collector.fetch(COIN, start=at("2019-12-01"))
    assert late.missing is None


async def test_a_share_that_was_not_traded_yet_is_told_so(market, yahoo):
    one = await (await market("yahoo", yahoo)).collector.fetch(APPLE, start=at("2014-12-01"))
    assert one.missing.sessions == 22
    assert "22 sessions before that are missing; perhaps it was not traded yet." in one.missing.words


async def test_an_update_does_not_complain_of_what_it_did_not_ask_for(market, kraken):
    collector = (await market("kraken", kraken)).collector
    await collector.fetch(COIN)
    kraken.clock.advance(days=30)
    outcomes = [one async for one in collector.update([COIN])]
    assert outcomes[0].missing is None


async def test_a_range_without_a_closed_bar_is_an_error_and_no_blot_on_the_source(market, kraken):
    data = await market("kraken", kraken)
    kraken.bars["XXBTZUSD"][1440] = kraken.bars["XXBTZUSD"][1440][:-5]
    words = "kraken gave no closed 1d bar of BTC-USD from 2020-01-14 00:00 UTC to 2020-01-17 12:00 UTC"
    with pytest.raises(DataProviderError, match=words) as caught:
        await data.collector.fetch(COIN, start=at("2020-01-14"))
    assert caught.value.exit_code == 3
    assert data.sources.health()["quality"][0] is None


@pytest.mark.parametrize(
    ("one", "timeframe", "start", "closes"),
    [
        (APPLE, DAY, "2020-11-06T00:00", "2020-11-06 21:00"),
        (APPLE, DAY, "2020-11-06T18:00", "2020-11-09 21:00"),
        (COIN, DAY, "2020-11-06T00:00", "2020-11-07 00:00"),
        (COIN, WEEK, "2020-11-02T00:00", "2020-11-09 00:00"),
        (COIN, HOUR, "2020-11-06T19:10", "2020-11-06 20:10"),
    ],
)
def test_what_still_runs_can_be_had_by_nobody(one, timeframe, start, closes):
    now = at("2020-11-06T20:00")
    with pytest.raises(DataProviderError, match=f"the first one closes {closes} UTC") as caught:
        askable(one, timeframe, start=at(start), now=now)
    assert at(caught.value.context["closes_at"][:16]) == at(closes.replace(" ", "T"))
    askable(one, timeframe, start=at(start), now=at(closes.replace(" ", "T")))


def test_the_future_is_refused():
    with pytest.raises(ValidationError, match="from 2021-01-01 00:00 UTC on, which is in the future"):
        askable(APPLE, DAY, start=at("2021-01-01"), now=at("2020-11-06"))


async def test_nothing_is_asked_for_in_vain(market, yahoo):
    data = await market("yahoo", yahoo)
    for start in ("2022-03-14", "2022-03-15", "2023-01-01"):
        with pytest.raises((DataProviderError, ValidationError)):
            await data.collector.fetch(APPLE, start=at(start))
    assert not yahoo.requests


async def test_bars_within_the_day_are_held_to_the_hour(yahoo):
    bars = await Sample().history(Kind.BARS, COIN, DAY, start=at("2019-01-01"), end=at("2019-01-02"))
    now = at("2019-01-02")
    assert cut_short(Sample(), bars, COIN, HOUR, start=at("2018-12-31T23:00"), now=now) is None
    found = cut_short(Sample(), bars, COIN, HOUR, start=at("2018-12-31T20:00"), now=now)
    assert (found.sessions, "4:00:00 before that are missing" in found.words) == (0, True)
