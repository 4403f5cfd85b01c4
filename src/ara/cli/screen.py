"""What a command sees of the terminal: where results, notes and questions go, how wide it is, what the user asked for.

Results go to stdout, everything else to stderr, so that a pipe or a file receives the result alone.
"""

import json
import os
import shlex
import shutil
import sys
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

from ara.cli.palette import Palette, Role
from ara.cli.progress import Meter, Step
from ara.cli.words import clean, wrapped
from ara.errors import AraError

if TYPE_CHECKING:
    from ara.data.waiting import Wait
    from ara.settings import Settings

__all__ = ["Flags", "OutputError", "Screen", "screen", "shown"]

_T = TypeVar("_T")

_NARROWEST = 20
_PIPED = 100
_FILES = ("--report", "--out")


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags:
    """The flags that every command has, as typed.

    Parameters
    ----------
    json
        Print one JSON document instead of text.
    quiet
        Say nothing on stderr but errors.
    debug
        Show the traceback of an error and log more.
    profile
        Name of the settings' profile; empty if not given.
    settings
        Settings given by `--set`, by their dotted keys.
    colour
        False after `--no-color`.
    width
        Columns to fill; 0 takes the terminal's.
    """

    json: bool = False
    quiet: bool = False
    debug: bool = False
    profile: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    colour: bool = True
    width: int = 0

    def as_settings(self) -> dict[str, str]:
        """Give the flags that are settings by another name, as `Settings.load` takes them."""
        given = dict(self.settings)
        if self.profile:
            given["profile"] = self.profile
        if not self.colour:
            given["cli.colour"] = "never"
        if self.width:
            given["cli.width"] = str(self.width)
        if self.debug:
            given.setdefault("log.level", "debug")
        return given


