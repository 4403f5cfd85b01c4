"""`ara data list`, `show`, `why` and `sources`: what is kept, and where it comes from."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ara.cli.commands.data.asked import counted, day, found, moment, store, timeframe, with_desk, with_market
from ara.cli.commands.data.rates import kept_rates, means_rates, no_use, show_rates, why_rates
from ara.cli.money import OPTION, Purse, purse
from ara.cli.screen import Screen, screen
from ara.errors import AraError, DataProviderError, UnknownSymbolError, ValidationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from ara.data.access import Venue
    from ara.data.feed import MarketData
    from ara.data.provenance import Provenance
    from ara.desk import Desk
    from ara.market.bars import Bars
    from ara.market.instrument import Instrument
    from ara.market.timeframe import Timeframe

__all__ = ["catalogue", "show", "sources", "why"]

_USUAL, _EVERY = 20, 1_000
_Symbol = Annotated[str, typer.Argument(metavar="SYMBOL", help="AAPL, BTC-USD, EURUSD, ^GSPC and so on")]
_AsOf = Annotated[
    str | None, typer.Option("--as-of", metavar="DATE", help="Only what was public then; an instant needs its zone")
]
_Learned = Annotated[str | None, typer.Option("--learned", metavar="DATE", help="Only what Ara had received then")]
_Step = Annotated[str, typer.Option("--timeframe", "-t", metavar="STEP", help="Length of a bar")]
_Count = Annotated[str | None, typer.Option("--limit", "-n", metavar="N", help="At most so many, the newest (20)")]
_Actions = Annotated[bool, typer.Option("--actions", help="Splits and dividends instead of bars")]
_Raw = Annotated[bool, typer.Option("--raw", help="As each source published them, not adjusted")]
_Repaired = Annotated[
    bool, typer.Option("--repaired", help="Bars that can't be are put right where two witnesses say how, and marked")
]
_Rates = Annotated[bool, typer.Option("--rates", help="What a pair was worth by the rates that are kept, not its bars")]


def catalogue(
    query: Annotated[str, typer.Argument(metavar="QUERY", help="Part of a symbol or a name; all, if left out")] = "",
) -> None:
    """List what is kept: whose bars, from where, how many, from when to when.

    ::

        ara data list
        ara data list apple
        ara data list --json
    """
    from ara.cli.render import rates as rated
    from ara.cli.render.data import listed, listed_document

    s = screen()
    s.settings()
    kept = store(s)
    try:
        with s.progress("Reading the catalogue"):
            rows = kept.catalogue()
            known = {one.symbol: one for one in kept.instruments()} if rows.height else {}
            rates = kept_rates(kept, query)
            others = 0 if rates.height else kept_rates(kept).height
    finally:
        kept.close()
    wanted = query.strip().casefold()
    named = [{**row, **_told(row, known.get(row["symbol"]))} for row in rows.iter_rows(named=True)]
    chosen = [row for row in named if wanted in f"{row['symbol']} {row['name']} {row['source']}".casefold()]
    data = {**listed_document(chosen), "rates": rated.kept_document(rates)}
    lines = rated.kept(rates, s)
    s.result(
        data,
        lambda: "\n".join(
            [listed(chosen, s, query=query, total=rows.height + others), *lines] if chosen or not lines else lines
        ),
    )


def _told(row: "Mapping[str, Any]", one: "Instrument | None") -> dict[str, str]:
    """Give a series' name, and the dates of its first and its last session as its calendar labels them."""
    from ara.market.calendar import calendar
    from ara.market.symbols import guess

    hours = calendar((one or guess(row["symbol"], row["asset_class"])).calendar)
    dates = {f"{end}_date": hours.dated(row[end]).isoformat() for end in ("first", "last")}
    return {"name": one.name if one else "", **dates}


