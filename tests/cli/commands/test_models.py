import asyncio
import json
import re
import shutil

import pytest


@pytest.fixture(scope="module")
def homes(tmp_path_factory):
    """Homes in which models were trained, and what was told of them; each test begins with a copy."""
    return {"folder": tmp_path_factory.mktemp("homes")}


@pytest.fixture
def train(ara, home, homes):
    def train(*words):
        before = (home / "ara").exists()
        if (before, words) not in homes:
            done = ara("models", "train", "AAPL", *words, "--json")
            assert done.code == 0, done.out
            kept = homes["folder"] / str(len(homes))
            shutil.copytree(home / "ara", kept)
            homes[before, words] = kept, done.out
        elif before:
            shutil.rmtree(home / "ara")
        kept, told = homes[before, words]
        shutil.copytree(kept, home / "ara", dirs_exist_ok=True)
        return json.loads(told)["models"][0]

    return train


@pytest.fixture
def har(train):
    """One trained model of AAPL, which does not beat the baseline."""
    return train("--model", "har_t", "--period", "5y")


@pytest.fixture
def pooled(train):
    """One that does."""
    return train("--model", "pooled_har", "--period", "5y", "--days", "5")


def flat(outcome):
    return " ".join(f"{outcome.out} {outcome.err}".split())


def test_training_tells_the_verdict_first_and_then_the_figures(ara):
    done = ara("models", "train", "AAPL", "-m", "har_t", "-p", "5y", "--width", "100")
    lines = done.out.splitlines()
    assert re.fullmatch(r"har_t@1 \([0-9a-f]{8}\) was trained\.", lines[0])
    assert lines[1] == "It is not surely better than ewma_t on any horizon, after one look at its hold-out."
    assert [line.split()[0] for line in lines[4:8]] == ["1", "5", "10", "21"]
    assert lines[-1] == "ara models show har_t@1"
    again = ara("models", "train", "AAPL", "-m", "har_t", "-p", "5y")
    assert "was here already, the same in every byte" in again.out
    assert "after 2 looks at its hold-out" in flat(again)


def test_the_document_of_a_training(har):
    assert {"id", "name", "stage", "scores", "new", "plain", "judged", "words", "beats_baseline", "look"} <= set(har)
    assert har["plain"] is False
    assert (har["name"], har["stage"], har["new"], har["judged"], har["look"]) == (
        "har_t@1",
        "candidate",
        True,
        True,
        1,
    )
    assert [one["horizon"] for one in har["scores"]] == [1, 5, 10, 21]
    assert all(one["low"] < one["skill"] < one["high"] for one in har["scores"])


def test_several_families_are_set_side_by_side(ara):
    done = ara("models", "train", "AAPL", "-m", "ewma_t,drift", "-p", "3y", "-d", "5", "--width", "100")
    assert done.code == 0
    assert "ewma_t@1" in done.out
    assert "drift@1" in done.out
    assert "none is surely better than ewma_t" in flat(done)


def test_who_was_not_judged_is_named_at_the_end(ara):
    words = ("-p", "3y", "-d", "1", "--set", "models.looks=1", "--width", "100")
    first = flat(ara("models", "train", "AAPL", "-m", "ewma_t,drift", *words))
    assert "none is surely better than ewma_t." in first
    assert "Not judged" not in first
    later = flat(ara("models", "train", "AAPL", "-m", "hist,weekday", *words))
    assert "Not judged: hist@1, weekday@1 (its hold-out was looked at as often as the setting models.looks" in later
    assert "surely better" not in later
    asked = flat(ara("models", "train", "AAPL", "-m", "hist,weekday", "--no-validate", *words))
    assert "Not judged: hist@1, weekday@1 (as asked)." in asked


