"""A file that was imported before and is read otherwise now, such as with another time zone: it would stand twice."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

import polars as pl

from ara.data.bar_store import BarStore
from ara.errors import ValidationError

__all__ = ["read_otherwise"]

_TICK: Final = timedelta(microseconds=1)


def read_otherwise(
    store: BarStore,
    parts: Iterable[tuple[str, pl.DataFrame]],
    *,
    name: str,
    source: str,
    fetch: str,
    whole: bool,
) -> ValidationError | None:
    """Say what stands of a file's very content at moments at which the file has no bar as it is read now.

    Parameters
    ----------
    store
        Where its bars stand.
    parts
        Whose bars they are, and `timeframe` and `at` of the bars: a series after the other, a long one in parts that
        ascend.
    name
        Of the file.
    source
        The name under which they come.
    fetch
        The id of its content.
    whole
        Whether these are all its bars of a symbol; an archive may have more of them in another table.
    """
    lengths: dict[str, list[str]] = {}
    for symbol, step in store.catalogue().filter(pl.col("source") == source).select("symbol", "timeframe").iter_rows():
        lengths.setdefault(symbol, []).append(step)
    ends: dict[str, datetime] = {}
    others: dict[str, int] = {}

    def count(symbol: str, start: datetime | None, end: datetime | None, now: pl.DataFrame) -> None:
        for step in lengths[symbol]:
            kept = store.bars(symbol, step, start=start, end=end, sources=[source]).filter(pl.col("fetch") == fetch)
            others[symbol] = others.get(symbol, 0) + kept.join(now, on=("timeframe", "at"), how="anti").height

    for symbol, bars in parts:
        if symbol in lengths and bars.height:
            own = bars.select("timeframe", "at")
            first, after = own["at"][0], own["at"][-1] + _TICK
            count(symbol, ends.get(symbol) if symbol in ends or whole else first, after, own)
            ends[symbol] = after
    for symbol, after in ends.items() if whole else ():
        count(symbol, after, None, pl.DataFrame(schema={"timeframe": pl.String(), "at": pl.Datetime("us", "UTC")}))
    symbol, other = max(others.items(), key=lambda pair: pair[1], default=("", 0))
    if not other:
        return None
    return ValidationError(
        f"{name} was imported before and read otherwise: {other:,} of its bars of {symbol} stand under {source} at"
        " other times than they would now; nothing of it was imported.",
        hint=f"Take that reading back (ara data withdraw {fetch[:12]}) and import it again, or name these bars"
        " otherwise (--source NAME).",
    )
