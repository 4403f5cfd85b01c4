import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from ara.clock import FixedClock
from ara.data.feed import MarketData
from ara.data.provider import Kind
from ara.data.providers.sample import RELEASED, Sample
from ara.errors import DataProviderError, NoBarsError, PluginError, UnknownSymbolError, ValidationError
from ara.market.bars import SCHEMA, Basis
from ara.market.symbols import guess, known, resolve
from ara.market.timeframe import DAY, WEEK, Timeframe

APPLE = resolve("AAPL")
NEW = guess("NEW-USD", "crypto")


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
async def feed(open_desk):
    return MarketData(await open_desk())


async def test_bars_stand_as_traded_at_their_end(feed):
    before = await feed.bars(APPLE, as_of=utc("2020-08-28T20:00"))
    assert before.frame["close"][-1] == 499.23
    assert (before.frame["close"].pct_change().abs().tail(60).max() or 1) < 0.12
    after = await feed.bars(APPLE, as_of=utc("2020-09-01"))
    assert after.frame["close"].tail(2).to_list() == pytest.approx([124.8075, 129.04], abs=1e-4)
    assert after.frame["close"].pct_change().abs().max() < 0.14
    assert after.basis is Basis.TOTAL
    assert after.frame.schema == SCHEMA
    assert after.frame["source"].unique().to_list() == ["sample"]


async def test_a_bar_is_there_from_the_bell_on(feed):
    bell = utc("2020-11-27T18:00")
    assert (await feed.bars(APPLE, as_of=bell)).frame["known_at"][-1] == bell
    early = await feed.bars(APPLE, as_of=bell - timedelta(microseconds=1))
    assert early.frame["known_at"][-1] == utc("2020-11-25T21:00")


@pytest.mark.parametrize("symbol", [one.symbol for one in known()])
async def test_nothing_of_the_future_is_in_any_bar(feed, symbol):
    """As of t, bars of the whole file equal bars of a file that ends at t."""
    one = resolve(symbol)
    whole = await feed.bars(one)
    raw = await Sample().history(Kind.BARS, one, DAY, start=utc("1990-01-01"), end=utc("2100-01-01"))
    for place in range(len(whole) - 1, 0, -len(whole) // 7):
        moment = whole.frame["known_at"][place]
        seen = await feed.bars(one, as_of=moment)
        assert len(seen) == place + 1
        assert seen.frame["known_at"].max() == moment
        assert seen.frame["close"][-1] == raw["close"][place]
        ratio = (seen.frame["close"] / whole.frame["close"][: place + 1]).to_numpy()
        assert ratio == pytest.approx([ratio[0]] * len(ratio), rel=1e-9)


async def test_as_of_now_is_by_the_clock(open_desk):
    desk = await open_desk(clock=FixedClock(utc("2015-06-30T19:59")))
    assert (await MarketData(desk).bars(APPLE)).frame["known_at"][-1] == utc("2015-06-29T20:00")


async def test_what_was_learned_later_is_not_there(feed):
    assert len(await feed.bars(APPLE, learned=RELEASED)) == 3082
    with pytest.raises(DataProviderError, match="Ara received its first bars of AAPL from sample at 2026-11-21"):
        await feed.bars(APPLE, learned=RELEASED - timedelta(seconds=1))


async def test_moments_without_a_zone_are_refused(feed):
    naive = datetime.fromisoformat("2020-01-01")
    with pytest.raises(ValidationError, match="as_of is 2020-01-01T00:00:00, without a time zone"):
        await feed.bars(APPLE, as_of=naive)
    with pytest.raises(ValidationError, match="learned is"):
        await feed.bars(APPLE, learned=naive)


async def test_a_moment_before_the_first_bar_is_said(feed):
    with pytest.raises(NoBarsError, match="public at 2009-01-02 21:00 UTC, after 1995-01-01 00:00") as caught:
        await feed.bars(APPLE, as_of=utc("1995-01-01"))
    assert caught.value.hint == "Ask for a later moment: --as-of 2009-01-02 or after."
    assert len(await feed.bars(APPLE, as_of=utc("2009-01-03"))) == 1
    with pytest.raises(NoBarsError, match="public at 2009-01-02 21:00 UTC, after 1995-01-01 00:00"):
        await feed.bars(APPLE, WEEK, as_of=utc("1995-01-01"))  # not: there are no weeks
    with pytest.raises(DataProviderError, match="was public at 2009-01-02 21:00 UTC, after 2009-01-02 15:00"):
        await feed.bars(APPLE, as_of=utc("2009-01-02T15:00"))


async def test_what_no_source_has_is_said(feed):
    with pytest.raises(UnknownSymbolError, match="no bars of TSLA"):
        await feed.bars(guess("TSLA"))
    with pytest.raises(DataProviderError, match="none of 4h"):
        await feed.bars(APPLE, Timeframe.parse("4h"))


async def test_sources_are_asked_in_their_order(open_desk, install):
    install("stranger")
    feed = MarketData(await open_desk("stranger", "sample"))
    assert (await feed.bars(NEW)).frame["source"][0] == "stranger"
    assert (await feed.bars(APPLE)).frame["source"][0] == "sample"
    assert (await feed.bars(NEW)).basis is Basis.SPLIT


async def test_a_source_that_fails_gives_way(open_desk, install):
    body = "async def history(self, *_, **__):\n    raise DataProviderError('The line is dead.')"
    install("broken", body)
    assert (await MarketData(await open_desk("broken", "sample")).bars(APPLE)).frame["source"][0] == "sample"


async def test_when_all_fail_each_is_named(open_desk, install):
    install("broken", "async def history(self, *_, **__):\n    raise DataProviderError('The line is dead.')")
    feed = MarketData(await open_desk("broken", "sample"))
    with pytest.raises(DataProviderError, match=r"The line is dead\. The bundled sample has no bars of TSLA\."):
        await feed.bars(guess("TSLA"))


async def test_when_nobody_knows_a_symbol_it_is_unknown(open_desk, install):
    install("stranger")
    with pytest.raises(UnknownSymbolError, match="no TSLA"):
        await MarketData(await open_desk("stranger", "sample")).bars(guess("TSLA"))


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("offers = frozenset({Kind.TEXT})", "has no bars"),
        (
            "async def history(self, *_, **__):\n    return pl.DataFrame({'close': [1.0]})",
            "the columns are close Float64",
        ),
        ("async def history(self, *_, **__):\n    return bars().reverse()", "the column at does not ascend"),
        ("async def history(self, *_, **__):\n    return pl.concat([bars(), bars().tail(1)])", "at does not ascend"),
        ("async def history(self, *_, **__):\n    return bars(1, at=[None])", "at does not ascend"),
        (
            "async def history(self, *_, **__):\n    return bars(1, known_at=[START - timedelta(days=1)])",
            "the bar of 2020-01-01 .* was known before it began",
        ),
        ("async def history(self, *_, **__):\n    return bars(1, known_at=[None])", "was known before it began"),
        ("async def history(self, *_, **__):\n    return bars(0)", "has no bar of NEW-USD before"),
    ],
)
async def test_a_source_is_not_trusted(open_desk, install, body, why):
    install("odd", body)
    with pytest.raises(DataProviderError, match=why):
        await MarketData(await open_desk("odd")).bars(NEW)


