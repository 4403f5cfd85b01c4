import io
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ara.logs import configure
from ara.settings import CliSettings, LogSettings, Settings


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Leave the process's loggers as they were."""
    root, ours = logging.getLogger(), logging.getLogger("ara")
    handlers, levels = list(root.handlers), (root.level, ours.level)
    yield
    for handler in [each for each in root.handlers if each not in handlers]:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(levels[0])
    ours.setLevel(levels[1])


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def listen(tmp_path: Path) -> Callable[..., io.StringIO]:
    """Configure the logs and give the stream they go to."""

    def start(*, terminal: bool = False, person: bool = False, colour: str = "auto", **log: Any) -> io.StringIO:
        stream = Terminal() if terminal else io.StringIO()
        for other in list(logging.getLogger().handlers):  # pytest's own, which fail on records that we are to survive
            if type(other).__module__.startswith("_pytest"):
                logging.getLogger().removeHandler(other)
        settings = Settings(home=str(tmp_path), log=LogSettings(**log), cli=CliSettings(colour=colour))
        configure(settings, stream=stream, person=person)
        return stream

    return start
