"""How the entries of a log are tied together: each hash covers the entry and the hash before it, and a head is signed.

The hash of an entry is the sha256 of the canonical JSON of its stream, sequence, time, key, the sha256 of its body and
the hash of the entry before. The head repeats the last sequence and hash under the vault's signature and lies in a
second place, so that cutting the log short shows.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import msgspec

from ara.errors import IntegrityError, StoreError
from ara.lineage import canonical, digest
from ara.store.documents import instant_text
from ara.store.store import Signer

__all__ = [
    "Draft",
    "Entry",
    "Head",
    "HeadProblem",
    "Tip",
    "broken",
    "check_tip",
    "extend",
    "hash_entry",
    "hasher",
    "judge",
    "sign_head",
    "signed_upto",
    "sound",
    "well_typed",
]

HeadProblem = Literal["head", "key"]
"""What `judge` finds: the head was edited, or signed with another key."""

_VERIFIED_BY: Final[Mapping[str, str]] = {"audit": "ara users log --verify", "trials": "ara models verify"}
_KINDS = (str, int, datetime, str, bytes, str, str)
_TOLERANCE = timedelta(seconds=60)
_LATELY = 32
_vouched: dict[tuple[bytes, bytes, bytes], None] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A body that waits to become an entry.

    Parameters
    ----------
    body
        What to keep.
    key
        Unique within the log, or empty for none.
    """

    body: bytes
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of a log.

    Parameters
    ----------
    stream
        Name of the log.
    sequence
        Its place, from 1 without gaps.
    at
        When it was written, UTC; never before the entry that precedes it.
    key
        Unique within the log, or empty.
    body
        What was kept.
    previous
        Hash of the entry before; empty for the first.
    hash
        What ties all of the above together, in hex.
    """

    stream: str
    sequence: int
    at: datetime
    key: str
    body: bytes
    previous: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tip:
    """Where a log ends: what the next entry builds on."""

    sequence: int
    at: datetime
    hash: str

    @classmethod
    def of(cls, entry: Entry) -> "Tip":
        """Give the end of a log whose last entry that is."""
        return cls(sequence=entry.sequence, at=entry.at, hash=entry.hash)

    @classmethod
    def read(cls, stream: str, sequence: Any, *, at: Any, hash: Any) -> "Tip":
        """Give the end of a log from what is kept; IntegrityError where it can't be what was written."""
        if type(sequence) is int and _is_instant(at) and type(hash) is str:
            return cls(sequence=sequence, at=at, hash=hash)
        raise broken(stream, sequence)


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What the vault vouches for: the log went this far, and that far it had this hash.

    Parameters
    ----------
    stream
        Name of the log.
    sequence
        Its last entry; 0 before the first.
    hash
        That entry's hash; empty before the first.
    at
        That entry's time as text, UTC.
    public_key
        Who signed, in hex.
    signature
        Ed25519 over the canonical JSON of stream, sequence, hash and at, in hex.
    """

    stream: str
    sequence: int
    hash: str
    at: str
    public_key: str
    signature: str


def well_typed(entry: Entry, stream: str) -> bool:
    """Tell whether each value that was kept is of the kind that was written, and the entry says its log."""
    values = (entry.stream, entry.sequence, entry.at, entry.key, entry.body, entry.previous, entry.hash)
    fits = all(type(value) is kind for value, kind in zip(values, _KINDS, strict=True))
    return fits and _is_instant(entry.at) and entry.stream == stream


def _is_instant(at: Any) -> bool:
    return type(at) is datetime and at.tzinfo is not None


def sound(entry: Entry, stream: str) -> Entry:
    """Give an entry that is as it was written, and an IntegrityError for one that isn't."""
    if well_typed(entry, stream) and hash_entry(entry) == entry.hash:
        return entry
    raise broken(stream, entry.sequence)


def broken(stream: str, sequence: Any) -> IntegrityError:
    """Give the error for an entry that isn't as it was written."""
    named = type(sequence) is int
    which = f"Entry {sequence}" if named else "An entry"
    return IntegrityError(
        f"{which} of the log {stream!r} is not as it was written.",
        hint=f"See what else was changed: {_VERIFIED_BY.get(stream, f'ara {stream} verify')}",
        stream=stream,
        sequence=sequence if named else None,
    )


def hash_entry(entry: Entry) -> str:
    """Compute an entry's hash anew from its content."""
    return hasher(entry)(entry.sequence)


def hasher(entry: Entry) -> Callable[[int], str]:
    """Give a function that computes the hash an entry would have at another place of the log."""
    at, body = instant_text(entry.at), hashlib.sha256(entry.body).hexdigest()

    def hash_at(sequence: int) -> str:
        parts = {"stream": entry.stream, "sequence": sequence, "at": at, "key": entry.key}
        return digest({**parts, "body": body, "previous": entry.previous})

    return hash_at


