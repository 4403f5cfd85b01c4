"""A forecast on a terminal: the answer first, then how sure, then why, then what to do next."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, tzinfo
from typing import Final, Literal

from ara.cli.palette import Palette
from ara.cli.render.chart import GLYPHS, PLAIN_GLYPHS, Scale
from ara.cli.render.grounds import age, grade
from ara.cli.render.numbers import day, decimals, grouped, long_day, percent, places, within
from ara.cli.render.reasons import leans, reasons, surely, widely
from ara.cli.render.spans import ahead, closed, moment, word
from ara.cli.words import clean, padded, width, wrapped
from ara.prediction.forecast import Day, Forecast

__all__ = ["DEPTHS", "Depth", "View", "show"]

Depth = Literal["minimal", "basic", "standard", "full"]
"""How much is said: the table; and how sure; regime, quality and why a wide band is wide; every reason and origin."""
DEPTHS: Final[tuple[Depth, ...]] = ("minimal", "basic", "standard", "full")
"""The depths, each saying more than the one before."""

_INDENT: Final = "  "
_GAP: Final = "  "
_CHART: Final = (13, 41)
_NO_VIEW: Final = 0.005
_LABEL: Final = 12
_LABEL_IN_FULL: Final = 14
_TABLE: Final = 40
_ORDINARY: Final = 0.8
_SMALL: Final = 0.0005
_LEAST: Final = len(_INDENT) + _LABEL_IN_FULL + 64


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """How a forecast is shown.

    Parameters
    ----------
    width
        Columns to fill at most.
    today
        The date on which it is read, from which the age of the data follows.
    depth
        How much is said.
    kept
        Whether the ledger holds it.
    lasting
        Whether the ledger outlives this process.
    asked
        Whether the reader asked for a moment in the past, whose age needs no warning.
    palette
        Colours.
    plain
        Whether only ASCII may be used.
    zone
        The reader's time zone; the machine's if None.
    members
        What the members of the ensemble that answered counted for; empty for another model.
    money
        What is to be said of the currency that the amounts are shown in; empty where they are as traded.
    """

    width: int
    today: date
    depth: Depth = "standard"
    kept: bool = False
    asked: bool = False
    lasting: bool = True
    palette: Palette = field(default_factory=lambda: Palette(0))
    plain: bool = False
    zone: tzinfo | None = None
    members: str = ""
    money: str = ""

    @property
    def level(self) -> int:
        """The depth as a number, 0 for minimal."""
        return DEPTHS.index(self.depth)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """One column of the table: its heading, its cells, and whether they stand to the right."""

    key: str
    title: str
    cells: tuple[str, ...]
    right: bool = True

    @property
    def columns(self) -> int:
        return max(map(width, (self.title, *self.cells)))


def show(forecast: Forecast, view: View) -> str:
    """Give the forecast as lines that end where its table does, and within the view unless a single word doesn't."""
    table = _table(forecast, view) if forecast.days else _paragraph("No day is as sure as was asked for.", view)
    view = replace(view, width=min(view.width, max([_LEAST, *map(_visible, table)])))
    lines = [*_head(forecast, view), *_before(forecast, view), *table, *_after(forecast, view)]
    text = "\n".join(line.rstrip() for line in lines)
    return text.translate(_ASCII) if view.plain else text


_ASCII: Final = str.maketrans({"±": "+/-", "…": "...", "’": "'"})


def _visible(line: str) -> int:
    """Give the columns of a painted line."""
    bare, inside = [], False
    for character in line:
        if character == "\x1b":
            inside = True
        if not inside:
            bare.append(character)
        elif character == "m":
            inside = False
    return width("".join(bare))


def _head(forecast: Forecast, view: View) -> list[str]:
    """Give symbol, name and venue, and to their right, where there is room, the close and its date."""
    instrument, paint = forecast.instrument, view.palette
    symbol, name = clean(instrument.symbol), clean(instrument.name)
    where = clean(f"{instrument.venue}, {instrument.currency}")
    close = f"close {_as_traded(forecast)} {closed(forecast, view.zone)}"
    left = f"{symbol}  {name}  {where}"
    space = view.width - width(left) - width(close)
    if space >= len(_GAP):
        return [
            f"{paint(symbol, 'strong')}  {name}  {paint(where, 'quiet')}{' ' * space}{close}",
            *_age(forecast, view),
        ]
    if width(left) <= view.width:
        head = [f"{paint(symbol, 'strong')}  {name}  {paint(where, 'quiet')}"]
    else:
        head = [paint(symbol, "strong"), *wrapped(name, view.width), *wrapped(where, view.width)]
    return [*head, *wrapped(close, view.width), *_age(forecast, view)]


