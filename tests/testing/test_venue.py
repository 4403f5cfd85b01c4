import http.client
import json
import socket
import threading
import zlib
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync import client

from ara.errors import ValidationError
from ara.testing import FakeClock, FakeVenue, Reply

connect = partial(client.connect, open_timeout=600)


@pytest.fixture
def venue():
    with FakeVenue() as opened:
        yield opened


@pytest.fixture
def connection(venue):
    line = http.client.HTTPConnection(urlsplit(venue.url).netloc, timeout=600)
    yield line
    line.close()


def ask(connection, path, *, method="GET", body=None, headers=None):
    connection.request(method, path, body=body, headers=headers or {})
    answer = connection.getresponse()
    return answer.status, answer.read(), answer


def test_replies_come_in_order_and_the_last_one_stays(venue, connection):
    venue.on("/price", status=503, headers={"Retry-After": "1"})
    venue.on("/price", json={"price": 122.15})
    status, _, answer = ask(connection, "/price?symbol=AAPL&empty=")
    assert (status, answer.headers["Retry-After"]) == (503, "1")
    for _ in range(2):
        status, body, answer = ask(connection, "/price")
        assert (status, json.loads(body)) == (200, {"price": 122.15})
        assert answer.headers["Content-Type"] == "application/json"
    assert [request.query for request in venue.requests] == [{"symbol": "AAPL", "empty": ""}, {}, {}]


def test_what_was_asked_is_kept(venue, connection):
    venue.on("/order", method="POST", reply=Reply(status=201, body=b"done"))
    status, body, answer = ask(
        connection, "/order", method="POST", body=json.dumps({"side": "buy"}), headers={"X-Key": "k"}
    )
    assert (status, body, answer.headers["Content-Type"]) == (201, b"done", "text/plain")
    (request,) = venue.requests
    assert (request.method, request.path, request.headers["x-key"]) == ("POST", "/order", "k")
    assert request.json() == {"side": "buy"}


def test_a_route_without_a_script_is_not_found(venue, connection):
    venue.on("/price", body=b"1", method="PUT")
    status, body, _ = ask(connection, "/price")
    assert (status, json.loads(body)) == (404, {"error": "there is no such route"})


def test_head_gets_headers_alone(venue, connection):
    venue.on("/price", body=b"12345", method="HEAD")
    status, body, answer = ask(connection, "/price", method="HEAD")
    assert (status, body, answer.headers["Content-Length"]) == (200, b"", "5")
    assert ask(connection, "/other")[0] == 404, "the connection is still in step"


def test_a_truncated_reply_ends_in_the_middle_of_its_body(venue, connection):
    venue.on("/price", body=b"0123456789", fault="truncated")
    connection.request("GET", "/price")
    with pytest.raises(http.client.IncompleteRead) as caught:
        connection.getresponse().read()
    assert caught.value.partial == b"01234"


def test_a_dropped_connection_says_nothing(venue, connection):
    venue.on("/price", fault="dropped")
    connection.request("GET", "/price")
    with pytest.raises(http.client.RemoteDisconnected):
        connection.getresponse()


def test_a_slow_reply_is_slower_than_patience_and_ends_with_the_venue():
    with FakeVenue() as venue:
        venue.on("/price", body=b"late", delay=600)
        line = http.client.HTTPConnection(urlsplit(venue.url).netloc, timeout=0.05)
        with pytest.raises(TimeoutError):
            ask(line, "/price")
        line.close()
    venue.on("/price", body=b"again")
    assert [thread.name for thread in threading.enumerate() if thread.name == "ara-venue"] == []


def test_a_venue_may_serve_again_after_its_end():
    venue = FakeVenue()
    venue.on("/price", body=b"1")
    for _ in range(2):
        with venue:
            line = http.client.HTTPConnection(urlsplit(venue.url).netloc, timeout=600)
            assert ask(line, "/price")[1] == b"1"
            line.close()
    with pytest.raises(ValidationError, match="use it in a with statement"):
        _ = venue.url


def test_the_end_hangs_up_on_a_connection_that_is_kept_open():
    with FakeVenue() as venue:
        where = urlsplit(venue.url)
        idle = socket.create_connection((where.hostname, where.port), timeout=600)
        idle.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert idle.recv(12) == b"HTTP/1.1 404"
    while idle.recv(4096):
        pass
    idle.close()


def test_a_request_that_makes_no_sense_is_refused(venue):
    where = urlsplit(venue.url)
    with socket.create_connection((where.hostname, where.port), timeout=600) as line:
        line.sendall(b"what\r\n\r\n")
        assert b"400" in line.recv(4096)


def test_a_fault_that_there_is_not_is_refused(venue):
    with pytest.raises(ValidationError, match="fault is 'fire'; there are truncated, dropped"):
        venue.on("/", fault="fire")


