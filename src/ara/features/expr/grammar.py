"""The grammar of expressions, read from left to right.

From loose to tight: `or`, `and`, `not`, one comparison, `+ -`, `* /`, a leading `-`, `**` (from right to left), calls.
"""

from typing import Final

from ara.features.expr.builder import Builder, Given, Value
from ara.features.expr.parts import LOGIC, OPERATORS
from ara.features.expr.tokens import Token, fault, tokens

__all__ = ["DEEPEST", "Grammar"]

DEEPEST: Final = 24
"""How deep parentheses, calls and leading signs may be within each other."""

_COMPARED: Final = 4
_NOT: Final = 3
_NEGATIVE: Final = 7
_POWER: Final = 8
_MOST: Final = 16


class Grammar:
    """Reads one expression.

    Parameters
    ----------
    text
        As written.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokens(text)
        self._next = 0
        self._depth = 0
        self.builder = Builder(text)

    def read(self) -> Value:
        """Read all of it."""
        if self._seen.kind == "end":
            raise fault(self._text, 0, "it is empty")
        found = self._binding(1)
        token = self._seen
        if token.kind != "end":
            known = {")": "this parenthesis was never opened", "=": "= names a parameter of a call; compare with =="}
            words = (
                known.get(token.text) or f"{token.text:.40} is not expected here; a sign such as + - * / or the end is"
            )
            raise fault(self._text, token.at, words)
        return found

    @property
    def _seen(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._seen
        self._next += token.kind != "end"
        return token

    def _takes(self, sign: str) -> bool:
        if self._seen.kind == "sign" and self._seen.text == sign:
            self._next += 1
            return True
        return False

    def _binding(self, least: int) -> Value:
        """Read what is held together by signs that bind at least so tightly."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise fault(self._text, self._seen.at, f"it is nested deeper than {DEEPEST} levels")
        found = self._leading(least)
        while True:
            token = self._seen
            operator = OPERATORS.get(token.text) if token.kind != "number" else None
            if operator is None or operator.binding < least:
                break
            self._take()
            binding = operator.binding
            other = self._binding(_NEGATIVE if binding == _POWER else binding + 1)
            found = self.builder.sign(token.text, found, other, token.at)
            if (
                binding == _COMPARED
                and self._seen.text in OPERATORS
                and OPERATORS[self._seen.text].binding == _COMPARED
            ):
                raise fault(self._text, self._seen.at, "one comparison at a time: write a < b and b < c")
        self._depth -= 1
        return found

    def _leading(self, least: int) -> Value:
        token = self._seen
        if token.kind == "name" and token.text == "not" and least <= _NOT:
            self._take()
            return self.builder.denied(self._binding(_NOT), token.at)
        if self._takes("-"):
            return self.builder.negative(self._binding(_NEGATIVE), token.at)
        if self._takes("+"):
            return self._binding(_NEGATIVE)
        found = self._atom()
        while self._takes("."):
            name = self._take()
            if name.kind != "name":
                raise fault(self._text, name.at, "the name of an output is expected after the dot")
            found = self.builder.output(found, name.text, name.at)
        return found

    def _atom(self) -> Value:
        token = self._take()
        if token.kind == "number":
            return self.builder.number(float(token.text), token.at)
        if token.kind == "name" and token.text not in LOGIC:
            if self._takes("("):
                return self.builder.call(token.text, self._given(token), token.at)
            return self.builder.name(token.text, token.at)
        if token.text == "(":
            found = self._binding(1)
            self._close(token)
            return found
        if token.kind == "end":
            raise fault(self._text, token.at, "it ends too early; a column, number, function or indicator is expected")
        raise fault(
            self._text, token.at, f"{token.text} is not expected here; a column, number, function or indicator is"
        )

    def _given(self, opened: Token) -> Given:
        values: list[Value] = []
        named: list[tuple[str, Value, int]] = []
        if self._takes(")"):
            return Given()
        while True:
            if len(values) + len(named) >= _MOST:
                raise fault(self._text, self._seen.at, f"a call takes {_MOST} at most")
            name, sign = self._seen, self._tokens[min(self._next + 1, len(self._tokens) - 1)]
            if name.kind == "name" and sign.text == "=":
                self._next += 2
                named.append((name.text, self._binding(1), name.at))
            elif named:
                raise fault(self._text, name.at, "what is named comes last in a call")
            else:
                values.append(self._binding(1))
            if not self._takes(","):
                break
        self._close(opened)
        return Given(values=tuple(values), named=tuple(named))

    def _close(self, opened: Token) -> None:
        if self._takes(")"):
            return
        token = self._seen
        if token.kind == "end":
            raise fault(self._text, token.at, f"the parenthesis after column {opened.at + 1} is not closed")
        if token.text == "=":
            raise fault(self._text, token.at, "= names a parameter of a call; compare with ==")
        raise fault(self._text, token.at, f"{token.text:.40} is not expected here; a sign, a comma or ) is")