def _as_traded(forecast: Forecast) -> str:
    """Give the close in its ticks, or two decimals beyond the table's where ticks are finer than anybody reads."""
    low, high = forecast.days[0].band_80 if forecast.days else (0.0, 0.0)
    digits = min(places(forecast.instrument.tick), decimals(high - low, forecast.close) + 2)
    return grouped(forecast.close, digits)


def _age(forecast: Forecast, view: View) -> list[str]:
    """Say how old the data is, unless it is as new as can be or the reader asked for that day."""
    said = age(forecast, view.today, asked=view.asked)
    role: Literal["quiet", "actual"] = "quiet" if view.asked else "actual"
    return [view.palette(line, role) for line in _paragraph(said, view)] if said else []


def _paragraph(text: str, view: View, *, hang: int = 0) -> list[str]:
    """Give a paragraph's lines, indented; those after the first hang under its text."""
    text = text.translate(_ASCII) if view.plain else text  # before it is wrapped: some signs take more room so
    indent = _INDENT if view.width >= 40 else ""
    below = " " * hang if view.width >= hang + 30 else ""
    return [indent + line for line in wrapped(text, view.width - len(indent), indent=below)]


def _before(forecast: Forecast, view: View) -> list[str]:
    lines = [view.palette(line, "quiet") for line in _paragraph(clean(view.money), view)] if view.money else []
    for warning in (*forecast.degraded, *forecast.warnings):
        lines += [view.palette(line, "warning") for line in _paragraph(clean(warning), view)]
    if view.level and forecast.days:
        lines += _paragraph(_direction(forecast), view)
    return [*lines, ""]


def _direction(forecast: Forecast) -> str:
    """Say whether a direction is called, and by what record; where none is, that the range is the answer."""
    symbol, model = clean(forecast.instrument.symbol), clean(forecast.model)
    if all(abs(entry.p_up - 0.5) < _NO_VIEW for entry in forecast.days):
        return f"Range, not direction: {model} takes no view of whether {symbol} rises or falls."
    judged = [(entry, entry.direction) for entry in forecast.days if entry.direction is not None]
    if not judged:
        return f"Range, not direction: how well {model} tells rises from falls was not judged on days it did not know."
    called = [(entry, told) for entry, told in judged if told.called]
    told = called[0][1] if called else min((told for _, told in judged), key=lambda one: one.p)
    chance = "p < 0.01" if told.p < 0.005 else f"p {told.p:.2f}"
    days, until = ahead(told.horizon, "day"), long_day(told.until.date())
    on = f"{chance} after {told.tests} tests, {told.forecasts:,} forecasts of {days} up to {until}"
    if not called:
        return f"Range, not direction: no skill in calling the direction of {told.kind} was found ({on})."
    sides = [f"{one.called} by {day(found.date)} ({found.p_up:.2f})" for found, one in called]
    more = f" and {len(sides) - 1} more" if len(sides) > 1 else ""
    return f"Direction: {sides[0]}{more}; {model} told the direction of {told.kind} better than chance ({on})."


def _table(forecast: Forecast, view: View) -> list[str]:
    """Give the table with as many columns as fit; below the least, one value a line."""
    columns = _columns(forecast, view.zone)
    for leave in range(len(_DROPPED) + 1):
        kept = [column for column in columns if column.key not in _DROPPED[:leave]]
        wide = len(_INDENT) + sum(column.columns for column in kept) + len(_GAP) * (len(kept) - 1)
        if wide <= view.width:
            return _lines(forecast, kept, view, room=view.width - wide - len(_GAP) - 1)
    return list(_list(columns, view))


_DROPPED: Final = ("band_95", "p_up", "confidence", "change")
"""What goes first where room is short; the chart has gone before any of them."""