def show(
    symbol: _Symbol,
    as_of: _AsOf = None,
    learned: _Learned = None,
    step: _Step = "1d",
    actions: _Actions = False,
    count: _Count = None,
    raw: _Raw = False,
    repaired: _Repaired = False,
    rates: _Rates = False,
    currency: OPTION = "",
) -> None:
    """Show the bars of an instrument as they are, or as they were known at a moment.

    ::

        ara data show AAPL
        ara data show AAPL --as-of 2020-08-28 -n 5
        ara data show USDJPY --rates

    EUR stands for all rates of the euro.

    Prices are adjusted to the last bar shown, so that a later split changes nothing; --raw shows them as published.
    """
    s = screen()
    s.settings()
    wish = _Wish(
        symbol=symbol,
        step=timeframe(step),
        most=_USUAL if count is None else counted(count, "--limit"),
        by=moment(as_of, "--as-of"),
        received=moment(learned, "--learned"),
        currency=currency,
        repaired=repaired,
    )
    if rates or means_rates(symbol):
        idle = {"--actions": actions, "--raw": raw, "--repaired": repaired, "--currency": currency}
        no_use([*(name for name, on in idle.items() if on), *(["--timeframe"] if str(wish.step) != "1d" else [])])
        every = means_rates(symbol) and count is None
        show_rates(s, symbol, most=_EVERY if every else wish.most, by=wish.by, received=wish.received)
        return
    chosen = [name for name, on in (("--actions", actions), ("--raw", raw), ("--repaired", repaired)) if on]
    if len(chosen) > 1:
        raise ValidationError(f"{' and '.join(chosen)} exclude each other.", hint="Leave out all but one.")
    with _tells_of_withdrawals(s, symbol):
        (_show_actions if actions else _show_raw if raw else _show_bars)(s, wish)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """What is to be shown: whose, how many of the newest, and by when it was public and received."""

    symbol: str
    step: "Timeframe"
    most: int
    by: datetime | None
    received: datetime | None
    currency: str
    repaired: bool


def _show_bars(s: Screen, wish: _Wish) -> None:
    from ara.cli.render.data import bars, bars_document
    from ara.data.feed import MarketData

    async def ask(desk: "Desk") -> "tuple[Bars, Purse | None]":
        async with MarketData(desk) as market:
            one = await _one(market, wish.symbol)
            bounds = {"as_of": wish.by, "learned": wish.received}
            seen = await market.bars(one, wish.step, **bounds, repaired=wish.repaired)
        return seen, await purse(s, desk, wish.currency, codes=[seen.instrument.currency], learned=wish.received)

    with s.progress("Reading"):
        seen, money = with_desk(s, ask)
    told = money.frame(seen, wish.most) if money else None
    s.result(bars_document(seen, wish.most, told), lambda: bars(seen, wish.most, s, told))


def _show_raw(s: Screen, wish: _Wish) -> None:
    from ara.cli.render.data import raw, raw_document

    async def ask(market: "MarketData") -> "tuple[Instrument, pl.DataFrame]":
        one = await _one(market, wish.symbol)
        read, length = market.store.bars, str(wish.step)
        kept = await asyncio.to_thread(lambda: read(one.symbol, length, known_by=wish.by, learned_by=wish.received))
        return one, kept.sort("at", "source")

    with s.progress("Reading"):
        one, kept = with_market(s, ask)
    s.result(raw_document(one, kept, wish.most), lambda: raw(one, kept, wish.most, s))


def _show_actions(s: Screen, wish: _Wish) -> None:
    from ara.cli.render.data import actions, actions_document
    from ara.data.provider import Kind

    async def ask(market: "MarketData") -> "tuple[Instrument, pl.DataFrame]":
        one = await _one(market, wish.symbol)
        bounds = {"known_by": wish.by, "learned_by": wish.received}
        kept = await asyncio.to_thread(market.store.facts, Kind.ACTIONS, one.symbol, **bounds)
        stated = kept["action"].is_in(["split", "dividend"])
        return one, kept.filter(stated).sort("at", "source")

    with s.progress("Reading"):
        one, kept = with_market(s, ask)
    s.result(actions_document(one, kept, wish.most), lambda: actions(one, kept, wish.most, s))


