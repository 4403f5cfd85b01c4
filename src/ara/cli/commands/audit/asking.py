"""What commands that audit share: bars as a file would hold them, and what is told at the end."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ara.cli.screen import Screen
from ara.errors import ValidationError

if TYPE_CHECKING:
    import polars as pl

    from ara.evidence.leaks import Audit
    from ara.features.audit.trap import Trap
    from ara.workers import Progress

__all__ = ["MOST_MOMENTS", "SYMBOLS", "bars_of", "hearing", "rows", "told", "told_traps"]

SYMBOLS = ("AAPL", "EURUSD", "BTC-USD")
"""On whose bars something is audited where none are named."""

MOST_MOMENTS = 20
"""At how many moments the clock may be stopped."""


def bars_of(s: Screen, file: str, symbols: Sequence[str] | None) -> "pl.DataFrame":
    """Give the bars of a file, of some of its symbols if any are named; else daily bars of the instruments."""
    import polars as pl

    if not file:
        return _kept(s, symbols or SYMBOLS)
    from ara.data.files import read_bars

    path = Path(file)
    if not path.is_file():
        raise ValidationError(f"--bars: there is no file {file!r}.", hint="Check the path.")
    bars = read_bars(path).with_columns(pl.col("symbol").cast(pl.String))
    lacking = sorted(set(symbols or ()) - set(bars["symbol"].unique()))
    if lacking:
        raise ValidationError(f"{file} has no bars of {', '.join(lacking)}.", hint="Name symbols that it holds.")
    return bars.filter(pl.col("symbol").is_in(list(symbols))) if symbols else bars


def _kept(s: Screen, symbols: Sequence[str]) -> "pl.DataFrame":
    import polars as pl

    from ara.data.feed import MarketData
    from ara.desk import Desk
    from ara.market.timeframe import DAY

    async def ask() -> "pl.DataFrame":
        parts = []
        async with Desk.open(s.settings()) as desk, MarketData(desk) as market:
            for symbol in dict.fromkeys(symbols):
                one = await market.bars(await market.instrument(symbol), DAY, as_of=desk.clock.now())
                facts = {"symbol": one.instrument.symbol, "asset_class": one.instrument.asset_class.value}
                parts.append(one.frame.with_columns(ts="at", **{name: pl.lit(value) for name, value in facts.items()}))
        columns = ("symbol", "ts", "open", "high", "low", "close", "volume", "asset_class")
        return pl.concat([part.select(columns) for part in parts]).sort("symbol", "ts")

    return s.run(ask())


def hearing(step: Callable[..., object]) -> Callable[["Progress"], bool]:
    """Give what passes a worker's progress on to a meter, and never stops it."""

    def hear(state: "Progress") -> bool:
        step(state.done, total=state.total or None)
        return True

    return hear


def told(s: Screen, found: "Audit") -> int:
    """Print what was found, and give the exit code: 4 for a leak or what is no forecast, 15 where nothing is proven."""
    from ara.cli.render.leaks import audited
    from ara.errors import AuditError, FeatureEngineeringError

    codes = {"clear": 0, "unknown": AuditError.exit_code}
    code = codes.get(found.verdict, FeatureEngineeringError.exit_code)
    s.result({"schema": 1, **found.as_dict(), "exit_code": code}, lambda: audited(found, s))
    return code


def told_traps(s: Screen, kind: str, traps: "Sequence[Trap]") -> int:
    """Print which planted leaks were found, and give the exit code: 0 where the audit was right about all."""
    from ara.cli.render.leaks import caught
    from ara.errors import FeatureEngineeringError

    ok = all(trap.caught for trap in traps)
    code = 0 if ok else FeatureEngineeringError.exit_code
    data: dict[str, Any] = {
        "schema": 1,
        "caught": sum(trap.caught for trap in traps if trap.leaks),
        "planted": sum(trap.leaks for trap in traps),
        "clean": sum(not trap.leaks for trap in traps),
        "passed": sum(trap.caught for trap in traps if not trap.leaks),
        "ok": ok,
        "traps": rows(traps),
        "exit_code": code,
    }
    s.result(data, lambda: caught(kind, traps, s))
    return code


def rows(traps: "Sequence[Trap]") -> list[dict[str, Any]]:
    """Give what the audit said of each planted leak and twin, as in the JSON of `ara audit`."""
    return [
        {
            "name": trap.name,
            "words": trap.words,
            "leaks": trap.leaks,
            "rule": trap.rule or None,
            "found_by": list(trap.found_by),
            "ok": trap.caught,
        }
        for trap in traps
    ]
