import http.client
import json
import socket
import threading
from urllib.parse import urlsplit

import pytest

from ara.errors import ValidationError
from ara.testing import FakeVenue, Reply


@pytest.fixture
def venue():
    with FakeVenue() as opened:
        yield opened


@pytest.fixture
def connection(venue):
    line = http.client.HTTPConnection(urlsplit(venue.url).netloc, timeout=10)
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
        line.request("GET", "/price")
        with pytest.raises(TimeoutError):
            line.getresponse()
        line.close()
    venue.on("/price", body=b"again")
    assert [thread.name for thread in threading.enumerate() if thread.name == "ara-venue"] == []


def test_a_venue_may_serve_again_after_its_end():
    venue = FakeVenue()
    venue.on("/price", body=b"1")
    for _ in range(2):
        with venue:
            line = http.client.HTTPConnection(urlsplit(venue.url).netloc, timeout=10)
            assert ask(line, "/price")[1] == b"1"
            line.close()
    with pytest.raises(ValidationError, match="use it in a with statement"):
        _ = venue.url


def test_the_end_hangs_up_on_a_connection_that_is_kept_open():
    with FakeVenue() as venue:
        where = urlsplit(venue.url)
        idle = socket.create_connection((where.hostname, where.port), timeout=10)
        idle.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert idle.recv(12) == b"HTTP/1.1 404"
    while idle.recv(4096):
        pass
    idle.close()


def test_a_request_that_makes_no_sense_is_refused(venue):
    where = urlsplit(venue.url)
    with socket.create_connection((where.hostname, where.port), timeout=10) as line:
        line.sendall(b"what\r\n\r\n")
        assert b"400" in line.recv(4096)


def test_a_fault_that_there_is_not_is_refused(venue):
    with pytest.raises(ValidationError, match="fault is 'fire'; there are truncated, dropped"):
        venue.on("/", fault="fire")
