"""Which Redis an address means: one server, a master that sentinels name, or a cluster.

All names that are used together share a part in braces, so that they lie on one node of a cluster.
"""

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import SplitResult, unquote, urlsplit

from ara.errors import ConfigurationError

if TYPE_CHECKING:
    from redis.asyncio import Redis

__all__ = ["connect", "faults", "nodes", "place_of"]

_PATIENCE: Final = 1.0
_CLUSTER: Final = "+cluster"
_SENTINEL: Final = "+sentinel"
_PORTS: Final = {_CLUSTER: 6379, _SENTINEL: 26379}
_HINT: Final = (
    "For instance: redis://127.0.0.1:6379/0, redis+sentinel://10.0.0.1:26379,10.0.0.2:26379/NAME/0 or "
    "redis+cluster://10.0.0.1:6379,10.0.0.2:6379"
)


def connect(url: str) -> "Redis":
    """Make a client that gives up after a second and asks once; nothing is sent before its first use.

    Parameters
    ----------
    url
        `redis://HOST:PORT/0`, `unix://…`, `redis+sentinel://HOST:PORT,HOST:PORT/NAME/0` or
        `redis+cluster://HOST:PORT,HOST:PORT`; with `rediss` all lines are encrypted.
    """
    try:
        from redis.asyncio import Redis
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff
    except ImportError as error:
        raise ConfigurationError(
            "data.cache.redis names a server, but the package redis is not installed.",
            hint="Install it: pip install 'ara-ai[queue]'. Or leave data.cache.redis empty.",
        ) from error
    manner: dict[str, Any] = {
        "socket_timeout": _PATIENCE,
        "socket_connect_timeout": _PATIENCE,
        "retry": Retry(NoBackoff(), 0),
    }
    try:
        parts = urlsplit(url)
        if parts.scheme.endswith(_CLUSTER):
            cluster: Redis = _cluster(parts, manner)  # it has the commands of a single server
            return cluster
        if parts.scheme.endswith(_SENTINEL):
            return _watched(parts, manner)
        return Redis.from_url(url, **manner)
    except ValueError as error:
        raise ConfigurationError("data.cache.redis is no address of a Redis server.", hint=_HINT) from error


def faults(*more: type[Exception]) -> tuple[type[Exception], ...]:
    """Give what a client raises where its server can't be used, and what else is to be caught with it."""
    from redis.exceptions import RedisClusterException, RedisError

    return (RedisError, RedisClusterException, OSError, *more)


def nodes(parts: SplitResult) -> list[tuple[str, int]]:
    """Give hosts and ports of an address with several; ValueError where it is none."""
    port = next((number for ending, number in _PORTS.items() if parts.scheme.endswith(ending)), 6379)
    found = []
    for one in parts.netloc.rpartition("@")[2].split(","):
        host, _, number = one.rpartition(":") if not one.endswith("]") and ":" in one else (one, "", str(port))
        if not host or not number.isdecimal() or not 0 < int(number) < 65_536:
            raise ValueError(f"{one!r:.60} is no host and port")
        found.append((host.strip("[]"), int(number)))
    return found


def place_of(url: str) -> str:
    """Give hosts and ports of an address, which may be told to anybody; a bad one was refused before."""
    parts = urlsplit(url)
    if parts.scheme.endswith((_CLUSTER, _SENTINEL)):
        return ", ".join(f"{host}:{port}" for host, port in nodes(parts))
    return f"{parts.hostname or parts.path or 'localhost'}:{parts.port or 6379}"


def _cluster(parts: SplitResult, manner: dict[str, Any]) -> Any:
    from redis.asyncio.cluster import ClusterNode, RedisCluster

    if parts.path.strip("/") not in ("", "0"):
        raise ValueError("a cluster has no numbered databases")
    starts = [ClusterNode(host, port) for host, port in nodes(parts)]
    return RedisCluster(startup_nodes=starts, **_login(parts), **manner)


def _watched(parts: SplitResult, manner: dict[str, Any]) -> "Redis":
    from ara.data.cache.watched import Watched

    name, _, database = parts.path.strip("/").partition("/")
    if not name or not (database or "0").isdecimal():
        raise ValueError("the name of the master is missing, or its database is no number")
    own = {**_login(parts), "db": int(database or "0"), **manner}
    return Watched(nodes(parts), unquote(name), manner=manner, own=own)


def _login(parts: SplitResult) -> dict[str, Any]:
    """Give who logs in, and whether lines are encrypted."""
    login = {name: unquote(text) for name, text in (("username", parts.username), ("password", parts.password)) if text}
    return {**login, **({"ssl": True} if parts.scheme.startswith("rediss") else {})}
