"""`ara forecast`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ara.cli.screen import Screen, screen
from ara.cli.stopping import Stopping
from ara.cli.words import clean
from ara.errors import ValidationError

if TYPE_CHECKING:
    from ara.models.registry import Artefact
    from ara.prediction.bulk import Summary
    from ara.workers import Progress

__all__ = ["command"]


def command(
    bars: Annotated[str, typer.Option("--bars", metavar="FILE", help="Bars of many instruments, Parquet or CSV")],
    origins: Annotated[str, typer.Option("--origins", metavar="FILE", help="Symbol, origin, horizon, Parquet or CSV")],
    out: Annotated[str, typer.Option("--out", metavar="FILE", help="Where the quantiles go: Parquet, or .csv")],
    model: Annotated[
        str,
        typer.Option(
            "--model", metavar="MODEL", help="Family to fit at each month (fast), or a trained model: har_t@1"
        ),
    ] = "",
    name: Annotated[str, typer.Option("--name", metavar="LABEL", help="Label in the output; the model's name")] = "",
    refit: Annotated[
        str, typer.Option("--refit", metavar="PERIOD", help="How often a family is fitted: month, quarter or year")
    ] = "month",
) -> None:
    """Forecast many instruments at many moments from files, each from what was known then.

    ::

        ara forecast --bars bars.parquet --origins origins.parquet --out quantiles.parquet
        ara forecast --bars bars.parquet --origins origins.parquet --out q.parquet --model ewma_t --name baseline
        ara forecast --bars bars.parquet --origins origins.parquet --out q.parquet --json

    The same command again, after it was stopped, goes on from the months that were answered.
    """
    from ara.prediction.bulk import forecast_file

    s = screen()
    settings = s.settings()
    chosen, artefact = s.run(_meant(s, model))
    with Stopping(s, "origins") as kept, s.progress("Forecasting") as step:

        def watch(state: "Progress") -> bool:
            kept.heard(state.done, state.total)
            step(state.done, total=state.total or None, words=state.words or None)
            return True

        summary = forecast_file(
            _file(bars, "--bars"),
            _file(origins, "--origins"),
            _place(out),
            model=artefact.family if artefact else chosen,
            name=name or chosen,
            settings=settings,
            artefact=artefact,
            refit=_refit(refit),
            unfinished=Path(settings.home, "unfinished"),
            watch=watch,
        )
    facts = {
        "schema": 1,
        "out": out,
        "model": chosen,
        "artefact": artefact.id if artefact else None,
        "name": name or chosen,
        "refit": None if artefact else refit,
        "rows": summary.rows,
        "symbols": summary.symbols,
        "repeated": summary.repeated,
        "seconds": round(summary.seconds, 3),
    }
    if summary.repeated:
        s.note(f"Each origin is answered once at each horizon; left out as repeated: {summary.repeated:,}.")
    s.result(facts, lambda: _told(summary, out))


def _told(summary: "Summary", out: str) -> str:
    pace = f"{summary.seconds:,.1f} s" if summary.seconds >= 0.1 else "under 0.1 s"
    many = "1 symbol" if summary.symbols == 1 else f"{summary.symbols:,} symbols"
    return f"{summary.rows:,} rows for {many} in {pace}: {clean(out)}"


def _refit(text: str) -> str:
    from ara.models.months import REFITS

    if text not in REFITS:
        raise ValidationError(f"--refit is {clean(text)[:40]!r}; it is {', '.join(REFITS)}.")
    return text


async def _meant(s: Screen, name: str) -> "tuple[str, Artefact | None]":
    """Give the name that is asked, and the trained model that it means; None for a family."""
    from ara.desk import Desk
    from ara.prediction.chosen import meant

    async with Desk.open(s.settings()) as desk:
        return await meant(desk, name)


def _file(text: str, flag: str) -> Path:
    path = Path(text)
    if not path.is_file():
        raise ValidationError(f"{flag}: there is no file {text!r}.", hint="Check the path.")
    return path


def _place(text: str) -> Path:
    path = Path(text)
    if not path.parent.is_dir():
        raise ValidationError(f"--out: there is no folder {str(path.parent)!r}.", hint="Make the folder first.")
    if path.is_dir():
        raise ValidationError(f"--out: {text!r} is a folder.", hint="Name a file in it.")
    return path
