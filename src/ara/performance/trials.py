"""The budget of a hold-out: every look at it is counted, and after enough looks it proves nothing."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from ara.desk import Desk
from ara.errors import IntegrityError
from ara.lineage import canonical
from ara.store import Entry, Verification

__all__ = ["Look", "Trials"]

_STREAM: Final = "trials"
_OVERLAP: Final = 0.5


class _Body(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    symbols: tuple[str, ...]
    first: datetime
    last: datetime
    what: str
    nonce: str = ""
    judged: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a look at a hold-out costs.

    Parameters
    ----------
    number
        Which look at these bars it is, from 1; a joint look counts as often as models were judged by it. Chance is
        shared among so many.
    used
        How many looks of the limit are used up; a joint look is one.
    limit
        The setting `models.looks`.
    """

    number: int
    used: int
    limit: int

    @property
    def burnt(self) -> bool:
        """Whether the bars were looked at too often to prove anything."""
        return self.used > self.limit


class Trials:
    """The looks at hold-outs, in a log that is chained and signed as the ledger is.

    A look is counted with every earlier one that shares an instrument and covers at least half of the shorter of the
    two stretches of time: asking anew with a slightly other end doesn't make the bars fresh.

    Parameters
    ----------
    desk
        The desk of the process.
    """

    def __init__(self, desk: Desk) -> None:
        self._log = desk.store.log(_STREAM)
        self._limit = desk.settings.models.looks

    async def look(
        self,
        symbols: Sequence[str],
        first: datetime,
        last: datetime,
        *,
        what: str,
        times: int = 1,
        judged: int = 1,
        id: str = "",
    ) -> Look:
        """Count a look, or several, before they are taken: durable on return.

        Parameters
        ----------
        symbols
            Instruments whose bars are looked at.
        first, last
            When the first and the last of the bars were public.
        what
            What is judged, in a few words.
        times
            How many looks.
        judged
            How many models are judged by each: one look of the limit, and so many that share chance.
        id
            Of the result that is looked at: seen again it is the same look, and counts once. Empty: a look of its own.
        """
        body = _Body(symbols=tuple(symbols), first=first, last=last, what=what, judged=judged)
        each = [msgspec.structs.replace(body, nonce=os.urandom(8).hex()) for _ in range(times)]
        keys = [f"{id}/{number}" if id else "" for number in range(times)]
        kept = await self._log.append([canonical(msgspec.to_builtins(one)) for one in each], keys=keys)
        return await self._count(body, upto=None if id else kept[-1].sequence)

    async def looked(self, symbols: Sequence[str], first: datetime, last: datetime) -> Look:
        """Give how often these bars were looked at so far; `number` is 0 where nobody did."""
        asked = _Body(symbols=tuple(symbols), first=first, last=last, what="")
        return await self._count(asked)

    async def verify(self) -> Verification:
        """Check the whole log against its signed head: that no look was taken out of it."""
        return await self._log.verify()

    async def _count(self, asked: _Body, *, upto: int | None = None) -> Look:
        number = used = 0
        async for entry in self._log.read():
            if upto is not None and entry.sequence > upto:
                break
            other = _read(entry)
            if _same(asked, other):
                number, used = number + other.judged, used + 1
        return Look(number=number, used=used, limit=self._limit)


def _read(entry: Entry) -> _Body:
    try:
        return msgspec.json.decode(entry.body, type=_Body)
    except msgspec.MsgspecError as error:
        raise IntegrityError(
            f"entry {entry.sequence} of the log of trials is none that this version can read",
            hint="A newer Ara may have written it.",
            sequence=entry.sequence,
        ) from error


def _same(one: _Body, other: _Body) -> bool:
    """Tell whether two looks were at the same bars, for the most part of the shorter."""
    if not set(one.symbols) & set(other.symbols):
        return False
    shared = (min(one.last, other.last) - max(one.first, other.first)).total_seconds()
    shorter = min((each.last - each.first).total_seconds() for each in (one, other))
    return shared >= _OVERLAP * shorter if shorter > 0 else shared >= 0