def test_a_family_that_fails_stops_no_other(ara):
    done = ara("models", "train", "AAPL", "-m", "ewma_t,hist", "--param", "decay=0.97", "-p", "3y", "-d", "1", "--json")
    found = json.loads(done.out)
    assert (done.code, [one["family"] for one in found["models"]]) == (0, ["ewma_t"])
    assert found["failed"][0]["family"] == "hist"
    shown = ara("models", "train", "AAPL", "-m", "ewma_t,drift", "--param", "speed=1", "-p", "3y")
    assert shown.code == 2
    assert "ewma_t: ewma_t has no parameter 'speed'" in flat(shown)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--model", "har_tt"), "Did you mean har_t"),
        (("--model", ","), "--model is empty"),
        (("--period", "5"), "The period is '5'"),
        (("--hold-out", "0.9"), "--hold-out is 0.9"),
        (("--hold-out", "x"), "--hold-out is x"),
        (("--param", "decay"), "--param is decay"),
        (("--days", "31"), "--days"),
        (("--epochs", "5"), "har_t has no epochs. Leave out --epochs. These have them: bilstm, cnn_lstm, fused, gru,"),
        (("--model", "ridge,fast", "--epochs", "5"), "ridge, fast have no epochs."),
        (("--model", "gru", "--epochs", "x"), "--epochs is x; it is a whole number from 1 to 10000."),
        (("--model", "gru", "--epochs", "0"), "--epochs is 0; it is a whole number from 1 to 10000."),
        (("--model", "gru", "--param", "epochs=x"), "epochs of gru can't be 'x'. It is of the kind of its usual value"),
        (("--model", "gru", "--param", "augment=jitter,noise"), "there is no augmentation 'noise'"),
        (("--period", "60d"), "bars are too few"),
        (("--from", "nothing"), "no model is called 'nothing'"),
        (("--from", "fast"), "fast can't go on from a model that was trained before"),
    ],
)
def test_what_can_not_be_trained_is_told(ara, words, said):
    done = ara("models", "train", "AAPL", *words)
    assert done.code != 0
    assert said in flat(done)


def test_unjudged_models_and_old_spellings(ara):
    done = ara("models", "train", "AAPL", "-m", "drift", "-p", "60d", "-d", "1", "--no-validate")
    assert "It was not judged, as asked." in done.out
    assert "not judged" in ara("models", "list").out
    assert "drift@1" in ara("models", "compare").out
    assert "is old; it is now: --model fast" in flat(
        ara("models", "train", "AAPL", "-m", "ensemble", "-p", "5", "-d", "1")
    )


def test_who_learned_nothing_says_so(ara):
    words = ("AAPL", "-p", "20d", "-d", "1", "--no-validate")
    said = "learned nothing of its own: at the newest bars it answers as ewma_t does, to the last byte."
    assert f"It {said}" in flat(ara("models", "train", "-m", "har_t", *words))
    assert f"It {said}" in flat(ara("models", "show", "har_t@1"))
    assert f" har_t@1: it {said}" in flat(ara("models", "train", "-m", "har_t,ewma_t", *words))


def test_several_are_ranked_and_no_column_is_left_out_in_silence(ara):
    ara("models", "train", "AAPL", "-m", "drift,ewma_t", "-p", "4y")
    for width in (60, 100, 160):
        shown = ara("models", "compare", "AAPL", "--width", str(width))
        assert shown.code == 0
        assert "these days alone." in flat(shown) or "stay with it." in flat(shown)
        for head in ("in set", "1 bar", "5 bars", "10 bars", "21 bars"):
            assert head in shown.out
        assert ("For want of room without: id" in flat(shown)) == (width == 60)
        assert max(map(len, shown.out.splitlines())) <= width
    told = json.loads(ara("models", "compare", "AAPL", "--json").out)["ranking"]
    assert {one["name"] for one in told["entries"]} == {"drift@1", "ewma_t@1"}


def test_nothing_yet(ara):
    assert ara("models", "list").out.startswith("There is no model like that yet. Train one")
    assert "no model of drift" in ara("models", "list", "drift").out
    assert "fast@" in ara("models", "list").out
    assert "came with Ara" in ara("models", "list", "--stage", "shipped").out.splitlines()[0]
    assert "fast@" not in ara("models", "list", "--stage", "champion").out
    refused = ara("models", "delete", "fast@2020-12", "--yes")
    assert (refused.code, "came with the package, so it can't be removed" in flat(refused)) == (4, True)
    shown = flat(ara("models", "show", "fast@2020-12"))
    assert "fast@2020-12 shipped" in shown
    assert "which this version of Ara names" in shown
    assert "fast@2020-12 is whole: 24 files" in flat(ara("models", "verify", "fast@2020-12"))
    assert " whole" in ara("models", "verify").out
    assert ara("models", "compare").code == 2
    assert (ara("models", "share").code, "There is no bucket" in flat(ara("models", "share"))) == (2, True)
    none = ara("models", "compare", "aapl")
    assert (none.code, "none was trained on an instrument AAPL yet" in flat(none)) == (2, True)
    assert "Train one: ara models train AAPL --model har_t" in flat(none)
    for name in ("har_t", "har_t@1"):
        assert f"no model is called '{name}'" in flat(ara("models", "compare", name))
    listed = json.loads(ara("models", "list", "--json").out)
    assert (listed["schema"], listed["models"]) == (1, [])
    assert {one["stage"] for one in listed["shipped"]} == {"shipped"}


