"""Rates from a venue into the lake and the database, and out of them into other currencies, over a real socket."""

from contextlib import AsyncExitStack
from datetime import UTC, date, datetime

import polars as pl
import pytest

from ara.data.currency import Rates
from ara.data.lake import Lake
from ara.data.provider import SCHEMAS, Kind
from ara.data.rates import bring_rates, serving
from ara.data.sources import Sources
from ara.data.timescale import TimescaleStore
from ara.desk import Desk
from ara.errors import DataProviderError
from ara.settings import Settings
from ara.testing import FakeClock
from tests.venues.ecb import EcbVenue

HISTORY, NEWEST = "/stats/eurofxref/eurofxref-hist.zip", "/stats/eurofxref/eurofxref.zip"
WEDNESDAY = datetime(2023, 12, 27, 18, tzinfo=UTC)


@pytest.fixture
def venue():
    with EcbVenue(until=date(2023, 12, 27)) as made:
        yield made


@pytest.fixture
def clock():
    return FakeClock(WEDNESDAY)


@pytest.fixture(params=["lake", "postgres"])
def store(request, tmp_path, clock):
    if request.param == "lake":
        return Lake.at(tmp_path / "lake", clock=clock)
    return TimescaleStore(request.getfixturevalue("postgres_url"), clock=clock)


@pytest.fixture
async def bring(tmp_path, clock, venue, store):
    """Bring rates into a store, asked of the sources named."""
    async with AsyncExitStack() as stack:
        stack.callback(store.close)
        flags = {"home": str(tmp_path), "store.url": "memory:", "data.providers.ecb.url": venue.url}
        settings = Settings.load(flags | {"data.retries": "0"}, environ={}, folder=tmp_path)
        desk = await stack.enter_async_context(Desk.open(settings, clock=clock))
        sources = Sources(desk)
        stack.push_async_callback(sources.close)

        async def brought(*names, **asked):
            return await bring_rates(sources, store, clock=clock, names=names or ["ecb"], **asked)

        brought.store, brought.sources, brought.desk = store, sources, desk
        yield brought


def asked(venue):
    return [request.path for request in venue.requests]


async def test_all_rates_are_kept_with_what_explains_them_and_only_once(bring, venue):
    told = await bring()
    store = bring.store
    kept = store.facts(Kind.RATES, "EUR")
    assert (told.source, told.new, told.corrected, told.same) == ("ecb", kept.height, 0, 0)
    assert kept.height == sum(1 for row in venue.rows for cell in row[1:] if cell not in {"", "N/A"})
    assert kept["source"].unique().to_list() == ["ecb"]
    assert told.newest == datetime(2023, 12, 27, 13, 15, tzinfo=UTC)
    assert len(told.currencies) == kept["quote"].n_unique() == 15
    again = await bring()
    assert (again.new, again.corrected, again.same) == (0, 0, kept.height)
    assert store.facts(Kind.RATES, "EUR").equals(kept)
    fetch = store.facts(Kind.FACTS, "EUR").filter(pl.col("field") == "fetch")
    assert fetch.height == 1
    assert store.fetched(pl.Series(fetch["value"]).str.json_path_match("$.fetch")[0])["source"].to_list() == ["ecb"]


async def test_an_update_asks_for_the_small_file_and_keeps_one_day(bring, venue, clock):
    await bring(since_kept=True)
    clock.advance(days=1)
    venue.publish(date(2023, 12, 28))
    told = await bring(since_kept=True)
    assert asked(venue) == [HISTORY, NEWEST]
    assert (told.new, told.first, told.last) == (15, told.newest, datetime(2023, 12, 28, 13, 15, tzinfo=UTC))


async def test_two_days_late_none_is_stepped_over(bring, venue, clock):
    await bring()
    clock.set(datetime(2023, 12, 29, 14, 50, tzinfo=UTC))  # before the hour, and it stands there already
    venue.publish(date(2023, 12, 29))
    await bring(since_kept=True)
    days = bring.store.facts(Kind.RATES, "EUR")["at"].dt.date().unique().sort().tail(3).to_list()
    assert days == [date(2023, 12, 27), date(2023, 12, 28), date(2023, 12, 29)]
    assert asked(venue) == [HISTORY, HISTORY]


