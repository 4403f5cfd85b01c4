import json

import pytest


def test_regimes_are_those_of_the_market_command(ara):
    told = json.loads(ara("chart", "regimes", "AAPL", "--last", "200", "--as-of", "2013-06-03", "--json").out)
    asked = json.loads(ara("market", "regime", "AAPL", "--as-of", "2013-06-03", "--json").out)
    assert told["columns"]["state"][-1] == asked["state"]
    assert told["columns"]["probability"][-1] == pytest.approx(asked["probabilities"][asked["state"]], abs=1e-6)
    assert len(told["columns"]["state"]) == 200