@pytest.mark.parametrize("width", [60, 100, 160])
def test_it_fits(ara, har, pooled, width):
    for words in (("list",), ("show", "har_t@1"), ("compare", "AAPL"), ("verify",), ("keys",)):
        lines = ara("models", *words, "--width", str(width)).out.splitlines()
        assert lines
        assert max(map(len, lines)) <= width, words


def test_the_list_is_chosen_from(ara, har, pooled):
    assert "--show-metrics is not needed" in flat(ara("models", "list", "--show-metrics"))
    names = [one["name"] for one in json.loads(ara("models", "list", "har_t", "--json").out)["models"]]
    assert names == ["har_t@1"]
    assert json.loads(ara("models", "list", "-s", "champion", "--json").out)["models"] == []
    stages = "It is candidate, shadow, champion, archived, shipped or all."
    assert stages in flat(ara("models", "list", "--stage", "best"))


def test_show_says_what_it_is_worth_first(ara, pooled):
    lines = ara("models", "show", "pooled_har@1", "--width", "100").out.splitlines()
    assert re.fullmatch(r"pooled_har@1  candidate  [0-9a-f]{8}", lines[0])
    assert "better than ewma_t over 1 bar" in lines[1]
    text = "\n".join(lines)
    assert "Learned from  AAPL; bars of 1d" in text
    assert "answers 1 to 5 bars ahead" in text
    assert "whole, signed by this installation" in text
    told = json.loads(ara("models", "show", pooled["id"][:8], "--json").out)
    assert (told["beats_baseline"], told["whole"], told["wrong"], told["pooled"]) == (True, True, [], True)
    assert told["holdout"]["look"] == 1
    assert set(told["files"]) == {"arrays.npz", "head.json", "params.json"}


def test_only_what_beats_the_baseline_is_deployed(ara, har, pooled):
    refused = ara("models", "deploy", "har_t@1")
    assert (refused.code, "not surely better" in flat(refused)) == (4, True)
    assert ara("models", "list", "-s", "champion", "--json").out.count('"id"') == 0
    forced = ara("models", "deploy", "har_t@1", "--force")
    assert (forced.code, "Deployed though it is not surely better" in flat(forced)) == (0, True)
    done = json.loads(ara("models", "deploy", "pooled_har@1", "--json").out)
    assert (done["forced"], done["before"], done["model"]["stage"]) == (False, None, "champion")
    told = json.loads(ara("predict", "AAPL", "--model", "pooled_har", "--json").out)
    assert told["lineage"]["models"]["pooled_har"]["artefact"] == pooled["id"]


def test_rolling_back_archiving_and_deleting(ara, har):
    ara("models", "train", "AAPL", "-m", "har_t", "-p", "3y")
    ara("models", "deploy", "har_t@1", "--force", "--quiet")
    second = ara("models", "deploy", "har_t@2", "-f")
    assert "har_t@2 answers for har_t now in place of har_t@1" in flat(second)
    back = ara("models", "rollback", "har_t")
    assert "har_t@1 answers for har_t now in place of har_t@2" in flat(back)
    assert ara("models", "deploy", "har_t@2", "--shadow").out == "har_t@2 is in the shadow of the champion of har_t.\n"
    assert ara("models", "archive", "har_t").code == 4
    assert ara("models", "archive", "har_t", "--force").out == "har_t@1 is archived.\n"
    assert json.loads(ara("models", "archive", "har_t@2", "--json").out)["model"]["stage"] == "archived"
    asked = ara("models", "delete", "har_t@2")
    assert (asked.code, "Nothing was removed" in flat(asked)) == (10, True)
    assert ara("models", "delete", "--unused").code == 10
    assert ara("models", "delete", "har_t@2", "--yes").out == "har_t@2 is gone.\n"
    assert ara("models", "delete", "--unused", "-y").out == "Removed: har_t@1.\n"
    assert ara("models", "delete", "--unused", "-y").out == "There was no unused model.\n"
    assert ara("models", "delete").code == 2
    assert ara("models", "delete", "har_t@1", "--unused").code == 2


