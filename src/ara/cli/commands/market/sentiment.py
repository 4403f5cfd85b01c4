"""`ara market sentiment`: refused as long as no source of what people write is configured."""

from typing import Annotated

import typer

from ara.errors import NotFoundError

__all__ = ["sentiment"]


def sentiment(
    symbol: Annotated[str, typer.Argument(metavar="SYMBOL", help="Of what people would write")],
    source: Annotated[
        list[str] | None, typer.Option("--source", "-s", metavar="NAME", help="twitter, reddit, news; repeatable")
    ] = None,
    time: Annotated[str, typer.Option("--time", "-t", metavar="SPAN", help="How far back: 24h")] = "24h",
) -> None:
    """Tell what is said of an instrument: there is no source of that, and none is made up.

    ::

        ara market sentiment AAPL
        ara market sentiment AAPL --source news --time 24h
        ara market sentiment BTC-USD --json
    """
    raise NotFoundError(
        "No source configured: Ara has no source of sentiment.",
        hint="What prices say instead: ara market indicators " + symbol[:32],
    )
