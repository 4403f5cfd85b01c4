"""Changing a settings file by one value and nothing else: comments, order, line ends and mode stay.

The new text is put between the characters where the old value stood. Then it is read again, and only written when it
says what the old one said but for that one value.
"""

import contextlib
import json
import os
import re
from pathlib import Path

from ara.errors import ConfigurationError, StoreError
from ara.settings.document import Document, Mapped, Node, Scalar, Sequenced, parse, read
from ara.settings.keys import SOURCES, find, known
from ara.settings.turn import turn
from ara.whole import writing

__all__ = ["changed", "put", "remove", "write"]

_PLAIN = re.compile(r"[A-Za-z0-9_/.][A-Za-z0-9_/.~+@-]*")
_ALL = 0o7777
_OWNER = 0o700
_ORDER = f"{SOURCES}.order"
_NULLS = frozenset({"null", "Null", "NULL"})


def put(path: Path, key: str, raw: str, *, mode: int = 0o666) -> bool:
    """Set one value in a settings file, which is created where there is none; nothing is written unless it is valid.

    One process at a time reads, changes and writes a file, so that of several values set at once none is lost.
    Gives whether others could open the file and no longer can; see `write`.

    Parameters
    ----------
    path
        The file; where it is a link, the file it points to.
    key
        The dotted key.
    raw
        The value as text, as on the command line.
    mode
        The permissions of a new file, less the process's mask; those of an old one are kept.
    """
    setting = find(key)
    try:
        value = setting.text(setting.parse(raw))
    except ValueError:
        message = setting.refusal(raw)
        raise ConfigurationError(message, hint="Nothing was changed.", key=key, allowed=setting.allowed) from None
    with turn(path):
        document = read(path) if os.path.lexists(path) else parse("", path)
        return _written(path, changed(document, key, value), mode=mode)


def write(path: Path, text: str, *, mode: int = 0o666) -> bool:
    """Write a settings file so that at every moment the old or the new one is whole on disk.

    The byte order mark of an old file, its permissions and its owner are kept; `mode` is for a new one. A file that
    holds a secret is its owner's alone, new or old; gives whether an old one was open to others until now.
    """
    with turn(path):
        return _written(path, text, mode=mode)


def _written(path: Path, text: str, *, mode: int) -> bool:
    target = Path(os.path.realpath(path))
    widest = _OWNER if _holds_secret(text, path) else _ALL
    try:
        old = target.stat() if target.exists() else None
        data = text.encode()
        if old is not None and target.read_bytes()[:3] == b"\xef\xbb\xbf":
            data = b"\xef\xbb\xbf" + data
        with writing(target, mode=mode & widest) as file:
            if old is not None:
                _dress(file.name, old, widest)
            file.write(data)
        return old is not None and old.st_mode & _ALL & ~widest != 0
    except OSError as error:
        raise StoreError(
            f"{path} can't be written: {error.strerror or error}.",
            hint="Check that its folder may be written and its disk has room. The old file is as it was.",
        ) from None


def _holds_secret(text: str, path: Path) -> bool:
    try:
        values = _flat(parse(text, path).root)
    except ConfigurationError:  # what can't be read may hold anything
        return True
    return any(key.hides(value) for name, value in values.items() if (key := known(name)) is not None)


def _dress(name: str, old: os.stat_result, widest: int) -> None:
    Path(name).chmod(old.st_mode & widest)
    if hasattr(os, "chown"):
        with contextlib.suppress(PermissionError):
            os.chown(name, old.st_uid, old.st_gid)


def remove(path: Path) -> Path:
    """Put a settings file away as a back-up beside it, and give the back-up's path; no older back-up is overwritten."""
    number = 1
    backup = path.with_name(f"{path.name}.bak")
    try:
        with turn(path):
            while os.path.lexists(backup):
                number += 1
                backup = path.with_name(f"{path.name}.bak{number}")
            return path.rename(backup)
    except OSError as error:
        raise StoreError(
            f"{path} can't be put away: {error.strerror or error}.", hint="Check that its folder may be written."
        ) from None


def changed(document: Document, key: str, value: str | tuple[str, ...]) -> str:
    """Give the text of a file with one value set; ConfigurationError where it is written too oddly to be changed."""
    text = _edited(document, key, value)
    wanted = {**_flat(document.root), key: value}
    try:
        got = _flat(parse(text, document.path).root)
    except ConfigurationError:
        got = None
    if got != wanted:
        raise ConfigurationError(
            f"{document.path} is written in a way that {key} can't be set in it without changing more.",
            hint="Set it with an editor, then check: ara config check",
        )
    return text


def _flat(node: Node | None, prefix: str = "") -> dict[str, str | tuple[str, ...]]:
    if not isinstance(node, Mapped):
        return {}
    flat: dict[str, str | tuple[str, ...]] = {}
    for name, value in node.pairs:
        key = prefix + name.text
        if isinstance(value, Mapped):
            flat |= _flat(value, f"{key}.")
            continue
        key = SOURCES if key == _ORDER else key
        if isinstance(value, Sequenced):
            flat[key] = tuple(item.text if isinstance(item, Scalar) else repr(item) for item in value.items)
        elif not value.null:
            flat[key] = value.text
    return flat


