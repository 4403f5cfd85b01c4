import json
import os
import subprocess
import sys

import pytest

PARTS = {
    "gone": "import stranger_is_missing",
    "slips": (
        "from ara.features import indicator, Scale\n"
        "@indicator(inputs=['close'], warmup=1, memory=1, scale=Scale.FREE, bounds=(0, 1), formula='C', reference='me',"
        " words='the close')\n"
        "def slips(close):\n    return close\n"
    ),
    "shy": "class Shy:\n    def __init__(self, key): self.key = key\nshy = Shy\n",
}


@pytest.fixture
def ara(tmp_path):
    site = tmp_path / "site"
    info = site / "stranger-1.0.dist-info"
    info.mkdir(parents=True)
    info.joinpath("METADATA").write_text("Metadata-Version: 2.4\nName: stranger\nVersion: 1.0\n")
    groups = {"models": ["gone", "shy"], "indicators": ["slips"], "brokers": ["slips"]}
    lines = [
        f"[ara.{group}]\n" + "".join(f"{n} = stranger_{n}:{n}\n" for n in names) for group, names in groups.items()
    ]
    info.joinpath("entry_points.txt").write_text("\n".join(lines))
    for name, text in PARTS.items():
        site.joinpath(f"stranger_{name}.py").write_text(text)
    environ = {**os.environ, "PYTHONPATH": str(site), "ARA_HOME": str(tmp_path / "home"), "HOME": str(tmp_path)}

    def run(*words, **more):
        command = [sys.executable, "-m", "ara", "plugins", *words]
        return subprocess.run(command, env=environ | more, capture_output=True, text=True, check=False)

    return run


def test_the_list_shows_who_offers_what(ara):
    done = ara("list", "--width", "100")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0] == "providers"
    told = [line.split() for line in lines]
    assert ["sample", "ara-ai", "5.0.0.dev0"] in told
    assert ["slips", "stranger", "1.0"] in told
    assert len({line.index(line.split()[1], 3) for line in lines if line.startswith("  ")}) == 1
    assert max(map(len, lines)) <= 100
    narrow = ara("list", "models", "--width", "20").stdout.splitlines()
    assert narrow[0] == "models"
    assert narrow[narrow.index("  drift") + 1] == "    ara-ai 5.0.0.dev0"


def test_the_list_says_what_does_not_load(ara):
    done = ara("list", "--check")
    assert done.returncode == 8
    assert "fails gone" in done.stdout
    assert "stranger_is_missing" in done.stdout
    assert "loads ewma_t" in done.stdout
    found = json.loads(ara("list", "models", "--check", "--json").stdout)
    assert found["ok"] is False
    loads = {one["name"]: one["loads"] for one in found["plugins"]}
    assert {"ewma_t": True, "gone": False, "shy": True}.items() <= loads.items()
    assert [name for name, there in loads.items() if not there] == ["gone"]
    assert json.loads(ara("list", "--json").stdout)["ok"] is None


def test_an_empty_group_says_so(ara):
    assert ara("list", "brokers", PYTHONPATH="").stdout == "Nothing of that kind is installed.\n"
    wrong = ara("list", "model")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "There is no group of plug-ins 'model'" in wrong.stderr


def test_a_part_that_keeps_its_promises_passes(ara):
    done = ara("check", "ewma_volatility")
    assert done.returncode == 0
    assert done.stdout.startswith("ewma_volatility keeps all 11 promises.\n\nindicators\n  ok    says all")
    told = json.loads(ara("check", "sample", "--json").stdout)
    assert told["ok"] is True
    assert told["groups"][0]["group"] == "providers"


def test_a_part_that_breaks_one_is_told_what_and_why(ara):
    done = ara("check", "slips", "--group", "indicators", "--width", "60")
    assert done.returncode == 8
    assert done.stdout.startswith("slips breaks ")
    assert "fail  is NaN exactly while it warms up" in done.stdout
    assert "slips has 0 NaN" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 60


def test_a_name_in_two_groups_is_checked_in_both(ara):
    told = json.loads(ara("check", "slips", "--json").stdout)
    assert [one["group"] for one in told["groups"]] == ["indicators", "brokers"]
    assert told["groups"][1]["checks"] == [{"name": "can be loaded", "ok": True, "words": ""}]
    assert ara("check", "slips", "--group", "brokers").stdout.startswith("slips keeps its one promise.")


def test_a_part_that_cannot_be_made_or_loaded_fails(ara):
    done = ara("check", "shy")
    assert done.returncode == 8
    assert "can be made without arguments" in done.stdout
    assert "TypeError" in done.stdout
    gone = ara("check", "gone")
    assert (gone.returncode, gone.stdout) == (8, "")
    assert "stranger_is_missing" in gone.stderr
    nobody = ara("check", "nobody")
    assert nobody.returncode == 8
    assert "There is no plug-in named 'nobody'" in nobody.stderr
    assert ara("check", "slips", "--group", "models").returncode == 8