def _columns(forecast: Forecast, zone: tzinfo | None) -> list[_Column]:
    days = forecast.days
    first = days[0]
    digits = decimals(first.band_80[1] - first.band_80[0], forecast.close)
    share = max(decimals((first.band_80[1] - first.band_80[0]) / forecast.close * 100, 1.0), 1)

    def column(key: str, title: str, cell: Callable[[Day], str]) -> _Column:
        return _Column(key=key, title=title, cells=tuple(map(cell, days)), right=key != "date")

    return [
        column("date", "week of" if word(forecast) == "week" else "", moment(forecast, zone)),
        column("median", "median", lambda entry: grouped(entry.price, digits)),
        column("change", "change", lambda entry: percent(entry.change, min(share, 3))),
        _band("band_80", "80 % band", [entry.band_80 for entry in days], digits),
        _band("band_95", "95 % band", [entry.band_95 for entry in days], digits),
        column("p_up", "P(up)", lambda entry: f"{entry.p_up:.2f}"),
        column("confidence", "sure", lambda entry: f"{entry.confidence:.2f}"),
    ]


def _band(key: str, title: str, bands: Sequence[tuple[float, float]], digits: int) -> _Column:
    low, high = ([grouped(band[side], digits) for band in bands] for side in (0, 1))
    left, right = max(map(len, low)), max(map(len, high))
    cells = tuple(f"{a:>{left}} to {b:>{right}}" for a, b in zip(low, high, strict=True))
    return _Column(key=key, title=title.center(left + right + 4).rstrip(), cells=cells, right=False)


def _lines(forecast: Forecast, columns: Sequence[_Column], view: View, *, room: int) -> list[str]:
    paint = view.palette
    heads = [padded(column.title, column.columns, right=column.right) for column in columns]
    lines = [paint(f"{_INDENT}{_GAP.join(heads)}".rstrip(), "quiet")]
    charts = _chart(forecast, view, room) if len(columns) == len(_DROPPED) + 3 else None
    for index in range(len(forecast.days)):
        cells = [padded(column.cells[index], column.columns, right=column.right) for column in columns]
        cells[1] = paint(cells[1], "forecast")
        if charts:
            cells.append(" " + paint(charts[index].rstrip(), "forecast"))
        lines.append(_INDENT + _GAP.join(cells))
    return lines


def _chart(forecast: Forecast, view: View, room: int) -> list[str] | None:
    """Give one row per day on a scale that all days share, if the room allows."""
    columns = min(room, _CHART[1])
    columns -= 1 - columns % 2
    if columns < _CHART[0]:
        return None
    bands = [entry.band_95 for entry in forecast.days]
    scale = Scale(low=min(low for low, _ in bands), high=max(high for _, high in bands), columns=columns)
    glyphs = PLAIN_GLYPHS if view.plain else GLYPHS
    return [scale.row(entry.band_95, entry.band_80, entry.price, glyphs=glyphs) for entry in forecast.days]


def _list(columns: Sequence[_Column], view: View) -> Iterator[str]:
    dates, *values = columns
    for index, label in enumerate(dates.cells):
        yield view.palette(" ".join(label.split()), "strong")
        for column in values:
            title, cell = column.title.strip(), " ".join(column.cells[index].split())
            line = f" {title} {cell}"
            low, to, high = cell.partition(" to ")
            if width(line) > view.width and to:
                yield f" {title} {low}"
                yield f"   to {high}"
            else:
                yield line


def _after(forecast: Forecast, view: View) -> list[str]:
    if not view.level:
        return []
    lines = ["", *(_row("Sure", _sure(forecast), view) if forecast.days else [])]
    if view.level >= DEPTHS.index("standard"):
        if forecast.regime is not None:
            lines += _row("Regime", _regime(forecast), view)
        lines += _row("Data", grade(forecast, view.today, asked=view.asked), view)
    if view.depth == "standard" and (wide := widely(forecast.days[0]) if forecast.days else ""):
        lines += _row("Why so wide", wide, view)
    if view.depth == "full":
        lines += _reasons(forecast, view) + _origin(forecast, view)
    if view.kept:
        lines += ["", *_closing(forecast, view)]
    return lines


def _row(label: str, text: str, view: View) -> list[str]:
    """Give a labelled paragraph whose lines stand in a column of their own, where there is room for two."""
    text = text.translate(_ASCII) if view.plain else text
    name = padded(label, _LABEL_IN_FULL if view.depth == "full" else _LABEL)
    room = view.width - len(_INDENT) - len(name)
    if view.width < 48 or max(map(width, text.split())) > room:
        return _paragraph(f"{label}: {text}", view)
    first, *more = wrapped(text, room)
    space = " " * (len(_INDENT) + len(name))
    return [_INDENT + view.palette(name, "strong") + first, *(space + line for line in more)]


