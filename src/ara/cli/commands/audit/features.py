"""`ara audit features`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ara.cli.commands.audit.asking import rows
from ara.cli.screen import Screen, screen

if TYPE_CHECKING:
    from ara.features.audit import Audit
    from ara.features.audit.trap import Trap
    from ara.market.bars import Bars
    from ara.workers import Progress

__all__ = ["features"]

_SYMBOLS = ("AAPL", "EURUSD", "BTC-USD")
_MOST = 50
_QUICK = 7
_LONGEST = 86_400


def features(
    name: Annotated[
        str, typer.Argument(metavar="WHAT", help="A set or its file, an indicator, a formula, module:function, planted")
    ],
    symbols: Annotated[
        list[str] | None, typer.Argument(metavar="[SYMBOL...]", help="On whose bars; AAPL EURUSD BTC-USD")
    ] = None,
    length: Annotated[str, typer.Option("--timeframe", "-t", metavar="STEP", help="Length of a bar")] = "1d",
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help="Use only what was public then")] = "",
    cuts: Annotated[str, typer.Option("--cuts", metavar="N", help="How many random cuts of the past are tried")] = "3",
    seed: Annotated[str, typer.Option("--seed", metavar="N", help="Of what is random")] = "20",
    limit: Annotated[str, typer.Option("--limit", metavar="SECONDS", help="How long one build may take")] = "60",
) -> None:
    """Prove that features know nothing of the future, or show where they do; exit code 4 where one does.

    Exit code 15 says that nothing is proven: it could not be built, had no values, or is another every time.

    ::

        ara audit features ara-default
        ara audit features "close / sma(close, 20)" BTC-USD --cuts 10
        ara audit features my_package.features:make AAPL MSFT --json
        ara audit features my_package.features:make --limit 300
        ara audit features planted

    What was known at the close of a bar may not change with what follows it. The features are built again from bars
    that end earlier, that go on in another way, that begin later, in which a few differ, that a split follows; what
    they say of the same past must be the same. `planted` shows that ten well-known leaks are found so.
    """
    from ara.cli.commands.data.asked import counted
    from ara.cli.render.audit import caught
    from ara.errors import FeatureEngineeringError
    from ara.features.audit import audit, foreign, subject

    s = screen()
    s.settings()
    tries, chance = counted(cuts, "--cuts", most=_MOST), counted(seed, "--seed")
    seconds = counted(limit, "--limit", most=_LONGEST)
    if name.strip() == "planted":
        from ara.features.audit.planted import self_test

        traps = self_test(_bars(s, (symbols or [_SYMBOLS[0]])[:1], [], length, as_of)[0][0], cuts=tries, seed=chance)
        s.result(_traps(traps), lambda: caught(traps, s))
        raise typer.Exit(0 if all(trap.caught for trap in traps) else FeatureEngineeringError.exit_code)
    wants = foreign(name)
    if wants is not None:
        bars, others = _bars(s, symbols or _SYMBOLS, wants, length, as_of)
        raise typer.Exit(_told(s, _apart(s, name, bars, others, cuts=tries, seed=chance, limit=float(seconds))))
    chosen = subject(name)
    bars, others = _bars(s, symbols or _SYMBOLS, chosen.wants, length, as_of)
    if chosen.crosses:
        others |= {one.instrument.symbol: one for one in bars}
        if len(bars) > _QUICK:
            s.note(f"All {len(bars)} are built together each time, which takes minutes; fewer, or --cuts 1, take less.")
    with s.progress("Auditing") as step:
        found = audit(
            chosen,
            *bars,
            others=others,
            cuts=tries,
            seed=chance,
            limit=seconds,
            step=lambda done, total: step(done, total=total),
        )
    raise typer.Exit(_told(s, found))


def _told(s: Screen, found: "Audit") -> int:
    from ara.cli.render.audit import audited
    from ara.errors import AuditError, FeatureEngineeringError

    codes = {"leaks": FeatureEngineeringError.exit_code, "unknown": AuditError.exit_code, "clear": 0}
    code = codes[found.verdict]
    s.result({"schema": 1, **found.as_dict(), "exit_code": code}, lambda: audited(found, s))
    return code


def _apart(s: Screen, name: str, bars: "list[Bars]", others: "dict[str, Bars]", **how: Any) -> "Audit":
    """Audit another package's code in a process of its own; what ends that process proves nothing."""
    from ara.desk import Desk
    from ara.errors import AuditError, WorkerError
    from ara.features.audit.apart import audit_apart

    async def ask() -> "Audit":
        async with Desk.open(s.settings()) as desk:
            with s.progress("Auditing") as step:

                def hear(seen: "Progress") -> bool:
                    step(seen.done, total=seen.total)
                    return True

                return await desk.workers.run(
                    audit_apart,
                    name,
                    bars,
                    others,
                    where="process",
                    watch=hear,
                    **how,
                )

    others = others | {one.instrument.symbol: one for one in bars}
    try:
        return s.run(ask())
    except WorkerError as error:
        words = f"{name} ended its process, so nothing is proven: {error.message.rpartition(': ')[2]}"
        raise AuditError(
            words, hint="A feature gives values; it ends no program, and runs in bounded memory."
        ) from error


def _bars(
    s: Screen, symbols: Sequence[str], wants: Sequence[str], step: str, as_of: str
) -> "tuple[list[Bars], dict[str, Bars]]":
    """Give the bars of the instruments, and of those that the features compare with."""
    from ara.cli.commands.data.asked import timeframe
    from ara.data.feed import MarketData
    from ara.desk import Desk
    from ara.features.sets import MARKET
    from ara.prediction.features import MARKETS
    from ara.prediction.origin import as_instant

    length = timeframe(step)

    async def ask() -> "tuple[list[Bars], dict[str, Bars]]":
        async with Desk.open(s.settings()) as desk, MarketData(desk) as market:
            moment = as_instant(as_of or None, now=desk.clock.now(), what="--as-of")

            async def bars(symbol: str) -> "Bars":
                return await market.bars(await market.instrument(symbol), length, as_of=moment)

            found = [await bars(symbol) for symbol in dict.fromkeys(symbols)]
            others = {want: want for want in wants if want != MARKET}
            if MARKET in wants:
                kinds = {one.instrument.asset_class for one in found}
                others |= {f"{MARKET}:{kind}": MARKETS[kind] for kind in sorted(kinds) if kind in MARKETS}
            return found, {name: await bars(symbol) for name, symbol in others.items()}

    return s.run(ask())


def _traps(traps: "Sequence[Trap]") -> dict[str, Any]:
    return {
        "schema": 1,
        "caught": sum(trap.caught for trap in traps if trap.leaks),
        "planted": sum(trap.leaks for trap in traps),
        "ok": all(trap.caught for trap in traps),
        "traps": rows(traps),
    }
