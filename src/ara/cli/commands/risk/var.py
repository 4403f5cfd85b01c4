"""`ara risk var`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ara.cli.screen import screen
from ara.errors import ValidationError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ara.cli.commands.holdings import Held
    from ara.cli.render.risk import SeenTails
    from ara.risk import Breaches, Tail, Volatility

__all__ = ["var"]

_WINDOW = 500
_CHECKED = 500
_LONGEST = 250
_STARTED = 20


def var(
    portfolio: Annotated[
        str, typer.Option("--portfolio", metavar="WEIGHTS", help="AAPL=0.5,MSFT=0.5; the rest is cash")
    ],
    method: Annotated[
        str, typer.Option("--method", metavar="NAMES", help="historical, gaussian, cornish_fisher, filtered, evt")
    ] = "all",
    level: Annotated[str, typer.Option("--level", metavar="LEVELS", help="Shares of days that lose no more")] = "95,99",
    horizon: Annotated[str, typer.Option("--horizon", metavar="N", help="Days ahead, 1 to 250")] = "1",
    value: Annotated[str, typer.Option("--value", metavar="AMOUNT", help="Say losses in money too")] = "",
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help="Use only what was public then")] = "",
) -> None:
    """Show how much a portfolio may lose within days, by several methods, and whether such numbers held.

    ::

        ara risk var --portfolio AAPL=0.5,MSFT=0.5
        ara risk var --portfolio SPY=0.6,XAUUSD=0.3 --horizon 10 --method historical,filtered
        ara risk var --portfolio AAPL,MSFT,SPY --value 100000 --as-of 2020-02-20 --json

    Each method's number for one day is held against the last 500 days, from what was known before each of them.
    """
    from ara.cli.commands.data.asked import counted
    from ara.cli.commands.holdings import held
    from ara.cli.commands.risk.asked import amount, levels, methods
    from ara.cli.render.risk import tails

    s = screen()
    chosen, shares = methods(method), levels(level)
    days = counted(horizon, "--horizon", most=_LONGEST)
    money = amount(value, "--value")
    held_ = held(s, portfolio, as_of=as_of)
    with s.progress("Measuring"):
        seen = _seen(held_, chosen, shares, days, money, seed=s.settings().prediction.seed, named=method != "all")
    s.result(_document(seen), lambda: tails(seen, s))


def _seen(
    held: "Held", methods: list[str], levels: list[float], days: int, money: float | None, *, seed: int, named: bool
) -> "SeenTails":
    import numpy as np

    from ara.cli.render.risk import SeenTails
    from ara.performance.drawdown import drawdowns
    from ara.risk import tail

    returns = held.moves.returns @ np.array(list(held.weights.values()))
    if (returns <= -1).any():
        raise ValidationError(
            "Such weights have lost all and more on a day.", hint="Borrow less: what is lost can't be won back."
        )
    found, short = [], []
    for one in methods:
        try:
            found += [tail(returns, method=one, level=level, horizon=days, seed=seed) for level in levels]
        except ValidationError as error:
            if named:
                raise
            short.append(error.message)
    if not found:
        raise ValidationError(short[0], hint="Take instruments with a longer past in common.")
    moved, untold = _volatilities(returns, held.moves.per_year, days)
    return SeenTails(
        held=held,
        tails=found,
        checked=_checked(returns, found),
        short=short + untold,
        deviation=float(returns.std(ddof=1)),
        volatilities=moved,
        drawdowns=drawdowns(np.concatenate(([1.0], np.cumprod(1 + returns))), most=1),
        money=money,
    )


def _volatilities(returns: "NDArray[np.float64]", per_year: float, days: int) -> "tuple[list[Volatility], list[str]]":
    """Give volatility by every method, and why some say nothing."""
    from ara.risk import VOLATILITIES, volatility

    found, untold = [], []
    for method in VOLATILITIES:
        try:
            found.append(volatility(returns, method=method, per_year=per_year, horizon=days))
        except ValidationError as error:
            untold.append(error.message)
    return found, untold


def _checked(returns: "NDArray[np.float64]", found: "list[Tail]") -> "dict[tuple[str, float], Breaches]":
    """Hold each method's numbers for a day against the last days; where the past is too short, not at all."""
    from ara.risk import breaches, foreseen

    recent = returns[-_CHECKED - _WINDOW :]
    if len(recent) < _WINDOW + _STARTED:
        return {}
    out = {}
    for one in found:
        known = foreseen(recent, method=one.method, level=one.level, window=_WINDOW)
        out[one.method, one.level] = breaches(recent, known, level=one.level)
    return out


def _document(seen: "SeenTails") -> dict[str, Any]:
    worst = seen.drawdowns.worst[0] if seen.drawdowns.worst else None
    dates = (seen.held.moves.dates[0], *seen.held.moves.dates)
    return {
        **seen.held.document(),
        "per_year": seen.held.moves.per_year,
        "volatility": seen.deviation,
        "volatility_now": next((one.day for one in seen.volatilities if one.method == "ewma"), None),
        "volatilities": [one.as_dict() for one in seen.volatilities],
        "value": seen.money,
        "tails": [
            one.as_dict() | {"check": check.as_dict() if (check := seen.check(one)) else None} for one in seen.tails
        ],
        "left_out": seen.short,
        "drawdown": None
        if worst is None
        else {
            "depth": worst.depth,
            "began": dates[worst.began].isoformat(),
            "bottom": dates[worst.bottom].isoformat(),
            "ended": None if worst.ended is None else dates[worst.ended].isoformat(),
        },
    }
