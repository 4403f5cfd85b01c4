"""Another user's things are as good as none: every path that takes an id, found in the application itself.

A path with an id that stands in none of the tables below fails the first test, so a new one can't be forgotten.
"""

import asyncio
import re
from dataclasses import dataclass

import httpx
import pytest

from ara.accounts import Accounts, Asked
from ara.accounts.roles import Role
from ara.api import create
from ara.desk import Desk
from ara.settings import Settings
from tests.api.conftest import Served, serve

OWN = {"client_id", "delivery_id", "job_id", "key_id", "webhook_id"}
"""Ids of what belongs to one user."""
ALL = {"forecast_id", "model", "model_id", "prediction_id", "symbol", "name"}
"""What everybody has in common who may look at such things at all: forecasts of the ledger, models, instruments."""
PEOPLE = {"user_id"}
"""What administrators alone may ask about."""
NEEDED = {"PATCH": {"name": "mine now"}, "PUT": {}}
NAMED = {"/api/v1/webhooks/test": "webhook_id", "/api/v2/webhooks/test": "webhook_id"}
"""Paths that take such an id in what is sent."""


@pytest.fixture(scope="module")
def app():
    return create(Settings.load({}))


@dataclass
class Two:
    """Ada's things and key, and the key of Eve, who has the same role."""

    service: Served
    ada: str
    eve: str
    things: dict[str, str]


def paths(app) -> list[tuple[str, str]]:
    """Give each operation that takes an id, by method and path."""
    found = []
    for path, item in app.openapi()["paths"].items():
        found += [(method.upper(), path) for method in item if "{" in path]
    return [*found, *(("POST", path) for path in NAMED)]


def ids(path: str) -> set[str]:
    return {NAMED[path]} if path in NAMED else set(re.findall(r"\{(\w+)\}", path))


async def _made(settings: Settings) -> tuple[str, str, dict[str, str]]:
    async with Desk.open(settings) as desk:
        accounts, keys, users = Accounts(desk), [], []
        for name in ("ada", "eve"):
            users.append(await accounts.users.add(f"{name}@x.org", role=Role.ANALYST, tier="enterprise"))
            keys.append((await accounts.keys.make(users[-1], name="one"))[1].reveal())
        back = "https://desk.example/back"
        app, _ = await accounts.apps.add(users[0], name="Desk", scopes=["market:read"], redirects=[back])
        await accounts.oauth.allow(users[0], Asked(app=app, redirect=back, scopes=("market:read",), challenge="c" * 43))
        spare = (await accounts.keys.make(users[0], name="two"))[0].id
        return keys[0], keys[1], {"client_id": app.id, "key_id": spare}


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory):
    home = tmp_path_factory.mktemp("others")
    asked = {"home": str(home), "store.url": f"sqlite:///{home / 'ara.db'}", "data.providers": "sample"}
    settings = Settings.load({**asked, "jobs.inside": "0", "webhooks.networks": "127.0.0.0/8"})
    for service in serve(settings):
        ada, eve, things = asyncio.run(_made(settings))
        with service.client(ada) as client:
            job = client.post("/api/v2/backtests", json={"symbols": ["AAPL"]})
            hook = client.post("/api/v2/webhooks", json={"url": f"{service.url}/health", "events": ["model_trained"]})
            things |= {"job_id": str(job.json()["job"]), "webhook_id": hook.json()["id"]}
            things["delivery_id"] = client.post(f"/api/v2/webhooks/{hook.json()['id']}/test").json()["id"]
        yield Two(service, ada, eve, things)


def test_whose_each_id_is_is_known(app):
    for method, path in paths(app):
        for name in ids(path):
            kinds = [kind for kind in (OWN, ALL, PEOPLE) if name in kind]
            assert len(kinds) == 1, f"{method} {path}: say in this file whose {name} is"


def ask(client: httpx.Client, method: str, path: str, things: dict[str, str]) -> httpx.Response:
    place = re.sub(r"\{(\w+)\}", lambda one: things[one[1]], path)
    sent = {NAMED[path]: things[NAMED[path]]} if path in NAMED else NEEDED.get(method)
    return client.request(method, place, json=sent)


def test_eve_finds_nothing_of_adas_by_any_path_and_changes_nothing(app, two: Two):
    wanted = [(method, path) for method, path in paths(app) if ids(path) <= OWN]
    assert len(wanted) >= 30
    nothing = {name: "99999999" if name == "job_id" else "zz" * 8 for name in OWN}
    with two.service.client(two.eve) as eve:
        for method, path in wanted:
            told = ask(eve, method, path, two.things)
            unknown = ask(eve, method, path, nothing)
            assert told.status_code == unknown.status_code == 404, f"{method} {path}: {told.text}"
            for answer, known in (
                (told, two.things),
                (unknown, nothing),
            ):  # what is hers not looks as what is not there
                answer.said = answer.json()["detail"]
                for one in known.values():
                    answer.said = answer.said.replace(one, "ID")
            assert told.said == unknown.said, f"{method} {path}"
        for path in ("jobs", "webhooks", "auth/apps", "auth/consents"):
            assert eve.get(f"/api/v2/{path}").json()["items"] == [], path
        assert {one["name"] for one in eve.get("/api/v2/auth/api-keys").json()["items"]} == {"one"}


def test_ada_still_has_all_of_it(app, two: Two):
    with two.service.client(two.ada) as ada:
        for method, path in paths(app):
            if ids(path) <= OWN and method == "GET" and "train" not in path and not path.endswith("result"):
                assert ask(ada, method, path, two.things).status_code == 200, path
        assert ada.get("/api/v2/auth/consents").json()["items"][0]["client_id"] == two.things["client_id"]


def test_what_is_of_administrators_opens_to_no_other_role(app, two: Two):
    wanted = [(method, path) for method, path in paths(app) if ids(path) & PEOPLE]
    assert len(wanted) >= 10
    with two.service.client(two.eve) as eve:
        for method, path in wanted:
            assert ask(eve, method, path, {"user_id": "ada@x.org"}).status_code == 403, f"{method} {path}"
