"""`ara data cache`: what is kept at hand between questions."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ara.cli.commands.data.asked import Failure, ended, failures_document, found, with_desk
from ara.cli.screen import Screen, screen
from ara.cli.words import clean, padded, width, wrapped
from ara.errors import DataProviderError

if TYPE_CHECKING:
    from ara.data.cache import Cache
    from ara.data.feed import MarketData
    from ara.desk import Desk

__all__ = ["cache"]

cache = typer.Typer(
    help="""Look into the cache, which keeps what was just fetched at hand.

    ara data cache stats

    ara data cache clear AAPL

    ara data cache warm

    Each process has its own memory; what outlives a process and is shared lies in the Redis of data.cache.redis.
    """,
    add_completion=False,
    rich_markup_mode=None,
)
"""The group `ara data cache`."""

_NO_REDIS = (
    "No Redis is set, so nothing outlives a process: memory of {budget:,} MB, live prices for {live} s, the rest for "
    "{kept} min. To share it: ara config set data.cache.redis redis://127.0.0.1:6379/0"
)


@cache.command("stats")
def _stats() -> None:
    """Show how much the cache holds, and how often it had the answer.

    ::

        ara data cache stats
        ara data cache stats --json
        ara data cache stats --quiet
    """
    s = screen()
    settings = s.settings().data.cache

    async def ask(desk: "Desk") -> "tuple[dict[str, int] | None, list[str], bool]":
        held = _open(desk)
        try:
            sums = await held.shared_stats()
            return sums, await held.popular(10), bool(settings.redis)
        finally:
            await held.close()

    sums, popular, shared = with_desk(s, ask)
    data: dict[str, Any] = {
        "schema": 1,
        "redis": None if sums is None else sums,
        "budget": {"memory_mb": settings.memory_mb, "redis_mb": settings.redis_mb if shared else 0},
        "seconds": {"live": settings.live_seconds, "kept": settings.kept_minutes * 60},
        "popular": popular,
    }
    if sums is None:
        told = _NO_REDIS.format(budget=settings.memory_mb, live=settings.live_seconds, kept=settings.kept_minutes)
        told = "The Redis of data.cache.redis doesn't answer; each process goes on alone." if shared else told
        s.result(data, lambda: "\n".join(wrapped(told, s.width)))
    else:
        s.result(data, lambda: _shown(sums, popular, settings.redis_mb, s))


def _shown(sums: dict[str, int], popular: list[str], budget: int, s: Screen) -> str:
    hits, misses = sums.get("memory_hits", 0), sums.get("memory_misses", 0)
    also, loads = sums.get("redis_hits", 0), sums.get("loads", 0)
    asked = hits + misses
    share = (hits + also) / asked if asked else 0.0
    rows = [
        (
            "Answered",
            f"{share * 100:.1f} % of {asked:,} questions without a load; {hits:,} in memory, {also:,} in Redis",
        ),
        (
            "Loaded",
            f"{loads:,}, {sums.get('failures', 0):,} of them failed; {sums.get('shared', 0):,} waited for another's",
        ),
        ("In Redis", f"{sums['entries']:,} values, {sums['bytes'] / 2**20:,.1f} of {budget:,} MB"),
        (
            "Dropped",
            ", ".join(f"{n:,} by {name.removeprefix('dropped_')}" for name, n in sums.items() if "drop" in name),
        ),
        ("Asked most", ", ".join(popular)),
    ]
    paint, label = s.palette(), max(width(name) for name, _ in rows) + 2
    lines = []
    for name, text in rows:
        if text:
            first, *more = wrapped(clean(text), max(s.width - label, 12))
            lines += [paint(padded(name, label), "strong") + first, *(" " * label + line for line in more)]
    return "\n".join(lines)


@cache.command("clear")
def _clear(
    symbol: Annotated[str, typer.Argument(metavar="SYMBOL", help="Only this one; everything, if left out")] = "",
) -> None:
    """Drop what is kept of a symbol, or everything, in all processes that share it.

    ::

        ara data cache clear
        ara data cache clear AAPL
        ara data cache clear AAPL --json

    Nothing is lost: a cache only saves time.
    """
    from ara.market.symbols import normalise

    s = screen()
    s.settings()
    name = normalise(symbol) if symbol else None

    async def ask(desk: "Desk") -> int:
        held = _open(desk)
        try:
            return await held.drop(name)
        finally:
            await held.close()

    gone = with_desk(s, ask)
    whose = f" of {name}" if name else ""
    said = f"Dropped {gone:,} value{'' if gone == 1 else 's'}{whose}." if gone else f"There was nothing{whose} to drop."
    s.result({"schema": 1, "symbol": name, "dropped": gone}, lambda: said)


@cache.command("warm")
def _warm(
    symbols: Annotated[
        list[str] | None, typer.Argument(metavar="SYMBOL", help="Which; those asked for most, if left out")
    ] = None,
) -> int:
    """Load symbols before anybody asks for them.

    ::

        ara data cache warm
        ara data cache warm AAPL MSFT
        ara data cache warm --json
    """
    s = screen()
    s.settings()

    async def ask(desk: "Desk") -> "tuple[list[str], list[Failure]]":
        from ara.data.feed import MarketData

        held = _open(desk)
        try:
            wanted = symbols or await held.popular()
            if not wanted:
                raise DataProviderError("Nothing was asked for yet.", hint="Name symbols: ara data cache warm AAPL")
            async with MarketData(desk) as market:
                return await _loaded(held, market, wanted)
        finally:
            await held.close()

    with s.progress("Loading"):
        loaded, failures = with_desk(s, ask)
    said = f"Loaded {', '.join(loaded)}." if loaded else "Nothing was loaded."
    s.result({"schema": 1, "loaded": loaded, **failures_document(failures)}, lambda: "\n".join(wrapped(said, s.width)))
    return ended(s, failures)


async def _loaded(held: "Cache", market: "MarketData", wanted: list[str]) -> "tuple[list[str], list[Failure]]":
    instruments, failures = await found(market, wanted)
    known = {one.symbol: one for one in instruments}
    warmed = await held.warm(list(known), lambda symbol: market.bars(known[symbol]))
    return list(warmed.symbols), failures + [Failure(symbol=symbol, error=error) for symbol, error in warmed.failed]


def _open(desk: "Desk") -> "Cache":
    from ara.data.cache import Cache

    return Cache(desk.settings, clock=desk.clock, telemetry=desk.telemetry)