def test_what_the_ledger_needs_stays(ara, har, home):
    ara("models", "deploy", "har_t@1", "-f")
    ara("predict", "AAPL", "--model", "har_t")
    ara("models", "archive", "har_t", "--force")
    assert "made forecasts that are in the ledger" in flat(ara("models", "delete", "har_t@1", "--yes"))
    (home / "ara" / "models" / ".part-00").mkdir()
    done = ara("models", "delete", "--unused", "--yes")
    assert (
        "1 unfinished folders were removed too. Kept, since the ledger holds forecasts made with them: har_t@1."
        in flat(done)
    )


def test_a_model_goes_to_another_machine(ara, har, home, monkeypatch):
    done = ara("models", "export", "har_t@1", "har.ara")
    assert re.fullmatch(r"har_t@1 is in har\.ara: [\d,]+ bytes\. Elsewhere: ara models import har\.ara\n", done.out)
    assert "was here already" in ara("models", "import", "har.ara").out
    key = json.loads(ara("models", "keys", "--json").out)["own"]
    monkeypatch.setenv("ARA_HOME", str(home / "elsewhere"))
    refused = ara("models", "import", "har.ara")
    assert (refused.code, key in flat(refused), "--trust" in flat(refused)) == (7, True, True)
    taken = ara("models", "import", "har.ara", "--trust", key)
    assert "is taken in as a candidate" in taken.out
    assert f"signed by the trusted key {key}" in flat(ara("models", "verify", "har_t@1"))
    assert f"Trusted: {key}" in ara("models", "keys").out
    ara("models", "train", "AAPL", "-m", "drift", "-p", "3y", "-d", "1")
    came = len(json.loads(ara("models", "list", "--json").out)["shipped"])
    whole = f"All {2 + came} models are whole; {came} of them came with Ara; "
    assert f"{whole}1 of them signed by trusted keys of others." in flat(ara("models", "verify"))
    assert key not in ara("models", "keys", "--forget", key).out
    broken = ara("models", "verify", "--json")
    document = json.loads(broken.out)
    assert (broken.code, document["context"]["ok"]) == (7, False)
    assert ara("models", "keys", "--forget", "x").code == 2


def test_a_flipped_bit_is_named(ara, har, home):
    (path,) = (home / "ara" / "models").glob("*/params.json")
    data = bytearray(path.read_bytes())
    data[7] ^= 1
    path.write_bytes(data)
    found = ara("models", "verify")
    assert (found.code, "params.json was changed" in flat(found)) == (7, True)
    assert "params.json was changed" in flat(ara("models", "show", "har_t@1"))


def test_a_look_that_was_taken_out_is_found(ara, har, home):
    import sqlite3

    assert json.loads(ara("models", "verify", "--json").out)["looks"] == {
        "ok": True,
        "entries": 1,
        "words": "1 entries, none changed.",
    }
    other = sqlite3.connect(home / "ara" / "ara.db")
    other.execute("DELETE FROM entries WHERE stream = 'trials'")
    other.commit()
    other.close()
    found = ara("models", "verify")
    assert (found.code, "The log of looks at hold-outs is not as it was written" in flat(found)) == (7, True)


def test_models_are_compared(ara, har, pooled):
    found = json.loads(ara("models", "compare", "AAPL", "--json").out)
    assert (found["same_hold_out"], found["metric"]) == (True, "skill")
    assert [one["name"] for one in found["models"]] == ["pooled_har@1", "har_t@1"]
    fast = json.loads(ara("models", "compare", "har_t@1", "-m", "pooled_har@1", "--metric", "speed", "--json").out)
    assert len(fast["models"]) == 2
    assert json.loads(ara("models", "compare", "--metric", "coverage", "--json").out)["metric"] == "coverage"
    ara("models", "train", "IBM", "-m", "drift", "-p", "5y", "-d", "5")
    assert "They were not judged by the same bars" in flat(ara("models", "compare"))
    assert "A forecast has no Sharpe ratio" in flat(ara("models", "compare", "--metric", "sharpe"))
    assert "It is skill, coverage, speed." in flat(ara("models", "compare", "--metric", "best"))
    assert json.loads(ara("models", "compare", "--metric", "accuracy", "--json").out)["metric"] == "skill"
    assert ara("models", "compare", "NOBODY").code == 2


