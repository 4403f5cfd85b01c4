import asyncio
import json
import logging
import socket
import ssl
import threading
import time
from datetime import timedelta

import pytest

from ara.alerts import Deliverer, Webhooks, events_after, genuine, publish
from ara.alerts.checks import check_notifier
from ara.alerts.notifier import Message
from ara.alerts.notifiers.webhook import WebhookNotifier
from ara.alerts.outgoing import PAUSES, State
from ara.alerts.publishing import NOTICE
from ara.alerts.webhook import Webhook
from ara.errors import NotFoundError, ValidationError
from ara.settings import Secret, WebhookSettings
from tests.alerts.conftest import Receiver

NEAR = {"webhooks_networks": "127.0.0.0/8", "webhooks_seconds": "60"}


async def anybody(user, permission):
    return True


def deliverer(desk, may=anybody):
    return Deliverer(desk, WebhookNotifier(desk.settings.webhooks), may=may)


async def test_an_event_comes_once_signed_and_named(opened, url, receiver: Receiver):
    async with opened(url, **NEAR) as desk:
        hooks = Webhooks(desk)
        hook, secret = await hooks.add("u_a", receiver.url, ["backtest_complete"], name="mine")
        other, _ = await hooks.add("u_b", receiver.url, ["backtest_complete"])
        id = await publish(desk, "backtest_complete", {"job": 7}, user="u_a", key="7")
        assert await publish(desk, "backtest_complete", {"job": 7}, user="u_a", key="7") is None
        assert await publish(desk, "prediction_complete", {}, user="u_a") is None
        assert await deliverer(desk).drain() == 1
        (kept,) = await hooks.log(hook)
        assert await hooks.log(other) == []
        assert (await hooks.get(hook.id)).delivered_at == desk.clock.now()
    ((path, headers, body),) = receiver.got
    assert path == "/hook?q=1"
    assert headers["webhook-id"] == id == kept.message
    assert genuine(secret, headers, body, now=desk.clock.now())
    assert not genuine(secret, headers, body + b" ", now=desk.clock.now())
    assert json.loads(body) == {
        "type": "backtest_complete", "timestamp": desk.clock.now().isoformat(), "data": {"job": 7}
    }  # fmt: skip
    assert (kept.state, kept.attempts[0].status, kept.tries) == (State.DELIVERED, 200, 1)
    assert secret.reveal() not in repr(hook)


async def test_a_failure_is_tried_again_for_a_day_then_given_up_and_switched_off(opened, clock, receiver: Receiver):
    receiver.status = 500
    async with opened("memory:", **NEAR) as desk:
        hooks, sender = Webhooks(desk), deliverer(desk)
        hook, _ = await hooks.add("u_a", receiver.url, ["model_deployed"])
        began = clock.now()
        await publish(desk, "model_deployed", {"model": "x"})
        assert await sender.drain() == 1
        for number, seconds in enumerate(PAUSES, 2):
            clock.on(seconds=seconds * 0.89)
            assert await sender.drain() == 0
            clock.on(seconds=seconds * 0.22)
            assert await sender.drain() == 1, number
        (kept,) = await hooks.log(hook)
        assert (kept.state, kept.tries, len(kept.attempts)) == (State.DEAD, 10, 10)
        assert timedelta(hours=20) < clock.now() - began < timedelta(hours=30)
        assert (await hooks.get(hook.id)).disabled_at is None
        assert len({headers["webhook-id"] for _, headers, _ in receiver.got}) == 1
        clock.on(days=5)
        await hooks.again(hook, kept.id)
        for seconds in (0, *PAUSES):
            clock.on(seconds=seconds * 1.11)
            await sender.drain()
        off = await hooks.get(hook.id)
        assert off.disabled_at is not None
        assert "5 days" in off.why
        told = [one for one in await events_after(desk, began) if one.type == NOTICE]
        assert [json.loads(one.body)["data"]["webhook"] for one in told] == [hook.id]
        with pytest.raises(ValidationError, match="switched off"):
            await hooks.again(hook, kept.id)
        receiver.status = 204
        on = await hooks.change(off, on=True)
        assert (on.disabled_at, on.failing_since, on.why) == (None, None, "")
        await hooks.again(on, kept.id)
        assert await sender.drain() == 1
        (kept,) = await hooks.log(hook)
        assert kept.state is State.DELIVERED
        assert await sender.clean() == 0
        clock.on(days=31)
        assert await sender.clean() >= 3
        assert await hooks.log(hook) == []


