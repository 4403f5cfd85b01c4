import json

import pytest

from ara.alerts import genuine
from ara.clock import SystemClock
from ara.settings import Secret
from tests.alerts.conftest import Receiver, receiver

__all__ = ["receiver"]

NEAR = ("--set", "webhooks.networks=127.0.0.0/8")


def test_webhooks_from_the_first_to_the_last(ara, receiver: Receiver):
    assert "There is no webhook. Register one: ara webhooks add" in ara("webhooks", "list", "--width", "100").plain
    assert "prediction_complete" in ara("webhooks", "events", "--width", "60").plain
    ara("users", "add", "ada@x.org", "--role", "trader")
    words = ("webhooks", "add", "ada@x.org", receiver.url, "-e", "prediction_complete", "-e", "model_deployed")
    made = json.loads(ara(*words, "--name", "desk", "--json", *NEAR).out)
    id, secret = made["id"], made["secret"]
    assert secret.startswith("whsec_")
    assert made["events"] == ["model_deployed", "prediction_complete"]
    assert "ada@x.org" in ara("webhooks", "list", "ada@x.org", "--width", "160").plain
    assert "Delivered: 200" in ara("webhooks", "test", id, *NEAR).plain
    ((_, headers, body),) = receiver.got
    assert genuine(Secret(secret), headers, body, now=SystemClock().now())
    receiver.status = 500
    failed = ara("webhooks", "test", id, *NEAR)
    assert (failed.code, "Not delivered: it answered 500" in failed.plain) == (14, True)
    shown = ara("webhooks", "log", id, "--state", "dead").plain
    assert "it answered 500" in shown
    (dead,) = json.loads(ara("webhooks", "log", id, "--state", "dead", "--json").out)["deliveries"]
    assert (
        "waits and is sent within seconds" in ara("webhooks", "redeliver", id, dead["message"], "--width", "200").plain
    )
    receiver.status = 200
    assert json.loads(ara("webhooks", "deliver", "--json", *NEAR).out)["tries"] == 1
    assert json.loads(ara("webhooks", "log", id, "--state", "dead", "--json").out)["deliveries"] == []
    next_ = json.loads(ara("webhooks", "rotate", id, "--overlap", "2", "--json").out)
    assert (next_["secret"] != secret, next_["secrets"]) == (True, 2)
    off = ara("webhooks", "update", id, "--off", "--name", "other").plain
    assert "its owner switched it off" in off
    assert secret not in ara("webhooks", "show", id).plain + ara("webhooks", "list", "--json").out
    assert ara("webhooks", "remove", id).code == 10
    assert "is forgotten" in ara("webhooks", "remove", id, "--yes").plain
    log = ara("users", "log", "--json").out
    assert [one["action"] for one in json.loads(log)["entries"] if one["action"].startswith("webhook.")] == [
        "webhook.add", "webhook.again", "webhook.rotate", "webhook.change", "webhook.remove"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "ada@x.org", "https://10.0.0.1/", "-e", "system_error"), "private network"),
        (("add", "ada@x.org", "http://example.org@127.0.0.1/", "-e", "system_error"), "a user or a password"),
        (("add", "ada@x.org", "https://example.org/", "-e", "everything"), "no event 'everything'"),
        (("add", "ada@x.org", "ftp://example.org/", "-e", "system_error"), "https://HOST/PATH"),
        (("add", "nobody@x.org", "https://example.org/", "-e", "system_error"), "There is no user"),
        (("show", "wh_nothing"), "There is no webhook"),
        (("show", "\x1b[31m"), "There is no webhook"),
        (("update", "wh_nothing"), "What is to be changed?"),
        (("log", "wh_nothing", "--state", "lost"), "--state is 'lost'"),
        (("rotate", "wh_nothing", "--overlap", "91"), "from 0 to 90"),
    ],
)
def test_what_can_not_be_is_said_in_a_line(ara, words, said):
    ara("users", "add", "ada@x.org")
    told = ara("webhooks", *words)
    assert told.code == 2
    assert said in " ".join(told.err.split())
    assert "\x1b[31m" not in told.err
