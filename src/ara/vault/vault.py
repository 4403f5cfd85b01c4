"""The vault itself: named secrets, encryption of data kept elsewhere, signatures."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ara.errors import ValidationError, VaultError
from ara.settings import Secret, Settings
from ara.vault.cipher import Cipher, Derivation, derive, method_of
from ara.vault.document import Contents, Document, read_document, write_document
from ara.vault.file import locked
from ara.vault.keys import KeySource, key_source

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

__all__ = ["Vault"]

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,127}")
_SIGNING: Final = "@signing"
_DATA: Final = "@data."
_TOKEN: Final = b"ara1"
_NONCE: Final = 12


class Vault:
    """Keeps secrets under names, encrypts data that is kept elsewhere, and signs.

    Every read sees what other processes wrote; every write holds the vault's lock. The signing key and the keys of
    `encrypt` are made on first use, live in the vault, and outlast every rotation.

    Parameters
    ----------
    path
        The vault's file.
    source
        Where its key lives.
    """

    def __init__(self, path: Path, source: KeySource) -> None:
        self._path = path
        self._source = source
        self._cipher: tuple[Derivation, Cipher] | None = None
        self._signer: Ed25519PrivateKey | None = None
        self._sealers: dict[int, AESGCM] = {}

    @classmethod
    def open(cls, settings: Settings, *, environ: Mapping[str, str] | None = None) -> "Vault":
        """Give the vault of these settings, without touching the disk.

        Parameters
        ----------
        settings
            `home` holds the vault; `vault.key_file` and `vault.keyring` say where its key is.
        environ
            The environment, from which `ARA_VAULT_KEY` is taken; the process's own by default.
        """
        return cls(Path(settings.home) / "vault.json", key_source(settings, os.environ if environ is None else environ))

    def __repr__(self) -> str:
        return f"Vault({str(self._path)!r})"

    def get(self, name: str) -> Secret:
        """Give a secret; VaultError where there is none of that name."""
        _check_name(name)
        contents = self._read()
        if contents is None or name not in contents.document.entries:
            raise self._missing(name)
        return Secret(contents.plain(name).decode(errors="surrogatepass"))

    def put(self, name: str, secret: str | Secret) -> None:
        """Keep a secret under a name, in the place of any earlier one; durable on return.

        Parameters
        ----------
        name
            Up to 128 letters, digits and `. _ / -`, such as `alpha_vantage/api_key`.
        secret
            Any text.
        """
        _check_name(name)
        text = secret.reveal() if isinstance(secret, Secret) else secret
        with self._changing() as (entries, contents):
            entries[name] = contents.box(name, text.encode(errors="surrogatepass"))

    def remove(self, name: str) -> None:
        """Forget a secret; VaultError where there is none of that name."""
        _check_name(name)
        with self._changing() as (entries, _):
            if entries.pop(name, None) is None:
                raise self._missing(name)

    def names(self) -> tuple[str, ...]:
        """Give the names of all secrets, sorted."""
        contents = self._read()
        return tuple(sorted(name for name in contents.document.entries if name[0] != "@")) if contents else ()

    def rotate(self, new_key: str | None = None) -> None:
        """Encrypt everything anew under another key, and start a new key for `encrypt`.

        Cut short at any moment, the vault opens with the old key or the new one, and nothing is lost. Signatures stay
        valid, and what `encrypt` gave before can still be decrypted.

        Parameters
        ----------
        new_key
            A passphrase or a generated key; by default one is made and kept where the present one is. Needed where
            the key comes from `ARA_VAULT_KEY`.
        """
        given = None if new_key is None else Secret(new_key.strip())
        if given is not None:
            method_of(given)
        with locked(self._path):
            old = self._load() or self._first()
            plain = {name: old.plain(name) for name in old.document.entries}
            plain[f"{_DATA}{_newest(plain) + 1}"] = os.urandom(32)
            key = self._source.stage(given)
            new = self._empty(key)
            entries = {name: new.box(name, data) for name, data in plain.items()}
            self._write(new, entries)
            self._source.adopt()
        self._cipher = new.document.derivation, new.cipher
        self._sealers = {}

    def encrypt(self, data: bytes) -> bytes:
        """Encrypt data that is kept elsewhere; only this vault decrypts it."""
        if not self._sealers:
            self._made_once(f"{_DATA}1")
            self._load_sealers()
        number = max(self._sealers)
        head, nonce = _TOKEN + number.to_bytes(4), os.urandom(_NONCE)
        return head + nonce + self._sealers[number].encrypt(nonce, data, head)

    def decrypt(self, data: bytes) -> bytes:
        """Decrypt what `encrypt` gave; VaultError where it was changed or comes from another vault."""
        from cryptography.exceptions import InvalidTag

        head, nonce, box = data[:8], data[8 : 8 + _NONCE], data[8 + _NONCE :]
        if head[:4] != _TOKEN or len(nonce) < _NONCE:
            raise VaultError("These bytes were not encrypted by a vault of Ara, or they were cut short.")
        number = int.from_bytes(head[4:])
        if number not in self._sealers:
            self._load_sealers()
        try:
            return self._sealers[number].decrypt(nonce, box, head)
        except (KeyError, InvalidTag):
            raise VaultError(
                "The data was changed, or another vault encrypted it.",
                hint=f"Give Ara the vault that encrypted it; this one is {self._path}.",
            ) from None

    def sign(self, message: bytes) -> bytes:
        """Sign with this installation's Ed25519 key; 64 bytes, the same for the same message."""
        return self._signing_key().sign(message)

    def public_key(self) -> bytes:
        """Give the 32 bytes by which anyone can verify what this installation signed."""
        return self._signing_key().public_key().public_bytes_raw()

    @staticmethod
    def verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
        """Tell whether the owner of a public key signed a message; False for what is no key or no signature."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True

    def _signing_key(self) -> "Ed25519PrivateKey":
        if self._signer is None:
            from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

            self._signer = Ed25519PrivateKey.from_private_bytes(self._made_once(_SIGNING))
        return self._signer

    def _load_sealers(self) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        if contents := self._read():
            names = [name for name in contents.document.entries if name.startswith(_DATA)]
            self._sealers = {_number(name): AESGCM(contents.plain(name)) for name in names}

    def _made_once(self, name: str) -> bytes:
        """Give 32 random bytes that are the vault's for good, whichever process asks first."""
        contents = self._read()
        if contents is not None and name in contents.document.entries:
            return contents.plain(name)
        with self._changing() as (entries, contents):
            if name in entries:
                return contents.plain(name)
            made = os.urandom(32)
            entries[name] = contents.box(name, made)
        return made

    @contextmanager
    def _changing(self) -> Iterator[tuple[dict[str, bytes], Contents]]:
        """Give the entries to change, under the lock, and write them where they were changed."""
        with locked(self._path):
            contents = self._load() or self._first()
            entries = dict(contents.document.entries)
            yield entries, contents
            if entries != contents.document.entries:
                self._write(contents, entries)

    def _write(self, contents: Contents, entries: dict[str, bytes]) -> None:
        write_document(self._path, Document.sealed(contents.cipher, contents.document.derivation, entries))

    def _first(self) -> Contents:
        """Give the contents of a new vault."""
        return self._empty(self._source.make())

    def _empty(self, key: Secret) -> Contents:
        derivation = Derivation.fresh(key)
        cipher = derive(key, derivation)
        return Contents(path=self._path, document=Document.sealed(cipher, derivation, {}), cipher=cipher)

    def _load(self) -> Contents | None:
        """Read the vault under its lock, and finish a rotation that was cut short."""
        contents = self._read()
        if contents and (staged := self._source.staged()) and _derived(staged, contents.document):
            self._source.adopt()
        return contents

    def _read(self) -> Contents | None:
        """Read the vault without its lock; looks again where a rotation came between the file and its key."""
        for _ in range(3):
            document = read_document(self._path)
            if document is None:
                return None
            if cipher := self._cipher_of(document):
                return Contents(path=self._path, document=document, cipher=cipher).check()
        if self._source.read() is None:
            raise VaultError(f"The vault {self._path} is there, but its key, {self._source.place}, is not.")
        raise VaultError(f"The key in {self._source.place} is not the one that encrypted the vault {self._path}.")

    def _cipher_of(self, document: Document) -> Cipher | None:
        if self._cipher and self._cipher[0] == document.derivation and self._cipher[1].id == document.key:
            return self._cipher[1]
        for key in (self._source.read(), self._source.staged()):
            if key and (cipher := _derived(key, document)):
                self._cipher = document.derivation, cipher
                return cipher
        return None

    def _missing(self, name: str) -> VaultError:
        return VaultError(
            f"The vault {self._path} holds no secret {name!r}.",
            hint=f"It holds {', '.join(self.names()) or 'none yet'}; keep one with Vault.put.",
        )


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ValidationError(
            "A secret's name has 1 to 128 letters, digits and . _ / -, and begins with a letter or digit.",
            hint="The name that was given is not repeated here: it may be the secret itself.",
        )


def _derived(key: Secret, document: Document) -> Cipher | None:
    """Give the cipher that encrypted a document where it is this key's."""
    if method_of(key) != document.derivation.method:
        return None
    cipher = derive(key, document.derivation)
    return cipher if cipher.id == document.key else None


def _number(name: str) -> int:
    return int(name.removeprefix(_DATA))


def _newest(names: Iterable[str]) -> int:
    return max((_number(name) for name in names if name.startswith(_DATA)), default=0)
