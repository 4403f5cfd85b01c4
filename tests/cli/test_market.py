import json

import pytest

from ara.features.sets import Item


def test_each_reading_stands_beside_how_common_it_is_and_the_base_rate(ara):
    outcome = ara("market", "indicators", "AAPL", "--width", "100")
    assert outcome.code == 0
    text = " ".join(outcome.out.split())
    assert text.startswith("AAPL Apple Inc. close ")
    assert "say where the price goes next" in text
    assert "rsi 47.8 between the usual marks; so on 81 % of 3,068 days" in text
    assert "any day 59 %: no more than chance" in text
    assert [line for line in outcome.out.splitlines() if line in {"Trend", "Volume", "Statistical"}]


def test_what_is_read_of_several_outputs_is_called_as_a_feature_set_calls_it(ara):
    shown = ara("market", "indicators", "AAPL", "--width", "160").out
    for name in ("variance_ratio.z", "stoch.k", "macd_v.histogram", "aroon.oscillator"):
        assert f"  {name} " in shown
        assert Item.parse(name).columns[0].name == name


def test_a_narrow_screen_keeps_its_room_for_words(ara):
    lines = ara("market", "indicators", "AAPL", "-c", "trend", "--width", "60").out.splitlines()
    assert "  ma_cross.state 1.00: the 50-bar mean is above the 200-bar" in lines
    assert "    up 5 days later in 50 % of 4 cases (9 to 91 %); any day" in lines


def test_json_has_the_figures(ara):
    found = json.loads(ara("market", "indicators", "EURUSD", "-c", "momentum", "--horizon", "10", "--json").out)
    assert (found["schema"], found["symbol"], found["timeframe"], found["horizon"]) == (1, "EURUSD", "1d", 10)
    assert {one["category"] for one in found["indicators"]} == {"momentum"}
    rsi = next(one for one in found["indicators"] if one["indicator"] == "rsi")
    assert 0 <= rsi["value"] <= 100
    assert rsi["words"]
    assert 0 < rsi["share"] <= 1
    assert all(one["followed"]["low"] <= one["followed"]["share"] for one in found["indicators"] if one["followed"])


def test_only_what_was_public_counts(ara):
    early = json.loads(ara("market", "indicators", "AAPL", "--as-of", "2015-06-30", "--json").out)
    assert early["date"] == "2015-06-30"
    assert early["bars"] < json.loads(ara("market", "indicators", "AAPL", "--json").out)["bars"]


@pytest.mark.parametrize("width", [24, 40, 60])
def test_it_fits(ara, width):
    outcome = ara("market", "indicators", "BTC-USD", "--width", str(width))
    assert all(len(line) <= width for line in outcome.out.splitlines())


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("AAPL", "--category", "luck"), 2, "There is no category 'luck'"),
        (("AAPL", "--horizon", "0"), 2, "--horizon"),
        (("AAPL", "--timeframe", "soon"), 2, "soon"),
        (("NOSUCH",), 2, "NOSUCH"),
        (("AAPL", "--as-of", "1980-01-01"), None, "AAPL"),
    ],
)
def test_what_is_wrong_is_said(ara, words, code, said):
    outcome = ara("market", "indicators", *words)
    assert outcome.code == code if code is not None else outcome.code != 0
    assert outcome.out == ""
    assert said in " ".join(outcome.err.split())
