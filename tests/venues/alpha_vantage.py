"""Alpha Vantage on this machine: refusals as answers with status 200, paid functions, a day's requests."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from ara.testing import FakeClock, FakeVenue, Reply
from tests.venues.sample_days import NOW, Splitting, days

STOCKS = {"AAPL": "Apple Inc", "MSFT": "Microsoft Corporation", "IBM": "International Business Machines Corp"}
PAIRS = {("EUR", "USD"): "EURUSD", ("BTC", "USD"): "BTC-USD"}
INVALID = {
    "Error Message": "Invalid API call. Please retry or visit the documentation "
    "(https://www.alphavantage.co/documentation/) for {function}."
}


class AlphaVantageVenue(Splitting, FakeVenue):
    """Serves the bundled sample as Alpha Vantage would at `clock`'s time, to one key, paid or not."""

    def __init__(self, clock=None, *, key="K3Y", paid=True):
        super().__init__()
        self.clock = clock or FakeClock(NOW)
        self.key, self.paid, self.allowed = key, paid, None
        self.minutes = {}  # (symbol, interval): [("2022-03-11 09:30:00", o, h, l, c, v)], New York or UTC
        self.dividends, self.splits = {}, {}  # symbol: {label: amount}
        self.on("/query", handler=self._answer)

    def _answer(self, request):
        query = request.query
        if query.get("apikey") != self.key:
            return Reply.json({"Error Message": "the parameter apikey is invalid or missing. Please claim your key"})
        if self.allowed is not None:
            if self.allowed <= 0:
                words = f"We have detected your API key as {self.key} and our standard API rate limit is 25 requests "
                return Reply.json({"Information": f"{words}per day. Please subscribe to any of the premium plans."})
            self.allowed -= 1
        handler = getattr(self, query["function"].lower(), None)
        found = handler(query) if handler else None
        return Reply.json(found or {"Error Message": INVALID["Error Message"].format(function=query["function"])})

    def time_series_daily_adjusted(self, query):
        return self._stock(query, adjusted=True) if self.paid else premium()

    def time_series_daily(self, query):
        if query["outputsize"] == "full" and not self.paid:
            return premium()
        return self._stock(query)

    def _stock(self, query, *, adjusted=False):
        symbol = query["symbol"].upper()
        if symbol not in STOCKS:
            return None
        rows = {}
        split = self.splits.get(symbol, {}) | dict(self.happened(symbol))
        for label, *values, total in self._stock_rows(symbol, query):
            row = ohlc(values[:4])
            if adjusted:
                row["5. adjusted close"] = text(total)
                row["6. volume"] = str(int(values[4]))
                row["7. dividend amount"] = text(self.dividends.get(symbol, {}).get(label, 0))
                row["8. split coefficient"] = f"{split.get(label, 1):.1f}"
            else:
                row["5. volume"] = str(int(values[4]))
            rows[label.isoformat()] = row
        meta = {"1. Information": "Daily", "2. Symbol": symbol, "3. Last Refreshed": next(iter(rows), "")}
        return {
            "Meta Data": {**meta, "4. Output Size": "Full size", "5. Time Zone": "US/Eastern"},
            "Time Series (Daily)": rows,
        }

    def _stock_rows(self, symbol, query):
        found = list(self.traded(symbol, symbol))
        return reversed(found[-100:] if query.get("outputsize") == "compact" else found)

    def _rows(self, symbol, query=None):
        found = days(symbol)
        if (query or {}).get("outputsize") == "compact":
            found = found.tail(100)
        return found.reverse()

    def fx_daily(self, query):
        symbol = PAIRS.get((query["from_symbol"], query["to_symbol"]))
        if symbol is None:
            return None
        rows = {row[0].isoformat(): ohlc(row[1:5]) for row in self._rows(symbol, query).iter_rows()}
        meta = {"2. From Symbol": query["from_symbol"], "3. To Symbol": query["to_symbol"], "6. Time Zone": "UTC"}
        return {"Meta Data": meta, "Time Series FX (Daily)": rows}

    def digital_currency_daily(self, query):
        symbol = PAIRS.get((query["symbol"], query["market"]))
        if symbol is None:
            return None
        rows = {
            row[0].isoformat(): {**ohlc(row[1:5]), "5. volume": text(row[5])} for row in self._rows(symbol).iter_rows()
        }
        meta = {"2. Digital Currency Code": query["symbol"], "4. Market Code": query["market"], "7. Time Zone": "UTC"}
        return {"Meta Data": meta, "Time Series (Digital Currency Daily)": rows}

    def time_series_intraday(self, query):
        symbol, interval, month = query["symbol"], query["interval"], query["month"]
        if symbol not in STOCKS or query["adjusted"] != "false" or query["extended_hours"] != "false":
            return None
        rows = [row for row in self.minutes.get((symbol, interval), []) if row[0].startswith(month)]
        meta = {"2. Symbol": symbol, "4. Interval": interval, "6. Time Zone": "US/Eastern"}
        return {"Meta Data": meta, f"Time Series ({interval})": shorter(rows)}

    def fx_intraday(self, query):
        pair = (query["from_symbol"], query["to_symbol"])
        meta = {"2. From Symbol": pair[0], "3. To Symbol": pair[1], "7. Time Zone": "UTC"}
        rows = self.minutes.get(("".join(pair), query["interval"]), [])
        return {"Meta Data": meta, f"Time Series FX ({query['interval']})": shorter(rows)}

    def crypto_intraday(self, query):
        pair = (query["symbol"], query["market"])
        meta = {"2. Digital Currency Code": pair[0], "4. Market Code": pair[1], "9. Time Zone": "UTC"}
        rows = self.minutes.get(("-".join(pair), query["interval"]), [])
        return {"Meta Data": meta, f"Time Series Crypto ({query['interval']})": shorter(rows)}

    def global_quote(self, query):
        symbol = query["symbol"]
        if symbol not in STOCKS:
            return {"Global Quote": {}}
        row = days(symbol).row(-1)
        values = dict(zip(("open", "high", "low", "price"), map(text, row[1:5]), strict=True))
        names = {f"{place:02d}. {name}": value for place, (name, value) in enumerate(values.items(), 2)}
        more = {"06. volume": str(int(row[5])), "07. latest trading day": row[0].isoformat()}
        return {"Global Quote": {"01. symbol": symbol, **names, **more, "10. change percent": "1.75%"}}

    def currency_exchange_rate(self, query):
        stamp = self.clock.now().astimezone(ZoneInfo("UTC")) - timedelta(seconds=2)
        return {
            "Realtime Currency Exchange Rate": {
                "1. From_Currency Code": query["from_currency"],
                "3. To_Currency Code": query["to_currency"],
                "5. Exchange Rate": "1.09210000",
                "6. Last Refreshed": f"{stamp:%Y-%m-%d %H:%M:%S}",
                "7. Time Zone": "UTC",
                "8. Bid Price": "1.09200000",
                "9. Ask Price": "-",
            }
        }

    def symbol_search(self, query):
        wanted = query["keywords"].upper()
        found = [
            {"1. symbol": symbol, "2. name": name, "3. type": "Equity", "4. region": "United States"}
            for symbol, name in STOCKS.items()
            if wanted in symbol or wanted in name.upper()
        ]
        strange = [("BRK-B", "Berkshire", "Equity"), ("XX", "Odd", "Mutual Fund"), ("A B", "No symbol", "Equity")]
        more = [{"1. symbol": one, "2. name": two, "3. type": three} for one, two, three in strange]
        return {"bestMatches": found + more}

    def overview(self, query):
        if query["symbol"] != "AAPL":
            return {"Symbol": None}
        return {"Symbol": "AAPL", "Name": "Apple Inc", "Sector": "TECHNOLOGY", "Industry": "ELECTRONIC COMPUTERS"}


def text(value):
    """Give a number in the venue's form, at least four decimals and none lost."""
    plain = f"{value:.4f}"
    return plain if float(plain) == value else repr(float(value))


def ohlc(values):
    """Give the four prices of a row."""
    names = ("1. open", "2. high", "3. low", "4. close")
    return dict(zip(names, map(text, values), strict=True))


def shorter(rows):
    """Give rows within the day, newest first."""
    return {row[0]: {**ohlc(row[1:5]), "5. volume": str(row[5])} for row in reversed(rows)}


def premium():
    """Give the refusal of a paid function."""
    return {
        "Information": "Thank you for using Alpha Vantage! This is a premium endpoint. You may subscribe to any of the "
        "premium plans at https://www.alphavantage.co/premium/ to instantly unlock all premium endpoints"
    }


def stamp(moment: datetime) -> str:
    """Give a time as the venue writes it."""
    return f"{moment:%Y-%m-%d %H:%M:%S}"
