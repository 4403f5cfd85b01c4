"""PostgreSQL and Redis go while the service runs: it says so by its codes, and goes on without a restart."""

import time
from collections.abc import Callable

import httpx

from ara.settings import Settings
from tests.api.conftest import serve


def eventually(there: Callable[[], bool]) -> None:
    """Wait until it is so."""
    last = time.monotonic() + 120
    while not there():
        assert time.monotonic() < last
        time.sleep(0.1)


def parts(client: httpx.Client) -> dict[str, str]:
    """Give how each part is said to be."""
    told = client.get("/health/detailed").json()
    return {name: one["status"] for name, one in told["parts"].items()}


def gauges(client: httpx.Client) -> dict[str, float]:
    """Give what the metrics say of the parts."""
    lines = (line.split() for line in client.get("/metrics").text.splitlines() if line.startswith("ara_"))
    return {name: float(value) for name, value in lines if name in {"ara_store_up", "ara_redis_up"}}


def test_what_is_away_is_said_and_comes_back_without_a_restart(own_postgres, own_redis, tmp_path):
    asked = {
        "home": str(tmp_path), "store.url": own_postgres.create_database("away"), "data.cache.redis": own_redis.url,
        "data.providers": "sample", "telemetry.prometheus": "true", "jobs.inside": "0", "api.trust_seconds": "60",
    }  # fmt: skip
    for served in serve(Settings.load(asked)):
        with served.client() as client:
            assert parts(client) == dict.fromkeys(("store", "limits", "jobs", "sockets"), "ok")
            assert gauges(client) == {"ara_store_up": 1, "ara_redis_up": 1}
            own_redis.stop()
            own_postgres.stop()
            away = parts(client)  # who asks is believed for a minute
            assert [name for name, status in away.items() if status == "unavailable"] == ["store", "limits", "jobs"]
            assert gauges(client) == {"ara_store_up": 0, "ara_redis_up": 0}
            assert client.get("/health/live").status_code == 200
            assert client.get("/health/ready").status_code == 503
            failed = client.get("/api/v2/jobs")
            assert (failed.status_code, failed.json()["code"]) == (503, "store")
            assert "Traceback" not in failed.text
            own_postgres.start()
            own_redis.start()
            eventually(lambda: client.get("/health/ready").status_code == 200)
            assert client.get("/api/v2/jobs").status_code == 200
            eventually(lambda: set(parts(client).values()) == {"ok"})
            assert gauges(client) == {"ara_store_up": 1, "ara_redis_up": 1}
