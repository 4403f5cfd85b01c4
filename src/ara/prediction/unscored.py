"""Which kept forecasts wait for outcomes: a list beside the ledger, so that scoring reads what is new and what waits.

The ledger and the scores are what counts: the list says nothing that does not follow from them, and is made anew where
it does not fit the ledger.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from ara.desk import Desk
from ara.errors import NotFoundError
from ara.prediction.ledger import Kept, Ledger

if TYPE_CHECKING:
    from sqlalchemy import Select

__all__ = ["Unscored", "waiting"]

_BATCH: Final = 500


def waiting(names: Collection[str] = ()) -> "Select[Any]":
    """Give the question for what waits, of some instruments or of all; a partial index answers it, in this order."""
    from sqlalchemy import select

    from ara.store.scores import forecasts

    chosen = select(forecasts.c.forecast_id, forecasts.c.symbol, forecasts.c.sequence)
    chosen = chosen.where(forecasts.c.scored_at.is_(None))
    if names:
        chosen = chosen.where(forecasts.c.symbol.in_(sorted(names)))
    return chosen.order_by(forecasts.c.symbol, forecasts.c.sequence)


class Unscored:
    """The list of one desk.

    Parameters
    ----------
    desk
        The desk of the process.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._ledger = Ledger(desk)
        self._fresh: dict[str, Kept] = {}

    async def read(self) -> None:
        """Take in what was kept since the list was read last."""
        last = await self._last()
        batch: list[Kept] = []
        async for kept in self._ledger.all(after=last):
            batch.append(kept)
            if len(batch) == _BATCH:
                await self._note(batch)
                batch = []
        await self._note(batch)

    async def unknown(self, names: Collection[str]) -> set[str]:
        """Give those instruments of which nothing was ever kept."""
        from sqlalchemy import select

        from ara.store.scores import forecasts

        chosen = select(forecasts.c.symbol).where(forecasts.c.symbol.in_(sorted(names))).distinct()
        return set(names) - {row["symbol"] for row in await self._desk.store.tables.execute(chosen)}

    async def of(self, names: Collection[str]) -> list[Kept]:
        """Give the forecasts that wait, of some instruments or, where none is named, of all."""
        found = []
        for row in await self._desk.store.tables.execute(waiting(names)):
            id = row["forecast_id"]
            try:
                found.append(self._fresh.get(id) or await self._ledger.show(id))
            except NotFoundError:
                continue
        return found

    async def scored(self) -> dict[str, set[int]]:
        """Give the days of the forecasts that wait whose outcomes were kept already."""
        from sqlalchemy import select

        from ara.store.scores import forecasts, scores

        chosen = select(scores.c.forecast_id, scores.c.day).join(
            forecasts, forecasts.c.forecast_id == scores.c.forecast_id
        )
        return _days(await self._desk.store.tables.execute(chosen.where(forecasts.c.scored_at.is_(None))))

    async def settle(self, some: Iterable[Kept], scored: Mapping[str, set[int]]) -> None:
        """Strike out those all of whose days have their outcome by now."""
        from sqlalchemy import bindparam

        from ara.store.scores import forecasts

        now = self._desk.clock.now()
        rows = [{"id": one.id, "at": now} for one in some if _whole(one, scored)]
        change = forecasts.update().where(forecasts.c.forecast_id == bindparam("id"))
        await self._desk.store.tables.execute(change.values(scored_at=bindparam("at")), rows)

    async def _last(self) -> int:
        """Give the place up to which the ledger was read; from its beginning where the list is of another ledger."""
        from sqlalchemy import select

        from ara.store.scores import forecasts

        tables = self._desk.store.tables
        newest = select(forecasts.c.forecast_id, forecasts.c.sequence).order_by(forecasts.c.sequence.desc()).limit(1)
        found = await tables.execute(newest)
        if not found:
            return 0
        place = int(found[0]["sequence"])
        async for kept in self._ledger.all(after=place - 1):
            if (kept.sequence, kept.id) == (place, found[0]["forecast_id"]):
                return place
            break
        await tables.execute(forecasts.delete())
        return 0

    async def _note(self, batch: Sequence[Kept]) -> None:
        from sqlalchemy import select

        from ara.store.scores import forecasts, scores

        if not batch:
            return
        ids = [one.id for one in batch]
        chosen = select(scores.c.forecast_id, scores.c.day).where(scores.c.forecast_id.in_(ids))
        days, now = _days(await self._desk.store.tables.execute(chosen)), self._desk.clock.now()
        rows = [
            {
                "forecast_id": one.id, "sequence": one.sequence, "symbol": one.forecast.instrument.symbol,
                "scored_at": now if _whole(one, days) else None,
            }
            for one in batch
        ]  # fmt: skip
        await self._desk.store.tables.insert(forecasts, rows)
        self._fresh.update((one.id, one) for one in batch if not _whole(one, days))


def _days(rows: Iterable[Mapping[str, Any]]) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for row in rows:
        found.setdefault(row["forecast_id"], set()).add(row["day"])
    return found


def _whole(kept: Kept, scored: Mapping[str, set[int]]) -> bool:
    return {day.number for day in kept.forecast.days} <= scored.get(kept.id, set())
