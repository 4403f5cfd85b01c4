"""Bars in a PostgreSQL database, with TimescaleDB where the server has it: what several machines share."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import polars as pl

from ara.clock import Clock
from ara.data.bar_store import CATALOGUE, ROWS, WITHDRAWN, Appended, Received
from ara.data.lake.bronze import PAYLOADS, fetch_id, payload_rows
from ara.data.lake.facts import INSTRUMENTS, instrument_of, instrument_rows, kept_columns, names_of
from ara.data.lake.heads import listed, summed
from ara.data.lake.revision import BAR, check_moments, check_rows, fact_rows, latest, named, news, news_of_facts
from ara.data.lake.silver import BROUGHT_BY, brought
from ara.data.lake.withdrawals import bounded, check_withdrawn, without
from ara.data.provider import Kind
from ara.data.timescale_link import Connection, Link
from ara.data.timescale_tables import BAR_COLUMNS, SERIES, copy_in, frame, make_years, prepare, quoted
from ara.market.instrument import Instrument

__all__ = ["TimescaleStore"]

_WRITERS: Final = "SELECT pg_advisory_xact_lock(hashtextextended('ara bars', 0))"
_NAMES: Final = ", ".join(SERIES)
_ROW: Final = ", ".join(f's."{name}"' if name in SERIES else f'b."{name}"' for name in ROWS)
_FROM: Final = "FROM bar_series s JOIN bars b USING (series)"


class TimescaleStore:
    """A bar store in a PostgreSQL database of Ara's own; see `ara.data.bar_store.BarStore`.

    Its bars are a hypertable where the server offers TimescaleDB; elsewhere they are cut into years, with a small index
    over time. Writers take turns; readers never wait.

    Parameters
    ----------
    url
        `postgresql://USER:PASSWORD@HOST:PORT/NAME`; nothing is opened before the first use.
    clock
        Kept for what has to know the time.
    patience
        Seconds to wait for a connection or a lock before giving up.
    """

    def __init__(self, url: str, *, clock: Clock, patience: float = 10.0) -> None:
        self._clock = clock
        self._link = Link(url, prepare=prepare, patience=patience)

    def keep(self, payloads: Sequence[Received]) -> str:
        """Keep answers as they were received; see `BarStore.keep`."""
        return self.keep_all([payloads])[0]

    def keep_all(self, fetches: Sequence[Sequence[Received]]) -> list[str]:
        """Keep the answers of several fetches at once; see `BarStore.keep_all`."""
        ids = [fetch_id(payloads) for payloads in fetches]
        distinct = {fetch: payloads for fetch, payloads in zip(ids, fetches, strict=True) if fetch}
        if not distinct:
            return ids
        rows = payload_rows(distinct)

        async def work(connection: Connection) -> None:
            await connection.execute(_WRITERS)
            asked = 'SELECT DISTINCT "fetch" FROM bar_payloads WHERE "fetch" = ANY($1::text[])'
            there = [row[0] for row in await connection.fetch(asked, list(distinct))]
            fresh = rows.filter(~pl.col("fetch").is_in(there))
            asked = "SELECT sha256 FROM bar_payloads WHERE mark = ANY($1::bigint[])"
            kept = [row[0] for row in await connection.fetch(asked, fresh["mark"].to_list())]
            told = fresh["sha256"].is_in(kept) | ~fresh["sha256"].is_first_distinct()
            body = pl.when(told).then(None).otherwise("body")
            await copy_in(connection, "bar_payloads", fresh.with_columns(body=body))

        self._link.run(work)
        return ids

    def fetched(self, fetch: str) -> pl.DataFrame:
        """Give the payloads of a fetch with their bodies; see `BarStore.fetched`."""
        columns = ", ".join("coalesce(p.body, b.body)" if name == "body" else f'p."{name}"' for name in PAYLOADS)
        body = "SELECT body FROM bar_payloads o WHERE o.mark = p.mark AND o.sha256 = p.sha256 AND body IS NOT NULL"
        statement = (
            f"SELECT {columns} FROM bar_payloads p LEFT JOIN LATERAL ({body} LIMIT 1) b ON true "  # noqa: S608 - names of our own
            'WHERE p."fetch" = $1 ORDER BY p.place'
        )
        return self._link.run(lambda connection: frame(connection, PAYLOADS, statement, fetch))

    def append(self, rows: pl.DataFrame) -> Appended:
        """Keep bars as published; see `BarStore.append`."""
        check_rows(rows)
        dealt = rows.unique(maintain_order=True)

        async def work(connection: Connection) -> Appended:
            await connection.execute(_WRITERS)
            numbered = await _numbered(connection, dealt)
            kept = without(await _kept(connection, numbered), await _withdrawn(connection))
            fresh, _ = news(dealt, latest(kept, BAR))
            added = fresh.join(numbered.select(*SERIES, "series").unique(), on=SERIES, maintain_order="left")
            await make_years(connection, sorted(added["at"].dt.year().unique()))
            await copy_in(connection, "bars", added.select("series", *BAR_COLUMNS))
            await _count(connection, added)
            return Appended.of(rows, fresh)

        return self._link.run(work) if rows.height else Appended(new=0, corrected=0, same=0)

    def bars(
        self,
        symbol: str,
        timeframe: str,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        known_by: datetime | None = None,
        learned_by: datetime | None = None,
        sources: Sequence[str] | None = None,
    ) -> pl.DataFrame:
        """Give the latest revision of each bar of each source; see `BarStore.bars`."""
        where, arguments = "s.symbol = $1 AND s.timeframe = $2", [symbol, timeframe]
        bounds = {"b.at >=": start, "b.at <": end, "b.known_at <=": known_by, "b.learned_at <=": learned_by}
        where, values = _bounded(where, bounds, arguments)
        if sources is not None:
            values.append(list(sources))
            where += f" AND s.source = ANY(${len(values)}::text[])"
        told = self.withdrawals(symbol, learned_by=learned_by)
        return latest(without(self._rows(where, values), told), ("source", "at"))

    def revisions(self, symbol: str, timeframe: str, *, start: datetime, end: datetime) -> pl.DataFrame:
        """Give every row ever kept of the bars of a span; see `BarStore.revisions`."""
        check_moments(start, end)
        where = "s.symbol = $1 AND s.timeframe = $2 AND b.at >= $3 AND b.at < $4"
        return self._rows(where, [symbol, timeframe, start, end]).sort("source", "at", "learned_at")

    def brought(self, *, fetch: str = "", source: str = "") -> pl.DataFrame:
        """Give what stands of what a fetch or a source brought; see `BarStore.brought`."""
        where, values = "true", []
        for column, value in (('b."fetch"', fetch), ("s.source", source)):
            if value:
                values.append(value)
                where += f" AND {column} = ${len(values)}"
        rows = self._rows(where, values).select(*BROUGHT_BY, "at", "learned_at")
        return brought(without(rows, self.withdrawals()))

    def withdraw(self, rows: pl.DataFrame) -> None:
        """Take back what fetches brought; see `BarStore.withdraw`."""
        check_withdrawn(rows)

        async def work(connection: Connection) -> None:
            await connection.execute(_WRITERS)
            await copy_in(connection, "bar_withdrawals", rows)

        self._link.run(work)

    def withdrawals(self, symbol: str = "", *, learned_by: datetime | None = None) -> pl.DataFrame:
        """Give what was withdrawn; see `BarStore.withdrawals`."""
        return bounded(self._link.run(_withdrawn), symbol, learned_by)

    def append_facts(self, kind: Kind, symbol: str, source: str, frame: pl.DataFrame) -> int:
        """Keep actions, facts or rates; see `BarStore.append_facts`."""
        return self.append_all_facts(kind, named(kind, symbol, source, frame=frame))

    def append_all_facts(self, kind: Kind, frame: pl.DataFrame) -> int:
        """Keep facts of many symbols and sources at once; see `BarStore.append_all_facts`."""
        rows = fact_rows(kind, frame)
        names = [rows[name].unique().to_list() for name in ("symbol", "source")]

        async def work(connection: Connection) -> int:
            await connection.execute(_WRITERS)
            mine = "symbol = ANY($1::text[]) AND source = ANY($2::text[])"
            kept = await _facts(connection, kind, mine, names)
            fresh = news_of_facts(kind, rows, kept=latest(kept, names_of(kind)))
            await copy_in(connection, f"bar_{kind}", fresh)
            return fresh.height

        return self._link.run(work)

    def facts(
        self, kind: Kind, symbol: str = "", *, known_by: datetime | None = None, learned_by: datetime | None = None
    ) -> pl.DataFrame:
        """Give the latest revision of each action, fact or rate; see `BarStore.facts`."""
        names = names_of(kind)
        where, values = ("symbol = $1", [symbol]) if symbol else ("true", [])
        where, values = _bounded(where, {"known_at <=": known_by, "learned_at <=": learned_by}, values)
        rows = self._link.run(lambda connection: _facts(connection, kind, where, values))
        return latest(rows, names).drop("part")

    def put_instruments(self, instruments: Sequence[Instrument], *, source: str, learned_at: datetime) -> None:
        """Keep what a source says of instruments; see `BarStore.put_instruments`."""
        rows = instrument_rows(instruments, source=source, learned_at=learned_at)

        async def work(connection: Connection) -> None:
            await connection.execute(_WRITERS)
            told = latest(await _told(connection), ("symbol", "source"))
            news = rows.join(told, on=("symbol", "source", "name", "terms"), how="anti")
            await copy_in(connection, "bar_instruments", news)

        self._link.run(work)

    def instruments(self, query: str = "") -> list[Instrument]:
        """Give the instruments that match; see `BarStore.instruments`."""
        told = self._link.run(_told).sort("symbol", "learned_at").unique("symbol", keep="last", maintain_order=True)
        word = query.casefold()
        return [
            instrument_of(row["symbol"], row["name"], terms=row["terms"])
            for row in told.iter_rows(named=True)
            if word in row["symbol"].casefold() or word in row["name"].casefold()
        ]

    def lasts(self, timeframe: str, *, known_by: datetime | None = None) -> pl.DataFrame:
        """Give the newest bar of every symbol and source; see `BarStore.lasts`."""
        where, values = _bounded("series = s.series", {"known_at <=": known_by}, [timeframe])
        statement = (
            f"SELECT {_ROW} FROM bar_series s CROSS JOIN LATERAL (SELECT * FROM bars WHERE {where} "  # noqa: S608 - names of our own
            "ORDER BY at DESC, learned_at DESC LIMIT 1) b WHERE s.timeframe = $1"
        )
        rows = self._link.run(lambda connection: frame(connection, ROWS, statement, *values))
        touched = self._touched(rows)
        if touched.height:
            again = self._left(touched, known_by=known_by).sort("at").unique(BAR[:4], keep="last")
            again = again.filter(pl.col("timeframe") == timeframe)
            rows = pl.concat([rows.join(touched, on=BAR[:4], how="anti"), again])
        return rows.sort("symbol", "source")

    def catalogue(self) -> pl.DataFrame:
        """Give one row for each series that is kept; see `BarStore.catalogue`."""
        statement = f"SELECT {_NAMES}, basis, bars, first, last, received, corrections FROM bar_series WHERE bars > 0"  # noqa: S608 - names of our own
        rows = self._link.run(lambda connection: frame(connection, CATALOGUE, statement))
        touched = self._touched(rows)
        if touched.height:
            told = self.withdrawals()
            every = without(self._series(touched), told)
            again = listed(summed(every))
            rows = pl.concat([rows.join(touched, on=BAR[:4], how="anti"), again])
        return rows.sort(SERIES)

    def _touched(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Give those series of which something was withdrawn."""
        return rows.join(self.withdrawals(), on=("symbol", "source"), how="semi").select(BAR[:4])

    def _series(self, series: pl.DataFrame) -> pl.DataFrame:
        """Give every row of some series."""
        rows = self._rows("s.symbol = ANY($1::text[])", [series["symbol"].unique().to_list()])
        return rows.join(series, on=BAR[:4], how="semi")

    def _left(self, series: pl.DataFrame, *, known_by: datetime | None) -> pl.DataFrame:
        """Give the latest revisions that stand of some series."""
        rows = without(self._series(series), self.withdrawals())
        return latest(rows if known_by is None else rows.filter(pl.col("known_at") <= known_by), BAR)

    def close(self) -> None:
        """End the connections; they open again when they are needed again."""
        self._link.close()

    def _rows(self, where: str, values: Sequence[Any]) -> pl.DataFrame:
        statement = f"SELECT {_ROW} {_FROM} WHERE {where}"
        return self._link.run(lambda connection: frame(connection, ROWS, statement, *values))


