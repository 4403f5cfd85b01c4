"""Every message of the conformance folder, read by the one reading path: each decimal and time is kept."""

import json
import os
import re
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from ara.data.providers.binance import messages as binance
from ara.data.providers.binance import sign as sign_binance
from ara.data.providers.coinbase import messages as coinbase
from ara.data.providers.exact import plain
from ara.data.providers.kraken import messages as kraken
from ara.data.providers.kraken import sign as sign_kraken

BROKERS = Path(os.environ.get("ARA_CONFORMANCE", "/nowhere")) / "brokers"
READ = {"binance": binance.read, "coinbase": coinbase.read, "kraken": kraken.read}
OTHER = {"binance": "stream", "coinbase": "stream", "kraken": "channel"}
EMPTY = {"ws_all_market_mini_tickers_stream", "ws_all_market_rolling_window_statistics_streams"}
NAMES = {
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

FILES = [
    (venue, path)
    for venue in sorted(READ)
    for path in sorted((BROKERS / venue).glob("*.json"))
    if path.stem not in EMPTY
]


def leaves(data):
    if isinstance(data, dict):
        data = list(data.values())
    if isinstance(data, list):
        return [leaf for part in data for leaf in leaves(part)]
    return [data]


def with_more(data):
    """Give the same message with an unknown field in each object that isn't a mapping by names."""
    if isinstance(data, dict):
        by_name = len(data) > 1 and all(isinstance(part, (dict, list)) for part in data.values())
        return {name: with_more(part) for name, part in data.items()} | ({} if by_name else {"zzUnknown": "?"})
    return [with_more(part) for part in data] if isinstance(data, list) else data


@pytest.mark.skipif(not FILES, reason="ARA_CONFORMANCE names no folder with messages")
@pytest.mark.parametrize(("venue", "path"), FILES, ids=[f"{venue}-{path.stem}" for venue, path in FILES])
def test_each_message_is_read_without_loss(venue, path):
    text = path.read_text(encoding="utf-8")
    kind = NAMES[venue].get(path.stem, OTHER[venue])
    found = leaves(plain(READ[venue](kind, text.encode()), source=venue))
    sent = leaves(json.loads(text, parse_float=Decimal))
    decimals = {Decimal(one) for one in sent if isinstance(one, Decimal) or re.fullmatch(r"-?\d+\.\d+", str(one))}
    times = {datetime.fromisoformat(one) for one in sent if re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", str(one))}
    assert not [one for one in found if isinstance(one, float)]
    assert decimals <= {one for one in found if isinstance(one, Decimal)}
    assert times <= {one for one in found if isinstance(one, datetime)}
    READ[venue](kind, json.dumps(with_more(json.loads(text))).encode())


@pytest.mark.skipif(not FILES, reason="ARA_CONFORMANCE names no folder with messages")
def test_requests_are_signed_as_the_documentation_does():
    given = json.loads((BROKERS / "request_signatures.json").read_text())
    one, other = given["binance"], given["kraken"]
    assert sign_binance(one["secret"], one["query"]) == one["signature"]
    assert sign_kraken(other["secret"], other["path"], other["post"], other["nonce"]) == other["api_sign"]
