import json

import pytest

from ara.models.regimes import STATES

EARLY = ("--as-of", "2012-12-31")


def test_what_moves_bands_is_told_for_each_state_and_for_all(ara):
    found = json.loads(ara("market", "regime", "AAPL", "--importance", "har_t", *EARLY, "--json").out)["importance"]
    assert found["model"] == "har_t"
    assert set(found["effective"]) == set(STATES)
    assert 0 < found["bars"] <= 96
    assert sum(found["effective"].values()) <= 4 * found["bars"]
    assert {one["horizon"] for one in found["inputs"]} == {1, 5, 21}
    first = [one for one in found["inputs"] if one["horizon"] == 1]
    assert [one["all"] for one in first] == sorted((one["all"] for one in first), reverse=True)
    assert all(one[state] > 0 for one in first for state in (*STATES, "all"))
    assert all(len({one[state] for state in STATES}) == len(STATES) for one in first)


@pytest.mark.parametrize("width", [40, 100])
def test_the_table_fits_and_keeps_what_matters_most(ara, width):
    lines = ara("market", "regime", "AAPL", "--importance", "ewma_t", *EARLY, "--width", str(width)).out.splitlines()
    assert max(len(line) for line in lines) <= width
    assert "What moves ewma_t's band of the next day" in " ".join(" ".join(lines).split())
    (head,) = [line.split("  ") for line in lines if line.endswith("  all")]
    assert ({"bull", "bear"} <= set(head)) is (width == 100)
    assert any("For want of room without: bull," in line for line in lines) is (width == 40)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--importance", "har_tt"), "Did you mean har_t"),
        (("--importance", "fast", "--watch"), "--watch and --importance exclude each other."),
    ],
)
def test_what_is_wrong_is_said(ara, words, said):
    outcome = ara("market", "regime", "AAPL", *EARLY[: 0 if "--watch" in words else 2], *words)
    assert (outcome.code != 0, outcome.out) == (True, "")
    assert said in " ".join(outcome.err.split())