async def test_on_a_weekend_nobody_is_asked(bring, venue, clock):
    venue.publish(date(2023, 12, 29))
    clock.set(datetime(2023, 12, 29, 18, tzinfo=UTC))
    await bring()
    clock.set(datetime(2023, 12, 31, 12, tzinfo=UTC))
    told = await bring(since_kept=True)
    assert (told.rates, told.new, asked(venue)) == (0, 0, [HISTORY])


async def test_a_corrected_rate_is_a_new_row_and_the_old_one_stays_known(bring, venue, clock):
    await bring()
    then = clock.now()
    clock.advance(hours=1)
    before, after = "2023-12-27,1.1065", "2023-12-27,1.1165"
    assert before in venue.table
    venue.table, venue.tag = venue.table.replace(before, after), '"corrected"'
    told = await bring()
    assert (told.new, told.corrected) == (0, 1)
    (one,) = told.corrections
    assert (one.base, one.quote, one.at.date(), one.before, one.after) == (
        "EUR",
        "USD",
        date(2023, 12, 27),
        1.1065,
        1.1165,
    )
    assert told.leaps == ()
    rate = lambda learned: Rates.of_store(bring.store, learned=learned).rate("EUR", "USD", as_of=WEDNESDAY)  # noqa: E731
    assert (rate(then), rate(None)) == (1.1065, 1.1165)


async def test_a_leap_of_the_newest_rate_is_told_though_it_is_kept(bring, venue, clock):
    await bring(since_kept=True)
    clock.advance(days=1)
    venue.publish(date(2023, 12, 28))
    venue.newest, venue.tag = venue.newest.replace("1.1114", "111.14"), '"a slip"'
    told = await bring(since_kept=True)
    assert told.leaps == ("EURUSD: the newest rate, 111.14 on 2023-12-28, is far from 1.1065 on 2023-12-27",)
    assert (told.new, told.corrections) == (15, ())


async def test_a_failure_says_how_old_the_kept_rates_are_and_they_stay_in_use(bring, venue, clock):
    await bring()
    clock.set(datetime(2024, 1, 2, 18, tzinfo=UTC))
    venue.down = True
    with pytest.raises(DataProviderError) as caught:
        await bring(since_kept=True)
    assert "the newest are of 2023-12-27, 6 days old" in caught.value.hint
    rates = Rates.of_store(bring.store)
    assert rates.rate("USD", "JPY", as_of=clock.now()) == pytest.approx(157.48 / 1.1065, rel=0.02)
    assert bring.sources.health().is_empty() is False


async def test_one_without_rates_says_so_and_the_next_is_asked(bring):
    told = await bring("sample", "ecb")
    assert [(one.source, one.ok) for one in told.tried] == [("sample", False), ("ecb", True)]
    assert "has no rates" in told.tried[0].words


async def test_who_serves_rates(bring):
    assert serving(bring.sources, ("sample", "yahoo", "ecb", "nobody", "ecb")) == ["ecb"]


async def test_bounds_are_kept(bring):
    told = await bring(start=datetime(2023, 12, 20, tzinfo=UTC), end=datetime(2023, 12, 21, tzinfo=UTC))
    assert told.first == told.last == datetime(2023, 12, 20, 13, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        ({"base": "USD"}, "gave rates of EUR that can't be used"),
        ({"rate": float("nan")}, "gave rates of EUR that can't be used"),
        ({"rate": -1.0}, "gave rates of EUR that can't be used"),
        ({"quote": None}, "gave rates of EUR that can't be used"),
        ({"more": 1, "yet": 2}, "gave rates of EUR with the columns"),
    ],
)
async def test_what_is_no_rate_is_not_kept(stranger, bring, odd, said):
    class Odd(stranger["Stranger"]):
        name = "odd"
        offers = frozenset({Kind.RATES})

        async def history(self, kind, instrument, timeframe, *, start, end):
            row = {"at": WEDNESDAY, "known_at": WEDNESDAY, "learned_at": WEDNESDAY}
            row |= {"base": "EUR", "quote": "USD", "rate": 1.25} | odd
            return pl.DataFrame([row], schema=SCHEMAS[kind] if set(odd) <= set(SCHEMAS[kind]) else None)

    sources = Sources(bring.desk, given=[Odd()])
    with pytest.raises(DataProviderError, match=said):
        await bring_rates(sources, bring.store, clock=FakeClock(WEDNESDAY), names=["odd"])
    await sources.close()
    assert bring.store.facts(Kind.RATES, "EUR").is_empty()
