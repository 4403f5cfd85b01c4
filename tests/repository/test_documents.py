import re
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


@pytest.mark.parametrize("page", FRONT, ids=lambda page: page.name)
def test_links_of_the_front_pages_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        assert target.startswith("https://") or (ROOT / target).exists(), target


@pytest.mark.parametrize("page", [*PAGES, *FRONT], ids=lambda page: str(page.relative_to(ROOT)))
def test_the_tone_is_plain(page):
    prose = re.sub(r"```.*?```|`[^`\n]*`|<!--.*?-->|!\[", "", page.read_text(), flags=re.DOTALL)
    assert "!" not in prose
    assert not re.search(r"[\U0001F300-\U0001FAFF]", prose)


def test_the_readme_is_one_screen():
    assert (ROOT / "README.md").read_text().count("\n") <= 90
