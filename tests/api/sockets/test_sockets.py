import asyncio
import json
import socket
import threading
from contextlib import ExitStack

import httpx
import pytest
from starlette.websockets import WebSocket
from websockets.exceptions import ConnectionClosed

from ara.alerts import publish
from ara.api.sockets.session import Stream, attend
from ara.lineage import canonical
from tests.api.sockets.conftest import Live, closed, refused, told

FAMILY = "ewma_t"
PATH = f"/ws/predictions/AAPL?days=2&model={FAMILY}"


def on_loop(live: Live, make):
    """Run something within the service's own loop, where its desk is."""
    done = asyncio.run_coroutine_threadsafe(make(), live.app.state.loop)
    return done.result(60)


@pytest.fixture(autouse=True, scope="module")
def loop(service: Live):
    """Find the loop of the service: that of the task which makes a stream."""
    hub = service.app.state.hub
    with service.open("/ws/alerts") as line:
        told(line, "hello")
        live = next(iter(hub._lives.values()))
        service.app.state.loop = live.task.get_loop()


def asked(service: Live, method: str, path: str, key: str = "", **more):
    headers = {"Authorization": f"Bearer {key or service.key}"}
    return httpx.request(method, service.url + path, headers=headers, timeout=60, **more)


def test_a_forecast_has_the_id_and_the_bytes_that_it_has_over_http(service: Live):
    with service.open(PATH) as one, service.open(PATH.replace("AAPL", "aapl")) as two:
        hello = told(one, "hello")
        first, second = told(one, "forecast"), told(two, "forecast")
        assert len([name for name in service.app.state.hub.names if name.startswith("predictions:AAPL")]) == 1
    body = {"symbol": "AAPL", "days": 2, "model": FAMILY}
    answer = asked(service, "POST", "/api/v1/predict", json=body).json()
    assert first == second
    assert answer["prediction_id"] == first["data"]["id"]
    assert canonical(answer["forecast"]) == canonical(first["data"])
    assert first["stream"] == hello["data"]["stream"]


def test_without_a_live_source_that_is_said_and_the_socket_stays(service: Live):
    with service.open("/ws/market-data/AAPL?timeframe=1d") as line:
        bar = told(line, "bar")
        assert (bar["data"]["symbol"], bar["data"]["closed"], bar["seq"]) == ("AAPL", True, 1)
        said = told(line, "status")
        assert (said["data"]["live"], "No live source" in said["data"]["detail"]) == (False, True)
        told(line, "beat")
        line.send('{"type": "ping", "id": "x7"}')
        assert told(line, "pong")["data"]["id"] == "x7"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/ws/predictions/NOPE99", 404), ("/ws/predictions/AAPL?days=0", 422), ("/ws/predictions/AAPL?days=x", 422),
        ("/ws/predictions/AAPL?model=../../x", 404), ("/ws/predictions/AAPL?timeframe=7x", 422),
        ("/ws/market-data/%00", 422), ("/ws/market-data/AAPL?after=x", 422), ("/ws/alerts?after=zz-", 422),
        ("/ws/alerts?after=%0d%0aX-1", 422), ("/ws/nowhere", 404), ("/ws/market-data/%1b%5b31m", 422),
        ("/api/v2/forecasts", 404), ("/", 404), ("/ws/alerts?since=ab-1", 422), ("/ws/alerts?days=2", 422),
        ("/ws/market-data/AAPL?timeframe=1d&timeframe=1h", 422), ("/ws/predictions/AAPL?dayz=2", 422),
    ],
)  # fmt: skip
def test_what_can_not_be_listened_to_is_refused_as_a_problem(service: Live, path, status):
    got, problem = refused(service, path)
    assert (got, problem["status"]) == (status, status)
    assert problem["hint"]


def test_a_parameter_that_no_stream_reads_is_named_with_the_nearest(service: Live):
    assert "Did you mean days?" in refused(service, "/ws/predictions/AAPL?dayz=2")[1]["detail"]
    assert "after, ticket" in refused(service, "/ws/alerts?qqq=2")[1]["detail"]
    assert "timeframe stands twice" in refused(service, "/ws/predictions/AAPL?timeframe=1d&timeframe=1d")[1]["detail"]


def test_who_proves_nothing_hears_nothing(service: Live, people):
    for key in ("ara_wrong", "x" * 5000, "eyJ.eyJ.eyJ"):
        assert refused(service, "/ws/alerts", key)[0] == 401
    assert refused(service, "/ws/alerts?ticket=arat_x", None)[0] == 401
    status, problem = refused(service, PATH, people["bob"])
    assert (status, "predictions:write" in problem["detail"]) == (403, True)


