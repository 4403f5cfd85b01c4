"""Who is audited: whatever answers origins from bars, a family of models or a command."""

import os
import shlex
import signal
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from ara import plugins
from ara.errors import AuditError
from ara.evidence.forecasts import COLUMNS, read_forecasts
from ara.models.model import Model
from ara.prediction.bulk import forecast_frame
from ara.prediction.compute import Recipe

__all__ = ["FIGURES", "Forecaster"]

FIGURES: Final = (*COLUMNS, "p_up", "sigma")
"""Columns that two answers are compared by."""

_WORDS: Final = 300
_KEY: Final = ["symbol", "instant", "horizon"]
_HINT: Final = "Write it with {bars}, {origins} and {out}: ara forecast --bars {bars} --origins {origins} --out {out}"
_PLACES: Final = ("bars", "origins", "out")


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecaster:
    """Something that forecasts.

    Parameters
    ----------
    name
        What it is called.
    kind
        `model` or `forecast`.
    ask
        Gives `symbol`, `instant`, `horizon` and `FIGURES` for the rows of a frame of origins, from a frame of bars,
        both as `read_bars` and `read_origins` give them.
    """

    name: str
    kind: str
    ask: Callable[[pl.DataFrame, pl.DataFrame], pl.DataFrame]

    @classmethod
    def of_model(cls, model: Model | str, *, name: str = "", seed: int = 0) -> "Forecaster":
        """Make one of a family of models, by its registered name or as it is."""
        family = model if isinstance(model, str) else model.family
        made = None if isinstance(model, str) else model
        if made is None:
            plugins.load("models", family)
        recipe = Recipe(model=family, seed=seed, made=made)

        def ask(bars: pl.DataFrame, origins: pl.DataFrame) -> pl.DataFrame:
            told = forecast_frame(bars, origins, recipe)
            keys = origins.select(pl.col("symbol").cast(pl.String), "instant", pl.col("horizon").cast(pl.Int64))
            return pl.concat([keys, told.select(FIGURES)], how="horizontal")

        return cls(name=name or family, kind="model", ask=ask)

    @classmethod
    def of_command(cls, line: str, *, limit: float = 600.0) -> "Forecaster":
        """Make one of a command that reads files of bars and origins and writes a file of forecasts.

        It is started without a shell, in the working folder; `{bars}`, `{origins}` and `{out}` stand for the files.
        """
        words = _split(line)

        def ask(bars: pl.DataFrame, origins: pl.DataFrame) -> pl.DataFrame:
            with tempfile.TemporaryDirectory(prefix="ara-audit-") as folder:
                files = {name: Path(folder, f"{name}.parquet") for name in _PLACES}
                naive = pl.col("ts").dt.replace_time_zone(None)
                bars.with_columns(naive).write_parquet(files["bars"])
                label = pl.col("instant").dt.replace_time_zone(None).alias("origin")
                origins.select("symbol", label, "horizon").write_parquet(files["origins"])
                _run([_filled(word, files) for word in words], limit)
                if not files["out"].is_file():
                    raise AuditError("the command wrote no file of forecasts", hint=_HINT)
                return read_forecasts([files["out"]]).select(*_KEY, *FIGURES)

        return cls(name=line, kind="forecast", ask=ask)


def _split(line: str) -> list[str]:
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise AuditError(f"the command can't be read: {error}", hint=_HINT) from None
    lacking = [f"{{{name}}}" for name in _PLACES if f"{{{name}}}" not in line]
    if lacking or not words:
        raise AuditError(f"the command has no place for {', '.join(lacking)}", hint=_HINT)
    return words


def _filled(word: str, files: dict[str, Path]) -> str:
    for name, path in files.items():
        word = word.replace(f"{{{name}}}", str(path))
    return word


def _run(words: Sequence[str], limit: float) -> None:
    try:
        process = subprocess.Popen(  # noqa: S603 - the user's own command, which no shell reads
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise AuditError(f"{words[0]} can't be started: {error.strerror or error}", hint=_HINT) from error
    with process:
        try:
            _, told = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            late = f"the command took longer than {limit:g} seconds and was stopped"
            raise AuditError(late, hint="--limit gives it more seconds.") from None
        finally:
            if process.poll() is None:
                _kill(process)
    if process.returncode:
        last = (told.decode(errors="replace").strip().splitlines() or ["it said nothing"])[-1]
        raise AuditError(f"the command ended with {process.returncode}: {last[:_WORDS]}", hint=_HINT)


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """End the command and what it started."""
    if hasattr(os, "killpg"):
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()
