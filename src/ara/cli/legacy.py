"""Spellings of the older versions, turned into today's with one line that says so."""

import re
from collections.abc import Sequence
from typing import Final

__all__ = ["modern"]

_SYMBOL: Final = re.compile(r"\^?[A-Z0-9][A-Z0-9./:^=_-]{0,31}")
_CLASSES: Final = ("crypto", "forex")


def modern(words: Sequence[str], names: Sequence[str]) -> tuple[list[str], str]:
    """Give the words in today's spelling, and the notice; the notice is empty where nothing was old.

    Parameters
    ----------
    words
        The command line after `ara`, without global flags.
    names
        Today's commands.
    """
    given = list(words)
    if not given or given[0] in names:
        return given, ""
    first, rest = given[0], given[1:]
    flags = {"--version": "version", "-V": "version", "--validate": "score", "--system-info": "doctor"}
    if first in flags:
        new = [flags[first], *rest]
        return new, "" if first in {"--version", "-V"} else _notice(given, new)
    if first == "--accuracy":
        return _renamed(given, ["score", *rest])
    if first in _CLASSES and rest[:1] == ["predict"]:
        return _renamed(given, ["predict", *rest[1:], f"--{first}"])
    if first.startswith("-"):
        symbols = [index for index, word in enumerate(given) if _SYMBOL.fullmatch(word) and not word.isdigit()]
        return _renamed(given, ["predict", *given]) if symbols else (given, "")
    return _renamed(given, ["predict", *given]) if _SYMBOL.fullmatch(first) else (given, "")


def _renamed(old: Sequence[str], new: list[str]) -> tuple[list[str], str]:
    return new, _notice(old, new)


def _notice(old: Sequence[str], new: Sequence[str]) -> str:
    return f"The spelling 'ara {' '.join(old)}' is old; it is now: ara {' '.join(new)}"
