"""What can come next on a command line: asked by the shell at every press of Tab, so nothing heavy is imported.

The scripts hand over the index of the word under the cursor and all words; each answer is a line `value<TAB>meaning`.
A first line `:files` leaves the word to the shell's own completion of paths.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Final

from ara.cli.app import COMMANDS, GLOBAL_FLAGS

__all__ = ["FILES", "SCRIPTS", "candidates", "serve"]

FILES: Final = ":files"
"""The answer that leaves a word to the shell."""

_VALUED: Final = {"--profile": "PROFILE", "--set": "SETTING", "--width": "N"}

SCRIPTS: Final[Mapping[str, str]] = {
    "bash": """\
# Completion of ara for bash. Load it in ~/.bashrc:  eval "$(ara completion bash)"
_ara() {
    local cur line
    local -a answers=()
    COMPREPLY=()
    while IFS= read -r line; do
        answers+=("${line%%$'\\t'*}")
    done < <(command ara __complete "$COMP_CWORD" "${COMP_WORDS[@]:1}" 2>/dev/null)
    if [[ ${answers[0]-} == :files ]]; then
        compopt -o default 2>/dev/null
        return
    fi
    COMPREPLY=("${answers[@]}")
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]]; then
        compopt -o nospace 2>/dev/null
    fi
}
complete -F _ara ara
""",
    "zsh": """\
