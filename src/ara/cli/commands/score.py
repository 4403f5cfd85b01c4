"""`ara score`."""

from typing import TYPE_CHECKING, Annotated

import typer

from ara.cli.screen import Screen, screen

if TYPE_CHECKING:
    from ara.prediction.scoring import ScoreReport

__all__ = ["command"]


def command(
    symbols: Annotated[
        list[str] | None, typer.Argument(metavar="SYMBOL", help="Only these instruments; all, if none is named")
    ] = None,
) -> None:
    """Compare forecasts that came due with what happened.

    ::

        ara score
        ara score AAPL BTC-USD
        ara score --json
    """
    from ara.cli.render.score import facts, report
    from ara.market.symbols import normalise

    s = screen()
    s.settings()
    chosen = tuple(normalise(symbol) for symbol in symbols or ())
    with s.progress("Scoring"):
        outcome = s.run(_score(s, chosen))
    s.result(facts(outcome), lambda: report(outcome, s))


async def _score(s: Screen, symbols: tuple[str, ...]) -> "ScoreReport":
    from ara.desk import Desk
    from ara.prediction.scoring import score

    async with Desk.open(s.settings()) as desk:
        return await score(desk, symbols)
