"""One worker of all puts what the settings say is done by itself into the line."""

import logging
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar, Final

import msgspec

from ara.desk import Desk
from ara.errors import AraError, StoreError, ValidationError
from ara.jobs.entering import alive_of
from ara.jobs.job import Job, span_of
from ara.jobs.queue import Queue
from ara.jobs.schedule import Schedule
from ara.jobs.work import Backup, Clean, Drift, Regimes, Review, Score, Update, Work
from ara.settings import Settings
from ara.store import ConflictError, Record, revision

__all__ = ["NAMES", "SILENCE", "Leader", "Order", "leading", "orders"]

NAMES: Final = ("update", "score", "retrain", "drift", "regimes", "backup", "clean")
"""What can be done by itself, as the settings `jobs.schedule` name it."""

SILENCE: Final = 20.0
"""Seconds without a sign of life after which a leader is taken for gone, by the clock of who looks."""

_BEAT: Final = 5.0
_RETRIES: Final = 2
_log = logging.getLogger(__name__)


class _Lead(Record, frozen=True, kw_only=True):
    """Who leads; empty where nobody does. `at` is for people: who looks trusts no clock but its own."""

    kind: ClassVar[str] = "job_leader"
    owner: str = ""
    host: str = ""
    beats: int = 0
    at: datetime | None = None


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """A standing order: what the settings say of it, and the work; `words` tells why it can't be carried out."""

    name: str
    when: str
    zone: str
    work: Work
    every: timedelta | None = None
    at: Schedule | None = None
    words: str = ""


def orders(settings: Settings) -> list[Order]:
    """Give the standing orders of the settings, those that are never carried out left out."""
    told = settings.jobs.schedule
    works: dict[str, Work] = {
        "update": Update(), "score": Score(), "retrain": Review(), "drift": Drift(),
        "regimes": Regimes(symbols=tuple(dict.fromkeys(one.strip() for one in told.watched.split(",") if one.strip()))),
        "backup": Backup(folder=told.backup_folder or str(Path(settings.home) / "backups")),
        "clean": Clean(days=told.keep_days),
    }  # fmt: skip
    return [_order(name, getattr(told, name), told.zone, works[name]) for name in NAMES if getattr(told, name)]


async def leading(desk: Desk) -> tuple[str, datetime | None]:
    """Give the machine of the leader, empty where there is none, and when it gave a sign of life."""
    found = await desk.store.get(_Lead, "leader")
    return (found.host, found.at) if found is not None and found.owner else ("", None)


class Leader:
    """Leads where nobody else does.

    Parameters
    ----------
    desk
        The desk of the process.
    owner, host
        The worker, and its machine.
    """

    def __init__(self, desk: Desk, *, owner: str, host: str) -> None:
        self._desk = desk
        self._owner = owner
        self._host = host
        self._seen: tuple[str, float] = ("", 0.0)
        self._looked = float("-inf")
        self.leads = False

    async def see(self) -> None:
        """Give a sign of life, or take over from who gave none; who leads sees to the standing orders."""
        now = time.monotonic()
        if now - self._looked < _BEAT:
            return
        self._looked = now
        self.leads = await self._led(now)
        if self.leads:
            await self._see_to_orders()

    async def leave(self) -> None:
        """Lead no more."""
        if self.leads:
            await self._said("", "")
        self.leads = False

    async def _led(self, now: float) -> bool:
        store = self._desk.store
        await store.add(_Lead(id="leader"))
        found = await store.get(_Lead, "leader")
        assert found is not None  # noqa: S101 - nobody removes it
        if found.owner not in ("", self._owner):
            mark, since = self._seen
            self._seen = (revision(found), since if mark == revision(found) else now)
            if now - self._seen[1] < SILENCE:
                return False
        return await self._said(self._owner, self._host, found)

    async def _said(self, owner: str, host: str, found: _Lead | None = None) -> bool:
        """Write who leads; False where somebody was faster."""
        store = self._desk.store
        found = found or await store.get(_Lead, "leader")
        if found is None or (found.owner not in ("", self._owner, owner) and not owner):
            return False
        told = msgspec.structs.replace(found, owner=owner, host=host, beats=found.beats + 1, at=self._desk.clock.now())
        try:
            await store.put(told, replaces=revision(found))
        except ConflictError:
            return False
        return True

    async def _see_to_orders(self) -> None:
        """Have one job alive for each standing order, as the settings say it, and none for others."""
        queue, wanted = Queue(self._desk), {one.name: one for one in orders(self._desk.settings)}
        for name in NAMES:
            try:
                await self._see_to(queue, name, wanted.get(name))
            except StoreError:
                raise
            except AraError as error:
                _log.warning("the standing order %s can't be carried out: %s", name, error.message)

    async def _see_to(self, queue: Queue, name: str, order: Order | None) -> None:
        alive = await alive_of(self._desk.store, name=name)
        if order is not None and any(_carries_out(one, order) for one in alive):
            return
        for one in alive:
            await queue.cancel(one.number)
        if order is None:
            return
        if order.words:
            raise ValidationError(order.words)
        if any(one.state.value == "running" for one in alive):
            return
        first = None if order.every is None else self._desk.clock.now() + order.every
        await queue.add(order.work, due=first, every=order.every, at=order.at, name=name, retries=_RETRIES)


def _carries_out(job: Job, order: Order) -> bool:
    if job.stop or job.work != order.work:
        return False
    if order.at is not None:
        return (job.at, job.zone) == (order.at.text, order.at.zone)
    return order.every is not None and job.every == order.every.total_seconds()


def _order(name: str, when: str, zone: str, work: Work) -> Order:
    told = Order(name=name, when=when, zone=zone, work=work)
    try:
        if ":" in when:
            return msgspec.structs.replace(told, at=Schedule.read(when, zone))
        return msgspec.structs.replace(told, every=span_of(when, what=f"jobs.schedule.{name}"))
    except ValidationError as error:
        return msgspec.structs.replace(told, words=error.message)
