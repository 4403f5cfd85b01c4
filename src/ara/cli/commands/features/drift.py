"""`ara features drift`: which features are no longer what they were."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from ara.cli.screen import Screen, screen
from ara.errors import ValidationError

if TYPE_CHECKING:
    from ara.desk import Desk
    from ara.features.build import Block
    from ara.features.sets import FeatureSet

__all__ = ["drift", "one_block"]


def drift(
    name: Annotated[str, typer.Argument(metavar="SET", help="A set, or a file of one: features.toml")],
    symbol: Annotated[str, typer.Argument(metavar="SYMBOL", help="Whose bars")],
    reference: Annotated[
        str, typer.Option("--reference", metavar="FROM..TO", help="Compare with these days; all before the window")
    ] = "",
    window: Annotated[str, typer.Option("--window", metavar="N", help="How many of the last bars are now")] = "250",
    correction: Annotated[
        str, typer.Option("--correction", metavar="KIND", help="bh: few false findings among all; holm: none at all")
    ] = "bh",
    step: Annotated[str, typer.Option("--timeframe", "-t", metavar="STEP", help="Length of a bar")] = "1d",
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help="Use only what was public then")] = "",
) -> None:
    """Show which features of an instrument are distributed otherwise now than they were.

    ::

        ara features drift ara-fast AAPL
        ara features drift ara-default BTC-USD --window 500
        ara features drift ara-fast EURUSD --reference 2014-01-01..2018-12-31 --json

    A model knows what features were like when it learned. Neighbouring bars resemble each other, so that two windows
    differ by chance more than one would think; a feature is named only where chance, with that in mind and with all
    features counted, would do so in few cases. Of one that moves too slowly for the windows, nothing is said.
    """
    from ara.cli.commands.data.asked import counted
    from ara.cli.render.drift import drifted
    from ara.features.drift import drift as compared
    from ara.features.sets import find

    s = screen()
    length = counted(window, "--window", most=100_000)
    bounds = _range(reference)
    block = one_block(s, find(name.strip()), symbol, step, as_of)
    now = slice(max(len(block) - length, 0), len(block))
    earlier = np.arange(len(block)) < now.start
    if bounds is not None:
        earlier &= (block.known_at >= _micros(bounds[0])) & (block.known_at < _micros(bounds[1]))
    if not earlier.any():
        raise _nothing(block, now.start, length, reference)
    with s.progress("Shuffling"):
        found = compared(block.names, block.x[earlier], block.x[now], correction=correction.strip().lower())
    spans = [(block.known_at[rows][0], block.known_at[rows][-1]) for rows in (earlier, now)]
    days = [[str(moment)[:10] for moment in span] for span in spans]
    data = {
        "schema": 1,
        "set": block.set,
        "symbol": block.symbol,
        "timeframe": block.timeframe,
        "reference": {"from": days[0][0], "to": days[0][1], "bars": found.before},
        "current": {"from": days[1][0], "to": days[1][1], "bars": found.after},
        "level": found.level,
        "correction": found.correction,
        "drifted": len(found.drifted),
        "features": [one.as_dict() for one in found.features],
    }
    s.result(data, lambda: drifted(found, block.symbol, days, s))


def one_block(s: Screen, chosen: "FeatureSet", symbol: str, step: str, as_of: str) -> "Block":
    """Give a set's features of one instrument."""
    from ara.cli.commands.data.asked import timeframe, with_desk

    s.settings()
    length = timeframe(step)

    async def ask(desk: "Desk") -> "list[Block]":
        from ara.data.feed import MarketData
        from ara.prediction.features import Features

        async with MarketData(desk) as market, Features(desk, data=market) as features:
            return await features.build(chosen, [symbol], timeframe=length, as_of=as_of or None)

    with s.progress("Building features"):
        return with_desk(s, ask)[0]


def _nothing(block: "Block", start: int, length: int, reference: str) -> ValidationError:
    """Say why there are no bars to compare the last ones with."""
    count, days = len(block), [str(moment)[:10] for moment in block.known_at]
    if not start:
        bars = f"{count:,} bar{'s' * (count != 1)}" if count else "no bars"
        return ValidationError(
            f"{block.symbol} has {bars}; before the last {length:,} there are none to compare with.",
            hint="Give a shorter --window, or a later --as-of.",
        )
    return ValidationError(
        f"--reference {reference} holds no bar of {block.symbol} before its last {length:,}, now.",
        hint=f"Give days from {days[0]} to {days[start - 1]}, or a shorter --window.",
    )


def _range(text: str) -> tuple[datetime, datetime] | None:
    """Read FROM..TO, both days included; either may be left out."""
    from ara.cli.commands.data.asked import day, moment

    if not text:
        return None
    begin, dots, end = text.partition("..")
    if not dots:
        raise ValidationError(f"--reference is {text!r:.40}; write it so: 2014-01-01..2018-12-31")
    first = day(begin.strip() or "1901-01-01", "--reference")
    last = moment(end.strip() or "2098-12-31", "--reference")
    if first is None or last is None or first >= last:
        raise ValidationError(f"--reference is {text!r:.40}, which ends before it begins.")
    return first, last


def _micros(moment: datetime) -> Any:
    return np.datetime64(moment.replace(tzinfo=None), "us")