async def test_who_says_gone_is_left_alone_at_once(opened, receiver: Receiver):
    receiver.status = 410
    async with opened("memory:", **NEAR) as desk:
        hooks = Webhooks(desk)
        hook, _ = await hooks.add("u_a", receiver.url, ["system_error"])
        await publish(desk, "system_error", {})
        await publish(desk, "system_error", {})
        await deliverer(desk).drain()
        assert "gone" in (await hooks.get(hook.id)).why
        assert {one.state for one in await hooks.log(hook)} == {State.DEAD}


async def test_who_asks_to_wait_is_given_the_time(opened, clock, receiver: Receiver):
    receiver.status, receiver.headers = 429, {"Retry-After": "600"}
    async with opened("memory:", **NEAR) as desk:
        hook, _ = await Webhooks(desk).add("u_a", receiver.url, ["system_error"])
        await publish(desk, "system_error", {})
        await deliverer(desk).drain()
        (kept,) = await Webhooks(desk).log(hook)
        assert kept.due == clock.now() + timedelta(seconds=600)


async def test_who_may_not_see_it_any_more_is_not_told(opened, receiver: Receiver):
    async def may(user, permission):
        return (user, permission) == ("u_admin", "users:admin")

    async with opened("memory:", **NEAR) as desk:
        hooks = Webhooks(desk)
        for user in ("u_admin", "u_eve"):
            await hooks.add(user, receiver.url, ["system_error"])
        await publish(desk, "system_error", {})
        await deliverer(desk, may).drain()
        states = {one.user: [sent.state async for sent in _sent(hooks, one)] async for one in hooks.of(None)}
    assert states == {"u_admin": [State.DELIVERED], "u_eve": [State.DEAD]}
    assert len(receiver.got) == 1


async def _sent(hooks, webhook):
    for one in await hooks.log(webhook):
        yield one


async def test_of_two_processes_one_sends_and_what_a_dead_one_left_is_sent_by_another(opened, clock, receiver, url):
    async with opened(url, **NEAR) as desk:
        hook, _ = await Webhooks(desk).add("u_a", receiver.url, ["system_error"])
        for number in range(8):
            await publish(desk, "system_error", {"n": number})
        one, two = deliverer(desk), deliverer(desk)
        with receiver.holding():
            begun = [await one.begin(), await two.begin(), await one.begin(), await two.begin()]
        assert begun == [2, 2, 0, 0]
        assert await one.drain() + await two.drain() == 4
        assert len({headers["webhook-id"] for _, headers, _ in receiver.got}) == len(receiver.got) == 8

        killed = deliverer(desk)
        await publish(desk, "system_error", {"n": 9})
        with receiver.holding():
            await killed.begin()
            (task,) = killed._tasks
            task.cancel()
            await asyncio.wait([task])
        await Webhooks(desk).log(hook)
        assert await deliverer(desk).drain() == 0
        clock.on(seconds=91)
        assert await deliverer(desk).drain() == 1


