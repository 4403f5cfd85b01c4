"""Options of the older versions, by command: each turned into today's, or left out with what does its work now."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from ara.errors import ValidationError

__all__ = ["today"]

_Renamed = Mapping[str, str]

_NEW: Final[Mapping[tuple[str, ...], _Renamed]] = {
    ("backtest",): {"-e": "--end", "-p": "--period", "-r": "--report"},
    ("portfolio", "optimize"): {"-e": "--report", "--export": "--report"},
}
_DONE: Final[Mapping[tuple[str, ...], Mapping[str, str]]] = {
    ("backtest",): {"--plot": "draws nothing: --report FILE.html holds the curves"},
    ("portfolio", "analyze"): {
        "--risk-metrics": "is not needed: the measures are always shown; more: ara risk var",
        "--show-correlations": "has a command of its own: ara market correlations",
    },
    ("market", "regime"): {
        "-h": "is not needed: what was before is always shown",
        "--history": "is not needed: what was before is always shown",
    },
    ("market", "correlations"): {
        "--heatmap": "is not needed: the table is always shown; as a picture: ara chart correlations",
    },
}
_GONE: Final[Mapping[str, str]] = {
    "show-metrics": "A running service gives its metrics at /metrics: ara serve",
    "export-dashboards": "Metrics for dashboards of your own: ara serve gives them at /metrics.",
    "setup": "What is measured is set by the settings telemetry: ara config show --section telemetry",
}


def today(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Give the words of one command in today's spelling, and a line for each option that was left out.

    Raises
    ------
    ValidationError
        The command is one that is no longer there; the hint says what does its work.
    """
    given = list(words)
    if given[:1] == ["monitoring"]:
        return _watched(given), []
    for key in (tuple(given[:2]), tuple(given[:1])):
        if key in _NEW or key in _DONE:
            return _told(given, len(key), _NEW.get(key, {}), _DONE.get(key, {}))
    return given, []


def _told(given: list[str], start: int, new: _Renamed, done: _Renamed) -> tuple[list[str], list[str]]:
    end = given.index("--") if "--" in given else len(given)
    named = any(not word.startswith("-") for word in given[start:end])
    kept, notes = given[:start], []
    for place in range(start, end):
        word, follows = given[place], given[place + 1] if place + 1 < end else ""
        flag, joined, value = word.partition("=")
        if flag in done and (named or flag != "-h"):
            notes.append(f"{flag} {done[flag]}.")
        elif flag in new:
            kept.append(f"{new[flag]}{joined}{value}")
        elif given[0] == "backtest" and flag == "-s" and _date(value or follows):
            kept.append(f"--start{joined}{value}")
        else:
            kept.append(word)
    return [*kept, *given[end:]], list(dict.fromkeys(notes))


def _date(text: str) -> bool:
    """Say whether a word is a date, and so no strategy."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _watched(given: list[str]) -> list[str]:
    asked = given[1] if len(given) > 1 else ""
    if asked in {"health-check", ""}:
        return ["doctor", *given[2:]]
    raise ValidationError(
        f"ara monitoring {asked[:40]} is not there any more.",
        hint=_GONE.get(asked, "How Ara is: ara doctor"),
    )
