"""`ara crypto`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ara.cli.screen import Screen, screen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ara.data.providers.exchange import Coin
    from ara.desk import Desk
    from ara.market.instrument import Instrument

__all__ = ["command"]

command = typer.Typer(
    help="""List coins and where they trade.

    ara crypto list

    ara crypto list --top 10

    ara crypto list --provider kraken
    """,
    add_completion=False,
    rich_markup_mode=None,
)
"""The group `ara crypto`."""


@command.callback()
def _group() -> None:
    """Keep `list` a command of its own."""


@command.command("list")
def _list(
    top: Annotated[str, typer.Option("--top", "-t", metavar="N", help="At most so many, the largest first")] = "50",
    provider: Annotated[
        str | None,
        typer.Option("--provider", "-p", metavar="SOURCE", help="Ask this exchange: binance, coinbase or kraken"),
    ] = None,
) -> None:
    """List coins by their rank, with what each exchange calls them; --provider asks one for all that it trades now.

    ::

        ara crypto list
        ara crypto list --top 10 --json
        ara crypto list --provider kraken
    """
    from ara.cli.commands.data.asked import counted, with_desk
    from ara.data.providers.exchange import coins

    s = screen()
    s.settings()
    most = counted(top, "--top", most=10_000)
    if provider is None:
        found = coins()[:most]
        s.result({"schema": 1, "coins": [_facts(one) for one in found]}, lambda: _ranked(found, s))
        return
    with s.progress(f"Asking {provider}"):
        pairs = with_desk(s, lambda desk: _ask(desk, provider))
    shown = pairs[:most]
    data = {"schema": 1, "provider": provider, "count": len(pairs), "pairs": [_pair(one) for one in shown]}
    s.result(data, lambda: _listed(shown, s))
    if len(pairs) > most:
        s.note(f"{len(pairs) - most:,} more; for them: --top {len(pairs)}")


async def _ask(desk: "Desk", name: str) -> "list[Instrument]":
    """Give what an exchange trades, the largest coins first."""
    from ara.data.providers.exchange import coins
    from ara.data.sources import Sources
    from ara.errors import DataProviderError
    from ara.market.instrument import AssetClass

    ranks = {coin.code: coin.rank for coin in coins()}
    sources = Sources(desk, names=[name])
    try:
        pairs = [one for one in await sources.get(name).symbols() if one.asset_class is AssetClass.CRYPTO]
    finally:
        await sources.close()
    if not pairs:
        raise DataProviderError(f"The source {name} lists no coins.", hint="Ask binance, coinbase or kraken.")
    return sorted(pairs, key=lambda one: (ranks.get(one.symbol.partition("-")[0], len(ranks) + 1), one.symbol))


def _facts(coin: "Coin") -> dict[str, Any]:
    return {"rank": coin.rank, "code": coin.code, "name": coin.name, "venues": dict(coin.venues)}


def _pair(one: "Instrument") -> dict[str, Any]:
    return {
        "symbol": one.symbol,
        "name": one.name,
        "currency": one.currency,
        "tick": str(one.tick),
        "lot": str(one.lot),
    }


def _ranked(found: "Sequence[Coin]", s: Screen) -> str:
    from ara.cli.render.data_table import Column, table

    venues = [
        Column(head=name, cells=[one.venues.get(name, "-") for one in found], leave=leave)
        for leave, name in ((2, "binance"), (3, "coinbase"), (4, "kraken"))
    ]
    columns = [
        Column(head="rank", cells=[str(one.rank) for one in found], right=True, leave=5),
        Column(head="coin", cells=[one.code for one in found]),
        Column(head="name", cells=[one.name for one in found], leave=1),
        *venues,
    ]
    return "\n".join(table(columns, s))


def _listed(pairs: "Sequence[Instrument]", s: Screen) -> str:
    from ara.cli.render.data_table import Column, table
    from ara.cli.words import clean

    columns = [
        Column(head="symbol", cells=[one.symbol for one in pairs]),
        Column(head="name", cells=[clean(one.name) for one in pairs], leave=1),
        Column(head="smallest price step", cells=[f"{one.tick.normalize():f}" for one in pairs], right=True, leave=3),
        Column(head="smallest size", cells=[f"{one.lot.normalize():f}" for one in pairs], right=True, leave=2),
    ]
    return "\n".join(table(columns, s))
