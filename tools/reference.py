"""Pages of the reference that follow from the code; `--write` makes them, without it a stale page is found."""

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

from ara.errors import AraError
from tools.findings import Finding, main
from tools.http_page import page

__all__ = ["check", "errors_page", "python_pages", "write"]

_ERRORS = """# Errors and exit codes

Every error that a user can meet is one of these. Each carries what happened (`message`), what to do about it (`hint`),
a `code` that programs can read, the exit code of the command line and the HTTP status; the last three follow from the
class. Where a command is asked for `--json`, the error is a problem document in the form of RFC 9457.

Besides these, `0` is success, `130` is Ctrl-C and `141` a pipe that was closed by its reader.

| error | code | exit code | HTTP status | what it means |
|---|---|---|---|---|
"""
_ROOMS = {
    "ara": "The front: what `import ara` offers",
    "ara.quick.ledger": "`ara.ledger`: the ledger, one call at a time",
    "ara.prediction": "Forecasts, the engine that makes them, the ledger that keeps them",
    "ara.market": "Instruments, bars, time frames, calendars",
    "ara.models": "Models and the quantiles they give",
    "ara.data": "Providers of data and the one place where bars are read",
    "ara.features": "Indicators",
    "ara.evidence": "Forecasts held to account",
    "ara.backtest": "The past, replayed",
    "ara.trading": "Strategies, orders, books, a simulated exchange",
    "ara.performance": "Measures of returns, and scores of forecasts",
    "ara.portfolio": "Weights that meet limits, and the trades that lead there",
    "ara.portfolio.optimise": "Ways to choose weights",
    "ara.reports.charts": "Charts of every result, in every form",
    "ara.risk": "Losses to expect, what brings them, crises",
    "ara.statistics": "Volatility and distributions",
    "ara.store": "Documents, logs and tables",
    "ara.settings": "Settings and where they come from",
    "ara.vault": "Secrets at rest and signatures",
    "ara.telemetry": "Counters, gauges, histograms, stages",
    "ara.logs": "Log records, redacted",
    "ara.workers": "Work in threads and processes",
    "ara.plugins": "Parts found by entry points",
    "ara.testing": "Fakes and a desk for tests",
    "ara.desk": "What every room gets",
    "ara.clock": "The time of day",
    "ara.lineage": "Where a result comes from",
    "ara.errors": "The errors",
}


def errors_page() -> str:
    """Write the table of errors, indented as the tree is."""
    rows: list[str] = []

    def visit(error: type[AraError], depth: int) -> None:
        words = (inspect.getdoc(error) or "").splitlines()[0] if depth else "Ara's own fault; the family of all below."
        name = "&emsp;" * depth + f"`{error.__name__}`"
        rows.append(f"| {name} | `{error.code}` | {error.exit_code} | {error.http_status} | {words} |")
        for child in sorted(error.__subclasses__(), key=lambda sub: (sub.exit_code, sub.__name__)):
            if child.__module__ == AraError.__module__:
                visit(child, depth + 1)

    visit(AraError, 0)
    return _ERRORS + "\n".join(rows) + "\n"


def python_pages() -> dict[str, str]:
    """Write one page per public package, filled from its docstrings when the site is built, and their index."""
    index = ["# Python", "", "Each page is made from the docstrings of the package's public names.", ""]
    pages = {}
    for name, words in _ROOMS.items():
        index.append(f"- [`{name}`]({name}.md): {words}.")
        pages[f"{name}.md"] = f"# `{name}`\n\n::: {name}\n"
    pages["index.md"] = "\n".join(index) + "\n"
    return pages


def write(root: Path) -> None:
    """Write every generated page."""
    for path, text in _pages(root).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def check(root: Path) -> Iterator[Finding]:
    """Compare every generated page with what would be written now."""
    for path, text in _pages(root).items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            yield Finding(path=path, line=1, words="the page no longer says what the code says")


def _pages(root: Path) -> dict[Path, str]:
    folder = root / "docs/reference"
    python = {folder / "python" / name: text for name, text in python_pages().items()}
    return {folder / "errors.md": errors_page(), folder / "http.md": page(), **python}


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        write(Path.cwd())
    else:
        sys.exit(main(check, advice="Write the pages again: make reference"))
