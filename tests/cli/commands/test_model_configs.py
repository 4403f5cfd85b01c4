"""`ara models configs`: what was said to trainings, compared and gone back to."""

import json
import shutil

import pytest


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A home in which models were trained, and what was told of them; each test begins with a copy."""
    return {"folder": tmp_path_factory.mktemp("kept") / "ara"}


@pytest.fixture
def two(ara, home, kept):
    """Two models of one family that were trained otherwise."""
    if "models" not in kept:
        common = ("models", "train", "AAPL", "--model", "ewma_t", "--no-validate", "--json")
        first = ara(*common, "--days", "2", "--period", "3y", "--param", "decay=0.9")
        second = ara(*common, "--days", "5")
        assert (first.code, second.code) == (0, 0)
        kept["models"] = [json.loads(one.out)["models"][0] for one in (first, second)]
        shutil.copytree(home / "ara", kept["folder"])
    else:
        shutil.copytree(kept["folder"], home / "ara", dirs_exist_ok=True)
    return kept["models"]


def listed(ara):
    return {one["name"]: one for one in json.loads(ara("models", "configs", "list", "--json").out)["configs"]}


def test_they_are_listed_shown_and_compared(ara, two):
    configs = listed(ara)
    assert set(configs) == {"ewma_t@c1", "ewma_t@c2"}
    assert configs["ewma_t@c1"]["params"]["decay"] == 0.9
    assert configs["ewma_t@c1"]["settings"] == {"days": 2, "hold_out": 0.0, "period": "3y", "tested": False}
    assert configs["ewma_t@c2"]["settings"]["period"] == "max"
    assert [configs[name]["models"] for name in sorted(configs)] == [["ewma_t@1"], ["ewma_t@2"]]
    assert not any(one["used"] for one in configs.values())
    card = json.loads(ara("models", "show", "ewma_t@1", "--json").out)
    assert card["lineage"]["config"] == configs["ewma_t@c1"]["id"]
    shown = json.loads(ara("models", "configs", "show", "ewma_t@1", "--json").out)
    assert shown["id"] == configs["ewma_t@c1"]["id"]
    assert [one["id"] for one in shown["trained"]] == [two[0]["id"]]
    told = json.loads(ara("models", "configs", "compare", "ewma_t@c1", "ewma_t@c2", "--json").out)["differences"]
    assert {one["name"]: (one["one"], one["other"]) for one in told} == {
        "decay": (0.9, 0.94), "days": (2, 5), "period": ("3y", "max"),
    }  # fmt: skip


def test_a_terminal_of_any_width_shows_them(ara, two):
    for width in (60, 100, 160):
        for words in (("list",), ("show", "ewma_t@c1"), ("compare", "ewma_t@c1", "ewma_t@c2")):
            done = ara("models", "configs", *words, "--width", str(width))
            assert done.code == 0
            assert "ewma_t@c1" in done.out
            assert all(len(line) <= width for line in done.out.splitlines())
        assert "decay" in done.out
    assert "say the same" in ara("models", "configs", "compare", "ewma_t@c1", "ewma_t@1").out


def test_trainings_use_what_a_family_was_rolled_back_to(ara, two):
    assert "ewma_t is trained by ewma_t@c1 from now on, instead of its own parameters" in " ".join(
        ara("models", "configs", "rollback", "ewma_t@c1").out.split()
    )
    assert [name for name, one in listed(ara).items() if one["used"]] == ["ewma_t@c1"]
    assert "Trainings that say nothing else use it." in ara("models", "configs", "show", "ewma_t@c1").out
    train = ("models", "train", "AAPL", "--model", "ewma_t", "--no-validate")
    done = ara(*train)
    assert "ewma_t is trained by its configuration ewma_t@c1" in done.err
    again = json.loads(ara(*train, "--json").out)["models"][0]
    assert (again["id"], again["new"]) == (two[0]["id"], False)
    other = json.loads(ara(*train, "--param", "decay=0.8", "--days", "5", "--json").out)["models"][0]
    card = json.loads(ara("models", "show", other["id"], "--json").out)
    assert (card["params"]["decay"], card["settings"]["days"], card["settings"]["period"]) == (0.8, 5, "3y")
    back = json.loads(ara("models", "configs", "rollback", "ewma_t", "--json").out)
    assert (back["used"], back["before"]["name"]) == (None, "ewma_t@c1")
    assert not any(one["used"] for one in listed(ara).values())


def test_what_can_not_be_is_told_with_what_to_do(ara):
    empty = ara("models", "configs", "list")
    assert (empty.code, "No model was trained yet." in empty.out) == (0, True)
    assert "No model of har_t was trained yet." in ara("models", "configs", "list", "har_t").out
    for words in (("show", "har_t@c1"), ("compare", "har_t@c1", "x"), ("rollback", "har_t")):
        done = ara("models", "configs", *words)
        assert done.code == 2
        assert "no configuration is called" in done.err
        assert "ara models configs list" in done.err