def _bounded(where: str, bounds: dict[str, datetime | None], values: Sequence[Any]) -> tuple[str, list[Any]]:
    check_moments(*bounds.values())
    bound = list(values)
    for words, value in bounds.items():
        if value is not None:
            bound.append(value)
            where += f" AND {words} ${len(bound)}"
    return where, bound


async def _numbered(connection: Connection, rows: pl.DataFrame) -> pl.DataFrame:
    """Give the bars' keys with the number of their series; new series get theirs."""
    series = rows.select(SERIES).unique(maintain_order=True)
    columns = [series[name].to_list() for name in SERIES]
    given = "unnest($1::text[], $2::text[], $3::text[], $4::text[])"
    await connection.execute(
        f"INSERT INTO bar_series ({_NAMES}) SELECT * FROM {given} ON CONFLICT DO NOTHING",  # noqa: S608 - names of our own
        *columns,
    )
    schema = pl.Schema({**{name: ROWS[name] for name in SERIES}, "series": pl.Int64()})
    statement = f"SELECT {_NAMES}, series FROM bar_series JOIN {given} AS g ({_NAMES}) USING ({_NAMES})"  # noqa: S608 - names of our own
    numbers = await frame(connection, schema, statement, *columns)
    return rows.select(*SERIES, "at").join(numbers, on=SERIES, maintain_order="left")


