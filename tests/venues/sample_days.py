"""Days of the bundled sample, for venues that speak of real prices in their own words."""

import json
import math
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache

import msgspec
import polars as pl

from ara.data.access import Access, Limit
from ara.data.provider import Kind
from ara.data.providers.sample import Sample
from ara.market.calendar import calendar
from ara.market.hours import labels
from ara.market.symbols import resolve
from ara.market.timeframe import DAY
from ara.settings import Secret
from ara.testing import Reply

NOW = datetime(2022, 3, 14, 12, tzinfo=UTC)
"""A moment after the last bar of the sample."""


@cache
def days(symbol: str, first: date = date(2015, 1, 1)) -> pl.DataFrame:
    """Give `label open high low close volume adjusted` of one instrument."""
    one = resolve(symbol)
    bars = Sample()._bars(one).filter(pl.col("at") >= datetime(first.year, first.month, first.day, tzinfo=UTC))
    label = labels(bars["at"], calendar(one.calendar)).alias("label")
    return bars.select(label, "open", "high", "low", "close", "volume", "adjusted")


class Splitting:
    """A venue whose instruments split at a date: it knows by its clock what has happened.

    The sample's prices are as traded, so they hold Apple's split of 31 August 2020 already; `split` has the venue tell
    of it, and divide what lies before where its protocol does.
    """

    def split(self, symbol, day, ratio):
        """Tell of a split: `ratio` new shares for an old one from the session `day` on."""
        self.happening = [*getattr(self, "happening", []), (symbol, day, ratio)]

    def happened(self, symbol):
        """Give the splits of a symbol that have taken effect, as (day, ratio)."""
        told = getattr(self, "happening", [])
        return [(day, ratio) for one, day, ratio in told if one == symbol and self._begun(day)]

    def traded(self, symbol, ours):
        """Give the days that have begun, as traded: label, open, high, low, close, volume, adjusted."""
        coming = [(day, ratio) for one, day, ratio in getattr(self, "happening", []) if one == symbol]
        coming = [(day, ratio) for day, ratio in coming if not self._begun(day)]
        factor = math.prod(ratio for _, ratio in coming)
        for label, *values, total in days(ours).iter_rows():
            if self._begun(label):
                yield label, *values, total if total is None else total * factor

    def divided(self, symbol, ours):
        """Give the same with prices divided by the splits after them."""
        for label, *prices, volume, total in self.traded(symbol, ours):
            factor = math.prod(ratio for day, ratio in self.happened(symbol) if label < day)
            yield label, *(price / factor for price in prices), volume and volume * factor, total

    def _begun(self, day):
        return datetime(day.year, day.month, day.day, tzinfo=UTC) <= self.clock.now()


async def history(provider, symbol, *, kind=Kind.BARS, timeframe=DAY, start=datetime(1990, 1, 1, tzinfo=UTC), end=NOW):
    """Ask a provider for the past of one symbol, years of it unless told otherwise."""
    return await provider.history(kind, resolve(symbol), timeframe, start=start, end=end)


def opened(provider, venue, *, key="", retries=0, **parts):
    """Open a provider on a venue that stands in for its own, without patience for faults unless told otherwise."""
    loose = replace(provider.venue, limits=(Limit(requests=100_000, seconds=1),))
    way = Access(
        loose, clock=venue.clock, url=venue.url, socket=venue.socket_url, key=Secret(key), retries=retries, timeout=10
    )
    return provider(way, **parts)


def always(venue, path, *, reply=None, json=None, **parts):
    """Let a venue that answers by itself give this reply to a path from now on."""
    fixed = reply or (Reply(**parts) if json is None else Reply.json(json, **parts))
    venue.on(path, handler=lambda _: fixed)


def decimals(text):
    """Read JSON with every number as it is written."""
    return json.loads(text, parse_float=Decimal)


def kept(sent, read, at="$", *, floats=False):
    """List what a venue sent and a message lost: paths whose number, text or flag is not in what was read.

    Where `floats` may stand for decimals, each must write out as the digits that were sent.
    """
    if isinstance(sent, dict):
        if not isinstance(read, dict):
            return [at]
        return [one for key, value in sent.items() for one in kept(value, read.get(key), f"{at}.{key}", floats=floats)]
    if isinstance(sent, list):
        if not isinstance(read, list) or len(read) != len(sent):
            return [at]
        pairs = zip(sent, read, strict=True)
        return [
            one for place, (was, now) in enumerate(pairs) for one in kept(was, now, f"{at}[{place}]", floats=floats)
        ]
    if isinstance(sent, Decimal) or (isinstance(sent, int) and not isinstance(sent, bool)):
        if floats and isinstance(read, float):
            return [] if Decimal(repr(read)) == sent else [at]
        same = isinstance(read, (int, Decimal)) and not isinstance(read, bool) and str(sent) in {str(read)}
        return [] if same else [at]
    return [] if sent == read else [at]


def unpacked(value):
    """Give a message as plain data under the venue's own names, decimals kept."""
    return msgspec.to_builtins(value, builtin_types=(Decimal,))
