"""Forecasts as files: `--export FILE.json` or `FILE.csv`, whole or not at all."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final, Self

from ara.cli.listing import Listing
from ara.errors import ValidationError
from ara.whole import writing

__all__ = ["COLUMNS", "Export", "check_target"]

COLUMNS: Final = (
    "symbol", "day", "date", "at", "close", "price", "return", "low_80", "high_80", "low_95", "high_95",
    "p_up", "confidence", "usual_move", "currency", "model", "id",
)  # fmt: skip
"""Columns of the CSV, one row per instrument and day."""

_KINDS: Final = (".json", ".csv")


def check_target(target: Path) -> Path:
    """Give the path back if an export can be written there, so that nothing is computed in vain."""
    if target.suffix.lower() not in _KINDS:
        raise ValidationError(
            f"--export is {target.name!r}; it ends in .json or .csv.", hint="For instance: --export forecast.csv"
        )
    if not target.parent.is_dir():
        raise ValidationError(f"--export: there is no folder {str(target.parent)!r}.", hint="Make the folder first.")
    if target.is_dir():
        raise ValidationError(f"--export: {str(target)!r} is a folder.", hint="Name a file in it.")
    return target


class Export:
    """A file that forecasts are written into as they come; it is there when all are, an older one stays until then.

    Parameters
    ----------
    target
        Where it goes.
    single
        Whether one forecast is the whole document.
    """

    def __init__(self, target: Path, *, single: bool) -> None:
        self._target, self._single = target, single
        self._stack = ExitStack()
        self._table = target.suffix.lower() == ".csv"
        self._listing = Listing(self._lines)

    def __enter__(self) -> Self:
        with self._told():
            self._file = self._stack.enter_context(writing(self._target))
            if self._table:
                self._rows([COLUMNS])
        return self

    def __exit__(self, *error: Any) -> None:
        with self._told():
            self._stack.__exit__(*error)

    def add(self, forecast: Mapping[str, Any]) -> None:
        """Write a forecast's document, or its rows."""
        with self._told():
            if self._table:
                self._rows(_row(forecast, day) for day in forecast["days"])
            elif self._single:
                self._lines(json.dumps(forecast, indent=2, ensure_ascii=False, allow_nan=False))
            else:
                self._listing.add(forecast)

    def end(self, rest: Mapping[str, Any]) -> None:
        """Write what follows the forecasts."""
        with self._told():
            if not self._table and not self._single:
                self._listing.end(rest)

    def _lines(self, text: str) -> None:
        self._file.write(f"{text}\n".encode())

    def _rows(self, rows: Iterable[Iterable[Any]]) -> None:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        self._file.write(text.getvalue().encode())

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ValidationError(
                f"--export: {str(self._target)!r} can't be written: {error.strerror or error}.",
                hint="Choose a folder that is writable and has room.",
            ) from error


def _row(forecast: Mapping[str, Any], day: Mapping[str, Any]) -> list[Any]:
    low_high = {
        "low_80": day["band_80"][0],
        "high_80": day["band_80"][1],
        "low_95": day["band_95"][0],
        "high_95": day["band_95"][1],
    }
    return [{**forecast, **day, **low_high}[column] for column in COLUMNS]
