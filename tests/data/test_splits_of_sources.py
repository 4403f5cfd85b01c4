"""Apple's split of 31 August 2020 over every source that tells of splits, each in its own words."""

from contextlib import AsyncExitStack
from datetime import UTC, date, datetime, timedelta

import pytest

from ara.data.feed import MarketData
from ara.data.provider import Kind
from ara.data.quality import Severity, check
from ara.desk import Desk
from ara.market.bars import Basis
from ara.market.symbols import resolve
from ara.market.timeframe import DAY
from ara.settings import Settings
from ara.testing import FakeClock
from tests.venues.alpha_vantage import AlphaVantageVenue
from tests.venues.polygon import PolygonVenue
from tests.venues.yahoo import YahooVenue

APPLE = resolve("AAPL")
SPLIT = date(2020, 8, 31)
BEFORE = datetime(2020, 8, 28, 23, tzinfo=UTC)
AFTER = datetime(2020, 9, 1, 23, tzinfo=UTC)
START = datetime(2020, 7, 1, tzinfo=UTC)
VENUES = {"yahoo": YahooVenue, "polygon": PolygonVenue, "alpha_vantage": AlphaVantageVenue}


@pytest.fixture
def clock():
    return FakeClock(BEFORE)


@pytest.fixture
async def opened(tmp_path, clock):
    """Open market data over some of the venues, each time over one home."""
    async with AsyncExitStack() as stack:
        started = {}

        async def make(*names, home="home"):
            flags = {"home": str(tmp_path / home), "store.url": "memory:", "data.providers": ",".join(names)}
            flags["data.retries"] = "0"
            for name in names:
                if name not in started:
                    started[name] = stack.enter_context(VENUES[name](clock))
                    started[name].split("AAPL", SPLIT, 4)
                flags |= {f"data.providers.{name}.{key}": value for key, value in
                          (("url", started[name].url), ("key", "K3Y"), ("per_minute", "100000"))}  # fmt: skip
            settings = Settings.load(flags, environ={}, folder=tmp_path)
            desk = await stack.enter_async_context(Desk.open(settings, clock=clock))
            return await stack.enter_async_context(MarketData(desk)), started

        yield make


def smooth(bars):
    return bars.frame["close"].pct_change().abs().max() < 0.14


@pytest.mark.parametrize("name", VENUES)
async def test_no_split_is_seen_the_day_before_and_one_the_day_after(opened, clock, name):
    market, venues = await opened(name)
    await market.collector.fetch(APPLE, start=START)
    then = await market.bars(APPLE)
    assert then.frame["close"][-1] == pytest.approx(499.23)
    assert smooth(then)
    clock.set(AFTER)
    now = await market.bars(APPLE)
    assert now.frame["close"].tail(3).to_list() == pytest.approx([124.8075, 129.04, 134.18], rel=1e-6)
    assert smooth(now)
    again = await market.bars(APPLE, as_of=BEFORE)
    assert again.frame.select("at", "close").equals(then.frame.select("at", "close"))
    assert again.frame["volume"].to_list() == pytest.approx(then.frame["volume"].to_list())
    assert (
        (await market.bars(APPLE, as_of=BEFORE, learned=BEFORE))
        .frame.select("at", "close")
        .equals(then.frame.select("at", "close"))
    )
    assert market.store.catalogue()["corrections"].to_list() == [0]
    splits = market.store.facts(Kind.ACTIONS, "AAPL")
    assert splits.filter(splits["action"] == "split").select("source", "value").rows() == [(name, 4.0)]
    if name == "polygon":
        asked = [one.query["adjusted"] for one in venues[name].requests if "/aggs/" in one.path]
        assert set(asked) == {"false"}


@pytest.mark.parametrize("name", VENUES)
async def test_what_was_fetched_only_afterwards_shows_the_same_day_before(opened, clock, name):
    clock.set(AFTER)
    market, _ = await opened(name)
    await market.collector.fetch(APPLE, start=START)
    before = await market.bars(APPLE, as_of=BEFORE)
    assert before.frame["close"][-1] == pytest.approx(499.23)
    assert smooth(before)
    assert smooth(await market.bars(APPLE))


async def test_all_three_are_one_series_before_and_after(opened, clock):
    market, _ = await opened(*VENUES)
    for name in VENUES:
        await market.collector.fetch(APPLE, start=START, provider=name)
    then = await market.bars(APPLE)
    assert then.frame["votes"].min() == 3
    assert then.frame["close"][-1] == pytest.approx(499.23)
    clock.set(AFTER + timedelta(minutes=1))
    for name in VENUES:
        await market.collector.fetch(APPLE, start=START, provider=name)
    now = await market.bars(APPLE)
    assert now.frame["votes"].min() == 3
    assert smooth(now)
    assert now.frame["close"][-3] == pytest.approx(124.8075)
    told = await market.why(APPLE, date(2020, 8, 28))
    assert sorted(one.source for one in told.witnesses) == sorted(VENUES)
    again = await market.bars(APPLE, as_of=BEFORE)
    assert again.frame["close"].to_list() == pytest.approx(then.frame["close"].to_list(), rel=1e-9)


@pytest.mark.parametrize("name", VENUES)
async def test_the_venues_speak_as_theirs_do(opened, clock, name):
    """Yahoo divides what lies before, Polygon where it is asked to, Alpha Vantage beside the coefficient never."""
    _, venues = await opened(name)
    venue = venues[name]
    raw = {"yahoo": 4, "polygon": 1, "alpha_vantage": 1}[name]
    last = lambda rows: next(row[4] for row in rows if str(row[0])[:10] in {"2020-08-28", "1598621400", "1598587200"})  # noqa: E731
    rows = {
        "yahoo": lambda: venue.daily("AAPL"),
        "polygon": lambda: [(row[0] // 1000, *row[1:]) for row in venue.daily("AAPL")],
        "alpha_vantage": lambda: venue.traded("AAPL", "AAPL"),
    }[name]
    assert last(rows()) == pytest.approx(499.23)
    clock.set(AFTER)
    assert last(rows()) == pytest.approx(499.23 / raw)
    if name == "polygon":
        divided = [(row[0] // 1000, *row[1:]) for row in venue.daily("AAPL", adjusted=True)]
        assert last(divided) == pytest.approx(124.8075)


@pytest.mark.parametrize("later", [False, True])
async def test_adjusted_closes_tell_of_a_split_that_their_source_keeps_to_itself(opened, clock, later):
    """It is asked for splits and states none; yet its adjusted closes step by four. Once it states it, that counts."""
    clock.set(AFTER)
    market, venues = await opened("alpha_vantage")
    venues["alpha_vantage"].happening = []
    await market.collector.fetch(APPLE, start=START)
    if later:
        venues["alpha_vantage"].split("AAPL", SPLIT, 4)
        await market.collector.fetch(APPLE, start=START)
    found = await market.bars(APPLE)
    assert smooth(found)
    assert found.splits == (1 if later else None)
    kept = market.store.bars("AAPL", "1d")
    checked = check(kept, APPLE, DAY, basis=Basis.RAW)
    assert [one.severity for one in checked.issues if one.rule == "split"] == [Severity.INFO]
