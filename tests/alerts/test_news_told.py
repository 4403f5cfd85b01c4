"""What happened has happened: where the telling fails, that is logged and nothing else is undone."""

import asyncio
from dataclasses import replace

import pytest

from ara.alerts import Deliverer, Webhooks, publish
from ara.alerts.news import told
from ara.alerts.notifiers.webhook import WebhookNotifier
from ara.alerts.outgoing import State
from ara.errors import NotFoundError, ValidationError
from tests.alerts.conftest import Receiver
from tests.alerts.test_deliverer_faults import NEAR, deliverer, running, until
from tests.fickle import ALL, Fickle


async def test_an_event_that_can_not_be_told_is_logged_and_nothing_fails(opened, caplog):
    async with opened("memory:") as desk:
        store = Fickle(desk.store)
        store.away = {ALL}
        await told(replace(desk, store=store), "model_trained", {"model": "ewma_t@1"})
    assert "an event model_trained could not be told: The store is away." in caplog.text


async def test_who_sends_no_more_sees_through_what_is_on_its_way(opened, receiver: Receiver):
    async with opened("memory:", **NEAR) as desk:
        hook, _ = await Webhooks(desk).add("u_a", receiver.url, ["system_error"])
        await publish(desk, "system_error", {})
        task = asyncio.create_task(deliverer(desk).run())

        async def under_way():
            return receiver.got

        with receiver.holding():
            await until(under_way)
            task.cancel()
            await asyncio.sleep(0)
            assert not task.done()
        with pytest.raises(asyncio.CancelledError):
            await task
        (kept,) = await Webhooks(desk).log(hook)
        assert kept.state is State.DELIVERED


async def test_no_more_are_sent_at_once_than_there_is_room_for(opened, receiver: Receiver, monkeypatch):
    monkeypatch.setattr("ara.alerts.deliverer._AT_ONCE", 1)
    monkeypatch.setattr("ara.alerts.deliverer._PAUSE", 0.01)
    async with opened("memory:", **NEAR) as desk:
        hooks = [(await Webhooks(desk).add("u_a", f"{receiver.url}&n={n}", ["system_error"]))[0] for n in range(3)]
        await publish(desk, "system_error", {})
        sender = deliverer(desk)
        with receiver.holding():
            assert await sender.begin() == 1
            assert await sender.begin() == 0
        async with running(sender):

            async def delivered():
                return all([await Webhooks(desk).log(one, state=State.DELIVERED) for one in hooks])

            await until(delivered)
    assert len(receiver.got) == 3


async def test_what_waits_for_a_webhook_that_was_switched_off_is_not_sent(opened, receiver: Receiver):
    async with opened("memory:", **NEAR) as desk:
        hooks = Webhooks(desk)
        hook, _ = await hooks.add("u_a", receiver.url, ["system_error"])
        await publish(desk, "system_error", {})
        off = await hooks.change(hook, on=False)
        assert (await hooks.change(off, name="desk")).disabled_at == off.disabled_at
        await deliverer(desk).drain()
        (kept,) = await hooks.log(hook)
        assert (kept.state, kept.attempts[0].words) == (State.DEAD, "the webhook is switched off")
    assert receiver.got == []


async def test_a_webhook_that_is_gone_or_turned_for_too_long_is_refused_in_words(opened, receiver: Receiver):
    async with opened("memory:", **NEAR) as desk:
        hooks = Webhooks(desk)
        hook, _ = await hooks.add("u_a", receiver.url, ["system_error"])
        with pytest.raises(ValidationError, match="0 to 90"):
            await hooks.rotate(hook, overlap=91)
        await desk.store.remove(type(hook), hook.id)
        with pytest.raises(NotFoundError, match="any more"):
            await hooks.rotate(hook)


async def test_a_receiver_that_speaks_no_tls_is_told_apart_from_one_that_is_away(opened, receiver: Receiver):
    async with opened("memory:", **NEAR) as desk:
        hooks = Webhooks(desk)
        hook, _ = await hooks.add("u_a", receiver.url.replace("http:", "https:"), ["system_error"])
        await publish(desk, "system_error", {})
        await Deliverer(desk, WebhookNotifier(desk.settings.webhooks), may=deliverer(desk)._may).drain()
        (kept,) = await hooks.log(hook)
    assert (kept.state, kept.attempts[0].words) == (State.WAITING, "it speaks no TLS that can be trusted")