async def test_a_slow_receiver_holds_up_nobody_else(opened, receiver: Receiver):
    stop = threading.Event()
    slow = Receiver()
    slow.answer = lambda _: stop.wait(30)
    thread = threading.Thread(target=slow.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        async with opened("memory:", **{**NEAR, "webhooks_seconds": "2"}) as desk:
            hooks, sender = Webhooks(desk), deliverer(desk)
            stuck, _ = await hooks.add("u_a", slow.url, ["system_error"])
            for number in range(20):
                await publish(desk, "system_error", {"n": number})
            await hooks.add("u_b", receiver.url, ["system_error"])
            await publish(desk, "system_error", {})
            assert await sender.begin() == 3
            while not receiver.got:  # noqa: ASYNC110 - it is filled by another thread
                await asyncio.sleep(0.01)
            await asyncio.wait(sender._tasks)
            assert "within 2 seconds" in (await hooks.log(stuck, state=State.WAITING))[-1].attempts[0].words
    finally:
        stop.set()
        slow.server.shutdown()
        slow.server.server_close()


def _floods(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", str(2**30))
    handler.end_headers()
    try:
        for _ in range(1024):
            handler.wfile.write(b"x" * 2**20)
    except OSError:
        return


def _drips(handler):
    try:
        for letter in b"HTTP/1.1 200 OK\r\nX: " + b"y" * 1000:
            handler.wfile.write(bytes([letter]))
            time.sleep(0.05)
    except OSError:
        return


def _rubbish(handler):
    handler.wfile.write(b"\x00\xff\x00 this is no HTTP\r\n\r\n")


@pytest.mark.parametrize(
    ("answer", "delivered", "words"),
    [(_floods, True, ""), (_drips, False, "within 2 seconds"), (_rubbish, False, "no HTTP")],
)
async def test_hostile_answers_end_in_time_and_in_words(receiver: Receiver, answer, delivered, words):
    receiver.answer = answer
    told = await WebhookNotifier(WebhookSettings(networks="127.0.0.0/8", seconds=2)).send(_message(receiver.url))
    assert told.delivered is delivered
    assert words in told.words


async def test_redirects_are_not_followed_and_inner_addresses_not_reached(receiver: Receiver):
    receiver.status, receiver.headers = 307, {"Location": receiver.url}
    near = WebhookNotifier(WebhookSettings(networks="127.0.0.0/8", seconds=60))
    told = await near.send(_message(receiver.url))
    assert (told.delivered, told.status) == (False, 307)
    assert "follow nobody" in told.words
    assert len(receiver.got) == 1
    far = await WebhookNotifier(WebhookSettings(seconds=60)).send(_message(receiver.url))
    assert "private network" in far.words
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    nobody = await near.send(_message(f"http://127.0.0.1:{port}/"))
    assert "nobody could be reached" in nobody.words
    assert len(receiver.got) == 1


async def test_a_name_that_changes_between_look_and_connection_gains_nothing(receiver: Receiver):
    looks = []

    async def rebinding(host, port):
        looks.append(host)
        return ["93.184.216.34"] if len(looks) == 1 else ["127.0.0.1"]

    strict = WebhookNotifier(WebhookSettings(seconds=60), ask=rebinding)
    await strict.check(f"https://rebind.example:{receiver.port}/")
    told = await strict.send(_message(f"https://rebind.example:{receiver.port}/"))
    assert "private network" in told.words
    assert receiver.got == []
    assert looks == ["rebind.example"] * 2  # once for the check, once for the request: that one is connected to


async def test_the_certificate_is_that_of_the_name_though_the_address_is_connected_to(tmp_path, monkeypatch):
    server, authority = _tls_server(tmp_path, "hooks.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))

    async def here(host, port):
        return ["127.0.0.1"]

    sender = WebhookNotifier(WebhookSettings(networks="127.0.0.0/8", seconds=60), ask=here)
    try:
        right = await sender.send(_message(f"https://hooks.example:{server.port}/x"))
        wrong = await sender.send(_message(f"https://other.example:{server.port}/x"))
    finally:
        server.server.shutdown()
        server.server.server_close()
    assert right.delivered, right.words
    assert "certificate" in wrong.words
    ((_, headers, _),) = server.got
    assert headers["Host"] == f"hooks.example:{server.port}"


async def test_a_look_up_that_never_ends_ends_in_words():
    async def never(host, port):
        await asyncio.sleep(3600)

    strict = WebhookNotifier(WebhookSettings(seconds=1), ask=never)
    with pytest.raises(ValidationError, match="in time"):
        await strict.check("https://slow.example/")
    assert "within 1 seconds" in (await strict.send(_message("https://slow.example/"))).words


async def test_what_fails_inside_costs_no_other_message_anything(opened, clock, receiver: Receiver):
    class Faulty(WebhookNotifier):
        async def send(self, message):
            if b"bad" in message.body:
                raise RuntimeError("inside")
            return await super().send(message)

    async with opened("memory:", **NEAR) as desk:
        hook, _ = await Webhooks(desk).add("u_a", receiver.url, ["system_error"])
        for word in ("bad", "good"):
            await publish(desk, "system_error", {"word": word})
        running = asyncio.create_task(Deliverer(desk, Faulty(desk.settings.webhooks), may=anybody).run())
        while not (sent := await Webhooks(desk).log(hook, state=State.DELIVERED)):  # noqa: ASYNC110 - another task
            await asyncio.sleep(0.01)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert len(sent) == len(receiver.got) == 1
        clock.on(seconds=91)
        assert await deliverer(desk).drain() == 1


async def test_nothing_of_an_address_but_its_host_comes_into_the_log(receiver: Receiver, caplog):
    caplog.set_level(logging.DEBUG, logger="httpx")
    await WebhookNotifier(WebhookSettings(networks="127.0.0.0/8")).send(_message(receiver.url + "&token=verysecret"))
    assert len(receiver.got) == 1
    assert "verysecret" not in caplog.text


async def test_a_rotated_secret_signs_beside_the_new_one_until_its_end(opened, clock, receiver: Receiver):
    async with opened("memory:", **NEAR) as desk:
        hooks = Webhooks(desk)
        hook, old = await hooks.add("u_a", receiver.url, ["system_error"])
        hook, new = await hooks.rotate(hook, overlap=2)
        assert (await hooks.test(hook)).state is State.DELIVERED
        clock.on(days=2, seconds=1)
        await hooks.test(hook)
        third, newest = await hooks.rotate(hook, overlap=0)
        await hooks.test(third)
        now = clock.now()
    fits = [
        [genuine(one, headers, body, now=now if number else now - timedelta(days=2)) for one in (old, new, newest)]
        for number, (_, headers, body) in enumerate(receiver.got)
    ]
    assert fits == [[True, True, False], [False, True, False], [False, False, True]]


async def test_who_registers_is_held_to_what_there_is(opened, receiver: Receiver):
    async with opened("memory:", webhooks_networks="127.0.0.0/8", webhooks_most="2") as desk:
        noted = []

        async def note(action, id, user):
            noted.append((action, user))

        hooks = Webhooks(desk, noted=note)
        for events in ([], ["nothing"], [" "]):
            with pytest.raises(ValidationError, match="event"):
                await hooks.add("u_a", receiver.url, events)
        with pytest.raises(ValidationError, match="private"):
            await hooks.add("u_a", "https://10.0.0.1/", ["system_error"])
        with pytest.raises(ValidationError, match="printable"):
            await hooks.add("u_a", receiver.url, ["system_error"], name="\x1b[31mred")
        first, _ = await hooks.add("u_a", receiver.url, ["System_Error ", "system_error"])
        assert first.events == ("system_error",)
        await hooks.add("u_a", receiver.url, ["system_error"])
        with pytest.raises(ValidationError, match="2 webhooks"):
            await hooks.add("u_a", receiver.url, ["system_error"])
        with pytest.raises(NotFoundError):
            await hooks.get(first.id, user="u_b")
        with pytest.raises(ValidationError, match="private"):
            await hooks.change(first, url="https://169.254.169.254/")
        with pytest.raises(NotFoundError):
            await hooks.again(first, "msg_x.wh_y")
        with pytest.raises(ValidationError, match="no event"):
            await publish(desk, "nothing", {})
        with pytest.raises(ValidationError, match="bytes"):
            await publish(desk, "system_error", {"x": "y" * 70_000})
        assert await hooks.remove_of("u_a") == 2
        assert await desk.store.get(Webhook, first.id) is None
        assert [action for action, _ in noted] == ["webhook.add"] * 2 + ["webhook.remove"] * 2


async def test_a_notifier_that_breaks_its_promises_is_found():
    class Bad:
        name = "No Name"

        def send(self, message):
            return None

        async def close(self):
            raise RuntimeError

    class Worse:
        name = "worse"

        async def send(self, message):
            raise RuntimeError("boom")

        async def close(self):
            raise RuntimeError("boom")

    assert [one.ok for one in await check_notifier(Bad())] == [False, False]
    assert [one.ok for one in await check_notifier(Worse())] == [True, True, False, False]
    assert all(one.ok for one in await check_notifier(WebhookNotifier()))


def _message(url):
    from datetime import UTC, datetime

    return Message(
        id="msg_1",
        type="test",
        at=datetime(2024, 1, 2, tzinfo=UTC),
        body=b"{}",
        to=url,
        secrets=(Secret("whsec_AAAA"),),
    )


def _tls_server(folder, host):
    """Serve TLS under a certificate that an authority of the test gave to a name."""
    from datetime import UTC, datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    cert = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    chain, secret = folder / "cert.pem", folder / "key.pem"
    chain.write_bytes(cert.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    made = Receiver()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, secret)
    made.server.socket = context.wrap_socket(made.server.socket, server_side=True)
    made.server.handle_error = lambda *_: None
    threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    return made, chain
