"""What paths of all rooms are asked with: symbols and moments, as the description of the service has them.

Patterns of symbols and moments stand in the description only; whoever sends something else is told by the rooms what is
wrong with it.
"""

from typing import Annotated, Final

from pydantic import BeforeValidator, Field
from pydantic.json_schema import SkipJsonSchema

from ara.market.timeframe import TIMEFRAMES

__all__ = [
    "SYMBOL",
    "Absent",
    "AsOf",
    "Bars",
    "Holdings",
    "Length",
    "Lifetime",
    "Named",
    "Past",
    "Place",
    "PredictionId",
    "Symbol",
    "Symbols",
    "Whole",
]

SYMBOL: Final = r"[.^]?[A-Za-z0-9]+([./:^=_-][A-Za-z0-9]+)*"
"""How a symbol looks."""
_SHORT: Final = r"[.^]?[A-Za-z0-9]{1,10}([./:^=_-][A-Za-z0-9]{1,9}){0,2}"
"""The same within the length that a symbol may have."""

_DAY: Final = (
    r"(19[7-9][0-9]|20[0-9]{2})-"
    r"((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
)
_TIME: Final = r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](Z|[+-](0[0-9]|1[0-2]):[0-5][0-9])"

Absent = SkipJsonSchema[None]
"""What may be left out of an address or a header; no word means nothing there, so the description names none."""


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = Annotated[int, BeforeValidator(_whole)]
"""A whole number in JSON, where 5.0 is 5."""

Place = Annotated[int, Field(ge=1, le=2**53 - 1)]
"""A place in a log."""
Past = Annotated[int, Field(ge=20, le=100_000), BeforeValidator(_whole)]
"""So many of the last days."""
Bars = Annotated[int, Field(ge=2, le=100_000), BeforeValidator(_whole)]
"""So many bars of a walk."""
Holdings = Annotated[int, Field(ge=1, le=50), BeforeValidator(_whole)]
"""So many holdings."""
Lifetime = Annotated[int, Field(ge=1, le=3650), BeforeValidator(_whole)]
"""Days that a key lives."""

Symbol = Annotated[
    str,
    Field(
        min_length=1,
        max_length=32,
        description="AAPL, BTC-USD, EURUSD, ^GSPC and so on",
        examples=["AAPL"],
        json_schema_extra={"pattern": f"^{SYMBOL}$"},
    ),
]
"""A symbol."""

Named = Annotated[
    str, Field(min_length=1, max_length=32, description="A symbol; one that nobody has costs no other anything")
]
"""A symbol among others, each of which is answered or refused by itself."""

Symbols = Annotated[
    str,
    Field(
        min_length=3,
        max_length=3300,
        description="Two symbols to a hundred, each once, with commas between them",
        examples=["AAPL,MSFT,SPY"],
        json_schema_extra={"pattern": f"^{_SHORT}(,{_SHORT}){{1,99}}$"},
    ),
]
"""Symbols of several instruments in one text."""

AsOf = Annotated[
    str,
    Field(
        max_length=40,
        description="Use only what was public then: 2020-02-20, or 2020-02-20T21:00:00Z; nothing that is to come",
        examples=["2020-02-20"],
        json_schema_extra={"pattern": f"^{_DAY}({_TIME})?$"},
    ),
]
"""A moment."""

Length = Annotated[
    str,
    Field(
        max_length=8,
        description="Length of a bar; where nobody has such bars, they are made of shorter ones",
        examples=["4h"],
        json_schema_extra={"enum": [str(one) for one in TIMEFRAMES]},
    ),
]
"""The length of a bar, as `ara predict --timeframe` takes it; the room of bars says what is wrong with another."""

PredictionId = Annotated[
    str,
    Field(
        min_length=6,
        max_length=64,
        pattern="^[0-9a-f]+$",
        description="The id of a forecast, or the first characters of it",
    ),
]
"""A forecast."""
