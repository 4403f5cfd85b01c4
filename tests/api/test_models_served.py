"""Models over HTTP: what was trained is listed, compared, put to answer and removed, and it is noted who did that."""

import pytest

from ara.cli.app import main
from tests.api.conftest import Served

AUDIT = "/api/v2/auth/admin/audit"


@pytest.fixture(scope="module")
def trained(service: Served) -> list[str]:
    """Two models of a family, the first and the second."""
    flags = ["--set", f"home={service.settings.home}", "--set", f"store.url={service.settings.store.url}"]
    for symbol in ("AAPL", "MSFT"):
        words = [
            "models",
            "train",
            symbol,
            "--model",
            "ewma_t",
            "--days",
            "2",
            "--json",
            "--set",
            "data.providers=sample",
        ]
        assert main([*words, *flags]) == 0
    with service.client() as client:
        found = client.get("/api/v1/models/status").json()["models"]
    return sorted(f"{one['family']}@{one['version']}" for one in found)


def test_models_are_listed_and_compared(service: Served, trained: list[str]):
    assert trained == ["ewma_t@1", "ewma_t@2"]
    with service.client() as client:
        old, new = client.get("/api/v1/models/status").json(), client.get("/api/v2/models").json()
        both = client.get("/api/v1/models/compare", params={"models": ",".join(trained), "metric": "accuracy"})
        same = client.get("/api/v2/models/compare", params={"models": ",".join(trained)})
        none = client.get("/api/v2/models/compare", params={"models": "ewma_t@9"})
    assert old == new
    assert both.status_code == same.status_code == 200, both.text
    assert both.json() == same.json()
    assert (none.status_code, none.json()["code"]) == (404, "not_found")


def test_a_model_is_put_beside_the_champion_made_champion_and_removed_and_the_log_says_who(
    service: Served, trained: list[str]
):
    first, second = trained
    with service.client() as client:
        me = client.get("/api/v2/auth/me").json()["id"]
        made = client.post("/api/v1/models/deploy", json={"model_id": first, "force": True})
        assert made.status_code == 200, made.text
        beside = client.post(f"/api/v2/models/{second}/deploy", json={"stage": "shadow"})
        assert beside.status_code == 200, beside.text
        stages = {
            f"{one['family']}@{one['version']}": one["stage"] for one in client.get("/api/v2/models").json()["models"]
        }
        assert stages == {first: "champion", second: "shadow"}
        kept = client.delete(f"/api/v1/models/{first}")
        assert (kept.status_code, kept.json()["code"]) == (409, "stage")
        turned = client.post(f"/api/v2/models/{second}/deploy", json={"force": True})
        assert turned.status_code == 200, turned.text
        gone = client.delete(f"/api/v2/models/{first}")
        assert gone.status_code == 200, gone.text
        assert client.delete(f"/api/v1/models/{first}").status_code == 404
        left = client.get("/api/v2/models").json()["models"]
        assert [(one["version"], one["stage"]) for one in left] == [(2, "champion")]
        acts = [one for one in client.get(AUDIT).json()["items"] if one["action"].startswith("model.")]
    assert [one["action"] for one in acts] == ["model.deploy", "model.shadow", "model.deploy", "model.delete"]
    assert {one["actor"] for one in acts} == {me}
    assert all(one["request"] for one in acts)
