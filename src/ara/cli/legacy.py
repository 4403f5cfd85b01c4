"""Spellings of the older versions, turned into today's with one line that says so."""

import re
from collections.abc import Callable, Sequence
from typing import Final

from ara.cli.older_options import today
from ara.errors import ValidationError

__all__ = ["modern"]

_SYMBOL: Final = re.compile(r"\^?[A-Z0-9][A-Z0-9./:^=_-]{0,31}")
_CLASSES: Final = ("crypto", "forex")
_FLAGS: Final = {"--version": "version", "-V": "version", "--validate": "score", "--system-info": "doctor"}
_WORDS: Final = {"-v": ("--analysis", "full"), "--verbose": ("--analysis", "full")}
_IDLE: Final = {"-ex": "--exchange", "--exchange": "--exchange", "--onchain": "--onchain", "--defi": "--defi"}


def modern(words: Sequence[str], names: Sequence[str], *, known: Callable[[str], bool]) -> tuple[list[str], str]:
    """Give the words in today's spelling, and the notice; the notice is empty where nothing was old.

    Parameters
    ----------
    words
        The command line after `ara`, without global flags.
    names
        Today's commands.
    known
        Whether a word that isn't in capitals is the symbol of an instrument.
    """
    given, notes = today(words)
    respelled = given != list(words)
    if respelled and not notes:
        return given, _notice(words, given)
    if notes:
        return given, "\n".join([_notice(words, given), *notes])
    older = len(given) > 1 and given[0] in _CLASSES and given[1] == "predict"
    if not given or (given[0].lower() in names and not older):
        return given, ""
    first, rest = given[0], given[1:]
    if first in _FLAGS:
        new = [_FLAGS[first], *rest]
        return new, "" if first in {"--version", "-V"} else _notice(given, new)
    if first == "--accuracy":
        new = ["score", *rest]
        return new, _notice(given, new)
    if older:
        return _class_predict(given)
    candidates = given if first.startswith("-") else [first]
    if any(_SYMBOL.fullmatch(word) and not word.isdigit() for word in candidates) or any(map(known, candidates)):
        new = ["predict", *_spelled_out(given)]
        return new, _notice(given, new)
    return given, ""


def _class_predict(given: list[str]) -> tuple[list[str], str]:
    kept, idle = _without_idle(given[2:])
    spelled = _spelled_out(kept)
    end = spelled.index("--") if "--" in spelled else len(spelled)
    new = ["predict", *spelled[:end], f"--{given[0]}", *spelled[end:]]
    notice = _notice(given, new)
    if idle:
        has = "has" if len(idle) == 1 else "have"
        notice += f"\n{', '.join(idle)} {has} no effect yet: the setting data.providers chooses the source."
    return new, notice


def _without_idle(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Take out the options that nothing answers to yet, with their values, and give both sides."""
    kept: list[str] = []
    idle: dict[str, None] = {}
    queue = iter(words)
    for word in queue:
        flag, joined, _ = word.partition("=")
        if word == "--":
            return [*kept, word, *queue], list(idle)
        if flag not in _IDLE:
            kept.append(word)
            continue
        idle[_IDLE[flag]] = None
        if _IDLE[flag] == "--exchange" and not joined and next(queue, None) is None:
            raise ValidationError(f"{flag} needs a value.", hint="Name an exchange, or leave it out.")
    return kept, list(idle)


def _spelled_out(words: Sequence[str]) -> list[str]:
    end = words.index("--") if "--" in words else len(words)
    return [new for word in words[:end] for new in _WORDS.get(word, (word,))] + list(words[end:])


def _notice(old: Sequence[str], new: Sequence[str]) -> str:
    return f"The spelling 'ara {' '.join(old)}' is old; it is now: ara {' '.join(new)}"
