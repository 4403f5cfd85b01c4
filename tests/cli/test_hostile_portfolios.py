"""Portfolios and risk of what nobody should have: twins, mirrors, what stands still, and a few days."""

import json
import math
from datetime import date, timedelta

import numpy as np
import pytest

METHODS = ("equal", "hrp", "risk_parity", "minimum_volatility", "mean_cvar", "maximum_sharpe", "kelly")


@pytest.fixture
def odd(ara, home):
    walk = 100 * np.exp(np.cumsum(np.random.default_rng(5).normal(0, 0.01, 160)))
    rows = ["symbol,date,close"]
    for n, price in enumerate(walk):
        day = date(2020, 1, 1) + timedelta(days=n)
        for name, close in (("TWIN", price), ("TWIX", price), ("MIRR", 10000 / price), ("STIL", 50.0)):
            rows.append(f"{name}-USD,{day},{close:.6f}")
        if n >= 150:
            rows.append(f"FEWW-USD,{day},{price * (1 + 0.01 * math.sin(n)):.6f}")
    (home / "odd.csv").write_text("\n".join(rows))
    assert ara("data", "import", "odd.csv", "--source", "odd", "--basis", "raw").code == 0
    return ara


def said(ara, *words):
    outcome = ara(*words, "--json")
    assert (outcome.code, outcome.err) == (0, "")
    return json.loads(outcome.out)


def test_twins_mirrors_and_what_stands_still_have_weights(odd):
    for method in METHODS:
        for names in (("TWIN-USD", "TWIX-USD"), ("TWIN-USD", "MIRR-USD", "STIL-USD"), ("STIL-USD",)):
            found = said(odd, "portfolio", "optimize", *names, "--method", method)
            weights = found["weights"].values()
            assert all(math.isfinite(one) and one >= -1e-9 for one in weights)
            assert sum(weights) + found["cash"] == pytest.approx(1)
            assert found["warnings"] == []


def test_what_stands_still_is_tied_to_nothing(odd):
    found = said(odd, "market", "pairs", "TWIN-USD", "STIL-USD")["pairs"][0]
    assert (found["p"], found["p_corrected"]) == (1.0, 1.0)
    ties = said(odd, "market", "correlations", "TWIN-USD", "STIL-USD", "MIRR-USD", "--window", "60")["pairs"]
    assert {(one["first"], one["second"]): round(one["correlation"], 3) for one in ties} == {
        ("TWIN-USD", "STIL-USD"): 0.0, ("TWIN-USD", "MIRR-USD"): -1.0, ("STIL-USD", "MIRR-USD"): 0.0,
    }  # fmt: skip


def test_a_few_days_are_told_everywhere(odd):
    told = "Only 9 days are known that all have: such figures say little; 60 are the least to go by."
    for words in (
        ("risk", "contributions", "--portfolio", "FEWW-USD"), ("risk", "stress", "--portfolio", "FEWW-USD"),
        ("portfolio", "analyze", "--portfolio", "FEWW-USD"), ("portfolio", "optimize", "FEWW-USD"),
    ):  # fmt: skip
        assert said(odd, *words)["warnings"] == [told]
        assert told in " ".join(odd(*words, "--width", "60").out.split())
    refused = odd("risk", "var", "--portfolio", "FEWW-USD")
    assert refused.code == 2
    assert "There are 9 returns" in refused.err
    crises = odd("risk", "stress", "--portfolio", "FEWW-USD").out
    assert "What these would do to it is not known" in " ".join(crises.split())


def test_odd_weights_have_finite_risk(odd):
    for weights in ("STIL-USD=1", "TWIN-USD=0.5,TWIX-USD=0.5", "TWIN-USD=0.3", "TWIN-USD=-1", "TWIN-USD=3"):
        tails = said(odd, "risk", "var", "--portfolio", weights, "--method", "historical,gaussian,filtered")["tails"]
        assert all(math.isfinite(one["var"]) for one in tails)
        parts = said(odd, "risk", "contributions", "--portfolio", weights)
        assert sum(one["component"] for one in parts["holdings"]) == pytest.approx(parts["total"])


def test_limits_that_contradict_each_other_still_have_an_answer(odd):
    words = {"max": 0.2, "min": 0.1, "groups": {"g": {"symbols": ["TWIN-USD"], "min": 0.9}}}
    found = said(
        odd, "portfolio", "optimize", "TWIN-USD", "MIRR-USD", "-m", "minimum_volatility", "-c", json.dumps(words)
    )
    assert sum(found["weights"].values()) == pytest.approx(1)
    assert any("gave way" in one for one in found["relaxed"])
