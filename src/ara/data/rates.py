"""Rates between currencies, from the sources that publish them into the store."""

import asyncio
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, TypedDict, Unpack

import polars as pl

from ara.clock import Clock
from ara.data import answers
from ara.data.bar_store import BarStore
from ara.data.failover import Answered, Tried
from ara.data.provider import SCHEMAS, Kind, Provider, fetches
from ara.data.rate_checks import leaps_at_end
from ara.data.sources import Sources
from ara.errors import AraError
from ara.market.instrument import Instrument
from ara.market.timeframe import DAY

if TYPE_CHECKING:
    from ara.data.access import Payload

__all__ = ["Asked", "BroughtRates", "Correction", "bring_rates", "serving"]

_OLDEST: Final = datetime(1999, 1, 1, tzinfo=UTC)
_NAMES: Final = ["at", "base", "quote"]
_ELSEWHERE: Final = ", or name another source with --provider."
_SAME: Final = 1e-6


class Asked(TypedDict, total=False):
    """Which rates are asked for: those set from `start` until before `end`; since each source's newest kept one."""

    start: datetime | None
    end: datetime | None
    since_kept: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A rate that a source states otherwise than before.

    Parameters
    ----------
    base, quote
        The currencies.
    at
        When the rate was set, UTC.
    before, after
        What was kept, and what is stated now.
    """

    base: str
    quote: str
    at: datetime
    before: float
    after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BroughtRates:
    """What came of asking for the rates of a currency.

    Parameters
    ----------
    base
        The currency whose rates they are.
    source
        Who answered.
    tried
        Everybody who was asked, in order, with the reason.
    rates
        How many rates the answer held.
    new, corrected, same
        How many of them were not kept before, differ from what was kept, were kept already.
    corrections
        What was corrected, the newest first.
    leaps
        Of which currencies the newest rate is far from the one before, in words; it may be a fault of the source.
    first, last
        When the first and the last rate of the answer were set, UTC; None where it held none.
    newest
        When the newest rate that is kept now was set, UTC; None where none is.
    currencies
        In which other currencies rates of `base` are kept, whichever source gave them.
    """

    base: str
    source: str
    tried: tuple[Tried, ...]
    rates: int
    new: int
    corrected: int
    same: int
    corrections: tuple[Correction, ...]
    leaps: tuple[str, ...]
    first: datetime | None
    last: datetime | None
    newest: datetime | None
    currencies: tuple[str, ...]


def serving(sources: Sources, names: Iterable[str]) -> list[str]:
    """Give those of the named sources that fetch rates from a venue, in their order; broken ones are passed over."""
    return [name for name in dict.fromkeys(names) if _serves(sources, name)]


def _serves(sources: Sources, name: str) -> bool:
    try:
        source = sources.get(name)
    except AraError:
        return False
    return Kind.RATES in source.offers and fetches(source)


async def bring_rates(
    sources: Sources,
    store: BarStore,
    *,
    clock: Clock,
    names: Sequence[str],
    **asked: Unpack[Asked],
) -> BroughtRates:
    """Fetch the euro's rates and keep what is new: the answer as it was received, who was asked, the rates.

    Parameters
    ----------
    sources, store
        Where to ask, and where to keep it.
    clock
        Says what is past.
    names
        Whom to ask, one after the other until one answers.
    asked
        Which of them; all there are, if nothing is said.

    Raises
    ------
    DataProviderError
        Nobody has them; the hint says how old those are that are kept.
    """
    euro, now = _euro(), clock.now()
    kept = await asyncio.to_thread(store.facts, Kind.RATES, euro.symbol)

    async def ask(source: Provider) -> pl.DataFrame:
        begin = _after(kept, source.name) if asked.get("since_kept") else asked.get("start")
        return await answers.rates(source, euro, DAY, start=begin or _OLDEST, end=asked.get("end") or now)

    try:
        told = await sources.ask(names, ask, what=f"rates of {euro.symbol}")
    except AraError as error:
        hint = error.hint if len(names) > 1 else error.hint.replace(_ELSEWHERE, ".")
        error.hint = f"{hint} {_stays(kept, now)}".strip()
        raise
    written = await asyncio.to_thread(_keep, store, euro, told, now)
    after = pl.concat([kept.select(*SCHEMAS[Kind.RATES]), told.value])
    newest: datetime | None = after["at"].max()  # type: ignore[assignment]
    if newest is not None and not asked.get("end"):
        sources.report(told.source, freshness=(now - newest).total_seconds())
    at = told.value["at"]
    own = kept.filter(pl.col("source") == told.source)
    fresh = told.value.join(own, on=_NAMES, how="anti").height
    return BroughtRates(
        base=euro.symbol,
        source=told.source,
        tried=told.tried,
        rates=told.value.height,
        new=min(fresh, written),
        corrected=max(written - fresh, 0),
        same=told.value.height - written,
        corrections=_corrections(own, told.value),
        leaps=_leaps(own, told.value),
        first=at[0] if len(at) else None,
        last=at[-1] if len(at) else None,
        newest=newest,
        currencies=tuple(after["quote"].unique().sort()),
    )


def _corrections(kept: pl.DataFrame, told: pl.DataFrame) -> tuple[Correction, ...]:
    """Give what an answer states otherwise than what was kept of the same source."""
    both = told.join(kept.select(*_NAMES, before="rate"), on=_NAMES).sort("at", "quote", descending=[True, False])
    differ = both.filter((pl.col("rate") - pl.col("before")).abs() > _SAME * pl.col("before"))
    names = ("base", "quote", "at", "before")
    return tuple(
        Correction(**{name: row[name] for name in names}, after=row["rate"]) for row in differ.iter_rows(named=True)
    )


def _leaps(kept: pl.DataFrame, told: pl.DataFrame) -> tuple[str, ...]:
    """Say where the newest rates of an answer are far from those before them."""
    if told.is_empty():
        return ()
    columns = [*_NAMES, "rate"]
    rows = pl.concat([kept.select(columns), told.select(columns)]).unique(_NAMES, keep="last", maintain_order=True)
    return tuple(leaps_at_end(rows))


def _euro() -> Instrument:
    from ara.data.providers.ecb import EURO

    return EURO


def _after(kept: pl.DataFrame, source: str) -> datetime | None:
    """Give the moment after the newest rate that is kept from a source; None where none is."""
    newest = kept.filter(pl.col("source") == source)["at"].max()
    return newest + timedelta.resolution if isinstance(newest, datetime) else None


def _stays(kept: pl.DataFrame, now: datetime) -> str:
    """Say what is left to convert by, and how old that is; nothing where nothing is kept."""
    newest = kept["at"].max()
    if not isinstance(newest, datetime):
        return ""
    days = (now.date() - newest.date()).days
    old = f"{days:,} days old" if days >= 0 else f"{-days:,} days ahead of the clock"
    return f"The rates that are kept stay in use; the newest are of {newest:%Y-%m-%d}, {old}."


def _keep(store: BarStore, euro: Instrument, told: "Answered[pl.DataFrame]", now: datetime) -> int:
    """Write the answer before the rates, so that no rate is without what explains it; count what was new."""
    payloads: tuple[Payload, ...] = told.payloads
    fetch = store.keep(payloads)
    tried = [{"source": one.source, "ok": one.ok, "words": one.words} for one in told.tried]
    value = json.dumps({"fetch": fetch, "timeframe": str(DAY), "tried": tried}, sort_keys=True)
    row = {"at": now, "known_at": now, "learned_at": now, "field": "fetch", "value": value}
    store.append_facts(Kind.FACTS, euro.symbol, told.source, pl.DataFrame([row], schema=SCHEMAS[Kind.FACTS]))
    return store.append_facts(Kind.RATES, euro.symbol, told.source, told.value) if told.value.height else 0
