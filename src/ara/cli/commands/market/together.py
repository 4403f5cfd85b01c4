"""`ara market correlations` and `ara market pairs`."""

from typing import Annotated

import typer

from ara.cli.screen import screen

__all__ = ["correlations", "pairs"]


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
    from ara.cli.commands.portfolio.asked import named
    from ara.cli.commands.viewed import looked
    from ara.cli.render.together import ties
    from ara.risk import WINDOW

    s = screen()
    days = counted(window, "--window", least=WINDOW.start, most=WINDOW.stop - 1)
    names = named(symbols)
    told = looked(s, as_of, lambda looks, moment: looks.ties(names, as_of=moment, window=days))
    s.result(told.as_dict(), lambda: ties(told, s))


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
    from ara.cli.commands.portfolio.asked import named
    from ara.cli.commands.viewed import looked
    from ara.cli.render.together import SeenPairs, couples
    from ara.risk import pairs as tested

    s = screen()
    days, names = counted(last, "--last", least=60, most=5000), named(symbols)
    moves = looked(s, as_of, lambda looks, moment: looks.moves(names, as_of=moment)).last(days)
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