def test_a_handler_answers_once_the_script_is_used_up(venue, connection):
    venue.on("/v1/*", handler=lambda request: Reply.json({"path": request.path, "symbol": request.query["symbol"]}))
    venue.on("/v1/bars/AAPL", status=503)
    venue.on("/*", status=502)
    assert [ask(connection, "/v1/bars/AAPL?symbol=a")[0] for _ in range(2)] == [503, 502]
    status, body, answer = ask(connection, "/v1/bars/AAPL?symbol=b")
    assert (status, json.loads(body)) == (200, {"path": "/v1/bars/AAPL", "symbol": "b"})
    assert answer.headers["Content-Type"] == "application/json"
    assert ask(connection, "/v2")[0] == 404
    assert ask(connection, "/v1/x")[0] == 500, "the handler failed for want of a symbol"
    assert b"the handler failed: KeyError" in ask(connection, "/v1/x")[1]


def test_a_handler_or_a_reply(venue):
    for parts in ({"reply": Reply()}, {"json": 1}, {"status": 200}):
        with pytest.raises(ValidationError, match="a handler or a reply, not both"):
            venue.on("/", handler=lambda request: Reply(), **parts)


def test_headers_of_a_reply_stand_in_the_place_of_the_usual_ones(venue, connection):
    venue.on("/x", headers={"Date": "Mon, 01 Jan 2024 00:00:00 GMT", "Content-Type": "text/csv"})
    _, _, answer = ask(connection, "/x")
    assert answer.headers.get_all("Date") == ["Mon, 01 Jan 2024 00:00:00 GMT"]
    assert answer.headers.get_all("Content-Type") == ["text/csv"]


def test_the_venues_own_clock_dates_its_answers():
    with FakeVenue(clock=FakeClock(datetime(2020, 1, 10, tzinfo=UTC))) as venue:
        venue.on("/x", json=1)
        connection = http.client.HTTPConnection(urlsplit(venue.url).netloc, timeout=600)
        try:
            assert ask(connection, "/x")[2].headers["Date"] == "Fri, 10 Jan 2020 00:00:00 GMT"
        finally:
            connection.close()


def test_a_slow_body_comes_byte_by_byte_and_ends_with_the_venue(venue, connection):
    venue.on("/x", body=b"abc", fault="slow")
    assert ask(connection, "/x")[1] == b"abc"
    venue.on("/long", body=b"x" * 100_000, fault="slow")
    connection.request("GET", "/long")
    assert connection.getresponse().read(2) == b"xx"


def test_an_endless_body_goes_on_until_the_asker_hangs_up(venue, connection):
    for body in (b"0123456789", b""):
        venue.on("/x", body=body, fault="endless")
        connection.request("GET", "/x")
        answer = connection.getresponse()
        assert "Content-Length" not in answer.headers
        assert len(answer.read(1 << 20)) == 1 << 20
        connection.close()
        venue.on("/x", body=b"", fault="endless")


def test_a_bomb_is_small_until_it_is_unpacked(venue, connection):
    venue.on("/x", fault="bomb")
    _, body, answer = ask(connection, "/x")
    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(body) < 1 << 20
    unpacker = zlib.decompressobj(31)
    size = len(unpacker.decompress(body, 1 << 26))
    while unpacker.unconsumed_tail:
        size += len(unpacker.decompress(unpacker.unconsumed_tail, 1 << 26))
    assert size == 256 << 20


def test_a_line_speaks_both_ways_and_knows_its_number(venue):
    def speak(line):
        line.send({"path": line.path, "query": line.query, "number": line.number})
        line.send(line.receive())
        line.send(line.receive())
        line.send(b"bytes")

    venue.socket("/s/*", speak)
    for number in range(2):
        with connect(f"{venue.socket_url}/s/a?x=1") as line:
            assert json.loads(line.recv()) == {"path": "/s/a", "query": {"x": "1"}, "number": number}
            line.send('{"op": "ping"}')
            assert json.loads(line.recv()) == {"op": "ping"}
            line.send(b"no json")
            assert [line.recv(), line.recv()] == ["no json", b"bytes"]
    assert venue.heard == ('{"op": "ping"}', "no json") * 2


@pytest.mark.parametrize(("end", "code"), [("close", 4001), ("drop", 1006), ("return", 1000)])
def test_a_line_ends_as_it_is_told(venue, end, code):
    ends = {"close": lambda line: line.close(4001, "enough"), "drop": lambda line: line.drop()}
    venue.socket("/s", ends.get(end, lambda line: None))
    with connect(f"{venue.socket_url}/s") as line:
        with pytest.raises(ConnectionClosed):
            line.recv(timeout=600)
        assert line.close_code == code


def test_a_stream_that_there_is_not_is_refused_in_order(venue):
    line = connect(f"{venue.socket_url}/none")
    with line as opened, pytest.raises(ConnectionClosed, match="there is no such stream"):
        opened.recv(timeout=600)


def test_lines_end_with_the_venue_and_may_be_opened_again_after_it():
    venue = FakeVenue()
    quiet = threading.Event()

    def speak(line):
        quiet.set()
        line.wait(600)

    venue.socket("/s", speak)
    for _ in range(2):
        quiet.clear()
        with ExitStack() as lines:
            with venue:
                line = lines.enter_context(connect(f"{venue.socket_url}/s"))
                assert quiet.wait(600)
            with pytest.raises(ConnectionClosed):
                line.recv(timeout=600)
    with pytest.raises(ValidationError, match="use it in a with statement"):
        _ = venue.socket_url
