"""Who sends what is in the line of webhooks: any number of processes, and each message one of them at a time."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from msgspec.structs import replace

from ara.alerts.address import place_of
from ara.alerts.event import EVENTS, Event
from ara.alerts.notifier import Delivery, Notifier
from ara.alerts.outgoing import Outgoing, State, pause, tried
from ara.alerts.publishing import NOTICE, publish
from ara.alerts.webhook import Webhook, message_of
from ara.desk import Desk
from ara.errors import AraError, StoreError
from ara.store import Between, ConflictError, changed, revision

__all__ = ["Deliverer", "May"]

May: TypeAlias = Callable[[str, str], Awaitable[bool]]
"""Tells whether a user, by id, may do what a permission opens now."""

_LEASE: Final = timedelta(seconds=90)
_AT_ONCE: Final = 16
_EACH: Final = 2
_PAUSE: Final = 1.0
_CLEAN: Final = 3_600.0
_log = logging.getLogger(__name__)


class Deliverer:
    """Sends messages that are due, again after each failure for a day, and switches off what fails for days.

    A message that is being sent is due again when its lease is over, so one whose sender was killed is sent by another.
    A receiver that is slow has two connections at most and holds up nobody else.

    Parameters
    ----------
    desk
        The desk of the process.
    notifier
        Sends.
    may
        Is asked before each try whether the webhook's owner may still see such events.
    """

    def __init__(self, desk: Desk, notifier: Notifier, *, may: May) -> None:
        self._desk = desk
        self._notifier = notifier
        self._may = may
        self._busy: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Send until it is cancelled; what is on its way then is seen through."""
        cleaned = -_CLEAN
        try:
            while True:
                try:
                    if time.monotonic() - cleaned >= _CLEAN:
                        await self.clean()
                        cleaned = time.monotonic()
                    begun = await self.begin()
                except StoreError as error:
                    _log.warning("webhooks wait, as the store can't be reached: %s", error.message)
                    begun = 0
                except Exception:  # noqa: BLE001 - whatever fails once, others are sent on
                    _log.exception("webhooks wait, as something failed inside")
                    begun = 0
                await self._rest(0.0 if begun else _PAUSE)
        finally:
            if self._tasks:
                await asyncio.wait(self._tasks)

    async def drain(self) -> int:
        """Send all that is due now, and give how many tries that were."""
        count = 0
        while True:
            begun = await self.begin()
            count += begun
            if self._tasks:
                await asyncio.wait(self._tasks)
            elif not begun:
                return count

    async def begin(self) -> int:
        """Begin to send what is due, as far as there is room, and give how many were begun."""
        now, begun = self._desk.clock.now(), 0
        due = {"state": State.WAITING.value, "due": Between(high=now)}
        async for one in self._desk.store.find(Outgoing, due, order="due"):
            if len(self._tasks) >= _AT_ONCE:
                break
            if self._busy[one.webhook] >= _EACH:
                continue
            mine = replace(one, due=now + _LEASE, tries=one.tries + 1)
            try:
                await self._desk.store.put(mine, replaces=revision(one))
            except ConflictError:
                continue
            begun += 1
            self._busy[one.webhook] += 1
            task = asyncio.create_task(self._see_through(mine))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return begun

    async def clean(self) -> int:
        """Forget what left the line, and events, after the days of the settings; gives how many there were."""
        old, gone = self._desk.clock.now() - timedelta(days=self._desk.settings.webhooks.keep_days), 0
        ended = [one async for one in self._desk.store.find(Outgoing, {"ended_at": Between(high=old)})]
        told = [one async for one in self._desk.store.find(Event, {"at": Between(high=old)})]
        for one in (*ended, *told):
            await self._desk.store.remove(type(one), one.id)
            gone += 1
        return gone

    async def _rest(self, seconds: float) -> None:
        full = len(self._tasks) >= _AT_ONCE
        if self._tasks and full:
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        else:
            await asyncio.sleep(seconds)

    async def _see_through(self, one: Outgoing) -> None:
        try:
            await self._tried(one)
        except AraError as error:
            _log.warning("the delivery %s could not be noted: %s", one.id, error.message)
        except Exception:  # noqa: BLE001 - it is tried again when its lease is over
            _log.exception("the delivery %s failed inside", one.id)
        finally:
            self._busy[one.webhook] -= 1
            if not self._busy[one.webhook]:
                del self._busy[one.webhook]

    async def _tried(self, one: Outgoing) -> None:
        webhook = await self._desk.store.get(Webhook, one.webhook)
        if webhook is None:
            await self._desk.store.remove(Outgoing, one.id)
            return
        refused = await self._refused(webhook, one)
        began = time.perf_counter()
        now = self._desk.clock.now()
        told = refused or await self._notifier.send(message_of(self._desk, webhook, one, now))
        noted = tried(one, told, now, seconds=time.perf_counter() - began)
        wait = None if told.delivered or told.gone or refused else pause(one, told.wait)
        ended = self._desk.clock.now()
        if wait is not None:
            noted = replace(noted, due=ended + wait)
        else:
            noted = replace(noted, state=State.DELIVERED if told.delivered else State.DEAD, ended_at=ended)
        await changed(self._desk.store, Outgoing, one.id, lambda old: noted if old == one else old)
        outcome = "delivered" if told.delivered else "dead" if noted.state is State.DEAD else "failed"
        self._desk.telemetry.counter("webhooks.tries").add(outcome=outcome)
        if not refused:
            await self._judged(webhook, told, ended, dead=noted.state is State.DEAD)

    async def _refused(self, webhook: Webhook, one: Outgoing) -> Delivery | None:
        """Give why a message is not sent at all: the webhook is off, or its owner may not see it any more."""
        reach = EVENTS.get(one.type)
        if webhook.disabled_at is not None:
            return Delivery(delivered=False, words="the webhook is switched off")
        if reach is not None and not await self._may(webhook.user, reach.permission):
            return Delivery(delivered=False, words=f"its owner may not see it: that needs {reach.permission}")
        return None

    async def _judged(self, webhook: Webhook, told: Delivery, now: datetime, *, dead: bool) -> None:
        """Note success or failure on the webhook, and switch it off where it failed for long or wants no more."""
        patience = timedelta(days=self._desk.settings.webhooks.patience_days)

        def noted(old: Webhook) -> Webhook:
            if told.delivered:
                return replace(old, failing_since=None, delivered_at=now)
            since = old.failing_since or now
            if old.disabled_at is None and (told.gone or (dead and now - since >= patience)):
                why = "it answered 410: gone" if told.gone else f"nothing was delivered for {patience.days} days"
                return replace(old, failing_since=since, disabled_at=now, why=why)
            return replace(old, failing_since=since)

        new = await changed(self._desk.store, Webhook, webhook.id, noted)
        if new is not None and new.disabled_at == now:
            _log.warning("the webhook %s to %s was switched off: %s", new.id, place_of(new.url).host, new.why)
            data = {"webhook": new.id, "why": new.why}
            await publish(self._desk, NOTICE, data, user=new.user, key=f"{new.id}:{now.isoformat()}")
