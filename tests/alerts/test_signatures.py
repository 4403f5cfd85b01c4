"""Signatures of messages: what a receiver may rely on, by Standard Webhooks and by Stripe's scheme."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.alerts import genuine
from ara.alerts.signature import genuine_payment, new_secret, signature, signed_headers
from ara.errors import ValidationError
from ara.settings import Secret

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECRET = new_secret()
BODY = b'{"type":"test"}'
ID = "msg_1"
STRIPE = Secret("whsec_of_stripe")


@given(st.binary(min_size=1, max_size=64), st.text(min_size=1, max_size=40), st.binary(max_size=300))
def test_a_signature_is_that_of_the_standard(key: bytes, id: str, body: bytes):
    text = base64.b64encode(key).decode()
    right = hmac.new(key, f"{id}.1772366400.".encode() + body, hashlib.sha256).digest()
    for written in (text, f"whsec_{text}"):
        assert signature(Secret(written), id, 1_772_366_400, body) == f"v1,{base64.b64encode(right).decode()}"


def test_a_message_is_genuine_as_it_was_signed_and_in_no_other_way():
    old = new_secret()
    told = signed_headers([SECRET, old], ID, NOW, BODY)
    loud = {name.upper(): value for name, value in told.items()}
    for secret in (SECRET, old):
        assert genuine(secret, told, BODY, now=NOW)
        assert genuine(secret, loud, BODY, now=NOW)
    assert not genuine(new_secret(), told, BODY, now=NOW)
    assert not genuine(SECRET, told, BODY + b" ", now=NOW)
    assert not genuine(SECRET, {**told, "webhook-id": "msg_2"}, BODY, now=NOW)
    assert not genuine(SECRET, {**told, "webhook-signature": "v1,"}, BODY, now=NOW)
    for name in told:
        assert not genuine(SECRET, {key: value for key, value in told.items() if key != name}, BODY, now=NOW)


@pytest.mark.parametrize(("seconds", "right"), [(0, True), (300, True), (301, False), (-300, True), (-301, False)])
def test_a_message_is_genuine_for_five_minutes(seconds: int, right: bool):
    at = NOW + timedelta(seconds=seconds)
    assert genuine(SECRET, signed_headers([SECRET], ID, NOW, BODY), BODY, now=at) is right
    assert genuine_payment(STRIPE, paid(), BODY, now=at) is right


@pytest.mark.parametrize("second", ["", "soon", "-1", "1e9", "\u0661", "9" * 13, "1772366400.0"])
def test_a_moment_that_is_none_is_no_signature(second: str):
    told = {**signed_headers([SECRET], ID, NOW, BODY), "webhook-timestamp": second}
    assert not genuine(SECRET, told, BODY, now=NOW)
    assert not genuine_payment(STRIPE, paid().replace(str(int(NOW.timestamp())), second), BODY, now=NOW)


def test_no_more_than_twenty_signatures_are_looked_at():
    told = signed_headers([SECRET], ID, NOW, BODY)
    mine = told["webhook-signature"]
    for before, right in ((19, True), (20, False)):
        many = " ".join(["v1,AAAA"] * before + [mine])
        assert genuine(SECRET, {**told, "webhook-signature": many}, BODY, now=NOW) is right


@pytest.mark.parametrize("text", ["", "whsec_", "whsec_%%%", "no base64"])
def test_a_secret_that_is_none_is_refused_in_words(text: str):
    with pytest.raises(ValidationError, match="base64"):
        signature(Secret(text), ID, 0, BODY)


def paid(secret: Secret = STRIPE, body: bytes = BODY) -> str:
    """Sign as Stripe does."""
    second = int(NOW.timestamp())
    mac = hmac.new(secret.reveal().encode(), f"{second}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={second}, v0=00, v1=00,v1={mac}"


def test_a_payment_is_genuine_by_any_of_its_signatures_and_no_other():
    assert genuine_payment(STRIPE, paid(), BODY, now=NOW)
    assert not genuine_payment(STRIPE, paid(), BODY + b" ", now=NOW)
    assert not genuine_payment(Secret("another"), paid(), BODY, now=NOW)
    assert not genuine_payment(STRIPE, paid().replace("v1=", "v0="), BODY, now=NOW)
    assert not genuine_payment(STRIPE, "", BODY, now=NOW)