def test_bulk_takes_a_trained_model(ara, har, home):
    import polars as pl

    bars = pl.DataFrame(
        {
            "symbol": ["AAPL"] * 300,
            "ts": pl.datetime_range(pl.datetime(2024, 1, 1), pl.datetime(2024, 10, 26), "1d", eager=True),
        }
    ).with_columns(open=100.0 + pl.int_range(300) % 7, asset_class=pl.lit("stock"))
    bars = bars.with_columns(high="open", low="open", close="open").filter(pl.col("ts").dt.weekday() < 6)
    bars.write_parquet(home / "bars.parquet")
    bars.tail(3).select("symbol", origin="ts", horizon=pl.lit(1)).write_parquet(home / "origins.parquet")
    words = ("forecast", "--bars", "bars.parquet", "--origins", "origins.parquet", "--out", "out.parquet")
    done = json.loads(ara(*words, "--model", "har_t@1", "--json").out)
    assert (done["artefact"], done["model"], done["rows"]) == (har["id"], "har_t@1", 3)
    assert json.loads(ara(*words, "--model", "har_t", "--json").out)["artefact"] is None
    assert ara(*words, "--model", "har_t@7").code == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--model", "har_t", "--on", "ray"], "har_t can't be trained by several workers"),
        (["--model", "gru", "--on", "moon"], "--on is 'moon'"),
        (["--model", "gru", "--on", "ray", "--workers", "0"], "--workers"),
        (["--model", "gru", "--workers", "3"], "--workers is for a cluster alone"),
    ],
)
def test_who_can_not_be_trained_on_a_cluster_is_told(ara, words, said):
    done = ara("models", "train", "AAPL", "--period", "4y", "--no-validate", *words)
    assert done.code == 2
    assert said in done.err


def test_epochs_are_for_those_that_have_them_and_the_others_are_trained_without(home, capsys):
    from ara import plugins
    from ara.cli.commands.models.learn import lessons_of
    from ara.cli.screen import Screen

    asked = {"period": "", "param": [], "days": "5", "share": "0.2", "validate": True, "tested": False, "on": "here"}
    asked |= {"start": "", "workers": "", "s": Screen(runner=asyncio.run)}
    lessons = {one.family: one.params for one in lessons_of(model="all", epochs="3", **asked)}
    told = {family for family, params in lessons.items() if params == {"epochs": 3}}
    assert {"gru", "bilstm", "cnn_lstm", "seq2seq", "transformer", "fused", "networks"} <= told
    assert {family for family, params in lessons.items() if not params} == set(plugins.names("models")) - told
    said = " ".join(capsys.readouterr().err.split())
    assert said.startswith("--epochs 3 is for bilstm, ")
    assert said.endswith(f"the other {len(lessons) - len(told)} have none.")
    assert [one.params for one in lessons_of(model="har_t,gru", epochs="2", **asked)] == [{}, {"epochs": 2}]
    assert "--epochs 2 is for gru; har_t has none." in capsys.readouterr().err
    own = asked | {"param": ["epochs=4"]}
    assert [one.params for one in lessons_of(model="gru", epochs="2", **own)] == [{"epochs": "4"}]
    assert capsys.readouterr().err == ""


def test_of_all_families_networks_alone_are_trained_on_a_cluster(home):
    from ara.cli.commands.models.learn import lessons_of
    from ara.cli.screen import Screen

    asked = {"period": "", "epochs": "", "param": [], "days": "5", "share": "0.2", "validate": True, "tested": False}
    asked |= {"start": "", "s": Screen(runner=asyncio.run)}
    lessons = {one.family: one.workers for one in lessons_of(model="all", on="ray", workers="3", **asked)}
    assert lessons["gru"] == 3
    assert lessons["har_t"] == 0
    assert {one.workers for one in lessons_of(model="gru,bilstm", on="ray", workers="", **asked)} == {2}
    assert {one.workers for one in lessons_of(model="gru,bilstm", on="here", workers="", **asked)} == {0}
