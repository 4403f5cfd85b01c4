"""The application on a socket, in one process or in several that share it.

SIGTERM and Ctrl-C stop listening, let what runs end within a time, and close. With several processes SIGHUP replaces
them one after the other: the next one answers before the one before ends. Who was told to end by SIGTERM and did so in
order has succeeded: the exit status is 0.
"""

import logging
import signal
import socket
import ssl
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp

from ara.accounts import Accounts
from ara.api.app import create
from ara.api.heads import PromptLine
from ara.api.parting import Parting, Server
from ara.api.sockets import UVICORN
from ara.desk import Desk
from ara.errors import APIError, ConfigurationError
from ara.settings import Secret, Settings
from ara.vault.certificate import read
from ara.workers.freight import Freight

__all__ = ["application", "configuration", "first_key", "serve"]

_PATIENCE: Final = 10
_BEGINNING: Final = 120
_IDLE: Final = 75
"""Seconds that an idle line is kept: longer than clients keep it, so that they close it, not we as they ask."""


def serve(settings: Settings, ear: socket.socket, *, ready: Callable[[], None]) -> None:
    """Answer requests until a signal ends it.

    Parameters
    ----------
    settings
        Of the service; `api.workers` says how many processes there are.
    ear
        The socket, listening already.
    ready
        Is called when requests are answered; with several processes, when the first of them begins.
    """
    if settings.api.workers > 1:
        from uvicorn.supervisors import Multiprocess

        ready()
        packed = Freight(Path(), side="").pack(settings)
        Multiprocess(configuration(partial(application, packed), settings), sockets=[ear]).run()
        return
    parting = Parting(create(settings, ready=ready))
    server = Server(configuration(lambda: parting, settings), parting)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # the server raises the signal anew once all is closed
    server.run(sockets=[ear])
    if not server.started:
        raise APIError("The service did not start.", hint="The lines above say why.")


async def first_key(settings: Settings) -> Secret | None:
    """Make an administrator where this is the first start of the installation, before several could."""
    async with Desk.open(settings) as desk:
        made = await Accounts(desk).first()
        return None if made is None else made[1]


def application(packed: bytes) -> FastAPI:
    """Make the application in a process of its own, with its logs.

    Parameters
    ----------
    packed
        The settings, which came through a pipe: secrets are neither pickled nor written down.
    """
    from ara import logs

    settings: Settings = Freight(Path(), side="").unpack(packed, Settings)
    logs.configure(settings)
    return create(settings)


class _Config(uvicorn.Config):
    """Settings of a server that speaks TLS 1.3 or none.

    A process that replaces another reads the files anew: where they can't be used any more it says so and ends, and the
    one before goes on.
    """

    def load(self) -> None:
        if self.ssl_certfile:
            try:
                read(str(self.ssl_certfile), str(self.ssl_keyfile or ""))
            except ConfigurationError as error:
                logging.getLogger("ara.api").error("%s %s", error.message, error.hint)
                sys.exit(error.exit_code)
        super().load()
        if self.ssl is not None:
            self.ssl.minimum_version = ssl.TLSVersion.TLSv1_3


def configuration(app: Callable[[], ASGIApp], settings: Settings) -> uvicorn.Config:
    """Give how uvicorn answers, by settings."""
    return _Config(
        app,
        factory=True,
        workers=settings.api.workers,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.api.proxies),
        forwarded_allow_ips=settings.api.proxies,
        timeout_graceful_shutdown=_PATIENCE,
        timeout_keep_alive=_IDLE,
        timeout_worker_healthcheck=_BEGINNING,
        lifespan="on",
        http=PromptLine,
        ssl_certfile=settings.api.certificate or None,
        ssl_keyfile=settings.api.private_key or None,
        **UVICORN,
    )
