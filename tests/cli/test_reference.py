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


def leaves(ara, *path):
    """Give each command that has none below it, and the names of each of its options."""
    told = json.loads(ara(*path, "--help", "--json").out)
    if told["commands"]:
        return [leaf for one in told["commands"] for leaf in leaves(ara, *path, one["name"])]
    return [(path, [set(one["flags"]) for one in told["options"]])]


def test_every_command_and_option_is_explained_on_the_page(ara):
    from ara.cli.app import COMMANDS, GLOBAL_FLAGS

    page = (PAGES / "cli.md").read_text("utf-8").split("\n## Spellings of older versions")[0]
    rows = {line.split(" | ")[0]: line for line in page.splitlines() if line.startswith("| `ara ")}
    anywhere = {flag.split(", ")[-1].split()[0] for flag, _ in GLOBAL_FLAGS}
    found = [leaf for group in COMMANDS.values() for name in group for leaf in leaves(ara, name)]
    assert len(found) > 40
    for path, options in found:
        whole, group, last = f"`ara {' '.join(path)}", f"| `ara {' '.join(path[:-1])} ", f"`{path[-1]}"
        # Commands of one group may share a row, where those after the first stand without it.
        mine = [row for cell, row in rows.items() if whole in cell or (cell.startswith(group) and last in cell)]
        assert mine or whole[1:] in page, path
        told = set(re.findall(r"--[a-z-]+", "".join(mine) or page)) | anywhere
        assert [names for names in options if not names & told] == [], path
