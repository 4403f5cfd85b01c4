"""Files of forecasts, read into one frame and held against the outcomes."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from ara.data.files import read_origins
from ara.errors import ValidationError
from ara.evidence.outcomes import HORIZONS
from ara.performance.chances import rise

__all__ = ["COLUMNS", "LEVELS", "checked", "joined", "read_forecasts"]

LEVELS: Final = (0.01, 0.025, *(round(0.05 * step, 2) for step in range(1, 20)), 0.975, 0.99)
"""Levels of the quantiles by which forecasts are judged."""

COLUMNS: Final = tuple(f"q{level:g}" for level in LEVELS)
"""Their columns: prices of the close."""

_KEY: Final = ["symbol", "instant", "horizon"]
_NUMBER: Final = pl.Float64


def read_forecasts(paths: Sequence[Path]) -> pl.DataFrame:
    """Read forecasts: `model`, `symbol`, `instant`, `horizon`, `COLUMNS`, `p_up`, `sigma` (null where there is none).

    Parquet and CSV have a column for each level; a line of JSONL has them by level in `q`, or in `levels` and `values`.

    Raises
    ------
    ValidationError
        A file can't be read, or lacks something.
    """
    return pl.concat([_read(path) for path in paths])


def _read(path: Path) -> pl.DataFrame:
    if path.suffix in {".jsonl", ".ndjson"}:
        raw = _lines(path)
        instant = raw["origin"].str.to_datetime(time_unit="us", time_zone="UTC", strict=False)
        asked = raw.with_columns(instant=instant.fill_null(raw["origin"].str.to_date(strict=False).cast(instant.dtype)))
    else:
        asked = read_origins(path)
        raw = pl.read_parquet(path, glob=False) if path.suffix != ".csv" else pl.read_csv(path, glob=False)
    lacking = [name for name in ("model", *COLUMNS, "p_up") if name not in raw.columns]
    if lacking:
        raise ValidationError(
            f"{path} lacks {', '.join(lacking[:5])}" + (f" and {len(lacking) - 5} more" if len(lacking) > 5 else ""),
            hint="Needed are model, symbol, origin, horizon, p_up and a price for each level from q0.01 to q0.99.",
        )
    name = raw["model"].cast(pl.String).str.strip_chars()
    if (unnamed := int((name.fill_null("") == "").sum())) > 0:
        raise ValidationError(
            f"{path}: {unnamed:,} of {raw.height:,} forecasts name no model", hint="Name the model in each row."
        )
    return raw.select(
        pl.col("model").cast(pl.String),
        asked["symbol"].cast(pl.String),
        asked["instant"].cast(pl.Datetime("us", "UTC")),
        asked["horizon"].cast(pl.Int64),
        *(_numbers(raw[name], path) for name in (*COLUMNS, "p_up")),
        sigma=_numbers(raw["sigma"], path) if "sigma" in raw.columns else pl.Series([None] * raw.height, dtype=_NUMBER),
    )


def _numbers(column: pl.Series, path: Path) -> pl.Series:
    """Give a column of numbers; ValidationError where it holds anything else."""
    try:
        return column.cast(_NUMBER)
    except pl.exceptions.PolarsError:
        raise ValidationError(
            f"{path}, column {column.name}: not all of it are numbers", hint="Give prices and chances as numbers."
        ) from None


def _lines(path: Path) -> pl.DataFrame:
    rows = []
    try:
        lines = path.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ValidationError(f"{path} can't be read: {error}", hint="Check the path.") from error
    for number, line in enumerate(lines, 1):
        try:
            rows += [_flat(json.loads(line))] if line.strip() else []
        except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
            raise ValidationError(
                f"{path}: line {number} is no forecast",
                hint='As {"model": "m", "symbol": "AAPL", "origin": "2020-03-02", "horizon": 1, "p_up": 0.51, '
                '"q": {"0.01": 59.2, ...}}, with a price for each level.',
            ) from error
    if not rows:
        raise ValidationError(f"{path} holds no forecast", hint="Name a file with one forecast a line.")
    return pl.DataFrame(rows)


def _flat(told: dict[str, Any]) -> dict[str, Any]:
    levels = told.pop("q", None) or dict(zip(told.pop("levels"), told.pop("values"), strict=True))
    return {**told, **{f"q{float(level):g}": float(price) for level, price in levels.items()}}


def joined(forecasts: pl.DataFrame, outcomes: pl.DataFrame) -> pl.DataFrame:
    """Put the outcome of its symbol, bar and horizon beside each forecast, in the forecasts' order; null where none is.

    Forecasts over other horizons than are judged are left out.
    """
    judged = forecasts.filter(pl.col("horizon").is_in(list(HORIZONS)))
    return judged.join(
        outcomes.with_columns(pl.col("horizon").cast(pl.Int64)), on=_KEY, how="left", maintain_order="left"
    )


def checked(table: pl.DataFrame) -> dict[str, dict[str, float]]:
    """Count for each model what no forecast may have: gaps, crossing levels, twins, chances beyond 0 to 1.

    `p_vs_quantiles` is the mean distance of P(up) from the chance that the quantiles themselves state.
    """
    found = {}
    for (name,), own in table.group_by(["model"], maintain_order=True):
        prices = own.select(COLUMNS).to_numpy()
        p_up, close = own["p_up"].to_numpy(), own["close"].to_numpy()
        with np.errstate(divide="ignore", invalid="ignore"):
            stated = rise(np.log(np.maximum(prices, 1e-300) / close[:, None]), np.array(LEVELS))
        apart = np.abs(stated - p_up)
        known = np.isfinite(apart)
        found[str(name)] = {
            "rows": own.height,
            "no_target": own["y"].null_count(),
            "nan": int((~np.isfinite(prices)).any(axis=1).sum() + (~np.isfinite(p_up)).sum()),
            "crossing": int((np.diff(prices, axis=1) < -1e-12).any(axis=1).sum()),
            "duplicates": own.height - own.select(_KEY).n_unique(),
            "p_range": int(((p_up < 0) | (p_up > 1)).sum()),
            "p_vs_quantiles": float(apart[known].mean()) if known.any() else float("nan"),
        }
    return dict(sorted(found.items()))
