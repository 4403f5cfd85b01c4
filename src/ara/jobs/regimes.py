"""Markets whose regime changed since they were looked at last: each change is told once."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, ClassVar, Final

import msgspec

from ara.accounts import Accounts
from ara.accounts.roles import granted
from ara.alerts.event import EVENTS
from ara.alerts.news import told
from ara.data.feed import MarketData
from ara.desk import Desk
from ara.errors import AraError, DataProviderError
from ara.models.regimes import Change, Standing
from ara.prediction.looking import Looks
from ara.store import Record, revision
from ara.workers import Progress

__all__ = ["look"]

_TYPE: Final = "alert_triggered"


class _Seen(Record, frozen=True, kw_only=True):
    """The state that was told last of a market, by its symbol, and the day of the last bar that was looked at."""

    kind: ClassVar[str] = "regime_seen"
    state: str
    day: date


async def look(desk: Desk, symbols: Sequence[str], *, watch: Callable[[Progress], bool]) -> dict[str, Any]:
    """Look at the state of markets, tell users of changes, and give both; one that fails costs no other anything.

    The first look at a market tells nothing: there is none to hold it against. A change that was told is told again by
    nobody, wherever the work was stopped: its message is named by the market, the day and the state.
    """
    found, changed, failed = dict[str, str](), list[dict[str, Any]](), dict[str, str]()
    async with MarketData(desk) as market:
        looks = Looks(desk, market)
        for number, symbol in enumerate(symbols, 1):
            try:
                now = await looks.regime(symbol, as_of=desk.clock.now())
                changed += await _changes(desk, now)
                found[now.bars.instrument.symbol] = now.now.state
            except AraError as error:
                failed[symbol] = error.message
            if not watch(Progress(number, len(symbols), symbol)):
                break
    if failed and not found:
        raise DataProviderError(f"No market could be looked at: {next(iter(failed.values()))}")
    return {"states": found, "changed": changed, "failed": failed}


async def _changes(desk: Desk, now: Standing) -> list[dict[str, Any]]:
    """Tell of the changes since the last look, oldest first, and note that they were; a state told last stays told."""
    symbol, store = now.bars.instrument.symbol, desk.store
    seen = await store.get(_Seen, symbol)
    if not now.changes:
        return []
    fresh = _Seen(id=symbol, state=now.changes[-1].after, day=now.dates[-1])
    if seen is None:
        await store.add(fresh)
        return []
    state, found = seen.state, list[dict[str, Any]]()
    for one in now.changes:
        if now.dates[one.bar] > seen.day and one.after != state:
            found.append(_fact(now, one, state))
            state = one.after
    for user in await _hearing(desk) if found else ():
        for fact in found:
            await told(desk, _TYPE, fact, user=user, key=f"regime:{symbol}:{fact['date']}:{fact['to']}")
    await store.put(msgspec.structs.replace(fresh, state=state), replaces=revision(seen))
    return found


def _fact(now: Standing, change: Change, before: str) -> dict[str, Any]:
    at: datetime = now.bars.frame["known_at"][change.bar]
    return {
        "kind": "regime_change",
        "symbol": now.bars.instrument.symbol,
        "from": before,
        "to": change.after,
        "probability": change.probability,
        "date": now.dates[change.bar].isoformat(),
        "at": at.isoformat(),
        "foretells": now.now.told,
    }


async def _hearing(desk: Desk) -> list[str]:
    """Give the users who may hear of alerts."""
    wanted = EVENTS[_TYPE].permission
    found = Accounts(desk).users.all()
    return [one.id async for one in found if one.disabled_at is None and wanted in granted(one.role, None)]
