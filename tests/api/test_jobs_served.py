"""Jobs over HTTP: begun once for each key, seen by who began them, done inside of the service."""

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from ara.settings import Settings
from tests.api.conftest import Served, serve

ASKED = {"symbol": "AAPL", "strategy": "momentum", "start_date": "2017-01-03", "end_date": "2017-12-29", "cuts": 0}


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service that does jobs itself, one at a time."""
    home = tmp_path_factory.mktemp("busy")
    asked = {"home": str(home), "store.url": f"sqlite:///{home / 'ara.db'}", "data.providers": "sample"}
    yield from serve(Settings.load({**asked, "jobs.cpus": "1", "jobs.pro": "2", "accounts.pro.burst": "1000"}))


@pytest.fixture(scope="module")
def idle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service whose jobs wait for a worker elsewhere."""
    home = tmp_path_factory.mktemp("idle")
    asked = {"home": str(home), "store.url": f"sqlite:///{home / 'ara.db'}", "data.providers": "sample"}
    few = {"accounts.free.jobs_per_day": "2", "accounts.free.burst": "1000", "accounts.pro.burst": "1000"}
    yield from serve(Settings.load({**asked, **few, "jobs.inside": "0", "jobs.pro": "2"}))


def user(served: Served, name: str, role: str = "analyst") -> str:
    """Make a user and give a key of theirs."""
    import asyncio

    from ara.accounts import Accounts
    from ara.accounts.roles import Role
    from ara.desk import Desk

    async def made() -> str:
        async with Desk.open(served.settings) as desk:
            accounts = Accounts(desk)
            found = await accounts.users.add(f"{name}@x.org", role=Role(role), tier="pro")
            return (await accounts.keys.make(found, name="test"))[1].reveal()

    return asyncio.run(made())


def ended(client: httpx.Client, path: str) -> dict[str, object]:
    while (told := client.get(path).json())["status"] in {"waiting", "running"}:
        time.sleep(0.1)
    return dict(told)


def test_a_back_test_over_http_is_the_one_of_the_command_line(busy: Served, capsys):
    from ara.cli.app import main

    with busy.client() as client:
        begun = client.post("/api/v1/backtest", json={**ASKED, "initial_capital": 5000})
        assert begun.status_code == 202
        assert begun.json()["status"] == "waiting"
        path = begun.headers["location"]
        assert path == f"/api/v1/backtest/{begun.json()['job_id']}"
        told = ended(client, path)
        assert told["status"] == "done"
        result = client.get(f"/api/v1/jobs/{told['job_id']}/result").json()
        assert result == told["result"] | {"schema": 1}
        lines = client.get(f"/api/v1/jobs/{told['job_id']}/logs").json()["lines"]
        assert lines[0]["words"].startswith("taken by ")
        assert lines[-1]["words"] == "done"
        listed = client.get("/api/v1/jobs", params={"state": "done", "queue": "backtests"}).json()
        assert [one["job_id"] for one in listed["jobs"]] == [told["job_id"]]
        assert client.delete(f"/api/v1/jobs/{told['job_id']}").status_code == 409
    words = ["backtest", "AAPL", "--strategy", "momentum", "--start", "2017-01-03", "--end", "2017-12-29"]
    flags = ["--cuts", "0", "--cash", "5000", "--json", "--set", f"home={busy.settings.home}", "--set"]
    assert main([*words, *flags, f"store.url={busy.settings.store.url}", "--set", "data.providers=sample"]) == 0
    assert json.loads(capsys.readouterr().out) == result


def test_a_job_that_runs_is_cancelled_and_one_that_failed_says_why(busy: Served):
    with busy.client() as client:
        asked = {"symbol": "AAPL", "model_types": ["ridge"], "data_period": "max"}
        job = client.post("/api/v1/models/train", json=asked).json()["job_id"]
        while client.get(f"/api/v1/models/train/{job}").json()["status"] == "waiting":
            time.sleep(0.05)
        assert client.get(f"/api/v1/jobs/{job}/result").status_code == 409
        assert client.post(f"/api/v1/jobs/{job}/cancel").status_code in {200, 409}
        assert ended(client, f"/api/v1/jobs/{job}")["status"] in {"cancelled", "done"}
        failing = client.post("/api/v1/models/retrain", json={}).json()["job_id"]
        told = ended(client, f"/api/v1/jobs/{failing}")
        assert (told["status"], "no champion" in str(told["message"])) == ("failed", True)
        assert client.get(f"/api/v1/jobs/{failing}/result").status_code == 409


def test_the_same_key_is_the_same_job_and_another_request_by_it_is_refused(idle: Served):
    with idle.client(**{"Idempotency-Key": "the-same-key"}) as client:
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: client.post("/api/v1/backtest", json=ASKED), range(8)))
        assert {(one.status_code, one.json()["job_id"]) for one in answers} == {(202, answers[0].json()["job_id"])}
        other = client.post("/api/v1/backtest", json={**ASKED, "cuts": 1})
        assert (other.status_code, other.json()["code"]) == (422, "invalid")
        assert client.delete(f"/api/v1/jobs/{answers[0].json()['job_id']}").json()["status"] == "cancelled"


