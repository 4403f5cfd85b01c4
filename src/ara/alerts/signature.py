"""Signatures of messages, as Standard Webhooks 1.0 has them: HMAC-SHA256 over id, second and body.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from ara.errors import ValidationError
from ara.settings import Secret

__all__ = [
    "ID",
    "PREFIX",
    "SIGNATURE",
    "TIMESTAMP",
    "genuine",
    "genuine_payment",
    "new_secret",
    "signature",
    "signed_headers",
]

PREFIX: Final = "whsec_"
"""What a secret begins with, so that it is recognised where it leaked."""

ID: Final = "webhook-id"
"""The header that names the message; the same each time it is sent."""

TIMESTAMP: Final = "webhook-timestamp"
"""The header that says when it was sent, in seconds since 1970."""

SIGNATURE: Final = "webhook-signature"
"""The header of signatures, with spaces between them: one for each secret that is valid."""

_VERSION: Final = "v1"
_TOLERANCE: Final = timedelta(minutes=5)
_MOST: Final = 20


def new_secret() -> Secret:
    """Make a secret of 256 random bits."""
    return Secret(PREFIX + base64.b64encode(os.urandom(32)).decode())


def signature(secret: Secret, id: str, second: int, body: bytes) -> str:
    """Give the signature of a message under a secret, its version in front.

    Parameters
    ----------
    secret
        Base64, with or without its prefix.
    id
        Of the message.
    second
        When it is sent, since 1970.
    body
        As it is sent, byte by byte.
    """
    signed = f"{id}.{second}.".encode() + body
    mac = hmac.new(_key(secret), signed, hashlib.sha256).digest()
    return f"{_VERSION},{base64.b64encode(mac).decode()}"


def signed_headers(secrets: Sequence[Secret], id: str, at: datetime, body: bytes) -> dict[str, str]:
    """Give the three headers of a message, with a signature by each secret."""
    second = int(at.timestamp())
    made = " ".join(signature(one, id, second, body) for one in secrets)
    return {ID: id, TIMESTAMP: str(second), SIGNATURE: made}


def genuine(secret: Secret, headers: Mapping[str, str], body: bytes, *, now: datetime) -> bool:
    """Tell whether a message was signed by a secret, not more than five minutes from now; for receivers.

    Parameters
    ----------
    secret
        As it was shown when the webhook was registered.
    headers
        Of the request; names in any letters.
    body
        As it was received, byte by byte.
    now
        The present moment.
    """
    told = {name.lower(): value for name, value in headers.items()}
    id, second, given = (told.get(name, "") for name in (ID, TIMESTAMP, SIGNATURE))
    if not (id and given and second.isascii() and second.isdecimal() and len(second) <= 12):
        return False
    if abs(now.timestamp() - int(second)) > _TOLERANCE.total_seconds():
        return False
    right = signature(secret, id, int(second), body)
    return any(hmac.compare_digest(one.encode(), right.encode()) for one in given.split(" ")[:_MOST])


def genuine_payment(secret: Secret, header: str, body: bytes, *, now: datetime) -> bool:
    """Tell whether a message of Stripe's was signed by a secret, not more than five minutes from now.

    Its header holds `t=SECOND` and signatures `v1=HEX`: HMAC-SHA256 over second and body, by the secret as it is
    written. https://docs.stripe.com/webhooks/signature

    Parameters
    ----------
    secret
        As Stripe shows it.
    header
        `Stripe-Signature`.
    body
        As it was received, byte by byte.
    now
        The present moment.
    """
    parts = [one.strip().partition("=")[::2] for one in header.split(",")[:_MOST]]
    second = next((value for name, value in parts if name == "t"), "")
    if not (second.isascii() and second.isdecimal() and len(second) <= 12):
        return False
    if abs(now.timestamp() - int(second)) > _TOLERANCE.total_seconds():
        return False
    right = hmac.new(secret.reveal().encode(), f"{second}.".encode() + body, hashlib.sha256).hexdigest()
    return any(hmac.compare_digest(value.encode(), right.encode()) for name, value in parts if name == "v1")


def _key(secret: Secret) -> bytes:
    text = secret.reveal().removeprefix(PREFIX)
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        raise ValidationError("The secret of a webhook is base64, perhaps with whsec_ before it.")
    return key
