"""Who wants to come in is counted by address, whoever they say they are; nothing tells whether an account exists."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from itertools import count

import httpx
import pytest
import uvicorn

from ara.accounts.network import network_of
from ara.api import create
from ara.api.serving import configuration
from ara.settings import Secret, Settings
from tests.api.conftest import Served

MOST = 3
DOORS = ("/api/v1/auth/login", "/api/v2/auth/login", "/api/v1/auth/refresh", "/api/v2/auth/refresh", "/oauth/token")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service behind a proxy at 127.0.0.1, served as `ara serve` does it."""
    home = tmp_path_factory.mktemp("come_in")
    asked = {"home": str(home), "store.url": f"sqlite:///{home / 'ara.db'}", "data.providers": "sample"}
    few = {"accounts.entries_per_minute": str(MOST), "api.proxies": "127.0.0.1/32,10.9.0.0/16"}
    settings = Settings.load({**asked, **few})
    told: list[Secret] = []
    ready = threading.Event()
    app = create(settings, first=told.append, ready=ready.set)
    server = uvicorn.Server(configuration(lambda: app, settings))
    with socket.create_server(("127.0.0.1", 0)) as ear:
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([ear])), daemon=True)
        thread.start()
        assert ready.wait(120)
        yield Served(f"http://127.0.0.1:{ear.getsockname()[1]}", told[0].reveal(), settings)
        server.should_exit = True
        thread.join(60)


def sent(client: httpx.Client, door: str, address: str, **more: str) -> httpx.Response:
    headers = {"X-Forwarded-For": address}
    if door.startswith("/oauth/"):
        form = {"grant_type": "client_credentials", "client_id": "nobody", "client_secret": "wrong"}
        return client.post(door, data=form, headers=headers)
    body = {"email": "ada@x.org", "password": "wrong horse", **more} if "login" in door else {"refresh_token": "r_x"}
    return client.post(door, json=body, headers=headers)


def until_refused(ask: Callable[[], httpx.Response]) -> list[httpx.Response]:
    """Ask until it is too much; the bucket fills on as it is emptied, the more the slower the machine is."""
    answers = [ask()]
    while answers[-1].status_code != 429:
        assert len(answers) < 60, "nobody counts"
        answers.append(ask())
    return answers


@pytest.mark.parametrize(("number", "door"), list(enumerate(DOORS)))
def test_each_door_is_counted_by_address(service: Served, number: int, door: str):
    names = count()
    with service.client(None) as client:
        answers = until_refused(lambda: sent(client, door, f"192.0.2.{number}", email=f"u{next(names)}@x.org"))
        elsewhere = sent(client, door, f"198.51.100.{number}")
    assert len(answers) > MOST
    assert {one.status_code for one in answers[:-1]} == {401}
    assert int(answers[0].headers["RateLimit-Remaining"]) == MOST - 1
    refused = answers[-1]
    assert refused.json()["code"] == "quota"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60 // MOST
    assert refused.headers["RateLimit-Remaining"] == "0"
    assert elsewhere.status_code == 401


def test_all_doors_are_one_and_what_a_stranger_claims_of_addresses_counts_nothing(service: Served):
    numbers = count()
    proxied = {"X-Forwarded-For": "1.1.1.1, 192.0.2.77, 10.9.0.1"}  # the last one is a proxy too
    with service.client(None) as client:
        claims = (f"203.0.113.{next(numbers) % 250}, 192.0.2.77" for _ in count())
        first = until_refused(lambda: sent(client, DOORS[2 + next(numbers) % 3], next(claims)))
        page = until_refused(lambda: client.get("/oauth/authorize", headers=proxied))[-1]
        until_refused(lambda: client.post("/oauth/authorize", data={"answer": "allow"}, headers=proxied))
        free = sent(client, DOORS[0], "203.0.113.1")
    assert len(first) > MOST
    assert page.headers["content-type"].startswith("text/html")
    assert int(page.headers["Retry-After"]) >= 1
    assert free.status_code == 401


def test_the_half_of_an_address_that_its_owner_chooses_makes_no_other_place(service: Served):
    numbers = count(1)
    with service.client(None) as client:
        until_refused(lambda: sent(client, DOORS[2], f"2001:db8:5:6::{next(numbers):x}"))
        neighbour = sent(client, DOORS[2], "2001:db8:5:7::1").status_code
    assert neighbour == 401
    assert network_of("::ffff:192.0.2.1") == network_of("192.0.2.1") == "192.0.2.1"
    assert network_of("") == ""
    assert len(network_of("x" * 500)) <= 64


def test_nothing_tells_whether_an_account_exists(service: Served):
    with service.client() as admin:
        body = {"email": "there@x.org", "password": "correct horse battery"}
        assert admin.post("/api/v2/auth/admin/users", json=body).status_code == 201
        twice = admin.post("/api/v1/auth/admin/users", json={**body, "email": "There@X.org"})
    with service.client(None) as client:
        known, unknown = (
            [sent(client, DOORS[1], place, email=email) for _ in range(3)]
            for place, email in (("192.0.2.91", "there@x.org"), ("192.0.2.92", "nobody@x.org"))
        )
    for one, other in zip(known, unknown, strict=True):
        assert one.status_code == other.status_code == 401
        said, told = ({**each.json(), "request_id": ""} for each in (one, other))
        assert said == told
        assert set(one.headers) == set(other.headers)
    problem = twice.json()
    assert (twice.status_code, problem["code"], problem["title"]) == (409, "taken", "TakenError")
    assert "has an account already" in problem["detail"]
    assert problem["error"] == "taken"
