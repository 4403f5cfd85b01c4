"""Changing a settings file by one value and nothing else: comments, order, line ends and mode stay.

The new text is put between the characters where the old value stood. Then it is read again, and only written when it
says what the old one said but for that one value.
"""

import contextlib
import json
import os
import re
import tempfile
from pathlib import Path

from ara.errors import ConfigurationError, StoreError
from ara.settings.document import Document, Mapped, Node, Scalar, Sequenced, parse, read
from ara.settings.keys import find, keys

__all__ = ["changed", "put", "remove", "write"]

_PLAIN = re.compile(r"[A-Za-z0-9_/.][A-Za-z0-9_/.~+@-]*")
_ALL = 0o7777
_OWNER = 0o700
_NULLS = frozenset({"null", "Null", "NULL"})


def put(path: Path, key: str, raw: str, *, mode: int = 0o666) -> bool:
    """Set one value in a settings file, which is created where there is none; nothing is written unless it is valid.

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
    document = read(path) if os.path.lexists(path) else parse("", path)
    return write(path, changed(document, key, value), mode=mode)


def write(path: Path, text: str, *, mode: int = 0o666) -> bool:
    """Write a settings file so that at every moment the old or the new one is whole on disk.

    The byte order mark of an old file, its permissions and its owner are kept; `mode` is for a new one. A file that
    holds a secret is its owner's alone, new or old; gives whether an old one was open to others until now.
    """
    target = Path(os.path.realpath(path))
    widest = _OWNER if _holds_secret(text, path) else _ALL
    try:
        old = target.stat() if target.exists() else None
        data = text.encode()
        if old is not None and target.read_bytes()[:3] == b"\xef\xbb\xbf":
            data = b"\xef\xbb\xbf" + data
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".ara.", suffix=".tmp", dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            _dress(name, old, mode, widest)
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        _sync_folder(target.parent)
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
    return any(keys()[name].hides(value) for name, value in values.items() if name in keys())


def _dress(name: str, old: os.stat_result | None, mode: int, widest: int) -> None:
    if old is not None:
        Path(name).chmod(old.st_mode & widest)
        if hasattr(os, "chown"):
            with contextlib.suppress(PermissionError):
                os.chown(name, old.st_uid, old.st_gid)
        return
    mask = os.umask(0)
    os.umask(mask)
    Path(name).chmod(mode & ~mask & widest)


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove(path: Path) -> Path:
    """Put a settings file away as a back-up beside it, and give the back-up's path; no older back-up is overwritten."""
    number = 1
    backup = path.with_name(f"{path.name}.bak")
    try:
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
    branch, _, leaf = key.rpartition(".")
    text = _edited(document, branch, leaf, value)
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
        elif isinstance(value, Sequenced):
            flat[key] = tuple(item.text if isinstance(item, Scalar) else repr(item) for item in value.items)
        elif not value.null:
            flat[key] = value.text
    return flat


def _edited(document: Document, branch: str, leaf: str, value: str | tuple[str, ...]) -> str:
    root = document.root
    if root is None:
        return _appended(
            document, [f"{branch}:", f"  {leaf}: {_yaml(value)}"] if branch else [f"{leaf}: {_yaml(value)}"]
        )
    if not branch:
        return _entered(document, root, leaf, value, first=True)
    pair = root.pair(branch)
    if pair is None:
        if root.flow:
            return _inserted(document, root, f"{branch}: {{{leaf}: {_yaml(value)}}}")
        space = " " * root.column
        return _appended(document, ["", f"{space}{branch}:", f"{space}  {leaf}: {_yaml(value)}"])
    section = pair[1]
    if isinstance(section, Mapped):
        return _entered(document, section, leaf, value)
    text, inside = document.text, f"{leaf}: {_yaml(value)}"
    if section.start == section.end and not root.flow:
        return _after_line(document, section.end, " " * (root.column + 2) + inside)
    return f"{text[: section.start].rstrip(' ')} {{{inside}}}{text[section.end :]}"


def _entered(
    document: Document, mapping: Mapped, leaf: str, value: str | tuple[str, ...], *, first: bool = False
) -> str:
    pair = mapping.pair(leaf)
    if pair is not None:
        return _replaced(document, pair[1], value)
    entry = f"{leaf}: {_yaml(value)}"
    if mapping.flow:
        return _inserted(document, mapping, entry)
    space = " " * mapping.column
    if first:
        text, start = document.text, mapping.start
        return f"{text[:start]}{entry}{_newline(text)}{space}{text[start:]}"
    return _after_line(document, _end(document.text, mapping), space + entry)


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


def _after_line(document: Document, index: int, line: str) -> str:
    text, newline = document.text, _newline(document.text)
    stop = text.find("\n", index)
    if stop < 0:
        return f"{text}{newline}{line}{newline}"
    return f"{text[: stop + 1]}{line}{newline}{text[stop + 1 :]}"


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
