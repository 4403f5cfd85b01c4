"""An evaluation as files: a page with pictures, the document, and the figures as a table."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ara import whole
from ara.cli.render.evaluation import FIGURES, counted, shown, symbols_of, words_of_claims, words_of_ranges
from ara.reports.charts.judged import astray
from ara.reports.charts.theme import VARIABLES

if TYPE_CHECKING:
    from ara.evidence import Evaluation

__all__ = ["page", "written"]

_Row = Mapping[str, Any]

_STYLE: Final = (
    VARIABLES
    + """body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 68rem;
margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
td.n, th.n { text-align: right; }
td.t { white-space: normal; } .no { color: var(--actual); font-weight: 600; } .quiet { color: var(--quiet); }
figure { margin: 1rem 0; } svg { max-width: 100%; height: auto; } svg text { fill: var(--ink); font-size: 12px; }
code { overflow-wrap: anywhere; }
"""
)

_WIDE, _HIGH, _LEFT, _LINE = 640, 320, 150, 22


def written(found: "Evaluation", document: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write `report.html`, `evaluation.json` and `scores.csv` into a folder, each whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {
        "report.html": page(found, str(document["command"])),
        "evaluation.json": json.dumps(document, indent=1) + "\n",
        "scores.csv": _scores(found.rows),
    }
    for name, text in content.items():
        whole.write(folder / name, text)
    return [folder / name for name in content]


def _scores(rows: Sequence[_Row]) -> str:
    plain = [{key: value for key, value in row.items() if not isinstance(value, dict | list)} for row in rows]
    names = list(dict.fromkeys(name for row in plain for name in row))
    text = io.StringIO()
    table = csv.DictWriter(text, names, lineterminator="\n")
    table.writeheader()
    table.writerows(plain)
    return text.getvalue()


def page(found: "Evaluation", command: str) -> str:
    """Give the report as one page that needs nothing else."""
    parts = [f"<h1>{escape(counted(found))}</h1>", *_about(found)]
    for name in found.verdicts:
        parts += [f"<h2>{escape(name)}: what is asked, and what it reached</h2>", *_verdict(found, name)]
        rows = [row for row in found.rows if row["model"] == name]
        for row in rows:
            parts += [_coverage(row), _reliability(row)]
    for horizon in sorted({row["horizon"] for row in found.rows}):
        rows = [row for row in found.rows if row["horizon"] == horizon]
        parts += [f"<h2>{_bars(horizon)} ahead, beside the baselines</h2>", *_figures(rows)]
    claims = [f"<p>{escape(words)}</p>" for words in words_of_claims(found)]
    parts += ["<h2>What may be claimed</h2>", *claims] if claims else []
    parts.append(f'<p class="quiet">Lineage {found.id}. Made again by: <code>{escape(command)}</code></p>')
    body = "\n".join(parts)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>Evaluation</title>'
        f"<style>{_STYLE}</style></head><body>\n{body}\n</body></html>\n"
    )


def _bars(horizon: int) -> str:
    return "1 bar" if horizon == 1 else f"{horizon} bars"


def _about(found: "Evaluation") -> Iterator[str]:
    classes = "1 class" if found.classes == 1 else f"{found.classes} classes"
    count = sum(row["n"] for row in found.rows)
    days = f"{found.first:%-d %b %Y} to {found.last:%-d %b %Y}"
    yield f"<p>{count:,} forecasts of {symbols_of(found)} in {classes}, from {days}.</p>"
    for alarm in found.alarms:
        yield f'<p class="no">Too good to be true: {escape(alarm)}.</p>'


def _verdict(found: "Evaluation", name: str) -> Iterator[str]:
    yield '<div class="wide"><table><tr><th>what</th><th>asked</th><th>reached, 1 / 5 / 21 bars</th><th>ok</th></tr>'
    for line in found.verdicts[name]:
        mark = {True: "yes", False: '<span class="no">no</span>', None: "not judged"}[line.passed]
        cells = (f'<td class="t">{escape(text)}</td>' for text in (line.name, line.floor, line.got))
        yield f"<tr>{''.join(cells)}<td>{mark}</td></tr>"
    yield "</table></div>"
    for words in words_of_ranges(found, name):
        yield f"<p>{escape(words)}</p>"


def _figures(rows: Sequence[_Row]) -> Iterator[str]:
    heads = "".join(f'<th class="n">{escape(head)}</th>' for _, head, *_ in FIGURES)
    yield f'<div class="wide"><table><tr><th>model</th>{heads}</tr>'
    for row in rows:
        told = shown(row)
        cells = (
            escape(form.format(told[key]).replace("%", " %")) if told.get(key) is not None else ""
            for key, _, form, _ in FIGURES
        )
        yield f"<tr><td>{escape(row['model'])}</td>{''.join(f'<td class=n>{cell}</td>' for cell in cells)}</tr>"
    yield "</table></div>"


def _coverage(row: _Row) -> str:
    """Draw how many outcomes the 80 % band held, of all and of each part, with two errors on each side."""
    parts = {"all": {"cov80": row["cov80"], "se80": row["cov80_se"]}, **row["slices"]}
    values = [one["cov80"] + side * 2 * one["se80"] for one in parts.values() for side in (-1, 1)]
    low, high = min(0.7, *values), max(0.9, *values)
    high_ = 50 + _LINE * len(parts)

    def x(share: float) -> float:
        return float(_LEFT + (share - low) / (high - low) * (_WIDE - _LEFT - 60))

    marks = [f'<line x1="{x(0.8):.1f}" x2="{x(0.8):.1f}" y1="8" y2="{high_ - 34}" stroke="var(--actual)"/>']
    for place, (name, one) in enumerate(parts.items()):
        y, wide = 20 + _LINE * place, 2 * one["se80"]
        marks.append(f'<text x="{_LEFT - 10}" y="{y + 4}" text-anchor="end">{escape(name.replace(":", " "))}</text>')
        marks.append(
            f'<line x1="{x(one["cov80"] - wide):.1f}" x2="{x(one["cov80"] + wide):.1f}" y1="{y}" y2="{y}" '
            f'stroke="var(--forecast)" stroke-opacity=".4" stroke-width="6"/>'
            f'<circle cx="{x(one["cov80"]):.1f}" cy="{y}" r="4" fill="var(--forecast)"/>'
        )
    marks += [
        f'<text x="{x(share):.1f}" y="{high_ - 14}" text-anchor="middle">{share:.0%}</text>'
        for share in (0.7, 0.8, 0.9)
    ]
    title = f"{_bars(row['horizon'])} ahead: {row['cov80']:.1%} of 80 % bands held".replace("%", " %", 1)
    return _figure(title, marks, high_, "share of outcomes inside the 80 % band, with two errors on each side")


def _reliability(row: _Row) -> str:
    """Draw how often the price rose beside what P(up) stated, in bins of equal mass."""
    bins = row.get("bins", [])
    values = [one[key] for one in bins for key in ("p", "freq")]
    low, high = min([0.4, *values]), max([0.6, *values])
    room = _HIGH - 60

    def x(share: float) -> float:
        return float(60 + (share - low) / (high - low) * room)

    def y(share: float) -> float:
        return float(20 + room - (share - low) / (high - low) * room)

    marks = [
        f'<line x1="{x(low):.1f}" y1="{y(low):.1f}" x2="{x(high):.1f}" y2="{y(high):.1f}" stroke="var(--line)"/>',
        f'<line x1="60" y1="{20 + room}" x2="{60 + room}" y2="{20 + room}" stroke="var(--line)"/>',
        f'<line x1="60" y1="20" x2="60" y2="{20 + room}" stroke="var(--line)"/>',
    ]
    marks += [
        f'<circle cx="{x(one["p"]):.1f}" cy="{y(one["freq"]):.1f}" r="5" fill="var(--forecast)" fill-opacity=".8">'
        f"<title>stated {one['p']:.3f}, rose {one['freq']:.3f}, {one['n']:,} forecasts</title></circle>"
        for one in bins
    ]
    for share in (low, high):
        marks.append(f'<text x="{x(share):.1f}" y="{_HIGH - 22}" text-anchor="middle">{share:.2f}</text>')
        marks.append(f'<text x="54" y="{y(share) + 4:.1f}" text-anchor="end">{share:.2f}</text>')
    title = f"{_bars(row['horizon'])} ahead: {astray(row) or 'how far P(up) is off is not known'}"
    return _figure(title, marks, _HIGH, "stated P(up) to the right, share that rose upwards; the line is honesty")


def _figure(title: str, marks: Sequence[str], high: int, axes: str) -> str:
    inner = "".join(marks)
    return (
        f'<figure><figcaption><b>{escape(title)}</b><br><span class="quiet">{escape(axes)}</span></figcaption>'
        f'<svg viewBox="0 0 {_WIDE} {high}" role="img" aria-label="{escape(title)}">{inner}</svg></figure>'
    )