class Screen:
    """The terminal of one invocation.

    Parameters
    ----------
    flags
        What every command's flags say.
    runner
        Runs a coroutine to its end: `asyncio.run` in the program, anything else in a test.
    out
        Where results go; stdout if None.
    words
        The command line, without the name of the program.
    """

    def __init__(
        self,
        flags: Flags | None = None,
        *,
        runner: Callable[[Coroutine[Any, Any, Any]], Any],
        out: TextIO | None = None,
        words: Sequence[str] = (),
    ) -> None:
        self._words = tuple(words)
        self.flags = flags or Flags()
        self._results = out
        self._runner = runner
        self._settings: Settings | None = None
        self._logs = False
        self._meter: Meter | None = None
        self._waited: dict[str, float] = {}

    @property
    def command(self) -> str:
        """The command line that gives the same result again, secrets hidden; where files went is left out."""
        from ara.redaction import redact

        kept, queue = ["ara"], list(self._words)
        while queue:
            word = queue.pop(0)
            flag, joined, _ = word.partition("=")
            if flag in _FILES:
                del queue[: 0 if joined else 1]
            elif word != "--json":
                kept.append(word)
        return redact(shlex.join(kept))

    @property
    def json(self) -> bool:
        """Whether the result is printed as one JSON document."""
        return self.flags.json

    @property
    def quiet(self) -> bool:
        """Whether notes and warnings are left out."""
        return self.flags.quiet

    @property
    def width(self) -> int:
        """Columns to fill: the flag's, the settings', the terminal's, or 100 where there is none; at least 20."""
        settings = self._settings
        wanted = self.flags.width or (settings.cli.width if settings else 0) or _terminal_width()
        return max(wanted, _NARROWEST)

    @property
    def interactive(self) -> bool:
        """Whether somebody is there to answer a question."""
        return sys.stdin.isatty() and sys.stderr.isatty()

    @property
    def _out(self) -> TextIO:
        return self._results or sys.stdout

    @property
    def plain(self) -> bool:
        """Whether stdout can show ASCII only."""
        try:
            "●─├±…".encode(self._out.encoding or "ascii")
        except (UnicodeEncodeError, LookupError):
            return True
        return False

    @property
    def zone(self) -> tzinfo | None:
        """The zone that times are shown in; None is the machine's."""
        name = self._settings.cli.timezone if self._settings else ""
        if not name:
            return None
        from zoneinfo import ZoneInfo

        return ZoneInfo(name)

    def palette(self, stream: TextIO | None = None) -> Palette:
        """Give the palette for a stream (stdout if none is named): the first that speaks decides.

        That is `--no-color` or `--set cli.colour=…`, then `NO_COLOR`, `FORCE_COLOR`, the settings, and last whether
        the stream is a terminal.
        """
        wanted = self._colour_wanted()
        if wanted == "never" or (wanted == "auto" and not _shows_colour(self._out if stream is None else stream)):
            return Palette(0)
        return Palette.of_terminal()

    def _colour_wanted(self) -> str:
        if not self.flags.colour:
            return "never"
        if flag := self.flags.settings.get("cli.colour"):
            return flag
        if os.environ.get("NO_COLOR"):
            return "never"
        if os.environ.get("FORCE_COLOR"):
            return "always"
        return self._settings.cli.colour if self._settings else "auto"

    def settings(self) -> "Settings":
        """Give the settings with this invocation's flags applied; the first call loads them and sets up the logs."""
        settings = self.known_settings()
        if not self._logs:
            from ara import logs

            logs.configure(settings, stream=sys.stderr, person=not self.json)
            self._logs = True
        return settings

    def known_settings(self) -> "Settings":
        """Give the settings without acting on them, for a command that only tells what they are."""
        if self._settings is None:
            from ara.settings import Settings

            self._settings = Settings.load(self.flags.as_settings())
        return self._settings

    def run(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        """Run a coroutine to its end and give what it returns; that a source makes it wait is said on stderr."""
        from ara.data.waiting import telling

        with telling(self._waits):
            result: _T = self._runner(coroutine)
        return result

    def _waits(self, wait: "Wait") -> None:
        """Say once for all who wait for the same source; silent beside a document."""
        until = time.monotonic() + wait.seconds
        if not self.json and until > self._waited.get(wait.source, 0.0) + 1:
            self._waited[wait.source] = until
            self.note(wait.words)

    def result(self, data: Mapping[str, Any] | Sequence[Any], text: Callable[[], Any]) -> None:
        """Print the result on stdout: `data` under `--json`, else what `text` gives (a string or a rich renderable)."""
        if self.json:
            self.write(json.dumps(data, indent=2, ensure_ascii=self.plain, allow_nan=False))
            return
        shown = text()
        if isinstance(shown, str):
            self.write(shown)
            return
        from rich.console import Console

        palette = self.palette()
        console = Console(
            file=self._out,
            width=self.width,
            no_color=not palette.colours,
            force_terminal=palette.colours,
            highlight=False,
            emoji=False,
            markup=False,
        )
        with self._without_meter():
            console.print(shown)

    def write(self, text: str) -> None:
        """Write lines to stdout; what it can't encode is escaped."""
        try:
            with self._without_meter():
                _put(self._out, text)
        except OSError as error:
            raise OutputError(error) from error

    def note(self, words: str) -> None:
        """Say something beside the result, on stderr; silent under `--quiet`."""
        self._say(words, "quiet")

    def warn(self, words: str) -> None:
        """Say what the user should know before trusting the result, on stderr; silent under `--quiet`."""
        self._say(words, "warning")

    def _say(self, words: str, role: Role, *, always: bool = False) -> None:
        if self.quiet and not always:
            return
        palette = self.palette(sys.stderr)
        with self._without_meter(), suppress(OSError):  # a stderr that takes nothing keeps no result from its reader
            _put(sys.stderr, "\n".join(palette(line, role) for line in wrapped(clean(words), self.width)))

    def problem(self, error: AraError) -> None:
        """Say on stderr what went wrong and what to do about it; `--quiet` doesn't silence it."""
        self._say(error.message, "warning", always=True)
        if error.hint:
            self._say(error.hint, "quiet", always=True)

    @contextmanager
    def progress(self, words: str, total: int | None = None) -> Iterator[Step]:
        """Show how far a long piece of work is; gives the function to call with what is done.

        Only on a terminal, on stderr, and only once it has lasted a second; the line is wiped at the end.
        """
        visible = not self.quiet and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        meter = Meter(words, total, stream=sys.stderr if visible else None, width=self.width)
        self._meter = meter
        try:
            with meter:
                yield meter.step
        finally:
            self._meter = None

    def _without_meter(self) -> AbstractContextManager[None]:
        return nullcontext() if self._meter is None else self._meter.hidden()

    def confirm(self, words: str, *, yes: bool) -> bool:
        """Ask before something that can't be undone; without a terminal the answer is no, with `yes` it is yes."""
        if yes:
            return True
        return self.interactive and self.ask(f"{words} [y/N]").strip().lower() in {"y", "yes"}

    def ask(self, words: str, *, default: str = "") -> str:
        """Ask for a line on stderr; gives the default for an empty line, at the end of input and without a terminal."""
        if not self.interactive:
            return default
        with self._without_meter():
            sys.stderr.write("\n".join(wrapped(clean(words), self.width - 1)) + " ")
            sys.stderr.flush()
            return sys.stdin.readline().strip() or default


class OutputError(Exception):
    """Stdout takes no more: its reader is gone, its disk is full, or it was closed before the command began.

    Not an OSError, so that nothing between the screen and the door mistakes it for a failure of the command's work.

    Parameters
    ----------
    cause
        What the system said.
    """

    def __init__(self, cause: OSError) -> None:
        super().__init__(str(cause))
        self.cause = cause


def _put(stream: TextIO, text: str) -> None:
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
    if not text.endswith("\n"):
        stream.write("\n")
    stream.flush()


def _shows_colour(stream: TextIO) -> bool:
    return stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def _terminal_width() -> int:
    """Look at every stream: with the result in a pipe, the pager behind it is as wide as stderr's terminal."""
    if columns := os.environ.get("COLUMNS", ""):
        return shutil.get_terminal_size().columns if columns.isdigit() else _PIPED
    for descriptor in (1, 2, 0):
        try:
            return os.get_terminal_size(descriptor).columns or _PIPED
        except OSError:
            continue
    return _PIPED


_current: ContextVar[Screen] = ContextVar("ara_screen")


def screen() -> Screen:
    """Give the screen of this invocation."""
    return _current.get()


@contextmanager
def shown(on: Screen) -> Iterator[Screen]:
    """Make a screen the one that `screen()` gives, while the block runs."""
    token = _current.set(on)
    try:
        yield on
    finally:
        _current.reset(token)
