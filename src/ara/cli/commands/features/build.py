"""`ara features build`: from bars to features."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ara.cli.commands.data.asked import (
    Failure,
    ended,
    failures_document,
    found,
    timeframe,
    with_desk,
    writable,
)
from ara.cli.screen import screen
from ara.errors import CancelledError, StoreError
from ara.whole import writing

if TYPE_CHECKING:
    from ara.desk import Desk
    from ara.features.build import Block
    from ara.features.sets import FeatureSet

__all__ = ["build"]

_KINDS = (".parquet", ".csv")


def build(
    name: Annotated[str, typer.Argument(metavar="SET", help="A set, or a file of one: features.toml")],
    symbols: Annotated[list[str], typer.Argument(metavar="SYMBOL...", help="AAPL, BTC-USD, EURUSD and so on")],
    out: Annotated[str, typer.Option("--out", metavar="FILE", help="Write all rows to a .parquet or .csv file")] = "",
    step: Annotated[str, typer.Option("--timeframe", "-t", metavar="STEP", help="Length of a bar")] = "1d",
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help="Use only what was public then")] = "",
    fresh: Annotated[bool, typer.Option("--fresh", help="Compute anew, and keep nothing")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before another file is replaced")] = False,
) -> None:
    """Build the features of instruments, and show the newest, or write all of them to a file.

    ::

        ara features build ara-fast AAPL
        ara features build ara-default AAPL MSFT BTC-USD --out features.parquet
        ara features build features.toml EURUSD --timeframe 1h --as-of 2020-02-20 --json

    A row holds what was known at the close of its bar, `known_at`, and nothing later. What was computed is kept, and
    taken again for the same bars. A column whose input an instrument doesn't have, such as volume in forex, is empty,
    and the answer says so. A file that is there is replaced: at a terminal, once you have said yes.
    """
    from ara.cli.render.features import built
    from ara.features import sets

    s = screen()
    s.settings()
    chosen = sets.find(name.strip())
    length = timeframe(step)
    goal = writable(out, "--out", _KINDS) if out else None
    replaced = goal is not None and goal.exists()
    if replaced and s.interactive and not s.confirm(f"Replace {out}?", yes=yes):
        raise CancelledError("Nothing was written.", hint="Give --out another name.")
    failures: list[Failure] = []

    async def ask(desk: "Desk") -> "list[Block]":
        from ara.data.feed import MarketData
        from ara.prediction.features import Features

        async with MarketData(desk) as market, Features(desk, data=market) as features:
            known, unknown = await found(market, symbols)
            failures.extend(unknown)
            if not known:
                return []
            return await features.build(
                chosen,
                [one.symbol for one in known],
                timeframe=length,
                as_of=as_of or None,
                keep=not fresh,
                failed=lambda one, error: failures.append(Failure(symbol=one.symbol, error=error)),
            )

    with s.progress("Building features"):
        blocks = with_desk(s, ask)
    if not blocks and len(failures) == 1:
        raise failures[0].error
    if goal is not None and blocks:
        _write(blocks, goal)
    data = {**_document(chosen, blocks), "out": out or None, **failures_document(failures)}
    s.result(data, lambda: built(chosen, blocks, s, called=name.strip(), out=out, replaced=replaced))
    raise typer.Exit(ended(s, failures))


def _document(chosen: "FeatureSet", blocks: "list[Block]") -> dict[str, Any]:
    return {
        "schema": 1,
        "set": chosen.name,
        "version": chosen.version,
        "id": chosen.id,
        "columns": list(chosen.names),
        "blocks": [_summary(block) for block in blocks],
    }


def _summary(block: "Block") -> dict[str, Any]:
    newest = block.x[-1].tolist() if len(block) else []
    return {
        "symbol": block.symbol,
        "timeframe": block.timeframe,
        "rows": len(block),
        "first": _stamp(block.known_at[0]) if len(block) else None,
        "last": _stamp(block.known_at[-1]) if len(block) else None,
        "missing": dict(block.missing),
        "newest": {
            name: value if math.isfinite(value) else None for name, value in zip(block.names, newest, strict=False)
        },
    }


def _stamp(moment: Any) -> str:
    return f"{str(moment)[:19]}Z"


def _write(blocks: "list[Block]", goal: Path) -> None:
    """Write all rows, whole or not at all."""
    import polars as pl

    frame = pl.concat([block.frame() for block in blocks])
    try:
        with writing(goal) as file:
            if goal.suffix.lower() == ".csv":
                plain = frame.with_columns(pl.selectors.float().fill_nan(None))
                plain.write_csv(file, datetime_format="%Y-%m-%dT%H:%M:%SZ")
            else:
                frame.write_parquet(file)
    except (OSError, pl.exceptions.PolarsError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error).partition("\n")[0]
        raise StoreError(
            f"{goal} can't be written: {reason}.", hint="Choose a folder that is writable and has room."
        ) from None
