"""Make the table of scores."""

import sqlalchemy as sa
from alembic import op

__all__ = ["down_revision", "revision", "upgrade"]

revision = "0001"
"""Name of this step."""

down_revision = None
"""The step before; none."""


def upgrade() -> None:
    """Make the table and its indexes."""
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "scores",
        sa.Column("forecast_id", sa.String(), primary_key=True),
        sa.Column("day", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("asset_class", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("horizon", sa.Integer(), nullable=False),
        sa.Column("as_of", instant, nullable=False),
        sa.Column("target_at", instant, nullable=False),
        sa.Column("made_at", instant, nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("close", sa.Float(), nullable=False),
        sa.Column("outcome", sa.Float(), nullable=False),
        sa.Column("crps", sa.Float(), nullable=False),
        sa.Column("baseline_crps", sa.Float()),
        sa.Column("median_error", sa.Float(), nullable=False),
        sa.Column("inside_50", sa.Boolean(), nullable=False),
        sa.Column("inside_80", sa.Boolean(), nullable=False),
        sa.Column("inside_95", sa.Boolean(), nullable=False),
        sa.Column("p_up", sa.Float(), nullable=False),
        sa.Column("up", sa.Boolean()),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("inside_usual", sa.Boolean(), nullable=False),
        sa.Column("scored_at", instant, nullable=False),
    )
    op.create_index("scores_symbol_as_of", "scores", ["symbol", "as_of"])
    op.create_index("scores_model_horizon", "scores", ["model", "horizon"])
