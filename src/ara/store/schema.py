"""The tables that hold documents and logs in SQLite, step by step as they came to be.

They are made here and not by Alembic because a forecast writes to its ledger without loading SQLAlchemy.
"""

import sqlite3
from pathlib import Path

from ara.errors import StoreError

__all__ = ["APPLICATION", "STEPS", "check_mark", "mark"]

APPLICATION = 0x41726135
"""Stands in the header of Ara's databases: `Ara5`."""

STEPS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE documents (
            kind TEXT NOT NULL, id TEXT NOT NULL, revision TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, id)
        )""",
    ),
    (
        """CREATE TABLE entries (
            stream TEXT NOT NULL, sequence INTEGER NOT NULL, at TEXT NOT NULL, key TEXT NOT NULL,
            previous TEXT NOT NULL, hash TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (stream, sequence)
        )""",
        "CREATE UNIQUE INDEX entries_key ON entries (stream, key) WHERE key <> ''",
    ),
)
"""Statements of each version of the schema; `PRAGMA user_version` says how many were done."""


def check_mark(connection: sqlite3.Connection, path: Path) -> int:
    """Say which version of the schema a database has; refuse a newer one, and another program's."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    owner: int = connection.execute("PRAGMA application_id").fetchone()[0]
    empty = not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if owner != APPLICATION and not (empty and owner == 0):
        raise StoreError(
            f"The file {path} is a database of another program.", hint="Set `store.url` to a file of Ara's own."
        )
    if version > len(STEPS):
        raise StoreError(
            f"The store {path} was written by a newer Ara: its schema is {version}, this one knows {len(STEPS)}.",
            hint="Update Ara, or use another store; nothing was changed.",
        )
    return version


def mark(connection: sqlite3.Connection) -> None:
    """Note in a database that it is Ara's and has the newest schema."""
    connection.execute(f"PRAGMA application_id = {APPLICATION}")
    connection.execute(f"PRAGMA user_version = {len(STEPS)}")
