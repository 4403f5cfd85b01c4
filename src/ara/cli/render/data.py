"""Market data on a terminal and as JSON: what was imported, what is kept, bars, actions, the health of sources."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ara.cli.money import in_currency
from ara.cli.render.data_table import Column, plain_value, stamp, table
from ara.cli.render.numbers import grouped, long_day, places
from ara.cli.screen import Screen
from ara.cli.words import clean, padded, width, wrapped

if TYPE_CHECKING:
    from datetime import date, datetime

    import polars as pl

    from ara.cli.money import Converted
    from ara.data.imported import Imported
    from ara.market.bars import Bars
    from ara.market.instrument import Instrument

__all__ = [
    "actions",
    "actions_document",
    "bars",
    "bars_document",
    "dated",
    "imported",
    "imported_document",
    "listed",
    "listed_document",
    "price",
    "raw",
    "raw_document",
]

_PRICES = ("open", "high", "low", "close")
_ADJUSTED = {"raw": "as traded", "split": "adjusted for splits", "total": "adjusted for splits and dividends"}
_SHOWN = 5
_LARGE = 1e15
"""From here on a number is written with its power of ten: no line is wide enough for all its digits."""


def price(value: float | None, instrument: "Instrument") -> str:
    """Give a price to its tick, with more digits where it is smaller than the tick can say."""
    if value is None:
        return ""
    if abs(value) >= _LARGE:
        return f"{value:.6g}"
    digits = places(instrument.tick)
    while 0 < abs(value) < 100 * 10**-digits and digits < 10:
        digits += 1
    return grouped(value, digits)


def dated(at: "datetime", instrument: "Instrument", timeframe: str, s: Screen) -> str:
    """Give a bar's session by its date, or the instant at which a shorter bar opened."""
    return f"{_label(at, instrument)}" if timeframe in {"1d", "1w"} else stamp(at, s)


def _label(at: "datetime", instrument: "Instrument") -> "date":
    from ara.market.calendar import calendar

    return calendar(instrument.calendar).dated(at)


def _bars(count: int) -> str:
    return "1 bar" if count == 1 else f"{count:,} bars"


def imported_document(one: "Imported") -> dict[str, Any]:
    """Give what came of an import as JSON values."""
    from dataclasses import fields

    return {each.name: plain_value(_flat(getattr(one, each.name))) for each in fields(one)}


def _flat(value: Any) -> Any:
    from dataclasses import asdict, is_dataclass

    if isinstance(value, list | tuple):
        return [_flat(one) for one in value]
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value


def imported(one: "Imported", s: Screen) -> str:
    """Say what an import brought, then the first rows that it refused."""
    files, symbols = _many(one.files, "file"), _many(one.symbols, "symbol")
    said = f"{_bars(one.new)} new from {files}, {symbols}; {one.corrected:,} corrected, {one.same:,} known before."
    lines = wrapped(said, s.width)
    for why in one.skipped[:_SHOWN]:
        lines += wrapped(clean(f"Passed over: {why}"), s.width)
    if len(one.skipped) > _SHOWN:
        lines += wrapped(f"And {_many(len(one.skipped) - _SHOWN, 'more file')}; each of them: --json", s.width)
    for note in one.notes:
        lines += [s.palette()(line, "quiet") for line in wrapped(clean(note), s.width)]
    lines += _grades(one, s)
    refused = list(one.refused)
    if refused:
        rows = sum(each.count for each in refused)
        lines += wrapped(f"Left out, because they can't be bars: {_many(rows, 'row')}.", s.width)
        for each in refused[:_SHOWN]:
            lines += [f"  {line}" for line in wrapped(clean(each.words), s.width - 2)]
    return "\n".join(lines)


def _grades(one: "Imported", s: Screen) -> list[str]:
    """Say how good the bars are, the worst first, each with the worst that was found."""
    from ara.data.quality import cut

    lines: list[str] = []
    worst_first = sorted(one.quality, key=lambda each: each.score)
    for each in worst_first[:_SHOWN]:
        worst = next((words for words in each.issues if words.startswith(f"{each.worst}, ")), "")
        found = f"worst: {worst}" if worst else "nothing wrong was found."
        lines += wrapped(clean(f"Quality of {each.symbol}: {cut(each.score, 2):.2f}; {found}"), s.width)
    if len(worst_first) > _SHOWN:
        lines += wrapped(f"The other {len(worst_first) - _SHOWN:,} are no worse; each of them: --json", s.width)
    if one.unjudged:
        first, count = one.unjudged[0], len(one.unjudged)
        step = "" if first.timeframe == "1d" else f" --timeframe {first.timeframe}"
        said = f"{count:,} series {'was' if count == 1 else 'were'} not looked at, because there are so many bars."
        lines += wrapped(clean(f"{said} Look at one: ara data check {first.symbol}{step}"), s.width)
    return lines


def _many(count: int, noun: str) -> str:
    return f"1 {noun}" if count == 1 else f"{count:,} {noun}s"


