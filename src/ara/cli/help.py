"""Help pages and usage errors in Ara's own voice, from what Typer knows about a command."""

import inspect
from collections.abc import Iterator, Sequence
from typing import Any

import typer

from ara.cli.app import COMMANDS, EXAMPLES, GLOBAL_FLAGS, SUMMARY
from ara.cli.palette import Palette
from ara.cli.words import clean, padded, wrapped
from ara.cli.words import width as columns
from ara.errors import AraError, ValidationError

__all__ = ["asked", "document", "explained", "overview_document", "page"]


def asked(command: Any, words: Sequence[str]) -> tuple[Any, str] | None:
    """Give the command whose page is asked for and its full name, or None: `--help` anywhere, or a bare group."""
    path, target = [str(command.name)], command
    for word in words:
        inner = getattr(target, "commands", {}).get(word)
        if inner is None:
            break
        path, target = [*path, word], inner
    before = list(words[: words.index("--")]) if "--" in words else list(words)
    bare = hasattr(target, "commands") and len(words) == len(path) - 1
    if "--help" in before or bare or ("-h" in before and "-h" not in _spellings(target)):
        return target, f"ara {' '.join(path)}"
    return None


def _spellings(command: Any) -> set[str]:
    return {spelling for parameter in command.params for spelling in parameter.opts}


def page(command: Any, name: str, *, width: int, palette: Palette) -> str:
    """Give a command's help page: what it does, three examples, its usage, every argument and option."""
    summary, examples, rest = _told(command.help or "")
    lines = [*wrapped(summary, width), ""]
    lines += [*(f"  {_example(example, palette)}" for example in examples), ""] if examples else []
    lines += [*wrapped(f"Usage: {name} {' '.join(_usage(command))}", width, indent="       "), ""]
    for paragraph in rest:
        lines += [*wrapped(paragraph, width), ""]
    for title, rows in _sections(command):
        lines += [palette(title, "strong"), *_table(rows, width), ""]
    lines += [palette("Anywhere", "strong"), *_table(GLOBAL_FLAGS, width)]
    return "\n".join(lines)


def document(command: Any, name: str) -> dict[str, Any]:
    """Give a command's help page as JSON values."""
    summary, examples, rest = _told(command.help or "")
    sections = dict(_sections(command))
    return {
        "schema": 1,
        "name": name,
        "summary": summary,
        "details": rest,
        "usage": f"{name} {' '.join(_usage(command))}".strip(),
        "examples": examples,
        "commands": [{"name": inner, "summary": words} for inner, words in sections.get("Commands", ())],
        "arguments": [{"name": label, "summary": words} for label, words in sections.get("Arguments", ())],
        "options": [_option(*row) for row in (*sections.get("Options", ()), *GLOBAL_FLAGS)],
    }


def overview_document() -> dict[str, Any]:
    """Give the page of `ara --help` as JSON values."""
    return {
        "schema": 1,
        "name": "ara",
        "summary": SUMMARY,
        "details": [],
        "usage": "ara COMMAND",
        "examples": list(EXAMPLES),
        "commands": [{"name": name, "summary": words} for group in COMMANDS.values() for name, words in group.items()],
        "arguments": [],
        "options": [_option(*row) for row in GLOBAL_FLAGS],
    }


def _option(label: str, words: str) -> dict[str, Any]:
    parts = label.replace(",", "").split()
    spelled = [part for part in parts if part.startswith("-")]
    value = " ".join(parts[len(spelled) :])
    return {"flags": spelled, "value": value or None, "summary": words}


def _told(text: str) -> tuple[str, list[str], list[str]]:
    """Split a docstring into its first paragraph, the lines of its literal blocks, and its other paragraphs."""
    paragraphs = [block for block in inspect.cleandoc(text).split("\n\n") if block.strip(" :\n")]
    shown = [block.startswith((" ", "ara ")) for block in paragraphs]
    examples = [
        line.strip() for block, code in zip(paragraphs, shown, strict=True) if code for line in block.splitlines()
    ]
    spoken = [" ".join(block.split()) for block, code in zip(paragraphs, shown, strict=True) if not code]
    return (spoken or [""])[0].removesuffix("::"), examples, [words.removesuffix("::") for words in spoken[1:]]


