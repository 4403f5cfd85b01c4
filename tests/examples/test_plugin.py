import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "ara-example-plugin"
PARTS = {"providers": "tides", "indicators": "range_position", "models": "historical"}


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Build the package's wheel, install it into a folder of its own, and give the environment that has it."""
    place = tmp_path_factory.mktemp("example")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(place / "dist")]
    subprocess.run(build, cwd=EXAMPLE, check=True, capture_output=True)
    (wheel,) = (place / "dist").glob("*.whl")
    target = place / "site"
    if uv := shutil.which("uv") or shutil.which("uv", path=Path(sys.executable).parent):
        install = [uv, "pip", "install", "--python", sys.executable]
    else:
        install = [sys.executable, "-m", "pip", "install", "--no-index"]
    offline = [*install, "--no-deps", "--target", str(target), str(wheel)]
    subprocess.run(offline, check=True, capture_output=True, env={**os.environ, "UV_OFFLINE": "1"})
    own = {"PYTHONPATH": str(target), "ARA_HOME": str(place / "home"), "HOME": str(place), "COLUMNS": "100"}
    return {**os.environ, **own}


def ara(environ, *words):
    code = "import sys; from ara.cli.app import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", code, *words], env=environ, capture_output=True, text=True, check=False
    )


def test_the_three_parts_appear_and_load(installed):
    done = ara(installed, "plugins", "list", "--check", "--json")
    assert done.returncode == 0, done.stderr
    found = {one["name"]: one for one in json.loads(done.stdout)["plugins"] if one["distribution"] != "ara-ai"}
    assert {(one["group"], name) for name, one in found.items()} == set(PARTS.items())
    assert all(one["loads"] and one["version"] == "1.0.0" for one in found.values())
    assert {one["distribution"] for one in found.values()} == {"ara-example-plugin"}


@pytest.mark.parametrize("group", PARTS)
def test_each_part_keeps_the_promises_of_its_room(installed, group):
    done = ara(installed, "plugins", "check", PARTS[group], "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["ok"]) == (0, True), told
    assert [one["group"] for one in told["groups"]] == [group]
    assert len(told["groups"][0]["checks"]) >= 6


def test_its_model_forecasts_by_name(installed):
    done = ara(installed, "predict", "AAPL", "--model", "historical", "--as-of", "2020-02-20", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["model"] == "historical"


def test_its_source_is_forecast_from_and_scored(installed):
    words = ("--set", "data.providers=tides", "--json")
    done = ara(installed, "predict", "TIDE", "--model", "historical", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert (told["symbol"], told["source"], told["model"]) == ("TIDE", "tides", "historical")
    scored = ara(installed, "score", "TIDE", *words)
    assert scored.returncode == 0, scored.stderr


def test_without_the_package_its_parts_are_gone():
    done = ara({**os.environ, "COLUMNS": "100"}, "plugins", "check", "tides")
    assert done.returncode == 8
    assert "There is no plug-in named 'tides'" in done.stderr