def listed_document(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Give the catalogue as JSON values."""
    return {"schema": 1, "series": [{name: plain_value(value) for name, value in row.items()} for row in rows]}


def listed(rows: Sequence[Mapping[str, Any]], s: Screen, *, query: str, total: int) -> str:
    """Give the catalogue as a table under a line that sums it up."""
    if not rows:
        said = "Nothing is kept yet. Fetch some: ara data fetch AAPL. Or import files: ara data import FILE"
        if total:
            said = f"Nothing kept matches {clean(query)[:40]!r}. See all of it: ara data list"
        return "\n".join(wrapped(said, s.width))
    count = sum(row["bars"] for row in rows)
    symbols = len({row["symbol"] for row in rows})
    said = f"{_bars(count)} of {_many(symbols, 'instrument')} in {len(rows):,} series."
    columns = [
        Column(head="symbol", cells=[row["symbol"] for row in rows]),
        Column(head="name", cells=[row["name"][:28] for row in rows], leave=7),
        Column(head="kind", cells=[row["asset_class"] for row in rows], leave=6),
        Column(head="step", cells=[row["timeframe"] for row in rows]),
        Column(head="source", cells=[row["source"] for row in rows], leave=1),
        Column(head="basis", cells=[row["basis"] if _splits(row["asset_class"]) else "" for row in rows], leave=5),
        Column(head="bars", cells=[f"{row['bars']:,}" for row in rows], right=True),
        Column(head="first", cells=[_opened(row, "first", s) for row in rows], leave=3),
        Column(head="last", cells=[_opened(row, "last", s) for row in rows], leave=2),
        Column(head="received", cells=[f"{row['learned_at'].astimezone(s.zone):%Y-%m-%d}" for row in rows], leave=4),
        Column(head="corrected", cells=[f"{row['corrections']:,}" for row in rows], right=True, leave=8),
    ]
    return "\n".join([*wrapped(said, s.width), "", *table(columns, s)])


def _opened(row: Mapping[str, Any], end: str, s: Screen) -> str:
    """Give the date of a series' first or last session, as a fetch does; of shorter bars when it opened."""
    return str(row[f"{end}_date"]) if row["timeframe"] in {"1d", "1w"} else stamp(row[end], s)


def bars_document(seen: "Bars", most: int, told: "Converted | None" = None) -> dict[str, Any]:
    """Give the newest bars as JSON values; beside them, under `shown`, their prices in the currency that was chosen."""
    from ara.market.told import bars_document as document

    return {**document(seen, most), **({} if told is None or told.rate is None else {"shown": _shown(told)})}


def _shown(told: "Converted") -> dict[str, Any]:
    from ara.cli.money import shown_document

    rows = () if told.frame is None else told.frame.select("at", *_PRICES).iter_rows(named=True)
    bars = [{name: plain_value(value) for name, value in row.items()} for row in rows]
    return {**({} if told.rate is None else shown_document(told.rate)), "bars": bars}


def bars(seen: "Bars", most: int, s: Screen, told: "Converted | None" = None) -> str:
    """Give the newest bars under a line on the instrument and one on the series, in the currency that was chosen."""
    one, step, frame = seen.instrument, str(seen.timeframe), seen.frame.tail(most)
    if told is not None and told.rate is not None and told.frame is not None:
        one, frame = in_currency(one, told.rate.quote), told.frame
    rows = list(frame.iter_rows(named=True))
    first, last = seen.frame.row(0, named=True), rows[-1]
    said = f"{_bars(len(seen))} of {step} from {_when(first['at'], one, step, s)} to {_when(last['at'], one, step, s)}"
    lines = [_head(one, f"close {price(last['close'], one)}", s)]
    how = f", {_how(seen)}" if _splits(one.asset_class) else ""
    lines += [f"  {line}" for line in wrapped(f"{said}{how}.", s.width - 2)]
    lines += [s.palette()(f"  {line}", "quiet") for line in wrapped(told.words, s.width - 2)] if told else []
    for note in seen.notes:
        lines += [s.palette()(f"  {line}", "warning") for line in wrapped(clean(note), s.width - 2)]
    columns = [
        Column(head=_first_head(step, s), cells=[dated(row["at"], one, step, s) for row in rows]),
        *(
            Column(
                head=name, cells=[price(row[name], one) for row in rows], right=True, leave=0 if name == "close" else 3
            )
            for name in _PRICES
        ),
        Column(head="volume", cells=[_volume(row["volume"]) for row in rows], right=True, leave=4),
        Column(head="quality", cells=[f"{row['quality']:.2f}" for row in rows], right=True, leave=2),
        Column(head="source", cells=[row["source"] for row in rows], leave=1),
        Column(head="", cells=["repaired" if row["imputed"] else "" for row in rows], leave=5),
    ]
    return "\n".join([*lines, "", *table(columns, s)])


def _how(seen: "Bars") -> str:
    """Say what the prices are adjusted for, and of what nothing is known."""
    if seen.splits is None or seen.dividends is None or (seen.splits and seen.dividends):
        return _ADJUSTED[seen.basis.value]
    if not seen.splits and not seen.dividends:
        return "as traded: no split or dividend is known of"
    done, lacking = ("splits", "dividend") if seen.splits else ("dividends", "split")
    return f"adjusted for {done}; no {lacking} is known of"


def _splits(asset_class: str) -> bool:
    """Say whether such instruments are ever split or pay: of all others nothing is adjusted, and no word is due."""
    return asset_class in {"stock", "etf"}


def _first_head(step: str, s: Screen) -> str:
    return "date" if step in {"1d", "1w"} else f"opened{f', {s.zone}' if s.zone else ''}"


def _when(at: "datetime", one: "Instrument", step: str, s: Screen) -> str:
    return long_day(_label(at, one)) if step in {"1d", "1w"} else stamp(at, s, zoned=True)


def _head(one: "Instrument", right: str, s: Screen) -> str:
    """Give the line that names an instrument, with the answer at its end where there is room."""
    paint = s.palette()
    left = clean(f"{one.symbol}  {one.name}  {one.venue}, {one.currency}")
    if width(left) + width(right) + 2 > s.width:
        return f"{paint(left, 'strong')}\n{paint(right, 'strong')}"
    return paint(padded(left, s.width - width(right)) + right, "strong")


def _volume(value: float | None) -> str:
    if value is None:
        return ""
    if abs(value) >= _LARGE:
        return f"{value:.6g}"
    return grouped(value, 0 if value >= 100 or value == int(value) else 4)


def raw_document(one: "Instrument", rows: "pl.DataFrame", most: int) -> dict[str, Any]:
    """Give the newest rows of every source, as published, as JSON values."""
    told = [{name: plain_value(value) for name, value in row.items()} for row in rows.tail(most).iter_rows(named=True)]
    return {"schema": 1, "symbol": one.symbol, "count": rows.height, "rows": told}


def raw(one: "Instrument", kept: "pl.DataFrame", most: int, s: Screen) -> str:
    """Give the newest rows of every source as published."""
    if kept.is_empty():
        return _nothing(one, "bars", s)
    rows = list(kept.tail(most).iter_rows(named=True))
    said = f"{kept.height:,} rows as published, by {_many(kept['source'].n_unique(), 'source')}."
    columns = [
        Column(head="date", cells=[dated(row["at"], one, row["timeframe"], s) for row in rows]),
        Column(head="source", cells=[row["source"] for row in rows]),
        *(
            Column(
                head=name, cells=[price(row[name], one) for row in rows], right=True, leave=0 if name == "close" else 4
            )
            for name in _PRICES
        ),
        Column(head="volume", cells=[_volume(row["volume"]) for row in rows], right=True, leave=5),
        Column(head="adjusted", cells=[price(row["adjusted"], one) for row in rows], right=True, leave=3),
        Column(head="basis", cells=[row["basis"] if _splits(one.asset_class) else "" for row in rows], leave=1),
        Column(head="quality", cells=[f"{row['quality']:.2f}" for row in rows], right=True, leave=6),
        Column(head="received", cells=[stamp(row["learned_at"], s) for row in rows], leave=2),
    ]
    return "\n".join([_head(one, "", s).rstrip(), f"  {said}", "", *table(columns, s)])


def actions_document(one: "Instrument", kept: "pl.DataFrame", most: int) -> dict[str, Any]:
    """Give splits and dividends as JSON values."""
    rows = [{name: plain_value(value) for name, value in row.items()} for row in kept.tail(most).iter_rows(named=True)]
    return {"schema": 1, "symbol": one.symbol, "count": kept.height, "actions": rows}


def actions(one: "Instrument", kept: "pl.DataFrame", most: int, s: Screen) -> str:
    """Give the newest splits and dividends, each by the source that states it."""
    if kept.is_empty():
        return _nothing(one, "splits or dividends", s)
    rows = list(kept.tail(most).iter_rows(named=True))
    columns = [
        Column(head="ex-date", cells=[f"{_label(row['at'], one)}" for row in rows]),
        Column(head="what", cells=[row["action"] for row in rows]),
        Column(head="value", cells=[_worth(row) for row in rows], right=True),
        Column(head="source", cells=[row["source"] for row in rows], leave=1),
        Column(head="basis", cells=[row["basis"] for row in rows], leave=3),
        Column(head="public", cells=[stamp(row["known_at"], s) for row in rows], leave=2),
    ]
    return "\n".join([_head(one, _many(kept.height, "action"), s), "", *table(columns, s)])


def _worth(row: Mapping[str, Any]) -> str:
    return (
        f"{row['value']:g} for 1" if row["action"] == "split" else f"{row['value']:g} {row['currency'] or ''}".strip()
    )


def _nothing(one: "Instrument", what: str, s: Screen) -> str:
    said = f"No {what} of {clean(one.symbol)} are kept. Fetch them: ara data fetch {clean(one.symbol)}"
    return "\n".join(wrapped(said, s.width))