def test_a_first_message_says_who_it_is_or_the_socket_is_closed(service: Live, people):
    with service.open("/ws/alerts", None) as line:
        line.send(json.dumps({"type": "auth", "token": people["ada"]}))
        assert told(line)["type"] == "hello"
    for first, code in (
        ({"type": "auth", "token": "ara_wrong"}, 4401), ({"type": "auth"}, 4401), ({"type": "ping"}, 4401),
        ({"type": "auth", "token": ["x"]}, 4401), ([], 1007), ("x", 1007),
    ):  # fmt: skip
        with service.open("/ws/alerts", None) as line:
            line.send(json.dumps(first))
            assert closed(line) == code


def test_a_ticket_opens_one_socket_once(service: Live, people):
    ticket = asked(service, "POST", "/api/v1/ws/ticket", people["ada"]).json()["ticket"]
    with service.open(f"/ws/alerts?ticket={ticket}", None) as line:
        assert told(line)["type"] == "hello"
    assert refused(service, f"/ws/alerts?ticket={ticket}", None)[0] == 401
    assert refused(service, f"/ws/alerts?ticket={ticket[:-1]}A", None)[0] == 401


def test_pages_of_foreign_sites_open_nothing(service: Live):
    for origin in ("https://evil.example", "null", "https://desk.example.evil.example", "file://"):
        assert refused(service, "/ws/alerts", origin=origin)[0] == 403
    for origin in ("https://desk.example", "https://ara.example", f"http://127.0.0.1:{service.port}", None):
        with service.open("/ws/alerts", origin=origin) as line:
            assert told(line)["type"] == "hello"


def test_who_comes_back_gets_what_was_missed_or_is_told_that_it_is_gone(service: Live, people):
    with service.open("/ws/alerts", people["ada"]) as line:
        hello = told(line, "hello")
        owner = _id(service, people["ada"])
        _publish(service, "backtest_complete", {"job": 1}, owner)
        first = told(line, "backtest_complete")
        _publish(service, "backtest_complete", {"job": 2}, owner)
        told(line, "backtest_complete")
    place = f"{first['stream']}-{first['seq']}"
    with service.open(f"/ws/alerts?after={place}", people["ada"]) as line:
        again = told(line, "hello")
        assert (again["data"]["resumed"], again["data"]["gone"]) == (True, False)
        assert told(line)["data"]["job"] == 2
    with service.open("/ws/alerts?after=0123456789ab-3", people["ada"]) as line:
        gone = told(line, "hello")
        assert (gone["data"]["resumed"], gone["data"]["gone"]) == (False, True)
    assert hello["data"]["stream"] == first["stream"]


def test_events_of_others_are_not_heard_and_those_of_all_are(service: Live, people):
    with service.open("/ws/alerts", people["eve"]) as line:
        told(line, "hello")
        _publish(service, "backtest_complete", {"job": 7}, _id(service, people["ada"]))
        _publish(service, "system_error", {"words": "for administrators"}, "")
        _publish(service, "model_deployed", {"model": "m1"}, "")
        while (heard := told(line))["type"] != "model_deployed":
            assert heard["data"].get("job") != 7
            assert heard["type"] != "system_error"
    with service.open("/ws/alerts") as admin:
        told(admin, "hello")
        _publish(service, "system_error", {"words": "now"}, "")
        assert told(admin, "system_error")["data"]["words"]


def test_a_revoked_key_closes_what_it_opened(service: Live, people):
    made = asked(service, "POST", "/api/v1/auth/api-keys", people["ada"], json={"name": "short"}).json()
    with service.open("/ws/alerts", made["key"]) as line:
        told(line, "hello")
        asked(service, "DELETE", f"/api/v1/auth/api-keys/{made['id']}", people["ada"])
        on_loop(service, service.app.state.room.look)
        assert closed(line) == 4401


def test_the_next_token_of_the_same_user_keeps_it_open_and_no_other(service: Live, people):
    made = asked(service, "POST", "/api/v1/auth/api-keys", people["ada"], json={"name": "next"}).json()
    with service.open("/ws/alerts", made["key"]) as line:
        line.send(json.dumps({"type": "auth", "token": people["ada"]}))
        assert told(line, "auth")["data"]["ok"]
        asked(service, "DELETE", f"/api/v1/auth/api-keys/{made['id']}", people["ada"])
        on_loop(service, service.app.state.room.look)
        line.send('{"type": "ping"}')
        told(line, "pong")
        line.send(json.dumps({"type": "auth", "token": people["eve"]}))
        assert closed(line) == 4401


