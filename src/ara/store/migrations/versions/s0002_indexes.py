"""Index what documents are asked for, and scores by instrument, origin and model."""

from alembic import op

__all__ = ["down_revision", "downgrade", "revision", "upgrade"]

revision = "0002"
"""Name of this step."""

down_revision = "0001"
"""The step before."""

_DOCUMENTS = (
    ("job", "state", "text"),
    ("job", "number", "number"),
    ("job", "account", "text"),
    ("job", "name", "text"),
    ("outgoing", "state", "text"),
    ("outgoing", "webhook", "text"),
    ("outgoing", "ended_at", "text"),
    ("event", "at", "text"),
    ("webhook", "user", "text"),
    ("refresh", "user", "text"),
    ("refresh", "expires_at", "text"),
    ("key", "user", "text"),
    ("app", "user", "text"),
    ("consent", "user", "text"),
    ("code", "until", "text"),
    ("ticket", "until", "text"),
    ("void", "until", "text"),
    ("once", "at", "text"),
)
"""Kind, field and how it compares: what grows with use and is asked for by that field."""


def upgrade() -> None:
    """Make the indexes; each is of one kind of document, so that the others pay nothing for it."""
    postgresql = op.get_context().dialect.name == "postgresql"
    for kind, field, family in _DOCUMENTS:
        place = _postgresql(field, family) if postgresql else f"kind, json_extract(body, '$.{field}')"
        op.execute(f"CREATE INDEX documents_{kind}_{field} ON documents ({place}, id) WHERE kind = '{kind}'")
    op.create_index("scores_symbol_as_of_model", "scores", ["symbol", "as_of", "model"])
    op.drop_index("scores_symbol_as_of", "scores")


def downgrade() -> None:
    """Take the indexes away; no row is touched."""
    op.create_index("scores_symbol_as_of", "scores", ["symbol", "as_of"])
    op.drop_index("scores_symbol_as_of_model", "scores")
    for kind, field, _ in reversed(_DOCUMENTS):
        op.execute(f"DROP INDEX documents_{kind}_{field}")


def _postgresql(field: str, family: str) -> str:
    """Give the expression that a question has, nulls first as in the other databases."""
    text = f"(body ->> '{field}')"
    return f"({text}::numeric) NULLS FIRST" if family == "number" else f'({text} COLLATE "C") NULLS FIRST'
