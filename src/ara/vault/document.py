"""The document that `vault.json` holds, and what it says once it is open."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

import msgspec

from ara.errors import VaultError
from ara.lineage import canonical
from ara.vault.cipher import Cipher, Derivation
from ara.vault.file import replace_file

__all__ = ["Contents", "Document", "read_document", "write_document"]

_RESTORE = "Restore it from a back-up."


class Document(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `vault.json` holds.

    Parameters
    ----------
    key
        Id of the cipher, by which a wrong key is told from an edited file.
    derivation
        How the cipher comes from the key.
    entries
        Name to sealed bytes. Names are readable; each box opens under its own name only.
    seal
        An empty text sealed for all of the above, so that no entry can be dropped or put back unseen.
    """

    format: Literal["ara-vault"] = "ara-vault"
    version: Literal[1] = 1
    key: str
    derivation: Derivation
    entries: dict[str, bytes]
    seal: bytes = b""

    @classmethod
    def sealed(cls, cipher: Cipher, derivation: Derivation, entries: Mapping[str, bytes]) -> Self:
        """Put a document together and seal it."""
        document = cls(key=cipher.id, derivation=derivation, entries=dict(entries))
        return msgspec.structs.replace(document, seal=cipher.seal(b"", purpose=document.purpose))

    @property
    def purpose(self) -> str:
        """What the seal stands for: the canonical JSON of all else."""
        return canonical(msgspec.to_builtins(msgspec.structs.replace(self, seal=b""))).decode()


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Contents:
    """A document beside the cipher that opens it.

    Parameters
    ----------
    path
        Where the document was read, for messages.
    """

    path: Path
    document: Document
    cipher: Cipher

    def check(self) -> Self:
        """Give itself; VaultError naming what was changed, where the document is not as its last writer left it."""
        if self.cipher.open(self.document.seal, purpose=self.document.purpose) is None:
            for name in self.document.entries:
                self.plain(name)
            raise VaultError(f"The vault {self.path} was edited: an entry was dropped or put back.", hint=_RESTORE)
        return self

    def plain(self, name: str) -> bytes:
        """Give what an entry holds, decrypted."""
        data = self.cipher.open(self.document.entries[name], purpose=_entry(name))
        if data is None:
            raise VaultError(f"The entry {name!r} of the vault {self.path} was changed or damaged.", hint=_RESTORE)
        return data

    def box(self, name: str, data: bytes) -> bytes:
        """Give what an entry of that name has to hold, encrypted."""
        return self.cipher.seal(data, purpose=_entry(name))


def read_document(path: Path) -> Document | None:
    """Read the vault's file; None where there is none."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Document)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise VaultError(
            f"The vault {path} can't be read: {error.strerror}.", hint="Check the folder in ARA_HOME."
        ) from None
    except msgspec.ValidationError as error:
        raise VaultError(f"The vault {path} was edited: {error}.", hint=_RESTORE) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise VaultError(f"The vault {path} is cut short or damaged: it is no whole JSON.", hint=_RESTORE) from None


def write_document(path: Path, document: Document) -> None:
    """Replace the vault's file, durably and at once."""
    replace_file(path, msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n")


def _entry(name: str) -> str:
    return f"ara-vault 1 entry {name}"