def test_a_user_has_as_many_sockets_as_the_tier_allows(service: Live, people):
    with service.open("/ws/alerts", people["eve"]), service.open("/ws/alerts", people["eve"]):
        status, problem = refused(service, "/ws/alerts", people["eve"])
        assert (status, "2 sockets" in problem["detail"]) == (429, True)
        with service.open("/ws/alerts"):
            pass
    with ExitStack() as many:
        for _ in range(20):
            many.enter_context(service.open("/ws/alerts", None))
        status, problem = refused(service, "/ws/alerts", None)
        assert (status, "say who they are" in problem["detail"]) == (429, True)
        with service.open("/ws/alerts") as known:
            assert told(known)["type"] == "hello"


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"\x00\xff rubbish", 1003), ("{", 1007), ("[" * 5000, 1007), ("x" * 20_000, 1009), ('{"type": 7}', 1007),
        ("null", 1007), ("\ud7ff" * 6000, 1009),
    ],
)  # fmt: skip
def test_rubbish_ends_its_own_socket_alone(service: Live, people, sent, code):
    with service.open("/ws/alerts") as other, service.open("/ws/alerts", people["ada"]) as line:
        told(other, "hello")
        told(line, "hello")
        line.send(sent)
        assert closed(line) == code
        other.send('{"type": "ping"}')
        told(other, "pong")


def test_a_flood_and_what_means_nothing_are_shown_out(service: Live, people):
    with service.open("/ws/alerts", people["ada"]) as line:
        try:
            for _ in range(100):
                line.send('{"type": "ping"}')
        except ConnectionClosed:
            pass
        assert closed(line) == 4429
    with service.open("/ws/alerts", people["ada"]) as line:
        for _ in range(11):
            line.send('{"type": "subscribe", "to": "everything"}')
        assert closed(line) == 4400


def test_a_half_open_handshake_and_raw_rubbish_leave_the_service_as_it_is(service: Live):
    lines = []
    start = b"GET /ws/alerts HTTP/1.1\r\nUpgrade: websocket\r\n"
    rest = b"Host: x\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x\r\n\r\n"
    for head in (start, b"\x81\xff\xff\xff" * 100, start + rest):
        line = socket.create_connection(("127.0.0.1", service.port), timeout=30)
        line.sendall(head)
        lines.append(line)
    with service.open("/ws/alerts") as whole:
        assert told(whole)["type"] == "hello"
    for line in lines:
        line.close()


def test_a_dead_connection_frees_its_seat(service: Live, people):
    room = service.app.state.room
    with service.open("/ws/alerts", people["eve"]) as line:
        told(line, "hello")
        before = room.count
        line.socket.shutdown(socket.SHUT_RDWR)
        freed = threading.Event()
        while room.count >= before:
            freed.wait(0.02)
        assert room.count == before - 1


def _id(service: Live, key: str) -> str:
    return asked(service, "GET", "/api/v1/auth/me", key).json()["id"]


def _publish(service: Live, type: str, data: dict, user: str) -> None:
    on_loop(service, lambda: publish(service.app.state.service.desk, type, data, user=user))


def test_a_fault_inside_ends_a_socket_and_tells_nothing_of_itself(service: Live, caplog):
    async def prepare(_: object) -> Stream:
        raise RuntimeError("a secret of the house")

    async def path(line: WebSocket) -> None:
        await attend(line, "market:read", prepare)

    service.app.add_api_websocket_route("/ws/broken", path)
    status, problem = refused(service, "/ws/broken")
    assert (status, problem["code"]) == (500, "internal")
    with service.open("/ws/broken", None) as line:
        line.send(json.dumps({"type": "auth", "token": service.key}))
        said = told(line, "error")
        assert closed(line) == 4500
    for one in (problem, said):
        assert "secret" not in json.dumps(one)
        assert "Traceback" not in json.dumps(one)
    assert "a secret of the house" in caplog.text


def test_who_says_nothing_is_shown_out(service: Live, monkeypatch):
    monkeypatch.setattr("ara.api.sockets.session._FIRST", 0.05)
    with service.open("/ws/alerts", None) as line:
        assert told(line, "error")["data"]["detail"] == "Nobody said who asks within 0.05 seconds."
        assert closed(line) == 4401


@pytest.mark.slow
def test_who_reads_nothing_is_shown_out_and_others_hear_on(service: Live, people):
    text = "x" * 200_000

    async def flood():
        while True:
            yield "bar", {"text": text}
            await asyncio.sleep(0.001)

    async def path(line: WebSocket) -> None:
        async def prepare(_: object) -> Stream:
            return Stream(name="flood", feed=flood)

        await attend(line, "market:read", prepare)

    service.app.add_api_websocket_route("/ws/flood", path)
    room = service.app.state.room
    with service.open("/ws/flood", people["eve"], max_queue=1), service.open("/ws/flood", max_size=None) as other:
        while room.count > 1:
            other.recv(timeout=60)
        told(other, "bar")