def extend(
    stream: str, drafts: Sequence[Draft], *, tip: Tip | None, existing: Mapping[str, Entry], now: datetime
) -> tuple[list[Entry], list[Entry]]:
    """Chain drafts behind a tip.

    Returns the entry of every draft, and those of them that are new. A key that is taken, by an entry that exists or by
    an earlier draft, gives that entry.
    """
    taken = dict(existing)
    answers: list[Entry] = []
    added: list[Entry] = []
    at = now if tip is None else _not_before(tip, now, stream=stream)
    sequence, previous = (0, "") if tip is None else (tip.sequence, tip.hash)
    for draft in drafts:
        if draft.key and draft.key in taken:
            answers.append(sound(taken[draft.key], stream))
            continue
        sequence += 1
        bare = Entry(
            stream=stream, sequence=sequence, at=at, key=draft.key, body=draft.body, previous=previous, hash=""
        )
        previous = hash_entry(bare)
        entry = Entry(
            stream=stream,
            sequence=sequence,
            at=at,
            key=draft.key,
            body=draft.body,
            previous=bare.previous,
            hash=previous,
        )
        taken[draft.key] = entry
        answers.append(entry)
        added.append(entry)
    return answers, added


def _not_before(tip: Tip, now: datetime, *, stream: str) -> datetime:
    if tip.at - now > _TOLERANCE:
        raise StoreError(
            f"The clock says {instant_text(now)}, but the last entry of the log {stream!r} was written at "
            f"{instant_text(tip.at)}.",
            hint="Set the machine's clock, then try again; nothing was written.",
            clock=instant_text(now),
            last=instant_text(tip.at),
        )
    return max(tip.at, now)


def sign_head(signer: Signer, stream: str, *, tip: Tip) -> bytes:
    """Give the signed head, as one line of JSON, of a log that ends at a tip; a log that begins has tip 0."""
    at = instant_text(tip.at)
    message, public_key = _message(stream, tip.sequence, tip.hash, at=at), signer.public_key()
    signature = signer.sign(message)
    _vouch((public_key, message, signature))
    head = {"stream": stream, "sequence": tip.sequence, "hash": tip.hash, "at": at}
    return canonical({**head, "public_key": public_key.hex(), "signature": signature.hex()}) + b"\n"


def judge(document: bytes, stream: str, *, signer: Signer) -> tuple[Head | None, HeadProblem | None]:
    """Read a head: what it says, and whether it was edited (`head`) or signed with another key (`key`)."""
    try:
        head = msgspec.json.decode(document, type=Head)
        public_key, signature = bytes.fromhex(head.public_key), bytes.fromhex(head.signature)
    except ValueError:
        return None, "head"
    message = _message(head.stream, head.sequence, head.hash, at=head.at)
    if head.stream != stream or not _signed(signer, public_key, message, signature=signature):
        return None, "head"
    return (head, None) if public_key == signer.public_key() else (None, "key")


def _signed(signer: Signer, public_key: bytes, message: bytes, *, signature: bytes) -> bool:
    """Tell whether a key signed these very bytes; of what this process signed or judged lately it is known already."""
    told = (public_key, message, signature)
    if told in _vouched:
        return True
    if not signer.verify(*told):
        return False
    _vouch(told)
    return True


def _vouch(told: tuple[bytes, bytes, bytes]) -> None:
    _vouched[told] = None
    while len(_vouched) > _LATELY:
        _vouched.pop(next(iter(tuple(_vouched))), None)


def signed_upto(document: bytes) -> int:
    """Read from a head, without judging it, how far it goes; 0 where it can't be read."""
    try:
        return msgspec.json.decode(document, type=Head).sequence
    except msgspec.MsgspecError:
        return 0


def _message(stream: str, sequence: int, last: str, *, at: str) -> bytes:
    return canonical({"stream": stream, "sequence": sequence, "hash": last, "at": at})


def check_tip(
    document: bytes | None, stream: str, *, tip: Tip | None, hash_at: Callable[[int], str | None], signer: Signer
) -> None:
    """Refuse to build on a log that its signed head contradicts: it would make the damage look signed.

    Parameters
    ----------
    document
        The head as kept; None where there is none.
    stream
        Name of the log.
    tip
        Where the log ends.
    hash_at
        Gives the hash that the log has at a sequence up to its tip.
    signer
        The vault.
    """
    if document is None:
        if tip is not None:
            raise _refusal(stream, f"has {tip.sequence} entries but no signed head")
        return
    head, problem = judge(document, stream, signer=signer)
    if head is None:
        raise _refusal(stream, "has a head that was edited" if problem == "head" else "has a head of another key")
    if head.sequence > (0 if tip is None else tip.sequence):
        raise _refusal(stream, f"was cut short: its signed head names entry {head.sequence}")
    if head.sequence and head.hash != hash_at(head.sequence):
        raise _refusal(stream, f"was rewritten: entry {head.sequence} is not the one its signed head names")


def _refusal(stream: str, words: str) -> IntegrityError:
    return IntegrityError(
        f"The log {stream!r} {words}; nothing was written.",
        hint=f"See where: ara {stream} verify. Restore the log and its head from one back-up, or move both away to "
        "begin anew.",
        stream=stream,
    )
