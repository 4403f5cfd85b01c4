import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(path for path in (ROOT / "docs").rglob("*.md"))
FRONT = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CODE_OF_CONDUCT.md", "CHANGELOG.md")]


def listed(item: object) -> list[str]:
    match item:
        case str():
            return [item]
        case list():
            return [name for entry in item for name in listed(entry)]
        case dict():
            return [name for entry in item.values() for name in listed(entry)]
    return []


def test_every_page_is_in_the_contents():
    contents = set(listed(yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]))
    pages = {str(page.relative_to(ROOT / "docs")) for page in PAGES}
    python = {page for page in pages if page.startswith("reference/python/") and not page.endswith("index.md")}
    assert pages - python == contents


def test_tests_that_are_named_are_there():
    named = {
        one for page in PAGES for one in re.findall(r"`(tests/[a-z_/]+\.py)::(test_[a-z_0-9]+)`", page.read_text())
    }
    assert ("tests/api/test_log_lines.py", "test_no_stranger_writes_into_the_log") in named
    for path, name in sorted(named):
        assert re.search(rf"^(async )?def {name}\(", (ROOT / path).read_text(), re.MULTILINE), f"{path}::{name}"


@pytest.mark.parametrize("page", FRONT, ids=lambda page: page.name)
def test_links_of_the_front_pages_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        assert target.startswith("https://") or (ROOT / target).exists(), target


@pytest.mark.parametrize("page", [*PAGES, *FRONT], ids=lambda page: str(page.relative_to(ROOT)))
def test_the_tone_is_plain(page):
    prose = re.sub(r"```.*?```|`[^`\n]*`|<!--.*?-->|!\[", "", page.read_text(), flags=re.DOTALL)
    assert "!" not in prose
    assert not re.search(r"[\U0001F300-\U0001FAFF]", prose)


def test_the_architecture_shows_the_layers_that_are_enforced():
    with (ROOT / "pyproject.toml").open("rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    enforced = [set(re.findall(r"\w+", layer)) for layer in contracts[0]["layers"]]
    table = re.search(r"^\| layer .*?\n\n", (ROOT / "docs/architecture.md").read_text(), re.MULTILINE | re.DOTALL)
    rows = [row.split("|") for row in table[0].strip().splitlines()[2:]]
    assert [set(re.findall(r"`(\w+)`", row[2])) for row in rows] == enforced
    there = {
        path.stem for path in (ROOT / "src/ara").iterdir() if (path / "__init__.py").exists() or path.suffix == ".py"
    }
    for row, layer in zip(rows, enforced, strict=True):
        told = layer if row[3].strip() == "yes" else set(re.findall(r"`(\w+)`", row[3]))
        assert told == layer & there


def test_the_readme_is_one_screen():
    assert (ROOT / "README.md").read_text().count("\n") <= 90
