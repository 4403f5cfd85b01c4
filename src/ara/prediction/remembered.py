"""Answers that are asked for again: each is made once, however many ask for it at the same time."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

from ara.lineage import digest, digest_arrays
from ara.market.bars import Bars

__all__ = ["Remembered", "key_of"]

_MOST: Final = 256
_COLUMNS: Final = ("open", "high", "low", "close", "volume")


class Remembered:
    """The last answers of pure functions, by what went into them.

    Parameters
    ----------
    most
        How many are kept; those that were asked for longest ago are forgotten.
    """

    def __init__(self, *, most: int = _MOST) -> None:
        self._kept: OrderedDict[str, asyncio.Task[Any]] = OrderedDict()
        self._most = most

    async def of(self, key: str, make: Callable[[], Awaitable[Any]]) -> Any:
        """Give the answer of a key, made now where nobody asked for it yet.

        Who stops waiting stops nobody else, so work that was begun is done; what failed is forgotten.
        """
        task = self._kept.get(key)
        if task is None:
            task = asyncio.ensure_future(_made(make))
            self._kept[key] = task
            task.add_done_callback(lambda done: self._ended(key, done))
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(key)
        return await asyncio.shield(task)

    def _ended(self, key: str, task: "asyncio.Task[Any]") -> None:
        if (task.cancelled() or task.exception() is not None) and self._kept.get(key) is task:
            del self._kept[key]


async def _made(make: Callable[[], Awaitable[Any]]) -> Any:
    return await make()


def key_of(what: str, bars: Iterable[Bars], *asked: object) -> str:
    """Give the key of what is computed from bars: their instruments, steps and figures, and what was asked of them."""
    told = [
        [one.instrument.symbol, str(one.timeframe), one.basis, list(one.notes), digest_arrays(_arrays(one))]
        for one in bars
    ]
    return digest([what, told, [str(one) for one in asked]])


def _arrays(bars: Bars) -> Iterable[tuple[str, Any]]:
    yield "at", bars.frame["at"].to_physical().to_numpy()
    for name in _COLUMNS:
        yield name, bars.frame[name].cast(float).to_numpy()