async def _kept(connection: Connection, numbered: pl.DataFrame) -> pl.DataFrame:
    """Give the revisions of those bars that are kept already."""
    await connection.execute("CREATE TEMP TABLE asked (series int, at timestamptz) ON COMMIT DROP")
    await copy_in(connection, "asked", numbered.select("series", "at").unique())
    await connection.execute("ANALYZE asked")
    statement = f"SELECT {_ROW} FROM asked JOIN bars b USING (series, at) JOIN bar_series s USING (series)"  # noqa: S608 - names of our own
    return await frame(connection, ROWS, statement)


async def _count(connection: Connection, added: pl.DataFrame) -> None:
    """Bring the counts of the series up to date, in the same transaction as their bars."""
    counts = (
        added.sort("at", "learned_at")
        .group_by("series")
        .agg(
            bars=(~pl.col("corrects")).sum().cast(pl.Int64),
            corrections=pl.col("corrects").sum().cast(pl.Int64),
            first=pl.col("at").min(),
            last=pl.col("at").max(),
            received=pl.col("learned_at").max(),
            basis=pl.col("basis").last(),
        )
    )
    statement = """
        UPDATE bar_series SET bars = bars + $2, corrections = corrections + $3, first = least(first, $4),
        last = greatest(last, $5), received = greatest(received, $6),
        basis = CASE WHEN last IS NULL OR $5 >= last THEN $7 ELSE basis END WHERE series = $1
    """
    await connection.executemany(statement, list(counts.iter_rows()))


async def _facts(connection: Connection, kind: Kind, where: str, values: Sequence[Any]) -> pl.DataFrame:
    schema = kept_columns(kind)
    statement = f"SELECT {quoted(schema)} FROM bar_{kind} WHERE {where}"  # noqa: S608 - names of our own, values bound
    return await frame(connection, schema, statement, *values)


async def _withdrawn(connection: Connection) -> pl.DataFrame:
    return await frame(connection, WITHDRAWN, f"SELECT {quoted(WITHDRAWN)} FROM bar_withdrawals ORDER BY learned_at")  # noqa: S608 - names of our own


async def _told(connection: Connection) -> pl.DataFrame:
    return await frame(connection, INSTRUMENTS, f"SELECT {quoted(INSTRUMENTS)} FROM bar_instruments")  # noqa: S608 - names of our own
