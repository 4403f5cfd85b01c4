"""What is new among rows: the one rule by which every bar store tells news, corrections and repetitions apart."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import polars as pl

from ara.data.bar_store import ROWS
from ara.data.provider import SCHEMAS, Kind
from ara.errors import ValidationError
from ara.market.instrument import AssetClass
from ara.market.timeframe import TIMEFRAMES

__all__ = [
    "BAR",
    "FACT_KINDS",
    "check_moments",
    "check_names",
    "check_rows",
    "distinct",
    "fact_rows",
    "latest",
    "named",
    "news",
    "news_of_facts",
]

BAR: Final = ("symbol", "asset_class", "timeframe", "source", "at")
"""The columns that name a bar."""

FACT_KINDS: Final = (Kind.ACTIONS, Kind.FACTS, Kind.RATES)
"""The kinds that are kept as facts."""

_NEEDED: Final = ("symbol", "asset_class", "timeframe", "source", "at", "known_at", "learned_at", "basis")
_COMPARED: Final = tuple(name for name in ROWS if name not in {*BAR, "adjusted", "learned_at", "fetch", "quality"})
_NAMES: Final = {Kind.ACTIONS: ("at", "action"), Kind.FACTS: ("field",), Kind.RATES: ("at", "base", "quote")}
_VALUES: Final = {Kind.ACTIONS: ("value",), Kind.FACTS: (), Kind.RATES: ("rate",)}
_RELATIVE: Final = 1e-6
_LONGEST: Final = 256
_ALLOWED: Final = {
    "asset_class": [str(one) for one in AssetClass],
    "timeframe": [str(one) for one in TIMEFRAMES],
    "basis": ["raw", "split", "total"],
}


def check_rows(rows: pl.DataFrame) -> None:
    """Refuse rows that are no bars: other columns, a missing name or time, a class or timeframe that there isn't."""
    if rows.schema != ROWS:
        raise ValidationError(f"Bars are kept with the columns {', '.join(ROWS)}; these have {_columns(rows)}.")
    for name in _NEEDED:
        if rows[name].has_nulls():
            raise ValidationError(f"{rows[name].null_count():,} of {rows.height:,} bars have no {name}.")
    for name, allowed in _ALLOWED.items():
        wrong = set(rows[name].unique()) - set(allowed)
        if wrong:
            raise ValidationError(f"There is no {name} {min(wrong)[:40]!r}; there are {', '.join(allowed)}.")
    for name in ("symbol", "source"):
        check_names(rows[name].unique(), what=name)


def check_names(names: pl.Series, *, what: str) -> None:
    """Refuse a name that is empty, longer than 256 bytes, or holds a character that a database can't."""
    bad = names.filter((names.str.len_bytes() == 0) | (names.str.len_bytes() > _LONGEST) | names.str.contains("\\x00"))
    if len(bad):
        raise ValidationError(
            f"The {what} {bad[0][:40]!r} can't be kept: it has 1 to {_LONGEST} bytes, none of them 0."
        )


def check_moments(*moments: datetime | None) -> None:
    """Refuse a time without a zone: it would mean another moment on another machine."""
    for moment in moments:
        if moment is not None and moment.tzinfo is None:
            raise ValidationError(
                f"The time {moment.isoformat()} has no time zone.", hint="Give an aware time, in UTC."
            )


def distinct(rows: pl.DataFrame) -> pl.DataFrame:
    """Leave out rows that repeat another in every value; seen at once where each series comes in one ascending run."""
    starts = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift()) for name in BAR[:4])
    starts |= pl.int_range(pl.len()) == 0
    seen = rows.select(starts=starts, rises=(pl.col("at") > pl.col("at").shift()).fill_null(value=False))
    if (seen["starts"] | seen["rises"]).all() and rows.filter(seen["starts"]).select(BAR[:4]).is_unique().all():
        return rows
    return rows.unique(maintain_order=True)