#compdef ara
# Completion of ara for zsh. Load it in ~/.zshrc, after compinit:  eval "$(ara completion zsh)"
_ara() {
    local -a lines answers
    local line value meaning
    lines=("${(@f)$(command ara __complete $((CURRENT - 1)) "${(@)words[2,-1]}" 2>/dev/null)}")
    if [[ $lines[1] == :files ]]; then
        _files
        return
    fi
    for line in $lines; do
        value=${line%%$'\\t'*}
        meaning=${line#*$'\\t'}
        answers+=("${value//:/\\\\:}:$meaning")
    done
    _describe -t values ara answers
}
if [[ $funcstack[1] == _ara ]]; then
    _ara "$@"
else
    compdef _ara ara
fi
""",
    "fish": """\
# Completion of ara for fish. Load it in ~/.config/fish/config.fish:  ara completion fish | source
function __ara_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l answers (command ara __complete (count $words) $words[2..-1] "$current" 2>/dev/null)
    if test "$answers[1]" = ":files"
        __fish_complete_path "$current"
    else
        printf '%s\\n' $answers
    end
end
complete -c ara -f -a '(__ara_complete)'
""",
}
"""The script of each shell."""


def serve(words: Sequence[str]) -> str:
    """Answer a shell: `words` are the index of the word under the cursor and the words after `ara`."""
    index, *line = words
    if int(index) > len(line) + 1:
        raise ValueError("the word under the cursor is beyond the line")
    line = [*line, *[""] * (int(index) - len(line))]
    before, current = line[: int(index) - 1], line[int(index) - 1]
    return "".join(
        f"{value}\t{meaning}\n" if meaning else f"{value}\n" for value, meaning in candidates(before, current)
    )


def candidates(before: Sequence[str], current: str) -> Iterator[tuple[str, str]]:
    """Give every word that may stand in place of `current`, with what it means.

    Parameters
    ----------
    before
        The words between `ara` and the cursor.
    current
        What is typed of the word so far.
    """
    kind, given = _kind(before, current)
    folded = current.upper() if kind in {"SYMBOL", "[SYMBOL]"} else current
    for value, meaning in given:
        if value == FILES or value.startswith(folded):
            yield value, meaning


def _kind(before: Sequence[str], current: str) -> tuple[str, Iterator[tuple[str, str]]]:
    """Give what the word under the cursor is and the values it may have."""
    if before and before[-1] in _VALUED:
        return _VALUED[before[-1]], _values(_VALUED[before[-1]])
    words = _without_global(before)
    names = {name: summary for group in COMMANDS.values() for name, summary in group.items()}
    if not words:
        return "COMMAND", iter(_flags() if current.startswith("-") else names.items())
    if words[0] not in names:
        return "", iter(())
    target, rest = _target(words)
    if rest and (option := _option(target, rest[-1])) is not None and not option.is_flag:
        return str(option.metavar), _values(str(option.metavar))
    if current.startswith("-"):
        return "OPTION", iter([*_options(target), *_flags()])
    if hasattr(target, "commands"):
        return "COMMAND", ((name, _first_line(inner)) for name, inner in target.commands.items())
    return _positional(target, rest)


def _without_global(words: Sequence[str]) -> list[str]:
    flags = {spelling for flag, _ in GLOBAL_FLAGS for spelling in flag.split(" ")[0].split(",")} | {"--quiet"}
    kept: list[str] = []
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word in _VALUED:
            skip = True
        elif word.partition("=")[0] not in flags:
            kept.append(word)
    return kept


def _flags() -> list[tuple[str, str]]:
    return [(flag.split(", ")[-1].split(" ")[0], meaning) for flag, meaning in GLOBAL_FLAGS]


def _target(words: Sequence[str]) -> tuple[Any, list[str]]:
    from ara.cli.invocation import built

    target, rest = built(words[0]), list(words[1:])
    while rest and rest[0] in getattr(target, "commands", {}):
        target = target.commands[rest.pop(0)]
    return target, rest


def _option(target: Any, word: str) -> Any:
    return next((parameter for parameter in target.params if word.startswith("-") and word in parameter.opts), None)


def _options(target: Any) -> list[tuple[str, str]]:
    return [
        (parameter.opts[0] if len(parameter.opts) == 1 else max(parameter.opts, key=len), parameter.help or "")
        for parameter in target.params
        if parameter.param_type_name == "option"
        and not getattr(parameter, "hidden", False)
        and parameter.opts != ["--help"]
    ]


def _positional(target: Any, rest: Sequence[str]) -> tuple[str, Iterator[tuple[str, str]]]:
    """Give the argument that the next bare word fills: the last one takes all that are left."""
    bare = 0
    for earlier, word in zip(["", *rest], rest, strict=False):
        option = _option(target, earlier)
        bare += not word.startswith("-") and (option is None or option.is_flag)
    places = [parameter for parameter in target.params if parameter.param_type_name == "argument"]
    if bare >= len(places) and not (places and places[-1].nargs == -1):
        return "", iter(())
    metavar = str(places[min(bare, len(places) - 1)].metavar or "").strip("[].")
    return metavar, _values(metavar)


def _values(metavar: str) -> Iterator[tuple[str, str]]:
    if "|" in metavar:
        return ((choice, "") for choice in metavar.split("|"))
    source = _SOURCES.get(metavar)
    return source() if source else iter(())


def _symbols() -> Iterator[tuple[str, str]]:
    """Read the table of instruments without the library that parses it for everything else."""
    import json

    table = Path(__file__).parent.parent / "market" / "instruments.json"
    return ((row["symbol"], row["name"]) for row in json.loads(table.read_text("utf-8")))


def _models() -> Iterator[tuple[str, str]]:
    from ara import plugins

    return ((offer.name, offer.distribution) for offer in plugins.offers("models"))


def _plugins() -> Iterator[tuple[str, str]]:
    from ara import plugins

    return ((offer.name, offer.distribution) for group in plugins.GROUPS for offer in plugins.offers(group))


def _indicators() -> Iterator[tuple[str, str]]:
    from ara.features import catalogue

    return (
        (name, _sentence(one.spec.words))
        for name, one in sorted((name, one) for listed in catalogue.families().values() for name, one in listed.items())
    )


def _sets() -> Iterator[tuple[str, str]]:
    from ara.features import sets

    return ((name, _sentence(sets.get(name).words)) for name in sets.names())


def _audited() -> Iterator[tuple[str, str]]:
    return chain(_sets(), [("planted", "Ten leaks on purpose, all of which it finds")], _indicators())


def _sentence(words: str) -> str:
    return words.partition(". ")[0].removesuffix(".")


def _keys() -> Iterator[tuple[str, str]]:
    from ara.settings.keys import keys

    return ((name, key.words) for name, key in keys().items())


def _settings() -> Iterator[tuple[str, str]]:
    return ((f"{name}=", meaning) for name, meaning in _keys())


def _fixed(*values: str) -> Callable[[], Iterator[tuple[str, str]]]:
    return lambda: ((value, "") for value in values)


_SOURCES: Final[Mapping[str, Callable[[], Iterator[tuple[str, str]]]]] = {
    "SYMBOL": _symbols,
    "MODEL": _models,
    "NAME": _plugins,
    "INDICATOR": _indicators,
    "SET": _sets,
    "WHAT": _audited,
    "KEY": _keys,
    "SETTING": _settings,
    "FILE": lambda: iter([(FILES, "")]),
    "PROFILE": _fixed("dev", "test", "staging", "prod"),
    "LEVEL": _fixed("minimal", "basic", "standard", "full"),
    "SHELL": lambda: ((shell, "") for shell in SCRIPTS),
    "STEP": _fixed("1d"),
    "N": _fixed(),
}


def _first_line(command: Any) -> str:
    return str(command.help or "").strip().partition("\n")[0].removesuffix(".")
