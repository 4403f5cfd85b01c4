"""`ara audit model`."""

from typing import TYPE_CHECKING, Annotated

import typer

from ara.cli.screen import Screen, screen

if TYPE_CHECKING:
    from ara.evidence.leaks import Audit

__all__ = ["model"]

_LONGEST = 86_400


def model(
    name: Annotated[
        str, typer.Argument(metavar="MODEL", help="A family of models, module:class of one's own, or planted")
    ],
    symbols: Annotated[
        list[str] | None, typer.Argument(metavar="[SYMBOL...]", help="On whose bars; AAPL EURUSD BTC-USD")
    ] = None,
    bars: Annotated[str, typer.Option("--bars", metavar="FILE", help="Bars of many instruments, Parquet or CSV")] = "",
    moments: Annotated[str, typer.Option("--moments", metavar="N", help="How many moments are tried")] = "3",
    seed: Annotated[str, typer.Option("--seed", metavar="N", help="Of what is random")] = "1",
    limit: Annotated[
        str, typer.Option("--limit", metavar="SECONDS", help="How long one question may take; no limit with 0")
    ] = "0",
) -> None:
    """Prove that a model knows nothing of the future, or show where it does; exit code 4 where it does.

    Exit code 15 says that nothing is proven: it failed, or says another thing every time.

    ::

        ara audit model har_t
        ara audit model fast --bars bars.parquet --moments 5
        ara audit model my_package.models:Mine AAPL MSFT --json
        ara audit model planted

    The same origins are asked again from bars that end there, with other bars after them, many at once, and in a
    market where nothing can be known. `planted` shows that ten well-known leaks are found so, and their twins pass.
    """
    from ara.cli.commands.audit.asking import MOST_MOMENTS, told, told_traps
    from ara.cli.commands.data.asked import counted

    s = screen()
    s.settings()
    tries, chance = counted(moments, "--moments", most=MOST_MOMENTS), counted(seed, "--seed")
    seconds = counted(limit, "--limit", least=0, most=_LONGEST)
    if name.strip() == "planted":
        from ara.evidence.leaks.model_traps import self_test

        with s.progress("Auditing") as step:
            traps = self_test(step=lambda done, total: step(done, total=total))
        raise typer.Exit(told_traps(s, "model", traps))
    raise typer.Exit(told(s, _audited(s, name, bars, symbols, (tries, chance, seconds))))


def _audited(s: Screen, name: str, file: str, symbols: list[str] | None, how: tuple[int, int, int]) -> "Audit":
    from ara.cli.commands.audit.asking import bars_of
    from ara.evidence.leaks import Forecaster, audit
    from ara.evidence.leaks.apart import foreign

    moments, seed, limit = how
    if foreign(name):
        return _apart(s, name, file, symbols, how)
    subject = Forecaster.of_model(name.strip(), seed=s.settings().prediction.seed)
    given = bars_of(s, file, symbols)
    with s.progress("Auditing") as step:
        return audit(
            subject,
            given,
            moments=moments,
            seed=seed,
            limit=limit,
            step=lambda done, total: step(done, total=total),
        )


def _apart(s: Screen, name: str, file: str, symbols: list[str] | None, how: tuple[int, int, int]) -> "Audit":
    """Audit another package's code in a process of its own; what ends that process proves nothing."""
    from ara.cli.commands.audit.asking import bars_of, hearing
    from ara.desk import Desk
    from ara.errors import AuditError, WorkerError
    from ara.evidence.leaks.apart import audit_apart

    given = bars_of(s, file, symbols)
    moments, seed, limit = how

    async def ask() -> "Audit":
        async with Desk.open(s.settings()) as desk:
            with s.progress("Auditing") as step:
                return await desk.workers.run(
                    audit_apart,
                    name.strip(),
                    given,
                    moments=moments,
                    seed=seed,
                    limit=float(limit),
                    where="process",
                    watch=hearing(step),
                )

    try:
        return s.run(ask())
    except WorkerError as error:
        words = f"{name} ended its process, so nothing is proven: {error.message.rpartition(': ')[2]}"
        raise AuditError(
            words, hint="A model gives forecasts; it ends no program, and runs in bounded memory."
        ) from error
