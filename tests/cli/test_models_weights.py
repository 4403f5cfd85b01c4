import json
import re
from datetime import datetime

import pytest

from ara.cli.commands.models.weights import Counting, by_regime, why_none
from ara.models.ensemble import ClassState, Line
from ara.models.ensemble.by_regime import parted


def line(member="har_t", *, weight=0.0, skill=0.01, error=0.002, months=12.0, judged=1, beaten=False, absent=False):
    low, high = skill - 1.96 * error, skill + 1.96 * error
    return Line(
        kind="equity", horizon=1, member=member, skill=skill, low=low, high=high, weight=weight, months=months,
        judged=judged, beaten=beaten, absent=absent,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (line(weight=0.3), ""),
        (line("ewma_t", skill=0.0, error=0.0), "the baseline"),
        (line(skill=0.0, error=0.0, months=0.0), "too few days"),
        (line(skill=-0.01, beaten=True), "does not beat ewma_t"),
        (line(skill=0.01, beaten=True, judged=11), "does not beat ewma_t over 11 bars"),
        (line(skill=0.001), "does not surely beat ewma_t"),
        (line(skill=0.01), "beats ewma_t here, but"),
        (line("lightgbm", absent=True), "pip install 'ara-ai[train]'"),
    ],
)
def test_why_a_member_has_no_weight(one, said):
    assert said in why_none(one)
    assert bool(why_none(one)) == bool(said)


def test_weights_too_small_to_show_are_named_and_none_is_hidden():
    told = Counting(kind="stocks", horizon=5, weights={"a": 0.994, "b": 0.002, "c": 0.0}, model="fast@3")
    assert told.words == "of stocks over 5 bars count a 0.99, b; nothing: c. More: ara models show fast@3"


def test_what_lies_between_regimes_is_told_as_between():
    apart = {"calm": {"a": 0.9, "b": 0.1, "c": 0.0}, "usual": {"a": 0.8, "b": 0.196, "c": 0.004}}
    told = Counting(kind="stocks", horizon=1, weights={"a": 0.85, "b": 0.148, "c": 0.002}, model="m", apart=apart)
    assert told.words == "of stocks over 1 bar count a 0.80 to 0.90, b 0.10 to 0.20, c. More: ara models show m"


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
        assert one["judged"] == (1 if one["horizon"] < 5 else 5)
        assert one["low"] <= one["skill"] <= one["high"]
    judged = {(one["class"], one["horizon"], one["member"]): one for one in told["weights"]}
    for one in told["weights"]:
        judge = judged[one["class"], one["judged"], one["member"]]
        if one["horizon"] in {1, 5, 21}:  # between these there is what each of both has
            assert one["weight"] == 0 or judge["skill"] > 0 or judge["low"] == judge["high"], one
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
        plain = " ".join(shown.split())
        assert "ewma_t is the baseline, which answers where no other beats it." in plain
        for horizon in ("1 bar", "5 bars", "21 bars"):
            losing = r"does not beat ewma_t( over 5 bars)?: \w+ \((-\d+\.\d|0\.0) ± \d+\.\d %\)"
            assert re.search(rf"No weight over {horizon}:.*? {losing}", plain), horizon
        assert "worth, 1 bar" in plain
        assert ("worth, 21 bars" in plain) == (width == "160")
        assert shown.count("pooled_har  ") == 3
        assert "2016-12, 2017-12" in " ".join(shown.split())
        assert ("then to now" in shown) == (width != "60")


def test_a_forecast_says_who_counted_where_all_is_asked_for(ara):
    words = ("predict", "EURUSD", "--days", "1", "--model", "fast")
    found = json.loads(ara(*words, "--analysis", "full", "--json").out)["members"]
    assert (found["class"], found["horizon"], found["model"]) == ("currencies", 1, "fast@2020-12")
    assert sum(found["weights"].values()) == pytest.approx(1)
    apart = found["by_regime"]
    assert set(apart) == {"calm", "usual", "wild"}
    best = next(iter(found["weights"]))
    ends = sorted({f"{own[best]:.2f}" for own in apart.values()})
    shown = " ".join(ara(*words, "--analysis", "full").out.split())
    assert f"Members of currencies over 1 bar count {best} {' to '.join(dict.fromkeys((ends[0], ends[-1])))}" in shown
    for one in json.loads(ara("models", "show", "fast@2020-12", "--json").out)["ensemble"]["weights"]:
        if (one["class"], one["horizon"]) == ("currencies", 1):
            own = {name: part[one["member"]] for name, part in apart.items()}
            assert own == one["by_regime"]
            assert found["weights"][one["member"]] == one["weight"] == pytest.approx(sum(own.values()) / 3)
    assert "members" not in json.loads(ara(*words, "--json").out)
    fitted = ara("predict", "EURUSD", "--days", "1", "--model", "ewma_t", "--analysis", "full")
    assert "Members" not in fitted.out
