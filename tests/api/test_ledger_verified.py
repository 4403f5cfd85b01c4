"""Whether the ledger is as it was written, as both versions say it."""

import sqlite3


def test_a_ledger_that_somebody_changed_is_told_from_one_that_is_whole(service):
    with service.client() as client:
        asked = {"symbol": "AAPL", "days": 1, "model": "hist"}
        made = client.post("/api/v2/forecasts", json=asked).json()
        assert made["symbol"] == "AAPL"
        told = [client.get(path).json() for path in ("/api/v2/ledger", "/api/v1/ledger/verify")]
        assert [(one["ok"], one["entries"]) for one in told] == [(True, 1), (True, 1)]
        with sqlite3.connect(service.settings.store.url.removeprefix("sqlite:///")) as base:
            base.execute("UPDATE entries SET body = replace(body, 'AAPL', 'MSFT') WHERE stream = 'ledger'")
        base.close()
        for path in ("/api/v2/ledger", "/api/v1/ledger/verify"):
            answer = client.get(path)
            assert (answer.status_code, answer.json()["ok"]) == (200, False)
    with service.client(key=None) as stranger:
        assert stranger.get("/api/v2/ledger").status_code == 401
