"""Whether a log is as it was written, and if not, which entry was touched and how."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ara.store.chain import Entry, Head, HeadProblem, hash_entry, hasher, judge, well_typed
from ara.store.log_storage import LogStorage
from ara.store.store import DamagedError, Signer

__all__ = ["Problem", "Verification", "verify"]

Problem = Literal[
    "edited", "removed", "inserted", "reordered", "rewritten", "cut", "missing", "head", "key", "damaged", "gone"
]
"""What a walk can find; `Verification` says what each means."""

_PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What a walk over a log found; it ends at the first problem.

    Parameters
    ----------
    ok
        Nothing was changed, up to the signed head.
    entries
        How many entries were walked.
    unsigned
        How many good entries lie behind the head: written, but their writer was stopped before signing. The next append
        signs them.
    problem
        None, or: `edited` (an entry's content), `removed`, `inserted`, `reordered`; `rewritten` (entries and their
        hashes were replaced together), `cut` (entries at the end are gone), `missing` (the head), `head` (the head was
        edited), `key` (the head was signed with another key), `damaged` (the database is broken, in or around the log);
        and `gone`, which no walk can tell but who keeps more beside a log: it holds less than was seen in it before.
    sequence
        The entry the problem is about; None where it is about the head or the database.
    words
        The same as one sentence.
    """

    ok: bool
    entries: int
    unsigned: int
    problem: Problem | None
    sequence: int | None
    words: str

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON has it."""
        return {
            "schema": 1,
            "ok": self.ok,
            "entries": self.entries,
            "unsigned": self.unsigned,
            "problem": self.problem,
            "sequence": self.sequence,
            "words": self.words,
        }


@dataclass(frozen=True, slots=True)
class _Finding:
    problem: Problem
    sequence: int | None
    words: str


_TROUBLES = {
    "head": _Finding("head", None, "The signed head was edited."),
    "key": _Finding("key", None, "The head is signed with another key than the vault's."),
}


async def verify(storage: LogStorage, stream: str, *, signer: Signer) -> Verification:
    """Walk a log against its head, a page at a time."""
    document = await storage.head(stream)
    head, trouble = (None, None) if document is None else judge(document, stream, signer=signer)
    walk = _Walk(stream, head)
    try:
        finding = await _walked(storage, walk)
        if finding is None and document is None and walk.entries:
            finding = _Finding("missing", None, f"The log has {walk.entries} entries but no signed head.")
        finding = finding or (_TROUBLES[trouble] if trouble else walk.cut()) or await _around(storage)
    except DamagedError:
        if document is None:
            raise
        finding = _broken_off(walk, trouble)
    return _report(walk, finding)


async def _walked(storage: LogStorage, walk: "_Walk") -> _Finding | None:
    after = None
    while page := await storage.entries(walk.stream, after=after, limit=_PAGE):
        suspect = await asyncio.to_thread(walk.take, page)
        if suspect is not None:
            return walk.finding or await _displaced(storage, suspect, walk=walk)
        after = page[-1].sequence
    return None


async def _around(storage: LogStorage) -> _Finding | None:
    damage = await storage.damage()
    if not damage:
        return None
    return _Finding("damaged", None, f"The entries are as they were written, but the database is damaged ({damage}).")


def _broken_off(walk: "_Walk", trouble: HeadProblem | None) -> _Finding:
    where = f" behind entry {walk.entries}" if walk.entries else ""
    if walk.head is None:
        says = "and its signed head was edited" if trouble == "head" else "and its head is signed with another key"
    else:
        says = f"its signed head names entry {walk.head.sequence}"
    return _Finding("damaged", None, f"The database is damaged{where}; {says}.")


class _Walk:
    """Takes entries in order; `entries` counts the good ones."""

    def __init__(self, stream: str, head: Head | None) -> None:
        self.stream = stream
        self.head = head
        self.entries = 0
        self.finding: _Finding | None = None
        self._previous = ""

    def take(self, page: Sequence[Entry]) -> Entry | None:
        """Check a page; gives the first entry that is wrong, with `finding` set unless others must be looked at."""
        for entry in page:
            expected = self.entries + 1
            self.finding = self._gap(entry, expected) or self._kind(entry, expected)
            if self.finding is None:
                if hash_entry(entry) != entry.hash:
                    return entry
                self.finding = self._link(entry) or self._vouched(entry)
            if self.finding is not None:
                return entry
            self.entries, self._previous = expected, entry.hash
        return None

    def _kind(self, entry: Entry, expected: int) -> _Finding | None:
        if well_typed(entry, self.stream):
            return None
        return _Finding("edited", expected, f"Entry {expected} was edited: it holds what no entry can hold.")

    @staticmethod
    def _gap(entry: Entry, expected: int) -> _Finding | None:
        if type(entry.sequence) is not int:
            return None
        if entry.sequence < expected:
            return _Finding("inserted", entry.sequence, f"Entry {entry.sequence} was inserted: a log begins with 1.")
        if entry.sequence > expected:
            last = entry.sequence - 1
            which = f"Entry {expected} was" if last == expected else f"Entries {expected} to {last} were"
            return _Finding("removed", expected, f"{which} removed.")
        return None

    def _link(self, entry: Entry) -> _Finding | None:
        if entry.previous == self._previous:
            return None
        before = entry.sequence - 1
        if before == 0:
            return _Finding("edited", 1, "Entry 1 was replaced: it names an entry before it.")
        if self.head is not None and self.head.sequence == before:
            words = f"Entry {entry.sequence} was inserted: it doesn't name the entry before it."
            return _Finding("inserted", entry.sequence, words)
        words = f"Entry {before} was edited together with its hash: entry {entry.sequence} names another."
        return _Finding("edited", before, words)

    def _vouched(self, entry: Entry) -> _Finding | None:
        if self.head is None or self.head.sequence != entry.sequence or self.head.hash == entry.hash:
            return None
        words = f"Entry {entry.sequence}, or all from one before it, was rewritten: the signed head names another hash."
        return _Finding("rewritten", entry.sequence, words)

    def cut(self) -> _Finding | None:
        """Say what is missing at the end against the head."""
        if self.head is None or self.head.sequence <= self.entries:
            return None
        words = f"The log was cut short: it ends at entry {self.entries}, its signed head names {self.head.sequence}."
        return _Finding("cut", self.entries + 1, words)


async def _displaced(storage: LogStorage, entry: Entry, *, walk: _Walk) -> _Finding:
    """Say why an entry doesn't have its hash: its content was changed, or it stood elsewhere."""
    expected = walk.entries + 1
    last = max(await storage.size(entry.stream), 0 if walk.head is None else walk.head.sequence)
    origin = await asyncio.to_thread(_origin, entry, last)
    if origin is None:
        return _Finding("edited", expected, f"Entry {expected} was edited: its content doesn't have its hash.")
    if origin < expected:
        which = f"Entry {origin} was" if origin == expected - 1 else f"Entries {origin} to {expected - 1} were"
        return _Finding("inserted", origin, f"{which} inserted: what follows was written as entry {origin}.")
    if await _stands_elsewhere(storage, entry, expected):
        words = f"Entries were put in another order: entry {expected} was written as entry {origin}."
        return _Finding("reordered", expected, words)
    return _Finding("removed", expected, f"Entry {expected} was removed and what followed was moved up.")


