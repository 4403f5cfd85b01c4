"""Candles with indicators on the price and below it, patterns where they were known, and volume."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError
from ara.reports.charts.chart import Chart, Footer
from ara.reports.charts.given import Given, floats, moments, priced, same_length
from ara.reports.charts.marks import Axis, Bars, Candles, Line, Mark, Notes, Panel, Points, Rule
from ara.reports.charts.theme import SERIES, Role
from ara.reports.charts.thin import grouped
from ara.reports.charts.ticks import told_time
from ara.reports.numbers import percent

if TYPE_CHECKING:
    from ara.features.patterns.pattern import Pattern
    from ara.market.bars import Bars as MarketBars

__all__ = ["candles", "candles_of"]

_MOST: Final = 400
_LETTER: Final = 0.0072
"""How much of the width of a chart one letter takes."""
_ROLES: Final[tuple[Role, ...]] = tuple(one for one in SERIES if one != "past")
_Floats = NDArray[np.float64]


def candles(
    bars: "MarketBars",
    *,
    at: Given | None = None,
    last: int = 0,
    overlays: Mapping[str, Given] | None = None,
    below: Mapping[str, Given | Mapping[str, Given]] | None = None,
    levels: Mapping[str, Sequence[float]] | None = None,
    patterns: "Sequence[Pattern]" = (),
    source: str = "",
) -> Chart:
    """Draw an instrument's bars.

    Parameters
    ----------
    bars
        Closed bars.
    at
        The label of each, as days of the venue's calendar are; the opening instants if None.
    last
        Only so many of the last; all if 0.
    overlays
        Indicators that lie among the prices, a value for each bar.
    below
        Others, each in a panel of its own; of one with several outputs these by their names.
    levels
        Values of some of those at which they are read otherwise: 30 and 70 of `rsi`; each a line across its panel.
    patterns
        Found in the same bars; noted at the bar at whose close each was known.
    source
        Who gave them; who stands behind the last bar if empty.
    """
    frame, instrument = bars.frame, bars.instrument
    if not len(bars):
        raise ValidationError(f"{instrument.symbol} has no bars to draw.", hint="Choose other dates.")
    labels = moments(frame["at"].to_numpy() if at is None else at, "at")
    return candles_of(
        labels,
        *(frame[name].to_numpy() for name in ("open", "high", "low", "close")),
        volume=frame["volume"].to_numpy(),
        last=last,
        overlays=overlays,
        below=below,
        levels=levels,
        notes=[(one.known_at, one.name.removeprefix("cdl_").replace("_", " "), one.direction) for one in patterns],
        symbol=instrument.symbol,
        currency=instrument.currency,
        footer=Footer(source=source or str(frame["source"][-1] or ""), data_to=told_time(labels[-1])),
    )


def candles_of(
    at: Given,
    opens: Given,
    highs: Given,
    lows: Given,
    closes: Given,
    *,
    volume: Given | None = None,
    last: int = 0,
    overlays: Mapping[str, Given] | None = None,
    below: Mapping[str, Given | Mapping[str, Given]] | None = None,
    levels: Mapping[str, Sequence[float]] | None = None,
    notes: Sequence[tuple[int, str, str]] = (),
    symbol: str = "",
    currency: str = "",
    footer: Footer | None = None,
) -> Chart:
    """Draw candles from plain columns; `notes` are bars with words and `bullish`, `bearish` or `neutral`.

    Where there are more than 400 bars, neighbours are drawn as one candle: the first open, the highest high, the lowest
    low, the last close, the sum of the volume.

    Raises
    ------
    ValidationError
        There is no bar, or the columns differ in length.
    """
    stamps = moments(at, "at")
    prices = {
        name: floats(column, name)
        for name, column in (("open", opens), ("high", highs), ("low", lows), ("close", closes))
    }
    apart = {name: one if isinstance(one, Mapping) else {name: one} for name, one in (below or {}).items()}
    extra = {name: floats(column, name) for one in (overlays or {}, *apart.values()) for name, column in one.items()}
    traded = floats(volume, "volume") if volume is not None else np.zeros(len(stamps))
    same_length(stamps, *prices.values(), *extra.values(), traded)
    first = max(len(stamps) - last, 0) if last else 0
    stamps, traded = stamps[first:], traded[first:]
    prices, extra = ({name: column[first:] for name, column in one.items()} for one in (prices, extra))
    begins = grouped(len(stamps), _MOST)
    shown = _joined(prices, traded, extra, begins)
    named = _noted(_placed(notes, first, len(stamps), begins), shown)
    return Chart(
        kind="candles",
        title=_finding(symbol, prices["close"], currency, stamps),
        words=_hollow(begins, len(stamps), sum(first <= bar for bar, *_ in notes), named),
        panels=_panels(
            shown,
            stamps[begins],
            tuple(overlays or ()),
            [(tuple(one), tuple((levels or {}).get(name, ()))) for name, one in apart.items()],
            named,
            currency,
        ),
        footer=footer or Footer(data_to=told_time(stamps[-1])),
        columns={"at": stamps, **prices, "volume": traded, **extra},
        shared=True,
    )


def _placed(notes: Sequence[tuple[int, str, str]], first: int, count: int, begins: Any) -> list[tuple[int, str, str]]:
    """Give the notes of the bars that are drawn, by the candle that each bar is part of."""
    return [
        (int(np.searchsorted(begins, bar - first, side="right")) - 1, words, way)
        for bar, words, way in notes
        if first <= bar < first + count
    ]


def _panels(
    shown: Mapping[str, _Floats],
    stamps: NDArray[Any],
    overlays: Sequence[str],
    below: Sequence[tuple[Sequence[str], Sequence[float]]],
    named: Sequence[Mark],
    currency: str,
) -> tuple[Panel, ...]:
    """Give the price, what stands below it, and the volume where anything was traded."""
    x = np.arange(len(stamps), dtype=np.float64)
    axis = Axis(kind="bars", stamps=stamps, low=-0.7, high=len(stamps) - 0.3)
    marks: list[Mark] = [
        Candles(x=x, opens=shown["open"], highs=shown["high"], lows=shown["low"], closes=shown["close"])
    ]
    marks += _lines(x, shown, overlays)
    side = priced(currency, shown["low"], shown["high"])
    panels = [Panel(marks=(*marks, *named), x=axis, y=side)]
    panels += [
        Panel(marks=(*_lines(x, shown, names), *_rules(at)), x=axis, y=Axis(), share=0.32) for names, at in below
    ]
    if (shown["volume"] > 0).any():
        bars = Bars(places=x, values=shown["volume"], role="past", wide=0.7)
        panels.append(Panel(marks=(bars,), x=axis, y=Axis(label="volume", low=0.0), share=0.26))
    return tuple(panels)


def _lines(x: _Floats, shown: Mapping[str, _Floats], names: Sequence[str]) -> tuple[Mark, ...]:
    return tuple(
        Line(x=x, y=shown[name], name=name, role=_ROLES[place % len(_ROLES)], dash=_dash(place), wide=1.3)
        for place, name in enumerate(names)
    )


def _rules(levels: Sequence[float]) -> tuple[Mark, ...]:
    """Give a line at each level; the first names them all."""
    names = (", ".join(f"{level:g}" for level in levels), *[""] * len(levels))
    return tuple(Rule(at=level, name=name) for level, name in zip(levels, names, strict=False))


def _hollow(begins: Any, count: int, found: int, named: Sequence[Mark]) -> str:
    noted = sum(len(one.texts) for one in named if isinstance(one, Notes))
    size = int(begins[1]) if len(begins) > 1 else 1
    words = "hollow: the bar closed above its open; filled: below"
    if size > 1:
        words += f"; each candle stands for {size} of {count:,} bars"
    return f"{words}; {noted} of {found} patterns named, where they became known" if found else words


def _joined(
    prices: Mapping[str, _Floats], traded: _Floats, extra: Mapping[str, _Floats], begins: Any
) -> dict[str, _Floats]:
    ends = np.append(begins[1:], len(traded)) - 1
    high, low = (
        np.where(np.isnan(prices[name]), side, prices[name]) for name, side in (("high", -np.inf), ("low", np.inf))
    )
    out = {
        "open": prices["open"][begins],
        "high": np.maximum.reduceat(high, begins),
        "low": np.minimum.reduceat(low, begins),
        "close": prices["close"][ends],
        "volume": np.add.reduceat(np.nan_to_num(traded), begins),
    }
    out |= {name: column[ends] for name, column in extra.items()}
    return {name: np.where(np.isfinite(column), column, np.nan) for name, column in out.items()}


def _noted(notes: Sequence[tuple[int, str, str]], shown: Mapping[str, _Floats]) -> list[Notes | Points]:
    """Give the notes that have room, the latest first: below the candles what points up, above them the others.

    A sign stands at the bar; the words stand beyond the candles beside it, so that they hide none.
    """
    out: list[Notes | Points] = []
    for side, column in (("below", "low"), ("above", "high")):
        own: list[tuple[int, str, str]] = []
        for one in sorted(notes, key=lambda note: -note[0]):
            free = not own or own[-1][0] - one[0] >= _half(own[-1], shown) + _half(one, shown)
            if free and (one[2] == "bullish") == (side == "below") and np.isfinite(shown[column][one[0]]):
                own.append(one)
        for shape in ("up",) if side == "below" else ("down", "diamond"):
            at = np.array([bar for bar, _, way in own if _shape(way) == shape], np.int64)
            if len(at):
                out.append(Points(x=at.astype(np.float64), y=shown[column][at], role="ink", shape=shape, size=5))  # type: ignore[arg-type]
        if own:
            x = np.array([bar for bar, *_ in own], np.float64)
            y = np.array([_beyond(shown, column, one) for one in own])
            out.append(Notes(x=x, y=y, texts=[words for _, words, _ in own], side=side))  # type: ignore[arg-type]
    return out


def _shape(way: str) -> str:
    return {"bullish": "up", "bearish": "down"}.get(way, "diamond")


def _half(note: tuple[int, str, str], shown: Mapping[str, _Floats]) -> int:
    """Give how many bars half of a note's words take."""
    return 1 + math.ceil(_LETTER * len(note[1]) * len(shown["close"]) / 2)


def _beyond(shown: Mapping[str, _Floats], column: str, note: tuple[int, str, str]) -> float:
    near = shown[column][max(note[0] - _half(note, shown), 0) : note[0] + _half(note, shown) + 1]
    return float(np.nanmin(near) if column == "low" else np.nanmax(near))


def _dash(place: int) -> Any:
    return ("solid", "solid", "dash", "dot")[place % 4]


def _finding(symbol: str, closes: _Floats, currency: str, stamps: NDArray[Any]) -> str:
    known = closes[np.isfinite(closes)]
    name = f"{symbol} " if symbol else ""
    if not len(known):
        return f"{name}has no prices in these bars"
    words = f"{name}closed at {known[-1]:,.6g}{f' {currency}' if currency else ''}"
    if len(known) > 1 and known[0] > 0 and known[-1] > 0:
        words += f", {percent(known[-1] / known[0] - 1)} since {told_time(stamps[0])}"
    return words
