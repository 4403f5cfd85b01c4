"""Polygon on this machine: pages with `next_url`, plans, a key in the header, and the stream of minutes."""

import json
from datetime import UTC, date, datetime, time
from urllib.parse import unquote, urlencode
from zoneinfo import ZoneInfo

from ara.testing import FakeClock, FakeVenue, Reply
from tests.venues.sample_days import NOW, Splitting, days

NEW_YORK = ZoneInfo("America/New_York")
TICKERS = {
    "AAPL": ("AAPL", "stocks", "Apple Inc.", "CS"),
    "MSFT": ("MSFT", "stocks", "Microsoft Corp", "CS"),
    "IBM": ("IBM", "stocks", "International Business Machines", "CS"),
    "KO": ("KO", "stocks", "Coca-Cola Company", "CS"),
    "SPY": ("SPY", "stocks", "SPDR S&P 500 ETF Trust", "ETF"),
    "I:SPX": ("^GSPC", "indices", "S&P 500", None),
    "X:BTCUSD": ("BTC-USD", "crypto", "Bitcoin - United States Dollar", None),
    "C:EURUSD": ("EURUSD", "fx", "Euro - United States Dollar", None),
}
OFF_THE_LIST = [
    {"ticker": "BACpL", "market": "stocks", "name": "Bank of America preferred", "type": "PFD"},
    {"ticker": "NEWCO", "market": "stocks", "name": "New Company", "type": "ETF", "primary_exchange": "XNAS"},
    {"ticker": "ODD", "market": "bonds", "name": "A bond"},
    {
        "ticker": "X:TINYEUR",
        "market": "crypto",
        "name": "Tiny",
        "base_currency_symbol": "TINY",
        "currency_symbol": "eur",
    },
]
UNITS = {"minute": 60, "hour": 3600}


