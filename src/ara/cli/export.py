"""Forecasts as files: `--export FILE.json` or `FILE.csv`, whole or not at all."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from ara.errors import ValidationError
from ara.whole import write

__all__ = ["COLUMNS", "check_target", "export"]

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


def export(document: Mapping[str, Any], target: Path) -> None:
    """Write what `--json` prints, or its rows, to a file; an older file stays until the new one is whole."""
    text = _as_json(document) if target.suffix.lower() == ".json" else _as_csv(document.get("forecasts", [document]))
    try:
        write(target, text)
    except OSError as error:
        raise ValidationError(
            f"--export: {str(target)!r} can't be written: {error.strerror or error}.",
            hint="Choose a folder that is writable and has room.",
        ) from error


def _as_json(document: Mapping[str, Any]) -> str:
    import json

    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _as_csv(forecasts: Iterable[Mapping[str, Any]]) -> str:
    import csv
    import io

    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS)
    for forecast in forecasts:
        for day in forecast["days"]:
            rows.writerow(_row(forecast, day))
    return text.getvalue()


def _row(forecast: Mapping[str, Any], day: Mapping[str, Any]) -> list[Any]:
    low_high = {
        "low_80": day["band_80"][0],
        "high_80": day["band_80"][1],
        "low_95": day["band_95"][0],
        "high_95": day["band_95"][1],
    }
    return [{**forecast, **day, **low_high}[column] for column in COLUMNS]
