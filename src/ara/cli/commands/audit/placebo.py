"""`ara audit placebo`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ara.cli.screen import screen
from ara.cli.words import clean
from ara.errors import StoreError, ValidationError

if TYPE_CHECKING:
    import polars as pl

__all__ = ["placebo"]

_MOST = 1000


def placebo(
    bars: Annotated[str, typer.Option("--bars", metavar="FILE", help="Bars of many instruments, Parquet or CSV")],
    out: Annotated[str, typer.Option("--out", metavar="DIR", help="Where the markets go, a Parquet file of each")],
    kind: Annotated[
        str, typer.Option("--kind", metavar="KIND", help="phase, regime or both: how they are made")
    ] = "both",
    count: Annotated[str, typer.Option("--count", metavar="N", help="How many of each kind")] = "1",
    seed: Annotated[str, typer.Option("--seed", metavar="N", help="Of the first; each further one has the next")] = "1",
    *,
    drift: Annotated[bool, typer.Option("--drift", help="Keep each symbol's mean return, which is else 0")] = False,
) -> None:
    """Make markets of real bars in which nobody can know where the next price goes, to try forecasts and rules on.

    ::

        ara audit placebo --bars bars.parquet --out placebo --count 20
        ara audit --placebo --bars bars.parquet --out placebo
        ara evaluate --bars placebo/phase-1.parquet --models fast

    What claims a direction in more than one of twenty of them claims too much. Returns are those that were, less their
    mean and in another order: `phase` keeps the autocorrelation of their squares, `regime` how long calm and wild
    times last and how symbols move together.
    """
    from ara.cli.commands.data.asked import counted
    from ara.data.files import read_bars
    from ara.evidence.placebo import KINDS
    from ara.evidence.placebo import placebo as made

    s = screen()
    s.settings()
    wanted = [one for one in KINDS if kind.strip() in (one, "both")]
    if not wanted:
        raise ValidationError(f"--kind is {clean(kind)[:40]!r}; it is phase, regime or both.")
    number, first = counted(count, "--count", most=_MOST), counted(seed, "--seed", least=0)
    given, folder, files = read_bars(_file(bars)), _folder(out), []
    with s.progress("Making") as step:
        for one in wanted:
            for number_ in range(first, first + number):
                place = folder / f"{one}-{number_}.parquet"
                _write(made(given, one, seed=number_, drift=drift), place)
                files.append(str(place))
                step(len(files), total=number * len(wanted))
    symbols = given["symbol"].n_unique()
    s.result(
        {"schema": 1, "files": files, "kinds": wanted, "seed": first, "symbols": symbols, "rows": given.height},
        lambda: f"{len(files)} placebo market{'s' * (len(files) != 1)} of {symbols} symbols: {clean(out)}",
    )


def _file(text: str) -> Path:
    path = Path(text)
    if not path.is_file():
        raise ValidationError(f"--bars: there is no file {text!r}.", hint="Check the path.")
    return path


def _folder(text: str) -> Path:
    path = Path(text)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValidationError(f"--out: {text!r} can't be a folder: {error.strerror}.", hint="Name another.") from error
    return path


def _write(frame: "pl.DataFrame", place: Path) -> None:
    from io import BytesIO

    from ara.whole import write

    content = BytesIO()
    frame.write_parquet(content)
    try:
        write(place, content.getbuffer())
    except OSError as error:
        raise StoreError(f"{place} can't be written: {error.strerror or error}.", hint="Check the folder.") from error
