import json

import pytest

from ara.models import court


def trained(ara, until, family="har_t"):
    done = ara("models", "train", "AAPL", "--model", family, "--as-of", until, "--days", "2", "--json")
    assert done.code == 0, done.err
    return json.loads(done.out)["models"][0]["name"]


def reviewed(ara, *more):
    done = ara("models", "review", "--json", *more)
    assert done.code == 0, done.err
    return json.loads(done.out)["reviews"]


def stages(ara):
    return {one["name"]: one["stage"] for one in json.loads(ara("models", "list", "--json").out)["models"]}


def test_a_champion_is_watched_trained_anew_and_replaced_by_evidence_alone(ara, home):
    assert trained(ara, "2019-06-30") == "har_t@1"
    assert ara("models", "deploy", "har_t@1", "--force").code == 0

    (young,) = reviewed(ara, "--as-of", "2019-07-20")
    assert (young["deed"], young["reasons"]) == ("none", [])
    assert 10 <= young["days"] <= 15

    (seen,) = reviewed(ara, "--as-of", "2020-06-30")
    assert seen["deed"] == "train"
    assert not seen["done"]
    assert seen["inside_80"] < 0.75
    assert seen["evidence_coverage"] >= 40
    assert any("80 % band held" in reason for reason in seen["reasons"])
    assert stages(ara) == {"har_t@1": "champion"}

    (done,) = reviewed(ara, "--as-of", "2020-06-30", "--act")
    assert done["done"]
    assert done["other"] == "har_t@2"
    assert stages(ara) == {"har_t@1": "champion", "har_t@2": "shadow"}

    (early,) = reviewed(ara, "--as-of", "2020-07-20", "--act")
    assert (early["deed"], early["done"]) == ("wait", False)
    assert early["verdict"]["decision"] == "undecided"
    assert not (home / "ara" / "verdicts").exists()

    (last,) = reviewed(ara, "--act")
    assert (last["deed"], last["done"]) == ("replace", True)
    assert last["verdict"]["evidence"] >= 20
    assert stages(ara) == {"har_t@1": "archived", "har_t@2": "champion"}
    (kept,) = (home / "ara" / "verdicts").iterdir()
    assert court.read_verdict(kept).challenger == "har_t@2"

    (after,) = reviewed(ara)
    assert after["deed"] != "roll back"


def test_the_one_before_comes_back_if_it_was_the_better(ara):
    trained(ara, "2019-06-30")
    trained(ara, "2020-06-30")
    for name in ("har_t@2", "har_t@1"):  # the newer one first: as if the older had been let in wrongly
        assert ara("models", "deploy", name, "--force").code == 0
    (seen,) = reviewed(ara, "har_t")
    assert (seen["deed"], seen["other"]) == ("roll back", "har_t@2")
    (done,) = reviewed(ara, "har_t", "--act")
    assert done["done"]
    assert stages(ara) == {"har_t@1": "archived", "har_t@2": "champion"}


def test_age_alone_is_a_reason_and_the_bound_can_be_moved(ara):
    trained(ara, "2020-12-31", "ewma_t")
    ara("models", "deploy", "ewma_t@1", "--force")
    (one,) = reviewed(ara, "--as-of", "2021-03-01")
    assert one["reasons"] == []
    assert one["better"] == pytest.approx(0, abs=0.02)
    (two,) = reviewed(ara, "--as-of", "2021-03-01", "--older-than", "31")
    assert two["reasons"] == ["it is 60 days old"]
    shown = ara("models", "review", "--older-than", "31", "--width", "60")
    assert "To have it done" in shown.out
    assert max(map(len, shown.plain.splitlines())) <= 60


def test_a_champion_that_has_seen_no_new_day_is_let_be(ara):
    trained(ara, "2021-12-31", "ewma_t")
    ara("models", "deploy", "ewma_t@1", "--force")
    (one,) = reviewed(ara, "--older-than", "36500")
    assert (one["days"], one["better"], one["deed"]) == (0, None, "none")


def test_where_there_is_no_champion_it_says_how_to_get_one(ara):
    none = ara("models", "review")
    assert none.code != 0
    assert "ara models train" in none.err
    trained(ara, "2020-12-31", "ewma_t")
    some = ara("models", "review", "ewma_t")
    assert some.code != 0
    assert "no champion" in some.err
    assert ara("models", "review", "--older-than", "soon").code != 0
