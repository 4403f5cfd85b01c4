"""Times as people write them: dates in any order, times of day, epochs in any unit, with or without a zone."""

from dataclasses import dataclass, replace
from datetime import time
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl

from ara.data.stamps import TEXT, as_utc
from ara.errors import ValidationError

__all__ = ["ORDERS", "Orders", "Stamping", "instants", "orders", "plan", "unzoned", "zone_named"]

_FIRST: Final = 1_000
ORDERS: Final = ("ymd", "dmy", "mdy")
"""What `--dates` may say."""

_INSTANT: Final = pl.Datetime("us", "UTC")
_WALL: Final = pl.Datetime("us")
_PARTS: Final = (
    r"^(?P<a>\d{1,4})[-/.](?P<b>\d{1,2})[-/.](?P<c>\d{1,4})"
    r"(?:[T ,]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<part>\d{1,9}))?)?"
    r"\s*(?P<half>[AaPp])?[Mm]?)?\s*(?P<zone>[zZ]|UTC|GMT|[+-]\d{2}:?\d{2})?$"
)
_NAMES: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS: Final = {name: f"{number:02d}" for number, name in enumerate(_NAMES, start=1)}
_SHORT: Final = r"^(?P<a>\d{1,2})(?P<sign>[/.])(?P<b>\d{1,2})[/.](?P<c>\d{2})(?P<rest>$|[T ,].*$)"
_PIVOT: Final = 69
_EPOCH: Final = r"^(\d{9,10}|\d{12,13}|\d{15,16}|\d{18,19})(?:\.0*)?$"
_UNITS: Final = ((18, 1e-3), (15, 1.0), (12, 1e3), (0, 1e6))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamping:
    """How the times of a table are read.

    Parameters
    ----------
    order
        Of day, month and year where the year doesn't come first: `dmy` or `mdy`; empty where it doesn't matter.
    zone
        IANA zone of times that name none.
    labels
        Whether times at midnight are the labels of sessions and keep their date, whatever the zone.
    """

    order: str = ""
    zone: str = "UTC"
    labels: bool = True


@dataclass(frozen=True, slots=True)
class Orders:
    """How many dates of a column can only be read day first, only month first, or either way."""

    day_first: int = 0
    month_first: int = 0
    either: int = 0

    def __add__(self, other: "Orders") -> "Orders":
        return Orders(
            self.day_first + other.day_first, self.month_first + other.month_first, self.either + other.either
        )


def zone_named(name: str) -> str:
    """Give a time zone back that exists; ValidationError else."""
    try:
        return ZoneInfo(name).key
    except (KeyError, ValueError, OSError):
        raise ValidationError(
            f"There is no time zone {name[:40]!a}.", hint="Zones look like America/New_York, Europe/Paris or UTC."
        ) from None


def orders(stamps: pl.Series) -> Orders:
    """Count in which order day and month of a column of text stand; points between them mean day first."""
    if stamps.dtype != pl.String:
        return Orders()
    text = _long_years(stamps.str.strip_chars())
    found = pl.DataFrame([text.rename("text")]).select(
        a=pl.col("text").str.extract(r"^(\d{1,2})[-/.]\d{1,2}[-/.]\d{4}").cast(pl.Int64),
        b=pl.col("text").str.extract(r"^\d{1,2}[-/.](\d{1,2})[-/.]\d{4}").cast(pl.Int64),
        point=pl.col("text").str.contains(r"^\d{1,2}\.\d{1,2}\.\d{4}"),
    )
    written = found.filter(pl.col("a").is_not_null())
    day = written.filter((pl.col("a") > 12) | (pl.col("point") & (pl.col("b") <= 12))).height
    month = written.filter(pl.col("a") <= 12, pl.col("b") > 12).height
    return Orders(day, month, written.height - day - month)


def plan(stamps: pl.Series, found: Orders, *, dates: str, zone: str, name: str) -> Stamping:
    """Decide how a table's times are read.

    Parameters
    ----------
    stamps
        The first of them.
    found
        Of the whole column.
    dates
        What the user says of their order; empty for nothing.
    zone
        What the user says of their zone; empty for nothing.
    name
        The file, for messages.

    Raises
    ------
    ValidationError
        Day and month can't be told apart, or the zone doesn't exist.
    """
    order = dates if dates in {"dmy", "mdy"} else "dmy" if found.day_first > found.month_first else "mdy"
    if found.either and not (found.day_first or found.month_first) and not dates:
        example = next(text for text in stamps.drop_nulls() if orders(pl.Series([text])).either)
        raise ValidationError(
            f"{name} doesn't tell whether {example.strip()[:20]} has the day or the month first.",
            hint="Say which: --dates dmy or --dates mdy.",
        )
    key = zone_named(zone) if zone else "UTC"
    return Stamping(order=order, zone=key, labels=_midnights(stamps, order))


