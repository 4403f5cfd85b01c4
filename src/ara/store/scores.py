"""The tables of scores: one row for each day of each forecast whose outcome is known, and which forecasts wait."""

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    TypeDecorator,
    text,
)

from ara.errors import ValidationError

__all__ = ["Instant", "forecasts", "metadata", "scores"]


class Instant(TypeDecorator[datetime]):
    """A column of times that come back as they went in: aware, in UTC, to the microsecond, on every back-end."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the time as the database takes it; SQLite keeps UTC without saying so."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValidationError(f"The time {value.isoformat()} has no time zone; times are kept in UTC.")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the time as Ara takes it."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


metadata = MetaData()
"""All tables; the migrations make them."""

scores = Table(
    "scores",
    metadata,
    Column("forecast_id", String, primary_key=True),
    Column("day", Integer, primary_key=True),
    Column("symbol", String, nullable=False),
    Column("asset_class", String, nullable=False),
    Column("model", String, nullable=False),
    Column("horizon", Integer, nullable=False),
    Column("as_of", Instant, nullable=False),
    Column("target_at", Instant, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("live", Boolean, nullable=False),
    Column("close", Float, nullable=False),
    Column("outcome", Float, nullable=False),
    Column("crps", Float, nullable=False),
    Column("baseline_crps", Float),
    Column("median_error", Float, nullable=False),
    Column("inside_50", Boolean, nullable=False),
    Column("inside_80", Boolean, nullable=False),
    Column("inside_95", Boolean, nullable=False),
    Column("p_up", Float, nullable=False),
    Column("up", Boolean),
    Column("confidence", Float, nullable=False),
    Column("inside_usual", Boolean, nullable=False),
    Column("scored_at", Instant, nullable=False),
    Index("scores_symbol_as_of_model", "symbol", "as_of", "model"),
    Index("scores_model_horizon", "model", "horizon"),
)
"""Scores of forecasts; `live` says that the forecast was made before its outcome was public."""

_WAITS = text("scored_at IS NULL")

forecasts = Table(
    "forecasts",
    metadata,
    Column("forecast_id", String, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("symbol", String, nullable=False),
    Column("scored_at", Instant),
    Index("forecasts_sequence", "sequence"),
    Index("forecasts_symbol", "symbol"),
    Index("forecasts_unscored", "symbol", "sequence", sqlite_where=_WAITS, postgresql_where=_WAITS),
)
"""The ledger's forecasts as far as scoring has read it; `scored_at` is null while an outcome of theirs is missing."""
