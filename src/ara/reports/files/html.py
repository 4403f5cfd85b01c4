"""A report as one page that needs nothing else: light or dark as the reader's system is, and made for A4 in print."""

import base64
import hashlib
import re
import zlib
from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING, Final

from ara.reports.charts import CSS, script
from ara.reports.tables import NONE, Table

if TYPE_CHECKING:
    from ara.reports.tearsheet import Report, Section

__all__ = ["made"]

_STYLE: Final = """
body { max-width: 68rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.45rem; line-height: 1.3; margin: .6rem 0; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2.2rem 0 .4rem; padding-top: .5rem; border-top: 1px solid var(--line); }
h3 { font-size: .95rem; margin: 1.2rem 0 .2rem; }
p { margin: .35rem 0; max-width: 52rem; overflow-wrap: anywhere; } .quiet { color: var(--quiet); font-size: .85rem; }
.wide { overflow-x: auto; } .wide:focus-visible { outline: 2px solid var(--forecast); }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .88rem; }
th, td { text-align: left; padding: .18rem .7rem .18rem 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { color: var(--quiet); font-weight: 600; vertical-align: bottom; } th.n, td.n { text-align: right; }
.heat th, .heat td { padding: .18rem .35rem; }
td.up { background: color-mix(in srgb, var(--forecast) var(--much), transparent); }
td.down { background: color-mix(in srgb, var(--actual) var(--much), transparent); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: 1rem 0; font-size: .9rem; }
dt { color: var(--quiet); } dd { margin: 0; overflow-wrap: anywhere; } code { overflow-wrap: anywhere; }
@media (max-width: 30rem) { dl { display: block; } dd { margin-bottom: .4rem; } }
@media print { body { max-width: none; padding: 0; font-size: 10pt; } table { font-size: 7.5pt; }
h2, h3 { break-after: avoid; } tr { break-inside: avoid; } thead { display: table-header-group; }
.wide { overflow: visible; } th, td { padding: .1rem .5rem .1rem 0; } th { white-space: normal; }
.heat { font-size: 6.6pt; } .heat th, .heat td { padding: .1rem .22rem; }
td.up, td.down { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""

_SCRIPT: Final = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_PACKED: Final = re.compile(r'<script type="text/plain" id="ara-plotly">([^<]*)</script>')
_MOST_HEAT: Final = 70


def made(report: "Report") -> str:
    """Give the page. No name in it can run or fetch anything: its policy lets only its own two scripts run."""
    drawn = any(section.charts for section in report.sections)
    scripts = script() if drawn else ""
    body = "\n".join(_body(report))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy(scripts)}">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(report.title)}</title>'
        f"<style>{CSS}{_STYLE}</style></head><body>\n{body}\n{scripts}</body></html>\n"
    )


def _policy(scripts: str) -> str:
    """Allow the scripts of the charts by their hashes, plotly's own as it is once inflated, and nothing else."""
    codes = [one.encode() for one in _SCRIPT.findall(scripts)]
    codes += [zlib.decompress(base64.b64decode(one)) for one in _PACKED.findall(scripts)]
    hashes = [f"'sha256-{base64.b64encode(hashlib.sha256(code).digest()).decode()}'" for code in codes]
    allowed = " ".join(hashes or ["'none'"])
    return f"default-src 'none'; style-src 'unsafe-inline'; img-src data: blob:; script-src {allowed}"


def _body(report: "Report") -> Iterator[str]:
    yield f"<h1>{escape(report.title)}</h1>"
    yield from (f"<p>{escape(words)}</p>" for words in report.finding)
    yield f"<dl>{''.join(_fact(label, words) for label, words in report.facts)}</dl>"
    for section in report.sections:
        yield from _section(section)
    yield "<h2>How to read it</h2>"
    yield from (f'<p class="quiet">{escape(words)}</p>' for words in report.meaning)
    if report.lineage:
        yield f'<p class="quiet">Lineage {escape(report.lineage)}</p>'


def _fact(label: str, words: str) -> str:
    shown = f"<code>{escape(words)}</code>" if words.startswith("ara ") else escape(words)
    return f"<dt>{escape(label)}</dt><dd>{shown}</dd>"


def _section(section: "Section") -> Iterator[str]:
    tables = [one for one in section.tables if one.paper]
    yield f"<h2>{escape(section.title)}</h2>"
    yield from (f"<p>{escape(words)}</p>" for words in section.words)
    yield from (chart.html() for chart in section.charts)
    for table in tables:
        yield from _table(table)


def _table(table: Table) -> Iterator[str]:
    heads = "".join(f"<th{_side(one.right)}>{escape(one.head)}</th>" for one in table.columns)
    yield f"<h3>{escape(table.title)}</h3>"
    kind = "wide heat" if table.heat else "wide"
    yield f'<div class="{kind}" tabindex="0" role="region" aria-label="{escape(table.title)}"><table>'
    yield f"<thead><tr>{heads}</tr></thead><tbody>"
    for row, (words, strengths) in enumerate(zip(table.texts(), table.strengths(), strict=True)):
        cells = [
            f"<td{_side(column.form_of(row).numeric, strong)}>{escape('' if table.heat and one == NONE else one)}</td>"
            for column, one, strong in zip(table.columns, words, strengths, strict=True)
        ]
        yield f"<tr>{''.join(cells)}</tr>"
    yield "</tbody></table></div>"
    if table.words:
        yield f'<p class="quiet">{escape(table.words)}</p>'


def _side(right: bool, strong: float = 0.0) -> str:
    """Give a cell's attributes: where it stands, and how strongly it is coloured for what."""
    names = [name for name, there in (("n", right), ("up", strong > 0), ("down", strong < 0)) if there]
    told = f' class="{" ".join(names)}"' if names else ""
    return f'{told} style="--much: {abs(strong) * _MOST_HEAT:.0f}%"' if strong else told
