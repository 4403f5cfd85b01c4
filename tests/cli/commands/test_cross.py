"""Features of many instruments on the command line: listed, explained, built; refused where there is but one."""

import json

from ara.features import catalogue, cross, sets


def test_they_are_a_family_apart(ara):
    outcome = ara("indicators", "list", "cross")
    assert outcome.code == 0
    for name in cross.names():
        assert name in outcome.plain
    assert f"cross  {len(cross.names())}" in outcome.plain
    told = json.loads(ara("indicators", "list", "--json").out)
    assert len(told["families"]["cross"]) == len(cross.names())
    assert told["count"] == len(catalogue.names()) + len(cross.names())
    assert "candles" in told["families"]


def test_one_is_explained(ara):
    outcome = ara("indicators", "show", "pca_loading")
    assert outcome.code == 0
    assert "first from -1 to 1" in " ".join(outcome.plain.split())
    assert "all bars" in outcome.plain
    told = json.loads(ara("indicators", "show", "market_beta", "--json").out)
    assert told["params"]["window"]["default"] == 60
    assert told["memory"] == 66


def test_it_is_not_computed_for_one(ara):
    outcome = ara("indicators", "compute", "market_beta", "AAPL")
    assert outcome.code == 2
    assert "market_beta compares many instruments, so it can't be computed for one." in outcome.err
    assert "ara features build cross" in outcome.err


def test_a_family_that_is_not_there(ara):
    outcome = ara("indicators", "list", "crosses")
    assert outcome.code == 2
    assert "cross" in outcome.err


def test_the_set_is_explained_and_built(ara):
    shown = ara("features", "show", "cross")
    assert shown.code == 0
    assert "absorption_ratio" in shown.plain
    assert sets.get("cross").id in "".join(shown.plain.split())
    told = json.loads(ara("features", "build", "cross", "AAPL", "BAC", "SPY", "--fresh", "--json").out)
    assert [block["symbol"] for block in told["blocks"]] == ["AAPL", "BAC", "SPY"]
    assert not told["blocks"][0]["missing"]
    newest = {block["symbol"]: block["newest"] for block in told["blocks"]}
    assert newest["AAPL"]["breadth"] == newest["BAC"]["breadth"]
    assert newest["AAPL"]["market_beta"] != newest["BAC"]["market_beta"]
    alone = json.loads(ara("features", "build", "cross", "AAPL", "--fresh", "--json").out)["blocks"][0]
    assert alone["missing"]["breadth"] == "it compares instruments, and only one is given"
