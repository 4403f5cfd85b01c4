"""Setting up the loggers of the process, once, by whoever owns it: the command line, a service, a worker."""

import logging
import os
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import IO, TYPE_CHECKING

from ara.errors import PluginError
from ara.logs.output import FileOutput, StreamOutput

if TYPE_CHECKING:
    from ara.settings import Settings

__all__ = ["configure", "get_logger"]


def get_logger(name: str) -> logging.Logger:
    """Give a logger below `ara`; pass the module's `__name__`."""
    return logging.getLogger(name if name.partition(".")[0] == "ara" else f"ara.{name}")


def configure(settings: "Settings", *, stream: IO[str] | None = None, person: bool = False) -> None:
    """Send the records of Ara, and the warnings of others, where the settings say; again takes the place of before.

    Parameters
    ----------
    settings
        Its branch `log`; `cli.colour` decides on colour. Tracebacks are shown to a person at level debug only.
    stream
        Where records go beside `log.file`; standard error by default.
    person
        Whether a person reads what stands beside the records, so that `auto` is human without a terminal too.
    """
    level = logging.getLevelNamesMapping()[settings.log.level.upper()]
    terminal = _is_terminal(stream or sys.stderr)
    colour = _has_colour(settings, terminal)
    if settings.log.format == "json":
        _adopt_structlog()
    outputs: list[logging.Handler] = [StreamOutput(stream)]
    outputs[0].setFormatter(_Late(lambda: _formatter(settings, human=terminal or person, colour=colour)))
    if settings.log.file:
        outputs.append(FileOutput(Path(settings.log.file).expanduser()))
        outputs[1].setFormatter(_Late(lambda: _formatter(settings, human=False, colour=False)))
    root = logging.getLogger()
    for handler in [each for each in root.handlers if isinstance(each, StreamOutput | FileOutput)]:
        root.removeHandler(handler)
        handler.close()
    for output in outputs:
        root.addHandler(output)
    logging.getLogger("ara").setLevel(level)
    root.setLevel(logging.INFO if level <= logging.DEBUG else max(level, logging.WARNING))


class _Late(logging.Formatter):
    """Makes its formatter for the first record: most runs have none, and redaction and structlog take time to load."""

    def __init__(self, make: Callable[[], logging.Formatter]) -> None:
        super().__init__()
        self._make = make
        self._made: logging.Formatter | None = None

    def format(self, record: logging.LogRecord) -> str:
        self._made = self._made or self._make()
        return self._made.format(record)


def _adopt_structlog() -> None:
    if find_spec("structlog") is None:
        raise PluginError(
            "log.format is json, but the package structlog is not installed.",
            hint="pip install 'ara-ai[api]', or set log.format to human.",
        )
    from ara.logs.lines import adopt_structlog

    adopt_structlog()


def _formatter(settings: "Settings", *, human: bool, colour: bool) -> logging.Formatter:
    wanted = settings.log.format
    if wanted == "human" or (wanted == "auto" and (human or find_spec("structlog") is None)):
        from ara.logs.human import HumanFormatter

        return HumanFormatter(colour=colour, traces=settings.log.level == "debug")
    from ara.logs.lines import JsonFormatter

    return JsonFormatter()


def _has_colour(settings: "Settings", terminal: bool) -> bool:
    wanted = settings.cli.colour
    return wanted == "always" or (wanted == "auto" and terminal and not os.environ.get("NO_COLOR"))


def _is_terminal(stream: IO[str] | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except (AttributeError, ValueError):
        return False
