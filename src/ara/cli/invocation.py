"""One command line from its words to its exit code: flags, old spellings, the command, and what went wrong."""

import sys
import traceback
from collections.abc import Callable, Coroutine, Sequence
from contextlib import redirect_stdout, suppress
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any, Final, TextIO

import typer

from ara.cli.app import COMMANDS, overview
from ara.cli.legacy import modern
from ara.cli.plain import quickened
from ara.cli.screen import Flags, OutputError, Screen, shown
from ara.cli.words import clean
from ara.errors import AraError, StoreError, ValidationError

__all__ = ["built", "flags_of", "invoke"]

_WIDEST: Final = 10_000
_HELP: Final = ("help", "--help", "-h")
_MEANT: Final = {
    **{name: ["backtest"] for name in ("trade", "trading", "paper", "simulate", "strategy", "walk")},
    "sweep": ["backtest sweep"],
    **{name: [f"portfolio {name}"] for name in ("optimize", "rebalance", "analyze")},
}
_VALUED: Final = ("--profile", "--set", "--width")
_SWITCHES: Final = {"--json": "json", "--quiet": "quiet", "-q": "quiet", "--debug": "debug", "--no-color": "colour"}


def invoke(words: Sequence[str], *, runner: Callable[[Coroutine[Any, Any, Any]], Any]) -> int:
    """Run the command that the words name and give the exit code; no error but that of a stdout that fails leaves."""
    try:
        out = sys.stdout
        with redirect_stdout(sys.stderr):  # what a library or a plug-in prints comes not among the results
            return _guarded(words, runner, out)
    except OutputError as error:
        raise error.cause from None


def _guarded(words: Sequence[str], runner: Callable[[Coroutine[Any, Any, Any]], Any], out: TextIO) -> int:
    screen = Screen(Flags(json="--json" in words, debug="--debug" in words), runner=runner, out=out)
    try:
        flags, rest = flags_of(words)
        screen = Screen(flags, runner=runner, out=out, words=words)
        with shown(screen):
            _warn_of_clash(screen)
            name, rest = _command(screen, rest)
            return _called(screen, name, rest) if name else _overview(screen)
    except AraError as error:
        return _tell(screen, error)
    except OutputError:
        raise
    except OSError as error:
        _trace(screen, error)
        return _tell(screen, _of_system(error))
    except Exception as error:  # noqa: BLE001 - the last resort: a user never sees a traceback unasked
        return _fault(screen, error)


def flags_of(words: Sequence[str]) -> tuple[Flags, list[str]]:
    """Take the global flags out of the words, wherever they stand before `--`, and give both."""
    given: dict[str, Any] = {}
    settings: dict[str, str] = {}
    rest: list[str] = []
    queue = list(words)
    while queue:
        word = queue.pop(0)
        flag, joined, value = word.partition("=")
        if word == "--":
            rest += [word, *queue]
            break
        if word in _SWITCHES:
            given[_SWITCHES[word]] = word != "--no-color"
        elif flag in _VALUED:
            if not joined:
                if not queue:
                    raise ValidationError(f"{flag} needs a value.", hint=_needs(flag))
                value = queue.pop(0)
            _take(flag, value, given, settings)
        else:
            rest.append(word)
    return Flags(**given, settings=settings), rest


def _needs(flag: str) -> str:
    return {
        "--profile": "Name a profile: --profile dev, test, staging or prod.",
        "--set": "Give a setting and its value: --set prediction.days=10",
        "--width": "Give a number of columns: --width 100",
    }[flag]


def _take(flag: str, value: str, given: dict[str, Any], settings: dict[str, str]) -> None:
    if flag == "--profile":
        given["profile"] = value
    elif flag == "--width":
        if not (value.isascii() and value.isdigit() and int(value[:9]) <= _WIDEST):
            raise ValidationError(
                f"--width is {clean(value)[:40]}; it is a number of columns, 0 to {_WIDEST}.", hint=_needs(flag)
            )
        given["width"] = int(value)
    else:
        key, equals, text = value.partition("=")
        if not equals or not key:
            raise ValidationError(f"--set is {clean(value)[:40]}; it names a setting and its value.", hint=_needs(flag))
        settings[key.strip()] = text


