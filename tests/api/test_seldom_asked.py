"""What is seldom asked: to be logged out, forms that lack something, requests that say a thing twice or not at all."""

import asyncio
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import httpx
import pytest

from ara.accounts import App
from ara.api import create
from ara.api.lasting import lasting
from ara.api.seen import Seen
from ara.desk import Desk
from ara.settings import Settings
from tests.api.conftest import Served

AS_OF = "2013-06-28"
PROGRAM = {"name": "Desk", "redirects": ["https://desk.example/back"], "scopes": ["market:read"]}


def test_who_logs_out_is_out_everywhere_but_for_keys(service: Served):
    ada = {"email": "ada@example.org", "password": "a quiet staple of horses"}
    made = {**ada, "role": "trader", "tier": "enterprise"}
    with service.client() as admin:
        assert admin.post("/api/v2/auth/admin/users", json=made).status_code == 201
    with service.client(None) as client:
        pair = client.post("/api/v2/auth/login", json=ada).json()
        sent = {"Authorization": f"Bearer {pair['access_token']}"}
        key = client.post("/api/v2/auth/api-keys", json={"name": "stays"}, headers=sent).json()
        assert client.post("/api/v1/auth/logout", headers=sent).status_code == 204
        assert client.get("/api/v2/auth/me", headers=sent).status_code == 401
        again = client.post("/api/v2/auth/refresh", json={"refresh_token": pair["refresh_token"]})
        assert again.status_code == 401
        by_key = {"Authorization": f"Bearer {key['key']}"}
        assert client.get("/api/v2/auth/me", headers=by_key).status_code == 200


def test_a_form_that_lacks_something_is_told_what(service: Served):
    with service.client() as client:
        app = client.post("/api/v2/auth/apps", json=PROGRAM).json()
        told = httpx.post(
            f"{service.url}/oauth/introspect", data={}, auth=(app["client_id"], app["client_secret"]), timeout=60,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )  # fmt: skip
    assert (told.status_code, told.json()["error"]) == (400, "invalid_request")
    assert "token" in told.json()["error_description"]


def test_a_training_is_of_one_symbol_or_of_several(service: Served):
    with service.client() as client:
        for asked in ({}, {"symbol": "AAPL", "symbols": ["MSFT"]}):
            told = client.post("/api/v1/models/train", json=asked)
            assert told.status_code == 422
            assert "send symbol, or symbols" in told.json()["detail"]


def test_one_of_another_class_than_was_asked_for_is_refused_among_the_others(service: Served):
    asked = {"symbols": ["AAPL", "BTC-USD"], "days": 1, "as_of": AS_OF, "model": "ewma_t", "asset_class": "stock"}
    with service.client() as client:
        told = client.post("/api/v2/forecasts/batch", json={**asked, "as_of": "2019-06-28"}).json()
        refused = client.delete("/api/v2/forecasts/batch")
    assert [one["symbol"] for one in told["items"]] == ["AAPL"]
    assert "crypto" in str(told["failures"])
    assert refused.status_code == 405


def test_kept_forecasts_that_were_shown_long_ago_are_looked_up_again(service: Served, monkeypatch):
    monkeypatch.setattr("ara.api.forecasting._SHOWN", 1)
    with service.client() as client:
        asked = [{"symbol": one, "days": 1, "as_of": AS_OF, "model": "ewma_t"} for one in ("AAPL", "MSFT")]
        ids = [client.post("/api/v1/predict", json=one).json()["prediction_id"] for one in asked]
        for id in (*ids, *ids):
            assert client.get(f"/api/v1/predictions/{id}").json()["prediction_id"] == id


def test_what_says_nothing_of_packing_or_says_it_twice_is_answered_alike(service: Served):
    with service.client() as client:
        id = client.post(
            "/api/v1/predict", json={"symbol": "SPY", "days": 1, "as_of": AS_OF, "model": "ewma_t"}
        ).json()["prediction_id"]
    told = list[tuple[int, str | None, bytes]]()
    for packed in ((), (), ("identity", "identity")):
        with closing(HTTPConnection("127.0.0.1", int(service.url.rpartition(":")[2]), timeout=60)) as line:
            line.putrequest("GET", f"/api/v2/forecasts/{id}", skip_accept_encoding=True)
            line.putheader("Authorization", f"Bearer {service.key}")
            for one in packed:
                line.putheader("Accept-Encoding", one)
            line.endheaders()
            answer = line.getresponse()
            told.append((answer.status, answer.getheader("Vary"), answer.read()))
    assert {(status, vary) for status, vary, _ in told} == {(200, "Accept-Encoding")}
    assert len({body for _, _, body in told}) == 1


def test_headers_without_end_are_refused(service: Served):
    with service.client(None) as client:
        told = client.get("/api/v2/auth/me", headers={f"x-{number}": "a" * 900 for number in range(20)})
    assert (told.status_code, "headers" in told.json()["detail"]) == (431, True)


async def test_what_is_lent_to_a_program_that_is_gone_is_not_shown(service: Served):
    with service.client() as client:
        app = client.post("/api/v2/auth/apps", json=PROGRAM).json()
        user = client.get("/api/v2/auth/me").json()["id"]
        async with Desk.open(service.settings) as desk:
            from ara.accounts import Accounts

            await Accounts(desk).consents.give(user, app["client_id"], ("market:read",))
            shown = client.get("/api/v2/auth/consents").json()["items"]
            await desk.store.remove(App, app["client_id"])
        assert app["client_id"] in [one["client_id"] for one in shown]
        left = client.get("/api/v2/auth/consents").json()["items"]
    assert app["client_id"] not in [one["client_id"] for one in left]


def test_of_users_who_asked_the_latest_are_known(monkeypatch):
    monkeypatch.setattr("ara.api.seen._MOST", 2)
    seen = Seen()
    for at, user in enumerate(("a", "b", "a", "c")):
        seen.note(user, float(at))
    assert list(seen._last) == ["a", "c"]


async def test_work_that_ends_too_soon_is_told_at_once(caplog):
    async def work():
        raise RuntimeError("it broke")

    with pytest.raises(RuntimeError):
        await lasting(work(), "nobody sends webhooks any more")
    assert "nobody sends webhooks any more" in caplog.text


async def test_only_the_first_start_makes_an_administrator_and_nobody_need_hear_of_it(tmp_path: Path):
    settings = Settings.load(
        {"home": str(tmp_path), "store.url": f"sqlite:///{tmp_path / 'ara.db'}", "jobs.inside": "0"}
    )
    told = list[object]()
    for first in (None, told.append):
        app = create(settings, first=first)
        async with app.router.lifespan_context(app):
            await asyncio.sleep(0)  # what lasts as long as the service begins
    assert told == []
