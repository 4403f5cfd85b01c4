"""A walk through a list goes on where it was, though the last thing that was shown has been deleted meanwhile."""

from collections.abc import Iterator

import pytest

from ara.api.cursors import cursor_of, place_of
from ara.clock import SystemClock
from ara.desk import Desk
from ara.errors import ValidationError
from ara.jobs import Queue
from ara.settings import Settings
from tests.api.conftest import Served, serve

V2 = "/api/v2"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("deleted")
    asked = {"home": str(home), "store.url": f"sqlite:///{home / 'ara.db'}", "data.providers": "sample"}
    yield from serve(Settings.load({**asked, "webhooks.networks": "127.0.0.0/8", "jobs.inside": "0"}))


@pytest.mark.parametrize(
    ("path", "id", "made"),
    [
        ("auth/apps", "client_id", {"redirects": ["https://desk.example/back"], "scopes": ["market:read"]}),
        ("auth/admin/users", "id", {"role": "viewer"}),
        ("webhooks", "id", {"events": ["model_trained"]}),
    ],
)
def test_what_follows_a_thing_that_was_deleted_is_told(
    service: Served, path: str, id: str, made: dict[str, object]
) -> None:
    with service.client() as client:
        for number in range(4):
            name = {
                "auth/apps": {"name": f"app {number}"},
                "auth/admin/users": {"email": f"gone{number}@example.org"},
                "webhooks": {"url": f"{service.url}/health?{number}"},
            }[path]
            assert client.post(f"{V2}/{path}", json={**made, **name}).status_code == 201
        whole = [one[id] for one in client.get(f"{V2}/{path}").json()["items"]]
        # The administrator can't be deleted; wherever it stands, somebody else ends the page.
        own = client.get(f"{V2}/auth/me").json()["id"]
        most = 2 if whole[1] != own else 3
        page = client.get(f"{V2}/{path}", params={"limit": most}).json()
        last = page["items"][-1][id]
        assert client.delete(f"{V2}/{path}/{last}").is_success
        rest = client.get(f"{V2}/{path}", params={"cursor": page["next"]})
    assert rest.status_code == 200, rest.text
    assert [one[id] for one in rest.json()["items"]] == whole[most:]


async def test_jobs_behind_one_that_was_cleaned_up_are_told(service: Served) -> None:
    with service.client() as client:
        for _ in range(3):
            assert client.post(f"{V2}/backtests", json={"symbols": ["AAPL"]}).status_code == 202
        page = client.get(f"{V2}/jobs", params={"limit": 1}).json()
        newest = page["next"]
        assert str(page["items"][0]["job"]) == newest
        assert client.post(f"{V2}/jobs/{newest}/cancel").is_success
        async with Desk.open(service.settings) as desk:
            assert await Queue(desk).clear() == 1
        rest = client.get(f"{V2}/jobs", params={"cursor": newest}).json()
        beyond = client.get(f"{V2}/jobs", params={"cursor": str(int(newest) + 1)})
    assert [one["job"] for one in rest["items"]] == [int(newest) - 1, int(newest) - 2]
    assert beyond.status_code == 422


def test_a_cursor_tells_moment_and_id_and_nothing_else_is_one() -> None:
    now = SystemClock().now()
    assert place_of(cursor_of(now, "msg_a.wh_b")) == (now, "msg_a.wh_b")
    for odd in ("", "1", ".a", "1.", "01.a", "-1.a", "1.a/b", "1.a\n", "9" * 18 + ".a", "9" * 19 + ".a", "١.a"):
        with pytest.raises(ValidationError, match="cursor"):
            place_of(odd)
