"""Options that are plain words, taken as they stand: the library by which Typer converts others takes long to begin."""

from functools import partial
from typing import Any, Final

__all__ = ["quickened"]

_WORDS: Final = (str, list[str], bool)


class _Plain:
    """Gives a parameter's words as Typer would; what is no word is left to it."""

    def __init__(self, usual: Any) -> None:
        self._usual = usual

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """Give what the command gets for what was written."""
        several = param.multiple or param.nargs == -1
        if value is None:
            return () if several else None
        words = value if several else [value]
        flag = param.type_descriptor.annotation is bool
        if flag or not isinstance(words, list | tuple) or not all(isinstance(one, str) for one in words):
            return self._usual().coerce(value, param=param, ctx=ctx)
        return list(words) if several else value


def quickened(command: Any) -> Any:
    """Give a command of Typer's, or a group, whose plain words need no conversion."""
    for one in getattr(command, "commands", {}).values():
        quickened(one)
    for param in command.params:
        _quicken(param)
    command.get_help_option = partial(_help_option, command.get_help_option)
    return command


def _help_option(usual: Any, ctx: Any) -> Any:
    """Give `--help`, which Typer makes when a command is called."""
    return _quicken(usual(ctx))


def _quicken(param: Any) -> Any:
    known = isinstance(getattr(param, "get_runtime_param", None), partial)
    if not known and _is_plain(getattr(param, "type_descriptor", None)):
        param.get_runtime_param = partial(_given, _Plain(param.get_runtime_param))
    return param


def _is_plain(told: Any) -> bool:
    """Say whether a parameter takes words as they are; None is what another kind of parameter tells."""
    return told is not None and told.annotation in _WORDS and told.parameter_info.parser is None and not told.is_path


def _given(plain: _Plain) -> _Plain:
    """Give what converts a parameter's words; a method's stand-in."""
    return plain
