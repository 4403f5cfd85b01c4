"""Which tables of a lake were ever begun: a note for each at the lake's root, so that a lost one isn't an empty one."""

from contextlib import suppress
from pathlib import Path
from typing import Final

__all__ = ["FOLDER", "Begun"]

FOLDER: Final = "begun"
"""Name of the folder at a lake's root that holds the notes."""


class Begun:
    """The notes of one lake: an empty file for each table that was begun, named after its place.

    A lake of an earlier version has none until it is next written to; what it lost before then is not told.

    Parameters
    ----------
    folder
        The lake's.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def place(self, table: Path) -> Path:
        """Give where the note of a table lies, by the table's folder."""
        return self._folder / FOLDER / table.relative_to(self._folder).as_posix().replace("/", ".")

    def note(self, table: Path) -> None:
        """Note that a table is there; a note that can't be written spoils no write of bars."""
        with suppress(OSError):
            place = self.place(table)
            if not place.exists():
                place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                place.touch(mode=0o600)

    def forget(self, table: Path) -> None:
        """Take back the note of a table that is deleted on purpose."""
        with suppress(OSError):
            self.place(table).unlink(missing_ok=True)

    def told(self, table: Path) -> str:
        """Give the note of a table by its place in the lake; empty where the table was never begun."""
        place, there = self.place(table), False
        with suppress(OSError):  # who may not look here may not look at the table either, and is told so there
            there = place.exists()
        return place.relative_to(self._folder).as_posix() if there else ""
