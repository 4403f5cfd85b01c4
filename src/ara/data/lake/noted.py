"""What each file of a table notes of itself: the values of one column, so that most files need not be opened."""

import json
from pathlib import Path
from typing import Final

import polars as pl

__all__ = ["Noted", "note"]

_MOST: Final = 4_096
_KNOWN: Final = 20_000


def note(rows: pl.DataFrame, column: str) -> dict[str, str] | None:
    """Give what a file with these rows notes; None where there are too many values, or no column is noted."""
    values = rows[column].unique().sort() if column else pl.Series([], dtype=pl.String)
    return {f"ara.{column}": json.dumps(values.to_list())} if column and len(values) <= _MOST else None


class Noted:
    """The notes of a table's files, each read once; files never change.

    Parameters
    ----------
    folder
        The table's.
    column
        Whose values are noted; empty where none are.
    """

    def __init__(self, folder: Path, column: str) -> None:
        self._folder = folder
        self._key = f"ara.{column}"
        self._known: dict[str, frozenset[str] | None] = {}

    def holding(self, files: pl.DataFrame, value: str) -> pl.DataFrame:
        """Give the files that hold a value, or don't say which ones they hold."""
        if files.height < 2:
            return files
        return files.filter([self._may_hold(path, value) for path in files["path"]])

    def _may_hold(self, path: str, value: str) -> bool:
        if path not in self._known:
            if len(self._known) >= _KNOWN:
                self._known.clear()
            self._known[path] = self._read(path)
        values = self._known[path]
        return values is None or value in values

    def _read(self, path: str) -> frozenset[str] | None:
        """Give the values that a file notes; None where it notes none, as those of older versions, or can't be read."""
        try:
            told = pl.read_parquet_metadata(self._folder / path).get(self._key)
            return None if told is None else frozenset(json.loads(told))
        except (OSError, ValueError, TypeError, pl.exceptions.PolarsError):
            return None
