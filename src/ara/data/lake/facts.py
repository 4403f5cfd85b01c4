"""What is known of instruments beside their bars: actions, facts, rates, and the instruments themselves."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import msgspec
import polars as pl

from ara.clock import Clock
from ara.data.lake.begun import Begun
from ara.data.lake.layout import Layout, Snapshot
from ara.data.lake.revision import FACT_KINDS, check_moments, fact_rows, latest, news_of_facts
from ara.data.lake.table import Table
from ara.data.lake.upkeep import settle
from ara.data.provider import SCHEMAS, Kind
from ara.market.instrument import AssetClass, Instrument, OptionTerms, Right

__all__ = ["INSTRUMENTS", "Facts", "instrument_of", "instrument_rows", "kept_columns", "names_of"]

_INSTANT: Final = pl.Datetime("us", "UTC")

INSTRUMENTS: Final = pl.Schema(
    {"symbol": pl.String(), "source": pl.String(), "learned_at": _INSTANT, "name": pl.String(), "terms": pl.String()}
)
"""Columns of kept instruments; `terms` is everything but symbol and name, as JSON."""


def kept_columns(kind: Kind) -> pl.Schema:
    """Give the columns in which facts of a kind are kept: symbol, source, its own, and the number of its part."""
    return pl.Schema({"symbol": pl.String(), "source": pl.String(), **SCHEMAS[kind], "part": pl.Int64()})


def names_of(kind: Kind) -> tuple[str, ...]:
    """Give the columns that name one fact of a kind, of which there may be several revisions."""
    own = {Kind.ACTIONS: ("at", "action", "part"), Kind.FACTS: ("at", "field"), Kind.RATES: ("at", "base", "quote")}
    return ("symbol", "source", *own[kind])


class Facts:
    """The facts of a lake.

    Parameters
    ----------
    folder
        Where their tables lie.
    clock
        Times the files.
    begun
        Notes of the lake which tables were begun.
    """

    def __init__(self, folder: Path, *, clock: Clock, begun: Begun) -> None:
        self.tables = {
            kind: Table(folder / kind, _layout(kept_columns(kind)), clock=clock, begun=begun) for kind in FACT_KINDS
        }
        self.listed = Table(folder / "instruments", _layout(INSTRUMENTS), clock=clock, begun=begun)

    def append(self, kind: Kind, frame: pl.DataFrame) -> int:
        """Write what is new of `symbol`, `source` and the kind's columns; the caller has the turn."""
        rows = fact_rows(kind, frame)
        table = self.tables[kind]
        symbols, sources = (rows[name].unique().to_list() for name in ("symbol", "source"))
        mine = pl.col("symbol").is_in(symbols) & pl.col("source").is_in(sources)

        def decide(snapshot: Snapshot) -> tuple[pl.DataFrame, int]:
            near = _near(snapshot.files, symbols[0]) if len(symbols) == 1 else snapshot.files
            kept = table.scan(near, mine).collect()
            fresh = news_of_facts(kind, rows, kept=latest(kept, names_of(kind)))
            return fresh, fresh.height

        _, after, count = table.update(decide)
        settle(table, after)
        return count

    def read(
        self, kind: Kind, symbol: str = "", *, known_by: datetime | None = None, learned_by: datetime | None = None
    ) -> pl.DataFrame:
        """Give the latest revision of each fact within the bounds."""
        check_moments(known_by, learned_by)
        table = self.tables[kind]
        bounds = [pl.lit(value=True)]
        if symbol:
            bounds.append(pl.col("symbol") == symbol)
        if known_by is not None:
            bounds.append(pl.col("known_at") <= known_by)
        if learned_by is not None:
            bounds.append(pl.col("learned_at") <= learned_by)
        rows = table.reading(
            lambda now: table.scan(
                _near(now.files, symbol) if symbol else now.files, pl.all_horizontal(bounds)
            ).collect()
        )
        return latest(rows, names_of(kind)).drop("part")

    def put_instruments(self, instruments: Sequence[Instrument], *, source: str, learned_at: datetime) -> None:
        """Keep what a source says of instruments; the caller has the turn."""
        rows = instrument_rows(instruments, source=source, learned_at=learned_at)

        def decide(snapshot: Snapshot) -> tuple[pl.DataFrame, None]:
            return rows.join(self._told(snapshot), on=("symbol", "source", "name", "terms"), how="anti"), None

        _, after, _ = self.listed.update(decide)
        settle(self.listed, after)

    def instruments(self, query: str = "") -> list[Instrument]:
        """Give the instruments that match, as last told."""
        told = (
            self.listed.reading(self._told)
            .sort("symbol", "learned_at")
            .unique("symbol", keep="last", maintain_order=True)
        )
        word = query.casefold()
        return [
            instrument_of(row["symbol"], row["name"], terms=row["terms"])
            for row in told.iter_rows(named=True)
            if word in row["symbol"].casefold() or word in row["name"].casefold()
        ]

    def _told(self, snapshot: Snapshot) -> pl.DataFrame:
        return latest(self.listed.scan(snapshot.files).collect(), ("symbol", "source"))


def instrument_rows(instruments: Sequence[Instrument], *, source: str, learned_at: datetime) -> pl.DataFrame:
    """Give instruments in the columns `INSTRUMENTS`; of one named twice, what is said last."""
    rows = [
        {
            "symbol": one.symbol,
            "source": source,
            "learned_at": learned_at,
            "name": one.name,
            "terms": msgspec.json.encode(one, order="sorted").decode(),
        }
        for one in {one.symbol: one for one in instruments}.values()
    ]
    return pl.DataFrame(rows, schema=INSTRUMENTS)


def instrument_of(symbol: str, name: str, *, terms: str) -> Instrument:
    """Give an instrument back from what was kept."""
    told: dict[str, Any] = msgspec.json.decode(terms)
    option = told["option"]
    return Instrument(
        symbol=symbol,
        name=name,
        asset_class=AssetClass(told["asset_class"]),
        venue=told["venue"],
        currency=told["currency"],
        calendar=told["calendar"],
        timezone=told["timezone"],
        tick=Decimal(told["tick"]),
        lot=Decimal(told["lot"]),
        option=None if option is None else _terms(option),
    )


def _terms(told: dict[str, Any]) -> OptionTerms:
    return OptionTerms(
        underlying=told["underlying"],
        expiry=date.fromisoformat(told["expiry"]),
        strike=Decimal(told["strike"]),
        right=Right(told["right"]),
        multiplier=Decimal(told["multiplier"]),
    )


def _layout(schema: pl.Schema) -> Layout:
    order = tuple(name for name in ("symbol", "source", "at", "learned_at") if name in schema)
    return Layout(schema=schema, order=order, bounds=("symbol",))


def _near(files: pl.DataFrame, symbol: str) -> pl.DataFrame:
    return files.filter((pl.col("min.symbol") <= symbol) & (pl.col("max.symbol") >= symbol))
