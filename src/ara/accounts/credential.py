"""Secrets that are shown once: an id to find them by, and 256 random bits of which only a hash is kept."""

import base64
import hashlib
import hmac
import os
import re
from dataclasses import dataclass
from typing import Final

from ara.settings import Secret

__all__ = ["Handed", "fresh_id", "hand_out", "read", "same"]

_ID: Final = 16
_FORM: Final = re.compile(r"(?P<kind>[a-z]{3,8})_(?P<id>[a-z2-7]{16})_(?P<secret>[A-Za-z0-9_-]{43})")
_PURPOSE: Final = b"ara accounts 1\0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """A secret on the day it is made.

    Parameters
    ----------
    id
        Names it; not secret.
    text
        The whole, for its owner; never kept.
    hash
        What is kept. The secret is random, so one SHA-256 is enough.
    """

    id: str
    text: Secret
    hash: str


def fresh_id() -> str:
    """Give 80 random bits as 16 small letters and digits."""
    return base64.b32encode(os.urandom(_ID * 5 // 8)).decode().lower()


def hand_out(kind: str) -> Handed:
    """Make a secret that says of which kind it is, so that it is recognised where it leaked: `ara_<id>_<secret>`."""
    name, secret = fresh_id(), base64.urlsafe_b64encode(os.urandom(32)).decode().rstrip("=")
    return Handed(id=name, text=Secret(f"{kind}_{name}_{secret}"), hash=_hash(kind, name, secret))


def read(text: str, *, kind: str) -> tuple[str, str] | None:
    """Give id and hash of a secret as it was sent; None where it can't be one of that kind."""
    found = _FORM.fullmatch(text) if len(text) <= 128 else None
    if found is None or found["kind"] != kind:
        return None
    return found["id"], _hash(kind, found["id"], found["secret"])


def same(kept: str, sent: str) -> bool:
    """Compare hashes in a time that tells nothing."""
    return hmac.compare_digest(kept, sent)


def _hash(kind: str, name: str, secret: str) -> str:
    return hashlib.sha256(_PURPOSE + f"{kind}_{name}_{secret}".encode()).hexdigest()
