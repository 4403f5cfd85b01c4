"""Streams from a real WebSocket server that breaks them."""

import asyncio
import logging
import socket

import pytest

from ara.data.access import Access, Venue
from ara.data.access.socket import Pace, follow
from ara.errors import DataProviderError
from ara.settings import Secret
from ara.testing import FakeClock

QUICK = Pace(first=0.01, longest=0.05, steady=0.5, tries=4)


async def some(messages, count):
    found = []
    async for message in messages:
        found.append(message)
        if len(found) == count:
            break
    await messages.aclose()
    return found


def stream(venue, path="/s", subscribe=(b'{"subscribe": "AAPL"}',), **parts):
    return follow(venue.socket_url + path, subscribe, source="acme", pace=QUICK, **parts)


async def test_messages_come_in_order_and_are_asked_for_once(venue):
    def speak(line):
        line.receive()
        line.receive()
        for number in range(5):
            line.send({"n": number})
        line.wait(10)

    venue.socket("/s", speak)
    assert await some(stream(venue, subscribe=[b'{"a": 1}', b"b"]), 5) == [b'{"n": %d}' % n for n in range(5)]
    assert venue.heard == ('{"a": 1}', "b")


@pytest.mark.parametrize("end", ["close", "drop", "restart", "return"])
async def test_a_line_that_breaks_is_opened_again_with_its_subscriptions_and_marked(venue, end):
    def speak(line):
        line.receive()
        line.send(str(line.number))
        if line.number < 2:
            how = {"close": line.close, "drop": line.drop, "restart": lambda: line.close(1012, "restart")}
            how.get(end, lambda: None)()
            return
        line.wait(10)

    venue.socket("/s", speak)
    assert await some(stream(venue), 5) == [b"0", b"", b"1", b"", b"2"]
    assert len(venue.heard) == 3


async def test_silence_counts_as_broken(venue):
    def speak(line):
        line.send("here")
        line.wait(10)

    venue.socket("/s", speak)
    assert await some(stream(venue, subscribe=(), silence=0.1), 3) == [b"here", b"", b"here"]


async def test_a_ping_keeps_a_quiet_line(venue):
    def speak(line):
        for _ in range(3):
            assert line.receive() == {"op": "ping"}
            line.send("pong")
        line.send("end")
        line.wait(10)

    venue.socket("/s", speak)
    assert await some(stream(venue, subscribe=(), silence=0.4, ping=b'{"op": "ping"}'), 4) == [b"pong"] * 3 + [b"end"]


async def test_a_ping_that_nobody_answers_is_a_broken_line(venue):
    def speak(line):
        line.send(str(line.number))
        line.wait(10)

    venue.socket("/s", speak)
    assert await some(stream(venue, subscribe=(), silence=0.1, ping=b"ping"), 3) == [b"0", b"", b"1"]


async def test_a_slow_reader_is_not_taken_for_a_silent_venue(venue):
    def speak(line):
        for number in range(3):
            line.send(str(number))
        line.wait(10)

    venue.socket("/s", speak)
    found = []
    messages = stream(venue, subscribe=(), silence=0.2)
    async for message in messages:
        found.append(message)
        await asyncio.sleep(0.3)
        if len(found) == 3:
            break
    await messages.aclose()
    assert found == [b"0", b"1", b"2"]


async def test_a_venue_that_hangs_up_at_once_is_given_up_after_a_growing_wait(venue):
    venue.socket("/s", lambda line: None)
    began = asyncio.get_running_loop().time()
    with pytest.raises(DataProviderError, match=r"acme streams nothing: the line ended: .*; tried 4 times"):
        await some(stream(venue, subscribe=()), 99)
    assert asyncio.get_running_loop().time() - began >= 0.5 * (0.01 + 0.02 + 0.04)


