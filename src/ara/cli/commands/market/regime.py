"""`ara market regime`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ara.cli.screen import Screen, screen
from ara.errors import AraError, ValidationError

if TYPE_CHECKING:
    from ara.cli.render.regime import Seen
    from ara.market.bars import Bars
    from ara.models.regimes import Regimes

__all__ = ["fear", "regime"]

_FEAR = "^VIX"
_LONGEST = 250
_OTHERS = 50


def regime(
    symbol: Annotated[str, typer.Argument(metavar="SYMBOL", help="Whose bars")],
    among: Annotated[
        str, typer.Option("--among", metavar="SYMBOLS", help="Others for correlation and breadth: SPY,QQQ")
    ] = "",
    horizon: Annotated[
        str, typer.Option("--horizon", metavar="N", help="Look at what followed so many bars later")
    ] = "21",
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help="Use only what was public then")] = "",
) -> None:
    """Show the state of a market, since when, how long such states lasted and what followed.

    ::

        ara market regime AAPL
        ara market regime SPY --among QQQ,IWM,EEM
        ara market regime EURUSD --as-of 2020-02-20 --json

    The state of each day is told by what was known on that day. Where states say no more of the next returns than
    no states would, it says so.
    """
    from ara.cli.commands.data.asked import counted
    from ara.cli.commands.viewed import closed_bars
    from ara.cli.render.regime import shown
    from ara.models.regimes import FEWEST, measured, regimes

    s = screen()
    later = counted(horizon, "--horizon", most=_LONGEST)
    bars = closed_bars(s, symbol, as_of=as_of)
    others = [closed_bars(s, name, as_of=as_of) for name in _named(among, bars)]
    with s.progress("Telling the states"):
        history = regimes(measured(bars, implied=fear(s, bars, as_of), others=others))
    if not len(history) or history.which[-1] < 0:
        raise ValidationError(
            f"{bars.instrument.symbol} has {len(bars)} bars; states need {FEWEST} that move before the month begins.",
            hint="Other dates may have more: --as-of",
        )
    seen = _seen(bars, history, later)
    s.result(_document(seen), lambda: shown(seen, s))


def _named(among: str, bars: "Bars") -> list[str]:
    """Give the other instruments, each once, not the one that is looked at."""
    names = dict.fromkeys(one.strip() for one in among.split(",") if one.strip())
    if len(names) > _OTHERS:
        raise ValidationError(f"--among names {len(names)} instruments.", hint=f"At most {_OTHERS} are taken.")
    return [one for one in names if one.upper() != bars.instrument.symbol.upper()]


def fear(s: Screen, bars: "Bars", as_of: str) -> "Bars | None":
    """Give the index of implied volatility, for shares alone, if there is one."""
    from ara.cli.commands.viewed import closed_bars
    from ara.prediction.features import MARKETS

    if MARKETS.get(bars.instrument.asset_class) != "SPY":
        return None
    try:
        return closed_bars(s, _FEAR, as_of=as_of)
    except AraError:
        return None


def _seen(bars: "Bars", history: "Regimes", horizon: int) -> "Seen":
    import numpy as np

    from ara.cli.commands.viewed import dates
    from ara.cli.render.regime import Seen
    from ara.features.patterns.followed import followed
    from ara.models.regimes import STATES, WILDNESS, break_test, volatility_states

    now = history.at()
    own = STATES.index(now.state)
    stays = [(first, end) for state, first, end in history.runs() if state == own]
    entered = np.array([first for first, _ in stays if first > 0 and history.states[first - 1] >= 0], np.int64)
    ended = [end - first for first, end in stays if end < len(history)]
    wild = int(volatility_states(history.inputs)[-1])
    return Seen(
        bars=bars,
        dates=dates(bars),
        history=history,
        now=now,
        lasted=sorted(ended),
        followed=followed(
            entered, {"bull": 1, "bear": -1}.get(now.state, 0), bars.frame["close"], horizon=horizon, unit="day"
        ),
        wildness=WILDNESS[wild] if wild >= 0 else "",
        broken=break_test(history.surprises),
        changes=history.changes()[-1:],
    )


def _document(seen: "Seen") -> dict[str, Any]:
    last = seen.changes[0] if seen.changes else None
    return {
        "schema": 1,
        "symbol": seen.bars.instrument.symbol,
        "timeframe": str(seen.bars.timeframe),
        "bars": len(seen.bars),
        "date": seen.dates[-1].isoformat(),
        "close": float(seen.bars.frame["close"][-1]),
        "currency": seen.bars.instrument.currency,
        **seen.now.as_dict(),
        "since": seen.dates[-1 - seen.now.age].isoformat(),
        "volatility": seen.wildness or None,
        "lasted": {"count": len(seen.lasted), "median": seen.median},
        "changed": None
        if last is None
        else {
            "date": seen.dates[last.bar].isoformat(),
            "from": last.before or None,
            "to": last.after,
            "probability": last.probability,
        },
        "break": None
        if seen.broken is None
        else {**seen.broken.as_dict(), "bar": seen.dates[seen.broken.bar].isoformat()},
        "horizon": seen.followed.horizon,
        "followed": seen.followed.as_dict(),
    }
