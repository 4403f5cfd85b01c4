"""Anchors that were published, held against the ledger: what no key can be made to vouch for again."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from ara.errors import ValidationError
from ara.prediction.ledger import Anchor, Ledger
from ara.store.documents import instant_text

__all__ = ["Held", "Published", "hold", "published"]

_DIGEST: Final = re.compile(r"[0-9a-fA-F]{64}")
_LABELS: Final = ("Digest", "Entry", "Time", "Key")
_LARGEST: Final = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What somebody kept of an anchor: at least its digest, with the facts that stood beside it.

    Parameters
    ----------
    digest
        As it was published.
    sequence, hash, at, public_key
        The facts it follows from, as far as they are known; `at` as it was written, perhaps to the second.
    """

    digest: str
    sequence: int | None = None
    hash: str = ""
    at: datetime | None = None
    public_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Whether the ledger still holds what was anchored.

    Parameters
    ----------
    digest
        Of the anchor.
    ok
        Whether it does: the entry has that hash, and the digest follows from its facts.
    sequence
        The entry up to which it speaks; None where nothing tells.
    words
        The same as one sentence.
    """

    digest: str
    ok: bool
    sequence: int | None
    words: str

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON has it."""
        return asdict(self)


def published(given: "str | Path | Anchor") -> list[Published]:
    """Read anchors: a digest of 64 hex digits, or a file of what `ara ledger anchor` printed, many times or as JSON."""
    if isinstance(given, Anchor):
        return [Published(**asdict(given))]
    if isinstance(given, str) and _DIGEST.fullmatch(given.strip()):
        return [Published(digest=given.strip().lower())]
    path = Path(given)
    try:
        if path.stat().st_size > _LARGEST:
            raise ValidationError(f"{str(path)!r} is too large for a file of anchors.", hint=_hint())
        text = path.read_text("utf-8")
    except (OSError, ValueError) as error:
        raise ValidationError(
            f"{str(given)[:80]!r} is no digest of 64 hex digits, and no file of anchors that can be read.", hint=_hint()
        ) from error
    found = list(_read(text, path.name))
    if not found:
        raise ValidationError(f"{path.name} holds no anchor.", hint=_hint())
    return found


def _hint() -> str:
    return "Give the digest, or the file of what ara ledger anchor printed, with --json or without."


def _read(text: str, name: str) -> Iterator[Published]:
    if text.lstrip().startswith(("{", "[")):
        yield from _documents(text, name)
        return
    facts: dict[str, str] = {}
    for number, label, value in _labelled(text, name):
        if label == "Digest" and facts:
            yield _printed(facts, name, number)
            facts = {}
        facts[label] = value
    if facts:
        yield _printed(facts, name, text.count("\n"))


def _labelled(text: str, name: str) -> Iterator[tuple[int, str, str]]:
    """Give the number, label and value of each line; on a narrow screen the value stands on the line below."""
    waits = ""
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if waits:
            yield number, waits, line
            waits = ""
            continue
        label, _, value = line.partition(" ")
        if label in _LABELS and not value:
            waits = label
        elif label in _LABELS or _DIGEST.fullmatch(line):
            yield number, label if value else "Digest", value.strip() or line
        else:
            raise _strange(name, number)
    if waits:
        raise _strange(name, text.count("\n"))


def _printed(facts: Mapping[str, str], name: str, number: int) -> Published:
    try:
        entry, time, digest = facts.get("Entry"), facts.get("Time"), facts["Digest"]
        if not _DIGEST.fullmatch(digest):
            raise _strange(name, number)
        return Published(
            digest=digest.lower(),
            sequence=None if entry is None else int(entry.replace(",", "")),
            at=None if time is None else datetime.strptime(time, "%Y-%m-%d %H:%M:%S UTC").replace(tzinfo=UTC),
            public_key=facts.get("Key", ""),
        )
    except (KeyError, ValueError) as error:
        raise _strange(name, number) from error


def _documents(text: str, name: str) -> Iterator[Published]:
    """Give the anchors of documents that follow one another, or stand in a list."""
    place, decoder = 0, json.JSONDecoder()
    while rest := text[place:].lstrip():
        place = len(text) - len(rest)
        number = text.count("\n", 0, place) + 1
        try:
            told, place = decoder.raw_decode(text, place)
            for document in told if isinstance(told, list) else [told]:
                yield _document(document)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise _strange(name, number) from error


