"""What is measured when somebody asks for the metrics: sockets, users, jobs, webhooks, whether store and Redis answer.

These are states, not events, so nobody has to keep them up to date in between.
"""

from collections import Counter
from typing import Final

from fastapi import FastAPI

from ara.alerts.outgoing import Outgoing
from ara.alerts.outgoing import State as Sent
from ara.api.service import Service
from ara.errors import StoreError
from ara.jobs import Job, State
from ara.jobs.work import QUEUES

__all__ = ["measure"]

_MOST: Final = 100_000


async def measure(app: FastAPI, service: Service, at: float) -> None:
    """Set the gauges of the service to what is now."""
    told = service.desk.telemetry
    told.gauge("api.sockets").set(app.state.room.count)
    told.gauge("api.users").set(service.seen.count(at))
    redis = getattr(service.limits, "outage", None)
    if redis is not None:
        told.gauge("redis.up").set(0 if redis.away else 1)
    store, up = service.desk.store, 1
    try:
        for state in (State.WAITING, State.RUNNING):
            found = store.find(Job, {"state": state.value}, limit=_MOST)
            by = Counter([one.queue async for one in found])
            for queue in QUEUES:
                told.gauge("jobs").set(by[queue], queue=queue, state=state.value)
        waiting = [one async for one in store.find(Outgoing, {"state": Sent.WAITING.value}, limit=_MOST)]
        told.gauge("webhooks.waiting").set(len(waiting))
    except StoreError:
        up = 0
    told.gauge("store.up").set(up)
