"""A service as `ara serve` runs it, with one stream more: /ws/ticking, which is told 50 messages a second."""

import asyncio
import json
import socket
import sys
import time
from pathlib import Path

import uvicorn
from starlette.websockets import WebSocket

from ara.api import create
from ara.api.sockets import UVICORN
from ara.api.sockets.session import Stream, attend
from ara.settings import Secret, Settings

EACH = 0.02


async def ticks():
    """Tell 50 messages a second, each with the moment at which it was made."""
    due = time.monotonic()
    while True:
        yield "tick", {"symbol": "TICK", "close": 1.25, "volume": 100.0, "made": time.time()}
        due += EACH
        await asyncio.sleep(max(due - time.monotonic(), 0))


async def ticking(socket_: WebSocket) -> None:
    """See a socket through that listens to the ticks."""

    async def prepare(_: object) -> Stream:
        return Stream(name="ticking", feed=ticks)

    await attend(socket_, "market:read", prepare)


def main() -> None:
    home = Path(sys.argv[1])
    more = dict(one.split("=", 1) for one in sys.argv[2:])
    settings = Settings.load(
        {"home": str(home), "data.providers": "sample", "accounts.enterprise.burst": "100000",
         "accounts.enterprise.per_minute": "1000000", **more}
    )  # fmt: skip
    told: list[Secret] = []
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as ear:

        def ready() -> None:
            print(json.dumps({"port": ear.getsockname()[1], "key": told[0].reveal()}), flush=True)

        app = create(settings, first=told.append, ready=ready)
        app.add_api_websocket_route("/ws/ticking", ticking)
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, loop="uvloop", **UVICORN))
        server.run(sockets=[ear])


if __name__ == "__main__":
    main()
