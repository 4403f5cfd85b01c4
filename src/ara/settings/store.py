"""The settings of the store: which database, how many connections to it, and what may be read from elsewhere."""

from typing import Annotated

from msgspec import Meta, Struct

__all__ = ["StoreSettings"]


class StoreSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where documents, the ledger and tables are kept."""

    url: Annotated[
        str,
        Meta(
            description="The database of everything kept; empty: the SQLite file `ara.db` in `home`.",
            pattern=r"^(|memory:|sqlite:///.+|postgres(ql)?://.+)$",
            extra={"allowed": 'memory:, sqlite:///PATH, postgresql://USER@HOST/NAME, or "" for ara.db in home'},
        ),
    ] = ""
    pool: Annotated[
        int, Meta(description="Connections of a process to PostgreSQL, and to each replica, at most.", ge=1, le=500)
    ] = 8
    replicas: Annotated[
        str,
        Meta(
            description="Read replicas of the PostgreSQL database; what may be some seconds old is read from them.",
            pattern=r"^(|postgres(ql)?://[^,\s]+(, *postgres(ql)?://[^,\s]+)*)$",
            extra={"allowed": 'postgresql://USER@HOST/NAME, several separated by commas, or "" for none'},
        ),
    ] = ""
