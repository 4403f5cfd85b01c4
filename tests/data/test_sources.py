"""The desk's sources: who is asked, in which order, and what is said of the others."""

import asyncio
import logging
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import polars as pl
import pytest

from ara.data import sources as module
from ara.data.access.board import Board
from ara.data.access.breaker import record
from ara.data.access.health import observe
from ara.data.provider import Kind
from ara.data.sources import Sources
from ara.desk import Desk
from ara.errors import (
    CancelledError,
    DataProviderError,
    MissingKeyError,
    PluginError,
    RateLimitError,
    ShapeError,
    UnknownSymbolError,
)
from ara.market.symbols import resolve
from ara.settings import Settings
from ara.testing import FakeProvider, FakeVenue, Fault

APPLE = resolve("AAPL")

VENUED = """
from ara.data.access import Venue
from ara.data.access.wire import decode
from ara.market.instrument import AssetClass

classes = frozenset({{AssetClass.STOCK}})
venue = Venue(name={name!r}, url="http://127.0.0.1:9", limits=(), key={key}, key_words="Get one at acme.example.")
decode = staticmethod(decode)

def __init__(self, access):
    self.access = access

async def history(self, kind, instrument, timeframe, *, start, end):
    raw = await self.access.get("/" + instrument.symbol, missing=instrument.symbol)
    return self.decode(raw, list, source=self.name)

async def close(self):
    await self.access.close()
"""


@pytest.fixture
def venues():
    with FakeVenue() as one, FakeVenue() as two:
        yield one, two


@pytest.fixture
async def opened(tmp_path, install, venues):
    """Makes the sources `one` and `two`, each with its venue, over one home; `keyed` needs a key."""
    for name, key in (("one", False), ("two", False), ("keyed", True)):
        install(name, VENUED.format(name=name, key=key))
    async with AsyncExitStack() as stack:

        async def make(names=("one", "two"), given=None, **flags):
            flags = {
                "home": str(tmp_path / "home"),
                "store.url": "memory:",
                "data.providers.one.url": venues[0].url,
                "data.providers.two.url": venues[1].url,
                "data.retries": "0",
                **flags,
            }
            settings = Settings.load(flags, environ={}, folder=tmp_path)
            desk = await stack.enter_async_context(Desk.open(settings))
            sources = Sources(desk, names=names, given=given)
            stack.push_async_callback(sources.close)
            return sources

        yield make


def bars(source):
    return source.history(Kind.BARS, APPLE, None, start=None, end=None)


def row(sources, name):
    return sources.health().row(by_predicate=pl.col("source") == name, named=True)


async def test_the_first_that_answers_counts_and_the_others_reasons_are_kept(opened, venues):
    venues[0].on("/AAPL", status=500)
    venues[1].on("/AAPL", json=[1])
    sources = await opened()
    told = await sources.ask(sources.live(APPLE), bars, what="1d bars of AAPL")
    assert (told.value, told.source) == ([1], "two")
    assert [(one.source, one.ok) for one in told.tried] == [("one", False), ("two", True)]
    assert told.tried[0].words.startswith("one is in trouble; it says 500")
    assert all(one.seconds >= 0 for one in told.tried)
    assert [(payload.source, payload.body) for payload in told.payloads] == [("two", b"[1]")]


async def test_missing_keys_and_open_breakers_are_skipped_and_said(opened, venues):
    venues[0].on("/AAPL", status=500)
    venues[1].on("/AAPL", json=[1])
    sources = await opened(names=("keyed", "one", "two"))
    for _ in range(5):
        await sources.ask(["keyed", "one", "two"], bars, what="bars")
    told = await sources.ask(["keyed", "one", "two"], bars, what="bars")
    words = [one.words for one in told.tried]
    assert "keyed answers only with a key" in words[0]
    assert "one failed again and again and is left alone" in words[1]
    assert sources.live(APPLE) == ["keyed", "two", "one"]
    assert row(sources, "one")["state"] == "open"
    assert row(sources, "keyed")["asked"] == 0, "a missing key is no ill health"
    assert len(venues[0].requests) == 5


