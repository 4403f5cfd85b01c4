"""Reading a settings file: YAML, as little of it as settings need, with the place of every value.

The text is taken apart by PyYAML's events, not by its constructors. So every value keeps its own text whatever YAML
would make of it (`on`, `1:30`, `2021-03-31`), nothing in a file can build an object, and an alias can't multiply.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ara.errors import ConfigurationError
from ara.settings.keys import shown

__all__ = ["LARGEST", "Document", "Mapped", "Node", "Scalar", "Sequenced", "parse", "read"]

LARGEST = 1_000_000
"""Bytes that a settings file may have."""

_DEEPEST = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    """One text of a file, between the characters `start` and `end`; `null` where it says that nothing is set."""

    text: str
    null: bool
    line: int
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequenced:
    """A list of a file."""

    items: tuple["Scalar | Sequenced | Mapped", ...]
    flow: bool
    line: int
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """A mapping of a file: pairs in their order, and the column at which a block's keys stand."""

    pairs: tuple[tuple[Scalar, "Scalar | Sequenced | Mapped"], ...]
    flow: bool
    column: int
    line: int
    start: int
    end: int

    def pair(self, name: str) -> tuple[Scalar, "Scalar | Sequenced | Mapped"] | None:
        """Give the key and the value of that name; None where there is none."""
        return next((pair for pair in self.pairs if pair[0].text == name), None)


Node = Scalar | Sequenced | Mapped
"""What stands at a place in a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A file that was read.

    Parameters
    ----------
    path
        Its place.
    text
        Its characters, line ends as they are, without the byte order mark.
    root
        Its mapping; None where it says nothing.
    end
        The character before which more may be written.
    """

    path: Path
    text: str
    root: Mapped | None
    end: int


def read(path: Path) -> Document:
    """Read a settings file; ConfigurationError with its path and line where it isn't one."""
    try:
        if not path.is_file():
            raise _refused(path, "is not a file")
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise _refused(path, f"can't be read: {error.strerror or error}") from None
    if len(data) > LARGEST:
        raise _refused(path, f"is larger than {LARGEST // 1_000_000} MB, which no settings are")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _refused(path, "is not UTF-8 text", line=line) from None
    return parse(text, path)


def parse(text: str, path: Path) -> Document:
    """Take the text of a settings file apart; `path` is named in errors."""
    for number, row in enumerate(text.split("\n"), 1):
        if "\t" in row[: len(row) - len(row.lstrip())]:
            raise _refused(path, "has a tab in its indentation; only spaces may stand there", line=number)
    import yaml

    try:
        return _document(text, path)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise _refused(path, "has a character that no YAML text may hold", line=line) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = " ".join(f"is not YAML: {error.problem or error.context}".split())
        raise _refused(path, reason, line=mark.line + 1 if mark else 0) from None


def _refused(path: Path, reason: str, *, line: int = 0) -> ConfigurationError:
    place = f"{path}:{line}" if line else str(path)
    return ConfigurationError(
        f"{place} {reason}.",
        hint="Correct the file, or put it away and write a new one: ara config reset, ara config init",
        place=place,
    )


def _document(text: str, path: Path) -> Document:
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    events: Iterator[Any] = iter(yaml.parse(text, Loader=loader))
    root: Node | None = None
    end = len(text)
    documents = 0
    for event in events:
        mark: Any = event.start_mark
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise _refused(path, "holds more than one document", line=mark.line + 1)
        elif isinstance(event, yaml.DocumentEndEvent):
            end = mark.index if event.explicit else len(text)
        elif isinstance(event, yaml.NodeEvent):
            root = _node(event, events, path, 1)
    if root is None or (isinstance(root, Scalar) and root.null):
        return Document(path=path, text=text, root=None, end=end)
    if not isinstance(root, Mapped):
        raise _refused(path, "is not a mapping of settings such as `prediction: {days: 7}`", line=root.line)
    return Document(path=path, text=text, root=root, end=end)


def _node(event: Any, events: Iterator[Any], path: Path, depth: int) -> Node:
    import yaml

    line = event.start_mark.line + 1
    if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
        raise _refused(path, "has an anchor or an alias (& or *), which settings don't need", line=line)
    if event.tag is not None:
        raise _refused(path, f"has a tag ({shown(event.tag)}), which settings don't need", line=line)
    if depth > _DEEPEST:
        raise _refused(path, f"is nested deeper than {_DEEPEST} levels", line=line)
    start, end, column = event.start_mark.index, event.end_mark.index, event.start_mark.column
    if isinstance(event, yaml.ScalarEvent):
        null = not event.style and event.value in {"", "~", "null", "Null", "NULL"}
        return Scalar(text=event.value, null=null, line=line, start=start, end=end)
    flow = bool(event.flow_style)
    if isinstance(event, yaml.SequenceStartEvent):
        items, end = _items(events, path, depth)
        return Sequenced(items=items, flow=flow, line=line, start=start, end=end)
    pairs, end = _pairs(events, path, depth)
    return Mapped(pairs=pairs, flow=flow, column=column, line=line, start=start, end=end)


def _items(events: Iterator[Any], path: Path, depth: int) -> tuple[tuple[Node, ...], int]:
    import yaml

    items: list[Node] = []
    while not isinstance(event := next(events), yaml.SequenceEndEvent):
        items.append(_node(event, events, path, depth + 1))
    return tuple(items), _index(event.end_mark)


def _pairs(events: Iterator[Any], path: Path, depth: int) -> tuple[tuple[tuple[Scalar, Node], ...], int]:
    import yaml

    pairs: dict[str, tuple[Scalar, Node]] = {}
    while not isinstance(event := next(events), yaml.MappingEndEvent):
        key = _node(event, events, path, depth + 1)
        if not isinstance(key, Scalar):
            raise _refused(path, "has a list or a mapping where a name belongs", line=key.line)
        if key.text in pairs:
            first = pairs[key.text][0].line
            raise _refused(path, f"says {shown(key.text)} twice, first in line {first}", line=key.line)
        pairs[key.text] = key, _node(next(events), events, path, depth + 1)
    return tuple(pairs.values()), _index(event.end_mark)


def _index(mark: Any) -> int:
    return int(mark.index)