def test_another_users_jobs_are_not_there_and_an_administrator_sees_all(idle: Served):
    ada, bob = user(idle, "ada"), user(idle, "bob")
    with idle.client(ada) as client:
        job = client.post("/api/v1/backtest", json=ASKED).json()["job_id"]
    with idle.client(bob) as client:
        for method, path in (
            ("GET", f"/api/v1/jobs/{job}"), ("GET", f"/api/v1/jobs/{job}/logs"), ("GET", f"/api/v1/jobs/{job}/result"),
            ("GET", f"/api/v1/backtest/{job}"), ("POST", f"/api/v1/jobs/{job}/cancel"),
            ("DELETE", f"/api/v1/jobs/{job}"),
        ):  # fmt: skip
            answer = client.request(method, path)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), (method, path)
        assert client.get("/api/v1/jobs").json()["jobs"] == []
        assert client.get("/api/v1/jobs/schedule").status_code == 403
    with idle.client() as admin:
        assert job in [one["job_id"] for one in admin.get("/api/v1/jobs").json()["jobs"]]
        assert admin.get("/api/v1/jobs/schedule").json()["schedule"] == []
        assert admin.get(f"/api/v1/models/train/{job}").status_code == 404  # it is no training
        assert admin.delete(f"/api/v1/jobs/{job}").json()["status"] == "cancelled"


def test_a_user_has_no_more_jobs_than_the_tier_may_and_roles_are_kept_to(idle: Served):
    with idle.client(user(idle, "cyd")) as client:
        gate = threading.Barrier(6)

        def asked(number: int) -> int:
            gate.wait()
            return client.post("/api/v1/backtest", json={**ASKED, "cuts": number}).status_code

        with ThreadPoolExecutor(6) as pool:
            assert sorted(pool.map(asked, range(6))) == [202, 202, 429, 429, 429, 429]
        refused = client.post("/api/v1/backtest", json=ASKED)
        assert int(refused.headers["retry-after"]) > 0
    with idle.client(user(idle, "dan", "viewer")) as client:
        for path, body in (("backtest", ASKED), ("models/train", {"symbol": "AAPL"}), ("models/retrain", {})):
            assert client.post(f"/api/v1/{path}", json=body).status_code == 403
    with idle.client(None) as client:
        assert client.get("/api/v1/jobs").status_code == 401


def test_a_day_has_as_many_jobs_as_the_tier_allows(idle: Served):
    """What ended counts, what was asked for twice by one key counts once, what is refused does not count."""
    key = user(idle, "kay")
    with idle.client() as admin:
        assert admin.put("/api/v1/auth/admin/users/kay@x.org/tier", json={"tier": "free"}).status_code == 200
    with idle.client(key) as client:
        for _ in range(2):
            once = client.post("/api/v1/backtest", json=ASKED, headers={"Idempotency-Key": "the-first-one"})
        client.post(f"/api/v1/jobs/{once.json()['job_id']}/cancel")
        wrong = client.post("/api/v1/backtest", json={**ASKED, "symbol": "NOSUCH"})
        second = client.post("/api/v1/backtest", json={**ASKED, "cuts": 1})
        third = client.post("/api/v1/backtest", json={**ASKED, "cuts": 2})
        usage = client.get("/api/v1/auth/usage").json()["days"]["jobs"]
    assert [one.status_code for one in (once, wrong, second, third)] == [202, 404, 202, 429]
    assert "2 jobs a day; 0 are left" in third.json()["detail"]
    assert [one.headers["ratelimit"].split(";")[1] for one in (second, third)] == ["r=0", "r=0"]
    assert (usage["most"], usage["used"], usage["left"]) == (2, 2, 0)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("backtest", {}, 422),
        ("backtest", {"symbol": "AAPL", "symbols": ["AAPL"]}, 422),
        ("backtest", {**ASKED, "strategy": "nothing"}, 404),
        ("backtest", {**ASKED, "strategy": "os:system"}, 422),
        ("backtest", {**ASKED, "symbol": "NOSUCH"}, 404),
        ("backtest", {**ASKED, "parameters": {"windw": 3}}, 422),
        ("backtest", {**ASKED, "costs": {"commission": "free"}}, 422),
        ("backtest", {**ASKED, "costs": {"nothing": 1}}, 422),
        ("backtest", {**ASKED, "start_date": "2018-01-01"}, 422),
        ("backtest", {**ASKED, "end_date": "yesterday"}, 422),
        ("backtest", {**ASKED, "initial_capital": 0}, 422),
        ("backtest", {**ASKED, "grid": {"window": [20]}}, 422),
        ("backtest", {**ASKED, "walk_forward_window": 1}, 422),
        ("models/train", {"symbol": "AAPL", "model_types": ["nothing"]}, 404),
        ("models/train", {"symbol": "AAPL", "data_period": "soon"}, 422),
        ("models/train", {"symbol": "AAPL", "hold_out": 0.9}, 422),
        ("models/retrain", {"families": ["NO"]}, 422),
    ],
)
def test_what_could_only_fail_is_refused_before_it_stands_in_the_line(idle: Served, path, body, status):
    with idle.client() as client:
        answer = client.post(f"/api/v1/{path}", json=body)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"


def test_odd_ids_and_cursors_are_refused_in_words(idle: Served):
    with idle.client() as client:
        for job in ("0", "-1", "x", "9" * 30, "1%00", "٣"):
            assert client.get(f"/api/v1/jobs/{job}").status_code in {404, 422}
        assert client.get("/api/v1/jobs/999999").status_code == 404
        assert client.get("/api/v1/jobs", params={"cursor": "x"}).status_code == 422
        assert client.get("/api/v1/jobs", params={"limit": 0}).status_code == 422
        assert client.get("/api/v1/jobs", params={"state": "odd"}).status_code == 422
        with idle.client(user(idle, "eve")) as eve:
            for cuts in (1, 2):
                assert eve.post("/api/v1/backtest", json={**ASKED, "cuts": cuts}).status_code == 202
        first = client.get("/api/v1/jobs", params={"limit": 1}).json()
        rest = client.get("/api/v1/jobs", params={"limit": 200, "cursor": first["next"]}).json()
        assert first["jobs"][0]["job_id"] not in [one["job_id"] for one in rest["jobs"]]
        assert rest["next"] is None