def unzoned(stamps: pl.Series, how: Stamping) -> bool:
    """Tell whether times of day are written without a zone, so that another zone would move them."""
    here, there = (instants(stamps.head(_FIRST), replace(how, zone=zone))[0] for zone in ("UTC", "Etc/GMT-1"))
    return not here.equals(there)


def _midnights(stamps: pl.Series, order: str) -> bool:
    """Tell whether no time of day is written but midnight, by the clock that the times are of."""
    if stamps.dtype != pl.String:
        return isinstance(stamps.dtype, pl.Date) or (
            isinstance(stamps.dtype, pl.Datetime) and bool(stamps.drop_nulls().dt.time().eq(time()).all())
        )
    wall = _walls(stamps.drop_nulls(), order)
    return bool(wall["wall"].drop_nulls().dt.time().eq(time()).all())


def instants(stamps: pl.Series, how: Stamping) -> tuple[pl.Series, pl.Series]:
    """Give stamps as UTC instants, null where one can't be read, and which of them a clock change makes unreadable."""
    if stamps.dtype.is_integer() or stamps.dtype.is_float():
        return _epochs(stamps.cast(pl.Float64)), _no(stamps)
    if stamps.dtype in TEXT:
        return _from_text(stamps.cast(pl.String), how)
    if isinstance(stamps.dtype, pl.Datetime) and stamps.dtype.time_zone is None and not how.labels:
        return _zoned(stamps.dt.cast_time_unit("us"), how.zone)
    found = as_utc(stamps)
    return (pl.Series(stamps.name, [None] * len(stamps), _INSTANT) if found is None else found), _no(stamps)


def _from_text(stamps: pl.Series, how: Stamping) -> tuple[pl.Series, pl.Series]:
    days = stamps.str.to_date("%Y-%m-%d", strict=False)
    if days.null_count() == stamps.null_count():
        return days.cast(_INSTANT), _no(stamps)
    text = stamps.str.strip_chars()
    epochs = _epochs(text.str.extract(_EPOCH).cast(pl.Float64, strict=False))
    whole = epochs.is_not_null()
    if (whole | stamps.is_null()).all():
        return _exact(text, epochs), _no(stamps)
    parts = _walls(text, how.order)
    wall, offset = parts["wall"], parts["offset"]
    aware = (wall - offset).dt.replace_time_zone("UTC")
    labelled = wall.dt.replace_time_zone("UTC")
    zoned, changed = _zoned(wall, how.zone)
    label = parts["day"] | pl.repeat(how.labels, len(wall), eager=True, dtype=pl.Boolean)
    frame = pl.DataFrame({"a": aware, "l": labelled, "z": zoned, "e": _exact(text, epochs), "label": label})
    found = frame.select(pl.when("label").then("l").otherwise(pl.coalesce("a", "z")).fill_null(pl.col("e")))
    return found.to_series(), changed & ~label & offset.is_null()


def _exact(text: pl.Series, epochs: pl.Series) -> pl.Series:
    """Give epochs of nanoseconds without the rounding of floats."""
    nano = text.str.extract(r"^(\d{15,16})\d{3}$").cast(pl.Int64, strict=False).cast(_WALL).dt.replace_time_zone("UTC")
    return pl.DataFrame({"n": nano, "e": epochs}).select(pl.coalesce("n", "e")).to_series()


def _walls(stamps: pl.Series, order: str) -> pl.DataFrame:
    """Take stamps apart: `wall` time, `offset` from UTC where one is written, `day` where no time of day is."""
    text = _with_dashes(stamps)
    first = pl.col("a").str.len_chars() == 4
    day, month = ("a", "b") if order == "dmy" else ("b", "a")
    year = pl.when(first).then("a").otherwise("c")
    month_of = pl.when(first).then("b").otherwise(month).str.zfill(2)
    day_of = pl.when(first).then("c").otherwise(day).str.zfill(2)
    hour = pl.col("hour").cast(pl.Int64)
    late = pl.col("half").str.to_lowercase() == "p"
    of_day = pl.when(pl.col("half").is_null()).then(hour).otherwise(hour % 12 + pl.when(late).then(12).otherwise(0))
    clock = pl.concat_str(
        of_day.cast(pl.String).str.zfill(2).fill_null("00"),
        pl.lit(":"),
        pl.col("minute").fill_null("00"),
        pl.lit(":"),
        pl.col("second").fill_null("00"),
        pl.lit("."),
        pl.col("part").fill_null("0"),
    )
    written = pl.concat_str(year, pl.lit("-"), month_of, pl.lit("-"), day_of, pl.lit(" "), clock)
    sign = pl.when(pl.col("zone").str.starts_with("-")).then(-1).otherwise(1)
    minutes = pl.col("zone").str.extract(r"(\d{2}):?\d{2}$").cast(pl.Int64) * 60
    minutes += pl.col("zone").str.extract(r"\d{2}:?(\d{2})$").cast(pl.Int64)
    parts = pl.DataFrame([text.rename("text")]).select(pl.col("text").str.extract_groups(_PARTS).struct.unnest())
    fits = (pl.col("a").str.len_chars() == 4) != (pl.col("c").str.len_chars() == 4)
    return parts.select(
        wall=pl.when(fits).then(written).str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False),
        offset=pl.when(pl.col("zone").is_not_null()).then(pl.duration(minutes=(sign * minutes).fill_null(0))),
        day=pl.col("hour").is_null() & pl.col("a").is_not_null(),
    )


