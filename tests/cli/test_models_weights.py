import json
from datetime import datetime

import pytest

from ara.cli.commands.models.weights import Counting, by_regime, why_none
from ara.models.ensemble import ClassState, Line
from ara.models.ensemble.by_regime import parted


def line(member="har_t", *, weight=0.0, skill=0.01, error=0.002, months=12.0, absent=False):
    low, high = skill - 1.96 * error, skill + 1.96 * error
    return Line(
        kind="equity", horizon=1, member=member, skill=skill, low=low, high=high, weight=weight, months=months,
        absent=absent,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (line(weight=0.3), ""),
        (line("ewma_t", skill=0.0, error=0.0), "the baseline"),
        (line(skill=0.0, error=0.0, months=0.0), "too few days"),
        (line(skill=-0.01), "worse than ewma_t"),
        (line(skill=0.001), "not surely better than ewma_t"),
        (line(skill=0.01), "adds nothing to the others"),
        (line("lightgbm", absent=True), "pip install 'ara-ai[train]'"),
    ],
)
def test_why_a_member_has_no_weight(one, said):
    assert said in why_none(one)
    assert bool(why_none(one)) == bool(said)


def test_weights_too_small_to_show_are_named_and_none_is_hidden():
    told = Counting(kind="stocks", horizon=5, weights={"a": 0.994, "b": 0.002, "c": 0.0}, model="fast@3")
    assert told.words == "of stocks over 5 bars count a 0.99, b; nothing: c. More: ara models show fast@3"


def test_weights_that_follow_the_regime_are_told_apart():
    alike = ClassState(
        weights=((0.5, 0.5),), skill=((0.0, 0.0),), error=((0.1, 0.1),), months=(9.0,), stretches=((0.0, 0.0, 0.0),),
        centre=(0.0,),
    )  # fmt: skip
    assert by_regime(alike, 0) == {}
    apart = parted(alike, [[(0.2, 0.8)], [(0.5, 0.5)], [(0.9, 0.1)]])
    assert by_regime(apart, 0) == {"calm": (0.2, 0.8), "usual": (0.5, 0.5), "wild": (0.9, 0.1)}


def test_the_weights_of_an_ensemble_and_of_those_before_it(ara):
    found = json.loads(ara("models", "show", "fast@2017-12", "--json").out)
    told = found["ensemble"]
    assert datetime.fromisoformat(told["known_to"]) == datetime.fromisoformat(found["trained_to"])
    sums, seen = {}, {}
    for one in told["weights"]:
        key = one["class"], one["horizon"]
        sums[key] = sums.get(key, 0.0) + one["weight"]
        seen.setdefault(key, set()).add(one["member"])
        assert (one["weight"] == 0) == bool(one["why_none"]), one
        assert one["low"] <= one["skill"] <= one["high"]
    assert {key[0] for key in sums} == {"stocks", "coins", "currencies", "all"}
    assert {key[1] for key in sums} == set(range(1, 31))
    assert all(total == pytest.approx(1) for total in sums.values())
    assert all(len(members) == 10 for members in seen.values())
    assert [one["name"] for one in told["history"]] == ["fast@2016-12", "fast@2017-12"]
    now = {(one["class"], one["horizon"], one["member"]): one["weight"] for one in told["weights"]}
    last = {(one["class"], one["horizon"], one["member"]): one["weight"] for one in told["history"][-1]["weights"]}
    assert last.items() <= now.items()
    assert {key[1] for key in last} == {1, 5, 21}
    assert all(0.8 < one["wild"] < 1.25 and 0 < one["p_up"] < 1 for one in told["calibration"])
    for width in ("60", "100", "160"):
        shown = ara("models", "show", "fast@2017-12", "--width", width).out
        assert max(map(len, shown.splitlines())) <= int(width)
        assert "No weight: " in shown
        assert "(the baseline, which answers where no other is better)" in " ".join(shown.split())
        assert shown.count("pooled_har  ") == 3
        assert "2016-12, 2017-12" in " ".join(shown.split())
        assert ("then to now" in shown) == (width != "60")


def test_a_forecast_says_who_counted_where_all_is_asked_for(ara):
    words = ("predict", "EURUSD", "--days", "1", "--model", "fast")
    found = json.loads(ara(*words, "--analysis", "full", "--json").out)["members"]
    assert (found["class"], found["horizon"], found["model"]) == ("currencies", 1, "fast@2020-12")
    assert sum(found["weights"].values()) == pytest.approx(1)
    best = next(iter(found["weights"]))
    shown = " ".join(ara(*words, "--analysis", "full").out.split())
    assert f"Members of currencies over 1 bar in usual times count {best} {found['weights'][best]:.2f}" in shown
    assert "members" not in json.loads(ara(*words, "--json").out)
    fitted = ara("predict", "EURUSD", "--days", "1", "--model", "ewma_t", "--analysis", "full")
    assert "Members" not in fitted.out
