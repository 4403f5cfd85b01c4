"""Factor files, `date,price factor,split factor,reference price`: the splits and dividends that their steps state."""

from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from itertools import pairwise
from typing import Final

import polars as pl

from ara.data.files.member import Member
from ara.data.files.text import blocks, dialect
from ara.data.provider import SCHEMAS, Kind
from ara.market.calendar import Calendar

__all__ = ["Factors", "factors", "is_factors", "is_map"]

_MOST: Final = 1 << 20
_LAST: Final = 21_000_000
_DIGITS: Final = 6e-8
_ROUGH: Final = 1e-4
_LARGEST: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Factors:
    """What a factor file states.

    Parameters
    ----------
    actions
        In the columns of the kind `ACTIONS`, dividends as they were paid.
    unclear
        How many steps don't tell their amount exactly: the factors are rounded.
    """

    actions: pl.DataFrame
    unclear: int = 0

    def words(self, *, new: int) -> str:
        """Say how many splits and dividends there are, how many of them are new, and how many were left out."""
        held, left = self.actions.height, self.unclear
        what = "1 split or dividend" if held == 1 else f"{held:,} splits and dividends"
        known = ("new" if new else "known before") if held == 1 else f"{new:,} of them new"
        if not left:
            return f"{what}, {known}"
        rest = "1 more was left out, whose amount" if left == 1 else f"{left:,} more were left out, whose amounts"
        return f"{what}, {known}; {rest} the file's rounded factors don't tell"


@dataclass(slots=True)
class _Steps:
    rows: list[tuple[datetime, str, float]] = field(default_factory=list)
    unclear: int = 0

    def add(self, at: datetime, action: str, value: float | None) -> None:
        if value is None:
            self.unclear += 1
        else:
            self.rows.append((at, action, value))


def is_map(member: Member) -> bool:
    """Tell whether a file is a list of the tickers that a company had: `date,ticker`, or with an exchange."""
    table = _table(member)
    return table is not None and table.width in {3, 4} and _dated(table) and not table["c1"].str.contains(r"\d").any()


def is_factors(member: Member) -> bool:
    """Tell whether a file is one of factors."""
    return _rows(member) is not None


def factors(member: Member, sessions: Calendar, *, now: datetime) -> Factors | None:
    """Read a factor file; None where it is none.

    A row holds for all bars on or before its date: price times price factor times split factor is the adjusted price,
    and the reference price is that day's close as traded. So between two rows a split is `n` for one, where the split
    factor grows n times, and a dividend is `reference * (1 - p / p_next)`; both take effect in the session after the
    earlier date. A step that the seven digits of the factors don't tell exactly is counted and left out.

    Parameters
    ----------
    member
        The file.
    sessions
        Calendar of the instrument.
    now
        When it is received.
    """
    rows = _rows(member)
    if rows is None:
        return None
    steps = _Steps()
    listed = rows.sort("c0").rows()
    for (day, price, split, reference), (_, next_price, next_split, _) in pairwise(listed):
        if min(price, next_price, split) <= 0 or day > _LAST:
            continue
        first = sessions.opens(sessions.following(datetime.strptime(str(day), "%Y%m%d").date(), 1)[0])  # noqa: DTZ007
        if abs(next_split / split - 1) > _ROUGH:
            steps.add(first, "split", _ratio(next_split / split))
        if abs(price / next_price - 1) > 2 * _DIGITS:
            steps.add(first, "dividend", _paid(price, next_price, reference))
    made = [
        (at, at, max(now, at), action, value, "USD" if action == "dividend" else "", "raw")
        for at, action, value in steps.rows
        if at <= now
    ]
    return Factors(actions=pl.DataFrame(made, schema=SCHEMAS[Kind.ACTIONS], orient="row"), unclear=steps.unclear)


def _ratio(value: float) -> float | None:
    """Give the ratio of small whole numbers that a step means; None where it means none."""
    found = Fraction(value).limit_denominator(_LARGEST)
    return float(found) if abs(float(found) / value - 1) < _ROUGH else None


def _paid(price: float, following: float, reference: float) -> float | None:
    """Give the one amount, of four decimals at most, that rounds to these factors; None where there are several."""
    value = reference * (1 - price / following)
    unsure = reference * 2 * _DIGITS / following
    for decimals in (2, 3, 4):
        rounded = round(value, decimals)
        if abs(value - rounded) <= unsure < 0.5 * 10**-decimals and rounded > 0:
            return rounded
    return None


def _rows(member: Member) -> pl.DataFrame | None:
    """Give a factor file's dates, factors and prices; None where it is none."""
    table = _table(member)
    if table is None or table.width != 5 or not _dated(table):
        return None
    rows = table.select(
        pl.col("c0").cast(pl.Int64), *(pl.col(f"c{at}").cast(pl.Float64, strict=False) for at in (1, 2, 3))
    )
    lacking = rows.null_count().pipe(lambda nulls: nulls.sum_horizontal()).item()
    return None if lacking or not (rows["c1"] <= 1.5).all() else rows


def _table(member: Member) -> pl.DataFrame | None:
    if member.size > _MOST:
        return None
    with member.open() as stream:
        start = stream.read(_MOST)
    written = dialect(start)
    if written.names or b"\x00" in start:
        return None
    with member.open() as stream:
        return next(blocks(stream, written, member.name), None)


def _dated(table: pl.DataFrame) -> bool:
    return bool(table["c0"].str.contains(r"^(19|20)\d{6}$").all())
