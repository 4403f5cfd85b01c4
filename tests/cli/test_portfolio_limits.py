"""`ara portfolio optimize` with limits as JSON, sectors as they were known, and factors; what is wrong is said."""

import json
from datetime import UTC, datetime

import polars as pl
import pytest

from ara.clock import SystemClock
from ara.data.lake import Lake
from ara.data.provider import SCHEMAS, Kind

FOUR = ("AAPL", "MSFT", "SPY", "XAUUSD")


def said(ara, *words):
    outcome = ara("portfolio", "optimize", *words, "--json")
    assert (outcome.code, outcome.err) == (0, "")
    return json.loads(outcome.out)


def test_limits_as_json_typed_or_in_a_file(ara, home):
    words = (
        '{"max": "50%", "bounds": {"aapl": [0.1, 0.2]}, "groups": {"tech": {"symbols": ["AAPL", "MSFT"], "max": 0.25}}}'
    )
    found = said(ara, *FOUR, "-m", "mpt", "-r", "aggressive", "-c", words)
    assert found["method"] == "mean_variance"
    assert found["weights"]["AAPL"] >= 0.1 - 1e-6
    assert found["weights"]["AAPL"] + found["weights"]["MSFT"] <= 0.25 + 1e-5
    (home / "limits.json").write_text(words)
    assert said(ara, *FOUR, "-m", "mpt", "-r", "aggressive", "-c", "limits.json")["weights"] == found["weights"]
    capped = said(ara, *FOUR, "-m", "minimum_volatility", "-c", words, "--max", "40%")
    assert max(capped["weights"].values()) <= 0.4 + 1e-5


def test_factors_give_means_covariances_and_exposures(ara):
    words = (*FOUR, "-m", "mean_variance", "--factors", "SPY,XAUUSD", "-c", '{"exposures": {"SPY": [0.4, 0.5]}}')
    found = said(ara, *words)
    assert 0.4 - 1e-4 <= found["factors"]["exposures"]["SPY"] <= 0.5 + 1e-4
    text = " ".join(ara("portfolio", "optimize", *words, "--frontier", "3", "--width", "60").out.split())
    assert "By these factors it moves 0." in text
    assert "Expected returns are those of the factors' past" in text
    assert "exposure to SPY at" in text


def test_sectors_are_those_that_were_known_then(ara, home):
    at = datetime(2020, 6, 1, tzinfo=UTC)
    lake = Lake(home / "ara" / "lake", clock=SystemClock())
    for name, sector in (("AAPL", "Technology"), ("MSFT", "Technology"), ("SPY", "Funds"), ("XAUUSD", "Metals")):
        row = {"at": at, "known_at": at, "learned_at": at, "field": "sector", "value": sector}
        lake.append_facts(Kind.FACTS, name, "yahoo", pl.DataFrame([row], schema=SCHEMAS[Kind.FACTS]))
    lake.close()
    words = (*FOUR, "-m", "equal", "--sector", "technology=30%")
    found = said(ara, *words, "--as-of", "2021-01-04")
    assert found["weights"]["AAPL"] + found["weights"]["MSFT"] == pytest.approx(0.3, abs=1e-4)
    assert "Technology at most 0.3" in found["binding"]
    early = ara("portfolio", "optimize", *words, "--as-of", "2020-01-02")
    assert early.code == 2
    assert "The sector of AAPL is not known." in early.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("-c", "{"), "--constraints is no JSON"),
        (("-c", "[1]"), "--constraints is no JSON object"),
        (("-c", '{"bounds": {"AAPL": 0.1, "AAPL": 0.2}}'), "AAPL stands twice"),
        (("-c", "none.json"), "--constraints: there is no file 'none.json'"),
        (("-c", '{"maximum": 1}'), "no 'maximum'"),
        (("-c", '{"turnover": 0.1}'), "--turnover needs what is held"),
        (("-c", '{"exposures": {"SPY": 1}}'), "Exposures need factors"),
        (("--sector", "Energy"), "--sector is 'Energy'"),
        (("--factors", "NOSUCH"), "NOSUCH"),
    ],
)
def test_what_is_wrong_is_said(ara, words, told):
    outcome = ara("portfolio", "optimize", *FOUR, *words)
    assert (outcome.code, outcome.out) == (2, "")
    assert told in " ".join(outcome.err.split())
