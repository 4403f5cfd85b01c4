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

# One statement, so that a database which another process is just making is seen before or after, never between.
_MARK = """
SELECT user_version, application_id, (SELECT count(*) FROM sqlite_master)
FROM pragma_user_version, pragma_application_id
"""


def check_mark(connection: sqlite3.Connection, path: Path) -> int:
    """Say which version of the schema a database has; refuse a newer one, and another program's."""
    version, owner, things = connection.execute(_MARK).fetchone()
    if owner != APPLICATION and (owner or things):
        raise StoreError(
            f"The file {path} is a database of another program.", hint="Set `store.url` to a file of Ara's own."
        )
    if version > len(STEPS):
        raise StoreError(
            f"The store {path} was written by a newer Ara: its schema is {version}, this one knows {len(STEPS)}.",
            hint="Update Ara, or use another store; nothing was changed.",
        )
    return int(version)


def mark(connection: sqlite3.Connection) -> None:
    """Note in a database that it is Ara's and has the newest schema."""
    connection.execute(f"PRAGMA application_id = {APPLICATION}")
    connection.execute(f"PRAGMA user_version = {len(STEPS)}")
