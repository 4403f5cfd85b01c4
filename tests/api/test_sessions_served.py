"""Sessions and keys over HTTP: tokens turn, what is stolen ends, and no key makes one that opens more."""

from tests.api.conftest import Served

PASSWORD = "correct horse battery"


def test_a_session_goes_on_by_refresh_tokens_until_one_comes_again(service: Served):
    with service.client() as admin:
        asked = {"email": "ada@example.org", "role": "trader", "tier": "pro", "password": PASSWORD}
        assert admin.post("/api/v2/auth/admin/users", json=asked).status_code == 201
    with service.client(None) as anyone:
        first = anyone.post("/api/v1/auth/login", json={"email": "ada@example.org", "password": PASSWORD}).json()
        second = anyone.post("/api/v1/auth/refresh", json={"refresh_token": first["refresh_token"]}).json()
        assert second["refresh_token"] != first["refresh_token"]
        with service.client(second["access_token"]) as ada:
            assert ada.get("/api/v2/auth/me").json()["email"] == "ada@example.org"
        again = anyone.post("/api/v2/auth/refresh", json={"refresh_token": first["refresh_token"]})
        assert (again.status_code, again.json()["code"]) == (401, "unauthenticated")
    for pair in (first, second):
        with service.client(pair["access_token"]) as ended:
            assert ended.get("/api/v2/auth/me").status_code == 401


def test_a_key_makes_none_that_opens_more_than_itself(service: Served):
    narrow = ["keys:write", "market:read"]
    with service.client() as admin:
        made = admin.post("/api/v2/auth/api-keys", json={"name": "narrow", "scopes": narrow}).json()
    with service.client(made["key"]) as key:
        child = key.post("/api/v2/auth/api-keys", json={"name": "child"})
        wider = key.post("/api/v2/auth/api-keys", json={"name": "wider", "scopes": ["market:read", "users:admin"]})
    assert (child.status_code, wider.status_code) == (201, 403)
    assert "users:admin" in wider.json()["detail"]
    with service.client(child.json()["key"]) as one:
        assert one.get("/api/v2/auth/me").json()["permissions"] == narrow
        assert one.get("/api/v2/jobs").status_code == 403


def test_a_key_is_rotated_with_and_without_an_overlap(service: Served):
    with service.client() as admin:
        old = admin.post("/api/v2/auth/api-keys", json={"name": "desk"}).json()
        new = admin.post(f"/api/v2/auth/api-keys/{old['id']}/rotate")
        last = admin.post(f"/api/v2/auth/api-keys/{new.json()['id']}/rotate", params={"overlap_days": 0})
        assert (new.status_code, last.status_code) == (201, 201)
        assert admin.post(f"/api/v2/auth/api-keys/{old['id']}/rotate", params={"overlap_days": 91}).status_code == 422
    opened = []
    for made in (old, new.json(), last.json()):
        with service.client(made["key"]) as key:
            opened.append(key.get("/api/v2/auth/me").status_code)
    assert opened == [200, 401, 200]
