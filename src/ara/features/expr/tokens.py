"""The words of an expression, each with its place, and the error that points at one."""

import re
from dataclasses import dataclass
from typing import Final

from ara.errors import FeatureEngineeringError

__all__ = ["LONGEST", "Token", "fault", "tokens"]

LONGEST: Final = 1_000
"""Characters that an expression may have."""

_WORD: Final = re.compile(
    r"(?P<space>[ \t\r\n]+)"
    r"|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?(?![A-Za-z0-9_.]))"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<sign>\*\*|<=|>=|==|!=|[-+*/<>(),.=])"
)

_MEANT: Final = {"&": "and", "|": "or", "!": "not", "^": "**", "~": "not", "[": "(", "]": ")", "{": "(", "}": ")"}
_ENDLESS: Final = 1e308
_AROUND: Final = 60


@dataclass(frozen=True, slots=True)
class Token:
    """One word: what kind (`number`, `name`, `sign`, `end`), its text, and its place, counted from 0."""

    kind: str
    text: str
    at: int


def tokens(text: str) -> list[Token]:
    """Take an expression apart, the token of kind `end` last; FeatureEngineeringError where it can't be."""
    if len(text) > LONGEST:
        words = f"The expression has {len(text)} characters; at most {LONGEST} are allowed."
        raise FeatureEngineeringError(words, hint="Take it apart into several features.")
    found: list[Token] = []
    at = 0
    while at < len(text):
        match = _WORD.match(text, at)
        if match is None:
            raise fault(text, at, _unknown(text, at))
        kind, word = str(match.lastgroup), match.group()
        if kind == "number" and float(word) > _ENDLESS:
            raise fault(text, at, f"the number {word[:20]} is too large")
        if kind == "name" and len(word) > _AROUND:
            raise fault(text, at, "a name is not that long")
        if kind != "space":
            found.append(Token(kind, word.lower() if kind == "name" else word, at))
        at = match.end()
    return [*found, Token("end", "", len(text.rstrip()))]


def fault(text: str, at: int, words: str, *, hint: str | None = None) -> FeatureEngineeringError:
    """Make the error that shows the expression and points at the place."""
    start = max(0, at - _AROUND // 2)
    seen = "".join(one if one.isprintable() else " " for one in text[start : start + _AROUND])
    lead, rest = "..." if start else "", "..." if start + _AROUND < len(text) else ""
    pointer = " " * (len(lead) + at - start)
    # no-break spaces keep the pointer under its place where a screen folds text
    drawn = f"  {lead}{seen}{rest}\n  {pointer}^".replace(" ", "\u00a0")
    return FeatureEngineeringError(
        f"The expression is wrong at column {at + 1}: {words}{'' if words.endswith('?') else '.'}\n{drawn}",
        hint="For example: ema(close, 12) / ema(close, 26) - 1" if hint is None else hint,
        column=at + 1,
    )


def _unknown(text: str, at: int) -> str:
    sign = text[at]
    if sign.isdigit() or (sign == "." and text[at + 1 : at + 2].isdigit()):
        return "this is no number"
    if sign in _MEANT:
        return f"{sign} has no meaning here; write {_MEANT[sign]}"
    return f"{sign!a} has no meaning here"
