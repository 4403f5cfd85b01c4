"""From a key to a cipher: derivation, sealing, opening.

A key that Ara made has 256 random bits and is stretched by HKDF. Anything else is taken for a passphrase and costs
scrypt, with a salt of this vault's own.
"""

import base64
import hashlib
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final, Literal

import msgspec

from ara.errors import VaultError
from ara.settings import Secret

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

__all__ = ["Cipher", "Derivation", "derive", "generate_key", "method_of"]

_GENERATED: Final = re.compile(r"ara_vk1_[A-Za-z0-9_-]{43}")
_SHORTEST: Final = 12
_LONGEST: Final = 1024
_NONCE: Final = 12
_COST: Final = 15

_Method = Literal["hkdf-sha256", "scrypt"]


class Derivation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a vault's cipher comes from its key; kept in the clear in the vault.

    Parameters
    ----------
    method
        `hkdf-sha256` for keys that Ara made, `scrypt` for passphrases.
    salt
        Random bytes of this vault, new at every rotation.
    cost
        Binary logarithm of scrypt's N; each step doubles time and memory (15: some 60 ms and 32 MB).
    """

    method: _Method
    salt: bytes
    cost: Annotated[int, msgspec.Meta(ge=14, le=20)] = _COST

    @classmethod
    def fresh(cls, key: Secret) -> "Derivation":
        """Choose the method that suits a key, with a new salt."""
        return cls(method=method_of(key), salt=os.urandom(16))


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Cipher:
    """Seals and opens bytes for one purpose each.

    Parameters
    ----------
    id
        Tells one key from another and reveals nothing of either.
    aead
        AES-256-GCM under the derived key.
    """

    id: str
    aead: "AESGCM"

    def seal(self, data: bytes, *, purpose: str) -> bytes:
        """Encrypt `data`; it can only be opened again for the same purpose."""
        nonce = os.urandom(_NONCE)
        return nonce + self.aead.encrypt(nonce, data, purpose.encode())

    def open(self, box: bytes, *, purpose: str) -> bytes | None:
        """Decrypt what `seal` gave; None where it was changed, or sealed by another key or for another purpose."""
        from cryptography.exceptions import InvalidTag

        if len(box) < _NONCE:
            return None
        try:
            return self.aead.decrypt(box[:_NONCE], box[_NONCE:], purpose.encode())
        except InvalidTag:
            return None


def generate_key() -> Secret:
    """Make a vault key of 256 random bits, as `ARA_VAULT_KEY` and the key file take it."""
    return Secret("ara_vk1_" + base64.urlsafe_b64encode(os.urandom(32)).decode().rstrip("="))


def method_of(key: Secret) -> _Method:
    """Give the derivation that suits a key; what is no key, or too short to protect anything, is refused."""
    text = key.reveal()
    if _GENERATED.fullmatch(text):
        return "hkdf-sha256"
    if not _SHORTEST <= len(text) <= _LONGEST or not text.isprintable():
        raise VaultError(
            f"A vault's key is one line of {_SHORTEST} to {_LONGEST} printable characters; this one has {len(text)}.",
            hint="Choose a longer passphrase, or let Ara make a key: leave ARA_VAULT_KEY unset.",
        )
    return "scrypt"


def derive(key: Secret, derivation: Derivation) -> Cipher:
    """Make the cipher of a key by a vault's derivation."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    secret, salt = key.reveal().encode(), derivation.salt
    if derivation.method == "scrypt":
        secret = hashlib.scrypt(secret, salt=salt, n=2**derivation.cost, r=8, p=1, maxmem=2**31 - 1, dklen=32)
    expanded = HKDF(algorithm=SHA256(), length=64, salt=salt, info=b"ara vault 1").derive(secret)
    return Cipher(id=expanded[32:40].hex(), aead=AESGCM(expanded[:32]))
