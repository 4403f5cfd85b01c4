"""What every notifier must do; `ara plugins check NAME` runs it for strangers."""

import asyncio
import inspect
import re
from datetime import UTC, datetime
from typing import Any, Final

from ara.alerts.notifier import Delivery, Message
from ara.plugins import Check
from ara.settings import Secret

__all__ = ["check_notifier"]

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_SECONDS: Final = 70.0


async def check_notifier(notifier: Any) -> tuple[Check, ...]:
    """Check a notifier; nothing leaves the machine, and it is closed after."""
    named = getattr(notifier, "name", None)
    fit = isinstance(named, str) and _NAME.fullmatch(named) is not None
    found = [Check("it has a name", fit, f"it says {named!r}")]
    ways = [way for way in ("send", "close") if not inspect.iscoroutinefunction(getattr(notifier, way, None))]
    words = f"{' and '.join(ways)} is no coroutine" if ways else "send and close are coroutines"
    found.append(Check("it sends and closes", not ways, words))
    if ways:
        return tuple(found)
    found.append(await _failing(notifier))
    found.append(await _closed(notifier))
    return tuple(found)


async def _failing(notifier: Any) -> Check:
    """See what becomes of a message to nobody."""
    message = Message(
        id="msg_check", type="test", at=datetime(2020, 1, 1, tzinfo=UTC), body=b"{}", to="",
        secrets=(Secret("whsec_AAAA"),),
    )  # fmt: skip
    name = "a receiver that there is not is a delivery that failed, and no error"
    try:
        async with asyncio.timeout(_SECONDS):
            told = await notifier.send(message)
    except Exception as error:  # noqa: BLE001 - a stranger's part may raise anything
        return Check(name, ok=False, words=f"send raised {type(error).__name__}")
    ok = isinstance(told, Delivery) and not told.delivered and bool(told.words)
    return Check(name, ok, told.words if ok else "it gave no Delivery that says why")


async def _closed(notifier: Any) -> Check:
    name = "it can be closed twice"
    try:
        await notifier.close()
        await notifier.close()
    except Exception as error:  # noqa: BLE001 - a stranger's part may raise anything
        return Check(name, ok=False, words=f"close raised {type(error).__name__}")
    return Check(name, ok=True, words="both went well")