def _document(document: Mapping[str, Any]) -> Published:
    told = document["digest"]
    if not _DIGEST.fullmatch(told):
        raise ValueError(told)
    sequence, at = document.get("sequence"), document.get("at")
    if sequence is not None and type(sequence) is not int:
        raise TypeError(sequence)
    moment = None if at is None else datetime.fromisoformat(at)
    return Published(
        digest=told.lower(),
        sequence=sequence,
        hash=str(document.get("hash") or ""),
        at=moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC),
        public_key=str(document.get("public_key") or ""),
    )


def _strange(name: str, number: int) -> ValidationError:
    return ValidationError(f"{name}: line {max(number, 1)} belongs to no anchor.", hint=_hint())


async def hold(ledger: Ledger, anchors: Sequence[Published], *, good: int, public_key: str) -> list[Held]:
    """Say of each anchor whether the ledger still holds what it was made of.

    Parameters
    ----------
    ledger
        The ledger.
    anchors
        What was published.
    good
        Up to which entry the chain was found whole: nothing behind it counts.
    public_key
        Whose signature the head has now, hex; empty without a head. A bare digest is looked for under this key.
    """
    bare = {one.digest for one in anchors if one.sequence is None}
    places: dict[str, int] = {}
    if bare and public_key and good:
        async for mark in ledger.anchors(public_key):
            if mark.digest in bare:
                places[mark.digest] = mark.sequence
            if mark.sequence >= good or len(places) == len(bare):
                break
    return [
        _searched(one, places, good) if one.sequence is None else await _named(ledger, one, good, public_key)
        for one in anchors
    ]


def _searched(one: Published, places: Mapping[str, int], good: int) -> Held:
    place, short = places.get(one.digest), one.digest[:12]
    if place is not None:
        words = f"Anchor {short}: holds; it is that of entry {place:,}, and nothing up to there was changed."
        return Held(digest=one.digest, ok=True, sequence=place, words=words)
    words = (
        f"Anchor {short}: none of the {good:,} entries gives this digest under the key that signs the ledger now. "
        "What was anchored was rewritten, cut off or signed by another key, or it is of another ledger; which of them, "
        "its entry, time and key tell: give the file with all lines that ara ledger anchor printed."
    )
    return Held(digest=one.digest, ok=False, sequence=None, words=words)


async def _named(ledger: Ledger, one: Published, good: int, public_key: str) -> Held:
    place = one.sequence or 0
    mark = None
    if 1 <= place <= good:
        mark = await anext(ledger.anchors(one.public_key or public_key, after=place - 1), None)
    ok, words = _judged(one, mark, good, public_key)
    return Held(digest=one.digest, ok=ok, sequence=place, words=f"Anchor {one.digest[:12]} of entry {place:,}: {words}")


def _judged(one: Published, mark: Anchor | None, good: int, public_key: str) -> tuple[bool, str]:
    if _contradicts(one):
        return False, "its digest does not follow from the facts beside it, so the anchor itself was changed."
    if mark is None:
        return False, f"the ledger is whole only up to entry {good:,}; what was anchored is gone or damaged."
    if mark.digest == one.digest:
        told = one.at is None or one.at == mark.at.replace(microsecond=one.at.microsecond and mark.at.microsecond)
        if not told or (one.hash and one.hash != mark.hash):
            return False, "its digest is that of the entry, but the facts beside it are others: the anchor was changed."
        since = "" if (one.public_key or public_key) == public_key else " Another key signs the ledger now."
        return True, f"holds; nothing up to there was changed.{since}"
    if one.hash == mark.hash:
        return False, "the entry has the anchored hash, but another time: one of the two was changed."
    return False, "that entry is not the one that was anchored: it, or one before it, was rewritten or replaced."


def _contradicts(one: Published) -> bool:
    if one.sequence is None or one.at is None or not (one.hash and one.public_key):
        return False
    at = instant_text(one.at)
    return Anchor.of(sequence=one.sequence, hash=one.hash, at=at, public_key=one.public_key).digest != one.digest
