"""From the answer of a source to the rows of the store."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

import polars as pl

from ara.data.bar_store import ROWS, Appended
from ara.data.coverage import Missing
from ara.data.failover import Tried
from ara.data.fetched import Fetched
from ara.data.lateness import Behind
from ara.data.provider import SCHEMAS, Kind
from ara.data.quality import QualityReport
from ara.market.bars import Basis
from ara.market.instrument import Instrument
from ara.market.timeframe import Timeframe

if TYPE_CHECKING:
    from ara.data.access import Payload

__all__ = ["Harvest", "fetched", "named", "rows", "told"]

_STEP: Final = 0.15  # log of a step in the adjusted closes that is more than a dividend


@dataclass(frozen=True, slots=True, kw_only=True)
class Harvest:
    """The answer of a source, not yet kept; the parts are those of `Fetched` and what it is made of."""

    instrument: Instrument
    timeframe: Timeframe
    source: str
    basis: Basis
    tried: tuple[Tried, ...]
    payloads: "tuple[Payload, ...]"
    bars: pl.DataFrame
    actions: pl.DataFrame
    facts: pl.DataFrame
    report: QualityReport
    start: datetime | None
    end: datetime | None
    missing: Missing | None
    behind: Behind | None = None


def rows(one: Harvest, fetch: str, *, quality: pl.Series, silent: bool = False) -> pl.DataFrame:
    """Give the answer as rows of the store.

    Where the source states its actions, its adjusted closes say nothing more, and change with each dividend: they stay
    in the payload. Of one that is `silent`, which was asked and never stated any, they stand if they tell of a split.
    """
    told = one.actions.is_empty() or (silent and _steps(one.bars))
    adjusted = pl.col("adjusted") if told else pl.lit(None, pl.Float64)
    return one.bars.with_columns(
        adjusted.alias("adjusted"),
        quality.alias("quality"),
        symbol=pl.lit(one.instrument.symbol),
        asset_class=pl.lit(one.instrument.asset_class.value),
        timeframe=pl.lit(str(one.timeframe)),
        source=pl.lit(one.source),
        basis=pl.lit(one.basis.value),
        imputed=pl.lit(value=False),
        fetch=pl.lit(fetch),
    ).select(ROWS.names())


def told(one: Harvest, fetch: str, now: datetime) -> pl.DataFrame:
    """Give the fact that a fetch was made: its id, and who was asked with what success."""
    tried = [{"source": each.source, "ok": each.ok, "words": each.words, "code": each.code} for each in one.tried]
    value = json.dumps({"fetch": fetch, "timeframe": str(one.timeframe), "tried": tried}, sort_keys=True)
    row = {"at": now, "known_at": now, "learned_at": now, "field": "fetch", "value": value}
    return pl.DataFrame([row], schema=SCHEMAS[Kind.FACTS])


def named(one: Harvest, frame: pl.DataFrame) -> pl.DataFrame:
    """Put symbol and source before the columns of a frame."""
    return frame.select(pl.lit(one.instrument.symbol).alias("symbol"), pl.lit(one.source).alias("source"), pl.all())


def fetched(one: Harvest, appended: Appended) -> Fetched:
    """Say what came of an answer that was kept."""
    at = one.bars["at"]
    new, corrected = appended.each.get(one.instrument.symbol, (0, 0))
    return Fetched(
        instrument=one.instrument,
        timeframe=one.timeframe,
        source=one.source,
        tried=one.tried,
        bars=one.bars.height,
        new=new,
        corrected=corrected,
        same=one.bars.height - new - corrected,
        first=at[0] if len(at) else None,
        last=at[-1] if len(at) else None,
        report=one.report,
        start=one.start,
        end=one.end,
        missing=one.missing,
        behind=one.behind,
    )


def _steps(bars: pl.DataFrame) -> bool:
    """Say whether the adjusted closes step against the closes as a split makes them."""
    factor = (bars["adjusted"] / bars["close"]).log()
    return bool((factor.filter(factor.is_finite()).diff().abs() > _STEP).any())
