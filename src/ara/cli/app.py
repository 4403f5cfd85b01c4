"""The door of the command line: `ara` and `python -m ara`.

This module costs next to nothing to import, because every command, every completion and `ara --help` pass through it.
A command's own module, and all that it needs, is imported when that command runs and never otherwise.
"""

import atexit
import errno
import gc
import os
import sys
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, Final

__all__ = ["COMMANDS", "EXAMPLES", "GLOBAL_FLAGS", "SUMMARY", "main", "overview"]

SUMMARY: Final = "Forecasts whose figures are true: kept, scored, and beside their baseline."
"""What Ara is, in a line."""

COMMANDS: Final[Mapping[str, Mapping[str, str]]] = {
    "Forecast": {
        "predict": "Forecast instruments: price, range and how sure, per day",
        "forecast": "Forecast many instruments and origins from files",
        "basket": "Forecast instruments held together: the whole's range and worst losses",
        "rank": "Give the chances of each to be among the best or worst",
    },
    "Look at the market": {
        "data": "Fetch, import, check, query and back up market data",
        "symbols": "Search for instruments",
        "crypto": "List coins and where they trade",
        "market": "Show how an instrument stands by well-known indicators",
        "indicators": "List, explain and compute indicators",
        "features": "Build, list and explain feature sets",
        "patterns": "Show patterns in the price and what followed their like",
        "levels": "Show prices that matter and whether the price turned there",
        "chart": "Draw charts in the terminal or into files",
    },
    "Decide": {
        "risk": "Measure what a portfolio may lose, and what a crisis would do",
        "portfolio": "Choose weights, compare ways to choose, trade towards them",
    },
    "Learn": {
        "models": "Train models, compare them, choose which answer",
        "tune": "Find better parameters of a model, and keep how they were found",
        "jobs": "Put work into a line, once or by a schedule, and do it",
    },
    "Trade on paper": {
        "backtest": "Test a strategy on the past, after costs, beside buy and hold",
    },
    "Hold to account": {
        "score": "Compare forecasts that came due with what happened",
        "evaluate": "Judge forecasts by every figure, beside the baselines",
        "performance": "Measure returns, and how much of them is luck",
        "attribution": "Say where returns came from: segments, or factors",
        "audit": "Find what knows the future: features, models, data",
        "ledger": "List, show, verify kept forecasts, and report how they did",
        "replay": "Compute a kept forecast again and compare every byte",
        "diff": "Say what moved one forecast to another, and by how much",
    },
    "Serve": {
        "serve": "Answer over HTTP, with accounts and limits",
        "worker": "Do the jobs of a service, in a process of its own",
        "users": "Make users, say what they may do; the log of what was done",
        "keys": "Make, rotate and revoke the keys of users",
        "apps": "Register programs of third parties, and see who lets them in",
        "tokens": "Log users out, rotate what tokens are signed by",
        "webhooks": "Tell other programs of events, and see what was sent",
        "store": "Show and migrate the tables of the store",
    },
    "Set up": {
        "config": "Show, change and check settings",
        "plugins": "List and check plug-ins",
        "doctor": "Check the installation, its files and servers",
        "completion": "Print the completion script of bash, zsh or fish",
        "version": "Print the version",
    },
}
"""Every command by group, with the line that says what it is for."""

GLOBAL_FLAGS: Final[tuple[tuple[str, str], ...]] = (
    ("--json", "Print one JSON document"),
    ("-q, --quiet", "Say nothing but the result and errors"),
    ("--profile NAME", "Settings for dev, test, staging or prod"),
    ("--set KEY=VALUE", "Override one setting; repeatable"),
    ("--no-color", "Print without colours"),
    ("--width N", "Fill N columns instead of the terminal's"),
    ("--debug", "Show tracebacks and log more"),
    ("--help", "Explain a command"),
)
"""Flags that every command takes, at any position."""

EXAMPLES: Final = ("ara predict AAPL", "ara predict BTC-USD EURUSD --days 10", "ara score")
"""The lines to begin with."""