def _example(line: str, palette: Palette) -> str:
    command, hash_, comment = line.partition("  #")
    return command + palette(hash_ + comment, "quiet")


def _usage(command: Any) -> Iterator[str]:
    if any(_is_option(parameter) for parameter in command.params):
        yield "[OPTIONS]"
    for parameter in command.params:
        if not _is_option(parameter):
            yield _label(parameter) if parameter.required else f"[{_label(parameter)}]"
    if hasattr(command, "commands"):
        yield "COMMAND"


def _sections(command: Any) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    seen = [parameter for parameter in command.params if not getattr(parameter, "hidden", False)]
    arguments = [(_label(parameter), parameter.help or "") for parameter in seen if not _is_option(parameter)]
    options = [(_label(parameter), _explained(parameter)) for parameter in seen if _is_option(parameter)]
    options = [row for row in options if not row[0].endswith("--help")]
    commands = [
        (name, _told(inner.help or "")[0].rstrip("."))
        for name, inner in getattr(command, "commands", {}).items()
        if not inner.hidden
    ]
    for title, rows in (("Commands", commands), ("Arguments", arguments), ("Options", options)):
        if rows:
            yield title, rows


def _is_option(parameter: Any) -> bool:
    return bool(parameter.param_type_name == "option")


def _label(parameter: Any) -> str:
    many = "…" if parameter.nargs == -1 else ""
    metavar = (parameter.metavar or str(parameter.name).upper()) + many
    if not _is_option(parameter):
        return metavar
    spelled = ", ".join(sorted([*parameter.opts, *parameter.secondary_opts], key=lambda name: name.startswith("--")))
    return spelled if parameter.is_flag else f"{spelled} {metavar}"


def _explained(parameter: Any) -> str:
    text, default = parameter.help or "", parameter.default
    if parameter.required:
        return f"{text} (required)"
    plain = isinstance(default, str | int | float) and not isinstance(default, bool) and default != ""
    return f"{text} ({default})" if plain and parameter.show_default else text


def _table(rows: Sequence[tuple[str, str]], width: int) -> list[str]:
    left = min(max(columns(label) for label, _ in rows), 28) + 2
    lines = []
    for label, text in rows:
        room = width - 2 - left
        if room < 24 or columns(label) + 2 > left:
            lines += [f"  {label}", *(f"      {line}" for line in wrapped(text, width - 6) if line)]
            continue
        first, *more = wrapped(text, room)
        lines.append(f"  {padded(label, left)}{first}".rstrip())
        lines += [" " * (left + 2) + line for line in more]
    return lines


def explained(error: typer.TyperException, name: str) -> AraError:
    """Give a usage error of Typer's as one of Ara's: what was wrong, and what is allowed.

    Parameters
    ----------
    error
        What Typer raised.
    name
        The command that was called, for an error that doesn't say at which of its parts it arose.
    """
    context = getattr(error, "ctx", None)
    name = name if context is None else str(context.command_path)
    hint = f"See what is allowed: {name} --help"
    option = getattr(error, "option_name", None)
    parameter = getattr(error, "param", None)
    if option is not None and hasattr(error, "possibilities"):
        known = context.command.params if context is not None else ()
        hidden = {name for each in known if getattr(each, "hidden", False) for name in each.opts}
        near = sorted(set(error.possibilities or ()) - hidden)
        hint = f"Did you mean {' or '.join(near)}? {hint}" if near else hint
        if option.startswith("-- "):
            hint = f"To begin with a comment, write -- before it: {name} -- '{clean(option)[:20].strip()}…'"
        return ValidationError(f"{name} has no option {clean(option)[:60].strip()}.", hint=hint)
    if parameter is not None and hasattr(error, "param_type"):
        return ValidationError(f"{_label(parameter)} is missing.", hint=hint)
    said = clean(error.message).replace("(s)", "").rstrip(".?")
    said, _, near_words = said.partition(" Did you mean ")
    said = said.rstrip(".")
    hint = f"Did you mean {near_words.replace(chr(39), '').replace(', ', ' or ')}? {hint}" if near_words else hint
    if parameter is not None:
        spelled = max(parameter.opts, key=len) if _is_option(parameter) else _label(parameter)
        return ValidationError(f"{spelled}: {said}.", hint=hint)
    return ValidationError(f"{said}.", hint=hint)
