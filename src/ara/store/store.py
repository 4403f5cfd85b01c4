"""What a document is, and what every store can do.

A store keeps three kinds of things: documents (small records that are replaced as a whole), logs (entries that are only
ever added, chained by hashes) and tables (rows that are asked by column). Three back-ends keep them alike: memory,
SQLite and PostgreSQL.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar

import msgspec

from ara.errors import StoreError

if TYPE_CHECKING:
    from ara.store.log import Log
    from ara.store.steps import Steps
    from ara.store.tables import Tables

__all__ = ["Between", "ConflictError", "DamagedError", "Place", "Record", "Signer", "Store"]

_R = TypeVar("_R", bound="Record")


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A document; a subclass names its `kind` and adds fields.

    Fields are what JSON can hold, and times that are aware. Numbers, strings, flags, dates and times (and each of these
    or None) can be asked for in `Store.find`.

    Parameters
    ----------
    id
        Unique within the kind: 1 to 256 printable characters.
    """

    kind: ClassVar[str] = ""
    id: str


class ConflictError(StoreError):
    """Somebody else changed the document first; nothing was written."""

    code = "conflict"
    http_status = 409
    default_hint = "Read the document again, apply the change to what is there now, and try once more."

    @classmethod
    def of(cls, record: Record, *, there: bool) -> "ConflictError":
        """Give the error for a document that is another now, or gone."""
        how = "was changed by somebody else" if there else "isn't there"
        return cls(f"The {record.kind} {record.id!r} {how}; nothing was written.", kind=record.kind, id=record.id)


class DamagedError(StoreError):
    """The database itself is broken: its file was cut short or overwritten, or is none of Ara's any more."""

    default_hint = "Restore it from a back-up, or move it away to begin with an empty one."


@dataclass(frozen=True, slots=True)
class Between:
    """A range for `Store.find`, both ends included; None leaves an end open."""

    low: str | int | float | date | datetime | None = None
    high: str | int | float | date | datetime | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of `Store.find` ended: what the last document had in the field sorted by, and its id.

    The document itself may be gone by the time that somebody goes on from there.
    """

    value: str | int | float | date | datetime | None
    id: str


class Signer(Protocol):
    """What a store needs of the vault: an Ed25519 key that signs the heads of logs."""

    def sign(self, message: bytes) -> bytes:
        """Give the signature of a message."""
        ...

    def public_key(self) -> bytes:
        """Give the 32 raw bytes of the public key."""
        ...

    def verify(self, public_key: bytes, message: bytes, signature: bytes, /) -> bool:
        """Tell whether a signature is that of a message under a public key."""
        ...


class Store(Protocol):
    """Documents, logs and tables of one place. Nothing is touched before the first use."""

    async def add(self, record: Record) -> bool:
        """Keep a new document; False, and nothing written, where its id is taken."""
        ...

    async def put(self, record: Record, *, replaces: str) -> None:
        """Replace the document whose `revision` is `replaces`; ConflictError where it is another or none."""
        ...

    async def get(self, kind: type[_R], id: str) -> _R | None:
        """Give one document, or None."""
        ...

    def find(
        self,
        kind: type[_R],
        where: Mapping[str, Any] | None = None,
        *,
        order: str = "id",
        limit: int | None = None,
        after: "_R | Place | None" = None,
    ) -> AsyncIterator[_R]:
        """Give the documents that match, one by one, read in pages: what changes meanwhile may or may not be seen.

        Parameters
        ----------
        kind
            Which documents.
        where
            Field to value, or to a `Between`; all must hold. None asks for fields that are None.
        order
            Field to sort by, `-` before it for the largest first; None counts as the smallest, ties go by id.
        limit
            The most documents to give; None gives all.
        after
            The last document of the page before, or its place.
        """
        ...

    async def remove(self, kind: type[_R], id: str) -> None:
        """Forget one document; one that isn't there is no error."""
        ...

    def tx(self) -> AbstractAsyncContextManager[None]:
        """Make the documents written inside appear all at once, or not at all if an error leaves the block.

        The transaction belongs to the task that opened it: calls from other tasks are outside of it. It can't be
        nested, and logs can't be appended to inside it: both are a StoreError.
        """
        ...

    def log(self, stream: str) -> "Log":
        """Give the log of that name; it begins to exist with its first entry."""
        ...

    @property
    def tables(self) -> "Tables":
        """The tables, migrated on first use."""
        ...

    @property
    def steps(self) -> "Steps":
        """Where migrations of the tables run; `ara.store.migrate` runs them."""
        ...

    async def close(self) -> None:
        """Finish what was begun and let go of files and connections; a second call does nothing."""
        ...