@contextmanager
def _tells_of_withdrawals(s: Screen, word: str) -> Iterator[None]:
    """Add to what is said of a missing bar that bars of its instrument were withdrawn."""
    from ara.data.withdraw import told
    from ara.market.symbols import normalise

    try:
        yield
    except (DataProviderError, UnknownSymbolError) as error:
        kept, words = store(s), ""
        with suppress(AraError):
            words = told(kept, normalise(word))
        kept.close()
        if words:
            error.hint = f"{words}\n{error.hint}"
        raise


async def _one(market: "MarketData", word: str) -> "Instrument":
    instruments, failures = await found(market, [word])
    if failures:
        raise failures[0].error
    return instruments[0]


def why(
    symbol: _Symbol,
    on: Annotated[str, typer.Argument(metavar="DATE", help="A session, or the instant at which a bar opened")],
    as_of: _AsOf = None,
    learned: _Learned = None,
    step: _Step = "1d",
) -> None:
    """Tell where one bar comes from: who said what, who was believed, what was done to it since.

    ::

        ara data why AAPL 2020-08-28
        ara data why AAPL 2020-08-28 --as-of 2020-08-31
        ara data why BTC-USD 2021-01-08 --json
    """
    from ara.cli.render.why import answer, document

    s = screen()
    s.settings()
    wanted, instant = timeframe(step), day(on, "DATE")
    place: date = date.fromisoformat(on.strip()) if len(on.strip()) <= 10 else instant  # type: ignore[assignment]
    by, received = moment(as_of, "--as-of"), moment(learned, "--learned")
    if means_rates(symbol):
        why_rates(s, place.date() if isinstance(place, datetime) else place, by=by, received=received)
        return

    async def ask(market: "MarketData") -> "Provenance":
        return await market.why(await _one(market, symbol), place, wanted, as_of=by, learned=received)

    with _tells_of_withdrawals(s, symbol), s.progress("Reading"):
        told = with_market(s, ask)
    s.result(document(told), lambda: answer(told, s))


def sources() -> None:
    """Show how well each source answers, and which of them is being left alone.

    ::

        ara data sources
        ara data sources --json
        ara data sources --set data.providers=yahoo,polygon
    """
    from ara.cli.render.health import health, health_document
    from ara.clock import SystemClock

    s = screen()
    settings = s.settings()
    names = list(dict.fromkeys((*settings.data.providers, *settings.data.online)))

    async def ask(desk: "Desk") -> list[dict[str, Any]]:
        return [await _standing(desk, name) for name in names]

    rows = with_desk(s, ask)
    s.result(health_document(rows), lambda: health(rows, s, now=SystemClock().now()))


async def _standing(desk: "Desk", name: str) -> dict[str, Any]:
    """Give how one source stands; one that can't be opened says why and hides no other."""
    from ara.data.sources import Sources

    one = Sources(desk, names=[name])
    try:
        venue = getattr(one.get(name), "venue", None)
        row: dict[str, Any] = one.health().row(0, named=True)
    except AraError as error:
        row = {"source": name, "state": "broken", "asked": 0, "last_error": error.message}
        absent = dict.fromkeys(("success", "latency_ms", "freshness_s", "quality", "rests_until", "failed_at"))
        return {**row, **absent, "key": "", "url": ""}
    finally:
        await one.close()
    return {**row, "key": _key(desk, name, venue), "url": "" if venue is None else _url(desk, name, venue)}


def _key(desk: "Desk", name: str, venue: "Venue | None") -> str:
    if venue is None or not (venue.key or venue.key_words):
        return ""
    if desk.settings.data.source(name).key or f"{name}.key" in desk.vault.names():
        return "given"
    return "missing" if venue.key else "optional"


def _url(desk: "Desk", name: str, venue: "Venue") -> str:
    from ara.redaction import redact

    return redact(desk.settings.data.source(name).url or venue.url)
