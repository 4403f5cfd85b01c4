"""`ara audit forecast`."""

from typing import Annotated

import typer

from ara.cli.screen import screen

__all__ = ["forecast"]

_LONGEST = 86_400


def forecast(
    bars: Annotated[str, typer.Option("--bars", metavar="FILE", help="Bars of many instruments, Parquet or CSV")],
    line: Annotated[
        str, typer.Option("--cmd", metavar="LINE", help="What forecasts, with {bars}, {origins} and {out} for files")
    ],
    symbols: Annotated[
        list[str] | None, typer.Argument(metavar="[SYMBOL...]", help="On whose bars; all of the file")
    ] = None,
    moments: Annotated[str, typer.Option("--moments", metavar="N", help="How many moments are tried")] = "3",
    seed: Annotated[str, typer.Option("--seed", metavar="N", help="Of what is random")] = "1",
    limit: Annotated[
        str, typer.Option("--limit", metavar="SECONDS", help="How long the command may take each time")
    ] = "600",
) -> None:
    """Prove that a command's forecasts know nothing of the future, whoever wrote it; exit code 4 where they do.

    Exit code 15 says that nothing is proven: it failed, or says another thing every time.

    ::

        ara audit forecast --bars bars.parquet --cmd "ara forecast --bars {bars} --origins {origins} --out {out}"
        ara audit forecast --bars bars.parquet --cmd "python mine.py {bars} {origins} {out}" --moments 1 --json

    The command is started without a shell for each question. It reads Parquet files of bars (symbol, ts, open, high,
    low, close, volume, asset_class) and of origins (symbol, origin, horizon), and writes one of forecasts: model,
    symbol, origin, horizon, a price for each level from q0.01 to q0.99, p_up.
    """
    from ara.cli.commands.audit.asking import MOST_MOMENTS, bars_of, told
    from ara.cli.commands.data.asked import counted
    from ara.evidence.leaks import Forecaster, audit

    s = screen()
    s.settings()
    tries, chance = counted(moments, "--moments", most=MOST_MOMENTS), counted(seed, "--seed")
    subject = Forecaster.of_command(line, limit=float(counted(limit, "--limit", most=_LONGEST)))
    given = bars_of(s, bars, symbols)
    with s.progress("Auditing") as step:
        found = audit(subject, given, moments=tries, seed=chance, step=lambda done, total: step(done, total=total))
    raise typer.Exit(told(s, found))
