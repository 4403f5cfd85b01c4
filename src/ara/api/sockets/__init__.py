"""Live sockets: forecasts, bars and alerts as they come, each computed once however many listen."""

from collections.abc import Mapping
from typing import Any, Final

__all__ = ["UVICORN"]

UVICORN: Final[Mapping[str, Any]] = {
    "ws_max_size": 16_384,
    "ws_ping_interval": 20.0,
    "ws_ping_timeout": 20.0,
    "ws_per_message_deflate": False,
}
"""How a server holds sockets: nobody sends more than 16 kB, and who is gone is found out; nothing is compressed, since
what that needs of memory is more than all the rest of a socket."""
