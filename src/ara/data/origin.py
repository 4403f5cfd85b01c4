"""What an origin of bars may be called: names that stand in lists, on one line each, and can be typed again."""

import unicodedata
from typing import Final

from ara.errors import ValidationError

__all__ = ["cleaned", "origin", "shown"]

_LONGEST: Final = 200
_SIGNS: Final = " ._-+:=^@()&,"
_SHOWN: Final = 40
_NAMELESS: Final = "file"


def origin(name: str) -> str:
    """Give the name that a user gives to where bars come from, `file:` before it or not; nothing for nothing.

    Raises
    ------
    ValidationError
        It is longer than 200 characters, doesn't begin with a letter or digit (after one `^` at most), holds `..`, or
        anything else than letters, digits, spaces and `._-+:=^@()&,`.
    """
    bare = name.removeprefix("file:")
    odd = next((letter for letter in bare if not letter.isalnum() and letter not in _SIGNS), "")
    if odd:
        why = f"it holds {odd!a}"
    elif len(bare) > _LONGEST:
        why = f"it has {len(bare)} characters"
    elif ".." in bare or bare != bare.strip():
        why = "it climbs out of a folder" if ".." in bare else "it begins or ends with a space"
    elif name and not bare.removeprefix("^")[:1].isalnum():
        why = "it begins with no letter or digit"
    else:
        return name
    shown = name if name.isprintable() and len(name) <= _SHOWN else ascii(name[:_SHOWN])
    raise ValidationError(
        f"{shown} is no name of a source: {why}.",
        hint=f"Take up to {_LONGEST} letters and digits, and {_SIGNS.strip()} between them: --source vendor_2024.",
    )


def cleaned(stem: str) -> str:
    """Give a file's name as one that `origin` takes: what that refuses becomes `_`, and a letter or digit begins it."""
    plain = unicodedata.normalize("NFC", stem)
    signs = "".join(letter if letter.isalnum() or letter in _SIGNS else "_" for letter in plain)
    bare = signs.replace("..", "._").strip()
    begins = bare.removeprefix("^")[:1].isalnum()
    return (bare if begins else f"{_NAMELESS}{bare}")[:_LONGEST].rstrip()


def shown(name: str) -> str:
    r"""Give a file's name on one line, as messages call it: what can't be seen is spelled out, such as `\n`."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in name)
