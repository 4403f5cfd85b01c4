"""Kraken on this machine: the last 720 bars, its spellings, its faults under status 200, its socket with checksums."""

from datetime import UTC, datetime
from decimal import Decimal
from zlib import crc32

from ara.testing import FakeClock, FakeVenue, Reply
from tests.venues.sample_days import days

NOW = datetime(2020, 1, 17, 12, tzinfo=UTC)
"""The day after the sample's last bar of a coin."""

KEPT = 720
PAIRS = {
    "XXBTZUSD": ("XBTUSD", "XBT/USD", "XXBT", "ZUSD", "BTC-USD"),
    "XETHZUSD": ("ETHUSD", "ETH/USD", "XETH", "ZUSD", "ETH-USD"),
    "XDGUSD": ("XDGUSD", "XDG/USD", "XXDG", "ZUSD", "LTC-USD"),
}
BY_ALT = {alt: name for name, (alt, *_) in PAIRS.items()}


def iso(moment):
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def checksum(bids, asks):
    """Kraken's, by its own rules, over levels as (price text, size text), the best first."""
    levels = [*asks[:10], *bids[:10]]
    return crc32("".join(part.replace(".", "").lstrip("0") for level in levels for part in level).encode())


class KrakenVenue(FakeVenue):
    """Serves the sample's coins as daily bars at `clock`'s time, and whatever bars and trades are put in.

    `bars[name][minutes]` holds rows (open's second, open, high, low, close, volume); `trades[name]` holds
    (id, second with a fraction as Decimal, price, size, b or s).
    """

    def __init__(self, clock=None):
        super().__init__()
        self.clock = clock or FakeClock(NOW)
        self.error = ""  # such as EService:Unavailable
        self.bars = {name: {1440: self._daily(pair[-1])} for name, pair in PAIRS.items()}
        self.trades = {name: [] for name in PAIRS}
        self.wrong_pair = ""
        for what, answer in (
            ("OHLC", self._ohlc),
            ("AssetPairs", self._pairs),
            ("Trades", self._trades),
            ("Ticker", self._ticker),
            ("Depth", self._depth),
            ("SystemStatus", lambda request: {"status": "online", "timestamp": iso(self.clock.now())}),
        ):
            self.on(f"/0/public/{what}", handler=self._answering(answer))

    def stream(self, script):
        """Speak to each who subscribes: `script(line)` once the wish was confirmed."""

        def serve(line):
            line.send({"channel": "status", "type": "update", "data": [{"system": "online", "version": "2.0"}]})
            wish = line.receive()
            for symbol in wish["params"]["symbol"]:
                ok = symbol in {"BTC/USD", "ETH/USD", "DOGE/USD"}
                answer = {"method": "subscribe", "success": ok, "time_in": iso(NOW), "time_out": iso(NOW), "req_id": 1}
                channel = wish["params"]["channel"]
                answer |= {"result": {"channel": channel, "symbol": symbol}} if ok else {}
                answer |= {} if ok else {"error": f"Currency pair not supported {symbol}", "symbol": symbol}
                line.send(answer)
            script(line)

        self.socket("/v2", serve)

    def ohlc(self, line, symbol, at, prices, *, volume=1.0, kind="update"):
        """Send one bar of a minute that opened then; prices are (open, high, low, close)."""
        names = dict(zip(("open", "high", "low", "close"), prices, strict=True))
        bar = {"symbol": symbol, "interval": 1, "interval_begin": iso(at), "volume": volume, "vwap": 1.0, "trades": 3}
        line.send({"channel": "ohlc", "type": kind, "data": [{**bar, **names, "timestamp": iso(at)}]})

    def trade(self, line, symbol, rows):
        """Send trades (id, time, price, size, side)."""
        data = [
            {
                "symbol": symbol,
                "side": side,
                "price": p,
                "qty": q,
                "ord_type": "limit",
                "trade_id": i,
                "timestamp": iso(t),
            }
            for i, t, p, q, side in rows
        ]
        line.send({"channel": "trade", "type": "update", "data": data})

    def book(self, line, symbol, bids, asks, *, kind="snapshot", proof=None):
        """Send levels as (price text, size text); `proof` is the checksum of the book that results."""
        side = lambda levels: ",".join(f'{{"price":{price},"qty":{size}}}' for price, size in levels)  # noqa: E731
        proof = checksum(bids, asks) if proof is None else proof
        line.send(
            f'{{"channel":"book","type":"{kind}","data":[{{"symbol":"{symbol}","bids":[{side(bids)}],'
            f'"asks":[{side(asks)}],"checksum":{proof},"timestamp":"{iso(NOW)}"}}]}}'
        )

    def _daily(self, known):
        return [
            (int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()), *rest)
            for day, *rest in days(known).select("label", "open", "high", "low", "close", "volume").iter_rows()
        ]

    def _answering(self, answer):
        def serve(request):
            if self.error:
                return Reply.json({"error": [self.error]})
            name = BY_ALT.get(request.query.get("pair", ""))
            if "pair" in request.query and name is None:
                return Reply.json({"error": ["EQuery:Unknown asset pair"]})
            found = answer(request) if name is None else answer(request, name)
            if self.wrong_pair and name:
                found = {self.wrong_pair if part == name else part: value for part, value in found.items()}
            return Reply.json({"error": [], "result": found})

        return serve

    def _ohlc(self, request, name):
        span, since = int(request.query["interval"]), int(request.query.get("since", 0))
        now = self.clock.now().timestamp()
        rows = [row for row in self.bars[name].get(span, []) if row[0] <= now]
        running = int(now // (span * 60) * span * 60)
        if rows and rows[-1][0] < running:  # the running bar is always there
            rows.append((running, *[rows[-1][4]] * 4, 0.0))
        rows = rows[-KEPT:]
        text = [
            [at, *(f"{x:.5f}" for x in (o, h, low, c, c)), f"{v:.8f}", 5]
            for at, o, h, low, c, v in rows
            if at > since or at == rows[-1][0]
        ]
        return {name: text, "last": rows[-2][0] if len(rows) > 1 else 0}

    def _trades(self, request, name):
        rows, count = self.trades[name], int(request.query.get("count", 1000))
        if "since" in request.query:
            rows = [row for row in rows if int(row[1] * 10**9) > int(request.query["since"])][:count]
        else:
            rows = rows[-count:]
        last = str(int(rows[-1][1] * 10**9)) if rows else request.query.get("since", "0")
        # the text of the decimal is put in as it is, so that no digit is lost
        return {
            name: [[f"{p:.5f}", f"{q:.8f}", float(Decimal(t)), s, "l", "", i] for i, t, p, q, s in rows],
            "last": last,
        }

    def _ticker(self, request, name):
        last = f"{self.bars[name][1440][-1][4]:.5f}"
        two = [last, last]
        sizes = {"a": ["100.5", "1", "1.500"], "b": ["99.5", "2", "2.500"], "c": [last, "0.1"], "t": [1, 2], "o": last}
        return {name: {**sizes, "v": two, "p": two, "l": two, "h": two}}

    def _depth(self, request, name):
        return {
            name: {"asks": [["100.5", "1.0", 1], ["101.0", "3.0", 1]], "bids": [["99.5", "2.0", 1], ["99.0", "1.0", 1]]}
        }

    def _pairs(self, request):
        common = {
            "pair_decimals": 1,
            "lot_decimals": 8,
            "status": "online",
            "fees": [[0, 0.4]],
            "fees_maker": [[0, 0.25]],
        }
        found = {
            name: {"altname": alt, "wsname": ws, "base": base, "quote": quote, "tick_size": "0.1", **common}
            for name, (alt, ws, base, quote, _) in PAIRS.items()
        }
        fiat = {"altname": "EURUSD", "wsname": "EUR/USD", "base": "ZEUR", "quote": "ZUSD", **common}
        gone = {
            "altname": "OLDUSD",
            "wsname": "OLD/USD",
            "base": "OLD",
            "quote": "ZUSD",
            **common,
            "status": "delisted",
        }
        return {**found, "ZEURZUSD": fiat, "OLDUSD": gone}
