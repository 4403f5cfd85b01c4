"""`ara features select`: which features say something of what comes."""

from typing import Annotated, Any

import numpy as np
import typer

from ara.cli.commands.features.drift import one_block
from ara.cli.screen import screen
from ara.errors import ValidationError

__all__ = ["select"]

_MOST_FEATURES = 150


def select(
    name: Annotated[str, typer.Argument(metavar="SET", help="A set, or a file of one: features.toml")],
    symbol: Annotated[str, typer.Argument(metavar="SYMBOL", help="Whose bars")],
    horizon: Annotated[
        str, typer.Option("--horizon", metavar="N", help="Of the return over so many bars to come")
    ] = "5",
    parts: Annotated[str, typer.Option("--folds", metavar="N", help="How often the choice is judged")] = "4",
    embargo: Annotated[str, typer.Option("--embargo", metavar="N", help="Bars more that are left out between")] = "0",
    step: Annotated[str, typer.Option("--timeframe", "-t", metavar="STEP", help="Length of a bar")] = "1d",
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help="Use only what was public then")] = "",
) -> None:
    """Choose the features that help to forecast an instrument's return, or say that none does.

    ::

        ara features select ara-fast AAPL
        ara features select ara-default BTC-USD --horizon 10
        ara features select features.toml EURUSD --horizon 1 --json

    The choice is made inside folds, from the past alone, and judged by what came after. Beside it stands what the same
    procedure makes of returns that were moved in time, where there is nothing to find. For the returns of one
    instrument the usual answer is that no feature does better than that.
    """
    from ara.cli.commands.data.asked import counted
    from ara.cli.commands.viewed import closed_bars
    from ara.cli.render.selection import selected
    from ara.features.selection import select as choose
    from ara.features.sets import find
    from ara.statistics import Ridge

    s = screen()
    ahead, count = counted(horizon, "--horizon", most=250), counted(parts, "--folds", most=20)
    gap = 0 if embargo.strip() == "0" else counted(embargo, "--embargo", most=1000)
    chosen = find(name.strip())
    if len(chosen.names) > _MOST_FEATURES:
        raise ValidationError(
            f"The set {chosen.name} has {len(chosen.names)} columns; {_MOST_FEATURES} at most are chosen from.",
            hint="Name those that come into question in a file: ara features show ara-default",
        )
    block = one_block(s, chosen, symbol, step, as_of)
    bars = closed_bars(s, symbol, as_of=as_of, step=step)
    close = np.log(bars.frame["close"].to_numpy())
    target = np.append(close[ahead:] - close[:-ahead], np.full(min(ahead, len(close)), np.nan))[: len(close)]
    with s.progress("Choosing"):
        found = choose(block.names, block.x, target, Ridge(), horizon=ahead, count=count, embargo=gap)
    data: dict[str, Any] = {
        "schema": 1,
        "set": chosen.name,
        "id": chosen.id,
        "symbol": block.symbol,
        "timeframe": block.timeframe,
        "horizon": ahead,
        "score": round(found.score, 6),
        "shuffled": [round(value, 6) for value in found.shuffled],
        "chance": round(found.chance, 6),
        "kept": list(found.kept),
        "folds": [{"rows": one.rows, "score": round(one.score, 6), "names": list(one.names)} for one in found.folds],
        "features": [one.as_dict() for one in found.features],
    }
    s.result(data, lambda: selected(found, block.symbol, ahead, s))