async def test_nobody_there_is_given_up_too():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"ws://127.0.0.1:{probe.getsockname()[1]}"
    with pytest.raises(DataProviderError, match=r"acme streams nothing: no line: .*; tried 4 times"):
        await some(follow(url, [], source="acme", pace=QUICK), 1)


async def test_a_server_that_never_says_hello_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"ws://127.0.0.1:{mute.getsockname()[1]}"
        with pytest.raises(DataProviderError, match=r"no line within 0\.05 s; tried 4 times"):
            await some(follow(url, [], source="acme", pace=QUICK, timeout=0.05), 1)


@pytest.mark.parametrize(
    ("status", "words"), [(401, 'refuses its stream with 401: "no"'), (503, "streams nothing: it answers 503")]
)
async def test_a_refusal_ends_it_and_trouble_does_not(venue, status, words):
    venue.on("/s", status=status, body=b"no")
    with pytest.raises(DataProviderError, match=words):
        await some(follow(venue.url.replace("http", "ws") + "/s", [], source="acme", pace=QUICK), 1)
    assert len(venue.requests) == (1 if status == 401 else 4)


async def test_what_is_no_address_of_a_stream_is_said():
    with pytest.raises(DataProviderError, match="isn't one of a WebSocket"):
        await some(follow("http://127.0.0.1/s", [], source="acme"), 1)


async def test_a_message_without_end_breaks_the_line(venue):
    def speak(line):
        line.send("x" * (17 << 20) if line.number == 0 else "small")
        line.wait(10)

    venue.socket("/s", speak)
    assert await some(stream(venue, subscribe=()), 2) == [b"", b"small"]


async def test_leaving_says_goodbye_and_cancelling_leaves_nothing(venue):
    ends = []

    def speak(line):
        line.send("1")
        try:
            line.receive(10)
        except Exception as error:
            ends.append(type(error).__name__)
            raise

    venue.socket("/s", speak)
    assert await some(stream(venue, subscribe=()), 1) == [b"1"]
    arrived = asyncio.Event()

    async def follow_on():
        async for _ in stream(venue, subscribe=()):
            arrived.set()

    task = asyncio.create_task(follow_on())
    await arrived.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    for _ in range(200):
        if len(ends) == 2:
            break
        await asyncio.sleep(0.01)
    assert ends == ["ConnectionClosedOK"] * 2


async def test_a_thousand_messages_arrive_packed_or_not(venue):
    def speak(line):
        for number in range(1_000):
            line.send(str(number))
        line.wait(10)

    venue.socket("/s", speak)
    assert await some(stream(venue, subscribe=()), 1_000) == [str(number).encode() for number in range(1_000)]


async def test_an_access_streams_and_notes_what_it_couldnt(venue, caplog):
    caplog.set_level(logging.DEBUG)
    venue.socket("/s", lambda line: None)
    venue.socket("/good", lambda line: line.send(line.receive()))
    known = Venue(name="acme", url=venue.url, socket=venue.socket_url)
    access = Access(known, clock=FakeClock(), key=Secret("s3cretkey"))
    assert await some(access.messages([b'{"auth":1}'], path="/good", pace=QUICK), 1) == [b'{"auth": 1}']
    with pytest.raises(DataProviderError, match="acme streams nothing"):
        await some(access.messages([b'{"auth": "s3cretkey"}'], path="/s", pace=QUICK), 99)
    from ara.data.access import health

    found = access.board.run(lambda connection, _: health.of(connection, access.source))
    assert (found.asked, found.success) == (1, 0.0)
    assert found.error.startswith("acme streams nothing")
    ours = [each.getMessage() for each in caplog.records if each.name != "websockets.server"]
    assert any("opened again in" in words for words in ours)
    assert "s3cretkey" not in "".join(ours)
    await access.close()
    bare = Access(Venue(name="acme", url=venue.url), clock=FakeClock())
    with pytest.raises(DataProviderError, match="acme has no stream"):
        await anext(bare.messages([]))
    await bare.close()
