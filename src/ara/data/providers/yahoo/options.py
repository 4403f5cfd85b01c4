"""From Yahoo's option chains to frames."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import polars as pl

from ara.data.provider import SCHEMAS, Kind
from ara.data.providers.rows import number
from ara.data.providers.yahoo.charts import instants
from ara.data.providers.yahoo.messages import Contract, Expiry
from ara.market.instrument import Right

__all__ = ["contracts"]

_SOURCE: Final = "yahoo"
_UNITS: Final = {"REGULAR": 100.0, "MINI": 10.0}


def contracts(expiries: list[Expiry], now: datetime) -> pl.DataFrame:
    """Give every contract of a chain with its terms and its last prices, by expiry and strike."""
    rows = [
        _row(one, right, now)
        for expiry in expiries
        for right, listed in ((Right.CALL, expiry.calls), (Right.PUT, expiry.puts))
        for one in listed
    ]
    frame = pl.DataFrame(rows, schema=SCHEMAS[Kind.OPTIONS])
    return frame.unique("contract", keep="first").sort("expiry", "strike", "right")


def _row(one: Contract, right: Right, now: datetime) -> dict[str, Any]:
    ends = instants([one.expiration], field="expiration")[0]
    return {
        **dict.fromkeys(("at", "known_at", "learned_at"), now),
        "contract": one.contract_symbol,
        "expiry": ends.date(),
        "strike": _float(one.strike, "strike"),
        "right": right.value,
        "multiplier": _UNITS.get(one.contract_size or "REGULAR"),
        "bid": _float(one.bid, "bid"),
        "ask": _float(one.ask, "ask"),
        "last": _float(one.last_price, "lastPrice"),
        "volume": None if one.volume is None else float(one.volume),
        "open_interest": None if one.open_interest is None else float(one.open_interest),
        "implied_volatility": _float(one.implied_volatility, "impliedVolatility"),
    }


def _float(value: Decimal | None, field: str) -> float | None:
    return None if value is None else number(value, source=_SOURCE, field=f"options.{field}")
