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
from tests.conformance.market import KINDS

BROKERS = Path(os.environ.get("ARA_CONFORMANCE", "/nowhere")) / "brokers"
READ = {"binance": binance.read, "coinbase": coinbase.read, "kraken": kraken.read}
OTHER = {"binance": "stream", "coinbase": "stream", "kraken": "channel"}
EMPTY = {"ws_all_market_mini_tickers_stream", "ws_all_market_rolling_window_statistics_streams"}

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
    kind = KINDS[venue].get(path.stem, OTHER[venue])
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
