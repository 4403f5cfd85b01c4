"""Coinbase on this machine: Advanced Trade and Exchange over one market, and the socket with its numbered messages."""

from datetime import UTC, datetime, timedelta

from ara.testing import FakeClock, FakeVenue, Reply
from tests.venues.sample_days import days

NOW = datetime(2020, 1, 17, 12, tzinfo=UTC)
"""The day after the sample's last bar of a coin."""

SPANS = {"ONE_MINUTE": 60, "FIVE_MINUTE": 300, "FIFTEEN_MINUTE": 900, "THIRTY_MINUTE": 1800, "ONE_HOUR": 3600}
SPANS |= {"TWO_HOUR": 7200, "SIX_HOUR": 21600, "ONE_DAY": 86400}
OLD_SPANS = {60, 300, 900, 3600, 21600, 86400}
PAIRS = ("BTC-USD", "ETH-USD")


def iso(moment):
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class CoinbaseVenue(FakeVenue):
    """Serves the sample's coins as daily bars at `clock`'s time, and whatever bars and trades are put in.

    `bars[symbol][seconds]` holds rows (open's second, open, high, low, close, volume); `trades[symbol]` holds
    (id, time, price, size, maker's side in capitals).
    """

    def __init__(self, clock=None):
        super().__init__()
        self.clock = clock or FakeClock(NOW)
        self.maintenance = False
        self.bars = {symbol: {86400: self._daily(symbol)} for symbol in PAIRS}
        self.trades = {symbol: [] for symbol in PAIRS}
        self.on("/api/v3/brokerage/market/products", handler=self._open(self._products))
        self.on("/api/v3/brokerage/market/products/*", handler=self._open(self._product))
        self.on("/api/v3/brokerage/market/product_book", handler=self._open(self._book))
        self.on("/products", handler=self._open(self._old_products))
        self.on("/products/*", handler=self._open(self._old_product))

    def stream(self, script):
        """Speak to each who subscribes: `script(line)` once it was heard; `say` numbers what is said."""

        def serve(line):
            line.spoken = 0
            wish = line.receive()
            line.receive()
            if not set(wish["product_ids"]) <= set(PAIRS):
                line.send({"type": "error", "message": "product not found"})
                return
            event = {"subscriptions": {wish["channel"]: wish["product_ids"]}}
            self.say(line, "subscriptions", [event])
            script(line)

        self.socket("*", serve)

    def say(self, line, channel, events, *, skip=0):
        """Send a message of a channel with the next number, or a later one."""
        line.spoken += skip
        head = {"channel": channel, "client_id": "", "timestamp": iso(self.clock.now()), "sequence_num": line.spoken}
        line.spoken += 1
        line.send({**head, "events": events})

    def trade(self, line, symbol, rows, **how):
        """Send trades (id, time, price, size, maker's side), newest first as Coinbase does."""
        trades = [
            {"trade_id": str(i), "product_id": symbol, "price": str(p), "size": str(q), "side": s, "time": iso(t)}
            for i, t, p, q, s in reversed(rows)
        ]
        self.say(line, "market_trades", [{"type": "update", "trades": trades}], **how)

    def _daily(self, symbol):
        return [
            (int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()), *rest)
            for day, *rest in days(symbol).select("label", "open", "high", "low", "close", "volume").iter_rows()
        ]

    def _open(self, answer):
        def serve(request):
            if self.maintenance:
                return Reply(status=503, body=b"<html><h1>We are down for maintenance</h1></html>")
            return answer(request)

        return serve

    def _rows(self, symbol, span, start, end):
        now = self.clock.now().timestamp()
        return [row for row in reversed(self.bars[symbol].get(span, [])) if start <= row[0] <= min(end, now)]

    def _product(self, request):
        symbol, what = request.path.split("/")[6:8]
        if symbol not in PAIRS:
            return Reply.json({"error": "NOT_FOUND", "message": "valid product_id is required"}, status=404)
        return self._candles(request, symbol) if what == "candles" else self._market(request, symbol)

    def _candles(self, request, symbol):
        span = SPANS.get(request.query["granularity"])
        start, end = int(request.query["start"]), int(request.query["end"])
        if span is None or (end - start) // span + 1 > 350:
            words = "number of candles requested should be less than 350"
            return Reply.json({"error": "INVALID_ARGUMENT", "message": words}, status=400)
        names = ("start", "low", "high", "open", "close", "volume")
        rows = self._rows(symbol, span, start, end)
        values = [(str(at), *(f"{x:.8f}" for x in (low, h, o, c, v))) for at, o, h, low, c, v in rows]
        return Reply.json({"candles": [dict(zip(names, value, strict=True)) for value in values]})

    def _market(self, request, symbol):
        limit, rows = int(request.query["limit"]), self.trades[symbol]
        if "start" in request.query:
            start, end = int(request.query["start"]), int(request.query["end"])
            rows = [row for row in rows if start <= row[1].timestamp() <= end]
        trades = [
            {
                "trade_id": str(i),
                "product_id": symbol,
                "price": str(p),
                "size": str(q),
                "time": iso(t),
                "side": s,
                "bid": "",
            }
            for i, t, p, q, s in reversed(rows[-limit:])
        ]
        return Reply.json({"trades": trades, "best_bid": "99.50", "best_ask": "100.50"})

    def _book(self, request):
        symbol = request.query["product_id"]
        if symbol not in PAIRS:
            return Reply.json({"error": "NOT_FOUND"}, status=404)
        level = lambda price, size: {"price": price, "size": size}  # noqa: E731
        sides = {"bids": [level("99.50", "2"), level("99", "1")], "asks": [level("100.50", "1"), level("101", "3")]}
        return Reply.json({"pricebook": {"product_id": symbol, **sides, "time": iso(self.clock.now())}, "last": "100"})

    def _products(self, request):
        common = {"product_type": "SPOT", "base_increment": "0.00000001", "quote_increment": "0.01", "status": "online"}
        listed = [
            {"product_id": symbol, "base_currency_id": symbol[:3], "quote_currency_id": "USD", "price": "", **common}
            for symbol in PAIRS
        ]
        off = {**listed[0], "product_id": "OLD-USD", "base_currency_id": "OLD", "is_disabled": True}
        return Reply.json({"products": [*listed, off], "num_products": 3})

    def _old_products(self, request):
        common = {
            "base_increment": "0.00000001",
            "quote_increment": "0.01",
            "status": "online",
            "trading_disabled": False,
        }
        listed = [{"id": symbol, "base_currency": symbol[:3], "quote_currency": "USD", **common} for symbol in PAIRS]
        return Reply.json([*listed, {**listed[0], "id": "OLD-USD", "base_currency": "OLD", "status": "delisted"}])

    def _old_product(self, request):
        symbol, what = request.path.split("/")[2:4]
        if symbol not in PAIRS:
            return Reply.json({"message": "NotFound"}, status=404)
        if what == "candles":
            span = int(request.query["granularity"])
            start, end = int(request.query["start"]), int(request.query["end"])
            if span not in OLD_SPANS or (end - start) // span + 1 > 300:
                return Reply.json({"message": "granularity too small for the requested time range"}, status=400)
            return Reply.json([[at, low, h, o, c, v] for at, o, h, low, c, v in self._rows(symbol, span, start, end)])
        if what == "ticker":
            found = {"trade_id": 1, "price": "100.00", "size": "0.5", "time": iso(self.clock.now())}
            return Reply.json({**found, "bid": "99.50", "ask": "100.50", "volume": "5"})
        if what == "book":
            sides = {"bids": [["99.50", "2", 1], ["99", "1", 2]], "asks": [["100.50", "1", 1], ["101", "3", 1]]}
            return Reply.json({"sequence": 5, **sides, "time": iso(self.clock.now())})
        limit, after = int(request.query["limit"]), int(request.query.get("after", 2**62))
        rows = [row for row in self.trades[symbol] if row[0] < after][-limit:]
        return Reply.json(
            [
                {"trade_id": i, "side": s.lower(), "size": str(q), "price": str(p), "time": iso(t)}
                for i, t, p, q, s in reversed(rows)
            ]
        )


def trades(start, count, *, step=timedelta(seconds=1), price=100.0):
    """Give trades for `trades[symbol]`, one a step."""
    return [(1000 + n, start + n * step, price + n, 0.5, "SELL" if n % 2 else "BUY") for n in range(count)]
