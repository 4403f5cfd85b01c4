"""A log: entries that are only ever added, each tied to the one before.

Callers that append at the same time share one transaction: the first starts it, those that come while it is on its way
form the next. So a thousand callers cost little more than one, and each still waits until its entry is durable.
"""

import asyncio
import re
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

from ara.errors import IntegrityError, StoreError, ValidationError
from ara.store.chain import Draft, Entry, Head, judge, sound
from ara.store.documents import check_name, is_name
from ara.store.log_storage import LogStorage
from ara.store.store import Signer
from ara.store.verification import Verification, verify

__all__ = ["Log", "check_stream"]

_STREAM = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_PAGE = 100
_LARGEST_BODY = 2**20
_BATCH_ENTRIES = 2_000
_BATCH_BYTES = 32 * 2**20
_ASK_AGAIN = "Append it again with the same key: what was written is not written twice."


@dataclass(slots=True)
class _Request:
    drafts: list[Draft]
    size: int
    answer: asyncio.Future[list[Entry]]


class Log:
    """One stream of entries; `Store.log` gives it.

    Parameters
    ----------
    stream
        Its name.
    storage
        Where the back-end keeps it.
    signer
        Who signs its head.
    outside
        Called first by `append`; raises inside a transaction of the caller's.
    """

    def __init__(self, stream: str, storage: LogStorage, *, signer: Signer, outside: Callable[[], None]) -> None:
        self._stream = stream
        self._storage = storage
        self._signer = signer
        self._outside = outside
        self._waiting: deque[_Request] = deque()
        self._writer: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def stream(self) -> str:
        """The log's name."""
        return self._stream

    async def append(self, bodies: Sequence[bytes], *, keys: Sequence[str] | None = None) -> list[Entry]:
        """Add entries, all or none, and give them once they are durable.

        A key that the log has already gives the old entry and writes nothing: an append that is tried again is safe.

        Parameters
        ----------
        bodies
            What to keep, each up to 1 MiB.
        keys
            A key for each body, unique within the log; an empty one is no key. None: no keys.
        """
        self._outside()
        drafts = _drafts(bodies, keys)
        if self._closed:
            raise StoreError(f"The log {self._stream!r} is closed.", hint="Open the store again.")
        if not drafts:
            return []
        answer = asyncio.get_running_loop().create_future()
        self._waiting.append(_Request(drafts, sum(len(one.body) for one in drafts), answer))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write(), name=f"ara.store.log {self._stream}")
        result: list[Entry] = await answer
        return result

    async def _write(self) -> None:
        try:
            while self._waiting:
                if batch := self._batch():
                    await self._commit(batch)
                # A turn of the loop: the callers just answered may append again and join the next batch.
                await asyncio.sleep(0)
        finally:
            self._writer = None
            _refuse(self._waiting, StoreError("The append was stopped before it began; nothing was written."))

    async def _commit(self, batch: list[_Request]) -> None:
        try:
            entries = await self._storage.commit(self._stream, [one for request in batch for one in request.drafts])
        except asyncio.CancelledError:
            _refuse(batch, StoreError("The append was stopped on its way; it may have been written.", hint=_ASK_AGAIN))
            raise
        except Exception as error:  # noqa: BLE001 - every caller of the batch gets it
            _refuse(batch, error)
        else:
            _answer(batch, entries)

    def _batch(self) -> list[_Request]:
        batch: list[_Request] = []
        entries = size = 0
        while self._waiting:
            request = self._waiting[0]
            if batch and (entries + len(request.drafts) > _BATCH_ENTRIES or size + request.size > _BATCH_BYTES):
                break
            self._waiting.popleft()
            if not request.answer.done():
                batch.append(request)
                entries += len(request.drafts)
                size += request.size
        return batch

    async def read(self, *, after: int = 0) -> AsyncIterator[Entry]:
        """Give the entries behind a sequence, in order, up to the present end.

        One that isn't as it was written is an IntegrityError, here and in `get` and `search`; whether entries are
        missing only `verify` tells.
        """
        while page := await self._storage.entries(self._stream, after=after, limit=_PAGE):
            for entry in page:
                yield sound(entry, self._stream)
            after = page[-1].sequence

    async def get(self, key: str) -> Entry | None:
        """Give the entry with a key, or None."""
        found = await self._storage.by_key(self._stream, key) if is_name(key) else None
        return None if found is None else sound(found, self._stream)

    async def get_all(self, keys: Sequence[str]) -> list[Entry]:
        """Give the entries with these keys in the log's order; those that it doesn't have are left out."""
        names = list(dict.fromkeys(key for key in keys if is_name(key)))
        found = []
        for start in range(0, len(names), _PAGE):
            found += await self._storage.by_keys(self._stream, names[start : start + _PAGE])
        return sorted((sound(entry, self._stream) for entry in found), key=lambda entry: entry.sequence)

    async def search(self, prefix: str, *, limit: int = 20) -> list[Entry]:
        """Give the entries whose keys begin with `prefix`, sorted by key."""
        if limit < 1:
            raise ValidationError(f"limit is {limit}; allowed is 1 or more.")
        if prefix and not prefix.isprintable():
            return []
        found = await self._storage.by_prefix(self._stream, prefix, limit=limit)
        return [sound(entry, self._stream) for entry in found]

    async def head(self) -> Head | None:
        """Give the signed head, or None before the first entry; IntegrityError where it isn't the vault's."""
        document = await self._storage.head(self._stream)
        if document is None:
            return None
        head, problem = judge(document, self._stream, signer=self._signer)
        if head is None:
            how = "was edited" if problem == "head" else "was signed with another key"
            raise IntegrityError(f"The head of the log {self._stream!r} {how}.", stream=self._stream)
        return head

    async def verify(self) -> Verification:
        """Walk the whole log, in bounded memory, and say whether and where it was changed."""
        return await verify(self._storage, self._stream, signer=self._signer)

    async def close(self) -> None:
        """Let the appends under way finish and refuse new ones."""
        self._closed = True
        if self._writer is not None:
            await asyncio.wait([self._writer])


def check_stream(stream: str) -> None:
    """Refuse a name that isn't fit for a log (it also becomes a file's name)."""
    if not _STREAM.fullmatch(stream):
        raise ValidationError(
            f"{stream[:60]!r} can't name a log; allowed is a small letter, then small letters, digits, '_' and '-', "
            "64 in all."
        )


def _drafts(bodies: Sequence[bytes], keys: Sequence[str] | None) -> list[Draft]:
    names = [""] * len(bodies) if keys is None else list(keys)
    if len(names) != len(bodies):
        raise ValidationError(f"There are {len(bodies)} bodies and {len(names)} keys; each body takes one key.")
    for name in names:
        if name:
            check_name(name, what="key of an entry")
    for body in bodies:
        if len(body) > _LARGEST_BODY:
            raise ValidationError(f"A body has {len(body):,} bytes; allowed are {_LARGEST_BODY:,}.")
    return [Draft(body=bytes(body), key=name) for body, name in zip(bodies, names, strict=True)]


def _answer(batch: Sequence[_Request], entries: list[Entry]) -> None:
    start = 0
    for request in batch:
        end = start + len(request.drafts)
        if not request.answer.done():
            request.answer.set_result(entries[start:end])
        start = end


def _refuse(batch: Sequence[_Request] | deque[_Request], error: Exception) -> None:
    for request in batch:
        if not request.answer.done():
            request.answer.set_exception(error)