def news(rows: pl.DataFrame, kept: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Give the rows that must be written, with a flag `corrects`, and how many of them would say nothing new.

    Parameters
    ----------
    rows
        In `ROWS`; of one bar there may be several, which follow each other in order of `learned_at`.
    kept
        The latest revisions, in `ROWS`, of at least those bars of `rows` that are kept.
    """
    both = pl.concat([kept.with_columns(old=True), rows.with_columns(old=False)])
    return _news(both, key=BAR, compared=_COMPARED, order=("learned_at",))


def named(kind: Kind, symbol: str, source: str, *, frame: pl.DataFrame) -> pl.DataFrame:
    """Give facts of one symbol and source with these in the first columns."""
    _check_kind(kind)
    if frame.schema != SCHEMAS[kind]:
        raise ValidationError(f"The columns of {kind} are {', '.join(SCHEMAS[kind])}; these have {_columns(frame)}.")
    return frame.select(pl.lit(symbol).alias("symbol"), pl.lit(source).alias("source"), *frame.columns)


def fact_rows(kind: Kind, frame: pl.DataFrame) -> pl.DataFrame:
    """Give facts as they are kept: `symbol`, `source`, the kind's columns, and `part` where several have one name.

    Two dividends of one day are parts 0 and 1 of it, the smaller first.
    """
    _check_kind(kind)
    wanted = pl.Schema({"symbol": pl.String(), "source": pl.String(), **SCHEMAS[kind]})
    if frame.schema != wanted:
        raise ValidationError(f"The columns of {kind} are {', '.join(wanted)}; these have {_columns(frame)}.")
    for name in ("symbol", "source", "at", "known_at", "learned_at", *_NAMES[kind], *_VALUES[kind]):
        if frame[name].has_nulls():
            raise ValidationError(f"{frame[name].null_count():,} of {frame.height:,} {kind} have no {name}.")
    for name in ("symbol", "source"):
        check_names(frame[name].unique(), what=name)
    rows = frame.unique(maintain_order=True)
    if kind is Kind.ACTIONS:
        place = pl.col("value").rank("ordinal").over("symbol", "source", "at", "action", "learned_at")
        return rows.with_columns(part=(place - 1).cast(pl.Int64))
    return rows.with_columns(part=pl.lit(0, pl.Int64))


def _check_kind(kind: Kind) -> None:
    if kind not in FACT_KINDS:
        raise ValidationError(f"{kind} are not kept as facts; {', '.join(FACT_KINDS)} are.")


def news_of_facts(kind: Kind, rows: pl.DataFrame, *, kept: pl.DataFrame) -> pl.DataFrame:
    """Give the facts that must be written; both frames are shaped by `fact_rows`.

    A fact of an instrument says nothing new where the one before it in time says the same; an action or a rate, where
    its own latest revision does.
    """
    key = ("symbol", "source", *_NAMES[kind], "part")
    order = ("at", "learned_at") if kind is Kind.FACTS else ("learned_at",)
    compared = tuple(name for name in SCHEMAS[kind] if name not in {*key, *order, "learned_at"})
    compared = ("value",) if kind is Kind.FACTS else compared
    both = pl.concat([kept.with_columns(old=True), rows.with_columns(old=False)])
    return _news(both, key=key, compared=compared, order=order)[0].drop("corrects")


def latest(rows: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    """Give the last learned revision of each key, sorted by key."""
    last = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift(-1)) for name in key)
    return rows.sort(*key, "learned_at").filter(last | (pl.int_range(pl.len()) == pl.len() - 1))


def _news(
    both: pl.DataFrame, *, key: Sequence[str], compared: Sequence[str], order: Sequence[str]
) -> tuple[pl.DataFrame, int]:
    at = order[:-1]
    both = both.sort(*key, *at, pl.col("old").not_(), "learned_at", maintain_order=True)
    follows = pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift()) for name in key)
    follows = follows & (pl.int_range(pl.len()) > 0)
    equal = pl.all_horizontal(_equal(name, both.schema[name]) for name in compared)
    marked = both.with_columns(corrects=follows, same=follows & equal & ~pl.col("old"))
    same = int(marked["same"].sum())
    # What says the same as a row that is itself dropped says the same as the row before that.
    left = marked.filter(~pl.col("same")).drop("same", "corrects").with_columns(corrects=follows)
    floor = pl.col("learned_at").shift()
    later = pl.when(follows & ~pl.col("old") & (pl.col("learned_at") <= floor))
    while True:
        moved = left.with_columns(learned_at=later.then(floor + pl.duration(microseconds=1)).otherwise("learned_at"))
        if at or moved["learned_at"].equals(left["learned_at"]):
            break
        left = moved
    return left.filter(~pl.col("old")).drop("old"), same


def _equal(name: str, kind: pl.DataType) -> pl.Expr:
    now, before = pl.col(name), pl.col(name).shift()
    if not kind.is_float():
        return now.eq_missing(before)
    near = (now - before).abs() <= _RELATIVE * pl.max_horizontal(now.abs(), before.abs())
    finite = now.is_finite() & before.is_finite()
    return now.eq_missing(before) | (near & finite).fill_null(value=False)


def _columns(frame: pl.DataFrame) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in list(frame.schema.items())[:30]) or "none"