def _origin(entry: Entry, last: int) -> int | None:
    """Find the sequence under which an entry has its hash, nearest first; what was removed may lie behind the end."""
    hash_at = hasher(entry)
    for distance in range(1, last + 2):
        for sequence in (entry.sequence - distance, entry.sequence + distance):
            if sequence > 0 and hash_at(sequence) == entry.hash:
                return sequence
    return None


async def _stands_elsewhere(storage: LogStorage, entry: Entry, expected: int) -> bool:
    after = entry.sequence
    while page := await storage.entries(entry.stream, after=after, limit=_PAGE):
        for other in page:
            if not well_typed(other, entry.stream):
                return False
            if await asyncio.to_thread(hasher(other), expected) == other.hash:
                return True
        after = page[-1].sequence
    return False


def _report(walk: _Walk, finding: _Finding | None) -> Verification:
    signed = 0 if walk.head is None else walk.head.sequence
    unsigned = max(0, walk.entries - signed) if finding is None else 0
    words = f"{walk.entries} entries, none changed" if finding is None else finding.words
    if finding is None:
        words += f"; {unsigned} wait for the next append to be signed." if unsigned else "."
    return Verification(
        ok=finding is None,
        entries=walk.entries,
        unsigned=unsigned,
        problem=None if finding is None else finding.problem,
        sequence=None if finding is None else finding.sequence,
        words=words,
    )
