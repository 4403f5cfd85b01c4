import json
import socket

import pytest

from ara.api.shell import _depth
from tests.api.conftest import Served

PATH = "/api/v1/predict"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422), (b"{", 400), (b"[1, NaN]", 400), (b'{"days": 1e400}', 400), (b'{"a": "A", "a": "B"}', 400),
        (b"\xff\xfe", 400), (b"\xef\xbb\xbf{}", 400), (b"[" * 100_000, 400), (b'{"a":' * 33 + b"1" + b"}" * 33, 400),
        (b'"' + b"x" * 300_000 + b'"', 413), (b"null", 422), (b"[]", 422), (b'"text"', 422), (b"{}", 422),
        (b"-Infinity", 400),
    ],
)  # fmt: skip
def test_what_is_no_json_or_too_much_of_it_is_refused_as_a_problem(service: Served, body, status):
    with service.client() as client:
        answer = client.post(PATH, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == answer.json()["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["hint"]


def test_brackets_within_texts_are_no_levels():
    assert _depth(rb'{"a": "[[[[\"[[", "b": [1, [2]]}') == 3
    assert _depth(b'"[[[[') <= 4


def test_what_is_not_said_to_be_json_is_refused(service: Served):
    with service.client() as client:
        for media in ("text/plain", "application/xml", ""):
            assert client.post(PATH, content=b"{}", headers={"Content-Type": media}).status_code == 415


def test_every_answer_has_an_id_and_headers_that_protect(service: Served):
    with service.client() as client:
        given = client.get("/health", headers={"X-Request-ID": "my-request-1"})
        strange = client.get("/health", headers={"X-Request-ID": "a b\tc" * 40})
        missing = client.get("/nowhere")
    assert given.headers["x-request-id"] == "my-request-1"
    assert strange.headers["x-request-id"] not in {"", "a b\tc" * 40}
    for answer in (given, strange, missing):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "server" not in answer.headers
    assert missing.json()["code"] == "not_found"
    assert missing.headers["content-type"] == "application/problem+json"


def test_a_method_that_a_path_does_not_have_is_named_as_such(service: Served):
    with service.client() as client:
        for method in ("PUT", "TRACE", "PATCH", "GET"):
            answer = client.request(method, PATH, json={})
            assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
            assert answer.headers["allow"] == "POST"
        keys = client.put("/api/v1/auth/api-keys", json={})
        assert keys.headers["allow"] == "GET, HEAD, POST"


def test_head_is_get_without_what_it_gives(service: Served):
    with service.client() as client:
        for path in ("/health", "/api/v1/auth/me", "/api/v1/market/AAPL/none", "/openapi.json"):
            head, whole = client.head(path), client.get(path)
            assert (head.status_code, head.content) == (whole.status_code, b"")
            assert head.headers["content-type"] == whole.headers["content-type"]
            assert int(head.headers["content-length"]) > 0
        refused = client.head(PATH)
        assert (refused.status_code, refused.content, refused.headers["allow"]) == (405, b"", "POST")
    with service.client(None) as nobody:
        assert nobody.head("/api/v1/auth/me").status_code == 401


def test_the_service_says_how_it_is_to_strangers(service: Served):
    with service.client(None) as client:
        assert client.get("/health/live").json()["status"] == "ok"
        assert client.get("/health/ready").status_code == 200


def test_a_declared_length_that_is_a_lie_does_not_hurt(service: Served):
    host, port = service.url.removeprefix("http://").split(":")
    for length in (b"99999999999999999999", b"-5", b"1e3", b"5, 6"):
        with socket.create_connection((host, int(port)), timeout=30) as line:
            head = b"POST /api/v1/predict HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: "
            line.sendall(head + length + b"\r\n\r\n{}")
            assert line.recv(4096).split(b" ")[1] in {b"400", b"413"}


def test_the_description_names_every_path_and_how_each_fails(service: Served):
    with service.client(None) as client:
        told = client.get("/openapi.json").json()
    assert told["openapi"].startswith("3.1")
    names = [one["operationId"] for path in told["paths"].values() for one in path.values()]
    assert len(set(names)) == len(names)
    for path in told["paths"].values():
        for one in path.values():
            assert {"4XX", "5XX"} <= set(one["responses"])
            assert "422" not in one["responses"]
    assert "Traceback" not in json.dumps(told)
