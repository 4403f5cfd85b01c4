"""Binance on this machine: its spot market with its pages, weights, refusals and streams."""

from datetime import UTC, datetime

from ara.testing import FakeClock, FakeVenue, Reply
from tests.venues.sample_days import days

NOW = datetime(2020, 1, 17, 12, tzinfo=UTC)
"""The day after the sample's last bar of a coin."""

PAGE = 1000
SPANS = {"1m": 60, "5m": 300, "15m": 900, "30m": 1800, "1h": 3600, "2h": 7200, "4h": 14400, "1d": 86400, "1w": 604800}
PAIRS = {
    "BTCUSDT": ("BTC", "USDT", "BTC-USD"),
    "ETHUSDT": ("ETH", "USDT", "ETH-USD"),
    "BTCUSDC": ("BTC", "USDC", "BTC-USD"),
}


def text(number):
    return f"{number:.8f}"


def millis(moment):
    return int(moment.timestamp() * 1000)


class BinanceVenue(FakeVenue):
    """Serves the sample's coins as daily bars of USDT pairs at `clock`'s time, and whatever bars and trades are put in.

    `bars[code][span]` holds rows (open's second, open, high, low, close, volume); `trades[code]` holds
    (id, millisecond, price, size, buyer made it).
    """

    def __init__(self, clock=None):
        super().__init__()
        self.clock = clock or FakeClock(NOW)
        self.allowed = None  # weight before 429
        self.spent = 0
        self.maintenance = False
        self.bars = {code: {"1d": self._daily(known)} for code, (_, _, known) in PAIRS.items()}
        self.trades = {code: [] for code in PAIRS}
        self.book = {
            "lastUpdateId": 100,
            "bids": [["100.0", "1"], ["99.5", "2"]],
            "asks": [["100.5", "1"], ["101.0", "3"]],
        }
        for path, answer, weight in (
            ("/api/v3/klines", self._klines, 2),
            ("/api/v3/exchangeInfo", self._info, 20),
            ("/api/v3/aggTrades", self._aggregates, 4),
            ("/api/v3/depth", self._depth, 5),
            ("/api/v3/ticker/24hr", self._ticker, 2),
            ("/api/v3/ticker/price", self._price, 2),
            ("/api/v3/ping", lambda request: {}, 1),
        ):
            self.on(path, handler=self._weighed(answer, weight))

    def stream(self, script):
        """Speak to each who subscribes: `script(line)` once the wish was confirmed, the line stays until told."""

        def serve(line):
            wish = line.receive()
            line.send({"result": None, "id": wish["id"]})
            script(line)

        self.socket("/stream", serve)

    def kline(self, line, code, at, prices, *, final=False, volume=1.0):
        """Send one bar of a minute that opened then; prices are (open, high, low, close)."""
        o, h, low, c = map(text, prices)
        bar = {"t": millis(at), "T": millis(at) + 59_999, "s": code, "i": "1m", "f": 1, "L": 2, "o": o, "c": c, "h": h}
        bar |= {"l": low, "v": text(volume), "n": 2, "x": final, "q": "1.0", "V": "0.5", "Q": "0.5", "B": "0"}
        event = {"e": "kline", "E": millis(at) + 1000, "s": code, "k": bar}
        line.send({"stream": f"{code.lower()}@kline_1m", "data": event})

    def trade(self, line, code, row):
        """Send one trade (id, millisecond, price, size, buyer made it)."""
        number, at, price, size, made = row
        event = {"e": "aggTrade", "E": at, "s": code, "a": number, "p": text(price), "q": text(size)}
        event |= {"f": number, "l": number, "T": at, "m": made, "M": True}
        line.send({"stream": f"{code.lower()}@aggTrade", "data": event})

    def _daily(self, known):
        return [
            (int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()), *rest)
            for day, *rest in days(known).select("label", "open", "high", "low", "close", "volume").iter_rows()
        ]

    def _weighed(self, answer, weight):
        def serve(request):
            self.spent += weight
            used = {"X-MBX-USED-WEIGHT-1M": str(self.spent)}
            if self.maintenance:
                fault = {"code": -1003, "msg": "Way too much request weight used; IP banned until 1647259200000."}
                return Reply.json(fault, status=418, headers={"Retry-After": "3600", **used})
            if self.allowed is not None and self.spent > self.allowed:
                fault = {
                    "code": -1003,
                    "msg": "Too much request weight used; current limit is 6000 request weight per 1 MINUTE.",
                }
                return Reply.json(fault, status=429, headers={"Retry-After": "60", **used})
            if "symbol" in request.query and request.query["symbol"] not in PAIRS:
                return Reply.json({"code": -1121, "msg": "Invalid symbol."}, status=400, headers=used)
            found = answer(request)
            return found if isinstance(found, Reply) else Reply.json(found, headers=used)

        return serve

    def _klines(self, request):
        code, span = request.query["symbol"], request.query["interval"]
        if span not in SPANS:
            return Reply.json({"code": -1120, "msg": "Invalid interval."}, status=400)
        limit = min(int(request.query.get("limit", 500)), PAGE)
        start, end = int(request.query.get("startTime", 0)), int(request.query.get("endTime", millis(self.clock.now())))
        if start < 0:
            return Reply.json({"code": -1100, "msg": "Illegal characters found in parameter 'startTime'."}, status=400)
        rows = [row for row in self.bars[code].get(span, []) if start <= row[0] * 1000 <= end]
        rows = [row for row in rows if row[0] <= self.clock.now().timestamp()]
        rows = rows[:limit] if "startTime" in request.query else rows[-limit:]
        return [
            [at * 1000, *map(text, (o, h, low, c, v)), (at + SPANS[span]) * 1000 - 1, "1.0", 9, "0.5", "0.5", "0"]
            for at, o, h, low, c, v in rows
        ]

    def _info(self, request):
        listed = [
            {
                "symbol": code,
                "status": "TRADING",
                "baseAsset": base,
                "quoteAsset": quote,
                "isSpotTradingAllowed": True,
                "filters": [
                    {
                        "filterType": "PRICE_FILTER",
                        "minPrice": "0.01",
                        "maxPrice": "1000000.0",
                        "tickSize": "0.01000000",
                    },
                    {"filterType": "LOT_SIZE", "minQty": "0.00001", "maxQty": "9000.0", "stepSize": "0.00001000"},
                ],
            }
            for code, (base, quote, _) in PAIRS.items()
        ]
        odd = [
            {**listed[0], "symbol": "EURUSD", "baseAsset": "EUR", "quoteAsset": "USD"},
            {**listed[0], "symbol": "币安人生USDT", "baseAsset": "币安人生"},
            {**listed[0], "symbol": "OLDUSDT", "baseAsset": "OLD", "status": "BREAK"},
        ]
        return {"timezone": "UTC", "serverTime": millis(self.clock.now()), "symbols": [*listed, *odd]}

    def _aggregates(self, request):
        rows = self.trades[request.query["symbol"]]
        limit = min(int(request.query.get("limit", 500)), PAGE)
        if "fromId" in request.query:
            rows = [row for row in rows if row[0] >= int(request.query["fromId"])][:limit]
        elif "startTime" in request.query:
            start, end = int(request.query["startTime"]), int(request.query["endTime"])
            if end - start >= 3_600_000:
                return Reply.json(
                    {"code": -1127, "msg": "More than 1 hours between startTime and endTime."}, status=400
                )
            rows = [row for row in rows if start <= row[1] <= end][:limit]
        else:
            rows = rows[-limit:]
        return [
            {"a": number, "p": text(price), "q": text(size), "f": number, "l": number, "T": at, "m": made, "M": True}
            for number, at, price, size, made in rows
        ]

    def _depth(self, request):
        limit = int(request.query.get("limit", 100))
        return {**self.book, "bids": self.book["bids"][:limit], "asks": self.book["asks"][:limit]}

    def _last(self, code):
        return text(self.bars[code]["1d"][-1][4])

    def _price(self, request):
        return {"symbol": request.query["symbol"], "price": self._last(request.query["symbol"])}

    def _ticker(self, request):
        code, now = request.query["symbol"], millis(self.clock.now())
        last = self._last(code)
        names = ("priceChange", "priceChangePercent", "weightedAvgPrice", "prevClosePrice", "openPrice", "highPrice")
        found = dict.fromkeys((*names, "lowPrice", "lastPrice", "volume", "quoteVolume", "lastQty"), last)
        found |= {"bidPrice": "99.50", "bidQty": "2.0", "askPrice": "100.50", "askQty": "1.0", "symbol": code}
        return found | {"openTime": now - 86_400_000, "closeTime": now, "firstId": 1, "lastId": 9, "count": 9}


def minutes(start, count, *, price=100.0):
    """Give rows of one-minute bars for `bars[code]["1m"]`, each a step dearer than the last."""
    first = int(start.timestamp())
    return [
        (first + 60 * n, price + n, price + n + 0.5, price + n - 0.5, price + n + 0.25, 1.0 + n) for n in range(count)
    ]
