"""Yahoo on this machine: its chart, search, option and profile services, with its limits and its refusals."""

from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from ara.testing import FakeClock, FakeVenue, Reply
from tests.venues.sample_days import NOW, Splitting, days

ZONES = {
    "EQUITY": ("America/New_York", time(9, 30), time(16), "NMS", "USD"),
    "INDEX": ("America/New_York", time(9, 30), time(16), "SNP", "USD"),
    "CRYPTOCURRENCY": ("UTC", time(), time(23, 59), "CCC", "USD"),
    "CURRENCY": ("Europe/London", time(), time(23, 59), "CCY", "USD"),
}
SYMBOLS = {
    "AAPL": ("AAPL", "EQUITY", "Apple Inc."),
    "MSFT": ("MSFT", "EQUITY", "Microsoft Corporation"),
    "SPY": ("SPY", "EQUITY", "SPDR S&P 500 ETF Trust"),
    "^GSPC": ("^GSPC", "INDEX", "S&P 500"),
    "BTC-USD": ("BTC-USD", "CRYPTOCURRENCY", "Bitcoin USD"),
    "EURUSD=X": ("EURUSD", "CURRENCY", "EUR/USD"),
}
REACH = {"1m": 30, "5m": 60, "15m": 60, "30m": 60, "1h": 730}
STEP = {"1m": 60, "5m": 300, "15m": 900, "30m": 1800, "1h": 3600}
MOST = {"1m": 8}


class YahooVenue(Splitting, FakeVenue):
    """Serves the bundled sample as Yahoo would at `clock`'s time; single answers may be scripted with `on`."""

    def __init__(self, clock=None):
        super().__init__()
        self.clock = clock or FakeClock(NOW)
        self.minutes = {}  # symbol: {interval: [(epoch, open, high, low, close, volume)]}
        self.dividends, self.splits = {}, {}
        self.allowed = None  # requests before 429
        self.meta = {}  # symbol: overrides
        self.on("/v8/finance/chart/*", handler=self._limited(self.chart))
        self.on("/v1/finance/search", handler=self._limited(self.search))
        self.on("/v7/finance/options/*", handler=self._limited(self.options))
        self.on("/v10/finance/quoteSummary/*", handler=self._limited(self.profile))

    def _limited(self, handler):
        def answer(request):
            if self.allowed is not None:
                if self.allowed <= 0:
                    return Reply(status=429, headers={"Retry-After": "1"}, body=b"Edge: Too Many Requests")
                self.allowed -= 1
            return handler(request)

        return answer

    def chart(self, request):
        symbol = unquote(request.path.rpartition("/")[2])
        if symbol not in SYMBOLS:
            return failed("chart", 404, "Not Found", "No data found, symbol may be delisted")
        start, end = int(request.query["period1"]), int(request.query["period2"])
        interval = request.query["interval"]
        if interval != "1d":
            fault = self._range_fault(interval, start, end)
            if fault:
                return failed("chart", 422, "Unprocessable Entity", fault)
            rows = self.minutes.get(symbol, {}).get(interval, [])
            return Reply.json(chart(self._meta(symbol, interval), [row for row in rows if start <= row[0] < end]))
        rows = [row for row in self.daily(symbol) if start <= row[0] < end]
        events = {}
        told = [split_of(symbol, *one) for one in self.happened(symbol)]
        listings = {"dividends": self.dividends.get(symbol, []), "splits": [*self.splits.get(symbol, []), *told]}
        for name, listed in listings.items():
            inside = {str(one["date"]): one for one in listed if start <= one["date"] < end}
            if inside:
                events[name] = inside
        return Reply.json(chart(self._meta(symbol, interval), rows, adjusted=True, events=events))

    def daily(self, symbol):
        ours, kind, _ = SYMBOLS[symbol]
        return [(epoch(row[0], kind), *row[1:]) for row in self.divided(symbol, ours)]

    def _range_fault(self, interval, start, end):
        oldest = self.clock.now() - timedelta(days=REACH[interval])
        if datetime.fromtimestamp(start, UTC) < oldest:
            return f"{interval} data not available. The requested range must be within the last {REACH[interval]} days."
        most = MOST.get(interval, 10_000)
        if end - start > most * 86_400:
            return f"{interval} data not available. Only {most} days worth of 1m granularity data are allowed."
        return ""

    def _meta(self, symbol, interval):
        ours, kind, name = SYMBOLS[symbol]
        zone, opening, closing, exchange, currency = ZONES[kind]
        last = days(ours).row(-1, named=True)
        last_trade = datetime.combine(last["label"], closing, ZoneInfo(zone)).timestamp()
        if symbol in self.minutes:
            last_trade = self.clock.now().timestamp()
        now = self.clock.now().astimezone(ZoneInfo(zone))
        regular = [int(datetime.combine(now.date(), at, ZoneInfo(zone)).timestamp()) for at in (opening, closing)]
        return {
            "currency": currency,
            "symbol": symbol,
            "exchangeName": exchange,
            "fullExchangeName": exchange,
            "instrumentType": kind,
            "regularMarketTime": int(min(last_trade, self.clock.now().timestamp())),
            "gmtoffset": int(now.utcoffset().total_seconds()),
            "timezone": now.tzname(),
            "exchangeTimezoneName": zone,
            "regularMarketPrice": last["close"],
            "longName": name,
            "currentTradingPeriod": {
                "regular": {"timezone": now.tzname(), "start": regular[0], "end": regular[1], "gmtoffset": 0}
            },
            "dataGranularity": interval,
            "aFieldOfTomorrow": {"deep": [1, 2.5]},
        } | self.meta.get(symbol, {})

    def search(self, request):
        wanted = request.query["q"].upper()
        kinds = {"SPY": "ETF"}
        quotes = [
            {
                "symbol": symbol,
                "quoteType": kinds.get(symbol, kind),
                "longname": name,
                "exchDisp": "NASDAQ",
                "sector": "Technology",
                "industry": "Consumer Electronics",
            }
            for symbol, (_, kind, name) in SYMBOLS.items()
            if wanted in symbol or wanted in name.upper()
        ]
        quotes.append({"symbol": f"{wanted}-FUND", "quoteType": "MUTUALFUND"})
        return Reply.json({"quotes": quotes, "news": [], "count": len(quotes)})

    def options(self, request):
        symbol = unquote(request.path.rpartition("/")[2])
        if symbol != "AAPL":
            return failed("optionChain", 404, "Not Found", "No data found, symbol may be delisted")
        dates = [int(datetime(2022, month, 18, tzinfo=UTC).timestamp()) for month in (3, 4, 5)]
        date_ = int(request.query.get("date", dates[0]))
        calls, puts = ([contract(date_, strike, right) for strike in (150.0, 152.5)] for right in "CP")
        chain = {"expirationDate": date_, "hasMiniOptions": False, "calls": calls, "puts": puts}
        found = {"underlyingSymbol": symbol, "expirationDates": dates, "strikes": [150.0, 152.5], "options": [chain]}
        return Reply.json({"optionChain": {"result": [found], "error": None}})

    def profile(self, request):
        return Reply.json(
            {"finance": {"result": None, "error": {"code": "Unauthorized", "description": "Invalid Crumb"}}}, status=401
        )


