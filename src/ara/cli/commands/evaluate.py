"""`ara evaluate`."""

import shlex
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ara.cli.screen import Screen, screen
from ara.cli.words import clean
from ara.errors import ModelError, ValidationError

if TYPE_CHECKING:
    from ara.evidence import Evaluation
    from ara.performance.trials import Look
    from ara.workers import Progress

__all__ = ["command"]


def command(
    bars: Annotated[str, typer.Option("--bars", metavar="FILE", help="Bars of many instruments, Parquet or CSV")],
    forecasts: Annotated[
        list[str] | None, typer.Option("--forecasts", metavar="FILE", help="Forecasts to judge; may be repeated")
    ] = None,
    models: Annotated[
        str, typer.Option("--models", metavar="NAMES", help="Families to ask for the same origins, with commas")
    ] = "",
    begin: Annotated[
        str, typer.Option("--from", metavar="DATE", help="First origin; three years before the last")
    ] = "",
    end: Annotated[str, typer.Option("--to", metavar="DATE", help="Last origin; the last that there is")] = "",
    gate: Annotated[bool, typer.Option("--gate", help="Exit with 4 where a floor is missed")] = False,
    broken: Annotated[
        bool, typer.Option("--break", help="Also ask --models in made-up markets whose returns triple")
    ] = False,
    out: Annotated[
        str, typer.Option("--out", metavar="DIR", help="Write report.html, evaluation.json, scores.csv")
    ] = "",
    exam: Annotated[
        str, typer.Option("--exam", metavar="NAME", help="crash: do the next day's 90 % bands of --models hold in one?")
    ] = "",
) -> int:
    """Judge forecasts by every figure of the protocol, beside the baselines.

    ::

        ara evaluate --bars bars.parquet --forecasts quantiles.parquet
        ara evaluate --bars bars.parquet --models fast,har_t --from 2018-03-20 --to 2021-03-19
        ara evaluate --bars bars.parquet --forecasts quantiles.parquet --gate --out report --json
        ara evaluate --bars stocks.parquet --exam crash --models fast

    Baselines that the files lack are made. Every look at these days is counted; after many, they prove nothing.
    """
    s = screen()
    folder = _folder(out) if out else None
    given = [_file(one, "--forecasts") for one in forecasts or ()]
    asked = [_family(name) for name in dict.fromkeys(filter(None, map(str.strip, models.split(","))))]
    if exam:
        from ara.cli.commands.crash import examined

        days = _crash(exam, asked, given, broken=broken or bool(out), days=(begin, end))
        return examined(s, _file(bars, "--bars"), asked, days, gate=gate)
    found = _evaluated(s, _file(bars, "--bars"), given, asked, (begin, end), broken=broken)
    look = _counted(s, found)
    code = 0 if found.passed or not gate else ModelError.exit_code
    data: dict[str, Any] = {
        "schema": 1,
        **found.as_dict(),
        "command": _again(bars, forecasts or [], asked, begin, end) + (" --break" if broken else ""),
        "look": {"number": look.number, "limit": look.limit, "burnt": look.burnt},
        "exit_code": code,
    }
    if folder:
        from ara.cli.render.evaluation_page import written

        for path in written(found, data, folder):
            s.note(f"Written to {path}")
    from ara.cli.render.evaluation import told

    s.result(data, lambda: told(found, look, s))
    return code


def _evaluated(
    s: Screen, bars: Path, given: list[Path], asked: list[str], days: tuple[str, str], *, broken: bool
) -> "Evaluation":
    from ara.data.files import read_bars
    from ara.evidence import evaluate
    from ara.evidence.forecasts import read_forecasts

    with s.progress("Evaluating") as step:

        def hear(name: str, state: "Progress") -> bool:
            step(state.done, total=state.total or None, words=f"asking {name}")
            return True

        return evaluate(
            read_bars(bars),
            read_forecasts(given) if given else None,
            models=asked,
            start=_day(days[0], "--from"),
            end=_day(days[1], "--to", last=True),
            broken=broken,
            seed=s.settings().prediction.seed,
            watch=hear,
        )


def _crash(
    exam: str, asked: list[str], given: list[Path], *, broken: bool, days: tuple[str, str]
) -> tuple[datetime | None, datetime | None]:
    """Give the days of the crash exam; refuse what doesn't go with it."""
    if exam.strip() != "crash":
        raise ValidationError(f"--exam is {clean(exam)[:40]!r}; there is: crash.")
    if not asked or given or broken:
        words = "The crash exam asks --models, and takes no --forecasts, --break or --out."
        raise ValidationError(words, hint="ara evaluate --bars FILE --exam crash --models fast")
    return _day(days[0], "--from"), _day(days[1], "--to", last=True)


def _counted(s: Screen, found: "Evaluation") -> "Look":
    """Count the look at these days, before anything is shown."""
    from ara.evidence.looks import counted

    async def ask() -> "Look":
        from ara.desk import Desk

        async with Desk.open(s.settings()) as desk:
            return await counted(desk, found)

    return s.run(ask())


def _again(bars: str, forecasts: list[str], asked: list[str], begin: str, end: str) -> str:
    """Give the command that makes the figures again."""
    words = ["ara", "evaluate", "--bars", bars]
    for one in forecasts:
        words += ["--forecasts", one]
    for flag, value in (("--models", ",".join(asked)), ("--from", begin), ("--to", end)):
        words += [flag, value] if value else []
    return shlex.join(words)


def _family(name: str) -> str:
    from ara import plugins

    plugins.load("models", name)
    return name


def _day(text: str, flag: str, *, last: bool = False) -> datetime | None:
    if not text:
        return None
    try:
        label = date.fromisoformat(text.strip())
    except ValueError:
        raise ValidationError(f"{flag} is {clean(text)[:40]!r}, which is no date.", hint="Write 2018-03-20.") from None
    begin = datetime.combine(label, time(), UTC)
    return begin + timedelta(days=1) - timedelta.resolution if last else begin


def _file(text: str, flag: str) -> Path:
    path = Path(text)
    if not path.is_file():
        raise ValidationError(f"{flag}: there is no file {text!r}.", hint="Check the path.")
    return path


def _folder(text: str) -> Path:
    path = Path(text)
    if path.exists() and not path.is_dir():
        raise ValidationError(f"--out: {text!r} is no folder.", hint="Name a folder, new or to be written into.")
    return path