_NAMES: Final = 17
_STACKED_BELOW: Final = 50


def overview(columns: int = 80, *, bold: bool = False) -> str:
    """Give the page of `ara --help`; below 50 columns each summary stands under its name."""
    on, off = ("\x1b[1m", "\x1b[0m") if bold else ("", "")
    lines = [*_fold(SUMMARY, columns, ""), ""]
    lines += [f"  {example}" for example in EXAMPLES]
    rows = [(group, tuple(commands.items())) for group, commands in COMMANDS.items()]
    rows.append(("Anywhere", GLOBAL_FLAGS))
    for title, entries in rows:
        lines += ["", f"{on}{title}{off}"]
        for name, summary in entries:
            if columns >= _STACKED_BELOW:
                first, *more = _fold(summary, columns, " " * (_NAMES + 2))
                lines += [f"  {name:<{_NAMES}}{first.lstrip()}", *more]
            else:
                lines += [f"  {name}", *_fold(summary, columns, "    ")]
    lines += ["", *_fold("More about one: ara COMMAND --help", columns, "")]
    return "\n".join(lines)


def _fold(text: str, columns: int, indent: str) -> list[str]:
    lines = [indent]
    for word in text.split():
        if len(lines[-1]) + 1 + len(word) > columns and lines[-1].strip():
            lines.append(indent)
        lines[-1] += word if lines[-1] == indent else f" {word}"
    return lines


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and give its exit code.

    Parameters
    ----------
    arguments
        The words after `ara`; those of the process if None.
    """
    if arguments is None:
        _rest_the_collector()
    words = list(sys.argv[1:] if arguments is None else arguments)
    _fill_closed()
    try:
        if sys.stdout is None:
            raise OSError(errno.EBADF, "stdout is closed")
        if words in ([], ["--help"], ["-h"], ["help"]):
            _print_overview()
            return 0
        if words[0] == "__complete":
            return _complete(words[1:])
        from ara.cli.invocation import invoke

        return invoke(words, runner=_run)
    except KeyboardInterrupt:
        _silence()
        return 130
    except BrokenPipeError:
        _silence()
        return 141
    except OSError as error:
        return _unwritable(error)


def _rest_the_collector() -> None:
    """Look for garbage less often, and not at the end: what a command imports is much, and all of it lives on."""
    gc.set_threshold(200_000, 20, 100)
    atexit.register(gc.freeze)


def _fill_closed() -> None:
    """Put nothing in place of a closed stdin or stderr, before a file of Ara's is opened there and written into."""
    for name, mode in (("stdin", "r"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode))


def _print_overview() -> None:
    said = os.environ.get("COLUMNS", "")
    try:
        columns = int(said[:9]) if said.isascii() and said.isdigit() else os.get_terminal_size().columns
    except OSError:
        columns = 80
    bold = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"
    sys.stdout.write(overview(columns, bold=bold) + "\n")
    sys.stdout.flush()


def _complete(words: Sequence[str]) -> int:
    """Answer the completion scripts; a word that makes no sense has no completion, and nobody to tell."""
    from ara.cli.completion import serve

    try:
        sys.stdout.write(serve(words))
        sys.stdout.flush()
    except Exception:  # noqa: BLE001 - anything printed here would land in the middle of the user's command line
        return 1
    return 0


def _run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    import asyncio

    return asyncio.run(coroutine)


def _unwritable(error: OSError) -> int:
    """Say that stdout took no more: a full disk, a closed descriptor."""
    _silence()
    hint = "Free some room or write somewhere else, then run it again."
    if error.errno == errno.EBADF:
        hint = "Leave stdout open for writing; >/dev/null throws the output away."
    try:
        sys.stderr.write(f"The output could not be written: {error.strerror or error}\n{hint}\n")
    except OSError:  # stderr is on the same full disk, and nobody is left to tell
        return 5
    return 5


def _silence() -> None:
    """Point stdout at nothing, so that the interpreter's last flush can't fail."""
    try:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
    except OSError:
        return


if __name__ == "__main__":
    sys.exit(main())
