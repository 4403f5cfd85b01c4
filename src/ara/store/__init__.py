"""Where Ara keeps things: documents, hash-chained logs and tables, in memory, SQLite or PostgreSQL."""

from ara.store.chain import Entry, Head
from ara.store.changing import changed
from ara.store.documents import revision
from ara.store.lagging import may_lag
from ara.store.log import Log
from ara.store.migrating import Standing, bring_forward, migrate, standing
from ara.store.opening import open_store
from ara.store.store import Between, ConflictError, Place, Record, Signer, Store
from ara.store.verification import Verification

__all__ = [
    "Between",
    "ConflictError",
    "Entry",
    "Head",
    "Log",
    "Place",
    "Record",
    "Signer",
    "Standing",
    "Store",
    "Verification",
    "bring_forward",
    "changed",
    "may_lag",
    "migrate",
    "open_store",
    "revision",
    "standing",
]