def _with_dashes(stamps: pl.Series) -> pl.Series:
    """Bring dates without signs and dates with names of months to the form of the others."""
    text = _long_years(stamps.str.strip_chars().str.strip_chars("\"'"))
    text = text.str.replace(r"^((?:18|19|20)\d{2})(\d{2})(\d{2})($|[T ,]+)", "$1-$2-$3$4")
    text = text.str.replace(r"^((?:19|20)\d{2}-\d{2}-\d{2}[T ,]+)(\d{2})(\d{2})(\d{2})?$", "$1$2:$3:${4}")
    text = text.str.replace(r"(:\d{2}):$", "$1")
    text = text.str.replace(r"^((?:19|20)\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})$", "$1-$2-$3 $4:$5:$6")
    if not text.str.contains("[A-Za-z]{3}").any():
        return text
    lower = text.str.replace(r"^(?i:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? +", "")
    for name, number in _MONTHS.items():
        lower = lower.str.replace(rf"^(\d{{1,2}})[ -](?i:{name})[a-z]*\.?[ ,-]+(\d{{4}})", rf"$2-{number}-$1")
        lower = lower.str.replace(rf"^(?i:{name})[a-z]*\.? +(\d{{1,2}}),? +(\d{{4}})", rf"$2-{number}-$1")
    return lower


def _long_years(text: pl.Series) -> pl.Series:
    """Give years of two digits at the end of `3/1/17` all four: 69 to 99 lie before 2000.

    A column whose last part varies more than the others has the year elsewhere, and is left as it is.
    """
    parts = text.str.extract_groups(_SHORT).struct.unnest()
    written = parts.drop_nulls()
    if written.is_empty() or written["c"].n_unique() > min(written["a"].n_unique(), written["b"].n_unique()):
        return text
    century = pl.when(pl.col("c").cast(pl.Int64) < _PIVOT).then(pl.lit("20")).otherwise(pl.lit("19"))
    whole = pl.concat_str("a", "sign", "b", "sign", century, "c", "rest")
    return pl.DataFrame([text.rename("text")]).hstack(parts).select(pl.coalesce(whole, "text")).to_series()


def _zoned(wall: pl.Series, zone: str) -> tuple[pl.Series, pl.Series]:
    """Give wall times of a zone as instants; null, and flagged, where a clock change skips or repeats one."""
    found = wall.dt.replace_time_zone(zone, ambiguous="null", non_existent="null").dt.convert_time_zone("UTC")
    return found, found.is_null() & wall.is_not_null()


def _epochs(numbers: pl.Series) -> pl.Series:
    """Give seconds, milli-, micro- or nanoseconds since 1970 as instants, each judged by its own size."""
    value = pl.col("n")
    micro = value * 1e6
    for digits, factor in reversed(_UNITS[:-1]):
        micro = pl.when(value >= 10.0 ** (digits - 1)).then(value * factor).otherwise(micro)
    day = value.is_between(1.8e7, 2.1e7)
    good = value.is_finite() & (value > 0) & (value < 1e19)
    frame = pl.DataFrame([numbers.rename("n")])
    stamped = frame.select(pl.when(good & ~day).then(micro).cast(pl.Int64, strict=False).cast(_WALL)).to_series()
    days = frame.select(pl.when(day).then(value).cast(pl.Int64, strict=False).cast(pl.String)).to_series()
    dated = days.str.to_date("%Y%m%d", strict=False).cast(_WALL)
    joined = pl.DataFrame({"s": stamped, "d": dated}).select(pl.coalesce("s", "d")).to_series()
    return joined.dt.replace_time_zone("UTC")


def _no(stamps: pl.Series) -> pl.Series:
    return pl.repeat(value=False, n=len(stamps), eager=True, dtype=pl.Boolean)
