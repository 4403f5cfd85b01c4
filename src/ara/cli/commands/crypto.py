"""`ara crypto`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ara.cli.screen import Screen, screen
from ara.cli.words import clean
from ara.errors import ValidationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ara.cli.render.coins import SeenCoins
    from ara.data.providers.exchange import Coin
    from ara.desk import Desk
    from ara.market.bars import Bars
    from ara.market.instrument import Instrument

__all__ = ["command"]

_FEWEST, _MOST = 8, 50

command = typer.Typer(
    help="""List coins and where they trade, and set some side by side.

    ara crypto list

    ara crypto list --provider kraken

    ara crypto compare BTC ETH
    """,
    add_completion=False,
    rich_markup_mode=None,
)
"""The group `ara crypto`."""


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


_METRICS = ("price", "volume", "volatility", "correlation")


@command.command("compare")
def _compare(
    symbols: Annotated[list[str], typer.Argument(metavar="COIN", help="Two at the least: BTC ETH, or BTC-USD")],
    metric: Annotated[
        str, typer.Option("--metric", "-m", metavar="NAME", help="price, volume, volatility or correlation")
    ] = "price",
    last: Annotated[str, typer.Option("--last", metavar="N", help="Days that count, 8 to 3650")] = "90",
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help="Use only what was public then")] = "",
) -> None:
    """Set coins side by side over the same days: by price, volume, volatility or how they move together.

    ::

        ara crypto compare BTC ETH
        ara crypto compare BTC-USD ETH-USD -m correlation --last 365
        ara crypto compare BTC ETH -m volume --as-of 2021-01-01 --json

    All rows are shown whatever the metric is; it says which one sorts and is told first.
    """
    from ara.cli.commands.data.asked import counted
    from ara.cli.commands.holdings import fetched
    from ara.cli.commands.portfolio.asked import named
    from ara.cli.render.coins import compared

    s = screen()
    days, by = counted(last, "--last", least=8, most=3650), metric.strip().lower()
    if by not in _METRICS:
        raise ValidationError(f"--metric is {clean(metric)[:40]!r}.", hint=f"There are: {', '.join(_METRICS)}.")
    names = list(dict.fromkeys(_coin(one) for one in named(symbols)))
    if not 2 <= len(names) <= _MOST:
        told = "1 coin is" if len(names) == 1 else f"{len(names)} coins are"
        raise ValidationError(f"{told} named.", hint=f"Name 2 to {_MOST}: BTC ETH")
    seen = _side_by_side(fetched(s, names, as_of=as_of), by, days)
    s.result(seen.document(), lambda: compared(seen, s))


def _coin(text: str) -> str:
    """Give a coin's pair with the dollar, where the coin alone is named."""
    from ara.data.providers.exchange import coins

    code = text.strip().upper()
    return f"{code}-USD" if code in {one.code for one in coins()} else text


def _side_by_side(bars: "Sequence[Bars]", by: str, days: int) -> "SeenCoins":
    import numpy as np
    import polars as pl

    from ara.cli.commands.viewed import dates
    from ara.cli.render.coins import Coin, SeenCoins
    from ara.risk import aligned, interval
    from ara.statistics import correlation, covariance

    moves = aligned(bars).last(days)
    if len(moves) < _FEWEST:
        raise ValidationError(f"There are {len(moves)} days in common; {_FEWEST} are needed.")
    tied = correlation(covariance(moves.returns, "sample"))
    found = []
    for place, one in enumerate(bars):
        own = moves.returns[:, place]
        day = pl.Series(dates(one), dtype=pl.Date)
        recent = one.frame.filter((day >= moves.dates[0]) & (day <= moves.dates[-1]))
        traded = (recent["close"] * recent["volume"]).drop_nulls().drop_nans()
        wealth = np.concatenate(([1.0], np.cumprod(1 + own)))
        found.append(
            Coin(
                symbol=one.instrument.symbol,
                price=float(recent["close"][-1]),
                change=float(wealth[-1] - 1),
                volume=float(np.median(traded.to_numpy())) if len(traded) and traded.max() else None,
                volatility=float(own.std(ddof=1)) * moves.per_year**0.5,
                fall=float((wealth / np.maximum.accumulate(wealth)).min() - 1),
                first=float(tied[0, place]),
                between=interval(float(tied[0, place]), len(moves)) if place else (1.0, 1.0),
            )
        )
    return SeenCoins(moves=moves, metric=by, coins=found, tied=tied)


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
