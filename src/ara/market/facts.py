"""What is known of an instrument beside its prices, and since when: the sectors and industries of the sample's shares.

The words are those of the Global Industry Classification Standard. A fact holds from its date until another of the same
field; it may have been true before.
"""

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import msgspec

__all__ = ["Fact", "fact", "facts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A field of an instrument, `sector` or `industry`, its value, and the date from which it is known to be true."""

    symbol: str
    field: str
    value: str
    since: date


def facts(symbol: str) -> tuple[Fact, ...]:
    """Give all that was ever true of an instrument, by date; nothing for one that Ara ships no facts about."""
    return _by_symbol().get(symbol, ())


def fact(symbol: str, field: str, *, day: date) -> str | None:
    """Give the value of a field as it was known on a day; None where it was not.

    >>> fact("AMZN", "industry", day=date(2022, 12, 31))
    'Internet & Direct Marketing Retail'
    """
    known = [one.value for one in facts(symbol) if one.field == field and one.since <= day]
    return known[-1] if known else None


@cache
def _by_symbol() -> dict[str, tuple[Fact, ...]]:
    table = msgspec.json.decode(Path(__file__).with_name("facts.json").read_bytes(), type=list[Fact])
    ordered = sorted(table, key=lambda one: one.since)
    return {symbol: tuple(one for one in ordered if one.symbol == symbol) for symbol in {one.symbol for one in table}}
