"""`ara market gaps`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ara.cli.screen import Screen, screen
from ara.cli.words import clean
from ara.errors import ValidationError

if TYPE_CHECKING:
    from datetime import datetime

    import polars as pl

    from ara.cli.render.gaps import SeenGaps

__all__ = ["gaps"]

_MOST = 10


def gaps(
    symbols: Annotated[list[str], typer.Argument(metavar="SYMBOL", help="A coin, or the same in two spellings")],
    timeframe: Annotated[str, typer.Option("--timeframe", "-t", metavar="STEP", help="Length of a bar")] = "1d",
    cost: Annotated[
        str, typer.Option("--cost", metavar="SHARE", help="Of each trade: 0.1%, or kraken=0.25%,binance=0.1%")
    ] = "0.1%",
    last: Annotated[str, typer.Option("--last", metavar="N", help="Bars that count")] = "1000",
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help="Use only what was public then")] = "",
) -> None:
    """Show how far prices of one thing were apart between venues, and whether that ever paid for two trades.

    ::

        ara market gaps BTC-USD
        ara market gaps BTC-USD BTC-USDT --timeframe 1h --cost binance=0.1%,coinbase=0.6%
        ara market gaps ETH-USD --last 365 --as-of 2021-01-01 --json

    Each source that is kept is a venue: bring more by ara data fetch or ara data import. Closes are compared that ended
    at the same moment. What it takes to move coins is not counted.
    """
    from ara.cli.commands.data.asked import counted
    from ara.cli.commands.data.asked import timeframe as step
    from ara.cli.commands.portfolio.asked import named
    from ara.cli.render.gaps import told

    s = screen()
    count, length = counted(last, "--last", least=2, most=100_000), str(step(timeframe))
    names = named(symbols)
    if len(names) > _MOST:
        raise ValidationError(f"{len(names)} instruments are named; at most {_MOST} are taken.")
    shares = _shares(cost)
    seen = _seen(s, names, length, count, shares, as_of)
    document = {
        "schema": 1,
        "symbols": list(seen.symbols),
        "timeframe": length,
        "venues": list(seen.costs),
        "costs": dict(seen.costs),
        "bars": len(seen.moments),
        "first": seen.moments[0].isoformat(),
        "last": seen.moments[-1].isoformat(),
        "gaps": [one.as_dict() | {"at": seen.moments[one.place].isoformat()} for one in seen.found],
    }
    s.result(document, lambda: told(seen, s))


def _shares(text: str) -> dict[str, float]:
    """Give the cost at each venue that is named; that of all others by the empty name."""
    from ara.cli.commands.portfolio.asked import ratio

    found = {"": 0.001}
    for part in (one.strip() for one in text.split(",") if one.strip()):
        name, sign, words = part.partition("=")
        found[name.strip().lower() if sign else ""] = ratio(words if sign else name, "--cost", most=0.5)
    return found


def _seen(s: Screen, names: Sequence[str], length: str, count: int, shares: dict[str, float], as_of: str) -> "SeenGaps":
    import polars as pl

    from ara.cli.render.gaps import SeenGaps
    from ara.risk import gaps as between

    series = _series(s, names, length, as_of)
    if len(series) < 2:
        only = clean(next(iter(series))) if series else "No source"
        words = f"{only} alone has {length} bars" if series else f"No source has {length} bars"
        raise ValidationError(
            f"{words} of {', '.join(map(clean, names))} here; two venues are needed.",
            hint="Bring another: ara data fetch, or ara data import FILE --source NAME",
        )
    if unknown := [one for one in shares if one and one not in {_venue(name) for name in series}]:
        raise ValidationError(
            f"--cost: no venue is called {clean(unknown[0])[:40]!r}.",
            hint=f"There are: {', '.join(sorted({clean(_venue(name)) for name in series}))}.",
        )
    whole: pl.DataFrame | None = None
    for name, frame in series.items():
        own = frame.rename({"close": name})
        whole = own if whole is None else whole.join(own, on="at", how="full", coalesce=True)
    assert whole is not None  # noqa: S101 - there are two
    shared = whole.sort("at").filter(pl.sum_horizontal(pl.exclude("at").is_not_null()) > 1).tail(count)
    if shared.is_empty():
        raise ValidationError("No two venues have a bar at the same time.", hint="Look: ara data list")
    costs = {name: shares.get(_venue(name), shares[""]) for name in series}
    moments: list[datetime] = shared["at"].to_list()
    return SeenGaps(
        symbols=tuple(names),
        timeframe=length,
        costs=costs,
        moments=moments,
        found=between(list(series), shared.select(list(series)).to_numpy(), costs=costs),
    )


def _venue(name: str) -> str:
    return name.split(" ", maxsplit=1)[0].removeprefix("file:").lower()


def _series(s: Screen, names: Sequence[str], length: str, as_of: str) -> "dict[str, pl.DataFrame]":
    """Give the closes of each source of each symbol, by the moment at which their bars opened."""
    from datetime import UTC, datetime

    import polars as pl

    from ara.cli.commands.data.asked import with_market
    from ara.prediction.origin import as_instant

    async def ask(market: Any) -> "dict[str, pl.DataFrame]":
        moment = as_instant(as_of or None, now=datetime.now(UTC), what="--as-of")
        found = {}
        for typed in names:
            instrument = await market.instrument(typed)
            rows = market.store.bars(instrument.symbol, length, known_by=moment)
            for (source,), own in rows.group_by("source", maintain_order=True):
                name = str(source) if len(names) == 1 else f"{source} {instrument.symbol}"
                found[name] = own.select("at", pl.col("close")).unique("at", keep="last")
        return found

    return with_market(s, ask)
