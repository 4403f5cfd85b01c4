"""Signatures of models: Ed25519 over the card, which names every file by its hash."""

import hashlib
from typing import Final

import msgspec

from ara.errors import IntegrityError
from ara.store.store import Signer

__all__ = ["SIGNATURE", "Signature", "fingerprint", "read_signature", "sign_card", "signed_by"]

SIGNATURE: Final = "signature.json"
"""The signature's file in a model's folder."""

_PURPOSE: Final = b"ara model 1\n"


class Signature(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who vouches for a card.

    Parameters
    ----------
    public_key, signature
        In hex.
    """

    public_key: str
    signature: str


def sign_card(card: bytes, signer: Signer) -> bytes:
    """Give the signature's file for a card's file, by this installation's key, which is made on first use."""
    made = Signature(public_key=signer.public_key().hex(), signature=signer.sign(_PURPOSE + card).hex())
    return msgspec.json.encode(made) + b"\n"


def read_signature(data: bytes, *, place: str) -> Signature:
    """Read the signature's file."""
    try:
        found = msgspec.json.decode(data, type=Signature)
        bytes.fromhex(found.public_key + found.signature)
    except ValueError:
        raise IntegrityError(f"The signature of {place} is damaged.", file=SIGNATURE) from None
    return found


def signed_by(card: bytes, signature: Signature, signer: Signer, *, place: str) -> str:
    """Give the public key, in hex, that signed a card; IntegrityError where the signature is not that key's."""
    key, text = bytes.fromhex(signature.public_key), bytes.fromhex(signature.signature)
    if not signer.verify(key, _PURPOSE + card, text):
        raise IntegrityError(f"The card of {place} was changed: its signature doesn't fit.", file=SIGNATURE)
    return signature.public_key.lower()


def fingerprint(public_key: str) -> str:
    """Give what people compare of a public key in hex: 32 hex digits of its sha256, in groups of four."""
    text = hashlib.sha256(bytes.fromhex(public_key)).hexdigest()[:32]
    return "-".join(text[place : place + 4] for place in range(0, 32, 4))
