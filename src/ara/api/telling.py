"""What a process tells by itself: live streams to open sockets, and events to webhooks."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI

from ara.accounts.trust import heard
from ara.alerts import Deliverer
from ara.alerts.notifiers.webhook import WebhookNotifier
from ara.api.lasting import lasting
from ara.api.service import Service
from ara.api.sockets.hub import Hub
from ara.api.sockets.relay import Relay
from ara.api.sockets.room import Room
from ara.api.sockets.seats import Seats

__all__ = ["telling"]

_server = logging.getLogger("uvicorn.error")


class _Noise(logging.Filter):
    """Drops what the server says of each socket: its address may hold a ticket, and a refusal is no error."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let pass what is about something else."""
        words = str(record.msg)
        return '"WebSocket %s"' not in words and "without completing handshake" not in words


@asynccontextmanager
async def telling(app: FastAPI, service: Service) -> AsyncIterator[None]:
    """Have streams made, sockets watched over and webhooks sent, until it is left."""
    if not any(isinstance(one, _Noise) for one in _server.filters):
        _server.addFilter(_Noise())
    settings, clock = service.desk.settings, service.desk.clock
    url = settings.data.cache.redis
    relay = Relay(url, history=settings.sockets.history) if url else None
    hub = Hub(settings.sockets, clock, relay)
    seats = Seats(url) if url else None
    room = Room(service.accounts, settings.sockets, clock, seats)
    app.state.hub, app.state.room = hub, room

    notifier = WebhookNotifier(settings.webhooks)
    deliverer = Deliverer(service.desk, notifier, may=service.accounts.may)
    works = [room.beat(), room.watch(), deliverer.run(), *([room.renew(), heard(url, told=room.stir)] if seats else [])]
    words = "a part of the service that tells by itself has ended"
    tasks = [asyncio.create_task(lasting(work, words)) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with suppress(Exception):
            await hub.close()
            if seats is not None:
                await seats.close()
        await notifier.close()