async def test_nobody_answering_names_every_reason(opened, venues):
    venues[0].on("/AAPL", status=429, headers={"Retry-After": "500"})
    venues[1].on("/AAPL", body=b"<html>maintenance</html>")
    sources = await opened(names=("keyed", "one", "two"))
    with pytest.raises(DataProviderError, match="No source gave 1d bars of AAPL") as caught:
        await sources.ask(["keyed", "one", "two"], bars, what="1d bars of AAPL")
    for words in (
        " keyed answers only with a key",
        " one was asked too often",
        " two answers with a page",
    ):
        assert words in caught.value.message
    assert "one: one" not in caught.value.message
    assert caught.value.context["retry_after"] == 500
    assert [one["source"] for one in caught.value.context["tried"]] == ["keyed", "one", "two"]
    assert "acme.example" in caught.value.hint
    assert row(sources, "two")["last_error"].startswith("two answers with a page")
    assert row(sources, "two")["failed_at"] > datetime(2025, 1, 1, tzinfo=UTC)


async def test_one_alone_keeps_its_own_error(opened, venues):
    venues[0].on("/AAPL", status=429)
    sources = await opened()
    with pytest.raises(RateLimitError) as caught:
        await sources.ask(["one"], bars, what="bars")
    assert caught.value.context["tried"][0]["source"] == "one"
    with pytest.raises(MissingKeyError):
        await sources.ask(["keyed"], bars, what="bars")


async def test_a_symbol_that_nobody_has(opened, venues):
    sources = await opened()
    with pytest.raises(UnknownSymbolError, match=r"No source has bars of AAPL\. one has no AAPL\. two ") as caught:
        await sources.ask(["one", "two"], bars, what="bars of AAPL")
    assert caught.value.context["symbol"] == "AAPL"
    assert row(sources, "one")["success"] == 1.0, "that is an answer too"


async def test_nobody_to_ask(opened):
    sources = await opened()
    with pytest.raises(DataProviderError, match="No source serves bars of EURUSD"):
        await sources.ask(sources.live(resolve("EURUSD")), bars, what="bars of EURUSD")
    assert sources.live(APPLE, Kind.TRADES) == []


async def test_the_question_may_refuse_an_answer(opened, venues):
    venues[0].on("/AAPL", json=[])
    venues[1].on("/AAPL", json=[1])

    async def wanted(source):
        found = await bars(source)
        if not found:
            raise DataProviderError(f"{source.name} has nothing")
        return found

    told = await (await opened()).ask(["one", "two"], wanted, what="bars")
    assert [one.words for one in told.tried] == ["one has nothing", ""]


async def test_a_strangers_fault_doesnt_stop_the_next(opened, caplog):
    caplog.set_level(logging.INFO)
    sources = await opened(names=("fake", "two"), given=[FakeProvider()])

    async def broken(source):
        if source.name == "fake":
            raise KeyError("close")
        return 1

    told = await sources.ask(["fake", "two"], broken, what="bars")
    assert told.tried[0].words == "The provider fake failed by a fault of its own: KeyError."
    assert row(sources, "fake")["success"] == 0.0
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("error", [CancelledError("stop"), asyncio.CancelledError()])
async def test_cancelled_work_asks_nobody_else(opened, error):
    asked = []

    async def cancelled(source):
        asked.append(source.name)
        raise error

    with pytest.raises(type(error)):
        await (await opened()).ask(["one", "two"], cancelled, what="bars")
    assert asked == ["one"]


async def test_the_healthiest_comes_first_and_ties_keep_the_settings_order(opened):
    sources = await opened()
    assert sources.live(APPLE) == ["one", "two"]
    sources.report("one", quality=0.5)
    assert sources.live(APPLE) == ["two", "one"]
    sources.report("two", quality=0.52, freshness=30.0)
    assert sources.live(APPLE) == ["one", "two"], "a small difference is none"
    assert row(sources, "two")["freshness_s"] == 30.0
    again = await opened()
    assert row(again, "one")["quality"] == 0.5, "another process would know"
    await again.close()
    await again.close()