def _edited(document: Document, key: str, value: str | tuple[str, ...]) -> str:
    mapping, names = document.root, key.split(".")
    if mapping is None:
        return _appended(document, _block(names, value))
    while len(names) > 1 and (pair := mapping.pair(names[0])) and isinstance(pair[1], Mapped):
        mapping, names = pair[1], names[1:]
    pair = mapping.pair(names[0])
    if key == SOURCES and len(names) == 1 and pair and isinstance(pair[1], Mapped):
        mapping, names = pair[1], ["order"]
        pair = mapping.pair("order")
    if pair is None:
        return _entered(document, mapping, names, value)
    node = pair[1]
    if len(names) == 1:
        return _replaced(document, node, value)
    if isinstance(node, Mapped) or node.start != node.end:
        return _wrapped(document, node, mapping.column, names[1:], value)
    if mapping.flow:
        return f"{document.text[: node.start]} {{{_line(names[1:], value)}}}{document.text[node.end :]}"
    return _after(document.text, node.end, _block(names[1:], value, mapping.column + 2))


def _entered(document: Document, mapping: Mapped, names: list[str], value: str | tuple[str, ...]) -> str:
    """Put what is not there yet into a mapping: at its end, but a single value of the whole file at its beginning."""
    text = document.text
    if mapping.flow:
        return _inserted(document, mapping, _line(names, value))
    lines = _block(names, value, mapping.column)
    if mapping is not document.root:
        return _after(text, _end(text, mapping), lines)
    if len(names) > 1:
        return _appended(document, ["", *lines])
    return f"{text[: mapping.start]}{_line(names, value)}{_newline(text)}{' ' * mapping.column}{text[mapping.start :]}"


def _wrapped(document: Document, node: Node, column: int, names: list[str], value: str | tuple[str, ...]) -> str:
    """Make a mapping of what stands where one is needed: a list of sources becomes its `order`."""
    text, end = document.text, _end(document.text, node)
    if isinstance(node, Scalar) and node.null:
        return f"{text[: node.start].rstrip(' ')} {{{_line(names, value)}}}{text[node.end :]}"
    if isinstance(node, Scalar) or node.flow:
        held = _yaml(node.text) if isinstance(node, Scalar) else text[node.start : end]
        return f"{text[: node.start]}{{order: {held}, {_line(names, value)}}}{text[end:]}"
    first = text.rfind("\n", 0, node.start) + 1
    shift = "" if node.start - first > column else "  "
    space, newline = text[first : node.start] + shift, _newline(text)
    items = "".join(shift + line if line.strip() else line for line in text[first:end].splitlines(keepends=True))
    start = f"{text[:first]}{space}order:{newline}{items}"
    return _after(start + text[end:], len(start), _block(names, value, len(space)))


def _block(names: list[str], value: str | tuple[str, ...], column: int = 0) -> list[str]:
    """Give nested entries as lines of a block, one for each name."""
    lines = [f"{' ' * (column + 2 * depth)}{name}:" for depth, name in enumerate(names)]
    return [*lines[:-1], f"{lines[-1]} {_yaml(value)}"]


def _line(names: list[str], value: str | tuple[str, ...]) -> str:
    """Give nested entries as they stand between braces."""
    return ": {".join(names) + f": {_yaml(value)}" + "}" * (len(names) - 1)


def _replaced(document: Document, node: Node, value: str | tuple[str, ...]) -> str:
    text = document.text
    start, end = node.start, _end(text, node)
    new = _yaml(value)
    if isinstance(node, Sequenced) and not node.flow and isinstance(value, tuple):
        space = " " * (start - text.rfind("\n", 0, start) - 1)
        new = f"{_newline(text)}{space}".join(f"- {_yaml(item)}" for item in value)
    elif start == end:
        new = f" {new}"
    return text[:start] + new + text[end:]


def _inserted(document: Document, mapping: Mapped, entry: str) -> str:
    text, brace = document.text, mapping.end - 1
    before = text[:brace].rstrip()
    comma = ", " if mapping.pairs and not before.endswith(",") else ""
    return text[:brace] + comma + entry + text[brace:]


def _after(text: str, index: int, lines: list[str]) -> str:
    newline = _newline(text)
    block = newline.join(lines) + newline
    stop = text.find("\n", index)
    return f"{text}{newline}{block}" if stop < 0 else f"{text[: stop + 1]}{block}{text[stop + 1 :]}"


def _appended(document: Document, lines: list[str]) -> str:
    newline = _newline(document.text)
    before, after = document.text[: document.end], document.text[document.end :]
    if before and not before.endswith("\n"):
        before += newline
    if before.endswith(newline * 2) and not lines[0]:
        lines = lines[1:]
    return before + "".join(line + newline for line in lines) + after


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _end(text: str, node: Node) -> int:
    """Give the last character of a node itself: its mark may lie behind the comments that follow."""
    if isinstance(node, Scalar):
        return node.start + len(text[node.start : node.end].rstrip())
    if node.flow:
        return node.end
    last = node.items[-1] if isinstance(node, Sequenced) else node.pairs[-1][1]
    return _end(text, last)


def _yaml(value: str | tuple[str, ...]) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(_yaml(item) for item in value)}]"
    if _PLAIN.fullmatch(value) and value not in _NULLS:
        return value
    return "".join(each if each.isprintable() else _escaped(each) for each in json.dumps(value, ensure_ascii=False))


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\U{code:08x}" if code > 0xFFFF else f"\\u{code:04x}"
