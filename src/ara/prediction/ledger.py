"""The ledger: every forecast is kept, chained to the one before, before its outcome is known."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec

from ara.desk import Desk
from ara.errors import AraError, IntegrityError, NotFoundError, StoreError, ValidationError
from ara.lineage import canonical, digest
from ara.market.timeframe import DAY
from ara.prediction.document import from_document, to_document
from ara.prediction.forecast import Forecast
from ara.store import Entry, Verification, standing
from ara.store.documents import instant_text

__all__ = ["Anchor", "Kept", "Ledger"]

_STREAM = "ledger"
_PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A forecast in the ledger.

    Parameters
    ----------
    sequence
        Its place, from 1.
    made_at
        When it was kept, UTC, by this machine's clock.
    hash
        Of its entry, which covers all entries before it.
    forecast
        The forecast as it was given.
    """

    sequence: int
    made_at: datetime
    hash: str
    forecast: Forecast

    @property
    def id(self) -> str:
        """The forecast's id."""
        return self.forecast.id

    def as_dict(self) -> dict[str, Any]:
        """Give what a list says of it, as JSON has it."""
        return {
            "sequence": self.sequence,
            "id": self.forecast.id,
            "made_at": self.made_at.isoformat(),
            "symbol": self.forecast.instrument.symbol,
            "last": self.forecast.last.isoformat(),
            "close": self.forecast.close,
            "days": len(self.forecast.days),
            "model": self.forecast.model,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A digest to publish: whoever saw it can later tell that nothing up to `sequence` was changed or left out.

    Parameters
    ----------
    digest
        sha256 of the canonical JSON of the other four.
    sequence, hash, at
        The signed head: last entry, its hash, when it was signed.
    public_key
        Of the signature, hex.
    """

    digest: str
    sequence: int
    hash: str
    at: datetime
    public_key: str

    @classmethod
    def of(cls, *, sequence: int, hash: str, at: str, public_key: str) -> "Anchor":
        """Give the anchor of a head that says so; its time as the text that the digest covers."""
        told = digest({"sequence": sequence, "hash": hash, "at": at, "public_key": public_key})
        moment = datetime.fromisoformat(at)
        return cls(digest=told, sequence=sequence, hash=hash, at=moment, public_key=public_key)


class _Settings(msgspec.Struct, frozen=True):
    settings: dict[str, Any]


class _Told(msgspec.Struct, frozen=True):
    lineage: _Settings


class Ledger:
    """The forecasts that were given, in order."""

    def __init__(self, desk: Desk) -> None:
        self._log = desk.store.log(_STREAM)
        self._store = desk.store

    async def append(self, forecast: Forecast) -> Kept:
        """Keep a forecast durably; one that is there already (the same id) is not kept twice."""
        (kept,) = await self.append_all([forecast])
        return kept

    async def append_all(self, forecasts: Sequence[Forecast]) -> list[Kept]:
        """Keep forecasts durably, all of them or none, in their order; each id once."""
        documents = [to_document(forecast) for forecast in forecasts]
        entries = await self._log.append(list(map(canonical, documents)), keys=[one["id"] for one in documents])
        return [_kept(entry) for entry in entries]

    async def list(self, limit: int = 20, symbol: str | None = None, *, before: int | None = None) -> list[Kept]:
        """Give the last forecasts, newest first; of one instrument if a symbol is named.

        Parameters
        ----------
        limit
            At most so many.
        symbol
            Whose; of all if None.
        before
            Only those whose sequence number is below.
        """
        found: list[Kept] = []
        last = await self._end()
        end = last if before is None else min(before - 1, last)
        while end > 0 and len(found) < limit:
            page = await self._page(max(end - _PAGE, 0), end)
            found += [kept for kept in reversed(page) if symbol in (None, kept.forecast.instrument.symbol)]
            end -= _PAGE
        return found[:limit]

    async def _page(self, after: int, end: int) -> Sequence[Kept]:
        """Give the forecasts between two sequence numbers, the first left out."""
        page = []
        async for kept in self.all(after=after):
            if kept.sequence > end:
                break
            page.append(kept)
            if kept.sequence == end:
                break
        return page

    async def _end(self) -> int:
        """Give the last sequence number; what lies behind the signed head counts too."""
        end = 0
        with suppress(IntegrityError):
            head = await self._log.head()
            end = head.sequence if head else 0
        async for entry in self._log.read(after=end):
            end = entry.sequence
        return end

    async def all(self, *, after: int = 0) -> AsyncIterator[Kept]:
        """Go through all forecasts in the order in which they were kept, beginning after a sequence number."""
        async for entry in self._log.read(after=after):
            yield _kept(entry)

    async def show(self, prefix: str) -> Kept:
        """Give the forecast whose id begins with `prefix`."""
        found = await self._log.search(prefix, limit=2) if prefix else []
        if len(found) == 1:
            return _kept(found[0])
        what = "more than one forecast's id begins" if found else "no forecast's id begins"
        kind = ValidationError if found else NotFoundError
        raise kind(f"{what} with {prefix!r:.70}", hint="List them with their ids: ara ledger list", found=len(found))

    async def some(self, ids: Collection[str]) -> Sequence[Kept]:
        """Give those of these forecasts that the ledger holds, in its order."""
        return [_kept(entry) for entry in await self._log.get_all(list(ids))]

    async def lengths(self, ids: Collection[str]) -> dict[str, str]:
        """Give the length of the bars of some forecasts, as `4h`, without reading the rest of them."""
        wanted, found = list(ids), dict[str, str]()
        for start in range(0, len(wanted), _PAGE):
            for entry in await self._log.get_all(wanted[start : start + _PAGE]):
                told = msgspec.json.decode(entry.body, type=_Told).lineage.settings
                found[entry.key] = str(told.get("timeframe", DAY))
        return found

    async def verify(self) -> Verification:
        """Check the whole chain against the signed head, and that no forecast is gone that was seen in it before."""
        found = await self._log.verify()
        gone = await self._gone(found.entries) if found.ok else ""
        return replace(found, ok=False, problem="gone", words=gone) if gone else found

    async def _gone(self, entries: int) -> str:
        """Say which forecasts the tables tell of that the ledger, sound as it is, holds no more; empty for none."""
        from ara.store.scores import forecasts, scores
        from ara.store.tables import func, select

        if not (await standing(self._store)).step:
            return ""
        tables = self._store.tables
        newest = select(forecasts.c.forecast_id, forecasts.c.sequence).order_by(forecasts.c.sequence.desc()).limit(1)
        for row in await tables.execute(newest):
            entry = await self._log.get(row["forecast_id"])
            if entry is not None and entry.sequence == row["sequence"]:
                return ""
            holds = f"the ledger holds {entries:,} entries, not that one" if entries else "the ledger is empty"
            return (
                f"Forecasts were kept and are gone: scoring read entry {row['sequence']:,}, forecast "
                f"{row['forecast_id'][:12]}, and {holds}."
            )
        if entries:
            return ""
        ((left, *_),) = [tuple(row.values()) for row in await tables.execute(select(func.count(scores.c.day)))]
        return f"Forecasts were kept and are gone: {left:,} scores of theirs are left." if left else ""

    async def anchor(self) -> Anchor:
        """Give the digest of the signed head, to be published where it can't be changed."""
        head = await self._log.head()
        if head is None:
            raise StoreError("the ledger is empty: there is nothing to anchor", hint="Make a forecast first.")
        return Anchor.of(sequence=head.sequence, hash=head.hash, at=head.at, public_key=head.public_key)

    async def signed_by(self) -> str:
        """Give the public key that signs the head, hex; empty before the first entry."""
        head = await self._log.head()
        return "" if head is None else head.public_key

    async def anchors(self, public_key: str, *, after: int = 0) -> AsyncIterator[Anchor]:
        """Give for each entry the anchor that it would have had as the last one, signed by some key (hex)."""
        async for entry in self._log.read(after=after):
            at = instant_text(entry.at)
            yield Anchor.of(sequence=entry.sequence, hash=entry.hash, at=at, public_key=public_key)


def _kept(entry: Entry) -> Kept:
    """Read an entry; the log gives only those whose content still has its hash."""
    try:
        forecast = from_document(msgspec.json.decode(entry.body, type=dict[str, Any]))
    except (AraError, msgspec.MsgspecError) as error:
        raise IntegrityError(
            f"entry {entry.sequence} of the ledger is no forecast that this version can read",
            hint="See whether it was changed: ara ledger verify. A newer Ara may have written it.",
            sequence=entry.sequence,
        ) from error
    return Kept(sequence=entry.sequence, made_at=entry.at, hash=entry.hash, forecast=forecast)
