from datetime import timedelta

from msgspec.structs import replace

from ara.accounts import Accounts, Key
from ara.accounts.trust import voided
from ara.desk import Desk
from ara.store import changed
from tests.api.conftest import Served

USERS = "/api/v1/auth/admin/users"
AUDIT = "/api/v2/auth/admin/audit"
NEW = {"email": "dan@example.org", "role": "trader", "tier": "pro", "password": "a long enough password"}


def test_an_administrator_makes_changes_shuts_and_erases_users(service: Served):
    with service.client() as client, service.client(None) as stranger:
        made = client.post(USERS, json=NEW)
        assert made.status_code == 201, made.text
        place = f"{USERS}/{made.json()['id']}"
        token = stranger.post("/api/v1/auth/login", json={"email": NEW["email"], "password": NEW["password"]}).json()
        bearer = {"Authorization": f"Bearer {token['access_token']}"}
        assert stranger.get("/api/v1/auth/me", headers=bearer).json()["role"] == "trader"
        assert stranger.get(USERS, headers=bearer).status_code == stranger.get(AUDIT, headers=bearer).status_code == 403
        assert client.put(f"{place}/role", json={"role": "viewer"}).json()["role"] == "viewer"
        assert client.put(f"{place}/tier", json={"tier": "free"}).json()["tier"] == "free"
        assert stranger.get("/api/v1/auth/me", headers=bearer).json()["tier"] == "free"
        assert client.post(f"{place}/disable").json()["disabled_at"]
        assert stranger.get("/api/v1/auth/me", headers=bearer).status_code == 401
        assert client.post(f"{place}/enable").json()["disabled_at"] is None
        assert made.json()["id"] in {one["id"] for one in client.get(USERS, params={"role": "viewer"}).json()}
        known = client.get(AUDIT, params={"person": made.json()["id"]}).json()["items"]
        assert known[0]["personal"] == {"email": NEW["email"]}
        assert client.delete(place).status_code == 200
        assert client.get(place).status_code == client.delete(place).status_code == 404
        left = client.get(AUDIT, params={"person": made.json()["id"]}).json()["items"]
        assert len(left) > len(known)
        assert all(one["personal"] is None for one in left)
        assert client.get(f"{AUDIT}/verify").json()["ok"] is True


def test_the_audit_log_comes_in_pages(service: Served):
    with service.client() as client:
        whole = client.get(AUDIT).json()
        first = client.get(AUDIT, params={"limit": 2}).json()
        rest = client.get(AUDIT, params={"cursor": first["next"]}).json()
    assert whole["next"] is rest["next"] is None
    assert first["items"] + rest["items"] == whole["items"]
    assert [one["sequence"] for one in whole["items"]] == list(range(1, len(whole["items"]) + 1))


def test_the_last_administrator_can_not_be_shut_out(service: Served):
    with service.client() as client:
        mine = client.get("/api/v1/auth/me").json()["id"]
        for answer in (
            client.put(f"{USERS}/{mine}/role", json={"role": "viewer"}), client.post(f"{USERS}/{mine}/disable"),
            client.delete(f"{USERS}/{mine}"),
        ):  # fmt: skip
            assert answer.status_code == 422
            assert "last administrator" in answer.json()["detail"]


async def test_a_key_that_is_old_is_said_to_be_due(service: Served):
    async with Desk.open(service.settings) as desk:
        user = await Accounts(desk).users.get("admin@localhost")
        key, secret = await Accounts(desk).keys.make(user, name="old")
        with service.client(secret.reveal()) as client:
            assert "x-key-rotate" not in client.get("/api/v1/auth/me").headers
            past = desk.clock.now() - timedelta(days=1)
            await changed(desk.store, Key, key.id, lambda old: replace(old, remind_at=past))
            await voided(desk)
            assert client.get("/api/v1/auth/me").headers["x-key-rotate"] == f"due since {past:%Y-%m-%d}"
