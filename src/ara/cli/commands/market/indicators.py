"""`ara market indicators`."""

import math
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ara.cli.screen import screen
from ara.errors import ValidationError

if TYPE_CHECKING:
    from ara.features.readings import Read

__all__ = ["indicators"]

_LONGEST = 250


def indicators(
    symbol: Annotated[str, typer.Argument(metavar="SYMBOL", help="Whose bars")],
    category: Annotated[
        str,
        typer.Option(
            "--category", "-c", metavar="FAMILY", help="trend, momentum, volatility, volume, statistical or all"
        ),
    ] = "all",
    step: Annotated[str, typer.Option("--timeframe", "-t", metavar="STEP", help="Length of a bar")] = "1d",
    horizon: Annotated[
        str, typer.Option("--horizon", metavar="N", help="Look at what followed so many bars later")
    ] = "5",
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help="Use only what was public then")] = "",
) -> None:
    """Show what indicators say now, how common that is, and what followed.

    ::

        ara market indicators AAPL
        ara market indicators BTC-USD --category momentum
        ara market indicators EURUSD -c volatility -t 1d --as-of 2020-02-20 --json

    Where a value is read as a promise of where the price goes, the share of times when it went there stands beside the
    share of all bars after which it did. Mostly the two are the same, and then it says so.
    """
    from ara.cli.commands.data.asked import counted
    from ara.cli.commands.viewed import bar_word, closed_bars, dates
    from ara.cli.render.readings import Seen, shown
    from ara.features.readings import FAMILIES, chosen, read

    s = screen()
    family = category.strip().lower()
    if family != "all" and family not in FAMILIES:
        raise ValidationError(
            f"There is no category {category!r:.40}.", hint=f"There are: {', '.join(FAMILIES)} and all."
        )
    later = counted(horizon, "--horizon", most=_LONGEST)
    bars = closed_bars(s, symbol, as_of=as_of, step=step)
    if not len(bars):
        raise ValidationError(f"{bars.instrument.symbol} has no bars.", hint="Other dates may have some: --as-of")
    with s.progress("Reading indicators"):
        found = read(bars, readings=chosen(family), horizon=later, unit=bar_word(bars))
    seen = Seen(bars=bars, dates=dates(bars), found=found, unit=bar_word(bars))
    data = {
        "schema": 1,
        "symbol": bars.instrument.symbol,
        "timeframe": str(bars.timeframe),
        "bars": len(bars),
        "date": seen.dates[-1].isoformat(),
        "close": float(bars.frame["close"][-1]),
        "currency": bars.instrument.currency,
        "horizon": later,
        "indicators": [_facts(one) for one in found],
    }
    s.result(data, lambda: shown(seen, s))


def _facts(one: "Read") -> dict[str, Any]:
    reading, after = one.reading, one.followed
    return {
        "indicator": reading.indicator,
        "output": reading.output,
        "category": reading.family,
        "value": None if math.isnan(one.value) else one.value,
        "words": one.band.words if one.band else None,
        "share": None if math.isnan(one.share) else one.share,
        "bars": one.bars,
        "followed": None if after is None else after.as_dict(),
    }
