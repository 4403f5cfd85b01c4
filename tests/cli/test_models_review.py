import json


def trained(ara, family="ewma_t", *more):
    done = ara("models", "train", "AAPL", "--model", family, "--days", "2", "--no-validate", "--json", *more)
    assert done.code == 0, done.err
    name = json.loads(done.out)["models"][0]["name"]
    assert ara("models", "deploy", name, "--force").code == 0
    return name


def test_a_champion_that_has_seen_no_new_day_is_let_be(ara):
    trained(ara)
    done = ara("models", "review", "--json")
    assert done.code == 0
    (one,) = json.loads(done.out)["reviews"]
    assert (one["champion"], one["days"], one["better"], one["deed"], one["done"]) == (
        "ewma_t@1",
        0,
        None,
        "none",
        False,
    )
    shown = ara("models", "review", "--width", "60")
    assert "ewma_t@1 stays: nothing speaks against it." in " ".join(shown.plain.split())
    assert max(map(len, shown.plain.splitlines())) <= 60


def test_an_old_one_is_trained_anew_into_the_shadow(ara):
    trained(ara, "ewma_t", "--as-of", "2020-01-31")
    seen = ara("models", "review")
    assert "should be trained anew: bars of 424 days came since its training" in " ".join(seen.plain.split())
    assert "To have it done: ara models review --act" in seen.plain
    done = ara("models", "review", "ewma_t", "--act")
    assert "was trained anew; ewma_t@2 is in its shadow" in " ".join(done.plain.split())
    stages = {one["name"]: one["stage"] for one in json.loads(ara("models", "list", "--json").out)["models"]}
    assert stages == {"ewma_t@1": "champion", "ewma_t@2": "shadow"}


def test_an_old_one_is_tuned_by_a_job_where_that_is_asked_for(ara):
    trained(ara, "ewma_t", "--as-of", "2020-01-31")
    done = ara("models", "review", "--act", "--tune", "--json")
    assert done.code == 0, done.err
    (one,) = json.loads(done.out)["reviews"]
    assert (one["deed"], one["job"]) == ("train", 1)
    again = json.loads(ara("models", "review", "--act", "--tune", "--json").out)["reviews"]
    assert [found["job"] for found in again] == [1]  # the one that waits already
    listed = ara("jobs", "list").plain
    assert "tune ewma_t on AAPL, 20 trials" in listed
    assert listed.count("waiting") == 1
    stages = {found["name"]: found["stage"] for found in json.loads(ara("models", "list", "--json").out)["models"]}
    assert stages == {"ewma_t@1": "champion"}


def test_one_that_is_damaged_keeps_no_other_from_being_looked_at(ara, home):
    trained(ara)
    trained(ara, "drift")
    (place,) = [path.parent for path in (home / "ara" / "models").glob("*/head.json") if '"drift"' in path.read_text()]
    target = place / "params.json"
    target.chmod(0o600)
    target.write_bytes(target.read_bytes() + b" ")
    done = ara("models", "review", "--json")
    assert done.code == 7
    told = json.loads(done.out)
    assert [one["champion"] for one in told["reviews"]] == ["ewma_t@1"]
    assert len(told["failed"]) == 1
    shown = ara("models", "review")
    assert "ewma_t@1 stays" in shown.plain
    assert "not as it was written" in shown.err


def test_where_there_is_no_champion_it_says_how_to_get_one(ara):
    none = ara("models", "review")
    assert none.code != 0
    assert "ara models train" in none.err
    some = ara("models", "review", "ewma_t")
    assert some.code != 0
    assert "no champion" in some.err
    assert ara("models", "review", "--older-than", "soon").code != 0
