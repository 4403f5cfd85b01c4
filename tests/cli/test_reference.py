import json
import re
from pathlib import Path

import pytest

PAGES = Path(__file__).parents[2] / "docs" / "reference"


@pytest.fixture(scope="module")
def named():
    return set(re.findall(r"`([a-z_0-9]+)`", (PAGES / "json.md").read_text("utf-8")))


def test_every_key_of_a_forecast_is_explained(ara, named):
    document = json.loads(ara("predict", "AAPL", "--json").out)
    day = document["days"][0]
    assert set(document) | set(document["lineage"]) | set(document["kept"]) | set(day) | set(day["factors"][0]) <= named


LINES = (
    *("ledger list", "ledger verify", "ledger anchor", "score"),
    *("doctor", "version", "completion bash", "predict X"),
    *("--help", "predict --help"),
)


@pytest.mark.parametrize("line", LINES)
def test_every_key_of_a_document_is_explained(ara, named, line):
    ara("predict", "AAPL")
    document = json.loads(ara(*line.split(), "--json").out)
    known = named | {"type", "title", "status", "detail"}
    assert set(document) <= known
    for value in document.values():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            assert set(value[0]) <= known


def test_every_command_and_flag_is_on_the_page():
    from ara.cli.app import COMMANDS, GLOBAL_FLAGS

    page = (PAGES / "cli.md").read_text("utf-8")
    assert all(f"  {name} " in page for group in COMMANDS.values() for name in group)
    assert all(f"`{flag}`" in page.replace("`-q`, `", "`-q, ") for flag, _ in GLOBAL_FLAGS)
