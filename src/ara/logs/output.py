"""Where records go: a stream or a file. A record that can't be written never stops the program."""

import contextlib
import logging
import os
import sys
from pathlib import Path
from typing import IO

from ara.errors import ConfigurationError

__all__ = ["FileOutput", "StreamOutput"]


class StreamOutput(logging.Handler):
    """Writes to a stream.

    Parameters
    ----------
    stream
        Where to; None for whatever `sys.stderr` is at that moment.
    """

    def __init__(self, stream: IO[str] | None = None) -> None:
        super().__init__()
        self._stream = stream

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record's line; characters that the stream can't encode are escaped."""
        stream = self._stream or sys.stderr
        with contextlib.suppress(Exception):
            line = f"{self.format(record)}\n"
            if not line.isascii():
                coding = getattr(stream, "encoding", None) or "utf-8"
                line = line.encode(coding, "backslashreplace").decode(coding)
            stream.write(line)
            stream.flush()


class FileOutput(logging.Handler):
    """Appends to a file that others may append to, rename or remove at any time.

    Each record is one write to a file opened for appending, so that lines of several processes don't mix. The file is
    opened again where its name has come to stand for another one, as after a rotation. Of a line that a full disk cut
    off a half stays in the file; the next one begins on a line of its own.

    Parameters
    ----------
    path
        The file; made with its folders where it is not there, readable by owner and group.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._unsure: bool = True
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._descriptor = self._opened()
        except OSError as error:
            raise ConfigurationError(
                f"log.file is {str(path)!r}, which can't be written: {error.strerror}.",
                hint="Name a file in a folder that you may write to, or leave log.file empty.",
            ) from None

    def emit(self, record: logging.LogRecord) -> None:
        """Append the record's line."""
        with contextlib.suppress(Exception):
            line = f"{self.format(record)}\n".encode(errors="backslashreplace")
            if self._is_moved():
                self._let_go()
                self._descriptor = self._opened()
            if self._unsure and _ends_within_a_line(self._path):
                line = b"\n" + line
            self._unsure = True
            self._unsure = os.write(self._descriptor, line) < len(line)

    def close(self) -> None:
        """Close the file."""
        self._let_go()
        super().close()

    def _let_go(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def _is_moved(self) -> bool:
        try:
            return not os.path.samestat(self._path.stat(), os.fstat(self._descriptor))
        except OSError:
            return True

    def _opened(self) -> int:
        self._unsure = True
        return os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)


def _ends_within_a_line(path: Path) -> bool:
    """Say whether the last line of a file lacks its end; no device or pipe is read."""
    try:
        if not path.is_file() or not path.stat().st_size:
            return False
        with path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) != b"\n"
    except OSError:
        return False
