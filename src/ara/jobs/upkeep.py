"""Forecasts by the many, and what keeps an installation well: bars, scores, drift, back-ups, old jobs."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, TypeAlias

from ara.data.feed import MarketData
from ara.desk import Desk
from ara.errors import AraError, DataProviderError, ValidationError
from ara.jobs.work import Backup, Clean, Drift, Predict, Regimes, Score, Update, Work
from ara.workers import Progress

__all__ = ["forecast_lately", "keep_up", "predict"]

_Watch: TypeAlias = Callable[[Progress], bool]
_LOOKED: Final = 500


async def predict(desk: Desk, work: Predict, *, watch: _Watch) -> dict[str, Any]:
    """Forecast instruments, keep each forecast, and give their ids; one that fails costs no other anything."""
    from ara.prediction import PredictionEngine
    from ara.prediction.asking import distinct
    from ara.prediction.many import Missed

    made, failed = dict[str, str](), dict[str, str]()
    symbols = distinct(work.symbols)
    async with MarketData(desk) as market, PredictionEngine(desk, data=market) as engine:
        stream = engine.keep_many(symbols, work.days, as_of=work.as_of or None, model=work.model or None)
        async with aclosing(stream) as found:
            async for one in found:
                symbol = symbols[len(made) + len(failed)]
                if isinstance(one, Missed):
                    failed[symbol] = one.error.message
                else:
                    made[symbol] = one.id
                if not watch(Progress(len(made) + len(failed), len(symbols), symbol)):
                    break
    if failed and not made:
        raise DataProviderError(f"No instrument could be forecast: {next(iter(failed.values()))}")
    return {"forecasts": made, "failed": failed}


async def keep_up(desk: Desk, work: Work, *, watch: _Watch) -> dict[str, Any]:
    """Do one of the works that keep an installation well, and give what JSON says of it."""
    match work:
        case Update():
            return await _update(desk, watch)
        case Score():
            return await _score(desk)
        case Drift():
            return await _drift(desk, work, watch)
        case Regimes():
            from ara.jobs.regimes import look

            return await look(desk, list(work.symbols) or await forecast_lately(desk), watch=watch)
        case Backup():
            return await _back_up(desk, work, watch)
        case Clean():
            return await _clean(desk, work)
        case _:
            raise ValidationError(f"{type(work).__name__} is no upkeep.")


async def _update(desk: Desk, watch: _Watch) -> dict[str, Any]:
    from ara.data.fetched import Fetched
    from ara.market.timeframe import DAY

    fetched, failed, new = 0, dict[str, str](), 0
    async with MarketData(desk) as market:
        listed = await asyncio.to_thread(lambda: market.store.catalogue())
        kept = dict.fromkeys(
            str(row["symbol"])
            for row in listed.iter_rows(named=True)
            if row["timeframe"] == str(DAY) and not str(row["source"]).startswith("file")
        )
        instruments = [await market.instrument(one) for one in kept]
        async for one in market.collector.update(instruments, DAY):
            if isinstance(one, Fetched):
                fetched, new = fetched + 1, new + one.new + one.corrected
            else:
                failed[one.instrument.symbol] = one.error.message
            if not watch(Progress(fetched + len(failed), len(instruments), one.instrument.symbol)):
                break
        rates = await _rates(desk, market, failed)
    if failed and not fetched and not rates:
        raise DataProviderError(f"Nothing could be brought up to date: {next(iter(failed.values()))}")
    return {"instruments": fetched, "bars": new, "rates": rates, "failed": failed}


async def _rates(desk: Desk, market: MarketData, failed: dict[str, str]) -> int:
    """Fetch the euro's rates that were set since the newest kept ones, and count them; what fails is noted."""
    from ara.data.provider import Kind
    from ara.data.rates import bring_rates, serving

    named = desk.settings.data
    names = serving(market.sources, (*named.providers, *named.online))
    empty = await asyncio.to_thread(
        lambda: market.store.catalogue().is_empty() and market.store.facts(Kind.RATES).is_empty()
    )
    if not names or empty:
        return 0
    try:
        told = await bring_rates(market.sources, market.store, clock=desk.clock, names=names, since_kept=True)
    except AraError as error:
        failed["EUR"] = error.message
        return 0
    return told.new + told.corrected


async def _score(desk: Desk) -> dict[str, Any]:
    from ara.prediction.scoring import score

    found = await score(desk)
    return {
        "came_due": found.came_due, "live": found.live, "inside_80": found.inside_80, "expected_80": found.expected_80,
        "scored": found.scored, "failed": dict(found.failed),
    }  # fmt: skip


async def forecast_lately(desk: Desk) -> list[str]:
    """Give the symbols that the last forecasts were of."""
    from ara.prediction.ledger import Ledger

    return sorted({one.forecast.instrument.symbol for one in await Ledger(desk).list(_LOOKED)})


async def _drift(desk: Desk, work: Drift, watch: _Watch) -> dict[str, Any]:
    from ara.features.drift import drift
    from ara.features.sets import find
    from ara.prediction.features import Features

    symbols = list(work.symbols) or await forecast_lately(desk)
    told, failed = dict[str, list[str]](), dict[str, str]()
    async with MarketData(desk) as market, Features(desk, data=market) as features:
        for number, symbol in enumerate(symbols):
            try:
                block = (await features.build(find(work.features), [symbol]))[0]
                begin = len(block) - work.window
                if begin < 1:
                    raise ValidationError(f"{symbol} has too few bars before its last {work.window}")
                found = await desk.workers.run(drift, block.names, block.x[:begin], block.x[begin:])
                told[symbol] = [one.name for one in found.drifted]
            except AraError as error:
                failed[symbol] = error.message
            if not watch(Progress(number + 1, len(symbols), symbol)):
                break
    return {"set": work.features, "window": work.window, "drifted": told, "failed": failed}


async def _back_up(desk: Desk, work: Backup, watch: _Watch) -> dict[str, Any]:
    from ara.data.lake import Lake

    async with MarketData(desk) as market:
        kept = market.store
        if not isinstance(kept, Lake):
            raise ValidationError("A back-up is of the lake, and data.bars names a database.", hint="Use its own means")
        if kept.empty:
            return {"folder": work.folder, "name": None, "files": 0, "copied": 0}

        def step(done: int, total: int, words: str) -> bool:
            return watch(Progress(done, total, words))

        folder = await asyncio.to_thread(Path(work.folder).expanduser)
        done = await asyncio.to_thread(kept.back_up, folder, progress=step)
    return {"folder": work.folder, "name": done.name, "files": done.files, "copied": done.copied}


async def _clean(desk: Desk, work: Clean) -> dict[str, Any]:
    """Forget old jobs, and what is over of accounts: tokens, failures to log in, requests that had a key."""
    from ara.accounts import Accounts
    from ara.accounts.sent import forget_sent
    from ara.jobs.queue import Queue

    now, accounts = desk.clock.now(), Accounts(desk)
    return {
        "forgotten": await Queue(desk).clear(before=now - timedelta(days=work.days)),
        "requests": await forget_sent(desk.store, now),
        "credentials": await accounts.tokens.clean() + await accounts.guard.clean(),
        "days": await accounts.quota.clean(),
    }
