"""`ara symbols`."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ara.cli.screen import Screen, screen
from ara.cli.words import clean, wrapped
from ara.errors import AraError, UnknownSymbolError, ValidationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ara.desk import Desk
    from ara.market.instrument import Instrument

__all__ = ["command"]

_LONGEST = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class _Match:
    instrument: "Instrument"
    place: str


def command(
    search: Annotated[str, typer.Argument(metavar="SEARCH", help="Part of a symbol or of a name")],
    provider: Annotated[
        str | None, typer.Option("--provider", "-p", metavar="SOURCE", help="Ask this source; see ara data sources")
    ] = None,
    online: Annotated[bool, typer.Option("--online", help="Ask the sources on the net too")] = False,
    limit: Annotated[str, typer.Option("--limit", "-n", metavar="N", help="At most so many")] = "20",
) -> int:
    """Search instruments by symbol or name: those Ara knows, those it keeps, and those of sources.

    ::

        ara symbols apple
        ara symbols bitcoin
        ara symbols PLTR --online
    """
    from ara.cli.commands.data.asked import counted, with_desk

    s = screen()
    s.settings()
    wanted, most = search.strip(), counted(limit, "--limit", most=10_000)
    if not 1 <= len(wanted) <= _LONGEST:
        raise ValidationError(f"SEARCH has {len(wanted)} characters; it has 1 to {_LONGEST}.")
    with s.progress("Searching"):
        matches, failures = with_desk(s, lambda desk: _ask(desk, wanted, provider, online))
    if provider and failures and not matches:
        raise failures[0]
    if not matches:
        kept = with_desk(s, lambda desk: asyncio.to_thread(_kept, desk, ""))
        raise _nothing(wanted, kept, online=online or provider is not None)
    ranked = sorted(matches, key=lambda one: _rank(wanted, one.instrument))
    data = {
        "schema": 1,
        "instruments": [_facts(one) for one in ranked[:most]],
        "count": len(ranked),
        "failed": [error.problem() for error in failures],
    }
    s.result(data, lambda: _shown(ranked[:most], s))
    if len(ranked) > most:
        s.note(f"{len(ranked) - most:,} more; for them: --limit {len(ranked)}")
    for error in failures if not s.json else ():
        s.problem(error)
    return 0


async def _ask(desk: "Desk", wanted: str, provider: str | None, online: bool) -> tuple[list[_Match], list[AraError]]:
    """Look into the table, the store and the sources; of an instrument that several have, the first one's stands."""
    from ara.data.provider import fetches
    from ara.data.sources import Sources
    from ara.market.symbols import spellings

    matches: dict[str, _Match] = {}
    failures: list[AraError] = []
    if provider is None:
        for words in spellings(wanted):
            _add(matches, _known(words), "known")
            _add(matches, await asyncio.to_thread(_kept, desk, words), "kept")
    data = desk.settings.data
    names = (provider,) if provider else dict.fromkeys((*data.providers, *(data.online if online else ())))
    sources = Sources(desk, names=tuple(names))
    try:
        for name in sources.names:
            try:
                source = sources.get(name)
                if provider or online or not fetches(source):
                    for words in spellings(wanted):
                        _add(matches, await source.symbols(words), name)
            except AraError as error:
                failures.append(error)
    finally:
        await sources.close()
    return list(matches.values()), failures


def _add(matches: dict[str, _Match], found: "Iterable[Instrument]", place: str) -> None:
    for one in found:
        matches.setdefault(one.symbol, _Match(instrument=one, place=place))


def _known(wanted: str) -> "list[Instrument]":
    from ara.market.symbols import coins, known, resolve

    folded = wanted.casefold()
    table = {one.symbol: one for one in (*known(), *coins())}
    found = [one for one in table.values() if folded in f"{one.symbol} {one.name}".casefold()]
    try:
        meant = resolve(wanted)
    except (UnknownSymbolError, ValidationError):
        return found
    return found if meant in found else [*found, meant]


def _kept(desk: "Desk", wanted: str) -> "list[Instrument]":
    from ara.data.bar_store import open_bar_store

    store = open_bar_store(desk.settings, clock=desk.clock)
    try:
        return store.instruments(wanted) if getattr(store, "there", True) else []
    finally:
        store.close()


def _rank(wanted: str, one: "Instrument") -> tuple[int, int, str]:
    """Sort: the symbol itself, a coin's code, what begins so, the rest; short symbols first."""
    folded, symbol, name = wanted.casefold(), one.symbol.casefold(), one.name.casefold()
    first = [
        symbol == folded,
        symbol.partition("-")[0] == folded or name == folded,
        symbol.startswith(folded),
        any(word.startswith(folded) for word in name.split()),
        True,
    ]
    return first.index(True), len(symbol), symbol


def _nothing(wanted: str, kept: "Sequence[Instrument]", *, online: bool) -> UnknownSymbolError:
    from ara.market.symbols import nearest

    near = nearest(wanted, beside=kept)
    listed = ", ".join(one.symbol if one.name == one.symbol else f"{one.symbol} ({one.name})" for one in near)
    hint = f"Nearest: {listed}." + (
        "" if online else f" Search the sources on the net: ara symbols {clean(wanted)} --online"
    )
    return UnknownSymbolError(
        f"Nothing matches {clean(wanted)[:40]!r}.", hint=hint, nearest=[one.symbol for one in near]
    )


def _facts(one: _Match) -> dict[str, Any]:
    instrument = one.instrument
    return {
        "symbol": instrument.symbol,
        "name": instrument.name,
        "asset_class": instrument.asset_class.value,
        "venue": instrument.venue,
        "currency": instrument.currency,
        "calendar": instrument.calendar,
        "from": one.place,
    }


def _shown(matches: list[_Match], s: Screen) -> str:
    from ara.cli.render.data_table import Column, table

    found = [one.instrument for one in matches]
    return "\n".join(
        table(
            [
                Column(head="symbol", cells=[one.symbol for one in found]),
                Column(head="name", cells=[_cut(one.name, s.width // 2) for one in found]),
                Column(head="kind", cells=[one.asset_class.value for one in found], leave=3),
                Column(head="venue", cells=[one.venue for one in found], leave=2),
                Column(head="in", cells=[one.currency for one in found], leave=1),
                Column(head="from", cells=[one.place for one in matches], leave=4),
            ],
            s,
        )
    )


def _cut(name: str, room: int) -> str:
    return wrapped(clean(name), max(room, 8))[0][: max(room, 8)]
