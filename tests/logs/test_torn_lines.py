"""A disk that fills up cuts a line of the log off; what comes behind it stays readable."""

import logging
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ara.logs.output import FileOutput


@contextmanager
def full(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def say(output: FileOutput, words: str) -> None:
    output.emit(logging.LogRecord("ara", logging.INFO, "file", 1, words, (), None))


def test_behind_a_line_that_was_cut_off_the_next_begins_anew(tmp_path: Path):
    path = tmp_path / "ara.log"
    output = FileOutput(path)
    say(output, "first")
    with full(10):
        say(output, "second")  # four bytes of it have room
        say(output, "third")
        say(output, "fourth")
    assert path.read_text() == "first\nseco"
    say(output, "fifth")
    say(output, "sixth")
    output.close()
    assert path.read_text() == "first\nseco\nfifth\nsixth\n"


def test_the_process_that_comes_next_begins_anew_too(tmp_path: Path):
    path = tmp_path / "ara.log"
    path.write_text("first\nseco")
    one, two = FileOutput(path), FileOutput(path)
    say(one, "third")
    say(two, "fourth")
    say(one, "fifth")
    for output in (one, two):
        output.close()
    assert path.read_text() == "first\nseco\nthird\nfourth\nfifth\n"


def test_a_file_whose_lines_are_whole_or_that_may_not_be_read_gets_no_empty_line(tmp_path: Path):
    path = tmp_path / "ara.log"
    output = FileOutput(path)
    say(output, "first")
    with full(6):
        say(output, "second")  # no byte of it has room
    path.chmod(0o200)
    say(output, "third")
    output.close()
    path.chmod(0o600)
    assert path.read_text() == "first\nthird\n"
