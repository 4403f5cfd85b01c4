"""`ara data withdraw`: takes back what an import or a fetch brought."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ara.cli.commands.data.asked import store, with_desk
from ara.cli.render.data_table import instant
from ara.cli.screen import Screen, screen
from ara.cli.words import clean, wrapped
from ara.errors import CancelledError, ValidationError

if TYPE_CHECKING:
    from datetime import datetime

    import polars as pl

    from ara.desk import Desk

__all__ = ["withdraw"]

_SHOWN = 3


def withdraw(
    what: Annotated[str, typer.Argument(metavar="FILE", help="An imported file, a source (file:NAME) or a fetch's id")],
    symbol: Annotated[str, typer.Option("--symbol", metavar="SYMBOL", help="Only the bars of this one")] = "",
    source: Annotated[str, typer.Option("--source", metavar="NAME", help="Only under this name of a source")] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask")] = False,
) -> None:
    """Take back bars that were imported or fetched by mistake.

    ::

        ara data withdraw prices.csv
        ara data withdraw file:prices --symbol AAPL
        ara data withdraw 3f9a2c71 --yes

    Nothing is deleted: from now on these bars aren't seen, and what was said of their days before stands again. A view
    as of before (--learned) shows them still, and ara data why tells of them. A further import brings them back.
    Rates can't be withdrawn: a later answer of their source corrects them.
    """
    from ara.clock import SystemClock
    from ara.data.withdraw import meant, others_of
    from ara.data.withdraw import withdraw as taken_back
    from ara.market.symbols import normalise

    s = screen()
    s.settings()
    if not what.strip():
        raise ValidationError("An empty name is no import.", hint="For example: ara data withdraw prices.csv")
    kept = store(s)
    try:
        found = meant(kept, what.strip(), symbol=normalise(symbol) if symbol else "", source=source)
        if not s.confirm(f"{_what(found)} will not be seen any more. Withdraw them?", yes=yes):
            raise CancelledError("Nothing was withdrawn.", hint="Without a terminal, say --yes.")
        rest = others_of(kept, what.strip(), found)
        moment = taken_back(kept, found, now=SystemClock().now())
    finally:
        kept.close()
    _forget(s, found)
    s.result({**_document(found, moment), "others": int(rest["bars"].sum())}, lambda: _said(found, moment, s))
    if rest.height and not (symbol or source):
        name = rest["source"][0]
        s.note(f"{_what(rest)} stand: they came from another state of this file. Take all: ara data withdraw {name}")


def _forget(s: Screen, found: "pl.DataFrame") -> None:
    """Drop what processes that share a cache still hold of these symbols."""
    if not s.settings().data.cache.redis:
        return

    async def ask(desk: "Desk") -> None:
        from ara.data.cache import Cache

        held = Cache(desk.settings, clock=desk.clock, telemetry=desk.telemetry)
        try:
            for name in found["symbol"].unique():
                await held.drop(name)
        finally:
            await held.close()

    with_desk(s, ask)


def _what(found: "pl.DataFrame") -> str:
    names, sources = found["symbol"].unique().sort().to_list(), found["source"].unique().sort().to_list()
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    count = int(found["bars"].sum())
    bars = "1 bar" if count == 1 else f"{count:,} bars"
    return clean(f"{bars} of {', '.join(names[:_SHOWN])}{more} from {', '.join(sources[:_SHOWN])}")


def _said(found: "pl.DataFrame", moment: "datetime", s: Screen) -> str:
    words = f"Withdrawn: {_what(found)}. Seen as of before they are there still: --learned {instant(moment)}"
    return "\n".join(wrapped(words, s.width))


def _document(found: "pl.DataFrame", moment: "datetime") -> dict[str, Any]:
    rows = found.select("symbol", "source", "timeframe", "fetch", "bars").iter_rows(named=True)
    return {"schema": 1, "withdrawn_at": instant(moment), "withdrawn": list(rows)}
