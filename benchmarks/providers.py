"""What reading the answers of sources costs: Yahoo's, Polygon's and Alpha Vantage's, from bytes to frames.

`*_over_parse`: one answer of 2,500 daily bars made into a frame of exact, checked, dated rows, over a bare parse of the
same bytes as JSON with floats. `*_year_per_s`: answers of 250 bars, a year, read in a second; `*_decade_per_s`: of
2,500. In processor time, the sides taking turns, the least of many.
"""

import json
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import polars as pl

from ara.data.access.wire import decode
from ara.data.providers.alpha_vantage import frames as alpha_vantage
from ara.data.providers.alpha_vantage.answers import parts, series
from ara.data.providers.polygon import frames as polygon
from ara.data.providers.polygon.messages import Aggregates
from ara.data.providers.yahoo import charts as yahoo
from ara.data.providers.yahoo.messages import Answer
from ara.market.calendar import calendar
from ara.market.symbols import resolve
from ara.market.timeframe import DAY
from ara.settings import Secret
from benchmarks.measure import show

__all__ = ["daily_yahoo", "figures"]

_NOW = datetime(2025, 1, 2, tzinfo=UTC)
_APPLE = resolve("AAPL")
_NEW_YORK = ZoneInfo("America/New_York")


def figures() -> dict[str, float]:
    """Measure all three sources with ten years and with one."""
    found = {}
    for name, (sent, read) in _SOURCES.items():
        decade, year = (sent(_rows(count)) for count in (2_500, 250))
        ours, bare = _turns(partial(read, decade), partial(msgspec.json.decode, decade))
        found[f"{name}_over_parse"] = ours / bare
        found[f"{name}_decade_per_s"] = 1 / ours
        found[f"{name}_year_per_s"] = 1 / _turns(partial(read, year))[0]
    return found


def daily_yahoo(count: int) -> bytes:
    """Give an answer of so many daily bars of AAPL as Yahoo sends it."""
    return _yahoo(_rows(count))


def _rows(count: int) -> list[tuple[date, list[float]]]:
    random = np.random.default_rng(0)
    labels = calendar("XNYS").sessions(date(2010, 1, 1), date(2024, 12, 31))[-count:]
    close = 100 * np.exp(np.cumsum(random.normal(0, 0.01, count)))
    return [
        (label, [float(price), float(price * 1.01), float(price * 0.99), float(price), 1_000_000.0])
        for label, price in zip(labels, close, strict=True)
    ]


def _yahoo(rows: list[tuple[date, list[float]]]) -> bytes:
    columns = list(zip(*(values for _, values in rows), strict=True))
    opened = timedelta(hours=9, minutes=30)
    stamps = [int((datetime.combine(label, datetime.min.time(), _NEW_YORK) + opened).timestamp()) for label, _ in rows]
    prices = dict(zip(("open", "high", "low", "close", "volume"), columns, strict=True))
    meta = {"symbol": "AAPL", "exchangeTimezoneName": "America/New_York", "regularMarketTime": stamps[-1]}
    indicators = {"quote": [prices], "adjclose": [{"adjclose": columns[3]}]}
    chart = {"meta": meta, "timestamp": stamps, "indicators": indicators}
    return json.dumps({"chart": {"result": [chart], "error": None}}).encode()


def _polygon(rows: list[tuple[date, list[float]]]) -> bytes:
    results = []
    for label, values in rows:
        moment = datetime.combine(label, datetime.min.time(), _NEW_YORK)
        bar = dict(zip("ohlcv", values, strict=True))
        results.append({**bar, "vw": values[0], "t": int(moment.timestamp() * 1000), "n": 1000})
    return json.dumps({"ticker": "AAPL", "status": "OK", "adjusted": False, "results": results}).encode()


def _alpha_vantage(rows: list[tuple[date, list[float]]]) -> bytes:
    names = ("1. open", "2. high", "3. low", "4. close", "6. volume")
    more = {"5. adjusted close": "101.2345", "7. dividend amount": "0.0000", "8. split coefficient": "1.0"}
    listed = {
        label.isoformat(): {**{name: f"{value:.4f}" for name, value in zip(names, values, strict=True)}, **more}
        for label, values in reversed(rows)
    }
    meta = {"2. Symbol": "AAPL", "5. Time Zone": "US/Eastern"}
    return json.dumps({"Meta Data": meta, "Time Series (Daily)": listed}).encode()


def _read_yahoo(raw: bytes) -> pl.DataFrame:
    result = decode(raw, Answer, source="yahoo").chart.result or []
    return yahoo.bars_of(result[0], _APPLE, DAY, _NOW)


def _read_polygon(raw: bytes) -> pl.DataFrame:
    return polygon.bars_of(decode(raw, Aggregates, source="polygon").results, _APPLE, DAY, _NOW)


def _read_alpha_vantage(raw: bytes) -> pl.DataFrame:
    return alpha_vantage.bars_of(series(parts(raw, "AAPL", Secret())), _APPLE, DAY, _NOW)


_SOURCES = {
    "yahoo": (_yahoo, _read_yahoo),
    "polygon": (_polygon, _read_polygon),
    "alpha_vantage": (_alpha_vantage, _read_alpha_vantage),
}


def _turns(*sides: Callable[[], object], runs: int = 25) -> list[float]:
    least = [float("inf")] * len(sides)
    for _ in range(runs):
        for place, work in enumerate(sides):
            begin = time.process_time()
            work()
            least[place] = min(least[place], time.process_time() - begin)
    return least


if __name__ == "__main__":
    show(figures())
