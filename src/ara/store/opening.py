"""Which store a setting means."""

from pathlib import Path
from typing import TYPE_CHECKING

from ara.clock import Clock
from ara.errors import ConfigurationError
from ara.store.store import Signer, Store

if TYPE_CHECKING:
    from ara.settings import Settings

__all__ = ["open_store"]


async def open_store(settings: "Settings", *, vault: Signer, clock: Clock) -> Store:
    """Give the store that `store.url` names; files and servers are touched on first use.

    Parameters
    ----------
    settings
        `store.url`: empty for the file `ara.db` in `home`, `memory:`, `sqlite:///PATH`, or `postgresql://…`; of the
        last, `store.pool` and `store.replicas`.
    vault
        Signs the heads of logs.
    clock
        Gives the time of log entries.
    """
    url = settings.store.url
    if url == "memory:":
        from ara.store.memory import MemoryStore

        return MemoryStore(signer=vault, clock=clock)
    if url.startswith(("postgresql://", "postgres://")):
        _check_driver()
        from ara.store.postgres import PostgresStore

        replicas = [one.strip() for one in settings.store.replicas.split(",") if one.strip()]
        return PostgresStore(url, signer=vault, clock=clock, pool=settings.store.pool, replicas=replicas)
    from ara.store.sqlite import SqliteStore

    path = _file(url) if url else Path(settings.home) / "ara.db"
    return SqliteStore(path, signer=vault, clock=clock)


def _file(url: str) -> Path:
    """Give the file that an address means; `sqlite:////a/b` is `/a/b` too, as other programs write it."""
    path = Path("/" + url.removeprefix("sqlite://").lstrip("/"))
    if path.parent == path.parent.parent:
        raise ConfigurationError(
            f"store.url is {url}, a file in the root folder.",
            hint=f"Write the whole path: sqlite:///home/you/{path.name}",
        )
    return path


def _check_driver() -> None:
    try:
        import asyncpg  # noqa: F401
    except ImportError as error:
        raise ConfigurationError(
            "store.url names a PostgreSQL server, but its driver, asyncpg, is not installed.",
            hint="Install it: pip install 'ara-ai[db]'",
        ) from error
