import pytest

from ara.cli.app import main
from tests.api.conftest import Served

ASKED = {"symbol": "AAPL", "days": 1, "model": "ewma_t", "include_explanations": False}


@pytest.fixture(scope="module")
def people(service: Served, tmp_path_factory):
    """Users made on the command line of the same installation: a key each."""
    import json
    from contextlib import redirect_stdout
    from io import StringIO

    flags = ["--set", f"home={service.settings.home}", "--set", f"store.url={service.settings.store.url}"]
    keys = {}
    for name, role, tier in (
        ("ada", "trader", "pro"),
        ("bob", "viewer", "pro"),
        ("eve", "trader", "free"),
        ("kim", "trader", "pro"),
    ):
        assert main(["users", "add", f"{name}@x.org", "--role", role, "--tier", tier, "-q", *flags]) == 0
        said = StringIO()
        with redirect_stdout(said):
            main(["keys", "make", f"{name}@x.org", "--json", *flags])
        keys[name] = json.loads(said.getvalue())["key"]
    return keys


def test_who_proves_nothing_gets_nothing(service: Served):
    for key in (None, "ara_wrong", "x" * 5000, "eyJ.eyJ.eyJ"):
        with service.client(key) as client:
            for method, path in (
                ("POST", "/api/v1/predict"),
                ("GET", "/api/v1/auth/me"),
                ("GET", "/api/v1/auth/api-keys"),
            ):
                answer = client.request(method, path, json=ASKED if method == "POST" else None)
                assert answer.status_code == 401
                assert answer.headers["www-authenticate"].startswith("Bearer")
                assert answer.json()["code"] == "unauthenticated"


def test_a_role_opens_its_paths_and_no_other(service: Served, people):
    with service.client(people["bob"]) as client:
        assert client.get("/api/v1/auth/me").json()["role"] == "viewer"
        answer = client.post("/api/v1/predict", json=ASKED)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert "predictions:write" in answer.json()["detail"]


def test_a_log_in_gives_tokens_that_work_until_the_log_out(service: Served, people):
    with service.client() as admin:
        made = admin.post("/api/v1/auth/api-keys", json={"name": "few", "scopes": ["market:read"], "days": 3})
        assert made.status_code == 201
        assert made.json()["scopes"] == ["market:read"]
    with service.client(made.json()["key"]) as few:
        assert few.get("/api/v1/auth/me").json()["permissions"] == ["market:read"]
        assert few.post("/api/v1/auth/api-keys", json={"name": "more"}).status_code == 403
    with service.client(None) as nobody:
        wrong = nobody.post("/api/v1/auth/login", json={"email": "ada@x.org", "password": "wrong horse battery"})
        assert wrong.status_code == 401
        assert "wrong horse" not in wrong.text


def test_keys_of_somebody_else_are_as_good_as_none(service: Served, people):
    with service.client(people["ada"]) as ada, service.client(people["bob"]) as bob:
        (mine,) = [one["id"] for one in ada.get("/api/v1/auth/api-keys").json()]
        for method, path in (("POST", f"{mine}/rotate"), ("POST", f"{mine}/revoke"), ("DELETE", mine)):
            answer = bob.request(method, f"/api/v1/auth/api-keys/{path}")
            assert answer.status_code == 404
            assert "There is no key" in answer.json()["detail"]
        second = ada.post("/api/v1/auth/api-keys", json={"name": "second"}).json()
        assert ada.delete(f"/api/v1/auth/api-keys/{second['id']}").json()["revoked_at"]
    with service.client(second["key"]) as gone:
        assert gone.get("/api/v1/auth/me").status_code == 401


def test_limits_are_told_and_kept(service: Served, people):
    with service.client(people["eve"]) as eve:
        told = [eve.get("/api/v1/auth/me") for _ in range(4)]
    assert [one.status_code for one in told[:3]] == [200] * 3
    assert [one.headers["ratelimit-remaining"] for one in told[:3]] == ["2", "1", "0"]
    assert told[3].status_code == 429
    assert int(told[3].headers["retry-after"]) >= 1
    assert told[3].json()["code"] == "quota"


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/api/v2/forecasts/abcdef", None, 404),
        ("GET", "/api/v2/instruments/AAPL/bars?nope=1", None, 422),
        ("POST", "/api/v1/predict", {"days": 1}, 422),
        ("GET", "/api/v2/auth/admin/users", None, 403),
        ("POST", "/api/v2/webhooks", {"url": "https://127.0.0.1/", "events": ["prediction_complete"]}, 422),
    ],
)
def test_an_error_says_too_what_is_left(service: Served, people, method, path, body, status):
    with service.client(people["ada"]) as ada:
        told = ada.request(method, path, json=body) if body else ada.request(method, path)
    assert told.status_code == status
    assert 0 <= int(told.headers["ratelimit-remaining"]) < int(told.headers["ratelimit-limit"])


def test_a_day_has_as_many_forecasts_as_the_tier_allows(service: Served, people):
    asked = {"symbols": ["AAPL", "MSFT", "BTC-USD"], "days": 1, "model": "ewma_t"}
    with service.client(people["ada"]) as ada:
        answer = ada.post("/api/v1/predict/batch", json=asked)
        fewer = ada.post("/api/v1/predict/batch", json={**asked, "symbols": ["AAPL", "MSFT"]})
    assert answer.status_code == 429
    assert "2 forecasts a day" in answer.json()["detail"]
    assert answer.headers["ratelimit"].startswith('"forecasts";r=2;t=')
    assert int(answer.headers["retry-after"]) > 0
    assert (fewer.status_code, fewer.headers["ratelimit-policy"]) == (200, '"forecasts";q=2;w=86400')
    assert fewer.headers["ratelimit"].startswith('"forecasts";r=0;t=')


def test_what_failed_is_not_counted_and_the_day_is_told(service: Served, people):
    with service.client(people["kim"]) as kim:
        before = kim.get("/api/v1/auth/usage").json()
        missed = kim.post("/api/v1/predict", json={"symbol": "NOPE", "model": "ewma_t"})
        some = kim.post("/api/v1/predict/batch", json={"symbols": ["AAPL", "NOPE"], "days": 1, "model": "ewma_t"})
        after = kim.get("/api/v2/auth/usage").json()
    assert (missed.status_code, missed.headers["ratelimit"].split(";")[1]) == (404, "r=2")
    assert (some.status_code, some.headers["ratelimit"].split(";")[1]) == (200, "r=1")
    assert (before["tier"], before["days"]["forecasts"]["used"], before["days"]["jobs"]["most"]) == ("pro", 0, 500)
    assert (after["days"]["forecasts"]["used"], after["days"]["forecasts"]["left"]) == (1, 1)


def test_an_address_that_sends_wrong_keys_has_to_wait(service: Served):
    with service.client("ara_wrong") as client:
        told = next((number for number in range(5000) if client.get("/api/v1/auth/me").status_code == 429), None)
    assert told is not None
    with service.client() as admin:
        assert admin.get("/api/v1/auth/me").status_code == 200
