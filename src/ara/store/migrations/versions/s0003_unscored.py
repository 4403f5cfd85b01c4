"""List the kept forecasts, with an index of those alone that still wait for outcomes."""

import sqlalchemy as sa
from alembic import op

__all__ = ["down_revision", "downgrade", "revision", "upgrade"]

revision = "0003"
"""Name of this step."""

down_revision = "0002"
"""The step before."""


def upgrade() -> None:
    """Make the list, empty: the next scoring fills it from the ledger."""
    op.create_table(
        "forecasts",
        sa.Column("forecast_id", sa.String(), primary_key=True),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("scored_at", sa.DateTime(timezone=True)),
    )
    op.create_index("forecasts_sequence", "forecasts", ["sequence"])
    op.create_index("forecasts_symbol", "forecasts", ["symbol"])
    waits = sa.text("scored_at IS NULL")
    op.create_index(
        "forecasts_unscored", "forecasts", ["symbol", "sequence"], sqlite_where=waits, postgresql_where=waits
    )


def downgrade() -> None:
    """Drop the list: all that it says stands in the ledger and in the scores."""
    op.drop_table("forecasts")