def _command(screen: Screen, words: list[str]) -> tuple[str, list[str]]:
    """Give the command's name and its words, in today's spelling; no name where all of Ara is to be explained."""
    if words and words[0] in _HELP:
        words = [*words[1:], "--help"]
    if words == ["--help"]:
        return "", words
    names = [name for group in COMMANDS.values() for name in group]
    words, notice = modern(words, names, known=_resolves)
    if notice:
        screen.note(notice)
    if not words:
        raise ValidationError("No command was given.", hint="See what there is: ara --help")
    if words[0] in names:
        return words[0], words[1:]
    near = [] if words[0].startswith("-") else get_close_matches(words[0].lower(), names, n=3, cutoff=0.5)
    near = _MEANT.get(words[0].lower(), near)
    hint = f"Did you mean {' or '.join(near)}? " if near else ""
    what = "option" if words[0].startswith("-") else "command"
    raise ValidationError(f"There is no {what} {clean(words[0])[:60]}.", hint=f"{hint}See what there is: ara --help")


def _resolves(word: str) -> bool:
    from ara.market.symbols import resolve

    try:
        resolve(word)
    except ValidationError:
        return False
    return True


def _overview(screen: Screen) -> int:
    from ara.cli.help import overview_document

    palette = screen.palette()
    screen.result(overview_document(), lambda: overview(screen.width, bold=palette.colours))
    return 0


def built(name: str) -> Any:
    """Import a command's module and give what Typer makes of it."""
    part = import_module(f"ara.cli.commands.{name}").command
    if not isinstance(part, typer.Typer):
        function, part = part, typer.Typer(add_completion=False, rich_markup_mode=None)
        part.command(name=name)(function)
    command = typer.main.get_command(part)
    command.name = name
    return quickened(command)


def _called(screen: Screen, name: str, words: list[str]) -> int:
    from ara.cli.help import asked, document, page

    command = built(name)
    target = asked(command, words)
    if target is not None:
        screen.result(document(*target), lambda: page(*target, width=screen.width, palette=screen.palette()))
        return 0
    if name == "predict" and screen.interactive:
        from ara.cli.wizard import offer

        offer(screen)
    try:
        code = command.main(args=words, prog_name=f"ara {name}", standalone_mode=False)
    except typer.Abort:
        raise KeyboardInterrupt from None
    except typer.TyperException as error:
        from ara.cli.help import explained

        raise explained(error, f"ara {name}") from None
    return code if isinstance(code, int) else 0


def _warn_of_clash(screen: Screen) -> None:
    """Look for a file that only ARA Records Ansible has: it installs itself into the same folder."""
    if Path(__file__).parent.parent.joinpath("setup", "callback_plugins.py").exists():
        screen.warn(
            "The package 'ara' (ARA Records Ansible) is installed in the same folder as Ara and overwrites parts of "
            "it. Remove it, then install Ara again: pip uninstall ara; pip install --force-reinstall ara-ai"
        )


def _of_system(error: OSError) -> AraError:
    place = f" {clean(str(error.filename))}:" if error.filename else ""
    return StoreError(
        f"The system refused:{place} {error.strerror or error}.",
        hint="Check that the file is there, that it may be read and written, and that its disk has room.",
    )


def _tell(screen: Screen, error: AraError) -> int:
    """Print an error: its problem document on stdout under `--json`, else message and hint on stderr."""
    _trace(screen, error)
    if screen.json:
        screen.write(_document(error, screen.plain))
        return error.exit_code
    screen.problem(error)
    return error.exit_code


def _document(error: AraError, ascii_only: bool) -> str:
    import json

    problem = {**error.problem(), "exit_code": error.exit_code}
    return json.dumps(problem, indent=2, ensure_ascii=ascii_only, default=str)


def _fault(screen: Screen, error: Exception) -> int:
    _trace(screen, error)
    summary = str(error).partition("\n")[0]
    what = f"{type(error).__name__}: {summary}" if summary else type(error).__name__
    return _tell(screen, AraError(f"Ara failed unexpectedly: {what}"))


def _trace(screen: Screen, error: Exception) -> None:
    if screen.flags.debug and error.__traceback__ is not None:
        with suppress(OSError):
            sys.stderr.write(clean("".join(traceback.format_exception(error))))
