"""Celery: workers hear of a job at once, over Redis, wherever they are.

The line of jobs stays in the store, and whose a job is, is settled there. A message says no more than that there is
work in a queue; so one that is lost, comes twice or comes again after a visibility timeout does no harm: workers look
into the line by themselves every two seconds too, and a message that finds no job does nothing.
"""

import asyncio
import contextlib
import logging
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from ara.data.cache.connecting import nodes
from ara.desk import Desk
from ara.errors import PluginError, StoreError, WorkerError
from ara.jobs.job import Job
from ara.jobs.worker import Worker
from ara.settings import Settings

__all__ = ["Broker", "leave_unacknowledged", "serve"]

_R = TypeVar("_R")
_TASK: Final = "ara.job"
_SWEEP: Final = 2.0
_PATIENCE: Final = 3.0
_AWAY: Final = 5.0
_log = logging.getLogger(__name__)


class Broker:
    """Rings by a message.

    Parameters
    ----------
    url
        Of the Redis server.
    """

    def __init__(self, url: str) -> None:
        self._app = _application(url, max_retries=1, interval_start=0, interval_step=0, interval_max=0)
        self._away = float("-inf")

    async def ring(self, queue: str) -> None:
        """Tell one worker of a queue that a job came.

        Where the server is away, workers look by themselves in a moment, and for a while it is not asked again.
        """
        if time.monotonic() < self._away:
            return
        try:
            await asyncio.wait_for(asyncio.to_thread(self._send, queue), _PATIENCE)
        except Exception as error:  # noqa: BLE001 - whatever the broker raises, the job is in the line
            self._away = time.monotonic() + _AWAY
            _log.warning("the broker of jobs can't be told: %s", type(error).__name__)

    def _send(self, queue: str) -> None:
        self._app.send_task(_TASK, queue=_name(queue), retry=False, ignore_result=True)


def serve(settings: Settings, *, queues: Sequence[str], told: Callable[[Job], None]) -> None:
    """Do jobs as a Celery worker until the process is stopped.

    Parameters
    ----------
    settings
        Of the process.
    queues
        Whose jobs.
    told
        Hears of each job that begins, and of what became of it.
    """
    from celery import signals

    leave_unacknowledged()
    app = _application(settings.jobs.broker)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # until Celery has its own: what was begun is put back too
    with _Shore(settings, queues, told) as shore:
        app.task(name=_TASK, ignore_result=True)(shore.one)
        signals.worker_shutting_down.connect(shore.stop, weak=False)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            worker = app.Worker(
                queues=[_name(one) for one in queues], pool="threads", concurrency=shore.most, quiet=True,
                without_gossip=True, without_mingle=True, loglevel="WARNING",
            )  # fmt: skip
            worker.start()
    if worker.exitcode:
        raise WorkerError(
            "Celery's worker has ended by itself; what was being done is in the line again.",
            hint="The lines above say why. Start it again: ara worker",
        )


def leave_unacknowledged() -> None:
    """Have Celery leave messages that nobody has acknowledged where they are when a connection closes.

    It would put them back, and acknowledge others later, through a connection that may be gone: a Redis that dies and
    comes back while jobs run would end the worker (kombu 5.7). A message only says that there is work, and the line is
    looked into without it, too; so none is kept on the server until it is acknowledged, and none put back.
    """
    from kombu.transport.redis import Channel

    Channel.do_restore = False


class _Shore:
    """The event loop, in a thread of its own, on which a desk and its worker live while Celery has the others.

    Parameters
    ----------
    settings, queues, told
        As for `serve`.
    """

    def __init__(self, settings: Settings, queues: Sequence[str], told: Callable[[Job], None]) -> None:
        self._settings = settings
        self._queues = queues
        self._told = told
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="ara-jobs", daemon=True)
        self._stack = contextlib.AsyncExitStack()
        self._worker: Worker | None = None
        self._sweeping: asyncio.Task[None] | None = None

    @property
    def most(self) -> int:
        """How many jobs it does at once."""
        return self._here().machine.cpus

    def one(self) -> None:
        """Do the first job of the line, if there is one; what stands against it is logged: the sweep comes by again."""
        try:
            self._run(self._here().one())
        except StoreError as error:
            _log.warning("the line of jobs can't be reached: %s", error.message)

    def stop(self, *_: Any, **__: Any) -> None:
        """Take no more jobs and put back those that run."""
        self._here().stop()
        asyncio.run_coroutine_threadsafe(self._here().close(), self._loop)

    def __enter__(self) -> "_Shore":
        self._thread.start()
        self._run(self._open())
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _open(self) -> None:
        desk = await self._stack.enter_async_context(Desk.open(self._settings))
        self._worker = Worker(desk, told=self._told, queues=self._queues, leads=True)
        self._sweeping = asyncio.create_task(self._sweep())

    async def _sweep(self) -> None:
        """Look into the line by itself, for what no message told of, and for what dead workers left."""
        while True:
            try:
                while await self._here().begin() is not None:
                    pass
            except StoreError as error:
                _log.warning("the line of jobs can't be reached: %s", error.message)
            await asyncio.sleep(_SWEEP)

    async def _close(self) -> None:
        if self._sweeping is not None:
            self._sweeping.cancel()
            await asyncio.gather(self._sweeping, return_exceptions=True)
        await self._here().close()
        await self._stack.aclose()

    def _here(self) -> Worker:
        assert self._worker is not None  # noqa: S101 - it is open
        return self._worker

    def _run(self, work: Coroutine[Any, Any, _R]) -> _R:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


def _application(url: str, **transport: Any) -> Any:
    """Give the Celery application; PluginError where Celery is not installed."""
    try:
        from celery import Celery
    except ImportError as error:
        raise PluginError(
            "jobs.broker names a server, but Celery is not installed.", hint="Install it: pip install 'ara-ai[queue]'"
        ) from error
    place, chosen = _addressed(url)
    app = Celery("ara", broker=place, set_as_current=False)
    app.conf.update(
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_send_task_events=False,
        accept_content=["json"],
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={
            "ack_emulation": False,  # see leave_unacknowledged
            "socket_timeout": _PATIENCE,
            "socket_connect_timeout": _PATIENCE,
            "socket_keepalive": True,
            **chosen,
            **transport,
        },
    )
    return app


def _addressed(url: str) -> tuple[str, dict[str, str]]:
    """Give the address as Celery writes it, and the name of the master where sentinels are asked for it."""
    parts = urlsplit(url)
    if "+sentinel" not in parts.scheme:
        return url, {}
    name, _, database = parts.path.strip("/").partition("/")
    login = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
    places = [f"sentinel://{login}{host}:{port}/{database or 0}" for host, port in nodes(parts)]
    return ";".join(places), {"master_name": name}


def _name(queue: str) -> str:
    return f"ara.{queue}"
