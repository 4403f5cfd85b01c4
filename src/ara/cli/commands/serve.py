"""`ara serve`."""

import socket
from typing import TYPE_CHECKING, Annotated

import typer

from ara.cli.screen import Screen, screen
from ara.errors import APIError, PluginError

if TYPE_CHECKING:
    from ara.settings import Secret, Settings

__all__ = ["command"]

_PATIENCE = 10
_WAITING = 2048


def command(
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Address to listen on (127.0.0.1)")] = "",
    port: Annotated[str, typer.Option("--port", "-p", metavar="N", help="Port to listen on (8000)")] = "",
) -> None:
    """Serve forecasts over HTTP until Ctrl-C; the first start prints an administrator's key, once.

    ::

        ara serve
        ara serve --port 8080
        ara serve --host 0.0.0.0 --set accounts.free.per_minute=30

    Users, keys and forecasts lie in the store of the settings; limits in memory, or in Redis where data.cache.redis
    names one. Say who may ask: ara users, ara keys.
    """
    from ara.settings import Settings

    s = screen()
    s.settings()
    given = {key: value for key, value in {"api.host": host, "api.port": port}.items() if value}
    _serve(s, Settings.load({**s.flags.as_settings(), **given}))


def _serve(s: Screen, settings: "Settings") -> None:
    try:
        import uvicorn

        from ara.api import create
    except ImportError as error:
        raise PluginError(
            "A service needs packages that are not installed.", hint='Install them: pip install "ara-ai[api]"'
        ) from error

    def first(key: "Secret") -> None:
        s.write(f"The administrator's key, shown this once:\n{key.reveal()}\n")

    ear = _listening(settings)
    host, port = ear.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    app = create(settings, first=first, ready=lambda: s.note(f"Listening on http://{shown}:{port}   Ctrl-C ends it"))
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_PATIENCE,
        lifespan="on",
    )
    server = uvicorn.Server(config)
    with ear:
        server.run(sockets=[ear])
    if not server.started:
        raise APIError("The service did not start.", hint="The lines above say why.")


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
