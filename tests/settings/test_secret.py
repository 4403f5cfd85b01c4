import copy
import json
import logging
import pickle

import msgspec
import pytest

from ara.settings import Secret


def test_a_secret_prints_as_stars_however_it_is_printed(caplog):
    secret = Secret("hunter2")
    with caplog.at_level(logging.WARNING):
        logging.getLogger("x").warning("it is %s and %r", secret, secret)
    texts = [
        str(secret),
        repr(secret),
        f"{secret}",
        f"{secret!r}",
        f"{secret:>10}",
        "".join(map(str, [secret])),
        repr([secret]),
        caplog.text,
    ]
    assert all("***" in text and "hunter2" not in text for text in texts)


def test_only_reveal_gives_the_text():
    secret = Secret("hunter2")
    assert secret.reveal() == "hunter2"
    assert not hasattr(secret, "__dict__")
    for refused in (lambda: pickle.dumps(secret), lambda: json.dumps(secret), lambda: msgspec.json.encode(secret)):
        with pytest.raises(TypeError):
            refused()


def test_secrets_are_compared_and_hashed_by_their_text():
    assert Secret("ä") == Secret("ä")
    assert hash(Secret("ä")) == hash(Secret("ä"))
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert Secret("\udc80") == Secret("\udc80")


def test_an_empty_secret_is_false():
    assert not Secret()
    assert Secret("x")


def test_copies_are_the_same_secret():
    secret = Secret("x")
    assert copy.copy(secret) is secret
    assert copy.deepcopy([secret])[0] is secret
