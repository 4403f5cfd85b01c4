"""`ara serve`."""

import socket
from typing import TYPE_CHECKING, Annotated

import typer

from ara.cli.screen import Screen, screen
from ara.errors import APIError, PluginError

if TYPE_CHECKING:
    from ara.settings import Settings

__all__ = ["command"]

_WAITING = 2048


def command(
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Address to listen on (127.0.0.1)")] = "",
    port: Annotated[str, typer.Option("--port", "-p", metavar="N", help="Port to listen on (8000)")] = "",
    workers: Annotated[str, typer.Option("--workers", "-w", metavar="N", help="Processes that answer (1)")] = "",
) -> None:
    """Serve forecasts over HTTP until Ctrl-C; the first start prints an administrator's key, once.

    ::

        ara serve
        ara serve --port 8080
        ara serve --host 0.0.0.0 --workers 4 --set data.cache.redis=redis://127.0.0.1:6379/0

    Users, keys and forecasts lie in the store of the settings; limits in memory, or in Redis where data.cache.redis
    names one. Say who may ask: ara users, ara keys. SIGTERM ends what runs first; with workers, SIGHUP replaces them
    one after the other, and no request is lost.
    """
    from ara.settings import Settings

    s = screen()
    s.settings()
    asked = {"api.host": host, "api.port": port, "api.workers": workers}
    given = {key: value for key, value in asked.items() if value}
    _serve(s, Settings.load({**s.flags.as_settings(), **given}))


def _serve(s: Screen, settings: "Settings") -> None:
    try:
        from ara.api.serving import first_key, serve
    except ImportError as error:
        raise PluginError(
            "A service needs packages that are not installed.", hint='Install them: pip install "ara-ai[api]"'
        ) from error

    from ara.clock import SystemClock
    from ara.vault.certificate import certificate

    count = settings.api.workers
    if count > 1 and not settings.data.cache.redis:
        s.warn("Each process counts limits alone; name a Redis for all: --set data.cache.redis=redis://HOST:6379/0")
    tls = certificate(settings)
    if tls is not None and (fault := tls.fault(SystemClock().now())):
        s.warn(fault)
    scheme = "http" if tls is None else "https"
    with _listening(settings) as ear:
        host, port = ear.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        how = f"{count} processes   " if count > 1 else ""
        key = s.run(first_key(settings))
        if key is not None:
            s.write(f"The administrator's key, shown this once:\n{key.reveal()}\n")
        told = f"Listening on {scheme}://{shown}:{port}   {how}Ctrl-C ends it"
        serve(settings, ear, ready=lambda: s.note(told))


def _listening(settings: "Settings") -> socket.socket:
    """Listen before anything is loaded, so that a port that is taken is told at once."""
    host, port = settings.api.host, settings.api.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_WAITING)
    except OSError as error:
        raise APIError(
            f"Nobody can listen on {host}:{port}: {error.strerror or error}.",
            hint="Choose another port, ara serve --port 8080, or see who has it.",
        ) from error