class PolygonVenue(Splitting, FakeVenue):
    """Serves the bundled sample as Polygon would at `clock`'s time, in pages of `page` rows, to one key."""

    def __init__(self, clock=None, *, key="K3Y", page=1000):
        super().__init__()
        self.clock = clock or FakeClock(NOW)
        self.key, self.page, self.refused = key, page, set()
        self.allowed = None
        self.minutes = {}  # ticker: [(epoch seconds, o, h, l, c, v)]
        self.dividends, self.splits, self.trades, self.quotes = [], [], [], []
        self.on("/v2/aggs/ticker/*", handler=self._asked(self.aggregates))
        self.on("/v2/aggs/grouped/*", handler=self._asked(self.grouped))
        self.on("/v3/trades/*", handler=self._asked(self.ticks("trades")))
        self.on("/v3/quotes/*", handler=self._asked(self.ticks("quotes")))
        self.on("/v3/reference/tickers", handler=self._asked(self.tickers))
        self.on("/v3/reference/tickers/*", handler=self._asked(self.details))
        self.on("/v3/reference/dividends", handler=self._asked(self.events("dividends", "ex_dividend_date")))
        self.on("/v3/reference/splits", handler=self._asked(self.events("splits", "execution_date")))
        self.on("/v3/reference/options/contracts", handler=self._asked(self.contracts))
        self.on("/v3/snapshot/options/*", handler=self._asked(self.chain))

    def _asked(self, handler):
        def answer(request):
            if request.headers.get("authorization") != f"Bearer {self.key}":
                return Reply.json({"status": "ERROR", "error": "Unknown API Key"}, status=401)
            if self.allowed is not None:
                if self.allowed <= 0:
                    words = "You've exceeded the maximum requests per minute"
                    return Reply.json({"status": "ERROR", "error": words}, status=429)
                self.allowed -= 1
            if any(request.path.startswith(path) for path in self.refused):
                words = "You are not entitled to this data. Please upgrade your plan at https://polygon.io/pricing"
                return Reply.json({"status": "NOT_AUTHORIZED", "message": words}, status=403)
            return handler(request)

        return answer

    def paged(self, request, rows, **more):
        """Give one page of rows, and where the next one is."""
        start = int(request.query.get("cursor", 0))
        size = min(self.page, int(request.query.get("limit", 10)))
        found = {"status": "OK", "request_id": "r1", "results": rows[start : start + size], **more}
        if start + size < len(rows) and "limit" not in self.once(request):
            query = urlencode({**request.query, "cursor": start + size})
            found["next_url"] = f"{self.url}{request.path}?{query}"
        return Reply.json(found)

    def once(self, request):
        """Say which questions have one page: those sorted from the newest on."""
        newest = request.query.get("sort") == "desc" or request.query.get("order") == "desc"
        return {"limit"} if newest else set()

    def split(self, symbol, day, ratio):
        super().split(symbol, day, ratio)
        terms = {"execution_date": day.isoformat(), "split_from": 1, "split_to": ratio}
        self.splits.append({"ticker": symbol, "id": f"{symbol}{day}", **terms})

    def daily(self, ticker, *, adjusted=False):
        ours, market, *_ = TICKERS[ticker]
        rows = []
        for label, *values in (self.divided if adjusted else self.traded)(ticker, ours):
            zone = NEW_YORK if market in {"stocks", "indices"} else UTC
            moment = int(datetime.combine(label, time(), zone).timestamp() * 1000)
            rows.append((moment, *values[:5]))
        return rows

    def aggregates(self, request):
        ticker, _, count, unit, first, last = unquote(request.path).split("/")[4:]
        adjusted = request.query.get("adjusted", "true") != "false"
        if ticker not in TICKERS:
            return Reply.json(
                {"ticker": ticker, "status": "OK", "queryCount": 0, "resultsCount": 0, "adjusted": adjusted}
            )
        rows = self.daily(ticker, adjusted=adjusted)
        if unit != "day":
            rows = [(row[0] * 1000, *row[1:]) for row in self.minutes.get((ticker, f"{count}/{unit}"), [])]
        rows = [aggregate(row) for row in rows if int(first) <= row[0] <= int(last)]
        if request.query["sort"] == "desc":
            rows.reverse()
        return self.paged(request, rows, ticker=ticker, adjusted=adjusted, resultsCount=len(rows))

    def grouped(self, request):
        label = date.fromisoformat(request.path.rpartition("/")[2])
        rows = []
        for ticker, (ours, market, *_) in TICKERS.items():
            if market == "stocks":
                moment = int(datetime.combine(label, time(16), NEW_YORK).timestamp() * 1000)
                for day, *values in days(ours).iter_rows():
                    if day == label:
                        rows.append({**aggregate((moment, *values[:5])), "T": ticker})
        return Reply.json({"status": "OK", "adjusted": False, "resultsCount": len(rows), "results": rows})

    def ticks(self, name):
        def answer(request):
            ticker = unquote(request.path.rpartition("/")[2])
            if ticker.replace("-", "") not in TICKERS:
                return Reply.json({"status": "NOT_FOUND", "request_id": "r1"}, status=404)
            first, last = int(request.query.get("timestamp.gte", 0)), int(request.query.get("timestamp.lt", 2**62))
            rows = [row for row in getattr(self, name) if first <= row["sip_timestamp"] < last]
            rows.sort(key=lambda row: row["sip_timestamp"], reverse=request.query["order"] == "desc")
            return self.paged(request, rows)

        return answer

    def tickers(self, request):
        wanted = request.query.get("search", "").upper()
        rows = [
            {"ticker": ticker, "name": name, "market": market, "type": kind, "active": True, "currency_name": "usd"}
            for ticker, (_, market, name, kind) in TICKERS.items()
            if wanted in ticker or wanted in name.upper()
        ]
        return self.paged(request, rows + (OFF_THE_LIST if not wanted else []))

    def details(self, request):
        ticker = unquote(request.path.rpartition("/")[2])
        if ticker not in TICKERS:
            return Reply.json({"status": "NOT_FOUND", "message": "Ticker not found."}, status=404)
        about = {"ticker": ticker, "name": TICKERS[ticker][2], "market": "stocks"}
        if ticker == "AAPL":
            about |= {"sic_code": "3571", "sic_description": "ELECTRONIC COMPUTERS", "list_date": "1980-12-12"}
        return Reply.json({"status": "OK", "request_id": "r1", "results": about})

    def events(self, name, field):
        def answer(request):
            first, last = request.query[f"{field}.gte"], request.query[f"{field}.lte"]
            ticker = request.query["ticker"]
            rows = [row for row in getattr(self, name) if row["ticker"] == ticker and first <= row[field] <= last]
            return self.paged(request, rows)

        return answer

    def contracts(self, request):
        rows = [option(day, strike, right) for day in (18, 25) for strike in (150, 152.5) for right in ("call", "put")]
        return self.paged(request, [{**row, "underlying_ticker": request.query["underlying_ticker"]} for row in rows])

    def chain(self, request):
        rows = [
            {
                "details": option(day, strike, right),
                "day": {"close": 3.3, "volume": 120, "vwap": 3.31, "last_updated": 1647288000000000000},
                "last_quote": {"bid": 3.2, "ask": 3.4, "bid_size": 10, "ask_size": 4},
                "last_trade": {"price": 3.35, "size": 1} if right == "call" else {},
                "implied_volatility": 0.3112,
                "open_interest": 4100,
                "greeks": {"delta": 0.51, "gamma": 0.02},
            }
            for day in (18, 25)
            for strike in (150, 152.5)
            for right in ("call", "put", "other")
        ]
        return self.paged(request, rows)

    def speaks(self, path, *scripts):
        """Serve a stream: one script of messages for each line that is opened, then silence; None drops the line."""

        def handler(line):
            line.send([{"ev": "status", "status": "connected", "message": "Connected Successfully"}])
            if line.receive() != {"action": "auth", "params": self.key}:
                line.send([{"ev": "status", "status": "auth_failed", "message": "authentication failed"}])
                return
            line.send([{"ev": "status", "status": "auth_success", "message": "authenticated"}])
            line.receive()
            for message in scripts[min(line.number, len(scripts) - 1)]:
                if message is None:
                    line.drop()
                    return
                line.send(message if isinstance(message, str) else json.dumps(message))
            line.wait(30)

        self.socket(path, handler)


def aggregate(row):
    """Give a bar in the venue's words."""
    names = ("t", "o", "h", "l", "c", "v")
    return {**dict(zip(names, row, strict=True)), "vw": row[4], "n": 17, "fieldOfTomorrow": None}


def option(day, strike, right):
    """Give the terms of one option of Apple."""
    mark = {"call": "C", "put": "P"}.get(right, "X")
    return {
        "ticker": f"O:AAPL2203{day}{mark}{int(strike * 1000):08d}",
        "expiration_date": f"2022-03-{day}",
        "strike_price": strike,
        "contract_type": right,
        "shares_per_contract": 100,
        "exercise_style": "american",
    }


def minute(symbol, start, close, *, event="AM"):
    """Give a closed minute of the stream; start is an aware moment."""
    begin = int(start.timestamp() * 1000)
    name = "sym" if event == "AM" else "pair"
    prices = {"o": close, "h": close, "l": close, "c": close, "v": 100}
    return {"ev": event, name: symbol, **prices, "s": begin, "e": begin + 60_000}