async def test_an_open_breaker_comes_last_however_good_the_source_was(opened, tmp_path, venues):
    sources = await opened()
    sources.get("one")
    sources.report("two", quality=0.3)
    board = Board.at(tmp_path / "home")
    for _ in range(5):
        board.run(lambda connection, now: record(connection, now, source=f"one {venues[0].url}", ok=False))
    board.run(lambda connection, now: observe(connection, now, f"one {venues[0].url}", ok=True))
    board.close()
    assert sources.live(APPLE) == ["two", "one"]


async def test_sources_without_a_venue_are_ranked_within_this_process(opened, tmp_path):
    fake = FakeProvider()
    sources = await opened(names=("fake", "sample"), given=[fake])
    assert sources.live(APPLE) == ["fake", "sample"]
    fake.fail(Fault.ERROR)

    async def last(source):
        return await source.latest(Kind.BARS, [APPLE])

    told = await sources.ask(sources.live(APPLE), last, what="bars")
    assert (told.source, told.payloads) == ("sample", ())
    assert sources.live(APPLE) == ["sample", "fake"]
    assert not (tmp_path / "home" / "venues.db").exists()
    await sources.close()
    assert fake.closed == 0, "it stays the caller's to close"


async def test_health_is_a_table_of_all(opened, venues):
    venues[0].on("/AAPL", json=[1])
    sources = await opened(names=("one", "two", "sample"))
    await sources.ask(["one"], bars, what="bars")
    found = sources.health()
    assert found.columns == list(module._HEALTH.names())
    assert found["source"].to_list() == ["one", "two", "sample"]
    assert found["asked"].to_list() == [1, 0, 0]
    assert found["latency_ms"][0] > 0
    assert set(found["state"]) == {"closed"}


async def test_a_changed_shape_is_ill_health(opened, venues):
    venues[0].on("/AAPL", json={"not": "a list"})
    sources = await opened()
    with pytest.raises(ShapeError):
        await sources.ask(["one"], bars, what="bars")
    found = row(sources, "one")
    assert (found["asked"], found["success"]) == (2, pytest.approx(0.9))


async def test_what_was_refused_is_not_confirmed_later(opened, venues):
    venues[0].on("/AAPL", json={"not": "a list"}, headers={"ETag": '"1"'})
    venues[0].on("/AAPL", json=[1], headers={"ETag": '"2"'})
    venues[0].on("/AAPL", status=304, headers={"ETag": '"2"'})
    sources = await opened()
    with pytest.raises(ShapeError):
        await sources.ask(["one"], bars, what="bars")
    for _ in range(2):
        assert (await sources.ask(["one"], bars, what="bars")).value == [1]
    marks = [request.headers.get("if-none-match") for request in venues[0].requests]
    assert marks == [None, None, '"2"']


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("def __init__(self):\n    raise TypeError('no')", "can't be made: TypeError: no"),
        ("history = None", "lacks a part of what a provider has"),
        ("venue = 'acme'", "has a venue that is no ara.data.access.Venue: str"),
    ],
)
async def test_a_source_that_cant_be_made_says_why(opened, install, code, words):
    install("odd", code, parent="object" if "history" in code else "Stranger")
    sources = await opened(names=("odd", "one"))
    with pytest.raises(PluginError, match=words):
        sources.get("odd")
    with pytest.raises(PluginError, match=words):
        sources.live(APPLE)
    assert words in row(sources, "odd")["last_error"]


async def test_an_error_of_its_own_making_is_kept(opened, install):
    install("odd", "def __init__(self):\n    from ara.errors import VaultError\n    raise VaultError('no')")
    sources = await opened(names=("odd", "two"))
    with pytest.raises(DataProviderError, match=r"odd: no two has ") as caught:
        await sources.ask(["odd", "two"], bars, what="bars")
    assert caught.value.context["tried"][0]["words"] == "no"
