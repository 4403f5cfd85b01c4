"""`ara patterns`."""

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ara.cli.screen import screen
from ara.errors import ValidationError

if TYPE_CHECKING:
    from ara.features.patterns.recent import Recent
    from ara.market.bars import Bars

__all__ = ["command"]

_MOST = 5000
_LONGEST = 250


def command(
    symbol: Annotated[str, typer.Argument(metavar="SYMBOL", help="Whose bars")],
    last: Annotated[str, typer.Option("--last", "-n", metavar="N", help="Known in so many of the last bars")] = "5",
    family: Annotated[
        str, typer.Option("--family", metavar="FAMILY", help="Only candle, chart, harmonic or elliott")
    ] = "",
    horizon: Annotated[
        str, typer.Option("--horizon", metavar="N", help="Look at what followed so many bars later")
    ] = "5",
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help="Use only what was public then")] = "",
) -> None:
    """Show the patterns that are there or were lately, and what followed their like before.

    ::

        ara patterns AAPL
        ara patterns BTC-USD --last 20 --family chart
        ara patterns EURUSD --horizon 10 --as-of 2020-02-20 --json

    Each stands beside the base rate: how often the price went that way after any bar. Most patterns are followed by
    what follows any bar, and then it says so.
    """
    from ara.cli.commands.data.asked import counted
    from ara.cli.commands.viewed import closed_bars, dates
    from ara.cli.render.patterns import Seen, shown
    from ara.features.patterns.recent import FAMILIES, recent

    s = screen()
    chosen = family.strip().lower()
    if chosen and chosen not in FAMILIES:
        raise ValidationError(f"There is no family {family!r:.40}.", hint=f"There are: {', '.join(FAMILIES)}.")
    bars_back, later = counted(last, "--last", most=_MOST), counted(horizon, "--horizon", most=_LONGEST)
    bars = closed_bars(s, symbol, as_of=as_of)
    with s.progress("Looking for patterns"):
        found = recent(
            _columns(bars),
            last=bars_back,
            families=[chosen] if chosen else FAMILIES,
            horizon=later,
            unit=bars.timeframe.word,
        )
    days = dates(bars)
    seen = Seen(bars=bars, dates=days, found=found, last=bars_back, unit=bars.timeframe.word)
    s.result(_document(bars, days, found, later), lambda: shown(seen, s))


def _columns(bars: "Bars") -> dict[str, Any]:
    """Give the prices, and the volume where there is one at all."""
    found = {name: bars.frame[name].to_numpy() for name in ("open", "high", "low", "close")}
    volume = bars.frame["volume"]
    return found | ({"volume": volume.to_numpy()} if (volume.fill_nan(None).fill_null(0.0) > 0).any() else {})


def _document(bars: "Bars", days: list[date], found: "list[Recent]", horizon: int) -> dict[str, Any]:
    return {
        "schema": 1,
        "symbol": bars.instrument.symbol,
        "timeframe": str(bars.timeframe),
        "bars": len(bars),
        "date": days[-1].isoformat(),
        "close": bars.frame["close"][-1],
        "currency": bars.instrument.currency,
        "horizon": horizon,
        "patterns": [_facts(one, days) for one in found],
    }


def _facts(one: "Recent", days: list[date]) -> dict[str, Any]:
    pattern = one.pattern
    return {
        "name": pattern.name,
        "family": pattern.family,
        "direction": pattern.direction,
        "began": days[pattern.began].isoformat(),
        "completed": days[pattern.completed].isoformat(),
        "known_at": days[pattern.known_at].isoformat(),
        "quality": round(pattern.quality, 4),
        "target": pattern.target,
        "invalidation": pattern.invalidation,
        "points": [
            {"name": name, "date": days[bar].isoformat(), "price": price} for name, bar, price in pattern.points
        ],
        "words": pattern.words,
        "followed": one.followed.as_dict(),
    }
