"""`ara risk contributions`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ara.cli.screen import Screen, screen
from ara.cli.words import clean
from ara.errors import ValidationError

if TYPE_CHECKING:
    from ara.cli.commands.holdings import Held
    from ara.cli.render.risk_parts import SeenParts
    from ara.market.bars import Bars
    from ara.risk import CurrencyRisk, Liquidity

__all__ = ["contributions"]

_DAYS = 1000
_TRADED = 60
_NO_VOLUME = ("forex", "index")  # what is called volume there counts ticks
_MEASURES = ("volatility", "var", "cvar")


def contributions(
    portfolio: Annotated[
        str, typer.Option("--portfolio", metavar="WEIGHTS", help="AAPL=0.5,MSFT=0.5; the rest is cash")
    ],
    measure: Annotated[str, typer.Option("--measure", metavar="NAME", help="volatility, var or cvar")] = "volatility",
    level: Annotated[str, typer.Option("--level", metavar="LEVEL", help="Of var and cvar")] = "95",
    covariance: Annotated[
        str, typer.Option("--covariance", metavar="NAME", help="sample, ledoit_wolf, oas, ewma, factor, dcc")
    ] = "ledoit_wolf",
    currency: Annotated[
        str, typer.Option("--currency", metavar="CODE", help="Your own: also the risk of the others")
    ] = "",
    value: Annotated[
        str, typer.Option("--value", metavar="AMOUNT", help="What it is worth: also how long selling takes")
    ] = "",
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help="Use only what was public then")] = "",
) -> None:
    """Show which holding brings how much of a portfolio's risk, and how widely it is spread.

    ::

        ara risk contributions --portfolio AAPL=0.4,SPY=0.4,XAUUSD=0.2
        ara risk contributions --portfolio AAPL,MSFT,SPY --measure cvar --level 99
        ara risk contributions --portfolio AAPL=0.5,SPY=0.5 --currency EUR --value 5000000 --json

    The parts sum to the whole. They are found from the last 1,000 days that all have.
    """
    from ara.cli.commands.holdings import held
    from ara.cli.commands.risk.asked import amount, levels
    from ara.cli.render.risk_parts import parts
    from ara.statistics.covariance import METHODS

    s = screen()
    if measure not in _MEASURES:
        raise ValidationError(f"--measure is {clean(measure)[:40]!r}.", hint=f"There are: {', '.join(_MEASURES)}.")
    if covariance not in METHODS:
        raise ValidationError(f"--covariance is {clean(covariance)[:40]!r}.", hint=f"There are: {', '.join(METHODS)}.")
    (share, *more), money = levels(level), amount(value, "--value")
    if more:
        raise ValidationError(f"--level is {clean(level)[:40]}; it is one.", hint="ara risk var takes more.")
    held_ = held(s, portfolio, as_of=as_of)
    seen = _seen(s, held_, (measure, share, covariance), money, currency.strip().upper(), as_of)
    s.result(_document(seen), lambda: parts(seen, s))


def _seen(
    s: Screen, held: "Held", how: tuple[str, float, str], money: float | None, home: str, as_of: str
) -> "SeenParts":
    import numpy as np

    from ara.cli.render.risk_parts import SeenParts
    from ara.risk import contributions as split
    from ara.risk import spread
    from ara.statistics import covariance, nearest_psd

    measure, level, method = how
    weights = np.array(list(held.weights.values()))
    returns = held.moves.last(_DAYS).returns
    matrix = nearest_psd(covariance(returns, method))
    given = {"returns": returns} if measure == "cvar" else {"covariance": matrix}
    return SeenParts(
        held=held,
        days=len(returns),
        method=method,
        level=level,
        parts=split(weights, measure=measure, level=level, **given),
        alone=np.sqrt(np.diag(matrix)),
        spread=spread(weights, matrix),
        currencies=_currencies(s, held, home, as_of) if home else None,
        sold=_sold(held, money) if money else (),
    )


def _currencies(s: Screen, held: "Held", home: str, as_of: str) -> "CurrencyRisk":
    import numpy as np

    from ara.cli.commands.holdings import spared
    from ara.risk import aligned, currency_risk

    codes = [one.instrument.currency for one in held.bars]
    found: dict[str, tuple[Bars, bool]] = {}
    for code in dict.fromkeys(codes):
        if code == home:
            continue
        for pair, turned in ((f"{code}{home}", False), (f"{home}{code}", True), (f"{code}-{home}", False)):
            if at_hand := spared(s, [pair], as_of=as_of):
                found[code] = at_hand[0], turned
                break
        else:
            raise ValidationError(
                f"No rate between {clean(code)} and {clean(home)[:10]} is at hand.", hint="ara symbols finds pairs."
            )
    mine = [one.instrument.symbol for one in held.bars]
    extra = {bars.instrument.symbol: bars for bars, _ in found.values() if bars.instrument.symbol not in mine}
    moves = aligned([*held.bars, *extra.values()]).last(_DAYS)
    rates = {}
    for code, (bars, turned) in found.items():
        moved = moves.returns[:, moves.symbols.index(bars.instrument.symbol)]
        rates[code] = 1 / (1 + moved) - 1 if turned else moved
    weights = np.array(list(held.weights.values()))
    return currency_risk(weights, moves.returns[:, : len(weights)], codes, rates, home=home)


def _sold(held: "Held", money: float) -> "tuple[Liquidity, ...]":
    """Give how each could be sold; nothing is traded where no volume is known, as of currencies and indices."""
    import numpy as np

    from ara.risk import liquidity

    out = []
    deviations = held.moves.last(_TRADED).returns.std(axis=0)
    for place, (one, weight) in enumerate(zip(held.bars, held.weights.values(), strict=True)):
        recent = one.frame.tail(_TRADED if one.instrument.asset_class not in _NO_VOLUME else 0)
        traded = recent["close"].to_numpy() * recent["volume"].to_numpy()
        known = traded[np.isfinite(traded)]
        usual = float(np.median(known)) if len(known) else 0.0
        out.append(liquidity(one.instrument.symbol, weight * money, traded=usual, volatility=float(deviations[place])))
    return tuple(out)


def _document(seen: "SeenParts") -> dict[str, Any]:
    each = zip(seen.held.weights.items(), seen.parts.component, seen.parts.marginal, seen.alone, strict=True)
    return {
        **seen.held.document(),
        "days": seen.days,
        "measure": seen.parts.measure,
        "level": None if seen.parts.measure == "volatility" else seen.level,
        "covariance": None if seen.parts.measure == "cvar" else seen.method,
        "total": seen.parts.total,
        "holdings": [
            {
                "symbol": symbol,
                "weight": weight,
                "component": float(component),
                "share": float(component) / seen.parts.total if seen.parts.total else None,
                "marginal": float(marginal),
                "volatility": float(alone),
            }
            for (symbol, weight), component, marginal, alone in each
        ],
        "spread": seen.spread.as_dict(),
        "currencies": seen.currencies.as_dict() if seen.currencies else None,
        "liquidity": [one.as_dict() for one in seen.sold],
    }
