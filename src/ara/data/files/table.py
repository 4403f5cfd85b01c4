"""One table of bars, read in pieces: its rows in one form, and a report of those that can't be bars."""

import io
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Final

import polars as pl

from ara.data.files.columns import PRICES, Columns, by_layout, by_name, doubt, says_nothing, symbol_of
from ara.data.files.member import Member, packed_as, unreadable
from ara.data.files.numbers import Style, as_numbers, style
from ara.data.files.refusals import Refused, Why, report
from ara.data.files.serials import are_serials, written_out
from ara.data.files.text import MORE, Dialect, blocks, chunks, dialect
from ara.data.files.times import ORDERS, Orders, Stamping, instants, orders, plan, unzoned, zone_named
from ara.data.stamps import refused
from ara.errors import ValidationError
from ara.market.symbols import normalise

__all__ = ["FRAME", "Reading", "Table"]

FRAME: Final = pl.Schema(
    {
        "row": pl.Int64(),
        "symbol": pl.String(),
        "ts": pl.Datetime("us", "UTC"),
        **dict.fromkeys((*PRICES, "volume", "adjusted"), pl.Float64()),
        "asset_class": pl.String(),
    }
)
"""Columns of what is read: the row of the file, the first row of data being 1, the symbol in Ara's spelling, the stamp
(a midnight is the label of a session), prices and volume as they stand, NaN and impossible ones too, `adjusted`, null
where there is none, and the file's own word for the kind of instrument."""