def epoch(day: date, kind: str = "EQUITY") -> int:
    """Give a day's stamp as Yahoo writes it: the session's open in the exchange's zone."""
    zone, opening, *_ = ZONES[kind]
    return int(datetime.combine(day, opening, ZoneInfo(zone)).timestamp())


def split_of(symbol, day, ratio):
    """Give a split in Yahoo's words."""
    return {
        "date": epoch(day, SYMBOLS[symbol][1]),
        "numerator": ratio,
        "denominator": 1,
        "splitRatio": f"{ratio}:1",
    }


def chart(meta, rows, *, adjusted=False, events=None):
    """Give a chart of rows `(epoch, open, high, low, close, volume, adjusted)`."""
    columns = list(zip(*rows, strict=True)) or [[]] * 7
    found = {"meta": meta, "indicators": {"quote": [{}]}}
    if rows:
        found["timestamp"] = list(columns[0])
        names = ("open", "high", "low", "close", "volume")
        found["indicators"]["quote"] = [{name: list(columns[place + 1]) for place, name in enumerate(names)}]
        if adjusted:
            found["indicators"]["adjclose"] = [{"adjclose": list(columns[6])}]
    if events:
        found["events"] = events
    return {"chart": {"result": [found], "error": None}}


def failed(name, status, code, words):
    """Give a refusal in Yahoo's words."""
    return Reply.json({name: {"result": None, "error": {"code": code, "description": words}}}, status=status)


def contract(date_, strike, right):
    """Give one option of Apple."""
    day = datetime.fromtimestamp(date_, UTC)
    return {
        "contractSymbol": f"AAPL{day:%y%m%d}{right}{int(strike * 1000):08d}",
        "strike": strike,
        "currency": "USD",
        "lastPrice": 3.45,
        "volume": 120,
        "openInterest": 4500,
        "bid": 3.4,
        "ask": 3.5,
        "contractSize": "REGULAR",
        "expiration": date_,
        "lastTradeDate": date_ - 86_400,
        "impliedVolatility": 0.2734,
        "inTheMoney": True,
    }
