"""Kept forecasts on a terminal: a list, and a receipt."""

from collections.abc import Sequence
from datetime import UTC
from typing import TYPE_CHECKING

from ara.cli.render.data_table import Column
from ara.cli.render.data_table import table as table_of
from ara.cli.render.forecast import View, show
from ara.cli.render.numbers import bars_ahead, decimals, grouped, long_day, within
from ara.cli.screen import Screen
from ara.cli.words import clean, padded, width, wrapped
from ara.market.timeframe import DAY

if TYPE_CHECKING:
    from ara.prediction import Anchor, Kept
    from ara.prediction.receipts import Voucher
    from ara.prediction.record import Receipt

__all__ = ["receipt", "signpost", "table", "vouched"]

_HEADS = ("id", "symbol", "made", "from", "days", "close", "80 % band at the end", "model")
_RIGHT = frozenset({"days", "close"})
_DROPPED = ("model", "close", "days", "80 % band at the end", "from", "made")


def table(kept: Sequence["Kept"], s: Screen) -> str:
    """Give the list, with as many columns as the screen has room for."""
    if not kept:
        return "\n".join(wrapped("The ledger holds no such forecast yet. Make one: ara predict AAPL", s.width))
    steps = {one.forecast.timeframe for one in kept}
    rows = [_cells(one, s, plain=steps == {DAY}) for one in kept]
    told = {"made": f"made, {_zone(kept[0], s)}", "days": "days" if steps == {DAY} else "ahead"}
    heads = tuple(told.get(head, head) for head in _HEADS)
    for leave in range(len(_DROPPED) + 1):
        chosen = [index for index, head in enumerate(_HEADS) if head not in _DROPPED[:leave]]
        sizes = {index: max(width(row[index]) for row in (heads, *rows)) for index in chosen}
        if sum(sizes.values()) + 2 * len(chosen) <= s.width:
            break
    paint = s.palette()
    lines = []
    for number, row in enumerate((heads, *rows)):
        cells = [padded(row[index], sizes[index], right=_HEADS[index] in _RIGHT) for index in chosen]
        line = ("  " + "  ".join(cells)).rstrip()
        lines.append(paint(line, "quiet") if number == 0 else line)
    return "\n".join(lines)


def _zone(kept: "Kept", s: Screen) -> str:
    return f"{kept.made_at.astimezone(s.zone):%Z}"


def _cells(kept: "Kept", s: Screen, *, plain: bool) -> tuple[str, ...]:
    forecast = kept.forecast
    low, high = forecast.days[-1].band_80
    digits = decimals(high - low, forecast.close)
    return (
        forecast.id[:6],
        clean(forecast.instrument.symbol),
        f"{kept.made_at.astimezone(s.zone):%Y-%m-%d %H:%M}",
        f"{forecast.last:%Y-%m-%d}",
        str(len(forecast.days)) if plain else bars_ahead(len(forecast.days), kept.forecast.timeframe),
        grouped(forecast.close, digits),
        f"{grouped(low, digits)} to {grouped(high, digits)}",
        clean(forecast.model),
    )


def receipt(kept: "Kept", s: Screen) -> str:
    """Give the forecast as it was given, and above it its place in the ledger."""
    made = kept.made_at.astimezone(s.zone)
    said = f"Entry {kept.sequence:,} of the ledger, kept {long_day(made.date())} {made:%H:%M %Z}"
    paint = s.palette()
    head = [paint(line, "quiet") for line in wrapped(said, s.width)]
    hashed = [paint(line, "quiet") for line in wrapped(f"Hash {kept.hash}", s.width)]
    view = View(
        width=s.width,
        today=made.date(),
        depth="full",
        asked=True,
        palette=paint,
        plain=s.plain,
        zone=s.zone,
    )
    return "\n".join([*head, *hashed, "", show(kept.forecast, view)])


def vouched(kept: "Kept", found: Sequence["Voucher"], s: Screen) -> str:
    """Give a line a day: what was stated, and what became of past forecasts that said about as much."""
    forecast, paint = kept.forecast, s.palette()
    instrument, made = clean(forecast.instrument.symbol), long_day(forecast.last)
    head = f"{instrument} from {made}, by {clean(forecast.model)}: the chance to end within the usual move"
    columns = [
        Column(head=f"{kept.forecast.timeframe.word}s", cells=[str(one.day) for one in found], right=True),
        Column(head="stated", cells=[_stated(one) for one in found], right=True),
        Column(head="like it", cells=[_range(one) for one in found], leave=2),
        Column(head="mean", cells=[_mean(one.record) for one in found], right=True, leave=4),
        Column(
            head="forecasts", cells=[f"{one.record.forecasts:,}" if one.record else "" for one in found], right=True
        ),
        Column(head="held", cells=[_share(one.record) for one in found], right=True),
        Column(head="95 %", cells=[_interval(one.record) for one in found], leave=1),
        Column(head="of this ledger", cells=[_own(one) for one in found], leave=3),
    ]
    lines = [paint(line, "strong") for line in wrapped(head, s.width)] + table_of(columns, s)
    told = [one.record for one in found if one.record]
    said = "Its model has no record on days that it did not know."
    if told:
        said = (
            "Of shipped models on days that they did not know, by outcomes known up to "
            f"{long_day(told[0].until.date())}, over the nearest of 1, 5, 10, 21 and 30 days. Each "
            "forecast counts as one throw, though those that overlap or are of one day hang together: the interval is "
            "too narrow, the more so the further ahead."
        )
    return "\n".join([*lines, *wrapped(said, s.width)])


def _stated(one: "Voucher") -> str:
    return within(one.stated, one.record.low, one.record.high) if one.record else f"{one.stated:.2f}"


def _range(one: "Voucher") -> str:
    return f"{one.record.low:g} to {one.record.high:g}" if one.record else ""


def _mean(told: "Receipt | None") -> str:
    return f"{told.stated:.3f}" if told and told.stated is not None else ""


def _share(told: "Receipt | None") -> str:
    return f"{100 * told.share:.1f} %" if told else ""


def _interval(told: "Receipt | None") -> str:
    return f"{100 * told.least:.1f} to {100 * told.most:.1f}" if told else ""


def _own(one: "Voucher") -> str:
    return f"{one.inside:,} of {one.live:,}" if one.live else "none yet"


def signpost(mark: "Anchor", s: Screen) -> str:
    """Give an anchor as few lines, its time in UTC, as it is meant for others."""
    rows = (
        ("Digest", mark.digest),
        ("Entry", f"{mark.sequence:,}"),
        ("Time", f"{mark.at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"),
        ("Key", mark.public_key),
    )
    paint, label = s.palette(), max(len(name) for name, _ in rows) + 2
    if any(label + width(text) > s.width for _, text in rows):
        return "\n".join(f"{paint(name, 'strong')}\n{text}" for name, text in rows)
    return "\n".join(f"{paint(padded(name, label), 'strong')}{text}" for name, text in rows)
