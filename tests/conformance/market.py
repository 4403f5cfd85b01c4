"""Market data under the references' names: which of Ara's functions answers to which kind."""

from datetime import date
from pathlib import Path

import polars as pl

from ara.data.access.wire import value
from ara.data.files import Reading, Table, members, rows
from ara.data.providers.binance import messages as binance
from ara.data.providers.binance import sign as sign_binance
from ara.data.providers.coinbase import messages as coinbase
from ara.data.providers.exact import plain
from ara.data.providers.kraken import messages as kraken
from ara.data.providers.kraken import sign as sign_kraken
from ara.data.quality import check
from ara.features import catalogue
from ara.market import calendar, hours, symbols
from ara.market.symbols import normalise

READ = {"binance": (binance.read, "stream"), "coinbase": (coinbase.read, "stream"), "kraken": (kraken.read, "channel")}

KINDS = {
    "binance": {
        "futures__market_data_json__book_ticker_stream": "book_ticker_event",
        "spot__http_json__account_response": "account",
        "spot__http_json__account_trades_response": "account_trades",
        "spot__http_json__all_orders_response": "orders",
        "spot__http_json__open_orders_response": "orders",
        "spot__http_json__cancel_open_orders_response": "canceled_orders",
        "spot__http_json__cancel_order_response": "order",
        "spot__http_json__depth_response": "depth",
        "spot__http_json__new_order_full_response": "order",
        "spot__http_json__order_response": "order",
        "spot__http_json__ticker_24hr_response": "ticker_24h",
        "spot__http_json__ticker_price_response": "ticker_price",
        "spot__http_json__trades_response": "trades",
        "spot__user_data_json__balance_update": "user",
        "spot__user_data_json__balance_update_wrapped": "user_wrapped",
        "spot__user_data_json__execution_report_canceled": "user",
        "spot__user_data_json__execution_report_stop_loss": "user",
        "spot__user_data_json__execution_report_trade": "user",
        "spot__user_data_json__execution_report_wrapped": "user_wrapped",
        "ws_individual_symbol_book_ticker_streams": "book_ticker_event",
        "ws_partial_book_depth_streams": "depth",
        "ws_live_subscribing_unsubscribing_to_streams": "subscription",
    },
    "coinbase": {
        "http_candles": "candles",
        "http_fills": "fills",
        "http_order": "order",
        "http_product_book": "product_book",
        "http_products": "products",
        "http_ticker": "market",
    },
    "kraken": {
        "http_add_order_spot": "order_added",
        "http_asset_pairs": "asset_pairs",
        "http_closed_orders": "closed_orders",
        "http_ohlc": "ohlc",
        "http_open_orders": "open_orders",
        "http_spot_balance": "balance",
        "http_spot_open_positions": "open_positions",
        "http_spot_trade_balance": "trade_balance",
        "http_trades_history": "trades_history",
        "ws_add_order_request": "request",
        "ws_batch_add_request": "request",
        "ws_add_order_response_failure": "answer",
        "ws_batch_add_response_partial": "answer",
        "ws_pong": "answer",
        "ws_subscribe_response": "answer",
    },
}
"""What each recorded message is, where it isn't what a venue's stream gives."""


OF_A_ROW = {"impossible", "nonpositive"}
"""Rules that tell of one row's own numbers."""


def brokers(venue, name, message):
    read, usual = READ[venue]
    return plain(read(KINDS[venue].get(name, usual), message.encode()), source=venue)


def signatures(venue, request):
    if venue == "binance":
        return sign_binance(request["secret"], request["query"])
    return sign_kraken(request["secret"], request["path"], request["post"], request["nonce"])


def calendars(exchange, start, end):
    venue = calendar(exchange)
    days = venue.sessions(date.fromisoformat(start), date.fromisoformat(end))
    return [(day, venue.opens(day), venue.closes(day)) for day in days]


def pathological(path):
    """Read a file as it lies there, give what every indicator makes of it, and the rows that the report names."""
    frame = pl.concat(piece for piece, _ in Table(members(Path(path))[0][0], Reading()).frames())
    one = symbols.guess(frame["symbol"][0])
    bars = frame.hstack(hours.spans(frame["ts"], calendar(one.calendar)))
    named = {at for issue in check(bars, one).issues if issue.rule in OF_A_ROW for at in issue.times}
    bad = bars.filter(pl.col("at").is_in(named)).select(pl.col("row") - 1).to_series().to_list()
    columns = {name: bars[name].to_numpy() for name in ("open", "high", "low", "close", "volume")}
    days = hours.labels(bars["at"], calendar(one.calendar))
    columns |= {"session": days.to_physical().cast(pl.Float64).to_numpy(), "other": columns["open"]}
    outputs = {}
    for name in catalogue.names():
        spec = catalogue.get(name).spec
        values = catalogue.compute(name, {column: columns[column] for column in spec.inputs})
        outputs |= {f"{name}.{output}": array for output, array in zip(spec.outputs, values, strict=True)}
    return {"outputs": outputs, "bad_rows": bad}


def hostile_csv(path):
    return rows(Path(path))


def hostile_json(raw):
    return value(raw)


def hostile_strings(text):
    return normalise(text)
