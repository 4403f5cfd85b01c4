"""`ara market correlations` and `ara market pairs`."""

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ara.cli.screen import screen
from ara.errors import ValidationError

if TYPE_CHECKING:
    from ara.cli.render.together import SeenTies
    from ara.risk import Moves

__all__ = ["correlations", "pairs"]

_MOST = 100
_SHORTEST, _LONGEST = 7, 365


def correlations(
    symbols: Annotated[list[str], typer.Argument(metavar="SYMBOL", help="Two instruments at the least")],
    window: Annotated[str, typer.Option("--window", "-w", metavar="N", help="Last days that count, 7 to 365")] = "90",
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help="Use only what was public then")] = "",
) -> None:
    """Show how closely instruments move together, which correlations broke, who comes first, who belongs together.

    ::

        ara market correlations AAPL MSFT SPY XAUUSD
        ara market correlations AAPL,MSFT,BTC-USD --window 30
        ara market correlations AAPL SPY XAUUSD --as-of 2020-03-20 --json

    A correlation broke where that of the last days differs from the one before by more than 0.3, and by more than
    chance among so many pairs.
    """
    from ara.cli.commands.data.asked import counted
    from ara.cli.render.together import ties

    s = screen()
    days = counted(window, "--window", least=_SHORTEST, most=_LONGEST)
    moves = _moves(symbols, as_of)
    seen = _seen(moves, days)
    s.result(_document(seen), lambda: ties(seen, s))


def pairs(
    symbols: Annotated[list[str], typer.Argument(metavar="SYMBOL", help="Two instruments at the least")],
    last: Annotated[str, typer.Option("--last", metavar="N", help="Days that count, 60 to 5000")] = "750",
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help="Use only what was public then")] = "",
) -> None:
    """Find two prices whose spread returns to its mean: how sure, how fast, and how far it is away now.

    ::

        ara market pairs AAPL MSFT SPY QQQ
        ara market pairs EURUSD,GBPUSD,AUDUSD --last 500
        ara market pairs SPY QQQ IWM EEM --as-of 2020-02-20 --json

    Every two are tested, and each chance is told for as many tests as there were.
    """
    import numpy as np

    from ara.cli.commands.data.asked import counted
    from ara.cli.render.together import SeenPairs, couples
    from ara.risk import pairs as tested

    s = screen()
    moves = _moves(symbols, as_of).last(counted(last, "--last", least=60, most=5000))
    prices = np.vstack([np.ones(len(moves.symbols)), np.cumprod(1 + moves.returns, axis=0)])
    with s.progress("Testing"):
        found = tested(moves.symbols, prices)
    document = {
        "schema": 1,
        "symbols": list(moves.symbols),
        "days": len(moves),
        "first": moves.dates[0].isoformat(),
        "date": moves.dates[-1].isoformat(),
        "pairs": [one.as_dict() for one in found],
    }
    s.result(document, lambda: couples(SeenPairs(moves=moves, found=found), s))


def _moves(symbols: Sequence[str], as_of: str) -> "Moves":
    from ara.cli.commands.holdings import fetched
    from ara.cli.commands.portfolio.asked import named
    from ara.risk import aligned

    names = named(symbols)
    if not 2 <= len(names) <= _MOST:
        raise ValidationError(f"{len(names)} instruments are named.", hint=f"Name 2 to {_MOST}.")
    return aligned(fetched(screen(), names, as_of=as_of))


def _seen(moves: "Moves", window: int) -> "SeenTies":
    from ara.cli.render.together import SeenTies
    from ara.risk import changed, clusters, lead
    from ara.statistics import correlation, covariance

    recent = moves.last(window)
    if len(recent) < _SHORTEST:
        raise ValidationError(f"There are {len(recent)} days in common; {_SHORTEST} are needed.")
    couples = list(combinations(range(len(moves.symbols)), 2))
    each = {pair: (moves.returns[:, pair[0]], moves.returns[:, pair[1]]) for pair in couples}
    shrunk = correlation(covariance(recent.returns))
    return SeenTies(
        moves=moves,
        window=len(recent),
        own=correlation(covariance(recent.returns, "sample")),
        shrunk=shrunk,
        changes={pair: changed(*both, len(recent), p=0.05 / len(couples)) for pair, both in each.items()},
        leads={pair: found for pair, both in each.items() if (found := lead(*both))},
        groups=clusters(shrunk),
    )


def _document(seen: "SeenTies") -> dict[str, Any]:
    from ara.risk import interval

    names, out = seen.moves.symbols, []
    for (one, other), change in seen.changes.items():
        low, high = interval(float(seen.own[one, other]), seen.window)
        first = seen.leads.get((one, other))
        out.append(
            {
                "first": names[one],
                "second": names[other],
                "correlation": float(seen.own[one, other]),
                "low": low,
                "high": high,
                "shrunk": float(seen.shrunk[one, other]),
                "change": change.as_dict() if change else None,
                "lead": first.as_dict() if first else None,
            }
        )
    return {
        "schema": 1,
        "symbols": list(names),
        "window": seen.window,
        "date": seen.moves.dates[-1].isoformat(),
        "pairs": out,
        "clusters": [[names[place] for place in group] for group in seen.groups],
    }
