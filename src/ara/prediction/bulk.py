"""Forecasts in bulk, from files: many instruments, many origins, each answered from what was known then."""

import hashlib
import inspect
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara import __version__
from ara.data.files import read_bars, read_origins
from ara.errors import AraError, CancelledError, StoreError, ValidationError
from ara.lineage import digest
from ara.market.bars import SCHEMA, Bars, Basis
from ara.market.calendar import calendar
from ara.market.hours import spans, stamped, step
from ara.market.symbols import guess
from ara.models.panel import Panel, Rows
from ara.models.quantiles import LEVELS
from ara.models.registry.loading import Artefact
from ara.prediction.compute import ENGINE, Recipe, family, platform_facts
from ara.prediction.halves import computed
from ara.prediction.origin import DAYS
from ara.prediction.unfinished import Parts
from ara.settings import Settings
from ara.whole import write
from ara.workers import Progress

__all__ = ["Summary", "forecast_file", "forecast_frame", "series"]

_PRICES: Final = ("open", "high", "low", "close")


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What was made: rows written, symbols in them, seconds it took, and origins left out as asked before."""

    rows: int
    symbols: int
    seconds: float
    repeated: int = 0


def forecast_file(
    bars: Path,
    origins: Path,
    out: Path,
    *,
    model: str,
    name: str,
    settings: Settings,
    artefact: Artefact | None = None,
    refit: str = "month",
    unfinished: Path | None = None,
    watch: Callable[[Progress], bool] | None = None,
) -> Summary:
    """Answer each row of `origins` from `bars` and write the quantiles of the close to `out`, whole or not at all.

    A row that is there several times is answered once, in the place of the first.

    Parameters
    ----------
    bars
        Columns symbol, ts, open, high, low, close; asset_class tells the calendar; others are ignored.
    origins
        Columns symbol, origin (the `ts` of the last bar that may be used), horizon (1 to 30 bars).
    out
        Parquet: model, symbol and origin as given, horizon, one column per level (`q0.005` … `q0.995`, prices in the
        bars' own basis), p_up, sigma (of the log return).
    model, name
        Which model answers, and what the output calls it.
    settings
        For the seed.
    artefact
        A trained model of that family, to answer in place of fits; it refuses origins of before its last bar.
    refit
        How often a family is fitted: at each `month`, `quarter` or `year`.
    unfinished
        A folder for what was answered so far, so that the same call goes on from there once it was stopped or killed;
        nothing of it is left at the end. None: it begins anew.
    watch
        Told of progress; False stops the work, and nothing is written.
    """
    begin = time.perf_counter()
    goal = _checked(out, (bars, origins))
    given = read_origins(origins)
    asked = given.unique(["symbol", "instant", "horizon"], keep="first", maintain_order=True)
    recipe = Recipe(model=model, seed=settings.prediction.seed, artefact=artefact, refit=refit)
    parts = None if unfinished is None else Parts.opened(unfinished, _run(bars, origins, recipe))
    try:
        answer = forecast_frame(read_bars(bars), asked, recipe, parts=parts, watch=watch)
    except AraError as error:  # what is refused as a whole is not told piece by piece
        if parts is not None and not isinstance(error, CancelledError):
            parts.drop()
        raise
    _write(answer.with_columns(model=pl.lit(name)).select("model", pl.exclude("model")), goal)
    if parts is not None:
        parts.drop()
    return Summary(
        rows=answer.height,
        symbols=answer["symbol"].n_unique(),
        seconds=time.perf_counter() - begin,
        repeated=given.height - asked.height,
    )


def _run(bars: Path, origins: Path, recipe: Recipe) -> str:
    """Name a run by all that its answers follow from; of the code of a family by the file that it stands in."""
    with bars.open("rb") as one, origins.open("rb") as other:
        files = [hashlib.file_digest(file, "sha256").hexdigest() for file in (one, other)]
    code = hashlib.sha256(Path(inspect.getfile(type(family(recipe)))).read_bytes()).hexdigest()
    facts = {"files": files, "code": code, "model": recipe.described(), "seed": recipe.seed, "refit": recipe.refit}
    return digest({**facts, "engine": ENGINE, "version": __version__, "platform": platform_facts()})


def forecast_frame(
    bars: pl.DataFrame,
    origins: pl.DataFrame,
    recipe: Recipe,
    *,
    parts: Parts | None = None,
    watch: Callable[[Progress], bool] | None = None,
) -> pl.DataFrame:
    """Answer each row of `origins`, in its order, from frames as `read_bars` and `read_origins` give them."""
    horizons = _horizons(origins)
    panel = Panel.build(series(bars), horizons)
    rows = _rows(bars, origins)
    unique, where = np.unique(rows, return_inverse=True)
    told = computed(panel, unique, recipe, parts=parts, watch=watch)
    p_up, sigma = told.above(0.0), told.sigma
    column = np.searchsorted(np.array(horizons), origins["horizon"].to_numpy())
    close = bars["close"].to_numpy()[rows]
    with np.errstate(over="ignore"):
        prices = close[:, None] * np.exp(told.values[where, column])
    _refuse_endless(prices, origins)
    levels = {f"q{level:g}": prices[:, place] for place, level in enumerate(LEVELS)}
    return origins.select("symbol", "origin", "horizon").with_columns(
        **{name: pl.Series(values) for name, values in levels.items()},
        p_up=pl.Series(p_up[where, column]),
        sigma=pl.Series(sigma[where, column]),
    )


def _refuse_endless(prices: NDArray[np.float64], origins: pl.DataFrame) -> None:
    endless = np.flatnonzero(~np.isfinite(prices).all(axis=1))
    if len(endless):
        first = origins.row(int(endless[0]), named=True)
        raise ValidationError(
            f"the prices of {first['symbol']} at {first['origin']} are so large that their bands have no end",
            hint="Give the bars in another unit.",
        )


def _horizons(origins: pl.DataFrame) -> list[int]:
    horizons = sorted(int(value) for value in origins["horizon"].unique())
    wrong = [value for value in horizons if value not in DAYS]
    if wrong:
        raise ValidationError(
            f"the horizon {wrong[0]} is asked; a forecast reaches {DAYS.start} to {DAYS.stop - 1} bars",
            hint="Keep horizons from 1 to 30 in the file of origins.",
        )
    return horizons


def series(bars: pl.DataFrame) -> list[Bars]:
    """Give each symbol's rows as Bars, in the order in which the frame holds them: by symbol, then by time."""
    return [_bars(str(symbol), own) for (symbol,), own in bars.group_by(["symbol"], maintain_order=True)]


def _bars(symbol: str, own: pl.DataFrame) -> Bars:
    instrument = replace(guess(symbol, own["asset_class"][0] or ""), symbol=symbol)
    venue = calendar(instrument.calendar)
    length = step(own["ts"])
    hours = spans(own["ts"], venue, length, stamped=stamped(own["ts"], venue))
    frame = pl.concat([hours, own.select(*_PRICES, "volume")], how="horizontal")
    return Bars(
        instrument=instrument,
        timeframe=length,
        basis=Basis.RAW,
        frame=frame.with_columns(
            learned_at=pl.col("known_at"),
            source=pl.lit("file"),
            quality=pl.lit(1.0),
            imputed=pl.lit(value=False),
            votes=pl.lit(1, pl.Int64),
        ).select(SCHEMA.names()),
    )


def _rows(bars: pl.DataFrame, origins: pl.DataFrame) -> Rows:
    """Give the position of each origin's bar."""
    found = origins.select(pl.col("symbol").cast(pl.String), ts=pl.col("instant")).join(
        bars.select("symbol", "ts").with_row_index("row"), on=["symbol", "ts"], how="left", maintain_order="left"
    )
    missing = found.filter(pl.col("row").is_null())
    if missing.height:
        first = missing.row(0, named=True)
        raise ValidationError(
            f"{missing.height} of {origins.height} origins have no bar; the first: {first['symbol']} at {first['ts']}",
            hint="An origin is the ts of the last bar that may be used; it must be in the file of bars.",
        )
    rows: NDArray[np.int64] = found["row"].cast(pl.Int64).to_numpy()
    return rows


def _checked(out: Path, inputs: tuple[Path, ...]) -> Path:
    """Give the file that `out` means, links followed; refuse what is no file and what would overwrite an input."""
    goal = out.resolve()
    if goal.exists() and not goal.is_file():
        raise ValidationError(f"{out} is no regular file", hint="Name a file, new or to be replaced.")
    if any(goal == path.resolve() for path in inputs):
        raise ValidationError(f"{out} is read from as well", hint="Name another file for the output.")
    return goal


def _write(frame: pl.DataFrame, goal: Path) -> None:
    """Write beside the goal and move it there: a reader sees the whole file or none. Parquet, or CSV by its name."""
    content = BytesIO()
    if goal.suffix.lower() == ".csv":
        frame.write_csv(content, datetime_format="%Y-%m-%dT%H:%M:%S%.6fZ")
    else:
        frame.write_parquet(content)
    try:
        write(goal, content.getbuffer())
    except OSError as error:
        raise StoreError(
            f"{goal} can't be written: {error.strerror or error}.", hint="Check the folder and the room on its disk."
        ) from error
