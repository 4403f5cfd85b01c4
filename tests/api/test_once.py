import asyncio
from datetime import timedelta
from types import SimpleNamespace

import httpx
import pytest
from pydantic import BaseModel

from ara.accounts.sent import Sent, forget_sent
from ara.api.once import once
from ara.desk import Desk
from tests.api.conftest import Served

ASKED = {"symbol": "AAPL", "days": 2, "as_of": "2013-06-28", "model": "ewma_t"}
PATH = "/api/v1/predict"


def kept(service: Served) -> int:
    """How many forecasts the ledger holds."""
    with service.client() as client:
        return len(client.get("/api/v1/ledger", params={"limit": 200}).json()["forecasts"])


def test_the_same_request_with_the_same_key_is_done_once(service: Served):
    asked, before = {**ASKED, "as_of": "2013-04-30"}, kept(service)
    with service.client(**{"Idempotency-Key": "order-0001"}) as client:
        first, again = (client.post(PATH, json=asked) for _ in range(2))
        count = kept(service) - before
        other = client.post(PATH, json={**asked, "days": 3})
        batch = client.post(f"{PATH}/batch", json={"symbols": ["AAPL"], "days": 1, "model": "ewma_t"})
    assert first.status_code == again.status_code == batch.status_code == 200
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == first.json()
    assert count == 1
    assert other.status_code == 422
    assert "another request" in other.json()["detail"]


def test_a_key_is_of_one_user_and_what_failed_may_be_sent_again(service: Served):
    wrong = {**ASKED, "symbol": "NOSUCH"}
    with service.client(**{"Idempotency-Key": "order-0002"}) as client:
        assert [client.post(PATH, json=wrong).status_code for _ in range(2)] == [404, 404]
        assert client.post(PATH, json=ASKED).status_code == 200
        assert client.post(PATH, json=ASKED, headers={"Idempotency-Key": "short"}).status_code == 422


@pytest.mark.parametrize("second", ["order-0004", "order-0005"])
def test_a_key_that_stands_twice_is_none(service: Served, second):
    keys = [("Idempotency-Key", "order-0004"), ("idempotency-key", second)]
    with service.client() as client:
        told = client.post(PATH, json=ASKED, headers=[*client.headers.items(), *keys])
    assert told.status_code == 422
    assert told.json()["detail"] == "header.Idempotency-Key: It stands twice."


async def test_of_those_who_send_it_at_once_one_is_done(service: Served):
    headers = {"Authorization": f"Bearer {service.key}", "Idempotency-Key": "order-0003"}
    before = await asyncio.to_thread(kept, service)
    async with httpx.AsyncClient(base_url=service.url, headers=headers, timeout=60) as client:
        asked = {**ASKED, "as_of": "2013-05-31"}
        answers = await asyncio.gather(*(client.post(PATH, json=asked) for _ in range(4)))
    assert {one.status_code for one in answers} <= {200, 409}
    assert sum(one.status_code == 200 and "idempotency-replayed" not in one.headers for one in answers) == 1
    assert await asyncio.to_thread(kept, service) == before + 1


async def test_keys_are_forgotten_after_a_day(service: Served):
    async with Desk.open(service.settings) as desk:
        await desk.store.add(Sent(id="0" * 64, asked="a", at=desk.clock.now()))
        assert await forget_sent(desk.store, desk.clock.now()) == 0
        assert await forget_sent(desk.store, desk.clock.now() + timedelta(days=1, seconds=1)) >= 1
        assert await desk.store.get(Sent, "0" * 64) is None


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_pages_of_other_sites_are_told_nothing_of_who_may_ask(service: Served, origin):
    with service.client(None) as client:
        asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        told = client.options(PATH, headers=asked)
        assert "access-control-allow-origin" not in told.headers
        assert "access-control-allow-origin" not in client.get("/health", headers={"Origin": origin}).headers


class Wish(BaseModel):
    number: int


async def test_who_leaves_at_any_moment_leaves_no_key_behind(service: Served):
    begun, left = 0, []

    async def make() -> Wish:
        nonlocal begun
        begun += 1
        await asyncio.Event().wait()
        raise AssertionError

    async with Desk.open(service.settings) as desk:
        parts = (SimpleNamespace(desk=desk), SimpleNamespace(user=SimpleNamespace(id="who leaves")))
        for turns in (*range(12), None):
            asking = asyncio.create_task(once(*parts, "order-0006", Wish(number=1), make))
            before = begun
            while turns is None and begun == before:  # noqa: ASYNC110 - what is awaited is that it gets so far
                await asyncio.sleep(0.001)
            for _ in range(turns or 0):
                await asyncio.sleep(0)
            asking.cancel()
            assert isinstance((await asyncio.gather(asking, return_exceptions=True))[0], BaseException)
            async with asyncio.timeout(60):
                while left := [one.id async for one in desk.store.find(Sent) if not one.answer]:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
    assert (begun > 0, left) == (True, [])
