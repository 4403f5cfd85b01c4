"""What is asked of documents: conditions, an order and a place to go on from, checked once for every back-end.

Kinds and field names come from the record's own definition, of letters that were checked, and values are always bound,
so nothing a caller passes becomes part of a statement. The kind stands in it as it is, so that an index of one kind is
used.
"""

import math
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import Enum
from typing import Any, Protocol, TypeVar

import msgspec

from ara.errors import ValidationError
from ara.store.documents import decode, encode, instant_text, schema
from ara.store.store import Between, Place, Record

__all__ = ["Condition", "Dialect", "Query", "Value", "pages", "parse"]

_R = TypeVar("_R", bound=Record)
Value = str | int | float | bool | None
"""What a field is compared with: dates and times are text by then."""

_PAGE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One field compared with one value.

    Parameters
    ----------
    field
        A field of the record.
    family
        How it compares: text, number or flag.
    sign
        `=`, `>=` or `<=`.
    value
        What it is compared with; None only with `=`.
    """

    field: str
    family: str
    sign: str
    value: Value

    def holds(self, document: Mapping[str, Any]) -> bool:
        """Tell whether a document meets the condition; None meets no range."""
        found = document.get(self.field)
        if self.value is None or found is None:
            return self.sign == "=" and found is self.value
        if self.sign == "=":
            return bool(found == self.value)
        return bool(found >= self.value if self.sign == ">=" else found <= self.value)


class Dialect(Protocol):
    """How a database writes fields and values of documents."""

    def field(self, name: str, family: str) -> str:
        """Give the expression of a field, null where the document has null."""
        ...

    def order(self, name: str, family: str, *, chosen: bool) -> str:
        """Give the expression that is sorted by; `chosen`: what is sorted is the few that meet conditions."""
        ...

    def bind(self, value: Value, family: str, arguments: list[Any]) -> str:
        """Add a value to the arguments and give its place holder."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A checked question.

    Parameters
    ----------
    kind
        Name of the kind of document.
    conditions
        All of them hold.
    order, family
        The field sorted by and how it compares.
    descending
        Largest first.
    after
        Value of that field, and id, of the last document that was given; None at the start.
    """

    kind: str
    conditions: tuple[Condition, ...]
    order: str
    family: str
    descending: bool
    after: tuple[Value, str] | None

    def select(self, documents: Mapping[str, bytes], limit: int) -> list[bytes | str]:
        """Answer the question from documents in memory."""
        rows = [(msgspec.json.decode(body), body) for body in documents.values()]
        rows = [row for row in rows if all(one.holds(row[0]) for one in self.conditions)]
        rows.sort(key=lambda row: self._rank(row[0].get(self.order), row[0]["id"]), reverse=self.descending)
        if self.after is not None:
            last = self._rank(*self.after)
            rows = [
                row
                for row in rows
                if (rank := self._rank(row[0].get(self.order), row[0]["id"])) != last
                and (rank < last) == self.descending
            ]
        return [body for _, body in rows[:limit]]

    @staticmethod
    def _rank(value: Value, id: str) -> tuple[Any, ...]:
        return (False, "", id) if value is None else (True, value, id)

    def statement(self, dialect: Dialect, limit: int) -> tuple[str, list[Any]]:
        """Write the question as SQL over the table `documents`, with its arguments."""
        arguments: list[Any] = []
        terms = [f"kind = '{self.kind}'"]
        for one in self.conditions:
            field = dialect.field(one.field, one.family)
            if one.value is None:
                terms.append(f"{field} IS NULL")
            else:
                terms.append(f"{field} {one.sign} {dialect.bind(one.value, one.family, arguments)}")
        if self.after is not None:
            terms.append(self._behind(dialect, *self.after, arguments=arguments))
        chosen = bool(self.conditions)
        field, id = (dialect.order(*one, chosen=chosen) for one in ((self.order, self.family), ("id", "text")))
        way = "DESC" if self.descending else "ASC"
        nulls = "LAST" if self.descending else "FIRST"
        found = f"SELECT body FROM documents WHERE {' AND '.join(terms)}"  # noqa: S608 - names are checked, values bound
        return f"{found} ORDER BY {field} {way} NULLS {nulls}, {id} {way} LIMIT {limit:d}", arguments

    def _behind(self, dialect: Dialect, value: Value, last: str, *, arguments: list[Any]) -> str:
        field, id = dialect.field(self.order, self.family), dialect.field("id", "text")
        beyond = "<" if self.descending else ">"
        if value is None:
            tie = f"({field} IS NULL AND {id} {beyond} {dialect.bind(last, 'text', arguments)})"
            return tie if self.descending else f"({tie} OR {field} IS NOT NULL)"
        further = f"{field} {beyond} {dialect.bind(value, self.family, arguments)}"
        tie = f"({field} = {dialect.bind(value, self.family, arguments)}"
        tie += f" AND {id} {beyond} {dialect.bind(last, 'text', arguments)})"
        return f"({further} OR {tie} OR {field} IS NULL)" if self.descending else f"({further} OR {tie})"


def parse(kind: type[_R], where: Mapping[str, Any] | None, *, order: str, after: _R | Place | None) -> Query:
    """Check a question against the fields of its kind."""
    families = schema(kind)
    conditions = tuple(
        condition for name, value in (where or {}).items() for condition in _conditions(kind, name, value)
    )
    descending, name = order.startswith("-"), order.removeprefix("-")
    if name not in families:
        raise _unknown_field(kind, name)
    query = Query(
        kind=kind.kind, conditions=conditions, order=name, family=families[name], descending=descending, after=None
    )
    if isinstance(after, Place):
        return replace(query, after=(_value(name, families[name], after.value), after.id))
    return query if after is None else _continued(query, encode(after))


async def pages(
    kind: type[_R], query: Query, *, limit: int | None, read: Callable[[Query, int], Awaitable[list[bytes | str]]]
) -> AsyncIterator[_R]:
    """Give what a question finds, document by document, asking the back-end for a page at a time."""
    if limit is not None and limit < 0:
        raise ValidationError(f"limit is {limit}; allowed is 0 or more, or None for all.")
    left = math.inf if limit is None else limit
    while left > 0:
        size = int(min(_PAGE, left))
        page = await read(query, size)
        for body in page:
            yield decode(kind, body)
        if len(page) < size:
            return
        left -= size
        query = _continued(query, page[-1])


def _continued(query: Query, body: bytes | str) -> Query:
    document = msgspec.json.decode(body)
    return replace(query, after=(document.get(query.order), document["id"]))


def _conditions(kind: type[Record], name: str, value: Any) -> list[Condition]:
    families = schema(kind)
    if name not in families:
        raise _unknown_field(kind, name)
    family = families[name]
    ends = [(">=", value.low), ("<=", value.high)] if isinstance(value, Between) else [("=", value)]
    return [
        Condition(field=name, family=family, sign=sign, value=_value(name, family, end))
        for sign, end in ends
        if end is not None or sign == "="
    ]


def _value(name: str, family: str, value: Any) -> Value:
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, datetime):
        value = instant_text(value)
    elif isinstance(value, date):
        value = value.isoformat()
    number = isinstance(value, int | float) and not isinstance(value, bool)
    fits = {"text": isinstance(value, str), "number": number, "flag": isinstance(value, bool)}[family]
    if value is not None and not fits:
        raise ValidationError(f"The field {name!r} holds a {family}; {value!r} can't be compared with it.")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValidationError(f"The field {name!r} can't be compared with {value!r}; allowed are finite numbers.")
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise ValidationError(f"The field {name!r} can't be compared with {value!r}; allowed are integers of 64 bits.")
    if isinstance(value, str) and value:
        _check_text(name, value)
    return value  # type: ignore[no-any-return]


def _check_text(name: str, value: str) -> None:
    if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise ValidationError(f"The field {name!r} can't be compared with {value!r}: no document can hold that text.")


def _unknown_field(kind: type[Record], name: str) -> ValidationError:
    known = ", ".join(sorted(schema(kind)))
    return ValidationError(f"A {kind.kind} has no field {name[:60]!r} to search or sort by; it has {known}.")
