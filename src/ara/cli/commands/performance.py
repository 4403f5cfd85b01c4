"""`ara performance`."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ara.cli.commands.reported import HELP
from ara.cli.commands.reported import asked as reported
from ara.cli.commands.tracks import alongside, bars_of, dated_of, returns_of_file, share_of
from ara.cli.screen import Screen, screen
from ara.errors import ValidationError

if TYPE_CHECKING:
    from ara.cli.render.performance import Judged
    from ara.data.files.dated import Dated

__all__ = ["command"]

_TRIALS = 1_000_000
_WORST = 10


def command(
    files: Annotated[list[str], typer.Argument(metavar="FILE", help="Dated returns, or what an account was worth")],
    column: Annotated[str, typer.Option("--column", metavar="NAME", help="Which column holds them")] = "",
    kind: Annotated[
        str, typer.Option("--kind", metavar="KIND", help="returns, percent or equity, if it isn't plain")
    ] = "",
    benchmark: Annotated[
        str, typer.Option("--benchmark", metavar="FILE|SYMBOL", help="What it is compared with over the same bars")
    ] = "",
    trials: Annotated[
        str, typer.Option("--trials", metavar="N", help="How many were tried, this one among them")
    ] = "1",
    per_year: Annotated[
        str, typer.Option("--per-year", metavar="N", help="Bars of a year; by the dates if not given")
    ] = "",
    free: Annotated[str, typer.Option("--free", metavar="RATE", help="What cash earns in a year: 2% or 0.02")] = "0",
    by: Annotated[str, typer.Option("--by", metavar="PERIOD", help="Returns of each year or month")] = "year",
    dates: Annotated[str, typer.Option("--dates", metavar="ORDER", help="dmy or mdy, if the file doesn't tell")] = "",
    compare: Annotated[bool, typer.Option("--compare", help="Rank several files, or --column a,b of one")] = False,
    metric: Annotated[str, typer.Option("--metric", metavar="NAME", help="Rank by sharpe or return")] = "sharpe",
    prefer: Annotated[
        str, typer.Option("--prefer", metavar="NAME", help="Keep one of them, or best, as preferred")
    ] = "",
    report: Annotated[str, typer.Option("--report", metavar="FILE", help=HELP)] = "",
) -> None:
    """Measure the returns of a strategy or an account, and how much of them is luck.

    ::

        ara performance equity.csv
        ara performance equity.csv --benchmark SPY --trials 40
        ara performance returns.parquet --column strategy --free 2% --by month --json
        ara performance equity.csv --benchmark SPY --report equity.html
        ara performance trend.csv value.csv --compare --benchmark SPY --prefer best

    The more was tried, the better the best of it looks without any skill: --trials is the true number.
    """
    from ara.cli.commands.data.asked import counted
    from ara.cli.render.performance import shown
    from ara.data.files.dated import read_dated

    s = screen()
    tried, goal = counted(trials, "--trials", most=_TRIALS), reported(report)
    rate = share_of(free)
    if by not in {"year", "month"}:
        raise ValidationError(f"--by is {by!r:.20}.", hint="Allowed: year or month.")
    if compare or len(files) > 1:
        from ara.cli.commands.performance_compare import compare as side_by_side

        if report:
            raise ValidationError("--compare goes without --report.", hint="Report on each of them apart.")
        side_by_side(
            s, files, column=column, kind=kind, dates=dates, metric=metric.strip().lower(), trials=tried, free=rate,
            bars=bars_of(per_year), prefer=prefer.strip(), benchmark=benchmark,
        )  # fmt: skip
        return
    if prefer:
        raise ValidationError("--prefer chooses among several.", hint="Name more files: a.csv b.csv --prefer a")
    own = read_dated(Path(files[0]), column=column, kind=kind, dates=dates)
    other = dated_of(s, benchmark, dates) if benchmark else None
    bars = bars_of(per_year)
    with s.progress("Drawing histories anew"):
        judged = _judged(own, other, benchmark=benchmark, trials=tried, free=rate, bars=bars)
    data = _document(judged)
    if goal is not None:
        _report(s, judged, data, goal)
    s.result(data, lambda: shown(judged, s, by=by))


def _report(s: Screen, judged: "Judged", data: dict[str, Any], path: Path) -> None:
    from ara.cli.commands.reported import sent
    from ara.reports import Track, track_report

    own = judged.own
    track = Track(
        name=own.name, at=judged.at, returns=judged.returns, per_year=judged.per_year, other_name=judged.benchmark,
        other=judged.beside, free=judged.free, trials=judged.significance.trials,
    )  # fmt: skip
    facts = [
        ("Column", f"{own.column}, read as {'worth' if own.kind == 'equity' else 'returns'}"),
        ("Trials", f"{track.trials:,}, this one included"),
        ("Made again by", s.command),
    ]
    sent(s, track_report(track, facts=facts, source=own.name, document=data), path)


def _judged(own: "Dated", other: "Dated | None", *, benchmark: str, trials: int, free: float, bars: float) -> "Judged":
    import numpy as np

    from ara.cli.render.performance import Judged
    from ara.performance import drawdowns, measure
    from ara.performance.breakdown import bars_a_year, monthly_table
    from ara.performance.growth import wealth
    from ara.performance.luck import significance

    ends, returns = returns_of_file(own)
    beside = None
    if other is not None:
        found, beside = alongside(own, other)
        if found.sum() < 2:
            raise ValidationError(
                f"{own.name} and {other.name} have {int(found.sum())} bars in common.",
                hint=f"{other.name} has {other.days[0]:%Y-%m-%d} to {other.days[-1]:%Y-%m-%d}.",
            )
        ends, returns = ends[found], returns[found]
    stamps = ends.astype("datetime64[us]")
    yearly = bars or bars_a_year(stamps)
    days = stamps.astype("datetime64[D]")
    whole = drawdowns(np.concatenate(([1.0], wealth(returns))), most=_WORST)
    return Judged(
        own=own,
        benchmark=other.name if other else benchmark,
        at=stamps,
        returns=returns,
        beside=beside,
        left_out=len(own.days) - (own.kind == "equity") - len(returns),
        per_year=yearly,
        counted=not bars,
        free=free,
        measures=measure(returns, per_year=yearly, free=free, benchmark=beside),
        other=None if beside is None else measure(beside, per_year=yearly, free=free),
        significance=significance(returns, per_year=yearly, trials=trials, free=free),
        worst=whole.worst,
        months=monthly_table(returns, days),
        other_months=None if beside is None else monthly_table(beside, days),
    )


def _document(judged: "Judged") -> dict[str, Any]:
    from ara.performance.wrong import wrong

    own, days = judged.own, judged.days

    def day(place: int | None) -> str | None:
        return None if place is None else str(days[max(place - 1, 0)])

    return {
        "schema": 1,
        "file": own.name,
        "column": own.column,
        "kind": own.kind,
        "first": str(days[0]),
        "last": str(days[-1]),
        "bars": len(days),
        "missing": own.missing,
        "left_out": judged.left_out,
        "per_year": judged.per_year,
        "free": judged.free,
        "measures": judged.measures.as_dict(),
        "benchmark": judged.other and {"name": judged.benchmark, "measures": judged.other.as_dict()},
        "wrong": wrong(judged.returns).as_dict(),
        "significance": asdict(judged.significance),
        "drawdowns": [
            {"began": day(one.began), "bottom": day(one.bottom), "ended": day(one.ended), "depth": one.depth}
            for one in judged.worst
        ],
        "years": _years(judged),
    }


def _years(judged: "Judged") -> list[dict[str, Any]]:
    import math

    table, other = judged.months, judged.other_months
    return [
        {
            "year": year,
            "total": table.totals[place],
            "benchmark": other.totals[place] if other else None,
            "months": [None if math.isnan(one) else float(one) for one in table.months[place]],
        }
        for place, year in enumerate(table.years)
    ]