_ROWS: Final = 250_000
_MOST: Final = 1 << 30
_EXAMPLES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a user says of files that they don't say themselves.

    Parameters
    ----------
    symbol
        Whose bars they are, where there is no column for it; empty: as the column or the file is called.
    timezone
        IANA zone of times that name none; empty: UTC.
    dates
        Order of day and month: `dmy` or `mdy`; empty: as the whole column tells.
    asset_class
        Kind of instrument; empty: as the file or the symbol tells.
    wide
        Whether each column but the time holds the closes of the symbol that it is called; else such a table is taken
        only where one of them is a symbol that is known.
    """

    symbol: str = ""
    timezone: str = ""
    dates: str = ""
    asset_class: str = ""
    wide: bool = False

    def __post_init__(self) -> None:
        if self.dates and self.dates not in ORDERS:
            raise ValidationError(f"--dates is {self.dates[:20]!a}; allowed: {', '.join(ORDERS)}.")
        if self.timezone:
            zone_named(self.timezone)
        if self.symbol:
            normalise(self.symbol)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    columns: Columns
    stamping: Stamping
    unzoned: bool
    serials: bool
    style: Style


class Table:
    """A file or a part of an archive that holds bars.

    Parameters
    ----------
    member
        Which.
    reading
        What the user says of it.
    kept
        Gives the symbols that are kept, which are known beside those that Ara knows.

    Raises
    ------
    ValidationError
        It can't be read, or holds no bars.
    """

    def __init__(self, member: Member, reading: Reading, *, kept: Callable[[], Container[str]] = tuple) -> None:
        self._member = member
        self._kept = kept
        self._reading = reading
        with member.open() as stream:
            start = stream.read(4)
        self._parquet = start == b"PAR1"
        self._dialect = Dialect(delimiter=",", skipped=0, names=(), width=0)
        if not start:
            raise self._no_bars("it is empty")
        if not self._parquet:
            self._dialect = self._sniffed()
        first = next(self._blocks(), None)
        if first is None or first.is_empty():
            raise self._no_bars("it has no rows")
        self._plan = self._planned(first)

    @property
    def named(self) -> bool:
        """Whether its name alone says whose bars it holds."""
        columns = self._plan.columns
        return not (self._reading.symbol or columns.wide or "symbol" in columns.place)

    @property
    def lacking(self) -> tuple[str, ...]:
        """The prices that it has no column of, for which the close is taken."""
        return tuple(role for role in PRICES if role != "close" and role not in self._plan.columns.place)

    @property
    def notes(self) -> list[str]:
        """What was taken to be so that the file doesn't say, in sentences."""
        said = []
        symbols = list(self._plan.columns.wide.values())
        if symbols and not (len(symbols) == 1 and self._reading.symbol):
            more = f" and {len(symbols) - _EXAMPLES:,} more" if len(symbols) > _EXAMPLES else ""
            said.append(f"taken as one column of closes for each symbol: {', '.join(symbols[:_EXAMPLES])}{more}")
        if self._plan.serials:
            said.append("its dates are numbers as spreadsheets keep them, days since 30 December 1899")
        if self._plan.unzoned:
            said.append(f"its times name no zone and are taken as those of {self._plan.stamping.zone}")
        lacking = self.lacking
        if len(lacking) == len(PRICES) - 1:
            said.append("closes only: open, high and low are taken as the close")
        elif lacking:
            said.append(f"it has no {' and no '.join(lacking)}: the close is taken for that")
        return [f"{self._member.name}: {words}." for words in said]

    def check_name(self) -> None:
        """Refuse a table that says nowhere whose bars it holds: no column does, and its name may be any table's."""
        if self.named and says_nothing(self._member.stem):
            raise ValidationError(
                f"{self._member.name} doesn't say whose bars it holds: no column does, and its name is no symbol.",
                hint="Say it with --symbol AAPL, or name the file so: AAPL.csv",
            )

    def frames(self) -> Iterator[tuple[pl.DataFrame, list[Refused]]]:
        """Give the rows piece by piece, each with its report; a piece is in `FRAME`."""
        done = 0
        for block in self._blocks():
            yield self._framed(block, done)
            done += block.height

    def _no_bars(self, why: str) -> ValidationError:
        return ValidationError(
            f"{self._member.name} holds no bars: {why}.",
            hint="A table of bars has a time and a close, or a time and one column of closes for each symbol.",
        )

    def _sniffed(self) -> Dialect:
        with self._member.open() as stream:
            head = stream.read(8)
        with self._member.open() as stream:
            start = next(chunks(stream), b"")
        if kind := packed_as(head):
            raise ValidationError(f"{self._member.name} can't be read: it is {kind[0]}.", hint=kind[1])
        if b"\x00" in start[:4096]:
            raise self._no_bars("it is neither text nor Parquet")
        return dialect(start)

    def _blocks(self) -> Iterator[pl.DataFrame]:
        try:
            if self._parquet:
                yield from self._slices()
            else:
                with self._member.open() as stream:
                    yield from blocks(stream, self._dialect, self._member.name)
        except (pl.exceptions.PolarsError, OSError) as error:
            raise unreadable(self._member.name, error) from None

    def _slices(self) -> Iterator[pl.DataFrame]:
        member = self._member
        source: io.BytesIO | str = str(member.path)
        if member.path.suffix.lower() in {".gz", ".zip"}:
            with member.open() as stream:
                data = stream.read(_MOST + 1)
            if len(data) > _MOST:
                raise ValidationError(f"{member.name} unpacks to more than {_MOST >> 30} GB; unpack it first.")
            source = io.BytesIO(data)
        scan = pl.scan_parquet(source, glob=False)
        scan = scan.rename({name: f"c{place}" for place, name in enumerate(scan.collect_schema())})
        for start in range(0, scan.select(pl.len()).collect().item(), _ROWS):
            yield scan.slice(start, _ROWS).collect()

    def _planned(self, first: pl.DataFrame) -> _Plan:
        columns = self._columns(first)
        place = columns.place
        numbers = [first[place[role]] for role in (*PRICES, "adjusted", "volume") if role in place]
        numbers += [first[column] for column in columns.wide]
        texts = [column for column in numbers if column.dtype == pl.String]
        stamps = _stamps(first, place)
        found = orders(stamps)
        if found.either and not (found.day_first and found.month_first) and not self._reading.dates:
            found = reduce(Orders.__add__, (orders(_stamps(block, place)) for block in self._blocks()))
        how = plan(stamps, found, dates=self._reading.dates, zone=self._reading.timezone, name=self._member.name)
        return _Plan(
            columns=columns,
            stamping=how,
            unzoned=unzoned(stamps, how),
            serials=are_serials(first[place.get("stamp", place.get("date", place.get("epoch", "")))]),
            style=style(texts, self._dialect.delimiter) if texts else Style(),
        )

    def _columns(self, first: pl.DataFrame) -> Columns:
        if self._parquet:
            names = self._parquet_names()
        else:
            names = {f"c{place}": name for place, name in enumerate(self._dialect.names)}
        if names:
            found = by_name(names, numeric=_numeric(first, self._dialect.delimiter))
        else:
            kept = [name for name in first.columns if name != MORE]
            found = by_layout(kept, [first[name].head(50).to_list() for name in kept])
        if found is None:
            listed = ", ".join(name[:30] for name in list(names.values())[:8])
            raise self._no_bars(f"its columns are {ascii(listed)[1:-1]}" if listed else "its columns have no names")
        said = self._reading.wide or (len(found.wide) == 1 and self._reading.symbol)
        if why := "" if said else doubt({names[column]: symbol for column, symbol in found.wide.items()}, self._kept):
            raise ValidationError(
                f"{self._member.name} holds no bars: {why}.",
                hint="Name the closes Close; or, where each column holds the closes of a symbol, say so: --wide",
            )
        return found

    def _parquet_names(self) -> dict[str, str]:
        with self._member.open() as stream:
            schema = pl.read_parquet_schema(io.BytesIO(stream.read(_MOST)) if self._packed else self._member.path)
        return {f"c{place}": name for place, name in enumerate(schema)}

    @property
    def _packed(self) -> bool:
        return self._member.path.suffix.lower() in {".gz", ".zip"}

    def _framed(self, block: pl.DataFrame, done: int) -> tuple[pl.DataFrame, list[Refused]]:
        place, wide = self._plan.columns.place, self._plan.columns.wide
        stamps = _stamps(block, place)
        ts, changed = instants(stamps, self._plan.stamping)
        base = pl.DataFrame({"row": pl.int_range(done + 1, done + block.height + 1, eager=True), "ts": ts})
        why: list[Why] = [
            (block[MORE].is_not_null() if MORE in block.columns else None, "it has more cells than the heading"),
            (changed, "its time is skipped or repeated by a clock change; give times with their offset"),
            (refused(ts), "its time can't be read", stamps),
        ]
        empty = block.select(pl.all_horizontal(pl.all().is_null())).to_series()
        if wide:
            frame, more = self._wide(block, base, wide)
        else:
            frame, more = self._bars(block, base, self._plan.columns)
        bad, reports = report(base["row"], [*why, *more], empty, self._member.name)
        kept = (
            frame.filter(~pl.col("row").is_in(base["row"].filter(bad | empty).implode()))
            if (bad | empty).any()
            else frame
        )
        return kept.filter(pl.col("symbol").is_not_null()).select(FRAME.names()).cast(FRAME), reports

    def _bars(self, block: pl.DataFrame, base: pl.DataFrame, columns: Columns) -> tuple[pl.DataFrame, list[Why]]:
        place, twins = columns.place, columns.twins
        why: list[Why] = []
        found: dict[str, pl.Series] = {}
        for role in (*PRICES, "volume", "adjusted"):
            if role in place:
                found[role], wrong = as_numbers(block[place[role]], self._plan.style)
                why.append((wrong, f"its {role} is no number", block[place[role]]))
                others = (as_numbers(block[twin], self._plan.style)[0] for twin in twins.get(role, ()))
                why += [(other != found[role], f"it has two columns of {role}, and they differ") for other in others]
        why.append((found["close"].is_null(), "it has no close"))
        for role in PRICES:
            found.setdefault(role, found["close"])
        for role in ("volume", "adjusted"):
            found.setdefault(role, pl.Series(role, [None], pl.Float64).new_from_index(0, block.height))
        symbols = self._symbols(block, place.get("symbol", ""))
        named = block[place["symbol"]] if "symbol" in place else symbols
        why.append((symbols.is_null(), "its symbol is none", named))
        words = block[place["asset_class"]].cast(pl.String) if "asset_class" in place else None
        said = pl.lit(self._reading.asset_class) if self._reading.asset_class or words is None else words
        frame = base.with_columns(symbol=symbols, asset_class=said, **found)
        return frame, why

    def _symbols(self, block: pl.DataFrame, column: str) -> pl.Series:
        if self._reading.symbol or not column:
            symbol = normalise(self._reading.symbol) if self._reading.symbol else symbol_of(self._member.stem)
            return pl.Series("symbol", [symbol or None], pl.String).new_from_index(0, block.height)
        text = block[column].cast(pl.String)
        spelled = {one: _spelled(one) for one in text.unique().drop_nulls()}
        return text.replace_strict(spelled, default=None, return_dtype=pl.String)

    def _wide(self, block: pl.DataFrame, base: pl.DataFrame, wide: Mapping[str, str]) -> tuple[pl.DataFrame, list[Why]]:
        why: list[Why] = []
        closes: dict[str, pl.Series] = {}
        for column, symbol in wide.items():
            name = normalise(self._reading.symbol) if self._reading.symbol and len(wide) == 1 else symbol
            closes[name], wrong = as_numbers(block[column], self._plan.style)
            why.append((wrong, f"its {name} is no number", block[column]))
        table = base.with_columns(**{f"\x01{name}": column for name, column in closes.items()})
        long = table.unpivot(index=["row", "ts"], variable_name="symbol", value_name="close").drop_nulls("close")
        none = pl.lit(None, pl.Float64)
        frame = long.with_columns(
            pl.col("symbol").str.strip_prefix("\x01"),
            **dict.fromkeys(("open", "high", "low"), pl.col("close")),
            volume=none,
            adjusted=none,
            asset_class=pl.lit(self._reading.asset_class),
        )
        return frame, why


def _stamps(block: pl.DataFrame, place: Mapping[str, str]) -> pl.Series:
    if "stamp" in place:
        return written_out(block[place["stamp"]])
    if "date" not in place:
        return block[place["epoch"]]
    days = block[place["date"]]
    if "time" not in place or days.dtype != pl.String:
        return written_out(days)
    return block.select(
        pl.concat_str(
            pl.col(place["date"]).str.strip_chars(),
            pl.col(place["time"]).cast(pl.String).str.strip_chars(),
            separator=" ",
        )
    ).to_series()


def _spelled(text: str) -> str | None:
    try:
        return normalise(text.strip().removesuffix(".US").removesuffix(".us"))
    except ValidationError:
        return None


def _numeric(first: pl.DataFrame, delimiter: str) -> frozenset[str]:
    """Give the columns that hold numbers and nothing else, by their first rows."""
    head = first.head(1000)
    texts = [column for column in head if column.dtype == pl.String]
    written = style(texts[:20], delimiter)
    found = {column.name for column in head if column.dtype.is_numeric()}
    return frozenset(found | {column.name for column in texts if not as_numbers(column, written)[1].any()})