def _sure(forecast: Forecast) -> str:
    first = forecast.days[0]
    name = word(forecast)
    usual = percent(first.usual_move, 1 if first.usual_move >= _SMALL else 3, signed=False)
    told = first.receipt
    sure = f"{first.confidence:.2f}" if told is None else within(first.confidence, told.low, told.high)
    said = (
        f"{sure} is the chance that the close ends within the usual move of the median "
        f"({ahead(first.number, name)}: ±{usual}); an ordinary {name} has 0.80."
    )
    if told is None:
        return said
    mean = "" if told.stated is None else f" {told.stated:.3f} on average,"
    return (
        f"{said} Of {told.forecasts:,} forecasts that said {told.low:g} to {told.high:g},{mean} "
        f"{percent(told.share, 1, signed=False)} did ({100 * told.least:.1f} to {100 * told.most:.1f})."
    )


def _regime(forecast: Forecast) -> str:
    told = (forecast.regime or {}).get("words")
    if isinstance(told, str):
        return clean(told) + "."
    return ", ".join(f"{clean(str(key))} {clean(str(value))}" for key, value in (forecast.regime or {}).items())


def _reasons(forecast: Forecast, view: View) -> list[str]:
    """Give what made the first day's band wider or narrower than usual, largest share first, and its median what it is.

    Forecasts that were kept before the shares summed to a whole give their words alone.
    """
    factors = forecast.days[0].factors if forecast.days else ()
    if not factors:
        return []
    first = forecast.days[0]
    parts = surely(first)
    sure = _row("Why so sure" if first.confidence >= _ORDINARY else "Why not surer", parts, view) if parts else []
    total = sum(factor.contribution for factor in factors) if first.wider is None else first.wider
    label = "Why so wide" if total >= 0 else "Why so narrow"
    said = "; ".join(clean(factor.description) for factor in factors)
    if first.wider is None:
        return _row(label, said, view)
    room = view.width - len(_INDENT) - _LABEL_IN_FULL
    if room < _TABLE:
        shares = (f"{percent(factor.contribution, 1)} {clean(factor.description)}" for factor in factors)
        said = f"{percent(total, 1)} against a usual bar: {'; '.join(shares)}"
        return sure + _row(label, said, view) + _median(first, view)
    names = [view.palette(padded(label, _LABEL_IN_FULL), "strong")]
    lines = reasons(forecast.days, room, word(forecast))
    names += [" " * _LABEL_IN_FULL] * (len(lines) - 1)
    return sure + [f"{_INDENT}{name}{line}" for name, line in zip(names, lines, strict=True)] + _median(first, view)


def _median(first: Day, view: View) -> list[str]:
    said = leans(first)
    return _row("Median", said, view) if said else []


def _origin(forecast: Forecast, view: View) -> list[str]:
    lineage = forecast.lineage
    known = f"{forecast.as_of.astimezone(view.zone):%Y-%m-%d %H:%M %Z}"
    close = closed(forecast, view.zone).removeprefix("on ").removeprefix("of ")
    lines = _row("Known at", f"{known}, when the close of {close} was public", view)
    lines += _row("Model", f"{clean(forecast.model)}, engine {clean(lineage.engine)}, seed {lineage.seed}", view)
    lines += _row("Members", clean(view.members), view) if view.members else []
    lines += _row("Lineage", forecast.id, view)
    return lines + _row("Data hash", lineage.data, view)


def _closing(forecast: Forecast, view: View) -> list[str]:
    """Say where it is kept and what can be done next, as few lines as it takes."""
    symbol = clean(forecast.instrument.symbol)
    parts = ["Kept in memory until this process ends."]
    if view.lasting:
        parts = [f"Kept as {forecast.id[:6]} in the ledger.", "Later: ara score"]
    if view.depth != "full":
        parts.append(f"Reasons: ara predict {symbol} --analysis full")
    elif view.lasting and any(day.receipt for day in forecast.days):
        parts.append(f"Receipt: ara ledger receipt {forecast.id[:6]}")
    lines: list[str] = []
    for part in parts:
        longer = f"{lines[-1]}   {part}" if lines else ""
        if lines and width(longer) <= view.width:
            lines[-1] = longer
        else:
            lines += _paragraph(part, view)
    return [view.palette(line, "quiet") for line in lines]
