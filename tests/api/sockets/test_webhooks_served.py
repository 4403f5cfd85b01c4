import json
import threading

import httpx
import pytest

from ara.alerts import genuine
from ara.clock import SystemClock
from ara.settings import Secret
from tests.alerts.conftest import Receiver, receiver
from tests.api.sockets.conftest import Live

__all__ = ["receiver"]

PATH = "/api/v1/webhooks"


@pytest.fixture(scope="module")
def ask(service: Live):
    def asked(method, path, key="", **more):
        headers = {"Authorization": f"Bearer {key or service.key}"}
        return httpx.request(method, f"{service.url}{path}", headers=headers, timeout=60, **more)

    return asked


def test_a_forecast_comes_to_the_webhook_of_who_asked(ask, people, receiver: Receiver):
    made = ask("POST", PATH, people["ada"], json={"url": receiver.url, "events": ["prediction_complete"]}).json()
    others = ask("POST", PATH, people["eve"], json={"url": receiver.url, "events": ["prediction_complete"]}).json()
    asked = {"symbol": "AAPL", "days": 1, "model": "ewma_t", "include_explanations": False}
    forecast = ask("POST", "/api/v1/predict", people["ada"], json=asked).json()
    waited = threading.Event()
    while not receiver.got:
        waited.wait(0.05)
    ((_, headers, body),) = receiver.got
    assert genuine(Secret(made["secret"]), headers, body, now=SystemClock().now())
    assert not genuine(Secret(others["secret"]), headers, body, now=SystemClock().now())
    told = json.loads(body)
    assert (told["type"], told["data"]["prediction_id"]) == ("prediction_complete", forecast["prediction_id"])
    while not (log := ask("GET", f"{PATH}/{made['id']}/deliveries?state=delivered", people["ada"]).json())[
        "deliveries"
    ]:
        waited.wait(0.05)
    (one,) = log["deliveries"]
    assert (one["message"], one["attempts"][0]["status"], one["event"]) == (
        headers["webhook-id"], 200, "prediction_complete"
    )  # fmt: skip
    again = ask("POST", f"{PATH}/{made['id']}/deliveries/{one['id']}/redeliver", people["ada"])
    assert (again.status_code, again.json()["state"]) == (202, "waiting")
    while len(receiver.got) < 2:
        waited.wait(0.05)
    assert receiver.got[1][1]["webhook-id"] == headers["webhook-id"]
    for owner, hook in (("ada", made), ("eve", others)):
        assert ask("DELETE", f"{PATH}/{hook['id']}", people[owner]).status_code == 204


def test_a_webhook_is_shown_changed_tested_rotated_and_deleted(ask, people, receiver: Receiver):
    asked = {"url": receiver.url, "events": ["model_trained", "model_deployed"], "name": "desk"}
    made = ask("POST", PATH, people["ada"], json=asked)
    assert made.status_code == 201
    id, secret = made.json()["id"], made.json()["secret"]
    assert secret not in ask("GET", PATH, people["ada"]).text + ask("GET", f"{PATH}/{id}", people["ada"]).text
    assert ask("POST", f"{PATH}/{id}/test", people["ada"]).json()["state"] == "delivered"
    assert ask("POST", f"{PATH}/test", people["ada"], json={"webhook_id": id}).json()["attempts"][0]["status"] == 200
    off = ask("PATCH", f"{PATH}/{id}", people["ada"], json={"active": False, "events": ["system_error"]}).json()
    assert (off["active"], off["events"], off["name"]) == (False, ["system_error"], "desk")
    turned = ask("POST", f"{PATH}/{id}/rotate?overlap_days=3", people["ada"]).json()
    assert (turned["secrets"], turned["secret"] != secret) == (2, True)
    page = ask("GET", f"{PATH}/{id}/deliveries?limit=1", people["ada"]).json()
    rest = ask("GET", f"{PATH}/{id}/deliveries?limit=1&cursor={page['next']}", people["ada"]).json()
    assert page["deliveries"][0]["id"] != rest["deliveries"][0]["id"]
    assert rest["next"] is None
    new = ask("GET", f"/api/v2/webhooks/{id}/deliveries?limit=1&cursor={page['next']}", people["ada"]).json()
    assert new == {"items": rest["deliveries"], "next": None}
    assert {one["name"] for one in ask("GET", f"{PATH}/events", people["ada"]).json()} >= {"model_trained"}
    assert ask("DELETE", f"{PATH}/{id}", people["ada"]).status_code == 204
    assert ask("GET", f"{PATH}/{id}", people["ada"]).status_code == 404


def test_webhooks_of_somebody_else_are_as_good_as_none(ask, people, receiver: Receiver):
    id = ask("POST", PATH, people["ada"], json={"url": receiver.url, "events": ["system_error"]}).json()["id"]
    for method, path in (
        ("GET", f"/{id}"), ("PATCH", f"/{id}"), ("DELETE", f"/{id}"), ("POST", f"/{id}/test"),
        ("POST", f"/{id}/rotate"),
        ("GET", f"/{id}/deliveries"), ("POST", f"/{id}/deliveries/msg_x.{id}/redeliver"), ("POST", "/test"),
        ("GET", "/wh_nothing"), ("GET", "/%1b%5b31m"), ("GET", "/..%2f..%2fetc"),
    ):  # fmt: skip
        body = {"webhook_id": id} if path == "/test" else {"name": "mine"} if method == "PATCH" else None
        answer = ask(method, f"{PATH}{path}", people["eve"], json=body)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path
    assert receiver.got == []
    assert ask("POST", PATH, people["bob"], json={"url": receiver.url, "events": ["system_error"]}).status_code == 403


@pytest.mark.parametrize(
    "url",
    [
        "https://169.254.169.254/latest/meta-data/", "https://[::ffff:10.0.0.1]/", "https://user:hunter2@example.org/",
        "https://example.org/\r\nX-Injected: 1", "gopher://127.0.0.1/", "https://10.0.0.1:22/", "http://[fd00::1]/",
        "https://example.org/\x1b[31mred", "javascript:alert(1)",
    ],
)  # fmt: skip
def test_addresses_that_lead_inside_or_write_into_logs_are_refused(ask, people, url):
    answer = ask("POST", PATH, people["ada"], json={"url": url, "events": ["system_error"]})
    assert answer.status_code == 422
    assert "hunter2" not in answer.text
    assert "\x1b" not in answer.json()["detail"]
    assert answer.headers["content-type"] == "application/problem+json"


def test_what_fails_inside_is_told_to_administrators(service: Live, ask, people, receiver: Receiver):
    app = service.app

    @app.get("/breaks")
    async def _breaks() -> None:
        raise RuntimeError("a secret of the house")

    made = ask("POST", PATH, json={"url": receiver.url, "events": ["system_error"]}).json()
    eve = ask("POST", PATH, people["eve"], json={"url": receiver.url, "events": ["system_error"]}).json()
    for _ in range(3):
        assert ask("GET", "/breaks").status_code == 500
    waited = threading.Event()
    while not receiver.got:
        waited.wait(0.05)
    while not ask("GET", f"{PATH}/{eve['id']}/deliveries?state=dead", people["eve"]).json()["deliveries"]:
        waited.wait(0.05)
    assert {json.loads(body)["data"]["where"] for _, _, body in receiver.got} == {"/breaks"}
    assert "secret of the house" not in str(receiver.got)
    assert ask("GET", f"{PATH}/{made['id']}", people["eve"]).status_code == 404