async def test_an_unclosed_bar_never_leaves(open_desk, install):
    """A live source gives today's bar before it is closed."""
    install("live", "async def history(self, *_, **__):\n    return bars(3)")
    feed = MarketData(await open_desk("live", clock=FixedClock(utc("2020-01-03T12:00"))))
    assert (await feed.bars(NEW)).frame["at"].to_list() == [utc("2020-01-01"), utc("2020-01-02")]


async def test_what_is_no_provider_is_named(open_desk, install):
    install("half", parent="object")
    with pytest.raises(PluginError, match="The provider half lacks a part of what a provider has: Offered") as caught:
        await MarketData(await open_desk("half")).bars(NEW)
    assert "ara plugins check half" in caught.value.hint


async def test_a_source_that_is_not_installed_is_named(open_desk):
    with pytest.raises(PluginError, match="no provider named 'yaho'"):
        await MarketData(await open_desk("yaho")).bars(APPLE)


async def test_closing_closes_what_was_opened(open_desk, install):
    install("stranger", "seen = []\n\nasync def close(self):\n    self.seen.append(1)")
    feed = MarketData(await open_desk("stranger", "sample"))
    await feed.bars(NEW)
    await feed.close()
    await feed.close()
    assert sys.modules["stranger_source"].Offered.seen == [1]
    assert len(await feed.bars(NEW)) == 8


async def test_the_same_question_has_the_same_answer(feed):
    first, second = [await feed.bars(APPLE, as_of=utc("2019-05-01")) for _ in range(2)]
    assert first.frame.equals(second.frame)
    assert isinstance(first.frame, pl.DataFrame)


async def test_sources_may_be_given(open_desk, stranger):
    source = stranger["Stranger"]()
    feed = MarketData(await open_desk(), providers=[source])
    assert (await feed.bars(NEW)).frame["source"][0] == "stranger"
    with pytest.raises(UnknownSymbolError):
        await feed.bars(APPLE)
    await feed.close()
    assert source.closed == 0


async def test_no_source_at_all_is_said(open_desk):
    with pytest.raises(DataProviderError, match="There is no source of data"):
        await MarketData(await open_desk(), providers=[]).bars(APPLE)


async def test_an_instrument_that_only_a_source_knows_is_found_there(open_desk):
    tide = replace(APPLE, symbol="TIDE", name="Tide gauge")

    class Tides(Sample):
        async def symbols(self, query=""):
            return [APPLE, tide] if query in {"", "TIDE", "TIDES"} else []

    desk = await open_desk()
    market = MarketData(desk, providers=[Tides()])
    assert await market.instrument("tide") == tide
    assert (await market.instrument("btc/usd")).symbol == "BTC-USD"
    with pytest.raises(UnknownSymbolError, match="Did you mean"):
        await market.instrument("TIDES")
    with pytest.raises(UnknownSymbolError):
        await MarketData(desk).instrument("tide")
