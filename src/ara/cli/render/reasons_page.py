"""The reasons for a forecast as one page that needs nothing else: bars for the first day, a heat map over all days."""

from collections.abc import Iterator, Sequence
from datetime import UTC
from html import escape
from typing import TYPE_CHECKING, Final

from ara.cli.render.numbers import long_day, percent
from ara.cli.render.spans import moment, word
from ara.prediction.forecast import Day, Factor, Forecast
from ara.prediction.sureness import ORDINARY
from ara.reports.charts.theme import VARIABLES

if TYPE_CHECKING:
    from ara.prediction.attention import Attention

__all__ = ["finding", "footer", "labels", "page", "shares"]

_STYLE: Final = (
    VARIABLES
    + """body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 68rem;
margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; } .quiet { color: var(--quiet); } figure { margin: 1.5rem 0; overflow-x: auto; }
svg { width: 100%; min-width: 44rem; height: auto; } svg text { fill: var(--ink); font-size: 12px; }
"""
)

_LEFT, _ROW, _WIDE = 440, 30, 960
_LETTERS: Final = 66
_SEEN: Final = 5e-5
_FELT: Final = 5e-4
_LARGEST: Final = 0.75
_USUAL: Final = (
    "On a usual bar, all that the model looks at is what it was on average over the last 250. "
    "The shares sum to the whole."
)


def finding(forecast: Forecast) -> str:
    """Say in one sentence what the first bar's reasons come to; bars shorter than a day are named by their close."""
    first = forecast.days[0]
    wider = first.wider or 0.0
    how = f"{percent(abs(wider), 1, signed=False)} {'wider' if wider >= 0 else 'narrower'} than a usual one"
    when = " ".join(moment(forecast, UTC)(first).split())
    when = f"the week of {when}" if word(forecast) == "week" else when
    return f"{forecast.instrument.symbol}: the 80 % band for {when} is {how}"


def labels(factors: Sequence[Factor]) -> list[str]:
    """Give the words of each reason, cut where they are too long for a picture."""
    words = [one.description for one in factors]
    return [text if len(text) <= _LETTERS else f"{text[: _LETTERS - 1]}…" for text in words]


def shares(days: Sequence[Day]) -> list[list[float]]:
    """Give `[reason][day]`: the share of each of the first day's reasons in the width of every day's band."""
    told = [{one.name: one.contribution for one in day.factors} for day in days]
    return [[own.get(one.name, 0.0) for own in told] for one in days[0].factors]


def footer(forecast: Forecast) -> str:
    """Say where the data come from and what the figures follow from."""
    until = long_day(forecast.last)
    return f"{forecast.source}, bars up to {until}; model {forecast.model}; lineage {forecast.id}"


def page(forecast: Forecast, looked: "Sequence[Attention]" = ()) -> str:
    """Give the page; `looked` is where its networks looked, if they say so."""
    head = finding(forecast)
    body = [
        f"<h1>{escape(head)}</h1>",
        f'<p class="quiet">{_USUAL}</p>',
        _figure(f"Reasons for the first {word(forecast)}’s band", _bars(forecast.days[0])),
        _figure(f"The same over all {word(forecast)}s", _map(forecast.days)),
        *_looks(forecast, looked),
        *_median(forecast.days[0]),
        *_sure(forecast.days[0], word(forecast)),
        f'<p class="quiet">{escape(footer(forecast))}</p>',
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(head)}</title>'
        f"<style>{_STYLE}</style></head><body>\n{chr(10).join(body)}\n</body></html>\n"
    )


def _looks(forecast: Forecast, looked: "Sequence[Attention]") -> Iterator[str]:
    for one in looked:
        from ara.cli.render.attention_picture import attention_finding, attention_svg

        yield _figure(attention_finding(forecast, one), attention_svg(one))


def _median(first: Day) -> Iterator[str]:
    told = [(percent(one.contribution, 2), one) for one in first.leans if abs(one.contribution) >= _SEEN]
    if told:
        yield _list("Where the median comes from", told)


