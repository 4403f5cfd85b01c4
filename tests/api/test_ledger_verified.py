"""Whether the ledger is as it was written, as both versions say it."""

import asyncio
import sqlite3
from types import SimpleNamespace

import pytest

from ara.api import verifying
from ara.desk import Desk
from ara.prediction import Ledger
from ara.prediction.scoring import score
from ara.settings import Settings
from tests.api.conftest import serve


@pytest.fixture
def fresh(tmp_path):
    asked = {"home": str(tmp_path), "store.url": f"sqlite:///{tmp_path / 'ara.db'}", "data.providers": "sample"}
    yield from serve(Settings.load(asked))


def test_a_ledger_that_somebody_changed_is_told_from_one_that_is_whole(service):
    with service.client() as client:
        asked = {"symbol": "AAPL", "days": 1, "model": "hist"}
        made = client.post("/api/v2/forecasts", json=asked).json()
        assert made["symbol"] == "AAPL"
        told = [client.get(path).json() for path in ("/api/v2/ledger", "/api/v1/ledger/verify")]
        assert [(one["ok"], one["entries"], one["scores"]["scores"]) for one in told] == [(True, 1, 0)] * 2
        with sqlite3.connect(service.settings.store.url.removeprefix("sqlite:///")) as base:
            base.execute("UPDATE entries SET body = replace(body, 'AAPL', 'MSFT') WHERE stream = 'ledger'")
        base.close()
        for path in ("/api/v2/ledger", "/api/v1/ledger/verify"):
            answer = client.get(path)
            assert (answer.status_code, answer.json()["ok"]) == (200, False)
    with service.client(key=None) as stranger:
        assert stranger.get("/api/v2/ledger").status_code == 401


def test_forged_scores_and_anchors_that_are_not_held_are_told_over_http_too(fresh):
    asked = {"symbol": "AAPL", "days": 1, "model": "hist", "as_of": "2020-02-20T23:00:00Z"}
    with fresh.client() as client:
        client.post("/api/v2/forecasts", json=asked).raise_for_status()

        async def scored():
            async with Desk.open(fresh.settings) as desk:
                await score(desk)
                return (await Ledger(desk).anchor()).digest

        digest = asyncio.run(scored())
        for path in ("/api/v2/ledger", "/api/v1/ledger/verify"):
            told = client.get(path, params={"anchor": digest}).json()
            assert (told["ok"], told["scores"]["checked"], told["scores"]["baselines"]) == (True, 1, 1)
            assert [one["ok"] for one in told["anchors"]] == [True]
            missed = client.get(path, params={"anchor": "f" * 64}).json()
            assert (missed["ok"], missed["problem"]) == (False, "anchor")
            assert client.get(path, params={"anchor": "/etc/passwd"}).status_code == 422
        with sqlite3.connect(fresh.settings.store.url.removeprefix("sqlite:///")) as base:
            base.execute("UPDATE scores SET baseline_crps = 2 * baseline_crps")
        base.close()
        for path in ("/api/v2/ledger", "/api/v1/ledger/verify"):
            told = client.get(path).json()
            assert (told["ok"], told["problem"], told["scores"]["disagree"]) == (False, "scores", 1)


async def test_those_who_ask_at_once_wait_for_one_walk(monkeypatch):
    walks, held = [], asyncio.Event()

    async def walked(_, anchors):
        walks.append(anchors)
        await held.wait()
        return SimpleNamespace(as_dict=lambda: {"anchors": anchors})

    monkeypatch.setattr(verifying, "verified", walked)
    room = verifying.Walks()
    first, second, other = (asyncio.create_task(room.walk(None, one)) for one in (None, None, "c"))
    await asyncio.sleep(0)
    first.cancel()
    held.set()
    assert [one["anchors"] for one in await asyncio.gather(second, other)] == [(), ("c",)]
    assert walks == [(), ("c",)]
    assert (await room.walk(None, "c"), len(walks)) == ({"anchors": ("c",)}, 3)
