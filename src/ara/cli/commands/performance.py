"""`ara performance`."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ara.cli.commands.reported import HELP
from ara.cli.commands.reported import asked as reported
from ara.cli.screen import Screen, screen
from ara.errors import ValidationError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ara.cli.render.performance import Judged
    from ara.data.files.dated import Dated

__all__ = ["command"]

_FILES = (".csv", ".txt", ".tsv", ".parquet", ".pq", ".gz", ".zip")
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
        ara performance trend.csv value.csv --compare --prefer best

    The more was tried, the better the best of it looks without any skill: --trials is the true number.
    """
    from ara.cli.commands.data.asked import counted
    from ara.cli.render.performance import shown
    from ara.data.files.dated import read_dated

    s = screen()
    tried, goal = counted(trials, "--trials", most=_TRIALS), reported(report)
    rate = _share(free)
    if by not in {"year", "month"}:
        raise ValidationError(f"--by is {by!r:.20}.", hint="Allowed: year or month.")
    if compare or len(files) > 1:
        from ara.cli.commands.performance_compare import compare as side_by_side

        if report or benchmark:
            raise ValidationError("--compare goes without --report and --benchmark.", hint="Name the other as a file.")
        side_by_side(
            s, files, column=column, kind=kind, dates=dates, metric=metric.strip().lower(), trials=tried, free=rate,
            bars=_number(per_year), prefer=prefer.strip(),
        )  # fmt: skip
        return
    if prefer:
        raise ValidationError("--prefer chooses among several.", hint="Name more files: a.csv b.csv --prefer a")
    own = read_dated(Path(files[0]), column=column, kind=kind, dates=dates)
    other = _other(s, benchmark, dates) if benchmark else None
    bars = _number(per_year)
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


def _share(text: str) -> float:
    plain = text.strip()
    try:
        value = float(plain.removesuffix("%")) / (100 if plain.endswith("%") else 1)
    except ValueError:
        value = float("nan")
    if not -1 < value < 10:
        raise ValidationError(f"--free is {text!r:.20}.", hint="Give what cash earns in a year, as 2% or 0.02.")
    return value


def _number(text: str) -> float:
    if not text:
        return 0.0
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 < value <= 1e7:
        raise ValidationError(f"--per-year is {text!r:.20}.", hint="Give the bars of a year, as 252.")
    return value


def _other(s: Screen, benchmark: str, dates: str) -> "Dated":
    """Give what it is compared with: a file if it is one or is called like one, else an instrument's closes."""
    from ara.cli.commands.viewed import closed_bars
    from ara.cli.commands.viewed import dates as labels
    from ara.data.files.dated import Dated, read_dated

    path = Path(benchmark)
    if path.suffix.lower() in _FILES or path.is_file():
        return read_dated(path, dates=dates)
    from datetime import UTC, datetime, time

    bars = closed_bars(s, benchmark)
    return Dated(
        name=bars.instrument.symbol,
        column="close",
        kind="equity",
        days=tuple(datetime.combine(one, time(), UTC) for one in labels(bars)),
        values=tuple(bars.frame["close"].to_list()),
        missing=0,
        guessed=False,
    )


def _times(series: "Dated") -> "NDArray[np.int64]":
    import numpy as np

    return np.array([round(one.timestamp() * 1e6) for one in series.days], np.int64)


def _own(series: "Dated") -> "tuple[NDArray[np.int64], NDArray[np.float64]]":
    """Give the times at which returns end, and the returns."""
    import numpy as np

    from ara.performance.inputs import checked, returns_of

    if series.kind == "equity":
        return _times(series)[1:], returns_of(series.values)
    values = np.array(series.values)
    if (values < -1).any():
        day, value = series.days[int(np.argmax(values < -1))], values[values < -1][0]
        raise ValidationError(
            f"{series.name}: {series.column} is {value:g} on {day:%Y-%m-%d}, and nobody loses more than all.",
            hint="Returns are shares: 0.01 is 1 %. Else say --kind percent or --kind equity.",
        )
    return _times(series), checked(values)


def _beside(own: "Dated", other: "Dated") -> "tuple[NDArray[np.bool_], NDArray[np.float64]]":
    """Give which of the own returns have a counterpart, and the counterparts: over the same stretches of time.

    Prices and worths are taken as last known at both ends; returns of a file count at their own dates only.
    """
    import numpy as np

    ends, _ = _own(own)
    there, values = _times(other), np.array(other.values)
    if other.kind == "returns":
        _own(other)
        place = np.minimum(np.searchsorted(there, ends), len(there) - 1)
        found = there[place] == ends
        return found, values[place[found]]
    starts = _times(own)[:-1] if own.kind == "equity" else np.concatenate(([ends[0] - 1], ends[:-1]))
    first, last = (np.searchsorted(there, one, side="right") - 1 for one in (starts, ends))
    found = (first >= 0) & (ends <= there[-1] + _most_late(there)) & (values[first] > 0) & (values[last] >= 0)
    return found, values[last[found]] / values[first[found]] - 1


def _most_late(times: "NDArray[np.int64]") -> int:
    """Give how old the last price may be: as long as the longest hole before it."""
    import numpy as np

    return int(np.diff(times).max()) if len(times) > 1 else 0


def _judged(own: "Dated", other: "Dated | None", *, benchmark: str, trials: int, free: float, bars: float) -> "Judged":
    import numpy as np

    from ara.cli.render.performance import Judged
    from ara.performance import drawdowns, measure
    from ara.performance.breakdown import bars_a_year, monthly_table
    from ara.performance.growth import wealth
    from ara.performance.luck import significance

    ends, returns = _own(own)
    beside = None
    if other is not None:
        found, beside = _beside(own, other)
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