def _sure(first: Day, name: str) -> Iterator[str]:
    """Give what sets the first bar's confidence apart, between where it starts and where it ends."""
    told = [(f"{one.contribution:+.3f}", one) for one in first.sure if abs(one.contribution) >= _FELT]
    if first.sure:
        yield _list(f"Confidence {first.confidence:.3f}, where an ordinary {name} has {ORDINARY:.3f}", told)


def _list(title: str, told: Sequence[tuple[str, Factor]]) -> str:
    items = "".join(f"<li>{escape(share)} {escape(one.description)}</li>" for share, one in told)
    return f"<h2>{escape(title)}</h2>" + (f"<ul>{items}</ul>" if told else "")


def _bars(first: Day) -> str:
    factors = first.factors
    most = max([abs(one.contribution) for one in factors] + [1e-9])
    zero, unit = _LEFT + (_WIDE - _LEFT) / 2, ((_WIDE - _LEFT) / 2 - 70) / most
    high = _ROW * len(factors) + 10
    marks = [f'<line x1="{zero}" x2="{zero}" y1="0" y2="{high}" stroke="var(--line)"/>']
    for place, (one, text) in enumerate(zip(factors, labels(factors), strict=True)):
        y, size = 5 + _ROW * place, unit * one.contribution
        colour = "var(--actual)" if size >= 0 else "var(--forecast)"
        end, anchor = (zero + size + 6, "start") if size >= 0 else (zero + size - 6, "end")
        marks.append(
            f'<text x="{_LEFT - 10}" y="{y + 17}" text-anchor="end">{escape(text)}</text>'
            f'<rect x="{min(zero, zero + size):.1f}" y="{y + 3}" width="{abs(size):.1f}" height="{_ROW - 10}" '
            f'fill="{colour}"/>'
            f'<text x="{end:.1f}" y="{y + 17}" text-anchor="{anchor}">{percent(one.contribution, 1)}</text>'
        )
    return _svg(marks, high, "share in the width: orange wider, blue narrower")


def _map(days: Sequence[Day]) -> str:
    table, most = shares(days), 1e-9
    most = max([most, *(abs(share) for row in table for share in row)])
    cell = min((_WIDE - _LEFT) / len(days), 100.0)
    high = _ROW * (len(table) + 1) + 5
    every = max(1, round(34 / cell))
    marks = [
        f'<text x="{_LEFT + cell * (place + 0.5):.1f}" y="18" text-anchor="middle">{one.number}</text>'
        for place, one in enumerate(days)
        if place % every == 0
    ]
    for line, (text, row) in enumerate(zip(labels(days[0].factors), table, strict=True)):
        y = _ROW * (line + 1)
        marks.append(f'<text x="{_LEFT - 10}" y="{y + 19}" text-anchor="end">{escape(text)}</text>')
        for place, share in enumerate(row):
            x, colour = _LEFT + cell * place, "var(--actual)" if share >= 0 else "var(--forecast)"
            marks.append(
                f'<rect x="{x:.1f}" y="{y}" width="{cell - 1:.1f}" height="{_ROW - 1}" fill="{colour}" '
                f'fill-opacity="{_LARGEST * abs(share) / most:.3f}"><title>{percent(share, 1)}</title></rect>'
            )
            if every == 1:
                marks.append(
                    f'<text x="{x + cell / 2:.1f}" y="{y + 19}" text-anchor="middle">{100 * share:+.1f}</text>'
                )
    return _svg(marks, high, "percent of the width, by bars ahead: orange wider, blue narrower")


def _svg(marks: Sequence[str], high: float, axes: str) -> str:
    return (
        f'<svg viewBox="0 0 {_WIDE} {high:.0f}" role="img" aria-label="{escape(axes)}">{"".join(marks)}</svg>'
        f'<div class="quiet">{escape(axes)}</div>'
    )


def _figure(title: str, inner: str) -> str:
    return f"<figure><figcaption><b>{escape(title)}</b></figcaption>{inner}</figure>"
