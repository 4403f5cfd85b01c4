"""Rates between currencies on a terminal and as JSON."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ara.cli.palette import Role
from ara.cli.render.data_table import Column, instant, plain_value, stamp, table
from ara.cli.render.numbers import ago
from ara.cli.screen import Screen
from ara.cli.words import clean, wrapped

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

    from ara.data.provenance import Fetch
    from ara.data.rates import BroughtRates

__all__ = [
    "brought",
    "brought_document",
    "kept",
    "kept_document",
    "newest",
    "of_pair",
    "rate",
    "rates_document",
    "why",
    "why_document",
]

_SHOWN = 3


def rate(value: float) -> str:
    """Give a rate with six digits that count, as sources publish them."""
    return f"{value:,.6g}"


def brought_document(one: "BroughtRates") -> dict[str, Any]:
    """Give what came of asking for rates as JSON values."""
    return {
        "base": one.base,
        "source": one.source,
        "rates": one.rates,
        "new": one.new,
        "corrected": one.corrected,
        "same": one.same,
        "corrections": [
            {
                "base": each.base,
                "quote": each.quote,
                "at": instant(each.at),
                "before": each.before,
                "after": each.after,
            }
            for each in one.corrections
        ],
        "leaps": list(one.leaps),
        "first": instant(one.first),
        "last": instant(one.last),
        "newest": instant(one.newest),
        "currencies": list(one.currencies),
        "tried": [{"source": each.source, "ok": each.ok, "words": each.words} for each in one.tried],
    }


def brought(one: "BroughtRates", s: Screen, *, today: "date") -> list[str]:
    """Say how many rates are new, until when they reach, and who failed to answer first."""
    also = f", {one.corrected:,} corrected" if one.corrected else ""
    news = (
        f"{one.new:,} rates of the euro are new{also}, by {one.source}"
        if one.new or also
        else "No new rate of the euro"
    )
    until = "none are kept"
    if one.newest is not None:
        until = f"{len(one.currencies)} currencies until {one.newest:%Y-%m-%d}, {ago(one.newest.date(), today)}"
    lines = wrapped(clean(f"{news}: {until}."), s.width)
    notes: list[tuple[str, Role]] = [(words, "warning") for words in (*_corrected(one), *_leapt(one))]
    notes += [(f"{each.source} gave nothing: {each.words}", "quiet") for each in one.tried if not each.ok]
    paint = s.palette()
    return lines + [paint(f"  {line}", role) for words, role in notes for line in wrapped(clean(words), s.width - 2)]


def _corrected(one: "BroughtRates") -> list[str]:
    """Name the newest of the rates that were corrected: currency, day, the old value and the new one."""
    told = [
        f"Corrected: {each.base}{each.quote} of {each.at:%Y-%m-%d}, from {rate(each.before)} to {rate(each.after)}."
        for each in one.corrections[:_SHOWN]
    ]
    more = len(one.corrections) - _SHOWN
    return [*told, f"And {more:,} more; each of them: --json"] if more > 0 else told


def _leapt(one: "BroughtRates") -> list[str]:
    """Warn of newest rates far from those before, which may be mistakes of the source and are in use all the same."""
    if not one.leaps:
        return []
    more = len(one.leaps) - _SHOWN
    told = [f"Look at {words}." for words in one.leaps[:_SHOWN]]
    return [*told, f"And {more:,} more; each of them: --json"] if more > 0 else told


def kept_document(rows: "pl.DataFrame") -> list[dict[str, Any]]:
    """Give one entry for each source of rates as JSON values."""
    return [
        {
            "base": row["base"],
            "source": row["source"],
            "currencies": row["currencies"],
            "rates": row["rates"],
            "first": f"{row['first']:%Y-%m-%d}",
            "last": f"{row['last']:%Y-%m-%d}",
            "learned_at": instant(row["learned_at"]),
        }
        for row in _summed(rows)
    ]


def _summed(rows: "pl.DataFrame") -> list[dict[str, Any]]:
    import polars as pl

    summed = rows.group_by("base", "source").agg(
        currencies=pl.col("quote").n_unique(),
        rates=pl.len(),
        first=pl.col("at").min(),
        last=pl.col("at").max(),
        learned_at=pl.col("learned_at").max(),
    )
    return list(summed.sort("base", "source").iter_rows(named=True))


def kept(rows: "pl.DataFrame", s: Screen) -> list[str]:
    """Give a line for each source of rates; none where nothing is kept."""
    lines: list[str] = []
    for row in _summed(rows):
        whose = f"{row['rates']:,} rates of {row['base']} in {row['currencies']} currencies by {row['source']}"
        span = f"{row['first']:%Y-%m-%d} to {row['last']:%Y-%m-%d}"
        received = f"received {row['learned_at'].astimezone(s.zone):%Y-%m-%d}"
        lines += wrapped(clean(f"{whose}, {span}, {received}. See them: ara data show {row['base']}"), s.width)
    return lines


def rates_document(rows: "pl.DataFrame", pair: str, most: int, *, last_each: bool) -> dict[str, Any]:
    """Give rates as JSON values: the newest of each currency, or the newest of a pair."""
    chosen = _last(rows).head(most) if last_each else rows.tail(most)
    names = ("at", "known_at", "learned_at", "source", "base", "quote", "rate")
    told = [{name: plain_value(row[name]) for name in names} for row in chosen.iter_rows(named=True)]
    return {"schema": 1, "symbol": pair, "count": rows.height, "rates": told}


def _last(rows: "pl.DataFrame") -> "pl.DataFrame":
    return rows.sort("at", "learned_at").unique(["base", "quote"], keep="last").sort("base", "quote")


def newest(rows: "pl.DataFrame", most: int, s: Screen, *, today: "date") -> str:
    """Give the newest rate of each currency, of the first so many, and how old the newest of all is."""
    from ara.market.money import CODES

    last = list(_last(rows).iter_rows(named=True))
    day = max(row["at"] for row in last)
    shown = f", {most:,} of them shown" if most < len(last) else ""
    said = f"What one euro was worth on {day:%Y-%m-%d}, {ago(day.date(), today)}: {len(last)} currencies{shown}."
    last = last[:most]
    columns = [
        Column(head="currency", cells=[row["quote"] for row in last]),
        Column(head="name", cells=[CODES[row["quote"]].name if row["quote"] in CODES else "" for row in last], leave=3),
        Column(head="rate", cells=[rate(row["rate"]) for row in last], right=True),
        Column(head="of", cells=[f"{row['at']:%Y-%m-%d}" for row in last], leave=2),
        Column(head="public", cells=[stamp(row["known_at"], s) for row in last], leave=4),
        Column(head="source", cells=[row["source"] for row in last], leave=1),
    ]
    return "\n".join([*wrapped(said, s.width), "", *table(columns, s)])


def of_pair(rows: "pl.DataFrame", pair: str, most: int, s: Screen, *, today: "date") -> str:
    """Give the newest rates of a pair."""
    shown: Sequence[dict[str, Any]] = list(rows.tail(most).iter_rows(named=True))
    day = shown[-1]["at"]
    said = f"{clean(pair)}: {rows.height:,} rates until {day:%Y-%m-%d}, {ago(day.date(), today)}."
    columns = [
        Column(head="of", cells=[f"{row['at']:%Y-%m-%d}" for row in shown]),
        Column(head="rate", cells=[rate(row["rate"]) for row in shown], right=True),
        Column(head="public", cells=[stamp(row["known_at"], s) for row in shown], leave=3),
        Column(head="received", cells=[stamp(row["learned_at"], s) for row in shown], leave=2),
        Column(head="source", cells=[row["source"] for row in shown], leave=1),
    ]
    return "\n".join([*wrapped(said, s.width), "", *table(columns, s)])


def why_document(rows: "pl.DataFrame", asked: "Sequence[Fetch]") -> dict[str, Any]:
    """Give the rates of one day and the requests for rates as JSON values."""
    names = ("at", "known_at", "learned_at", "source", "base", "quote", "rate")
    return {
        "schema": 1,
        "symbol": rows["base"][0],
        "rates": [{name: plain_value(row[name]) for name in names} for row in rows.iter_rows(named=True)],
        "fetches": [
            {"at": instant(each.at), "source": each.source, "fetch": each.fetch, "tried": [dict(t) for t in each.tried]}
            for each in asked
        ],
    }


def why(rows: "pl.DataFrame", asked: "Sequence[Fetch]", s: Screen) -> str:
    """Say by whom the rates of one day were set and when they were public, and how they came here."""
    lines: list[str] = []
    for (source,), own in rows.group_by("source", maintain_order=True):
        one = own.sort("learned_at").row(-1, named=True)
        said = f"{own.height} rates of {one['base']} by {source}, set {stamp(one['at'], s, zoned=True)}"
        came = f"public from {stamp(one['known_at'], s, zoned=True)}, received {stamp(one['learned_at'], s)}"
        lines += wrapped(clean(f"{said}, {came}."), s.width)
    for each in asked[:_SHOWN]:
        failed = [f"{one['source']} gave nothing ({one['words']})" for one in each.tried if not one["ok"]]
        said = "; ".join([*failed, f"{each.source} answered"])
        told = wrapped(clean(f"Asked {stamp(each.at, s, zoned=True)}: {said}."), s.width - 2)
        lines += [s.palette()(f"  {line}", "quiet") for line in told]
    return "\n".join(lines)
