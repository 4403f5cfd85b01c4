"""Words on a terminal: their width in columns, lines that fit, and nothing in them that could move the cursor."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

__all__ = ["clean", "folded", "padded", "width", "wrapped"]

_KEPT: Final = "\n\t"
_GLUE: Final = "\u00a0"


def clean(text: str) -> str:
    r"""Give the text with control and formatting characters spelled out: an escape becomes `\x1b`."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(character if _harmless(character) else _spelled(character) for character in text)


def _harmless(character: str) -> bool:
    return character in _KEPT or (unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def _spelled(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def width(text: str) -> int:
    """Give the columns that a text fills: two for an ideograph, none for a combining mark."""
    if text.isascii():
        return len(text)
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def padded(text: str, columns: int, *, right: bool = False) -> str:
    """Give the text filled up with spaces, behind it or (`right`) before it."""
    space = " " * max(columns - width(text), 0)
    return space + text if right else text + space


def wrapped(text: str, columns: int, *, indent: str = "") -> list[str]:
    """Give the lines of a text, each at most so wide; a word longer than a line stands alone, uncut.

    A number stays with its percent sign, and a no-break space breaks only where a line can't hold what it joins.
    `indent` stands before every line but the first of each paragraph.
    """
    lines: list[str] = []
    for paragraph in text.replace(" %", f"{_GLUE}%").split("\n"):
        line, filled = "", False
        for word in _words(paragraph, columns - width(indent)):
            longer = f"{line} {word}" if filled else line + word
            if filled and width(longer) > columns:
                lines.append(line)
                line = indent + word
            else:
                line = longer
            filled = True
        lines.append(line)
    return [line.replace(_GLUE, " ") for line in lines]


def folded(text: str, columns: int) -> list[str]:
    """Give the lines of a text, each at most so wide, in the middle of a word where it is longer than a line."""
    lines: list[str] = []
    for line in wrapped(text, columns):
        lines.append("")
        for character in line:
            if lines[-1] and width(lines[-1] + character) > columns:
                lines.append("")
            lines[-1] += character
    return lines


def _words(paragraph: str, room: int) -> Iterator[str]:
    for word in re.findall(r"[^ \t]+", paragraph):
        yield from word.split(_GLUE) if width(word) > room else (word,)
