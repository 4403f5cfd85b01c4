"""`ara portfolio rebalance`."""

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

import typer

from ara.cli.screen import screen
from ara.cli.words import clean
from ara.errors import ValidationError

__all__ = ["rebalance"]


def rebalance(
    to: Annotated[str, typer.Option("--to", metavar="WEIGHTS", help="What is wanted: AAPL=0.5,MSFT=0.5")],
    held: Annotated[str, typer.Option("--held", metavar="UNITS", help="What is held, in units: AAPL=10,MSFT=5")] = "",
    cash: Annotated[str, typer.Option("--cash", metavar="AMOUNT", help="Cash at hand")] = "0",
    cost: Annotated[str, typer.Option("--cost", metavar="SHARE", help="Of what is traded")] = "0",
    threshold: Annotated[
        str, typer.Option("--threshold", metavar="SHARE", help="Trade only if a weight is off by more")
    ] = "0",
    least: Annotated[str, typer.Option("--least", metavar="AMOUNT", help="Leave out trades of a smaller value")] = "0",
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help="Use the closes that were public then")] = "",
) -> None:
    """Show the trades, in whole lots, that lead from what is held to weights.

    ::

        ara portfolio rebalance --to AAPL=0.5,MSFT=0.5 --cash 10000
        ara portfolio rebalance --to AAPL=0.5,SPY=0.4 --held AAPL=30,MSFT=10 --cash 500 --cost 0.1%
        ara portfolio rebalance --to AAPL=0.5,SPY=0.5 --held AAPL=30,SPY=12 --threshold 5% --json

    Prices are the last closes. Sales come first, and no more is bought than the cash suffices for.
    """
    from ara.cli.commands.holdings import fetched, parsed
    from ara.cli.commands.portfolio.asked import ratio
    from ara.cli.render.portfolio import SeenTrades, traded
    from ara.portfolio import trades

    s = screen()
    wanted = parsed(to, "--to")
    units = _units(held) if held else {}
    money, small, share = _amount(cash, "--cash"), _amount(least, "--least"), ratio(threshold, "--threshold")
    fee = Decimal(repr(ratio(cost, "--cost")))
    names = list(dict.fromkeys([*wanted, *units]))
    bars = dict(zip(names, fetched(s, names, as_of=as_of), strict=True))
    _one_currency([one.instrument.currency for one in bars.values()])
    weights: dict[str, float] = {}
    owned: dict[str, Decimal] = {}
    for name, one in bars.items():
        symbol = one.instrument.symbol
        weights[symbol] = weights.get(symbol, 0.0) + wanted.get(name, 0.0)
        owned[symbol] = owned.get(symbol, Decimal(0)) + units.get(name, Decimal(0))
    prices = {one.instrument.symbol: Decimal(repr(float(one.frame["close"][-1]))) for one in bars.values()}
    lots = {one.instrument.symbol: one.instrument.lot for one in bars.values()}
    found = trades(weights, prices=prices, lots=lots, held=owned, cash=money, cost=fee, least=small)
    whole = money + sum((owned[name] * prices[name] for name in owned), Decimal(0))
    now = {name: float(owned[name] * prices[name] / whole) for name in owned}
    off = max(abs(now[name] - weights[name]) for name in now)
    seen = SeenTrades(
        bars=list(bars.values()),
        now=now,
        wanted=weights,
        found=found,
        off=off,
        threshold=share,
        value=whole,
        owned=owned,
    )
    s.result(_document(seen), lambda: traded(seen, s))


def _document(seen: Any) -> dict[str, Any]:
    due = seen.due
    return {
        "schema": 1,
        "value": str(seen.value),
        "off": seen.off,
        "threshold": seen.threshold,
        "due": due,
        "now": dict(seen.now),
        "wanted": dict(seen.wanted),
        "after": dict(seen.found.weights) if due else dict(seen.now),
        "trades": [one.as_dict() for one in seen.found.orders] if due else [],
        "costs": str(seen.found.costs) if due else "0",
        "left": str(seen.found.cash) if due else None,
    }


def _units(text: str) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for part in (one.strip() for one in text.split(",") if one.strip()):
        name, sign, words = part.partition("=")
        if not sign:
            raise ValidationError(f"--held: {clean(part)[:40]} has no units.", hint="Write --held AAPL=10")
        found[name.strip()] = found.get(name.strip(), Decimal(0)) + _amount(words, f"--held {clean(name)[:20]}")
    return found


def _amount(text: str, flag: str) -> Decimal:
    try:
        value = Decimal(text.strip().replace("_", ""))
    except InvalidOperation:
        value = Decimal(-1)
    if not value.is_finite() or value < 0 or value > Decimal(10) ** 18:
        raise ValidationError(f"{flag} is {clean(text)[:40]!r}; it is a number from 0.", hint="Write 1234.56")
    return value


def _one_currency(codes: list[str]) -> None:
    if len(set(codes)) > 1:
        first, other = sorted(set(codes))[:2]
        raise ValidationError(
            f"Prices are in {first} and {other}; trades are counted in one currency.", hint="Take them apart."
        )
