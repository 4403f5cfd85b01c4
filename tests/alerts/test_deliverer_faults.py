"""Who sends messages outlives a store that leaves, and others who send the same."""

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import pytest

from ara.alerts import Deliverer, Webhooks, publish
from ara.alerts.notifiers.webhook import WebhookNotifier
from ara.alerts.outgoing import State
from tests.alerts.conftest import Receiver
from tests.fickle import ALL, Fickle

NEAR = {"webhooks_networks": "127.0.0.0/8", "webhooks_seconds": "60"}


async def anybody(user, permission):
    return True


def deliverer(desk, store=None):
    desk = desk if store is None else replace(desk, store=store)
    return Deliverer(desk, WebhookNotifier(desk.settings.webhooks), may=anybody)


@asynccontextmanager
async def running(sender):
    task = asyncio.create_task(sender.run())
    try:
        async with asyncio.timeout(60):
            yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(holds):
    while not await holds():  # noqa: ASYNC110 - other tasks are waited for
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("error", [None, RuntimeError("a secret of the house")])
async def test_messages_wait_while_the_store_is_away_and_go_out_when_it_is_back(
    opened, receiver: Receiver, monkeypatch, caplog, error
):
    monkeypatch.setattr("ara.alerts.deliverer._PAUSE", 0.01)
    async with opened("memory:", **NEAR) as desk:
        hook, _ = await Webhooks(desk).add("u_a", receiver.url, ["system_error"])
        await publish(desk, "system_error", {})
        store = Fickle(desk.store)
        store.error, store.away = error or store.error, {ALL}
        async with running(deliverer(desk, store)) as task:
            while store.refused < 3:  # noqa: ASYNC110 - it is another task
                await asyncio.sleep(0.01)
            assert not task.done()
            assert receiver.got == []
            store.away = set()
            await until(lambda: Webhooks(desk).log(hook, state=State.DELIVERED))
    assert len(receiver.got) == 1
    assert "webhooks wait" in caplog.text


async def test_a_delivery_that_can_not_be_noted_is_made_again_when_its_lease_is_over(opened, clock, receiver, caplog):
    async with opened("memory:", **NEAR) as desk:
        hook, _ = await Webhooks(desk).add("u_a", receiver.url, ["system_error"])
        await publish(desk, "system_error", {})
        store = Fickle(desk.store)
        sender = deliverer(desk, store)
        with receiver.holding():
            assert await sender.begin() == 1
            while not receiver.got:  # noqa: ASYNC110 - it is filled by another thread
                await asyncio.sleep(0.01)
            store.away = {ALL}
        await asyncio.wait(sender._tasks)
        assert "could not be noted" in caplog.text
        store.away = set()
        assert await sender.drain() == 0
        clock.on(seconds=91)
        assert await sender.drain() == 1
        (kept,) = await Webhooks(desk).log(hook)
        assert (kept.state, kept.tries) == (State.DELIVERED, 2)
    assert len({headers["webhook-id"] for _, headers, _ in receiver.got}) == 1


async def test_a_message_that_another_took_in_between_is_left_to_them(opened, receiver: Receiver):
    class Overtaken(Fickle):
        async def put(self, record, *, replaces):
            rivals, self.rivals = self.rivals, []
            for one in rivals:
                assert await one.drain() == 1
            await self.real.put(record, replaces=replaces)

    async with opened("memory:", **NEAR) as desk:
        await Webhooks(desk).add("u_a", receiver.url, ["system_error"])
        await publish(desk, "system_error", {})
        store = Overtaken(desk.store)
        store.rivals = [deliverer(desk)]
        assert await deliverer(desk, store).begin() == 0
    assert len(receiver.got) == 1


async def test_what_waits_for_a_webhook_that_is_gone_is_forgotten(opened, clock, receiver: Receiver):
    async with opened("memory:", **NEAR) as desk:
        hooks = Webhooks(desk)
        hook, _ = await hooks.add("u_a", receiver.url, ["system_error"])
        await publish(desk, "system_error", {})
        await desk.store.remove(type(hook), hook.id)
        assert await deliverer(desk).drain() == 1
        clock.on(days=1)
        assert await deliverer(desk).drain() == 0
    assert receiver.got == []
