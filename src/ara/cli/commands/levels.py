"""`ara levels`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ara.cli.screen import screen
from ara.errors import ValidationError

if TYPE_CHECKING:
    from ara.cli.render.levels import Seen
    from ara.features.levels.level import Level
    from ara.market.bars import Bars

__all__ = ["command"]

_INPUTS = ("open", "high", "low", "close", "volume", "session")
_MOST = 1000
_SHORTEST, _LONGEST = 10, 5000
_RANGE = 14


def command(
    symbol: Annotated[str, typer.Argument(metavar="SYMBOL", help="Whose bars")],
    count: Annotated[str, typer.Option("--count", "-n", metavar="N", help="The nearest so many")] = "16",
    kind: Annotated[str, typer.Option("--kind", metavar="KIND", help="Only pivot, fibonacci, cluster or volume")] = "",
    pivots: Annotated[
        str, typer.Option("--pivots", metavar="NAMES", help="standard, fibonacci, camarilla, woodie, demark")
    ] = "standard",
    period: Annotated[
        str, typer.Option("--period", metavar="PERIOD", help="Pivots of the session, week or month before")
    ] = "week",
    window: Annotated[str, typer.Option("--window", metavar="N", help="Bars whose turns and volume count")] = "250",
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help="Use only what was public then")] = "",
) -> None:
    """Show the prices that matter: pivots, retracements, clusters of turns, volume.

    ::

        ara levels AAPL
        ara levels BTC-USD --kind cluster --window 500
        ara levels EURUSD --pivots camarilla,demark --period session --as-of 2020-02-20 --json

    Beside them stands how often the price turned at such levels in the past, and how often at other prices as far away.
    Mostly the two are the same, and then it says so.
    """
    from ara.cli.commands.data.asked import counted
    from ara.cli.commands.viewed import closed_bars
    from ara.cli.render.levels import shown
    from ara.features.levels.find import PERIODS, PIVOTS

    s = screen()
    most = counted(count, "--count", most=_MOST)
    bars_back = counted(window, "--window", least=_SHORTEST, most=_LONGEST)
    schemes = [one.strip().lower() for one in pivots.split(",") if one.strip()]
    chosen = kind.strip().lower()
    _check("--kind", [chosen] if chosen else [], ("cluster", "fibonacci", "pivot", "volume"))
    _check("--pivots", schemes, PIVOTS)
    _check("--period", [period.strip().lower()], PERIODS)
    bars = closed_bars(s, symbol, as_of=as_of)
    with s.progress("Looking for levels"):
        seen = _seen(bars, schemes, period.strip().lower(), bars_back, chosen, most)
    s.result(_document(seen), lambda: shown(seen, s))


def _check(flag: str, given: list[str], allowed: tuple[str, ...]) -> None:
    for one in given:
        if one not in allowed:
            raise ValidationError(f"{flag} is {one!r:.40}.", hint=f"There are: {', '.join(allowed)}.")


def _seen(bars: "Bars", schemes: list[str], period: str, window: int, kind: str, most: int) -> "Seen":
    import numpy as np

    from ara.cli.commands.viewed import dates
    from ara.cli.render.levels import Seen
    from ara.features.arrays import true_range
    from ara.features.catalogue import columns
    from ara.features.levels.evidence import turned_by_kind
    from ara.features.levels.find import levels

    given = {name: np.asarray(values, np.float64) for name, values in columns(bars, _INPUTS).items()}
    if not len(bars):
        raise ValidationError(f"{bars.instrument.symbol} has no bars.", hint="Other dates may have some: --as-of")
    found = [
        one
        for one in levels(*(given[name] for name in _INPUTS), pivots=schemes, period=period, window=window)  # type: ignore[arg-type]
        if not kind or one.kind == kind
    ]
    close = float(given["close"][-1])
    near = sorted(found, key=lambda one: abs(one.price - close))[:most]
    wide = true_range(given["high"], given["low"], given["close"])[-_RANGE:]
    past = turned_by_kind(given, window=min(window, 250))
    return Seen(
        bars=bars,
        dates=dates(bars),
        close=close,
        move=float(np.nanmean(wide)) if np.isfinite(wide).any() else 0.0,
        levels=[one for one in found if one in near],
        hidden=len(found) - len(near),
        past={name: one for name, one in past.items() if any(level.kind == name for level in found)},
    )


def _document(seen: "Seen") -> dict[str, Any]:
    return {
        "schema": 1,
        "symbol": seen.bars.instrument.symbol,
        "timeframe": str(seen.bars.timeframe),
        "bars": len(seen.bars),
        "date": seen.dates[-1].isoformat(),
        "close": seen.close,
        "currency": seen.bars.instrument.currency,
        "usual_move": seen.move,
        "levels": [_facts(one, seen) for one in seen.levels],
        "turned": {name: one.as_dict() for name, one in seen.past.items()},
    }


def _facts(one: "Level", seen: "Seen") -> dict[str, Any]:
    return {
        **one.as_dict(),
        "strength": round(one.strength, 4),
        "distance": one.price / seen.close - 1.0,
        "moves": (one.price - seen.close) / seen.move if seen.move else None,
        "known_at": seen.dates[one.known_at].isoformat(),
        "since": seen.dates[one.since].isoformat(),
    }
